"""Projects move from the sheet alone to Kaiten, to Asana, and back, with work half done."""

from __future__ import annotations

from typing import Any

import pytest

from emulators.world.processes import ROBOT_ID
from tests.harness.desks.asana import AsanaDesk
from tests.harness.desks.both import BothDesks
from tests.harness.office import Office
from tests.harness.stored import stored_items
from vitrina.records.books import find_projects

pytestmark = pytest.mark.parametrize("tracker_name", ["kaiten and asana"], indirect=True)

ROWS = (
    {"task": "Лендинг", "work_type": "Лендинг", "priority": "Срочно"},
    {"task": "Баннер", "work_type": "Баннер"},
    {"task": "Статья", "work_type": "Статья"},
)
ANNA, IGOR = 11, 12


def agency_id(office: Office) -> str:
    """Id of the agency's workbook."""
    assert office.agency is not None
    return office.agency.spreadsheet_id


def asana(office: Office) -> AsanaDesk:
    """The people in Asana."""
    return BothDesks.asana_of(office.desk)


def begin(office: Office, tracker: str, **form: Any) -> None:
    """A client whose three items are in progress: ЗРН-1 with three actions, the others with one."""
    office.create_client(tracker=tracker, **form)
    office.fill_backlog(*ROWS)
    office.do("estimate")
    answer = office.do("start_batch", preview_id=office.do("build_batch")["data"]["preview_id"])
    assert answer["outcome"] == "done", answer


def switch(office: Office, tracker: str, *projects: str) -> dict[str, Any]:
    """Move projects, the current one if none is named; the answer."""
    chosen = list(projects or [office.client_id])
    answer = office.click(agency_id(office), "switch_tracker", tracker=tracker, projects=chosen)
    office.settle()
    return answer


def work(office: Office) -> list[tuple[Any, ...]]:
    """What *В работе* says of each action."""
    return office.table("in_progress", "id", "status", "specialist", "due_on", "logged_hours")


def type_row(office: Office, place: int, **values: str) -> None:
    """Type into a row of *В работе*, counted from 0."""
    office.type("in_progress", office.book().tab("in_progress").header_index + 1 + place, **values)


def links(office: Office) -> list[str]:
    """Formulas with the links of the rows in progress."""
    tab = office.book().tab("in_progress")
    return [tab.cell(row, "card").formula or "" for row in tab.rows if tab.cell(row, "id").text]


def test_from_the_sheet_into_a_tracker(agency: Office) -> None:
    """Cards stand at the stage that was typed, with ticks; hours go on from those typed."""
    begin(agency, "none")
    type_row(agency, 0, status="Выполнено", logged_hours="8,5")
    type_row(agency, 1, status="В работе", logged_hours="2")
    type_row(agency, 2, status="В работе")
    type_row(agency, 3, status="Выполнено", logged_hours="4")

    answer = switch(agency, "kaiten")

    assert (answer["outcome"], answer["message"]) == (
        "done",
        "Готово: 1 проект в Kaiten, открытых карточек: 2.",
    )
    cards = {card.title: card for card in agency.desk.cards()}
    assert {title: card.stage for title, card in cards.items()} == {
        "ЗРН-1 · Лендинг": "В работе",
        "ЗРН-3 · Статья": "Онбординг",
    }
    landing = agency.kaiten("GET", f"/cards/{cards['ЗРН-1 · Лендинг'].card_id}")
    assert [item["checked"] for item in landing["checklists"][0]["items"]] == [True, False, False]
    before = work(agency)
    agency.desk.log_minutes(cards["ЗРН-1 · Лендинг"].card_id, 90, user_id=ANNA)
    agency.do("refresh")
    after = work(agency)
    assert after[0][4] == 10.0
    assert [row[:4] for row in after] == [row[:4] for row in before]
    assert agency.do("check_book")["data"]["found"] == 0


def test_preview_says_what_will_be_made(agency: Office) -> None:
    """And changes nothing."""
    begin(agency, "kaiten")
    agency.do("push")
    options = agency.click(agency_id(agency), "switch_options")
    cards = agency.desk.cards()

    answer = agency.click(agency_id(agency), "preview_switch", tracker="asana", projects=[agency.client_id])

    assert [one["name"] for one in options["data"]["trackers"]] == ["kaiten", "asana", "none"]
    assert options["data"]["projects"][0]["tracker_title"] == "Kaiten"
    assert answer["message"].startswith("Переведём 1 проект в Asana и создадим 3 карточки")
    assert answer["details"] == [
        "Заря — Сайт: сейчас Kaiten, 3 открытые задачи",
        "в прежних карточках появится ссылка на новое место, и они закроются",
    ]
    assert agency.desk.cards() == cards


def test_from_tracker_to_tracker_and_into_the_sheet(agency: Office) -> None:
    """Nothing is entered twice, and no hour is lost on the way, also on the way back."""
    begin(agency, "kaiten")
    agency.do("push")
    [landing, *_] = sorted(agency.desk.cards(), key=lambda card: card.title)
    agency.desk.move(landing.card_id, 1)
    agency.desk.finish_step(landing.card_id, 0)
    agency.desk.log_minutes(landing.card_id, 120, user_id=ANNA)
    agency.settle()
    before = work_after_refresh(agency)

    assert switch(agency, "asana")["outcome"] == "done"

    assert work_after_refresh(agency) == before
    moved = {card.title: card for card in asana(agency).cards()}
    assert moved["ЗРН-1 · Лендинг"].stage == "В работе"
    assert all("/0/" in link for link in links(agency))
    old = agency.kaiten("GET", f"/cards/{landing.card_id}", user_id=ROBOT_ID)
    assert old["condition"] == 2
    assert any(moved["ЗРН-1 · Лендинг"].card_id in link["url"] for link in old["external_links"])
    asana(agency).log_minutes(moved["ЗРН-1 · Лендинг"].card_id, 60, user_id=ANNA)
    asana(agency).move(moved["ЗРН-3 · Статья"].card_id, 3)
    agency.settle()
    in_asana = work_after_refresh(agency)
    assert in_asana[0][4] == 3.0

    assert switch(agency, "none")["outcome"] == "done"

    assert work_after_refresh(agency) == in_asana
    assert links(agency)[:4] == ["", "", "", ""]
    assert switch(agency, "kaiten")["outcome"] == "done"
    assert work_after_refresh(agency) == in_asana
    assert [one.tracker for one in find_projects(agency.services.store, agency_id(agency))] == ["kaiten"]
    assert agency.do("check_book")["data"]["found"] == 0


def work_after_refresh(office: Office) -> list[tuple[Any, ...]]:
    """What *В работе* says after its cards were read."""
    assert office.do("refresh")["outcome"] == "done"
    return work(office)


def test_hours_logged_while_it_moves_are_fetched(agency: Office) -> None:
    """Those that came after the cards were read count as well."""
    begin(agency, "kaiten")
    agency.do("push")
    [landing, *_] = sorted(agency.desk.cards(), key=lambda card: card.title)
    agency.fail_next("asana", method="tasks.create", status=403)
    answer = switch(agency, "asana")
    assert answer["outcome"] == "partial"
    assert answer["details"][0].startswith("Заря — Сайт не перенесён. Asana не разрешает")
    agency.desk.log_minutes(landing.card_id, 45, user_id=ANNA)

    assert switch(agency, "asana")["outcome"] == "done"

    items = stored_items(agency.services.store)
    assert sum(action.logged_hours for item in items for action in item.actions) == 0.75
    assert sum(hours or 0 for *_, hours in work(agency)) == 0.75
    assert len(asana(agency).cards()) == 3


def test_undo_gives_everything_back(agency: Office) -> None:
    """As long as nobody has worked there; the former cards are open again."""
    begin(agency, "kaiten")
    agency.do("push")
    before, cells, boards = agency.desk.cards(), links(agency), work(agency)
    switch(agency, "asana")

    answer = agency.do("undo")

    assert answer["outcome"] == "done", answer
    assert answer["message"].startswith("Отменили: «Подключить / сменить трекер…»")
    assert agency.desk.cards() == before
    assert (links(agency), work(agency)) == (cells, boards)
    live = agency.kaiten("GET", f"/cards/{before[0].card_id}", user_id=ROBOT_ID)
    assert live["condition"] == 1
    assert [one.tracker for one in find_projects(agency.services.store, agency_id(agency))] == ["kaiten"]
    assert agency.do("check_book")["data"]["found"] == 0


def test_undo_is_refused_after_work(agency: Office) -> None:
    """Somebody logged hours in the new tracker."""
    begin(agency, "kaiten")
    agency.do("push")
    switch(agency, "asana")
    card = asana(agency).cards()[0]
    asana(agency).log_minutes(card.card_id, 30, user_id=ANNA)
    count = len(agency.desk.cards())

    answer = agency.do("undo")

    assert answer["outcome"] == "refused"
    assert card.title.split(" ")[0] in answer["message"]
    assert len(agency.desk.cards()) == count
