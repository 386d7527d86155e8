"""Start the batch that was previewed: rows move from *Бэклог* to *В работе* in one atomic call."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from vitrina.domain.backlog import ActionStatus
from vitrina.domain.calendar import PeriodKind, period_of
from vitrina.domain.planning.schedule import ScheduledItem
from vitrina.errors import BusyError, ChangedMeanwhileError, RetriableServiceError, UserError, VitrinaError
from vitrina.operations.lease import Lease, lease
from vitrina.operations.retry_on_conflict import again
from vitrina.operations.services import Answer, Outcome, Services
from vitrina.operations.undo_record import write_undoably
from vitrina.ports import Json
from vitrina.project.planner_input import PlannedPart, write_range
from vitrina.project.snapshot import read_fenced, read_own_backlog, settle_for_good
from vitrina.records.records import (
    PREVIEW,
    Item,
    ItemAction,
    Project,
    amend_item,
    count_passed_over,
    items_of,
    load_agency,
    load_project,
    reserve_items,
    save_project,
    team_of,
)
from vitrina.tabs.finish_forecast import write_forecast
from vitrina.tabs.reasons import LACK_OF_ROOM, reason
from vitrina.tabs.refreshed_mark import mark_fresh
from vitrina.tabs.schedule import write_schedule
from vitrina.texts import Sentence, render, sentence
from vitrina.usecases.build_batch import Draft, draft_plan, effect, period_title, words_of
from vitrina.workbook.reading.backlog_rows import HOURS_PREFIX
from vitrina.workbook.reading.book import SHELF, Book, row_number_of_action
from vitrina.workbook.reading.settings import locale_of
from vitrina.workbook.writing.change import NewRow, WorkbookChange
from vitrina.workbook.writing.heal import heal, repair_messages

#: Columns of the backlog on which the plan of an item rests, beside those of hours.
PLANNED_BY = ("task", "result", "priority", "work_type", "size", "quantity", "wanted_on", "depends_on")


def start_batch(services: Services, project: Project, *, preview_id: str) -> Answer:
    """Do exactly what the preview showed, or refuse because something changed meanwhile."""
    record = services.store.get(PREVIEW, preview_id)
    if record is None or record.data["spreadsheet_id"] != project.spreadsheet_id:
        raise UserError("batch.no_preview")
    with lease(services, project.spreadsheet_id) as held:
        # Loaded anew, as another process may have given numbers since; once, as a refused write uses none up.
        current = load_project(services.store, project.spreadsheet_id)
        try:
            return again(lambda: _start(services, current, record.data, held))
        except RetriableServiceError:
            # The sheet may have taken the batch: the promise stays until the sheet is read again.
            raise
        except VitrinaError:
            # Where the sheet cannot be read just now, its next reading settles it.
            with contextlib.suppress(VitrinaError):
                _settle_by_sheet(services, project)
            raise


def _start(services: Services, project: Project, preview: Json, held: Lease) -> Answer:
    agency = load_agency(services.store, project.agency_id)
    span = period_of(date.fromisoformat(preview["start_on"]), PeriodKind(preview["kind"]))
    book = read_fenced(services, project)
    if _is_started(book, preview):
        raise UserError("batch.already_started")
    # Should the lease have run out in a slow call, somebody else is at work here now.
    held.renew()
    # People's hours are promised over all clients, so plan and promise under one lease.
    with lease(services, f"plan:{project.agency_id}"):
        backlog = read_own_backlog(services, project, book)
        settle_for_good(services, project, book)
        draft = draft_plan(services, project, agency, team_of(preview["team"]), book, backlog, span)
        _check_effect(draft, preview)
        if not draft.chosen:
            raise UserError("batch.nothing_fits")
        items = [
            _item(project, chosen, draft.parts[chosen.item.number], fence=book.fence)
            for chosen in draft.chosen
        ]
        if not reserve_items(services.store, items):
            raise BusyError("workbook.busy")
    save_project(services.store, replace(project, last_number=draft.backlog.last_number))
    # Where the write is refused the promise stays as well, until the sheet is read: should the lease have run
    # out meanwhile, somebody else may have written just these rows.
    change = _change(services, project, draft, items)
    write_undoably(services, project, draft.book, change, action="start_batch")
    for item in items:
        amend_item(services.store, item.key, is_reserved=False)
    count_passed_over(
        services.store,
        project.spreadsheet_id,
        span.start_on,
        [left.item.number for left in draft.plan.left_out if left.reason in LACK_OF_ROOM],
        known=[row.number for row in draft.backlog.rows],
    )
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
            sentence("batch.push_next"),
            *repair_messages(book, backlog.identity, draft.progress.identity),
        ),
        data={"started": [item.code for item in items]},
    )


def _settle_by_sheet(services: Services, project: Project) -> None:
    """Give back what a refused start has promised, so that other projects do not wait for these hours."""
    own = items_of(services.store, spreadsheet_id=project.spreadsheet_id)
    if any(item.is_reserved for item in own):
        settle_for_good(services, project, read_fenced(services, project))


def _is_started(book: Book, preview: Json) -> bool:
    in_progress = {row.number for row in book.tab("in_progress").rows}
    return bool(preview["effect"]) and all(int(number) in in_progress for number in preview["effect"])


def _check_effect(draft: Draft, preview: Json) -> None:
    now, shown = effect(draft), preview["effect"]
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


def _item(project: Project, chosen: ScheduledItem, parts: Mapping[str, PlannedPart], *, fence: str) -> Item:
    item = chosen.item
    return Item(
        spreadsheet_id=project.spreadsheet_id,
        agency_id=project.agency_id,
        number=item.number,
        code=item.code,
        task=item.task,
        result=item.result,
        priority=item.priority,
        work_type=item.work_type or "",
        quantity=item.quantity,
        fence=fence,
        size=item.size,
        actions=tuple(
            ItemAction(
                row_number=row_number_of_action(item.number, position),
                profile=action.profile,
                specialist=action.specialist,
                hours=action.hours,
                day_hours={day.isoformat(): hours for day, hours in action.day_hours.items()},
                specialist_hours=parts[action.profile].specialist_hours,
                typical_hours=parts[action.profile].typical_hours,
                p85_hours=parts[action.profile].p85_hours,
            )
            for position, action in enumerate(chosen.actions)
        ),
    )


def _change(services: Services, project: Project, draft: Draft, items: list[Item]) -> WorkbookChange:
    book, locale = draft.book, locale_of(draft.book)
    backlog_tab, progress_tab = draft.backlog.tab, book.tab("in_progress")
    change = WorkbookChange()
    change.hold_fence(book)
    words = words_of(services, draft)
    reasons = {
        one.left.item.number: render(reason(one, draft.situation, words, staff=False), locale)
        for one in draft.explanations()
    }
    leaving = {item.number for item in items}
    heal(change, book, draft.backlog.identity, prefix=project.code, leaving=leaving)
    heal(change, book, draft.progress.identity, prefix=project.code)
    change.shelve_on(book.tabs.get(SHELF), render(sentence("shelf.title"), locale))
    planned = [key for key in backlog_tab.columns if key in PLANNED_BY or key.startswith(HOURS_PREFIX)]
    for row in draft.backlog.rows:
        if row.number not in reasons:
            change.move_out(backlog_tab, row.row, row.number, *planned)
            continue
        if backlog_tab.cell(row.row, "reason").text != reasons[row.number]:
            change.set(backlog_tab, row.row, "reason", reasons[row.number])
    onboarding = services.choices.label("status", ActionStatus.ONBOARDING, locale)
    change.append(
        progress_tab,
        [
            _new_row(item, action, draft.agency.profiles, onboarding)
            for item in items
            for action in item.actions
        ],
    )
    write_schedule(services, change, book, project, [*draft.items, *items])
    write_range(change, book, draft.left_total)
    stay = [item for item in draft.situation.items if item.number not in leaving]
    write_forecast(services, change, book, project, stay, draft.parts, [*draft.items, *items], draft.norms)
    mark_fresh(services, change, book)
    return change


def _new_row(item: Item, action: ItemAction, profiles: Mapping[str, str], status: str) -> NewRow:
    days = [date.fromisoformat(day) for day in action.day_hours]
    return NewRow(
        action.row_number,
        {
            "id": item.code,
            "action": item.task,
            "profile": profiles.get(action.profile, action.profile),
            "specialist": action.specialist,
            "hours": action.hours,
            "start_on": min(days),
            "due_on": max(days),
            "status": status,
        },
    )
