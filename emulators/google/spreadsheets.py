"""Creates and copies workbooks and tabs."""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from typing import Any
from zoneinfo import available_timezones

from emulators.google import cells, metadata, rule_checks
from emulators.google.errors import NotModelledError, invalid
from emulators.google.locales import locale
from emulators.google.models import DEFAULT_COLUMNS, DEFAULT_ROWS, Book, Sheet
from emulators.google.store import Store

SPREADSHEET = "application/vnd.google-apps.spreadsheet"
DEFAULT_TITLE = "Untitled spreadsheet"
MAX_TITLE = 100
"""Characters of a tab's title; the refusal quotes the limit."""


def new_file(store: Store, file_id: str, name: str, mime_type: str) -> dict[str, Any]:
    """A file of Drive with the fields of every file."""
    now = store.timestamp()
    file = {
        "kind": "drive#file",
        "id": file_id,
        "name": name,
        "mimeType": mime_type,
        "parents": ["root"],
        "createdTime": now,
        "modifiedTime": now,
        "trashed": False,
        "starred": False,
        "version": "1",
        "permissions": [
            {
                "kind": "drive#permission",
                "id": permission_id("user", store.behaviour.account),
                "type": "user",
                "emailAddress": store.behaviour.account,
                "role": "owner",
            }
        ],
    }
    store.files[file_id] = file
    return file


def permission_id(kind: str, who: str) -> str:
    """The id that Drive gives to a person or group: the same on every file."""
    if kind == "anyone":
        return "anyoneWithLink"
    digest = hashlib.sha256(f"{kind}:{who.casefold()}".encode()).digest()
    return f"{int.from_bytes(digest[:8], 'big') % 10**20:020d}"


def create(store: Store, body: dict[str, Any]) -> Book:
    """Create a workbook from a ``Spreadsheet`` resource."""
    given = {"title": DEFAULT_TITLE, "locale": "en_US", "timeZone": "Etc/GMT"} | body.get("properties", {})
    locale(given["locale"])
    check_time_zone(given["timeZone"])
    book = Book(body.get("spreadsheetId") or store.new_file_id(), given, owner=store.behaviour.account)
    for raw in body.get("sheets") or [{}]:
        _add_from_resource(store, book, raw)
    book.named_ranges = []
    for named in body.get("namedRanges", []):
        book.named_ranges.append(
            named
            | {
                "namedRangeId": named.get("namedRangeId") or str(store.new_number()),
                "range": {"sheetId": 0} | named["range"],
            }
        )
    for entry in body.get("developerMetadata", []):
        _add_metadata(store, book, entry, {"kind": "spreadsheet"})
    _check_rules(book)
    new_file(store, book.spreadsheet_id, given["title"], SPREADSHEET)
    store.books[book.spreadsheet_id] = book
    return book


def _check_rules(book: Book) -> None:
    """Refuse rules that ``batchUpdate`` refuses too."""
    seen: set[int] = set()
    for sheet in book.sheets:
        for rule in sheet.conditional_formats:
            if "booleanRule" in rule:
                rule_checks.check_format_rule(book, rule["booleanRule"], sheet.title)
            elif "gradientRule" in rule:
                rule_checks.check_gradient(book, rule["gradientRule"], sheet.title)
        for line in sheet.rows:
            for cell in line.cells:
                rule = cell.get("dataValidation")
                if rule is not None and id(rule) not in seen:
                    seen.add(id(rule))
                    rule_checks.clean_validation(book, rule)


def check_time_zone(name: str) -> None:
    """Refuse a time zone that is neither in the database nor an offset such as ``GMT-07:00``."""
    if name not in _time_zones() and not _OFFSET.fullmatch(name):
        raise invalid(f"Invalid value for timeZone: {name}")


_OFFSET = re.compile(r"GMT[+-](0?[0-9]|1[0-4]):[0-5][0-9]")


@lru_cache(maxsize=1)
def _time_zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _add_from_resource(store: Store, book: Book, raw: dict[str, Any]) -> None:
    properties = dict(raw.get("properties", {}))
    if "sheetId" not in properties and not book.sheets:
        properties["sheetId"] = 0
    sheet = add_sheet(store, book, properties)
    sheet_id = sheet.sheet_id

    def own(item: dict[str, Any]) -> dict[str, Any]:
        return item | {"range": {"sheetId": sheet_id} | item["range"]} if "range" in item else item

    for data in raw.get("data", []):
        _load_grid_data(store, book, sheet, data)
    sheet.merges = [{"sheetId": sheet_id} | merge for merge in raw.get("merges", [])]
    sheet.conditional_formats = [
        rule | {"ranges": [{"sheetId": sheet_id} | part for part in rule.get("ranges", [])]}
        for rule in raw.get("conditionalFormats", [])
    ]
    for attribute, name, key in (
        ("protected_ranges", "protectedRanges", "protectedRangeId"),
        ("banded_ranges", "bandedRanges", "bandedRangeId"),
        ("filter_views", "filterViews", "filterViewId"),
        ("charts", "charts", "chartId"),
    ):
        items = [
            own(item) | {key: item.get(key) or store.new_number(book.ids_in_use())}
            for item in raw.get(name, [])
        ]
        setattr(sheet, attribute, items)
    sheet.row_groups = [own(group) for group in raw.get("rowGroups", [])]
    sheet.column_groups = [own(group) for group in raw.get("columnGroups", [])]
    if "basicFilter" in raw:
        sheet.basic_filter = own(raw["basicFilter"])
    for entry in raw.get("developerMetadata", []):
        _add_metadata(store, book, entry, {"kind": "sheet", "sheetId": sheet_id})


def _load_grid_data(store: Store, book: Book, sheet: Sheet, data: dict[str, Any]) -> None:
    top, left = data.get("startRow", 0), data.get("startColumn", 0)
    rows = data.get("rowData", [])
    width = max((len(row.get("values", [])) for row in rows), default=0)
    for dimension, needed in (("ROWS", top + len(rows)), ("COLUMNS", left + width)):
        lines = sheet.lines(dimension)
        if needed > len(lines):
            sheet.insert(dimension, len(lines), needed - len(lines))
    for r, row in enumerate(rows):
        for c, cell in enumerate(row.get("values", [])):
            clean = cells.clean_cell(cell)
            if clean:
                sheet.put(top + r, left + c, clean)
    for dimension, start, name in (("ROWS", top, "rowMetadata"), ("COLUMNS", left, "columnMetadata")):
        for index, line in enumerate(data.get(name, [])[: len(sheet.lines(dimension)) - start]):
            own = {key: part for key, part in line.items() if key in ("pixelSize", "hiddenByUser")}
            sheet.lines(dimension)[start + index].properties = own or None
            for entry in line.get("developerMetadata", []):
                where = {"kind": dimension, "sheetId": sheet.sheet_id, "index": start + index}
                _add_metadata(store, book, entry, where)


def _add_metadata(store: Store, book: Book, entry: dict[str, Any], where: metadata.Where) -> None:
    metadata.create(
        book,
        entry.get("metadataId") or store.new_number(book.metadata),
        entry.get("metadataKey", ""),
        entry.get("metadataValue", ""),
        entry.get("visibility", "DOCUMENT"),
        where,
    )


def check_title(book: Book, title: str, but: Sheet | None = None) -> None:
    """Refuse a title that another tab has, with Google's message."""
    other = book.by_title(title)
    if other is not None and other is not but:
        raise invalid(f'A sheet with the name "{title}" already exists. Please enter another name.')
    if not title:
        raise invalid("Sheet name cannot be empty.")
    if len(title) > MAX_TITLE:
        raise invalid(f"Sheet names cannot be longer than {MAX_TITLE} characters.")


def free_title(book: Book, pattern: str) -> str:
    """The first of ``Sheet1``, ``Sheet2`` … that no tab has."""
    number = 1
    while book.by_title(pattern.format(number)) is not None:
        number += 1
    return pattern.format(number)


def default_title(book: Book) -> str:
    """The title of a tab that was created without one, in the language of the workbook."""
    return free_title(book, "Лист{}" if book.locale.startswith("ru") else "Sheet{}")


def add_sheet(store: Store, book: Book, given: dict[str, Any]) -> Sheet:
    """A new tab with the given ``SheetProperties``."""
    properties = {name: part for name, part in given.items() if name not in ("index", "gridProperties")}
    if properties.get("sheetType", "GRID") != "GRID":
        raise NotModelledError(f"a sheet of the type {properties['sheetType']}")
    if "sheetId" in properties:
        if properties["sheetId"] < 0:
            raise invalid("sheetId must not be negative.")
        if properties["sheetId"] in book.ids_in_use():
            raise invalid(f"Sheet ID {properties['sheetId']} is already in use, please specify another ID.")
    else:
        properties["sheetId"] = store.new_number(book.ids_in_use())
    if "title" in properties:
        check_title(book, properties["title"])
    else:
        properties["title"] = default_title(book)
    dimensions = given.get("gridProperties", {})
    rows = dimensions.get("rowCount", DEFAULT_ROWS)
    columns = dimensions.get("columnCount", DEFAULT_COLUMNS)
    if rows < 1 or columns < 1:
        raise invalid("gridProperties.rowCount and columnCount must be greater than zero.")
    kept = grid_properties(dimensions)
    properties = clean_sheet_properties(properties) | ({"gridProperties": kept} if kept else {})
    properties["index"] = -1
    sheet = Sheet.blank(properties, rows, columns)
    at = given.get("index", len(book.sheets))
    if not 0 <= at <= len(book.sheets):
        raise invalid(f"index[{at}] must be between 0 and {len(book.sheets)}.")
    book.sheets.insert(at, sheet)
    book.renumber()
    book.check_size()
    return sheet


def grid_properties(given: dict[str, Any]) -> dict[str, Any]:
    """The stored part of ``GridProperties``: without counts, which follow from the lines, zeros and false."""
    return {name: part for name, part in given.items() if part and name not in ("rowCount", "columnCount")}


def clean_sheet_properties(properties: dict[str, Any]) -> dict[str, Any]:
    """Properties as the API returns them: both fields of the tab's colour, no false values."""
    result = cells.both_spellings(properties, "tabColor")
    return {name: part for name, part in result.items() if part is not False}


def copy_sheet(
    store: Store, sheet: Sheet, target: Book, title: str | None = None, sheet_id: int | None = None
) -> Sheet:
    """A copy of a tab at the end of *target*, without developer metadata, because its ids are unique."""
    copy = sheet.clone()
    if title is None:
        title = copy_title(target, sheet.title)
    used = target.ids_in_use()
    new_id = store.new_number(used) if sheet_id is None else sheet_id
    copy.properties = sheet.properties | {"sheetId": new_id, "title": title, "index": len(target.sheets)}
    for line in (*copy.rows, *copy.columns):
        line.metadata = ()
    _readdress(store, copy, sheet.sheet_id, new_id, used)
    target.sheets.append(copy)
    target.renumber()
    target.check_size()
    return copy


def copy_title(book: Book, title: str) -> str:
    """``Copy of X``, with a number if that title is taken."""
    russian = book.locale.startswith("ru")
    first = f"{title} (копия)" if russian else f"Copy of {title}"
    if book.by_title(first) is None:
        return first
    number = 2
    while True:
        other = f"{title} (копия {number})" if russian else f"Copy of {title} {number}"
        if book.by_title(other) is None:
            return other
        number += 1


def _readdress(store: Store, sheet: Sheet, old_id: int, new_id: int, used: set[int]) -> None:
    def walk(node: Any) -> Any:
        if isinstance(node, list):
            return [walk(item) for item in node]
        if not isinstance(node, dict):
            return node
        result = {name: walk(item) for name, item in node.items()}
        if result.get("sheetId") == old_id:
            result["sheetId"] = new_id
        return result

    for name in Sheet.LISTS:
        setattr(sheet, name, walk(getattr(sheet, name)))
    sheet.basic_filter = walk(sheet.basic_filter)
    for name, key in (
        ("protected_ranges", "protectedRangeId"),
        ("banded_ranges", "bandedRangeId"),
        ("filter_views", "filterViewId"),
        ("charts", "chartId"),
    ):
        for item in getattr(sheet, name):
            item[key] = store.new_number(used)
            used.add(item[key])
