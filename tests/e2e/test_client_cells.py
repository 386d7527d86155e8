"""What a client with edit rights may touch: a walk over every cell of every tab of a filled workbook.

Every edit goes through the page's endpoint of the emulator, which protects as Google does.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import pytest

from emulators.google.edits import PROTECTED
from tests.e2e.failures.helpers import move_card, read_raw, sheet_of, start_period
from tests.harness.office import MANAGER, TEAM, Office
from vitrina.workbook.reading.book import SHELF, column_letters
from vitrina.workbook.writing.client_needs import need_lines

CLIENT = "client@zarya.example"

#: The client's columns; the ticks of the first tab are his too.
CLIENTS_OWN = {
    ("backlog", "task"),
    ("backlog", "result"),
    ("backlog", "priority"),
    ("backlog", "wanted_on"),
    ("in_progress", "approval"),
    ("in_progress", "remark"),
}
TABS = ("client", "backlog", "in_progress", "schedule", "metrics", "done", SHELF)


@pytest.fixture
def filled(office: Office) -> Office:
    """A workbook with something on every tab, which the client may edit."""
    rows = (
        {"task": "Лендинг", "work_type": "Лендинг", "priority": "Срочно"},
        {"task": "Баннер", "work_type": "Баннер", "hours_design": "2"},
        {"task": "Статья", "work_type": "Статья", "wanted_on": "30.11.2026"},
    )
    office.fill_backlog(*rows)
    office.do("estimate")
    start_period(office)
    assert office.do("push")["outcome"] == "done"
    move_card(office, "Баннер", 1)
    office.settle()
    office.fill_backlog(
        {"task": "Ещё один лендинг", "work_type": "Лендинг", "result": "Заявки", "depends_on": "ЗРН-1"},
        {"task": "Неясная"},
    )
    assert office.do("estimate")["outcome"] == "partial"
    metric = {"metric": "Заявки", "unit": "шт", "target": "10", "fact.1": "7"}
    office.type("metrics", 1, **metric)
    share(office, CLIENT, MANAGER, *(str(one["email"]) for one in TEAM))
    return office


def share(office: Office, *people: str) -> None:
    """Let people edit the workbook, as a manager may by Google's own dialog."""
    url = f"{office.servers.google}/drive/v3/files/{office.client_id}/permissions"
    for person in people:
        body = {"type": "user", "role": "writer", "emailAddress": person}
        office.http.post(url, json=body).raise_for_status()


def refusals(office: Office, person: str, edits: Sequence[dict[str, Any]]) -> list[str | None]:
    """The page's message for each edit of a person that was refused."""
    body = {"spreadsheet_id": office.client_id, "as": person, "each": True, "edits": list(edits)}
    answer = office.http.post(f"{office.servers.google}/_emulator/edit", json=body, timeout=120.0)
    messages: list[str | None] = answer.raise_for_status().json()["messages"]
    return messages


def sizes(office: Office) -> dict[str, tuple[int, int]]:
    """Counts of rows and columns by tab, of all tabs that the workbook has."""
    raw = read_raw(office, fields="sheets.properties")
    grids = {one["properties"]["title"]: one["properties"]["gridProperties"] for one in raw["sheets"]}
    return {title: (grid["rowCount"], grid["columnCount"]) for title, grid in grids.items()}


def walk(office: Office, person: str, change: dict[str, Any]) -> dict[str, set[tuple[int, int]]]:
    """Cells that a person can change, by tab: every cell is tried."""
    open_cells: dict[str, set[tuple[int, int]]] = {}
    for title, (row_count, column_count) in sizes(office).items():
        places = [(row, column) for row in range(row_count) for column in range(column_count)]
        edits = [
            {**change, "sheet": title, "cell": f"{column_letters(column)}{row + 1}"} for row, column in places
        ]
        messages = refusals(office, person, edits)
        # A value that the rules of a cell refuse would be taken if it was another one.
        open_cells[title] = {
            place for place, message in zip(places, messages, strict=True) if message != PROTECTED
        }
    return open_cells


def test_client_can_change_the_seven_kinds_of_cells_and_no_other(filled: Office) -> None:
    """Of every cell of every tab, the hidden one too, exactly the client's six columns and his ticks."""
    book = filled.book()
    assert set(book.tabs) == set(TABS)
    wanted = {
        book.tab(key).title: {
            (row, book.tab(key).column(column))
            for owner, column in CLIENTS_OWN
            if owner == key
            for row in range(book.tab(key).header_index + 1, book.tab(key).row_count)
        }
        for key in TABS
    }
    form = book.tab("client").title
    wanted[form] |= {(line.tick.row_index, line.tick.column_index) for line in need_lines(book)}
    assert len(wanted[form]) == 10

    typed = walk(filled, CLIENT, {"type": "type", "text": "новое"})

    assert typed == wanted
    assert sum(len(cells) for cells in typed.values()) > 500
    assert sum(rows * columns for rows, columns in sizes(filled).values()) > 5000


def structure(title: str, last_row: int) -> Iterable[dict[str, Any]]:
    """Changes of a tab as a whole, its rows and columns, and pastes that reach beyond the client's cells."""
    yield {"type": "rename_tab", "title": f"{title} 2"}
    yield {"type": "insert_rows", "at": 2}
    yield {"type": "insert_rows", "at": last_row + 1}
    yield {"type": "insert_columns", "at": "B"}
    yield {"type": "delete_rows", "at": 2}
    yield {"type": "delete_columns", "at": "C"}
    yield {"type": "move_rows", "at": 2, "to": 4}
    yield {"type": "move_columns", "at": "C", "to": "A"}
    yield {"type": "sort", "range": "A2:D4", "column": "C"}
    yield {"type": "filter", "range": "A1:D4"}
    yield {"type": "clear", "range": "A2:D4"}
    yield {"type": "clear", "range": f"A1:C{last_row}"}
    yield {"type": "cut_paste", "from": "C2", "to": "A2"}
    yield {"type": "cut_paste", "from": "A2", "to": "C2"}
    yield {"type": "copy_paste", "from": "A2:D2", "to": "A3"}
    yield {"type": "note", "cell": "A2", "text": "моё"}
    yield {"type": "note", "cell": "C1", "text": "моё"}
    yield {"type": "delete_tab"}


def test_client_cannot_change_the_structure(filled: Office) -> None:
    """Rows, columns, titles, notes, filters and pastes over the agency's cells: refused on every tab."""
    before = read_raw(filled)

    for title, (row_count, _) in sizes(filled).items():
        edits = [{**one, "sheet": title} for one in structure(title, row_count)]
        assert refusals(filled, CLIENT, edits) == [PROTECTED] * len(edits), title

    assert read_raw(filled) == before


def test_client_works_in_the_cells_that_are_open(filled: Office) -> None:
    """A task below the last one, a paste and a clear within the columns, an approval; the add-on reads it."""
    tab, work = filled.book().tab("backlog"), filled.book().tab("in_progress")
    free = max(row.index for row in tab.rows if tab.cell(row, "task").text) + 2
    approval = f"{column_letters(work.column('approval'))}2"

    messages = refusals(
        filled,
        CLIENT,
        [
            {"type": "type", "sheet": tab.title, "cell": f"C{free}", "text": "Хочу рассылку"},
            {"type": "copy_paste", "sheet": tab.title, "from": "B2:D2", "to": f"B{free + 1}"},
            {"type": "clear", "sheet": tab.title, "range": f"D2:D{free}"},
            {"type": "type", "sheet": tab.title, "cell": f"B{free}", "text": "Срочно"},
            {"type": "type", "sheet": work.title, "cell": approval, "text": "Принято"},
        ],
    )

    assert messages == [None] * 5
    assert filled.do("estimate")["outcome"] == "partial"
    assert ("Хочу рассылку", "Срочно") in filled.table("backlog", "task", "priority")


@pytest.mark.parametrize("person", [MANAGER, str(TEAM[0]["email"])])
def test_staff_can_change_every_cell(filled: Office, person: str) -> None:
    """Who stands in the setting or in *Специалисты* may write everywhere, sort, insert, move and delete."""
    cells = walk(filled, person, {"type": "note", "text": "заметка"})

    assert {title: len(found) for title, found in cells.items()} == {
        title: rows * columns for title, (rows, columns) in sizes(filled).items()
    }
    title = filled.book().tab("backlog").title
    last_row = sizes(filled)[title][0]
    edits = [
        {"type": "sort", "sheet": title, "range": "A2:P4", "column": "C"},
        {"type": "insert_rows", "sheet": title, "at": 3},
        {"type": "insert_rows", "sheet": title, "at": last_row + 2},
        {"type": "insert_columns", "sheet": title, "at": "C"},
        {"type": "move_columns", "sheet": title, "at": "F", "to": "B"},
        {"type": "filter", "sheet": title, "range": "A1:P9"},
        {"type": "rename_tab", "sheet": title, "title": "Задачи"},
        {"type": "delete_rows", "sheet": "Задачи", "at": 9},
    ]
    assert refusals(filled, person, edits) == [None] * len(edits)


def test_actions_and_undo_write_into_what_is_protected(filled: Office) -> None:
    """The service account may write everywhere: estimate, start, sync and undo end as without protection."""
    protections = sheet_of(read_raw(filled, fields="sheets(properties.title,protectedRanges)"), "Бэклог")

    filled.type("backlog", 2, **{"hours.copy": "2"})
    assert start_period(filled, "next")["outcome"] == "done"
    assert filled.do("push")["outcome"] == "done"
    assert filled.do("refresh")["outcome"] == "done"
    assert [filled.do("undo")["outcome"] for _ in range(2)] == ["done", "done"]

    assert len(protections["protectedRanges"]) == 2
    again = sheet_of(read_raw(filled, fields="sheets(properties.title,protectedRanges)"), "Бэклог")
    assert again == protections
    assert walk(filled, CLIENT, {"type": "note", "text": "?"})["Бэклог"]
