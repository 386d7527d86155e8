"""Reads the SiP data set: real tasks of a British software company, 2004 to 2014.

The data have no licence, so they are never copied into the repository. To know before use: a row is one
developer's part of a task, ``HoursActual`` is the total of the whole task, and the rows of the two files
are in different orders.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

#: Statuses of tasks that are finished, so that their hours are complete.
FINISHED = frozenset({"COMPLETED", "FINISHED", "RELEASED"})


@dataclass(frozen=True)
class RealTask:
    """One task; ``type`` is its SubCategory and ``category`` the kind of people who do it."""

    number: int
    summary: str
    category: str
    type: str
    priority: int
    status: str
    assignee: str
    hours_estimate: Decimal
    hours_actual: Decimal
    estimated_on: date
    completed_on: date | None

    def is_finished_before(self, day: date) -> bool:
        """Whether the task was finished before *day* and has hours, so that norms of that day can use it."""
        is_over = self.status in FINISHED and self.completed_on is not None and self.completed_on < day
        return is_over and self.hours_actual > 0


def read_tasks(folder: Path) -> list[RealTask]:
    """All tasks in the order in which they were estimated."""
    dates = {row["TaskNumber"]: row for row in _rows(folder / "est-act-dates.csv")}
    tasks: dict[str, RealTask] = {}
    for row in _rows(folder / "Sip-task-info.csv"):
        number = row["TaskNumber"]
        if number in tasks:
            continue
        estimated_on, completed_on = (_day(dates[number][key]) for key in ("EstimateOn", "CompletedOn"))
        assert estimated_on is not None, f"task {number} was never estimated"
        tasks[number] = RealTask(
            number=int(number),
            summary=row["Summary"].strip(),
            category=row["Category"],
            type=row["SubCategory"],
            priority=int(row["Priority"]),
            status=row["StatusCode"],
            assignee=row["AssignedToID"],
            hours_estimate=Decimal(row["HoursEstimate"]),
            hours_actual=Decimal(row["HoursActual"]),
            estimated_on=estimated_on,
            completed_on=completed_on,
        )
    return sorted(tasks.values(), key=lambda task: (task.estimated_on, task.number))


def _rows(path: Path) -> list[dict[str, str]]:
    # The files come from Windows: in Latin-1 their curly quotes would be control characters.
    with path.open(encoding="cp1252", newline="") as file:
        return list(csv.DictReader(file))


def _day(text: str) -> date | None:
    return datetime.strptime(text, "%d-%b-%y").date() if text not in ("", "NA") else None  # noqa: DTZ007 - a day
