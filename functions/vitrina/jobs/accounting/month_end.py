"""Job that asks accounting by itself after a month has ended, for agencies that want that."""

from __future__ import annotations

import logging

from vitrina.domain.invoicing import month_before
from vitrina.errors import BusyError, UserError
from vitrina.operations.actor import CLOCK
from vitrina.operations.journal import JournalLine, refresh_wish
from vitrina.operations.outbox import TaskWish, fulfilled, task_name
from vitrina.operations.run import Run, ending
from vitrina.operations.services import Services
from vitrina.ports import Json
from vitrina.project.agency_book import read_agency_book, read_stored_agency
from vitrina.project.missing_part import reason_of
from vitrina.records.books import Project
from vitrina.texts import render, sentence
from vitrina.usecases.accounting.ask import keep_request, read_accounting_terms, total_sentence
from vitrina.usecases.accounting.draft import draft_request

log = logging.getLogger("vitrina.accounting")

#: Days of a month in whose nights is asked: more than one, because the timer may be down.
FIRST_DAYS = range(1, 4)


def month_end_task(services: Services, agency_id: str) -> list[TaskWish]:
    """The task of tonight: one in the first nights of a month, none in others."""
    today = services.today()
    if today.day not in FIRST_DAYS:
        return []
    body = {"kind": "month_end", "spreadsheet_id": agency_id}
    return [TaskWish(task_name("month-end", agency_id, today.toordinal()), body)]


def ask_after_month(services: Services, body: Json) -> None:
    """Ask for each project what the agency wants for the month that has ended, once.

    A request that people made for that month is left as it is.

    Raises
    ------
    BusyError
        If somebody is asking just now: the queue tries again.
    """
    agency_id = body["spreadsheet_id"]
    run = Run(services, CLOCK, agency_id=agency_id)
    done = fulfilled(body)
    with ending(run):
        run.take(f"accounting:{agency_id}")
        run.at_end(*done)
        stored = read_stored_agency(run, agency_id)
        book = read_agency_book(run, agency_id, stored.shape)
        try:
            terms = read_accounting_terms(run, book)
        except UserError as error:
            _tell(run, None, agency_id, reason_of(error, stored.agency.locale), "refused")
            return
        if terms.month_end is None:
            return
        period = month_before(services.today())
        for project in stored.projects.value:
            try:
                draft = draft_request(services, project, period, terms.month_end, terms)
                if draft.before is not None or not draft.lines:
                    continue
                request = keep_request(run, draft, asked_by="")
            except BusyError:
                raise
            except UserError as error:
                log.info("not asked for: %s", error.code)
                _tell(run, project, agency_id, reason_of(error, stored.agency.locale), "refused")
                continue
            told = sentence(
                "accounting.asked",
                number=request.human_number,
                count=len(request.lines),
                total=total_sentence(request.total_kop, stored.agency.locale),
            )
            _tell(run, project, agency_id, render(told, stored.agency.locale), "done")


def _tell(run: Run, project: Project | None, agency_id: str, text: str, outcome: str) -> None:
    today = run.services.today()
    line = JournalLine(
        operation_id=f"month-end-{agency_id}-{project.code if project else ''}-{today:%Y-%m}",
        agency_id=agency_id,
        spreadsheet_id=project.spreadsheet_id if project else "",
        at=run.services.clock.now().isoformat(),
        who="",
        action="ask_accounting",
        outcome=outcome,
        message=text,
    )
    run.at_end(line.put())
    run.queue_at_end(refresh_wish(run.services, agency_id, draws=False))
