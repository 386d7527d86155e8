"""Moves one project to another tracker, or from the sheet alone into one, or back.

It goes on where an earlier attempt stopped, and each of its steps may be repeated:

1. what the former tracker knows is written into the sheet, and the board is made;
2. one commit makes the new board that of the project, and its items wait for cards there. What the cards had
   before is kept as a ``TrackerSwitch``;
3. the cards are made, at the stage and with the ticks of now. Hours logged so far are carried over;
4. the former cards are closed with a link to the new ones, and hours that were logged there meanwhile are
   fetched;
5. links, the address of the board and what the menu asks for are written into the workbook.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager

from msgspec import Struct
from msgspec.structs import replace

from vitrina.domain.backlog import ActionStatus
from vitrina.errors import CellsError, UserError
from vitrina.operations.outbox import fulfil
from vitrina.operations.retry_on_conflict import retry_on_conflict
from vitrina.operations.run import Run, Update, ending
from vitrina.operations.services import Services
from vitrina.operations.undo_record import write_undoably
from vitrina.ports import Board, Card, Link, TaskTracker, Write
from vitrina.project.card_fields import agreements_of, match_steps, with_agreements, without_card
from vitrina.project.snapshot import Snapshot, read_snapshot
from vitrina.project.tracker_people import people_in_tracker
from vitrina.records.books import (
    Project,
    board_title,
    load_project,
    projects_key,
    put_project,
    tracked_projects,
)
from vitrina.records.cards import (
    FormerItem,
    SwitchPhase,
    TrackerPlace,
    TrackerSwitch,
    delete_card,
    load_switch,
    switch_writes,
)
from vitrina.records.work import Item, ItemAction, ProjectWork
from vitrina.tabs.refreshed_mark import write_refreshed_mark
from vitrina.texts import Sentence, render, sentence
from vitrina.usecases.tracker.make_cards import make_cards, owned_steps, push_wish, settled
from vitrina.usecases.tracker.own_title import own_board_title
from vitrina.usecases.tracker.refresh import row_states, write_card_states
from vitrina.usecases.tracker.two_way import surroundings_of
from vitrina.workbook.reading.book import item_number_of_row, tracker_mark
from vitrina.workbook.reading.settings import locale_of
from vitrina.workbook.reading.work_rows import WorkRow
from vitrina.workbook.writing.change import WorkbookChange
from vitrina.workbook.writing.heal import heal
from vitrina.workbook.writing.open_link import set_open_link

#: Name of this action in the list of what can be undone.
ACTION = "switch_tracker"

#: Tells a person how far it is; extends the leases of the operation.
Report = Callable[[Sentence], None]


class Moved(Struct, frozen=True):
    """What a move made: the count of cards, and what the person should know of the board."""

    card_count: int
    remarks: tuple[Sentence, ...] = ()


def move_project(run: Run, spreadsheet_id: str, target: str, report: Report) -> Moved:
    """Move a project to the tracker of the connection *target*; does nothing if it is there already.

    Raises
    ------
    UserError
        If cells of *В работе* are bad, or cards are still being made: nothing was changed.
    ServiceError
        If a tracker or Google refuses; a repeat goes on from there.
    """
    remarks: tuple[Sentence, ...] = ()
    project = load_project(run.services.store, spreadsheet_id)
    switch = load_switch(run.services.store, spreadsheet_id)
    if switch is not None and switch.phase is SwitchPhase.UNDOING:
        raise UserError("switch.being_undone")
    if switch is None or not switch.is_open:
        if project.tracker == target:
            return Moved(0)
        remarks = _begin(run, project, target, report)
        switch = load_switch(run.services.store, spreadsheet_id)
    if switch is not None and switch.phase is SwitchPhase.MAKING:
        report(sentence("switch.progress_cards", project=project.title))
        switch = _make_cards(run, switch)
    if switch is None:
        return Moved(0, remarks)
    report(sentence("switch.progress_close", project=project.title))
    card_count = _finish(run, switch)
    if switch.after.tracker != target:
        # An earlier switch had not ended.
        moved = move_project(run, spreadsheet_id, target, report)
        return Moved(moved.card_count, (*remarks, *moved.remarks))
    return Moved(card_count, remarks)


def place_of(project: Project) -> TrackerPlace:
    """Where the cards of a project are."""
    return TrackerPlace(project.tracker, project.board_id, project.board_url, project.stages)


def put_place(run: Run, project: Project, place: TrackerPlace, *, first_tracker: str) -> tuple[Write, Update]:
    """The write and the update that make *place* that of the project's cards."""
    store, agency_id = run.services.store, project.agency_id
    key = projects_key(agency_id)
    listed = tracked_projects(store, store.get_many([key]).get(key), agency_id)

    def moved(one: Project) -> Project:
        return replace(
            one,
            tracker=place.tracker,
            board_id=place.board_id,
            board_url=place.board_url,
            stages=place.stages,
            first_tracker=first_tracker,
        )

    def with_place(projects: tuple[Project, ...]) -> tuple[Project, ...]:
        return tuple(moved(one) if one.spreadsheet_id == project.spreadsheet_id else one for one in projects)

    return put_project(moved(project)), listed.change(with_place)


def forget_cards(project: Project, items: Iterable[Item]) -> list[Write]:
    """Writes that delete the documents of the cards and steps of *items*."""
    return [
        delete_card(project.tracker, one) for item in items for one in (item.card_id, *item.step_ids) if one
    ]


@contextmanager
def holding(run: Run, spreadsheet_id: str) -> Iterator[Run]:
    """A run of its own that holds a workbook's lease, in the name of the same person."""
    own = Run(run.services, run.actor, agency_id=run.agency_id)
    with ending(own):
        own.take(spreadsheet_id)
        yield own


# --- Begin -----------------------------------------------------------------------------------------


def _begin(run: Run, project: Project, target: str, report: Report) -> tuple[Sentence, ...]:
    """Bring the sheet up to date, make the board, and have the project point to it."""
    tracker = run.services.tracker(target)
    spreadsheet_id = project.spreadsheet_id
    report(sentence("switch.progress_read", project=project.title))
    with holding(run, spreadsheet_id) as own:
        snapshot = read_snapshot(own, spreadsheet_id)
        write_card_states(own, snapshot, [item for item in snapshot.items.values() if item.card_id])
    report(sentence("switch.progress_board", project=project.title))
    board = _board(run.services, project, target, tracker)
    with holding(run, spreadsheet_id) as own:
        _switch(own, read_snapshot(own, spreadsheet_id, with_agency_work=False), target, board)
    return tuple(sentence(code, service=tracker.name) for code in board.remarks)


def _board(services: Services, project: Project, target: str, tracker: TaskTracker) -> Board:
    """The board of the project in a tracker; the one that it had there before, if people kept it."""
    if not tracker.can.has_cards:
        return Board("", (), "")
    title = board_title(project.title, project.code)
    title = own_board_title(services, project.agency_id, target, title)
    board = tracker.find_board(title)
    if board is None or len(board.stages) != len(ActionStatus):
        titles = [services.choices.label("status", status, project.locale) for status in ActionStatus]
        board = tracker.create_board(title, titles)
    if tracker.can.sends_events:
        tracker.connect_webhook(board.board_id)
    return board


def _switch(run: Run, snapshot: Snapshot, target: str, board: Board) -> None:
    """The commit after which the project is in its new tracker and its open items wait for cards."""
    project, rows = snapshot.project, snapshot.work_rows
    if bad := (*rows.problems, *rows.log_problems):
        raise CellsError(list(bad))
    items = snapshot.items
    pending = [item.code for item in items.values() if item.card_lost_at or item.is_card_wanted]
    if pending:
        raise UserError("switch.cards_pending", items=pending)
    own_rows: dict[int, list[WorkRow]] = {}
    for row in rows.actions:
        own_rows.setdefault(row.item_number, []).append(row)
    has_cards = run.services.tracker(target).can.has_cards
    moved = {
        number: _moved(item, own_rows.get(number, []), has_cards=has_cards) for number, item in items.items()
    }
    stages = [stage.stage_id for stage in board.stages]
    after = TrackerPlace(
        target,
        board.board_id,
        board.url,
        # Without a board there are no stages.
        {str(status): stage for status, stage in zip(ActionStatus, stages, strict=bool(stages))},
    )
    switch = TrackerSwitch(
        project.spreadsheet_id,
        SwitchPhase.MAKING if has_cards else SwitchPhase.CLOSING,
        place_of(project),
        after,
        {number: _former(item) for number, item in items.items()},
        is_first=not project.first_tracker,
    )
    putting, listing = put_place(run, project, after, first_tracker=project.first_tracker or project.tracker)
    wanted = any(item.is_card_wanted for item in moved.values())
    wishes = [push_wish(project.spreadsheet_id).put(run.services)] if wanted else []
    run.commit(
        putting,
        *switch_writes(switch),
        *forget_cards(project, items.values()),
        *wishes,
        updates=[
            listing,
            snapshot.change_work(
                lambda work: work.with_items(
                    _with_changes(work.items[number], one)
                    for number, one in moved.items()
                    if number in work.items
                )
            ),
        ],
    )


def _former(item: Item) -> FormerItem:
    return FormerItem(
        item.card_id,
        item.step_ids,
        item.card_tracker,
        item.switch_count,
        item.first_status,
        {action.row_number: action.carried_hours for action in item.actions if action.carried_hours},
        {action.row_number: action.logged_hours for action in item.actions if action.logged_hours},
        tuple(action.row_number for action in item.actions if action.was_done_before),
        agreements=agreements_of(item),
    )


def _moved(item: Item, rows: list[WorkRow], *, has_cards: bool) -> Item:
    """The item without its card, with what its next card is made from."""
    by_number = {row.row_number: row for row in rows}

    def is_done(action: ItemAction) -> bool:
        row = by_number.get(action.row_number)
        return action.is_ticked or (row is not None and row.is_done)

    open_statuses = [row.status for row in rows if not row.is_done]
    order = list(ActionStatus)
    apart = without_card(item)
    return replace(
        apart,
        card_tracker="",
        switch_count=item.switch_count + 1,
        first_status=str(min(open_statuses, key=order.index)) if open_statuses else "",
        is_card_wanted=has_cards and bool(open_statuses) and not item.is_done,
        actions=tuple(
            replace(action, carried_hours=action.logged_hours, was_done_before=is_done(action))
            for action in apart.actions
        ),
    )


def _with_changes(now: Item, moved: Item) -> Item:
    """The item as the store has it, with what the move changes."""
    by_row = {action.row_number: action for action in moved.actions}
    names = ("card_tracker", "switch_count", "first_status", "is_card_wanted")
    now = without_card(now)
    return replace(
        now,
        **{name: getattr(moved, name) for name in names},
        actions=tuple(
            replace(
                action,
                carried_hours=by_row[action.row_number].carried_hours,
                was_done_before=by_row[action.row_number].was_done_before,
            )
            if action.row_number in by_row
            else action
            for action in now.actions
        ),
    )


# --- Cards -----------------------------------------------------------------------------------------


def _make_cards(run: Run, switch: TrackerSwitch) -> TrackerSwitch:
    """Make the cards that the items wait for; raises the ``ServiceError`` that stopped it."""
    with holding(run, switch.spreadsheet_id) as own:
        snapshot = read_snapshot(own, switch.spreadsheet_id, with_agency_work=False)
        lacking = {item_number_of_row(number) for number in snapshot.progress_identity.lost}
        new = [item for item in snapshot.items.values() if item.is_card_wanted and item.number not in lacking]
        unclear = {item.number for item in new if item.card_lost_at}
        created: dict[int, str] = {}
        steps: dict[int, tuple[str, ...]] = {}
        failure = make_cards(own, snapshot, new, unclear, created=created, steps=steps)
        known = [item.number for item in new if item.number not in unclear]
        tells_of_steps = snapshot.tracker.can.steps_send_events
        settling = snapshot.stored.work.change(
            lambda work: settled(work, created, known, steps, tells_of_steps=tells_of_steps)
        )
        if failure is not None:
            own.commit(updates=[settling])
            raise failure
        after = replace(switch, phase=SwitchPhase.CLOSING)
        own.at_end(*switch_writes(after), *owned_steps(snapshot, steps), updates=[settling])
        if not unclear:
            own.at_end(fulfil(push_wish(switch.spreadsheet_id).name))
    return after


# --- Finish ----------------------------------------------------------------------------------------


def _finish(run: Run, switch: TrackerSwitch) -> int:
    """Close the former cards, write the workbook, and end the switch. Gives the count of open cards."""
    spreadsheet_id = switch.spreadsheet_id
    with holding(run, spreadsheet_id) as own:
        snapshot = read_snapshot(own, spreadsheet_id, with_agency_work=False)
        totals = _close_former(own, snapshot, switch)
        if totals:
            own.commit(updates=[snapshot.change_work(lambda work: _with_totals(work, totals))])
        known = [snapshot]

        def write() -> None:
            current = known.pop() if known else read_snapshot(own, spreadsheet_id, with_agency_work=False)
            _write_workbook(own, current, switch, totals)

        retry_on_conflict(own, write)
        own.at_end(*switch_writes(replace(switch, phase=SwitchPhase.DONE)))
        return sum(bool(item.card_id) and not item.is_done for item in snapshot.items.values())


def _close_former(run: Run, snapshot: Snapshot, switch: TrackerSwitch) -> dict[int, float]:
    """Close the former cards of open items. Gives the hours logged until then, by row of the action."""
    before = snapshot.services.trackers.get(switch.before.tracker)
    if before is None or not before.can.has_cards:
        return {}
    totals: dict[int, float] = {}
    for number, former in switch.items.items():
        item = snapshot.items.get(number)
        if item is None or item.is_done or not former.card_id:
            continue
        run.report(0, 0, sentence("switch.progress_close", project=snapshot.project.title))
        before.set_closed(former.card_id, link_onward(snapshot, item), is_closed=True)
        card = before.get_card(switch.before.board_id, former.card_id)
        if card is not None and card.logged_hours is not None:
            totals |= _total_hours(snapshot, switch, item, card)
    return totals


def link_onward(snapshot: Snapshot, item: Item) -> Link:
    """The link that a former card gets: to the item's new card, or to its tab of the workbook.

    It differs from the link to the workbook that each card has.
    """
    services, project, locale = snapshot.services, snapshot.project, locale_of(snapshot.book)
    if item.card_id:
        url = snapshot.tracker.card_url(project.board_id, item.card_id)
        return Link(url, render(sentence("switch.link_card", service=snapshot.tracker.name), locale))
    url = f"{services.workbooks.url(project.spreadsheet_id)}#gid={snapshot.work_rows.tab.sheet_id}"
    return Link(url, render(sentence("switch.link_book"), locale))


def _total_hours(snapshot: Snapshot, switch: TrackerSwitch, item: Item, card: Card) -> Mapping[int, float]:
    """Hours of each action until its card was closed, those of still earlier trackers included."""
    former = switch.items[item.number]
    known = with_agreements(item, former.agreements)
    as_before = replace(
        known,
        actions=tuple(
            replace(one, carried_hours=former.hours.get(one.row_number, 0.0)) for one in known.actions
        ),
    )
    rows = snapshot.work_rows.of_item(item.number)
    project = replace(snapshot.project, stages=switch.before.stages)
    ids = people_in_tracker(snapshot.services, project.agency_id, snapshot.stored.team, switch.before.tracker)
    around = surroundings_of(snapshot, people=ids)
    steps = match_steps(as_before, card, {row.row_number: row for row in rows}, around)
    states = row_states(card, as_before, rows, project, around, steps)
    return {number: state.logged_hours for number, state in states.items()}


def _with_totals(work: ProjectWork, totals: Mapping[int, float]) -> ProjectWork:
    """The work with the hours that the former cards told last."""

    def counted(action: ItemAction) -> ItemAction:
        total = totals.get(action.row_number)
        if total is None or total == action.carried_hours:
            return action
        late = total - action.carried_hours
        return replace(action, carried_hours=total, logged_hours=action.logged_hours + late)

    return work.with_items(
        replace(item, actions=tuple(counted(action) for action in item.actions))
        for item in work.items.values()
        if any(action.row_number in totals for action in item.actions)
    )


def _write_workbook(run: Run, snapshot: Snapshot, switch: TrackerSwitch, totals: Mapping[int, float]) -> None:
    book, tracker = snapshot.book, snapshot.tracker
    tab = snapshot.work_rows.tab
    change = WorkbookChange()
    heal(change, book, snapshot.progress_identity, prefix=snapshot.project.code)
    for row in snapshot.work_rows.actions:
        item, former = snapshot.items.get(row.item_number), switch.items.get(row.item_number)
        if item is None or former is None or item.is_done:
            continue
        set_link(change, snapshot, row, item)
        if not tracker.can.has_cards and tab.cell(row.row, "progress").text:
            change.set(tab, row.row, "progress", None)
        total, known = totals.get(row.row_number), former.logged.get(row.row_number, 0.0)
        # A figure that somebody typed meanwhile stays.
        if total is not None and total != known and (row.logged_hours or 0.0) == round(known, 2):
            change.set(tab, row.row, "logged_hours", round(total, 2))
    set_place(change, snapshot)
    if change:
        write_refreshed_mark(run.services, change, book)
        write_undoably(run, snapshot.stored.undo, book, change, action=ACTION)


def set_link(change: WorkbookChange, snapshot: Snapshot, row: WorkRow, item: Item) -> None:
    """Have a row link to the card of its item, or to nothing where that has none."""
    tab, board_id, locale = snapshot.work_rows.tab, snapshot.project.board_id, locale_of(snapshot.book)
    url = snapshot.tracker.card_url(board_id, item.card_id) if item.card_id else ""
    set_open_link(change, tab, row.row, "card", url, locale)


def set_place(change: WorkbookChange, snapshot: Snapshot) -> None:
    """Write the address of the board, and what the menu asks of the tracker."""
    book, can = snapshot.book, snapshot.tracker.can
    place = book.fields.get("board_url")
    if place is not None and "client" in book.tabs and place.cell.text != snapshot.project.board_url:
        change.set_field(book.tab("client"), place, snapshot.project.board_url or None)
    mark = tracker_mark(has_cards=can.has_cards, invites_guests=can.invites_guests)
    if mark != book.tracker_mark:
        change.set_tracker_mark(book, mark)
