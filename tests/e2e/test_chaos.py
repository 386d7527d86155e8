"""The benchmark of random interleavings finds nothing, and finds what defects of the product do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import islice

import pytest

from benchmarks.chaos.check import ASKED, CROSSED, DECIDED, DOUBLED, LOST, OVERWRITTEN, PROJECT, WRONG
from benchmarks.chaos.draw import draw_history
from benchmarks.chaos.history import History, Json
from benchmarks.chaos.play import Result
from benchmarks.chaos.report import describe, failures
from benchmarks.chaos.shrink import shrink
from benchmarks.chaos.world_pool import running_world_pool

# They take the longest of all files, and begin with the other slow ones.
pytestmark = pytest.mark.slow

SEED = 3
RUNS = 10
#: Further runs in which accounting is asked.
ASKING_RUNS = 2
#: The most runs that are played beside them until everything has happened often enough.
MOST_FURTHER_RUNS = 30
#: Histories among which those that are played are looked for.
MOST_RUNS = 1500
WORLDS = 1
#: A project in Kaiten and one in Asana. It takes seconds to make the starting points of another variant.
VARIANTS = (4, 1)
#: Without guards about one history in five of this variant loses something.
FIRST_VARIANT = 4
SHRINK_S = 60.0
#: Runs over Firestore; the command plays hundreds.
FIRESTORE_RUNS = 2

#: What each defect does, and visits with which it does it.
FOUND_BY: dict[str, tuple[str, Callable[[list[Json]], bool]]] = {
    "launch": (PROJECT, lambda visits: any(one.get("stage") == "signed" for one in visits)),
    "decision": (
        DECIDED,
        lambda visits: any(one.get("times") == 2 and one["do"] == "return" for one in visits),
    ),
    "accounting": (ASKED, lambda visits: {"both", "invoice"} <= {one.get("kind") for one in visits}),
    "border": (CROSSED, lambda visits: any(one.get("do") == "trespass" for one in visits)),
}


def histories(count: int, *variants: int, instances: bool = False) -> list[History]:
    """The first histories of some variants."""
    drawn = (draw_history(SEED, run, instances=instances) for run in range(MOST_RUNS))
    return [one for one in drawn if one.variant in variants][:count]


def with_visits(is_wanted: Callable[[list[Json]], bool]) -> Iterator[History]:
    """Histories of the first variant in which people do this, the shortest first."""
    for history in sorted(histories(MOST_RUNS, FIRST_VARIANT), key=lambda one: one.size):
        if is_wanted([one for phase in history.phases for group in phase.visits for one in group]):
            yield history


def has_happened_often(results: Sequence[Result]) -> bool:
    """Whether edits, faults, kills and guards have each happened more than ``RUNS / 10`` times."""
    names = ("edits", "faults", "kills", "guards fired")
    return min(sum(result.counts[name] for result in results) for name in names) > RUNS / 10


def test_nothing_is_lost() -> None:
    """No run has a violation, and the counts show that edits, visits, faults, kills and guards did happen."""
    # A visit that is disturbed may come to nothing, and few histories have one of accounting.
    asking = islice(with_visits(lambda visits: any(one["by"] == "accounting" for one in visits)), ASKING_RUNS)
    with running_world_pool(WORLDS) as pool:
        results = list(pool.play([*histories(RUNS, *VARIANTS), *asking]))
        # How often a guard fires depends on chance.
        for further in histories(MOST_RUNS, FIRST_VARIANT)[RUNS : RUNS + MOST_FURTHER_RUNS]:
            if has_happened_often(results):
                break
            results += pool.play([further])
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
    assert has_happened_often(results)
    visitors = {name.partition(":")[0] for name, count in counts.items() if ": " in name and count}
    assert visitors >= {"client", "chat", "accounting", "neighbour"}
    assert counts["crm"] > 0


def test_losses_are_found_without_guards() -> None:
    """The benchmark can fail: it finds rows that were lost, doubled or written wrongly."""
    with running_world_pool(1, defect="guards") as pool:
        results = (next(pool.play([one])) for one in histories(MOST_RUNS, FIRST_VARIANT))
        found = (violation.kind for result in results for violation in result.violations)
        assert any(kind in {LOST, DOUBLED, WRONG, OVERWRITTEN} for kind in found)


def test_defects_beside_the_sheet_are_found() -> None:
    """A project twice, a decision twice, accounting asked twice, a border that is open: each is found."""
    with running_world_pool(1, defect="all beside the sheet") as pool:
        for name, (kind, is_wanted) in FOUND_BY.items():
            results = (next(pool.play([one])) for one in with_visits(is_wanted))
            found = (violation.kind for result in results for violation in result.violations)
            assert kind in found, name


def test_nothing_is_lost_over_firestore(firestore_url: str) -> None:
    """Processes are frozen as well, clocks are apart, and calls of the store fail."""
    with running_world_pool(1, firestore_url=firestore_url) as pool:
        results = list(pool.play(histories(FIRESTORE_RUNS, FIRST_VARIANT, instances=True)))

    assert [describe(one) for one in failures(results)] == []
    assert len(results) == FIRESTORE_RUNS
    assert sum(one.counts["actions"] for one in results) > FIRESTORE_RUNS
