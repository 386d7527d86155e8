"""An office whose functions run in processes of their own, which may be killed."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import count
from pathlib import Path
from socket import socket
from typing import Any

import pytest

from emulators.world.processes import QUEUE, ROBOT_ID
from tests.harness.crash import CALLS
from tests.harness.local_office import SavedOffice
from tests.harness.office import NOW, Office
from tests.harness.servers import Servers
from tests.harness.workers import Supervisor, WorkerPool, address, listen, running_worker_pool
from vitrina.bootstrap import application
from vitrina.records.records import items_of, projects_of

#: Longer than a lease holds.
AFTER_DEATH = timedelta(minutes=2)

#: The queue tries again soon and does not give up.
QUICK_QUEUE = {
    "name": QUEUE,
    "retryConfig": {"minBackoff": "0.05s", "maxBackoff": "0.5s", "maxAttempts": 1000},
}


@dataclass
class WorkersOffice(Office):
    """An office at whose functions' addresses supervised workers listen."""

    supervisors: Sequence[Supervisor] = ()
    #: Base URLs of the workers; the first one is also where the queue and the webhooks go.
    urls: Sequence[str] = ()

    @property
    def calls_path(self) -> Path:
        """Where workers note the calls that they make."""
        return self.folder / "calls.txt"

    def start(self, **first: str) -> None:
        """Start every worker; *first* is told to these only, and not to those that follow them."""
        for supervisor in self.supervisors:
            supervisor.start(**{CALLS: str(self.calls_path), **first})

    def stop(self) -> None:
        """Kill every worker for good."""
        for supervisor in self.supervisors:
            supervisor.stop()


@dataclass
class Stage:
    """Where one office after the other comes to life, each as the one before was kept."""

    servers: Servers
    pool: WorkerPool
    listeners: Sequence[socket]
    folder: Path
    settings: Mapping[str, str]
    _numbers: Iterator[int] = field(default_factory=count)

    @contextmanager
    def office(self, saved: SavedOffice | None = None, **first: str) -> Iterator[WorkersOffice]:
        """An office with running workers; *first* is told to the first workers only."""
        # Each has a store of its own: a connection that is still open would spoil one that is replaced.
        folder = self.folder / f"office-{next(self._numbers)}"
        folder.mkdir()
        urls = [address(listener) for listener in self.listeners]
        office = WorkersOffice(replace(self.servers, functions=urls[0]), folder, urls=urls)
        with pytest.MonkeyPatch.context() as patch, closing(office.http):
            office.open(patch)
            if saved is not None:
                office.restore_state(saved)
            self._hurry_queue(office)
            application.cache_clear()
            given = {key: os.environ[key] for key in os.environ if key.startswith("VITRINA_")}
            began_at = time.monotonic()

            def environment() -> Mapping[str, str]:
                # The clock of a process starts from the setting; those of all workers must agree. Where
                # one died, the next one begins when the lease of the dead has run out: nobody has to wait.
                deaths = sum(supervisor.deaths for supervisor in office.supervisors)
                now = NOW + timedelta(seconds=time.monotonic() - began_at) + deaths * AFTER_DEATH
                return {**given, **self.settings, "VITRINA_NOW": now.isoformat()}

            office.supervisors = [Supervisor(self.pool, listener, environment) for listener in self.listeners]
            office.start(**first)
            try:
                yield office
                office.settle()
            finally:
                office.stop()
                application.cache_clear()

    @staticmethod
    def _hurry_queue(office: Office) -> None:
        office.http.patch(f"{office.servers.tasks}/v2/{QUEUE}", json=QUICK_QUEUE).raise_for_status()


@contextmanager
def running_stage(servers: Servers, folder: Path, *, workers: int = 1, **settings: str) -> Iterator[Stage]:
    """A stage on emulators that run already; *settings* without their prefix."""
    with ExitStack() as stack:
        listeners = [stack.enter_context(closing(listen())) for _ in range(workers)]
        pool = stack.enter_context(running_worker_pool(listeners, folder / "workers.log"))
        own = {f"VITRINA_{name}": value for name, value in {"RETRY_WAIT_S": "0", **settings}.items()}
        yield Stage(servers, pool, listeners, folder, own)


def end_state(office: Office) -> dict[str, Any]:
    """All that is there, by names that are the same in every run: numbers given outside may differ."""
    google = office.servers.google
    assert office.agency is not None
    files = office.http.get(f"{google}/_emulator/workbooks").json()
    names = {one["spreadsheetId"]: f"<{one['title']}>" for one in files}
    boards = office.kaiten("GET", f"/spaces/{office.space_id}/boards", user_id=ROBOT_ID)
    cards = [office.kaiten("GET", f"/cards/{card['id']}", user_id=ROBOT_ID) for card in office.cards()]
    hooks = office.kaiten("GET", f"/spaces/{office.space_id}/external-webhooks", user_id=ROBOT_ID)
    addresses = {f"/card/{card['id']}": f"/card/<{card['external_id']}>" for card in cards}
    ours = [office.agency.spreadsheet_id] + [
        project.spreadsheet_id for project in projects_of(office.services.store, office.agency.spreadsheet_id)
    ]
    state = {
        "files": sorted((one["title"], len(_permissions(office, one["spreadsheetId"]))) for one in files),
        "books": sorted((names[book_id], _sheet_state(office, book_id)) for book_id in ours),
        "boards": sorted(
            (board["title"], [column["title"] for column in board["columns"]], len(board["lanes"]))
            for board in boards
        ),
        "cards": sorted((_card_state(card, boards) for card in cards), key=str),
        "webhooks": [(hook["url"], hook["enabled"]) for hook in hooks],
        "items": sorted(
            (item.key, item.actions, item.is_reserved, item.is_done, bool(item.card_id))
            for item in items_of(office.services.store)
        ),
        "projects": sorted(
            (names[one.spreadsheet_id], one.project_name, one.code, one.last_number)
            for one in projects_of(office.services.store, office.agency.spreadsheet_id)
        ),
    }
    named: dict[str, Any] = _renamed(state, {**names, **addresses})
    return named


def _permissions(office: Office, file_id: str) -> list[Any]:
    answer = office.http.get(f"{office.servers.google}/drive/v3/files/{file_id}/permissions")
    permissions: list[Any] = answer.raise_for_status().json()["permissions"]
    return permissions


def _sheet_state(office: Office, spreadsheet_id: str) -> dict[str, Any]:
    book = office.book(spreadsheet_id)
    tabs = {
        key: [
            (row.number, {column: vars(tab.cell(row, column)) for column in tab.columns})
            for row in tab.rows
            if row.number is not None or any(not cell.is_empty for cell in row.cells)
        ]
        for key, tab in book.tabs.items()
    }
    # The moment of the last write is another one in every run.
    fields = {key: vars(one.cell) for key, one in book.fields.items() if key != "refreshed_at"}
    return {"tabs": tabs, "fields": fields}


def _card_state(card: Mapping[str, Any], boards: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {
        "external_id": card["external_id"],
        "title": card["title"],
        "board": [board["title"] for board in boards if board["id"] == card["board_id"]],
        "due": card["due_date"],
        "members": sorted(member["id"] for member in card["members"]),
        "checklists": [
            (one["name"], [(item["text"], item["due_date"], item["responsible_id"]) for item in one["items"]])
            for one in card["checklists"]
        ],
        "links": [link["url"] for link in card["external_links"]],
    }


def _renamed(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        for number, name in names.items():
            value = re.sub(re.escape(number) + r"(?!\w)", name, value)
        return value
    if isinstance(value, Mapping):
        return {key: _renamed(one, names) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_renamed(one, names) for one in value]
    return value
