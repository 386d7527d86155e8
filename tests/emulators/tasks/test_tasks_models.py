"""Queues and tasks without HTTP, with a clock that only tests move."""

from __future__ import annotations

from typing import Any

import pytest

from emulators.tasks.errors import GoogleError
from emulators.tasks.models import DELETED, DONE, FAILED, SCHEDULED, TOMBSTONE_S, Settings, Task, Tasks

QUEUE = "projects/p/locations/l/queues/q"
REQUEST = {"url": "http://127.0.0.1:1/task"}


class Bench:
    """Tasks and their clock."""

    def __init__(self, **settings: Any) -> None:
        self.now = 1000.0
        self.tasks = Tasks(lambda: self.now)
        self.tasks.configure(QUEUE, Settings(**settings))

    def add(self, task_id: str, *, at: float | None = None, queue: str = QUEUE) -> Task:
        """Create a task, due *at* or now."""
        return self.tasks.create(queue, f"{queue}/tasks/{task_id}", dict(REQUEST), at, 600.0)

    def take_ids(self) -> list[str]:
        """Ids of all tasks that may run now."""
        ids = []
        while task := self.tasks.take():
            ids.append(task.task_id)
        return ids


def test_due_tasks_come_out_by_time() -> None:
    """The task that waits longest comes first; tasks of the future stay."""
    bench = Bench()
    bench.add("late", at=999.0)
    bench.add("early", at=998.0)
    bench.add("future", at=1001.0)

    assert bench.take_ids() == ["early", "late"]
    bench.now = 1001.0
    assert bench.take_ids() == ["future"]


@pytest.mark.parametrize("state", [SCHEDULED, DONE, DELETED])
def test_name_stays_taken(state: str) -> None:
    """A name is taken while its task exists, and for a day after it ran or was deleted."""
    bench = Bench()
    task = bench.add("a")
    if state == DONE:
        bench.tasks.take()
        bench.tasks.finish(task, 200)
    if state == DELETED:
        bench.tasks.delete(task.name)

    with pytest.raises(GoogleError) as refused:
        bench.add("a")
    assert refused.value.code == 409

    bench.now += TOMBSTONE_S + 1
    if state == SCHEDULED:
        with pytest.raises(GoogleError):
            bench.add("a")
    else:
        assert bench.add("a").state == SCHEDULED


def test_same_id_in_another_queue_is_another_task() -> None:
    """Names include the queue, so the same id in another queue is another task."""
    bench = Bench()
    bench.add("a")

    assert bench.add("a", queue=f"{QUEUE}2").queue == f"{QUEUE}2"


@pytest.mark.parametrize(
    ("failures", "expected_s"),
    [
        (1, 1.0),  # the first wait is the smallest
        (2, 2.0),
        (3, 4.0),
        (4, 8.0),  # doubled three times: from here on by equal steps of 8
        (5, 16.0),
        (6, 24.0),
        (7, 30.0),  # 32, cut at the largest
    ],
)
def test_backoff(failures: int, expected_s: float) -> None:
    """Google's example: doubled ``max_doublings`` times, then linear, then capped."""
    settings = Settings(min_backoff_s=1.0, max_backoff_s=30.0, max_doublings=3)

    assert settings.backoff_s(failures) == expected_s


def test_failed_attempt_waits_and_is_repeated() -> None:
    """A failed attempt is repeated after the back-off, not earlier."""
    bench = Bench(min_backoff_s=2.0, max_backoff_s=60.0)
    task = bench.add("a")
    bench.tasks.take()
    bench.tasks.finish(task, 500)

    bench.now += 1.9
    assert bench.take_ids() == []
    bench.now += 0.1
    assert bench.take_ids() == ["a"]


def test_retry_after_is_honoured() -> None:
    """``Retry-After`` of a busy handler makes the wait longer."""
    bench = Bench(min_backoff_s=2.0)
    task = bench.add("a")
    bench.tasks.take()
    bench.tasks.finish(task, 503, retry_after_s=30.0)

    assert task.due_at == 1030.0


def test_task_is_given_up_after_the_last_attempt() -> None:
    """After the last of three attempts the task has failed."""
    bench = Bench(max_attempts=3, min_backoff_s=0.0)
    task = bench.add("a")
    for _ in range(3):
        assert bench.take_ids() == ["a"]
        bench.tasks.finish(task, None)

    assert (task.state, task.dispatch_count, task.response_count) == (FAILED, 3, 0)
    assert bench.take_ids() == []


def test_concurrency_is_counted_for_each_queue() -> None:
    """Concurrency is limited for each queue, without effect on other queues."""
    bench = Bench(max_concurrent_dispatches=1)
    first, _ = bench.add("a"), bench.add("b")
    bench.add("c", queue=f"{QUEUE}2")

    assert bench.take_ids() == ["a", "c"]
    bench.tasks.finish(first, 200)
    assert bench.take_ids() == ["b"]


def test_rate_limits_tasks_in_a_second() -> None:
    """With a rate of two a second one task runs at once, the next half a second later."""
    bench = Bench(max_dispatches_per_second=2.0)
    for task_id in "abc":
        bench.add(task_id)

    assert bench.take_ids() == ["a"]
    bench.now += 0.4
    assert bench.take_ids() == []
    bench.now += 0.1
    assert bench.take_ids() == ["b"]


def test_paused_queue_runs_nothing() -> None:
    """A paused queue runs no task until it is resumed."""
    bench = Bench()
    bench.add("a")
    bench.tasks.pause(QUEUE, is_paused=True)
    assert bench.take_ids() == []

    bench.tasks.pause(QUEUE, is_paused=False)

    assert bench.take_ids() == ["a"]


def test_task_deleted_while_it_runs_is_not_repeated() -> None:
    """A task that is deleted while it runs is not repeated after a failure."""
    bench = Bench(min_backoff_s=0.0)
    task = bench.add("a")
    bench.tasks.take()
    bench.tasks.delete(task.name)
    bench.tasks.finish(task, 500)

    assert task.state == DELETED
    assert bench.take_ids() == []


def test_running_task_runs_again_after_a_restart() -> None:
    """A task that was running at the stop runs again: it is delivered at least once."""
    bench = Bench()
    bench.add("running")
    bench.take_ids()
    done = bench.add("done")
    bench.tasks.take()
    bench.tasks.finish(done, 200)
    bench.add("later", at=2000.0)

    after = Bench()
    after.tasks.load(bench.tasks.dump())

    assert after.take_ids() == ["running"]
    with pytest.raises(GoogleError):
        after.add("done")
    after.now = 2000.0
    assert after.take_ids() == ["later"]
    assert after.tasks.create(QUEUE, None, dict(REQUEST), None, 600.0).task_id not in (
        "running",
        "done",
        "later",
    )


@pytest.mark.parametrize("task_id", ["", "а", "a b", "a" * 501])
def test_bad_task_id(task_id: str) -> None:
    """An id has at most 500 Latin letters, digits, hyphens and underscores."""
    with pytest.raises(GoogleError) as refused:
        Bench().add(task_id)

    assert refused.value.code == 400


def test_task_must_be_in_the_queue_of_the_request() -> None:
    """The queue in the task's name must be that of the request."""
    with pytest.raises(GoogleError) as refused:
        Bench().tasks.create(QUEUE, f"{QUEUE}2/tasks/a", dict(REQUEST), None, 600.0)

    assert refused.value.code == 400


def test_schedule_ends_after_thirty_days() -> None:
    """A schedule time of more than thirty days ahead is refused."""
    bench = Bench()
    day_s = 24 * 3600

    assert bench.add("a", at=bench.now + 30 * day_s).due_at == bench.now + 30 * day_s
    with pytest.raises(GoogleError):
        bench.add("b", at=bench.now + 30 * day_s + 1)
