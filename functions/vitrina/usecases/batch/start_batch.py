"""Starts the batch of a preview: moves rows from *Бэклог* to *В работе* in one atomic call."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping, Sequence

from msgspec.structs import replace

from vitrina.domain.backlog import ActionStatus
from vitrina.domain.calendar import Period, PeriodKind, period_of
from vitrina.domain.planning.schedule import ScheduledItem
from vitrina.errors import BusyError, ChangedMeanwhileError, RetriableServiceError, UserError, VitrinaError
from vitrina.operations.answer import Answer, Outcome
from vitrina.operations.retry_on_conflict import retry_on_conflict
from vitrina.operations.run import Run
from vitrina.operations.undo_record import write_undoably
from vitrina.project.planner_input import PlannedPart, write_range
from vitrina.project.protection import new_shelf
from vitrina.project.resources import plan_lease, plan_write
from vitrina.project.snapshot import Snapshot, read_snapshot, read_stored, require_room, snapshot_of
from vitrina.records.books import put_project
from vitrina.records.norms import titles_key, with_titles
from vitrina.records.previews import Preview, preview_from_document, preview_key
from vitrina.records.work import Item, ItemAction, ProjectWork
from vitrina.tabs.blocks import SPARE_ROWS, last_used_row
from vitrina.tabs.brief import write_brief
from vitrina.tabs.finish_forecast import write_forecast
from vitrina.tabs.reasons import LACK_OF_ROOM, client_reason
from vitrina.tabs.refreshed_mark import write_refreshed_mark
from vitrina.tabs.schedule import write_schedule
from vitrina.texts import Sentence, render, sentence
from vitrina.usecases.batch.build_batch import Draft, draft_plan, effect, period_title, words_of
from vitrina.usecases.batch.plan_wishes import wishes_from
from vitrina.usecases.chats.tell_batch import tell_batch
from vitrina.workbook.reading.backlog_rows import HOURS_PREFIX
from vitrina.workbook.reading.book import SHELF, Book, Tab, row_number_of_action
from vitrina.workbook.reading.settings import locale_of
from vitrina.workbook.writing.change import NewRow, WorkbookChange
from vitrina.workbook.writing.heal import heal, repair_messages
from vitrina.workbook.writing.values import Value

#: Backlog columns that the plan of an item depends on, beside the columns of hours.
PLANNED_BY = ("task", "result", "priority", "work_type", "size", "quantity", "wanted_on", "depends_on")


def start_batch(run: Run, spreadsheet_id: str, *, preview_id: str) -> Answer:
    """Do exactly what the preview showed, or refuse if something changed after it."""
    try:
        return retry_on_conflict(run, lambda: _start(run, spreadsheet_id, preview_id))
    except RetriableServiceError:
        # The sheet may have taken the batch: the reservation stays until the sheet is read again.
        raise
    except VitrinaError:
        # If the sheet cannot be read now, the next read of it decides.
        with contextlib.suppress(VitrinaError):
            take_back_by_sheet(run, spreadsheet_id)
        raise


def _start(run: Run, spreadsheet_id: str, preview_id: str) -> Answer:
    services, key = run.services, preview_key(preview_id)
    snapshot = read_snapshot(
        run, spreadsheet_id, more=[key, titles_key(run.agency_id)], with_agency_work=False
    )
    preview = preview_from_document(services.store, snapshot.stored.more.get(key))
    if preview is None or preview.spreadsheet_id != spreadsheet_id:
        raise UserError("batch.no_preview")
    if _is_started(snapshot.book, preview):
        raise UserError("batch.already_started")
    span = period_of(preview.start_on, PeriodKind(preview.period_kind))
    draft, items = _promise_hours(run, snapshot, preview, span)
    # After a refused write the reservation stays too, until the sheet is read: if the lease expired
    # meanwhile, another action may have written the same rows.
    write_undoably(
        run,
        snapshot.stored.undo,
        snapshot.book,
        _change(draft, items),
        action="start_batch",
        # A refused write must not use up numbers of items.
        if_refused=[put_project(snapshot.project)],
    )
    _note_started(run, draft, items)
    tell_batch(run, snapshot.project, span, items, preview_id)
    return Answer(
        Outcome.DONE,
        sentence(
            "batch.started",
            items=len(items),
            actions=sum(len(item.actions) for item in items),
            hours=draft.planned_hours,
            period=period_title(services, span),
        ),
        details=(
            *([sentence("batch.runs_on", items=draft.running_on)] if draft.running_on else []),
            sentence("batch.push_next" if snapshot.has_cards else "batch.type_next"),
            *repair_messages(snapshot.book, snapshot.backlog_identity, snapshot.progress_identity),
        ),
        data={"started": [item.code for item in items], "has_tracker": snapshot.has_cards},
    )


def _promise_hours(run: Run, snapshot: Snapshot, preview: Preview, span: Period) -> tuple[Draft, list[Item]]:
    """Plan again, and reserve people's hours if the effect equals that of the preview.

    Hours are shared by all clients, so planning and reserving happen under one lease of the agency.
    """
    planning = plan_lease(snapshot.agency)
    run.take(planning)
    try:
        snapshot.read_agency_work()
        wishes = wishes_from(preview.wishes, snapshot, preview.team)
        draft = draft_plan(snapshot, preview.team, span, wishes)
        _check_effect(draft, preview)
        items = [_item(snapshot, chosen, draft.parts[chosen.item.number]) for chosen in draft.chosen]
        require_room(snapshot, len(items), sum(len(one.actions) for one in items))
        project = replace(snapshot.project, last_number=snapshot.backlog.last_number)
        started = [(item.work_type, item.task) for item in items]
        run.commit(
            put_project(project),
            plan_write(project.agency_id),
            run.release(planning),
            updates=[
                snapshot.change_work(lambda work: reserved(work, items)),
                snapshot.titles.change(lambda titles: with_titles(titles, started)),
            ],
        )
    except BaseException:
        if run.holds(planning):
            with contextlib.suppress(VitrinaError):
                run.commit(run.release(planning))
        raise
    return draft, items


def reserved(work: ProjectWork, items: Sequence[Item]) -> ProjectWork:
    """The work with *items* reserved; raises ``BusyError`` if one of them was started meanwhile."""
    if any(item.number in work.items for item in items):
        raise BusyError("workbook.busy")
    return work.with_items(items)


def _note_started(run: Run, draft: Draft, items: Sequence[Item]) -> None:
    """At the end of the run, store the items as started, and the items that the period left out."""
    stored = draft.snapshot.stored
    started = {item.number for item in items}
    left_out = [left.item.number for left in draft.plan.left_out if left.reason in LACK_OF_ROOM]
    known = [row.number for row in draft.snapshot.backlog.rows]
    start_on = draft.plan.period.start_on
    run.at_end(
        updates=[
            stored.work.change(lambda work: work.with_seen(started)),
            stored.backlog_state.change(
                lambda state: replace(
                    state, passed_over=state.passed_over_in(start_on, left_out, known=known)
                )
            ),
        ]
    )


def take_back_by_sheet(run: Run, spreadsheet_id: str) -> None:
    """Release the hours that a refused start has reserved, so that other projects can use them."""
    run.drop_final_writes()
    stored = read_stored(run, spreadsheet_id)
    if any(item.is_reserved for item in stored.work.value.items.values()):
        run.commit(updates=[snapshot_of(run, stored).change_work()])


def _is_started(book: Book, preview: Preview) -> bool:
    in_progress = {row.number for row in book.tab("in_progress").rows}
    return bool(preview.effect) and all(int(number) in in_progress for number in preview.effect)


def _check_effect(draft: Draft, preview: Preview) -> None:
    now, shown = effect(draft), preview.effect
    if now == shown and not draft.chosen:
        raise UserError("batch.nothing_fits")
    if now == shown:
        return
    entered = [now[number]["code"] for number in now if number not in shown]
    gone = [shown[number]["code"] for number in shown if number not in now]
    other = [now[number]["code"] for number in now if number in shown and now[number] != shown[number]]
    changes: list[Sentence] = []
    for code, items in (
        ("batch.would_enter", entered),
        ("batch.would_leave", gone),
        ("batch.would_differ", other),
    ):
        if items:
            changes.append(sentence(code, items=items))
    raise ChangedMeanwhileError("batch.changed", changes=changes)


def _item(snapshot: Snapshot, chosen: ScheduledItem, parts: Mapping[str, PlannedPart]) -> Item:
    item = chosen.item
    return Item(
        spreadsheet_id=snapshot.project.spreadsheet_id,
        agency_id=snapshot.project.agency_id,
        number=item.number,
        code=item.code,
        task=item.task,
        result=item.result,
        priority=item.priority,
        work_type=item.work_type or "",
        quantity=item.quantity,
        fence=snapshot.book.fence,
        taken_on=snapshot.today,
        size=item.size,
        actions=tuple(
            ItemAction(
                row_number=row_number_of_action(item.number, position),
                profile=action.profile,
                specialist=action.specialist,
                hours=action.hours,
                day_hours=dict(action.day_hours),
                specialist_hours=parts[action.profile].specialist_hours,
                typical_hours=parts[action.profile].typical_hours,
                p85_hours=parts[action.profile].p85_hours,
            )
            for position, action in enumerate(chosen.actions)
        ),
    )


def _change(draft: Draft, items: list[Item]) -> WorkbookChange:
    snapshot = draft.snapshot
    book, locale, services = snapshot.book, locale_of(snapshot.book), snapshot.services
    backlog_tab, progress_tab = snapshot.backlog.tab, book.tab("in_progress")
    change = WorkbookChange()
    change.hold_fence(book)
    words = words_of(draft)
    reasons = {
        one.left.item.number: render(client_reason(one, draft.situation, words), locale)
        for one in draft.reasons
    }
    leaving = {item.number for item in items}
    heal(change, book, snapshot.backlog_identity, prefix=snapshot.project.code, leaving=leaving)
    heal(change, book, snapshot.progress_identity, prefix=snapshot.project.code)
    change.shelve_on(book.tabs.get(SHELF), new_shelf(services, book, render(sentence("shelf.title"), locale)))
    change.make_room(backlog_tab, last_used_row(backlog_tab) + SPARE_ROWS)
    planned = [key for key in backlog_tab.columns if key in PLANNED_BY or key.startswith(HOURS_PREFIX)]
    for row in snapshot.backlog.rows:
        if row.number not in reasons:
            change.move_out(backlog_tab, row.row, row.number, *planned)
            continue
        if backlog_tab.cell(row.row, "reason").text != reasons[row.number]:
            change.set(backlog_tab, row.row, "reason", reasons[row.number])
    onboarding = services.choices.label("status", ActionStatus.ONBOARDING, locale)
    change.append(progress_tab, new_rows(progress_tab, items, snapshot.agency.profiles, onboarding))
    as_it_will_be = [*snapshot.agency_items, *items]
    write_schedule(snapshot, change, as_it_will_be)
    write_range(change, book, draft.left_total)
    stay = [item for item in draft.situation.items if item.number not in leaving]
    write_forecast(snapshot, change, stay, draft.parts, as_it_will_be)
    write_brief(snapshot, change, as_it_will_be)
    write_refreshed_mark(services, change, book)
    return change


def new_rows(tab: Tab, items: Iterable[Item], profiles: Mapping[str, str], status: str) -> list[NewRow]:
    """The rows of *В работе* for items that are started: one for each action, with the label *status*."""
    return [_new_row(tab, item, action, profiles, status) for item in items for action in item.actions]


def _new_row(tab: Tab, item: Item, action: ItemAction, profiles: Mapping[str, str], status: str) -> NewRow:
    values: dict[str, Value] = {
        "id": item.code,
        "action": item.task,
        "profile": profiles.get(action.profile, action.profile),
        "specialist": action.specialist,
        "hours": action.hours,
        "start_on": min(action.day_hours, default=None),
        "due_on": max(action.day_hours, default=None),
        "status": status,
    }
    # Workbooks of earlier releases have no such columns.
    newer: dict[str, Value] = {"result": item.result or None, "quantity": item.quantity}
    values |= {key: value for key, value in newer.items() if key in tab.columns}
    return NewRow(action.row_number, values)
