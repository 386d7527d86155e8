"""Quotas of Metrica are kept, and waited for where others have used them up (issue 16, line 5)."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest

from benchmarks.metric_quotas import COUNTERS, MEASURES, open_agency
from tests.harness.metric_desk import TOKEN


def test_fifty_counters_take_a_call_each_and_one_for_their_goals() -> None:
    """Two hundred metrics, at most three calls at once, nothing is refused."""
    with open_agency(COUNTERS) as agency:
        agency.desk.control("POST", "/latency", {"seconds": 0.01})
        cost = agency.read("morning")

    assert cost.calls == {"stat.bytime": 50, "goals.list": 50}
    assert cost.read_count == COUNTERS * len(MEASURES) == 200
    assert cost.most_parallel <= 3
    assert cost.refused == {}


@pytest.mark.parametrize("status", [429, 420])
def test_a_busy_login_is_waited_for(status: int) -> None:
    """Both statuses mean the same: too many in a second, or at once, is over in a moment."""
    with open_agency(5, wait_s=0.2, distance_s=0.0) as agency:
        agency.desk.control("POST", "/quotas", {"status": status, "parallel": 1})
        # Three threads ask at once, and a call takes long enough for the others to meet it.
        agency.desk.control("POST", "/latency", {"seconds": 0.1})
        cost = agency.read("busy")

    assert sum(cost.refused.values()) > 0
    assert cost.read_count == 5 * len(MEASURES)


def test_a_used_up_login_rests_until_its_quota_is_back() -> None:
    """Five minutes the first time; refused again after them, it is that of the day: until midnight GMT."""
    # Longer than the first reading takes on a slow machine.
    with open_agency(6, window_s=3.0) as agency:
        agency.desk.control("POST", "/quotas", {"status": 420, "per_day": 5})
        first = agency.read("used up")
        now = agency.office.clock.now()

        assert sum(first.refused.values()) <= 3
        assert 0 < first.read_count < 24
        assert {one for one in agency.due() if one < now + timedelta(hours=1)} == {now + timedelta(minutes=1)}

        agency.office.clock.advance(minutes=6)
        time.sleep(3.1)
        second = agency.read("used up for the day")

    assert sum(second.refused.values()) <= 3
    assert second.read_count == first.read_count
    midnight = datetime(2026, 11, 24, tzinfo=UTC)
    late = [one for one in agency.due() if one < midnight + timedelta(hours=1)]
    assert len(late) == 6 - second.read_count // len(MEASURES)
    assert all(midnight < one < midnight + timedelta(minutes=2) for one in late)
    assert all(not one.gaps for one in agency.sources())


def test_a_dead_token_is_told_once_for_all_projects() -> None:
    """It costs as many calls as were on their way, and no message for each project."""
    with open_agency(COUNTERS) as agency:
        agency.desk.do("kill_token", token=TOKEN)
        costs = []
        for _ in range(3):
            costs.append(agency.read("dead"))
            agency.office.clock.advance(hours=2)
        agency.office.run_queue(120)
        rows = agency.office.table("log", "message", spreadsheet_id=agency.office.agency_id)

    assert all(sum(one.calls.values()) <= 3 for one in costs)
    assert {gap.reason for one in agency.sources() for gap in one.gaps.values()} == {"token_dead"}
    told = [str(message) for (message,) in rows if "ключ доступа" in str(message)]
    assert len(told) == 1
    assert "50" in told[0]


def test_a_system_that_is_down_is_not_asked_for_each_project() -> None:
    """Every call would wait until it gives up; an hour later it is tried again."""
    with open_agency(20, wait_s=0.001, distance_s=0.0) as agency:
        agency.desk.control("POST", "/quotas", {"per_s": 1000})
        agency.desk.switch(is_down=True)
        cost = agency.read("down")
        now = agency.office.clock.now()
        due = set(agency.due())
        agency.desk.switch(is_down=False)
        agency.office.clock.advance(hours=2)
        after = agency.read("up again")

    # Three readings in a row, and those that were on their way; each call is sent six times.
    assert sum(cost.calls.values()) <= 6 * 5
    assert due == {now + timedelta(hours=1)}
    assert after.read_count == 20 * len(MEASURES)
