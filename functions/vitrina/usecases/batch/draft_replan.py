"""Open work of a project as it would be after *Перепланировать…*, with its inputs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from msgspec import Struct

from vitrina.domain.planning.in_progress.open_work import OpenAction
from vitrina.domain.planning.in_progress.replan import Replan, Replanned, replan
from vitrina.ports import Json
from vitrina.project.snapshot import Snapshot
from vitrina.records.work import ItemAction
from vitrina.usecases.batch.draft_assignment import (
    has_been_begun,
    is_as_planned,
    resources_without,
    started_after,
)
from vitrina.workbook.reading.team import Team


class ReplanDraft(Struct, frozen=True):
    """What would move, from the workbook as it was read and the work in progress at all clients."""

    snapshot: Snapshot
    team: Team
    plan: Replan


def draft_replan(snapshot: Snapshot, team: Team) -> ReplanDraft:
    """Plan the open work of a project anew. Nothing that people have begun or changed by hand is moved."""
    plan = replan(
        lambda rows: resources_without(snapshot, team, rows),
        open_actions(snapshot),
        started_after(snapshot),
        project=snapshot.project.spreadsheet_id,
        since=snapshot.today,
    )
    return ReplanDraft(snapshot, team, plan)


def open_actions(snapshot: Snapshot) -> list[OpenAction]:
    """Actions of the project that are not done and have promised days."""
    found = []
    for row in snapshot.work_rows.actions:
        item = snapshot.items.get(row.item_number)
        action = next((one for one in item.actions if one.row_number == row.number), None) if item else None
        if item is None or action is None or not action.day_hours:
            continue
        if item.is_done or row.is_done or action.is_done or action.is_ticked:
            continue
        found.append(
            OpenAction(
                action.row_number,
                item.number,
                row.position,
                action.specialist,
                action.day_hours,
                can_move=not has_been_begun(row, action) and is_as_planned(row, action),
                profile=action.profile,
            )
        )
    return found


def effect(plan: Replan) -> Json:
    """What confirming it would do, as JSON data, by row. Equal effects look the same to a person."""
    return {
        str(move.action.row_number): {
            "before": _state(move.action.specialist, move.action.day_hours),
            "after": _state(move.specialist, move.day_hours),
            "trouble": move.trouble.value,
        }
        for move in plan.moves
    }


def _state(specialist: str, day_hours: Mapping[date, float]) -> Json:
    return {"specialist": specialist, "days": days_data(day_hours)}


def state_of(action: ItemAction) -> Json:
    """Person and days of an action, as in ``effect``."""
    return _state(action.specialist, action.day_hours)


def days_data(day_hours: Mapping[date, float]) -> dict[str, float]:
    """Hours by day as JSON."""
    return {day.isoformat(): hours for day, hours in sorted(day_hours.items())}


def days_from(data: Mapping[str, float]) -> dict[date, float]:
    """Hours by day of JSON."""
    return {date.fromisoformat(day): hours for day, hours in data.items()}


def move_data(snapshot: Snapshot, move: Replanned) -> Json:
    """A row that would move, as the sidebar shows it."""
    item, action = snapshot.items[move.action.item], move.action
    return {
        "id": item.code,
        "task": item.task,
        "profile": snapshot.agency.profiles.get(action.profile, action.profile),
        "before": {"specialist": action.specialist, "start_on": action.start_on, "due_on": action.due_on},
        "after": {
            "specialist": move.specialist,
            "start_on": min(move.day_hours),
            "due_on": move.due_on,
        },
        "is_day_broken": move.is_day_broken,
    }
