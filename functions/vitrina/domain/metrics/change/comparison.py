"""Periods of a metric that may be compared: finished weeks, with the same weekdays on both sides."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from fractions import Fraction

from msgspec import Struct

from vitrina.domain.metrics.change.breakdown import Measured, exact

#: Weeks of each of the two periods that a report compares, where there are as many.
MOST_WEEKS = 4
#: Weeks back to the same weekdays of the last year.
YEAR_WEEKS = 52

_DAY = timedelta(days=1)
_WEEK = timedelta(days=7)


class Span(Struct, frozen=True):
    """Days from *start_on* to *end_on*, both included."""

    start_on: date
    end_on: date

    @property
    def days(self) -> list[date]:
        """Its days, in order."""
        return [self.start_on + _DAY * place for place in range((self.end_on - self.start_on).days + 1)]

    def earlier(self, weeks: int) -> Span:
        """The same days so many weeks before."""
        return Span(self.start_on - _WEEK * weeks, self.end_on - _WEEK * weeks)


class Total(Struct, frozen=True):
    """Sums of the days of a span."""

    value: Fraction
    base: Fraction

    @property
    def ratio(self) -> Fraction | None:
        """Of a ratio, ``None`` without a denominator."""
        return self.value / self.base if self.base else None


class Comparison(Struct, frozen=True):
    """The last finished weeks, as many before them, and the same weeks of the last year if they are known."""

    now: Span
    before: Span
    year_ago: Span | None

    @property
    def weeks(self) -> int:
        """Weeks of each of the periods."""
        return len(self.now.days) // 7


def full_weeks(days: Iterable[date], settled_to: date) -> list[Span]:
    """Weeks from Monday of which each day is known and does not change any more, the earliest first."""
    known = {day for day in days if day <= settled_to}
    starts = sorted({day - _DAY * day.weekday() for day in known})
    weeks = [Span(start, start + _DAY * 6) for start in starts]
    return [week for week in weeks if known.issuperset(week.days)]


def comparison(days: Iterable[date], settled_to: date) -> Comparison | None:
    """What is compared: at most ``MOST_WEEKS`` weeks without a gap, ``None`` if there are not two.

    The last week of it is the last one that is finished at *settled_to*: if a day of that is not known,
    nothing is compared, because older weeks would be told as the last ones.
    """
    known = {day for day in days if day <= settled_to}
    last = settled_to - _DAY * ((settled_to.weekday() + 1) % 7)
    count = 0
    while count < 2 * MOST_WEEKS and _is_known(Span(last - _DAY * 6, last).earlier(count), known):
        count += 1
    weeks = count // 2
    if not weeks:
        return None
    now = Span(last - _WEEK * weeks + _DAY, last)
    year_ago = now.earlier(YEAR_WEEKS)
    return Comparison(now, now.earlier(weeks), year_ago if _is_known(year_ago, known) else None)


def total(days: Mapping[date, Measured], span: Span) -> Total | None:
    """Sums of a span, ``None`` if one of its days is not known."""
    found = [days[day] for day in span.days if day in days]
    if len(found) < len(span.days):
        return None
    return Total(
        sum((exact(one.value) for one in found), Fraction(0)),
        sum((exact(one.base) for one in found), Fraction(0)),
    )


def _is_known(span: Span, known: set[date]) -> bool:
    return known.issuperset(span.days)
