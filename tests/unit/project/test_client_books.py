"""Reading many workbooks: within Google's quota, and past those that cannot be read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from vitrina.records.records import Project

from vitrina.errors import AccessDeniedError
from vitrina.operations.google_quota import MINUTE_S
from vitrina.operations.services import Services
from vitrina.project import client_books
from vitrina.project.client_books import read_client_books
from vitrina.store.sqlite import SqliteStore

LIMIT = 3


class Clock:
    """Time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 11, 23, 6, tzinfo=UTC)

    def now(self) -> datetime:
        """See ``Clock``."""
        return self.moment

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.moment += timedelta(seconds=seconds)


class FewServices:
    """What reading needs of ``Services``."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self.store = SqliteStore(folder / "store.sqlite")
        self.clock = clock
        self.turns_per_minute = LIMIT


class Steps:
    """Stands in for a journal: the steps that the sidebar was told, and when."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.told: list[tuple[int, int]] = []
        self.moments: list[datetime] = []

    def progress(self, done: int, total: int, _step: object) -> None:
        """See ``Journal``."""
        self.told.append((done, total))
        self.moments.append(self._clock.now())


def project(number: int) -> Project:
    """A client's project."""
    return Project(f"book-{number}", "agency", f"Client {number}", "Site", f"C{number}", "en", "", "", "", {})


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The time of both the services and of sleeping."""
    clock = Clock()
    monkeypatch.setattr(client_books.time, "sleep", clock.sleep)
    return clock


def test_more_workbooks_than_a_minute_has_turns(tmp_path: Path, clock: Clock) -> None:
    """In any minute as many are read as there are turns; the sidebar hears of it every few seconds."""
    services = cast(Services, FewServices(tmp_path, clock))
    steps = Steps(clock)
    read_at: list[float] = []

    found, unread = read_client_books(
        services,
        [project(number) for number in range(8)],
        lambda one: read_at.append(clock.now().timestamp()) or one.code,
        cast(Any, steps),
    )

    assert found == [f"C{number}" for number in range(8)]
    assert unread == []
    for first, later in zip(read_at, read_at[LIMIT:], strict=False):
        assert later - first >= MINUTE_S - 0.01
    gaps = [
        (later - first).total_seconds()
        for first, later in zip(steps.moments, steps.moments[1:], strict=False)
    ]
    assert max(gaps) <= client_books.NAP_S
    assert steps.told[0] == (0, 8)
    assert steps.told[-1] == (7, 8)


def test_what_cannot_be_read_does_not_stop_the_others(tmp_path: Path, clock: Clock) -> None:
    """It is named by the title of its file, with what to do."""

    def read(one: Project) -> str:
        if one.code == "C1":
            raise AccessDeniedError("google.no_access", service="Google", status=403)
        return one.code

    found, unread = read_client_books(
        cast(Services, FewServices(tmp_path, clock)), [project(number) for number in range(3)], read
    )

    assert found == ["C0", "C2"]
    [one] = unread
    assert one.told.where["project"] == "Client 1 — Site"
    assert one.told.where["why"].code == "google.no_access"
