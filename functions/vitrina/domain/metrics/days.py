"""What the days of a metric were like: how they share a period, and how much they vary.

Notes
-----
The dispersion is the variance of a day over its mean, after the weekdays are taken out (Pearson's statistic).
A few weeks give it only roughly, and too small a figure brings false alarms: in simulated months with a
dispersion of 2, the estimate itself gave 8 to 10 %. So its upper bound is used (``benchmarks/metrics.py``).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from msgspec import Struct

from vitrina.domain.calendar import WorkCalendar

#: Days that have to be known before a metric's own weekdays are used: eight weeks.
LEAST_DAYS = 56
#: What is older than this is not used.
MOST_DAYS = 182
#: Share that a day off has of a working day, as long as nothing is known (docs/assumptions.md).
DAY_OFF = 0.35
#: The metric's own weekdays are mixed with as many weeks of the usual ones.
USUAL_WEEKS = 2
#: A weekday never has less than this share of an ordinary one: nothing would be expected there.
LEAST_SHARE = 0.02

#: The least dispersion of counts, from the measurements.
LEAST_DISPERSION = 1.5
#: That of a metric of which too few days are known.
UNKNOWN_DISPERSION = 2.5
#: Standard errors that are added to the estimate.
CAUTION = 2.5
#: A mean below this is taken for this: its error would have no bounds.
LEAST_MEAN = 0.05

WEEK = 7


class DayPattern(Struct, frozen=True):
    """Shares of the weekdays, Monday first, and the dispersion.

    ``level`` is what a day of share 1 used to bring; ``None`` where that is not known.
    """

    shares: tuple[float, ...]
    dispersion: float
    level: float | None = None

    def share(self, day: date, calendar: WorkCalendar) -> float:
        """Share of *day*. A holiday is like a weekend, a working Saturday like a Friday."""
        works, weekday = calendar.is_working_day(day), day.weekday()
        if works and weekday > 4:
            return self.shares[4]
        if not works and weekday <= 4:
            return min(self.shares[weekday], (self.shares[5] + self.shares[6]) / 2)
        return self.shares[weekday]


USUAL_SHARES = (*[1.0] * 5, DAY_OFF, DAY_OFF)


def learn_counts(facts: Mapping[date, float], before: date, calendar: WorkCalendar) -> DayPattern:
    """The pattern of counts from the days *before* a window; the usual one where they are too few."""
    days = known_days(facts, before)
    if days is None:
        return DayPattern(USUAL_SHARES, UNKNOWN_DISPERSION)
    shares, level = _shares(facts, days, calendar)
    expected = _expected(facts, days, DayPattern(shares, 1.0), calendar)
    found = dispersion_of([(facts[day], one) for day, one in zip(days, expected, strict=True)])
    return DayPattern(shares, max(LEAST_DISPERSION, found), level)


def learn_amounts(facts: Mapping[date, float], before: date, calendar: WorkCalendar) -> DayPattern | None:
    """The pattern of amounts; ``None`` where too few days are known: their unit says nothing of the noise."""
    days = known_days(facts, before)
    if days is None or sum(facts[day] for day in days) <= 0:
        return None
    shares, level = _shares(facts, days, calendar)
    expected = _expected(facts, days, DayPattern(shares, 1.0), calendar)
    pairs = [(facts[day], one) for day, one in zip(days, expected, strict=True)]
    # In units of a day's mean, so that the estimate does not depend on the currency.
    found = dispersion_of([(fact / level, one / level) for fact, one in pairs]) * level
    return DayPattern(shares, max(found, level * 0.01), level)


def known_days(facts: Mapping[date, object], before: date) -> Sequence[date] | None:
    """Known days before a day, none of them too old; ``None`` if they are too few."""
    first = before - timedelta(days=MOST_DAYS)
    days = sorted(day for day in facts if first <= day < before)
    return days if len(days) >= LEAST_DAYS else None


def dispersion_of(pairs: Sequence[tuple[float, float]], *, noise: Sequence[float] | None = None) -> float:
    """The upper bound of the variance over the mean, from facts and what was expected of each day.

    Parameters
    ----------
    noise
        Variances of the days where they are not equal to what was expected, as those of shares.

    Notes
    -----
    The variance of Pearson's statistic over its degrees of freedom is (2 + kurtosis) / n. The kurtosis of
    counts is about 1 / mean, and larger where they are over-dispersed; 4 / mean was enough in simulations.
    """
    variances = noise or [expected for _, expected in pairs]
    terms = [
        (fact - expected) ** 2 / one
        for (fact, expected), one in zip(pairs, variances, strict=True)
        if one > 0
    ]
    freedom = len(terms) - WEEK
    if freedom <= 0:
        return UNKNOWN_DISPERSION
    mean = sum(fact for fact, _ in pairs) / len(pairs)
    error = math.sqrt((2 + 4 / max(mean, LEAST_MEAN)) / freedom)
    return round(sum(terms) / freedom * (1 + CAUTION * error), 1)


def _shares(
    facts: Mapping[date, float], days: Sequence[date], calendar: WorkCalendar
) -> tuple[tuple[float, ...], float]:
    """Shares of the weekdays with the mean of a week's days 1, and what a day of share 1 brings."""
    sums, counts = [0.0] * WEEK, [0] * WEEK
    for day in days:
        if calendar.is_working_day(day) == (day.weekday() < 5):
            sums[day.weekday()] += facts[day]
            counts[day.weekday()] += 1
    mean = sum(sums) / max(sum(counts), 1)
    usual = sum(USUAL_SHARES) / WEEK
    means = [
        (total + USUAL_WEEKS * mean * USUAL_SHARES[weekday] / usual) / (count + USUAL_WEEKS)
        for weekday, (total, count) in enumerate(zip(sums, counts, strict=True))
    ]
    level = sum(means) / WEEK
    if level <= 0:
        return USUAL_SHARES, 0.0
    return tuple(max(one / level, LEAST_SHARE) for one in means), level


def _expected(
    facts: Mapping[date, float], days: Sequence[date], pattern: DayPattern, calendar: WorkCalendar
) -> list[float]:
    """The sum of the days, shared out by the pattern."""
    shares = [pattern.share(day, calendar) for day in days]
    factor = sum(facts[day] for day in days) / sum(shares)
    return [factor * one for one in shares]
