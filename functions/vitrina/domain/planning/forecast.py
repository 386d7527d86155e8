"""When the backlog will be finished: as a rule by one day, almost certainly by another.

The norms' own past errors are drawn for each part of each item, and one common factor for all, as for sums of
hours (``effort``). Draws go through the scheduler that makes the plans, in the planned order; the days are
quantiles of its last days.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from vitrina.domain.backlog import BacklogItem
from vitrina.domain.calendar import PeriodKind
from vitrina.domain.estimating.effort import draw_ratios
from vitrina.domain.estimating.norms import PROMISED, Basis, Norms
from vitrina.domain.planning.capacity import EPSILON_HOURS, Ledger, Resources
from vitrina.domain.planning.schedule import Queue, Timeline, last_day, queue_of, serial_order
from vitrina.domain.planning.selection import Assignment, TakenItem, priority_class

if TYPE_CHECKING:
    import numpy as np

    Floats = np.ndarray[Any, np.dtype[np.float64]]

LIKELY_RATIO = 0.50

#: So many draws are put on days: fewer of a long backlog, so that all of them together are no more parts.
#: They stand for a thousand.
MOST_DRAWS = 100
LEAST_DRAWS = 12
MOST_PARTS = 30_000

#: Working days of a period, about.
WORKING_DAYS = {PeriodKind.WEEK: 5, PeriodKind.MONTH: 21}

#: Calendar days that a schedule may take at first; doubled as long as something finds no room.
FIRST_HORIZON_CALENDAR_DAYS = 120
LAST_HORIZON_CALENDAR_DAYS = 2000


@dataclass(frozen=True)
class Forecast:
    """Days by which all is finished: in half of all cases, and in 85 of 100.

    ``error_count`` past errors of the norms stand behind it.
    """

    made_on: date
    likely_on: date
    almost_certain_on: date
    error_count: int


@dataclass(frozen=True)
class NoForecast:
    """Why nothing is foretold: too few errors of the past, or no end within years."""

    error_count: int
    is_endless: bool = False


def forecast(
    backlog: Sequence[TakenItem],
    resources: Resources,
    norms: Norms,
    *,
    since: date,
    bases: Mapping[tuple[int, str], Basis] | None = None,
) -> Forecast | NoForecast:
    """Days by which *backlog* is finished.

    Parameters
    ----------
    backlog
        All items with the people who are to do them, ``assign_evenly`` gives such. Hours are means.
    norms
        Their past errors are drawn from.
    bases
        What is known of an item's profile, by number and profile; the work type where it is not said.

    Returns
    -------
    Forecast or NoForecast
        The same input gives the same days.
    """
    known = bases or {}
    queue = queue_of(backlog)
    parts = [
        (part.hours, known.get((one.item.number, part.profile), Basis.TYPE))
        for one in queue.items
        for part in one.assignments
    ]
    count = max((len(errors) for errors in norms.errors.values()), default=0)
    ratios = draw_ratios(norms, parts)
    if ratios is None:
        return NoForecast(count)
    if not parts:
        return Forecast(since, since, since, count)
    draws, longest_working_days = _representative(ratios, queue, resources)
    horizon = FIRST_HORIZON_CALENDAR_DAYS
    while 2 * horizon <= min(longest_working_days, LAST_HORIZON_CALENDAR_DAYS):
        horizon *= 2
    timeline = _timeline(resources, since, horizon)
    ends: list[int] = []
    for hours in draws:
        while (end := last_day(queue, timeline.copy(), hours)) is None:
            horizon *= 2
            if horizon > LAST_HORIZON_CALENDAR_DAYS:
                return NoForecast(count, is_endless=True)
            timeline = _timeline(resources, since, horizon)
        ends.append(end.toordinal())
    ends.sort()
    return Forecast(since, _quantile(ends, LIKELY_RATIO), _quantile(ends, PROMISED), count)


def _representative(ratios: Floats, queue: Queue, resources: Resources) -> tuple[list[list[float]], float]:
    """Hours of every part in a few of the draws, which stand for all: evenly chosen by their length.

    Beside them about the working days of the longest.

    A draw is about as long as the days of the person, or the periods of the limit, that it fills most.
    """
    import numpy as np  # noqa: PLC0415

    parts = [part for one in queue.items for part in one.assignments]
    hours = ratios * np.array([part.hours for part in parts])
    lengths = [
        hours[:, [part.specialist == one.name for part in parts]].sum(axis=1)
        / max(one.hours_per_day * resources.load_factor, EPSILON_HOURS)
        for one in resources.specialists
    ]
    lengths += [
        hours.sum(axis=1) * WORKING_DAYS[limit.kind] / max(limit.hours, EPSILON_HOURS)
        for limit in resources.limits
    ]
    count = min(len(hours), max(LEAST_DRAWS, min(MOST_DRAWS, MOST_PARTS // len(parts))))
    places = ((np.arange(count) + 0.5) * len(hours) / count).astype(int)
    length = np.max(lengths, axis=0)
    order = np.argsort(length, kind="stable")[places]
    return hours[order].tolist(), float(length[order[-1]])


def _timeline(resources: Resources, since: date, horizon_calendar_days: int) -> Timeline:
    return Timeline(Ledger(resources, since=since, until=since + timedelta(days=horizon_calendar_days)))


def _quantile(ordered: Sequence[int], ratio: float) -> date:
    """The day that *ratio* of the draws are over by; each stands for the middle of an even share of all."""
    place = min(max(ratio * len(ordered) - 0.5, 0.0), len(ordered) - 1.0)
    low, high = ordered[math.floor(place)], ordered[math.ceil(place)]
    return date.fromordinal(math.ceil(low + (high - low) * (place % 1.0)))


def assign_evenly(backlog: Iterable[BacklogItem], resources: Resources) -> list[TakenItem]:
    """Give the actions of a whole backlog to people, for a look ahead beyond the first period.

    In order of class and place each action goes to the person with its profile whose work so far is the
    shortest for his day. Items that are not estimated, that need a profile that nobody has, or that wait for
    each other in a circle, are left out.
    """
    days = {one.name: 0.0 for one in resources.specialists}
    found = []
    by_key = {one.key: one for one in backlog}
    before = {key: [(one.project, number) for number in one.depends_on] for key, one in by_key.items()}
    for key in serial_order(by_key, before, lambda key: _turn(by_key[key])):
        item = by_key[key]
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


def _turn(item: BacklogItem) -> tuple[object, ...]:
    return not item.is_carried_over, priority_class(item), item.rank, item.key


@dataclass(frozen=True)
class ForecastOutcome:
    """A forecast that was made and, once all is done, the day of it."""

    forecast: Forecast
    finished_on: date | None = None
