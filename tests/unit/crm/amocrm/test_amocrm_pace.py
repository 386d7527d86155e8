"""The pace of calls to amoCRM, with a clock that only the test moves."""

from __future__ import annotations

import random

import pytest

from emulators.amocrm.limiter import Limiter
from vitrina.crm.amocrm.pace import Pace, distance
from vitrina.errors import RetriableServiceError


class Clock:
    """A clock that only moves when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        """Seconds."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Move the clock."""
        self.now += seconds

    def pace(self, distance_s: float = distance()) -> Pace:
        """A pace with this clock, whose rests are a minute."""
        return Pace(distance_s, rest_s=60.0, now=self, sleep=self.sleep)


@pytest.fixture
def clock() -> Clock:
    """A new clock."""
    return Clock()


def refused(pace: Pace) -> tuple[str, float | None] | None:
    """Code and wait of the refusal of a call; ``None`` if it may be sent."""
    try:
        pace.wait()
    except RetriableServiceError as error:
        return error.code, error.retry_after_s
    return None


def test_calls_are_spaced(clock: Clock) -> None:
    """Four a second: one each quarter of a second."""
    pace, starts = clock.pace(0.25), []
    for _ in range(5):
        pace.wait()
        starts.append(clock.now - 1000)

    assert starts == [0, 0.25, 0.5, 0.75, 1.0]


def test_call_that_counts_as_several_takes_their_turns(clock: Clock) -> None:
    """The next one comes after all of them."""
    pace = clock.pace(0.25)
    pace.wait(4)
    pace.wait()

    assert clock.now == 1001


def test_first_refusal_is_followed_by_a_rest(clock: Clock) -> None:
    """Nothing is sent for a minute, and callers learn how long it still lasts."""
    pace = clock.pace()
    error = pace.note_refusal(429, None)
    assert error is not None
    assert (error.code, error.status, error.retry_after_s) == ("service.busy", 429, 60)

    clock.sleep(20)
    assert refused(pace) == ("service.busy", 40)
    clock.sleep(40)
    assert refused(pace) is None


def test_longer_rest_that_amocrm_asks_for(clock: Clock) -> None:
    """It is kept up to an hour; a shorter one is not believed."""
    for asked_s, rest_s in ((5, 60), (300, 300), (86_400, 3600)):
        pace = clock.pace()
        pace.note_refusal(429, asked_s)
        assert refused(pace) == ("service.busy", rest_s)


def test_403_after_429_is_a_block(clock: Clock) -> None:
    """Within ten minutes: a quarter of an hour of rest."""
    pace = clock.pace()
    pace.note_refusal(429, None)
    clock.sleep(599)
    error = pace.note_refusal(403, None)
    assert error is not None
    assert (error.code, error.retry_after_s) == ("crm.blocked", 900)

    clock.sleep(899)
    assert refused(pace) == ("crm.blocked", 1)
    clock.sleep(1)
    assert refused(pace) is None


def test_403_without_429_is_a_missing_right(clock: Clock) -> None:
    """No rest; neither is there one for a 403 long after a 429."""
    pace = clock.pace()
    assert pace.note_refusal(403, None) is None
    assert refused(pace) is None

    pace.note_refusal(429, None)
    clock.sleep(600)
    assert pace.note_refusal(403, None) is None


def test_refusal_stops_a_call_that_waits_for_its_turn(clock: Clock) -> None:
    """Another thread got 429 while this one slept."""

    def sleep(seconds: float) -> None:
        clock.sleep(seconds)
        pace.note_refusal(429, None)

    pace = Pace(1.0, rest_s=60.0, now=clock, sleep=sleep)
    pace.wait()

    assert refused(pace) == ("service.busy", 60)


def test_busy_is_told_as_busy_after_a_block_is_over(clock: Clock) -> None:
    """A later rest has its own reason."""
    pace = clock.pace()
    pace.note_refusal(429, None)
    pace.note_refusal(403, None)
    clock.sleep(900)
    assert refused(pace) is None

    pace.note_refusal(429, None)
    assert refused(pace) == ("service.busy", 60)


def test_two_processes_stay_below_the_limit(clock: Clock) -> None:
    """A thousand calls of two paces, at random distances: never more than 6 in a second, none refused."""
    seed = random.randrange(10**6)
    print("seed", seed)  # noqa: T201 - to play it again
    chance, limiter = random.Random(seed), Limiter(clock)
    turns: list[float] = []
    for _ in range(2):
        own = Clock()
        pace = own.pace()
        for _ in range(500):
            own.sleep(chance.choice((0.0, 0.0, 0.1, 2.0)))
            pace.wait()
            turns.append(own.now)
    statuses = []
    for turn in sorted(turns):
        clock.now = turn
        statuses.append(limiter.take("t"))

    assert set(statuses) == {None}
    assert limiter.measured()["most_per_s"] <= 6


def test_third_party_uses_up_the_limit(clock: Clock) -> None:
    """Whoever else calls with the token: we add one refusal in a minute at most, and are not blocked."""
    limiter, pace = Limiter(clock), clock.pace()
    statuses: list[int | None] = []
    for _ in range(500):
        if refused(pace) is None:
            # Others have just used the second up, without being refused themselves.
            limiter._integrations["t"].calls.extend([clock.now] * 7)
            statuses.append(limiter.take("t"))
            pace.note_refusal(429, None)
        clock.sleep(1)

    assert set(statuses) == {429}
    assert len(statuses) == 9
