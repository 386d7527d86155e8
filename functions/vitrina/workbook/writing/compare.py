"""Requests by which a batch is refused if cells have changed since they were read.

A mark guards the place of a row, not its content, and Google has no conditional write. So the batch compares
cells itself, on a temporary tab (decision 0009):

1. the tab gets the expected rows, each with a number in the first column, and below them as many rows with
the
   same numbers, into which the cells of the workbook are pasted as values;
2. ``deleteDuplicates`` deletes the rows of the second half that are equal to a row of the first half;
3. a sentinel row with a text is sorted among them by the first column. Numbers come before texts and blanks
   last, so the sentinel is right below the first half only if no row of the second half is left;
4. the mark of the sentinel is guarded at that place, as marks of rows are; then the tab is deleted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from msgspec import Struct

from vitrina.ports import Json
from vitrina.workbook.reading.book import EMPTY, Cell, Mark
from vitrina.workbook.writing.requests import cell_grid, create_mark, guard_mark, runs, update_cells

#: Ids of the temporary tab and its mark, which do not collide with those of people and templates.
SHEET_ID = 2_147_399_998
MARK_ID = 2_147_399_999
TITLE = "vitrina: compare"

SENTINEL = "~"

#: Formulas of figures only, such as ``=5+0,875``. Their value changes only if the cell does.
_SUM_OF_FIGURES = re.compile(r"=[\d\s.,+*/()-]+")


class Area(Struct, frozen=True):
    """Cells of a sheet that must be as they were read: each column of each row.

    ``lines`` are the cells of each row from the first column on; those that are missing are empty.
    """

    sheet_id: int
    rows: Sequence[int]
    columns: Sequence[int]
    lines: Sequence[Sequence[Cell]]


def compare_requests(areas: Sequence[Area]) -> list[Json]:
    """Requests that are refused if the areas have changed since they were read; empty without cells.

    Formulas are not compared, as their values may change by themselves, except formulas of figures only.
    Differences of letter case are not found, as ``deleteDuplicates`` ignores them.
    """
    areas = [shrunk for area in areas if (shrunk := _without_formula_columns(area)).columns]
    count = sum(len(area.rows) for area in areas)
    if count == 0:
        return []
    width = 1 + max(len(area.columns) for area in areas)
    expected, unknown = _expected_rows(areas, count)
    sentinel = Mark(MARK_ID, "x", "", "ROWS", 2 * count)
    top = Mark(MARK_ID, "x", "", "ROWS", count)
    return [
        {"addSheet": {"properties": _properties(2 * count + 1, width)}},
        cell_grid(SHEET_ID, [*expected, *([_number(place)] for place in range(count)), [_text(SENTINEL)]]),
        *_pastes(areas, count),
        *update_cells(SHEET_ID, unknown, "userEnteredValue"),
        create_mark(SHEET_ID, sentinel),
        {"deleteDuplicates": {"range": _range(0, 2 * count, 0, width)}},
        {
            "sortRange": {
                "range": _range(count, 2 * count + 1, 0, width),
                "sortSpecs": [{"dimensionIndex": 0, "sortOrder": "ASCENDING"}],
            }
        },
        *guard_mark(SHEET_ID, top),
        {"deleteSheet": {"sheetId": SHEET_ID}},
    ]


def _is_comparable(cell: Cell) -> bool:
    may_change = cell.formula is not None and not _SUM_OF_FIGURES.fullmatch(cell.formula)
    return not (may_change or cell.is_spilled or cell.is_error or cell.value == "")


def _without_formula_columns(area: Area) -> Area:
    columns = [
        column
        for column in area.columns
        if any(column >= len(line) or _is_comparable(line[column]) for line in area.lines)
    ]
    return Area(area.sheet_id, area.rows, columns, area.lines)


def _expected_rows(areas: Sequence[Area], count: int) -> tuple[list[list[Json]], dict[tuple[int, int], Json]]:
    """The rows of the first half, and empty cells for those of the second half that are not compared."""
    rows: list[list[Json]] = []
    unknown: dict[tuple[int, int], Json] = {}
    for area in areas:
        for line in area.lines:
            place = len(rows)
            row = [_number(place)]
            for at, column in enumerate(area.columns, start=1):
                cell = line[column] if column < len(line) else EMPTY
                if cell is EMPTY:
                    row.append({})
                elif _is_comparable(cell):
                    row.append(_expected(cell))
                else:
                    row.append({})
                    unknown[count + place, at] = {}
            rows.append(row)
    return rows, unknown


def _expected(cell: Cell) -> Json:
    if cell.value is None:
        return {}
    if isinstance(cell.value, bool):
        return {"userEnteredValue": {"boolValue": cell.value}}
    return _text(cell.value) if isinstance(cell.value, str) else _number(cell.value)


def _pastes(areas: Sequence[Area], count: int) -> Iterator[Json]:
    place = count
    for area in areas:
        for first_row, height in runs(area.rows):
            at = 1
            for first_column, width in runs(area.columns):
                source = {
                    "sheetId": area.sheet_id,
                    "startRowIndex": first_row,
                    "endRowIndex": first_row + height,
                    "startColumnIndex": first_column,
                    "endColumnIndex": first_column + width,
                }
                target = _range(place, place + height, at, at + width)
                yield {"copyPaste": {"source": source, "destination": target, "pasteType": "PASTE_VALUES"}}
                at += width
            place += height


def _properties(row_count: int, column_count: int) -> Json:
    return {
        "sheetId": SHEET_ID,
        "title": TITLE,
        "hidden": True,
        "gridProperties": {"rowCount": row_count, "columnCount": column_count},
    }


def _range(top: int, bottom: int, left: int, right: int) -> Json:
    return {
        "sheetId": SHEET_ID,
        "startRowIndex": top,
        "endRowIndex": bottom,
        "startColumnIndex": left,
        "endColumnIndex": right,
    }


def _number(value: float) -> Json:
    return {"userEnteredValue": {"numberValue": value}}


def _text(value: str) -> Json:
    return {"userEnteredValue": {"stringValue": value}}
