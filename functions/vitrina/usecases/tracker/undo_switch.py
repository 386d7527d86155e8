"""Takes back the last switch of a project's tracker, as long as nobody has worked in the new one.

Each step may be repeated. The new cards are removed first; then one commit gives the project its former board
and cards back; then these are opened again, and the workbook is written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from vitrina.errors import UserError
from vitrina.operations.outbox import fulfil
from vitrina.operations.retry_on_conflict import retry_on_conflict
from vitrina.operations.run import Run
from vitrina.ports import Card, Link, Write
from vitrina.project.card_fields import with_agreements
from vitrina.project.snapshot import Snapshot, read_stored, snapshot_of
from vitrina.records.cards import (
    CardOwner,
    FormerItem,
    SwitchPhase,
    TrackerSwitch,
    put_card,
    switch_deletion,
    switch_writes,
)
from vitrina.records.work import Item, ItemAction, ProjectWork
from vitrina.tabs.refreshed_mark import write_refreshed_mark
from vitrina.texts import sentence
from vitrina.usecases.tracker.make_cards import push_wish
from vitrina.usecases.tracker.move_project import forget_cards, link_onward, put_place, set_link, set_place
from vitrina.usecases.tracker.new_card import new_card
from vitrina.usecases.tracker.switch_tracker import link_boards
from vitrina.workbook.reading.work_rows import WorkRow
from vitrina.workbook.writing.change import WorkbookChange


def undo_switch(run: Run, snapshot: Snapshot, switch: TrackerSwitch) -> None:
    """Give the project its former tracker back.

    Raises
    ------
    UserError
        If somebody has worked in the new tracker, or cards are still being made there: nothing was changed.
    ServiceError
        If a tracker or Google refuses; a repeat goes on from there.
    """
    spreadsheet_id = snapshot.project.spreadsheet_id
    if switch.phase is not SwitchPhase.UNDOING:
        _require_untouched(run, snapshot, switch)
        switch = _take_back(run, snapshot, switch)
    _open_former(run, snapshot, switch)

    def write() -> None:
        current = snapshot_of(run, read_stored(run, spreadsheet_id))
        change = WorkbookChange()
        for row in current.work_rows.actions:
            item = current.items.get(row.item_number)
            if item is not None and not item.is_done and item.number in switch.items:
                set_link(change, current, row, item)
        set_place(change, current)
        if change:
            write_refreshed_mark(run.services, change, current.book)
            # Fails if the lease expired during a slow call: another action may be working here now.
            run.commit()
            run.services.workbooks.batch_update(spreadsheet_id, change.requests())

    retry_on_conflict(run, write)
    link_boards(run, snapshot.project.agency_id, [spreadsheet_id])
    run.at_end(switch_deletion(spreadsheet_id))


# --- Whether it can be undone ----------------------------------------------------------------------


def _require_untouched(run: Run, snapshot: Snapshot, switch: TrackerSwitch) -> None:
    items = snapshot.items
    if switch.is_open or any(item.card_lost_at for item in items.values()):
        raise UserError("switch.not_ended")
    begun = []
    for number, item in items.items():
        run.report(0, 0, sentence("switch.progress_undo"))
        rows = snapshot.work_rows.of_item(number)
        is_new = bool(item.card_id) and number not in switch.items
        is_touched = (
            _is_card_touched(snapshot, item, rows) if snapshot.has_cards else _is_row_touched(item, rows)
        )
        if is_new or is_touched:
            begun.append(item.code)
    if begun:
        raise UserError("switch.begun", items=begun)


def _is_card_touched(snapshot: Snapshot, item: Item, rows: Sequence[WorkRow]) -> bool:
    """Whether somebody has changed, commented or archived the card of an item, or logged hours on it."""
    card = snapshot.tracker.get_card(snapshot.project.board_id, item.card_id) if item.card_id else None
    return card is not None and (not rows or not _is_as_made(card, snapshot, item, rows))


def _is_as_made(card: Card, snapshot: Snapshot, item: Item, rows: Sequence[WorkRow]) -> bool:
    made = new_card(snapshot, item, rows)
    shown = (card.stage_id, card.title, card.due_on, card.assignee_id, card.steps)
    return (
        shown == (made.stage_id, made.title, made.due_on, made.assignee_id, made.steps)
        and not (card.is_archived or card.comment_count)
        and not any((card.logged_hours or {}).values())
    )


def _is_row_touched(item: Item, rows: Sequence[WorkRow]) -> bool:
    """Whether somebody has typed another status or other hours, where the sheet alone has them."""
    actions = {action.row_number: action for action in item.actions}

    def is_typed(row: WorkRow) -> bool:
        action = actions.get(row.row_number)
        if action is None:
            return True
        status_changed = not action.was_done_before if row.is_done else row.status != item.first_status
        return status_changed or (row.logged_hours or 0.0) != round(action.carried_hours, 2)

    return not item.is_done and any(is_typed(row) for row in rows)


# --- Taking it back --------------------------------------------------------------------------------


def _take_back(run: Run, snapshot: Snapshot, switch: TrackerSwitch) -> TrackerSwitch:
    """Remove the new cards, and give the project its former place in one commit."""
    project, tracker, items = snapshot.project, snapshot.tracker, snapshot.items
    for item in items.values():
        if item.card_id:
            tracker.remove_card(item.card_id)
    remembered: list[Write] = [
        put_card(switch.before.tracker, one, CardOwner(project.spreadsheet_id, number))
        for number, former in switch.items.items()
        for one in (former.card_id, *former.step_ids)
        if one
    ]
    onward = {
        number: replace(former, onward_url=link_onward(snapshot, items[number]).url)
        if number in items
        else former
        for number, former in switch.items.items()
    }
    undoing = replace(switch, phase=SwitchPhase.UNDOING, items=onward)
    first_tracker = "" if switch.is_first else project.first_tracker
    putting, listing = put_place(run, project, switch.before, first_tracker=first_tracker)
    run.commit(
        putting,
        *forget_cards(project, items.values()),
        *remembered,
        *switch_writes(undoing),
        fulfil(push_wish(project.spreadsheet_id).name),
        updates=[listing, snapshot.change_work(lambda work: _with_former(work, switch.items))],
    )
    return undoing


def _with_former(work: ProjectWork, formers: Mapping[int, FormerItem]) -> ProjectWork:
    """The work with the cards that its items had before the switch."""
    return work.with_items(
        _as_former(item, formers[item.number]) for item in work.items.values() if item.number in formers
    )


def _as_former(item: Item, former: FormerItem) -> Item:
    def as_former(action: ItemAction) -> ItemAction:
        return replace(
            action,
            carried_hours=former.hours.get(action.row_number, 0.0),
            was_done_before=action.row_number in former.done_rows,
        )

    item = with_agreements(item, former.agreements)
    return replace(
        item,
        card_id=former.card_id,
        step_ids=former.step_ids,
        card_tracker=former.card_tracker,
        switch_count=former.switch_count,
        first_status=former.first_status,
        is_card_wanted=False,
        actions=tuple(as_former(action) for action in item.actions),
    )


def _open_former(run: Run, snapshot: Snapshot, switch: TrackerSwitch) -> None:
    """Open the closed cards again."""
    tracker = run.services.tracker(switch.before.tracker)
    for number, former in switch.items.items():
        item = snapshot.items.get(number)
        if former.card_id and item is not None and not item.is_done:
            run.report(0, 0, sentence("switch.progress_undo"))
            tracker.set_closed(former.card_id, Link(former.onward_url, ""), is_closed=False)
