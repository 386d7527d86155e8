"""A1 notation and grid ranges.

A grid range is a dict with ``sheetId`` and up to four half-open, zero-based bounds, as in the API. A missing
bound means unbounded.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, NamedTuple

GridRange = dict[str, Any]

_PLAIN_TITLE = re.compile(r"[^\W\d]\w*", re.ASCII)
_CELL_LIKE = re.compile(r"[A-Za-z]{1,3}[0-9]+|[Rr][0-9]*[Cc][0-9]*")
_R1C1 = re.compile(r"R([1-9][0-9]*)C([1-9][0-9]*)(?::R([1-9][0-9]*)C([1-9][0-9]*))?", re.IGNORECASE)
_PART = re.compile(r"\$?([A-Za-z]{1,3})?\$?([1-9][0-9]*)?")


class Bounds(NamedTuple):
    """A rectangle of a sheet, half-open and zero-based; ``None`` is unbounded."""

    top: int | None
    left: int | None
    bottom: int | None
    right: int | None


class Box(NamedTuple):
    """A rectangle clipped to its sheet."""

    top: int
    left: int
    bottom: int
    right: int

    @property
    def height(self) -> int:
        """Count of rows."""
        return self.bottom - self.top

    @property
    def width(self) -> int:
        """Count of columns."""
        return self.right - self.left

    def holds(self, row: int, column: int) -> bool:
        """Whether the cell is inside."""
        return self.top <= row < self.bottom and self.left <= column < self.right

    def meets(self, other: Box) -> bool:
        """Whether the two have a cell in common."""
        return (
            self.top < other.bottom
            and other.top < self.bottom
            and self.left < other.right
            and other.left < self.right
        )

    def covers(self, other: Box) -> bool:
        """Whether *other* is completely inside."""
        return (
            self.top <= other.top
            and self.left <= other.left
            and self.bottom >= other.bottom
            and self.right >= other.right
        )


@lru_cache(maxsize=4096)
def column_name(index: int) -> str:
    """0 -> ``A``, 26 -> ``AA``."""
    name = ""
    index += 1
    while index:
        index, digit = divmod(index - 1, 26)
        name = chr(65 + digit) + name
    return name


@lru_cache(maxsize=4096)
def column_index(name: str) -> int:
    """``A`` -> 0, ``AA`` -> 26."""
    index = 0
    for letter in name.upper():
        index = index * 26 + ord(letter) - 64
    return index - 1


def cell_name(row: int, column: int) -> str:
    """(1, 0) -> ``A2``."""
    return f"{column_name(column)}{row + 1}"


def quote_title(title: str) -> str:
    """The title of a tab as written before ``!``: quoted unless it is a plain word."""
    if _PLAIN_TITLE.fullmatch(title) and not _CELL_LIKE.fullmatch(title):
        return title
    return "'" + title.replace("'", "''") + "'"


def split_title(text: str) -> tuple[str | None, str | None]:
    """``'My tab'!A1`` -> (``My tab``, ``A1``). Without ``!`` the second part is ``None``."""
    if text.startswith("'"):
        match = re.match(r"'((?:[^']|'')*)'(?:!(.*))?$", text, re.DOTALL)
        if match:
            return match[1].replace("''", "'"), match[2]
    title, mark, rest = text.rpartition("!")
    if mark:
        return title, rest
    return None, text


def parse_bounds(text: str) -> Bounds | None:
    """``B2:C`` or ``R2C2:R9C3`` -> bounds, or ``None`` if the text is a range in neither notation."""
    if found := _R1C1.fullmatch(text):
        top, left, bottom, right = (int(part or 0) for part in found.groups())
        bottom, right = bottom or top, right or left
        return Bounds(min(top, bottom) - 1, min(left, right) - 1, max(top, bottom), max(left, right))
    first, mark, second = text.partition(":")
    start = _PART.fullmatch(first)
    if not start or not first:
        return None
    end = _PART.fullmatch(second) if mark else start
    if not end or (mark and not second):
        return None
    if not mark and not (start[1] and start[2]):
        return None
    rows = [int(part[2]) for part in (start, end) if part[2]]
    columns = [column_index(part[1]) for part in (start, end) if part[1]]
    if (start[1] is None) != (end[1] is None) and start[2] is None:
        return None
    both_rows = start[2] and end[2]
    both_columns = start[1] and end[1]
    top = min(rows) - 1 if rows else None
    left = min(columns) if columns else None
    return Bounds(
        top=top,
        left=left,
        bottom=max(rows) if both_rows else None,
        right=max(columns) + 1 if both_columns else None,
    )


def format_box(title: str, box: Box) -> str:
    """A range as the API prints it: ``Sheet1!A1:B2``, one cell as ``Sheet1!A1``."""
    start = cell_name(box.top, box.left)
    end = cell_name(box.bottom - 1, box.right - 1)
    return f"{quote_title(title)}!{start}" + ("" if start == end else f":{end}")


def bounds_of(grid_range: GridRange) -> Bounds:
    """The bounds of a grid range."""
    return Bounds(
        grid_range.get("startRowIndex"),
        grid_range.get("startColumnIndex"),
        grid_range.get("endRowIndex"),
        grid_range.get("endColumnIndex"),
    )


def grid_range(sheet_id: int, bounds: Bounds | Box) -> GridRange:
    """A grid range with the bounds that are not ``None``."""
    result: GridRange = {"sheetId": sheet_id}
    for name, value in zip(
        ("startRowIndex", "startColumnIndex", "endRowIndex", "endColumnIndex"), bounds, strict=True
    ):
        if value is not None:
            result[name] = value
    return result
