"""When the backlog will be finished: as a rule by one day, almost certainly by another.

Past ratios of actual to expected hours are drawn for each item, and one common factor for all, as errors of a
period have a common cause. Each draw goes through the scheduler that makes the plans; the days are quantiles
of its last days.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from statistics import pvariance

from vitrina.domain.backlog import BacklogItem
from vitrina.domain.capacity import EPSILON_HOURS, Ledger, Resources
from vitrina.domain.schedule import schedule
from vitrina.domain.selection import Assignment, TakenItem, priority_class

#: With fewer finished items nothing is foretold: a mean needs about as many to be worth anything
#: (on the data of ``python -m benchmarks.forecast`` a sum of 60 items is off by 30 % with 40 facts).
LEAST_FACTS = 40

#: Ratios are drawn from the last ones only: they tell of the agency as it is.
MOST_FACTS = 1000

DRAWS = 200
LIKELY_RATIO = 0.50
ALMOST_CERTAIN_RATIO = 0.85

#: Calendar days that a schedule may take at first; doubled as long as something finds no room.
FIRST_HORIZON_CALENDAR_DAYS = 120
LAST_HORIZON_CALENDAR_DAYS = 2000


@dataclass(frozen=True)
class PastWork:
    """A finished item: the mean hours that the norm expected when it was planned, and what it took."""

    expected_hours: float
    actual_hours: float

    @property
    def ratio(self) -> float:
        """Actual for expected."""
        return self.actual_hours / self.expected_hours


@dataclass(frozen=True)
class Forecast:
    """Days by which all is finished: in half of the draws, and in 85 of 100.

    ``fact_count`` finished items stand behind it. ``common_spread`` is the standard deviation of the common
    factor's logarithm.
    """

    made_on: date
    likely_on: date
    almost_certain_on: date
    fact_count: int
    common_spread: float


@dataclass(frozen=True)
class NoForecast:
    """Why nothing is foretold: too few facts, or no end within years."""

    fact_count: int
    needed_count: int
    is_endless: bool = False


def forecast(
    backlog: Sequence[TakenItem],
    resources: Resources,
    history: Sequence[PastWork],
    *,
    since: date,
    seed: int = 0,
    draws: int = DRAWS,
) -> Forecast | NoForecast:
    """Days by which *backlog* is finished.

    Parameters
    ----------
    backlog
        All items with the people who are to do them, ``assign_evenly`` gives such.
    history
        Finished items, in the order in which they were planned.

    Returns
    -------
    Forecast or NoForecast
        The same input and seed give the same days.
    """
    facts = [one for one in history if one.expected_hours > 0 and one.actual_hours > 0]
    if len(facts) < LEAST_FACTS:
        return NoForecast(len(facts), LEAST_FACTS)
    chance = random.Random(seed)  # noqa: S311 - nothing secret is drawn
    spread = common_spread(facts, [one.hours for one in backlog], chance)
    # What single items take is told by the last ones; how times differ, only by all of them.
    ratios = [one.ratio for one in facts[-MOST_FACTS:]]
    horizon = FIRST_HORIZON_CALENDAR_DAYS
    ledger = Ledger(resources, since=since, until=since + timedelta(days=horizon))
    ends: list[date] = []
    for _ in range(draws):
        factor = math.exp(chance.gauss(0.0, spread))
        # Another history that might have been, as this one is but a sample: with few facts it matters.
        sample = chance.choices(ratios, k=len(ratios))
        drawn = [stretched(one, factor * chance.choice(sample)) for one in backlog]
        while True:
            result = schedule(drawn, ledger.copy())
            if not result.unplaced:
                break
            horizon *= 2
            if horizon > LAST_HORIZON_CALENDAR_DAYS:
                return NoForecast(len(facts), LEAST_FACTS, is_endless=True)
            ledger = Ledger(resources, since=since, until=since + timedelta(days=horizon))
        ends.append(result.finish_on or since)
    ends.sort()
    return Forecast(
        since, _quantile(ends, LIKELY_RATIO), _quantile(ends, ALMOST_CERTAIN_RATIO), len(facts), spread
    )


def stretched(one: TakenItem, ratio: float) -> TakenItem:
    """The item as if it took *ratio* times its hours."""
    parts = tuple(replace(part, hours=part.hours * ratio) for part in one.assignments)
    return TakenItem(one.item, parts, one.rest_hours)


def common_spread(facts: Sequence[PastWork], hours: Sequence[float], chance: random.Random) -> float:
    """Standard deviation of the logarithm of what past items of a time had in common.

    The variance of the log ratios of past batches as large as *hours*, without that of as many ratios drawn
    independently; 0 with fewer than four such batches.
    """
    size = max(1, min(len(hours), len(facts) // 4))
    step = max(1, size // 2)
    batches = [facts[start : start + size] for start in range(0, len(facts) - size + 1, step)]
    logs = [
        math.log(sum(one.actual_hours for one in batch) / sum(one.expected_hours for one in batch))
        for batch in batches
    ]
    if len(logs) < 4:
        return 0.0
    ratios = [one.ratio for one in facts]
    means = [one.expected_hours for one in facts]
    drawn = []
    for _ in range(200):
        weights = chance.choices(means, k=size)
        total = sum(weight * chance.choice(ratios) for weight in weights)
        drawn.append(math.log(total / sum(weights)))
    return math.sqrt(max(0.0, pvariance(logs) - pvariance(drawn)))


def _quantile(ordered: Sequence[date], ratio: float) -> date:
    """The first day by which at least *ratio* of the draws are over."""
    return ordered[max(0, math.ceil(ratio * len(ordered)) - 1)]


def assign_evenly(backlog: Iterable[BacklogItem], resources: Resources) -> list[TakenItem]:
    """Give the actions of a whole backlog to people, for a look ahead beyond the first period.

    In order of class and place each action goes to the person with its profile whose work so far is the
    shortest for his day. Items that are not estimated, or need a profile that nobody has, are left out.
    """
    days = {one.name: 0.0 for one in resources.specialists}
    found = []
    for item in sorted(
        backlog, key=lambda one: (not one.is_carried_over, priority_class(one), one.rank, one.key)
    ):
        parts: list[Assignment] = []
        for profile, hours in item.hours.items():
            skilled = [one for one in resources.specialists if profile in one.profiles]
            keeper = [one for one in skilled if one.name == item.keeps.get(profile)]
            if not skilled:
                break
            person = min(keeper or skilled, key=lambda one: (days[one.name], one.name))
            days[person.name] += hours / max(person.hours_per_day, EPSILON_HOURS)
            parts.append(Assignment(profile, person.name, hours))
        else:
            if parts:
                found.append(TakenItem(item, tuple(parts), {}))
    return found


@dataclass(frozen=True)
class Outcome:
    """A forecast that was made and, once all is done, the day of it."""

    forecast: Forecast
    finished_on: date | None = None


@dataclass(frozen=True)
class TrackRecord:
    """How earlier forecasts came out: of ``count`` that are over, how many kept each day."""

    count: int
    likely_kept: int
    almost_certain_kept: int


def track_record(outcomes: Iterable[Outcome]) -> TrackRecord:
    """Count the forecasts whose end is known."""
    over = [(one.forecast, one.finished_on) for one in outcomes if one.finished_on is not None]
    return TrackRecord(
        len(over),
        sum(done <= told.likely_on for told, done in over),
        sum(done <= told.almost_certain_on for told, done in over),
    )
