"""What tests of the port ask of the world of a source, in no vendor's words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from vitrina.metric_port import MetricService

ZONE = ZoneInfo("Europe/Moscow")
#: The moment in every world: in the morning of a Monday.
NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
YESTERDAY = date(2026, 11, 22)
#: Six things on each day of a week.
WEEK_OF_SIX = {YESTERDAY - timedelta(days=number): 6 for number in range(7)}
DAYS = [YESTERDAY - timedelta(days=number) for number in range(40, -1, -1)]


class MetricWorld(Protocol):
    """A source with one account, of which a test says what happened on each day."""

    service: MetricService
    account_id: str
    #: A measure whose days are what ``fill`` says.
    measure_id: str
    #: Whether a day of which nothing was said is 0; in a table it is not known.
    has_zeros: bool
    #: Whether the access can be taken away, and whether the system can be down: there is one outside.
    is_outside: bool
    #: Whether there may be several accounts.
    has_accounts: bool

    def fill(self, days: Mapping[date, int]) -> None:
        """Begin anew: so many things happened on each day, and nothing else."""

    def add(self, day: date, count: int) -> None:
        """So many more happened, as is seen later."""

    def close(self) -> None:
        """Take our access away."""

    def go_down(self) -> None:
        """Let the next calls be unanswered."""


OpenMetricWorld = Callable[[], AbstractContextManager[MetricWorld]]


def now() -> datetime:
    """The moment."""
    return NOW
