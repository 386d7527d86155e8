"""*Обновить загрузку*: what all people do for all clients, from the cells of all workbooks.

One read of each client's workbook, one read and one write of the agency's, however large they are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from vitrina.domain.checking.feasibility import TOLERANCE_HOURS
from vitrina.errors import WorkbookShapeError
from vitrina.operations.journal import Journal
from vitrina.operations.lease import lease
from vitrina.operations.retry_on_conflict import again
from vitrina.operations.services import Answer, Outcome, Services
from vitrina.project.client_books import Unread, read_client_books, told_elsewhere
from vitrina.project.commitments import ClientWork, People, rebuild_commitments
from vitrina.project.snapshot import read_book, read_fenced, read_progress, settle_for_good
from vitrina.records.records import Agency, Project, items_of, projects_of, save_team
from vitrina.tabs.agency_view import (
    BoardLine,
    is_late,
    line_of_row,
    lines_of_item,
    load_days,
    write_board,
    write_load,
    write_projects,
)
from vitrina.texts import Sentence, sentence
from vitrina.workbook.reading.book import Book
from vitrina.workbook.reading.team import read_team
from vitrina.workbook.writing.change import WorkbookChange

#: Who has too much is told of this many working days.
HORIZON_DAYS = 30
#: More lines of one kind are not read by anyone.
MAX_LINES = 20

Hours = Mapping[str, Mapping[date, float]]


def update_load(services: Services, agency: Agency, journal: Journal | None = None) -> Answer:
    """Rebuild what people have promised from the rows of *В работе*, then draw it."""
    with lease(services, f"load:{agency.spreadsheet_id}") as held:
        book = read_book(services, agency.spreadsheet_id)
        team = read_team(book, services.choices, profiles=agency.profiles, today=services.today())
        save_team(services.store, agency.spreadsheet_id, team)
        people = People(team, services.calendar)
        projects = projects_of(services.store, agency.spreadsheet_id)
        found, unread = read_client_books(
            services, projects, lambda project: read_client_work(services, project), journal, held=held
        )
        committed = rebuild_commitments(services, agency, people, found)
        lines = [*_lines(services, agency, found), *_remembered(services, agency, unread)]
        first = [book]
        # As it was read; only where people have changed it meanwhile it is read once more.
        again(
            lambda: _draw(
                services,
                first.pop() if first else read_book(services, agency.spreadsheet_id),
                people,
                committed,
                lines,
                [one.project for one in found],
            )
        )
    lacking = _lacking(book)
    details = [
        *(one.told for one in unread),
        *lacking,
        *_told_overloads(services, people, committed),
        *(line for one in found for line in told_elsewhere(one.project, one.work.problems)),
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


def read_client_work(services: Services, project: Project) -> ClientWork:
    """*В работе* of a client, and his items as the sheet settles them: one read.

    Raises
    ------
    BusyError
        If another action is at work there.
    """
    with lease(services, project.spreadsheet_id):
        book = again(lambda: read_fenced(services, project))
        settle_for_good(services, project, book)
        work = read_progress(services, project, book).work
        items = tuple(items_of(services.store, spreadsheet_id=project.spreadsheet_id))
    return ClientWork(project, work, items)


def shortened(lines: Sequence[Sentence]) -> Sequence[Sentence]:
    """As many lines as somebody reads."""
    if len(lines) <= MAX_LINES:
        return lines
    return [*lines[: MAX_LINES - 1], sentence("list.more", count=len(lines) - MAX_LINES + 1)]


def _lacking(book: Book) -> list[Sentence]:
    """What to say of tabs, or of their first columns, that people took away: nothing could be drawn there."""
    told: list[Sentence] = []
    for key, column in (("load", "specialist"), ("board", "id"), ("projects", "code")):
        try:
            book.tab(key).column(column)
        except WorkbookShapeError as error:
            told.append(Sentence(error.code, error.where))
    return told


def _draw(
    services: Services,
    book: Book,
    people: People,
    committed: Hours,
    lines: Sequence[BoardLine],
    projects: Sequence[Project],
) -> None:
    change = WorkbookChange()
    change.repair(book)
    write_load(services, change, book, people, committed)
    write_board(services, change, book, lines)
    write_projects(services, change, book, projects, lines)
    if change:
        services.workbooks.batch_update(book.spreadsheet_id, change.requests())


def _lines(services: Services, agency: Agency, found: Sequence[ClientWork]) -> list[BoardLine]:
    return [
        line_of_row(one.project, row, services.choices.label("status", row.status, agency.locale))
        for one in found
        for row in one.work.rows
        if not row.is_done and not row.is_copy
    ]


def _remembered(services: Services, agency: Agency, unread: Sequence[Unread]) -> list[BoardLine]:
    """What the store knows of workbooks that could not be read: their people are not free for that."""
    return [
        line
        for one in unread
        for item in items_of(services.store, spreadsheet_id=one.project.spreadsheet_id)
        for line in lines_of_item(one.project, item, agency.profiles)
    ]


def _told_overloads(services: Services, people: People, committed: Hours) -> list[Sentence]:
    """Who has too much from today on: a line for each person."""
    days = [day for day in load_days(services, HORIZON_DAYS) if day >= services.today()]
    told: list[Sentence] = []
    for name in sorted(committed):
        over = [
            day
            for day in days
            if committed[name].get(day, 0.0) > people.capacity(name, day) + TOLERANCE_HOURS
        ]
        if over and people.find(name):
            hours, room = committed[name][over[0]], people.capacity(name, over[0])
            told.append(
                sentence("load.over", name=name, count=len(over), day=over[0], hours=hours, room=room)
            )
        elif over:
            told.append(sentence("load.stranger", name=name))
    return told
