"""False alarms of metrics, and how soon a real lag is noticed: ``python -m benchmarks.metrics``.

Months are simulated day by day: weekends have 35 % of a working day, counts are Poisson or have twice their
variance. Eight weeks on plan come before each month, from which its weekdays and its variance are learned.
"""

from __future__ import annotations

import argparse
import math
import random
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from benchmarks.tables import as_table
from vitrina.domain.calendar import PeriodKind, WorkCalendar, period_of
from vitrina.domain.metrics.by_days import look_at_days
from vitrina.domain.metrics.days import LEAST_DAYS
from vitrina.domain.metrics.forecast import forecast_of
from vitrina.domain.metrics.goals import BELOW_TAIL, Goal
from vitrina.domain.metrics.looks import standing_after
from vitrina.domain.metrics.tails import CountSpread

TARGETS = (20, 60, 200)
DISPERSIONS = (1.0, 2.0)
#: What really comes of the plan where a metric lags.
LAGGING = 0.7
#: What the rule must reach.
MOST_FALSE, LEAST_NOTICED, NOTICED_BY = 0.05, 0.94, 21
LOOKS = (7, 14, 21, 28)
WEEKEND = 0.35
#: Of the months every tenth is held against its forecast, which takes longer.
FORECAST_EVERY = 10

CALENDAR = WorkCalendar()


@dataclass(frozen=True)
class Fact:
    """A day's count."""

    value: float
    base: float = 1.0


@dataclass(frozen=True)
class Month:
    """Counts of a month and of the weeks before it."""

    start_on: date
    length: int
    target: float
    facts: dict[date, Fact]
    shares: tuple[float, ...]
    dispersion: float

    def sum_to(self, day: int) -> float:
        """The sum of the first *day* days."""
        return sum(self.facts[self.start_on + timedelta(days=index)].value for index in range(day))


@dataclass(frozen=True)
class Alarm:
    """The day by which an alarm is shown in a month, and the one on which it was raised in it."""

    shown: int | None = None
    raised: int | None = None


Rule = Callable[[Month], Alarm]


def simulate(seed: str, target: float, dispersion: float, rate: float) -> Month:
    """A month at *rate* of its plan, after eight weeks on the plan of their months."""
    rng = random.Random(seed)
    start = date(rng.randrange(2024, 2027), rng.randrange(2, 13), 1)
    facts = {}
    for back in range(-LEAST_DAYS, _length(start)):
        day = start + timedelta(days=back)
        mean = target * _share(day) / sum(_shares_of(day.replace(day=1)))
        facts[day] = Fact(draw(rng, mean * (rate if back >= 0 else 1.0), dispersion))
    return Month(start, _length(start), target, facts, _shares_of(start), dispersion)


def _length(start: date) -> int:
    return (period_of(start, PeriodKind.MONTH).end_on - start).days + 1


@lru_cache
def _shares_of(start: date) -> tuple[float, ...]:
    return tuple(_share(start + timedelta(days=index)) for index in range(_length(start)))


def _share(day: date) -> float:
    return 1.0 if CALENDAR.is_working_day(day) else WEEKEND


def draw(rng: random.Random, mean: float, dispersion: float) -> int:
    """A count with a mean and the variance ``dispersion * mean``."""
    if dispersion > 1:
        # Poisson with a gamma rate is negative binomial.
        mean = rng.gammavariate(mean / (dispersion - 1), dispersion - 1)
    left, count = math.exp(-mean), 0
    product = rng.random()
    while product > left:
        product *= rng.random()
        count += 1
    return count


def by_looks(month: Month) -> Alarm:
    """The product: the days of the first look that leaves the metric behind, and that raised it."""
    goal = Goal(month.target, period=PeriodKind.MONTH)
    today = month.start_on + timedelta(days=max(LOOKS))
    looks = look_at_days(goal, month.facts, today, CALENDAR).looks
    shown = raised = None
    for count, look in enumerate(looks, start=1):
        since_on = standing_after(looks[:count]).since_on
        if look.window_on == month.start_on and since_on is not None:
            day = (look.on - month.start_on).days + 1
            shown = shown or day
            raised = raised or (day if since_on == look.on else None)
    return Alarm(shown, raised)


def by_straight_line(month: Month) -> Alarm:
    """What is often done: less than the same part of the target, looked at weekly."""
    for last in LOOKS:
        if month.sum_to(last) < month.target * last / month.length:
            return Alarm(last, last)
    return Alarm()


def by_omniscience(month: Month) -> Alarm:
    """The bound of every rule: it knows shares and dispersion, and looks once, at 5 %."""
    mean = month.target * sum(month.shares[:NOTICED_BY]) / sum(month.shares)
    is_below = CountSpread(mean, month.dispersion).at_most(month.sum_to(NOTICED_BY)) < BELOW_TAIL
    return Alarm(NOTICED_BY, NOTICED_BY) if is_below else Alarm()


def percentile(values: Sequence[int | None], share: float) -> str:
    """The day by which *share* of all months were noticed."""
    found = sorted(value if value is not None else 99 for value in values)
    day = found[min(math.ceil(share * len(found)), len(found)) - 1]
    return str(day) if day < 99 else "-"


@dataclass
class Measured:
    """Counts of one target and dispersion by rule, and how often a forecast's range held the end."""

    on_plan: dict[str, list[int | None]]
    lagging: dict[str, list[int | None]]
    held: int = 0
    forecasts: int = 0

    def false_share(self, rule: str) -> float:
        """Share of months on plan with a false alarm."""
        return _share_of(self.on_plan[rule], max(LOOKS))

    def noticed(self, rule: str) -> float:
        """Share of lagging months that were noticed in time."""
        return _share_of(self.lagging[rule], NOTICED_BY)


def _share_of(days: Sequence[int | None], by: int) -> float:
    return sum(day is not None and day <= by for day in days) / len(days)


#: The rules, the product's first.
RULES: dict[str, Rule] = {
    "looks": by_looks,
    "straight line": by_straight_line,
    "bound": by_omniscience,
}


def measure(seed: int, months: int, target: float, dispersion: float) -> Measured:
    """Simulate months on plan and months that lag."""
    found = Measured({name: [] for name in RULES}, {name: [] for name in RULES})
    for number in range(months):
        for rate in (1.0, LAGGING):
            month = simulate(f"{seed}/{target}/{dispersion}/{rate}/{number}", target, dispersion, rate)
            for name, rule in RULES.items():
                alarm = rule(month)
                if rate == LAGGING:
                    found.lagging[name].append(alarm.shown)
                else:
                    found.on_plan[name].append(alarm.raised)
            if number % FORECAST_EVERY == 0:
                _hold_forecast(found, month)
    return found


def _hold_forecast(found: Measured, month: Month) -> None:
    """Hold the forecast of the middle of a month against its end."""
    goal = Goal(month.target, period=PeriodKind.MONTH)
    today = month.start_on + timedelta(days=14)
    seen = look_at_days(goal, month.facts, today, CALENDAR)
    forecast = forecast_of(goal, seen, month.facts)
    if forecast is not None:
        found.forecasts += 1
        found.held += forecast.low <= month.sum_to(month.length) <= forecast.high


def main() -> int:
    """Print the table; 1 if the rule misses what it must reach."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--months", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=16)
    parser.add_argument("--markdown", action="store_true")
    arguments = parser.parse_args()
    began = time.process_time()
    print(f"seed {arguments.seed}, {arguments.months} months of each kind, looks on days {LOOKS}")
    lines, missed = [], []
    for dispersion in DISPERSIONS:
        for target in TARGETS:
            found = measure(arguments.seed, arguments.months, target, dispersion)
            lines.append(_line(target, dispersion, found))
            missed += _missed(target, dispersion, found)
    print(as_table(HEADER, lines, markdown=arguments.markdown))
    print(f"{time.process_time() - began:.0f} s of processor time")
    for line in missed:
        print(line)
    return 1 if missed else 0


HEADER = (
    "days, target a month",
    "false alarms",
    "of straight line",
    f"70 % noticed by day {NOTICED_BY}",
    "bound of any rule",
    "by the end",
    "half by day",
    "90 % by day",
    "forecast held",
)


def _line(target: float, dispersion: float, found: Measured) -> list[str]:
    name = "Poisson" if dispersion == 1 else f"variance {dispersion:g} × mean"
    lagging = found.lagging["looks"]
    return [
        f"{name}, {target:g}",
        f"{found.false_share('looks'):.1%}",
        f"{found.false_share('straight line'):.0%}",
        f"{found.noticed('looks'):.1%}",
        f"{found.noticed('bound'):.1%}",
        f"{_share_of(lagging, max(LOOKS)):.1%}",
        percentile(lagging, 0.5),
        percentile(lagging, 0.9),
        f"{found.held / max(found.forecasts, 1):.0%}",
    ]


def _missed(target: float, dispersion: float, found: Measured) -> list[str]:
    missed = []
    if found.false_share("looks") > MOST_FALSE:
        missed.append(f"missed: more than {MOST_FALSE:.0%} false alarms at {target:g}, {dispersion:g}")
    if dispersion == 1 and target == max(TARGETS) and found.noticed("looks") < LEAST_NOTICED:
        missed.append(f"missed: less than {LEAST_NOTICED:.0%} noticed at {target:g}")
    return missed


if __name__ == "__main__":
    sys.exit(main())
