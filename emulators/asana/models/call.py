"""One call of the API, and its answer."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from emulators.asana.errors import bad
from emulators.asana.models.state import Row

#: Most rows of a page, and of an answer without pages.
LARGEST_PAGE, LARGEST_ANSWER = 100, 1000


@dataclass
class Call:
    """A call as the parts of the account see it."""

    actor: Row
    path: str
    data: Any = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    #: Files of a form, by field: their names and bytes.
    files: Mapping[str, tuple[str, bytes]] = field(default_factory=dict)


@dataclass(frozen=True)
class Record:
    """A row of a kind, to be shown in full unless the call names fields."""

    kind: str
    row: Row
    #: Fields of the body beside ``data``.
    beside: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Listing:
    """Rows of a kind, to be shown shortly unless the call names fields."""

    kind: str
    rows: Sequence[Row]


def page_of(call: Call, rows: Sequence[Row]) -> tuple[Sequence[Row], Row | None, bool]:
    """``(rows, next_page, is_paged)``. Rows that were removed between two pages make later ones slip by."""
    if "limit" not in call.query:
        if "offset" in call.query:
            raise bad("offset: A limit is required with an offset")
        if len(rows) > LARGEST_ANSWER:
            raise bad(
                "The result is too large. You should use pagination (may require specifying a workspace)."
            )
        return rows, None, False
    limit_text = call.query["limit"]
    if not limit_text.isdecimal() or not 1 <= int(limit_text) <= LARGEST_PAGE:
        raise bad(f"limit: Must be between 1 and {LARGEST_PAGE}")
    start, limit = _start(call), int(limit_text)
    end = start + limit
    if end >= len(rows):
        return rows[start:end], None, True
    token = base64.urlsafe_b64encode(f"{call.path}|{end}".encode()).decode()
    path = f"{call.path}?limit={limit}&offset={token}"
    next_page = {"offset": token, "path": path, "uri": f"https://app.asana.com/api/1.0{path}"}
    return rows[start:end], next_page, True


def _start(call: Call) -> int:
    token = call.query.get("offset")
    if token is None:
        return 0
    refusal = bad("offset: Your pagination token is invalid or has expired.")
    try:
        path, _, number = base64.urlsafe_b64decode(token.encode()).decode().partition("|")
        start = int(number)
    except (ValueError, binascii.Error):
        raise refusal from None
    if path != call.path:
        raise refusal
    return start
