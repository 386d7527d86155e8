"""The registry of request kinds and the loop that applies a batch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from emulators.google import discovery, masks, metadata
from emulators.google.a1 import Box, GridRange
from emulators.google.errors import ApiError, BadRequestError, NotModelledError, invalid
from emulators.google.filters import from_grid_range
from emulators.google.models import Book, Sheet
from emulators.google.store import Store

Request = dict[str, Any]
Reply = dict[str, Any]


@dataclass
class Batch:
    """What a request works on: a draft of the workbook."""

    book: Book
    store: Store
    now: datetime

    def area(self, given: GridRange) -> tuple[Sheet, Box]:
        """The tab and the rectangle of a grid range of a request."""
        area = from_grid_range(self.book, given)
        return area.sheet, area.box

    def mask(self, schema: str, text: str | None) -> masks.Mask:
        """The checked mask in the ``fields`` of a request."""
        return masks.check_update_mask(discovery.load("sheets.v4"), schema, text)


Handler = Callable[[Batch, Request], "Reply | None"]

_HANDLERS: dict[str, Handler] = {}


def request(kind: str) -> Callable[[Handler], Handler]:
    """Register a function as the handler of a request kind."""

    def register(handler: Handler) -> Handler:
        _HANDLERS[kind] = handler
        return handler

    return register


def modelled_kinds() -> list[str]:
    """Names of the request kinds that are modelled."""
    return sorted(_HANDLERS)


def apply(book: Book, requests: list[Request], store: Store, now: datetime) -> list[Reply]:
    """Apply *requests* to *book* and give the replies. On a refusal the caller drops *book*."""
    if not requests:
        raise invalid("Must specify at least one request.")
    for index, each in enumerate(requests):
        if len(each) != 1:
            raise invalid(f"Invalid requests[{index}]: Exactly one kind of request must be set.")
        kind = next(iter(each))
        if kind not in _HANDLERS:
            raise NotModelledError(f"the request {kind}")
    batch = Batch(book, store, now)
    replies = []
    for index, each in enumerate(requests):
        ((kind, body),) = each.items()
        try:
            reply = _HANDLERS[kind](batch, body)
        except BadRequestError as error:
            raise ApiError(400, f"Invalid requests[{index}].{kind}: {error.message}") from error
        replies.append({} if reply is None else {kind: reply})
    metadata.check_size(book)
    book.results = None
    return replies
