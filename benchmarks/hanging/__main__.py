"""``python -m benchmarks.hanging``: how long each entry point waits for a system that hangs."""

from __future__ import annotations

import argparse
import json
import logging
import re
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

import httpx

from benchmarks.hanging.entries import SYSTEMS, Entry, System
from benchmarks.hanging.world import Copy, Installation, copy_of, installation
from benchmarks.tables import as_table
from emulators.world.processes import STORE_NAME
from tests.harness.hanging import Hanging, hanging_mail_server, hanging_server

MOST_S = 60.0
#: How a tracker, a CRM or a source behaves that answers slowly on purpose: a byte every two seconds.
EVERY_S = 2.0
WAYS = {"silent": Hanging.SILENT, "trickles": Hanging.SLOW_BODY}
HEADER = ("system", "how", "entry point", "request", "s", "status", "what is said")
#: Copies that are measured at the same time: they wait most of the time.
AT_ONCE = 8


@dataclass(frozen=True)
class Measured:
    """How one request ended."""

    system: str
    how: str
    entry: Entry
    took_s: float
    status: int
    said: str
    was_asked: bool

    @property
    def is_right(self) -> bool:
        """In time, and about the system that hangs."""
        return self.took_s <= MOST_S and self.was_asked >= self.entry.is_asked

    @property
    def line(self) -> tuple[str, ...]:
        """The line of the table."""
        said = self.said if self.was_asked >= self.entry.is_asked else f"NOT ASKED: {self.said}"
        took = f"{self.took_s:.1f}"
        return self.system, self.how, self.entry.point, self.entry.what, took, str(self.status), said


class Calls:
    """Counts what reaches a server."""

    def __init__(self) -> None:
        self._lock = Lock()
        self.count = 0

    def note(self) -> None:
        """One more."""
        with self._lock:
            self.count += 1


def measure(made_of: Installation, system: System, how: str) -> list[Measured]:
    """Ask through all entry points of a system, one after the other."""
    calls = Calls()
    name = re.sub(r"\W+", "-", f"{system.name}-{how}")
    with _hanging(system, how, calls) as address:
        settings = system.settings(address)
        if "asana" in settings:
            trackers = json.loads(made_of.environment["VITRINA_TRACKERS"])
            trackers["asana"]["url"] = settings.pop("asana")
            settings["VITRINA_TRACKERS"] = json.dumps(trackers)
        with (
            copy_of(made_of, name, settings=settings, keeps=system.keeps) as copy,
            _locked(made_of.folder / name / STORE_NAME, is_locked=system.is_locked_file),
        ):
            return [_measure(copy, system, how, entry, calls) for entry in system.entries]


def _measure(copy: Copy, system: System, how: str, entry: Entry, calls: Calls) -> Measured:
    before, began_at = calls.count, time.monotonic()
    try:
        answer = entry.ask(copy)
    except (httpx.HTTPError, ValueError, LookupError) as error:
        return Measured(system.name, how, entry, time.monotonic() - began_at, 0, repr(error), was_asked=True)
    took_s = time.monotonic() - began_at
    was_asked = system.is_locked_file or calls.count > before
    return Measured(system.name, how, entry, took_s, answer.status_code, _said(answer), was_asked)


def _said(answer: httpx.Response) -> str:
    """What a person, or the queue, is told."""
    if answer.headers.get("content-type", "").startswith("application/json"):
        body = answer.json()
        return str(body.get("message") or body.get("error") or body.get("dropped") or body)[:110]
    found = re.search(r'class="error"[^>]*>(.*?)</', answer.text, re.DOTALL)
    found = found or re.search(r"<h1[^>]*>(.*?)</h1>", answer.text, re.DOTALL)
    return " ".join(found[1].split())[:110] if found else answer.text[:60]


@contextmanager
def _hanging(system: System, how: str, calls: Calls) -> Iterator[str]:
    way = WAYS[how]
    server = hanging_mail_server if system.is_mail else hanging_server
    with server(how=way, every_s=EVERY_S, on_request=calls.note) as address:
        yield address


@contextmanager
def _locked(store: Path, *, is_locked: bool) -> Iterator[None]:
    """Another program writes the file all the time."""
    if not is_locked:
        yield
        return
    with closing(sqlite3.connect(store, isolation_level=None, check_same_thread=False)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; 1 if a request took more than a minute, or did not ask the system."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.hanging", description=__doc__)
    parser.add_argument("--system", action="append", help="part of a name; all if not given")
    parser.add_argument("--how", choices=WAYS, action="append", help="both if not given")
    parser.add_argument("--markdown", action="store_true")
    options = parser.parse_args(arguments)
    logging.disable(logging.ERROR)
    chosen = [
        one
        for one in SYSTEMS
        if not options.system or any(part.lower() in one.name.lower() for part in options.system)
    ]
    ways = options.how or list(WAYS)
    pairs = [(one, how) for one in chosen for how in ways if how == "silent" or not one.is_locked_file]
    with (
        tempfile.TemporaryDirectory() as folder,
        installation(Path(folder)) as made_of,
        ThreadPoolExecutor(AT_ONCE) as pool,
    ):
        found = list(pool.map(lambda pair: measure(made_of, *pair), pairs))
    measured = [one for some in found for one in some]
    print(as_table(HEADER, [one.line for one in measured], markdown=options.markdown))
    wrong = [one for one in measured if not one.is_right]
    slowest = max(measured, key=lambda one: one.took_s)
    print(f"\n{len(measured)} requests, the slowest {slowest.took_s:.1f} s; {len(wrong)} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
