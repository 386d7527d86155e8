"""The cells that a batch compares before it writes; ``tests/e2e`` shows that Google then refuses."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from tests.unit.workbook.books import BACKLOG_COLUMNS, backlog, cell
from vitrina.workbook.reading.book import Tab
from vitrina.workbook.writing.compare import SHEET_ID, compare_requests
from vitrina.workbook.writing.row_writes import RowWrites


def requests_of(tab: Tab, *columns: str) -> list[dict[str, Any]]:
    """The comparison of all rows of *tab* in some columns."""
    # Under another key the tab has no columns that identify its rows and are compared too.
    other, writes = replace(tab, key="other"), RowWrites()
    for row in tab.rows:
        writes.expect(other, row, [tab.column(column) for column in columns], leaves=False)
    return compare_requests(writes.areas())


def pastes(requests: list[dict[str, Any]]) -> list[tuple[int, int, int, int]]:
    """Pasted rectangles: first row, last row + 1, first column, last column + 1."""
    sources = [one["copyPaste"]["source"] for one in requests if "copyPaste" in one]
    keys = ("startRowIndex", "endRowIndex", "startColumnIndex", "endColumnIndex")
    return [tuple(source[key] for key in keys) for source in sources]  # type: ignore[misc]


def test_nothing_to_compare_costs_nothing() -> None:
    """Without cells to compare no tab is created."""
    assert compare_requests([]) == []


def test_expected_rows_stand_above_the_pasted_ones() -> None:
    """Each row is there twice with one number; a text below all of them is the sentinel."""
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
    """Neighbouring rows and columns are one request, so a thousand rows need few requests."""
    tab = backlog(*((number, {"task": str(number)}) for number in range(1, 501))).tab("backlog")

    requests = requests_of(tab, "hours.design", "hours.copy", "id")

    at = BACKLOG_COLUMNS.index("hours.design")
    assert pastes(requests) == [(2, 502, 0, 1), (2, 502, at, at + 2)]


def test_formulas_and_errors_are_left_out() -> None:
    """Cells with formulas and errors are empty in both halves, as their values may change by themselves."""
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
    """A formula with figures only, as people type hours, is compared: its value cannot change by itself."""
    tab = backlog((1, {"quantity": cell(5.875, formula=formula)})).tab("backlog")

    first = requests_of(tab, "quantity")[1]["updateCells"]["rows"][0]

    assert first["values"][1:] == [{"userEnteredValue": {"numberValue": 5.875}}]


def test_a_column_of_formulas_alone_is_not_compared() -> None:
    """A column with only formulas is not compared."""
    tab = backlog((1, {"quantity": cell(4, formula="=2+A1")})).tab("backlog")

    assert requests_of(tab, "quantity") == []


def test_a_written_row_is_compared_by_what_it_is_about() -> None:
    """The task is compared too, because cut and paste moves the task but not the mark."""
    book = backlog((1, {"task": "А"}))
    tab = book.tab("backlog")
    writes = RowWrites()

    writes.expect(tab, tab.rows[0], [tab.column("quantity")], leaves=False)

    (area,) = writes.areas()
    assert set(area.columns) == {tab.column("task"), tab.column("quantity")}
