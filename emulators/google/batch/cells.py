"""Requests that write cells: values, formats, notes, borders, merges."""

from __future__ import annotations

import re
from typing import Any

from emulators.google import cells as cell_rules
from emulators.google import formulas, grid, masks, rule_checks
from emulators.google.a1 import Box, GridRange, grid_range
from emulators.google.batch.registry import Batch, Reply, Request, request
from emulators.google.entry import check_length
from emulators.google.errors import invalid
from emulators.google.locales import locale
from emulators.google.models import Cell, Sheet
from emulators.google.relocate import copied_cell
from emulators.google.values import Reader


class Writer:
    """Writes cells of requests into the draft with one mask."""

    def __init__(self, batch: Batch, mask: masks.Mask) -> None:
        self._batch = batch
        self._mask = cell_rules.with_color_twins(mask) or mask
        self._checked: dict[int, tuple[Cell, Cell]] = {}
        self._merged: dict[tuple[int, int], tuple[Cell, Cell, Cell]] = {}

    def clean(self, raw: Cell) -> Cell:
        """A checked cell of a request; the same object is checked only once."""
        found = self._checked.get(id(raw))
        if found is None:
            clean = cell_rules.clean_cell(raw)
            self._check(clean)
            if "dataValidation" in clean:
                rule = rule_checks.clean_validation(self._batch.book, clean["dataValidation"])
                clean = clean | {"dataValidation": rule}
            found = self._checked[id(raw)] = (raw, clean)
        return found[1]

    def _check(self, cell: Cell) -> None:
        value = cell.get("userEnteredValue", {})
        if "formulaValue" in value:
            formulas.check(value["formulaValue"], self._batch.book.locale)
        if "stringValue" in value:
            check_length(value["stringValue"])

    def put(self, sheet: Sheet, row: int, column: int, cell: Cell) -> None:
        """Write the masked part of *cell*, which is a result of :meth:`clean`."""
        old = sheet.cell(row, column)
        key = (id(old), id(cell))
        found = self._merged.get(key)
        if found is None:
            # The cells are stored with the result, so that Python does not reuse their ids.
            found = self._merged[key] = (old, cell, cell_rules.merge(old, cell, self._mask))
        sheet.put(row, column, found[2])


@request("updateCells")
def update_cells(batch: Batch, body: Request) -> None:
    """Write rows of cells; the rest of a larger range is cleared within the mask."""
    mask = batch.mask("CellData", body.get("fields"))
    writer = Writer(batch, mask)
    rows = body.get("rows", [])
    if "start" in body:
        start = body["start"]
        sheet = batch.book.sheet(start.get("sheetId", 0))
        top, left = start.get("rowIndex", 0), start.get("columnIndex", 0)
        height, width = len(rows), max((len(row.get("values", [])) for row in rows), default=0)
        _check_inside(sheet, top, left, height, width)
        box = None
    elif "range" in body:
        sheet, box = batch.area(body["range"])
        top, left = box.top, box.left
        _check_rows_fit(rows, box)
    else:
        raise invalid("Either start or range must be set.")
    for r, row in enumerate(rows):
        for c, raw in enumerate(row.get("values", [])):
            writer.put(sheet, top + r, left + c, writer.clean(raw))
    if box is not None:
        _clear_rest(sheet, box, rows, writer)


def _check_inside(sheet: Sheet, top: int, left: int, height: int, width: int) -> None:
    if top + height > len(sheet.rows):
        raise invalid(
            f"Attempting to write row: {max(top, len(sheet.rows))}, "
            f"beyond the last requested row of: {len(sheet.rows) - 1}"
        )
    if left + width > len(sheet.columns):
        raise invalid(
            f"Attempting to write column: {max(left, len(sheet.columns))}, "
            f"beyond the last requested column of: {len(sheet.columns) - 1}"
        )


def _check_rows_fit(rows: list[dict[str, Any]], box: Box) -> None:
    if len(rows) > box.height:
        raise invalid(
            f"Attempting to write row: {box.bottom}, beyond the last requested row of: {box.bottom - 1}"
        )
    for row in rows:
        if len(row.get("values", [])) > box.width:
            raise invalid(
                f"Attempting to write column: {box.right}, "
                f"beyond the last requested column of: {box.right - 1}"
            )


def _clear_rest(sheet: Sheet, box: Box, rows: list[dict[str, Any]], writer: Writer) -> None:
    empty: Cell = {}
    for r in range(box.height):
        written = len(rows[r].get("values", [])) if r < len(rows) else 0
        filled = len(sheet.rows[box.top + r].cells)
        for column in range(box.left + written, min(box.right, filled)):
            writer.put(sheet, box.top + r, column, empty)


@request("appendCells")
def append_cells(batch: Batch, body: Request) -> None:
    """Write rows after the last row with data of a tab; the tab grows if needed."""
    if "tableId" in body:
        raise invalid("Tables are not supported here: no table with id " + body["tableId"])
    mask = batch.mask("CellData", body.get("fields"))
    sheet = batch.book.sheet(body.get("sheetId", 0))
    rows = body.get("rows", [])
    top = sheet.used(values_only=True).bottom
    width = max((len(row.get("values", [])) for row in rows), default=0)
    for dimension, needed in (("ROWS", top + len(rows)), ("COLUMNS", width)):
        lines = sheet.lines(dimension)
        if needed > len(lines):
            sheet.insert(dimension, len(lines), needed - len(lines))
    batch.book.check_size()
    writer = Writer(batch, mask)
    for r, row in enumerate(rows):
        for c, raw in enumerate(row.get("values", [])):
            writer.put(sheet, top + r, c, writer.clean(raw))


@request("repeatCell")
def repeat_cell(batch: Batch, body: Request) -> None:
    """Write one cell into every cell of a range; its formula is filled like a copy."""
    mask = batch.mask("CellData", body.get("fields"))
    if "range" not in body:
        raise invalid("range must be specified.")
    sheet, box = batch.area(body["range"])
    writer = Writer(batch, mask)
    cell = writer.clean(body.get("cell", {}))
    has_formula = "formulaValue" in cell.get("userEnteredValue", {})
    for row in range(box.top, box.bottom):
        for column in range(box.left, box.right):
            one = copied_cell(cell, row - box.top, column - box.left) if has_formula else cell
            writer.put(sheet, row, column, one)


SIDES = ("top", "bottom", "left", "right")


@request("updateBorders")
def update_borders(batch: Batch, body: Request) -> None:
    """Draw the outer and inner borders of a range."""
    if "range" not in body:
        raise invalid("range must be specified.")
    sheet, box = batch.area(body["range"])
    given = {name: body[name] for name in (*SIDES, "innerHorizontal", "innerVertical") if name in body}
    for row in range(box.top, box.bottom):
        for column in range(box.left, box.right):
            sides = {
                "top": given.get("top" if row == box.top else "innerHorizontal"),
                "bottom": given.get("bottom" if row == box.bottom - 1 else "innerHorizontal"),
                "left": given.get("left" if column == box.left else "innerVertical"),
                "right": given.get("right" if column == box.right - 1 else "innerVertical"),
            }
            drawn = {side: border for side, border in sides.items() if border is not None}
            if drawn:
                _draw(sheet, row, column, drawn)


def _draw(sheet: Sheet, row: int, column: int, drawn: dict[str, Any]) -> None:
    old = sheet.cell(row, column)
    own = old.get("userEnteredFormat", {})
    clean = cell_rules.clean_format(own | {"borders": own.get("borders", {}) | drawn})
    cell = {name: part for name, part in old.items() if name != "userEnteredFormat"}
    sheet.put(row, column, cell | ({"userEnteredFormat": clean} if clean else {}))


@request("mergeCells")
def merge_cells(batch: Batch, body: Request) -> None:
    """Merge a whole range, its rows or its columns; only the first value of each merge stays."""
    sheet, box = batch.area(body["range"])
    for part in _merge_parts(box, body.get("mergeType", "MERGE_ALL")):
        check_frozen_edge(sheet, part)
        _unmerge(sheet, part)
        if part.height * part.width == 1:
            continue
        sheet.merges.append(grid_range(sheet.sheet_id, part))
        _keep_first_value(sheet, part)


def check_frozen_edge(sheet: Sheet, merged: Box) -> None:
    """Refuse a merged range that is partly frozen."""
    own = sheet.properties.get("gridProperties", {})
    for name, first, past, noun in (
        ("frozenRowCount", merged.top, merged.bottom, "rows"),
        ("frozenColumnCount", merged.left, merged.right, "columns"),
    ):
        if first < own.get(name, 0) < past:
            raise invalid(f"You can't merge frozen and non-frozen {noun}.")


def _merge_parts(box: Box, merge_type: str) -> list[Box]:
    if merge_type == "MERGE_ROWS":
        return [Box(row, box.left, row + 1, box.right) for row in range(box.top, box.bottom)]
    if merge_type == "MERGE_COLUMNS":
        return [Box(box.top, column, box.bottom, column + 1) for column in range(box.left, box.right)]
    return [box]


def _keep_first_value(sheet: Sheet, box: Box) -> None:
    first = True
    for row in range(box.top, box.bottom):
        for column in range(box.left, box.right):
            cell = sheet.cell(row, column)
            if "userEnteredValue" not in cell:
                continue
            if first and (row, column) == (box.top, box.left):
                first = False
                continue
            kept = {name: part for name, part in cell.items() if name != "userEnteredValue"}
            sheet.put(row, column, kept)
            if first:
                corner = sheet.cell(box.top, box.left)
                sheet.put(box.top, box.left, corner | {"userEnteredValue": cell["userEnteredValue"]})
                first = False


@request("unmergeCells")
def unmerge_cells(batch: Batch, body: Request) -> None:
    """Unmerge the cells of a range; a merge that extends beyond the range is refused."""
    sheet, box = batch.area(body["range"])
    _unmerge(sheet, box)


def _unmerge(sheet: Sheet, box: Box) -> None:
    kept: list[GridRange] = []
    for merge in sheet.merges:
        merged = sheet.box(merge)
        if not merged.meets(box):
            kept.append(merge)
        elif not box.covers(merged):
            raise invalid("You must select all cells in a merged range to merge or unmerge them.")
    sheet.merges = kept


@request("findReplace")
def find_replace(batch: Batch, body: Request) -> Reply:
    """Replace text in cells; a changed text is parsed again as if it was typed."""
    scopes = [name for name in ("range", "sheetId", "allSheets") if name in body]
    if len(scopes) != 1:
        raise invalid("Exactly one of range, sheetId and allSheets must be set.")
    if not body.get("find"):
        raise invalid("find must not be empty.")
    if "range" in body:
        places = [batch.area(body["range"])]
    elif "sheetId" in body:
        sheet = batch.book.sheet(body["sheetId"])
        places = [(sheet, sheet.whole)]
    else:
        places = [(sheet, sheet.whole) for sheet in batch.book.sheets]
    search = _Search(batch, body)
    for sheet, box in places:
        search.run(sheet, box)
    return search.reply()


class _Search:
    def __init__(self, batch: Batch, body: Request) -> None:
        self._reader = Reader(batch.book, "USER_ENTERED", batch.now)
        self._locale = locale(batch.book.locale)
        pattern = body["find"] if body.get("searchByRegex") else re.escape(body["find"])
        if body.get("matchEntireCell"):
            pattern = rf"\A(?:{pattern})\Z"
        try:
            self._pattern = re.compile(pattern, 0 if body.get("matchCase") else re.IGNORECASE)
        except re.error as error:
            raise invalid(f"Invalid regular expression: {body['find']}") from error
        replacement = body.get("replacement", "")
        self._by_regex = body.get("searchByRegex", False)
        self._replacement = re.sub(r"\$(\d)", r"\\\1", replacement) if self._by_regex else replacement
        self._in_formulas = body.get("includeFormulas", False)
        self._counts = {"valuesChanged": 0, "formulasChanged": 0, "occurrencesChanged": 0}
        self._rows: set[tuple[int, int]] = set()
        self._sheets: set[int] = set()

    def run(self, sheet: Sheet, box: Box) -> None:
        for row in range(box.top, box.bottom):
            for column in range(box.left, min(box.right, len(sheet.rows[row].cells))):
                self._cell(sheet, row, column)

    def _cell(self, sheet: Sheet, row: int, column: int) -> None:
        cell = sheet.cell(row, column)
        value = cell.get("userEnteredValue")
        if not value or ("formulaValue" in value and not self._in_formulas):
            return
        is_formula = "formulaValue" in value
        text = value["formulaValue"] if is_formula else grid.shown_value(value, cell, self._locale)
        new = self._replacement if self._by_regex else (lambda _: self._replacement)
        changed, count = self._pattern.subn(new, text)
        if not count:
            return
        sheet.put(row, column, self._reader.cell(cell, changed))
        self._counts["occurrencesChanged"] += count
        self._counts["formulasChanged" if is_formula else "valuesChanged"] += 1
        self._rows.add((sheet.sheet_id, row))
        self._sheets.add(sheet.sheet_id)

    def reply(self) -> Reply:
        counts = self._counts | {"rowsChanged": len(self._rows), "sheetsChanged": len(self._sheets)}
        return {name: count for name, count in counts.items() if count}
