"""Builds the answer of ``spreadsheets.get``: the workbook as the API shows it.

Only fields of the field mask are computed; the mask itself is applied to the whole answer later.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import orjson

from emulators.google import formats, formulas, masks, metadata
from emulators.google.a1 import Box, GridRange
from emulators.google.conditional import Conditional
from emulators.google.filters import Area
from emulators.google.formulas import ERROR_TEXTS
from emulators.google.locales import Locale, locale
from emulators.google.models import DEFAULT_PIXELS, Book, Cell, Line, Sheet

DEFAULT_FORMAT = {
    "backgroundColor": {"red": 1, "green": 1, "blue": 1},
    "padding": {"top": 2, "right": 3, "bottom": 2, "left": 3},
    "verticalAlignment": "BOTTOM",
    "wrapStrategy": "OVERFLOW_CELL",
    "textFormat": {
        "foregroundColor": {},
        "fontFamily": "arial,sans,sans-serif",
        "fontSize": 10,
        "bold": False,
        "italic": False,
        "strikethrough": False,
        "underline": False,
        "foregroundColorStyle": {"rgbColor": {}},
    },
    "backgroundColorStyle": {"rgbColor": {"red": 1, "green": 1, "blue": 1}},
}

#: Where a mask of a tab has what depends on other tabs too: the format by rules.
EFFECTIVE_FORMAT = ("data", "rowData", "values", "effectiveFormat")


def spreadsheet(
    book: Book,
    areas: list[Area] | None,
    mask: masks.Mask | None,
    now: datetime,
    *,
    grid_data: bool,
    keeps_texts: bool = False,
) -> dict[str, Any]:
    """The workbook.

    Parameters
    ----------
    areas
        Areas to show; ``None`` for every tab.
    mask
        Fields that the caller wants; only these are computed.
    grid_data
        Whether cells are shown.
    keeps_texts
        Whether tabs that do not change are given as text for ``orjson``, already without what *mask* does not
        want; the text is kept with the tab.
    """
    result: dict[str, Any] = {"spreadsheetId": book.spreadsheet_id, "properties": properties(book)}
    if masks.wants(mask, "sheets"):
        below = masks.below(mask, "sheets")
        if keeps_texts and areas is None and not masks.wants(below, *EFFECTIVE_FORMAT):
            result["sheets"] = _texts(book, below, now, grid_data=grid_data)
        else:
            result["sheets"] = [
                _sheet(book, sheet, own, below, now, grid_data=grid_data)
                for sheet, own in _per_sheet(book, areas)
            ]
    if book.named_ranges and masks.wants(mask, "namedRanges"):
        result["namedRanges"] = [
            named | {"range": shown_range(named["range"])} for named in book.named_ranges
        ]
    result["spreadsheetUrl"] = f"https://docs.google.com/spreadsheets/d/{book.spreadsheet_id}/edit"
    if masks.wants(mask, "developerMetadata"):
        own = [key for key, entry in book.metadata.items() if entry["kind"] == "spreadsheet"]
        if own:
            result["developerMetadata"] = [metadata.resource(book, key) for key in own]
    return result


def _texts(book: Book, mask: masks.Mask | None, now: datetime, *, grid_data: bool) -> list[Any]:
    """The tabs as JSON. The text of a tab is kept until something that it shows changes."""
    entries: dict[int, list[tuple[int, dict[str, Any]]]] = {}
    for key, entry in book.metadata.items():
        entries.setdefault(entry.get("sheetId", -1), []).append((key, entry))
    shows_values = grid_data and _wants_values(masks.below(mask, "data", "rowData", "values"))
    values = formulas.results(book, now).cells if shows_values and formulas.has_formulas(book) else {}
    tabs: list[Any] = []
    for sheet in book.sheets:
        shown_by = (book.locale, book.owner, entries.get(sheet.sheet_id), values.get(sheet.sheet_id))
        # The mask is kept beside the text, so that no other one gets its id.
        name = ("text", id(mask), grid_data)
        known = sheet.derived.get(name) if sheet.derived is not None else None
        if known is None or known[1] != shown_by:
            tab = masks.select(mask, _sheet(book, sheet, [sheet.whole], mask, now, grid_data=grid_data))
            known = (mask, shown_by, orjson.Fragment(json_text(tab)))
            if sheet.derived is not None:
                sheet.derived[name] = known
        tabs.append(known[2])
    return tabs


def _wants_values(cell: masks.Mask | None) -> bool:
    """Whether a mask of a cell wants what depends on the results of formulas."""
    return any(masks.wants(cell, name) for name in ("effectiveValue", "formattedValue", "hyperlink"))


def json_text(value: Any) -> bytes:
    """A value as JSON."""
    try:
        return orjson.dumps(value)
    except TypeError:
        # An integer of more than 64 bits.
        return json.dumps(value, ensure_ascii=False).encode()


def _per_sheet(book: Book, areas: list[Area] | None) -> Iterable[tuple[Sheet, list[Box]]]:
    if areas is None:
        return [(sheet, [sheet.whole]) for sheet in book.sheets]
    chosen: dict[int, list[Box]] = {}
    for area in areas:
        chosen.setdefault(area.sheet.sheet_id, []).append(area.box)
    return [(sheet, chosen[sheet.sheet_id]) for sheet in book.sheets if sheet.sheet_id in chosen]


def properties(book: Book) -> dict[str, Any]:
    """The properties of the workbook."""
    own = book.properties
    result = {
        "title": own["title"],
        "locale": own.get("locale", "en_US"),
        "autoRecalc": own.get("autoRecalc", "ON_CHANGE"),
        "timeZone": own.get("timeZone", "Etc/GMT"),
        "defaultFormat": DEFAULT_FORMAT,
    }
    return result | {name: part for name, part in own.items() if name not in result}


def sheet_properties(sheet: Sheet) -> dict[str, Any]:
    """The properties of a tab."""
    own = sheet.properties
    grid = {"rowCount": len(sheet.rows), "columnCount": len(sheet.columns)} | own.get("gridProperties", {})
    result = {
        "sheetId": sheet.sheet_id,
        "title": sheet.title,
        "index": own["index"],
        "sheetType": own.get("sheetType", "GRID"),
        "gridProperties": grid,
    }
    return result | {name: part for name, part in own.items() if name not in result}


def shown_range(given: GridRange) -> GridRange:
    """A range as the API prints it: proto3 drops the id of the first tab, which is zero."""
    return given if given.get("sheetId") else {k: v for k, v in given.items() if k != "sheetId"}


def shown(node: Any) -> Any:
    """A resource with all its ranges as the API prints them."""
    if isinstance(node, list):
        return [shown(item) for item in node]
    if not isinstance(node, dict):
        return node
    result = {name: shown(item) for name, item in node.items()}
    if "startRowIndex" in node or "startColumnIndex" in node:
        return shown_range(result)
    if "anchorCell" in result:
        result["anchorCell"] = {name: part for name, part in result["anchorCell"].items() if part}
    return result


def _sheet(
    book: Book, sheet: Sheet, boxes: list[Box], mask: masks.Mask | None, now: datetime, *, grid_data: bool
) -> dict[str, Any]:
    result: dict[str, Any] = {"properties": sheet_properties(sheet)}
    if grid_data and masks.wants(mask, "data"):
        below = masks.below(mask, "data")
        painter = Painter(book, sheet, below, now, boxes)
        result["data"] = [painter.grid(box) for box in boxes]
    for name, items in (
        ("merges", sheet.merges),
        ("conditionalFormats", sheet.conditional_formats),
        ("filterViews", sheet.filter_views),
        ("protectedRanges", sheet.protected_ranges),
        ("charts", sheet.charts),
        ("bandedRanges", sheet.banded_ranges),
        ("rowGroups", sheet.row_groups),
        ("columnGroups", sheet.column_groups),
    ):
        if items and masks.wants(mask, name):
            result[name] = shown(items)
    if "protectedRanges" in result:
        result["protectedRanges"] = [_with_owner(item, book.owner) for item in result["protectedRanges"]]
    for name in ("rowGroups", "columnGroups"):
        if name in result:
            result[name] = [group | {"range": shown_range(group["range"])} for group in result[name]]
    if sheet.basic_filter:
        result["basicFilter"] = shown(sheet.basic_filter) | {
            "range": shown_range(sheet.basic_filter["range"])
        }
    if masks.wants(mask, "developerMetadata"):
        own = [
            key
            for key, entry in book.metadata.items()
            if entry["kind"] == "sheet" and entry["sheetId"] == sheet.sheet_id
        ]
        if own:
            result["developerMetadata"] = [metadata.resource(book, key) for key in own]
    return result


def _with_owner(item: dict[str, Any], owner: str) -> dict[str, Any]:
    """A protected range as read: the owner can always edit, and is listed first (recorded)."""
    if item.get("warningOnly"):
        return item
    editors = item.get("editors", {})
    users = [owner, *(user for user in editors.get("users", []) if user != owner)]
    return item | {"editors": {"users": users} | {k: v for k, v in editors.items() if k != "users"}}


class Painter:
    """Builds the cells of one tab, computing only what *mask* (of ``GridData``) wants."""

    def __init__(
        self, book: Book, sheet: Sheet, mask: masks.Mask | None, now: datetime, boxes: list[Box]
    ) -> None:
        self._book, self._sheet, self._mask, self._now = book, sheet, mask, now
        cell = masks.below(mask, "rowData", "values")
        self._wants_cells = masks.wants(mask, "rowData")
        self._wants_values = _wants_values(cell)
        self._wants_shown = masks.wants(cell, "formattedValue")
        self._wants_format = masks.wants(cell, "effectiveFormat")
        self._wants_hyperlink = masks.wants(cell, "hyperlink")
        self._stored = tuple(
            name
            for name in (
                "userEnteredValue",
                "userEnteredFormat",
                "note",
                "dataValidation",
                "textFormatRuns",
                "chipRuns",
                "pivotTable",
            )
            if masks.wants(cell, name)
        )
        self._entered = frozenset(self._stored) | {"userEnteredValue"}
        self._only_entered = not (self._wants_format or self._wants_hyperlink)
        self._locale: Locale = locale(book.locale)
        self._computed: dict[tuple[int, int], Any] = {}
        if self._wants_cells and (self._wants_values or self._wants_format) and formulas.has_formulas(book):
            self._computed = formulas.results(book, now).cells.get(sheet.sheet_id, {})
        self._conditional = (
            Conditional(book, sheet, now, self.value_at, boxes) if self._wants_format else None
        )
        self._formats: dict[tuple[int, int], dict[str, Any]] = {}

    def value_at(self, row: int, column: int) -> dict[str, Any] | None:
        """The effective value of a cell."""
        value = self._sheet.cell(row, column).get("userEnteredValue")
        if value is not None and "formulaValue" not in value:
            return value
        return self._computed.get((row, column))

    def grid(self, box: Box) -> dict[str, Any]:
        """``GridData`` of a rectangle."""
        result: dict[str, Any] = {}
        if box.top:
            result["startRow"] = box.top
        if box.left:
            result["startColumn"] = box.left
        if self._wants_cells:
            rows = self._rows(box)
            if rows:
                result["rowData"] = rows
        for name, dimension, start, end in (
            ("rowMetadata", "ROWS", box.top, box.bottom),
            ("columnMetadata", "COLUMNS", box.left, box.right),
        ):
            if masks.wants(self._mask, name):
                lines = self._sheet.lines(dimension)[start:end]
                result[name] = [self._line(line, dimension) for line in lines]
        return result

    def _line(self, line: Line, dimension: str) -> dict[str, Any]:
        result: dict[str, Any] = {"pixelSize": DEFAULT_PIXELS[dimension]} | (line.properties or {})
        if line.metadata:
            result["developerMetadata"] = [metadata.resource(self._book, key) for key in line.metadata]
        return result

    def _rows(self, box: Box) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        kept = 0
        extra = self._conditional.painted_box() if self._conditional else None
        spill = self._spill_edges()
        computed = {row for row, _ in self._computed}
        for index in range(box.top, box.bottom):
            line = self._sheet.rows[index]
            if self._only_entered and index not in computed and not self._is_entered(line.cells):
                # Most rows of a formatted tab are empty, and most callers do not ask for formats.
                rows.append({})
                continue
            right = max(len(line.cells), spill.get(index, 0))
            if extra and extra.top <= index < extra.bottom:
                right = max(right, extra.right)
            cells = [self._cell(index, column) for column in range(box.left, min(right, box.right))]
            while cells and not cells[-1]:
                cells.pop()
            rows.append({"values": cells} if cells else {})
            if cells:
                kept = len(rows)
        return rows[:kept]

    def _is_entered(self, cells: list[Cell]) -> bool:
        """Whether one of the cells has a field that the caller asked for."""
        entered = self._entered
        return any(not entered.isdisjoint(cell) for cell in cells)

    def _spill_edges(self) -> dict[int, int]:
        edges: dict[int, int] = {}
        for row, column in self._computed:
            edges[row] = max(edges.get(row, 0), column + 1)
        return edges

    def _cell(self, row: int, column: int) -> Cell:
        cell = self._sheet.cell(row, column)
        if self._only_entered and not (self._entered & cell.keys() or (row, column) in self._computed):
            return {}
        result = {name: cell[name] for name in self._stored if name in cell} if cell else {}
        value = None
        if self._wants_values or self._wants_format:
            value = cell.get("userEnteredValue")
            if value is None or "formulaValue" in value:
                value = self._computed.get((row, column))
        if value is not None:
            result["effectiveValue"] = value
            if self._wants_shown:
                result["formattedValue"] = shown_value(value, cell, self._locale)
        if self._wants_hyperlink and (link := hyperlink_of(cell)):
            result["hyperlink"] = link
        if self._conditional is not None:
            painted = self._conditional.format_at(row, column)
            if cell or painted or value is not None:
                result["effectiveFormat"] = self._effective(cell, painted)
        return result

    def _effective(self, cell: Cell, painted: dict[str, Any] | None) -> dict[str, Any]:
        own = cell.get("userEnteredFormat")
        key = (id(own) if own else 0, id(painted) if painted else 0)
        found = self._formats.get(key)
        if found is None:
            found = DEFAULT_FORMAT | {"hyperlinkDisplayType": "PLAIN_TEXT"}
            layers = [self._conditional.banding_part(painted), own, self._conditional.rule_part(painted)]  # type: ignore[union-attr]
            for layer in layers:
                if layer:
                    text = found["textFormat"] | layer.get("textFormat", {})
                    found = found | layer | {"textFormat": text}
            self._formats[key] = found
        return found


def shown_value(value: dict[str, Any], cell: Cell, own_locale: Locale) -> str:
    """The text in the cell."""
    if "errorValue" in value:
        return ERROR_TEXTS.get(value["errorValue"]["type"], "#ERROR!")
    raw = next(iter(value.values()))
    number_format = cell.get("userEnteredFormat", {}).get("numberFormat") or formulas.implied_format(cell)
    return formats.show(raw, number_format, own_locale)


def hyperlink_of(cell: Cell) -> str | None:
    """The link of a cell: of a HYPERLINK formula with a literal address, or of its text format."""
    if not cell:
        return None
    formula = cell.get("userEnteredValue", {}).get("formulaValue")
    if formula:
        match = formulas.LITERAL_HYPERLINK.match(formula)
        if match:
            return match[1].replace('""', '"')
    return cell.get("userEnteredFormat", {}).get("textFormat", {}).get("link", {}).get("uri")
