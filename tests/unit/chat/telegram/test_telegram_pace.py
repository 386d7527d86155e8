"""The pace of one process."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor

import pytest

from vitrina.chat.telegram.pace import (
    DISTANCE_S,
    LONGEST_SLEEP_S,
    MOST_IN_WINDOW,
    MOST_PER_S,
    WINDOW_S,
    Pace,
)
from vitrina.errors import RetriableServiceError


class Time:
    """Seconds that pass only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 50.0
        self.sleeps: list[float] = []

    def __call__(self) -> float:
        """The moment."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.sleeps.append(seconds)
        self.now += seconds


@pytest.fixture
def time() -> Time:
    """A clock."""
    return Time()


@pytest.fixture
def pace(time: Time) -> Pace:
    """The pace by that clock."""
    return Pace(now=time, sleep=time.sleep)


def test_one_message_a_second(time: Time, pace: Pace) -> None:
    """In a chat; another chat does not wait."""
    for chat_id in ("a", "a", "b"):
        pace.take(chat_id)

    assert time.sleeps == [pytest.approx(DISTANCE_S)]


def test_twenty_in_a_window(time: Time, pace: Pace) -> None:
    """The next one comes again when the first one is a minute old."""
    began_at = time.now
    for _ in range(MOST_IN_WINDOW):
        pace.take("a")
    with pytest.raises(RetriableServiceError) as later:
        pace.take("a")

    assert later.value.retry_after_s is not None
    # Whole seconds, never too few.
    assert 0 <= time.now + later.value.retry_after_s - (began_at + WINDOW_S) < 1
    time.now += later.value.retry_after_s
    pace.take("a")
    assert max(time.sleeps) <= LONGEST_SLEEP_S


def test_refused_turn_takes_no_room(time: Time, pace: Pace) -> None:
    """Who was told to come again did not count."""
    for _ in range(MOST_IN_WINDOW):
        pace.take("a")
    for _ in range(5):
        with pytest.raises(RetriableServiceError):
            pace.take("a")
    time.now += WINDOW_S

    for _ in range(MOST_IN_WINDOW):
        pace.take("a")


def test_short_wait_happens_inside(time: Time, pace: Pace) -> None:
    """A rest that soon ends is slept over, a longer one is told."""
    pace.rest("a", LONGEST_SLEEP_S)
    pace.take("a")
    assert time.sleeps == [LONGEST_SLEEP_S]

    pace.rest("a", LONGEST_SLEEP_S + 2)
    with pytest.raises(RetriableServiceError) as later:
        pace.take("a")

    assert later.value.retry_after_s == LONGEST_SLEEP_S + 2
    with pytest.raises(RetriableServiceError):
        pace.check("a")
    pace.check("b")


def test_shorter_rest_does_not_end_a_longer_one(time: Time, pace: Pace) -> None:
    """The later end holds."""
    pace.rest("a", 60)
    pace.rest("a", 1)
    time.now += 30

    with pytest.raises(RetriableServiceError):
        pace.check("a")


def test_messages_without_a_turn_count(pace: Pace) -> None:
    """Those that were found or tried."""
    for _ in range(MOST_IN_WINDOW):
        pace.note("a")

    with pytest.raises(RetriableServiceError):
        pace.take("a")


def test_calls_overall(time: Time, pace: Pace) -> None:
    """Any second has at most so many."""
    moments = []
    for _ in range(4 * MOST_PER_S):
        pace.wait()
        moments.append(time.now)

    assert all(
        later - earlier >= 0.999 for earlier, later in zip(moments, moments[MOST_PER_S:], strict=False)
    )
    assert time.now - 50.0 == pytest.approx(3.0)


def test_random_bursts_keep_the_limit(time: Time, pace: Pace) -> None:
    """Whatever the distances are, no minute has more than twenty."""
    seed = random.randrange(10**6)
    print(f"seed {seed}")  # noqa: T201 - shown where the test fails
    chance, moments = random.Random(seed), list[float]()
    for _ in range(600):
        time.now += chance.choice([0, 0, 0.2, 3, 30])
        try:
            pace.take("a")
        except RetriableServiceError as later:
            time.now += later.retry_after_s or 0
        else:
            moments.append(time.now)

    assert len(moments) > 100
    for place, moment in enumerate(moments):
        assert sum(moment <= one < moment + 60 for one in moments[place:]) <= MOST_IN_WINDOW


def test_threads_get_different_moments() -> None:
    """All at once: each its own second, as long as that is near."""
    sleeps: list[float] = []
    pace = Pace(now=lambda: 0.0, sleep=sleeps.append)

    def take(_: int) -> bool:
        try:
            pace.take("a")
        except RetriableServiceError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(take, range(8)))

    # At 0, 1.05 and 2.1 seconds; the next one would be later than 3.
    assert sum(taken) == 3
    assert sorted(sleeps) == [pytest.approx(DISTANCE_S), pytest.approx(2 * DISTANCE_S)]
