"""Gives a project the first tasks of a template: rows in *В работе* with people and days, and their cards.

Each item keeps the key of its task, so that a template can be applied again: only tasks that the project
lacks are added.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

from msgspec.structs import replace

from vitrina.domain.backlog import ActionStatus, Priority
from vitrina.domain.onboarding.plan import PlannedTask
from vitrina.domain.onboarding.template import OnboardingTemplate
from vitrina.errors import ChangedMeanwhileError, RetriableServiceError, VitrinaError
from vitrina.operations.answer import Answer, Outcome
from vitrina.operations.retry_on_conflict import retry_on_conflict
from vitrina.operations.run import Run
from vitrina.operations.undo_record import write_undoably
from vitrina.project.resources import plan_lease, plan_write
from vitrina.project.snapshot import Snapshot, read_snapshot, read_stored
from vitrina.records.books import put_project
from vitrina.records.layouts import shape_key
from vitrina.records.work import Item, ItemAction
from vitrina.tabs.refreshed_mark import write_refreshed_mark
from vitrina.tabs.schedule import write_schedule
from vitrina.texts import sentence
from vitrina.usecases.batch.assign_task import send_card_wish, write_outlook
from vitrina.usecases.batch.start_batch import new_rows, reserved, take_back_by_sheet
from vitrina.usecases.clients.draft_onboarding import (
    Draft,
    draft_onboarding,
    known_tasks,
    read_templates,
    template_of,
)
from vitrina.usecases.clients.preview_onboarding import draft_messages
from vitrina.usecases.tracker.make_cards import push_wish
from vitrina.workbook.reading.book import row_number_of_action
from vitrina.workbook.reading.settings import locale_of
from vitrina.workbook.reading.team import Team
from vitrina.workbook.writing.change import WorkbookChange
from vitrina.workbook.writing.client_needs import add_needs
from vitrina.workbook.writing.heal import heal, repair_messages


def apply_onboarding(run: Run, spreadsheet_id: str, kind: str, *, plan_id: str = "") -> Answer:
    """Add what the project lacks of the template of *kind*.

    It may be repeated: after a crash, by a second click, or on a running project. The run holds the lease of
    the workbook.

    Parameters
    ----------
    plan_id
        The plan that a person was shown; empty where nobody was.

    Raises
    ------
    ChangedMeanwhileError
        If people or days would be others now than in the plan that was shown; nothing was written.
    UserError, CellsError
        If there is no such template, its cells are bad, or there are no days for it.
    """
    stored = read_stored(run, spreadsheet_id, more=[shape_key(run.agency_id)])
    book, templates = read_templates(run, stored.agency, stored.norms.value.norms, stored.more)
    template = template_of(run, book, templates, kind)
    try:
        return retry_on_conflict(
            run, lambda: _apply(run, spreadsheet_id, templates.team, template, plan_id=plan_id)
        )
    except RetriableServiceError:
        # The sheet may have taken the rows: the reservation stays until the sheet is read again.
        raise
    except VitrinaError:
        with contextlib.suppress(VitrinaError):
            take_back_by_sheet(run, spreadsheet_id)
        raise


def _apply(
    run: Run, spreadsheet_id: str, team: Team, template: OnboardingTemplate, *, plan_id: str
) -> Answer:
    snapshot = read_snapshot(run, spreadsheet_id, with_agency_work=False)
    known = known_tasks(snapshot, template)
    if len(known) == len(template.tasks):
        # A second click, or the repeat of one whose answer was lost.
        items = [item for item in known.values() if item is not None]
        _seen(run, snapshot, items)
        send_card_wish(run, snapshot)
        return Answer(
            Outcome.DONE,
            sentence("onboarding.nothing_new", kind=template.kind),
            details=repair_messages(snapshot.book, snapshot.backlog_identity, snapshot.progress_identity),
            data={"added": [], "known": [item.code for item in items]},
        )
    draft, items = _promise_hours(run, snapshot, team, template, plan_id)
    write_undoably(
        run,
        snapshot.stored.undo,
        snapshot.book,
        _change(draft, items),
        action="apply_onboarding",
        # A refused write must not use up numbers of items.
        if_refused=[put_project(snapshot.project)],
    )
    _seen(run, snapshot, items)
    send_card_wish(run, snapshot)
    return Answer(
        Outcome.PARTIAL if draft.needs_without_line else Outcome.DONE,
        sentence("onboarding.done", count=len(items), hours=draft.hours, due=draft.plan.due_on),
        details=(
            *draft_messages(draft),
            sentence("onboarding.cards_follow" if snapshot.has_cards else "batch.type_next"),
            *repair_messages(snapshot.book, snapshot.backlog_identity, snapshot.progress_identity),
        ),
        data={"added": [item.code for item in items], "known": draft.known_codes},
    )


def _promise_hours(
    run: Run, snapshot: Snapshot, team: Team, template: OnboardingTemplate, plan_id: str
) -> tuple[Draft, list[Item]]:
    """Plan, and promise people's hours: hours are shared by all clients, so under one lease of the agency.

    The wish for the cards is kept in the same commit.
    """
    services, planning = run.services, plan_lease(snapshot.agency)
    run.take(planning)
    try:
        snapshot.read_agency_work()
        draft = draft_onboarding(snapshot, team, template)
        _check_plan(draft, plan_id)
        items = _items(draft)
        last_number = max(snapshot.backlog.last_number, *(item.number for item in items))
        wishes = [push_wish(snapshot.project.spreadsheet_id).put(services)] if snapshot.has_cards else []
        run.commit(
            put_project(replace(snapshot.project, last_number=last_number)),
            plan_write(snapshot.agency.spreadsheet_id),
            run.release(planning),
            *wishes,
            updates=[snapshot.change_work(lambda work: reserved(work, items))],
        )
    except BaseException:
        if run.holds(planning):
            with contextlib.suppress(VitrinaError):
                run.commit(run.release(planning))
        raise
    return draft, items


def _check_plan(draft: Draft, plan_id: str) -> None:
    if plan_id and plan_id != draft.plan_id:
        raise ChangedMeanwhileError("onboarding.changed")


def _items(draft: Draft) -> list[Item]:
    """The tasks as items: each waits for those that the template puts before it."""
    snapshot, template = draft.snapshot, draft.template
    numbers = {number: item.number for number, item in draft.known.items() if item is not None}
    # A first try whose rows can never reach the sheet has left numbers.
    tried = {item.template_task: item.number for item in snapshot.resolution.not_started.values()}
    free = max([snapshot.backlog.last_number, *tried.values()])
    for planned in draft.plan.tasks:
        number = tried.get(template.key(planned.task.number))
        if number is None:
            free = number = free + 1
        numbers[planned.task.number] = number
    return [_item(draft, planned, numbers[planned.task.number], numbers) for planned in draft.plan.tasks]


def _item(draft: Draft, planned: PlannedTask, number: int, numbers: dict[int, int]) -> Item:
    snapshot, task = draft.snapshot, planned.task
    return Item(
        spreadsheet_id=snapshot.project.spreadsheet_id,
        agency_id=snapshot.project.agency_id,
        number=number,
        code=f"{snapshot.project.code}-{number}",
        task=task.title,
        result=task.result,
        priority=Priority.NORMAL,
        work_type="",
        quantity=1.0,
        fence=snapshot.book.fence,
        taken_on=snapshot.today,
        actions=tuple(
            ItemAction(
                row_number=row_number_of_action(number, place),
                profile=action.profile,
                specialist=action.specialist,
                hours=task.steps[place].hours,
                day_hours=dict(action.day_hours),
            )
            for place, action in enumerate(planned.actions)
        ),
        is_card_wanted=snapshot.has_cards,
        template_task=draft.template.key(task.number),
        after=tuple(numbers[one] for one in task.after if one in numbers),
    )


def _change(draft: Draft, items: Sequence[Item]) -> WorkbookChange:
    snapshot = draft.snapshot
    book, locale, services = snapshot.book, locale_of(snapshot.book), snapshot.services
    tab = book.tab("in_progress")
    change = WorkbookChange()
    change.hold_fence(book)
    heal(change, book, snapshot.backlog_identity, prefix=snapshot.project.code)
    heal(change, book, snapshot.progress_identity, prefix=snapshot.project.code)
    first_status = services.choices.label("status", ActionStatus.ONBOARDING, locale)
    rows = new_rows(tab, items, snapshot.agency.profiles, first_status)
    if "result" not in tab.columns:
        # A workbook of an earlier release has no column for it.
        results = {item.number: item.result for item in items if item.result}
        for row in rows:
            if row.number in results:
                row.notes["action"] = results[row.number]
    change.append(tab, rows)
    add_needs(change, book, ((need.text, need.due_on) for need in draft.needs))
    as_it_will_be = [*snapshot.agency_items, *items]
    write_schedule(snapshot, change, as_it_will_be)
    write_outlook(snapshot, change, (), as_it_will_be)
    write_refreshed_mark(services, change, book)
    return change


def _seen(run: Run, snapshot: Snapshot, items: Sequence[Item]) -> None:
    """At the end of the run, note that the rows of the items stand in the sheet."""
    numbers = [item.number for item in items]
    run.at_end(updates=[snapshot.stored.work.change(lambda work: work.with_seen(numbers))])
