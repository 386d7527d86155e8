"""Jobs that keep the agency's workbook fresh without a click.

One is cheap: *Журнал*, *Загрузка*, and what is known of its people, from that workbook and the store. It runs
a minute after an action or a change at the tracker, and every quarter of an hour of the day, because nobody
tells us of an absence that is typed. Without anything new it only reads the workbook.
The other reads the workbooks of all clients, once an hour of the day: *Проекты* and *Общая доска* as well.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Mapping

from vitrina.errors import BusyError, UserError
from vitrina.jobs.reconcile import PERIOD_S, TURN_HOURS
from vitrina.operations.actor import CLOCK
from vitrina.operations.google_quota import QUOTA_KEY, take_slot
from vitrina.operations.journal import find_lines, refresh_wish
from vitrina.operations.outbox import TaskWish, task_name, wish_keys
from vitrina.operations.retry_on_conflict import retry_on_conflict
from vitrina.operations.run import Run, ending
from vitrina.operations.services import Services
from vitrina.ports import Json, Key, Put
from vitrina.project.agency_book import StoredAgency, read_agency_book, read_stored_agency, read_team_of
from vitrina.project.commitments import People
from vitrina.records.books import find_agencies
from vitrina.records.outside.chat_questions import by_project, find_open_questions
from vitrina.records.outside.launches import find_open_launches
from vitrina.records.work import ProjectWork, find_open_work, taken_hours
from vitrina.tabs.journal import write_journal
from vitrina.tabs.load import shown_load, write_load
from vitrina.tabs.projects_tab import write_missing, write_questions, write_stages
from vitrina.usecases.accounting.rows import follow_requests
from vitrina.usecases.agency.update_load import update_load
from vitrina.usecases.chats.rules import renew_rules
from vitrina.workbook.reading.book import Book
from vitrina.workbook.reading.team import Team
from vitrina.workbook.writing.change import WorkbookChange

log = logging.getLogger("vitrina.jobs")

#: Seconds between two drawings of all tabs.
REDRAW_S = 3600.0
#: Kind of the documents with a digest of the load that was drawn last.
LOAD_SHOWN = "load_shown"


def plan_refreshes(services: Services) -> int:
    """Queue a look at every agency's workbook, by day, and once an hour at those of its clients.

    Returns the count of agencies.
    """
    now = services.clock.now()
    if now.astimezone(services.time_zone).hour not in TURN_HOURS:
        return 0
    moment = now.timestamp()
    agencies = find_agencies(services.store)
    for agency in agencies:
        agency_id = agency.spreadsheet_id
        # Both have names of their period, so that a repeat within it queues nothing.
        services.queue.add(
            task_name("agency", agency_id, int(moment // PERIOD_S)),
            {"kind": "agency", "spreadsheet_id": agency_id, "draws": False},
        )
        services.queue.add(
            task_name("redraw", agency_id, int(moment // REDRAW_S)),
            {"kind": "redraw", "spreadsheet_id": agency_id},
        )
    return len(agencies)


def redraw_agency(services: Services, body: Json) -> None:
    """Draw all tabs as *Обновить загрузку* does: one read of each client's workbook."""
    agency_id = body["spreadsheet_id"]
    run = Run(services, CLOCK, agency_id=agency_id)
    with ending(run):
        run.take(f"load:{agency_id}")
        try:
            update_load(run, agency_id)
        except UserError as error:
            if isinstance(error, BusyError):
                raise
            # Cells of the people are bad: whoever clicks is told, and the next hour tries again.
            run.drop_final_writes()
            log.info("tabs not drawn: %s", error.code)


def refresh_agency(services: Services, body: Json) -> None:
    """Bring the agency's workbook up to date, in a slot of Google's quota: one read, at most one write."""
    agency_id = body["spreadsheet_id"]
    run = Run(services, CLOCK, agency_id=agency_id)
    stored = read_stored_agency(run, agency_id, more=[QUOTA_KEY, _shown_key(agency_id), *wish_keys(body)])

    def again(slot: float, _: float) -> TaskWish:
        return refresh_wish(services, agency_id, draws=body["draws"], slot=slot)

    if not take_slot(run, stored.more.get(QUOTA_KEY), body, again):
        return
    with ending(run):
        run.take(f"agency_tabs:{agency_id}")
        retry_on_conflict(run, lambda: _refresh(run, stored, draws=body["draws"]))
        run.fulfil_at_end(body, stored.more)


def _refresh(run: Run, stored: StoredAgency, *, draws: bool) -> None:
    services, agency_id = run.services, stored.agency.spreadsheet_id
    book = read_agency_book(run, agency_id, stored.shape)
    team = _read_team(run, stored, book)
    lines = find_lines(services.store, agency_id)
    projects = {one.spreadsheet_id: one for one in stored.projects.value}
    change = WorkbookChange()
    change.repair(book)
    write_journal(services, change, book, lines, team=team, projects=projects)
    # The pages remind of silence, with a chat or without.
    if services.chat is not None or services.client_url:
        renew_rules(run, book)
    # Clients ask on their pages as well.
    questions = find_open_questions(services.store, agency_id)
    write_questions(change, book, stored.projects.value, by_project(questions), services.time_zone)
    follow_requests(run, change, book, projects, team)
    write_missing(change, book, stored.projects.value, find_open_launches(services.store, agency_id))
    if team is not None and (draws or team != stored.team):
        found = find_open_work(services.store, agency_id)
        works = {spreadsheet_id: work.value for spreadsheet_id, work in found.items()}
        onboarded = {spreadsheet_id for spreadsheet_id, work in works.items() if work.is_onboarded}
        write_stages(services, change, book, stored.projects.value, onboarded)
        _draw_load(run, stored, change, book, team, works)
    if change:
        services.workbooks.batch_update(agency_id, change.requests())
    run.at_end(*(line.delete() for line in lines))


def _read_team(run: Run, stored: StoredAgency, book: Book) -> Team | None:
    """The people as the workbook has them; those of before where somebody is in the middle of typing."""
    try:
        return read_team_of(run, stored.agency, book)
    except UserError as error:
        log.info("people not read: %s", error.code)
        return stored.team


def _draw_load(
    run: Run,
    stored: StoredAgency,
    change: WorkbookChange,
    book: Book,
    team: Team,
    works: Mapping[str, ProjectWork],
) -> None:
    """Draw *Загрузка* if it differs from what was drawn last."""
    services, agency_id = run.services, stored.agency.spreadsheet_id
    people = People(team, services.calendar)
    taken = taken_hours(works.values())
    load = shown_load(services, book, people, taken)
    shown = [(one.cells, one.room) for one in load.lines]
    text = json.dumps([shown, [day.isoformat() for day in load.days]])
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    known = stored.more.get(_shown_key(agency_id))
    if known is None or known.data["digest"] != digest:
        write_load(services, change, book, load)
        run.at_end(Put(LOAD_SHOWN, agency_id, {"digest": digest}))


def _shown_key(agency_id: str) -> Key:
    return LOAD_SHOWN, agency_id
