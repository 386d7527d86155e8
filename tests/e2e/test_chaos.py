"""The benchmark of random interleavings: it finds nothing, and it finds losses where the guards are off."""

from __future__ import annotations

from collections import Counter

from benchmarks.chaos.check import DOUBLED, LOST, OVERWRITTEN, WRONG, Violation
from benchmarks.chaos.draw import draw_history
from benchmarks.chaos.lanes import Lanes, running_lanes

SEED = 1
RUNS = 200
#: Without guards about one run of ten loses something: it is looked for in so many at a time.
RUNS_AT_A_TIME = 12
LANES = 2


def play(lanes: Lanes, runs: range) -> tuple[list[Violation], Counter[str]]:
    """What was found wrong, and what happened."""
    violations: list[Violation] = []
    counts: Counter[str] = Counter()
    for result in lanes.play(draw_history(SEED, run) for run in runs):
        violations += result.violations
        counts.update(result.counts)
    return violations, counts


def test_nothing_is_lost() -> None:
    """Whatever people, faults and deaths do in between; and they did it, as the counts show."""
    with running_lanes(LANES, guards="on") as lanes:
        violations, counts = play(lanes, range(RUNS))

    assert violations == []
    assert min(counts[name] for name in ("edits", "faults", "kills", "guards fired")) > RUNS / 10


def test_losses_are_found_without_guards() -> None:
    """The benchmark can fail: it sees that a row was lost, doubled or written into a stranger's."""
    kinds: set[str] = set()
    with running_lanes(LANES, guards="off") as lanes:
        for first in range(0, RUNS, RUNS_AT_A_TIME):
            violations, _ = play(lanes, range(first, first + RUNS_AT_A_TIME))
            kinds = {one.kind for one in violations} & {LOST, DOUBLED, WRONG, OVERWRITTEN}
            if kinds:
                break

    assert kinds
