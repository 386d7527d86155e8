"""The measurement of requests: its results and its complaints."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.api_calls import ACTIONS, Cost, as_text, complaints, run, table

SIZES = (10, 30)


def cost(action: str, *, reads: int = 1, writes: int = 1, drive: int = 0) -> Cost:
    """The cost of an action at ten rows."""
    return Cost(action, 10, reads, writes, drive, kaiten_requests=2, card_count=3, ms=20.0)


def test_every_action_stays_within_its_requests(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Actions use the same number of Google's requests at both sizes; Kaiten's requests follow the cards."""
    costs = run(monkeypatch.setenv, tmp_path, sizes=SIZES)

    assert complaints(costs) == []
    assert [(one.action, one.row_count) for one in costs] == [
        (action, size) for action in ACTIONS for size in SIZES
    ]
    google = {
        (one.action, one.row_count): replace(one, row_count=0, kaiten_requests=0, ms=0) for one in costs
    }
    for action in ACTIONS:
        small, large = (google[action, size].google_requests for size in SIZES)
        assert small == large, action
    for one in costs:
        if one.action in ("push", "refresh"):
            assert one.kaiten_requests >= one.card_count > 1


@pytest.mark.parametrize(
    ("spent", "words"),
    [
        (cost("estimate", reads=2), "Estimate at 10 rows: 2 reads, 1 writes, 0 of Drive"),
        (cost("start_batch", writes=3), "Start the batch at 10 rows: 1 reads, 3 writes, 0 of Drive"),
        (cost("webhook", writes=0), "Webhook at 10 rows: 1 reads, 0 writes, 0 of Drive"),
        (cost("refresh", drive=1), "Refresh at 10 rows: 1 reads, 1 writes, 1 of Drive"),
        (cost("update_load", reads=3), "Refresh the load at 10 rows: 3 reads, 1 writes, 0 of Drive"),
        (cost("check_all"), "Check everything at 10 rows: 1 reads, 1 writes, 0 of Drive"),
        (cost("new_client", drive=4), "New client at 10 rows: 6 requests"),
    ],
)
def test_complaint_names_action_size_and_requests(spent: Cost, words: str) -> None:
    """Too few requests are wrong too: then the action did not do its work."""
    [found] = complaints([spent])

    assert found.startswith(words)


def test_nothing_is_said_of_what_is_allowed() -> None:
    """Allowed costs give no complaint: a batch reads two workbooks, a new client takes five requests."""
    assert complaints([cost("build_batch", reads=2, writes=0), cost("new_client", drive=3)]) == []


def test_table_is_aligned_and_compares_times() -> None:
    """Numbers are aligned right; the last column is the time relative to the smallest size."""
    lines = table([cost("estimate"), replace(cost("estimate"), row_count=1000, ms=50.0)])

    assert as_text(lines, markdown=True).splitlines() == [
        "| Action   |  Rows | Google reads | Google writes | Drive calls | Kaiten calls | Cards | ms |   × |",
        "|----------|------:|-------------:|--------------:|------------:|-------------:|------:|---:|----:|",
        "| Estimate |    10 |            1 |             1 |           0 |            2 |     3 | 20 | 1.0 |",
        "| Estimate | 1,000 |            1 |             1 |           0 |            2 |     3 | 50 | 2.5 |",
    ]
