"""Gives new days, and where needed another person, to work that cannot be done any more as it was planned.

What somebody has begun is never moved. An action that can still be done on its days by its person stays as it
is. Another one gets the first days with room after those that it has to follow, with its own person as long
as this keeps its day; otherwise whoever of the profile is ready first does it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import date, timedelta
from enum import StrEnum

from msgspec import Struct

from vitrina.domain.planning.capacity import Resources
from vitrina.domain.planning.in_progress.open_work import (
    OpenAction,
    actions_before,
    new_timeline,
    room_as_before,
)
from vitrina.domain.planning.schedule import Pieces, Timeline


class Trouble(StrEnum):
    """Why an action cannot be done as it was planned."""

    GONE = "gone"
    AWAY = "away"
    OVERDUE = "overdue"
    WAITS = "waits"
    FULL = "full"


class Replanned(Struct, frozen=True):
    """New days and person of an action; ``trouble`` says why."""

    action: OpenAction
    specialist: str
    day_hours: Mapping[date, float]
    trouble: Trouble

    @property
    def due_on(self) -> date:
        """Last day with work."""
        return max(self.day_hours)

    @property
    def is_day_broken(self) -> bool:
        """Whether it ends later than it was promised."""
        return self.due_on > self.action.due_on


class Replan(Struct, frozen=True):
    """What moves. ``stuck`` found no days within the horizon; ``begun`` is in trouble and was begun."""

    moves: tuple[Replanned, ...]
    stuck: tuple[OpenAction, ...] = ()
    begun: tuple[tuple[OpenAction, Trouble], ...] = ()


def replan(
    resources_without: Callable[[Collection[int]], Resources],
    opened: Iterable[OpenAction],
    after: Mapping[int, Collection[int]],
    *,
    project: str,
    since: date,
) -> Replan:
    """Plan the open actions of a project anew, as far as they cannot be done as they are.

    Parameters
    ----------
    resources_without
        The resources without the promised hours of the actions with these row numbers.
    opened
        Actions of the project that are not done, also those whose days are over.
    after
        Items that each item of the project has to wait for, by number.
    since
        The first day that may be planned.
    """
    every = list(opened)
    movable = sorted(
        (one for one in every if one.can_move), key=lambda one: (one.start_on, one.position, one.row_number)
    )
    timeline = new_timeline(resources_without({one.row_number for one in movable}), since)
    kept = _kept(movable, timeline, project, since)
    days: dict[int, Mapping[date, float]] = {}
    moves: list[Replanned] = []
    stuck: list[OpenAction] = []
    for one in movable:
        ends = [
            max(days.get(other.row_number, other.day_hours)) for other in actions_before(every, one, after)
        ]
        end = max(ends, default=date.min)
        pieces = kept.get(one.row_number)
        if pieces is not None and end < one.start_on:
            timeline.open(timeline.ledger.people[one.specialist], pieces)
            continue
        trouble = _trouble_of_person(one, timeline, since)
        if pieces is not None:
            timeline.give_back(timeline.ledger.people[one.specialist], project, pieces)
            trouble = Trouble.WAITS
        found = _anew(one, timeline, project, max(since, end + timedelta(days=1)) if ends else since)
        if found is None:
            stuck.append(one)
            continue
        name, pieces = found
        person = timeline.ledger.people[name]
        timeline.take(person, project, pieces)
        timeline.open(person, pieces)
        days[one.row_number] = {timeline.ledger.days[place]: hours for place, hours in pieces}
        moves.append(Replanned(one, name, days[one.row_number], trouble or Trouble.FULL))
    return Replan(
        tuple(sorted(moves, key=lambda move: move.action.row_number)),
        tuple(stuck),
        tuple(
            (one, trouble)
            for one in every
            if not one.can_move and (trouble := _trouble_of_person(one, timeline, since)) is not None
        ),
    )


def _kept(movable: Iterable[OpenAction], timeline: Timeline, project: str, since: date) -> dict[int, Pieces]:
    """The days, which are taken, of actions that can be done as they were planned, by row."""
    kept: dict[int, Pieces] = {}
    for one in movable:
        if _trouble_of_person(one, timeline, since) is None:
            person = timeline.ledger.people[one.specialist]
            pieces = room_as_before(one, timeline, person, project)
            if pieces is not None:
                timeline.take(person, project, pieces)
                kept[one.row_number] = pieces
    return kept


def _trouble_of_person(one: OpenAction, timeline: Timeline, since: date) -> Trouble | None:
    """Whether its person is gone, its first day over, or its person away on one of its days."""
    ledger = timeline.ledger
    place = ledger.people.get(one.specialist)
    if place is None or one.profile not in ledger.resources.specialists[place].profiles:
        return Trouble.GONE
    if one.can_move and one.start_on < since:
        return Trouble.OVERDUE
    person, works = ledger.resources.specialists[place], {*ledger.days}
    away = {day for day in one.day_hours if day >= since} & {*person.days_away}
    if away or any(day >= since and day not in works for day in one.day_hours):
        return Trouble.AWAY
    return None


def _anew(one: OpenAction, timeline: Timeline, project: str, first: date) -> tuple[str, Pieces] | None:
    """Who does it and on which days; ``None`` where nobody has room."""
    ledger = timeline.ledger
    hours = sum(one.day_hours.values())
    earliest = sum(day < first for day in ledger.days)
    found: list[tuple[tuple[int, bool, date, str], str, Pieces]] = []
    for place, person in enumerate(ledger.resources.specialists):
        if one.profile not in person.profiles:
            continue
        pieces = timeline.fit(place, project, hours, earliest=earliest)
        if pieces is None:
            continue
        due_on = ledger.days[pieces[-1][0]]
        late_days = max(0, (due_on - one.due_on).days)
        is_other = person.name != one.specialist
        found.append(((late_days, is_other, due_on, person.name), person.name, pieces))
    if not found:
        return None
    _, name, pieces = min(found, key=lambda option: option[0])
    return name, pieces
