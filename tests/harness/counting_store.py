"""A store that counts what is asked of it, as Firestore bills it."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from unittest.mock import patch

from vitrina import bootstrap
from vitrina.ports import Document, Key, Put, Store, Write

#: Documents that ``fill_store`` writes in one commit; Firestore takes 10 MiB.
DOCUMENTS_AT_ONCE = 100


@dataclass(frozen=True)
class StoreCost:
    """What was asked of a store.

    A key that is absent counts as a document read, and so does a query that finds nothing. A document that
    is deleted counts as written.
    """

    documents_read: int = 0
    documents_written: int = 0
    round_trips: int = 0


class CountingStore:
    """``Store`` in front of another one. Safe to use from many threads."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._cost = StoreCost()
        #: Keys of all documents that were ever written through it.
        self._keys: set[Key] = set()

    @property
    def cost(self) -> StoreCost:
        """What was asked since it was made, or since ``forget``."""
        with self._lock:
            return self._cost

    def forget(self) -> None:
        """Count from zero."""
        with self._lock:
            self._cost = StoreCost()

    def documents(self) -> list[Document]:
        """All documents that were written through it and are still there; not counted."""
        with self._lock:
            keys = sorted(self._keys)
        return list(self._store.get_many(keys).values())

    def get_many(
        self, keys: Iterable[Key], *, known: Mapping[Key, Document] | None = None
    ) -> dict[Key, Document]:
        """See ``Store``."""
        wanted = list(dict.fromkeys(keys))
        self._count(read=len(wanted))
        return self._store.get_many(wanted, known=known)

    def find(
        self,
        kind: str,
        /,
        *,
        where: Mapping[str, str | bool] | None = None,
        before: tuple[str, str] | None = None,
        limit: int | None = None,
    ) -> list[Document]:
        """See ``Store``."""
        found = self._store.find(kind, where=where, before=before, limit=limit)
        self._count(read=max(1, len(found)))
        return found

    def page(self, after: Key | None, limit: int) -> list[Document]:
        """See ``Store``."""
        found = self._store.page(after, limit)
        self._count(read=max(1, len(found)))
        return found

    def commit(self, writes: Sequence[Write], *, token: int | None = None) -> None:
        """See ``Store``; a commit that is refused counts as well."""
        self._count(written=len(writes), keys=[(one.kind, one.key) for one in writes])
        self._store.commit(writes, token=token)

    def _count(self, *, read: int = 0, written: int = 0, keys: Iterable[Key] = ()) -> None:
        with self._lock:
            self._keys.update(keys)
            self._cost = replace(
                self._cost,
                documents_read=self._cost.documents_read + read,
                documents_written=self._cost.documents_written + written,
                round_trips=self._cost.round_trips + 1,
            )


def fill_store(store: Store, documents: Sequence[Document]) -> None:
    """Write copies of *documents*, whatever stands there."""
    for start in range(0, len(documents), DOCUMENTS_AT_ONCE):
        some = documents[start : start + DOCUMENTS_AT_ONCE]
        store.commit([Put(one.kind, one.key, one.data) for one in some])


@contextmanager
def used_store(store: Store) -> Iterator[None]:
    """Have the functions of this process work with *store* while the block runs."""
    with patch.object(bootstrap, "open_store", lambda _: store):
        bootstrap.application.cache_clear()
        try:
            yield
        finally:
            bootstrap.application.cache_clear()
