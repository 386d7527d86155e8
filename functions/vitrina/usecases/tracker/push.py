"""*Отправить в трекер*: creates one card for each item in progress, and changes those that are there."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from msgspec.structs import replace

from vitrina.errors import CellProblem, ServiceError, UserError
from vitrina.operations.answer import Answer, Outcome
from vitrina.operations.outbox import fulfil
from vitrina.operations.retry_on_conflict import retry_on_conflict
from vitrina.operations.run import Run
from vitrina.operations.undo_record import write_undoably
from vitrina.project.card_fields import is_open, look_at
from vitrina.project.snapshot import Snapshot, read_snapshot
from vitrina.records.work import Item
from vitrina.tabs.refreshed_mark import write_refreshed_mark
from vitrina.texts import Sentence, sentence
from vitrina.usecases.tracker.make_cards import (
    find_people,
    make_cards,
    owned_steps,
    push_wish,
    settled,
    unknown_people,
)
from vitrina.usecases.tracker.refresh import items_with_cards, write_card_states
from vitrina.usecases.tracker.two_way import own_rows, surroundings_of
from vitrina.usecases.tracker.unused_cards import remove_late_twins
from vitrina.workbook.reading.book import item_number_of_row
from vitrina.workbook.reading.settings import locale_of
from vitrina.workbook.writing.change import WorkbookChange
from vitrina.workbook.writing.heal import heal, repair_messages
from vitrina.workbook.writing.open_link import open_link


def push(run: Run, spreadsheet_id: str, *, only_wanted: bool = False) -> Answer:
    """Create the missing cards, write their links into the sheet, and carry on what people changed since.

    A card is found again by our key in the tracker, so neither a second click nor a lost answer creates a
    second one. If the tracker fails half-way, the cards created so far are linked, and the next click or the
    timer creates the rest. Of the cards that are there only those are read of which the sheet has something
    that both sides did not agree on. With *only_wanted*, items whose cards nobody asked for, or whose push
    was undone, get none, and cards that are there are left alone.
    """
    snapshot = read_snapshot(run, spreadsheet_id, with_agency_work=False)
    if not snapshot.has_cards:
        raise UserError("tracker.none")
    made = _push_missing(run, snapshot, only_wanted=only_wanted)
    if only_wanted or "left" in made.data:
        return made
    changed, cells = _changed_items(snapshot, made.data["items"])
    if changed:
        # What was created stays, whatever becomes of the rest.
        run.carry_out_final_writes()
        find_people(run, snapshot, changed)
    return _with_changes(run, snapshot, made, changed, cells)


def _changed_items(snapshot: Snapshot, created: Collection[str]) -> tuple[list[Item], list[CellProblem]]:
    """Items of which the sheet has something that is not agreed on, and cells that cannot be read."""
    around = surroundings_of(snapshot)
    changed: list[Item] = []
    cells: dict[tuple[str, str], CellProblem] = {}
    for item in items_with_cards(snapshot):
        rows = own_rows(snapshot, item)
        if rows and item.code not in created:
            look = look_at(item, rows, None, around)
            cells |= {(one.sheet, one.cell): one for one in look.problems}
            if is_open(look):
                changed.append(item)
    return changed, list(cells.values())


def _with_changes(
    run: Run, snapshot: Snapshot, made: Answer, changed: Sequence[Item], cells: Sequence[CellProblem]
) -> Answer:
    """Carry on the changes of items, and say it together with what was made."""
    data = {name: value for name, value in made.data.items() if name != "items"}
    if not changed:
        is_bad = bool(cells) or made.outcome is Outcome.PARTIAL
        outcome = Outcome.PARTIAL if is_bad else made.outcome
        return replace(made, outcome=outcome, cells=tuple(cells), data=data)
    try:
        synced = write_card_states(run, snapshot, changed, says_when=False)
    except ServiceError as error:
        if not made.data["made"]:
            raise
        why = sentence(error.code, **error.where)
        return replace(made, outcome=Outcome.PARTIAL, details=(why, *made.details), data=data)
    sent = synced.data["sent_cards"]
    all_cells = {(one.sheet, one.cell): one for one in (*cells, *synced.cells)}
    messages = [made.message] if made.data["made"] else []
    if sent:
        messages.append(sentence("push.changed", count=sent))
    if synced.data.get("conflicts"):
        messages.insert(0, synced.message)
    first, *others = messages or [made.message]
    unknown = unknown_people(snapshot, [item.number for item in changed])
    details: list[Sentence] = []
    for one in (*others, *made.details, *unknown, *synced.details):
        if one not in details:
            details.append(one)
    is_partial = bool(all_cells) or Outcome.PARTIAL in (made.outcome, synced.outcome)
    return Answer(
        Outcome.PARTIAL if is_partial else Outcome.DONE,
        first,
        details=tuple(details),
        cells=tuple(all_cells.values()),
        data={**synced.data, **data},
    )


def _push_missing(run: Run, snapshot: Snapshot, *, only_wanted: bool) -> Answer:
    """Create the missing cards and link them; ``items`` of the data are the codes of new cards."""
    spreadsheet_id = snapshot.project.spreadsheet_id
    rows, lost = snapshot.work_rows.actions, snapshot.lost_row_messages()
    if not rows:
        if lost:
            raise UserError(lost[0].code, **lost[0].where)
        raise UserError("push.nothing", sheet=snapshot.book.tab("in_progress").title)
    numbers = dict.fromkeys(row.item_number for row in rows)
    wanted = [snapshot.items[number] for number in numbers if number in snapshot.items]
    # A card lists all actions of its item, so an item with missing rows has to wait for them.
    lacking = {item_number_of_row(number) for number in snapshot.progress_identity.lost}
    new = [
        item
        for item in wanted
        if (item.is_card_wanted or not (item.card_id or item.is_done or only_wanted))
        and item.number not in lacking
    ]
    unclear = {item.number for item in new if item.card_lost_at}
    created: dict[int, str] = {}
    steps: dict[int, tuple[str, ...]] = {}
    failure = make_cards(run, snapshot, new, unclear, created=created, steps=steps)
    known = [item.number for item in new if item.number not in unclear]
    if failure is not None and not created:
        settling = snapshot.stored.work.change(
            lambda work: settled(work, [], known, {}, tells_of_steps=False)
        )
        run.commit(updates=[settling])
        raise failure
    linked = {item.number: item.card_id for item in wanted if item.card_id} | created
    _write_links(run, snapshot, linked, is_by_itself=only_wanted)
    known += remove_late_twins(run, snapshot, lacking, steps)
    is_looking = any(
        item.card_lost_at and item.number not in known for item in snapshot.stored.work.value.items.values()
    )
    tells_of_steps = snapshot.tracker.can.steps_send_events
    settling = snapshot.stored.work.change(
        lambda work: settled(work, created, known, steps, tells_of_steps=tells_of_steps)
    )
    run.at_end(*owned_steps(snapshot, steps), updates=[settling])
    if failure is None and not is_looking:
        run.at_end(fulfil(push_wish(spreadsheet_id).name))
    details = (
        *unknown_people(snapshot, created),
        *repair_messages(snapshot.book, snapshot.progress_identity),
        *lost,
    )
    left = len(new) - len(created)
    if failure is not None:
        message = sentence("push.partial", count=len(created), left=left)
        why = sentence(failure.code, **failure.where)
        data = {"made": len(created), "left": left}
        return Answer(Outcome.PARTIAL, message, details=(why, *details), data=data)
    code = "push.done" if created else "push.nothing_new"
    return Answer(
        Outcome.PARTIAL if lost else Outcome.DONE,
        sentence(code, count=len(created), linked=len(linked)),
        details=details,
        data={"made": len(created), "items": [item.code for item in new]},
    )


# --- Links -----------------------------------------------------------------------------------------


def _write_links(run: Run, snapshot: Snapshot, card_ids: Mapping[int, str], *, is_by_itself: bool) -> None:
    """Link the rows to their cards. If the sheet changed after it was read, read it again and retry."""
    spreadsheet_id = snapshot.project.spreadsheet_id
    known = [snapshot]

    def write() -> None:
        # The first attempt uses the snapshot; a retry after a change by people reads the sheet again.
        current = known.pop() if known else read_snapshot(run, spreadsheet_id, with_agency_work=False)
        _write_links_once(run, current, card_ids, is_by_itself=is_by_itself)

    retry_on_conflict(run, write)


def _write_links_once(
    run: Run, snapshot: Snapshot, card_ids: Mapping[int, str], *, is_by_itself: bool
) -> None:
    book, project = snapshot.book, snapshot.project
    tab = book.tab("in_progress")
    change = WorkbookChange()
    linked: dict[str, str] = {}
    heal(change, book, snapshot.progress_identity, prefix=project.code)
    for row in snapshot.work_rows.actions:
        card_id = card_ids.get(row.item_number)
        if card_id is None:
            continue
        link = open_link(snapshot.tracker.card_url(project.board_id, card_id), locale_of(book))
        if tab.cell(row.row, "card").formula != link.text:
            change.set(tab, row.row, "card", link)
            if tab.cell(row.row, "card").is_empty:
                linked[str(row.item_number)] = card_id
    if change:
        write_refreshed_mark(run.services, change, book)
        own = [snapshot.items[int(number)].is_pushed_by_itself for number in linked]
        if is_by_itself and own and all(own):
            # The cards belong to the actions that started the items, and are undone with them.
            run.commit()
            run.services.workbooks.batch_update(book.spreadsheet_id, change.requests())
        else:
            write_undoably(run, snapshot.stored.undo, book, change, action="push", cards=linked)
