"""Only finished weeks are compared, with the same weekdays on both sides."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

import pytest

from vitrina.domain.metrics.change.comparison import Span, comparison, full_weeks, total
from vitrina.domain.metrics.change.funnel import Counted, funnel, has_fallen

SEED = 20261126
MONDAY = date(2026, 11, 2)


@dataclass(frozen=True)
class Day:
    """A day of a source."""

    value: float
    base: float = 1.0


def days(start: date, count: int) -> list[date]:
    """Days one after another."""
    return [start + timedelta(days=place) for place in range(count)]


def test_a_growing_week_is_not_compared() -> None:
    """On a Thursday the last week is the one that ended on Sunday: of 8.5 weeks 4 are compared with 4."""
    known = days(MONDAY - timedelta(weeks=8), 60)

    found = comparison(known, MONDAY + timedelta(days=3))

    assert found is not None
    assert found.now == Span(MONDAY - timedelta(weeks=4), MONDAY - timedelta(days=1))
    assert found.before == Span(MONDAY - timedelta(weeks=8), MONDAY - timedelta(weeks=4, days=1))
    assert found.year_ago is None


@pytest.mark.parametrize(
    ("known", "weeks"),
    [
        # Nothing, a week, two weeks, three: one is compared with one.
        ([], 0),
        (days(MONDAY, 7), 0),
        (days(MONDAY - timedelta(weeks=1), 14), 1),
        (days(MONDAY - timedelta(weeks=2), 21), 1),
        # A day of the last week is missing: weeks before it are not told as the last ones.
        ([day for day in days(MONDAY - timedelta(weeks=7), 56) if day != MONDAY + timedelta(days=4)], 0),
        # A day of the fourth week back is missing: the three after it give one and one.
        ([day for day in days(MONDAY - timedelta(weeks=7), 56) if day != MONDAY - timedelta(weeks=3)], 1),
    ],
)
def test_how_many_weeks_are_compared(known: Iterable[date], weeks: int) -> None:
    """As many as there are on both sides without a gap."""
    found = comparison(known, MONDAY + timedelta(days=6))

    assert (found.weeks if found else 0) == weeks


def test_a_year_ago_needs_thirteen_months() -> None:
    """The same weeks of the last year, which are the same weekdays, if each of their days is known."""
    start = MONDAY - timedelta(weeks=52 + 3)
    settled = MONDAY + timedelta(days=6)

    whole = comparison(days(start, 7 * 56), settled)
    shorter = comparison(days(start + timedelta(days=1), 7 * 56 - 1), settled)

    assert whole is not None
    assert shorter is not None
    assert whole.year_ago == Span(start, start + timedelta(days=27))
    assert shorter.year_ago is None


def test_compared_periods_on_random_data() -> None:
    """Both sides have the same weekdays, all their days are known and settled, and they do not overlap."""
    chance = random.Random(SEED)
    compared = 0
    for _ in range(500):
        known = {day for day in days(MONDAY, chance.randint(0, 500)) if chance.random() < 0.999}
        settled = MONDAY + timedelta(days=chance.randint(0, 520))
        found = comparison(known, settled)
        if found is None:
            continue
        compared += 1
        sides = [found.now, found.before, *([found.year_ago] if found.year_ago else [])]
        assert len({tuple(day.weekday() for day in side.days) for side in sides}) == 1
        assert all(day in known and day <= settled for side in sides for day in side.days)
        assert found.before.end_on < found.now.start_on
        assert (settled - found.now.end_on).days < 7
        assert set(full_weeks(known, settled)) >= {
            Span(one, one + timedelta(days=6)) for one in found.now.days[::7]
        }
    assert compared > 100


def test_a_sum_needs_each_day() -> None:
    """A day that is not known is not 0."""
    span = Span(MONDAY, MONDAY + timedelta(days=2))
    known = {day: Day(2, 10) for day in days(MONDAY, 3)}

    found = total(known, span)

    assert found is not None
    assert (found.value, found.base, found.ratio) == (6, 30, Fraction(1, 5))
    del known[MONDAY]
    assert total(known, span) is None


def counted(name: str, now: int, before: int) -> Counted:
    """Counts of a step."""
    return Counted(name, Fraction(now), Fraction(before))


@pytest.mark.parametrize(
    ("start", "end", "is_fallen"),
    [
        # 5 % to 3 % of 2,000: of 160 expected 80, spread sqrt(160/4 * 1.5) = 7.7, 20 below: 2.6 of them.
        ((2000, 2000), (60, 100), True),
        # 5 % to 4.6 %: less than a tenth is lost.
        ((20_000, 20_000), (920, 1000), False),
        # 10 of 200 to 7 of 200: expected 8.5, spread 2.5, 1.5 below.
        ((200, 200), (7, 10), False),
        # Fewer visits with the same rate: the step is whole.
        ((1000, 2000), (50, 100), False),
        # Nobody came: there is no rate.
        ((0, 2000), (0, 100), False),
        # Nobody came before, and nothing arrived before.
        ((2000, 0), (100, 0), False),
        ((2000, 2000), (100, 0), False),
        # Nothing arrives any more.
        ((2000, 2000), (0, 100), True),
        # Less than 5 expected.
        ((500, 2000), (0, 10), False),
    ],
)
def test_a_step_breaks_by_more_than_chance(
    start: tuple[int, int], end: tuple[int, int], is_fallen: bool
) -> None:
    """Worked by hand with the rule of the docstring."""
    assert has_fallen(counted("start", *start), counted("end", *end)) is is_fallen


def test_the_first_broken_step_is_marked() -> None:
    """Two steps fell: the one that comes first is named, and later ones are not."""
    found = funnel(
        [
            counted("clicks", 10_000, 10_000),
            counted("visits", 9000, 9000),
            counted("requests", 200, 450),
            counted("sales", 10, 60),
        ]
    )

    assert [(one.end, one.is_broken) for one in found] == [
        ("visits", False),
        ("requests", True),
        ("sales", False),
    ]
    assert found[1].now == Fraction(2, 90)
    assert found[1].year_ago is None
