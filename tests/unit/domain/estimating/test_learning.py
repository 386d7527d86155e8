"""One wrong time log moves no norm by more than a tenth."""

from __future__ import annotations

import math
import random
from datetime import date

import pytest

from vitrina.domain.estimating.learning import learn
from vitrina.domain.estimating.norms import EffortNorm, FinishedWork, NormCell

DAY = date(2026, 6, 1)
SEED = 20261124
HISTORIES = 400

#: Factors of wrong time logs: minutes typed as hours, hours as days, a timer left running, additional zeros.
MAD = (10.0, 20.0, 60.0, 1000.0, 1 / 20, 1 / 60)


def history(draw: random.Random, spread: float) -> list[FinishedWork]:
    """A history of one to six work types with three to forty facts each, with or without sizes."""
    size = draw.choice(["", "m"])
    works = []
    for kind in range(draw.randint(1, 6)):
        level = draw.uniform(0, 3.5)
        works += [
            FinishedWork(f"Вид {kind}", "design", math.exp(draw.gauss(level, spread)), 1.0, DAY, size)
            for _ in range(draw.choice([3, 3, 4, 5, 8, 15, 40]))
        ]
    return works


def moves(before: dict[NormCell, EffortNorm], after: dict[NormCell, EffortNorm]) -> list[float]:
    """Factors by which each figure of each norm changed."""
    return [
        max(new / old, old / new)
        for cell in before
        for old, new in (
            (before[cell].typical_hours, after[cell].typical_hours),
            (before[cell].hours_per_unit, after[cell].hours_per_unit),
        )
    ]


@pytest.mark.slow
@pytest.mark.parametrize("spread", [0.0, 0.2, 0.4])
def test_no_norm_moves_by_more_than_a_tenth(spread: float) -> None:
    """In random histories, with groups of three or more facts, no typical figure or mean moves by more."""
    draw = random.Random(f"{SEED} {spread}")
    print(f"seed {SEED}")  # noqa: T201 - shown where the test fails
    for number in range(HISTORIES // 3):
        works = history(draw, spread)
        victim = draw.choice(works)
        own = sorted(work.hours for work in works if work.work_type == victim.work_type)
        mad = victim._replace(hours=own[len(own) // 2] * draw.choice(MAD))

        moved = moves(dict(learn(works).cells), dict(learn([*works, mad]).cells))

        assert max(moved) <= 1.1, (number, mad, works)


def test_the_order_in_which_works_are_kept_does_not_matter() -> None:
    """Works of one day may stand in any order, also where a block of the replay begins within that day."""
    draw = random.Random(SEED)
    works = history(draw, 0.4) + history(draw, 0.4)
    other = draw.sample(works, len(works))

    assert learn(other) == learn(works)
