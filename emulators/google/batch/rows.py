"""Requests that compare the rows of a range: sort, delete duplicates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import Any

from emulators.google.a1 import Box
from emulators.google.batch.registry import Batch, Reply, Request, request
from emulators.google.errors import NotModelledError, invalid
from emulators.google.formulas import Place, Value
from emulators.google.models import EMPTY, Sheet
from emulators.google.relocate import copied_cell

Key = tuple[int, Any]


@request("sortRange")
def sort_range(batch: Batch, body: Request) -> None:
    """Sort the rows of a range."""
    sheet, box = batch.area(body.get("range", {}))
    specs = body.get("sortSpecs", [])
    keys = []
    for spec in specs:
        column = spec.get("dimensionIndex", 0)
        if not box.left <= column < box.right:
            raise invalid(f"sortSpecs.dimensionIndex[{column}] must be inside the range.")
        if any(
            name in spec
            for name in ("foregroundColor", "foregroundColorStyle", "backgroundColor", "backgroundColorStyle")
        ):
            raise NotModelledError("a sort by colour")
        keys.append((column, spec.get("sortOrder", "ASCENDING") == "DESCENDING"))
    sort_rows(batch, sheet, box, keys or [(box.left, False)])


def sort_rows(batch: Batch, sheet: Sheet, box: Box, keys: list[tuple[int, bool]]) -> None:
    """Sort rows of a box by columns; empty cells come last in both orders, hidden rows stay where they are.

    Developer metadata follows the cells of its row (seen live, see COVERAGE.md), also if the box does
    not contain the whole row.
    """
    _check_merges(sheet, box, "sort")
    computed = batch.computed(sheet)
    places = [row for row in range(box.top, box.bottom) if not _is_hidden(sheet, row)]
    order = places
    for column, descending in reversed(keys):
        found = {row: key for row in order if (key := _key(sheet, row, column, computed)) is not None}
        order = sorted(found, key=found.__getitem__, reverse=descending) + [
            r for r in order if r not in found
        ]
    if order != places:
        carried = [sheet.rows[row].metadata for row in order]
        _place_rows(sheet, box, places, order)
        sheet.forget_positions()
        for row, metadata in zip(places, carried, strict=True):
            sheet.rows[row].metadata = metadata


def _is_hidden(sheet: Sheet, row: int) -> bool:
    own = sheet.rows[row].properties or {}
    return bool(own.get("hiddenByUser") or own.get("hiddenByFilter"))


@request("deleteDuplicates")
def delete_duplicates(batch: Batch, body: Request) -> Reply:
    """Remove rows of a range that repeat an earlier one; those below move up within the range."""
    sheet, box = batch.area(body.get("range", {}))
    columns = _compared_columns(sheet, box, body.get("comparisonColumns", []))
    _check_merges(sheet, box, "remove duplicates in")
    computed = batch.computed(sheet)
    kept: dict[tuple[Key | None, ...], int] = {}
    for row in range(box.top, box.bottom):
        kept.setdefault(tuple(_key(sheet, row, column, computed) for column in columns), row)
    removed = box.height - len(kept)
    if removed:
        _place_rows(sheet, box, range(box.top, box.bottom), list(kept.values()))
    # A count of zero is absent from the answer, like all zeros of the API.
    return {"duplicatesRemovedCount": removed} if removed else {}


def _compared_columns(sheet: Sheet, box: Box, spans: list[dict[str, Any]]) -> list[int]:
    """The columns in which rows must be equal; without *spans* all columns of the range."""
    columns: dict[int, None] = {}
    for span in spans:
        if span.get("dimension") != "COLUMNS":
            raise invalid("comparisonColumns.dimension must be COLUMNS.")
        if span.get("sheetId", 0) != sheet.sheet_id:
            raise invalid("comparisonColumns must be on the sheet of the range.")
        start, end = span.get("startIndex", box.left), span.get("endIndex", box.right)
        if not box.left <= start < end <= box.right:
            raise invalid(f"comparisonColumns[{start}, {end}) must be inside the range.")
        columns.update(dict.fromkeys(range(start, end)))
    return list(columns or range(box.left, box.right))


def _check_merges(sheet: Sheet, box: Box, doing: str) -> None:
    for merge in sheet.merges:
        if sheet.box(merge).meets(box) and sheet.box(merge).height > 1:
            raise invalid(f"Cannot {doing} a range that contains vertical merges.")


def _key(sheet: Sheet, row: int, column: int, computed: Mapping[Place, Value | None]) -> Key | None:
    """Sort and comparison key of the shown value of a cell; ``None`` if the cell is empty.

    The order is that of Sheets: numbers, texts, booleans, errors. The case of letters is ignored.
    """
    value = sheet.cell(row, column).get("userEnteredValue")
    if value is None or "formulaValue" in value:
        value = computed.get((row, column))
    if not value:
        return None
    if "numberValue" in value:
        return 0, value["numberValue"]
    if "stringValue" in value:
        return 1, value["stringValue"].casefold()
    if "boolValue" in value:
        return 2, value["boolValue"]
    return 3, value["errorValue"]["type"]


def _place_rows(sheet: Sheet, box: Box, places: Sequence[int], order: Sequence[int]) -> None:
    """Fill the rows *places* of a box with the cells of the rows in *order*; clear the rest of them."""
    cells = {row: [sheet.cell(row, column) for column in range(box.left, box.right)] for row in order}
    blank = [EMPTY] * box.width
    for target, source in zip_longest(places, order):
        for c, cell in enumerate(blank if source is None else cells[source]):
            moved = cell if source is None else copied_cell(cell, target - source, 0)
            sheet.put(target, box.left + c, moved)
