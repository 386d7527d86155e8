"""*Обновить загрузку* through the menu: what people did to the cells, and what the agency sees of it."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.harness.office import Office
from tests.harness.stored import stored_items, stored_typed_hours
from vitrina.bootstrap import application
from vitrina.domain.quantities import serial_of_day
from vitrina.records.work import committed_hours
from vitrina.workbook.reading.book import column_letters


def day(iso: str) -> float:
    """The number under which the sheet keeps a day."""
    return float(serial_of_day(date.fromisoformat(iso)))


def start(office: Office, *rows: dict[str, str]) -> None:
    """Put items into the backlog and start all of them."""
    office.fill_backlog(*rows)
    preview_id = office.do("build_batch", period="current")["data"]["preview_id"]
    assert office.do("start_batch", preview_id=preview_id)["outcome"] == "done"


def retype(office: Office, code: str, **values: str) -> None:
    """Type into the cells of a row of *В работе*."""
    _, row = office.row("in_progress", code)
    office.type("in_progress", row.index, **values)


def update(office: Office) -> dict[str, Any]:
    """Click in the agency's workbook."""
    assert office.agency is not None
    return office.click(office.agency.spreadsheet_id, "update_load")


def load(office: Office) -> dict[str, tuple[Any, ...]]:
    """Hours of the week's five days by person."""
    assert office.agency is not None
    columns = ("specialist", *(f"day.{number}" for number in range(1, 6)))
    lines = office.table("load", *columns, spreadsheet_id=office.agency.spreadsheet_id)
    return {line[0]: line[1:] for line in lines}


def board(office: Office, *columns: str) -> list[tuple[Any, ...]]:
    """Cells of the board."""
    assert office.agency is not None
    return office.table("board", *columns, spreadsheet_id=office.agency.spreadsheet_id)


def promised(office: Office) -> dict[str, dict[str, float]]:
    """Hours in the store by person and day."""
    items = stored_items(office.services.store)
    return {
        name: {on.isoformat()[5:]: round(hours, 2) for on, hours in sorted(days.items())}
        for name, days in committed_hours(items).items()
        if days
    }


def two_clients(office: Office) -> str:
    """Vera works for both; gives the id of the first workbook."""
    start(
        office,
        {"task": "Форма", "hours_development": "12"},
        {"task": "Баннер", "hours_design": "10"},
    )
    first_id = office.client_id
    office.create_client(client_name="Улыбка", project_name="Реклама", code="УЛБ")
    start(office, {"task": "Кнопка", "hours_development": "10"}, {"task": "Текст", "hours_copy": "5"})
    return first_id


def test_load_is_that_of_all_clients(office: Office) -> None:
    """Person by working day over all workbooks; the board says what each of the works is."""
    two_clients(office)

    answer = update(office)

    assert answer["outcome"] == "done", answer
    assert answer["message"] == "Загрузка обновлена: 2 книги, 4 работы в процессе, просрочено 0."
    assert load(office) == {
        "Анна Белова": (8.0, 2.0, None, None, None),
        "Борис Ким": (5.0, None, None, None, None),
        "Вера Орлова": (8.0, 8.0, 6.0, None, None),
    }
    assert sorted(board(office, "id", "client", "action", "specialist", "hours", "due_on", "status")) == [
        ("ЗРН-1", "Заря", "Форма · Разработка", "Вера Орлова", 12.0, day("2026-11-24"), "Онбординг"),
        ("ЗРН-2", "Заря", "Баннер · Дизайн", "Анна Белова", 10.0, day("2026-11-24"), "Онбординг"),
        ("УЛБ-1", "Улыбка", "Кнопка · Разработка", "Вера Орлова", 10.0, day("2026-11-25"), "Онбординг"),
        ("УЛБ-2", "Улыбка", "Текст · Тексты", "Борис Ким", 5.0, day("2026-11-23"), "Онбординг"),
    ]
    assert office.agency is not None
    assert office.table(
        "projects", "code", "next_due", "late_count", spreadsheet_id=office.agency.spreadsheet_id
    ) == [
        ("УЛБ", day("2026-11-23"), 0.0),
        ("ЗРН", day("2026-11-24"), 0.0),
    ]


def test_one_read_of_each_workbook_and_one_write(office: Office) -> None:
    """Two clients and the agency: three reads, one write; nothing changes the clients' workbooks."""
    two_clients(office)
    office.forget_calls()

    update(office)

    assert office.calls("google") == {"sheets.spreadsheets.get": 3, "sheets.spreadsheets.batchUpdate": 1}


def test_promises_follow_the_cells(office: Office) -> None:
    """What is deleted or done frees its hours; what is handed over or moved takes them along."""
    start(
        office,
        {"task": "Убрали", "hours_design": "8"},
        {"task": "Готова", "hours_design": "8"},
        {"task": "Передали", "hours_design": "6"},
        {"task": "Сдвинули", "hours_design": "4"},
    )
    tab, row = office.row("in_progress", "ЗРН-1")
    office.edit({"type": "delete_rows", "sheet": tab.title, "at": row.index + 1})
    retype(office, "ЗРН-2", status="Выполнено")
    retype(office, "ЗРН-3", specialist="борис ким", start_on="25.11.2026", due_on="25.11.2026")
    moved = {"start_on": "26.11.2026", "due_on": "27.11.2026", "hours": "9"}
    retype(office, "ЗРН-4", specialist="Анна Белова", **moved)

    update(office)

    assert promised(office) == {
        "Анна Белова": {"11-26": 8.0, "11-27": 1.0},
        "Борис Ким": {"11-25": 6.0},
    }
    assert load(office)["Анна Белова"] == (None, None, None, 8.0, 1.0)
    assert [line[0] for line in board(office, "id")] == ["ЗРН-3", "ЗРН-4"]


def test_freed_hours_can_be_planned(office: Office) -> None:
    """What a deleted row gave back goes to the next client."""
    start(office, {"task": "Большая", "hours_development": "40"})
    tab, row = office.row("in_progress", "ЗРН-1")
    office.edit({"type": "delete_rows", "sheet": tab.title, "at": row.index + 1})
    office.create_client(client_name="Улыбка", project_name="Реклама", code="УЛБ")
    office.fill_backlog({"task": "Форма", "hours_development": "30"})
    assert office.do("build_batch", period="current")["data"]["chosen"] == []

    update(office)

    assert len(office.do("build_batch", period="current")["data"]["chosen"]) == 1


def test_a_row_that_comes_back_is_promised_again(office: Office) -> None:
    """The person undoes the deletion: the row has its mark, and its hours bind again."""
    start(office, {"task": "Баннер", "hours_design": "8"})
    tab, row = office.row("in_progress", "ЗРН-1")
    office.edit({"type": "delete_rows", "sheet": tab.title, "at": row.index + 1})
    update(office)
    assert promised(office) == {}
    first = tab.header_index + 1
    office.type(
        "in_progress",
        first,
        id="ЗРН-1",
        action="Баннер",
        profile="Дизайн",
        specialist="Анна Белова",
        hours="8",
        start_on="24.11.2026",
        due_on="24.11.2026",
        status="В работе",
    )

    update(office)

    assert promised(office) == {"Анна Белова": {"11-24": 8.0}}


def test_overload_that_a_person_typed(office: Office) -> None:
    """Twenty hours on one day: shown as they are, named in the answer, and planned around."""
    start(office, {"task": "Баннер", "hours_design": "8"})
    retype(office, "ЗРН-1", hours="20")

    answer = update(office)

    assert load(office)["Анна Белова"] == (20.0, None, None, None, None)
    assert answer["details"] == [
        "Анна Белова: перегрузка на 1 день, ближайший 23.11.2026: занято 20 ч, а есть 8 ч."
    ]
    assert promised(office) == {"Анна Белова": {"11-23": 20.0}}


def test_absence_moves_the_hours_inside_the_row(office: Office) -> None:
    """Anna is away on the second of the three days: her hours go to the others; the day off is known."""
    start(office, {"task": "Баннер", "hours_design": "20"})
    retype(office, "ЗРН-1", due_on="27.11.2026")
    assert office.agency is not None
    agency_id = office.agency.spreadsheet_id
    first = office.book(agency_id).tab("absences").header_index + 1
    office.type(
        "absences", first, agency_id, specialist="Анна Белова", first_day="24.11.2026", last_day="25.11.2026"
    )

    update(office)

    assert load(office)["Анна Белова"] == (8.0, None, None, 8.0, 4.0)
    columns = [f"room.{number}" for number in range(1, 6)]
    assert office.table("load", "specialist", *columns, spreadsheet_id=agency_id)[0] == (
        "Анна Белова",
        8.0,
        0.0,
        0.0,
        8.0,
        8.0,
    )


def test_a_row_of_a_persons_own_counts(office: Office) -> None:
    """Work that somebody wrote down by himself takes hours; a copy of a row does not take them twice."""
    start(office, {"task": "Баннер", "hours_design": "8"})
    tab, row = office.row("in_progress", "ЗРН-1")
    own = {"action": "Созвон", "specialist": "Анна Белова", "hours": "2", "due_on": "25.11.2026"}
    office.type("in_progress", row.index + 1, **own)
    copy = {key: tab.cell(row, key).text for key in ("id", "action", "profile", "specialist")}
    office.type("in_progress", row.index + 2, **copy, hours="8", due_on="23.11.2026")

    update(office)

    assert load(office)["Анна Белова"] == (8.0, None, 2.0, None, None)
    assert [line[:2] for line in board(office, "action", "id")] == [
        ("Баннер · Дизайн", "ЗРН-1"),
        ("Созвон", None),
    ]
    assert office.agency is not None
    typed = stored_typed_hours(office.services.store, office.agency.spreadsheet_id)
    assert typed == {"Анна Белова": {date(2026, 11, 25): 2.0}}


def test_what_cannot_be_understood_keeps_its_promise(office: Office) -> None:
    """A spoilt cell is named with its place, and the hours stay where they were planned."""
    start(office, {"task": "Баннер", "hours_design": "8"})
    retype(office, "ЗРН-1", hours="много")
    tab, row = office.row("in_progress", "ЗРН-1")

    answer = update(office)

    [detail] = answer["details"]
    assert detail.startswith(f"Заря — Сайт, лист «В работе», {tab.address(row, 'hours')}: «много» — не часы.")
    assert promised(office) == {"Анна Белова": {"11-23": 8.0}}


def test_a_workbook_that_cannot_be_read_is_named(office: Office) -> None:
    """The others go on; what was last known of it still takes people's hours and stands on the board."""
    first_id = two_clients(office)
    office.http.patch(
        f"{office.servers.google}/drive/v3/files/{first_id}", json={"trashed": True}
    ).raise_for_status()
    office.http.delete(f"{office.servers.google}/drive/v3/files/{first_id}").raise_for_status()
    retype(office, "УЛБ-1", hours="4")

    answer = update(office)

    assert answer["outcome"] == "partial"
    assert answer["message"].startswith("Загрузка обновлена по 1 книге из 2:")
    assert answer["details"][0] == (
        "Не удалось прочитать книгу Заря — Сайт. Google не нашёл эту таблицу: возможно, её удалили."
    )
    assert load(office)["Вера Орлова"] == (8.0, 8.0, None, None, None)
    assert ("ЗРН-1", "Форма · Разработка", None) in board(office, "id", "action", "status")


def test_time_goes_on(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """On Wednesday the work is not done: what is left of it takes days from Wednesday on, the rest stays."""
    start(office, {"task": "А", "hours_development": "8"}, {"task": "Б", "hours_development": "16"})
    monkeypatch.setenv("VITRINA_NOW", "2026-11-25T09:00:00+03:00")
    application.cache_clear()
    # Six of the eight hours of Monday are done, and the due day was moved to Friday.
    retype(office, "ЗРН-1", logged_hours="6", due_on="27.11.2026")
    # Tuesday's eight hours stay, and of those that were added each day from today on takes what it can.
    retype(office, "ЗРН-2", hours="20", due_on="26.11.2026")

    update(office)

    assert promised(office) == {"Вера Орлова": {"11-23": 6.0, "11-24": 8.0, "11-25": 8.0, "11-26": 6.0}}


def test_a_tab_that_was_deleted_is_named(office: Office) -> None:
    """The other tabs are drawn all the same."""
    start(office, {"task": "Баннер", "hours_design": "8"})
    assert office.agency is not None
    office.edit({"type": "delete_tab", "sheet": "Загрузка"}, spreadsheet_id=office.agency.spreadsheet_id)

    answer = update(office)

    assert answer["outcome"] == "partial"
    assert answer["details"] == [
        "В книге «Маяк» нет листа «Загрузка». Верните его: «Файл» → «История версий», и повторите."
    ]
    assert [line[0] for line in board(office, "id")] == ["ЗРН-1"]


def test_people_move_what_is_theirs_to_move(office: Office) -> None:
    """Tabs renamed, columns moved, hidden ones deleted: everything is found by its mark."""
    start(office, {"task": "Баннер", "hours_design": "8"})
    assert office.agency is not None
    agency_id = office.agency.spreadsheet_id
    office.edit(
        {"type": "rename_tab", "sheet": "Загрузка", "title": "Кто занят"},
        {"type": "move_columns", "sheet": "Общая доска", "at": "E", "to": "A"},
        spreadsheet_id=agency_id,
    )
    room = office.book(agency_id).tab("load").columns["room.30"]
    office.edit(
        {"type": "delete_columns", "sheet": "Кто занят", "at": column_letters(room)}, spreadsheet_id=agency_id
    )

    answer = update(office)

    assert answer["outcome"] == "done", answer
    assert load(office)["Анна Белова"] == (8.0, None, None, None, None)
    assert board(office, "id", "specialist") == [("ЗРН-1", "Анна Белова")]


def test_projects_sorted_while_the_books_are_read(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody sorts the projects meanwhile: the guard refuses, and a new reading is drawn from."""
    two_clients(office)
    assert office.agency is not None
    agency_id = office.agency.spreadsheet_id
    workbooks = office.services.workbooks
    real = workbooks.batch_update
    calls: list[str] = []
    tab = office.book(agency_id).tab("projects")
    last, code = (
        tab.address(tab.rows[0], key).rstrip("0123456789")
        for key in (max(tab.columns, key=tab.column), "code")
    )

    def batch_update(spreadsheet_id: str, requests: Any) -> Any:
        calls.append(spreadsheet_id)
        if len(calls) == 1:
            office.edit(
                {"type": "sort", "sheet": "Проекты", "range": f"A2:{last}3", "column": code},
                spreadsheet_id=agency_id,
            )
        return real(spreadsheet_id, requests)

    monkeypatch.setattr(workbooks, "batch_update", batch_update)

    answer = update(office)

    assert (answer["outcome"], calls) == ("done", [agency_id, agency_id])
    assert sorted(office.table("projects", "code", "next_due", spreadsheet_id=agency_id)) == [
        ("ЗРН", day("2026-11-24")),
        ("УЛБ", day("2026-11-23")),
    ]


def test_second_update_changes_nothing(office: Office) -> None:
    """The same cells give the same promises, however often they are read."""
    two_clients(office)
    retype(office, "УЛБ-1", hours="17", due_on="27.11.2026")
    update(office)
    before = promised(office), load(office)

    update(office)

    assert (promised(office), load(office)) == before


def test_fewer_lines_leave_none_behind(office: Office) -> None:
    """Lines of work that is over are blanked on the board."""
    start(office, {"task": "А", "hours_design": "3"}, {"task": "Б", "hours_design": "3"})
    update(office)
    retype(office, "ЗРН-1", status="Выполнено")

    update(office)

    assert board(office, "id") == [("ЗРН-2",)]
    assert office.agency is not None
    tab = office.book(office.agency.spreadsheet_id).tab("board")
    used = [row for row in tab.rows if any(not cell.is_empty for cell in row.cells)]
    assert len(used) == 1


def test_more_work_than_the_board_has_rows(office: Office) -> None:
    """Rows that are added look like the others: a due day is a date there too."""
    office.paste_work(
        [
            {
                "action": f"Созвон {number}",
                "specialist": "Анна Белова",
                "hours": 0.1,
                "due_on": day("2026-11-27"),
            }
            for number in range(150)
        ]
    )

    update(office)

    assert len(board(office, "action")) == 150
    assert office.agency is not None
    tab = office.book(office.agency.spreadsheet_id).tab("board")
    place = f"{column_letters(tab.columns['due_on'])}151"
    shown = office.http.get(
        f"{office.servers.google}/v4/spreadsheets/{office.agency.spreadsheet_id}/values/{tab.title}!{place}"
    )
    assert shown.json()["values"] == [["27.11.2026"]]


def test_late_work_is_at_the_top(office: Office) -> None:
    """A due day that has passed: counted with its project, first on the board."""
    start(office, {"task": "А", "hours_design": "30"}, {"task": "Б", "hours_design": "3"})
    retype(office, "ЗРН-2", start_on="19.11.2026", due_on="20.11.2026")

    answer = update(office)

    assert answer["message"].endswith("просрочено 1.")
    assert [line[0] for line in board(office, "id")] == ["ЗРН-2", "ЗРН-1"]
    assert office.agency is not None
    assert office.table("projects", "late_count", spreadsheet_id=office.agency.spreadsheet_id) == [(1.0,)]


def test_nothing_internal_reaches_the_client(office: Office) -> None:
    """The clients' workbooks are read only."""
    first_id = two_clients(office)
    before = office.services.workbooks.read(first_id), office.services.workbooks.read(office.client_id)

    update(office)

    assert (
        office.services.workbooks.read(first_id),
        office.services.workbooks.read(office.client_id),
    ) == before
