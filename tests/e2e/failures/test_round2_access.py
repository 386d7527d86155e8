"""Who may: rows 6 and 7 of the second round. ``tests/e2e/test_two_agencies.py`` plays row 7 as a whole."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from emulators.world.processes import AUDIENCE
from tests.harness.agency_data import PROFILES
from tests.harness.module_office import ModuleOffice, running_agency
from tests.harness.servers import Servers
from tests.unit.test_settings import GOOD
from vitrina.errors import SettingsError
from vitrina.settings import CONSUMER_DOMAINS, Settings
from vitrina.usecases.agency.create_agency import create_agency

DOMAIN = "mayak.example"
LEAVER = f"leaver@{DOMAIN}"


@pytest.fixture(scope="module")
def office(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleOffice]:
    """An agency whose owners are everybody of a domain, with one client."""
    with running_agency(servers, tmp_path_factory.mktemp("office")) as office:
        office.create_client()
        # Later, because the emulator's files belong to no domain, so that none can be their editor.
        office.restart(OWNERS=f"{office.staff},@{DOMAIN}")
        yield office


def agency_id_of(office: ModuleOffice) -> str:
    """Id of the first agency's workbook."""
    assert office.agency is not None
    return office.agency.spreadsheet_id


def ask(office: ModuleOffice, who: str, **claims: Any) -> int:
    """Status of a question of the menu with a token that has these claims; ``None`` leaves one out."""
    wanted = {"email": who, "audience": AUDIENCE, "claims": claims}
    url = f"{office.servers.google}/_emulator/identity/token"
    token = office.http.post(url, json=wanted).json()["id_token"]
    body = {
        "action": "undo_question",
        "spreadsheet_id": office.client_id,
        "request_id": str(uuid.uuid4()),
        "params": {},
    }
    headers = {"Authorization": f"Bearer {token}"}
    return office.http.post(f"{office.servers.functions}/menu", json=body, headers=headers).status_code


@pytest.mark.parametrize(
    ("claims", "status"),
    [
        ({"hd": DOMAIN}, 422),  # let in: there is nothing to undo
        ({"hd": DOMAIN.upper()}, 422),
        ({"hd": None}, 403),  # a consumer account on an address of the domain
        ({"hd": "other.example"}, 403),
        ({"hd": ""}, 403),
        ({"hd": [DOMAIN]}, 401),
        ({"hd": True}, 401),
    ],
)
def test_row_6_a_domain_is_whose_accounts_it_manages(
    office: ModuleOffice, claims: dict[str, Any], status: int
) -> None:
    """An address of the domain is not enough: who left it may have made an account with his old address."""
    assert ask(office, LEAVER, **claims) == status


@pytest.mark.parametrize(
    "claims",
    [
        {"email_verified": "false"},
        {"email_verified": "true"},
        {"email_verified": 1},
        {"exp": "4000000000"},
        {"exp": "tomorrow"},
        {"iat": "yesterday"},
        {"email": [LEAVER]},
    ],
)
def test_row_6_claims_count_by_their_type(office: ModuleOffice, claims: dict[str, Any]) -> None:
    """Text in place of true, of a number or of an address is no claim: 401, never 500."""
    assert ask(office, LEAVER, **claims) == 401


@pytest.mark.parametrize("domain", sorted(CONSUMER_DOMAINS))
def test_row_6_a_consumer_domain_is_no_owner(domain: str) -> None:
    """Anybody can have an address there."""
    with pytest.raises(SettingsError):
        Settings.from_environment({**GOOD, "VITRINA_OWNERS": f"owner@agency.ru,{domain.upper()}"})


def test_row_7_a_board_of_another_agency_is_not_adopted(office: ModuleOffice) -> None:
    """A new client of the second agency has the title, the code and the tracker of one of the first one."""
    office.restart()
    first_id, first_client = agency_id_of(office), office.client_id
    second = create_agency(office.services, name="Прибой", locale="ru", profiles=PROFILES)
    # The account goes over to the second agency; boards of the first one stay there.
    office.restart(KAITEN_AGENCY=second.spreadsheet_id)
    form = {"client_name": "Заря", "project_name": "Сайт", "code": "ЗРН", "limit_hours": 100}
    try:
        refused = office.click(first_id, "new_client", **{**form, "code": "НОВ"}, tracker="kaiten")
        made = office.click(second.spreadsheet_id, "new_client", **form)
    finally:
        office.settle()

    assert refused["http_status"] == 422
    assert "нет подключения «kaiten»" in refused["message"]
    assert made["outcome"] == "done", made
    titles = sorted(title for title, _ in office.desk.boards())
    assert titles == ["Заря — Сайт (ЗРН)", "Заря — Сайт (ЗРН) · Прибой"]
    # The project that was there goes on.
    office.client_id = first_client
    assert office.do("refresh")["outcome"] == "done"


def test_row_7_an_account_without_an_agency_is_nobodys(office: ModuleOffice) -> None:
    """Two agencies, and nobody said whose the account is: no form offers it, and a click says what to do."""
    office.restart()
    answer = office.manager().post(agency_id_of(office), "new_client_options")

    assert [one["name"] for one in answer["data"]["trackers"]] == ["none"]
