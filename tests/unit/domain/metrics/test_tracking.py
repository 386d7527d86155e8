"""A goal that is not counted any more, while visits go on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import pytest

from vitrina.domain.metrics.change.tracking import silent_since

LAST = date(2026, 11, 25)


@dataclass(frozen=True)
class Day:
    """A day of a source."""

    value: float
    base: float = 1.0


def days(count: int, *, value: float, then: float, silent: int) -> dict[date, Day]:
    """Days up to the last one, with another value on the last *silent* of them."""
    return {LAST - timedelta(days=place): Day(then if place < silent else value) for place in range(count)}


@pytest.mark.parametrize(
    ("per_day", "silent", "visits_then", "is_silent"),
    [
        # Three a day and nothing for two days: six are missing.
        (3, 2, 100, True),
        # One a day and nothing for four days: four may be missing by chance.
        (1, 4, 100, False),
        (1, 5, 100, True),
        # Visits are gone too: it is not the goal.
        (3, 2, 40, False),
        (3, 2, 50, True),
        # It is counted.
        (3, 0, 100, False),
    ],
)
def test_a_goal_that_fell_silent(per_day: float, silent: int, visits_then: float, is_silent: bool) -> None:
    """At least five events are missing, and at least half of the visits are there."""
    goal = days(60, value=per_day, then=0, silent=silent)
    visits = days(60, value=100, then=visits_then, silent=silent)

    found = silent_since(goal, visits, LAST)

    assert found == (LAST - timedelta(days=silent - 1) if is_silent else None)


def test_too_few_days_say_nothing() -> None:
    """Four weeks before the silence must be known, and days that may still change do not count."""
    goal, visits = days(20, value=3, then=0, silent=4), days(20, value=100, then=100, silent=0)
    assert silent_since(goal, visits, LAST) is None
    goal, visits = days(60, value=3, then=0, silent=2), days(60, value=100, then=100, silent=0)
    assert silent_since(goal, visits, LAST - timedelta(days=2)) is None
