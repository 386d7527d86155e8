"""Turns: never too many in any minute, and none given away in vain."""

from __future__ import annotations

import random

from benchmarks.burst import most_in_a_minute
from vitrina.operations.google_quota import MINUTE_S, earliest


def test_free_turns_come_at_once() -> None:
    """As long as the minute has one left, nobody waits."""
    assert earliest([10.0, 20.0], 30.0, 3) == 30.0


def test_full_minute_is_waited_out() -> None:
    """The next one comes when the oldest of the last minute is a minute old."""
    assert earliest([10.0, 20.0, 21.0], 30.0, 3) == 10.0 + MINUTE_S


def test_turns_booked_ahead_are_respected() -> None:
    """A turn now would make the minute of a booked one too full."""
    assert earliest([100.0, 101.0], 99.0, 2) == 100.0 + MINUTE_S


def test_no_minute_has_too_many() -> None:
    """Whatever is booked and given back in whatever order, every stretch of a minute keeps to the limit."""
    chance = random.Random(7)
    for _ in range(30):
        limit = chance.randint(1, 6)
        taken: list[float] = []
        now = 0.0
        for _ in range(60):
            now += chance.choice((0.0, 0.1, 5.0, 40.0))
            if taken and chance.random() < 0.2:
                taken.remove(chance.choice(taken))
            turn = earliest(sorted(taken), now + chance.choice((0.0, 0.0, 8.0)), limit)
            assert turn >= now
            taken.append(turn)
        assert most_in_a_minute(taken, MINUTE_S - 0.01) <= limit
        assert most_in_a_minute(taken, MINUTE_S + 0.01) > limit
