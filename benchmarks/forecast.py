"""``python -m benchmarks.forecast [--backlogs 300] [--seed 1] [--markdown]``: are the days of forecasts kept?

Random backlogs of 20 to 80 consecutive tasks of the SiP data set (``../shared/data/sip``), for a team of one
to three people. The product learns its norms and their errors from what was finished before and makes its
forecast; then the hours that the tasks really took go through the same scheduler. The exit code is 1 where
the shares are outside their targets.
"""

from __future__ import annotations

import argparse
import bisect
import random
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import emulators.world  # noqa: F401 - puts ``vitrina`` on the path
from benchmarks.tables import as_table
from tests.e2e.sip import RealTask, read_tasks
from tests.shared import shared_path
from vitrina.domain import effort
from vitrina.domain.backlog import BacklogItem, Priority, Specialist
from vitrina.domain.calendar import WorkCalendar
from vitrina.domain.capacity import Ledger, Resources
from vitrina.domain.forecast import Forecast, assign_evenly, forecast, stretched
from vitrina.domain.learning import learn
from vitrina.domain.norms import FinishedWork, Norms
from vitrina.domain.schedule import schedule
from vitrina.domain.sizes import size_of

#: The data set has no profiles.
PROFILE = "work"
#: The product learns every night; the benchmark every so often, to be over in time.
REFIT_DAYS = 7
#: Backlogs begin when so many tasks are finished.
WARM_UP = 500
CALENDAR = WorkCalendar("GB")

LIKELY_KEPT = (0.45, 0.55)
ALMOST_CERTAIN_KEPT = (0.82, 0.90)


class Past:
    """The finished tasks and the product's norms of a day, as they were learned in that week."""

    def __init__(self, tasks: Sequence[RealTask]) -> None:
        ended = sorted(tasks, key=lambda one: (one.completed_on, one.number))  # type: ignore[arg-type, return-value]
        self._ended_on = [one.completed_on for one in ended]
        self._works = [
            FinishedWork(
                one.type, PROFILE, float(one.hours_actual), 1.0, one.completed_on or date.max, _size(one)
            )
            for one in ended
        ]
        self._norms: dict[date, Norms] = {}

    def norms(self, day: date) -> Norms | None:
        """The norms as they were last learned; ``None`` where little was known."""
        learned_on = date.fromordinal(day.toordinal() // REFIT_DAYS * REFIT_DAYS)
        count = bisect.bisect_left(self._ended_on, learned_on)
        if count < WARM_UP:
            return None
        if learned_on not in self._norms:
            self._norms[learned_on] = learn(self._works[:count])
        return self._norms[learned_on]


def _size(task: RealTask) -> str:
    return size_of(float(task.hours_estimate)).value


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


def trial(tasks: Sequence[RealTask], past: Past, chance: random.Random) -> Trial | None:
    """One random backlog; ``None`` where too little was finished before it."""
    size = chance.randint(20, 80)
    start = chance.randrange(len(tasks) - size)
    people = chance.randint(1, 3)
    backlog, since = tasks[start : start + size], tasks[start].estimated_on
    norms = past.norms(since)
    if norms is None:
        return None
    team = tuple(Specialist(f"S{place}", (PROFILE,), 8.0) for place in range(people))
    resources = Resources(team, CALENDAR)
    made = [effort.forecast(norms, effort.Task(one.type, PROFILE, 1.0, _size(one))) for one in backlog]
    items = [
        BacklogItem(place, str(place), "", Priority.NORMAL, place, {PROFILE: one.mean_hours})
        for place, one in enumerate(made)
        if one is not None
    ]
    bases = {(place, PROFILE): one.basis for place, one in enumerate(made) if one is not None}
    planned = assign_evenly(items, resources)
    told = forecast(planned, resources, norms, since=since, bases=bases)
    if not isinstance(told, Forecast):
        return None
    real = [
        stretched(one, iter([float(backlog[one.item.number].hours_actual) / one.item.hours[PROFILE]]))
        for one in planned
    ]
    done = schedule(real, Ledger(resources, since=since, until=since + timedelta(days=2000)))
    return Trial(told, done.finish_on or since)


def run(folder: Path, *, backlogs: int, seed: int) -> list[Trial]:
    """As many random backlogs as are asked for."""
    tasks = [one for one in read_tasks(folder) if _is_usable(one)]
    past = Past(tasks)
    chance = random.Random(seed)
    trials: list[Trial] = []
    while len(trials) < backlogs:
        one = trial(tasks, past, chance)
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
