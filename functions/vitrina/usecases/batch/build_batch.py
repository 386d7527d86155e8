"""*Собрать неделю…*: plans a period and shows the plan before anything is moved."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date
from functools import cached_property
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from vitrina.domain.calendar import Period
from vitrina.domain.estimating.effort import Total
from vitrina.domain.planning.capacity import Booking
from vitrina.domain.planning.demand import Demand, is_raised
from vitrina.domain.planning.explain import Explanation, Situation, explain
from vitrina.domain.planning.planner import PeriodPlan
from vitrina.domain.planning.schedule import ScheduledItem
from vitrina.domain.planning.selection import LeftOutReason
from vitrina.domain.planning.wishes import NO_WISHES, Wishes, cost_of
from vitrina.errors import CellProblem, CellsError
from vitrina.operations.answer import Answer, Outcome
from vitrina.operations.run import Run
from vitrina.operations.services import Services
from vitrina.ports import Json
from vitrina.project.agency_book import read_team_now
from vitrina.project.planner_input import PlannedPart, parts_of, planned_items, total_message, total_of
from vitrina.project.resources import resources_of
from vitrina.project.snapshot import Snapshot, read_stored, require_items, room_message, snapshot_of
from vitrina.records.layouts import shape_key
from vitrina.records.previews import Preview
from vitrina.records.work import Item
from vitrina.tabs.reasons import Words, period_days, reason_group, staff_reason
from vitrina.texts import Sentence, sentence
from vitrina.usecases.batch.plan_wishes import wish_messages, wishes_from
from vitrina.usecases.batch.wanted_days import missed_in_plan
from vitrina.workbook.reading.settings import read_terms
from vitrina.workbook.reading.team import Team
from vitrina.workbook.size import size_warnings
from vitrina.workbook.writing.heal import repair_messages

#: Plans that are computed to find changes that would let an item in: one for so many items that are left out,
#: within these bounds. Explanations take at most a fifth of the time of an answer then (``benchmarks.warm``).
ITEMS_OF_A_TRY = 20
LEAST_TRIES, MOST_TRIES = 8, 40


class Draft(Struct, frozen=True, dict=True):
    """A plan together with its inputs."""

    snapshot: Snapshot
    situation: Situation
    plan: PeriodPlan
    limit_hours: float | None
    used_hours: float
    #: Hours that each backlog item is planned with, by number and profile.
    parts: Mapping[int, Mapping[str, PlannedPart]]
    #: P50 and P85 of the chosen items, and of those that stay in the backlog. ``None`` where there is too
    #: little finished work to tell.
    total: Total | None
    left_total: Total | None

    @property
    def chosen(self) -> tuple[ScheduledItem, ...]:
        """Items that would be started, the most urgent first."""
        return self.plan.chosen

    @property
    def planned_hours(self) -> float:
        """Hours that the period gives to items that would be started, without work carried over."""
        return sum(one.hours for one in self.plan.selection.taken)

    @property
    def running_on(self) -> list[str]:
        """ID texts of items that would end after the period."""
        return [one.item.code for one in self.chosen if one.due_on > self.plan.period.end_on]

    @cached_property
    def explanations(self) -> tuple[Explanation, ...]:
        """Why each item is left out, when it is expected, and what would let it in: for staff."""
        tries = min(max(LEAST_TRIES, len(self.plan.left_out) // ITEMS_OF_A_TRY), MOST_TRIES)
        return explain(self.situation, self.plan, most_tries=tries)

    @cached_property
    def reasons(self) -> tuple[Explanation, ...]:
        """Why each item is left out and when it is expected: all that a client reads."""
        return explain(self.situation, self.plan, most_tries=0)


def build_batch(run: Run, spreadsheet_id: str, *, period: str, wishes: Json | None = None) -> Answer:
    """Plan a period and keep the plan until the manager confirms it.

    Parameters
    ----------
    period
        ``current`` or ``next``.
    wishes
        What the manager changed in the preview; see ``plan_wishes.WISHES_SCHEMA``.

    Raises
    ------
    CellsError
        If cells of the client's or the agency's workbook are bad. All of them are reported together.
    """
    services = run.services
    stored = read_stored(run, spreadsheet_id, more=[shape_key(run.agency_id)])
    agency = stored.agency
    problems: list[CellProblem] = []
    team = None
    try:
        team = read_team_now(run, agency, stored.more)
    except CellsError as error:
        problems += error.problems
    snapshot = snapshot_of(run, stored, fenced=False)
    terms = None
    try:
        terms = read_terms(snapshot.book, services.choices)
    except CellsError as error:
        problems += error.problems
    problems += snapshot.backlog.problems
    if problems or team is None or terms is None:
        raise CellsError(problems)
    span = services.calendar.current_period(services.today(), terms.period)
    if period == "next":
        span = span.next()
    snapshot.read_agency_work()
    wished = wishes or {}
    draft = draft_plan(snapshot, team, span, wishes_from(wished, snapshot, team))
    preview = Preview(spreadsheet_id, span.start_on, span.kind, team, effect(draft), wished)
    run.at_end(*preview.writes(shown_at=services.clock.now()))
    return Answer(
        Outcome.DONE,
        sentence(
            "batch.preview" if draft.chosen else "batch.preview_empty",
            chosen=len(draft.chosen),
            hours=draft.planned_hours,
            left_out=len(draft.plan.left_out),
        ),
        details=(*repair_messages(snapshot.book, snapshot.backlog_identity), *_plan_messages(draft)),
        data={"preview_id": preview.preview_id, **_preview_data(services, draft)},
    )


def _plan_messages(draft: Draft) -> list[Sentence]:
    """The total of the chosen items, and points in which the plan may surprise a person."""
    messages = [*size_warnings(draft.snapshot.book), *_messages_about_wishes(draft)]
    row_count = sum(len(draft.parts[one.item.number]) for one in draft.chosen)
    if (room := room_message(draft.snapshot, len(draft.chosen), row_count)) is not None:
        messages.insert(0, room)
    if draft.total:
        messages.append(total_message("total.batch", draft.total))
    if running_on := draft.running_on:
        messages.append(sentence("batch.runs_on", items=running_on))
    calendar = draft.snapshot.services.calendar
    messages += missed_in_plan(draft.situation, draft.plan, draft.explanations, calendar)
    if raised := [item.code for item in draft.situation.items if is_raised(item)]:
        messages.append(sentence("batch.raised", items=raised))
    combined = [
        chosen.item.code
        for chosen in draft.chosen
        for part in draft.parts[chosen.item.number].values()
        if part.specialist_hours is not None and part.hours != part.specialist_hours
    ]
    if combined:
        messages.append(sentence("batch.combined", items=list(dict.fromkeys(combined))))
    return messages


def _messages_about_wishes(draft: Draft) -> list[Sentence]:
    """What the wishes of the manager cost, and what of them cannot be."""
    situation = draft.situation
    if not situation.wishes:
        return []
    without = replace(situation, wishes=NO_WISHES).plan()
    words = words_of(draft)
    whys = {one.left.item.number: staff_reason(one, situation, words) for one in draft.explanations}
    cost = cost_of(without, draft.plan, situation.wishes)
    return wish_messages(situation.wishes, draft.plan, draft.explanations, cost, whys)


def draft_plan(snapshot: Snapshot, team: Team, span: Period, wishes: Wishes = NO_WISHES) -> Draft:
    """Plan *span* from the workbook as it was read, the work at all clients, and a person's *wishes*."""
    project, backlog = snapshot.project, snapshot.backlog
    require_items(backlog)
    terms = read_terms(snapshot.book, snapshot.services.choices)
    own = list(snapshot.items.values())
    norms = snapshot.stored.norms.value.norms
    state = snapshot.stored.backlog_state.value
    parts = parts_of(state, backlog, norms)
    situation = Situation(
        Demand(planned_items(project, state, backlog, parts)),
        resources_of(
            snapshot.services, project, team, terms, work_as_in_sheet(snapshot), snapshot.typed_hours
        ),
        span,
        since=snapshot.today,
        unfinished=frozenset((item.spreadsheet_id, item.number) for item in own if not item.is_done),
        wishes=wishes,
    )
    plan = situation.plan()
    return Draft(
        snapshot=snapshot,
        situation=situation,
        plan=plan,
        limit_hours=terms.limit_hours,
        used_hours=_used_hours(own, span),
        parts=parts,
        total=total_of(norms, (parts[chosen.item.number] for chosen in plan.chosen)),
        left_total=total_of(norms, (parts[left.item.number] for left in plan.left_out)),
    )


def work_as_in_sheet(snapshot: Snapshot) -> list[Item]:
    """Items of all clients, with work marked done where this sheet says so: the store may not know it yet."""
    done = {row.number for row in snapshot.work_rows.actions if row.is_done}
    own_id = snapshot.project.spreadsheet_id

    def seen(item: Item) -> Item:
        actions = tuple(replace(one, is_done=one.is_done or one.row_number in done) for one in item.actions)
        return replace(item, actions=actions)

    return [seen(item) if item.spreadsheet_id == own_id else item for item in snapshot.agency_items]


def effect(draft: Draft) -> Json:
    """What starting the plan would do, as JSON data. Plans with equal effects look the same to a person."""
    return {
        str(chosen.item.number): {
            "code": chosen.item.code,
            "task": chosen.item.task,
            "actions": [
                [
                    action.profile,
                    action.specialist,
                    {day.isoformat(): hours for day, hours in action.day_hours.items()},
                ]
                for action in chosen.actions
            ],
        }
        for chosen in draft.chosen
    }


def _used_hours(items: list[Item], span: Period) -> float:
    """Hours of the project's own work in *span*, done or not: they count against its limit."""
    return sum(
        hours
        for item in items
        for action in item.actions
        for day, hours in action.day_hours.items()
        if day in span
    )


def words_of(draft: Draft) -> Words:
    """Titles, IDs and task texts for the sentences of ``reason``."""
    snapshot = draft.snapshot
    tasks = {(item.spreadsheet_id, item.number): (item.code, item.task) for item in snapshot.agency_items}
    tasks |= {item.key: (item.code, item.task) for item in draft.situation.items}
    codes = {row.item_number: row.code for row in snapshot.work_rows.actions}
    codes |= {row.number: row.code for row in snapshot.backlog.rows}
    return Words(snapshot.agency.profiles, codes, tasks, snapshot.services.calendar)


def period_title(services: Services, span: Period) -> Sentence:
    """The days of a period, without the days off at its ends."""
    return sentence("period.days", days=period_days(services.calendar, span))


def _people(draft: Draft) -> list[Json]:
    """Capacity, committed and planned hours of each person, from the first day that may be planned."""
    resources, span = draft.situation.resources, draft.plan.period
    days = [day for day in span if day >= draft.plan.since]
    committed = _hours_on(days, resources.bookings)
    planned = _hours_on(days, draft.plan.schedule.bookings())
    return [
        {
            "name": one.name,
            "profiles": [draft.snapshot.agency.profiles.get(key, key) for key in one.profiles],
            "capacity_hours": sum(resources.day_capacity(one, day) for day in days),
            "committed_hours": committed.get(one.name, 0.0),
            "planned_hours": planned.get(one.name, 0.0),
        }
        for one in resources.specialists
    ]


def _hours_on(days: Collection[date], bookings: Iterable[Booking]) -> dict[str, float]:
    """Hours of each specialist on *days*."""
    hours: dict[str, float] = {}
    for booking in bookings:
        inside = sum(day_hours for day, day_hours in booking.day_hours.items() if day in days)
        hours[booking.specialist] = hours.get(booking.specialist, 0.0) + inside
    return hours


def _preview_data(services: Services, draft: Draft) -> Mapping[str, Any]:
    plan, profiles = draft.plan, draft.snapshot.agency.profiles
    words = words_of(draft)
    skilled: dict[str, list[str]] = {}
    for one in draft.situation.resources.specialists:
        for profile in one.profiles:
            skilled.setdefault(profile, []).append(one.name)

    def priority(code: str) -> Sentence:
        return sentence(f"priority.{code}")

    return {
        "period": {
            "kind": plan.period.kind,
            "start_on": plan.period.start_on,
            "end_on": plan.period.end_on,
            "title": period_title(services, plan.period),
        },
        "limit": {
            "hours": draft.limit_hours,
            "used_hours": draft.used_hours,
            "planned_hours": draft.planned_hours,
        },
        "specialists": _people(draft),
        "chosen": [
            {
                "id": chosen.item.code,
                "number": chosen.item.number,
                "task": chosen.item.task,
                "priority": priority(chosen.item.priority),
                "hours": chosen.item.total_hours,
                "due_on": chosen.due_on,
                "runs_on": chosen.due_on > plan.period.end_on,
                "actions": [
                    {
                        "profile": profiles.get(action.profile, action.profile),
                        "profile_key": action.profile,
                        "colleagues": skilled.get(action.profile, []),
                        "specialist": action.specialist,
                        "hours": action.hours,
                        "start_on": action.start_on,
                        "due_on": action.due_on,
                    }
                    for action in chosen.actions
                ],
            }
            for chosen in plan.chosen
        ],
        "left_out": [
            {
                "id": one.left.item.code,
                "number": one.left.item.number,
                "group": reason_group(one, words),
                "is_taken_out": one.left.reason is LeftOutReason.TAKEN_OUT,
                "task": one.left.item.task,
                "priority": priority(one.left.item.priority),
                "hours": one.left.item.total_hours,
                "reason": staff_reason(one, draft.situation, words),
            }
            for one in draft.explanations
        ],
    }
