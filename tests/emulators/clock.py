"""A clock for the emulators of trackers."""

from __future__ import annotations

from datetime import datetime, timedelta


class TickingClock:
    """A clock that moves one second with each call, so that every row has a different time."""

    def __init__(self, start: datetime) -> None:
        self.moment = start

    def __call__(self) -> datetime:
        """The next second."""
        self.moment += timedelta(seconds=1)
        return self.moment
