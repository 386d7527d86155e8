"""The outside world and the fixed facts that every action works with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from zoneinfo import ZoneInfo

from vitrina.domain.calendar import WorkCalendar
from vitrina.ports import Clock, Queue, Store, TaskTracker, Workbooks
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
    #: The same workbooks for background work: where Google is busy it is not retried here.
    background_workbooks: Workbooks
    #: Reads, and as many writes, of Google that background work may make in a minute.
    quota_per_minute: int

    def in_background(self) -> Services:
        """The services for background work: no local retry, the queue redelivers."""
        return replace(self, workbooks=self.background_workbooks)

    def today(self) -> date:
        """The day in the agency's time zone."""
        return self.clock.now().astimezone(self.time_zone).date()
