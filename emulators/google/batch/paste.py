"""Requests that move and copy cells: cut, copy, insert and delete ranges."""

from __future__ import annotations

from typing import Any

from emulators.google import references
from emulators.google.a1 import Box
from emulators.google.batch.registry import Batch, Request, request
from emulators.google.errors import NotModelledError, invalid
from emulators.google.formulas import Value
from emulators.google.models import EMPTY, Book, Cell, Sheet, formula_of
from emulators.google.relocate import change_formulas, copied_cell

PASTE_FIELDS = {
    "PASTE_NORMAL": None,
    "PASTE_VALUES": ("userEnteredValue",),
    "PASTE_FORMAT": ("userEnteredFormat", "dataValidation", "textFormatRuns"),
    "PASTE_NO_BORDERS": None,
    "PASTE_FORMULA": ("userEnteredValue",),
    "PASTE_DATA_VALIDATION": ("dataValidation",),
}
"""Fields of a cell that each kind of paste replaces; ``None`` is all of them."""


def _paste_type(body: Request) -> str:
    kind = body.get("pasteType", "PASTE_NORMAL")
    if kind not in PASTE_FIELDS:
        raise NotModelledError(f"the paste type {kind}")
    return kind


def _mixed(old: Cell, new: Cell, kind: str) -> Cell:
    names = PASTE_FIELDS[kind]
    if kind == "PASTE_NO_BORDERS":
        own = {name: part for name, part in new.get("userEnteredFormat", {}).items() if name != "borders"}
        borders = old.get("userEnteredFormat", {}).get("borders")
        own |= {"borders": borders} if borders else {}
        return {k: v for k, v in new.items() if k != "userEnteredFormat"} | (
            {"userEnteredFormat": own} if own else {}
        )
    if names is None:
        return new
    kept = {name: part for name, part in old.items() if name not in names}
    return kept | {name: new[name] for name in names if name in new} or EMPTY


def _grow(book: Book, sheet: Sheet, bottom: int, right: int) -> None:
    for dimension, needed in (("ROWS", bottom), ("COLUMNS", right)):
        lines = sheet.lines(dimension)
        if needed > len(lines):
            sheet.insert(dimension, len(lines), needed - len(lines))
    book.check_size()


@request("copyPaste", forgets_computed=False)
def copy_paste(batch: Batch, body: Request) -> None:
    """Copy a rectangle to another one, repeated as often as it fits."""
    kind = _paste_type(body)
    source_sheet, source = batch.area(body.get("source", {}))
    target_sheet, target = batch.area(body.get("destination", {}))
    transpose = body.get("pasteOrientation") == "TRANSPOSE"
    copy_cells(batch, source_sheet, source, target_sheet, target, kind, transpose=transpose)
    if kind != "PASTE_VALUES" or batch.is_seen(target_sheet):
        batch.forget_computed()


def copy_cells(
    batch: Batch,
    source_sheet: Sheet,
    source: Box,
    target_sheet: Sheet,
    target: Box,
    kind: str = "PASTE_NORMAL",
    *,
    transpose: bool = False,
) -> None:
    """Copy cells; relative references in formulas change, developer metadata does not move."""
    cells = [
        [source_sheet.cell(row, column) for column in range(source.left, source.right)]
        for row in range(source.top, source.bottom)
    ]
    if kind == "PASTE_VALUES":
        cells = _computed(batch, source_sheet, source, cells)
    height, width = (source.width, source.height) if transpose else (source.height, source.width)
    rows_repeat = max(target.height // height, 1) if target.height % height == 0 else 1
    columns_repeat = max(target.width // width, 1) if target.width % width == 0 else 1
    _grow(batch.book, target_sheet, target.top + height * rows_repeat, target.left + width * columns_repeat)
    for r in range(height * rows_repeat):
        for c in range(width * columns_repeat):
            from_r, from_c = (c % width, r % height) if transpose else (r % height, c % width)
            if transpose:
                from_r, from_c = c % width, r % height
            row, column = target.top + r, target.left + c
            cell = cells[from_r][from_c]
            moved = copied_cell(cell, row - (source.top + from_r), column - (source.left + from_c))
            target_sheet.put(row, column, _mixed(target_sheet.cell(row, column), moved, kind))
    if kind in ("PASTE_NORMAL", "PASTE_FORMAT", "PASTE_NO_BORDERS"):
        _copy_merges(source_sheet, source, target_sheet, target)


def _computed(batch: Batch, sheet: Sheet, box: Box, cells: list[list[Cell]]) -> list[list[Cell]]:
    """The cells with their values in place of their formulas."""
    found = batch.computed(sheet)
    if not found:
        return cells
    return [
        [_with_result(cell, found.get((box.top + r, box.left + c))) for c, cell in enumerate(row)]
        for r, row in enumerate(cells)
    ]


def _with_result(cell: Cell, value: Value | None) -> Cell:
    if "formulaValue" not in cell.get("userEnteredValue", {}) and value is None:
        return cell
    rest = {name: part for name, part in cell.items() if name != "userEnteredValue"}
    return rest | ({"userEnteredValue": value} if value and "errorValue" not in value else {})


def _copy_merges(source_sheet: Sheet, source: Box, target_sheet: Sheet, target: Box) -> None:
    rows, columns = target.top - source.top, target.left - source.left
    moved = []
    for merge in source_sheet.merges:
        box = source_sheet.box(merge)
        if source.covers(box):
            moved.append(_shifted(merge, rows, columns, target_sheet))
    landing = Box(target.top, target.left, target.top + source.height, target.left + source.width)
    if moved:
        target_sheet.merges = [m for m in target_sheet.merges if not target_sheet.box(m).meets(landing)]
        target_sheet.merges.extend(moved)


def _shifted(given: dict[str, Any], rows: int, columns: int, sheet: Sheet) -> dict[str, Any]:
    return {
        "sheetId": sheet.sheet_id,
        "startRowIndex": given["startRowIndex"] + rows,
        "endRowIndex": given["endRowIndex"] + rows,
        "startColumnIndex": given["startColumnIndex"] + columns,
        "endColumnIndex": given["endColumnIndex"] + columns,
    }


@request("cutPaste")
def cut_paste(batch: Batch, body: Request) -> None:
    """Move a rectangle; references to it follow, developer metadata stays with the rows."""
    kind = _paste_type(body)
    source_sheet, source = batch.area(body.get("source", {}))
    destination = body.get("destination", {})
    target_sheet = batch.book.sheet(destination.get("sheetId", 0))
    top, left = destination.get("rowIndex", 0), destination.get("columnIndex", 0)
    batch.area({"sheetId": target_sheet.sheet_id, "startRowIndex": top, "startColumnIndex": left})
    cut_cells(batch, source_sheet, source, target_sheet, top, left, kind)


def cut_cells(
    batch: Batch,
    source_sheet: Sheet,
    source: Box,
    target_sheet: Sheet,
    top: int,
    left: int,
    kind: str = "PASTE_NORMAL",
) -> None:
    """Move cells."""
    _check_merges(source_sheet, source)
    _grow(batch.book, target_sheet, top + source.height, left + source.width)
    cells = [
        [source_sheet.cell(row, column) for column in range(source.left, source.right)]
        for row in range(source.top, source.bottom)
    ]
    names = PASTE_FIELDS[kind]
    for row in range(source.top, source.bottom):
        for column in range(source.left, source.right):
            left_behind = {
                k: v for k, v in source_sheet.cell(row, column).items() if names and k not in names
            }
            source_sheet.put(row, column, left_behind or EMPTY)
    moves = (target_sheet.title, top - source.top, left - source.left)
    origin = (source_sheet.title, source)
    if kind in ("PASTE_NORMAL", "PASTE_NO_BORDERS"):
        for sheet in batch.book.sheets:
            change_formulas(
                sheet, lambda text, own=sheet.title: references.follow_cut(text, own, own, origin, moves)
            )
    for r, line in enumerate(cells):
        for c, cell in enumerate(line):
            moved = cell
            if formula := formula_of(cell):
                text = references.follow_cut(formula, source_sheet.title, target_sheet.title, origin, moves)
                moved = cell | {"userEnteredValue": {"formulaValue": text}}
            old = target_sheet.cell(top + r, left + c)
            target_sheet.put(top + r, left + c, _mixed(old, moved, kind))
    if names is None:
        _move_merges(source_sheet, source, target_sheet, top, left)


def _check_merges(sheet: Sheet, source: Box) -> None:
    for merge in sheet.merges:
        box = sheet.box(merge)
        if source.meets(box) and not source.covers(box):
            raise invalid("You must select all cells in a merged range to merge or unmerge them.")


def _move_merges(source_sheet: Sheet, source: Box, target_sheet: Sheet, top: int, left: int) -> None:
    moved = [merge for merge in source_sheet.merges if source.covers(source_sheet.box(merge))]
    source_sheet.merges = [merge for merge in source_sheet.merges if merge not in moved]
    landing = Box(top, left, top + source.height, left + source.width)
    target_sheet.merges = [
        merge for merge in target_sheet.merges if not target_sheet.box(merge).meets(landing)
    ]
    target_sheet.merges.extend(
        _shifted(merge, top - source.top, left - source.left, target_sheet) for merge in moved
    )


@request("insertRange")
def insert_range(batch: Batch, body: Request) -> None:
    """Insert empty cells in a part of the grid; existing cells shift down or right."""
    sheet, box = batch.area(body.get("range", {}))
    dimension = _shift_dimension(body)
    if dimension == "ROWS":
        rest = Box(box.top, box.left, sheet.used().bottom, box.right)
        target = box.top + box.height, box.left
    else:
        rest = Box(box.top, box.left, box.bottom, sheet.used().right)
        target = box.top, box.left + box.width
    if rest.height > 0 and rest.width > 0:
        cut_cells(batch, sheet, rest, sheet, *target)


@request("deleteRange")
def delete_range(batch: Batch, body: Request) -> None:
    """Delete a part of the grid; cells below it or to its right shift there."""
    sheet, box = batch.area(body.get("range", {}))
    dimension = _shift_dimension(body)
    for row in range(box.top, box.bottom):
        for column in range(box.left, box.right):
            sheet.put(row, column, EMPTY)
    used = sheet.used()
    if dimension == "ROWS":
        rest = Box(box.bottom, box.left, max(used.bottom, box.bottom), box.right)
    else:
        rest = Box(box.top, box.right, box.bottom, max(used.right, box.right))
    if rest.height > 0 and rest.width > 0:
        cut_cells(batch, sheet, rest, sheet, box.top, box.left)


def _shift_dimension(body: Request) -> str:
    dimension = body.get("shiftDimension")
    if dimension not in ("ROWS", "COLUMNS"):
        raise invalid("shiftDimension must be specified.")
    return dimension
