"""Schedules a whole project so that it ends as early as possible.

It is for a plan from start to end, such as a launch. Activities have a fixed number of days, run without a
break, and need hours of one or more groups of people on each day. There are no priorities here;
``schedule`` uses the serial method with priorities for weeks and months.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Hashable, Iterator, Mapping, Sequence

from msgspec import Struct

from vitrina.domain.planning.capacity import EPSILON_HOURS, UNITS, units_of
from vitrina.domain.planning.schedule import serial_order

Key = Hashable


class Activity(Struct, frozen=True):
    """Work of ``days`` working days in a row, 0 for a milestone, after its predecessors.

    ``needs`` are hours of each day by group.
    """

    key: Key
    days: int
    needs: Mapping[str, float]
    after: tuple[Key, ...] = ()

    def __post_init__(self) -> None:
        if self.days < 0:
            raise ValueError("Must have days >= 0.")


class ProjectSchedule(Struct, frozen=True):
    """First day of each activity, counted from 0, and the length of the project in days."""

    starts: Mapping[Key, int]
    days: int


def shortest(activities: Sequence[Activity], capacity: Mapping[str, float]) -> ProjectSchedule:
    """The shortest of several schedules, each improved by shifting backwards and forwards.

    Parameters
    ----------
    capacity
        Hours of each group on every day.

    Raises
    ------
    ValueError
        If an activity needs more than the capacity of a day, or activities wait for each other in a circle.

    Notes
    -----
    Schedules are generated serially and in parallel, from the beginning and from the end of the project, by
    the priority rules latest finish, latest start and most successors (Kolisch 1996). An improvement shifts
    all activities as late and then as early as possible, while that shortens the project. The search stops
    at a schedule that is as short as the longest path, or as the work of a group needs. Measured by
    ``python -m benchmarks.psplib``.
    """
    units = {group: math.floor((hours + EPSILON_HOURS) * UNITS) for group, hours in capacity.items()}
    needs = [
        {group: units_of(hours) for group, hours in one.needs.items() if hours > 0} for one in activities
    ]
    for one, need in zip(activities, needs, strict=True):
        if any(amount > units.get(group, 0) for group, amount in need.items()):
            raise ValueError(f"Activity {one.key!r} needs more than a day has.")
    place = {one.key: number for number, one in enumerate(activities)}
    before = [[place[key] for key in one.after] for one in activities]
    after: list[list[int]] = [[] for _ in activities]
    for number, ones in enumerate(before):
        for other in ones:
            after[other].append(number)
    days = [one.days for one in activities]
    resources = _Resources(units, needs)
    forward, backward = _Direction(days, before, after, resources), _Direction(days, after, before, resources)
    if len(forward.topological) < len(activities):
        raise ValueError("Activities wait for each other in a circle.")
    least = max(forward.longest_path, resources.least_days(days))
    best: list[int] | None = None
    for starts in _candidates(forward, backward):
        found = _improved(starts, forward, backward, least)
        if best is None or forward.length(found) < forward.length(best):
            best = found
        if forward.length(best) <= least:
            break
    best = best or []
    return ProjectSchedule(
        {one.key: start for one, start in zip(activities, best, strict=True)}, forward.length(best)
    )


def _candidates(forward: _Direction, backward: _Direction) -> Iterator[list[int]]:
    """First days of activities in schedules of both directions, those that are best on average first."""
    for rule in forward.rules():
        yield forward.parallel(rule)
        yield forward.serial(rule)
    for rule in backward.rules():
        for starts in (backward.parallel(rule), backward.serial(rule)):
            yield forward.serial(backward.reversed(starts))


def _improved(starts: list[int], forward: _Direction, backward: _Direction, least: int) -> list[int]:
    """Shift activities as late, then as early as possible, while the project gets shorter."""
    while forward.length(starts) > least:
        late = backward.serial(forward.reversed(starts))
        early = forward.serial(backward.reversed(late))
        if forward.length(early) >= forward.length(starts):
            return starts
        starts = early
    return starts


class _Resources:
    """Units of all groups packed into one number, so that one comparison tells whether work fits.

    Each group has a field with one bit more than its capacity needs. That bit is set in ``guard``; it is lost
    in a subtraction where the group has too little.
    """

    def __init__(self, units: Mapping[str, int], needs: Sequence[Mapping[str, int]]) -> None:
        self._units = units
        self._needs = needs
        offset, self.guard, capacity = 0, 0, 0
        offsets = {}
        for group, amount in units.items():
            offsets[group] = offset
            capacity |= amount << offset
            offset += amount.bit_length() + 1
            self.guard |= 1 << (offset - 1)
        self.capacity = capacity | self.guard
        self.needs = [sum(amount << offsets[group] for group, amount in need.items()) for need in needs]

    def least_days(self, days: Sequence[int]) -> int:
        """Days that the work of the busiest group takes at least."""
        work: dict[str, int] = {}
        for length, need in zip(days, self._needs, strict=True):
            for group, amount in need.items():
                work[group] = work.get(group, 0) + amount * length
        return max((-(-amount // self._units[group]) for group, amount in work.items()), default=0)


class _Direction:
    """The project from its beginning, or from its end with all dependencies reversed.

    Activities are numbers; ranks and starts are lists by number.
    """

    def __init__(
        self,
        days: Sequence[int],
        before: Sequence[Sequence[int]],
        after: Sequence[Sequence[int]],
        resources: _Resources,
    ) -> None:
        self.days = days
        self._before = before
        self._after = after
        self._resources = resources
        self._horizon = sum(days) + 1
        self.topological = self._order([0] * len(days))
        self.longest_path = max(self._paths(), default=0)

    def _order(self, ranks: Sequence[int]) -> list[int]:
        """Activities by rank, each after those before it."""
        return serial_order(range(len(ranks)), dict(enumerate(self._before)), ranks.__getitem__)

    def _paths(self) -> list[int]:
        """Fewest days from the start of each activity to the end of the project, in this direction."""
        longest = [0] * len(self.days)
        for number in reversed(self.topological):
            follow = max([longest[one] for one in self._after[number]], default=0)
            longest[number] = self.days[number] + follow
        return longest

    def rules(self) -> Iterator[list[int]]:
        """Ranks by priority rule, the smallest first: latest finish, latest start, most successors."""
        paths = self._paths()
        yield [length - path for path, length in zip(paths, self.days, strict=True)]
        yield [-path for path in paths]
        successors: list[set[int]] = [set() for _ in paths]
        for number in reversed(self.topological):
            successors[number].update(self._after[number], *[successors[one] for one in self._after[number]])
        yield [-len(ones) for ones in successors]

    def length(self, starts: Sequence[int]) -> int:
        """Days of a schedule."""
        return max([start + length for start, length in zip(starts, self.days, strict=True)], default=0)

    def reversed(self, starts: Sequence[int]) -> list[int]:
        """First days, counted from the end in the other direction; also the ranks to shift activities."""
        end = self.length(starts)
        return [end - start - length for start, length in zip(starts, self.days, strict=True)]

    def serial(self, ranks: Sequence[int]) -> list[int]:
        """Place each activity on its earliest days, by rank."""
        guard, needs = self._resources.guard, self._resources.needs
        free = [self._resources.capacity] * self._horizon
        starts = [0] * len(self.days)
        for number in self._order(ranks):
            days, need = self.days[number], needs[number]
            start = max([starts[one] + self.days[one] for one in self._before[number]], default=0)
            day = start + days - 1
            while day >= start:
                if free[day] - need & guard == guard:
                    day -= 1
                else:
                    start, day = day + 1, day + days
            for day in range(start, start + days):
                free[day] -= need
            starts[number] = start
        return starts

    def parallel(self, ranks: Sequence[int]) -> list[int]:
        """Day after day, begin the activities that may begin and fit, by rank."""
        guard, needs, free = self._resources.guard, self._resources.needs, self._resources.capacity
        starts = [0] * len(self.days)
        waits = [len(ones) for ones in self._before]
        ready = sorted((ranks[number], number) for number, count in enumerate(waits) if not count)
        running: list[tuple[int, int]] = []
        day = 0
        while ready or running:
            waiting = []
            for rank, number in ready:
                if free - needs[number] & guard == guard:
                    free -= needs[number]
                    starts[number] = day
                    heapq.heappush(running, (day + self.days[number], number))
                else:
                    waiting.append((rank, number))
            ready = waiting
            day = running[0][0]
            while running and running[0][0] == day:
                number = heapq.heappop(running)[1]
                free += needs[number]
                for one in self._after[number]:
                    waits[one] -= 1
                    if not waits[one]:
                        ready.append((ranks[one], one))
            ready.sort()
        return starts
