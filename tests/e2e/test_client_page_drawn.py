"""From the workbook to the client's page: links from the menu, and contents that follow the workbook."""

from __future__ import annotations

import json
from html import escape
from typing import Any

import pytest

from tests.e2e.failures.helpers import start_period
from tests.harness.agency_data import NOW, TEAM
from tests.harness.client_site import PERSON, hidden_fields, later
from tests.harness.office import Office
from vitrina.bootstrap import application
from vitrina.records.outside.client_pages import ClientPage, load_page

BACKLOG = (
    {"task": "Лендинг", "work_type": "Лендинг"},
    {"task": "Статья о зерне", "work_type": "Статья"},
)


@pytest.fixture
def linked(office: Office, monkeypatch: pytest.MonkeyPatch) -> Office:
    """An agency with one client, and an address for pages."""
    monkeypatch.setenv("VITRINA_CLIENT_URL", f"{office.servers.functions}/client")
    application.cache_clear()
    return office


def make_link(office: Office, scope: str = "act") -> str:
    """Address of a new link."""
    answer = office.do("make_client_link", scope=scope)
    assert answer["outcome"] == "done", answer
    return str(answer["data"]["url"])


def page_of(office: Office) -> ClientPage:
    """What is kept of the page."""
    assert office.agency is not None
    return load_page(office.services.store, office.client_id, office.agency.spreadsheet_id)


def read(office: Office, url: str) -> str:
    """The page as a client sees it."""
    answer = office.http.get(url, headers=PERSON)
    assert answer.status_code == 200, answer.text
    return answer.text


def update_load(office: Office) -> None:
    """What the timer does once an hour."""
    assert office.agency is not None
    assert office.click(office.agency.spreadsheet_id, "update_load")["outcome"] == "done"


def test_links_of_the_menu(linked: Office) -> None:
    """Made, shown once, listed with when they were opened, and revoked; no document has the address."""
    assert linked.do("client_links")["data"]["links"] == []
    url = make_link(linked)
    token = url.rpartition("/")[2]
    linked.settle()

    read(linked, url)

    (link,) = linked.do("client_links")["data"]["links"]
    assert (link["state"], link["scope"]) == ("valid", "act")
    assert link["opened"].startswith("Открывали впервые 23.11.2026")
    kept = json.dumps([one.data for one in linked.services.store.page(None, 10_000)], ensure_ascii=False)
    assert token not in kept
    answer = linked.do("revoke_client_link", link_id=link["id"])
    assert answer["outcome"] == "done"
    assert linked.http.get(url, headers=PERSON).status_code == 404
    assert linked.do("client_links")["data"]["links"][0]["state"] == "revoked"
    assert not page_of(linked).is_open
    assert linked.do("revoke_client_link", link_id="0" * 12)["outcome"] == "refused"


def test_a_repeated_click_shows_no_link_twice(linked: Office) -> None:
    """The answer that is kept for repeats lacks the address, and there is one link."""
    request_id = "click-0000-0001"

    first, again = (
        linked.manager().click(linked.client_id, "make_client_link", request_id=request_id, scope="look")
        for _ in range(2)
    )

    assert first["data"]["url"].startswith("http")
    assert "url" not in again["data"]
    assert again["data"]["made"] == first["data"]["made"]
    assert len(linked.do("client_links")["data"]["links"]) == 1


def test_without_an_address_the_menu_says_so(office: Office) -> None:
    """The operator is told which setting is missing, and nothing is made."""
    for action, params in (("client_links", {}), ("make_client_link", {"scope": "act"})):
        answer = office.do(action, **params)
        assert answer["outcome"] == "refused"
        assert "VITRINA_CLIENT_URL" in answer["message"]


def test_the_page_follows_the_workbook(linked: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Drawn for a new link, after an action, and once an hour after what people typed."""
    url = make_link(linked, "look")
    linked.settle()
    assert "Сайт" in read(linked, url)
    assert "Лендинг" not in read(linked, url)

    # The queue of the tests does not wait, so that a second drawing needs another time of day.
    monkeypatch.setenv("VITRINA_NOW", later(NOW, minutes=5))
    application.cache_clear()
    linked.fill_backlog(*BACKLOG)
    linked.do("estimate")
    start_period(linked)
    linked.settle()
    page = read(linked, url)
    assert "Лендинг" in page
    state = linked.book().field("state").cell.text
    assert state
    assert page_of(linked).content["state"] == state
    assert escape(state) in page
    due = {one["code"]: one["due_on"] for one in page_of(linked).content["this_week"]}
    assert set(due) <= {"ЗРН-1", "ЗРН-2"}

    place = linked.book().field("documents")
    where = {"sheet": place.sheet_title, "cell": place.address}
    linked.edit({"type": "type", **where, "text": "https://docs.example/brief"})
    drawn_at = page_of(linked).drawn_at
    update_load(linked)
    assert 'href="https://docs.example/brief"' in read(linked, url)
    drawn_at, before = page_of(linked).drawn_at, drawn_at
    assert drawn_at > before
    # Nothing differs: nothing is written.
    update_load(linked)
    assert page_of(linked).drawn_at == drawn_at


def test_pages_without_links_are_not_drawn(linked: Office) -> None:
    """Neither after an action nor with the load."""
    linked.fill_backlog(*BACKLOG)
    linked.do("estimate")
    linked.settle()
    update_load(linked)

    assert page_of(linked).content == {}


def test_from_the_board_to_done(linked: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """A card in review waits on the page; the client accepts it there, and the list of work has it."""
    monkeypatch.setenv("VITRINA_DECISION_HOLD_S", "0")
    application.cache_clear()
    url = make_link(linked)
    linked.settle()
    linked.fill_backlog(*BACKLOG)
    linked.do("estimate")
    start_period(linked)
    assert linked.do("push")["outcome"] == "done"
    linked.settle()
    card = next(one for one in linked.desk.cards() if "Лендинг" in one.title)
    linked.desk.move(card.card_id, 2)
    linked.settle()
    linked.do("refresh")
    linked.settle()
    assert "Принять" in read(linked, url)

    (item,) = page_of(linked).items
    proposed = post(linked, f"{url}/accept", {"n": str(item.number), f"seen_{item.number}": item.fingerprint})
    done = post(linked, f"{url}/accept", {**hidden_fields(proposed), "role": "owner", "sure": "yes"})
    assert "Спасибо, записали" in done
    monkeypatch.setenv("VITRINA_NOW", later(NOW, minutes=5))
    application.cache_clear()
    linked.settle()

    assert [one for (one,) in linked.table("done", "task")] == ["Лендинг"]
    assert page_of(linked).items == ()
    update_load(linked)
    assert "Лендинг" in read(linked, f"{url}/done")
    assert ">Принять</button>" not in read(linked, url)


def post(office: Office, url: str, data: dict[str, Any]) -> str:
    """The answer to a form, sent by a person."""
    answer = office.http.post(url, data=data, headers=PERSON)
    assert answer.status_code == 200, answer.text
    return answer.text


def test_a_question_is_answered_on_the_page(linked: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Asked by the client, answered from the menu, read on the page."""
    url = make_link(linked)
    linked.settle()
    monkeypatch.setenv("VITRINA_NOW", later(NOW, minutes=5))
    application.cache_clear()
    proposed = post(linked, f"{url}/question", {"text": "Когда макет?"})
    post(linked, f"{url}/question", {**hidden_fields(proposed), "role": "owner", "sure": "yes"})
    linked.settle()
    assert "Ответа ещё нет." in read(linked, url)
    monkeypatch.setenv("VITRINA_NOW", later(NOW, minutes=10))
    application.cache_clear()

    assert linked.do("answer_question", number=1, text="В четверг")["outcome"] == "done"
    linked.settle()

    page = read(linked, url)
    assert "Когда макет?" in page
    assert "В четверг" in page


#: Words that no client may read.
CANARIES = ("Канклиент", "Канпроект", "Канзадача", "КНРК", "Кандокумент", "Канзаметка")


def test_nothing_internal_is_on_the_page(linked: Office) -> None:
    """Other clients, people who do nothing here, notes and what stands in the agency's workbook."""
    ours = linked.client_id
    url = make_link(linked)
    linked.fill_backlog(*BACKLOG)
    linked.do("estimate")
    start_period(linked)
    linked.create_client(client_name="Канклиент", project_name="Канпроект", code="КНРК")
    linked.fill_backlog({"task": "Канзадача", "work_type": "Лендинг"}, {"task": "Кандокумент"})
    linked.do("estimate")
    start_period(linked)
    linked.client_id = ours
    row = linked.book().tab("backlog").header_index + 1
    tab = linked.book().tab("backlog")
    linked.edit({"type": "note", "sheet": tab.title, "cell": f"C{row + 1}", "text": "Канзаметка"})
    linked.settle()
    update_load(linked)
    linked.settle()

    seen = read(linked, url) + read(linked, f"{url}/done") + json.dumps(page_of(linked).content)

    assert "Лендинг" in seen
    for word in (*CANARIES, *(str(one["email"]) for one in TEAM), *_foreign_names(linked)):
        assert word not in seen, word


def _foreign_names(office: Office) -> list[str]:
    """People whose names the client's own tabs do not show."""
    shown: list[Any] = [one for (one,) in office.table("in_progress", "specialist")]
    return [str(one["name"]) for one in TEAM if one["name"] not in shown]
