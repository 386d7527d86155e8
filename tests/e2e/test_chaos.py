"""The benchmark of random interleavings finds nothing, and finds losses when the guards are off."""

from __future__ import annotations

from collections import Counter

import pytest

from benchmarks.chaos.check import DOUBLED, LOST, OVERWRITTEN, WRONG
from benchmarks.chaos.draw import draw_history
from benchmarks.chaos.report import describe, failures
from benchmarks.chaos.shrink import shrink
from benchmarks.chaos.world_pool import running_world_pool

# They take the longest of all files, and begin with the other slow ones.
pytestmark = pytest.mark.slow

SEED = 1
RUNS = 24
#: Of an agency that works in Asana; ``python -m benchmarks.chaos --tracker asana --runs 300`` plays more.
ASANA_RUNS = 4
#: Histories among which the first loss, and those of one variant, are looked for.
MOST_RUNS = 60
WORLDS = 2
#: Without guards about one history in five of this variant loses something. It takes seconds to make the
#: starting points of another variant.
FIRST_VARIANT = 4
SHRINK_S = 60.0
#: Runs over Firestore; the command plays hundreds.
FIRESTORE_RUNS = 2


def test_nothing_is_lost() -> None:
    """No run has a violation, and the counts show that edits, faults, kills and guards did happen."""
    with running_world_pool(WORLDS, guards="on") as pool:
        results = list(pool.play(draw_history(SEED, run) for run in range(RUNS)))
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
        results = list(pool.play(draw_history(SEED, run) for run in range(ASANA_RUNS)))

    assert not failures(results), "\n".join(map(describe, failures(results)))


def test_losses_are_found_without_guards() -> None:
    """The benchmark can fail: it finds rows that were lost, doubled or written wrongly."""
    histories = [draw_history(SEED, run) for run in range(MOST_RUNS)]
    histories.sort(key=lambda history: (history.variant != FIRST_VARIANT, history.variant))
    with running_world_pool(1, guards="off") as pool:
        results = (next(pool.play([history])) for history in histories)
        found = (violation.kind for result in results for violation in result.violations)
        assert any(kind in {LOST, DOUBLED, WRONG, OVERWRITTEN} for kind in found)


def test_nothing_is_lost_over_firestore(firestore_url: str) -> None:
    """Processes are frozen as well, clocks are apart, and calls of the store fail."""
    drawn = (draw_history(SEED, run, instances=True) for run in range(MOST_RUNS))
    histories = [one for one in drawn if one.variant == FIRST_VARIANT][:FIRESTORE_RUNS]
    with running_world_pool(1, guards="on", firestore_url=firestore_url) as pool:
        results = list(pool.play(histories))

    assert [describe(one) for one in failures(results)] == []
    assert len(results) == FIRESTORE_RUNS
    assert sum(one.counts["actions"] for one in results) > FIRESTORE_RUNS
