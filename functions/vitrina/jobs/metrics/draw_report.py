"""Job that draws the tab of an approved report into the client's workbook."""

from __future__ import annotations

from vitrina.operations.actor import CLOCK
from vitrina.operations.google_quota import QUOTA_KEY, take_slot
from vitrina.operations.outbox import TaskWish, fulfilled
from vitrina.operations.run import Run, ending
from vitrina.operations.services import Services
from vitrina.ports import Json
from vitrina.records.books import book_key, load_project
from vitrina.records.told.metric_reports import load_report, load_reports
from vitrina.usecases.metric_report.draft import read_client_book
from vitrina.usecases.metric_report.tab import report_sheet_id, tab_requests
from vitrina.usecases.metric_report.wishes import tab_wish


def draw_report(services: Services, body: Json) -> None:
    """One read and one write of the workbook, in a slot of Google's quota.

    A repeat finds the tab by its id. A report that a newer one has replaced meanwhile is not drawn.

    Raises
    ------
    BusyError
        If somebody works on reports of the project just now: the queue tries again.
    """
    spreadsheet_id, place = body["spreadsheet_id"], (body["number"], body["revision"])
    done = fulfilled(body)
    key = book_key(spreadsheet_id)
    known = services.store.get_many([key, QUOTA_KEY])
    report = load_report(services.store, spreadsheet_id, place)
    if key not in known or report is None or not report.is_approved:
        services.store.commit(done)
        return
    run = Run(services, CLOCK, agency_id=report.agency_id)

    def again(slot: float, wait_s: float) -> TaskWish:
        return tab_wish(report, slot=slot, wait_s=wait_s)

    if not take_slot(run, known.get(QUOTA_KEY), body, again):
        return
    with ending(run):
        run.take(f"metric_report:{spreadsheet_id}")
        run.at_end(*done)
        reports = load_reports(services.store, spreadsheet_id, report.agency_id)
        if reports.approved.get(report.metric) != place:
            return
        project = load_project(services.store, spreadsheet_id)
        requests = tab_requests(
            report,
            read_client_book(services, spreadsheet_id),
            old_sheet_id=reports.tabs.get(report.metric),
            locale=project.locale,
            zone=services.time_zone,
        )
        if requests:
            services.workbooks.batch_update(spreadsheet_id, requests)
        run.at_end(reports.with_tab(report.metric, report_sheet_id(report)).put())
