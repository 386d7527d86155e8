"""Fakes for operations, in memory: a clock that tests move, and a queue that tests empty."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from vitrina.errors import RetriableServiceError
from vitrina.operations.actor import person
from vitrina.operations.answer import Answer, Outcome
from vitrina.operations.clicks.access import MANAGING
from vitrina.operations.run import Run
from vitrina.operations.services import Owner
from vitrina.ports import Document, Json, Key
from vitrina.records.books import Agency, Project, put_agency, put_project
from vitrina.store.memory import MemoryStore
from vitrina.texts import sentence
from vitrina.workbook.reading.team import Role

AGENCY = "agency"
BOOK = "book-1"
ANNA, BORIS = person("anna@agency.ru"), person("boris@agency.ru")
LEASE_S = 90.0


class FakeClock:
    """A clock that only moves when a test moves it."""

    def __init__(self) -> None:
        self._now = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)

    def now(self) -> datetime:
        """See ``Clock``."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Move the clock by *seconds*."""
        self._now += timedelta(seconds=seconds)


class FakeQueue:
    """A queue that keeps tasks until a test takes them; a name can be used once, as in Cloud Tasks."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._names: set[str] = set()
        self.tasks: list[Json] = []
        self.delays_s: list[float] = []
        self.is_down = False

    def add(self, name: str, body: Json, *, delay_s: float = 0.0) -> None:
        """See ``Queue``."""
        if self.is_down:
            raise RetriableServiceError("service.no_answer", service="Cloud Tasks")
        with self._lock:
            if name not in self._names:
                self._names.add(name)
                self.tasks.append(body)
                self.delays_s.append(delay_s)

    def take(self) -> list[Json]:
        """Remove and return the waiting tasks."""
        with self._lock:
            tasks, self.tasks = self.tasks, []
            return tasks


@dataclass(frozen=True)
class FakeServices:
    """The part of ``Services`` that operations use."""

    store: MemoryStore = field(default_factory=MemoryStore)
    clock: FakeClock = field(default_factory=FakeClock)
    queue: FakeQueue = field(default_factory=FakeQueue)
    lease_s: float = LEASE_S
    quota_per_minute: int = 50
    owners: tuple[Owner, ...] = (Owner("anna@agency.ru"), Owner("boris@agency.ru"))
    known_agencies: dict[str, str] = field(default_factory=dict)
    long_backlog_seen_at: dict[str, float] = field(default_factory=dict)

    def owners_in(self, agency_id: str) -> tuple[Owner, ...]:
        """See ``Services``."""
        return tuple(one for one in self.owners if one.agency_id in ("", agency_id))


def fake_services() -> Any:
    """Services with an agency and a project; typed as ``Any``, as they are only a part of ``Services``."""
    services = FakeServices()
    project = Project(BOOK, AGENCY, "Заря", "Сайт", "ЗРН", "ru", "7/8", "https://kaiten/7", {})
    services.store.commit([put_agency(Agency(AGENCY, "Агентство", "ru", {})), put_project(project)])
    return services


def load(services: Any, key: Key) -> Document | None:
    """The current document."""
    documents: dict[Key, Document] = services.store.get_many([key])
    return documents.get(key)


def done(text: str = "batch.push_next", **data: Any) -> Answer:
    """An answer of an action that did something."""
    return Answer(Outcome.DONE, sentence(text), data=data)


def allow(services: Any, spreadsheet_id: str, params: Mapping[str, Any]) -> None:
    """A check that refuses nothing."""


@dataclass(frozen=True)
class FakeAction:
    """An action of the menu."""

    run: Callable[[Run, str, Mapping[str, Any]], Answer]
    is_queued: bool = False
    reads_rows: bool = False
    check: Callable[[Any, str, Mapping[str, Any]], None] = allow
    book_kind: str = "client"
    roles: frozenset[Role] = MANAGING
    holds: tuple[str, ...] = ("{book}",)
    is_noted: bool = False
    changes_hours: bool = False
