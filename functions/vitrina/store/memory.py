"""A store in memory, for tests. It follows the rules of the other stores and keeps nothing on disk."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from vitrina.errors import StoreConflictError
from vitrina.ports import ABSENT, Document, Key, Put, Write, new_token
from vitrina.store.documents import json_texts, require_index


class MemoryStore:
    """``Store`` over a dictionary. Safe to use from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        #: Version and JSON text. As text, so that a reader's changes do not reach other readers.
        self._documents: dict[Key, tuple[int, bytes]] = {}

    def get_many(
        self, keys: Iterable[Key], *, known: Mapping[Key, Document] | None = None
    ) -> dict[Key, Document]:
        """See ``Store``."""
        with self._lock:
            found = {key: self._documents[key] for key in keys if key in self._documents}
        return {key: _document(key, one, known or {}) for key, one in found.items()}

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
        require_index(where, before)
        with self._lock:
            own = sorted((key, one) for key, one in self._documents.items() if key[0] == kind)
        found = [_document(key, one, {}) for key, one in own]
        for name, value in (where or {}).items():
            found = [one for one in found if one.data.get(name) == value]
        if before is not None:
            name, bound = before
            found = [one for one in found if isinstance(one.data.get(name), str) and one.data[name] < bound]
            found.sort(key=lambda one: one.data[name])
        return found[:limit]

    def page(self, after: Key | None, limit: int) -> list[Document]:
        """See ``Store``."""
        with self._lock:
            keys = sorted(key for key in self._documents if after is None or key > after)[:limit]
            return [_document(key, self._documents[key], {}) for key in keys]

    def commit(self, writes: Sequence[Write], *, token: int | None = None) -> None:
        """See ``Store``."""
        token = token or new_token()
        texts = {key: text.encode() for key, text in json_texts(writes).items()}
        with self._lock:
            conflicts = [
                (one.kind, one.key)
                for one in writes
                if one.version is not None and self._version(one) != one.version
            ]
            if conflicts:
                if any(self._version(one) == token for one in writes):
                    # This commit was already carried out: only it writes this version.
                    return
                raise StoreConflictError(conflicts)
            for one in writes:
                if isinstance(one, Put):
                    self._documents[one.kind, one.key] = (token, texts[one.kind, one.key])
                else:
                    self._documents.pop((one.kind, one.key), None)

    def _version(self, one: Write) -> int:
        return self._documents.get((one.kind, one.key), (ABSENT, b""))[0]


def _document(key: Key, kept: tuple[int, bytes], known: Mapping[Key, Document]) -> Document:
    version, text = kept
    if key in known and known[key].version == version:
        return known[key]
    return Document(*key, version, msgspec.json.decode(text))
