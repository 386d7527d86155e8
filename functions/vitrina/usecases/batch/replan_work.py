"""*Перепланировать…*: shows which open work has to move, and why, and moves it after a yes.

The confirmation does exactly what was shown. What it promises anew is committed together with what undoing it
needs; if the process dies before the sheet is written, a repeat of the click writes it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from datetime import date

from msgspec.structs import replace

from vitrina.domain.planning.in_progress.replan import Trouble
from vitrina.errors import ChangedMeanwhileError, UserError, VitrinaError
from vitrina.operations.answer import Answer, Outcome
from vitrina.operations.retry_on_conflict import retry_on_conflict
from vitrina.operations.run import Run
from vitrina.operations.undo_record import write_undoably
from vitrina.ports import Json
from vitrina.project.agency_book import read_team_now
from vitrina.project.planner_input import parts_of, planned_items
from vitrina.project.resources import plan_lease, plan_write
from vitrina.project.snapshot import Snapshot, read_snapshot, read_stored, snapshot_of
from vitrina.records.layouts import shape_key
from vitrina.records.previews import ReplanPreview, replan_from_document, replan_key
from vitrina.records.work import Item, ItemAction, ProjectWork
from vitrina.tabs.finish_forecast import can_tell_finish, write_forecast
from vitrina.tabs.refreshed_mark import write_refreshed_mark
from vitrina.tabs.schedule import write_schedule
from vitrina.texts import Sentence, render, sentence
from vitrina.usecases.batch.draft_replan import (
    ReplanDraft,
    days_from,
    draft_replan,
    effect,
    move_data,
    state_of,
)
from vitrina.workbook.reading.book import item_number_of_row
from vitrina.workbook.reading.settings import locale_of
from vitrina.workbook.writing.change import WorkbookChange
from vitrina.workbook.writing.heal import heal, repair_messages

#: Name of this action in the list of what can be undone.
ACTION = "replan_work"


def preview_replan(run: Run, spreadsheet_id: str) -> Answer:
    """Show what would move, and keep it until the manager confirms.

    Raises
    ------
    CellsError
        If cells of the agency's workbook or of *В работе* are bad.
    """
    services = run.services
    stored = read_stored(run, spreadsheet_id, more=[shape_key(run.agency_id)])
    team = read_team_now(run, stored.agency, stored.more)
    snapshot = snapshot_of(run, stored, fenced=False)
    snapshot.read_agency_work()
    draft = draft_replan(snapshot, team)
    preview = ReplanPreview(spreadsheet_id, team, effect(draft.plan))
    if draft.plan.moves:
        run.at_end(*preview.writes(shown_at=services.clock.now()))
    broken = sum(move.is_day_broken for move in draft.plan.moves)
    code = "replan.preview" if draft.plan.moves else "replan.nothing"
    return Answer(
        Outcome.DONE,
        sentence(code, moves=len(draft.plan.moves), broken=broken),
        details=(*_left(draft), *repair_messages(snapshot.book, snapshot.progress_identity)),
        data={
            "preview_id": preview.preview_id if draft.plan.moves else None,
            "moves": [
                {**move_data(snapshot, move), "why": sentence(f"replan.why.{move.trouble}")}
                for move in draft.plan.moves
            ],
        },
    )


def _left(draft: ReplanDraft) -> list[Sentence]:
    """What stays in trouble: begun work, and work for which nobody has days."""
    items = draft.snapshot.items
    told = [
        sentence(
            "replan.begun",
            id=items[one.item].code,
            name=one.specialist,
            why=sentence(f"replan.why.{trouble}"),
        )
        for one, trouble in draft.plan.begun
    ]
    stuck = list(dict.fromkeys(items[one.item].code for one in draft.plan.stuck))
    return [*told, *([sentence("replan.stuck", items=stuck)] if stuck else [])]


def replan_work(run: Run, spreadsheet_id: str, *, preview_id: str) -> Answer:
    """Do exactly what the preview showed, or refuse if something changed after it."""
    return retry_on_conflict(run, lambda: _replan(run, spreadsheet_id, preview_id))


def _replan(run: Run, spreadsheet_id: str, preview_id: str) -> Answer:
    key = replan_key(preview_id)
    snapshot = read_snapshot(run, spreadsheet_id, more=[key], with_agency_work=False)
    preview = replan_from_document(run.services.store, snapshot.stored.more.get(key))
    if preview is None or preview.spreadsheet_id != spreadsheet_id:
        raise UserError("replan.no_preview")
    moves: Mapping[str, Json] = preview.effect
    if not _is_promised(snapshot, moves):
        _check_and_lock(run, snapshot, preview)
    else:
        snapshot.read_agency_work()
    change = _change(snapshot, moves)
    planning = plan_lease(snapshot.agency)
    releases = [plan_write(snapshot.project.agency_id), run.release(planning)] if run.holds(planning) else []
    try:
        write_undoably(
            run,
            snapshot.stored.undo,
            snapshot.book,
            change,
            action=ACTION,
            writes=releases,
            updates=[snapshot.change_work(lambda work: with_states(work, moves, "after"))],
            moved_rows=dict(moves),
        )
    except ChangedMeanwhileError:
        # Nothing was written into the sheet: what was promised anew is taken back.
        run.commit(updates=[snapshot.stored.work.change(lambda work: with_states(work, moves, "before"))])
        raise
    codes = dict.fromkeys(snapshot.items[item_number_of_row(int(row))].code for row in moves)
    return Answer(
        Outcome.DONE,
        sentence("replan.done", moves=len(moves), items=list(codes)),
        details=(
            *([sentence("replan.cards_follow")] if snapshot.has_cards else []),
            *repair_messages(snapshot.book, snapshot.progress_identity),
        ),
        data={"moved": len(moves), "has_tracker": snapshot.has_cards},
    )


def _check_and_lock(run: Run, snapshot: Snapshot, preview: ReplanPreview) -> None:
    """Plan again under the agency's lease, which the next commit gives back; refuse another result."""
    planning = plan_lease(snapshot.agency)
    run.take(planning)
    try:
        snapshot.read_agency_work()
        _require_same_effect(snapshot, preview)
    except BaseException:
        with contextlib.suppress(VitrinaError):
            run.commit(run.release(planning))
        raise


def _require_same_effect(snapshot: Snapshot, preview: ReplanPreview) -> None:
    if effect(draft_replan(snapshot, preview.team).plan) != preview.effect:
        raise ChangedMeanwhileError("replan.changed")


def _is_promised(snapshot: Snapshot, moves: Mapping[str, Json]) -> bool:
    """Whether an earlier attempt has committed what was shown."""
    states = {
        str(action.row_number): state_of(action)
        for item in snapshot.items.values()
        for action in item.actions
    }
    return bool(moves) and all(states.get(row) == move["after"] for row, move in moves.items())


def with_states(work: ProjectWork, moves: Mapping[str, Json], when: str) -> ProjectWork:
    """The work with person and days of the moved actions as they were ``before`` or are ``after``.

    An action that is in neither of these states was changed by others and stays.
    """
    other = "before" if when == "after" else "after"

    def moved(action: ItemAction) -> ItemAction:
        move = moves.get(str(action.row_number))
        if move is None or state_of(action) != move[other]:
            return action
        state = move[when]
        return replace(action, specialist=state["specialist"], day_hours=days_from(state["days"]))

    return work.with_items(
        replace(item, actions=tuple(moved(action) for action in item.actions))
        for item in work.items.values()
        if any(str(action.row_number) in moves for action in item.actions)
    )


# --- The sheet -------------------------------------------------------------------------------------


def _change(snapshot: Snapshot, moves: Mapping[str, Json]) -> WorkbookChange:
    book, tab = snapshot.book, snapshot.work_rows.tab
    locale = locale_of(book)
    change = WorkbookChange()
    change.hold_fence(book)
    heal(change, book, snapshot.progress_identity, prefix=snapshot.project.code)
    begun_by = [key for key in ("hours", "status", "progress", "logged_hours") if key in tab.columns]
    for row_number, move in moves.items():
        row = snapshot.work_rows.by_number.get(int(row_number))
        if row is None:
            continue
        before, after = days_from(move["before"]["days"]), days_from(move["after"]["days"])
        change.expect(tab, row.row, *begun_by)
        if row.specialist != move["after"]["specialist"]:
            change.set(tab, row.row, "specialist", move["after"]["specialist"])
        change.set(tab, row.row, "start_on", min(after))
        change.set(tab, row.row, "due_on", max(after))
        if max(after) > max(before):
            _write_note(change, snapshot, row_number, max(before), Trouble(move["trouble"]), locale)
    own = ProjectWork(
        snapshot.project.spreadsheet_id,
        snapshot.project.agency_id,
        {item.number: item for item in snapshot.items.values()},
    )
    moved = with_states(own, moves, "after").items
    others = [one for one in snapshot.agency_items if one.spreadsheet_id != own.spreadsheet_id]
    as_it_will_be = [*others, *moved.values()]
    write_schedule(snapshot, change, as_it_will_be)
    _write_finish(snapshot, change, as_it_will_be)
    write_refreshed_mark(snapshot.services, change, book)
    return change


def _write_note(
    change: WorkbookChange, snapshot: Snapshot, row_number: str, was: date, trouble: Trouble, locale: str
) -> None:
    """Say to the client why a promised day moved; a note of people stays."""
    tab, row = snapshot.work_rows.tab, snapshot.work_rows.by_number[int(row_number)].row
    known = tab.cell(row, "due_on").note
    begins_with = render(sentence("replan.note_begins"), locale)
    if not known or known.startswith(begins_with):
        text = sentence("replan.note", begins=begins_with, was=was, why=sentence(f"replan.client.{trouble}"))
        change.note(tab, row, "due_on", render(text, locale))


def _write_finish(snapshot: Snapshot, change: WorkbookChange, items: list[Item]) -> None:
    """The days by which all will be finished, unless the backlog cannot be read now."""
    if not can_tell_finish(snapshot.book) or not snapshot.has_backlog or snapshot.backlog.problems:
        return
    state, backlog = snapshot.stored.backlog_state.value, snapshot.backlog
    parts = parts_of(state, backlog, snapshot.stored.norms.value.norms)
    write_forecast(snapshot, change, planned_items(snapshot.project, state, backlog, parts), parts, items)
