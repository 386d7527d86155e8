"""``python -m benchmarks.forecast [--backlogs 300] [--seed 1] [--markdown]``: are the days of forecasts kept?

Random backlogs of 20 to 80 consecutive tasks of the SiP data set (``../shared/data/sip``), as they were
estimated, for a team of one to three people. What was finished before gives a simple norm (type x size
class, shrunk in logarithms) and its past ratios; the forecast draws from them, and the hours that the tasks
really took go through the same scheduler. The exit code is 1 where the shares are outside their targets.
"""

from __future__ import annotations

import argparse
import bisect
import math
import random
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import emulators.world  # noqa: F401 - puts ``vitrina`` on the path
from benchmarks.tables import as_table
from tests.e2e.sip import RealTask, read_tasks
from tests.shared import shared_path
from vitrina.domain.backlog import BacklogItem, Priority, Specialist
from vitrina.domain.calendar import WorkCalendar
from vitrina.domain.capacity import Ledger, Resources
from vitrina.domain.forecast import Forecast, PastWork, assign_evenly, forecast, stretched
from vitrina.domain.schedule import schedule

SIZES = (1.0, 3.0, 8.0, 24.0)
SHRINK_COUNT = 6.0
REFIT_DAYS = 28
WARM_UP = 500

LIKELY_KEPT = (0.45, 0.55)
ALMOST_CERTAIN_KEPT = (0.82, 0.90)


@dataclass(frozen=True)
class Task:
    """A finished task with what the norm expected of it when it was estimated."""

    estimated_on: date
    completed_on: date
    actual_hours: float
    expected_hours: float


class Norm:
    """Mean hours of each type and size class: nested means of logarithms, scaled to sums."""

    def __init__(self, facts: Sequence[RealTask]) -> None:
        logs = [(one, math.log(float(one.hours_actual))) for one in facts]
        self._all = sum(log for _, log in logs) / len(logs)
        self._by_size = self._shrunk(((_size(one), log) for one, log in logs), lambda _: self._all)
        cells = ((_cell(one), log) for one, log in logs)
        self._by_cell = self._shrunk(cells, lambda cell: self._by_size.get(cell[1], self._all))
        self._scale = self._scales(facts)

    @staticmethod
    def _shrunk(logs: Iterable[tuple], parent) -> dict:  # type: ignore[no-untyped-def, type-arg]
        groups: dict[object, list[float]] = {}
        for key, log in logs:
            groups.setdefault(key, []).append(log)
        return {
            key: parent(key) + len(ones) / (len(ones) + SHRINK_COUNT) * (sum(ones) / len(ones) - parent(key))
            for key, ones in groups.items()
        }

    def typical(self, task: RealTask) -> float:
        """Hours that such a task takes as a rule."""
        return math.exp(self._by_cell.get(_cell(task), self._by_size.get(_size(task), self._all)))

    def _scales(self, facts: Sequence[RealTask]) -> Mapping[object, float]:
        """What sums take for one hour of the typical, by cell, shrunk to that of all."""
        sums: dict[object, list[float]] = {}
        for one in facts:
            for key in (None, _cell(one)):
                total = sums.setdefault(key, [0.0, 0.0, 0.0])
                total[0] += float(one.hours_actual)
                total[1] += self.typical(one)
                total[2] += 1
        overall = sums[None][0] / sums[None][1]
        return {
            key: (actual + 50 * typical / count * overall) / (typical + 50 * typical / count)
            for key, (actual, typical, count) in sums.items()
        }

    def mean(self, task: RealTask) -> float:
        """Hours that such a task takes on average."""
        return self.typical(task) * self._scale.get(_cell(task), self._scale[None])


def _size(task: RealTask) -> int:
    return bisect.bisect_left(SIZES, float(task.hours_estimate))


def _cell(task: RealTask) -> tuple[str, int]:
    return (task.type, _size(task))


def expected(tasks: Sequence[RealTask]) -> list[Task]:
    """Every finished task with the mean of the norm as it was then; the first ones only teach it."""
    ended = sorted(tasks, key=lambda one: (one.completed_on, one.number))  # type: ignore[arg-type, return-value]
    norm: Norm | None = None
    refit_on = date.min
    found = []
    for task in sorted(tasks, key=lambda one: (one.estimated_on, one.number)):
        if task.estimated_on >= refit_on:
            known = [one for one in ended if one.completed_on < task.estimated_on]  # type: ignore[operator]
            norm = Norm(known) if len(known) >= WARM_UP else None
            refit_on = task.estimated_on + timedelta(days=REFIT_DAYS)
        if norm is not None and task.completed_on is not None:
            found.append(
                Task(task.estimated_on, task.completed_on, float(task.hours_actual), norm.mean(task))
            )
    return found


@dataclass(frozen=True)
class Trial:
    """A forecast of one backlog and the day on which it was really finished."""

    forecast: Forecast
    finished_on: date

    @property
    def working_days(self) -> tuple[int, int, int]:
        """Calendar days to the likely day, the almost certain one and the real one."""
        told = self.forecast
        days = (told.likely_on, told.almost_certain_on, self.finished_on)
        return tuple((one - told.made_on).days for one in days)  # type: ignore[return-value]


def trial(tasks: Sequence[Task], chance: random.Random, number: int) -> Trial | None:
    """One random backlog; ``None`` where too little was finished before it."""
    size = chance.randint(20, 80)
    start = chance.randrange(len(tasks) - size)
    backlog, since = tasks[start : start + size], tasks[start].estimated_on
    known = [one for one in tasks[:start] if one.completed_on < since]
    history = [PastWork(one.expected_hours, one.actual_hours) for one in known]
    team = tuple(Specialist(f"S{place}", ("work",), 8.0) for place in range(chance.randint(1, 3)))
    resources = Resources(team, WorkCalendar("GB"))
    items = [
        BacklogItem(place, str(place), "", Priority.NORMAL, place, {"work": one.expected_hours})
        for place, one in enumerate(backlog)
    ]
    planned = assign_evenly(items, resources)
    told = forecast(planned, resources, history, since=since, seed=number)
    if not isinstance(told, Forecast):
        return None
    real = [
        stretched(one, backlog[one.item.number].actual_hours / backlog[one.item.number].expected_hours)
        for one in planned
    ]
    done = schedule(real, Ledger(resources, since=since, until=since + timedelta(days=2000)))
    return Trial(told, done.finish_on or since)


def run(folder: Path, *, backlogs: int, seed: int) -> list[Trial]:
    """As many random backlogs as are asked for."""
    tasks = expected([one for one in read_tasks(folder) if _is_usable(one)])
    chance = random.Random(seed)
    trials: list[Trial] = []
    while len(trials) < backlogs:
        one = trial(tasks, chance, len(trials))
        if one is not None:
            trials.append(one)
    return trials


def _is_usable(task: RealTask) -> bool:
    """Finished, with hours on both sides: on the day before the end of time."""
    return task.is_finished_before(date.max) and task.hours_estimate > 0


def main() -> int:
    """Play, print, judge."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.forecast", description=__doc__)
    parser.add_argument("--backlogs", type=int, default=300, help="how many random backlogs")
    parser.add_argument("--seed", type=int, default=1, help="what they are drawn from")
    parser.add_argument("--markdown", action="store_true", help="print the table as Markdown")
    arguments = parser.parse_args()
    folder = shared_path("data/sip")
    if folder is None:
        print("The data set is not there: ../shared/data/sip, or VITRINA_SHARED.", file=sys.stderr)
        return 2
    trials = run(folder, backlogs=arguments.backlogs, seed=arguments.seed)
    likely = sum(one.finished_on <= one.forecast.likely_on for one in trials) / len(trials)
    certain = sum(one.finished_on <= one.forecast.almost_certain_on for one in trials) / len(trials)
    days = [one.working_days for one in trials]
    ratio = sum(one[1] for one in days) / sum(one[0] for one in days)
    header = (
        "Backlogs",
        "Likely day kept",
        "Almost certain day kept",
        "Mean calendar days to likely",
        "P85 / P50",
    )
    mean_days = sum(one[0] for one in days) / len(days)
    line = (
        f"{len(trials)} of 20-80 tasks", f"{likely:.1%}", f"{certain:.1%}", f"{mean_days:.0f}", f"{ratio:.2f}"
    )  # fmt: skip
    print(as_table(header, [line], markdown=arguments.markdown))
    kept = LIKELY_KEPT[0] <= likely <= LIKELY_KEPT[1]
    return 0 if kept and ALMOST_CERTAIN_KEPT[0] <= certain <= ALMOST_CERTAIN_KEPT[1] else 1


if __name__ == "__main__":
    sys.exit(main())
