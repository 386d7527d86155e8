"""What a batch compares before it writes; whether Google then refuses is shown in ``tests/e2e``."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.unit.workbook.books import BACKLOG_COLUMNS, backlog, cell
from vitrina.workbook.reading.book import Tab
from vitrina.workbook.writing.change import WorkbookChange
from vitrina.workbook.writing.compare import SHEET_ID, compare_requests


def requests_of(tab: Tab, *columns: str) -> list[dict[str, Any]]:
    """The comparison of all rows of *tab* in some columns."""
    # As a tab of which nobody says what its rows are about: else those columns are compared as well.
    other, change = replace(tab, key="other"), WorkbookChange()
    for row in tab.rows:
        change.expect(other, row, *columns)
    return compare_requests(change._areas())


def pastes(requests: list[dict[str, Any]]) -> list[tuple[int, int, int, int]]:
    """Rectangles that are pasted: first row, last row + 1, first column, last column + 1."""
    sources = [one["copyPaste"]["source"] for one in requests if "copyPaste" in one]
    keys = ("startRowIndex", "endRowIndex", "startColumnIndex", "endColumnIndex")
    return [tuple(source[key] for key in keys) for source in sources]  # type: ignore[misc]


def test_nothing_to_compare_costs_nothing() -> None:
    """No tab is made where no cell is expected."""
    assert compare_requests([]) == []


def test_expected_rows_stand_above_the_pasted_ones() -> None:
    """Each row twice under one number; a text below them all is the sentinel."""
    tab = backlog((1, {"task": "А", "quantity": 2.0}), (2, {"task": "Б"})).tab("backlog")

    requests = requests_of(tab, "task", "quantity")

    rows = requests[1]["updateCells"]["rows"]
    first = [[one.get("userEnteredValue") for one in row["values"]] for row in rows]
    assert first == [
        [{"numberValue": 0}, {"stringValue": "А"}, {"numberValue": 2.0}],
        [{"numberValue": 1}, {"stringValue": "Б"}, None],
        [{"numberValue": 0}],
        [{"numberValue": 1}],
        [{"stringValue": "~"}],
    ]
    assert all(one["copyPaste"]["pasteType"] == "PASTE_VALUES" for one in requests if "copyPaste" in one)
    assert requests[-1] == {"deleteSheet": {"sheetId": SHEET_ID}}


def test_neighbouring_rows_and_columns_are_pasted_together() -> None:
    """A thousand rows cost a few requests."""
    tab = backlog(*((number, {"task": str(number)}) for number in range(1, 501))).tab("backlog")

    requests = requests_of(tab, "hours.design", "hours.copy", "id")

    at = BACKLOG_COLUMNS.index("hours.design")
    assert pastes(requests) == [(2, 502, 0, 1), (2, 502, at, at + 2)]


def test_formulas_and_errors_are_left_out() -> None:
    """Their values may change by themselves, so that both halves have nothing there."""
    tab = backlog(
        (1, {"task": "А", "quantity": cell(4, formula="=2+A1")}),
        (2, {"task": "Б", "quantity": 1.0}),
        (3, {"task": "В", "quantity": cell(ValueError)}),
    ).tab("backlog")

    requests = requests_of(tab, "quantity")

    emptied = [one["updateCells"]["range"] for one in requests[2:] if "updateCells" in one]
    assert [(box["startRowIndex"], box["startColumnIndex"]) for box in emptied] == [(3, 1), (5, 1)]
    assert [row["values"][1:] for row in requests[1]["updateCells"]["rows"][:3]] == [
        [{}],
        [{"userEnteredValue": {"numberValue": 1.0}}],
        [{}],
    ]


@pytest.mark.parametrize("formula", ["=5+0,875", "=(2 + 3.5)*2", "=-4/2"])
def test_a_sum_of_figures_is_compared_by_its_value(formula: str) -> None:
    """It is how people type hours; its value changes only when somebody types another one."""
    tab = backlog((1, {"quantity": cell(5.875, formula=formula)})).tab("backlog")

    first = requests_of(tab, "quantity")[1]["updateCells"]["rows"][0]

    assert first["values"][1:] == [{"userEnteredValue": {"numberValue": 5.875}}]


def test_a_column_of_formulas_alone_is_not_compared() -> None:
    """There is nothing that one could expect of it."""
    tab = backlog((1, {"quantity": cell(4, formula="=2+A1")})).tab("backlog")

    assert requests_of(tab, "quantity") == []


def test_a_written_row_is_compared_by_what_it_is_about() -> None:
    """Its mark stays behind when somebody cuts it and pastes it elsewhere; its task does not."""
    book = backlog((1, {"task": "А"}))
    tab = book.tab("backlog")
    change = WorkbookChange()

    change.set(tab, tab.rows[0], "quantity", 2.0)

    (area,) = change._areas()
    assert set(area.columns) == {tab.column("task"), tab.column("quantity")}
