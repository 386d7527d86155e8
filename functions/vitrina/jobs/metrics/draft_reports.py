"""Job that drafts the reports of a project that are due, and tells the agency. No client sees a draft."""

from __future__ import annotations

from vitrina.operations.actor import CLOCK
from vitrina.operations.google_quota import QUOTA_KEY, take_slot
from vitrina.operations.outbox import TaskWish, fulfilled
from vitrina.operations.run import Run, ending
from vitrina.operations.services import Services
from vitrina.ports import Json
from vitrina.records.books import Project, book_key, load_project
from vitrina.usecases.metric_report.draft import keep_draft, read_client_book
from vitrina.usecases.metric_report.due import due_reports, tell_draft
from vitrina.usecases.metric_report.wishes import drafts_wish
from vitrina.workbook.reading.book import Book

#: Most drafts of a project in a night: a person has to read them.
MOST_AT_ONCE = 3


def queue_drafts(run: Run, project: Project, book: Book) -> None:
    """Queue the drafts of a project where some are due, at the end of the run that has read its workbook."""
    if due_reports(run.services, project, book):
        run.queue_at_end(drafts_wish(run.services, project.spreadsheet_id))


def draft_reports(services: Services, body: Json) -> None:
    """One read of the workbook, in a slot of Google's quota, and of the sources of the metrics.

    Raises
    ------
    BusyError
        If somebody works on reports of the project just now: the queue tries again.
    """
    spreadsheet_id = body["spreadsheet_id"]
    done = fulfilled(body)
    key = book_key(spreadsheet_id)
    known = services.store.get_many([key, QUOTA_KEY])
    if key not in known:
        services.store.commit(done)
        return
    project = load_project(services.store, spreadsheet_id)
    run = Run(services, CLOCK, agency_id=project.agency_id)

    def again(slot: float, wait_s: float) -> TaskWish:
        return drafts_wish(services, spreadsheet_id, slot=slot, wait_s=wait_s)

    if not take_slot(run, known.get(QUOTA_KEY), body, again):
        return
    with ending(run):
        run.take(f"metric_report:{spreadsheet_id}")
        book = read_client_book(services, spreadsheet_id)
        for due in due_reports(services, project, book)[:MOST_AT_ONCE]:
            report = keep_draft(run, project, book, due.metric, cause=due.cause)
            tell_draft(run, project, report, due)
            # With the next draft, or the end, this one would have to be told once more after a crash.
            run.carry_out_final_writes()
        run.at_end(*done)
