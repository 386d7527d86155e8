"""Tasks of the queue about reports."""

from __future__ import annotations

from vitrina.operations.outbox import TaskWish, task_name
from vitrina.records.told.metric_reports import MetricReport

#: Name of the job that draws the tab of a report.
DRAW = "report_tab"


def tab_wish(report: MetricReport, *, slot: float | None = None, wait_s: float = 0.0) -> TaskWish:
    """The task that draws the tab of a report; *slot* of Google's quota is booked for it."""
    body = {
        "kind": DRAW,
        "spreadsheet_id": report.spreadsheet_id,
        "number": report.number,
        "revision": report.revision,
    }
    if slot is not None:
        name = task_name("report-tab-slot", report.spreadsheet_id, int(slot))
        return TaskWish(name, {**body, "slot": slot}, wait_s)
    key = f"{report.spreadsheet_id}:{report.number}"
    return TaskWish(task_name("report-tab", key, report.revision), body)
