"""*Обновить загрузку*: shows the load of all people over all clients, from the cells of all workbooks.

One read of each client's workbook, one read and one write of the agency's workbook, of any size.
Clients' pages are drawn from what was read. States of metrics that differ are written.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence, Set
from datetime import date
from functools import partial

from msgspec.structs import replace

from vitrina.domain.checking.feasibility import TOLERANCE_HOURS
from vitrina.errors import BusyError, ChangedMeanwhileError, StoreConflictError, WorkbookShapeError
from vitrina.operations.answer import Answer, Outcome
from vitrina.operations.google_quota import QUOTA_KEY
from vitrina.operations.retry_on_conflict import retry_on_conflict
from vitrina.operations.run import ATTEMPTS, Run, Update, ending
from vitrina.operations.services import Services
from vitrina.ports import ABSENT, Document, Store
from vitrina.project.agency_book import read_agency_book, read_stored_agency, read_team_of
from vitrina.project.client_books import UnreadBook, elsewhere_messages, read_client_books
from vitrina.project.commitments import ClientWork, People, Rebuilt, rebuild_commitments
from vitrina.project.protection import renew_protection
from vitrina.project.reservations import (
    PROGRESS_COLUMNS,
    has_columns,
    identify_rows,
    require_columns,
    resolve_reservations,
)
from vitrina.project.resources import plan_key, plan_write
from vitrina.project.snapshot import read_snapshot
from vitrina.records.books import Agency, Project
from vitrina.records.layouts import Protections, protection_key, shape_from, shape_key
from vitrina.records.outside.client_pages import find_open_pages
from vitrina.records.packing import Tracked
from vitrina.records.work import Item, ProjectWork, find_open_work, load_work
from vitrina.tabs.board import BoardLine, is_late, line_of_row, lines_of_item, write_board
from vitrina.tabs.load import load_days, shown_load, write_load
from vitrina.tabs.metrics.of_clients import write_client_metrics
from vitrina.tabs.metrics.states import MetricLine, write_states
from vitrina.tabs.project_signs import ProjectSigns, read_signs
from vitrina.tabs.projects_tab import write_projects, write_stages
from vitrina.texts import Sentence, sentence
from vitrina.usecases.client_page.content import draw_page
from vitrina.workbook.reading.book import Book, parse_book
from vitrina.workbook.reading.work_rows import read_work
from vitrina.workbook.writing.change import WorkbookChange

#: Overload is reported for this many working days.
HORIZON_DAYS = 30
#: Most lines of one kind: nobody reads more.
MAX_LINES = 20

Hours = Mapping[str, Mapping[date, float]]


def update_load(run: Run, agency_id: str) -> Answer:
    """Rebuild the committed hours of all people from the rows of *В работе*, then draw the tabs."""
    services = run.services
    stored = read_stored_agency(
        run, agency_id, more=[QUOTA_KEY, plan_key(agency_id), protection_key(agency_id)]
    )
    book = read_agency_book(run, agency_id, stored.shape)
    team = read_team_of(run, stored.agency, book)
    people = People(team, services.calendar)
    projects = stored.projects.value
    protections = Protections(agency_id, stored.more.get(protection_key(agency_id)))
    refused: list[Project] = []

    def renew(book: Book, project: Project) -> None:
        """Renew the protection; a workbook that is changed just now waits for the night."""
        with contextlib.suppress(ChangedMeanwhileError):
            if not renew_protection(run, book, team, protections):
                refused.append(project)

    works = find_open_work(services.store, agency_id)
    pages = find_open_pages(services.store, agency_id) if services.client_url else {}
    signs: list[tuple[Project, ProjectSigns]] = []
    metrics: list[tuple[Project, MetricLine]] = []

    def read(project: Project) -> ClientWork:
        work, client_book = _read_client_work(run, stored.agency, project, works, renew)
        with contextlib.suppress(ChangedMeanwhileError):
            # Where people type just now, the next hour looks again.
            drawing = write_states(run, client_book)
            client_book = drawing.book
            metrics.extend((project, line) for line in drawing.lines)
        if project.spreadsheet_id in pages:
            draw_page(services, pages[project.spreadsheet_id], client_book)
        signs.append((project, read_signs(client_book, work.rows, services.choices, services.today())))
        return work

    found, unread = read_client_books(run, projects, read, quota=stored.more.get(QUOTA_KEY))
    rebuilt = _rebuild(run, agency_id, people, found, works, stored.more.get(plan_key(agency_id)))
    lines = [*_lines(services, stored.agency, found), *_remembered(stored.agency, unread, rebuilt.works)]
    onboarded = {one for one, work in rebuilt.works.items() if work.is_onboarded}
    _draw_all(run, stored.agency, book, people, rebuilt.taken, lines, signs, onboarded, metrics)
    lacking = _lacking(book)
    details = [
        *(one.message for one in unread),
        *lacking,
        *([sentence("load.editors_refused")] if refused else []),
        *_overload_messages(services, people, rebuilt.taken),
        *(line for one in found for line in elsewhere_messages(one.project, one.rows.problems)),
    ]
    return Answer(
        Outcome.PARTIAL if unread or lacking else Outcome.DONE,
        sentence(
            "load.partial" if unread else "load.done",
            books=len(found),
            of=len(projects),
            rows=len(lines),
            late=sum(is_late(line, services.today()) for line in lines),
        ),
        details=tuple(shortened(details)),
        data={"books": len(found), "unread": len(unread), "rows": len(lines)},
    )


def _read_client_work(
    run: Run,
    agency: Agency,
    project: Project,
    works: Mapping[str, Tracked[ProjectWork]],
    renew: Callable[[Book, Project], None],
) -> tuple[ClientWork, Book]:
    """*В работе* of a client with the items that the store had, and the workbook: one read of it.

    Raises
    ------
    BusyError
        If a started batch of another action may still be on its way to the sheet.
    """
    spreadsheet_id, services = project.spreadsheet_id, run.services
    resource = services.workbooks.read(spreadsheet_id)
    book = parse_book(resource)
    if not has_columns(book, "in_progress", PROGRESS_COLUMNS):
        # The column marks are lost: recognise the columns by the remembered layout.
        key = shape_key(spreadsheet_id)
        book = parse_book(resource, shape_from(services.store.get_many([key]).get(key)))
        require_columns(book, "in_progress", PROGRESS_COLUMNS)
    renew(book, project)
    known = works[spreadsheet_id].value.items if spreadsheet_id in works else {}
    identities = identify_rows(project, agency, book, known.values())
    if resolve_reservations(book, known, identities).not_started or identities.progress is None:
        # An interrupted action has left a reservation: resolve it as the next action would.
        return _settled_client_work(run, project)
    rows = read_work(book, services.choices, identity=identities.progress, today=services.today())
    return ClientWork(project, rows, {number: _as_started(item) for number, item in known.items()}), book


def _settled_client_work(run: Run, project: Project) -> tuple[ClientWork, Book]:
    """The same under the lease of the workbook, with reservations resolved from the sheet."""
    own_run = Run(run.services, run.actor, agency_id=project.agency_id)
    with ending(own_run):
        own_run.take(project.spreadsheet_id)
        snapshot = retry_on_conflict(
            own_run, lambda: read_snapshot(own_run, project.spreadsheet_id, with_agency_work=False)
        )
        own_run.commit(updates=[snapshot.change_work()])
    return ClientWork(project, snapshot.work_rows, snapshot.stored.work.value.items), snapshot.book


def _as_started(item: Item) -> Item:
    """The item after its rows were seen in the sheet: it is started and not only reserved."""
    return replace(item, is_reserved=False)


def _rebuild(
    run: Run,
    agency_id: str,
    people: People,
    found: Sequence[ClientWork],
    works: Mapping[str, Tracked[ProjectWork]],
    plan: Document | None,
) -> Rebuilt:
    """Store the commitments that the rows show, in one commit.

    If hours were reserved after *works* and *plan* were read, the rebuild is repeated on the new state.
    Items that were started or changed by others after their workbook was read are left as they are.

    Raises
    ------
    BusyError
        If other plans kept changing the agency's hours during all attempts.
    """
    store = run.services.store
    for _ in range(ATTEMPTS):
        now = {
            spreadsheet_id: work.value.with_items(map(_as_started, _seen(work.value, found)))
            for spreadsheet_id, work in works.items()
        }
        rebuilt = rebuild_commitments(now, found, people, run.services.today())
        guard = plan_write(agency_id, version=plan.version if plan else ABSENT)
        try:
            run.commit(guard, updates=_changes(store, rebuilt.works, works))
        except StoreConflictError as error:
            if plan_key(agency_id) not in error.keys:
                raise
        else:
            return rebuilt
        plan = store.get_many([plan_key(agency_id)]).get(plan_key(agency_id))
        works = find_open_work(store, agency_id)
    raise BusyError("workbook.busy")


def _seen(work: ProjectWork, found: Sequence[ClientWork]) -> list[Item]:
    """Items of a project that have not changed since its rows were read."""
    known = next((one.items for one in found if one.project.spreadsheet_id == work.spreadsheet_id), {})
    return [item for number, item in work.items.items() if known.get(number) == _as_started(item)]


def _changes(
    store: Store, works: Mapping[str, ProjectWork], known: Mapping[str, Tracked[ProjectWork]]
) -> list[Update]:
    """Changes of the work in progress of each client; an item that changed meanwhile is left as it is."""
    changes: list[Update] = []
    for spreadsheet_id, work in works.items():
        tracked = known.get(spreadsheet_id)
        if tracked is None:
            # Nothing was in progress; rows that people typed are new.
            tracked = load_work(store, spreadsheet_id, work.agency_id) if work.typed_hours else None
        if tracked is not None:
            changes.append(tracked.change(partial(_merged, tracked.value, work)))
    return changes


def _merged(before: ProjectWork, after: ProjectWork, now: ProjectWork) -> ProjectWork:
    unchanged = (
        item
        for number, item in after.items.items()
        if number in now.items and now.items[number] == before.items.get(number)
    )
    return replace(now.with_items(unchanged), typed_hours=after.typed_hours)


def shortened(lines: Sequence[Sentence]) -> Sequence[Sentence]:
    """At most ``MAX_LINES`` lines; the last one tells how many more there are."""
    if len(lines) <= MAX_LINES:
        return lines
    return [*lines[: MAX_LINES - 1], sentence("list.more", count=len(lines) - MAX_LINES + 1)]


def _lacking(book: Book) -> list[Sentence]:
    """Messages about tabs, or their first columns, that people removed: nothing could be drawn there."""
    messages: list[Sentence] = []
    for key, column in (("load", "specialist"), ("board", "id"), ("projects", "code")):
        try:
            book.tab(key).column(column)
        except WorkbookShapeError as error:
            messages.append(Sentence(error.code, error.where))
    return messages


def _draw_all(
    run: Run,
    agency: Agency,
    book: Book,
    people: People,
    committed: Hours,
    lines: Sequence[BoardLine],
    signs: Sequence[tuple[Project, ProjectSigns]],
    onboarded: Set[str],
    metrics: Sequence[tuple[Project, MetricLine]],
) -> None:
    """Draw the tabs with one write. If people changed the workbook after it was read, read and retry."""
    services, known = run.services, [book]

    def draw() -> None:
        current = (
            known.pop() if known else parse_book(services.workbooks.read(agency.spreadsheet_id), book.shape)
        )
        change = WorkbookChange()
        change.repair(current)
        write_load(services, change, current, shown_load(services, current, people, committed))
        write_board(services, change, current, lines)
        write_projects(services, change, current, signs, lines)
        write_stages(services, change, current, [project for project, _ in signs], onboarded)
        write_client_metrics(services, change, current, metrics)
        if change:
            services.workbooks.batch_update(agency.spreadsheet_id, change.requests())

    retry_on_conflict(run, draw)


def _lines(services: Services, agency: Agency, found: Sequence[ClientWork]) -> list[BoardLine]:
    return [
        line_of_row(one.project, row, services.choices.label("status", row.status, agency.locale))
        for one in found
        for row in one.rows.rows
        if not row.is_done and not row.is_copy
    ]


def _remembered(
    agency: Agency, unread: Sequence[UnreadBook], works: Mapping[str, ProjectWork]
) -> list[BoardLine]:
    """Lines from the store for workbooks that could not be read: their work still takes people's time."""
    return [
        line
        for one in unread
        if one.project.spreadsheet_id in works
        for item in works[one.project.spreadsheet_id].items.values()
        for line in lines_of_item(one.project, item, agency.profiles)
    ]


def _overload_messages(services: Services, people: People, committed: Hours) -> list[Sentence]:
    """Return one message for each person with more hours than possible on some day from today on."""
    days = [day for day in load_days(services, HORIZON_DAYS) if day >= services.today()]
    messages: list[Sentence] = []
    for name in sorted(committed):
        over = [
            day
            for day in days
            if committed[name].get(day, 0.0) > people.capacity(name, day) + TOLERANCE_HOURS
        ]
        if over and people.find(name):
            hours, room = committed[name][over[0]], people.capacity(name, over[0])
            messages.append(
                sentence("load.over", name=name, count=len(over), day=over[0], hours=hours, room=room)
            )
        elif over:
            messages.append(sentence("load.stranger", name=name))
    return messages
