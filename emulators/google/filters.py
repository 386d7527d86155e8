"""Finds the cells that a call names: A1 texts, grid ranges, data filters."""

from __future__ import annotations

from typing import Any, NoReturn

from emulators.google import metadata
from emulators.google.a1 import (
    Bounds,
    Box,
    GridRange,
    bounds_of,
    format_box,
    grid_range,
    parse_bounds,
    split_title,
)
from emulators.google.errors import invalid
from emulators.google.models import Book, Sheet


class Area:
    """A rectangle of a tab: as requested, and clipped to the grid."""

    def __init__(self, sheet: Sheet, bounds: Bounds) -> None:
        self.sheet = sheet
        self.bounds = bounds
        self.box = sheet.box(bounds)
        self.rows_written = 0
        self.columns_written = 0

    @property
    def a1(self) -> str:
        """As the API prints it."""
        return format_box(self.sheet.title, self.box)

    def require_inside(self) -> Area:
        """Refuse an area that begins or ends outside the grid, with Google's message."""
        _, _, bottom, right = (value or 0 for value in self.bounds)
        ends_outside = bottom > len(self.sheet.rows) or right > len(self.sheet.columns)
        return self._refuse() if ends_outside else self.require_start_inside()

    def require_start_inside(self) -> Area:
        """Refuse an area that begins outside the grid; one that only ends outside is clipped."""
        top, left, _, _ = (value or 0 for value in self.bounds)
        if top >= len(self.sheet.rows) or left >= len(self.sheet.columns):
            return self._refuse()
        return self

    def _refuse(self) -> NoReturn:
        rows, columns = len(self.sheet.rows), len(self.sheet.columns)
        top, left, bottom, right = (value or 0 for value in self.bounds)
        asked = Box(top, left, max(bottom, top + 1), max(right, left + 1))
        if self.bounds.bottom is None:
            asked = asked._replace(bottom=max(rows, top + 1))
        if self.bounds.right is None:
            asked = asked._replace(right=max(columns, left + 1))
        raise invalid(
            f"Range ({format_box(self.sheet.title, asked)}) exceeds grid limits. "
            f"Max rows: {rows}, max columns: {columns}"
        )


def from_a1(book: Book, text: str) -> Area:
    """The area that a text names: ``Sheet1!A1:B2``, ``Sheet1``, ``A1``, or a named range.

    Raises
    ------
    BadRequestError
        ``Unable to parse range: …``.
    """
    title, rest = split_title(text)
    if title is None:
        return _unqualified(book, text)
    sheet = book.by_title(title)
    if sheet is None:
        raise _unparsable(text)
    if rest is None:
        return Area(sheet, Bounds(None, None, None, None))
    bounds = parse_bounds(rest)
    if bounds is not None:
        return Area(sheet, bounds)
    named = _named(book, rest)
    if named is None:
        raise _unparsable(text)
    return named


def _unqualified(book: Book, text: str) -> Area:
    # A tab's title has priority over a cell of the same name: recorded with a tab called "A1".
    sheet = book.by_title(text)
    if sheet is not None:
        return Area(sheet, Bounds(None, None, None, None))
    bounds = parse_bounds(text)
    if bounds is not None:
        return Area(book.sheets[0], bounds)
    named = _named(book, text)
    if named is None:
        raise _unparsable(text)
    return named


def _named(book: Book, name: str) -> Area | None:
    for named in book.named_ranges:
        if named["name"].casefold() == name.casefold():
            return Area(book.sheet(named["range"].get("sheetId", 0)), bounds_of(named["range"]))
    return None


def _unparsable(text: str) -> Exception:
    return invalid(f"Unable to parse range: {text}")


def from_grid_range(book: Book, given: GridRange) -> Area:
    """The area of a grid range of a request."""
    return Area(book.sheet(given.get("sheetId", 0)), check_bounds(given))


def check_bounds(given: GridRange) -> Bounds:
    """The bounds of a grid range; refused if they are negative or in the wrong order."""
    bounds = bounds_of(given)
    for name, value in zip(
        ("startRowIndex", "startColumnIndex", "endRowIndex", "endColumnIndex"), bounds, strict=True
    ):
        if value is not None and value < 0:
            raise invalid(f"{name}[{value}] must be greater than or equal to zero.")
    if bounds.bottom is not None and (bounds.top or 0) > bounds.bottom:
        raise invalid(f"endRowIndex[{bounds.bottom}] must be after startRowIndex[{bounds.top or 0}].")
    if bounds.right is not None and (bounds.left or 0) > bounds.right:
        raise invalid(f"endColumnIndex[{bounds.right}] must be after startColumnIndex[{bounds.left or 0}].")
    return bounds


def resolve(book: Book, data_filter: dict[str, Any]) -> list[Area]:
    """Every area that a data filter selects."""
    kinds = [name for name in ("developerMetadataLookup", "a1Range", "gridRange") if name in data_filter]
    if len(kinds) != 1:
        raise invalid(
            "Exactly one of developerMetadataLookup, a1Range and gridRange must be set in a dataFilter."
        )
    if kinds[0] == "a1Range":
        return [from_a1(book, data_filter["a1Range"])]
    if kinds[0] == "gridRange":
        return [from_grid_range(book, data_filter["gridRange"])]
    areas = []
    for metadata_id in metadata.lookup(book, data_filter["developerMetadataLookup"]):
        covered = metadata.covered_range(book, metadata_id)
        if covered is not None:
            areas.append(from_grid_range(book, covered))
        else:
            areas.extend(from_grid_range(book, {"sheetId": sheet.sheet_id}) for sheet in book.sheets)
    return areas


def metadata_ids(book: Book, data_filter: dict[str, Any]) -> list[int]:
    """Ids of the developer metadata that a data filter selects."""
    if "developerMetadataLookup" in data_filter:
        return metadata.lookup(book, data_filter["developerMetadataLookup"])
    area = resolve(book, data_filter)[0]
    wanted = grid_range(area.sheet.sheet_id, area.box)
    return [key for key in sorted(book.metadata) if metadata.meets_range(book, key, wanted)]
