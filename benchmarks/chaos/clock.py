"""A clock that all workers of a world share, so that minutes can pass at once.

Wishes in the outbox, late twins of cards and expired leases wait for minutes; a run has no such time.
"""

from __future__ import annotations

import mmap
from datetime import datetime, timedelta
from pathlib import Path

import emulators.world  # noqa: F401 - puts ``vitrina`` on the path
from vitrina import bootstrap

BYTES = 8


class TimeAhead:
    """Seconds by which the workers' clocks are ahead, in a file that every worker looks into."""

    def __init__(self, path: Path) -> None:
        path.touch()
        with path.open("r+b") as file:
            file.truncate(BYTES)
            self._seconds = memoryview(mmap.mmap(file.fileno(), BYTES)).cast("d")

    @property
    def seconds(self) -> float:
        """How far the clocks are ahead."""
        return self._seconds[0]

    def advance(self, seconds: float) -> None:
        """Let so much time pass."""
        self._seconds[0] += seconds

    def reset(self) -> None:
        """Set the clocks back to where they started."""
        self._seconds[0] = 0.0


def share_clock(path: Path) -> None:
    """Have the clock of the product in this process, and in those forked from it, look into *path*."""
    ahead = TimeAhead(path)
    now = bootstrap.SystemClock.now

    def shared_now(clock: bootstrap.SystemClock) -> datetime:
        return now(clock) + timedelta(seconds=ahead.seconds)

    bootstrap.SystemClock.now = shared_now  # type: ignore[method-assign]
