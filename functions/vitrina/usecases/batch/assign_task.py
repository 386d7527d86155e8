"""Gives the task of a form to its people: rows in *В работе*, the promise of hours, the wish for a card."""

from __future__ import annotations

import contextlib
import logging
import uuid
from collections.abc import Collection, Mapping, Sequence
from datetime import date

from msgspec.structs import replace

from vitrina.domain.backlog import ActionStatus, PlannedAction, Priority
from vitrina.domain.estimating.effort import Task, forecast
from vitrina.domain.planning.in_progress.assignment import Move, Over
from vitrina.errors import (
    ChangedMeanwhileError,
    RetriableServiceError,
    ServiceError,
    UserError,
    VitrinaError,
)
from vitrina.operations.answer import Answer, Outcome
from vitrina.operations.retry_on_conflict import retry_on_conflict
from vitrina.operations.run import Run
from vitrina.operations.undo_record import write_undoably
from vitrina.project.planner_input import parts_of, planned_items, total_of, write_range
from vitrina.project.protection import new_shelf
from vitrina.project.resources import plan_lease, plan_write
from vitrina.project.snapshot import Snapshot, read_snapshot
from vitrina.records.books import put_project
from vitrina.records.norms import titles_key, with_titles
from vitrina.records.previews import AssignmentPreview, assignment_from_document, assignment_key
from vitrina.records.work import Allowance, Item, ItemAction, ProjectWork
from vitrina.tabs.blocks import SPARE_ROWS, last_used_row
from vitrina.tabs.brief import write_brief
from vitrina.tabs.finish_forecast import write_forecast
from vitrina.tabs.refreshed_mark import write_refreshed_mark
from vitrina.tabs.schedule import write_schedule
from vitrina.texts import Days, render, sentence
from vitrina.usecases.batch.draft_assignment import (
    Draft,
    draft_assignment,
    effect,
    over_sentences,
    request_from_data,
)
from vitrina.usecases.batch.start_batch import (
    PLANNED_BY,
    new_rows,
    reserved,
    take_back_by_sheet,
)
from vitrina.usecases.batch.task_source import TaskSource, source_of_row
from vitrina.usecases.tracker.make_cards import push_wish
from vitrina.workbook.reading.backlog_rows import HOURS_PREFIX
from vitrina.workbook.reading.book import SHELF, row_number_of_action
from vitrina.workbook.reading.settings import locale_of
from vitrina.workbook.writing.change import WorkbookChange
from vitrina.workbook.writing.heal import heal, repair_messages

log = logging.getLogger("vitrina.assign")


def assign_task(run: Run, spreadsheet_id: str, *, preview_id: str, title: str, result: str) -> Answer:
    """Do exactly what the form showed, or refuse if something changed after it.

    Parameters
    ----------
    title, result
        Words of a task of its own. One that starts a row of the backlog has the words of the row.

    Raises
    ------
    ChangedMeanwhileError
        If people, days or hours would be others now; nothing was written.
    """
    try:
        answer = retry_on_conflict(run, lambda: _assign(run, spreadsheet_id, preview_id, title, result))
    except RetriableServiceError:
        # The sheet may have taken the batch: the reservation stays until the sheet is read again.
        raise
    except VitrinaError:
        with contextlib.suppress(VitrinaError):
            take_back_by_sheet(run, spreadsheet_id)
        raise
    return answer


def _assign(run: Run, spreadsheet_id: str, preview_id: str, title: str, result: str) -> Answer:
    services, key = run.services, assignment_key(preview_id)
    snapshot = read_snapshot(
        run, spreadsheet_id, more=[key, titles_key(run.agency_id)], with_agency_work=False
    )
    preview = assignment_from_document(services.store, snapshot.stored.more.get(key))
    if preview is None or preview.spreadsheet_id != spreadsheet_id:
        raise UserError("assign.no_preview")
    known = next((item for item in snapshot.items.values() if item.assigned_by == preview_id), None)
    if known is not None:
        # A second click, or the repeat of one whose answer was lost.
        _seen(run, snapshot, known)
        send_card_wish(run, snapshot)
        return _answer(snapshot, known, (), is_new=False)
    draft, item = _promise_hours(run, snapshot, preview, title, result)
    moves = draft.assignment.moves if draft.assignment else ()
    moved_days = {
        str(move.action.row_number): {"before": _days(move.action.day_hours), "after": _days(move.day_hours)}
        for move in moves
    }
    write_undoably(
        run,
        snapshot.stored.undo,
        snapshot.book,
        _change(draft, item),
        action="assign_task",
        # A refused write must not use up the number of the item.
        if_refused=[put_project(snapshot.project)],
        moved_days=moved_days,
    )
    _seen(run, snapshot, item)
    send_card_wish(run, snapshot)
    return _answer(snapshot, item, moves, over=draft.over, is_new=True)


def _promise_hours(
    run: Run, snapshot: Snapshot, preview: AssignmentPreview, title: str, result: str
) -> tuple[Draft, Item]:
    """Plan again, and promise people's hours if the effect equals that of the preview.

    The wish for the card is kept in the same commit.
    """
    services, planning = run.services, plan_lease(snapshot.agency)
    request = request_from_data(preview.request)
    run.take(planning)
    try:
        snapshot.read_agency_work()
        source = source_of_row(snapshot, request.number) if request.number is not None else TaskSource()
        draft = draft_assignment(snapshot, preview.team, source, request)
        _check_effect(draft, preview)
        item = _item(run, draft, preview.preview_id, title, result)
        last_number = max(snapshot.backlog.last_number, item.number)
        wishes = [push_wish(item.spreadsheet_id).put(services)] if snapshot.has_cards else []
        run.commit(
            put_project(replace(snapshot.project, last_number=last_number)),
            plan_write(item.agency_id),
            run.release(planning),
            *wishes,
            updates=[
                snapshot.change_work(lambda work: reserved(work, [item])),
                snapshot.titles.change(lambda titles: with_titles(titles, [(item.work_type, item.task)])),
            ],
        )
    except BaseException:
        if run.holds(planning):
            with contextlib.suppress(VitrinaError):
                run.commit(run.release(planning))
        raise
    return draft, item


def _check_effect(draft: Draft, preview: AssignmentPreview) -> None:
    if effect(draft) != preview.effect:
        raise ChangedMeanwhileError("assign.changed")


def _new_days(draft: Draft) -> dict[int, Mapping[date, float]]:
    moves = draft.assignment.moves if draft.assignment else ()
    return {move.action.row_number: move.day_hours for move in moves}


def _days(day_hours: Mapping[date, float]) -> dict[str, float]:
    return {day.isoformat(): hours for day, hours in day_hours.items()}


def _item(run: Run, draft: Draft, preview_id: str, title: str, result: str) -> Item:
    snapshot, row, request = draft.snapshot, draft.source.backlog_row, draft.request
    if draft.assignment is None:
        raise UserError("assign.no_preview")
    number = row.number if row else _new_number(snapshot, preview_id)
    priority = Priority.URGENT if request.is_urgent else Priority.NORMAL
    return Item(
        spreadsheet_id=snapshot.project.spreadsheet_id,
        agency_id=snapshot.project.agency_id,
        number=number,
        code=f"{snapshot.project.code}-{number}",
        task=row.task if row else title.strip(),
        result=row.result if row else result.strip(),
        priority=row.priority if row else priority,
        work_type=request.work_type,
        quantity=row.quantity if row else 1.0,
        fence=snapshot.book.fence,
        taken_on=snapshot.today,
        size=row.size if row else "",
        actions=tuple(
            _item_action(draft, place, action, row_number_of_action(number, place))
            for place, action in enumerate(draft.assignment.actions)
        ),
        is_card_wanted=snapshot.has_cards,
        assigned_by=preview_id,
        allowance=_allowance(run, draft.over),
        moved_days=_new_days(draft),
    )


def _new_number(snapshot: Snapshot, preview_id: str) -> int:
    """The next number of the workbook, or that of a first try whose rows can never reach the sheet."""
    tried = (item for item in snapshot.resolution.not_started.values() if item.assigned_by == preview_id)
    return next((item.number for item in tried), snapshot.backlog.last_number + 1)


def _item_action(draft: Draft, place: int, action: PlannedAction, row_number: int) -> ItemAction:
    asked = draft.request.parts[place]
    hours = asked.hours or 0.0
    planned = draft.norm_parts.get(action.profile)
    if planned is not None and planned.hours == hours:
        typed, typical, p85 = planned.specialist_hours, planned.typical_hours, planned.p85_hours
    else:
        norms, kind = draft.snapshot.stored.norms.value.norms, draft.request.work_type
        is_known = bool(kind) and action.profile in norms.profiles_of(kind)
        made = forecast(norms, Task(kind, action.profile)) if is_known else None
        typed = None if made and abs(made.mean_hours - hours) < 0.05 else hours
        typical, p85 = (made.typical_hours, made.p85_hours) if made else (None, None)
    return ItemAction(
        row_number=row_number,
        profile=action.profile,
        specialist=action.specialist,
        hours=hours,
        day_hours=dict(action.day_hours),
        specialist_hours=typed,
        typical_hours=typical,
        p85_hours=p85,
    )


def _allowance(run: Run, over: Over) -> Allowance | None:
    """Who has allowed to go over limits today; ``None`` where nothing does."""
    if not over:
        return None
    return Allowance(
        run.actor.name,
        run.services.today(),
        dict(over.person_hours),
        sum(one.hours for one in over.limits if one.limit.project is not None),
        sum(one.hours for one in over.limits if one.limit.project is None),
    )


# --- The sheet -------------------------------------------------------------------------------------


def _change(draft: Draft, item: Item) -> WorkbookChange:
    snapshot, row = draft.snapshot, draft.source.backlog_row
    book, locale, services = snapshot.book, locale_of(snapshot.book), snapshot.services
    progress_tab = book.tab("in_progress")
    change = WorkbookChange()
    change.hold_fence(book)
    leaving = {item.number} if row else set()
    heal(change, book, snapshot.backlog_identity, prefix=snapshot.project.code, leaving=leaving)
    heal(change, book, snapshot.progress_identity, prefix=snapshot.project.code)
    if row is not None:
        tab = snapshot.backlog.tab
        shelf = new_shelf(services, book, render(sentence("shelf.title"), locale))
        change.shelve_on(book.tabs.get(SHELF), shelf)
        change.make_room(tab, last_used_row(tab) + SPARE_ROWS)
        planned = [key for key in tab.columns if key in PLANNED_BY or key.startswith(HOURS_PREFIX)]
        change.move_out(tab, row.row, row.number, *planned)
    _write_moves(snapshot, change, draft.assignment.moves if draft.assignment else ())
    onboarding = services.choices.label("status", ActionStatus.ONBOARDING, locale)
    rows = new_rows(progress_tab, [item], snapshot.agency.profiles, onboarding)
    if row is None and item.result and "result" not in progress_tab.columns:
        # A workbook of an earlier release has no column for it, and a project may have no tracker.
        rows[0].notes["action"] = item.result
    change.append(progress_tab, rows)
    days = _new_days(draft)
    own = ProjectWork(
        item.spreadsheet_id, item.agency_id, {one.number: one for one in snapshot.items.values()}
    )
    moved = own.with_days(days).items
    others = [one for one in snapshot.agency_items if one.spreadsheet_id != item.spreadsheet_id]
    as_it_will_be = [*others, *moved.values(), item]
    write_schedule(snapshot, change, as_it_will_be)
    write_outlook(snapshot, change, [item.number], as_it_will_be)
    write_refreshed_mark(services, change, book)
    return change


def _write_moves(snapshot: Snapshot, change: WorkbookChange, moves: Sequence[Move]) -> None:
    """New days of the rows that make room; refused if somebody has begun one of them meanwhile."""
    tab = snapshot.work_rows.tab
    begun_by = [
        key for key in ("specialist", "hours", "status", "progress", "logged_hours") if key in tab.columns
    ]
    for move in moves:
        row = snapshot.work_rows.by_number[move.action.row_number].row
        change.expect(tab, row, *begun_by)
        change.set(tab, row, "start_on", min(move.day_hours))
        change.set(tab, row, "due_on", max(move.day_hours))


def write_outlook(
    snapshot: Snapshot, change: WorkbookChange, leaving: Collection[int], as_it_will_be: Sequence[Item]
) -> None:
    """Sum and forecast of the backlog on the first tab, unless a cell of it cannot be understood.

    Rows whose numbers are *leaving* do not count any more.
    """
    backlog = snapshot.backlog
    if backlog.problems:
        return
    state, norms = snapshot.stored.backlog_state.value, snapshot.stored.norms.value.norms
    parts = parts_of(state, backlog, norms)
    stay = [
        one for one in planned_items(snapshot.project, state, backlog, parts) if one.number not in leaving
    ]
    if any(row.number in leaving for row in backlog.rows):
        write_range(change, snapshot.book, total_of(norms, (parts[one.number] for one in stay)))
    write_forecast(snapshot, change, stay, parts, as_it_will_be)
    write_brief(snapshot, change, as_it_will_be)


# --- The end ---------------------------------------------------------------------------------------


def _seen(run: Run, snapshot: Snapshot, item: Item) -> None:
    """At the end of the run, note that the rows of the item stand in the sheet."""
    run.at_end(updates=[snapshot.stored.work.change(lambda work: work.with_seen([item.number]))])


def send_card_wish(run: Run, snapshot: Snapshot) -> None:
    """Queue the task that brings the cards up to date; where the queue does not answer, the timer does it."""
    if not snapshot.has_cards:
        return
    wish = replace(push_wish(snapshot.project.spreadsheet_id), delay_s=CARD_DELAY_S)
    try:
        # A job has no operation, and a queue takes a name only once.
        wish.send(run.services, task_name=f"{wish.name}-{run.operation_id or uuid.uuid4().hex}")
    except ServiceError as error:
        log.warning("task of a card not queued, the timer will: %s", error.code)


#: The run gives the workbook back before the task of the card needs it.
CARD_DELAY_S = 2.0


def _answer(
    snapshot: Snapshot, item: Item, moves: Sequence[Move], *, over: Over | None = None, is_new: bool
) -> Answer:
    days = [day for action in item.actions for day in action.day_hours]
    moved = [
        sentence(
            "assign.moved",
            id=snapshot.items[move.action.item].code,
            before=move.action.due_on,
            after=max(move.day_hours),
        )
        for move in moves
    ]
    return Answer(
        Outcome.DONE,
        sentence(
            "assign.done" if is_new else "assign.already",
            id=item.code,
            people=list(dict.fromkeys(one.specialist for one in item.actions)),
            hours=sum(one.hours for one in item.actions),
            days=Days(min(days), max(days)) if days else "",
        ),
        details=(
            *moved,
            *(over_sentences(snapshot, over) if over else ()),
            sentence("assign.card_follows" if snapshot.has_cards else "batch.type_next"),
            *repair_messages(snapshot.book, snapshot.backlog_identity, snapshot.progress_identity),
        ),
        data={"id": item.code, "moved": len(moves)},
    )
