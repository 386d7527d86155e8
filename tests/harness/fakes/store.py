"""The store in memory that ships with the product, watched by tests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tests.harness.fakes.interruptions import Interruptions
from vitrina.ports import Document, Key, Put, Write
from vitrina.store.memory import MemoryStore


class WatchedStore(MemoryStore, Interruptions):
    """``MemoryStore`` whose calls are counted, and may be interrupted."""

    def __init__(self, saved: Mapping[Key, tuple[int, str]] | None = None) -> None:
        MemoryStore.__init__(self)
        Interruptions.__init__(self)
        self._documents.update(saved or {})

    def get_many(
        self, keys: Iterable[Key], *, known: Mapping[Key, Document] | None = None
    ) -> dict[Key, Document]:
        """See ``Store``."""
        with self._called("get_many"):
            return super().get_many(keys, known=known)

    def find(self, kind: str, /, **conditions: Any) -> list[Document]:
        """See ``Store``."""
        with self._called("find"):
            return super().find(kind, **conditions)

    def commit(self, writes: Sequence[Write], *, token: int | None = None) -> None:
        """See ``Store``."""
        with self._called("commit"):
            super().commit(writes, token=token)

    # --- What tests do -----------------------------------------------------------------------------

    def touch(self, kind: str, key: str) -> None:
        """Write a document again as it is: whoever has read it before has an old version."""
        super().commit([Put(kind, key, super().get_many([(kind, key)])[kind, key].data)])

    def keys(self, kind: str) -> list[str]:
        """Keys of the documents of a kind."""
        return sorted(key for one, key in self._documents if one == kind)

    def save(self) -> Mapping[Key, tuple[int, str]]:
        """All documents as they are now, from which another store can begin."""
        return dict(self._documents)
