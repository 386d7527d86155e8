"""What is said of days that clients want and that are past or cannot be met, with the days that can be."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from vitrina.domain.backlog import BacklogItem
from vitrina.domain.calendar import WorkCalendar
from vitrina.domain.planning.explain import Explanation, Situation
from vitrina.domain.planning.in_progress.assignment import first_due_day
from vitrina.domain.planning.in_progress.open_work import new_timeline
from vitrina.domain.planning.planner import PeriodPlan
from vitrina.errors import CellsError
from vitrina.project.resources import resources_of
from vitrina.project.snapshot import Snapshot
from vitrina.tabs.reasons import period_days
from vitrina.texts import Sentence, sentence
from vitrina.workbook.reading.settings import read_terms


def missed_in_plan(
    situation: Situation, plan: PeriodPlan, explanations: Iterable[Explanation], calendar: WorkCalendar
) -> list[Sentence]:
    """Wanted days that the plan of a period cannot keep."""
    since = plan.since
    wanted = {item.key: item.wanted_on for item in situation.items if item.wanted_on is not None}
    late = [
        sentence("batch.wanted_item", item=one.item.code, wanted=day, due=one.due_on)
        for one in plan.chosen
        if (day := wanted.get(one.item.key)) is not None and since <= day < one.due_on
    ]
    left = [
        sentence(
            "batch.wanted_left_item",
            item=one.left.item.code,
            wanted=day,
            days=period_days(calendar, one.enters),
        )
        for one in explanations
        if (day := wanted.get(one.left.item.key)) is not None
        and since <= day
        and one.enters is not None
        and day < one.enters.start_on
    ]
    return _told({"batch.wanted_late": [*late, *left], "batch.wanted_past": _past(situation.items, since)})


def missed_from_the_start(snapshot: Snapshot, items: Sequence[BacklogItem]) -> list[Sentence]:
    """Wanted days that are past, or that an item misses even if it is the first to begin."""
    today = snapshot.today
    late = [
        sentence("estimate.wanted_item", item=item.code, wanted=item.wanted_on, due=due_on)
        for item, due_on in _first_due_days(snapshot, items)
        if item.wanted_on is not None and today <= item.wanted_on < due_on
    ]
    return _told({"estimate.wanted_late": late, "batch.wanted_past": _past(items, today)})


def _first_due_days(snapshot: Snapshot, items: Sequence[BacklogItem]) -> Iterable[tuple[BacklogItem, date]]:
    """Items with a wanted day, and when each could be done at the earliest; none where nobody can tell."""
    team, services = snapshot.stored.team, snapshot.services
    wanted = [item for item in items if item.wanted_on is not None and item.hours]
    if team is None or not wanted:
        return
    try:
        terms = read_terms(snapshot.book, services.choices)
    except CellsError:
        return
    agency_items, typed = snapshot.agency_items, snapshot.typed_hours
    resources = resources_of(services, snapshot.project, team, terms, agency_items, typed)
    timeline = new_timeline(resources, snapshot.today)
    for item in wanted:
        due_on = first_due_day(item.hours, resources, timeline, project=item.project)
        if due_on is not None:
            yield item, due_on


def _past(items: Iterable[BacklogItem], since: date) -> list[str]:
    return [item.code for item in items if item.wanted_on is not None and item.wanted_on < since]


def _told(lines: dict[str, list[Sentence] | list[str]]) -> list[Sentence]:
    return [sentence(code, items=items) for code, items in lines.items() if items]
