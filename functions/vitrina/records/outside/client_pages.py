"""What a client's page shows of his project: one document, so that a view of the page reads nothing else.

It holds what was drawn from the workbook, and the finished work that the client is asked about.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from msgspec import Struct, field, to_builtins
from msgspec.structs import replace

from vitrina.ports import ABSENT, Document, Json, Key, Put, Store, Write
from vitrina.records.outside.change import DocumentChange
from vitrina.records.packing import known_fields

CLIENT_PAGE = "client_page"


class Decided(Struct, frozen=True):
    """The decision about an item that holds now; ``kind`` is a ``DecisionKind``, moments are ISO text."""

    kind: str
    channel: str
    at: str
    settles_at: str
    text: str = ""
    is_settled: bool = False

    def can_be_taken_back(self, now: datetime) -> bool:
        """Whether the client can still take it back."""
        return not self.is_settled and now < datetime.fromisoformat(self.settles_at)


class ShownItem(Struct, frozen=True):
    """Finished work that is shown to the client.

    Parameters
    ----------
    round
        How often it was shown, with this time.
    ordinal
        How many decisions were made about it, those that were taken back as well.
    shown_on
        ISO day of this round.
    checked_by
        E-mail of the person of the agency who checked it, empty where nobody had to.
    decided
        ``None`` while the client is asked. A returned item stays with its decision until it is shown again.
    is_withdrawn
        Whether people took it back to work before the client decided.
    """

    number: int
    code: str
    title: str
    hours: float
    round: int
    shown_on: str
    result_url: str = ""
    checked_by: str = ""
    ordinal: int = 0
    decided: Decided | None = None
    is_withdrawn: bool = False

    @property
    def fingerprint(self) -> str:
        """Tells what is shown from anything else that was shown of this item."""
        shown = [self.number, self.title, self.result_url, self.hours, self.round]
        return hashlib.sha256(json.dumps(shown).encode()).hexdigest()[:16]

    @property
    def is_waiting(self) -> bool:
        """Whether the client is asked and has not decided."""
        return self.decided is None and not self.is_withdrawn


class ClientPage(Struct, frozen=True):
    """The page of a project. ``content`` is what was drawn from the workbook at ``drawn_at``, ISO text.

    ``proposals`` are numbers of what the client ordered from the page and nobody has taken up yet.
    It ``is_open`` once somebody got a link to it: other pages are not drawn.
    """

    spreadsheet_id: str
    agency_id: str
    locale: str = "ru"
    items: tuple[ShownItem, ...] = ()
    content: Json = field(default_factory=dict)
    drawn_at: str = ""
    proposals: tuple[int, ...] = ()
    is_open: bool = False
    version: int = ABSENT

    @property
    def by_number(self) -> Mapping[int, ShownItem]:
        """The items by their numbers."""
        return {item.number: item for item in self.items}

    def with_items(self, items: Iterable[ShownItem]) -> ClientPage:
        """With *items* added, or put in place of those with the same numbers."""
        return replace(self, items=tuple({**self.by_number, **{one.number: one for one in items}}.values()))

    def without_items(self, numbers: Iterable[int]) -> ClientPage:
        """Without the items of these numbers."""
        gone = set(numbers)
        return replace(self, items=tuple(one for one in self.items if one.number not in gone))

    def put(self) -> Put:
        """The write that keeps it, if it was not changed since it was read."""
        data = {
            name: one for name, one in to_builtins(self).items() if name not in ("spreadsheet_id", "version")
        }
        return Put(*page_key(self.spreadsheet_id), data, self.version)


def page_key(spreadsheet_id: str) -> Key:
    """Where the page of a project is kept."""
    return CLIENT_PAGE, spreadsheet_id


def page_from_document(document: Document | None, spreadsheet_id: str, agency_id: str) -> ClientPage:
    """The page of a project, an empty one where nothing is kept."""
    if document is None:
        return ClientPage(spreadsheet_id, agency_id)
    values = known_fields(ClientPage, document.data)
    items = tuple(_item(one) for one in values.pop("items", ()))
    return ClientPage(
        **{
            **values,
            "spreadsheet_id": spreadsheet_id,
            "items": items,
            "proposals": tuple(values.get("proposals", ())),
            "version": document.version,
        }
    )


def load_page(store: Store, spreadsheet_id: str, agency_id: str) -> ClientPage:
    """The page of a project: one round trip."""
    key = page_key(spreadsheet_id)
    return page_from_document(store.get_many([key]).get(key), spreadsheet_id, agency_id)


def find_open_pages(store: Store, agency_id: str) -> Mapping[str, ClientPage]:
    """The pages of an agency to which there are links, by the id of their workbooks."""
    found = store.find(CLIENT_PAGE, where={"agency_id": agency_id, "is_open": True})
    return {one.key: page_from_document(one, one.key, agency_id) for one in found}


def page_change(
    store: Store, spreadsheet_id: str, agency_id: str, do: Callable[[ClientPage], ClientPage]
) -> DocumentChange:
    """A change of a project's page, made anew where that changed meanwhile; nothing where *do* keeps it."""

    def change(documents: list[Document | None]) -> list[Write]:
        page = page_from_document(documents[0], spreadsheet_id, agency_id)
        changed = do(page)
        return [] if changed == page else [changed.put()]

    return DocumentChange(store, (page_key(spreadsheet_id),), change)


def _item(data: Json) -> ShownItem:
    values = known_fields(ShownItem, data)
    decided = values.get("decided")
    values["decided"] = Decided(**known_fields(Decided, decided)) if decided else None
    return ShownItem(**values)
