"""*Поставить задачу специалисту…*: fills the form from the selected cell, and says what it would do."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, timedelta

from msgspec.structs import replace

from vitrina.domain.calendar import PeriodKind
from vitrina.domain.planning.capacity import Resources
from vitrina.domain.planning.in_progress.assignment import Assignment, Move, offers
from vitrina.domain.planning.planner import HORIZON_CALENDAR_DAYS
from vitrina.operations.answer import Answer, Outcome
from vitrina.operations.run import Run
from vitrina.ports import Json
from vitrina.project.agency_book import read_team_now
from vitrina.project.snapshot import read_stored, snapshot_of
from vitrina.records.layouts import shape_key
from vitrina.records.previews import AssignmentPreview
from vitrina.texts import Days, Sentence, sentence
from vitrina.usecases.batch.draft_assignment import (
    Draft,
    Request,
    draft_assignment,
    effect,
    norm_hours,
    over_sentences,
    work_types,
)
from vitrina.usecases.batch.task_source import Selection, TaskSource, source_of, source_of_row
from vitrina.workbook.writing.heal import repair_messages


def preview_assignment(
    run: Run, spreadsheet_id: str, *, selection: Selection, request: Request, is_filled: bool
) -> Answer:
    """Fill the form, plan the task, and keep the plan until the manager confirms it.

    Parameters
    ----------
    is_filled
        Whether the manager has seen the form. If not, its fields are filled from the selection.

    Raises
    ------
    CellsError
        If cells of the agency's workbook, of the project's terms or of the selected row are bad.
    """
    services = run.services
    stored = read_stored(run, spreadsheet_id, more=[shape_key(run.agency_id)])
    team = read_team_now(run, stored.agency, stored.more)
    snapshot = snapshot_of(run, stored, fenced=False)
    snapshot.read_agency_work()
    if request.number is not None:
        source = source_of_row(snapshot, request.number)
    else:
        source = TaskSource() if is_filled else source_of(snapshot, selection)
    if not is_filled:
        number = source.backlog_row.number if source.backlog_row else None
        request = replace(request, number=number, work_type=source.work_type)
    draft = draft_assignment(snapshot, team, source, request)
    preview_id = None
    if draft.assignment is not None:
        preview = AssignmentPreview(
            spreadsheet_id, snapshot.backlog.last_number, team, draft.request.data(), effect(draft)
        )
        preview_id = preview.preview_id
        run.at_end(*preview.writes(shown_at=services.clock.now()))
    return Answer(
        Outcome.DONE,
        _message(draft),
        details=tuple(_details(draft)),
        data={"preview_id": preview_id, **_form_data(draft)},
    )


def _message(draft: Draft) -> Sentence:
    """The plan in a sentence, or what is missing."""
    assignment = draft.assignment
    if assignment is not None:
        start_on = min(action.start_on for action in assignment.actions)
        return sentence("assign.plan", days=Days(start_on, assignment.due_on))
    missing = [part for part in draft.request.parts if not part.profile]
    if missing:
        return sentence("assign.choose_profile")
    without = [part for part in draft.request.parts if not part.specialist]
    if without:
        return sentence("assign.nobody", profile=_profile(draft, without[0].profile))
    if any(not part.hours for part in draft.request.parts):
        return sentence("assign.no_hours")
    until = draft.snapshot.today + timedelta(days=HORIZON_CALENDAR_DAYS)
    return sentence("assign.no_room", until=until)


def _details(draft: Draft) -> Iterable[Sentence]:
    """Points in which the plan may surprise a person."""
    request, assignment = draft.request, draft.assignment
    today = draft.snapshot.today
    work_row = draft.source.work_row
    if work_row is not None:
        code = "assign.from_work" if work_row.number is not None else "assign.from_typed"
        yield sentence(code, id=work_row.code, line=str(work_row.row.index + 1))
    if assignment is not None and not draft.over:
        for action in assignment.actions[:1]:
            if action.start_on > draft.snapshot.services.calendar.working_days_from(today, count=1)[0]:
                yield sentence("assign.free_from", name=action.specialist, day=action.start_on)
    if assignment is not None and request.wanted_on is not None and assignment.due_on > request.wanted_on:
        yield sentence("assign.late", wanted=request.wanted_on, due=assignment.due_on)
    if request.is_urgent and assignment is not None and not assignment.moves and not draft.over:
        yield sentence("assign.nothing_moves")
    if request.wanted_on is not None and _is_late(draft) and draft.could is None and not draft.over:
        yield sentence("assign.no_days_until", wanted=request.wanted_on)
    yield from repair_messages(draft.snapshot.book, draft.snapshot.backlog_identity)


def _is_late(draft: Draft) -> bool:
    """Whether the task has no days up to the wanted one."""
    wanted, assignment = draft.request.wanted_on, draft.assignment
    return wanted is not None and (assignment is None or assignment.due_on > wanted)


def _profile(draft: Draft, key: str) -> str:
    return draft.team.profiles.get(key, key)


def _form_data(draft: Draft) -> Json:
    source, request = draft.source, draft.request
    row, choice = source.backlog_row, source.row_choice
    assignment = draft.assignment
    return {
        "task": {
            "title": source.title,
            "result": source.result,
            "is_note": source.is_note,
            "number": row.number if row else None,
            "id": row.code if row else None,
        },
        "row": {"number": choice.number, "id": choice.code, "task": choice.task} if choice else None,
        "has_tracker": draft.snapshot.has_cards,
        "work_types": work_types(draft.snapshot, draft.team, request.work_type),
        "profiles": [{"key": key, "title": title} for key, title in draft.team.profiles.items()],
        "request": request.data(),
        "parts": [_part_data(draft, place) for place in range(len(request.parts))],
        "over": over_sentences(draft.snapshot, draft.over or draft.could_over),
        "could_days": _days_of(draft.could),
        "moves": [_move_data(draft, move) for move in assignment.moves] if assignment else [],
    }


def _days_of(assignment: Assignment | None) -> Json | None:
    if assignment is None:
        return None
    return {
        "start_on": min(action.start_on for action in assignment.actions),
        "due_on": assignment.due_on,
    }


def _part_data(draft: Draft, place: int) -> Json:
    part, assignment = draft.request.parts[place], draft.assignment
    snapshot = draft.snapshot
    planned = assignment.actions[place] if assignment else None
    norm = norm_hours(snapshot, draft.request.work_type, part.profile, draft.source)
    week = snapshot.services.calendar.current_period(snapshot.today, PeriodKind.WEEK)
    free = _free_hours(draft.resources, [day for day in week if day >= snapshot.today])
    people = offers(
        part.profile,
        part.hours or 1.0,
        draft.resources,
        project=snapshot.project.spreadsheet_id,
        since=snapshot.today,
    )
    return {
        "profile": part.profile,
        "profile_title": _profile(draft, part.profile),
        "specialist": part.specialist,
        "hours": part.hours,
        "norm_hours": norm,
        "start_on": planned.start_on if planned else None,
        "due_on": planned.due_on if planned else None,
        "people": [
            {
                "name": one.specialist,
                "start_on": one.start_on,
                "due_on": one.due_on,
                "free_hours": free.get(one.specialist, 0.0),
            }
            for one in people
        ],
    }


def _free_hours(resources: Resources, days: Collection[date]) -> dict[str, float]:
    """Hours of each person on *days* that nobody has promised."""
    free = {}
    for person in resources.specialists:
        by_day = {day: resources.day_capacity(person, day) for day in days}
        for booking in resources.bookings:
            if booking.specialist == person.name:
                for day, hours in booking.day_hours.items():
                    if day in by_day:
                        by_day[day] -= hours
        free[person.name] = sum(max(0.0, hours) for hours in by_day.values())
    return free


def _move_data(draft: Draft, move: Move) -> Json:
    """A row of this project that makes room, with its days before and after."""
    item = draft.snapshot.items[move.action.item]
    return {
        "id": item.code,
        "task": item.task,
        "specialist": move.action.specialist,
        "before": {"start_on": move.action.start_on, "due_on": move.action.due_on},
        "after": {"start_on": min(move.day_hours), "due_on": max(move.day_hours)},
    }
