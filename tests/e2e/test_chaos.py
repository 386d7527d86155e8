"""The benchmark of random interleavings finds nothing, and finds losses when the guards are off."""

from __future__ import annotations

from collections import Counter

import pytest

from benchmarks.chaos.check import DOUBLED, LOST, OVERWRITTEN, WRONG
from benchmarks.chaos.draw import draw_history
from benchmarks.chaos.play import Result
from benchmarks.chaos.report import describe, failures
from benchmarks.chaos.shrink import shrink
from benchmarks.chaos.world_pool import WorldPool, running_world_pool

# They take the longest of all files, and begin with the other slow ones.
pytestmark = pytest.mark.slow

SEED = 1
RUNS = 200
#: Of an agency that works in Asana; ``python -m benchmarks.chaos --tracker asana --runs 300`` plays more.
ASANA_RUNS = 16
#: Without guards about one run of ten loses something; runs are played in groups of this size.
RUNS_AT_A_TIME = 12
WORLDS = 2
SHRINK_S = 60.0


def play(pool: WorldPool, runs: range) -> list[Result]:
    """The results of the histories."""
    return list(pool.play(draw_history(SEED, run) for run in runs))


def test_nothing_is_lost() -> None:
    """No run has a violation, and the counts show that edits, faults, kills and guards did happen."""
    with running_world_pool(WORLDS, guards="on") as pool:
        results = play(pool, range(RUNS))
        failed = failures(results)
        if failed:
            smallest = shrink(pool, failed[0], budget_s=SHRINK_S)
            told = [
                *map(describe, failed),
                "The smallest:",
                smallest.history.to_text(),
                describe(smallest),
            ]
            pytest.fail("\n".join(told))

    counts: Counter[str] = Counter()
    for result in results:
        counts.update(result.counts)
    assert min(counts[name] for name in ("edits", "faults", "kills", "guards fired")) > RUNS / 10


def test_nothing_is_lost_in_asana() -> None:
    """The same with another tracker."""
    with running_world_pool(WORLDS, guards="on", tracker="asana") as pool:
        results = play(pool, range(ASANA_RUNS))

    assert not failures(results), "\n".join(map(describe, failures(results)))


def test_losses_are_found_without_guards() -> None:
    """The benchmark can fail: it finds rows that were lost, doubled or written wrongly."""
    kinds: set[str] = set()
    with running_world_pool(WORLDS, guards="off") as pool:
        for first in range(0, RUNS, RUNS_AT_A_TIME):
            results = play(pool, range(first, first + RUNS_AT_A_TIME))
            found = {violation.kind for one in results for violation in one.violations}
            kinds = found & {LOST, DOUBLED, WRONG, OVERWRITTEN}
            if kinds:
                break

    assert kinds
