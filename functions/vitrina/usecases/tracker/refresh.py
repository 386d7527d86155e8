"""*Обновить из трекера*: writes the state of the cards into the sheet, and changes of it to the cards."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import partial

from msgspec import Struct
from msgspec.structs import replace

from vitrina.domain.backlog import ActionStatus
from vitrina.errors import StoreConflictError
from vitrina.operations.answer import Answer, Outcome
from vitrina.operations.retry_on_conflict import retry_on_conflict
from vitrina.operations.run import Run
from vitrina.operations.services import Services
from vitrina.ports import Card, Step
from vitrina.project.card_fields import Surroundings, agreed_after, look_at
from vitrina.project.planner_input import parts_of, planned_items
from vitrina.project.snapshot import Snapshot, load_packed, read_snapshot
from vitrina.records.books import Project
from vitrina.records.finished import unpack_items, unpacked
from vitrina.records.metrics.looks import load_looks
from vitrina.records.work import Item, ItemAction, ProjectWork
from vitrina.tabs.brief import write_brief
from vitrina.tabs.finish_forecast import can_tell_finish, write_forecast
from vitrina.tabs.metrics.rows import metric_rows
from vitrina.tabs.metrics.states import draw_states
from vitrina.tabs.refreshed_mark import write_refreshed_mark
from vitrina.tabs.schedule import write_schedule
from vitrina.texts import sentence
from vitrina.usecases.decisions.follow_reviews import follow_reviews, turned_items
from vitrina.usecases.tracker.calls_ahead import begun_ahead
from vitrina.usecases.tracker.two_way import (
    Choice,
    Findings,
    cells_of,
    conflicts_data,
    gather,
    note_conflicts,
    own_rows,
    send_changes,
    settled,
    surroundings_of,
    tell_of_place,
)
from vitrina.workbook.reading.book import Book, Tab
from vitrina.workbook.reading.settings import locale_of
from vitrina.workbook.reading.work_rows import WorkRow
from vitrina.workbook.writing.change import WorkbookChange
from vitrina.workbook.writing.heal import heal, repair_messages
from vitrina.workbook.writing.values import Value

#: Messages of which a person has to do something.
UNSENT = (
    "sync.not_taken",
    "sync.archived_unsent",
    "sync.stranger",
    "sync.bad_day",
    "sync.bad_hours",
    "sync.bad_quantity",
    "sync.torn.result",
    "sync.torn.quantity",
)


class RowState(Struct, frozen=True):
    """State of one action. Its hours are those of its row, unless the tracker *tells_hours*."""

    status: ActionStatus
    progress: str
    logged_hours: float
    is_ticked: bool = False
    tells_hours: bool = True


def refresh(run: Run, spreadsheet_id: str) -> Answer:
    """Read every card of the project and write the differences, in both directions.

    Items that were finished long ago are read only while their rows are still in the sheet.
    """
    snapshot = read_snapshot(run, spreadsheet_id)
    return write_card_states(run, snapshot, items_with_cards(snapshot))


def items_with_cards(snapshot: Snapshot) -> list[Item]:
    """The items of a project that have a card."""
    return [item for item in snapshot.items.values() if item.card_id]


def _sheet_answer(snapshot: Snapshot) -> Answer:
    """What to say of a project without a tracker: its items, and cells that could not be read."""
    rows = snapshot.work_rows
    cells = (*rows.problems, *rows.log_problems)
    missing = snapshot.lost_row_messages()
    return Answer(
        Outcome.PARTIAL if cells or missing else Outcome.DONE,
        sentence(
            "sync.sheet",
            open=sum(not row.is_done for row in rows.actions),
            done=sum(row.is_done for row in rows.actions),
        ),
        details=(*repair_messages(snapshot.book, snapshot.progress_identity), *missing),
        cells=cells,
    )


def write_card_states(
    run: Run,
    snapshot: Snapshot,
    items: Sequence[Item],
    *,
    says_when: bool = True,
    choice: Choice | None = None,
) -> Answer:
    """Read the cards of *items* and write the differences: first to the cards, then into the sheet.

    What both sides changed is told in the answer and stays as it is, unless *choice* settles it. A process
    that dies after any of the writes leaves a state from which the next look goes on: a value that reached
    the other side is the same on both sides then.

    Calendar and days of the end depend on the work of all clients, one document of the store each. A snapshot
    without it gets it only where something of this client takes more or less time than before.

    Parameters
    ----------
    says_when
        Whether the time of the update is always written, or only together with a difference.

    Returns
    -------
    Answer
        Its data tell in ``moved_hours`` whether the work of all clients was read, because hours of people
        have moved or from the beginning.
    """
    has_cards, is_whole = snapshot.has_cards, snapshot.has_agency_work
    cards: dict[int, Card | None] = {}
    sent_cards = 0
    at_a_time = max(1, min(snapshot.tracker.can.cards_at_a_time, len(items))) if has_cards else 1
    for item, card in _read_cards(run, snapshot, items if has_cards else (), at_a_time):
        after = send_changes(run, snapshot, item, card, choice, may_be_old=at_a_time > 1) if card else None
        sent_cards += after is not card
        cards[item.number] = after
    spreadsheet_id = snapshot.project.spreadsheet_id
    known = [snapshot]

    def write() -> tuple[int, Snapshot, Findings]:
        # The first attempt uses the snapshot; a retry after a change by people reads the sheet again.
        current = known.pop() if known else _read_again(run, spreadsheet_id, is_whole=is_whole)
        findings = Findings()
        changed = _write(run, current, cards, findings, says_when=says_when, choice=choice)
        return changed, current, findings

    changed, current, findings = retry_on_conflict(run, write)
    if not has_cards:
        return _sheet_answer(current)
    gone = [item.code for item in items if cards[item.number] is None]
    missing = current.lost_row_messages()
    if gone:
        missing = (sentence("sync.gone", items=gone), *missing)
    cells = tuple(findings.problems.values())
    told = findings.messages()
    is_open = bool(missing or cells or findings.conflicts or any(one.code in UNSENT for one in told))
    if findings.conflicts:
        message = sentence("sync.conflicts", count=len(findings.conflicts))
    else:
        message = sentence("sync.done" if items else "sync.nothing", cards=len(cards), changed=changed)
    return Answer(
        Outcome.PARTIAL if is_open else Outcome.DONE,
        message,
        details=(*repair_messages(current.book, current.progress_identity), *missing, *told),
        cells=cells,
        data={
            "cards": len(cards),
            "changed_rows": changed,
            "moved_hours": current.has_agency_work,
            "sent_cards": sent_cards,
            **conflicts_data(findings),
        },
    )


def _read_cards(
    run: Run, snapshot: Snapshot, items: Sequence[Item], at_a_time: int
) -> Iterator[tuple[Item, Card | None]]:
    """The items with their cards, *at_a_time* of which are read at once; ``None`` for a card that is gone."""
    tracker, board_id = snapshot.tracker, snapshot.project.board_id
    reads = ((item, partial(tracker.get_card, board_id, item.card_id)) for item in items)
    for done, (item, read) in enumerate(begun_ahead(reads, at_a_time=at_a_time)):
        run.report(done, len(items), sentence("sync.progress", done=done + 1, total=len(items)))
        yield item, read()


def _read_again(run: Run, spreadsheet_id: str, *, is_whole: bool) -> Snapshot:
    return read_snapshot(run, spreadsheet_id, with_agency_work=is_whole, for_planning=is_whole)


def _write(
    run: Run,
    snapshot: Snapshot,
    cards: Mapping[int, Card | None],
    findings: Findings,
    *,
    says_when: bool,
    choice: Choice | None,
) -> int:
    """Write the workbook once and the store once; return the count of rows that differed."""
    book, project, work = snapshot.book, snapshot.project, snapshot.stored.work.value
    # A card may belong to a finished item that was packed and has no row any more.
    packed = [number for number in cards if number not in snapshot.items and work.has_finished(number)]
    items = dict(snapshot.items)
    items |= load_packed(run.services.store, project, packed)
    around = surroundings_of(snapshot) if cards else None
    tab, rows = book.tab("in_progress"), snapshot.work_rows.actions
    change = WorkbookChange()
    heal(change, book, snapshot.progress_identity, prefix=project.code)
    changed_rows = 0
    after: dict[int, Item] = {}
    statuses: dict[int, list[ActionStatus]] = {}
    for number, card in cards.items():
        item = items.get(number)
        if card is None or item is None:
            continue
        if around is None:
            raise AssertionError("there are cards, so that the surroundings are known")
        item_rows = own_rows(snapshot, item)
        look = settled(item, look_at(item, item_rows, card, around), choice, around)
        gather(findings, snapshot, item, look, card, around)
        tell_of_place(findings, project, item, card)
        cells = cells_of(item, look, item_rows, around)
        states = row_states(card, item, item_rows, project, around, look.steps)
        changed_rows += sum(
            _write_row(run.services, change, tab, book, row, states[row.row_number], cells[row.row_number])
            for row in item_rows
        )
        note_conflicts(change, look, item_rows, around)
        if item_rows or number in packed:
            statuses[number] = [state.status for state in states.values()]
            status = project.statuses.get(card.stage_id)
            is_done = item.is_done if status is None else status is ActionStatus.DONE
            people = {
                row.row_number: cells[row.row_number].get("specialist", row.specialist) for row in item_rows
            }
            after[number] = _with_states(
                agreed_after(item, look), states, snapshot.today, is_done=is_done, people=people
            )
    after |= _as_in_sheet(rows, items, snapshot.today, has_cards=snapshot.has_cards)
    turned = turned_items(snapshot, change, after, statuses)
    if not snapshot.has_agency_work and _takes_another_time(work.items, {**items, **after}, snapshot.today):
        snapshot.read_agency_work()
    by_key = {item.key: item for item in [*snapshot.agency_items, *after.values()]}
    now = list(by_key.values())
    redrawn = snapshot.has_agency_work and write_schedule(snapshot, change, now)
    if changed_rows or redrawn or says_when:
        write_refreshed_mark(run.services, change, book)
        write_brief(snapshot, change, now)
        if snapshot.has_agency_work:
            _tell_finish(snapshot, change, now)
    if says_when:
        _write_states(run, change, book)
    if change:
        # Fails if the lease expired during a slow call: another action may be working here now.
        run.commit()
        run.services.workbooks.batch_update(project.spreadsheet_id, change.requests())
    after |= follow_reviews(run, snapshot, after, turned)
    _keep(run, snapshot, items, after)
    return changed_rows


def _write_states(run: Run, change: WorkbookChange, book: Book) -> None:
    """States of metrics go with the click of a person, who may have typed figures before it."""
    if not metric_rows(book, run.services.choices):
        return
    known = load_looks(run.services.store, book.spreadsheet_id)
    looks = draw_states(run, change, book, known.value).looks
    if looks != known.value:
        run.commit(updates=[known.put(looks)])


def _takes_another_time(before: Mapping[int, Item], after: Mapping[int, Item], today: date) -> bool:
    """Whether calendar and days of the end have changed with the items of a client."""
    return _time_taken(before, today) != _time_taken(after, today)


def _time_taken(items: Mapping[int, Item], today: date) -> Mapping[int, object]:
    """What of the open items takes time: whose days, and what is left where these are over."""
    return {
        number: [
            (
                action.specialist,
                action.is_done,
                action.is_ticked,
                action.day_hours,
                action.logged_hours if max(action.day_hours, default=date.min) < today else None,
            )
            for action in item.actions
        ]
        for number, item in items.items()
        if not item.is_done
    }


def _tell_finish(snapshot: Snapshot, change: WorkbookChange, items: list[Item]) -> None:
    """Write the days by which all will be finished, unless the backlog cannot be read now."""
    if not can_tell_finish(snapshot.book) or not snapshot.has_backlog or snapshot.backlog.problems:
        return
    state, backlog = snapshot.stored.backlog_state.value, snapshot.backlog
    parts = parts_of(state, backlog, snapshot.stored.norms.value.norms)
    planned = planned_items(snapshot.project, state, backlog, parts)
    write_forecast(snapshot, change, planned, parts, items)


#: Fields of an item that a look at its card may change.
_KEPT_FIELDS = ("is_done", "finished_on", "actions", "agreed", "task", "result", "quantity", "is_shown")


def _keep(run: Run, snapshot: Snapshot, items: Mapping[int, Item], after: Mapping[int, Item]) -> None:
    """Store the changed items at the end of the run; a packed item is unpacked."""
    changed = {number: item for number, item in after.items() if item != items[number]}
    kept = snapshot.stored.work.value
    back = [items[number] for number in changed if kept.has_finished(number)]
    if back:
        _, writes = unpack_items(run.services.store, kept, back)
        run.at_end(*writes)

    def amended(work: ProjectWork) -> ProjectWork:
        work = unpacked(work, back)
        if any(number not in work.items and work.has_finished(number) for number in changed):
            # Packed since it was read: a repeat finds the item there and unpacks it.
            raise StoreConflictError([snapshot.stored.work.key])
        for number, item in changed.items():
            fields = {name: getattr(item, name) for name in _KEPT_FIELDS}
            work = work.amended(number, **fields)
        return work

    run.at_end(updates=[snapshot.change_work(amended)])


# --- What cards and rows say -----------------------------------------------------------------------


def row_states(
    card: Card,
    item: Item,
    rows: Sequence[WorkRow],
    project: Project,
    around: Surroundings,
    steps: Mapping[int, Step],
) -> dict[int, RowState]:
    """State of each row of a card's item, by row number; of each action if no row is left.

    *steps* are the steps of the actions that have one. People may have added steps, and removed rows from the
    sheet.
    """
    stage = project.statuses.get(card.stage_id)
    done = sum(step.is_done for step in card.steps)
    progress = f"{done}/{len(card.steps)}" if card.steps else ""
    by_number = {row.row_number: row for row in rows}
    tells_hours = card.logged_hours is not None
    left = dict(card.logged_hours or {})
    is_only = len(item.actions) == 1
    states: dict[int, RowState] = {}
    for action in item.actions:
        step, row = steps.get(action.row_number), by_number.get(action.row_number)
        # A card without its steps, being made or changed by people, says nothing of each action.
        person_id = (card.assignee_id if is_only else step and step.assignee_id) or ""
        if person_id not in around.names:
            person_id = around.person_id(row.specialist if row else action.specialist)
        hours = sum(left.values()) if is_only else left.pop(person_id, 0.0)
        if row is None and rows:
            continue
        is_ticked = step is not None and step.is_done
        known = row.status if row else ActionStatus.DONE
        states[action.row_number] = RowState(
            known if stage is None else _status_of_action(stage, is_ticked=is_ticked and not is_only),
            progress,
            action.carried_hours + hours if tells_hours else _typed_hours(row, action),
            is_ticked=is_ticked,
            tells_hours=tells_hours,
        )
    if not is_only and left:
        # Hours of people without an action of their own are added to the first action.
        first = min(states)
        states[first] = replace(states[first], logged_hours=states[first].logged_hours + sum(left.values()))
    return states


def _status_of_action(stage: ActionStatus, *, is_ticked: bool) -> ActionStatus:
    """State of one action of a card with several.

    While people work on a card, an action is done once its step is. Review and the end are of the card as a
    whole: then its stage is the state of all its actions. A card with one action has the state of this action
    anyway, also if somebody opens it again and leaves the step ticked.
    """
    is_worked_on = stage in (ActionStatus.ONBOARDING, ActionStatus.IN_WORK)
    return ActionStatus.DONE if is_worked_on and is_ticked else stage


def _typed_hours(row: WorkRow | None, action: ItemAction) -> float:
    """Logged hours of an action that people type into its row; the last known ones if the row is gone."""
    if row is None or row.has_bad_log:
        return action.logged_hours
    return row.logged_hours or 0.0


def _with_states(
    item: Item,
    states: Mapping[int, RowState],
    today: date,
    *,
    is_done: bool,
    people: Mapping[int, Value] | None = None,
) -> Item:
    """The item with these states. Hours logged after its end count; the day of its end stays.

    *people* are the persons who stand in the rows, by row number.
    """
    who = people or {}
    actions = tuple(
        _with_state(action, states.get(action.row_number), str(who.get(action.row_number) or ""))
        for action in item.actions
    )
    finished_on = (item.finished_on or today) if is_done else None
    return replace(item, is_done=is_done, finished_on=finished_on, actions=actions)


def _as_in_sheet(
    rows: Iterable[WorkRow], items: Mapping[int, Item], today: date, *, has_cards: bool
) -> dict[int, Item]:
    """Items without a card, with the state that people entered in their rows, by number."""
    by_number = {row.row_number: row for row in rows}
    updated: dict[int, Item] = {}
    for item in items.values():
        own_rows = [by_number[one.row_number] for one in item.actions if one.row_number in by_number]
        in_tracker = has_cards and item.card_id
        if in_tracker or item.is_reserved or len(own_rows) < len(item.actions):
            continue
        states = {
            action.row_number: _state_of_row(by_number[action.row_number], action) for action in item.actions
        }
        is_done = all(row.is_done for row in own_rows)
        updated[item.number] = _with_states(item, states, today, is_done=is_done)
    return updated


def _state_of_row(row: WorkRow, action: ItemAction) -> RowState:
    """State of an action as people typed it."""
    hours = _typed_hours(row, action)
    return RowState(row.status, "", hours, is_ticked=row.is_done, tells_hours=False)


def _write_row(
    services: Services,
    change: WorkbookChange,
    tab: Tab,
    book: Book,
    row: WorkRow,
    state: RowState,
    cells: Mapping[str, Value],
) -> bool:
    """Write what differs: the tracker's own columns, and the *cells* that it has changed."""
    label = services.choices.label("status", state.status, locale_of(book))
    wanted: dict[str, Value] = {"status": label, "progress": state.progress or None, **cells}
    if state.tells_hours:
        wanted["logged_hours"] = round(state.logged_hours, 2) or None
    differs = False
    for column, value in wanted.items():
        if value != _current(tab, row, column):
            change.set(tab, row.row, column, value)
            differs = True
    return differs


def _current(tab: Tab, row: WorkRow, column: str) -> Value:
    if column == "due_on":
        return row.due_on
    cell = tab.cell(row.row, column)
    if column in ("logged_hours", "hours", "quantity"):
        return cell.value if isinstance(cell.value, float) else None
    return cell.text or None


def _with_state(action: ItemAction, state: RowState | None, person: str) -> ItemAction:
    if state is None:
        return action
    return replace(
        action,
        specialist=person or action.specialist,
        logged_hours=state.logged_hours,
        is_ticked=state.is_ticked,
    )
