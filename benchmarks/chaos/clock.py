"""A clock that all workers of a world share, so that minutes can pass at once.

Wishes in the outbox, late twins of cards and expired leases wait for minutes; a run has no such time. The
machines' clocks may be apart as well: each worker then believes to be on a machine whose clock is ahead.
"""

from __future__ import annotations

import mmap
import os
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import emulators.world  # noqa: F401 - puts ``vitrina`` on the path
from vitrina import bootstrap
from vitrina.google import server_time

#: The environment variable of a worker that has its number, from 0.
NUMBER = "WORLD_NUMBER"
#: Clocks that the file has room for.
MOST_WORKERS = 16
BYTES = 8 * (1 + MOST_WORKERS)


class TimeAhead:
    """Seconds by which the workers' clocks are ahead, in a file that every worker looks into.

    The first number is that of all workers; then come those by which their machines' clocks are ahead.
    """

    def __init__(self, path: Path) -> None:
        path.touch()
        with path.open("r+b") as file:
            file.truncate(BYTES)
            self._seconds = memoryview(mmap.mmap(file.fileno(), BYTES)).cast("d")

    @property
    def seconds(self) -> float:
        """How far the clocks are ahead."""
        return self._seconds[0]

    def of_machine(self, number: int) -> float:
        """How far the clock of a worker's machine is ahead."""
        return self._seconds[1 + number]

    def advance(self, seconds: float) -> None:
        """Let so much time pass."""
        self._seconds[0] += seconds

    def set_apart(self, seconds: Sequence[float]) -> None:
        """Set the clocks of the first workers' machines ahead by so much each."""
        for number, ahead in enumerate(seconds):
            self._seconds[1 + number] = ahead

    def reset(self) -> None:
        """Set the clocks back to where they started."""
        for place in range(len(self._seconds)):
            self._seconds[place] = 0.0


def share_clock(path: Path) -> None:
    """Have the clock of the product in this process, and in those forked from it, look into *path*.

    The machine's clock is seen through the store, which corrects it.
    """
    ahead = TimeAhead(path)
    now, machine_time = bootstrap.SystemClock.now, server_time.machine_time

    def shared_now(clock: bootstrap.SystemClock) -> datetime:
        return now(clock) + timedelta(seconds=ahead.seconds)

    def time_of_this_machine() -> datetime:
        return machine_time() + timedelta(seconds=ahead.of_machine(int(os.environ.get(NUMBER, "0"))))

    bootstrap.SystemClock.now = shared_now  # type: ignore[method-assign]
    server_time.machine_time = time_of_this_machine
