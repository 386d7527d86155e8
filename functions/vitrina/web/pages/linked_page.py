"""Reads the link of a visit, and in the same round trip the page that it opens where that is known."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

from vitrina.ports import Document, Key, Store
from vitrina.records.outside.client_links import ClientLink, hash_of, link_from_document
from vitrina.records.outside.client_pages import ClientPage, load_page, page_from_document, page_key

#: Links and pages that a process remembers: some megabytes each.
MOST_LINKS, MOST_PAGES = 2_000, 200

Value = TypeVar("Value")


class Decoded(Generic[Value]):
    """The last documents that this process has read, each with its decoded value.

    Which version is the current one is read from the store at each visit.
    """

    def __init__(self, decode: Callable[[Document], Value], most: int) -> None:
        self._decode = decode
        self._most = most
        self._lock = threading.Lock()
        self._kept: OrderedDict[Key, tuple[Document, Value]] = OrderedDict()

    def document(self, key: Key) -> Document | None:
        """The document with this key as it was last read, or ``None`` if it is not remembered."""
        kept = self._kept.get(key)
        return None if kept is None else kept[0]

    def value(self, document: Document) -> Value:
        """The value of a document; values are shared by all visits."""
        key = document.kind, document.key
        kept = self._kept.get(key)
        if kept is not None and kept[0] is document:
            return kept[1]
        value = self._decode(document)
        with self._lock:
            self._kept[key] = document, value
            self._kept.move_to_end(key)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return value


def _link(document: Document) -> ClientLink:
    return link_from_document(document, ClientLink)


def _page(document: Document) -> ClientPage:
    return page_from_document(document, document.key, document.data["agency_id"])


_LINKS, _PAGES = Decoded(_link, MOST_LINKS), Decoded(_page, MOST_PAGES)


class LinkedPage:
    """The link of one visit and its page: two documents in one round trip, in two at the first visit."""

    def __init__(self) -> None:
        self._page: ClientPage | None = None

    def find_link(self, store: Store, token: str) -> ClientLink | None:
        """Find the link with this token, and read its page too where that is known; ``None`` without one."""
        key = ClientLink.key_of(hash_of(token))
        link = _LINKS.document(key)
        if link is None:
            link = store.get_many([key]).get(key)
            return None if link is None else _LINKS.value(link)
        # A link never opens another page.
        place = page_key(link.data["spreadsheet_id"])
        page = _PAGES.document(place)
        known = {key: link} if page is None else {key: link, place: page}
        found = store.get_many([key, place], known=known)
        link, page = found.get(key), found.get(place)
        if link is None:
            return None
        self._page = None if page is None else _PAGES.value(page)
        return _LINKS.value(link)

    def load(self, store: Store, link: ClientLink) -> ClientPage:
        """The page of the link that was found."""
        return self._page or load_page(store, link.spreadsheet_id, link.agency_id)
