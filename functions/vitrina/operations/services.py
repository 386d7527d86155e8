"""What every action works with, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from vitrina.domain.calendar import WorkCalendar
from vitrina.errors import CellProblem
from vitrina.ports import Clock, Queue, Store, TaskTracker, Workbooks
from vitrina.texts import Sentence
from vitrina.workbook.reading.choices import Choices
from vitrina.workbook.template.definition import BookTemplate


@dataclass(frozen=True)
class Services:
    """The outside world and the fixed facts, chosen once by ``bootstrap``."""

    workbooks: Workbooks
    tracker: TaskTracker
    store: Store
    queue: Queue
    clock: Clock
    calendar: WorkCalendar
    choices: Choices
    templates: Mapping[str, BookTemplate]
    time_zone: ZoneInfo
    webhook_url: str
    #: Who may change headings and the add-on's columns: the service account and the staff.
    editors: tuple[str, ...]
    #: How long a lease holds: longer than any step takes, as a killed process keeps others waiting so long.
    lease_s: float
    #: The same workbooks for work that nobody waits for: where Google is busy, it gives up at once.
    background_workbooks: Workbooks
    #: Reads, and writes, that such work may make in a minute.
    turns_per_minute: int

    def in_background(self) -> Services:
        """The services for work that nobody waits for; the queue brings again what was given up."""
        return replace(self, workbooks=self.background_workbooks)

    def today(self) -> date:
        """The day in the agency's time zone."""
        return self.clock.now().astimezone(self.time_zone).date()


class Outcome(StrEnum):
    """How an action ended; never a silent success."""

    DONE = "done"
    PARTIAL = "partial"
    REFUSED = "refused"
    FAILED = "failed"
    ACCEPTED = "accepted"
    RUNNING = "running"


@dataclass(frozen=True)
class Answer:
    """What the person is told, not yet in any language."""

    outcome: Outcome
    message: Sentence
    details: tuple[Sentence, ...] = ()
    cells: tuple[CellProblem, ...] = ()
    data: Mapping[str, Any] = field(default_factory=dict)
    operation_id: str | None = None
