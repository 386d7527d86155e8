"""Developer metadata: its places, lookups, and unique ids within a workbook."""

from __future__ import annotations

from typing import Any

from emulators.google.a1 import Bounds, GridRange, grid_range
from emulators.google.errors import BadRequestError, invalid
from emulators.google.models import Book, Line, Sheet

LOCATION_TYPES = {"spreadsheet": "SPREADSHEET", "sheet": "SHEET", "ROWS": "ROW", "COLUMNS": "COLUMN"}

LIMIT_CHARACTERS = 30_000
"""Characters of keys and values in the workbook, and again in each tab (Google's metadata guide)."""

Where = dict[str, Any]
"""``{"kind": "ROWS", "sheetId": 5, "index": 3}``; kind as in ``LOCATION_TYPES``."""


def resource(book: Book, metadata_id: int, where: Where | None = None) -> dict[str, Any]:
    """One piece of metadata as the API returns it; *where* is its place, if the caller knows it."""
    entry = book.metadata[metadata_id]
    result = {"metadataId": metadata_id, "metadataKey": entry["key"]}
    if entry.get("value"):
        result["metadataValue"] = entry["value"]
    return result | {
        "location": location(where or place(book, metadata_id)),
        "visibility": entry["visibility"],
    }


def place(book: Book, metadata_id: int) -> Where:
    """Where a piece of metadata is now."""
    entry = book.metadata[metadata_id]
    kind = entry["kind"]
    where: Where = {"kind": kind}
    if kind != "spreadsheet":
        where["sheetId"] = entry["sheetId"]
    if kind in ("ROWS", "COLUMNS"):
        where["index"] = book.sheet(entry["sheetId"]).positions(kind)[metadata_id]
    return where


def location(where: Where) -> dict[str, Any]:
    """A place as a ``DeveloperMetadataLocation``."""
    result: dict[str, Any] = {"locationType": LOCATION_TYPES[where["kind"]]}
    if where["kind"] == "spreadsheet":
        return result | {"spreadsheet": True}
    if where["kind"] == "sheet":
        return result | {"sheetId": where["sheetId"]}
    span = {"dimension": where["kind"], "startIndex": where["index"], "endIndex": where["index"] + 1}
    if where["sheetId"]:
        span = {"sheetId": where["sheetId"]} | span
    return result | {"dimensionRange": span}


def read_location(book: Book, given: dict[str, Any]) -> Where:
    """The place from a ``DeveloperMetadataLocation`` of a request."""
    kinds = [name for name in ("spreadsheet", "sheetId", "dimensionRange") if name in given]
    if len(kinds) != 1:
        raise invalid("Exactly one of spreadsheet, sheetId and dimensionRange must be set in location.")
    if kinds[0] == "spreadsheet":
        return {"kind": "spreadsheet"}
    if kinds[0] == "sheetId":
        return {"kind": "sheet", "sheetId": book.sheet(given["sheetId"]).sheet_id}
    span = given["dimensionRange"]
    sheet = book.sheet(span.get("sheetId", 0))
    dimension = span.get("dimension")
    if dimension not in ("ROWS", "COLUMNS"):
        raise invalid("dimensionRange.dimension must be specified.")
    start, end = span.get("startIndex", 0), span.get("endIndex")
    if end is None or end != start + 1:
        raise invalid("dimensionRange must represent a single row or column.")
    if not 0 <= start < len(sheet.lines(dimension)):
        raise invalid(f"dimensionRange is outside the grid: startIndex {start}.")
    return {"kind": dimension, "sheetId": sheet.sheet_id, "index": start}


def create(book: Book, metadata_id: int, key: str, value: str, visibility: str, where: Where) -> None:
    """Add a piece of metadata."""
    if metadata_id in book.metadata:
        raise in_use(metadata_id)
    entry = {"key": key, "value": value, "visibility": visibility, "kind": where["kind"]}
    if "sheetId" in where:
        entry["sheetId"] = where["sheetId"]
    book.metadata[metadata_id] = entry
    if "index" in where:
        attach(book.sheet(where["sheetId"]), where["kind"], where["index"], metadata_id)


def in_use(metadata_id: int) -> BadRequestError:
    """The refusal of an id that other metadata has."""
    return invalid(f"The metadata ID {metadata_id} is already in use.")


def attach(sheet: Sheet, dimension: str, index: int, metadata_id: int) -> None:
    """Attach a piece of metadata to a row or column."""
    line = sheet.lines(dimension)[index]
    line.metadata = (*line.metadata, metadata_id)
    sheet.note_position(dimension, metadata_id, index)


def detach(book: Book, metadata_id: int) -> None:
    """Detach a piece of metadata from its row or column."""
    where = place(book, metadata_id)
    if "index" in where:
        sheet = book.sheet(where["sheetId"])
        line = sheet.lines(where["kind"])[where["index"]]
        line.metadata = tuple(other for other in line.metadata if other != metadata_id)
        sheet.note_position(where["kind"], metadata_id, None)


def delete(book: Book, metadata_id: int) -> None:
    """Remove a piece of metadata."""
    detach(book, metadata_id)
    del book.metadata[metadata_id]


def lines_removed(book: Book, lines: list[Line]) -> None:
    """Delete the metadata of removed rows or columns."""
    for line in lines:
        for metadata_id in line.metadata:
            del book.metadata[metadata_id]


def sheet_removed(book: Book, sheet: Sheet) -> None:
    """Delete the metadata of a removed tab."""
    book.metadata = {
        key: entry for key, entry in book.metadata.items() if entry.get("sheetId") != sheet.sheet_id
    }


def check_size(book: Book) -> None:
    """Refuse more metadata than Google's limit, which applies to the workbook and to each tab."""
    sizes: dict[int | None, int] = {}
    for entry in book.metadata.values():
        owner = entry.get("sheetId")
        sizes[owner] = sizes.get(owner, 0) + len(entry["key"]) + len(entry["value"])
    if max(sizes.values(), default=0) > LIMIT_CHARACTERS:
        raise invalid(f"Developer metadata exceeds the limit of {LIMIT_CHARACTERS} characters.")


# Lookups


def lookup(book: Book, wanted: dict[str, Any]) -> list[int]:
    """Ids of the metadata that a ``DeveloperMetadataLookup`` selects, lowest first."""
    near = read_location(book, wanted["metadataLocation"]) if "metadataLocation" in wanted else None
    exact = wanted.get("locationMatchingStrategy") == "EXACT_LOCATION"
    _check_lookup(wanted, near, exact=exact)
    if "metadataId" in wanted:
        candidates = [wanted["metadataId"]] if wanted["metadataId"] in book.metadata else []
    else:
        candidates = sorted(book.metadata)
    return [key for key in candidates if _matches(book, key, wanted, near, exact=exact)]


def _check_lookup(wanted: dict[str, Any], near: Where | None, *, exact: bool) -> None:
    """Refuse combinations that the description of ``DeveloperMetadataLookup`` excludes."""
    if "locationMatchingStrategy" in wanted and near is None:
        raise invalid("locationMatchingStrategy requires metadataLocation in a lookup.")
    kind = wanted.get("locationType")
    if kind is None:
        return
    if exact:
        raise invalid("locationType must not be set in a lookup with EXACT_LOCATION.")
    if kind == "SPREADSHEET" and near is not None:
        raise invalid("locationType SPREADSHEET intersects no other location.")


def _matches(book: Book, key: int, wanted: dict[str, Any], near: Where | None, *, exact: bool) -> bool:
    entry = book.metadata[key]
    if wanted.get("metadataKey", entry["key"]) != entry["key"]:
        return False
    if wanted.get("metadataValue", entry["value"]) != entry["value"]:
        return False
    if wanted.get("visibility", entry["visibility"]) != entry["visibility"]:
        return False
    if wanted.get("locationType", LOCATION_TYPES[entry["kind"]]) != LOCATION_TYPES[entry["kind"]]:
        return False
    if near is None:
        return True
    here = place(book, key)
    return here == near if exact else _intersect(here, near)


def _intersect(first: Where, second: Where) -> bool:
    if "spreadsheet" in (first["kind"], second["kind"]):
        # Metadata of the workbook intersects no location on a tab: seen live by others, and documented.
        return first["kind"] == second["kind"]
    if first["sheetId"] != second["sheetId"]:
        return False
    # Two different rows do not intersect; a row intersects every column.
    return first["kind"] != second["kind"] or first.get("index") == second.get("index")


def covered_range(book: Book, metadata_id: int) -> GridRange | None:
    """The cells of the row, column or tab with the metadata; ``None`` for metadata of the workbook."""
    where = place(book, metadata_id)
    if where["kind"] == "spreadsheet":
        return None
    if where["kind"] == "sheet":
        return {"sheetId": where["sheetId"]}
    index = where["index"]
    bounds = (
        Bounds(index, None, index + 1, None)
        if where["kind"] == "ROWS"
        else Bounds(None, index, None, index + 1)
    )
    return grid_range(where["sheetId"], bounds)


def meets_range(book: Book, metadata_id: int, wanted: GridRange) -> bool:
    """Whether the metadata is on a row, column or tab that has cells in *wanted*."""
    mine = covered_range(book, metadata_id)
    if mine is None or mine["sheetId"] != wanted.get("sheetId", 0):
        return False
    sheet = book.sheet(mine["sheetId"])
    return sheet.box(mine).meets(sheet.box(wanted))
