"""Reading a client workbook: who its rows are, its backlog and what is in progress."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from vitrina.errors import UserError
from vitrina.operations.services import Services
from vitrina.records.records import ITEM, Item, Project, amend_item, item_of, items_of, load_agency
from vitrina.texts import Sentence, sentence
from vitrina.workbook.reading.backlog_rows import Backlog, read_backlog
from vitrina.workbook.reading.book import Book, item_number_of_row, parse_book
from vitrina.workbook.reading.identity import (
    ProgressIdentity,
    StartedItem,
    identify_backlog,
    identify_progress,
)
from vitrina.workbook.reading.shape import Shape, shape_from_document
from vitrina.workbook.reading.work_rows import WorkRow, WorkRows, read_work
from vitrina.workbook.writing.fence import move_fence

#: Kind of the documents that say how a workbook looked when it was last read.
SHAPE = "shape"

#: Columns by which the rows of a tab are known.
BACKLOG_COLUMNS = frozenset({"id", "task"})
PROGRESS_COLUMNS = frozenset({"id", "action", "profile"})


@dataclass(frozen=True)
class Progress:
    """What is in progress, as it was read."""

    identity: ProgressIdentity
    work: WorkRows

    @property
    def rows(self) -> tuple[WorkRow, ...]:
        """The rows of the project's actions."""
        return self.work.actions


def read_book(services: Services, spreadsheet_id: str) -> Book:
    """A workbook of ours, and what to remember of its tabs and columns: one read."""
    record = services.store.get(SHAPE, spreadsheet_id)
    known = shape_from_document(record.data) if record else Shape()
    book = parse_book(services.workbooks.read(spreadsheet_id), known)
    now = known.renewed(book.shape)
    if now != known:
        services.store.put(SHAPE, spreadsheet_id, now.data())
    return book


def read_own_backlog(services: Services, project: Project, book: Book) -> Backlog:
    """The backlog of a project's workbook as it was read, bad cells and all."""
    started = _started(services, project)
    return read_backlog(
        book,
        services.choices,
        identity=identify_backlog(
            book,
            started,
            in_progress=_numbers_in_progress(project, book, started),
            prefix=project.code,
            last_number=project.last_number,
        ),
        prefix=project.code,
        today=services.today(),
    )


def read_progress(services: Services, project: Project, book: Book) -> Progress:
    """The rows of *В работе* of a project's workbook."""
    identity = identify_progress(book, _started(services, project), prefix=project.code)
    work = read_work(book, services.choices, identity=identity, today=services.today())
    return Progress(identity, work)


def settle(services: Services, project: Project, book: Book, items: Iterable[Item]) -> list[Item]:
    """Decide about items whose start may not stand in the sheet: the sheet knows.

    The write of a reservation may or may not have reached it. An item that has no card yet and whose
    row is back in the backlog, as in an older version of the workbook that a person brought back, was
    not started either. Items of another workbook count as they are: its own next reading settles them.
    """
    items = list(items)
    own = [item for item in items if item.spreadsheet_id == project.spreadsheet_id]
    started = _as_started(services, project, own)
    in_progress = _numbers_in_progress(project, book, started)
    # Marks on emptied rows too: the write reached the sheet, whatever people did there since.
    marked = {item_number_of_row(row.number) for row in book.tab("in_progress").rows if row.number}
    gone = {item.key for item in own if item.is_reserved and item.number not in in_progress | marked}
    if has_backlog(book):
        identity = identify_backlog(
            book, started, in_progress=in_progress, prefix=project.code, last_number=project.last_number
        )
        gone |= {item.key for item in own if item.number in identity.returned}
    return [item for item in items if item.key not in gone]


def read_fenced(services: Services, project: Project) -> Book:
    """The project's workbook, into which no start can write any more that this reading does not show.

    Somebody whose lease has run out may have the write of a reservation under way still. The fence keeps it
    out, and the sheet is read once more, as the write may just have come: two calls more, where there is one.

    Raises
    ------
    ChangedMeanwhileError
        If somebody else moved the fence just now.
    """
    book = read_book(services, project.spreadsheet_id)
    own = items_of(services.store, spreadsheet_id=project.spreadsheet_id)
    settled = settle(services, project, book, own)
    if any(item.is_reserved and item.fence == book.fence and item not in settled for item in own):
        services.workbooks.batch_update(project.spreadsheet_id, move_fence(book.fence, uuid.uuid4().hex[:8]))
        book = read_book(services, project.spreadsheet_id)
    return book


def settle_for_good(services: Services, project: Project, book: Book) -> None:
    """Forget items that were not started after all and keep those that were.

    *book* comes from ``read_fenced``. A reservation that was made under its fence may still be written.
    """
    records = list(services.store.find(ITEM, spreadsheet_id=project.spreadsheet_id))
    own = [item_of(record) for record in records]
    started = {item.key for item in settle(services, project, book, own)}
    for record, item in zip(records, own, strict=True):
        if item.key in started:
            if item.is_reserved:
                amend_item(services.store, item.key, is_reserved=False)
        elif not item.is_reserved or item.fence != book.fence:
            # Only as it was read: somebody may have reserved it anew.
            services.store.delete(ITEM, record.key, version=record.version)


def require_items(backlog: Backlog) -> None:
    """Raise ``CellsError`` for bad cells, and ``UserError`` where there is no item."""
    backlog.require_good_cells()
    if not backlog.rows:
        raise UserError("backlog.empty", sheet=backlog.tab.title)


def told_lost(services: Services, project: Project, identity: ProgressIdentity) -> tuple[Sentence, ...]:
    """What to say of rows that people took out of *В работе* before the work was done."""
    lost: dict[str, list[str]] = {}
    for item in _started(services, project):
        titles = [title for number, title in item.profiles.items() if number in identity.lost]
        if titles:
            lost[f"{project.code}-{item.number}"] = titles
    if not lost:
        return ()
    items = [f"{code} ({', '.join(titles)})" for code, titles in lost.items()]
    return (sentence("heal.lost", items=items, sheet=identity.tab.title),)


def _numbers_in_progress(project: Project, book: Book, started: list[StartedItem]) -> frozenset[int]:
    """Items that no row of the backlog can be: where *В работе* cannot be read, all that were started."""
    if not _has(book, "in_progress", PROGRESS_COLUMNS):
        return frozenset(item.number for item in started)
    return identify_progress(book, started, prefix=project.code).items


def has_backlog(book: Book) -> bool:
    """Whether the tab is there and its rows can be known."""
    return _has(book, "backlog", BACKLOG_COLUMNS)


def _has(book: Book, tab: str, columns: frozenset[str]) -> bool:
    return tab in book.tabs and columns <= book.tabs[tab].columns.keys()


def _started(services: Services, project: Project) -> list[StartedItem]:
    items = items_of(services.store, spreadsheet_id=project.spreadsheet_id)
    return _as_started(services, project, items)


def _as_started(services: Services, project: Project, items: Iterable[Item]) -> list[StartedItem]:
    profiles = load_agency(services.store, project.agency_id).profiles
    return [
        StartedItem(
            number=item.number,
            task=item.task,
            profiles={
                action.row_number: profiles.get(action.profile, action.profile) for action in item.actions
            },
            has_card=bool(item.card_id),
            is_done=item.is_done,
            is_reserved=item.is_reserved,
        )
        for item in items
    ]
