"""Rows that are cut to another tab and back: what moves, and what follows."""

from __future__ import annotations

from typing import Any

import pytest

from tests.emulators.google.conftest import Google

BACKLOG, TAKEN, SUMMARY = 0, 7, 8

FIELDS = "userEnteredValue,userEnteredFormat.textFormat.bold,note,dataValidation"

RULE = {
    "condition": {"type": "ONE_OF_LIST", "values": [{"userEnteredValue": "да"}, {"userEnteredValue": "нет"}]},
    "strict": True,
    "showCustomUi": True,
}


def row(index: int, sheet_id: int) -> dict[str, Any]:
    """A row in all of its width."""
    return {"sheetId": sheet_id, "startRowIndex": index, "endRowIndex": index + 1}


def cut(source: int, source_row: int, target: int, target_row: int) -> dict[str, Any]:
    """A request that moves the cells of a whole row."""
    destination = {"sheetId": target, "rowIndex": target_row, "columnIndex": 0}
    return {"cutPaste": {"source": row(source_row, source), "destination": destination}}


@pytest.fixture
def book(google: Google) -> str:
    """A backlog whose second row has everything that a cell can have, a hidden tab and a summary."""
    made = google.create(
        {
            "properties": {
                "sheetId": BACKLOG,
                "title": "Бэклог",
                "gridProperties": {"rowCount": 9, "columnCount": 7},
            }
        },
        {
            "properties": {
                "sheetId": TAKEN,
                "title": "Взято",
                "hidden": True,
                "gridProperties": {"rowCount": 9, "columnCount": 3},
            }
        },
        {"properties": {"sheetId": SUMMARY, "title": "Итог"}},
    )
    google.type(made, "'Бэклог'!A1", [["Задача", "Часы"], ["Лендинг", 8, "=B2*2", "=F3", "=SUM(B2:B3)"]])
    google.type(made, "'Бэклог'!A3", [["Статья", 5, "=B2", "", "", 40]])
    google.type(
        made, "'Итог'!A1", [["='Бэклог'!B2"], ["=SUM('Бэклог'!A2:B2)"], ["=SUM('Бэклог'!B2:B3)"], [1]]
    )
    cell = {"note": "спросить", "userEnteredFormat": {"textFormat": {"bold": True}}, "dataValidation": RULE}
    google.batch(
        made,
        {
            "repeatCell": {
                "range": row(1, BACKLOG) | {"startColumnIndex": 0, "endColumnIndex": 1},
                "cell": cell,
                "fields": "note,userEnteredFormat,dataValidation",
            }
        },
    )
    return made


def formulas(google: Google, book: str, area: str) -> list[list[Any]]:
    """What was entered in a range."""
    return google.read(book, area, "FORMULA")


def test_everything_of_a_cell_moves(google: Google, book: str) -> None:
    """Value, format, note and validation; nothing of them is left behind."""
    before = google.cells(book, "'Бэклог'!A2", FIELDS)

    google.batch(book, cut(BACKLOG, 1, TAKEN, 4))

    assert google.cells(book, "'Взято'!A5", FIELDS) == before
    assert google.cells(book, "'Бэклог'!A2", FIELDS) in ([], [[]], [[{}]])
    assert set(before[0][0]) == {"userEnteredValue", "userEnteredFormat", "note", "dataValidation"}


def test_moved_formulas_name_the_tab_of_what_stayed(google: Google, book: str) -> None:
    """References to cells that moved along stay short; the others get the name of their tab."""
    google.batch(book, cut(BACKLOG, 1, TAKEN, 4))

    assert formulas(google, book, "'Взято'!C5:E5") == [["=B5*2", "='Бэклог'!F3", "=SUM('Бэклог'!B2:B3)"]]
    assert google.read(book, "'Взято'!B5:D5") == [["8", "16", "40"]]


def test_formulas_elsewhere_follow(google: Google, book: str) -> None:
    """On the old tab and on a third one; a range of which only a part moved stays where it is."""
    google.batch(book, cut(BACKLOG, 1, TAKEN, 4))

    assert formulas(google, book, "'Бэклог'!C3") == [["='Взято'!B5"]]
    assert formulas(google, book, "'Итог'!A1:A3") == [
        ["='Взято'!B5"],
        ["=SUM('Взято'!A5:B5)"],
        ["=SUM('Бэклог'!B2:B3)"],
    ]
    assert google.read(book, "'Итог'!A1:A3") == [["8"], ["8"], ["5"]]


def test_there_and_back(google: Google, book: str) -> None:
    """All cells are as they were, but that names of tabs that are not needed any more stay written."""
    areas = ("'Бэклог'!A1:G3", "'Итог'!A1:A4")
    shown = [google.read(book, area) for area in areas]
    cells = google.cells(book, "'Бэклог'!A2:B2", FIELDS)

    google.batch(book, cut(BACKLOG, 1, TAKEN, 4))
    google.batch(book, cut(TAKEN, 4, BACKLOG, 1))

    assert [google.read(book, area) for area in areas] == shown
    assert google.cells(book, "'Бэклог'!A2:B2", FIELDS) == cells
    assert formulas(google, book, "'Бэклог'!C2:E2") == [["=B2*2", "='Бэклог'!F3", "=SUM('Бэклог'!B2:B3)"]]
    assert formulas(google, book, "'Бэклог'!C3") == [["='Бэклог'!B2"]]
    assert formulas(google, book, "'Итог'!A1:A2") == [["='Бэклог'!B2"], ["=SUM('Бэклог'!A2:B2)"]]
    assert google.read(book, "'Взято'") == []


def test_narrower_tab_grows(google: Google, book: str) -> None:
    """A whole row of seven columns needs seven."""
    google.batch(book, cut(BACKLOG, 1, TAKEN, 4))

    sheets = google.get(book, "sheets.properties(sheetId,gridProperties)")["sheets"]
    assert sheets[1]["properties"]["gridProperties"] == {"rowCount": 9, "columnCount": 7}


def test_row_is_cut_before_its_place_is_deleted(google: Google, book: str) -> None:
    """In one batch: the formulas that followed the cells outlive the empty row that they left."""
    place = {"sheetId": BACKLOG, "dimension": "ROWS", "startIndex": 1, "endIndex": 2}

    google.batch(book, cut(BACKLOG, 1, TAKEN, 4), {"deleteDimension": {"range": place}})

    assert formulas(google, book, "'Взято'!D5") == [["='Бэклог'!F2"]]
    assert formulas(google, book, "'Итог'!A1") == [["='Взято'!B5"]]
    assert google.read(book, "'Бэклог'!A2:C2") == [["Статья", "5", "8"]]
