"""Requests about tabs and the workbook itself."""

from __future__ import annotations

from typing import Any

from emulators.google import cells, grid, masks, metadata, spreadsheets
from emulators.google.batch.cells import check_frozen_edge
from emulators.google.batch.registry import Batch, Reply, Request, request
from emulators.google.errors import NotModelledError, invalid
from emulators.google.locales import locale
from emulators.google.models import Book, Sheet
from emulators.google.references import drop_sheet, rename_sheet
from emulators.google.relocate import change_formulas, deletion, lines_changed


@request("addSheet")
def add_sheet(batch: Batch, body: Request) -> Reply:
    """A new tab."""
    sheet = spreadsheets.add_sheet(batch.store, batch.book, body.get("properties", {}))
    return {"properties": grid.sheet_properties(sheet)}


@request("deleteSheet")
def delete_sheet(batch: Batch, body: Request) -> None:
    """Delete a tab with everything on it."""
    sheet = batch.book.find(body.get("sheetId", 0))
    if sheet is None:
        raise invalid(f"No sheet with id: {body.get('sheetId', 0)}")
    remove_sheet(batch.book, sheet)


def remove_sheet(book: Book, sheet: Sheet) -> None:
    """Delete a tab and update everything that refers to it."""
    if len(book.sheets) == 1:
        raise invalid("You can't remove all the sheets in a document.")
    if all(other.properties.get("hidden") for other in book.sheets if other is not sheet):
        raise invalid("You can't remove all the visible sheets in a document.")
    metadata.sheet_removed(book, sheet)
    book.sheets.remove(sheet)
    book.named_ranges = [n for n in book.named_ranges if n["range"].get("sheetId", 0) != sheet.sheet_id]
    for other in book.sheets:
        change_formulas(other, lambda text: drop_sheet(text, sheet.title))
    book.renumber()


@request("duplicateSheet")
def duplicate_sheet(batch: Batch, body: Request) -> Reply:
    """A copy of a tab; developer metadata is not copied, because its ids are unique."""
    book = batch.book
    source = book.find(body.get("sourceSheetId", 0))
    if source is None:
        raise invalid(f"No sheet with id: {body.get('sourceSheetId', 0)}")
    title = body.get("newSheetName")
    if title is not None:
        spreadsheets.check_title(book, title)
    new_id = body.get("newSheetId")
    if new_id is not None and new_id in book.ids_in_use():
        raise invalid(f"Sheet ID {new_id} is already in use, please specify another ID.")
    copy = spreadsheets.copy_sheet(batch.store, source, book, title, new_id)
    move_sheet(book, copy, body.get("insertSheetIndex", 0), after_removal=True)
    return {"properties": grid.sheet_properties(copy)}


def move_sheet(book: Book, sheet: Sheet, index: int, *, after_removal: bool = False) -> None:
    """Move a tab; *index* is counted before the move, or with *after_removal* after its removal."""
    old = book.sheets.index(sheet)
    book.sheets.remove(sheet)
    # Recorded: the index of a tab that moves to the right includes its old place.
    at = index - 1 if not after_removal and index > old else index
    book.sheets.insert(min(max(at, 0), len(book.sheets)), sheet)
    book.renumber()


@request("updateSheetProperties")
def update_sheet_properties(batch: Batch, body: Request) -> None:
    """Change the title, place, size, colour or visibility of a tab."""
    mask = batch.mask("SheetProperties", body.get("fields"))
    given = body.get("properties", {})
    sheet = batch.book.find(given.get("sheetId", 0))
    if sheet is None:
        raise invalid(f"No sheet with id: {given.get('sheetId', 0)}")
    if "sheetId" in mask:
        raise invalid("sheetId is not a mutable field.")
    everything = "*" in mask
    if "title" in mask or (everything and "title" in given):
        set_title(batch.book, sheet, given.get("title", ""))
    if "gridProperties" in mask or (everything and "gridProperties" in given):
        _set_grid(batch, sheet, given.get("gridProperties", {}), mask.get("gridProperties"))
    _set_plain(sheet, given, dict.fromkeys(given) if everything else mask)
    if all(other.properties.get("hidden") for other in batch.book.sheets):
        raise invalid("You can't hide all the sheets in a document.")
    if "index" in mask or (everything and "index" in given):
        index = given.get("index", 0)
        if not 0 <= index <= len(batch.book.sheets):
            raise invalid(f"index[{index}] must be between 0 and {len(batch.book.sheets)}.")
        move_sheet(batch.book, sheet, index)


def _set_plain(sheet: Sheet, given: dict[str, Any], mask: masks.Mask) -> None:
    """Set the properties that need no further change: visibility, colour, direction."""
    special = ("title", "index", "gridProperties", "sheetId", "*", "sheetType")
    rest = {name: inner for name, inner in mask.items() if name not in special}
    if rest:
        # Both fields of the tab's colour change together; a null colour removes it.
        color_mask = cells.with_color_twins({k: v for k, v in rest.items() if k != "tabColor"}) or {}
        if "tabColor" in rest or "tabColorStyle" in rest:
            color_mask |= {"tabColor": None, "tabColorStyle": None}
        clean = cells.both_spellings(given, "tabColor")
        if not given.get("tabColor") and not given.get("tabColorStyle"):
            clean = {k: v for k, v in clean.items() if k not in ("tabColor", "tabColorStyle")}
        changed = masks.update(sheet.properties, clean, color_mask)
        sheet.properties = {name: part for name, part in changed.items() if part is not False}


def set_title(book: Book, sheet: Sheet, title: str) -> None:
    """Rename a tab and the references to it."""
    spreadsheets.check_title(book, title, but=sheet)
    old = sheet.title
    sheet.properties = sheet.properties | {"title": title}
    for other in book.sheets:
        change_formulas(other, lambda text: rename_sheet(text, old, title))


def _set_grid(batch: Batch, sheet: Sheet, given: dict[str, Any], mask: masks.Mask | None) -> None:
    names = list(given) if mask is None or "*" in mask else list(mask)
    for dimension, name in (("ROWS", "rowCount"), ("COLUMNS", "columnCount")):
        if name in names:
            _resize(batch.book, sheet, dimension, given.get(name, 0))
    own = {
        name: part for name, part in sheet.properties.get("gridProperties", {}).items() if name not in names
    }
    own |= {
        name: given[name] for name in names if given.get(name) and name not in ("rowCount", "columnCount")
    }
    for name, dimension, noun in (
        ("frozenRowCount", "ROWS", "rows"),
        ("frozenColumnCount", "COLUMNS", "columns"),
    ):
        if own.get(name, 0) >= len(sheet.lines(dimension)):
            raise invalid(f"You can't freeze all visible {noun} on the sheet.")
    sheet.properties = {name: part for name, part in sheet.properties.items() if name != "gridProperties"} | (
        {"gridProperties": own} if own else {}
    )
    for merge in sheet.merges:
        check_frozen_edge(sheet, sheet.box(merge))


def _resize(book: Book, sheet: Sheet, dimension: str, count: int) -> None:
    if count < 1:
        noun = "row" if dimension == "ROWS" else "column"
        raise invalid(f"gridProperties.{noun}Count must be greater than zero.")
    lines = sheet.lines(dimension)
    if count > len(lines):
        sheet.insert(dimension, len(lines), count - len(lines))
        book.check_size()
    elif count < len(lines):
        old = len(lines)
        metadata.lines_removed(book, sheet.remove(dimension, count, old))
        lines_changed(book, sheet, dimension, deletion(count, old))


_MUTABLE = ("title", "locale", "autoRecalc", "timeZone", "iterativeCalculationSettings", "spreadsheetTheme")


@request("updateSpreadsheetProperties")
def update_spreadsheet_properties(batch: Batch, body: Request) -> None:
    """Change the title, locale or time zone of the workbook."""
    mask = batch.mask("SpreadsheetProperties", body.get("fields"))
    given = body.get("properties", {})
    names = list(given) if "*" in mask else list(mask)
    if "defaultFormat" in names:
        raise NotModelledError("a change of properties.defaultFormat")
    if "title" in names and not given.get("title"):
        raise invalid("properties.title must not be empty.")
    if "locale" in names:
        locale(given.get("locale", ""))
    if "timeZone" in names:
        spreadsheets.check_time_zone(given.get("timeZone", ""))
    changed = {name: given[name] for name in names if name in given and name in _MUTABLE}
    batch.book.properties = batch.book.properties | changed
