"""The store on one machine: a SQLite file."""

from __future__ import annotations

import contextlib
import json
import secrets
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

from vitrina.ports import Json, Record

#: Fields by which documents are looked for often, a webhook's card before all.
_INDEXED = ("card_id", "spreadsheet_id", "agency_id")

_SCHEMA = """
CREATE TABLE IF NOT EXISTS document (
    kind    TEXT NOT NULL,
    key     TEXT NOT NULL,
    version INTEGER NOT NULL,
    data    TEXT NOT NULL,
    PRIMARY KEY (kind, key)
) WITHOUT ROWID
"""

#: How long a writer waits for another one; far above any transaction of ours.
BUSY_TIMEOUT_S = 30.0


class SqliteStore:
    """``Store`` over one table. Safe to use from many threads and processes at once."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._local = threading.local()
        path.parent.mkdir(parents=True, exist_ok=True)
        with self._transaction() as connection:
            connection.execute(_SCHEMA)
            for name in _INDEXED:
                # The very expression that ``find`` asks with; were ``kind`` in it, SQLite would not use it.
                connection.execute(f"CREATE INDEX IF NOT EXISTS document_{name} ON document ({_field(name)})")

    def get(self, kind: str, key: str) -> Record | None:
        """See ``Store``."""
        row = self._connection.execute(
            "SELECT key, version, data FROM document WHERE kind = ? AND key = ?", (kind, key)
        ).fetchone()
        return _record(row) if row else None

    def create(self, kind: str, key: str, data: Json) -> bool:
        """See ``Store``."""
        return self.create_many(kind, {key: data})

    def create_many(self, kind: str, documents: Mapping[str, Json]) -> bool:
        """See ``Store``."""
        rows = [(kind, key, _first_version(), _text(data)) for key, data in documents.items()]
        try:
            with self._transaction() as connection:
                connection.executemany("INSERT INTO document VALUES (?, ?, ?, ?)", rows)
        except sqlite3.IntegrityError:
            return False
        return True

    def put(self, kind: str, key: str, data: Json, *, version: int | None = None) -> bool:
        """See ``Store``."""
        with self._transaction() as connection:
            if version is None:
                _upsert(connection, kind, key, data)
                return True
            written = connection.execute(
                "UPDATE document SET version = version + 1, data = ? "
                "WHERE kind = ? AND key = ? AND version = ?",
                (_text(data), kind, key, version),
            )
            return written.rowcount == 1

    def put_many(self, kind: str, documents: Mapping[str, Json]) -> None:
        """See ``Store``."""
        with self._transaction() as connection:
            for key, data in documents.items():
                _upsert(connection, kind, key, data)

    def delete(self, kind: str, key: str, *, version: int | None = None) -> bool:
        """See ``Store``."""
        with self._transaction() as connection:
            deleted = connection.execute(
                "DELETE FROM document WHERE kind = ? AND key = ? AND version = IFNULL(?, version)",
                (kind, key, version),
            )
            return deleted.rowcount == 1

    def find(self, kind: str, /, **equals: str) -> Iterator[Record]:
        """See ``Store``."""
        conditions = "".join(f" AND {_field(name)} = ?" for name in equals if name.isidentifier())
        rows = self._connection.execute(
            f"SELECT key, version, data FROM document WHERE kind = ?{conditions} ORDER BY key",  # noqa: S608
            (kind, *equals.values()),
        ).fetchall()
        return iter([_record(row) for row in rows])

    @property
    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = sqlite3.connect(self._path, timeout=BUSY_TIMEOUT_S, isolation_level=None)
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            self._local.connection = connection
        return connection

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        connection = self._connection
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield connection
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")


def _field(name: str) -> str:
    return f"json_extract(data, '$.{name}')"


def _upsert(connection: sqlite3.Connection, kind: str, key: str, data: Json) -> None:
    connection.execute(
        "INSERT INTO document VALUES (?, ?, ?, ?) "
        "ON CONFLICT (kind, key) DO UPDATE SET version = version + 1, data = excluded.data",
        (kind, key, _first_version(), _text(data)),
    )


def _first_version() -> int:
    """Drawn anew, so that a document made again is not taken for the one that was deleted."""
    return secrets.randbits(60)


def _text(data: Json) -> str:
    return json.dumps(data, ensure_ascii=False)


def _record(row: tuple[str, int, str]) -> Record:
    key, version, data = row
    return Record(key, version, json.loads(data))
