"""The documents of an office: where the product keeps them, and how a test saves and restores them."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Protocol

from emulators.common.client import local_client
from emulators.world.processes import STORE_NAME
from tests.harness.counting_store import fill_store
from tests.harness.firestore import new_database
from vitrina.google.firestore import make_firestore
from vitrina.ports import Document
from vitrina.store.firestore import FirestoreStore
from vitrina.store.sqlite import SqliteStore

#: Documents that are read at once when all are copied.
PAGE = 500


class Documents(Protocol):
    """The store of an office."""

    @property
    def settings(self) -> Mapping[str, str]:
        """The settings by which the product finds it."""

    def create(self) -> None:
        """Make it where it is not there."""

    def save(self) -> Any:
        """Copy all documents."""

    def restore(self, saved: Any) -> None:
        """Replace all documents by those that ``save`` of a store of this kind has copied."""


class SqliteFile:
    """A SQLite file in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def _path(self) -> Path:
        return self._folder / STORE_NAME

    @property
    def settings(self) -> Mapping[str, str]:
        """See ``Documents``."""
        return {"VITRINA_STORE": str(self._path)}

    def create(self) -> None:
        """See ``Documents``."""
        SqliteStore.create(self._path)

    def save(self) -> bytes:
        """See ``Documents``; the whole file, with the tables as they are."""
        copy = self._folder / "copy.sqlite"
        copy.unlink(missing_ok=True)
        with closing(sqlite3.connect(self._path)) as store:
            store.execute("VACUUM INTO ?", (str(copy),))
        return copy.read_bytes()

    def restore(self, saved: bytes) -> None:
        """See ``Documents``; through SQLite, as connections to the file may still be open."""
        with (
            closing(sqlite3.connect(":memory:")) as source,
            closing(sqlite3.connect(self._path, timeout=30.0)) as store,
        ):
            source.deserialize(saved)
            source.backup(store)


class FirestoreDatabase:
    """A database of its own in Google's emulator at *url*."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._database = new_database()
        self._store = FirestoreStore(make_firestore(url), self._database)

    @property
    def settings(self) -> Mapping[str, str]:
        """See ``Documents``."""
        return {"VITRINA_STORE": self._database, "VITRINA_FIRESTORE_URL": self._url}

    def create(self) -> None:
        """See ``Documents``; the emulator has every database."""

    def save(self) -> Sequence[Document]:
        """See ``Documents``."""
        found: list[Document] = []
        while page := self._store.page((found[-1].kind, found[-1].key) if found else None, PAGE):
            found += page
        return found

    def restore(self, saved: Sequence[Document]) -> None:
        """See ``Documents``."""
        with local_client(timeout=60.0) as http:
            http.delete(f"{self._url}/emulator/v1/{self._database}/documents").raise_for_status()
        fill_store(self._store, saved)


def documents_of(folder: Path, firestore_url: str = "") -> Documents:
    """The documents of a new office: a database at *firestore_url* if there is one, or a file in *folder*."""
    return FirestoreDatabase(firestore_url) if firestore_url else SqliteFile(folder)
