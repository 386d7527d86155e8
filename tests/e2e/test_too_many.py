"""Too many requests: a sentence with the seconds, 429 with ``Retry-After``, and no webhook is lost."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from emulators.world.processes import AUDIENCE
from tests.harness.agency_data import PROFILES
from tests.harness.client_site import PERSON
from tests.harness.module_office import ModuleOffice, running_agency
from tests.harness.office import MANAGER
from tests.harness.servers import Servers
from tests.harness.stored import touched_cards
from vitrina.bootstrap import application
from vitrina.operations.clicks.limits import Shares
from vitrina.operations.outbox import OUTBOX
from vitrina.operations.services import Services
from vitrina.usecases.agency.create_agency import create_agency

#: Clicks a minute: few, so that a test reaches the limit.
MOST = 5
COLLEAGUE = "colleague@mayak.example"


@pytest.fixture(scope="module")
def world(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleOffice]:
    """An agency with a client whose cards are in progress."""
    settings = {"CLIENT_URL": f"{servers.functions}/client", "OWNERS": f"{MANAGER},{COLLEAGUE}"}
    with running_agency(servers, tmp_path_factory.mktemp("office"), **settings) as office:
        office.create_client()
        preview = office.preview_backlog({"task": "Баннер", "work_type": "Баннер"})
        assert office.do("start_batch", preview_id=preview)["outcome"] == "done"
        assert office.do("push")["outcome"] == "done"
        office.settle()
        yield office


@pytest.fixture
def office(world: ModuleOffice) -> ModuleOffice:
    """The same in a new process, which has counted nothing."""
    world.restart(CLICKS_PER_MINUTE=str(MOST))
    return world


def click(office: ModuleOffice, email: str, action: str = "undo_question") -> httpx.Response:
    """The raw answer to one click."""
    wanted = {"email": email, "audience": AUDIENCE}
    token = office.http.post(f"{office.servers.google}/_emulator/identity/token", json=wanted).json()
    body: dict[str, Any] = {
        "action": action,
        "spreadsheet_id": office.client_id,
        "request_id": str(uuid.uuid4()),
        "params": {},
    }
    headers = {"Authorization": f"Bearer {token['id_token']}"}
    return office.http.post(f"{office.servers.functions}/menu", json=body, headers=headers)


def use_up(shares: Shares, key: str) -> None:
    """Use all the work of a share, as a flood does in some seconds."""
    shares._left[key] = -1.0, time.monotonic()


def agency_id_of(office: ModuleOffice) -> str:
    """Id of the agency's workbook."""
    assert office.agency is not None
    return office.agency.spreadsheet_id


def test_a_person_who_clicks_without_end(office: ModuleOffice) -> None:
    """The sidebar offers to repeat it; a colleague clicks on; nothing of it is kept."""
    before = len(office.services.store.find("operation"))
    answers = [click(office, MANAGER, "check_book") for _ in range(MOST + 2)]

    assert [one.status_code for one in answers] == [202] * MOST + [429] * 2
    told = answers[-1].json()
    assert told["outcome"] == "failed"
    assert told["message"].startswith("Вы нажимаете слишком часто, ничего не сделано. Повторите через ")
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 12
    assert len(office.services.store.find("operation")) == before + MOST
    assert click(office, COLLEAGUE).status_code == 200
    office.settle()


def test_an_agency_alone_is_not_held_up(office: ModuleOffice) -> None:
    """Two people of one agency have both of their paces, as long as nobody of another one clicks."""
    answers = [click(office, email) for email in (MANAGER, COLLEAGUE) for _ in range(MOST)]

    assert {one.status_code for one in answers} == {200}


def test_an_agency_beside_another_one(office: ModuleOffice) -> None:
    """Its people share one pace then; the other agency's do not wait."""
    office.restart()
    other = create_agency(office.services, name="Прибой", locale="ru", profiles=PROFILES)
    office.restart(CLICKS_PER_MINUTE=str(MOST), OWNERS=f"{MANAGER},{COLLEAGUE},third@mayak.example")
    assert office.manager("third@mayak.example").post(other.spreadsheet_id, "new_client_options")
    first = [click(office, email).status_code for email in (MANAGER, COLLEAGUE)]
    use_up(application().limits.agencies, agency_id_of(office))

    answer = click(office, COLLEAGUE)

    assert first == [200, 200]
    assert answer.status_code == 429
    assert answer.json()["message"].startswith("Команд от вашего агентства сейчас слишком много")
    assert int(answer.headers["Retry-After"]) >= 1
    others = office.manager("third@mayak.example").post(other.spreadsheet_id, "new_client_options")
    assert others["http_status"] == 200


def test_a_link_that_is_opened_without_end(office: ModuleOffice) -> None:
    """Another link is opened as before."""
    office.restart()
    urls = [office.do("make_client_link", scope="act")["data"]["url"] for _ in range(2)]
    office.restart(CLICKS_PER_MINUTE=str(MOST))
    assert office.http.get(urls[1], headers=PERSON).status_code == 200

    assert office.http.get(urls[0], headers=PERSON).status_code == 200
    use_up(application().limits.pages, urls[0].rpartition("/")[2])

    answer = office.http.get(urls[0], headers=PERSON)

    assert answer.status_code == 429
    assert "По этой ссылке сейчас слишком много запросов" in answer.text
    assert int(answer.headers["Retry-After"]) >= 1
    assert office.http.get(urls[1], headers=PERSON).status_code == 200


def looks(services: Services) -> list[str]:
    """Names of the looks after a storm that are kept."""
    return [one.key for one in services.store.find(OUTBOX) if one.key.startswith("after-storm")]


def test_no_webhook_of_a_storm_is_lost(office: ModuleOffice) -> None:
    """Beyond the pace one look at all cards is kept for a minute; it finds what no webhook was kept for."""
    shares = application().limits.webhooks
    shares.see("another connection")
    use_up(shares, "kaiten")
    [card] = office.desk.cards()

    office.desk.move(card.card_id, 2)
    office.desk.settle()

    assert touched_cards(office.services.store) == []
    assert len(looks(office.services)) == 1
    office.settle()
    office.settle()
    assert office.table("in_progress", "action", "status") == [("Баннер", "На проверке")]
    assert looks(office.services) == []
