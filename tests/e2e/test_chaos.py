"""The benchmark of random interleavings: it finds nothing, and it finds losses where the guards are off."""

from __future__ import annotations

from collections import Counter

import pytest

from benchmarks.chaos.check import Violation
from benchmarks.chaos.draw import draw_history
from benchmarks.chaos.lanes import running_lanes

SEED = 1
RUNS = 200
#: Without guards about one run of ten loses something.
RUNS_WITHOUT_GUARDS = 60


def play(runs: int, guards: str) -> tuple[list[Violation], Counter[str]]:
    """What was found wrong, and what happened."""
    violations: list[Violation] = []
    counts: Counter[str] = Counter()
    with running_lanes(2, guards=guards) as lanes:
        for result in lanes.play(draw_history(SEED, run) for run in range(runs)):
            violations += result.violations
            counts.update(result.counts)
    return violations, counts


@pytest.mark.slow
def test_nothing_is_lost() -> None:
    """Whatever people, faults and deaths do in between; and they did it, as the guards' count shows."""
    violations, counts = play(RUNS, "on")

    assert violations == []
    assert min(counts[name] for name in ("edits", "faults", "kills", "guards fired")) > RUNS / 10


@pytest.mark.slow
def test_losses_are_found_without_guards() -> None:
    """The benchmark can fail: it sees that a row was lost, doubled or written into a stranger's."""
    violations, _ = play(RUNS_WITHOUT_GUARDS, "off")

    assert {one.kind for one in violations} & {"row lost", "row doubled", "cell written wrongly"}
