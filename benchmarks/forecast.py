"""``python -m benchmarks.forecast [--backlogs 300] [--seed 1] [--every 20] [--begun] [--markdown]``.

Measures how often forecast days are kept.

The backlogs are consecutive tasks of the SiP data set (``../shared/data/sip``), for a team of one to three
people. The product learns its norms and their errors from earlier finished tasks and makes its forecast. Then
the actual hours of the tasks go through the same scheduler.

The first table has random backlogs of 20 to 80 tasks. The second table has all backlogs of 20, 40 and 80
tasks that begin at every N-th task (``--every N``), so it does not depend on chance, and those of 5, 10 and
20 tasks whose likely day is one of the first ten working days. If the shares of all of the former or of the
latter are outside their targets, the exit code is 1. ``--every 0`` leaves it out, and the random backlogs
decide instead. With ``--begun`` the norms also know begun and unfinished work, which is impossible in
reality: this shows the effect of work that is still open. ``--speed`` measures the time of forecasts of many
rows instead.
"""

from __future__ import annotations

import argparse
import bisect
import random
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import emulators.world  # noqa: F401 - puts ``vitrina`` on the path
from benchmarks.effort import size_of
from benchmarks.tables import as_table
from tests.harness.shared import shared_path
from tests.harness.sip_dataset import RealTask, read_tasks
from vitrina.domain.backlog import BacklogItem, Priority, Specialist
from vitrina.domain.calendar import PeriodKind, WorkCalendar
from vitrina.domain.estimating import effort
from vitrina.domain.estimating.learning import learn
from vitrina.domain.estimating.norms import Basis, FinishedWork, Norms
from vitrina.domain.planning.capacity import HourLimit, Ledger, Resources
from vitrina.domain.planning.forecast import (
    LAST_HORIZON_CALENDAR_DAYS,
    Forecast,
    NoForecast,
    assign_evenly,
    forecast,
)
from vitrina.domain.planning.schedule import Timeline, last_day, queue_of

#: The data set has no profiles.
PROFILE = "work"
#: Days between two updates of the norms. The product learns every night, but that would take too long here.
REFIT_DAYS = 7
#: Count of finished tasks before the first backlog.
WARM_UP = 500
CALENDAR = WorkCalendar("GB")
#: Tasks of the backlogs of the second table.
SIZES = (20, 40, 80)
#: Tasks of the short backlogs, and the most working days to the likely day of those that are counted.
SHORT_SIZES = (5, 10, 20)
SHORT_WORKING_DAYS = 10
#: Days during which the history counts as young: much of the begun work is not finished yet.
YOUNG_DAYS = 300
#: Rows, parts of each row and limit in hours a month, of the backlogs whose time is measured.
SPEEDS = ((30, 2, None), (300, 2, None), (1000, 1, None), (1000, 2, None), (1000, 3, 400.0), (1000, 1, 100.0))

LIKELY_KEPT = (0.45, 0.55)
ALMOST_CERTAIN_KEPT = (0.82, 0.90)


class Past:
    """The finished tasks and the product's norms of a day, as they were learned in that week.

    With *knows_begun* a task is known on the day of its estimate, with the hours that it takes later.
    """

    def __init__(self, tasks: Sequence[RealTask], *, knows_begun: bool = False) -> None:
        self._works = sorted(
            (
                FinishedWork(
                    one.type,
                    PROFILE,
                    float(one.hours_actual),
                    1.0,
                    one.estimated_on if knows_begun else one.completed_on or date.max,
                    _size(one),
                )
                for one in sorted(tasks, key=lambda one: one.number)
            ),
            key=lambda work: work.finished_on,
        )
        self._ended_on = [work.finished_on for work in self._works]
        self._norms: dict[date, Norms] = {}

    def norms(self, day: date) -> Norms | None:
        """The last learned norms; ``None`` if there was too little finished work."""
        learned_on = date.fromordinal(day.toordinal() // REFIT_DAYS * REFIT_DAYS)
        count = bisect.bisect_left(self._ended_on, learned_on)
        if count < WARM_UP:
            return None
        if learned_on not in self._norms:
            self._norms[learned_on] = learn(self._works[:count])
        return self._norms[learned_on]


def _size(task: RealTask) -> str:
    return size_of(float(task.hours_estimate))


@dataclass(frozen=True)
class Trial:
    """A forecast of one backlog, and the day on which it was actually finished."""

    task_count: int
    forecast: Forecast
    finished_on: date

    @property
    def calendar_days(self) -> tuple[int, int]:
        """Calendar days to the likely day and to the almost certain one."""
        told = self.forecast
        return (told.likely_on - told.made_on).days, (told.almost_certain_on - told.made_on).days

    @property
    def is_short(self) -> bool:
        """Whether the likely day is one of the first working days."""
        first = CALENDAR.working_days_from(self.forecast.made_on, count=SHORT_WORKING_DAYS)
        return self.forecast.likely_on <= first[-1]


def trial(backlog: Sequence[RealTask], past: Past, *, people: int) -> Trial | None:
    """The forecast on the day of the first task; ``None`` if too little was finished before it."""
    since = backlog[0].estimated_on
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
    queue = queue_of(planned)
    real = [float(backlog[one.item.number].hours_actual) for one in queue.items]
    horizon = since + timedelta(days=LAST_HORIZON_CALENDAR_DAYS)
    done = last_day(queue, Timeline(Ledger(resources, since=since, until=horizon)), real)
    assert done is not None, f"no end within the horizon: {backlog[0].number}"
    return Trial(len(backlog), told, done)


def random_backlogs(tasks: Sequence[RealTask], past: Past, *, count: int, seed: int) -> list[Trial]:
    """Trials of *count* random backlogs."""
    chance = random.Random(seed)
    trials: list[Trial] = []
    while len(trials) < count:
        size = chance.randint(20, 80)
        start = chance.randrange(len(tasks) - size)
        one = trial(tasks[start : start + size], past, people=chance.randint(1, 3))
        if one is not None:
            trials.append(one)
    return trials


def all_backlogs(
    tasks: Sequence[RealTask], past: Past, *, every: int, sizes: Sequence[int] = SIZES
) -> list[Trial]:
    """Backlogs of each size from every *every*-th task on; teams of one, two and three take turns."""
    trials = [
        trial(tasks[start : start + size], past, people=1 + turn % 3)
        for size in sizes
        for turn, start in enumerate(range(0, len(tasks) - size + 1, every))
    ]
    return [one for one in trials if one is not None]


def _is_usable(task: RealTask) -> bool:
    """Whether a task is finished and has estimated and actual hours."""
    return task.is_finished_before(date.max) and task.hours_estimate > 0


def shares(trials: Sequence[Trial]) -> tuple[float, float]:
    """Share of the backlogs that were finished by the likely day, and by the almost certain one."""
    likely = sum(one.finished_on <= one.forecast.likely_on for one in trials)
    certain = sum(one.finished_on <= one.forecast.almost_certain_on for one in trials)
    return likely / len(trials), certain / len(trials)


HEADER = (
    "Backlogs",
    "Number",
    "Likely day kept",
    "Almost certain day kept",
    "Mean calendar days to likely",
    "Almost certain / likely",
)


def line(title: str, trials: Sequence[Trial]) -> tuple[str, ...]:
    """A line of the table."""
    likely, certain = shares(trials)
    days = [sum(one) for one in zip(*(one.calendar_days for one in trials), strict=True)]
    return (
        title,
        f"{len(trials):,}",
        f"{likely:.1%}",
        f"{certain:.1%}",
        f"{days[0] / len(trials):.0f}",
        f"{days[1] / days[0]:.2f}",
    )


def speed(
    norms: Norms, rows: int, parts: int, limit_hours: float | None
) -> tuple[Forecast | NoForecast, float]:
    """A forecast of *rows* rows for eight people and three profiles, and its seconds of processor time."""
    chance = random.Random(rows)
    profiles = ("design", "copy", "development")
    team = tuple(Specialist(f"S{place}", (profiles[place % 3],), 8.0) for place in range(8))
    limits = () if limit_hours is None else (HourLimit(limit_hours, PeriodKind.MONTH, project=""),)
    resources = Resources(team, CALENDAR, limits=limits)
    items = [
        BacklogItem(
            number,
            str(number),
            "",
            Priority.NORMAL,
            number,
            {profile: chance.lognormvariate(1.0, 0.8) for profile in chance.sample(profiles, parts)},
        )
        for number in range(rows)
    ]
    bases = {(item.number, profile): Basis.SIZE for item in items for profile in item.hours}
    begun = time.process_time()
    told = forecast(assign_evenly(items, resources), resources, norms, since=date(2026, 11, 24), bases=bases)
    return told, time.process_time() - begun


def print_speed(norms: Norms, *, markdown: bool) -> int:
    """Print the table of times; return 1 if a thousand rows take a second or more."""
    lines, slowest = [], 0.0
    for rows, parts, limit_hours in SPEEDS:
        told, took_s = speed(norms, rows, parts, limit_hours)
        slowest = max(slowest, took_s)
        end = f"{told.almost_certain_on}" if isinstance(told, Forecast) else "none"
        limit = "none" if limit_hours is None else f"{limit_hours:.0f} h a month"
        lines.append((f"{rows:,}", f"{parts}", limit, end, f"{took_s * 1000:.0f}"))
    print(as_table(("Rows", "Parts of each", "Limit", "Almost certain day", "ms"), lines, markdown=markdown))
    return int(slowest >= 1)


def main() -> int:
    """Measure, print the tables and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.forecast", description=__doc__)
    parser.add_argument("--backlogs", type=int, default=300, help="how many random backlogs")
    parser.add_argument("--seed", type=int, default=1, help="what they are drawn from")
    parser.add_argument("--every", type=int, default=20, help="step of the second table, 0 for none")
    parser.add_argument("--begun", action="store_true", help="as if what is begun were known to its end")
    parser.add_argument("--speed", action="store_true", help="measure the time of long backlogs instead")
    parser.add_argument("--markdown", action="store_true", help="print the tables as Markdown")
    arguments = parser.parse_args()
    folder = shared_path("data/sip")
    if folder is None:
        print("The data set is not there: ../shared/data/sip, or VITRINA_SHARED.", file=sys.stderr)
        return 2
    tasks = [one for one in read_tasks(folder) if _is_usable(one)]
    past = Past(tasks, knows_begun=arguments.begun)
    if arguments.speed:
        norms = past.norms(tasks[-1].estimated_on)
        assert norms is not None
        return print_speed(norms, markdown=arguments.markdown)
    drawn = random_backlogs(tasks, past, count=arguments.backlogs, seed=arguments.seed)
    lines = [line(f"Random, of 20-80 tasks, seed {arguments.seed}", drawn)]
    print(as_table(HEADER, lines, markdown=arguments.markdown))
    judged, short = drawn, list[Trial]()
    if arguments.every:
        judged = all_backlogs(tasks, past, every=arguments.every)
        young = min(one.forecast.made_on for one in judged) + timedelta(days=YOUNG_DAYS)
        lines = [line(f"Of {size} tasks", [o for o in judged if o.task_count == size]) for size in SIZES]
        lines += [
            line(f"Made in the first {YOUNG_DAYS} days", [o for o in judged if o.forecast.made_on < young]),
            line("Made later", [one for one in judged if one.forecast.made_on >= young]),
            line(f"All, from every {arguments.every}th task on", judged),
        ]
        short = [
            one for one in all_backlogs(tasks, past, every=arguments.every, sizes=SHORT_SIZES) if one.is_short
        ]
        lines += [
            *(
                line(f"Short, of {size} tasks", [o for o in short if o.task_count == size])
                for size in SHORT_SIZES
            ),
            line(f"Short: at most {SHORT_WORKING_DAYS} working days", short),
        ]
        print()
        print(as_table(HEADER, lines, markdown=arguments.markdown))
    return 0 if all(map(_is_honest, filter(None, (judged, short)))) else 1


def _is_honest(trials: Sequence[Trial]) -> bool:
    likely, certain = shares(trials)
    kept = LIKELY_KEPT[0] <= likely <= LIKELY_KEPT[1]
    return kept and ALMOST_CERTAIN_KEPT[0] <= certain <= ALMOST_CERTAIN_KEPT[1]


if __name__ == "__main__":
    sys.exit(main())
