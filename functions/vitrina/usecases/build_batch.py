"""*Собрать неделю…*: what the period would hold, shown before anything is moved."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from vitrina.domain.batch import BatchPlan, LeftOutItem, LeftOutReason, plan_batch
from vitrina.domain.calendar import Period
from vitrina.domain.effort import Total
from vitrina.errors import CellProblem, CellsError
from vitrina.ports import Json
from vitrina.texts import Days, Sentence, sentence
from vitrina.usecases.backlog import (
    Progress,
    read_book,
    read_own_backlog,
    read_progress,
    require_items,
    settle,
)
from vitrina.usecases.planning import (
    PlannedPart,
    own_profiles,
    plan_row,
    told_total,
    total_of,
    written_by_us,
)
from vitrina.usecases.records import (
    ESTIMATE,
    PREVIEW,
    Agency,
    Item,
    Project,
    at_load,
    items_of,
    load_agency,
    load_norms,
    save_team,
    taken_hours,
    team_data,
)
from vitrina.usecases.services import Answer, Outcome, Services
from vitrina.workbook.book import Book
from vitrina.workbook.heal import told
from vitrina.workbook.rows import Backlog, Team, read_team, read_terms


@dataclass(frozen=True)
class Draft:
    """A plan with everything that it was made from."""

    book: Book
    agency: Agency
    backlog: Backlog
    progress: Progress
    items: tuple[Item, ...]
    plan: BatchPlan
    #: What each item of the backlog is planned with, by number and profile.
    parts: Mapping[int, Mapping[str, PlannedPart]]
    #: P50 and P85 of what was chosen, and of what stays in the backlog; ``None`` where the past is too thin.
    total: Total | None
    left_total: Total | None


def build_batch(services: Services, project: Project, *, period: str) -> Answer:
    """Plan the ``current`` or the ``next`` period and keep the plan, to be confirmed.

    Raises
    ------
    CellsError
        With the bad cells of both workbooks together.
    """
    agency = load_agency(services.store, project.agency_id)
    problems: list[CellProblem] = []
    team = None
    try:
        team = load_team(services, agency)
    except CellsError as error:
        problems += error.problems
    book = read_book(services, project.spreadsheet_id)
    terms = None
    try:
        terms = read_terms(book, services.choices)
    except CellsError as error:
        problems += error.problems
    backlog = read_own_backlog(services, project, book)
    problems += backlog.problems
    if problems or team is None or terms is None:
        raise CellsError(problems)
    span = services.calendar.current_period(services.today(), terms.period)
    if period == "next":
        span = span.next()
    draft = draft_plan(services, project, agency, team, book, backlog, span)
    preview: Json = {
        "spreadsheet_id": project.spreadsheet_id,
        "start_on": span.start_on.isoformat(),
        "kind": span.kind,
        "team": team_data(team),
        "effect": effect(draft.plan),
    }
    preview_id = _fingerprint(preview)
    shown_at = services.clock.now().isoformat()
    services.store.put(PREVIEW, preview_id, {**preview, "shown_at": shown_at})
    return Answer(
        Outcome.DONE,
        sentence(
            "batch.preview" if draft.plan.chosen else "batch.preview_empty",
            chosen=len(draft.plan.chosen),
            hours=draft.plan.planned_hours,
            left_out=len(draft.plan.left_out),
        ),
        details=(*told(book, backlog.identity), *_told_hours(draft)),
        data={"preview_id": preview_id, **_preview_data(services, draft)},
    )


def _told_hours(draft: Draft) -> list[Sentence]:
    """What the chosen items take together, and where the plan differs from what a specialist typed."""
    told_hours = [told_total("total.batch", draft.total)] if draft.total else []
    combined = [
        chosen.item.code
        for chosen in draft.plan.chosen
        for part in draft.parts[chosen.item.number].values()
        if part.specialist_hours is not None and part.hours != part.specialist_hours
    ]
    if combined:
        told_hours.append(sentence("batch.combined", items=list(dict.fromkeys(combined))))
    return told_hours


def load_team(services: Services, agency: Agency) -> Team:
    """The agency's people as its workbook has them now: one read. They are kept for later actions."""
    book = read_book(services, agency.spreadsheet_id)
    team = read_team(book, services.choices, profiles=agency.profiles, today=services.today())
    save_team(services.store, agency.spreadsheet_id, team)
    return team


def draft_plan(
    services: Services,
    project: Project,
    agency: Agency,
    team: Team,
    book: Book,
    backlog: Backlog,
    span: Period,
) -> Draft:
    """Plan *span* from the workbook as it was read and from what is promised to all clients."""
    require_items(backlog)
    terms = read_terms(book, services.choices)
    agency_items = settle(services, project, book, items_of(services.store, agency_id=project.agency_id))
    own = [item for item in agency_items if item.spreadsheet_id == project.spreadsheet_id]
    norms = load_norms(services.store, project.agency_id).norms
    record = services.store.get(ESTIMATE, project.spreadsheet_id)
    written = record.data if record else {}
    parts = {
        row.number: plan_row(norms, row, row.hours, own_profiles(row, written_by_us(written, row), backlog))
        for row in backlog.rows
    }
    plan = plan_batch(
        [
            replace(row.item(rank), hours={key: part.hours for key, part in parts[row.number].items()})
            for rank, row in enumerate(backlog.rows)
        ],
        [at_load(specialist, team.load_factor) for specialist in team.specialists],
        period=span,
        days={
            day: services.calendar.share_of_day(day)
            for day in services.calendar.working_days(span, since=services.today())
        },
        committed=taken_hours(services.store, project.agency_id, agency_items),
        limit_hours=terms.limit_hours,
        used_hours=_used_hours(own, span),
        unfinished=frozenset(item.number for item in own if not item.is_done),
    )
    progress = read_progress(services, project, book)
    total = total_of(norms, (parts[chosen.item.number] for chosen in plan.chosen))
    left_total = total_of(norms, (parts[left.item.number] for left in plan.left_out))
    return Draft(book, agency, backlog, progress, tuple(agency_items), plan, parts, total, left_total)


def effect(plan: BatchPlan) -> Json:
    """What starting the plan would do, as data: two plans with the same effect are the same to a person."""
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
        for chosen in plan.chosen
    }


def _used_hours(items: list[Item], span: Period) -> float:
    """Hours of the project's own work in *span*, done or not: they are spent from its limit."""
    return sum(
        hours
        for item in items
        for action in item.actions
        for day, hours in action.day_hours.items()
        if date.fromisoformat(day) in span
    )


def _fingerprint(data: Json) -> str:
    text = json.dumps(data, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def reason(left: LeftOutItem, profiles: Mapping[str, str], codes: Mapping[int, str]) -> Sentence:
    """Why an item is left out, in words that a client may read: nobody and no other client is named."""
    match left.reason:
        case LeftOutReason.WAITS_FOR:
            return sentence(
                "reason.waits_for", items=[codes.get(number, str(number)) for number in left.waits_for]
            )
        case LeftOutReason.PROJECT_LIMIT:
            return sentence("reason.project_limit", needed=left.needed_hours, free=left.free_hours)
        case LeftOutReason.SPECIALIST_BUSY:
            return sentence(
                "reason.specialist_busy",
                profile=profiles.get(left.profile or "", left.profile or ""),
                needed=left.needed_hours,
                free=left.free_hours,
                capacity=left.capacity_hours,
            )
        case LeftOutReason.NO_SPECIALIST:
            return sentence(
                "reason.no_specialist", profile=profiles.get(left.profile or "", left.profile or "")
            )
        case LeftOutReason.NO_ESTIMATE:
            return sentence("reason.no_estimate")


def item_codes(draft: Draft) -> Mapping[int, str]:
    """ID texts of all items that one may depend on."""
    return {row.number: row.code for row in draft.backlog.rows} | {
        row.item_number: row.code for row in draft.progress.rows
    }


def period_title(services: Services, span: Period) -> Sentence:
    """The days of a period, without the days off at its ends."""
    days = services.calendar.working_days(span)
    return sentence("period.days", days=Days(days[0], days[-1]))


def _preview_data(services: Services, draft: Draft) -> Mapping[str, Any]:
    plan, profiles, codes = draft.plan, draft.agency.profiles, item_codes(draft)

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
            "hours": plan.limit_hours,
            "used_hours": plan.used_hours,
            "planned_hours": plan.planned_hours,
        },
        "specialists": [
            {
                "name": load.specialist.name,
                "profiles": [profiles.get(key, key) for key in load.specialist.profiles],
                "capacity_hours": load.capacity_hours,
                "committed_hours": load.committed_hours,
                "planned_hours": load.planned_hours,
            }
            for load in plan.loads
        ],
        "chosen": [
            {
                "id": chosen.item.code,
                "task": chosen.item.task,
                "priority": priority(chosen.item.priority),
                "hours": chosen.item.total_hours,
                "due_on": chosen.due_on,
                "actions": [
                    {
                        "profile": profiles.get(action.profile, action.profile),
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
                "id": left.item.code,
                "task": left.item.task,
                "priority": priority(left.item.priority),
                "hours": left.item.total_hours,
                "reason": reason(left, profiles, codes),
            }
            for left in plan.left_out
        ],
    }
