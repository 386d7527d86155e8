"""How fast an agency closes what it begins, by month, client and work type.

*Lead time* is from the day on which an item left the backlog (the agency took it into a period, so that the
client was promised a day) to the day on which it was first seen done. *Cycle time* is from its first planned
day of work to the same end. Both are calendar days with both ends counted: what is taken and done on one
day takes 1. Neither knows when the client had the wish, as the backlog does not.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta
from enum import StrEnum

from msgspec import Struct

#: Days of what is shown by client and by work type; further back a team was another one.
RECENT_DAYS = 180
#: Months that are shown.
MOST_MONTHS = 12
#: The share of items within which the longer figure stays.
LONG_SHARE = 0.85


class Grouping(StrEnum):
    """By what items are taken together."""

    MONTH = "month"
    CLIENT = "client"
    WORK_TYPE = "work_type"


class ClosedItem(Struct, frozen=True):
    """An item that is done.

    Parameters
    ----------
    taken_on
        Day on which it left the backlog; ``None`` for items of older releases.
    started_on, due_on
        First and last planned day of work; ``None`` where nobody had days for it.
    """

    client: str
    work_type: str
    finished_on: date
    taken_on: date | None = None
    started_on: date | None = None
    due_on: date | None = None

    @property
    def lead_days(self) -> int | None:
        """From leaving the backlog to done."""
        return _days(self.taken_on, self.finished_on)

    @property
    def cycle_days(self) -> int | None:
        """From the first planned day of work to done; work that is done before its day takes 1."""
        return _days(self.started_on, self.finished_on)

    @property
    def is_on_time(self) -> bool | None:
        """Whether it was done by its last planned day."""
        return None if self.due_on is None else self.finished_on <= self.due_on


class Speed(Struct, frozen=True):
    """Figures of a group; ``None`` where no item has what they need.

    ``name`` is the client, the work type, or the first day of the month as ISO text.
    """

    grouping: Grouping
    name: str
    count: int
    cycle_median: float | None
    cycle_long: float | None
    lead_median: float | None
    lead_long: float | None
    on_time: float | None


def speeds(items: Iterable[ClosedItem], today: date) -> list[Speed]:
    """The last months, the newest first; then clients and work types of the last half year, by count."""
    known = [one for one in items if one.finished_on <= today]
    recent = [one for one in known if one.finished_on > today - timedelta(days=RECENT_DAYS)]
    months = _groups(known, Grouping.MONTH, lambda one: one.finished_on.replace(day=1).isoformat())
    clients = _groups(recent, Grouping.CLIENT, lambda one: one.client)
    types = _groups(recent, Grouping.WORK_TYPE, lambda one: one.work_type)
    return [
        *sorted(months, key=lambda one: one.name, reverse=True)[:MOST_MONTHS],
        *sorted(clients, key=lambda one: (-one.count, one.name)),
        *sorted(types, key=lambda one: (-one.count, one.name)),
    ]


def _groups(
    items: Sequence[ClosedItem], grouping: Grouping, name_of: Callable[[ClosedItem], str]
) -> list[Speed]:
    groups: dict[str, list[ClosedItem]] = {}
    for one in items:
        if name_of(one):
            groups.setdefault(name_of(one), []).append(one)
    return [_speed(grouping, name, group) for name, group in groups.items()]


def _speed(grouping: Grouping, name: str, items: Sequence[ClosedItem]) -> Speed:
    cycles = [one.cycle_days for one in items if one.cycle_days is not None]
    leads = [one.lead_days for one in items if one.lead_days is not None]
    promised = [one.is_on_time for one in items if one.is_on_time is not None]
    return Speed(
        grouping,
        name,
        len(items),
        median_of(cycles),
        long_of(cycles),
        median_of(leads),
        long_of(leads),
        sum(promised) / len(promised) if promised else None,
    )


def median_of(days: Sequence[int]) -> float | None:
    """The middle value, or the mean of the two in the middle."""
    if not days:
        return None
    ordered, middle = sorted(days), len(days) // 2
    return float(ordered[middle]) if len(days) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def long_of(days: Sequence[int]) -> float | None:
    """The least value that ``LONG_SHARE`` of all do not exceed."""
    return float(sorted(days)[math.ceil(LONG_SHARE * len(days)) - 1]) if days else None


def _days(first: date | None, last: date) -> int | None:
    return None if first is None else max((last - first).days + 1, 1)
