"""The parts of a change add up to it exactly, for sums and for ratios."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

import pytest

from vitrina.domain.metrics.change.breakdown import (
    Breakdown,
    break_down_ratio,
    break_down_sum,
    exact,
    pooled,
    rounded_parts,
)

SEED = 20261126
DATA_SETS = 1000


@dataclass(frozen=True)
class Day:
    """What a source says of a segment."""

    value: float
    base: float = 1.0


def segments(chance: random.Random) -> dict[str, Day]:
    """A period of up to 8 segments; some have nothing, a value without a denominator, or the reverse."""
    found = {}
    for number in range(chance.randint(0, 8)):
        value = chance.choice([0.0, float(chance.randint(0, 500)), round(chance.uniform(0, 1e5), 2)])
        base = chance.choice([0.0, float(chance.randint(1, 40)), float(chance.randint(1, 20_000))])
        if chance.random() < 0.8:
            found[f"segment {number}"] = Day(value, base)
    return found


def sums(one: Mapping[str, Day]) -> tuple[Fraction, Fraction]:
    """Value and denominator of the whole, added by hand."""
    value, base = Fraction(0), Fraction(0)
    for day in one.values():
        value += Fraction(str(day.value))
        base += Fraction(str(day.base))
    return value, base


def by_name(found: Breakdown) -> dict[str, tuple[Fraction, Fraction]]:
    """Mix and rate of each segment."""
    return {one.name: (one.mix, one.rate) for one in found.parts}


@pytest.mark.slow
def test_parts_add_up_on_random_data() -> None:
    """On 1,000 data sets the parts add up to the change, without any tolerance."""
    chance = random.Random(SEED)
    ratios = without_base = 0

    for _ in range(DATA_SETS):
        before, now = segments(chance), segments(chance)
        (value_before, base_before), (value_now, base_now) = sums(before), sums(now)
        added = break_down_sum(before, now)
        assert sum((one.change for one in added.parts), Fraction(0)) == value_now - value_before
        assert added.change == value_now - value_before
        assert {one.name for one in added.parts} == {*before, *now}

        ratio = break_down_ratio(before, now)
        if not base_before or not base_now:
            assert ratio is None
            continue
        ratios += 1
        without_base += any(not one.base and one.value for one in (*before.values(), *now.values()))
        change = value_now / base_now - value_before / base_before
        assert ratio is not None
        assert ratio.change == change
        assert ratio.mix + ratio.rate == change
        assert sum((one.change for one in ratio.parts), Fraction(0)) == change

        few = break_down_ratio(*pooled(before, now, most=4, rest="the rest"))
        assert few is not None
        assert len(few.parts) <= 4
        assert few.change == change
        assert few.mix + few.rate == change
    assert ratios > 600
    assert without_base > 300


def test_random_parts_are_rounded_to_their_rounded_sum() -> None:
    """What is shown adds up too, and each part is less than a unit away from what it is."""
    chance = random.Random(SEED + 1)
    for _ in range(DATA_SETS):
        parts = [Fraction(chance.randint(-9999, 9999), chance.randint(1, 997)) for _ in range(7)]
        digits = chance.randint(0, 3)
        shown = rounded_parts(parts, digits)

        assert sum(shown) == round(sum(parts, Fraction(0)) * 10**digits) / Fraction(10**digits)
        assert all(abs(one - part) < Fraction(1, 10**digits) for one, part in zip(shown, parts, strict=True))


def test_a_sum_by_hand() -> None:
    """Search lost 30, ads 12, a new channel brought 5, one without a change is named: 100 to 63."""
    before = {"search": Day(60), "ads": Day(30), "direct": Day(10)}
    now = {"search": Day(30), "ads": Day(18), "direct": Day(10), "social": Day(5)}

    found = break_down_sum(before, now)

    assert [(one.name, int(one.change)) for one in found.parts] == [
        ("search", -30),
        ("ads", -12),
        ("social", 5),
        ("direct", 0),
    ]
    assert (found.before, found.now, found.change) == (100, 63, -37)


def test_a_ratio_by_hand() -> None:
    """Conversion of 30/400 = 7.5 % to 24/400 = 6 %: each part computed on paper.

    Before: search 20/200 (share 1/2, 10 %), ads 10/200 (1/2, 5 %). Now: search 10/100 (1/4, 10 %), ads 14/300
    (3/4, 4 2/3 %). Mix: -1/4 * (10 - 7.5) = -0.625 and 1/4 * (5 - 7.5) = -0.625. Rate: 1/4 * 0 = 0 and
    3/4 * (4 2/3 - 5) = -0.25. Sum: -1.5.
    """
    before = {"search": Day(20, 200), "ads": Day(10, 200)}
    now = {"search": Day(10, 100), "ads": Day(14, 300)}

    found = break_down_ratio(before, now)

    assert found is not None
    assert by_name(found) == {
        "search": (Fraction(-625, 100_000), 0),
        "ads": (Fraction(-625, 100_000), Fraction(-25, 10_000)),
    }
    assert found.change == Fraction(-15, 1000)


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        # A new segment counts as average: 10/100 before, then 10/100 and 0/100: all of -5 % is its rate.
        (
            {"old": Day(10, 100)},
            {"old": Day(10, 100), "new": Day(0, 100)},
            {"old": (0, 0), "new": (0, Fraction(-5, 100))},
        ),
        # One that is gone leaves only a mix: it had 0 % of a half, the whole had 5 %.
        (
            {"stays": Day(10, 100), "gone": Day(0, 100)},
            {"stays": Day(10, 100)},
            {"stays": (Fraction(25, 1000), 0), "gone": (Fraction(25, 1000), 0)},
        ),
        # Money without leads: 1,000 for 10, then 1,000 for 10 and 500 for none. The price rises by 50.
        (
            {"ads": Day(1000, 10)},
            {"ads": Day(1000, 10), "banner": Day(500, 0)},
            {"ads": (0, 0), "banner": (0, 50)},
        ),
    ],
)
def test_zero_and_missing_segments(
    before: Mapping[str, Day],
    now: Mapping[str, Day],
    expected: Mapping[str, tuple[Fraction, Fraction]],
) -> None:
    """A segment that comes, goes, or has no denominator gets what it really changed."""
    found = break_down_ratio(before, now)

    assert found is not None
    assert by_name(found) == expected


def test_a_ratio_without_denominator_is_not_divided() -> None:
    """A period without visits has no conversion that could have changed."""
    assert break_down_ratio({"a": Day(0, 0)}, {"a": Day(1, 10)}) is None
    assert break_down_ratio({"a": Day(1, 10)}, {}) is None


def test_a_segment_with_the_name_of_the_rest_goes_to_the_rest() -> None:
    """A source may have a segment of that name; nothing is lost."""
    before = {"rest": Day(7), **{f"s{number}": Day(number) for number in range(5)}}

    first, last = pooled(before, {}, most=3, rest="rest")

    assert {name: int(exact(one.value)) for name, one in first.items()} == {"s4": 4, "s3": 3, "rest": 10}
    assert last == {}


def test_money_is_counted_as_it_is_written() -> None:
    """0.1 and 0.2 make 0.3."""
    found = break_down_sum({}, {"a": Day(0.1), "b": Day(0.2)})

    assert found.change == Fraction(3, 10)
