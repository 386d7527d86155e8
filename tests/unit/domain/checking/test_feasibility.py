"""Work with a first and a last day: proofs of overload, and spreading over days."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from datetime import date, timedelta

import pytest

from vitrina.domain.checking.feasibility import Work, overloads, spread

MONDAY = date(2026, 11, 23)


def day(number: int) -> date:
    """Monday is 0."""
    return MONDAY + timedelta(days=number)


def work(key: str, hours: float, first: int, last: int) -> Work[str]:
    """Work from one day of the week to another."""
    return Work(key, hours, day(first), day(last))


def eight_on_weekdays(on: date) -> float:
    """Hours of a full-time person."""
    return 8.0 if on.weekday() < 5 else 0.0


def fits_by_due_date(works: Sequence[Work[str]], capacity: Callable[[date], float]) -> bool:
    """Whether all work fits if the work that is due first is done first: an independent check."""
    left = {one.key: one.hours for one in works}
    on = min(one.first_day for one in works)
    while on <= max(one.last_day for one in works):
        hours = capacity(on)
        for one in sorted(works, key=lambda one: one.last_day):
            if one.first_day <= on <= one.last_day:
                done = min(hours, left[one.key])
                left[one.key] -= done
                hours -= done
        if any(left[one.key] > 0.01 for one in works if one.last_day == on):
            return False
        on += timedelta(days=1)
    return True


@pytest.mark.parametrize(
    ("works", "expected"),
    [
        ([], []),
        # 40 hours in a week of 40.
        ([work("a", 30, 0, 4), work("b", 10, 0, 4)], []),
        # 41 in 40.
        ([work("a", 30, 0, 4), work("b", 11, 0, 4)], [(0, 4, 41, 40, "ab")]),
        # The week is not full, but Tuesday is: the third thing has room on other days and is no part of it.
        (
            [work("a", 5, 1, 1), work("b", 4, 1, 1), work("c", 5, 0, 4)],
            [(1, 1, 9, 8, "ab")],
        ),
        # 5 + 5 + 7 in the 16 hours of Monday and Tuesday: no pair is too much.
        (
            [work("a", 5, 0, 0), work("b", 5, 0, 1), work("c", 7, 1, 1)],
            [(0, 1, 17, 16, "abc")],
        ),
        # Two runs, of which none holds the other.
        (
            [work("a", 9, 0, 0), work("b", 9, 2, 2), work("c", 4, 0, 4)],
            [(0, 0, 9, 8, "a"), (2, 2, 9, 8, "b")],
        ),
        # A weekend has no hours at all.
        ([work("a", 1, 5, 6)], [(5, 6, 1, 0, "a")]),
    ],
)
def test_overload_is_the_shortest_run_of_days(
    works: list[Work[str]], expected: list[tuple[int, int, float, float, str]]
) -> None:
    """An overload is the shortest run of days whose hours are less than those of the work inside."""
    found = overloads(works, eight_on_weekdays)

    assert [
        (
            (one.first_day - MONDAY).days,
            (one.last_day - MONDAY).days,
            one.hours,
            one.capacity_hours,
            "".join(sorted(each.key for each in one.works)),
        )
        for one in found
    ] == expected


def test_overload_is_found_exactly_where_no_spread_fits() -> None:
    """For three thousand random people the answer equals the independent check, and every proof is right."""
    dice = random.Random(5)
    outcomes = set()
    for _ in range(3000):
        hours = [dice.choice((0.0, 4.0, 6.4, 8.0)) for _ in range(14)]

        def capacity(on: date, hours: Sequence[float] = hours) -> float:
            return hours[(on - MONDAY).days]

        works = []
        for number in range(dice.randint(1, 9)):
            first = dice.randrange(14)
            last = min(13, first + dice.randrange(5))
            works.append(work(str(number), dice.choice((0.5, 2.0, 5.0, 8.0)), first, last))

        found = overloads(works, capacity)

        assert fits_by_due_date(works, capacity) is not bool(found)
        outcomes.add(bool(found))
        for one in found:
            days = [one.first_day + timedelta(days=n) for n in range((one.last_day - one.first_day).days + 1)]
            assert all(
                one.first_day <= each.first_day and each.last_day <= one.last_day for each in one.works
            )
            assert sum(each.hours for each in one.works) == pytest.approx(one.hours)
            assert sum(map(capacity, days)) == pytest.approx(one.capacity_hours)
            assert one.hours > one.capacity_hours
        for one in found:
            assert not any(
                other is not one and one.first_day <= other.first_day and other.last_day <= one.last_day
                for other in found
            )
    assert outcomes == {True, False}


@pytest.mark.parametrize(
    ("hours", "free", "expected"),
    [
        (10, {0: 8, 1: 8, 2: 8}, {0: 8, 1: 2}),
        # Monday is taken already.
        (10, {0: 0, 1: 8, 2: 8}, {1: 8, 2: 2}),
        # Six hours too many: two on each day.
        (12, {0: 2, 1: 4, 2: 0}, {0: 4, 1: 6, 2: 2}),
        # Promised twice already: less than nothing is nothing.
        (3, {0: -5, 1: 8, 2: 8}, {1: 3}),
    ],
)
def test_spread(hours: float, free: dict[int, float], expected: dict[int, float]) -> None:
    """Work is spread to the earliest free hours; hours that do not fit are added equally to all days."""
    days = [day(0), day(1), day(2)]

    found = spread(hours, days, {day(number): left for number, left in free.items()})

    assert found == pytest.approx({day(number): share for number, share in expected.items()})


def test_work_ends_after_it_begins() -> None:
    """Work with its days in the wrong order is an error."""
    with pytest.raises(ValueError, match="first_day"):
        work("a", 1, 2, 1)
