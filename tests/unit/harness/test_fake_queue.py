"""The queue in memory keeps the rules of the port."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.harness.agency_data import NOW
from tests.harness.fakes.clock import FixedClock
from tests.harness.fakes.interruptions import no_answer
from tests.harness.fakes.queue import FakeQueue
from vitrina.errors import BusyError, RetriableServiceError
from vitrina.ports import Json


@pytest.fixture
def queue() -> FakeQueue:
    """Nothing in it."""
    return FakeQueue(FixedClock(NOW))


def test_name_is_taken_once(queue: FakeQueue) -> None:
    """Also when its task is done or lost."""
    queue.add("a", {"n": 1})
    queue.add("a", {"n": 2})
    assert [one.body for one in queue.waiting] == [{"n": 1}]

    queue.run_next(lambda _: None)
    queue.add("a", {"n": 3})

    assert queue.waiting == []


def test_task_that_is_due_first_runs_first(queue: FakeQueue) -> None:
    """Of tasks that are due together the one that was queued first."""
    queue.add("late", {}, delay_s=5)
    queue.add("a", {})
    queue.add("b", {})
    assert queue.waiting[0].due_at == NOW + timedelta(seconds=5)

    assert [queue.run_next(lambda _: None).name for _ in range(3)] == ["a", "b", "late"]


def test_task_that_fails_is_delivered_again(queue: FakeQueue) -> None:
    """It waits until it is done."""
    queue.add("a", {"n": 1})

    def fail(_: Json) -> None:
        raise BusyError("workbook.busy")

    with pytest.raises(BusyError):
        queue.run_next(fail)
    got: list[Json] = []
    queue.run_next(got.append)

    assert (got, queue.waiting) == ([{"n": 1}], [])


def test_queue_that_does_not_answer(queue: FakeQueue) -> None:
    """Nothing is queued, and the name is free."""
    queue.before("add", no_answer("Cloud Tasks"))
    with pytest.raises(RetriableServiceError):
        queue.add("a", {})

    queue.add("a", {})

    assert [one.name for one in queue.waiting] == ["a"]


def test_bodies_are_json(queue: FakeQueue) -> None:
    """What is not JSON cannot be queued."""
    with pytest.raises(TypeError):
        queue.add("a", {"day": NOW})
