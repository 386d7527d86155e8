"""The same jobs without a tracker, and with one that cannot do everything."""

from __future__ import annotations

import json
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tests.harness.agency_data import TEAM
from tests.harness.fakes.interruptions import busy
from tests.harness.memory_office import MemoryOffice, SavedOffice, agency_office, client_office
from tests.harness.tracker_worlds.folder import FolderWorld
from vitrina.errors import FatalServiceError, RetriableServiceError, UserError
from vitrina.operations.answer import Outcome
from vitrina.ports import Capabilities
from vitrina.project.book_upgrade import typed_columns
from vitrina.records.books import load_project, put_project
from vitrina.records.cards import StoredTrackerMemory
from vitrina.trackers.none.client import NoTracker
from vitrina.usecases.actions import ACTIONS
from vitrina.usecases.clients.create_client import client_options
from vitrina.workbook.reading.book import TRACKER_KEY

ROWS = ({"task": "Лендинг", "work_type": "Лендинг"}, {"task": "Баннер", "work_type": "Баннер"})
STATE = ("id", "status", "logged_hours")


def office_with(office: MemoryOffice, name: str, tracker: Any = None) -> MemoryOffice:
    """The office with a client whose project uses this tracker, and two items in progress."""
    if tracker is not None:
        office.services = replace(office.services, trackers={name: tracker, **office.services.trackers})
    office.create_client(tracker=name)
    office.start(*ROWS)
    return office


# --- No tracker ------------------------------------------------------------------------------------


@cache
def saved_office() -> SavedOffice:
    """A client without a tracker: ЗРН-1 with three actions and ЗРН-2 with one."""
    return office_with(agency_office(), "none").save()


@pytest.fixture
def office() -> MemoryOffice:
    """The same, to change."""
    return MemoryOffice(saved_office())


def type_state(office: MemoryOffice, row: int, status: str = "Выполнено", hours: str = "") -> None:
    """Type the state of a row of *В работе*."""
    office.type("in_progress", row, status=status, **({"logged_hours": hours} if hours else {}))


def test_new_client_makes_nothing_outside(office: MemoryOffice) -> None:
    """No board, no webhook, no link to a board; the workbook says that there is no tracker."""
    project = load_project(office.store, office.client_id)

    assert (project.tracker, project.board_id, project.stages) == ("none", "", {})
    assert office.tracker.calls == {}
    assert office.book().field("board_url").cell.is_empty
    assert office.table("projects", "code", "board", spreadsheet_id=office.agency_id) == [("ЗРН", None)]
    marks = office.workbooks.look(office.client_id)["developerMetadata"]
    assert [mark["metadataValue"] for mark in marks if mark["metadataKey"] == TRACKER_KEY] == ["none"]


def test_answers_do_not_speak_of_a_tracker() -> None:
    """Neither that of a new client nor that of a start."""
    office = agency_office()
    created = office.do("new_client", client_name="Заря", project_name="Сайт", code="ЗРН", tracker="none")
    office.client_id = created.data["spreadsheet_id"]
    office.fill_backlog(*ROWS)
    office.do("estimate")
    started = office.do("start_batch", preview_id=office.do("build_batch").data["preview_id"])

    assert created.message.code == "client.created_book"
    assert started.data["has_tracker"] is False
    codes = {one.code for one in started.details}
    assert ("batch.type_next" in codes, "batch.push_next" in codes) == (True, False)


@pytest.mark.parametrize(
    ("can", "columns"),
    [
        (Capabilities(), set()),
        (Capabilities(tells_hours=False), {"in_progress.logged_hours"}),
        (NoTracker.can, {"in_progress.status", "in_progress.logged_hours"}),
    ],
)
def test_cells_of_state_are_open(can: Capabilities, columns: set[str]) -> None:
    """Staff type what no tracker tells."""
    assert typed_columns(can) == columns


def test_push_is_refused_with_a_sentence(office: MemoryOffice) -> None:
    """Nothing is wanted of the outbox, nothing changes."""
    before = office.items()

    with pytest.raises(UserError) as refused:
        office.do("push")

    assert refused.value.code == "tracker.none"
    assert office.items() == before


def test_typed_state_is_taken_in(office: MemoryOffice) -> None:
    """Each action for itself: hours count while the item is open, and its end when all is done."""
    type_state(office, 0, hours="3,5")
    type_state(office, 3, hours="2")

    answer = office.do("refresh")

    assert (answer.outcome, answer.message.code) == (Outcome.DONE, "sync.sheet")
    assert (answer.message.where["open"], answer.message.where["done"]) == (2, 2)
    landing, banner = office.items()[1], office.items()[2]
    assert (landing.is_done, banner.is_done, banner.finished_on) == (False, True, date(2026, 11, 23))
    assert [(one.is_ticked, one.logged_hours) for one in landing.actions] == [
        (True, 3.5),
        (False, 0.0),
        (False, 0.0),
    ]
    assert banner.actions[0].logged_hours == 2.0


def test_what_was_typed_stays_as_it_was_typed(office: MemoryOffice) -> None:
    """Neither the status nor the hours are written over, whatever is typed."""
    type_state(office, 0, "На проверке", hours="1 ч 30 мин")
    before = office.table("in_progress", *STATE)

    office.do("refresh")
    office.run_job({"kind": "reconcile", "spreadsheet_id": office.client_id})

    assert office.table("in_progress", *STATE) == before
    assert office.items()[1].actions[0].logged_hours == 1.5


def test_item_that_is_opened_again(office: MemoryOffice) -> None:
    """Its status was typed back."""
    type_state(office, 3)
    office.do("refresh")
    type_state(office, 3, "В работе")

    office.do("refresh")

    assert (office.items()[2].is_done, office.items()[2].finished_on) == (False, None)


def test_hours_that_cannot_be_understood_are_named(office: MemoryOffice) -> None:
    """Also in a row that is done: norms need them. What was known before stays."""
    type_state(office, 3, hours="2")
    office.do("refresh")
    type_state(office, 3, hours="много")
    type_state(office, 0, hours="сколько-то")

    answer = office.do("refresh")

    assert answer.outcome is Outcome.PARTIAL
    assert len(answer.cells) == 2
    assert {problem.sheet for problem in answer.cells} == {"В работе"}
    assert office.items()[2].actions[0].logged_hours == 2.0


def test_norms_learn_from_typed_hours(office: MemoryOffice) -> None:
    """The nightly look takes them in, with nobody's click."""
    type_state(office, 3, hours="9")
    office.run_job({"kind": "reconcile", "spreadsheet_id": office.client_id})
    counts = dict(office.table("norms", "work_type", "fact_count", spreadsheet_id=office.agency_id))

    office.do("recalculate_norms")

    after = dict(office.table("norms", "work_type", "fact_count", spreadsheet_id=office.agency_id))
    assert after["Баннер"] == counts["Баннер"] + 1


def test_load_and_check_read_the_sheet(office: MemoryOffice) -> None:
    """A finished action frees its person; the check asks no tracker."""
    office.do("update_load")
    busy = office.table("load", "specialist", "load", spreadsheet_id=office.agency_id)
    for row in range(4):
        type_state(office, row)

    office.do("update_load")

    assert sum(hours for _, hours in busy if hours) > 0
    free = office.table("load", "specialist", "load", spreadsheet_id=office.agency_id)
    assert not any(hours for _, hours in free)
    assert office.do("check_book").data["found"] == 0
    assert office.tracker.calls == {}


def test_undo_of_a_start(office: MemoryOffice) -> None:
    """The rows go back to the backlog."""
    answer = office.do("undo")

    assert (answer.outcome, answer.data["action"]) == (Outcome.DONE, "start_batch")
    assert [task for (task,) in office.table("backlog", "task")] == ["Лендинг", "Баннер"]
    assert office.items() == {}


# --- The choice of a tracker -------------------------------------------------------------------------


def test_form_offers_what_is_connected() -> None:
    """The usual one first; «no tracker» always."""
    office = client_office()
    answer = client_options(office.services, office.agency_id)

    assert [(one["name"], one["title"]) for one in answer.data["trackers"][:1]] == [("kaiten", "Трекер")]
    assert [one["name"] for one in answer.data["trackers"]] == ["kaiten", "none"]
    assert answer.data["kinds"] == ("Сайт", "Продвижение")


def test_agency_with_two_kinds_of_clients() -> None:
    """Each has its own; the load is that of all of them together."""
    office = office_with(agency_office(), "none")
    office.create_client(client_name="Маяк", code="МАК")
    office.start(*ROWS, is_pushed=True)

    assert len(office.tracker.cards) == 2
    assert office.do("update_load").data["books"] == 2
    assert office.do("check_all").data["cards"] == 2


def test_tracker_that_is_not_connected_any_more() -> None:
    """What needs no tracker goes on; what needs it says what is missing."""
    office = client_office()
    project = load_project(office.store, office.client_id)
    office.store.commit([put_project(replace(project, tracker="acme"))])
    office.start(*ROWS)

    with pytest.raises(FatalServiceError) as refused:
        office.do("push")

    assert (refused.value.code, refused.value.service) == ("tracker.not_connected", "acme")
    assert len(office.items()) == 2


@pytest.mark.parametrize("action", ["new_client", "preview_switch", "switch_tracker"])
def test_a_tracker_that_nobody_connected_cannot_be_chosen(action: str) -> None:
    """A form that was opened before the connection was taken away: the person chooses again."""
    office = client_office()
    form = {"client_name": "Восток", "project_name": "Лавка", "code": "ВСТ"}
    params = {"tracker": "acme", **(form if action == "new_client" else {"projects": [office.client_id]})}

    def click() -> None:
        ACTIONS[action].check(office.services, office.agency_id, params)
        office.do(action, office.agency_id, **params)

    with pytest.raises(UserError) as refused:
        click()

    assert (refused.value.code, refused.value.where) == ("tracker.not_own", {"service": "acme"})


# --- A tracker that cannot do everything -----------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> FolderWorld:
    """The toy tracker: no hours, no person and day of a step, no webhooks."""
    return FolderWorld(tmp_path)


@pytest.fixture
def toy(folder: FolderWorld) -> MemoryOffice:
    """A client whose project uses it, with cards."""
    office = office_with(agency_office(), "folder", folder.tracker)
    office.do("push")
    return office


def card_ids(office: MemoryOffice) -> list[str]:
    """Ids of the cards in the order of the items."""
    return [item.card_id for item in office.items().values()]


def test_main_job_with_the_toy(toy: MemoryOffice, folder: FolderWorld, tmp_path: Path) -> None:
    """Cards with steps and links, found again by a second push; nobody is asked to report changes."""
    first = json.loads((tmp_path / f"{card_ids(toy)[0]}.json").read_text(encoding="utf-8"))

    answer = toy.do("push")

    assert answer.message.code == "push.nothing_new"
    assert first["title"] == "ЗРН-1 · Лендинг"
    # The day of a step stands in its text, as the toy has no other place for it.
    assert all(", до " in text for text, _ in first["steps"])
    assert len(first["steps"]) == 3
    assert [title for _, title in first["links"]] == ["Книга клиента: Сайт"]
    assert toy.tracker.calls == {}


def test_state_of_each_action_and_typed_hours(toy: MemoryOffice, folder: FolderWorld) -> None:
    """The step of one person is done, the others work on; hours are typed, as the toy tells none."""
    landing, banner = card_ids(toy)
    stages = list(load_project(toy.store, toy.client_id).stages.values())
    folder.finish_step(landing, 1)
    toy.type("in_progress", 0, logged_hours="3")
    toy.type("in_progress", 3, logged_hours="2,5")
    board_id = load_project(toy.store, toy.client_id).board_id
    folder.move(board_id, landing, stages[1])
    folder.move(board_id, banner, stages[-1])

    toy.do("refresh")

    assert toy.table("in_progress", *STATE) == [
        ("ЗРН-1", "В работе", 3.0),
        ("ЗРН-1", "Выполнено", None),
        ("ЗРН-1", "В работе", None),
        ("ЗРН-2", "Выполнено", 2.5),
    ]
    items = toy.items()
    assert (items[1].is_done, items[2].is_done) == (False, True)
    assert (items[1].actions[0].logged_hours, items[2].actions[0].logged_hours) == (3.0, 2.5)


def test_undo_with_the_toy(toy: MemoryOffice, folder: FolderWorld) -> None:
    """An untouched card goes, one that somebody began stays and is named."""
    landing, banner = card_ids(toy)
    folder.finish_step(landing, 0)

    answer = toy.do("undo")

    assert answer.outcome is Outcome.PARTIAL
    assert folder.tracker.get_card("", landing) is not None
    assert folder.tracker.get_card("", banner) is None


# --- Who is who in the tracker, and what a card tells ------------------------------------------------


def without_ids(*names: str) -> list[dict[str, Any]]:
    """The team, in which these people have no id."""
    gone = ("tracker_id.kaiten",)
    return [
        {key: value for key, value in one.items() if key not in gone or one["name"] not in names}
        for one in TEAM
    ]


@pytest.fixture
def strangers() -> MemoryOffice:
    """Anna and Vera have no id in *Специалисты*; Anna has an account in the tracker."""
    office = MemoryOffice()
    office.set_up_agency(team=without_ids("Анна Белова", "Вера Орлова"))
    office.tracker.add_person("Anna@mayak.example", "77")
    office.create_client()
    office.start(*ROWS)
    return office


def test_people_are_found_by_their_email(strangers: MemoryOffice) -> None:
    """One search for all of them; the e-mail is not kept, the id is."""
    answer = strangers.do("push")

    card = strangers.card(1)
    assert [step.assignee_id for step in card.steps] == ["77", "12", None]
    assert strangers.card(2).assignee_id == "12"
    assert strangers.tracker.calls["find_people"] == 1
    assert [one.where for one in answer.details if one.code == "push.unknown_people"] == [
        {"people": ["Вера Орлова"], "service": "Трекер"}
    ]
    memory = StoredTrackerMemory(strangers.store, "kaiten")
    assert json.loads(memory.load(f"people:{strangers.agency_id}") or "") == {"Анна Белова": "77"}


def test_who_was_found_is_known_afterwards(strangers: MemoryOffice) -> None:
    """A card that is given to her is hers in the sheet too, and hours of hers count for her row."""
    strangers.do("push")
    strangers.tracker.log_hours(strangers.card(1).card_id, "77", 2.0)
    strangers.tracker.change(strangers.card(2).card_id, assignee_id="12")

    strangers.do("refresh")

    rows = strangers.table("in_progress", "specialist", "logged_hours")
    assert (rows[0], rows[-1][0]) == (("Анна Белова", 2.0), "Борис Ким")


def test_cards_are_untouched_though_people_were_searched(strangers: MemoryOffice) -> None:
    """An undo knows who was found."""
    strangers.do("push")

    assert strangers.do("undo").outcome is Outcome.DONE
    assert strangers.tracker.cards == []


def test_bad_cell_of_the_agency_does_not_stop_the_push(strangers: MemoryOffice) -> None:
    """Cards are made without those who could not be searched, and they are named."""
    strangers.type("specialists", 1, strangers.agency_id, hours_per_day="много")

    answer = strangers.do("push")

    assert answer.data["made"] == 2
    [unknown] = [one for one in answer.details if one.code == "push.unknown_people"]
    assert unknown.where["people"] == ["Анна Белова", "Вера Орлова"]


def test_tracker_that_is_busy_with_the_search(strangers: MemoryOffice) -> None:
    """Nothing is made; the next push makes it."""
    strangers.tracker.before("find_people", busy("Трекер"))

    with pytest.raises(RetriableServiceError):
        strangers.do("push")

    assert strangers.tracker.cards == []
    assert strangers.do("push").data["made"] == 2


def test_what_a_card_tells() -> None:
    """Result, priority, kind of work, size, quantity; links of the workbook and of the documents."""
    office = client_office()
    documents = "Договор: https://disk.example/a?b=1&c=2.\nБриф (https://disk.example/brief)\nПароль у Анны"
    office.set_field("documents", documents)
    office.start(
        {"task": "Баннер", "work_type": "Баннер", "result": "*Яркий*", "size": "M", "quantity": "3"},
        is_pushed=True,
    )

    made = office.tracker.made_as(office.card(1).card_id)

    assert dict(made.facts) == {
        "Результат": "*Яркий*",
        "Приоритет": "Обычный",
        "Вид работ": "Баннер",
        "Размер": "M",
        "Количество": "3",
    }
    assert [(link.url, link.title) for link in made.links[1:]] == [
        ("https://disk.example/a?b=1&c=2", "Договор"),
        ("https://disk.example/brief", "Бриф"),
    ]
    assert made.profiles == ("Дизайн",)
