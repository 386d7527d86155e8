"""The pace of calls, on a clock that only the test moves."""

from __future__ import annotations

import pytest

from emulators.kaiten.limiter import Limiter
from vitrina.trackers.kaiten.pace import Pace


class Clock:
    """Time that passes by sleeping."""

    def __init__(self) -> None:
        self.now = 1000.0

    def sleep(self, seconds: float) -> None:
        """Let the time pass."""
        self.now += seconds

    def starts(self, pace: Pace, count: int) -> list[float]:
        """When so many calls in a row go out, from now."""
        begin, starts = self.now, []
        for _ in range(count):
            pace.wait()
            starts.append(round(self.now - begin, 4))
        return starts


@pytest.fixture
def clock() -> Clock:
    """A clock at the start."""
    return Clock()


@pytest.fixture
def pace(clock: Clock) -> Pace:
    """A pace that nothing is known to yet."""
    return Pace(now=lambda: clock.now, sleep=clock.sleep)


def test_four_a_second_until_told(clock: Clock, pace: Pace) -> None:
    """The documented limit is five."""
    assert clock.starts(pace, 5) == [0.0, 0.25, 0.5, 0.75, 1.0]


def test_four_fifths_of_the_limit_once_told(clock: Clock, pace: Pace) -> None:
    """50 a second allow 40: one in 25 ms."""
    pace.learn({"x-ratelimit-limit": "50", "x-ratelimit-remaining": "49"})

    assert clock.starts(pace, 4) == [0.0, 0.025, 0.05, 0.075]


def test_first_answer_ends_the_slow_pace(clock: Clock, pace: Pace) -> None:
    """The call after it keeps the distance of the limit that it told, not the one that was feared."""
    pace.wait()
    pace.learn({"x-ratelimit-limit": "50", "x-ratelimit-remaining": "49"})

    assert clock.starts(pace, 2) == [0.025, 0.05]


def test_slow_caller_does_not_wait(clock: Clock, pace: Pace) -> None:
    """Nor does he save up turns for a burst."""
    pace.wait()
    clock.now += 10

    assert clock.starts(pace, 2) == [0.0, 0.25]


def test_rest_when_nothing_is_left(clock: Clock, pace: Pace) -> None:
    """Somebody else used the allowance up."""
    pace.learn({"x-ratelimit-limit": "50", "x-ratelimit-remaining": "0", "x-ratelimit-reset": "1001"})

    assert clock.starts(pace, 2) == [1.0, 1.025]


def test_far_reset_is_not_believed(clock: Clock, pace: Pace) -> None:
    """A clock that is wrong by an hour would stop us for an hour."""
    pace.learn({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "4600"})

    assert clock.starts(pace, 1) == [2.0]


@pytest.mark.parametrize("headers", [{}, {"x-ratelimit-limit": "many"}, {"x-ratelimit-limit": "0"}])
def test_unreadable_headers_change_nothing(clock: Clock, pace: Pace, headers: dict[str, str]) -> None:
    """The first pace stays."""
    pace.learn(headers)

    assert clock.starts(pace, 2) == [0.0, 0.25]


@pytest.mark.parametrize("limit", [5, 50])
def test_nothing_is_refused(clock: Clock, pace: Pace, limit: int) -> None:
    """A hundred calls against the emulator's own limiter, on one clock."""
    limiter = Limiter(lambda: clock.now)

    refused = 0
    for _ in range(100):
        pace.wait()
        allowance = limiter.take("t", limit)
        refused += allowance.is_refused
        pace.learn(allowance.headers())

    assert refused == 0
