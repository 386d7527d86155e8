"""A queue in memory: tasks wait until a test runs them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from tests.harness.fakes.interruptions import Interruptions
from vitrina.ports import Clock, Json


@dataclass(frozen=True)
class QueuedTask:
    """A task that waits. It is not run before ``due_at``."""

    name: str
    body: Json
    due_at: datetime


class FakeQueue(Interruptions):
    """``Queue`` in memory. A name is taken once for all, as Cloud Tasks remembers names of finished tasks."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock
        self._names: set[str] = set()
        #: Tasks that wait, in the order in which they were queued.
        self.waiting: list[QueuedTask] = []

    def add(self, name: str, body: Json, *, delay_s: float = 0.0) -> None:
        """See ``Queue``."""
        with self._called("add"):
            if name in self._names:
                return
            self._names.add(name)
            due_at = self._clock.now() + timedelta(seconds=delay_s)
            self.waiting.append(QueuedTask(name, json.loads(json.dumps(body)), due_at))

    # --- What tests do -----------------------------------------------------------------------------

    def run_next(self, do: Callable[[Json], None]) -> QueuedTask:
        """Run the task that is due first; it stays in the queue where *do* raises, and that is raised."""
        task = self._next()
        do(task.body)
        self.waiting.remove(task)
        return task

    def drop_next(self) -> None:
        """Drop the task that is due first, as the queue does when it is told that the task is done."""
        self.waiting.remove(self._next())

    def lose(self) -> None:
        """Lose all that waits; the names stay taken."""
        self.waiting.clear()

    def _next(self) -> QueuedTask:
        return min(self.waiting, key=lambda one: one.due_at)
