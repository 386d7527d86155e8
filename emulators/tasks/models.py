"""Queues and tasks: names, times, attempts. Uses no HTTP; the time comes from a clock."""

from __future__ import annotations

import math
import re
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from emulators.tasks.errors import EXISTED_TOO_RECENTLY, NO_LONGER_EXISTS, GoogleError

Json = dict[str, Any]
Clock = Callable[[], float]

TOMBSTONE_S = 24 * 3600.0
"""How long a name stays taken after its task has run or was deleted (Google: up to 24 hours)."""
FURTHEST_SCHEDULE_S = 30 * 24 * 3600.0
LARGEST_TASK_BYTES = 100 * 1024
TASK_ID = re.compile(r"[A-Za-z0-9_-]{1,500}")

SCHEDULED, RUNNING, DONE, FAILED, DELETED = "scheduled", "running", "done", "failed", "deleted"
ALIVE = (SCHEDULED, RUNNING)


@dataclass
class Settings:
    """Settings of a queue. The defaults are for one machine; Google's own are in brackets."""

    max_attempts: int = 20  # [100]
    min_backoff_s: float = 0.2  # [0.1]
    max_backoff_s: float = 5.0  # [3600]
    max_doublings: int = 16  # [16]
    max_concurrent_dispatches: int = 8  # [1000]
    max_dispatches_per_second: float = 500.0  # [500]
    is_paused: bool = False

    def backoff_s(self, failures: int) -> float:
        """Seconds before the next attempt: doubled ``max_doublings`` times, then longer by equal steps."""
        doublings = min(failures - 1, self.max_doublings)
        steps = failures - doublings
        return min(self.min_backoff_s * float(2**doublings) * steps, self.max_backoff_s)


@dataclass
class Task:
    """One task with its state and attempts."""

    name: str
    #: ``Task.httpRequest`` as it came, ``body`` in base64.
    http_request: Json
    created_at: float
    #: When the next attempt is due, epoch seconds.
    due_at: float
    deadline_s: float
    state: str = SCHEDULED
    dispatch_count: int = 0
    response_count: int = 0
    #: Attempts as Google shows them: ``{"scheduleTime", "dispatchTime", "responseTime", "status"}``.
    attempts: list[Json] = field(default_factory=list)
    ended_at: float | None = None

    @property
    def queue(self) -> str:
        """Full name of the queue."""
        return self.name.rpartition("/tasks/")[0]

    @property
    def task_id(self) -> str:
        """Last part of the name."""
        return self.name.rpartition("/")[2]


class Tasks:
    """All queues. Every method is one atomic step; ``changed`` wakes waiting threads.

    A queue that was never created has the default settings, because nobody runs ``gcloud`` for one machine.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.changed = threading.Condition(threading.RLock())
        self.on_change: Callable[[], None] = lambda: None
        self.clear()

    def clear(self) -> None:
        """Delete everything. The result of a running attempt is ignored."""
        with self.changed:
            self.settings: dict[str, Settings] = {}
            self._tasks: dict[str, Task] = {}
            self._last_id = 0
            self._allowance: dict[str, tuple[float, float]] = {}
            self._note_change()

    # Methods for the API

    def create(
        self, queue: str, name: str | None, http_request: Json, due_at: float | None, deadline_s: float
    ) -> Task:
        """Add a task; refuse a name that is taken, or was taken less than a day ago."""
        with self.changed:
            now = self._clock()
            name = name or f"{queue}/tasks/{self._next_id()}"
            self._check_name(queue, name)
            if due_at is not None and due_at > now + FURTHEST_SCHEDULE_S:
                raise GoogleError(400, "The schedule time must be no more than 30 days in the future.")
            if len(repr(http_request)) > LARGEST_TASK_BYTES:
                raise GoogleError(400, "Task size too large")
            self._bury(now)
            taken = self._tasks.get(name)
            if taken is not None:
                raise GoogleError(409, None if taken.state in ALIVE else EXISTED_TOO_RECENTLY)
            made = Task(name, http_request, now, now if due_at is None else due_at, deadline_s)
            self._tasks[name] = made
            self._note_change()
            return made

    def get(self, name: str) -> Task:
        """A task that has not ended."""
        with self.changed:
            task = self._tasks.get(name)
            if task is None or task.state not in ALIVE:
                raise GoogleError(404, NO_LONGER_EXISTS if task else None)
            return task

    def alive(self, queue: str) -> list[Task]:
        """Tasks of a queue that have not ended, by due time."""
        with self.changed:
            tasks = [task for task in self._tasks.values() if task.queue == queue and task.state in ALIVE]
            return sorted(tasks, key=lambda task: (task.due_at, task.name))

    def delete(self, name: str) -> None:
        """Delete a task; a running one continues to its end and is not repeated."""
        with self.changed:
            self._end(self.get(name), DELETED)

    def purge(self, queue: str) -> None:
        """Delete all tasks of a queue."""
        with self.changed:
            for task in self.alive(queue):
                self._end(task, DELETED)

    def run_now(self, name: str) -> Task:
        """Make a task due."""
        with self.changed:
            task = self.get(name)
            task.due_at = min(task.due_at, self._clock())
            self._note_change()
            return task

    def configure(self, queue: str, settings: Settings) -> None:
        """Set the settings of a queue."""
        with self.changed:
            self.settings[queue] = settings
            self._note_change()

    def pause(self, queue: str, *, is_paused: bool) -> None:
        """Pause or resume a queue."""
        self.configure(queue, replace(self.settings_of(queue), is_paused=is_paused))

    def settings_of(self, queue: str) -> Settings:
        """Settings of a queue; the defaults if none were set."""
        return self.settings.get(queue, Settings())

    # Methods for the dispatcher

    def take(self) -> Task | None:
        """Mark the longest due task that its queue allows as running and return it; ``None`` if none."""
        with self.changed:
            now = self._clock()
            for task in sorted(self._tasks.values(), key=lambda task: task.due_at):
                if task.state == SCHEDULED and task.due_at <= now and self._lets_out(task.queue, now):
                    task.state = RUNNING
                    task.dispatch_count += 1
                    task.attempts.append({"scheduleTime": task.due_at, "dispatchTime": now})
                    return task
            return None

    def finish(self, task: Task, status: int | None, retry_after_s: float | None = None) -> None:
        """Store the result of an attempt; *status* is ``None`` if no answer came."""
        with self.changed:
            if self._tasks.get(task.name) is not task or task.state != RUNNING:
                return
            now, settings = self._clock(), self.settings_of(task.queue)
            task.attempts[-1].update(responseTime=now, status=status)
            task.response_count += status is not None
            if status is not None and 200 <= status < 300:
                self._end(task, DONE)
            elif 0 < settings.max_attempts <= task.dispatch_count:
                self._end(task, FAILED)
            else:
                task.state = SCHEDULED
                task.due_at = now + max(settings.backoff_s(task.dispatch_count), retry_after_s or 0.0)
            self._note_change()

    def next_due_in_s(self) -> float | None:
        """Seconds until the next task is due, with a small minimum; ``None`` if nothing is planned."""
        with self.changed:
            times = [task.due_at for task in self._tasks.values() if task.state == SCHEDULED]
            return max(0.02, min(times) - self._clock()) if times else None

    # Methods for tests and the page

    def pending(self, *, include_later: bool) -> list[Task]:
        """Tasks that run, are due, or wait for another attempt; with *include_later* all others too."""
        with self.changed:
            now = self._clock()
            alive = [task for task in self._tasks.values() if task.state in ALIVE]
            return [task for task in alive if include_later or task.due_at <= now or task.dispatch_count]

    def wait_until_empty(self, timeout_s: float, *, include_later: bool, include_new: bool = False) -> bool:
        """Wait until nothing is pending; return ``False`` after *timeout_s*.

        With *include_new*, what is created meanwhile for later is due at once as well. A task that queues
        itself again until its time has come then runs as often as it can.
        """

        def is_empty() -> bool:
            if include_new:
                self.make_due()
            return not self.pending(include_later=include_later)

        with self.changed:
            return self.changed.wait_for(is_empty, timeout_s)

    def make_due(self, *, include_repeats: bool = False) -> None:
        """Make every task due that was created for later; with *include_repeats* also failed ones."""
        with self.changed:
            now = self._clock()
            later = [
                task
                for task in self._tasks.values()
                if task.state == SCHEDULED
                and task.due_at > now
                and (include_repeats or task.dispatch_count == 0)
            ]
            for task in later:
                task.due_at = now
            if later:
                self._note_change()

    def every(self) -> list[Task]:
        """All stored tasks, including ended ones, oldest first."""
        with self.changed:
            return list(self._tasks.values())

    def dump(self) -> Json:
        """All data, JSON-able. A running task is stored as due: after a restart it runs again."""
        with self.changed:
            tasks = [asdict(task) for task in self._tasks.values()]
            for task in tasks:
                if task["state"] == RUNNING:
                    task["state"] = SCHEDULED
            return {
                "last_id": self._last_id,
                "settings": {name: asdict(settings) for name, settings in self.settings.items()},
                "tasks": tasks,
            }

    def load(self, data: Json) -> None:
        """Restore what ``dump`` returned."""
        with self.changed:
            self.clear()
            self._last_id = data["last_id"]
            self.settings = {name: Settings(**settings) for name, settings in data["settings"].items()}
            self._tasks = {task["name"]: Task(**task) for task in data["tasks"]}
            self._note_change()

    def _note_change(self) -> None:
        self.changed.notify_all()
        self.on_change()

    def _next_id(self) -> str:
        self._last_id += 1
        return str(10**18 + self._last_id)

    def _check_name(self, queue: str, name: str) -> None:
        prefix, _, task_id = name.rpartition("/tasks/")
        if prefix != queue:
            raise GoogleError(400, f"The task '{name}' must be in the queue of the request, '{queue}'.")
        if not TASK_ID.fullmatch(task_id):
            raise GoogleError(
                400, f'Task ID "{task_id}" may have only letters, numbers, hyphens, underscores.'
            )

    def _end(self, task: Task, state: str) -> None:
        task.state, task.ended_at = state, self._clock()
        self._note_change()

    def _bury(self, now: float) -> None:
        """Delete ended tasks whose names are free again."""
        for task in list(self._tasks.values()):
            if task.ended_at is not None and task.ended_at + TOMBSTONE_S < now:
                del self._tasks[task.name]

    def _lets_out(self, queue: str, now: float) -> bool:
        """Whether the queue may dispatch one more task now; if so, it is counted against the rate."""
        settings = self.settings_of(queue)
        running = sum(task.state == RUNNING for task in self._tasks.values() if task.queue == queue)
        if settings.is_paused or running >= settings.max_concurrent_dispatches:
            return False
        rate = settings.max_dispatches_per_second
        full = float(max(1, math.ceil(rate / 5)))
        left, since = self._allowance.get(queue, (full, now))
        left = min(full, left + (now - since) * rate)
        self._allowance[queue] = (left - 1 if left >= 1 else left, now)
        return left >= 1
