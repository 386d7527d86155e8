"""Schedules a whole project so that it ends as early as possible.

It is for a plan from start to end, such as a launch. Activities have a fixed number of days, run without a
break, and need hours of one or more groups of people on each day. There are no priorities here;
``schedule`` uses the same serial method with priorities for weeks and months.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from vitrina.domain.planning.capacity import EPSILON_HOURS
from vitrina.domain.planning.schedule import serial_order

Key = Hashable


@dataclass(frozen=True)
class Activity:
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


@dataclass(frozen=True)
class ProjectSchedule:
    """First day of each activity, counted from 0, and the length of the project in days."""

    starts: Mapping[Key, int]
    days: int


def shortest(activities: Sequence[Activity], capacity: Mapping[str, float]) -> ProjectSchedule:
    """The shortest of several serial schedules, each improved by shifting backwards and forwards.

    Parameters
    ----------
    capacity
        Hours of each group on every day.

    Raises
    ------
    ValueError
        If an activity needs more than the capacity of a day, or activities wait for each other in a circle.

    Notes ----- The priority rules are latest finish, latest start and most successors. An improvement shifts
    all activities as late and then as early as possible, while that shortens the project. Measured by
    ``python -m benchmarks.psplib``.
    """
    for one in activities:
        if any(hours > capacity.get(group, 0.0) + EPSILON_HOURS for group, hours in one.needs.items()):
            raise ValueError(f"Activity {one.key!r} needs more than a day has.")
    forward = _Direction(activities, {one.key: one.after for one in activities}, capacity)
    followers: dict[Key, tuple[Key, ...]] = {one.key: () for one in activities}
    for one in activities:
        for before in one.after:
            followers[before] = (*followers[before], one.key)
    backward = _Direction(activities, followers, capacity)
    if len(forward.order(lambda _: 0)) < len(activities):
        raise ValueError("Activities wait for each other in a circle.")
    tails = backward.longest_paths()
    successors = backward.reach()
    days = {one.key: one.days for one in activities}
    rules: tuple[Callable[[Key], float], ...] = (
        lambda key: -(tails[key] - days[key]),  # Latest finish first.
        lambda key: -tails[key],  # Latest start first.
        lambda key: -len(successors[key]),  # Most successors first.
    )
    candidates = [_improved(forward.serial(rule), forward, backward) for rule in rules]
    return min(candidates, key=lambda one: one.days)


def _improved(schedule: ProjectSchedule, forward: _Direction, backward: _Direction) -> ProjectSchedule:
    """Shift activities as late, then as early as possible, while the project gets shorter."""
    while True:
        ends = {key: start + forward.days[key] for key, start in schedule.starts.items()}
        late = backward.serial(lambda key, ends=ends: -ends[key])  # type: ignore[misc]
        ends = {key: start + forward.days[key] for key, start in late.starts.items()}
        early = forward.serial(lambda key, ends=ends: -ends[key])  # type: ignore[misc]
        if early.days >= schedule.days:
            return schedule
        schedule = early


class _Direction:
    """The project from its beginning, or from its end with all dependencies reversed."""

    def __init__(
        self,
        activities: Sequence[Activity],
        before: Mapping[Key, Iterable[Key]],
        capacity: Mapping[str, float],
    ) -> None:
        self.days = {one.key: one.days for one in activities}
        self._before = {key: tuple(ones) for key, ones in before.items()}
        self._capacity = capacity
        self._needs = {
            one.key: [(group, hours) for group, hours in one.needs.items() if hours > 0] for one in activities
        }
        self._horizon = sum(self.days.values()) + 1

    def order(self, rule: Callable[[Key], float]) -> list[Key]:
        return serial_order(self.days, self._before, rule)

    def longest_paths(self) -> dict[Key, int]:
        """Least days from the beginning of this direction to the end of each activity."""
        longest: dict[Key, int] = {}
        for key in self.order(lambda _: 0):
            longest[key] = self.days[key] + max((longest[one] for one in self._before[key]), default=0)
        return longest

    def reach(self) -> dict[Key, set[Key]]:
        """All direct and indirect predecessors of each activity in this direction."""
        reached: dict[Key, set[Key]] = {}
        for key in self.order(lambda _: 0):
            reached[key] = set(self._before[key]).union(*(reached[one] for one in self._before[key]))
        return reached

    def serial(self, rule: Callable[[Key], float]) -> ProjectSchedule:
        """Place each activity on its earliest days, in the order of the rule."""
        free = {group: [hours + EPSILON_HOURS] * self._horizon for group, hours in self._capacity.items()}
        starts: dict[Key, int] = {}
        length = 0
        for key in self.order(rule):
            days = self.days[key]
            start = max((starts[one] + self.days[one] for one in self._before[key]), default=0)
            rows = [(free[group], hours) for group, hours in self._needs[key]]
            start = _earliest(rows, start, days)
            for row, hours in rows:
                for day in range(start, start + days):
                    row[day] -= hours
            starts[key] = start
            length = max(length, start + days)
        return ProjectSchedule(starts, length)


def _earliest(rows: Sequence[tuple[list[float], float]], start: int, days: int) -> int:
    """The first day from *start* on from which all groups have their hours for *days* days."""
    day = start + days - 1
    while day >= start:
        if all(row[day] >= hours for row, hours in rows):
            day -= 1
        else:
            start, day = day + 1, day + days
    return start
