"""The data of the emulator, and its sources of ids and times."""

from __future__ import annotations

import copy
import hashlib
import string
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from emulators.google.behaviour import Behaviour, first_behaviour
from emulators.google.errors import not_found
from emulators.google.models import Book

_ALPHABET = string.ascii_letters + string.digits + "-_"

Clock = Callable[[], datetime]


def system_clock() -> datetime:
    """The time of this machine."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class SavedStore:
    """A saved state of files and workbooks."""

    counter: int
    frozen_at: datetime | None
    files: dict[str, dict[str, Any]]
    books: Mapping[str, Book]
    groups: dict[str, list[str]]
    domain: str
    behaviour: Behaviour


class Store:
    """Files and workbooks. Callers must hold :attr:`lock`.

    Ids come from a counter, so two runs of the same calls give the same ids; times come from *clock*.
    """

    def __init__(self, clock: Clock = system_clock) -> None:
        self.lock = threading.RLock()
        self._system_clock = clock
        self.frozen_at: datetime | None = None
        self.files: dict[str, dict[str, Any]] = {}
        self.books: dict[str, Book] = {}
        self.identity: dict[str, str] = {}
        #: Members of Google groups by the group's address in lower case.
        self.groups: dict[str, list[str]] = {}
        #: The Workspace domain that the files belong to; empty for those of a consumer account.
        self.domain = ""
        self.behaviour = first_behaviour()
        self._counter = 0

    # Ids and times

    def now(self) -> datetime:
        """The current time in UTC, or the time that was set."""
        return self.frozen_at or self._system_clock()

    def timestamp(self) -> str:
        """Now, as the API prints it."""
        return self.now().strftime("%Y-%m-%dT%H:%M:%S.") + f"{self.now().microsecond // 1000:03d}Z"

    def _digest(self, kind: str) -> bytes:
        self._counter += 1
        return hashlib.sha256(f"{kind}:{self._counter}".encode()).digest()

    def new_file_id(self) -> str:
        """44 characters that begin with ``1``, like Google's."""
        digest = self._digest("file") + self._digest("file")
        return "1" + "".join(_ALPHABET[byte % 64] for byte in digest[:43])

    def new_number(self, used: Any = ()) -> int:
        """A positive 31-bit number that is not in *used*."""
        while True:
            number = int.from_bytes(self._digest("number")[:4], "big") & 0x7FFFFFFF
            if number > 9999 and number not in used:
                return number

    # Access

    def book(self, spreadsheet_id: str) -> Book:
        """The workbook, or Google's 404."""
        book = self.books.get(spreadsheet_id)
        if book is None:
            raise not_found()
        return book

    def replace(self, book: Book) -> None:
        """Replace a workbook by its changed copy."""
        book.keep_tabs_of(self.books.get(book.spreadsheet_id))
        self.books[book.spreadsheet_id] = book
        file = self.files[book.spreadsheet_id]
        file["modifiedTime"] = self.timestamp()
        file["name"] = book.properties["title"]
        file["version"] = str(int(file["version"]) + 1)

    # The state file, and copies in memory

    def reset(self) -> None:
        """Delete everything but the key that signs tokens."""
        self.files.clear()
        self.books.clear()
        self.groups, self.domain = {}, ""
        self.behaviour = first_behaviour()
        self._counter = 0
        self.frozen_at = None

    def save_state(self) -> SavedStore:
        """A copy of everything but the keys. Workbooks never change: a change replaces the whole workbook."""
        with self.lock:
            return SavedStore(
                self._counter,
                self.frozen_at,
                copy.deepcopy(self.files),
                dict(self.books),
                copy.deepcopy(self.groups),
                self.domain,
                self.behaviour,
            )

    def restore_state(self, saved: SavedStore) -> None:
        """The opposite of :meth:`save_state`."""
        with self.lock:
            self._counter, self.frozen_at = saved.counter, saved.frozen_at
            self.files = copy.deepcopy(saved.files)
            self.books = dict(saved.books)
            self.groups, self.domain = copy.deepcopy(saved.groups), saved.domain
            self.behaviour = saved.behaviour

    def dump(self) -> dict[str, Any]:
        """Everything as JSON-able data."""
        with self.lock:
            return {
                "format": 1,
                "counter": self._counter,
                "frozen_at": self.frozen_at.isoformat() if self.frozen_at else None,
                "identity": dict(self.identity),
                "groups": dict(self.groups),
                "domain": self.domain,
                "behaviour": self.behaviour.to_json(),
                "files": [dict(file) for file in self.files.values()],
                "books": [book.dump() for book in self.books.values()],
            }

    def load(self, data: dict[str, Any]) -> None:
        """The opposite of :meth:`dump`."""
        with self.lock:
            self._counter = data["counter"]
            frozen_at = data.get("frozen_at")
            self.frozen_at = datetime.fromisoformat(frozen_at) if frozen_at else None
            self.identity = data.get("identity") or self.identity
            self.groups, self.domain = data.get("groups", {}), data.get("domain", "")
            self.behaviour = first_behaviour().changed(data.get("behaviour", {}))
            self.files = {file["id"]: file for file in data["files"]}
            self.books = {book["spreadsheet_id"]: Book.load(book) for book in data["books"]}
