"""The benchmark judges as the product does, and its figures hold on fewer months."""

from __future__ import annotations

from datetime import timedelta

import pytest

from benchmarks.metrics import CALENDAR, LOOKS, by_looks, measure, simulate
from vitrina.domain.calendar import PeriodKind
from vitrina.domain.metrics.goals import Goal, State
from vitrina.domain.metrics.state import state_of

SEED = 16


@pytest.mark.parametrize(("target", "rate"), [(60, 0.7), (200, 0.7), (200, 1.0)])
def test_the_benchmark_judges_as_the_product_does(target: int, rate: float) -> None:
    """Of the looks at a whole month those until a day are the looks that the product has on that day."""
    print(f"seed {SEED}")  # noqa: T201 - shown where the test fails
    goal = Goal(target, period=PeriodKind.MONTH)
    alarms = []
    for number in range(15):
        month = simulate(f"{SEED}/{number}", target, 2.0, rate)
        shown = None
        for day in LOOKS:
            today = month.start_on + timedelta(days=day)
            known = {one: fact for one, fact in month.facts.items() if one < today}
            found = state_of(goal, (), today, CALENDAR, days=known)
            assert found is not None
            if found.state is State.BEHIND:
                shown = day
                break
        alarms.append((by_looks(month).shown, shown))

    assert [one for one, _ in alarms] == [other for _, other in alarms]


@pytest.mark.slow
@pytest.mark.parametrize(("dispersion", "noticed"), [(1.0, 0.88), (2.0, 0.65)])
def test_few_false_alarms_and_most_lags_noticed(dispersion: float, noticed: float) -> None:
    """A hundred months of each kind; ``python -m benchmarks.metrics`` plays 3,000."""
    print(f"seed {SEED}")  # noqa: T201 - shown where the test fails

    found = measure(SEED, 100, 200, dispersion)

    assert found.false_share("looks") <= 0.08
    assert found.false_share("straight line") >= 0.6
    assert found.noticed("looks") >= noticed
