"""Random edits on both sides: none is lost unseen, both sides end equal, nothing echoes for ever.

``python -m benchmarks.two_way --runs 300`` plays more of them.
"""

from __future__ import annotations

import pytest

from benchmarks.two_way.__main__ import describe, play_all
from benchmarks.two_way.play import last_writer_wins, opened, play

SEED = 2026
#: Histories in each tracker, and how many the wrong rule may need until it loses an edit.
RUNS, MOST_UNTIL_LOSS = 8, 30


@pytest.mark.parametrize("tracker", ["kaiten", "asana"])
def test_no_edit_is_lost(tracker: str) -> None:
    """Whatever comes in between: clicks, webhooks that are lost, late or doubled, lost answers, choices."""
    played = play_all(tracker, SEED, range(RUNS))

    failed = [describe(one) for one in played if one.violations]
    assert not failed, "\n".join(failed)
    assert sum(one.counts["conflicts"] for one in played) > 0


def test_last_writer_wins_loses_edits() -> None:
    """The property can fail: a rule that lets the last look decide writes over what somebody typed."""
    with last_writer_wins(), opened("memory") as stage:
        histories = (play(stage, SEED, run) for run in range(MOST_UNTIL_LOSS))
        lost = (text for one in histories for text in one.violations)
        assert any("was written over with" in text for text in lost)
