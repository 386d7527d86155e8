"""The store on one machine: a SQLite file."""

from __future__ import annotations

import contextlib
import logging
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache, wraps
from pathlib import Path
from typing import ParamSpec, TypeVar

import msgspec

from vitrina.errors import ConfigurationError, RetriableServiceError, StoreConflictError
from vitrina.ports import ABSENT, Document, Json, Key, Put, Write, new_token
from vitrina.store.documents import json_texts, require_index

log = logging.getLogger("vitrina.store")

#: Name of the service in messages to people.
SERVICE = "SQLite"

#: Fields that ``find`` searches by.
_INDEXED = ("agency_id", "spreadsheet_id")

_SCHEMA = """
CREATE TABLE IF NOT EXISTS document (
    kind    TEXT NOT NULL,
    key     TEXT NOT NULL,
    version INTEGER NOT NULL,
    data    TEXT NOT NULL,
    PRIMARY KEY (kind, key)
) WITHOUT ROWID
"""

#: Seconds that a writer waits for another one; far longer than any transaction of ours.
TIMEOUT_S = 10.0

#: Keys in one statement, with three parameters for each: every SQLite accepts 999 parameters.
_KEYS_AT_ONCE = 300


Arguments = ParamSpec("Arguments")
Answer = TypeVar("Answer")


def _translating_errors(call: Callable[Arguments, Answer]) -> Callable[Arguments, Answer]:
    """Raise ``RetriableServiceError`` if the file is locked, read-only or damaged during *call*."""

    @wraps(call)
    def translating(*args: Arguments.args, **named: Arguments.kwargs) -> Answer:
        try:
            return call(*args, **named)
        except sqlite3.DatabaseError as error:
            # The message says whether the file is locked by another process, read-only or damaged.
            log.warning("the file does not answer: %s", error)
            raise RetriableServiceError("store.no_answer", service=SERVICE) from error

    return translating


class SqliteStore:
    """``Store`` over one table. Safe to use from many threads and processes at once.

    Parameters
    ----------
    path
        The file. If it is absent, the first call raises ``ConfigurationError``, because an empty store
        would make every workbook unknown. ``create`` creates it.
    timeout_s
        Seconds that a call waits for another writer.
    """

    def __init__(self, path: Path, *, timeout_s: float = TIMEOUT_S) -> None:
        self._path = path
        self._timeout_s = timeout_s
        self._local = threading.local()

    @classmethod
    def create(cls, path: Path) -> SqliteStore:
        """Create the file and its table if they are absent."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        store = cls(path)
        store._create_table()
        return store

    @_translating_errors
    def _create_table(self) -> None:
        with self._transaction() as connection:
            connection.execute(_SCHEMA)
            for name in _INDEXED:
                # Exactly the expression of ``find``. SQLite would not use an index that includes ``kind``.
                connection.execute(f"CREATE INDEX IF NOT EXISTS document_{name} ON document ({_field(name)})")

    @_translating_errors
    def get_many(
        self, keys: Iterable[Key], *, known: Mapping[Key, Document] | None = None
    ) -> dict[Key, Document]:
        """See ``Store``."""
        wanted, known = list(dict.fromkeys(keys)), known or {}
        found: dict[Key, Document] = {}
        for start in range(0, len(wanted), _KEYS_AT_ONCE):
            some = wanted[start : start + _KEYS_AT_ONCE]
            values = [one for key in some for one in (*key, known[key].version if key in known else ABSENT)]
            for row in self._connection.execute(_query_of(len(some)), values):
                key = row[0], row[1]
                found[key] = known[key] if row[3] is None else _document(row)
        return found

    @_translating_errors
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
        order = "key"
        conditions, values = ["kind = ?"], [kind, *(where or {}).values()]
        conditions += [f"{_field(name)} = ?" for name in where or {}]
        if before is not None:
            # For SQLite every number is less than any text.
            conditions.append(f"{_field(before[0], 'json_type')} = 'text' AND {_field(before[0])} < ?")
            values.append(before[1])
            order = f"{_field(before[0])}, key"
        values.append(-1 if limit is None else limit)  # type: ignore[arg-type]
        rows = self._connection.execute(
            f"SELECT kind, key, version, data FROM document WHERE {' AND '.join(conditions)} "  # noqa: S608
            f"ORDER BY {order} LIMIT ?",
            values,
        ).fetchall()
        return [_document(row) for row in rows]

    @_translating_errors
    def page(self, after: Key | None, limit: int) -> list[Document]:
        """See ``Store``."""
        rows = self._connection.execute(
            "SELECT kind, key, version, data FROM document WHERE (kind, key) > (?, ?) "
            "ORDER BY kind, key LIMIT ?",
            # No kind is empty, so that this is less than every key.
            (*(after or ("", "")), limit),
        ).fetchall()
        return [_document(row) for row in rows]

    @_translating_errors
    def commit(self, writes: Sequence[Write], *, token: int | None = None) -> None:
        """See ``Store``."""
        token = token or new_token()
        # Before the transaction, because other writers wait for it.
        texts = json_texts(writes)
        with self._transaction() as connection:
            conflicts = _conflicts(connection, writes)
            if conflicts:
                if token in _versions(connection, writes).values():
                    # This commit was already carried out: only it writes this version.
                    return
                raise StoreConflictError(conflicts)
            for one in writes:
                if isinstance(one, Put):
                    connection.execute(
                        "INSERT OR REPLACE INTO document VALUES (?, ?, ?, ?)",
                        (one.kind, one.key, token, texts[one.kind, one.key]),
                    )
                else:
                    connection.execute("DELETE FROM document WHERE kind = ? AND key = ?", (one.kind, one.key))

    @property
    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            if not self._path.is_file():
                raise ConfigurationError("store.missing", path=str(self._path))
            connection = sqlite3.connect(self._path, timeout=self._timeout_s, isolation_level=None)
            connection.execute("PRAGMA journal_mode = WAL")
            # With FULL a finished commit survives a power cut.
            connection.execute("PRAGMA synchronous = FULL")
            self._local.connection = connection
        return connection

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        connection = self._connection
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield connection
            connection.execute("COMMIT")
        except BaseException:
            # If the disk is full, SQLite has already rolled back by itself.
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise


def _conflicts(connection: sqlite3.Connection, writes: Sequence[Write]) -> list[Key]:
    """Keys of the writes whose document is not in the version that they name."""
    guarded = [one for one in writes if one.version is not None]
    versions = _versions(connection, guarded)
    return [
        (one.kind, one.key) for one in guarded if versions.get((one.kind, one.key), ABSENT) != one.version
    ]


def _versions(connection: sqlite3.Connection, writes: Sequence[Write]) -> dict[Key, int]:
    versions: dict[Key, int] = {}
    for one in writes:
        row = connection.execute(
            "SELECT version FROM document WHERE kind = ? AND key = ?", (one.kind, one.key)
        ).fetchone()
        if row is not None:
            versions[one.kind, one.key] = row[0]
    return versions


@cache
def _query_of(count: int) -> str:
    """SQL that reads *count* documents; the data is NULL where the known version is the current one."""
    places = ",".join(["(?,?,?)"] * count)
    # With ``IN (VALUES …)`` SQLite would read the whole table.
    return (
        f"WITH wanted (kind, key, known) AS (VALUES {places}) "  # noqa: S608
        "SELECT document.kind, document.key, version, CASE WHEN version = known THEN NULL ELSE data END "
        "FROM wanted CROSS JOIN document "
        "ON document.kind = wanted.kind AND document.key = wanted.key"
    )


def _field(name: str, function: str = "json_extract") -> str:
    if not name.isidentifier():
        raise ValueError(name)
    return f"{function}(data, '$.{name}')"


def _document(row: tuple[str, str, int, str]) -> Document:
    kind, key, version, data = row
    loaded: Json = msgspec.json.decode(data)
    return Document(kind, key, version, loaded)
