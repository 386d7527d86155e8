"""The registry of request kinds and the loop that applies a batch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from emulators.google import discovery, formulas, masks, metadata
from emulators.google.a1 import Box, GridRange
from emulators.google.errors import ApiError, BadRequestError, NotModelledError, invalid
from emulators.google.filters import from_grid_range
from emulators.google.formulas import Place, Value
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
    #: Ids of developer metadata that requests of this batch have deleted.
    freed_ids: set[int] = field(default_factory=set)
    #: Formulas of the workbook in lower case, until one of them may have changed.
    _formulas: tuple[str, ...] | None = None

    def area(self, given: GridRange) -> tuple[Sheet, Box]:
        """The tab and the rectangle of a grid range of a request, which must begin inside the grid."""
        area = from_grid_range(self.book, given).require_start_inside()
        return area.sheet, area.box

    def mask(self, schema: str, text: str | None) -> masks.Mask:
        """The checked mask in the ``fields`` of a request."""
        return masks.check_update_mask(discovery.load("sheets.v4"), schema, text)

    def computed(self, sheet: Sheet) -> dict[Place, Value | None]:
        """Current values of the formulas of a tab by place, including values in neighbouring cells."""
        if not sheet.formula_count:
            return {}
        return formulas.results(self.book, self.now).cells[sheet.sheet_id]

    def forget_computed(self) -> None:
        """Clear computed values, after a change that may affect formulas."""
        self.book.results = None
        self._formulas = None

    def is_seen(self, sheet: Sheet) -> bool:
        """Whether a formula may refer to a tab: on it, with its title, or with computed references."""
        if sheet.formula_count:
            return True
        if self._formulas is None:
            texts = (text.casefold() for other in self.book.sheets for _, _, text in other.formulas())
            self._formulas = tuple(dict.fromkeys(texts))
        signs = (sheet.title.casefold(), "indirect", *self._names_on(sheet))
        return any(sign in text for text in self._formulas for sign in signs)

    def _names_on(self, sheet: Sheet) -> list[str]:
        ranges = self.book.named_ranges
        return [one["name"].casefold() for one in ranges if one["range"].get("sheetId", 0) == sheet.sheet_id]


Handler = Callable[[Batch, Request], "Reply | None"]

_HANDLERS: dict[str, Handler] = {}
_CAREFUL: set[str] = set()


def request(kind: str, *, forgets_computed: bool = True) -> Callable[[Handler], Handler]:
    """Register a function as the handler of a request kind.

    After it, formulas are computed again when they are needed. A handler with *forgets_computed* false clears
    computed values itself, so that many requests of its kind in one batch need only one computation.
    """

    def register(handler: Handler) -> Handler:
        _HANDLERS[kind] = handler
        if not forgets_computed:
            _CAREFUL.add(kind)
        return handler

    return register


def modelled_kinds() -> list[str]:
    """Names of the request kinds that are modelled."""
    return sorted(_HANDLERS)


def apply(book: Book, requests: list[Request], store: Store, now: datetime) -> list[Reply]:
    """Apply *requests* to *book* and return the replies. After an error the caller must drop *book*."""
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
        if kind not in _CAREFUL:
            batch.forget_computed()
    metadata.check_size(book)
    batch.forget_computed()
    return replies
