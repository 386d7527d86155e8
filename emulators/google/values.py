"""Reads and writes of plain values: the ``spreadsheets.values`` collection."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from emulators.google import entry, formats, formulas
from emulators.google.a1 import Bounds, Box, column_name, format_box
from emulators.google.errors import invalid
from emulators.google.filters import Area
from emulators.google.grid import shown_value
from emulators.google.locales import locale
from emulators.google.models import EMPTY, Book, Cell, Sheet
from emulators.google.relocate import insertion, lines_changed

Rendering = tuple[str, str]
"""``valueRenderOption`` and ``dateTimeRenderOption``."""

DEFAULT_RENDERING: Rendering = ("FORMATTED_VALUE", "SERIAL_NUMBER")

_DATE_TYPES = ("DATE", "TIME", "DATE_TIME")


def read(book: Book, area: Area, dimension: str, rendering: Rendering, now: datetime) -> dict[str, Any]:
    """``ValueRange`` of an area; empty cells at the end of a row and empty rows at the end are left out."""
    area.require_inside()
    rows = _rendered(book, area, rendering, now)
    if dimension == "COLUMNS":
        rows = _transposed(rows)
    for row in rows:
        while row and row[-1] == "":
            row.pop()
    while rows and not rows[-1]:
        rows.pop()
    result: dict[str, Any] = {"range": area.a1, "majorDimension": dimension}
    if rows:
        result["values"] = rows
    return result


def _rendered(book: Book, area: Area, rendering: Rendering, now: datetime) -> list[list[Any]]:
    sheet, box = area.sheet, area.box
    computed: dict[tuple[int, int], Any] = {}
    if rendering[0] != "FORMULA" and formulas.has_formulas(book):
        computed = formulas.results(book, now).cells.get(sheet.sheet_id, {})
    edges: dict[int, int] = {}
    for row, column in computed:
        edges[row] = max(edges.get(row, 0), column + 1)
    own_locale = locale(book.locale)
    rows = []
    for row in range(box.top, box.bottom):
        cells = sheet.rows[row].cells
        right = min(max(len(cells), edges.get(row, 0)), box.right)
        line: list[Any] = []
        for column in range(box.left, right):
            cell = cells[column] if column < len(cells) else EMPTY
            value = cell.get("userEnteredValue")
            if (value is None or "formulaValue" in value) and rendering[0] != "FORMULA":
                value = computed.get((row, column))
            line.append("" if value is None else _render(value, cell, rendering, own_locale))
        rows.append(line)
    return rows


def _render(value: dict[str, Any], cell: Cell, rendering: Rendering, own_locale: Any) -> Any:
    option, dates = rendering
    if option == "FORMATTED_VALUE" or "errorValue" in value:
        return shown_value(value, cell, own_locale)
    raw = next(iter(value.values()))
    if isinstance(raw, float) and raw.is_integer() and abs(raw) < 1e15:
        raw = int(raw)
    kind = cell.get("userEnteredFormat", {}).get("numberFormat", {}).get("type")
    is_number = isinstance(raw, (int, float)) and not isinstance(raw, bool)
    if dates == "FORMATTED_STRING" and is_number and kind in _DATE_TYPES:
        return formats.show(raw, cell["userEnteredFormat"]["numberFormat"], own_locale)
    return raw


def _transposed(rows: list[list[Any]]) -> list[list[Any]]:
    width = max((len(row) for row in rows), default=0)
    return [[row[column] if column < len(row) else "" for row in rows] for column in range(width)]


def write(
    book: Book, area: Area, values: list[list[Any]], dimension: str, option: str, now: datetime
) -> tuple[Area, int]:
    """Write values from the top left corner of *area*; ``None`` skips a cell, ``""`` clears it.

    Returns
    -------
    tuple
        The rectangle that the values cover, and the count of written cells.
    """
    if option not in ("RAW", "USER_ENTERED"):
        raise invalid("'valueInputOption' is required but not specified")
    area.require_start_inside()
    rows = values if dimension != "COLUMNS" else _columns_to_rows(values)
    height, width = len(rows), max((len(row) for row in rows), default=0)
    _check_fits(area, height, width)
    sheet, box = area.sheet, area.box
    reader = Reader(book, option, now)
    written = 0
    columns_touched: set[int] = set()
    rows_touched: set[int] = set()
    for r, row in enumerate(rows):
        for c, raw in enumerate(row):
            if raw is None:
                continue
            old = sheet.cell(box.top + r, box.left + c)
            sheet.put(box.top + r, box.left + c, reader.cell(old, raw))
            written += 1
            columns_touched.add(c)
            rows_touched.add(r)
    covered = Box(box.top, box.left, box.top + max(height, 1), box.left + max(width, 1))
    result = Area(sheet, Bounds(*covered))
    result.rows_written, result.columns_written = len(rows_touched), len(columns_touched)
    return result, written


def _columns_to_rows(values: list[list[Any]]) -> list[list[Any]]:
    height = max((len(column) for column in values), default=0)
    return [[column[row] if row < len(column) else None for column in values] for row in range(height)]


def _check_fits(area: Area, height: int, width: int) -> None:
    """Refuse values beyond the named range, unless the range is a single cell."""
    bounds, box, sheet = area.bounds, area.box, area.sheet
    one_cell = (
        bounds.bottom is not None
        and bounds.right is not None
        and bounds.bottom - (bounds.top or 0) == 1
        and bounds.right - (bounds.left or 0) == 1
    )
    bottom, right = (len(sheet.rows), len(sheet.columns)) if one_cell else (box.bottom, box.right)
    too_high, too_wide = box.top + height > bottom, box.left + width > right
    ends_past = (bounds.bottom or 0) > len(sheet.rows) or (bounds.right or 0) > len(sheet.columns)
    if (too_high or too_wide) and (one_cell or ends_past):
        asked = Box(box.top, box.left, box.top + height, box.left + width)
        raise invalid(
            f"Range ({format_box(sheet.title, asked)}) exceeds grid limits. "
            f"Max rows: {len(sheet.rows)}, max columns: {len(sheet.columns)}"
        )
    if too_high:
        raise invalid(
            f"Requested writing within range [{_quoted(area)}], but tried writing to row [{bottom + 1}]"
        )
    if too_wide:
        raise invalid(
            f"Requested writing within range [{_quoted(area)}], "
            f"but tried writing to column [{column_name(right)}]"
        )


def _quoted(area: Area) -> str:
    title = area.sheet.title.replace("'", "''")
    return f"'{title}'!" + format_box("x", area.box).partition("!")[2]


class Reader:
    """Turns raw values of a request into cells."""

    def __init__(self, book: Book, option: str, now: datetime) -> None:
        self._locale = locale(book.locale)
        self._typed = option == "USER_ENTERED"
        self._today = now.date()

    def cell(self, old: Cell, raw: Any) -> Cell:
        """*old* with a new value; notes, formats and validation stay."""
        result = {
            name: part
            for name, part in old.items()
            if name not in ("userEnteredValue", "textFormatRuns", "chipRuns")
        }
        value, number_format = self._value(raw, old)
        if value is not None:
            result["userEnteredValue"] = value
        own = result.get("userEnteredFormat", {})
        if number_format is not None and "numberFormat" not in own:
            result["userEnteredFormat"] = own | {"numberFormat": number_format}
        return result or EMPTY

    def _value(self, raw: Any, old: Cell) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
        if isinstance(raw, bool):
            return {"boolValue": raw}, None
        if isinstance(raw, (int, float)):
            return {"numberValue": raw}, None
        if not isinstance(raw, str):
            kind = "struct_value" if isinstance(raw, dict) else "list_value"
            raise invalid(f"Invalid values: {kind} is not a value of a cell.")
        is_text = old.get("userEnteredFormat", {}).get("numberFormat", {}).get("type") == "TEXT"
        if not self._typed or (is_text and not raw.startswith("=")):
            return entry.text_value(raw), None
        read = entry.read(raw, self._locale, self._today)
        if read.value and "formulaValue" in read.value:
            formulas.check(read.value["formulaValue"], self._locale.name)
        return read.value, read.number_format


def clear(area: Area) -> None:
    """Clear the values of an area; formats, notes and validation stay."""
    sheet, box = area.sheet, area.box
    for row in range(box.top, box.bottom):
        cells = sheet.rows[row].cells
        for column in range(box.left, min(box.right, len(cells))):
            cell = sheet.cell(row, column)
            if "userEnteredValue" in cell:
                kept = {
                    k: v
                    for k, v in cell.items()
                    if k not in ("userEnteredValue", "textFormatRuns", "chipRuns")
                }
                sheet.put(row, column, kept or EMPTY)


# Append


def find_table(area: Area) -> Box | None:
    """The block of connected values that an append continues: the lowest one that overlaps *area*.

    Of two blocks that end in the same row it is the right one (recorded).
    """
    blocks = [block for block in _blocks(area.sheet) if block.meets(area.box)]
    return max(blocks, key=lambda block: (block.bottom, block.left), default=None)


def _blocks(sheet: Sheet) -> list[Box]:
    """Rectangles around values that touch each other, also at corners."""
    filled = {
        (row, column)
        for row, line in enumerate(sheet.rows)
        for column, cell in enumerate(line.cells)
        if "userEnteredValue" in cell
    }
    blocks = []
    while filled:
        queue = [filled.pop()]
        top = bottom = queue[0][0]
        left = right = queue[0][1]
        while queue:
            row, column = queue.pop()
            top, bottom = min(top, row), max(bottom, row)
            left, right = min(left, column), max(right, column)
            for near in ((row + dr, column + dc) for dr in (-1, 0, 1) for dc in (-1, 0, 1) if (dr or dc)):
                if near in filled:
                    filled.remove(near)
                    queue.append(near)
        blocks.append(Box(top, left, bottom + 1, right + 1))
    return blocks


def append(
    book: Book,
    area: Area,
    values: list[list[Any]],
    dimension: str,
    option: str,
    now: datetime,
    *,
    insert: bool,
) -> tuple[Area, int, Box | None]:
    """Write values after the table that *area* points at."""
    area.require_inside()
    sheet = area.sheet
    rows = values if dimension != "COLUMNS" else _columns_to_rows(values)
    table = find_table(area)
    top, left = (table.bottom, table.left) if table else (area.box.top, area.box.left)
    height = max(len(rows), 1)
    if insert and (table or top < len(sheet.rows)):
        like = sheet.rows[top - 1] if table else sheet.rows[top]
        sheet.insert("ROWS", top, height, like)
        lines_changed(book, sheet, "ROWS", insertion(top, height))
    elif top + height > len(sheet.rows):
        sheet.insert("ROWS", len(sheet.rows), top + height - len(sheet.rows))
    width = max((len(row) for row in rows), default=1)
    if left + width > len(sheet.columns):
        sheet.insert("COLUMNS", len(sheet.columns), left + width - len(sheet.columns))
    target = Area(sheet, Bounds(top, left, top + height, left + max(width, 1)))
    covered, written = write(book, target, rows, "ROWS", option, now)
    return covered, written, table
