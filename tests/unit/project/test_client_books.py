"""Reading many workbooks: within Google's quota, and without those that cannot be read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from vitrina.errors import AccessDeniedError
from vitrina.operations.actor import CLOCK
from vitrina.operations.google_quota import MINUTE_S
from vitrina.operations.run import Run
from vitrina.operations.services import Services
from vitrina.ports import Document
from vitrina.project import client_books
from vitrina.project.client_books import read_client_books
from vitrina.records.books import Project
from vitrina.store.memory import MemoryStore

LIMIT = 3


class Clock:
    """A clock that only moves when somebody sleeps."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 11, 23, 6, tzinfo=UTC)

    def now(self) -> datetime:
        """See ``Clock``."""
        return self.moment

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.moment += timedelta(seconds=seconds)


class FewServices:
    """The part of ``Services`` that reading needs."""

    def __init__(self, clock: Clock) -> None:
        self.store = MemoryStore()
        self.clock = clock
        self.quota_per_minute = LIMIT
        self.lease_s = 90.0


class WatchedRun(Run):
    """A run of an operation that records its progress messages and their times."""

    def __init__(self, clock: Clock) -> None:
        operation = Document("operation", "o", 0, {"state": "running"})
        super().__init__(cast(Services, FewServices(clock)), CLOCK, operation)
        self._clock_of_test = clock
        self.told: list[tuple[int, int]] = []
        self.moments: list[datetime] = []

    def set_progress(self, done: int, total: int, step: Any) -> None:
        """See ``Run``."""
        super().set_progress(done, total, step)
        self.told.append((done, total))

    def commit(self, *writes: Any, **more: Any) -> int:
        """See ``Run``."""
        self.moments.append(self._clock_of_test.now())
        return super().commit(*writes, **more)


def project(number: int) -> Project:
    """A client's project."""
    return Project(f"book-{number}", "agency", f"Client {number}", "Site", f"C{number}", "en", "", "", "", {})


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock of the services and of ``sleep``."""
    clock = Clock()
    monkeypatch.setattr(client_books.time, "sleep", clock.sleep)
    return clock


def test_more_workbooks_than_a_minute_has_slots(clock: Clock) -> None:
    """In any minute at most as many workbooks are read as there are slots; leases are extended meanwhile."""
    run = WatchedRun(clock)
    read_at: list[float] = []

    found, unread = read_client_books(
        run,
        [project(number) for number in range(8)],
        lambda one: read_at.append(clock.now().timestamp()) or one.code,
        quota=None,
    )

    assert found == [f"C{number}" for number in range(8)]
    assert unread == []
    for first, later in zip(read_at, read_at[LIMIT:], strict=False):
        assert later - first >= MINUTE_S - 0.01
    pairs = zip(run.moments, run.moments[1:], strict=False)
    assert max((later - first).total_seconds() for first, later in pairs) <= client_books.NAP_S
    assert run.told[0] == (0, 8)
    assert run.told[-1] == (7, 8)


def test_what_cannot_be_read_does_not_stop_the_others(clock: Clock) -> None:
    """An unreadable workbook is reported with its title and advice; the others are read."""

    def read(one: Project) -> str:
        if one.code == "C1":
            raise AccessDeniedError("google.no_access", service="Google", status=403)
        return one.code

    found, unread = read_client_books(
        WatchedRun(clock), [project(number) for number in range(3)], read, quota=None
    )

    assert found == ["C0", "C2"]
    [one] = unread
    assert one.message.where["project"] == "Client 1 — Site"
    assert one.message.where["why"].code == "google.no_access"
