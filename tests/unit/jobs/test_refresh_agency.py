"""The agency's workbook keeps itself fresh: a line in *Журнал* for each action, *Загрузка*, people."""

from __future__ import annotations

import contextlib
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from tests.harness.agency_data import MANAGER
from tests.harness.fakes.interruptions import no_answer
from tests.harness.memory_office import MemoryOffice, client_office, started_office
from vitrina.errors import RetriableServiceError, VitrinaError
from vitrina.jobs.expire import expire
from vitrina.jobs.refresh_agency import plan_refreshes
from vitrina.operations.actor import person
from vitrina.operations.clicks.runner import Click, run_click
from vitrina.operations.journal import JOURNAL, JournalLine
from vitrina.records.outside.chat_rules import rules_key
from vitrina.tabs.journal import MOST_LINES
from vitrina.usecases.actions import ACTIONS

COLUMNS = ("action", "who", "client", "outcome", "message", "operation_id")


@pytest.fixture
def office() -> MemoryOffice:
    """A client with an empty backlog."""
    return client_office()


def click(office: MemoryOffice, action: str, number: int, **params: Any) -> None:
    """Click as the menu does; what is refused is kept as well."""
    book = office.client_id if ACTIONS[action].book_kind == "client" else office.agency_id
    made = Click(person(MANAGER), book, action, params, f"request-{number}", "ru")
    with contextlib.suppress(VitrinaError):
        run_click(office.services, made, ACTIONS[action])


def journal(office: MemoryOffice) -> list[tuple[Any, ...]]:
    """The lines of *Журнал*, the latest first."""
    return office.table("log", *COLUMNS, spreadsheet_id=office.agency_id)


def load_of(office: MemoryOffice) -> dict[str, float]:
    """Hours of each person in *Загрузка*."""
    return dict(office.table("load", "specialist", "load", spreadsheet_id=office.agency_id))


def change_of_agency(office: MemoryOffice) -> dict[str, int]:
    """Calls of Google made by a refresh that no action asks for."""
    office.workbooks.calls.clear()
    office.run_job({"kind": "agency", "spreadsheet_id": office.agency_id, "draws": False})
    return dict(office.workbooks.calls)


# --- Журнал ------------------------------------------------------------------------------------------


def test_each_action_is_a_line(office: MemoryOffice) -> None:
    """What was done, refused and only shown: who, where, how it ended, in the words of the panel."""
    office.fill_backlog({"task": "Баннер", "work_type": "Баннер"})
    click(office, "estimate", 1)
    office.clock.advance(seconds=5)
    click(office, "undo", 2, record_id="another")
    click(office, "build_batch", 3)
    office.run_queue()

    refused, done = journal(office)

    assert done[:4] == ("Оценить бэклог", MANAGER, "Заря — Сайт", "сделано")
    assert done[4].startswith("Оценка есть у каждой задачи")
    assert refused[:4] == ("Отменить последнее действие", MANAGER, "Заря — Сайт", "отказано")
    assert office.store.find(JOURNAL) == []


def test_a_repeated_click_is_one_line(office: MemoryOffice) -> None:
    """The repeat gets the kept answer."""
    for _ in range(3):
        click(office, "recalculate_norms", 1)
    office.run_queue()

    assert [line[0] for line in journal(office)] == ["Пересчитать нормы"]


def test_actions_of_a_minute_are_one_write(office: MemoryOffice) -> None:
    """Forty managers do not use up Google's quota."""
    for number in range(40):
        click(office, "recalculate_norms", number)
    office.workbooks.calls.clear()
    office.run_queue()

    assert len(journal(office)) == 40
    assert office.workbooks.calls == {"read": 1, "batch_update": 1}


def test_a_line_survives_a_death_after_the_write(office: MemoryOffice) -> None:
    """The store did not learn that the line is written: the repeat finds it in the tab."""
    click(office, "recalculate_norms", 1)
    office.workbooks.after("batch_update", no_answer("Google"))
    with pytest.raises(RetriableServiceError):
        office.run_queue()
    assert len(office.store.find(JOURNAL)) == 1

    office.run_queue()

    assert len(journal(office)) == 1
    assert office.store.find(JOURNAL) == []


def test_a_line_whose_task_was_lost_is_found(office: MemoryOffice) -> None:
    """The look of the next quarter of an hour takes it along."""
    click(office, "recalculate_norms", 1)
    office.queue.lose()

    change_of_agency(office)

    assert len(journal(office)) == 1


def test_a_line_that_no_workbook_took_goes_after_a_month(office: MemoryOffice) -> None:
    """Its workbook could not be written all that time."""
    click(office, "recalculate_norms", 1)
    office.clock.advance(days=29)
    expire(office.services)
    assert len(office.store.find(JOURNAL)) == 1
    office.clock.advance(days=2)

    expire(office.services)

    assert office.store.find(JOURNAL) == []


@pytest.mark.slow
def test_the_tab_is_bounded(office: MemoryOffice) -> None:
    """The oldest lines go."""
    for start in range(0, MOST_LINES + 300, 150):
        lines = [
            JournalLine(
                f"op-{number:05}",
                office.agency_id,
                office.client_id,
                at,
                MANAGER,
                "estimate",
                "done",
                "Готово.",
            )
            for number in range(start, start + 150)
            for at in [(office.clock.now() + timedelta(seconds=number)).isoformat()]
        ]
        office.store.commit([line.put() for line in lines])
        change_of_agency(office)

    ids = [line[5] for line in journal(office)]
    assert ids == sorted(ids, reverse=True)
    assert (len(ids), ids[0]) == (MOST_LINES, "op-01349")


# --- Загрузка ----------------------------------------------------------------------------------------


def test_a_start_is_seen_in_the_load(office: MemoryOffice) -> None:
    """A minute after the click, without *Обновить загрузку*."""
    assert load_of(office) == {}
    office.fill_backlog({"task": "Статья", "work_type": "Статья"})
    office.do("estimate")
    click(office, "start_batch", 1, preview_id=office.do("build_batch").data["preview_id"])
    office.run_queue()

    assert load_of(office) == {"Анна Белова": 0, "Борис Ким": 6, "Вера Орлова": 0}


def test_the_same_load_is_not_written_again() -> None:
    """An action that leaves the hours of people as they are costs no write."""
    office = started_office()
    draw = {"kind": "agency", "spreadsheet_id": office.agency_id, "draws": True}
    office.run_job(draw)
    office.workbooks.calls.clear()
    office.run_job(draw)

    assert office.workbooks.calls == {"read": 1}


def test_an_absence_is_seen_in_the_load() -> None:
    """Nobody tells us of typed cells: the look of a quarter of an hour finds them."""
    office = started_office()
    assert change_of_agency(office) == {"read": 1}
    office.type("absences", 0, office.agency_id, specialist="Анна Белова", first_day="23.11.2026")
    office.type("absences", 0, office.agency_id, last_day="27.11.2026")

    assert change_of_agency(office) == {"read": 1, "batch_update": 1}
    room = office.table("load", "specialist", "room.1", "room.5", spreadsheet_id=office.agency_id)
    assert room[0] == ("Анна Белова", 0, 0)
    assert change_of_agency(office) == {"read": 1}


def test_people_being_typed_keep_nothing_waiting() -> None:
    """A specialist without hours is a bad cell: lines are written, and the load has the people of before."""
    office = started_office()
    change_of_agency(office)
    office.type("specialists", 3, office.agency_id, name="Новый человек")
    click(office, "recalculate_norms", 1)

    change_of_agency(office)

    assert len(journal(office)) == 1


def test_agencies_are_looked_at_by_day(office: MemoryOffice) -> None:
    """Once in a quarter of an hour, at the clients' workbooks once an hour; at night nobody looks."""
    assert [plan_refreshes(office.services) for _ in range(2)] == [1, 1]
    assert [task.body["kind"] for task in office.queue.waiting] == ["agency", "redraw"]
    office.clock.advance(minutes=16)
    plan_refreshes(office.services)
    assert [task.body["kind"] for task in office.queue.waiting] == ["agency", "redraw", "agency"]
    office.clock.advance(hours=15)

    assert plan_refreshes(office.services) == 0


def test_projects_are_drawn_without_a_click() -> None:
    """Once an hour: what the client returned is seen although nobody has clicked."""
    office = started_office()
    plan_refreshes(office.services)
    office.type("in_progress", 0, approval="Вернули")
    office.run_queue()

    [(waits,)] = office.table("projects", "waits", spreadsheet_id=office.agency_id)
    assert waits.startswith("мы, клиент вернул: ЗРН-")


def test_choices_that_did_not_change_are_not_kept_again() -> None:
    """The second look finds those of *Настройки* as they are kept."""
    office = started_office()
    office.services = replace(office.services, client_url="https://client.example")
    key = rules_key(office.agency_id)
    change_of_agency(office)
    kept = office.store.get_many([key])[key]

    change_of_agency(office)

    assert office.store.get_many([key])[key].version == kept.version


def test_bad_cells_of_people_wait_for_the_next_hour() -> None:
    """Nobody has clicked, so that nobody is told; the queue does not try the same again."""
    office = started_office()
    office.type("specialists", 3, office.agency_id, name="Новый человек")

    office.run_job({"kind": "redraw", "spreadsheet_id": office.agency_id})

    assert office.table("board", "id", spreadsheet_id=office.agency_id) == []
