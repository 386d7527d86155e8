"""Reads the link to a range that a person copies in Google Sheets."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

from msgspec import Struct

_PATH = re.compile(r"/spreadsheets/d/([A-Za-z0-9_-]{20,100})(?:/|$)")
_RANGE = re.compile(r"\$?([A-Za-z]{1,3})\$?(\d{1,7})?:\$?([A-Za-z]{1,3})\$?(\d{1,7})?")
#: Columns of a whole sheet without a range: days in the first, figures in the second.
WHOLE = "A:B"


class SheetPlace(Struct, frozen=True):
    """A range of a sheet. Rows are counted from 1; ``last_row`` 0 is the end of the sheet."""

    spreadsheet_id: str
    sheet_id: int
    first_column: int
    first_row: int
    last_row: int

    @property
    def account_id(self) -> str:
        """The place as an id of an account."""
        parts = (self.sheet_id, self.first_column, self.first_row, self.last_row)
        return ":".join([self.spreadsheet_id, *map(str, parts)])


def place_from_account(account_id: str) -> SheetPlace:
    """The place of an id; raises ``ValueError`` if it is none."""
    spreadsheet_id, *numbers = account_id.split(":")
    sheet_id, first_column, first_row, last_row = map(int, numbers)
    return SheetPlace(spreadsheet_id, sheet_id, first_column, first_row, last_row)


def place_from_link(link: str, range_text: str = "") -> SheetPlace | None:
    """The place that a link names, ``None`` if it is no link to a spreadsheet of Google.

    Parameters
    ----------
    range_text
        Such as ``A2:B400``, typed beside the link; otherwise the range of the link, or the first two columns.
    """
    address = urlsplit(link.strip())
    found = _PATH.search(address.path)
    if address.scheme != "https" or address.hostname != "docs.google.com" or found is None:
        return None
    fields = parse_qs(address.fragment) | parse_qs(address.query)
    gid = fields.get("gid", ["0"])[0]
    area = _RANGE.fullmatch(range_text.strip() or fields.get("range", [WHOLE])[0])
    if area is None or not gid.isdecimal() or column_number(area[3]) != column_number(area[1]) + 1:
        return None
    return SheetPlace(
        found[1], int(gid), column_number(area[1]), int(area[2] or 1), int(area[4]) if area[4] else 0
    )


def column_number(letters: str) -> int:
    """The number of a column from 0."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1
