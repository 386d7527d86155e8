"""On which days the chosen work is done: a serial schedule, one day after the other.

Items are put on days one by one: what was promised first, then class by class and inside a class the short
ones, which finishes the higher classes sooner and measured 14-17 % sooner on the whole. An action begins on
the day after the one before it ended, takes the earliest days on which its person and all limits have room,
and pauses around what is promised already. What has no room in the period goes on into the next one, and
what is larger than a period is carried over: its rest takes the earliest days behind the period.
"""

from __future__ import annotations

import heapq
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

from vitrina.domain.backlog import BacklogItem, PlannedAction
from vitrina.domain.capacity import EPSILON_HOURS, Booking, Ledger
from vitrina.domain.selection import Assignment, TakenItem, priority_class

#: A remainder below a quarter of an hour is not worth a day of its own.
MIN_PIECE_HOURS = 0.25

#: Things that a person may have begun and not finished at any moment.
WIP_LIMIT = 2

ItemKey = tuple[str, int]
Task = TypeVar("Task", bound=Hashable)


@dataclass(frozen=True)
class ScheduledItem:
    """An item with its people's days, those behind the period too."""

    item: BacklogItem
    actions: tuple[PlannedAction, ...]

    @property
    def start_on(self) -> date:
        """First day with work."""
        return min(action.start_on for action in self.actions)

    @property
    def due_on(self) -> date:
        """Last day of its last action: the last day on which it is still in time."""
        return max(action.due_on for action in self.actions)

    def bookings(self) -> tuple[Booking, ...]:
        """What its people promise by it."""
        return tuple(
            Booking(action.specialist, self.item.project, self.item.number, action.day_hours)
            for action in self.actions
        )


@dataclass(frozen=True)
class Schedule:
    """Items on days, in the order of placing; ``unplaced`` found no days within the horizon."""

    items: tuple[ScheduledItem, ...]
    unplaced: tuple[BacklogItem, ...] = ()

    def bookings(self) -> tuple[Booking, ...]:
        """What all people promise by it."""
        return tuple(booking for one in self.items for booking in one.bookings())

    @property
    def finish_on(self) -> date | None:
        """Last day with work, ``None`` without any."""
        return max((one.due_on for one in self.items), default=None)


def serial_order(
    tasks: Iterable[Task], predecessors: Mapping[Task, Iterable[Task]], rank: Callable[[Task], Any]
) -> list[Task]:
    """Tasks by rank, each behind its predecessors; members of a circle are left out.

    Parameters
    ----------
    predecessors
        Those that are not among *tasks* are ignored.
    """
    members = list(tasks)
    known = set(members)
    waits = {task: {one for one in predecessors.get(task, ()) if one in known} for task in members}
    followers: dict[Task, list[Task]] = {}
    for task, before in waits.items():
        for one in before:
            followers.setdefault(one, []).append(task)
    place = {task: number for number, task in enumerate(members)}
    ready = [(rank(task), place[task], task) for task in members if not waits[task]]
    heapq.heapify(ready)
    order: list[Task] = []
    while ready:
        task = heapq.heappop(ready)[2]
        order.append(task)
        for follower in followers.get(task, ()):
            waits[follower].discard(task)
            if not waits[follower]:
                heapq.heappush(ready, (rank(follower), place[follower], follower))
    return order


class Timeline:
    """Days of people as they are filled: hours by the ledger, and things begun and not finished.

    The ledger is spent by it.
    """

    def __init__(self, ledger: Ledger, *, wip_limit: int = WIP_LIMIT) -> None:
        self.ledger = ledger
        self._wip_limit = wip_limit
        day_count = len(ledger.days)
        people = ledger.resources.specialists
        #: Things that are open over the night after the day; that are open on the whole day; within the day.
        self._nights = [[0] * day_count for _ in people]
        self._through = [[0] * day_count for _ in people]
        self._within = [[0] * day_count for _ in people]
        for booking in ledger.resources.bookings:
            person = ledger.people.get(booking.specialist)
            if person is not None and booking.day_hours:
                self._open_booked(person, min(booking.day_hours), max(booking.day_hours))

    def _open_booked(self, person: int, first: date, last: date) -> None:
        inside = [place for place, day in enumerate(self.ledger.days) if first <= day <= last]
        if not inside:
            return
        began_before = first < self.ledger.days[0]
        self._open(person, -1 if began_before else inside[0], inside[-1])

    def _open(self, person: int, start: int, end: int) -> None:
        if start == end:
            self._within[person][start] += 1
            return
        for place in range(max(0, start), end):
            self._nights[person][place] += 1
        for place in range(start + 1, end):
            self._through[person][place] += 1

    def fit(
        self, person: int, project: str, hours: float, *, earliest: int, rest: float = 0.0, rest_from: int = 0
    ) -> list[tuple[int, float]] | None:
        """The earliest days that hold *hours*, none before the place *earliest*; nothing is taken yet.

        The *rest* is carried over: it follows on days not before *rest_from*.
        """
        start = earliest
        day_count = len(self.ledger.days)
        while start < day_count:
            if self.ledger.room(person, project, start) < min(MIN_PIECE_HOURS, hours) - EPSILON_HOURS:
                start += 1
                continue
            pieces = self._spread(person, project, start, [(hours, start), (rest, rest_from)])
            if pieces is None:
                return None
            blocked = self._crowded(person, start, pieces[-1][0])
            if blocked is None:
                return pieces
            start = blocked
        return None

    def _spread(
        self, person: int, project: str, start: int, wanted: Sequence[tuple[float, int]]
    ) -> list[tuple[int, float]] | None:
        """All that is free from *start* on, until the *wanted* hours are there, each from its place on."""
        ledger = self.ledger
        coming = [(hours, first) for hours, first in wanted if hours > EPSILON_HOURS]
        left, first = coming.pop(0)
        limits = ledger.limits_of(person, project)
        spent: dict[tuple[int, int], float] = {}
        pieces: list[tuple[int, float]] = []
        for place in range(start, len(ledger.days)):
            if place < first:
                continue
            room = ledger.free[person][place]
            for number in limits:
                window = ledger.window_of(number, place)
                room = min(room, ledger.left[number][window] - spent.get((number, window), 0.0))
            if room < min(MIN_PIECE_HOURS, left) - EPSILON_HOURS:
                continue
            piece = min(room, left)
            pieces.append((place, piece))
            left -= piece
            if left <= EPSILON_HOURS:
                if not coming:
                    return pieces
                left, first = coming.pop(0)
            for number in limits:
                key = (number, ledger.window_of(number, place))
                spent[key] = spent.get(key, 0.0) + piece
        return None

    def _crowded(self, person: int, start: int, end: int) -> int | None:
        """``None`` where one more thing may be open from *start* to *end*, else where to try next."""
        most = self._wip_limit
        if start == end:
            return start + 1 if self._through[person][start] >= most else None
        nights, through, within = self._nights[person], self._through[person], self._within[person]
        for place in range(end - 1, start - 1, -1):
            if nights[place] >= most:
                return place + 1
            if place > start and through[place] + (1 if within[place] else 0) >= most:
                return place
        return None

    def open(self, person: int, pieces: Sequence[tuple[int, float]]) -> None:
        """Note that an action is begun on the first of the days and finished on the last."""
        self._open(person, pieces[0][0], pieces[-1][0])


def schedule(
    taken: Iterable[TakenItem],
    ledger: Ledger,
    *,
    promised: Mapping[ItemKey, date] | None = None,
    rest_on: date | None = None,
    wip_limit: int = WIP_LIMIT,
) -> Schedule:
    """Put the chosen work on days.

    Parameters
    ----------
    taken
        Items with the people and hours of their actions, in any order.
    ledger
        Days from the first that may be planned up to the horizon; it is spent.
    promised
        Days that clients were told. These items go first, the earliest day before the others.
    rest_on
        The first day that may hold what is carried over.

    Returns
    -------
    Schedule
        Nobody and no limit is over its hours on any day or in any week or month.
    """
    by_key = {one.item.key: one for one in taken}
    timeline = Timeline(ledger, wip_limit=wip_limit)
    told = promised or {}
    before = {
        key: [(one.item.project, number) for number in one.item.depends_on] for key, one in by_key.items()
    }
    order = serial_order(by_key, before, lambda key: _rank(by_key[key], told.get(key)))
    ends = _booked_ends(ledger)
    rest_from = bisect_left(ledger.days, rest_on) if rest_on else 0
    scheduled: list[ScheduledItem] = []
    unplaced: list[BacklogItem] = []
    for key in order:
        # Its own earlier actions may have run on from the period before.
        earliest = max((ends[one] + 1 for one in (key, *before[key]) if one in ends), default=0)
        placed = _put(by_key[key], timeline, earliest, rest_from)
        if placed is None:
            unplaced.append(by_key[key].item)
            continue
        scheduled.append(placed[0])
        ends[key] = placed[1]
    unplaced += [one.item for key, one in by_key.items() if key not in set(order)]
    return Schedule(tuple(scheduled), tuple(unplaced))


def _booked_ends(ledger: Ledger) -> dict[ItemKey, int]:
    """Place of the last day on which work is promised already, by item."""
    last: dict[ItemKey, date] = {}
    for booking in ledger.resources.bookings:
        if booking.day_hours:
            key = (booking.project, booking.item)
            last[key] = max(last.get(key, date.min), *booking.day_hours)
    return {
        key: bisect_right(ledger.days, day) - 1
        for key, day in last.items()
        if ledger.days and day >= ledger.days[0]
    }


def _rank(one: TakenItem, promised_on: date | None) -> tuple[object, ...]:
    """What was promised, what was begun, then by class the short ones."""
    item = one.item
    return (
        promised_on is None,
        promised_on or date.max,
        not item.is_carried_over,
        priority_class(item),
        one.hours,
        item.rank,
        item.key,
    )


def _put(
    one: TakenItem, timeline: Timeline, earliest: int, rest_from: int
) -> tuple[ScheduledItem, int] | None:
    """Its actions one after the other; nothing is spent where one of them finds no days."""
    ledger = timeline.ledger
    given = {assignment.profile: assignment for assignment in one.assignments}
    spent: list[tuple[int, list[tuple[int, float]]]] = []
    actions: list[PlannedAction] = []
    for profile in one.item.hours:
        found = _earliest(one, profile, given.get(profile), timeline, earliest, rest_from)
        if found is None:
            for other, taken in spent:
                for place, hours in taken:
                    ledger.take(other, one.item.project, place, -hours)
            return None
        person, pieces = found
        for place, hours in pieces:
            ledger.take(person, one.item.project, place, hours)
        spent.append(found)
        actions.append(
            PlannedAction(
                profile,
                ledger.resources.specialists[person].name,
                {ledger.days[place]: hours for place, hours in pieces},
            )
        )
        earliest = pieces[-1][0] + 1
    for person, pieces in spent:
        timeline.open(person, pieces)
    return ScheduledItem(one.item, tuple(actions)), earliest - 1


def _earliest(
    one: TakenItem,
    profile: str,
    given: Assignment | None,
    timeline: Timeline,
    earliest: int,
    rest_from: int,
) -> tuple[int, list[tuple[int, float]]] | None:
    """Who does the action and on which days; one that is carried over whole goes to who ends it first."""
    ledger, project = timeline.ledger, one.item.project
    rest = one.rest_hours.get(profile, 0.0)
    if given is not None:
        person = ledger.people[given.specialist]
        pieces = timeline.fit(person, project, given.hours, earliest=earliest, rest=rest, rest_from=rest_from)
        return None if pieces is None else (person, pieces)
    earliest = max(earliest, rest_from)
    ways = [
        (pieces[-1][0], person, pieces)
        for person, specialist in enumerate(ledger.resources.specialists)
        if profile in specialist.profiles
        and (pieces := timeline.fit(person, project, rest, earliest=earliest)) is not None
    ]
    return min(ways)[1:] if ways else None
