"""The pace of calls to Asana, with a clock that only the test moves."""

from __future__ import annotations

import pytest

from emulators.asana.limits import DEFAULTS, Limits
from vitrina.trackers.asana.pace import Pace


class Clock:
    """A clock that only moves when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0

    def sleep(self, seconds: float) -> None:
        """Move the clock."""
        self.now += seconds

    def pace(self, per_minute: int | None = None) -> Pace:
        """A pace with this clock."""
        return Pace(per_minute, now=lambda: self.now, sleep=self.sleep)

    def starts(self, pace: Pace, count: int, calls: int = 1) -> list[float]:
        """Start times of *count* calls in a row, from now."""
        begin, starts = self.now, []
        for _ in range(count):
            pace.wait(calls)
            starts.append(round(self.now - begin, 4))
        return starts


@pytest.fixture
def clock() -> Clock:
    """A new clock."""
    return Clock()


def test_calls_of_a_minute_are_not_spaced(clock: Clock) -> None:
    """Three calls at once, the fourth when the first is a minute and a second old."""
    assert clock.starts(clock.pace(3), 7) == [0, 0, 0, 61, 61, 61, 122]


def test_batch_takes_as_many_turns_as_it_has_actions(clock: Clock) -> None:
    """Of ten calls a minute, two batches of four fit; the third one waits."""
    assert clock.starts(clock.pace(10), 4, calls=4) == [0, 0, 61, 61]


def test_batch_larger_than_the_limit_is_sent(clock: Clock) -> None:
    """It waits for an empty minute, and then Asana decides."""
    pace = clock.pace(3)
    pace.wait()

    assert clock.starts(pace, 1, calls=5) == [61]


def test_free_limit_until_the_plan_is_known(clock: Clock) -> None:
    """150 calls a minute; 1,500 once the plan is known to be paid; a given limit stays."""
    free, paid, given = clock.pace(), clock.pace(), clock.pace(2)
    paid.learn_plan(is_paid=True)
    given.learn_plan(is_paid=True)

    assert clock.starts(free, 151)[-1] == 61
    assert clock.starts(paid, 1500)[-1] == 0
    assert clock.starts(given, 3)[-1] == 61


def test_rest_as_long_as_asana_asks(clock: Clock) -> None:
    """Another process used up the limit; a wait that is too long is not believed."""
    pace = clock.pace(100)
    pace.learn({"retry-after": "30"})
    assert clock.starts(pace, 2) == [30, 30]

    pace.learn({"retry-after": "86400"})
    assert clock.starts(pace, 1) == [62]


@pytest.mark.parametrize("headers", [{}, {"retry-after": "soon"}, {"retry-after": ""}])
def test_unreadable_headers_change_nothing(clock: Clock, headers: dict[str, str]) -> None:
    """Without a number nothing is waited for."""
    pace = clock.pace(100)
    pace.learn(headers)

    assert clock.starts(pace, 2) == [0, 0]


@pytest.mark.parametrize("calls", [1, 3])
def test_nothing_is_refused(clock: Clock, calls: int) -> None:
    """Two hundred calls stay within the emulator's own limits, with the same clock."""
    limits, pace = Limits(lambda: clock.now), clock.pace(50)
    values = {**DEFAULTS, "calls_per_minute": 50}

    waits = []
    for _ in range(200):
        pace.wait(calls)
        waits.append(limits.begin("t", values, is_read=True, calls=calls))
        limits.end("t", is_read=True, cost=1)

    assert set(waits) == {None}
