"""Limits of a process: a pace for each key, and shares where there are several."""

from __future__ import annotations

import random

import pytest

from deploy.functions import THREADS
from vitrina.errors import TooManyRequestsError
from vitrina.operations.clicks.limits import AT_ONCE, MOST_KEYS, SEEN_S, Limits, Pace, Shares


class Watch:
    """A clock that tests move."""

    def __init__(self) -> None:
        self.s = 1000.0

    def __call__(self) -> float:
        """The moment in seconds."""
        return self.s


@pytest.fixture
def watch() -> Watch:
    """The clock of a test."""
    return Watch()


def test_a_pace_is_a_minutes_worth_at_once_and_then_evenly(watch: Watch) -> None:
    """Six a minute: six at once, the next one after ten seconds."""
    pace = Pace(6, watch)
    assert [pace.take("a") for _ in range(6)] == [0.0] * 6

    assert pace.take("a") == pytest.approx(10.0)
    watch.s += 9.0
    assert pace.take("a") == pytest.approx(1.0)
    watch.s += 1.0
    assert pace.take("a") == 0.0
    assert pace.take("b") == 0.0


def test_no_stretch_has_more_than_its_pace(watch: Watch) -> None:
    """By chance: in any stretch of t seconds at most 30 + t / 2 requests get through."""
    seed = random.randrange(10**6)
    chance, pace, taken = random.Random(seed), Pace(30, watch), list[float]()
    for _ in range(2000):
        watch.s += chance.expovariate(2.0)
        if pace.take("a") == 0.0:
            taken.append(watch.s)

    for first in range(0, len(taken), 7):
        for last in range(first, len(taken), 11):
            most = 30 + (taken[last] - taken[first]) / 2 + 1e-6
            assert last - first + 1 <= most, f"seed {seed}"


def test_keys_are_forgotten(watch: Watch) -> None:
    """Those that were asked for longest ago, so that no flood of names fills the memory."""
    pace = Pace(1, watch)
    pace.take("first")
    for number in range(MOST_KEYS):
        pace.take(str(number))

    assert pace.take("first") == 0.0


def test_somebody_alone_has_everything(watch: Watch) -> None:
    """Neither a pace nor a share, as there is nobody to whom it would matter."""
    shares = Shares(1, watch)

    assert [shares.enter("a") for _ in range(50)] == [0.0] * 50


def test_of_several_each_has_a_share(watch: Watch) -> None:
    """As many at once as ``AT_ONCE``; another one takes his own share, and what ends makes room."""
    shares = Shares(100, watch)
    shares.enter("b")
    shares.leave("b")
    assert [shares.enter("a") for _ in range(AT_ONCE)] == [0.0] * AT_ONCE

    assert shares.enter("a") > 0
    assert shares.enter("b") == 0.0
    shares.leave("a")
    assert shares.enter("a") == 0.0


def test_no_room_is_made_for_a_guest(watch: Watch) -> None:
    """Whoever has not been let in anywhere is nobody to whom a share matters; he himself has one."""
    shares = Shares(2, watch)
    shares.enter("? a@b.example")
    assert [shares.enter("a") for _ in range(5)] == [0.0] * 5

    assert shares.enter("? a@b.example") == 0.0
    assert shares.enter("? a@b.example") > 0


def test_a_flood_before_others_come_counts(watch: Watch) -> None:
    """What somebody did alone is known when another one comes."""
    shares = Shares(10, watch)
    for _ in range(10):
        shares.enter("a")
        shares.leave("a")
    assert shares.enter("b") == 0.0

    assert shares.enter("a") > 0


def test_who_has_not_come_for_long_is_gone(watch: Watch) -> None:
    """After ten minutes one is alone again."""
    shares = Shares(1, watch)
    shares.enter("b")
    assert shares.enter("a") == 0.0
    assert shares.enter("a") > 0
    watch.s += SEEN_S + 1

    assert [shares.enter("a") for _ in range(3)] == [0.0] * 3


def test_a_share_is_half_of_the_threads() -> None:
    """Those in which functions-framework serves."""
    assert AT_ONCE * 2 == THREADS


def test_a_share_is_given_back_after_an_error(watch: Watch) -> None:
    """Whatever the request ends with."""
    shares = Shares(100, watch)
    shares.enter("b")
    for _ in range(AT_ONCE + 1):
        with pytest.raises(ZeroDivisionError), shares.of("a", "request.too_many"):
            raise ZeroDivisionError


def test_a_person_is_told_when_to_come_again(watch: Watch) -> None:
    """In whole seconds. Questions for progress have a pace of their own."""
    limits = Limits(2, watch)
    for _ in range(2):
        limits.count_click("a@b.example", is_poll=False)

    with pytest.raises(TooManyRequestsError) as caught:
        limits.count_click("a@b.example", is_poll=False)
    assert caught.value.where == {"seconds": 30}
    limits.count_click("a@b.example", is_poll=True)
    limits.count_click("c@b.example", is_poll=False)


def test_a_stranger_takes_nobodys_share(watch: Watch) -> None:
    """Only whom an agency has let in counts for it, whatever workbook he names."""
    limits = Limits(2, watch)
    assert limits.sharer("a@b.example", "agency") == "? a@b.example"
    assert limits.sharer("a@b.example", None) == "? a@b.example"
    limits.note_staff("a@b.example", "agency")

    assert limits.sharer("a@b.example", "agency") == "agency"
    assert limits.sharer("a@b.example", "other") == "? a@b.example"
    assert limits.sharer("c@b.example", "agency") == "? c@b.example"
