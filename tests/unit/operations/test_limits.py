"""Limits of a process: a pace for each key, and shares where there are several."""

from __future__ import annotations

import random
from contextlib import ExitStack

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


class Desk:
    """Shares whose processor time a test says."""

    def __init__(self, watch: Watch, *, at_once_s: float = 10.0, a_minute_s: float = 6.0) -> None:
        self.used_s = 0.0
        self.shares = Shares(at_once_s, a_minute_s, now=watch, work=lambda: self.used_s)

    def ask(self, key: str, work_s: float = 0.0) -> float:
        """Serve a request that takes some work; the seconds to wait if it is refused."""
        with self.shares.serve(key) as wait_s:
            if wait_s == 0:
                self.used_s += work_s
        return wait_s


@pytest.fixture
def desk(watch: Watch) -> Desk:
    """Ten seconds of work at once, and six in a minute."""
    return Desk(watch)


def test_somebody_alone_has_everything(desk: Desk) -> None:
    """As there is nobody to whom it would matter."""
    assert [desk.ask("a", 5.0) for _ in range(50)] == [0.0] * 50


def test_of_several_each_has_so_much_work(desk: Desk, watch: Watch) -> None:
    """Ten seconds at once; then a second comes back in ten."""
    desk.ask("b")
    assert [desk.ask("a", 2.0) for _ in range(5)] == [0.0] * 5

    assert desk.ask("a") > 0
    assert desk.ask("b", 1.0) == 0.0
    watch.s += 11.0
    assert desk.ask("a", 1.2) == 0.0
    assert desk.ask("a") > 0


def test_of_several_each_has_so_many_requests_at_once(desk: Desk) -> None:
    """Another one takes his own share, and what ends makes room."""
    desk.ask("b")
    with ExitStack() as stack:
        assert [stack.enter_context(desk.shares.serve("a")) for _ in range(AT_ONCE)] == [0.0] * AT_ONCE
        assert desk.ask("a") > 0
        assert desk.ask("b") == 0.0

    assert desk.ask("a") == 0.0


def test_no_room_is_made_for_a_guest(desk: Desk) -> None:
    """Whoever has not been let in anywhere is nobody to whom a share matters; he himself has one."""
    desk.ask("? a@b.example")
    assert [desk.ask("a", 20.0) for _ in range(5)] == [0.0] * 5

    assert desk.ask("? a@b.example", 20.0) == 0.0
    assert desk.ask("? a@b.example") > 0


def test_a_flood_before_others_come_counts(desk: Desk, watch: Watch) -> None:
    """What somebody did alone is known when another one comes; it holds him up for some minutes at most."""
    for _ in range(100):
        desk.ask("a", 5.0)
    assert desk.ask("b") == 0.0

    wait_s = desk.ask("a")
    assert 0 < wait_s <= 102
    watch.s += wait_s
    desk.ask("b")
    assert desk.ask("a") == 0.0


def test_who_has_not_come_for_long_is_gone(desk: Desk, watch: Watch) -> None:
    """After ten minutes one is alone again."""
    desk.ask("b")
    assert desk.ask("a", 500.0) == 0.0
    assert desk.ask("a") > 0
    watch.s += SEEN_S + 1

    assert [desk.ask("a", 500.0) for _ in range(3)] == [0.0] * 3


def test_a_share_is_half_of_the_threads() -> None:
    """Those in which functions-framework serves."""
    assert AT_ONCE * 2 == THREADS


def test_a_share_is_given_back_after_an_error(desk: Desk) -> None:
    """Whatever the request ends with."""
    desk.ask("b")
    for _ in range(AT_ONCE + 1):
        with pytest.raises(ZeroDivisionError), desk.shares.serve_or_raise("a", "request.too_many"):
            raise ZeroDivisionError
    assert desk.ask("a") == 0.0


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
    # In a workbook that the process has not seen yet.
    assert limits.sharer("a@b.example", None) == "agency"
    assert limits.sharer("a@b.example", "other") == "? a@b.example"
    assert limits.sharer("c@b.example", "agency") == "? c@b.example"
