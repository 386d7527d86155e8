"""Deals move at random and webhooks go wrong: projects are those of the model of ``harness.deal_runs``."""

from __future__ import annotations

import random
from pathlib import Path

from tests.harness.deal_runs import DealRun, count_notes
from tests.harness.module_office import running_agency
from tests.harness.servers import Servers


def test_deals_at_random(servers: Servers, tmp_path: Path) -> None:
    """One project for each deal that reached the stage, one note in each; no deal is told twice."""
    seed = random.randrange(10**6)
    print("seed", seed)  # noqa: T201 - to play it again
    with running_agency(servers, tmp_path, has_crm=True) as office:
        result = DealRun(office, seed).play(deal_count=25, rounds=8, moves_per_round=6)
        notes = count_notes(office)

    assert result.wrong == []
    assert result.projects > 0
    assert set(notes.values()) == {1}
