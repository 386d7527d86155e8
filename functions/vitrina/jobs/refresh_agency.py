"""Job that keeps the agency's workbook fresh: *Журнал*, *Загрузка*, and what is known of its people.

It runs a minute after an action or a change at the tracker, and every quarter of an hour of the day, because
nobody tells us of an absence that is typed. Without anything new it only reads the workbook.
"""

from __future__ import annotations

import hashlib
import json
import logging

from vitrina.errors import UserError
from vitrina.jobs.reconcile import PERIOD_S, TURN_HOURS
from vitrina.operations.actor import CLOCK
from vitrina.operations.google_quota import QUOTA_KEY, SlotBooking
from vitrina.operations.journal import find_lines, refresh_wish
from vitrina.operations.outbox import fulfil, task_name
from vitrina.operations.retry_on_conflict import retry_on_conflict
from vitrina.operations.run import Run, ending
from vitrina.operations.services import Services
from vitrina.ports import Json, Key, Put
from vitrina.project.agency_book import StoredAgency, read_agency_book, read_stored_agency, read_team_of
from vitrina.project.commitments import People
from vitrina.records.books import find_agencies
from vitrina.records.work import find_open_work, taken_hours
from vitrina.tabs.journal import write_journal
from vitrina.tabs.load import load_days, load_lines, shown_day_count, write_load
from vitrina.workbook.reading.book import Book
from vitrina.workbook.reading.team import Team
from vitrina.workbook.writing.change import WorkbookChange

log = logging.getLogger("vitrina.jobs")

#: Kind of the documents with a digest of the load that was drawn last.
LOAD_SHOWN = "load_shown"


def plan_refreshes(services: Services) -> int:
    """Queue a look at every agency's workbook, by day; return the count."""
    now = services.clock.now()
    if now.astimezone(services.time_zone).hour not in TURN_HOURS:
        return 0
    agencies = find_agencies(services.store)
    for agency in agencies:
        name = task_name("agency", agency.spreadsheet_id, int(now.timestamp() // PERIOD_S))
        services.queue.add(name, {"kind": "agency", "spreadsheet_id": agency.spreadsheet_id, "draws": False})
    return len(agencies)


def refresh_agency(services: Services, body: Json) -> None:
    """Bring the agency's workbook up to date, in a slot of Google's quota: one read, at most one write."""
    agency_id = body["spreadsheet_id"]
    run = Run(services, CLOCK, agency_id=agency_id)
    stored = read_stored_agency(run, agency_id, more=[QUOTA_KEY, _shown_key(agency_id)])
    booking = SlotBooking(services, stored.more.get(QUOTA_KEY), instead_of=body.get("slot"))
    run.commit(updates=[booking])
    done = [fulfil(body["wish"])] if body.get("wish") else []
    if booking.wait_s > 0:
        wish = refresh_wish(services, agency_id, draws=body["draws"], slot=booking.moments[0])
        run.commit(wish.put(services), *(one for one in done if one.key != wish.name))
        wish.send(services)
        return
    with ending(run):
        run.take(f"agency_tabs:{agency_id}")
        retry_on_conflict(run, lambda: _refresh(run, stored, draws=body["draws"]))
        run.at_end(*done)


def _refresh(run: Run, stored: StoredAgency, *, draws: bool) -> None:
    services, agency_id = run.services, stored.agency.spreadsheet_id
    book = read_agency_book(run, agency_id, stored.shape)
    team = _read_team(run, stored, book)
    lines = find_lines(services.store, agency_id)
    projects = {one.spreadsheet_id: one for one in stored.projects.value}
    change = WorkbookChange()
    change.repair(book)
    write_journal(services, change, book, lines, team=team, projects=projects)
    if team is not None and (draws or team != stored.team):
        _draw_load(run, stored, change, book, team)
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


def _draw_load(run: Run, stored: StoredAgency, change: WorkbookChange, book: Book, team: Team) -> None:
    """Draw *Загрузка* if it differs from what was drawn last: one more round trip of the store."""
    services, agency_id = run.services, stored.agency.spreadsheet_id
    people = People(team, services.calendar)
    taken = taken_hours(work.value for work in find_open_work(services.store, agency_id).values())
    days = load_days(services, shown_day_count(book))
    shown = [(one.cells, one.room) for one in load_lines(people, taken, days)]
    text = json.dumps([shown, [day.isoformat() for day in days]])
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    known = stored.more.get(_shown_key(agency_id))
    if known is None or known.data["digest"] != digest:
        write_load(services, change, book, people, taken)
        run.at_end(Put(LOAD_SHOWN, agency_id, {"digest": digest}))


def _shown_key(agency_id: str) -> Key:
    return LOAD_SHOWN, agency_id
