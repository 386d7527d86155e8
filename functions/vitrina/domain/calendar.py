"""Working days and the periods in which batches are planned."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from enum import StrEnum
from functools import cached_property, lru_cache

from msgspec import Struct, field

from vitrina.domain.days_off import days_of_year

#: Hours of an ordinary day of a full-time person.
FULL_DAY_HOURS = 8.0

#: Hours by which a working day before a holiday is shorter (Labour Code of Russia, Art. 95).
EVE_HOURS = 1.0

#: Month and day of the non-working holidays of each country whose eve is short (Art. 112).
HOLIDAYS_WITH_EVE: Mapping[str, frozenset[tuple[int, int]]] = {
    "RU": frozenset({*((1, day) for day in range(1, 9)), (2, 23), (3, 8), (5, 1), (5, 9), (6, 12), (11, 4)})
}

_DAY = timedelta(days=1)


class PeriodKind(StrEnum):
    """Length of the periods in which batches are planned."""

    WEEK = "week"
    MONTH = "month"


class Period(Struct, frozen=True):
    """Days from *start_on* to *end_on*, both included."""

    kind: PeriodKind
    start_on: date
    end_on: date

    def __contains__(self, day: date) -> bool:
        return self.start_on <= day <= self.end_on

    def __iter__(self) -> Iterator[date]:
        day = self.start_on
        while day <= self.end_on:
            yield day
            day += _DAY

    def next(self) -> Period:
        """The period that begins on the day after this one."""
        return period_of(self.end_on + timedelta(days=1), self.kind)


@lru_cache(maxsize=4096)
def period_of(day: date, kind: PeriodKind) -> Period:
    """The week (from Monday) or the calendar month that holds *day*."""
    if kind is PeriodKind.WEEK:
        start = day - timedelta(days=day.weekday())
        return Period(kind, start, start + timedelta(days=6))
    start = day.replace(day=1)
    next_month = (start + timedelta(days=31)).replace(day=1)
    return Period(kind, start, next_month - timedelta(days=1))


class WorkCalendar(Struct, frozen=True, dict=True):
    """Working hours of each day of a country, with its transferred and short days.

    Parameters
    ----------
    exceptions
        The agency's own days: hours of a full-time person, 0 for a day off. They override all rules.

    Notes
    -----
    ``holidays`` 0.109 equals the official Russian calendar of 2024-2027 to the day, but does not know
    short days. The rule here: a working day right before a holiday is shorter by an hour, and a working
    Saturday has the hours of the day off that was transferred to it. Measured by
    ``tests/unit/domain/test_calendar.py``: 0 days differ, 1,972 hours in 2026.
    """

    country: str = "RU"
    exceptions: Mapping[date, float] = field(default_factory=dict)

    @cached_property
    def _hours(self) -> dict[date, float]:
        return {}

    @cached_property
    def _shares(self) -> dict[Period, float]:
        return {}

    def day_hours(self, day: date) -> float:
        """Hours of a full-time person on *day*: 8, 7 before a holiday, 0 on a day off, or the exception."""
        hours = self._hours.get(day)
        if hours is None:
            hours = self._hours[day] = self._rule_hours(day)
        return hours

    def _rule_hours(self, day: date) -> float:
        if day in self.exceptions:
            return self.exceptions[day]
        year = days_of_year(self.country, day.year)
        if not year.is_working_day(day):
            return 0.0
        eve_of = year.worked.get(day, day) + _DAY
        is_eve = (eve_of.month, eve_of.day) in HOLIDAYS_WITH_EVE.get(self.country, ())
        return FULL_DAY_HOURS - EVE_HOURS if is_eve else FULL_DAY_HOURS

    def share_of_day(self, day: date) -> float:
        """Ratio of *day* to an ordinary day; a part-time person's day is shortened by the same ratio."""
        return self.day_hours(day) / FULL_DAY_HOURS

    def share_of_period(self, period: Period) -> float:
        """Ratio of *period* to an ordinary day."""
        share = self._shares.get(period)
        if share is None:
            share = self._shares[period] = sum(self.share_of_day(day) for day in period)
        return share

    def hours(self, period: Period) -> float:
        """Hours of a full-time person in *period*."""
        return sum(self.day_hours(day) for day in period)

    def is_working_day(self, day: date) -> bool:
        """Whether the agency works on *day*."""
        return self.day_hours(day) > 0

    def working_days(self, period: Period) -> list[date]:
        """Working days of *period*, in order."""
        return [day for day in period if self.is_working_day(day)]

    def working_days_between(self, first: date, last: date) -> tuple[list[date], list[float]]:
        """Working days from *first* to *last*, both included, in order; and ``share_of_day`` of each.

        What was computed for a month is kept.
        """
        days: list[date] = []
        shares: list[float] = []
        month = period_of(first, PeriodKind.MONTH)
        while month.start_on <= last:
            known = self._of_month.get(month.start_on)
            if known is None:
                found = self.working_days(month)
                known = self._of_month[month.start_on] = (found, [self.share_of_day(day) for day in found])
            days += known[0]
            shares += known[1]
            month = month.next()
        wanted = slice(bisect_left(days, first), bisect_right(days, last))
        return days[wanted], shares[wanted]

    @cached_property
    def _of_month(self) -> dict[date, tuple[list[date], list[float]]]:
        """Working days and their shares, by the first day of the month."""
        return {}

    def working_days_from(self, day: date, *, count: int) -> list[date]:
        """The first *count* working days from *day* on."""
        days: list[date] = []
        while len(days) < count:
            if self.is_working_day(day):
                days.append(day)
            day += timedelta(days=1)
        return days

    def current_period(self, today: date, kind: PeriodKind) -> Period:
        """The period of the first working day from *today* on: on a Saturday, the next week."""
        return period_of(self.working_days_from(today, count=1)[0], kind)
