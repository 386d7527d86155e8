"""Reads the link of a visit, and in the same round trip the page that it opens where that is known."""

from __future__ import annotations

import threading
from collections import OrderedDict

from vitrina.ports import Key, Store
from vitrina.records.outside.client_links import ClientLink, hash_of, link_from_document
from vitrina.records.outside.client_pages import ClientPage, load_page, page_from_document, page_key

#: Links that a process remembers.
MOST_LINKS = 5_000


class LinkTargets:
    """Keys of the pages that links open, by the keys of the links; a link never opens another page.

    Whether a link may still be used is read from the store at each visit.
    """

    def __init__(self, most: int = MOST_LINKS) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._pages: OrderedDict[Key, Key] = OrderedDict()

    def page_of(self, link: Key) -> Key | None:
        """The page that a link opens, ``None`` where this process has not seen the link."""
        return self._pages.get(link)

    def note(self, link: Key, page: Key) -> None:
        """Remember where a link leads; the oldest are forgotten."""
        with self._lock:
            self._pages[link] = page
            while len(self._pages) > self._most:
                self._pages.popitem(last=False)


_TARGETS = LinkTargets()


class LinkedPage:
    """The link of one visit and its page: two documents in one round trip, in two at the first visit."""

    def __init__(self) -> None:
        self._page: ClientPage | None = None

    def find_link(self, store: Store, token: str) -> ClientLink | None:
        """Find the link with this token, and read its page too where that is known; ``None`` without one."""
        key = ClientLink.key_of(hash_of(token))
        known = _TARGETS.page_of(key)
        found = store.get_many([key] if known is None else [key, known])
        if key not in found:
            return None
        link = link_from_document(found[key], ClientLink)
        if known is None:
            _TARGETS.note(key, page_key(link.spreadsheet_id))
        else:
            self._page = page_from_document(found.get(known), link.spreadsheet_id, link.agency_id)
        return link

    def load(self, store: Store, link: ClientLink) -> ClientPage:
        """The page of the link that was found."""
        return self._page or load_page(store, link.spreadsheet_id, link.agency_id)
