"""The first tasks of a project from a template: added once, with people, days, cards and an undo."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import pytest

from tests.harness.agency_data import NOW
from tests.harness.memory_office import MemoryOffice, client_office
from tests.harness.next_release import next_release
from vitrina.errors import CellsError, ChangedMeanwhileError, UserError, WorkbookShapeError
from vitrina.operations.run import ENDED
from vitrina.records.books import load_project
from vitrina.records.finished import pack
from vitrina.records.work import load_work
from vitrina.texts import render
from vitrina.usecases.clients.apply_onboarding import apply_onboarding

#: Three tasks: 2 waits for 1; 3 begins two working days after the start.
ROWS: tuple[Mapping[str, str], ...] = (
    {
        "number": "1",
        "task": "Бриф",
        "profile": "Тексты",
        "hours": "6",
        "need": "Заполнить бриф",
        "need_days": "2",
    },
    {"number": "2", "task": "Прототип", "subtask": "Карта", "profile": "Тексты", "hours": "3", "after": "1"},
    {"number": "2", "subtask": "Главная", "profile": "Дизайн", "hours": "8"},
    {
        "number": "3",
        "task": "Счётчики",
        "specialist": "Вера Орлова",
        "hours": "2",
        "after_days": "2",
        "need": "Доступ",
    },
)


def type_template(office: MemoryOffice, *rows: Mapping[str, str], kind: str = "Сайт") -> None:
    """Replace what stands on *Онбординг* with rows of one kind."""
    tab = office.tab("onboarding", office.agency_id)
    last = tab.address(tab.rows[-1], "need_days")
    clear = {"type": "clear", "sheet": tab.title, "range": f"A{tab.header_index + 2}:{last}"}
    office.edit(clear, spreadsheet_id=office.agency_id)
    for at, row in enumerate(rows):
        office.type("onboarding", at, office.agency_id, **{"kind": kind, **row})


def fall_ill(office: MemoryOffice, last_day: str) -> None:
    """Boris is away from today on."""
    days = {"first_day": "23.11.2026", "last_day": last_day}
    office.type("absences", 0, office.agency_id, specialist="Борис Ким", **days)


@pytest.fixture
def office() -> MemoryOffice:
    """A client without tasks, and a template."""
    office = client_office()
    type_template(office, *ROWS)
    return office


def rows_of(office: MemoryOffice) -> list[tuple[Any, ...]]:
    """Rows of *В работе*."""
    return office.table("in_progress", "id", "action", "profile", "specialist", "hours", "status")


def days_of(office: MemoryOffice) -> dict[int, tuple[date, date]]:
    """First and last day of each item."""
    return {number: (item.start_on, item.last_day) for number, item in office.items().items()}


def test_a_template_becomes_rows_with_people_and_days(office: MemoryOffice) -> None:
    """Boris writes: 6 h on Monday, 3 h on Tuesday; then the design; Vera two working days later."""
    shown = office.do("preview_onboarding")

    assert shown.data["kind"] == "Сайт"
    assert [task["task"] for task in shown.data["tasks"]] == ["Бриф", "Прототип", "Счётчики"]
    assert [(one["text"], one["due_on"]) for one in shown.data["needs"]] == [
        ("Заполнить бриф", date(2026, 11, 25)),
        ("Доступ", date(2026, 11, 25)),
    ]
    assert rows_of(office) == []

    done = office.do("apply_onboarding", kind="Сайт", plan_id=shown.data["plan_id"])

    assert render(done.message, "ru") == "Онбординг добавлен: 3 задачи, 19 ч, закончим 25.11.2026."
    assert rows_of(office) == [
        ("ЗРН-1", "Бриф", "Тексты", "Борис Ким", 6.0, "Онбординг"),
        ("ЗРН-2", "Прототип", "Тексты", "Борис Ким", 3.0, "Онбординг"),
        ("ЗРН-2", "Прототип", "Дизайн", "Анна Белова", 8.0, "Онбординг"),
        ("ЗРН-3", "Счётчики", "Разработка", "Вера Орлова", 2.0, "Онбординг"),
    ]
    monday = NOW.date()
    assert days_of(office) == {
        1: (monday, monday),
        2: (monday + timedelta(days=1), monday + timedelta(days=2)),
        3: (monday + timedelta(days=2), monday + timedelta(days=2)),
    }
    assert [item.after for item in office.items().values()] == [(), (1,), ()]
    assert [item.template_task for item in office.items().values()] == ["сайт#1", "сайт#2", "сайт#3"]
    assert office.table("in_progress", "result")[0] == ("— Карта\n— Главная",)


def test_cards_are_made_by_themselves(office: MemoryOffice) -> None:
    """In the first column, one for each task."""
    office.do("apply_onboarding", kind="Сайт")
    office.run_queue()

    titles = [office.card(number).title for number in office.items()]
    assert titles == ["ЗРН-1 · Бриф", "ЗРН-2 · Прототип", "ЗРН-3 · Счётчики"]
    assert len({office.card(number).stage_id for number in office.items()}) == 1


def test_applied_again_nothing_doubles(office: MemoryOffice) -> None:
    """Neither by a second click nor when a task of the template was added or reworded."""
    office.do("apply_onboarding", kind="Сайт")
    before = rows_of(office)

    again = office.do("apply_onboarding", kind="сайт")

    assert render(again.message, "ru") == "Все задачи онбординга «Сайт» у проекта уже есть, добавлять нечего."
    assert rows_of(office) == before
    more = {"number": "4", "task": "Стиль", "profile": "Дизайн", "hours": "3", "after": "2"}
    type_template(office, {**ROWS[0], "task": "Другими словами"}, *ROWS[1:], more)

    third = office.do("apply_onboarding", kind="Сайт")

    assert third.data == {"added": ["ЗРН-4"], "known": ["ЗРН-1", "ЗРН-2", "ЗРН-3"]}
    assert [row[0] for row in rows_of(office)] == [*(row[0] for row in before), "ЗРН-4"]
    # The prototype ends on Wednesday.
    assert days_of(office)[4] == (date(2026, 11, 26), date(2026, 11, 26))
    assert office.items()[4].after == (2,)


def test_tasks_that_were_packed_away_are_known(office: MemoryOffice) -> None:
    """After weeks only their keys are left."""
    office.do("apply_onboarding", kind="Сайт")
    work = load_work(office.store, office.client_id, office.agency_id)
    packed, writes = pack(office.store, work.value, work.value.items.values())
    office.store.commit([*writes, *work.writes(packed)])
    tab = office.tab("in_progress")
    lines = [row.index for row in tab.rows if row.number]
    office.edit({"type": "delete_rows", "sheet": tab.title, "at": lines[0] + 1, "count": len(lines)})

    again = office.do("apply_onboarding", kind="Сайт")

    assert again.data["added"] == []
    assert rows_of(office) == []


def test_undo_takes_everything_back(office: MemoryOffice) -> None:
    """Rows, cards and promises; and it can be applied again."""
    office.do("apply_onboarding", kind="Сайт")
    office.run_queue()

    undone = office.do("undo")

    assert (undone.outcome, rows_of(office), office.items()) == ("done", [], {})
    assert office.tracker.find_cards(load_project(office.store, office.client_id).board_id) == {}
    assert office.do("apply_onboarding", kind="Сайт").data["added"] == ["ЗРН-4", "ЗРН-5", "ЗРН-6"]


def test_what_was_shown_is_done_or_refused(office: MemoryOffice) -> None:
    """An absence that somebody typed meanwhile changes people or days."""
    shown = office.do("preview_onboarding")
    office.type(
        "absences", 0, office.agency_id, specialist="Борис Ким", first_day="23.11.2026", last_day="27.11.2026"
    )

    with pytest.raises(ChangedMeanwhileError):
        office.do("apply_onboarding", kind="Сайт", plan_id=shown.data["plan_id"])

    assert (rows_of(office), office.items()) == ([], {})


def test_of_several_kinds_one_is_chosen(office: MemoryOffice) -> None:
    """A bad cell of another kind does not matter; of the chosen one it is named, in the agency's workbook."""
    office.type("onboarding", 7, office.agency_id, kind="Реклама", number="1", task="Кабинеты", hours="?")

    assert office.do("preview_onboarding").data == {"kinds": ("Сайт", "Реклама")}
    assert office.do("preview_onboarding", kind="Сайт").data["plan_id"]
    with pytest.raises(CellsError) as caught:
        office.do("apply_onboarding", kind="Реклама")

    codes = [(one.cell, one.code) for one in caught.value.problems]
    assert codes == [("E9", "cell.onboarding_nobody"), ("G9", "cell.hours_text")]
    assert {one.spreadsheet_id for one in caught.value.problems} == {office.agency_id}
    assert rows_of(office) == []


def test_an_empty_tab_says_where_to_type(office: MemoryOffice) -> None:
    """Whether or not a kind was chosen."""
    type_template(office)

    for action, params in (("preview_onboarding", {}), ("apply_onboarding", {"kind": "Сайт"})):
        with pytest.raises(UserError) as caught:
            office.do(action, **params)
        assert caught.value.code == "onboarding.empty"


def test_an_agency_workbook_of_an_older_release_is_brought_along_first(office: MemoryOffice) -> None:
    """It has no such tab; *Обновить книги* is the way out."""
    tab = office.tab("onboarding", office.agency_id)
    office.edit({"type": "delete_tab", "sheet": tab.title}, spreadsheet_id=office.agency_id)
    with pytest.raises(WorkbookShapeError):
        office.do("preview_onboarding")
    office.services = next_release(office.services)

    with pytest.raises(UserError) as caught:
        office.do("apply_onboarding", kind="Сайт")

    assert caught.value.code == "onboarding.old_book"


def test_the_limit_of_the_project_counts(office: MemoryOffice) -> None:
    """10 h a week: the rest follows in the next one, and the preview says what the limit costs."""
    office.set_field("limit_hours", "10")

    shown = office.do("preview_onboarding")

    assert shown.data["due_on"] == date(2026, 11, 30)
    said = [render(one, "ru") for one in shown.details]
    assert said == [
        "лимит проекта (10 ч за период) отодвигает конец на 30.11.2026; без него закончили бы 25.11.2026"
    ]


def test_no_days_are_said(office: MemoryOffice) -> None:
    """A limit in which the onboarding never fits: nothing is written."""
    office.set_field("limit_hours", "0,5")

    with pytest.raises(UserError) as caught:
        office.do("apply_onboarding", kind="Сайт")

    assert caught.value.code == "onboarding.no_room"
    assert (rows_of(office), office.items()) == ([], {})


def test_hours_are_promised_beside_other_clients(office: MemoryOffice) -> None:
    """Boris works for another client until Wednesday, so that the brief goes to later days."""
    first = office.client_id
    office.create_client(client_name="Луна", code="ЛУН")
    office.start({"task": "Статьи", "hours_copy": "18"})
    office.client_id = first

    office.do("apply_onboarding", kind="Сайт")

    assert days_of(office)[1][0] == date(2026, 11, 26)


def test_another_use_case_may_apply_it(office: MemoryOffice) -> None:
    """Without a sidebar and without a plan that was shown."""
    run = office.new_run()
    run.take(office.client_id)
    answer = apply_onboarding(run, office.client_id, "Сайт")
    run.end(state=ENDED, answer={})

    assert answer.data["added"] == ["ЗРН-1", "ЗРН-2", "ЗРН-3"]
    assert not any(item.is_reserved for item in office.items().values())


def test_replanning_keeps_the_order_of_the_template(office: MemoryOffice) -> None:
    """Boris falls ill: the brief moves, and the prototype after it."""
    office.do("apply_onboarding", kind="Сайт")
    office.type(
        "absences", 0, office.agency_id, specialist="Борис Ким", first_day="23.11.2026", last_day="25.11.2026"
    )

    shown = office.do("preview_replan")
    office.do("replan_work", preview_id=shown.data["preview_id"])

    days = days_of(office)
    assert days[1][0] >= date(2026, 11, 26)
    assert days[2][0] > days[1][1]
    assert office.do("check_book").data["found"] == 0


def test_the_check_knows_the_order_of_the_template(office: MemoryOffice) -> None:
    """A row that somebody moved before the one that it waits for."""
    office.do("apply_onboarding", kind="Сайт")
    tab = office.tab("in_progress")
    row = next(one for one in tab.rows if tab.cell(one, "id").text == "ЗРН-1")
    edits = [
        {"type": "type", "sheet": tab.title, "cell": tab.address(row, column), "text": "26.11.2026"}
        for column in ("start_on", "due_on")
    ]
    office.edit(*edits)

    assert office.do("check_book").data["found"] > 0


# --- The stage of the project --------------------------------------------------------------------------


def stage(office: MemoryOffice) -> str:
    """Its stage in *Проекты*."""
    [(found,)] = office.table("projects", "stage", spreadsheet_id=office.agency_id)
    return str(found)


def finish(office: MemoryOffice, *numbers: int) -> None:
    """Move cards to the last column of the board, look at them, and let the jobs run."""
    for number in numbers:
        office.tracker.move(office.card(number).card_id, -1)
    office.do("refresh")
    office.run_job({"kind": "agency", "spreadsheet_id": office.agency_id, "draws": True})


def test_the_stage_moves_when_all_of_it_is_done(office: MemoryOffice) -> None:
    """Not before the last task; tasks of the backlog do not matter."""
    office.do("apply_onboarding", kind="Сайт")
    office.start({"task": "Баннер", "hours_design": "2"})
    office.do("push")
    finish(office, 1, 2)
    assert stage(office) == "Запуск"

    finish(office, 3)

    assert stage(office) == "В работе"


def test_a_stage_that_a_person_chose_stays(office: MemoryOffice) -> None:
    """A project that was paused meanwhile; and one without an onboarding keeps its stage."""
    assert stage(office) == "Запуск"
    office.start({"task": "Баннер", "hours_design": "2"}, is_pushed=True)
    finish(office, 1)
    assert stage(office) == "Запуск"
    office.do("apply_onboarding", kind="Сайт")
    office.do("push")
    tab = office.tab("projects", office.agency_id)
    cell = tab.address(next(row for row in tab.rows if tab.cell(row, "code").text), "stage")
    pause = {"type": "type", "sheet": tab.title, "cell": cell, "text": "Пауза"}
    office.edit(pause, spreadsheet_id=office.agency_id)

    finish(office, 2, 3, 4)

    assert stage(office) == "Пауза"


def test_update_load_moves_the_stage_too(office: MemoryOffice) -> None:
    """Where the workbooks of the clients are read."""
    office.do("apply_onboarding", kind="Сайт")
    office.do("push")
    for number in (1, 2, 3):
        office.tracker.move(office.card(number).card_id, -1)
    office.do("refresh")

    office.do("update_load")

    assert stage(office) == "В работе"
