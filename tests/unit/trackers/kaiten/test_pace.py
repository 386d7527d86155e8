"""The pace of calls, with a clock that only the test moves."""

from __future__ import annotations

import pytest

from emulators.kaiten.limiter import Limiter
from vitrina.trackers.kaiten.pace import Pace


class Clock:
    """A clock that only moves when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0

    def sleep(self, seconds: float) -> None:
        """Move the clock."""
        self.now += seconds

    def starts(self, pace: Pace, count: int) -> list[float]:
        """Start times of *count* calls in a row, from now."""
        begin, starts = self.now, []
        for _ in range(count):
            pace.wait()
            starts.append(round(self.now - begin, 4))
        return starts


@pytest.fixture
def clock() -> Clock:
    """A new clock."""
    return Clock()


@pytest.fixture
def pace(clock: Clock) -> Pace:
    """A pace that has not seen an answer yet."""
    return Pace(now=lambda: clock.now, sleep=clock.sleep)


def test_four_calls_a_second_before_the_first_answer(clock: Clock, pace: Pace) -> None:
    """Before the first answer there are four calls a second; the documented limit is five."""
    assert clock.starts(pace, 5) == [0.0, 0.25, 0.5, 0.75, 1.0]


def test_nearly_the_limit_after_an_answer(clock: Clock, pace: Pace) -> None:
    """With a limit of 50 a second there are 47.5 calls a second: one in 21.05 ms."""
    pace.learn({"x-ratelimit-limit": "50", "x-ratelimit-remaining": "49"})

    assert clock.starts(pace, 4) == [0.0, 0.0211, 0.0421, 0.0632]


def test_first_answer_ends_the_slow_pace(clock: Clock, pace: Pace) -> None:
    """After the first answer the interval follows from its limit, not from the initial pace."""
    pace.wait()
    pace.learn({"x-ratelimit-limit": "50", "x-ratelimit-remaining": "49"})

    assert clock.starts(pace, 2) == [0.0211, 0.0421]


def test_slow_caller_does_not_wait(clock: Clock, pace: Pace) -> None:
    """A slow caller does not wait, but saves no calls for a burst."""
    pace.wait()
    clock.now += 10

    assert clock.starts(pace, 2) == [0.0, 0.25]


def test_rest_when_nothing_is_left(clock: Clock, pace: Pace) -> None:
    """If no call is left, for example because of another client, the next one waits for the reset."""
    pace.learn({"x-ratelimit-limit": "50", "x-ratelimit-remaining": "0", "x-ratelimit-reset": "1001"})

    assert clock.starts(pace, 2) == [1.0, 1.0211]


def test_far_reset_is_not_believed(clock: Clock, pace: Pace) -> None:
    """A reset far in the future is ignored, because it may come from a wrong clock."""
    pace.learn({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "4600"})

    assert clock.starts(pace, 1) == [2.0]


@pytest.mark.parametrize("headers", [{}, {"x-ratelimit-limit": "many"}, {"x-ratelimit-limit": "0"}])
def test_unreadable_headers_change_nothing(clock: Clock, pace: Pace, headers: dict[str, str]) -> None:
    """Unreadable headers do not change the pace."""
    pace.learn(headers)

    assert clock.starts(pace, 2) == [0.0, 0.25]


@pytest.mark.parametrize("limit", [5, 50])
def test_nothing_is_refused(clock: Clock, pace: Pace, limit: int) -> None:
    """A hundred calls stay within the emulator's own limiter, with the same clock."""
    limiter = Limiter(lambda: clock.now)

    refused = 0
    for _ in range(100):
        pace.wait()
        allowance = limiter.take("t", limit)
        refused += allowance.is_refused
        pace.learn(allowance.headers())

    assert refused == 0
