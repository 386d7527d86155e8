"""When the backlog will be finished: as a rule by one day, almost certainly by another.

The norms' own past errors are drawn for each part of each item, and one common factor for all, as for sums of
hours (``effort``). Each draw goes through the scheduler that makes the plans; the days are quantiles of its
last days.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from vitrina.domain.backlog import BacklogItem
from vitrina.domain.capacity import EPSILON_HOURS, Ledger, Resources
from vitrina.domain.effort import PROMISED, draw_ratios
from vitrina.domain.norms import LEAST_ERRORS, Basis, Norms
from vitrina.domain.schedule import schedule
from vitrina.domain.selection import Assignment, TakenItem, priority_class

DRAWS = 200
LIKELY_RATIO = 0.50

#: Calendar days that a schedule may take at first; doubled as long as something finds no room.
FIRST_HORIZON_CALENDAR_DAYS = 120
LAST_HORIZON_CALENDAR_DAYS = 2000


@dataclass(frozen=True)
class Forecast:
    """Days by which all is finished: in half of the draws, and in 85 of 100.

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
    needed_count: int = LEAST_ERRORS
    is_endless: bool = False


def forecast(
    backlog: Sequence[TakenItem],
    resources: Resources,
    norms: Norms,
    *,
    since: date,
    bases: Mapping[tuple[int, str], Basis] | None = None,
    draws: int = DRAWS,
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
    parts = [
        (part.hours, known.get((one.item.number, part.profile), Basis.TYPE))
        for one in backlog
        for part in one.assignments
    ]
    count = max((len(errors) for errors in norms.errors.values()), default=0)
    ratios = draw_ratios(norms, parts, draws)
    if ratios is None:
        return NoForecast(count)
    horizon = FIRST_HORIZON_CALENDAR_DAYS
    ledger = Ledger(resources, since=since, until=since + timedelta(days=horizon))
    ends: list[date] = []
    for line in ratios.tolist():
        drawn = iter(line)
        longer = [stretched(one, drawn) for one in backlog]
        while True:
            result = schedule(longer, ledger.copy())
            if not result.unplaced:
                break
            horizon *= 2
            if horizon > LAST_HORIZON_CALENDAR_DAYS:
                return NoForecast(count, is_endless=True)
            ledger = Ledger(resources, since=since, until=since + timedelta(days=horizon))
        ends.append(result.finish_on or since)
    ends.sort()
    return Forecast(since, _quantile(ends, LIKELY_RATIO), _quantile(ends, PROMISED), count)


def stretched(one: TakenItem, ratios: Iterator[float]) -> TakenItem:
    """The item as if each of its parts took the next of *ratios* times its hours."""
    parts = tuple(replace(part, hours=part.hours * next(ratios)) for part in one.assignments)
    return TakenItem(one.item, parts, one.rest_hours)


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
