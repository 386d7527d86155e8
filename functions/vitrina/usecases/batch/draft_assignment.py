"""A task for a specialist as the form asks for it, with the days that its people would have."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any

from msgspec import Struct, field, to_builtins
from msgspec.structs import replace

from vitrina.domain.backlog import ActionStatus
from vitrina.domain.checking.feasibility import TOLERANCE_HOURS
from vitrina.domain.estimating.effort import Task, forecast
from vitrina.domain.estimating.norms import tenth
from vitrina.domain.planning.capacity import Resources
from vitrina.domain.planning.in_progress.assignment import (
    Assignment,
    Over,
    TaskPart,
    before_others,
    offers,
    on_first_days,
    over,
    until_day,
)
from vitrina.domain.planning.in_progress.open_work import OpenAction
from vitrina.errors import UserError
from vitrina.ports import Json
from vitrina.project.planner_input import PlannedPart
from vitrina.project.resources import resources_of
from vitrina.project.snapshot import Snapshot
from vitrina.records.work import Item, ItemAction
from vitrina.tabs.reasons import period_days
from vitrina.texts import Sentence, sentence
from vitrina.usecases.batch.build_batch import work_as_in_sheet
from vitrina.usecases.batch.task_source import TaskSource, parts_of_row
from vitrina.workbook.reading.backlog_rows import read_started_after
from vitrina.workbook.reading.settings import read_terms
from vitrina.workbook.reading.team import Team
from vitrina.workbook.reading.work_rows import WorkRow

#: Progress of a card of which nothing is done: empty, or no step of several.
_NOTHING_DONE = re.compile(r"|0/\d+")


class AskedPart(Struct, frozen=True):
    """One person's part as the form has it; empty or ``None`` where the manager has not chosen yet."""

    profile: str = ""
    specialist: str = ""
    hours: float | None = None


class Request(Struct, frozen=True):
    """What the form asks for.

    ``number`` is that of the backlog row to start, ``None`` for a task of its own. ``wanted_on`` is the last
    day by which it has to be done. ``allows_over`` is the manager's yes to go over hour limits.
    """

    number: int | None = None
    work_type: str = ""
    parts: tuple[AskedPart, ...] = ()
    wanted_on: date | None = None
    is_urgent: bool = False
    allows_over: bool = False

    def data(self) -> Json:
        """The request as JSON, as the form sends it."""
        return {
            "number": self.number,
            "work_type": self.work_type,
            "parts": [to_builtins(part) for part in self.parts],
            "wanted_on": self.wanted_on.isoformat() if self.wanted_on else None,
            "is_urgent": self.is_urgent,
            "allows_over": self.allows_over,
        }


def request_from_data(data: Mapping[str, Any]) -> Request:
    """The request of the form's parameters, in which each may be missing; raises ``UserError``."""
    try:
        wanted_on = date.fromisoformat(data["wanted_on"]) if data.get("wanted_on") else None
    except ValueError as error:
        raise UserError("assign.bad_day", value=data["wanted_on"]) from error
    return Request(
        number=data.get("number"),
        work_type=data.get("work_type") or "",
        parts=tuple(AskedPart(**part) for part in data.get("parts") or ()),
        wanted_on=wanted_on,
        is_urgent=bool(data.get("is_urgent")),
        allows_over=bool(data.get("allows_over")),
    )


class Draft(Struct, frozen=True):
    """The task as it would be given, together with its inputs.

    ``request`` has what the manager left open filled in. ``assignment`` is ``None`` while something is
    open, or where there is no room. ``could`` is what an explicit yes would allow, and ``could_over`` by how
    much it goes over limits; ``over`` is the same of ``assignment``.
    """

    snapshot: Snapshot
    team: Team
    source: TaskSource
    request: Request
    resources: Resources
    assignment: Assignment | None
    over: Over = field(default_factory=Over)
    could: Assignment | None = None
    could_over: Over = field(default_factory=Over)

    @property
    def norm_parts(self) -> Mapping[str, PlannedPart]:
        """What the norms say of each profile of a backlog row."""
        row = self.source.backlog_row
        return parts_of_row(self.snapshot, row) if row is not None else {}


def draft_assignment(snapshot: Snapshot, team: Team, source: TaskSource, request: Request) -> Draft:
    """Plan the task from the workbook as it was read and from the work in progress at all clients.

    Raises
    ------
    UserError
        If the wanted day has passed.
    """
    today = snapshot.today
    if request.wanted_on is not None and request.wanted_on < today:
        raise UserError("assign.day_passed", day=request.wanted_on)
    resources = resources_without(snapshot, team, ())
    request = _completed(snapshot, team, source, request, resources)
    draft = Draft(snapshot, team, source, request, resources, None)
    parts = _whole_parts(request)
    if not parts:
        return draft
    project = snapshot.project.spreadsheet_id
    usual = on_first_days(parts, resources, project=project, since=today)
    if request.is_urgent:
        sooner = before_others(
            parts,
            lambda rows: resources_without(snapshot, team, rows),
            _open_actions(snapshot, team),
            started_after(snapshot),
            project=project,
            since=today,
        )
        # Nothing moves for a task that would not be ready any sooner.
        if sooner is not None and (usual is None or sooner.due_on < usual.due_on):
            usual = sooner
    could = _beyond_limits(parts, resources, usual, request, project=project, since=today)
    could_over = over(could.actions, resources, project=project, since=today) if could else Over()
    if could and could_over and request.allows_over:
        return replace(draft, assignment=could, over=could_over)
    if could_over:
        return replace(draft, assignment=usual, could=could, could_over=could_over)
    return replace(draft, assignment=usual)


def _beyond_limits(
    parts: Sequence[TaskPart],
    resources: Resources,
    usual: Assignment | None,
    request: Request,
    *,
    project: str,
    since: date,
) -> Assignment | None:
    """What would be in time, or earlier, over hour limits; ``None`` if nothing would."""
    if request.wanted_on is not None:
        if usual is not None and usual.due_on <= request.wanted_on:
            return None
        return until_day(parts, resources, project=project, since=since, last_day=request.wanted_on)
    unlimited = on_first_days(parts, replace(resources, limits=()), project=project, since=since)
    if unlimited is None or (usual is not None and usual.due_on <= unlimited.due_on):
        return None
    return unlimited


def effect(draft: Draft) -> Json:
    """What confirming the draft would do, as JSON data. Equal effects look the same to a person."""
    row = draft.source.backlog_row
    assignment = draft.assignment or Assignment(())
    return {
        "task": None if row is None else [row.task, row.result, row.priority, row.quantity, row.size],
        "actions": [
            [action.profile, action.specialist, _day_data(action.day_hours)] for action in assignment.actions
        ],
        "moves": {str(move.action.row_number): _day_data(move.day_hours) for move in assignment.moves},
        "over": {
            "people": dict(draft.over.person_hours),
            "limits": [
                [one.limit.project is not None, one.period.start_on.isoformat(), one.hours]
                for one in draft.over.limits
            ],
        },
    }


def _day_data(day_hours: Mapping[date, float]) -> Json:
    return {day.isoformat(): hours for day, hours in day_hours.items()}


# --- Inputs ----------------------------------------------------------------------------------------


def resources_without(snapshot: Snapshot, team: Team, without: Collection[int]) -> Resources:
    """Resources of the project's plan; actions of its rows *without* promise nothing."""
    own_id = snapshot.project.spreadsheet_id

    def freed(item: Item) -> Item:
        actions = (replace(one, day_hours={}) if one.row_number in without else one for one in item.actions)
        return replace(item, actions=tuple(actions)) if item.spreadsheet_id == own_id else item

    return resources_of(
        snapshot.services,
        snapshot.project,
        team,
        read_terms(snapshot.book, snapshot.services.choices),
        [freed(item) for item in work_as_in_sheet(snapshot)],
        snapshot.typed_hours,
    )


def started_after(snapshot: Snapshot) -> Mapping[int, tuple[int, ...]]:
    """Predecessors of items in progress by number: those of backlog rows, and those of templates."""
    of_templates = {item.number: item.after for item in snapshot.items.values() if item.after}
    return {**of_templates, **read_started_after(snapshot.book)}


def _open_actions(snapshot: Snapshot, team: Team) -> list[OpenAction]:
    """Actions of the project in progress with days from today on.

    One can move if nothing was begun and its row is as it was planned: what people have changed stays.
    """
    found = []
    known = {person.name for person in team.specialists}
    for row in snapshot.work_rows.actions:
        item = snapshot.items.get(row.item_number)
        action = next((one for one in item.actions if one.row_number == row.number), None) if item else None
        if item is None or action is None or item.is_done or row.is_done or action.is_done:
            continue
        if not action.day_hours or max(action.day_hours) < snapshot.today:
            continue
        can_move = (
            not _is_begun(row, action, snapshot.today)
            and is_as_planned(row, action)
            and action.specialist in known
        )
        found.append(
            OpenAction(
                action.row_number, item.number, row.position, action.specialist, action.day_hours, can_move
            )
        )
    return found


def _is_begun(row: WorkRow, action: ItemAction, today: date) -> bool:
    return has_been_begun(row, action) or min(action.day_hours) < today


def has_been_begun(row: WorkRow, action: ItemAction) -> bool:
    """Whether somebody has worked on an action, as far as row and store tell."""
    return (
        row.status is not ActionStatus.ONBOARDING
        or not _NOTHING_DONE.fullmatch(row.progress)
        or (row.logged_hours or 0.0) > 0
        or action.logged_hours > 0
        or action.is_ticked
    )


def is_as_planned(row: WorkRow, action: ItemAction) -> bool:
    """Whether the cells of a row are as the add-on has written them."""
    return (
        row.is_readable
        and row.specialist == action.specialist
        and abs(row.planned_hours - action.hours) <= TOLERANCE_HOURS
        and row.start_on == min(action.day_hours)
        and row.due_on == max(action.day_hours)
    )


def work_types(snapshot: Snapshot, team: Team, work_type: str = "") -> list[str]:
    """The agency's work types, with *work_type* if it is another one."""
    norms = snapshot.stored.norms.value
    known = team.work_types or norms.own_types or tuple(norms.norms.work_types.values())
    return list(dict.fromkeys([*known, *([work_type] if work_type else [])]))


def _completed(
    snapshot: Snapshot, team: Team, source: TaskSource, request: Request, resources: Resources
) -> Request:
    """The request with hours by the norm, and the person who has room first, where nothing was chosen."""
    row = source.backlog_row
    planned = parts_of_row(snapshot, row) if row is not None else {}
    asked = request.parts or tuple(AskedPart(profile) for profile in planned) or (AskedPart(),)
    norms = snapshot.stored.norms.value.norms
    parts = []
    for part in asked:
        profile = part.profile
        profiles = norms.profiles_of(request.work_type) if request.work_type else []
        if not profile and profiles:
            profile = next((one for one in team.profiles if one in profiles), profiles[0])
        hours = part.hours
        if hours is None and profile in planned:
            hours = planned[profile].hours
        if hours is None:
            hours = norm_hours(snapshot, request.work_type, profile, source)
        names = [
            one.specialist
            for one in offers(
                profile,
                hours or 1.0,
                resources,
                project=snapshot.project.spreadsheet_id,
                since=snapshot.today,
            )
        ]
        specialist = part.specialist if part.specialist in names else next(iter(names), "")
        parts.append(AskedPart(profile, specialist, hours))
    return replace(request, parts=tuple(parts))


def norm_hours(snapshot: Snapshot, work_type: str, profile: str, source: TaskSource) -> float | None:
    """Hours of the norm, ``None`` where the profile has none for this type of work."""
    norms, row = snapshot.stored.norms.value.norms, source.backlog_row
    if not work_type or profile not in norms.profiles_of(work_type):
        return None
    task = Task(work_type, profile, row.quantity, row.size) if row else Task(work_type, profile)
    made = forecast(norms, task)
    return tenth(made.mean_hours) if made else None


def _whole_parts(request: Request) -> tuple[TaskPart, ...]:
    """The parts, none while one of them lacks its profile, person or hours."""
    parts = tuple(
        TaskPart(part.profile, part.specialist, part.hours)
        for part in request.parts
        if part.profile and part.specialist and part.hours
    )
    return parts if len(parts) == len(request.parts) else ()


def over_sentences(snapshot: Snapshot, over_limits: Over) -> list[Sentence]:
    """By how much a task goes over the hours of people and over limits."""
    said = [
        sentence("assign.over_person", name=name, hours=hours)
        for name, hours in over_limits.person_hours.items()
    ]
    for one in over_limits.limits:
        code = "assign.over_project" if one.limit.project is not None else "assign.over_agency"
        days = period_days(snapshot.services.calendar, one.period)
        said.append(sentence(code, hours=one.hours, limit=one.limit.hours, days=days))
    return said
