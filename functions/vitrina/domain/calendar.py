"""Working days and the periods in which batches are planned."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import cached_property

import holidays


class PeriodKind(StrEnum):
    """How often a batch is started."""

    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True)
class Period:
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
            day += timedelta(days=1)

    def next(self) -> Period:
        """The period that begins on the day after this one."""
        return period_of(self.end_on + timedelta(days=1), self.kind)


def period_of(day: date, kind: PeriodKind) -> Period:
    """The week (from Monday) or the calendar month that holds *day*."""
    if kind is PeriodKind.WEEK:
        start = day - timedelta(days=day.weekday())
        return Period(kind, start, start + timedelta(days=6))
    start = day.replace(day=1)
    next_month = (start + timedelta(days=31)).replace(day=1)
    return Period(kind, start, next_month - timedelta(days=1))


@dataclass(frozen=True)
class WorkCalendar:
    """Working days of a country, with its transferred days.

    Notes
    -----
    ``holidays`` 0.109 equals the official Russian calendar of 2024-2027 to the day; measured by
    ``tests/unit/domain/test_calendar.py``.
    """

    country: str = "RU"

    @cached_property
    def _days_off(self) -> holidays.HolidayBase:
        return holidays.country_holidays(self.country)

    def is_working_day(self, day: date) -> bool:
        """Whether the agency works on *day*."""
        return bool(self._days_off.is_working_day(day))

    def working_days(self, period: Period, *, since: date | None = None) -> list[date]:
        """Working days of *period*, in order, from *since* on."""
        return [day for day in period if (since is None or day >= since) and self.is_working_day(day)]

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
