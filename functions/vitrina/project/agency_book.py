"""What an action knows of the agency before it decides: its workbook, its people and all of its projects."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from msgspec import Struct, field

from vitrina.errors import CellsError
from vitrina.operations.run import Run
from vitrina.operations.services import Services
from vitrina.ports import Document, Key
from vitrina.records.books import (
    Agency,
    Project,
    agency_from_document,
    book_key,
    projects_key,
    tracked_projects,
)
from vitrina.records.layouts import shape_from, shape_key, shape_writes
from vitrina.records.norms import KeptNorms, norms_key, tracked_norms
from vitrina.records.packing import Tracked
from vitrina.records.team import team_from_document, team_key, team_writes
from vitrina.workbook.reading.book import Book, parse_book
from vitrina.workbook.reading.shape import Shape
from vitrina.workbook.reading.team import Team, read_team


class StoredAgency(Struct, frozen=True):
    """What the store holds of an agency: one round trip. ``more`` are further documents asked for."""

    agency: Agency
    shape: Shape
    norms: Tracked[KeptNorms]
    team: Team | None
    projects: Tracked[tuple[Project, ...]]
    more: Mapping[Key, Document] = field(default_factory=dict)


def read_stored_agency(run: Run, agency_id: str, *, more: Iterable[Key] = ()) -> StoredAgency:
    """What the store holds of an agency; raises ``UnknownWorkbookError`` for another kind of workbook."""
    store, wanted = run.services.store, list(more)
    found = store.get_many(
        [
            book_key(agency_id),
            shape_key(agency_id),
            norms_key(agency_id),
            team_key(agency_id),
            projects_key(agency_id),
            *wanted,
        ]
    )
    return StoredAgency(
        agency=agency_from_document(found.get(book_key(agency_id))),
        shape=shape_from(found.get(shape_key(agency_id))),
        norms=tracked_norms(store, found.get(norms_key(agency_id)), agency_id),
        team=team_from_document(store, found.get(team_key(agency_id))),
        projects=tracked_projects(store, found.get(projects_key(agency_id)), agency_id),
        more={key: found[key] for key in wanted if key in found},
    )


def read_agency_book(run: Run, agency_id: str, shape: Shape) -> Book:
    """The agency's workbook: one read. How it looks is remembered at the end of the run."""
    book = parse_book(run.services.workbooks.read(agency_id), shape)
    run.at_end(*shape_writes(agency_id, shape, book))
    return book


def look_at_team(services: Services, agency: Agency, book: Book) -> Team:
    """The agency's people as its workbook has them now.

    Raises
    ------
    CellsError
        With all bad cells of the people's tabs. Each has the address that opens it: most actions are clicked
        in a client's workbook.
    """
    try:
        return read_team(book, services.choices, profiles=agency.profiles, today=services.today())
    except CellsError as error:
        raise located(services, book, error) from error


def located(services: Services, book: Book, error: CellsError) -> CellsError:
    """The bad cells of the agency's workbook with the address that opens each."""
    sheet_ids = {tab.title: tab.sheet_id for tab in book.tabs.values()}
    url = services.workbooks.url(book.spreadsheet_id)
    return CellsError(
        [
            replace(
                problem,
                spreadsheet_id=book.spreadsheet_id,
                url=f"{url}#gid={sheet_ids[problem.sheet]}&range={problem.cell}",
            )
            for problem in error.problems
        ]
    )


def read_team_of(run: Run, agency: Agency, book: Book) -> Team:
    """See ``look_at_team``; the people are kept at the end of the run."""
    team = look_at_team(run.services, agency, book)
    run.at_end(*team_writes(agency.spreadsheet_id, team))
    return team


def read_team_now(run: Run, agency: Agency, found: Mapping[Key, Document]) -> Team:
    """The same with one read of the agency's workbook; *found* has the document of its shape."""
    shape = shape_from(found.get(shape_key(agency.spreadsheet_id)))
    return read_team_of(run, agency, read_agency_book(run, agency.spreadsheet_id, shape))
