"""Makes a failing history smaller while it still fails."""

from __future__ import annotations

import time
from collections.abc import Iterable

from benchmarks.chaos.check import Violation
from benchmarks.chaos.history import History, smaller_histories
from benchmarks.chaos.play import Result
from benchmarks.chaos.world_pool import WorldPool

#: The timing of processes varies: a smaller history is played so often to see whether it fails.
ATTEMPTS = 3


def shrink(pool: WorldPool, failed: Result, *, budget_s: float) -> Result:
    """The smallest result found within the budget that has a violation of the same kind."""
    give_up_at = time.monotonic() + budget_s
    kinds = _kinds(failed.violations)
    best, is_smaller = failed, True
    while is_smaller and time.monotonic() < give_up_at:
        is_smaller = False
        for candidate in smaller_histories(best.history):
            if time.monotonic() > give_up_at:
                break
            found = _fails(pool, candidate, kinds)
            if found is not None:
                best, is_smaller = found, True
                break
    return best


def _fails(pool: WorldPool, history: History, kinds: set[str]) -> Result | None:
    results = pool.play([history] * ATTEMPTS)
    failing = [result for result in results if _kinds(result.violations) & kinds]
    return failing[0] if failing else None


def _kinds(violations: Iterable[Violation]) -> set[str]:
    return {one.kind for one in violations}
