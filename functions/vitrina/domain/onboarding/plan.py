"""Plans the onboarding of a project: who does which step on which days, so that all of it ends early.

The order of the steps comes from the shortest schedule of the whole (``planning.project``), which knows
people only by group and every day alike. Each order is then put on the real days: free hours of people beside
what is promised to all clients, absences, limits. The best of several orders is kept and improved by moving
single tasks forward.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from msgspec import Struct

from vitrina.domain.backlog import PlannedAction
from vitrina.domain.onboarding.template import TemplateStep, TemplateTask
from vitrina.domain.planning.capacity import EPSILON_HOURS, Resources
from vitrina.domain.planning.in_progress.open_work import new_timeline
from vitrina.domain.planning.project import Activity, shortest
from vitrina.domain.planning.schedule import Pieces, Timeline, serial_order

#: Most orders that are put on real days.
MOST_TRIES = 60

#: A step: number of its task, and its place in the task.
StepKey = tuple[int, int]


class PlannedTask(Struct, frozen=True):
    """A task with the people and days of its steps."""

    task: TemplateTask
    actions: tuple[PlannedAction, ...]

    @property
    def start_on(self) -> date:
        """First day with work."""
        return min(action.start_on for action in self.actions)

    @property
    def due_on(self) -> date:
        """Last day with work."""
        return max(action.due_on for action in self.actions)


class OnboardingPlan(Struct, frozen=True):
    """Tasks with their days, by number; ``unplaced`` tasks found no person or no days within the horizon."""

    tasks: tuple[PlannedTask, ...]
    unplaced: tuple[TemplateTask, ...] = ()

    @property
    def due_on(self) -> date | None:
        """Last day of the whole, ``None`` where nothing was planned."""
        return max((one.due_on for one in self.tasks), default=None)


def plan_onboarding(
    tasks: Sequence[TemplateTask],
    resources: Resources,
    *,
    project: str,
    since: date,
    ends: Mapping[int, date] | None = None,
) -> OnboardingPlan:
    """Plan the tasks of a template as the shortest schedule that was found.

    Parameters
    ----------
    tasks
        The tasks that the project lacks. They do not wait for each other in a circle.
    since
        First day of the project, from which delays of the template count.
    ends
        Last days of tasks of the template that the project has already, by number. A task that is in neither
        is not waited for.

    Returns
    -------
    OnboardingPlan
        No person and no limit exceeds its hours on any day, week or month.
    """
    if not tasks:
        return OnboardingPlan(())
    return _Search(tasks, resources, project, since, ends or {}).best()


class _Try(NamedTuple):
    """Steps on places of days; the smaller ``cost``, the better."""

    cost: tuple[int, int, int]
    placed: Mapping[StepKey, tuple[int, Pieces]]


class _Search:
    """Tries orders of the steps on one and the same state of people's days."""

    def __init__(
        self,
        tasks: Sequence[TemplateTask],
        resources: Resources,
        project: str,
        since: date,
        ends: Mapping[int, date],
    ) -> None:
        self._tasks = sorted(tasks, key=lambda task: task.number)
        self._resources = resources
        self._project = project
        self._timeline = new_timeline(resources, since)
        self._days = self._timeline.ledger.days
        self._steps = {
            (task.number, place): step for task in self._tasks for place, step in enumerate(task.steps)
        }
        self._people = {key: self._able(step) for key, step in self._steps.items()}
        self._lags = {task.number: self._lag(task, ends) for task in self._tasks}
        self._before = self._predecessors()

    def best(self) -> OnboardingPlan:
        """The best of the orders that were tried."""
        ranks = self._ranks()
        best_rank = next(ranks)
        best, tries = self._place(best_rank), 1
        least = self._least_end()
        for rank in ranks:
            found = self._place(rank)
            tries += 1
            if found.cost < best.cost:
                best, best_rank = found, rank
        while tries < MOST_TRIES and best.cost[:2] > (0, least):
            rank, found, used = self._improved(best_rank, best, MOST_TRIES - tries)
            tries += used
            if found.cost >= best.cost:
                break
            best, best_rank = found, rank
        return self._plan(best)

    # --- What a step may have ------------------------------------------------------------------------

    def _able(self, step: TemplateStep) -> list[int]:
        """Places of the people who may do a step."""
        return [
            place
            for place, person in enumerate(self._resources.specialists)
            if (person.name == step.specialist if step.specialist else step.profile in person.profiles)
        ]

    def _lag(self, task: TemplateTask, ends: Mapping[int, date]) -> int:
        """Place of the first day that a task may have by the template and by tasks that exist."""
        known = [bisect_right(self._days, ends[number]) for number in task.after if number in ends]
        return max([task.after_days, *known])

    def _predecessors(self) -> Mapping[StepKey, tuple[StepKey, ...]]:
        """Steps that have to end before each one begins."""
        last = {task.number: (task.number, len(task.steps) - 1) for task in self._tasks}
        return {
            (number, place): (
                ((number, place - 1),)
                if place
                else tuple(last[one] for one in self._task(number).after if one in last and one != number)
            )
            for number, place in self._steps
        }

    def _task(self, number: int) -> TemplateTask:
        return self._tasks[bisect_left(self._tasks, number, key=lambda task: task.number)]

    # --- Orders --------------------------------------------------------------------------------------

    def _ranks(self) -> Iterator[Mapping[StepKey, float]]:
        """Ranks of steps, the smallest first: by the shortest schedule, by longest path, by the template."""
        starts = self._shortest_starts()
        if starts is not None:
            yield starts
        yield {key: -path for key, path in self._paths().items()}
        yield {key: float(place) for place, key in enumerate(self._steps)}

    def _shortest_starts(self) -> Mapping[StepKey, float] | None:
        """First days in the shortest schedule of groups, ``None`` where people have no hours at all."""
        capacity: dict[str, float] = {}
        activities: list[Activity] = []
        for key, step in self._steps.items():
            group = f"person:{step.specialist}" if step.specialist else step.profile
            each = [self._usual_hours(place) for place in self._people[key]]
            capacity[group] = sum(each)
            if capacity[group] <= EPSILON_HOURS:
                return None
            daily = capacity[group] / len(each)
            days = max(1, math.ceil(step.hours / daily - EPSILON_HOURS))
            before: list[object] = list(self._before[key])
            if not key[1] and self._lags[key[0]]:
                wait = ("wait", key[0])
                activities.append(Activity(wait, self._lags[key[0]], {}))
                before.append(wait)
            activities.append(Activity(key, days, {group: min(daily, step.hours)}, tuple(before)))
        found = shortest(activities, capacity).starts
        return {key: float(found[key]) for key in self._steps}

    def _usual_hours(self, person: int) -> float:
        """Hours of a person on an ordinary day."""
        specialist = self._resources.specialists[person]
        return specialist.hours_per_day * self._resources.load_factor

    def _paths(self) -> Mapping[StepKey, float]:
        """Hours from the start of each step to the end of the longest path after it."""
        followers: dict[StepKey, list[StepKey]] = {}
        for key, before in self._before.items():
            for one in before:
                followers.setdefault(one, []).append(key)
        order = serial_order(self._steps, self._before, lambda _: 0)
        paths: dict[StepKey, float] = {}
        for key in reversed(order):
            after = max((paths[one] for one in followers.get(key, ())), default=0.0)
            paths[key] = self._steps[key].hours + after
        return paths

    def _improved(
        self, rank: Mapping[StepKey, float], best: _Try, most: int
    ) -> tuple[Mapping[StepKey, float], _Try, int]:
        """The first better plan in which one task, with all before it, has the first choice of days.

        The last value is the count of tries.
        """
        tries = 0
        span = max(rank.values()) - min(rank.values()) + 1.0
        for task in self._tasks:
            if tries >= most:
                break
            chain = self._chain(task.number)
            moved = {key: place - span if key[0] in chain else place for key, place in rank.items()}
            found = self._place(moved)
            tries += 1
            if found.cost < best.cost:
                return moved, found, tries
        return rank, best, max(tries, 1)

    def _chain(self, number: int) -> set[int]:
        """A task and all tasks before it."""
        known = {task.number for task in self._tasks}
        chain: set[int] = set()
        waiting = [number]
        while waiting:
            one = waiting.pop()
            if one not in chain:
                chain.add(one)
                waiting += [before for before in self._task(one).after if before in known]
        return chain

    # --- Real days -----------------------------------------------------------------------------------

    def _place(self, rank: Mapping[StepKey, float]) -> _Try:
        """Put the steps on days by *rank*, each after those before it."""
        timeline = self._timeline.copy()
        placed: dict[StepKey, tuple[int, Pieces]] = {}
        for key in serial_order(self._steps, self._before, lambda one: (rank[one], one)):
            before = self._before[key]
            if any(one not in placed for one in before):
                continue
            earliest = max([self._lags[key[0]], *(_end(placed[one]) + 1 for one in before)])
            found = self._soonest(timeline, key, earliest)
            if found is not None:
                person, pieces = found
                timeline.take(person, self._project, pieces)
                timeline.open(person, pieces)
                placed[key] = found
        ends = [_end(one) for one in placed.values()]
        return _Try((len(self._steps) - len(placed), max(ends, default=-1), sum(ends)), placed)

    def _soonest(self, timeline: Timeline, key: StepKey, earliest: int) -> tuple[int, Pieces] | None:
        """The person who ends a step first; of several the one who begins later and can do less else."""
        people = self._resources.specialists
        ways = [
            (person, pieces)
            for person in self._people[key]
            if (pieces := timeline.fit(person, self._project, self._steps[key].hours, earliest=earliest))
        ]
        return min(
            ways,
            key=lambda way: (_end(way), -way[1][0][0], len(people[way[0]].profiles), way[0]),
            default=None,
        )

    def _least_end(self) -> int:
        """Place of a day before which the whole cannot end: every step alone on the first days with room."""
        ends: dict[StepKey, int] = {}
        for key in serial_order(self._steps, self._before, lambda one: one):
            earliest = max([self._lags[key[0]], *(ends.get(one, -1) + 1 for one in self._before[key])])
            found = self._soonest(self._timeline, key, earliest)
            if found is not None:
                ends[key] = _end(found)
        return max(ends.values(), default=-1)

    def _plan(self, best: _Try) -> OnboardingPlan:
        planned, unplaced = [], []
        for task in self._tasks:
            steps = [best.placed.get((task.number, place)) for place in range(len(task.steps))]
            found = [one for one in steps if one is not None]
            if len(found) < len(task.steps):
                unplaced.append(task)
                continue
            actions = (
                PlannedAction(
                    step.profile,
                    self._resources.specialists[person].name,
                    {self._days[place]: hours for place, hours in pieces},
                )
                for step, (person, pieces) in zip(task.steps, found, strict=True)
            )
            planned.append(PlannedTask(task, tuple(actions)))
        return OnboardingPlan(tuple(planned), tuple(unplaced))


def _end(placed: tuple[int, Pieces]) -> int:
    """Place of the last day."""
    return placed[1][-1][0]
