"""Tracker → sheet: *Обновить из трекера*, and what webhooks set off.

A webhook only says *look*: the card is read again and its current state written. Many webhooks of a
workbook become one task, and what many workbooks need is spread over the turns that Google's quota gives.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from vitrina.domain.backlog import ActionStatus
from vitrina.domain.estimating.norms import FinishedWork
from vitrina.operations.google_quota import MINUTE_S, book_turn
from vitrina.operations.journal import Journal
from vitrina.operations.lease import Lease, lease
from vitrina.operations.retry_on_conflict import again
from vitrina.operations.services import Answer, Outcome, Services
from vitrina.ports import Card, Json, Record, Store
from vitrina.project.planner_input import parts_of, planned_items
from vitrina.project.snapshot import (
    has_backlog,
    read_fenced,
    read_own_backlog,
    read_progress,
    settle_for_good,
    told_lost,
)
from vitrina.records.records import (
    TOUCHED,
    Item,
    ItemAction,
    Project,
    amend_item,
    items_of,
    load_norms,
    load_tracker_ids,
    save_history,
)
from vitrina.tabs.finish_forecast import can_tell_finish, write_forecast
from vitrina.tabs.refreshed_mark import mark_fresh
from vitrina.tabs.schedule import write_schedule
from vitrina.texts import sentence
from vitrina.workbook.reading.book import Book, Tab
from vitrina.workbook.reading.identity import ProgressIdentity
from vitrina.workbook.reading.settings import locale_of
from vitrina.workbook.reading.work_rows import WorkRow
from vitrina.workbook.writing.change import Value, WorkbookChange
from vitrina.workbook.writing.heal import heal, repair_messages

#: Webhooks of one workbook within this time become one write.
GATHER_S = 2.0
#: The same while many workbooks wait for their turn.
MOST_GATHERED_S = 10.0

#: Kind of the documents that count the sync tasks of a workbook.
SYNC = "sync"


@dataclass(frozen=True)
class RowState:
    """What the tracker says of one action."""

    status: ActionStatus
    due_on: date | None
    specialist: str | None
    progress: str
    logged_hours: float
    is_ticked: bool = False


def note_webhook(services: Services, body: Json) -> bool:
    """Remember that a card was touched and have it looked at; ``False`` where it is no card of ours."""
    card_id = services.tracker.card_id_of_event(body)
    item = next(iter(items_of(services.store, card_id=card_id)), None) if card_id else None
    if card_id is None or item is None:
        return False
    store, spreadsheet_id = services.store, item.spreadsheet_id
    # In this order: the task that is queued already has not begun to look, and will see the card put here.
    store.put(TOUCHED, card_id, {"spreadsheet_id": spreadsheet_id})
    record = store.get(SYNC, spreadsheet_id)
    if record is None:
        _queue_sync(services, spreadsheet_id, 0, delay_s=GATHER_S)
        store.create(SYNC, spreadsheet_id, {"generation": 0, "is_queued": True})
    elif not record.data.get("is_queued"):
        _queue_sync(services, spreadsheet_id, record.data["generation"], delay_s=GATHER_S)
        # The version says that this task has not begun meanwhile.
        store.put(SYNC, spreadsheet_id, {**record.data, "is_queued": True}, version=record.version)
    return True


def sync_touched(services: Services, project: Project, *, turn: float | None = None) -> None:
    """Write the state of the cards that webhooks spoke of, or queue it for the *turn* that it gets."""
    store, spreadsheet_id = services.store, project.spreadsheet_id
    with lease(services, spreadsheet_id) as held:
        turn = book_turn(services, delay_s=_more_gathering_s(services, turn), instead_of=turn)
        wait_s = turn - services.clock.now().timestamp()
        if wait_s > 0:
            following = _generation(store, spreadsheet_id) + 1
            _queue_sync(services, spreadsheet_id, following, delay_s=wait_s, turn=turn)
            store.put(SYNC, spreadsheet_id, {"generation": following, "is_queued": True})
            return
        touched = begin_to_look(store, spreadsheet_id)
        if touched:
            keys = {record.key for record in touched}
            own = items_of(store, spreadsheet_id=spreadsheet_id)
            sync_items(services, project, [item for item in own if item.card_id in keys], held)
            forget(store, touched)


def begin_to_look(store: Store, spreadsheet_id: str) -> list[Record]:
    """Notes of the touched cards. From here on a webhook queues a task of its own."""
    following = _generation(store, spreadsheet_id) + 1
    store.put(SYNC, spreadsheet_id, {"generation": following, "is_queued": False})
    return list(store.find(TOUCHED, spreadsheet_id=spreadsheet_id))


def forget(store: Store, touched: list[Record]) -> None:
    """Drop the notes of cards that were read; one touched again while we worked stays for the next task."""
    for record in touched:
        store.delete(TOUCHED, record.key, version=record.version)


def _generation(store: Store, spreadsheet_id: str) -> int:
    """Number of the workbook's next sync task. Webhooks that see the same number share one task."""
    record = store.get(SYNC, spreadsheet_id)
    return int(record.data["generation"]) if record else 0


def task_name(kind: str, spreadsheet_id: str, number: int) -> str:
    """Name of a task about a workbook; its id may hold what a name may not."""
    return f"{kind}-{hashlib.sha256(spreadsheet_id.encode()).hexdigest()[:24]}-{number}"


def _queue_sync(
    services: Services, spreadsheet_id: str, generation: int, *, delay_s: float, turn: float | None = None
) -> None:
    """Queue the workbook's next sync. Webhooks that see the same generation share one task."""
    booked = {} if turn is None else {"turn": turn}
    services.queue.add(
        task_name("sync", spreadsheet_id, generation),
        {"kind": "sync", "spreadsheet_id": spreadsheet_id, **booked},
        delay_s=delay_s,
    )


def _more_gathering_s(services: Services, turn: float | None) -> float:
    """How much longer to gather before the first look: the more workbooks wait, the longer.

    The quota lets each of them be written so often; whoever writes sooner will have to write again.
    """
    if turn is not None:
        return 0.0
    waiting = {record.data["spreadsheet_id"] for record in services.store.find(TOUCHED)}
    fair_s = MINUTE_S * len(waiting) / services.turns_per_minute
    return min(fair_s, MOST_GATHERED_S) - GATHER_S if fair_s > GATHER_S else 0.0


def refresh(services: Services, project: Project, journal: Journal) -> Answer:
    """Read every card of the project and write what differs."""
    with lease(services, project.spreadsheet_id) as held:
        own = [
            item for item in items_of(services.store, spreadsheet_id=project.spreadsheet_id) if item.card_id
        ]
        return sync_items(services, project, own, held, journal)


def sync_items(
    services: Services,
    project: Project,
    items: list[Item],
    held: Lease,
    journal: Journal | None = None,
    *,
    says_when: bool = True,
) -> Answer:
    """Read the cards of *items* and write what differs; with *says_when*, always when that was."""
    cards: dict[int, Card | None] = {}
    for item in items:
        held.renew()
        if journal is not None:
            journal.progress(
                len(cards), len(items), sentence("sync.progress", done=len(cards) + 1, total=len(items))
            )
        cards[item.number] = services.tracker.get_card(item.card_id)
    changed, book, identity = again(lambda: _write(services, project, cards, says_when=says_when))
    gone = [item.code for item in items if cards[item.number] is None]
    missing = told_lost(services, project, identity)
    if gone:
        missing = (sentence("sync.gone", items=gone), *missing)
    return Answer(
        Outcome.PARTIAL if missing else Outcome.DONE,
        sentence("sync.done" if items else "sync.nothing", cards=len(cards), changed=changed),
        details=(*repair_messages(book, identity), *missing),
        data={"cards": len(cards), "changed_rows": changed},
    )


def _write(
    services: Services, project: Project, cards: Mapping[int, Card | None], *, says_when: bool
) -> tuple[int, Book, ProgressIdentity]:
    """One read and one write of the workbook; gives the count of rows that differed, and what was read."""
    book = read_fenced(services, project)
    settle_for_good(services, project, book)
    progress = read_progress(services, project, book)
    agency_items = items_of(services.store, agency_id=project.agency_id)
    items = {item.number: item for item in agency_items if item.spreadsheet_id == project.spreadsheet_id}
    tracker_ids = load_tracker_ids(services.store, project.agency_id)
    names = {tracker_id: name for name, tracker_id in tracker_ids.items()}
    tab = book.tab("in_progress")
    change = WorkbookChange()
    heal(change, book, progress.identity, prefix=project.code)
    changed_rows = 0
    changes: dict[str, Json] = {}
    for number, card in cards.items():
        item = items.get(number)
        if card is None or item is None:
            continue
        known = {action.row_number for action in item.actions}
        own_rows = [row for row in progress.rows if row.number in known]
        if not own_rows:
            continue
        states = row_states(card, item, own_rows, project, names)
        changed_rows += sum(
            _write_row(services, change, tab, book, row, state)
            for row, state in zip(own_rows, states, strict=True)
        )
        changes[item.key] = _changes_of_item(services, project, item, own_rows, states)
    changes |= _told_by_sheet(services, project, progress.rows, items)
    now = [replace(item, **changes.get(item.key, {})) for item in agency_items]
    redrawn = write_schedule(services, change, book, project, now)
    if changed_rows or redrawn or says_when:
        mark_fresh(services, change, book)
        _tell_finish(services, change, book, project, now)
    if change:
        services.workbooks.batch_update(project.spreadsheet_id, change.requests())
    for key, changed in changes.items():
        amend_item(services.store, key, **changed)
    return changed_rows, book, progress.identity


def _tell_finish(
    services: Services, change: WorkbookChange, book: Book, project: Project, items: list[Item]
) -> None:
    """The days by which all will be finished, unless the backlog cannot be read just now."""
    if not can_tell_finish(book) or not has_backlog(book):
        return
    backlog = read_own_backlog(services, project, book)
    if not backlog.problems:
        norms = load_norms(services.store, project.agency_id).norms
        parts = parts_of(services.store, project, backlog, norms)
        planned = planned_items(services.store, project, backlog, parts)
        write_forecast(services, change, book, project, planned, parts, items, norms)


def _told_by_sheet(
    services: Services, project: Project, rows: tuple[WorkRow, ...], items: Mapping[int, Item]
) -> dict[str, Json]:
    """Items without a card whose rows a person has changed: without a tracker the sheet itself tells."""
    changes = {}
    for item in items.values():
        known = {action.row_number for action in item.actions}
        own_rows = [row for row in rows if row.number in known]
        if item.card_id or item.is_reserved or len(own_rows) < len(known):
            continue
        states = [RowState(row.status, row.due_on, None, "", row.logged_hours or 0.0) for row in own_rows]
        if item.is_done or all(state.status is ActionStatus.DONE for state in states):
            changes[item.key] = _changes_of_item(services, project, item, own_rows, states)
    return changes


def row_states(
    card: Card, item: Item, rows: list[WorkRow], project: Project, names: Mapping[str, str]
) -> list[RowState]:
    """What a card says of each row of its item.

    The card's checklist has a line for each action, in their order; people may have added lines, and
    taken rows out of the sheet. ``names`` are the specialists' names by their id in the tracker.
    """
    status = project.statuses.get(card.stage_id)
    done = sum(line.is_checked for line in card.checklist)
    progress = f"{done}/{len(card.checklist)}" if card.checklist else ""
    by_number = {row.number: row for row in rows}
    lines = list(card.checklist) + [None] * len(item.actions)
    left = dict(card.logged_hours)
    is_only = len(item.actions) == 1
    states: dict[int, RowState] = {}
    for action, line in zip(item.actions, lines, strict=False):
        assignee = card.assignee_id if is_only or line is None else line.assignee_id
        specialist = names.get(assignee or "", None)
        row = by_number.get(action.row_number)
        worker = specialist or (row.specialist if row else action.specialist)
        tracker_id = next((key for key, name in names.items() if name == worker), None)
        hours = sum(left.values()) if is_only else left.pop(tracker_id or "", 0.0)
        if row is not None:
            due_on = card.due_on if is_only or line is None else line.due_on
            states[row.row_number] = RowState(
                status or row.status,
                due_on or row.due_on,
                specialist,
                progress,
                hours,
                is_ticked=line is not None and line.is_checked,
            )
    if not is_only and left:
        # Hours of people who have no action of their own stand with the first one.
        first = min(states)
        states[first] = replace(states[first], logged_hours=states[first].logged_hours + sum(left.values()))
    return [states[row.row_number] for row in rows]


def _write_row(
    services: Services, change: WorkbookChange, tab: Tab, book: Book, row: WorkRow, state: RowState
) -> bool:
    label = services.choices.label("status", state.status, locale_of(book))
    wanted: dict[str, Value] = {
        "status": label,
        "due_on": state.due_on,
        "specialist": state.specialist or row.specialist,
        "progress": state.progress or None,
        "logged_hours": round(state.logged_hours, 2) or None,
    }
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
    if column == "logged_hours":
        return cell.value if isinstance(cell.value, float) else None
    return cell.text or None


def _changes_of_item(
    services: Services, project: Project, item: Item, rows: list[WorkRow], states: list[RowState]
) -> Json:
    """Fields of the item that the tracker changed; finished work becomes history for the norms."""
    by_number = {row.number: state for row, state in zip(rows, states, strict=True)}
    is_done = all(state.status is ActionStatus.DONE for state in states)
    # Hours logged later still count, the day on which it was done does not change.
    today = services.today().isoformat()
    finished_on = (item.finished_on or today) if is_done else ""
    if is_done and item.work_type:
        logged = [
            (action, by_number[action.row_number].logged_hours)
            for action in item.actions
            if action.row_number in by_number
        ]
        works = {
            f"{project.spreadsheet_id}:{action.row_number}": FinishedWork(
                item.work_type,
                action.profile,
                hours,
                item.quantity,
                date.fromisoformat(finished_on),
                size=item.size,
                specialist_hours=action.specialist_hours,
                typical_hours=action.typical_hours,
                planned_hours=action.hours,
                p85_hours=action.p85_hours,
            )
            for action, hours in logged
            if hours > 0
        }
        save_history(services.store, project.agency_id, works)
    actions = tuple(_as_told(action, by_number.get(action.row_number)) for action in item.actions)
    return {"is_done": is_done, "finished_on": finished_on, "actions": actions}


def _as_told(action: ItemAction, state: RowState | None) -> ItemAction:
    if state is None:
        return action
    return replace(
        action,
        specialist=state.specialist or action.specialist,
        logged_hours=state.logged_hours,
        is_ticked=state.is_ticked,
    )
