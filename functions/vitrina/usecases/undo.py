"""*Отменить последнее действие*: restores the sheet, and removes cards that nobody has begun.

Only cells that are still as the action left them are restored. Cells that people changed since then stay
and are named. Every step may be repeated: what is already restored is left alone.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, datetime

from msgspec.structs import replace

from vitrina.errors import UserError
from vitrina.operations.answer import Answer, Outcome
from vitrina.operations.long_write import write_change
from vitrina.operations.outbox import TaskWish
from vitrina.operations.retry_on_conflict import retry_on_conflict
from vitrina.operations.run import Run
from vitrina.operations.services import Services
from vitrina.ports import Card, Json, NewCard
from vitrina.project.card_fields import without_card
from vitrina.project.snapshot import Snapshot, read_snapshot, snapshot_of
from vitrina.records.backlog_state import BacklogState
from vitrina.records.books import book_key, project_from_document
from vitrina.records.cards import delete_card, load_switch
from vitrina.records.layouts import shape_from, shape_key
from vitrina.records.undo import UndoEntry, load_record, undo_key, undo_list_from_document
from vitrina.records.work import Item, ProjectWork
from vitrina.tabs.schedule import write_schedule
from vitrina.texts import Sentence, sentence
from vitrina.usecases.batch.replan_work import with_states
from vitrina.usecases.tracker.move_project import ACTION
from vitrina.usecases.tracker.new_card import new_card
from vitrina.usecases.tracker.undo_switch import undo_switch
from vitrina.usecases.tracker.unused_cards import fingerprint_of_item, is_worked_on
from vitrina.workbook.reading.book import Book, item_number_of_row, parse_book
from vitrina.workbook.writing.change import WorkbookChange
from vitrina.workbook.writing.client_needs import hide_emptied
from vitrina.workbook.writing.undoing.restore import Restoration, has_happened, restore

#: Most names in one answer: nobody reads more.
MAX_DETAILS = 12

#: Actions whose cards a job makes by itself.
_CARDS_BY_JOB = ("assign_task", "apply_onboarding")


def ask_before_undo(services: Services, spreadsheet_id: str) -> Answer:
    """The question before an undo: which action would be undone, and when it was done. Changes nothing.

    ``data`` has the ``record_id`` of the action, for ``undo``.

    Raises
    ------
    UserError
        If there is nothing to undo.
    UnknownWorkbookError
        If it is not a client's workbook.
    """
    keys = [book_key(spreadsheet_id), undo_key(spreadsheet_id), shape_key(spreadsheet_id)]
    found = services.store.get_many(keys)
    project_from_document(found.get(keys[0]))
    entries = undo_list_from_document(found.get(keys[1]), spreadsheet_id).entries

    def read_book() -> Book:
        return parse_book(services.workbooks.read(spreadsheet_id), shape_from(found.get(keys[2])))

    chosen = _last_entry(services, entries, read_book)
    at = datetime.fromisoformat(chosen.at).astimezone(services.time_zone)
    code = "undo.question" if at.date() == services.today() else "undo.question_of_day"
    action = sentence(f"undo.action.{chosen.action}")
    return Answer(
        Outcome.DONE,
        sentence(code, action=action, time=at.strftime("%H:%M"), day=at.date()),
        data={"record_id": chosen.record_id, "action": chosen.action},
    )


def undo(run: Run, spreadsheet_id: str, record_id: str = "") -> Answer:
    """Undo the last action that changed something in the workbook.

    Parameters
    ----------
    record_id
        The action that the person was asked about; empty for whatever is the last one.

    Raises
    ------
    UserError
        If there is nothing to undo, or another action is the last one by now.
    """
    snapshot = retry_on_conflict(run, lambda: read_snapshot(run, spreadsheet_id, with_agency_work=False))
    # A second delivery continues with the same action, whatever happened after the first one stopped.
    chosen: Json = run.steps.get("choose", {}).get("result") or _choose(snapshot, record_id)
    if chosen["action"] == ACTION:
        return _undo_switch(run, snapshot, chosen)
    record = load_record(run.services.store, chosen["id"])
    if record is None:
        return _answer(run.services, chosen, [], Restoration())
    run.note_step("choose", chosen)
    run.commit(updates=[snapshot.change_work()])
    begun, lost = _remove_cards(run, snapshot, record)
    created_as = {item.external_id: fingerprint_of_item(snapshot, item) for item in lost}
    kept = _kept_items(snapshot, record)
    left = retry_on_conflict(run, lambda: _write_back(run, snapshot_of(run, snapshot.stored), record, kept))
    left.items.update({item.number: item.code for item in kept})
    _forget(run, snapshot, record, chosen["id"], stay=left.items.keys(), lost=lost)
    if lost:
        _wish_for_orphans(run, snapshot, created_as)
    return _answer(run.services, chosen, begun, left)


def _choose(snapshot: Snapshot, wanted: str) -> Json:
    entry = _last_entry(snapshot.services, snapshot.stored.undo.entries, lambda: snapshot.book)
    if wanted and entry.record_id != wanted:
        raise UserError("undo.other_action", action=sentence(f"undo.action.{entry.action}"))
    return {"id": entry.record_id, "action": entry.action, "at": entry.at}


def _last_entry(services: Services, entries: Sequence[UndoEntry], read_book: Callable[[], Book]) -> UndoEntry:
    """The last action that was carried out. If its answer was lost, the sheet shows whether it was."""
    for entry in reversed(entries):
        if entry.is_pending:
            record = load_record(services.store, entry.record_id)
            if record is None or not has_happened(read_book(), record["trace"]):
                continue
        return entry
    raise UserError("undo.nothing")


def _undo_switch(run: Run, snapshot: Snapshot, chosen: Json) -> Answer:
    """Undo a switch of the tracker. Only the last one can be undone, so that no other is kept."""
    switch = load_switch(run.services.store, snapshot.project.spreadsheet_id)
    run.note_step("choose", chosen)
    if switch is not None:
        undo_switch(run, snapshot, switch)
    undo_list = snapshot.stored.undo
    entries = _entries_before(undo_list.entries, chosen["id"])
    run.at_end(*undo_list.writes([one for one in entries if one.action != ACTION]))
    return _answer(run.services, chosen, [], Restoration())


# --- Cards -----------------------------------------------------------------------------------------


def _remove_cards(run: Run, snapshot: Snapshot, record: Json) -> tuple[list[str], list[Item]]:
    """Remove the cards that the action created and that nobody has touched.

    Returns
    -------
    tuple[list[str], list[Item]]
        ID texts of items whose cards stay, and items of which another card may appear later: a push that
        was interrupted, or that is slower than its lease, may have a creation under way.
    """
    tracker, project, work = snapshot.tracker, snapshot.project, snapshot.stored.work
    begun: list[str] = []
    whole, half_made = _items_with_cards(snapshot, record)
    cards = _cards_of(snapshot, whole, half_made)
    for done, (item, card_id) in enumerate(cards):
        step = sentence("undo.progress", done=done + 1, total=len(cards))
        run.report(done, len(cards), step)
        card = tracker.get_card(project.board_id, card_id)
        rows = snapshot.work_rows.of_item(item.number)
        expected = new_card(snapshot, item, rows) if rows else None
        if card is not None and (
            expected is None or not is_untouched(card, expected, is_whole=_is_whole(item, card_id))
        ):
            begun.append(item.code)
            keeping = {"card_id": item.card_id or card_id}
            run.commit(updates=[work.change(lambda now, n=item.number, f=keeping: now.amended(n, **f))])  # type: ignore[misc]
            continue
        if card is not None:
            tracker.remove_card(card_id)
        run.commit(
            *(delete_card(project.tracker, one) for one in (card_id, *item.step_ids)),
            updates=[work.change(lambda now, n=item.number, c=card_id: _without_card(now, n, c))],  # type: ignore[misc]
        )
    may_appear = (item for item in [*whole, *half_made] if item.is_card_wanted or item.card_lost_at)
    return begun, [item for item in may_appear if item.code not in begun]


def _is_whole(item: Item, card_id: str) -> bool:
    return item.card_id == card_id and not item.is_card_wanted


def _without_card(work: ProjectWork, number: int, card_id: str) -> ProjectWork:
    item = work.items.get(number)
    if item is None:
        return work
    if item.card_id == card_id:
        item = without_card(item)
    return work.with_items([replace(item, is_card_wanted=False, step_ids=())])


def _items_with_cards(snapshot: Snapshot, record: Json) -> tuple[list[Item], list[Item]]:
    """Items whose cards the action created, and items whose cards an interrupted push may have created."""
    if record["action"] not in ("start_batch", "push", *_CARDS_BY_JOB):
        return [], []
    linked: dict[str, str] = record.get("cards", {})
    started = _started_numbers(record)
    own = snapshot.items.values()
    half_made = [
        item
        for item in own
        if (not item.card_id or item.is_card_wanted) and (not started or item.number in started)
    ]
    whole = [
        item
        for item in own
        if item.card_id and item not in half_made and linked.get(str(item.number)) == item.card_id
    ]
    if record["action"] in _CARDS_BY_JOB:
        # Its cards are made by a job, which nobody has to undo before.
        whole += [item for item in own if item.number in started and item.card_id and item not in half_made]
    return whole, half_made


def _started_numbers(record: Json) -> set[int]:
    """Numbers of the items that the action brought into *В работе*."""
    inserted = record["trace"]["inserted"].get("in_progress", {"rows": []})
    made = {item_number_of_row(number) for number, _ in inserted["rows"]}
    return made | {number for _, _, number, _ in record["trace"]["moved"]}


def _cards_of(snapshot: Snapshot, whole: Sequence[Item], half_made: Sequence[Item]) -> list[tuple[Item, str]]:
    """The cards of these items. One that an earlier delivery removed may still be stored with its item."""
    known = snapshot.tracker.find_cards(snapshot.project.board_id) if half_made else {}
    half = [
        (item, card_id)
        for item in half_made
        for card_id in dict.fromkeys((*known.get(item.external_id, ()), item.card_id))
        if card_id
    ]
    return [*((item, item.card_id) for item in whole), *half]


def is_untouched(card: Card, expected: NewCard, *, is_whole: bool) -> bool:
    """Whether a card is as we created it: not moved, ticked, commented or changed, and no hours logged.

    A card that is not whole may lack steps.
    """
    return (
        card.stage_id == expected.stage_id
        and not is_worked_on(card)
        and (card.title, card.due_on, card.assignee_id)
        == (expected.title, expected.due_on, expected.assignee_id)
        and (card.steps == expected.steps if is_whole else set(card.steps) <= set(expected.steps))
    )


def _wish_for_orphans(run: Run, snapshot: Snapshot, created_as: Mapping[str, str]) -> None:
    """Plan to remove cards that may appear late, as the answer to their creation was lost.

    *created_as* are the fingerprints of these cards by external id.
    """
    spreadsheet_id = snapshot.project.spreadsheet_id
    body: Json = {
        "kind": "remove_orphans",
        "spreadsheet_id": spreadsheet_id,
        "created_as": dict(created_as),
    }
    # The timer sends it, which is late enough for the card to have appeared.
    wish = TaskWish(f"orphans-{run.operation_id}", body)
    run.at_end(wish.put(run.services))


# --- The sheet and the store -----------------------------------------------------------------------


def _kept_items(snapshot: Snapshot, record: Json) -> list[Item]:
    """Items that the action started and that stay in progress, because they have a card."""
    started = _started_numbers(record)
    linked = {int(number) for number in record.get("cards", {})}
    own = snapshot.stored.work.value.items.values()
    return [item for item in own if item.card_id and item.number in started | linked]


def _write_back(run: Run, snapshot: Snapshot, record: Json, kept: list[Item]) -> Restoration:
    change = WorkbookChange()
    change.hold_fence(snapshot.book)
    result = restore(change, snapshot.book, record, kept=frozenset(item.number for item in kept))
    _empty_progress(change, snapshot, record, kept)
    hide_emptied(change, snapshot.book, record["trace"]["fields"])
    if result.is_outdated:
        snapshot.read_agency_work()
        spreadsheet_id = snapshot.project.spreadsheet_id
        gone = {(spreadsheet_id, number) for number in _started_numbers(record) - result.items.keys()}
        own = _with_days_before(snapshot.works[spreadsheet_id], record).items
        items = [
            own[one.number] if one.spreadsheet_id == spreadsheet_id else one for one in snapshot.agency_items
        ]
        write_schedule(snapshot, change, [item for item in items if item.key not in gone])
    # Fails if the lease expired during a slow call: another action may be working here now.
    run.commit()
    if change:
        write_change(run, snapshot.project.spreadsheet_id, change)
    return result


def _empty_progress(change: WorkbookChange, snapshot: Snapshot, record: Json, kept: Sequence[Item]) -> None:
    """Clear the progress texts that *refresh* wrote for cards that are gone."""
    gone = {int(number) for number in record.get("cards", {})} - {item.number for item in kept}
    if not gone:
        return
    tab = snapshot.work_rows.tab
    for row in snapshot.work_rows.actions:
        if row.item_number in gone and tab.cell(row.row, "progress").text:
            change.set(tab, row.row, "progress", None)


def _forget(
    run: Run,
    snapshot: Snapshot,
    record: Json,
    record_id: str,
    *,
    stay: Collection[int],
    lost: Sequence[Item],
) -> None:
    """Release reserved hours, restore the add-on's own figures, and drop the record of the action."""
    gone = _started_numbers(record) - set(stay)
    stored = snapshot.stored
    run.at_end(
        updates=[
            stored.work.change(
                lambda work: _with_days_before(_without_wanted(work, lost).without_items(gone), record)
            )
        ]
    )
    if "estimates" in record:
        touched = {int(number) for _, number, *_ in record["trace"]["cells"] if number}
        before = {int(number): figures for number, figures in record["estimates"].items()}
        run.at_end(updates=[stored.backlog_state.change(lambda state: _with_figures(state, touched, before))])
    run.at_end(*stored.undo.writes(_entries_before(stored.undo.entries, record_id)))


def _with_days_before(work: ProjectWork, record: Json) -> ProjectWork:
    """The work with the promised days that the action moved, where they were not changed since."""
    work = with_states(work, record.get("moved_rows", {}), "before")
    before: dict[str, dict[str, dict[str, float]]] = record.get("moved_days", {})
    days = {}
    for item in work.items.values():
        for action in item.actions:
            kept = before.get(str(action.row_number))
            if kept is not None and _iso(action.day_hours) == kept["after"]:
                by_day = kept["before"].items()
                days[action.row_number] = {date.fromisoformat(day): hours for day, hours in by_day}
    return work.with_days(days)


def _iso(day_hours: Mapping[date, float]) -> dict[str, float]:
    return {day.isoformat(): hours for day, hours in day_hours.items()}


def _without_wanted(work: ProjectWork, items: Sequence[Item]) -> ProjectWork:
    """The work where no push has to create the cards of *items* any more, or to look for late ones."""
    for item in items:
        work = work.amended(item.number, is_card_wanted=False, card_lost_at=None)
    return work


def _with_figures(
    state: BacklogState, touched: Collection[int], before: Mapping[int, Mapping[str, Sequence[float]]]
) -> BacklogState:
    others = {number: figures for number, figures in state.figures.items() if number not in touched}
    return replace(state, figures={**others, **before})


def _entries_before(entries: Sequence[UndoEntry], record_id: str) -> list[UndoEntry]:
    """Entries older than the undone action. Newer ones were never carried out and are dropped too."""
    kept: list[UndoEntry] = []
    for entry in entries:
        if entry.record_id == record_id:
            break
        kept.append(entry)
    return kept


def _answer(services: Services, record: Json, begun: list[str], left: Restoration) -> Answer:
    at = datetime.fromisoformat(record["at"]).astimezone(services.time_zone)
    details: list[Sentence] = []
    if begun:
        details.append(sentence("undo.begun", items=begun))
    in_work = [code for code in left.items.values() if code not in begun]
    if in_work:
        details.append(sentence("undo.in_work", items=in_work))
    for sheet, cells in left.cells.items():
        shown = cells[:MAX_DETAILS]
        details.append(sentence("undo.cells_left", sheet=sheet, cells=shown, count=len(cells)))
    return Answer(
        Outcome.PARTIAL if details else Outcome.DONE,
        sentence(
            "undo.partial" if details else "undo.done",
            action=sentence(f"undo.action.{record['action']}"),
            time=at.strftime("%H:%M"),
            day=at.date(),
        ),
        details=tuple(details),
        data={"action": record["action"], "left": len(begun) + len(in_work)},
    )
