"""What an action knows of a project before it decides: its workbook read once, and the store read once.

Who the rows are and which reservations were carried out is settled here, once.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property

from msgspec import Struct, field
from msgspec.structs import replace

from vitrina.domain.limits import LONG_BACKLOG_ROWS, MOST_IN_PROGRESS, MOST_ROWS, is_soon
from vitrina.errors import StoreConflictError, UserError
from vitrina.operations.run import Run, Update
from vitrina.ports import Document, Key, Store, TaskTracker
from vitrina.project.book_upgrade import is_client_book_old, upgrade_wish
from vitrina.project.reservations import (
    BACKLOG_COLUMNS,
    PROGRESS_COLUMNS,
    Resolution,
    identify_rows,
    require_columns,
    resolve_reservations,
)
from vitrina.project.tracker_people import people_in_tracker
from vitrina.records.backlog_state import BacklogState, backlog_state_key, tracked_backlog_state
from vitrina.records.books import Agency, Project, agency_from_document, book_key, project_from_document
from vitrina.records.finished import load_finished
from vitrina.records.forecasts import Shown, forecasts_key, tracked_forecasts
from vitrina.records.layouts import shape_from, shape_key, shape_writes
from vitrina.records.norms import (
    KeptNorms,
    Titles,
    norms_key,
    titles_key,
    tracked_norms,
    tracked_titles,
)
from vitrina.records.packing import Tracked
from vitrina.records.team import team_from_document, team_key
from vitrina.records.undo import UndoList, undo_key, undo_list_from_document
from vitrina.records.work import (
    Hours,
    Item,
    ProjectWork,
    find_open_work,
    work_from_document,
    work_key,
)
from vitrina.texts import Sentence, sentence
from vitrina.workbook.reading.backlog_rows import Backlog, read_backlog
from vitrina.workbook.reading.book import Book, item_number_of_row, parse_book
from vitrina.workbook.reading.identity import BacklogIdentity, ProgressIdentity, number_of_id
from vitrina.workbook.reading.shape import Shape
from vitrina.workbook.reading.team import Team
from vitrina.workbook.reading.work_rows import WorkRows, read_work
from vitrina.workbook.size import filled_rows
from vitrina.workbook.writing.fence import move_fence


class Stored(Struct, frozen=True, dict=True):
    """What the store holds of a project and its agency: one round trip.

    What only planning needs may be read later, when it is first asked for: all of it in another round trip.
    ``more`` are further documents that the action asked for, by kind and key.
    """

    project: Project
    agency: Agency
    shape: Shape
    work: Tracked[ProjectWork]
    team: Team | None
    _store: Store
    #: Documents for planning, ``None`` where they were not read yet.
    _read: Mapping[Key, Document] | None
    more: Mapping[Key, Document] = field(default_factory=dict)

    @cached_property
    def backlog_state(self) -> Tracked[BacklogState]:
        """What is remembered of the backlog."""
        document = self._for_planning.get(backlog_state_key(self._spreadsheet_id))
        return tracked_backlog_state(self._store, document, self._spreadsheet_id)

    @cached_property
    def forecasts(self) -> Tracked[Shown]:
        """Forecasts that the first tab showed."""
        document = self._for_planning.get(forecasts_key(self._spreadsheet_id))
        return tracked_forecasts(self._store, document, self._spreadsheet_id, self._agency_id)

    @cached_property
    def undo(self) -> UndoList:
        """The last actions that can be undone."""
        document = self._for_planning.get(undo_key(self._spreadsheet_id))
        return undo_list_from_document(document, self._spreadsheet_id)

    @cached_property
    def norms(self) -> Tracked[KeptNorms]:
        """The norms of the agency."""
        return tracked_norms(self._store, self._for_planning.get(norms_key(self._agency_id)), self._agency_id)

    @cached_property
    def _for_planning(self) -> Mapping[Key, Document]:
        if self._read is not None:
            return self._read
        return self._store.get_many(_planning_keys(self._spreadsheet_id, self._agency_id))

    @property
    def _spreadsheet_id(self) -> str:
        return self.project.spreadsheet_id

    @property
    def _agency_id(self) -> str:
        return self.agency.spreadsheet_id


def _planning_keys(spreadsheet_id: str, agency_id: str) -> list[Key]:
    return [
        backlog_state_key(spreadsheet_id),
        forecasts_key(spreadsheet_id),
        undo_key(spreadsheet_id),
        norms_key(agency_id),
    ]


def read_stored(
    run: Run, spreadsheet_id: str, *, more: Iterable[Key] = (), for_planning: bool = True
) -> Stored:
    """What the store holds of a project: one round trip, or two for a run that does not know its agency.

    Parameters
    ----------
    for_planning
        Whether what only planning needs is read at once. Firestore bills every document.

    Raises
    ------
    UnknownWorkbookError
        If it is another kind of workbook.
    """
    store, book = run.services.store, book_key(spreadsheet_id)
    agency_id, known = run.agency_id, {}
    if not agency_id:
        # A job, or an operation that an older release queued.
        known = store.get_many([book])
        agency_id = project_from_document(known.get(book)).agency_id
    wanted = list(more)
    found = known | store.get_many(
        [
            *(() if known else (book,)),
            book_key(agency_id),
            shape_key(spreadsheet_id),
            work_key(spreadsheet_id),
            team_key(agency_id),
            *(_planning_keys(spreadsheet_id, agency_id) if for_planning else ()),
            *wanted,
        ]
    )
    return Stored(
        project=project_from_document(found.get(book)),
        agency=agency_from_document(found.get(book_key(agency_id))),
        shape=shape_from(found.get(shape_key(spreadsheet_id))),
        work=work_from_document(store, found.get(work_key(spreadsheet_id)), spreadsheet_id, agency_id),
        team=team_from_document(store, found.get(team_key(agency_id))),
        _store=store,
        _read=found if for_planning else None,
        more={key: found[key] for key in wanted if key in found},
    )


class Snapshot:
    """A project as an action knows it. The workbook is read once, the store is read once."""

    def __init__(self, run: Run, stored: Stored, book: Book) -> None:
        self._run = run
        self.stored = stored
        self.project = stored.project
        self.agency = stored.agency
        self.book = book
        self.services = run.services
        self.today = run.services.today()
        #: Items of the project: open, finished lately, and finished before with rows in the sheet.
        self._known_items = {**self._finished_in_sheet(), **stored.work.value.items}
        self._identities = identify_rows(self.project, self.agency, book, self._known_items.values())
        self.resolution: Resolution = resolve_reservations(book, self._known_items, self._identities)
        self._others: Mapping[str, ProjectWork] | None = None

    @property
    def tracker(self) -> TaskTracker:
        """The tracker of the project; raises ``FatalServiceError`` if it is not connected any more."""
        return self.services.tracker(self.project.tracker)

    @cached_property
    def people_in_tracker(self) -> Mapping[str, str]:
        """Ids in the tracker by specialist's name; *push* sets what it has found."""
        return people_in_tracker(
            self.services, self.agency.spreadsheet_id, self.stored.team, self.project.tracker
        )

    @property
    def has_cards(self) -> bool:
        """Whether the project has cards in a tracker, connected or not."""
        tracker = self.services.trackers.get(self.project.tracker)
        return tracker is None or tracker.can.has_cards

    # --- Items ---------------------------------------------------------------------------------------

    @property
    def items(self) -> Mapping[int, Item]:
        """Items of the project that were started, by number."""
        return self.resolution.started

    @property
    def works(self) -> Mapping[str, ProjectWork]:
        """What is in progress at all clients, by the workbook's id: of this one as it was settled."""
        own = self.stored.work.value
        others = self._others or {}
        kept = ProjectWork(own.spreadsheet_id, own.agency_id, self.items, own.typed_hours, own.finished)
        return {**others, self.project.spreadsheet_id: kept}

    @property
    def agency_items(self) -> list[Item]:
        """Items of all clients."""
        return [item for work in self.works.values() for item in work.items.values()]

    @property
    def typed_hours(self) -> Mapping[str, Hours]:
        """Hours of people's own rows by workbook, specialist and day."""
        return {spreadsheet_id: work.typed_hours for spreadsheet_id, work in self.works.items()}

    @property
    def has_agency_work(self) -> bool:
        """Whether what is promised to the other clients was read."""
        return self._others is not None

    def read_agency_work(self) -> None:
        """Read what is promised to the other clients of the agency: one round trip.

        Raises
        ------
        StoreConflictError
            If the work of this project was changed since it was read.
        """
        found = find_open_work(self.services.store, self.agency.spreadsheet_id)
        own = found.pop(self.project.spreadsheet_id, None)
        if own is not None and own.value != self.stored.work.value:
            raise StoreConflictError([own.key])
        self._others = {key: tracked.value for key, tracked in found.items()}

    def change_work(self, do: Callable[[ProjectWork], ProjectWork] = lambda work: work) -> Update:
        """A change of the project's work, in which the reservations are settled as well."""
        fence = self.book.fence
        return self.stored.work.change(lambda work: do(self.resolution.applied(work, fence)))

    # --- Rows ----------------------------------------------------------------------------------------

    @cached_property
    def progress_identity(self) -> ProgressIdentity:
        """Who the rows of *В работе* are; raises ``WorkbookShapeError`` where they cannot be known."""
        identity = self._identities.progress
        if identity is None:
            require_columns(self.book, "in_progress", PROGRESS_COLUMNS)
            raise AssertionError("the columns are there, so that the rows are known")
        not_started = self.resolution.not_started
        lost = (number for number in identity.lost if item_number_of_row(number) not in not_started)
        return replace(identity, lost=frozenset(lost))

    @cached_property
    def work_rows(self) -> WorkRows:
        """The rows of *В работе*."""
        return read_work(self.book, self.services.choices, identity=self.progress_identity, today=self.today)

    @cached_property
    def backlog_identity(self) -> BacklogIdentity:
        """Who the rows of the backlog are; raises ``WorkbookShapeError`` where they cannot be known."""
        identity = self._identities.backlog
        if identity is None:
            require_columns(self.book, "backlog", BACKLOG_COLUMNS)
            raise AssertionError("the columns are there, so that the rows are known")
        return identity

    @cached_property
    def backlog(self) -> Backlog:
        """The rows of the backlog, with bad cells."""
        return read_backlog(
            self.book,
            self.services.choices,
            identity=self.backlog_identity,
            prefix=self.project.code,
            today=self.today,
        )

    @property
    def has_backlog(self) -> bool:
        """Whether the backlog's tab is there and its rows can be known."""
        return self._identities.backlog is not None

    def lost_row_messages(self) -> tuple[Sentence, ...]:
        """What to say of rows that people took out of *В работе* before the work was done."""
        lost: dict[int, list[str]] = {}
        for item in self.items.values():
            for action in item.actions:
                if action.row_number in self.progress_identity.lost:
                    title = self.agency.profiles.get(action.profile, action.profile)
                    lost.setdefault(item.number, []).append(title)
        if not lost:
            return ()
        items = [f"{self.project.code}-{number} ({', '.join(titles)})" for number, titles in lost.items()]
        return (sentence("heal.lost", items=items, sheet=self.progress_identity.tab.title),)

    @cached_property
    def titles(self) -> Tracked[Titles]:
        """The titles of the agency: of an action that asked for their document as well."""
        key = titles_key(self.agency.spreadsheet_id)
        return tracked_titles(self.services.store, self.stored.more.get(key), self.agency.spreadsheet_id)

    def at_end(self, *updates: Update) -> None:
        """Have changes carried out in the commit that ends the run."""
        self._run.at_end(updates=updates)

    def remember_shape(self) -> None:
        """Have it remembered at the end of the run how the workbook looks."""
        self._run.at_end(*shape_writes(self.project.spreadsheet_id, self.stored.shape, self.book))

    def bring_along_later(self) -> None:
        """Have a workbook of an older release brought along once nobody works there."""
        if is_client_book_old(self.services, self.book):
            wish = upgrade_wish(self.services, self.project.spreadsheet_id)
            self._run.at_end(wish.put(self.services))

    def _finished_in_sheet(self) -> Mapping[int, Item]:
        """Packed items whose rows still stand in the sheet: one round trip where there are any."""
        work = self.stored.work.value
        if not work.finished:
            return {}
        numbers = {
            number for number in _numbers_in(self.book, self.project.code) if work.has_finished(number)
        }
        return load_packed(self._run.services.store, self.project, numbers)


def read_snapshot(
    run: Run,
    spreadsheet_id: str,
    *,
    more: Iterable[Key] = (),
    with_agency_work: bool = True,
    for_planning: bool = True,
) -> Snapshot:
    """Read a project: two round trips of the store, and one read of the workbook.

    No rows can move in the workbook any more by a write that the snapshot does not show: if a write of
    another run may still be on its way, the fence is moved and the workbook is read again.

    Parameters
    ----------
    more
        Further documents that the action needs.
    with_agency_work
        Whether what is promised to other clients is read as well.
    for_planning
        See ``read_stored``.

    Raises
    ------
    ChangedMeanwhileError
        If somebody else moved the fence just now.
    LongWorkError
        If the backlog is long and a person waits for the click.
    """
    stored = read_stored(run, spreadsheet_id, more=more, for_planning=for_planning)
    snapshot = snapshot_of(run, stored)
    if with_agency_work:
        snapshot.read_agency_work()
    return snapshot


def snapshot_of(run: Run, stored: Stored, *, fenced: bool = True) -> Snapshot:
    """The same where the store was read already.

    Without *fenced* the fence is never moved: for actions that do not hold the workbook's lease, and would
    refuse the write of one that does.
    """
    workbooks, spreadsheet_id = run.services.workbooks, stored.project.spreadsheet_id
    book = parse_book(workbooks.read(spreadsheet_id), stored.shape)
    backlog = book.tabs.get("backlog")
    if backlog is not None and len(filled_rows(backlog, "task")) > LONG_BACKLOG_ROWS:
        run.leave_to_queue()
    snapshot = Snapshot(run, stored, book)
    is_open = spreadsheet_id in run.unreleased or snapshot.resolution.is_open_reservation(snapshot.book)
    if fenced and is_open:
        workbooks.batch_update(spreadsheet_id, move_fence(snapshot.book.fence, uuid.uuid4().hex[:8]))
        run.unreleased.discard(spreadsheet_id)
        snapshot = Snapshot(run, stored, parse_book(workbooks.read(spreadsheet_id), stored.shape))
    snapshot.remember_shape()
    snapshot.bring_along_later()
    return snapshot


def room_message(snapshot: Snapshot, count: int, row_count: int) -> Sentence | None:
    """What to say of a project that soon will, or already would, have too many items or rows in progress.

    Parameters
    ----------
    count, row_count
        How many items it is about to get, and how many rows of *В работе* these have.
    """
    tab, most_rows = snapshot.book.tab("in_progress"), MOST_ROWS["in_progress", "action"]
    all_rows = len(filled_rows(tab, "action")) + row_count
    if all_rows > most_rows:
        return sentence("limit.work_rows", sheet=tab.title, count=all_rows, most=most_rows)
    open_count = sum(not one.is_done for one in snapshot.items.values())
    if is_soon(open_count + count, MOST_IN_PROGRESS):
        return sentence("limit.in_progress_soon", count=open_count + count, most=MOST_IN_PROGRESS)
    if open_count + count > MOST_IN_PROGRESS:
        return sentence("limit.in_progress", count=open_count, more=count, most=MOST_IN_PROGRESS)
    return None


def require_room(snapshot: Snapshot, count: int, row_count: int) -> None:
    """Raise ``UserError`` if a project has no room for so many more items and rows in progress."""
    message = room_message(snapshot, count, row_count)
    if message is not None and message.code in ("limit.in_progress", "limit.work_rows"):
        raise UserError(message.code, **message.where)


def load_packed(store: Store, project: Project, numbers: Iterable[int]) -> dict[int, Item]:
    """Packed items of a project; see ``load_finished``. A card in a tracker that it left counts as none."""
    found = load_finished(store, project.spreadsheet_id, project.agency_id, numbers)
    return {
        number: item if project.is_followed_in(item.card_tracker) else replace(item, card_id="", step_ids=())
        for number, item in found.items()
    }


def require_items(backlog: Backlog) -> None:
    """Raise ``CellsError`` for bad cells, and ``UserError`` where there is no item."""
    backlog.require_good_cells()
    if not backlog.rows:
        raise UserError("backlog.empty", sheet=backlog.tab.title)


def _numbers_in(book: Book, prefix: str) -> set[int]:
    """Item numbers that the marks and ID texts of backlog and *В работе* name."""
    numbers: set[int] = set()
    for key in ("backlog", "in_progress"):
        tab = book.tabs.get(key)
        if tab is None:
            continue
        numbers |= {item_number_of_row(row.number) for row in tab.rows if row.number is not None}
        if "id" in tab.columns:
            texts = (number_of_id(tab.cell(row, "id").text, prefix) for row in tab.rows)
            numbers |= {number for number in texts if number is not None}
    return numbers
