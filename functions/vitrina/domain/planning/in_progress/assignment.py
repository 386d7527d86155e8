"""Gives one task to chosen people: on their first days with room, until a wanted day, or before other work.

The days are found as in a batch: each part begins on the day after the one before it has ended, no person and
no limit exceeds its hours, and nobody has more actions in progress at once than allowed.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date, timedelta

from msgspec import Struct, field
from msgspec.structs import replace

from vitrina.domain.backlog import PlannedAction
from vitrina.domain.calendar import Period, period_of
from vitrina.domain.checking.feasibility import spread
from vitrina.domain.planning.capacity import EPSILON_HOURS, HourLimit, Ledger, Resources
from vitrina.domain.planning.in_progress.open_work import (
    OpenAction,
    actions_before,
    new_timeline,
    room_as_before,
)
from vitrina.domain.planning.schedule import Pieces, Timeline


class TaskPart(Struct, frozen=True):
    """What one person is to do of the task; ``hours`` are above 0."""

    profile: str
    specialist: str
    hours: float


class Offer(Struct, frozen=True):
    """A person who may do a part, and the first days with room; ``None`` where there is none."""

    specialist: str
    start_on: date | None
    due_on: date | None


class Excess(Struct, frozen=True):
    """Hours of the task above what is left of a limit in one of its weeks or months."""

    limit: HourLimit
    period: Period
    hours: float


class Over(Struct, frozen=True):
    """By how much the task goes over the hours of people and over limits; nothing where it does not."""

    person_hours: Mapping[str, float] = field(default_factory=dict)
    limits: tuple[Excess, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.person_hours or self.limits)


class Move(Struct, frozen=True):
    """New days of an action that makes room."""

    action: OpenAction
    day_hours: Mapping[date, float]


class Assignment(Struct, frozen=True):
    """The days of the parts, and what moves for them."""

    actions: tuple[PlannedAction, ...]
    moves: tuple[Move, ...] = ()

    @property
    def due_on(self) -> date:
        """Last day of the task."""
        return max(action.due_on for action in self.actions)


def offers(
    profile: str, hours: float, resources: Resources, *, project: str, since: date
) -> tuple[Offer, ...]:
    """People with *profile*, the one who can begin first before the others; nothing is taken."""
    timeline = new_timeline(resources, since)
    days = timeline.ledger.days
    found = []
    for place, person in enumerate(resources.specialists):
        if profile in person.profiles:
            pieces = timeline.fit(place, project, hours, earliest=0)
            start_on, due_on = (days[pieces[0][0]], days[pieces[-1][0]]) if pieces else (None, None)
            found.append(Offer(person.name, start_on, due_on))
    return tuple(
        sorted(found, key=lambda one: (one.start_on or date.max, one.due_on or date.max, one.specialist))
    )


def first_due_day(
    hours: Mapping[str, float], resources: Resources, timeline: Timeline, *, project: str
) -> date | None:
    """The day before which work of some hours by profile cannot be done, even if it is the first to begin.

    Each part goes to the person who ends it first, and begins after the one before it. Nothing is taken from
    *timeline*, so that it serves many tasks; two parts that share a limit may need longer.

    Returns
    -------
    date or None
        ``None`` where nobody has the profile, or no room within the horizon.
    """
    earliest = 0
    for profile, needed in hours.items():
        fits = (
            timeline.fit(place, project, needed, earliest=earliest)
            for place, person in enumerate(resources.specialists)
            if profile in person.profiles
        )
        ends = [pieces[-1][0] for pieces in fits if pieces]
        if not ends:
            return None
        earliest = min(ends) + 1
    return timeline.ledger.days[earliest - 1] if earliest else None


def on_first_days(
    parts: Sequence[TaskPart], resources: Resources, *, project: str, since: date
) -> Assignment | None:
    """The parts on the first days with room; ``None`` where there are none within the horizon."""
    actions = _place(parts, new_timeline(resources, since), project)
    return None if actions is None else Assignment(actions)


def until_day(
    parts: Sequence[TaskPart], resources: Resources, *, project: str, since: date, last_day: date
) -> Assignment | None:
    """The parts on days up to *last_day*, over hours and limits where they do not fit.

    A part that fits is placed as in a batch. One that does not is spread over all days that it may have:
    free hours first, then evenly.

    Returns
    -------
    Assignment or None
        ``None`` where there is no working day of a person left for his part.
    """
    timeline = new_timeline(replace(resources, limits=()), since)
    ledger = timeline.ledger
    last = bisect_right(ledger.days, last_day) - 1
    actions: list[PlannedAction] = []
    earliest = 0
    for place, part in enumerate(parts):
        person, end = ledger.people[part.specialist], last - (len(parts) - 1 - place)
        pieces = timeline.fit(person, project, part.hours, earliest=earliest)
        if pieces is None or pieces[-1][0] > end:
            pieces = _pressed(part.hours, ledger, person, range(earliest, end + 1))
        if not pieces:
            return None
        timeline.take(person, project, pieces)
        timeline.open(person, pieces)
        actions.append(_action(part, pieces, ledger))
        earliest = pieces[-1][0] + 1
    return Assignment(tuple(actions))


def over(actions: Iterable[PlannedAction], resources: Resources, *, project: str, since: date) -> Over:
    """By how much *actions*, which are not booked in *resources*, go over hours of people and over limits."""
    ledger = new_timeline(resources, since).ledger
    places = {day: place for place, day in enumerate(ledger.days)}
    persons: dict[str, float] = {}
    windows: dict[tuple[int, date], float] = {}
    left: dict[tuple[int, date], float] = {}
    for action in actions:
        person = ledger.people[action.specialist]
        for day, hours in action.day_hours.items():
            above = hours - max(0.0, ledger.free[person][places[day]])
            if above > EPSILON_HOURS:
                persons[action.specialist] = persons.get(action.specialist, 0.0) + above
            ledger.own_hours(person)[places[day]] -= hours
            for number in ledger.limits_of(person, project):
                key = (number, period_of(day, resources.limits[number].kind).start_on)
                windows[key] = windows.get(key, 0.0) + hours
                left[key] = max(0.0, ledger.left[number][ledger.window_of(number, places[day])])
    limits = tuple(
        Excess(resources.limits[number], period_of(start_on, resources.limits[number].kind), above)
        for (number, start_on), hours in sorted(windows.items())
        if (above := hours - left[number, start_on]) > EPSILON_HOURS
    )
    return Over(persons, limits)


def before_others(
    parts: Sequence[TaskPart],
    resources_without: Callable[[Collection[int]], Resources],
    opened: Iterable[OpenAction],
    after: Mapping[int, Collection[int]],
    *,
    project: str,
    since: date,
) -> Assignment | None:
    """The parts before the work that their people have not begun, which makes room and moves to later days.

    An action moves only if its days are taken. What has to follow it, in its item or by *after*, moves too.
    If some of that is begun, the action stays where it is.

    Parameters
    ----------
    resources_without
        The resources without the promised hours of the actions with these row numbers.
    opened
        Actions in progress of the project that have days from *since* on.
    after
        Items that each item of the project has to wait for, by number.
    """
    by_row = {one.row_number: one for one in opened}
    people = {part.specialist for part in parts}
    moving = {row for row, one in by_row.items() if one.can_move and one.specialist in people}
    staying: set[int] = set()
    while True:
        free = frozenset(moving - staying)
        timeline = new_timeline(resources_without(free), since)
        actions = _place(parts, timeline, project)
        if actions is None:
            return None
        days, stuck = _put_back(by_row, free, after, timeline, project)
        staying |= stuck
        behind, begun = _overtaken(by_row, free, staying, days, after)
        moving |= behind
        staying |= begun
        if free == moving - staying:
            moves = [
                Move(by_row[row], new)
                for row, new in days.items()
                if dict(new) != dict(by_row[row].day_hours)
            ]
            return Assignment(actions, tuple(sorted(moves, key=lambda one: one.action.row_number)))


def _put_back(
    by_row: Mapping[int, OpenAction],
    free: Collection[int],
    after: Mapping[int, Collection[int]],
    timeline: Timeline,
    project: str,
) -> tuple[dict[int, Mapping[date, float]], set[int]]:
    """New days of the actions *free*, in the order of their old ones, and those that find no days."""
    ledger = timeline.ledger
    days: dict[int, Mapping[date, float]] = {}
    stuck: set[int] = set()
    for one in sorted((by_row[row] for row in free), key=lambda one: (one.start_on, one.row_number)):
        ends = [
            max(days.get(before.row_number, before.day_hours))
            for before in actions_before(by_row.values(), one, after)
        ]
        person, end = ledger.people[one.specialist], max(ends, default=date.min)
        pieces = room_as_before(one, timeline, person, project) if end < one.start_on else None
        if pieces is None:
            first = max(one.start_on, end + timedelta(days=1) if ends else one.start_on)
            earliest = sum(day < first for day in ledger.days)
            pieces = timeline.fit(person, project, sum(one.day_hours.values()), earliest=earliest)
        if pieces is None:
            stuck.add(one.row_number)
            continue
        timeline.take(person, project, pieces)
        timeline.open(person, pieces)
        days[one.row_number] = {ledger.days[place]: hours for place, hours in pieces}
    return days, stuck


def _overtaken(
    by_row: Mapping[int, OpenAction],
    free: Collection[int],
    staying: Collection[int],
    days: Mapping[int, Mapping[date, float]],
    after: Mapping[int, Collection[int]],
) -> tuple[set[int], set[int]]:
    """Actions that would begin before their predecessor has ended, and movers that *staying* ones forbid."""
    behind: set[int] = set()
    begun: set[int] = set()
    for one in by_row.values():
        if one.row_number in free:
            continue
        for before in actions_before(by_row.values(), one, after):
            new = days.get(before.row_number)
            if new is not None and before.due_on < one.start_on <= max(new):
                if one.can_move and one.row_number not in staying:
                    behind.add(one.row_number)
                else:
                    begun.add(before.row_number)
    return behind, begun


def _place(parts: Sequence[TaskPart], timeline: Timeline, project: str) -> tuple[PlannedAction, ...] | None:
    """Place the parts one after the other; they are taken."""
    ledger, earliest = timeline.ledger, 0
    actions = []
    for part in parts:
        person = ledger.people[part.specialist]
        pieces = timeline.fit(person, project, part.hours, earliest=earliest)
        if pieces is None:
            return None
        timeline.take(person, project, pieces)
        timeline.open(person, pieces)
        actions.append(_action(part, pieces, ledger))
        earliest = pieces[-1][0] + 1
    return tuple(actions)


def _pressed(hours: float, ledger: Ledger, person: int, places: range) -> Pieces:
    """The hours on all days of *places* on which the person works; empty where there is none."""
    works = [place for place in places if ledger.capacity[person][place] > 0]
    if not works:
        return []
    days = [ledger.days[place] for place in works]
    free = {ledger.days[place]: ledger.free[person][place] for place in works}
    shares = spread(hours, days, free)
    return [(place, shares[day]) for place, day in zip(works, days, strict=True) if shares.get(day, 0.0) > 0]


def _action(part: TaskPart, pieces: Pieces, ledger: Ledger) -> PlannedAction:
    return PlannedAction(
        part.profile, part.specialist, {ledger.days[place]: hours for place, hours in pieces}
    )
