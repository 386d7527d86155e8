"""Calls to a tracker that begin before their results are worked on."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from functools import partial

import pytest

from vitrina.usecases.tracker.calls_ahead import begun_ahead

LIMIT: ContextVar[int] = ContextVar("limit", default=0)


class Calls:
    """Calls that take a moment, and count how many of them run."""

    def __init__(self, count: int, *, wrong: int | None = None) -> None:
        self._count = count
        self._wrong = wrong
        self._lock = threading.Lock()
        self._running = 0
        self.most_running = 0
        self.begun: list[int] = []
        self.asked_for: list[int] = []

    def __iter__(self) -> Iterator[tuple[int, Callable[[], int]]]:
        for number in range(self._count):
            self.asked_for.append(number)
            yield number, partial(self._call, number)

    def _call(self, number: int) -> int:
        with self._lock:
            self.begun.append(number)
            self._running += 1
            self.most_running = max(self.most_running, self._running)
        # The first ones take longest.
        time.sleep(0.02 if number % 3 == 0 else 0.005)
        with self._lock:
            self._running -= 1
        if number == self._wrong:
            raise ValueError(number)
        return 10 * number + LIMIT.get()


@pytest.mark.parametrize("at_a_time", [1, 2, 5, 50])
def test_results_come_in_order(at_a_time: int) -> None:
    """Whichever ends first; never more than so many run, in the context of the caller."""
    calls = Calls(17)
    token = LIMIT.set(7)

    found = [(number, call()) for number, call in begun_ahead(calls, at_a_time=at_a_time)]

    LIMIT.reset(token)
    assert found == [(number, 10 * number + 7) for number in range(17)]
    assert calls.most_running <= at_a_time
    assert (calls.most_running > 1) == (at_a_time > 1)


def test_one_at_a_time_begins_when_it_is_made() -> None:
    """Nothing is asked for before the result in front of it is there."""
    calls = Calls(3)

    for number, call in begun_ahead(calls, at_a_time=1):
        assert (calls.asked_for, calls.begun) == ([*range(number + 1)], [*range(number)])
        call()


@pytest.mark.parametrize("at_a_time", [1, 3])
def test_an_error_is_raised_where_its_result_is_wanted(at_a_time: int) -> None:
    """The others are as they would be without it; the caller decides whether he goes on."""
    found: list[int] = []
    for number, call in begun_ahead(Calls(6, wrong=2), at_a_time=at_a_time):
        if number == 2:
            with pytest.raises(ValueError, match="2"):
                call()
        else:
            found.append(call())

    assert found == [0, 10, 30, 40, 50]


def test_who_stops_begins_no_more() -> None:
    """What runs is waited for."""
    calls = Calls(100)
    ahead = begun_ahead(calls, at_a_time=4)
    number, call = next(ahead)

    assert (number, call()) == (0, 0)
    ahead.close()

    begun = len(calls.begun)
    time.sleep(0.05)
    assert len(calls.begun) == begun <= 5
    assert len(calls.asked_for) == 4


def test_calls_of_two_kinds_run_behind_each_other() -> None:
    """What is done with the first results may be begun ahead as well."""
    first = Calls(8)

    def second() -> Iterator[tuple[int, Callable[[], int]]]:
        for number, call in begun_ahead(first, at_a_time=3):
            yield number, partial(int.__add__, call(), 1)

    assert [call() for _, call in begun_ahead(second(), at_a_time=3)] == [10 * one + 1 for one in range(8)]
