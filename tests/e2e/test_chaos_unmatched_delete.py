"""Random interleavings with a Google that does nothing where metadata to be deleted is not there."""

from __future__ import annotations

from collections import Counter

import pytest

from benchmarks.chaos.draw import draw_history
from benchmarks.chaos.report import describe, failures
from benchmarks.chaos.world_pool import running_world_pool
from emulators.google.behaviour import UNMATCHED_DELETE

pytestmark = pytest.mark.slow

SEED, RUNS, WORLDS = 3, 2, 1


def test_nothing_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    """As with one that refuses; ``--unmatched-delete ignored`` plays the whole file of the chaos so."""
    monkeypatch.setenv(UNMATCHED_DELETE, "ignored")
    with running_world_pool(WORLDS) as pool:
        results = list(pool.play(draw_history(SEED, run) for run in range(RUNS)))

    assert not failures(results), "\n".join(map(describe, failures(results)))
    counts: Counter[str] = Counter()
    for result in results:
        counts.update(result.counts)
    assert counts["edits"] > 0, f"seed {SEED}: {counts}"
