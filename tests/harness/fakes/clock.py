"""A clock that stands still until a test moves it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class FixedClock:
    """``Clock`` that shows the moment that it was set to."""

    def __init__(self, now: datetime) -> None:
        self._now = now.astimezone(UTC)

    def now(self) -> datetime:
        """See ``Clock``."""
        return self._now

    def advance(self, **parts: float) -> None:
        """Move the clock on; *parts* are those of ``timedelta``."""
        self._now += timedelta(**parts)

    def set(self, moment: datetime) -> None:
        """Set the clock to a moment, which has a time zone."""
        self._now = moment.astimezone(UTC)
