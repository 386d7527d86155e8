"""Nightly job of every agency: the protection of its clients' workbooks follows *Специалисты*.

The states of their metrics are looked at on the way, and reports that are due are queued.

A workbook of an older release is brought along instead, which renews its protection as well.
"""

from __future__ import annotations

import contextlib
import logging

from vitrina.errors import BusyError, CellsError, ChangedMeanwhileError, WorkbookShapeError
from vitrina.jobs.metrics.draft_reports import queue_drafts
from vitrina.operations.actor import CLOCK
from vitrina.operations.google_quota import QUOTA_KEY
from vitrina.operations.outbox import TaskWish, fulfil, task_name
from vitrina.operations.run import Run, ending
from vitrina.operations.services import Services
from vitrina.ports import Json
from vitrina.project.agency_book import read_agency_book, read_stored_agency, read_team_of
from vitrina.project.book_upgrade import (
    UpgradeContext,
    is_client_book_old,
    upgrade_agency_book,
    upgrade_client_book,
    work_types_for_clients,
)
from vitrina.project.client_books import read_client_books
from vitrina.project.protection import renew_protection
from vitrina.records.books import Project
from vitrina.records.layouts import Protections, protection_key
from vitrina.tabs.metrics.states import write_states
from vitrina.workbook.reading.book import parse_book
from vitrina.workbook.template.upgrade import is_old

log = logging.getLogger("vitrina.jobs")


def protection_task(agency_id: str, number: int) -> TaskWish:
    """The task of a night, whose *number* is that of the day."""
    body = {"kind": "protect", "spreadsheet_id": agency_id}
    return TaskWish(task_name("protect", agency_id, number), body)


def protect_at_night(services: Services, body: Json) -> None:
    """Renew the protection of all workbooks of an agency, one after the other in slots of Google's quota.

    A workbook that cannot be read, or is changed meanwhile, waits for the next night; so do all of them if
    a cell of *Специалисты* is bad.
    """
    agency_id = body["spreadsheet_id"]
    run = Run(services, CLOCK, agency_id=agency_id)
    with ending(run):
        stored = read_stored_agency(run, agency_id, more=[QUOTA_KEY, protection_key(agency_id)])
        try:
            book = read_agency_book(run, agency_id, stored.shape)
            if is_old(book, services.templates["agency"].version):
                with contextlib.suppress(ChangedMeanwhileError, BusyError):
                    upgrade_agency_book(run, stored.agency)
            team = read_team_of(run, stored.agency, book)
        except (CellsError, WorkbookShapeError) as error:
            log.warning("protection not renewed: %s", error.code)
        else:
            projects = stored.projects.value
            known = Protections(agency_id, stored.more.get(protection_key(agency_id)))

            work_types = work_types_for_clients(team, stored.norms.value)
            context = UpgradeContext(stored.agency, team, work_types, known)

            def renew(project: Project) -> None:
                book = parse_book(services.workbooks.read(project.spreadsheet_id))
                if is_client_book_old(services, book):
                    upgrade_client_book(run, project, context)
                    return
                renew_protection(run, book, team, known)
                # A new day may be one of a look, or the first without data.
                book = write_states(run, book).book
                queue_drafts(run, project, book)

            _, unread = read_client_books(run, projects, renew, quota=stored.more.get(QUOTA_KEY))
            for one in unread:
                log.warning("protection not renewed: %s", one.error.code)
        if body.get("wish"):
            run.at_end(fulfil(body["wish"]))
