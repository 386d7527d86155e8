"""Tasks of the queue about reports."""

from __future__ import annotations

from vitrina.operations.outbox import TaskWish, task_name
from vitrina.operations.services import Services
from vitrina.records.told.metric_reports import MetricReport

#: Names of the jobs that draw the tab of a report, and that draft reports.
DRAW, DRAFT = "report_tab", "report_drafts"


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


def drafts_wish(
    services: Services, spreadsheet_id: str, *, slot: float | None = None, wait_s: float = 0.0
) -> TaskWish:
    """The task that drafts the reports of a project that are due, one a day."""
    body = {"kind": DRAFT, "spreadsheet_id": spreadsheet_id}
    if slot is not None:
        name = task_name("report-drafts-slot", spreadsheet_id, int(slot))
        return TaskWish(name, {**body, "slot": slot}, wait_s)
    number = services.today().toordinal()
    return TaskWish(task_name("report-drafts", spreadsheet_id, number), body)
