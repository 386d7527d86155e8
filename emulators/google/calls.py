"""A checked call of an API, and the registry of functions that answer calls."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from emulators.google.discovery import Method
from emulators.google.masks import Mask
from emulators.google.models import Book
from emulators.google.store import Store


@dataclass
class Media:
    """The content of an uploaded file."""

    content: bytes
    mime_type: str


@dataclass(frozen=True)
class Upload:
    """What a resumable upload has announced of its content; a length of -1 is unknown."""

    mime_type: str
    length: int


@dataclass
class Call:
    """One call after its path, query and body were checked."""

    method: Method
    store: Store
    path: dict[str, str]
    query: dict[str, Any]
    body: dict[str, Any]
    mask: Mask | None
    now: datetime
    media: Media | None = None
    upload: Upload | None = None
    drafts: dict[str, Book] = field(default_factory=dict)
    sent: frozenset[str] = frozenset()
    """Names in the body as sent, nulls included."""

    def book(self) -> Book:
        """The workbook of the call, for reading only."""
        return self.store.book(self.path["spreadsheetId"])

    def draft(self, spreadsheet_id: str | None = None) -> Book:
        """A copy of the workbook to change; it becomes the workbook when the call succeeds."""
        book_id = spreadsheet_id if spreadsheet_id is not None else self.path["spreadsheetId"]
        if book_id not in self.drafts:
            self.drafts[book_id] = self.store.book(book_id).clone()
        return self.drafts[book_id]

    def commit(self) -> None:
        """Replace the workbooks by their drafts."""
        for book in self.drafts.values():
            self.store.replace(book)


Answer = Any
Handler = Callable[[Call], Answer]


@dataclass(frozen=True)
class Registered:
    """A function that answers a method."""

    handler: Handler
    changes: bool


HANDLERS: dict[str, Registered] = {}


def handles(method_id: str, *, changes: bool = False) -> Callable[[Handler], Handler]:
    """Register a function as the answer to a method; *changes* says that it may change the state."""

    def register(handler: Handler) -> Handler:
        HANDLERS[method_id] = Registered(handler, changes)
        return handler

    return register
