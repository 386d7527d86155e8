"""Actions in progress of a project, and the room that they need on the days of their people."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date, timedelta

from msgspec import Struct

from vitrina.domain.planning.capacity import EPSILON_HOURS, Ledger, Resources
from vitrina.domain.planning.planner import HORIZON_CALENDAR_DAYS
from vitrina.domain.planning.schedule import Pieces, Timeline


class OpenAction(Struct, frozen=True):
    """An action in progress of the project. It ``can_move`` if nobody has begun it."""

    row_number: int
    item: int
    position: int
    specialist: str
    day_hours: Mapping[date, float]
    can_move: bool
    profile: str = ""

    @property
    def start_on(self) -> date:
        """First day with work."""
        return min(self.day_hours)

    @property
    def due_on(self) -> date:
        """Last day with work."""
        return max(self.day_hours)


def room_as_before(one: OpenAction, timeline: Timeline, person: int, project: str) -> Pieces | None:
    """The old days of an action, ``None`` if there is no room on them any more."""
    ledger = timeline.ledger
    places = {day: place for place, day in enumerate(ledger.days)}
    if any(day not in places for day in one.day_hours):
        return None
    pieces = [(places[day], hours) for day, hours in sorted(one.day_hours.items())]
    spent: dict[tuple[int, int], float] = {}
    for place, hours in pieces:
        if ledger.free[person][place] < hours - EPSILON_HOURS:
            return None
        for number in ledger.limits_of(person, project):
            key = (number, ledger.window_of(number, place))
            spent[key] = spent.get(key, 0.0) + hours
    fits = all(
        ledger.left[number][window] > hours - EPSILON_HOURS for (number, window), hours in spent.items()
    )
    return pieces if fits else None


def actions_before(
    every: Iterable[OpenAction], one: OpenAction, after: Mapping[int, Collection[int]]
) -> list[OpenAction]:
    """The actions that have to end before *one* begins."""
    items = after.get(one.item, ())
    return [
        other
        for other in every
        if (other.item == one.item and other.position < one.position)
        or (other.item in items and other.item != one.item)
    ]


def new_timeline(resources: Resources, since: date) -> Timeline:
    """The days from *since* on, with what is booked in *resources*."""
    return Timeline(Ledger(resources, since=since, until=since + timedelta(days=HORIZON_CALENDAR_DAYS)))
