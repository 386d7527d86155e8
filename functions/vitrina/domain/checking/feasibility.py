"""Decides whether one person can do work of which only hours, a first and a last day are known.

The sheets do not say what is done on which day. Work may be interrupted and continued, so all of it can be
done if and only if in every run of days the work that lies wholly inside takes no more hours than the
person has there (Horn 1974). Earliest due date first and a maximum flow from work to days give the same
answer, but a run of days with too much work is a proof that people can check by adding up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta
from itertools import accumulate
from typing import Generic, TypeVar

from msgspec import Struct

#: Half a minute. Sums of rounded cells differ by less.
TOLERANCE_HOURS = 1 / 120

_DAY = timedelta(days=1)

Key = TypeVar("Key")


class Work(Struct, Generic[Key], frozen=True):
    """``hours`` to be done from *first_day* to *last_day*, both included."""

    key: Key
    hours: float
    first_day: date
    last_day: date

    def __post_init__(self) -> None:
        if self.last_day < self.first_day:
            raise ValueError("Must have first_day <= last_day.")


class Overload(Struct, Generic[Key], frozen=True):
    """Days with less capacity than the work that must be done inside them."""

    first_day: date
    last_day: date
    hours: float
    capacity_hours: float
    works: tuple[Work[Key], ...]


def overloads(works: Iterable[Work[Key]], day_capacity: Callable[[date], float]) -> list[Overload[Key]]:
    """The shortest runs of days in which one person has more work than capacity, the earliest first.

    Parameters
    ----------
    works
        Works of one person.
    day_capacity
        Hours of the person on a day; 0 on a day off.

    Returns
    -------
    list of Overload
        Empty if and only if the work can be spread so that no day exceeds its capacity. No run lies inside
        another one.
    """
    todo = sorted((work for work in works if work.hours > 0), key=lambda work: work.last_day)
    if not todo:
        return []
    origin = min(work.first_day for work in todo)
    span = (todo[-1].last_day - origin).days + 1
    until = [0.0, *accumulate(day_capacity(origin + offset * _DAY) for offset in range(span))]
    found: list[Overload[Key]] = []
    shortest: date | None = None
    # From the last first day to the earliest: a run that does not end before a later run contains it.
    for first_day in sorted({work.first_day for work in todo}, reverse=True):
        inside: list[Work[Key]] = []
        hours = 0.0
        for place, work in enumerate(todo):
            if shortest is not None and work.last_day >= shortest:
                break
            if work.first_day >= first_day:
                inside.append(work)
                hours += work.hours
            is_whole_day = place + 1 == len(todo) or todo[place + 1].last_day > work.last_day
            if not is_whole_day:
                continue
            capacity = until[(work.last_day - origin).days + 1] - until[(first_day - origin).days]
            if inside and hours > capacity + TOLERANCE_HOURS:
                found.append(Overload(first_day, work.last_day, hours, capacity, tuple(inside)))
                shortest = work.last_day
                break
    return found[::-1]


def spread(hours: float, days: Sequence[date], free: Mapping[date, float]) -> dict[date, float]:
    """Spreads *hours* over *days*: first on free hours, the earliest first, then the rest evenly on all days.

    Parameters
    ----------
    days
        Days on which the work may be done, in order; not empty.
    free
        Free hours of each day; negative ones count as 0.
    """
    left = hours
    shares: dict[date, float] = {}
    for day in days:
        share = min(left, max(0.0, free.get(day, 0.0)))
        if share > TOLERANCE_HOURS:
            shares[day] = share
            left -= share
    if left > TOLERANCE_HOURS:
        for day in days:
            shares[day] = shares.get(day, 0.0) + left / len(days)
    elif left > 0 and shares:
        shares[max(shares)] += left
    elif left > 0:
        shares[days[0]] = left
    return {day: shares[day] for day in sorted(shares)}
