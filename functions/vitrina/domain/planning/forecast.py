"""Forecasts by which days the backlog will be finished: the likely and the almost certain day.

Past errors of the norms are drawn for each part of each item, with one common factor, as for sums of hours
(``effort``). The scheduler of the plans puts each draw on days in the planned order; the forecast days are
quantiles of the last days.
"""

from __future__ import annotations

import heapq
import math
from bisect import bisect_right
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache
from typing import NamedTuple

from msgspec import Struct

from vitrina.domain.backlog import BacklogItem, Specialist
from vitrina.domain.calendar import PeriodKind
from vitrina.domain.estimating.norms import PROMISED, Basis, Norms
from vitrina.domain.estimating.simulation import DRAWS, simulate
from vitrina.domain.planning.capacity import EPSILON_HOURS, Ledger, Resources
from vitrina.domain.planning.demand import priority_class
from vitrina.domain.planning.schedule import Queue, Timeline, last_day, queue_of, serial_order
from vitrina.domain.planning.selection import Assignment, TakenItem

LIKELY_RATIO = 0.50

#: So many draws are scheduled; they represent a thousand.
SCHEDULED_DRAWS = 30
#: In a backlog of more parts only those draws are scheduled whose length is next to each quantile: three for
#: each, this share of all draws apart.
MOST_PARTS = 300
NEAR_DRAWS = 3
NEAR_APART = 0.015
#: With more parts than these, one draw of the likely length is scheduled.
MOST_NEAR_PARTS = 1_500

#: So many people and limits are looked at for the length of a draw, those who are busy longest.
MOST_BUSIEST = 10
#: In a backlog of more than ``MOST_PARTS`` only those who are busy for this share of the longest: their many
#: parts take about as long as planned, beside the common factor of all.
LEAST_BUSY = 0.5

#: About the count of working days of a period.
WORKING_DAYS = {PeriodKind.WEEK: 5, PeriodKind.MONTH: 21}

#: Calendar days of the first horizon; it is doubled while the days of the forecast are not within it.
FIRST_HORIZON_CALENDAR_DAYS = 120
LAST_HORIZON_CALENDAR_DAYS = 2000
#: Calendar days for each working day, with days off and a reserve.
CALENDAR_DAYS = 1.6
#: The most forecasts that a process keeps.
MOST_KEPT = 8
#: The end of a draw that does not end within the horizon.
NEVER = date.max


class Forecast(Struct, frozen=True):
    """Days by which the backlog is finished in 50 and in 85 of 100 cases.

    ``error_count`` is the count of past errors that it is based on.
    """

    made_on: date
    likely_on: date
    almost_certain_on: date
    error_count: int


class NoForecast(Struct, frozen=True):
    """Reason for no forecast: too few past errors, or ``is_endless``: no end within the last horizon."""

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
    """Forecasts the days by which *backlog* is finished.

    Parameters
    ----------
    backlog
        All items with their people, for example from ``assign_evenly``. Hours are means.
    norms
        Source of past errors.
    bases
        Basis of each estimate, by item number and profile; ``Basis.TYPE`` where it is missing.

    Returns
    -------
    Forecast or NoForecast
        The same input gives the same result.
    """
    known = bases or {}
    queue = queue_of(backlog)
    parts = tuple(
        (part.hours, known.get((one.item.number, part.profile), Basis.TYPE))
        for one in queue.items
        for part in one.assignments
    )
    return _forecast(_Question(queue, parts, resources, norms, since, _made_of(queue, resources, norms)))


@dataclass(frozen=True)
class _Question:
    """What a forecast is made of; those that are equal have the same answer.

    ``parts`` are hours and basis of all assignments of the queue; ``made_of`` is what is compared of those
    fields that are not compared themselves.
    """

    queue: Queue = field(compare=False)
    parts: tuple[tuple[float, Basis], ...]
    resources: Resources = field(compare=False)
    norms: Norms = field(compare=False)
    since: date
    made_of: Hashable


def _made_of(queue: Queue, resources: Resources, norms: Norms) -> Hashable:
    """All that the days of a forecast follow from beside the hours of the parts and the first day.

    The first key of ``waits_for`` is that of the item itself.
    """
    calendar = resources.calendar
    return (
        tuple(
            (waits_for, one.assignments, tuple(one.rest_hours.items()), tuple(one.item.keeps.items()))
            for one, waits_for in zip(queue.items, queue.waits_for, strict=True)
        ),
        tuple((one.name, one.profiles, one.hours_per_day, one.days_away) for one in resources.specialists),
        tuple(
            (one.specialist, one.project, one.item, tuple(one.day_hours.items()))
            for one in resources.bookings
        ),
        tuple((name, tuple(days.items())) for name, days in resources.extra_hours.items()),
        (resources.limits, resources.load_factor, calendar.country, tuple(calendar.exceptions.items())),
        tuple(norms.errors.items()),
    )


@lru_cache(maxsize=MOST_KEPT)
def _forecast(question: _Question) -> Forecast | NoForecast:
    """Compute a forecast. The last results are kept: a refresh usually asks the same question again."""
    queue, parts, resources, since = question.queue, question.parts, question.resources, question.since
    norms = question.norms
    count = max((len(errors) for errors in norms.errors.values()), default=0)
    if not parts:
        return Forecast(since, since, since, count)
    simulation = simulate(norms, parts)
    if simulation is None:
        return NoForecast(count)
    work = _Work(queue, resources)
    lengths_working_days = work.lengths(simulation.sums)
    order = sorted(range(len(lengths_working_days)), key=lengths_working_days.__getitem__)
    likely_working_days, promised_working_days = (
        lengths_working_days[order[int(ratio * len(order))]] for ratio in (LIKELY_RATIO, PROMISED)
    )

    def hours(place: int) -> Sequence[float]:
        draw = order[place]
        return work.scaled(simulation.hours(draw), lengths_working_days[draw])

    if len(parts) > MOST_NEAR_PARTS:
        days = _days_of_long(
            hours(int(LIKELY_RATIO * len(order))),
            queue,
            resources,
            since=since,
            likely_working_days=likely_working_days,
            promised_working_days=promised_working_days,
        )
    else:
        samples = [
            _sample(ratio, draw_count=len(order), part_count=len(parts)) for ratio in (LIKELY_RATIO, PROMISED)
        ]
        days = _days_of(
            samples,
            {place: hours(place) for place in {place for sample in samples for place in sample.places}},
            queue,
            resources,
            since=since,
            expected_working_days=promised_working_days,
        )
    if days is None:
        return NoForecast(count, is_endless=True)
    likely_on, almost_certain_on = days
    return Forecast(since, likely_on, max(likely_on, almost_certain_on), count)


class _Sample(NamedTuple):
    """Places of draws in the order of length, and the quantile of their last days that is told."""

    places: Sequence[int]
    ratio: float


def _sample(ratio: float, *, draw_count: int, part_count: int) -> _Sample:
    """The draws from which the quantile *ratio* of all draws is read.

    They are spread evenly over all. Of a long backlog they are those next to the quantile, which is in their
    middle: a sum of so many parts says almost alone when a draw ends.
    """
    if part_count <= MOST_PARTS:
        count = min(draw_count, SCHEDULED_DRAWS)
        return _Sample([int((number + 0.5) * draw_count / count) for number in range(count)], ratio)
    most_apart = NEAR_DRAWS // 2
    steps = range(-most_apart, most_apart + 1)
    return _Sample(
        [min(draw_count - 1, int((ratio + NEAR_APART * step) * draw_count)) for step in steps], 0.5
    )


def _days_of(
    samples: Sequence[_Sample],
    draws: Mapping[int, Sequence[float]],
    queue: Queue,
    resources: Resources,
    *,
    since: date,
    expected_working_days: float,
) -> tuple[date, date] | None:
    """The likely and the almost certain day; ``None`` if one of them is later than the longest horizon.

    Draws that do not end within a horizon are later than the others. They are scheduled again, for a longer
    one, only where that is not enough to tell a day.

    Parameters
    ----------
    draws
        Hours of the parts, by the place of the draw.
    expected_working_days
        About the length of the work up to the almost certain day.
    """
    ends = dict.fromkeys(draws, NEVER)
    for timeline in _timelines(resources, since, expected_working_days):
        for place, hours in draws.items():
            if ends[place] == NEVER:
                ends[place] = last_day(queue, timeline.copy(), hours) or NEVER
        likely, safe = ((sorted(ends[place] for place in sample.places), sample.ratio) for sample in samples)
        likely_on, almost_certain_on = _likely_day(*likely), _safe_day(*safe)
        if NEVER not in (likely_on, almost_certain_on):
            return likely_on, almost_certain_on
    return None


def _days_of_long(
    hours: Sequence[float],
    queue: Queue,
    resources: Resources,
    *,
    since: date,
    likely_working_days: float,
    promised_working_days: float,
) -> tuple[date, date] | None:
    """The likely and the almost certain day of a very long backlog: only one draw is scheduled.

    It has the likely length. The almost certain day is later in proportion to the lengths: which parts of
    so many take longer hardly changes when the last one ends.
    """
    for timeline in _timelines(resources, since, promised_working_days):
        likely_on, days = last_day(queue, timeline, hours), timeline.ledger.days
        if likely_on is not None:
            likely_count = bisect_right(days, likely_on)
            promised_count = round(likely_count * promised_working_days / likely_working_days)
            if promised_count <= len(days):
                return likely_on, days[promised_count - 1]
    return None


def _timelines(resources: Resources, since: date, expected_working_days: float) -> Iterator[Timeline]:
    """Timelines without the backlog, each twice as long as the one before.

    The first one has room for about *expected_working_days*.
    """
    horizon = FIRST_HORIZON_CALENDAR_DAYS
    while horizon < CALENDAR_DAYS * expected_working_days and 2 * horizon <= LAST_HORIZON_CALENDAR_DAYS:
        horizon *= 2
    while horizon <= LAST_HORIZON_CALENDAR_DAYS:
        yield Timeline(Ledger(resources, since=since, until=since + timedelta(days=horizon)))
        horizon *= 2


class _Work:
    """Who does the parts of a queue, and how many days each person or limit has to be busy with them."""

    def __init__(self, queue: Queue, resources: Resources) -> None:
        parts = [(one.item.project, part) for one in queue.items for part in one.assignments]
        planned = [part.hours for _, part in parts]
        alike: dict[tuple[str, str], list[int]] = {}
        for place, (project, part) in enumerate(parts):
            alike.setdefault((project, part.specialist), []).append(place)
        of_person: dict[str, list[int]] = {}
        for (_, specialist), places in alike.items():
            of_person.setdefault(specialist, []).extend(places)
        capacities = [
            *(
                (
                    of_person.get(one.name, []),
                    1 / max(one.hours_per_day * resources.load_factor, EPSILON_HOURS),
                )
                for one in resources.specialists
            ),
            *(
                (
                    [
                        place
                        for (project, specialist), places in alike.items()
                        if limit.concerns(project=project, specialist=specialist)
                        for place in places
                    ],
                    WORKING_DAYS[limit.kind] / max(limit.hours, EPSILON_HOURS),
                )
                for limit in resources.limits
            ),
        ]
        busy_days = {
            number: days_per_hour * sum([planned[place] for place in places])
            for number, (places, days_per_hour) in enumerate(capacities)
            if places
        }
        longest = sorted(busy_days, key=lambda number: -busy_days[number])[:MOST_BUSIEST]
        if len(parts) > MOST_PARTS:
            longest = [one for one in longest if busy_days[one] >= LEAST_BUSY * busy_days[longest[0]]]
        #: Places of the parts of those who are busy longest, and the days that an hour takes there.
        self._busiest = [capacities[number] for number in longest]
        numbers: dict[int, tuple[int, ...]] = {}
        for number, (places, _) in enumerate(self._busiest):
            for place in places:
                numbers[place] = (*numbers.get(place, ()), number)
        #: Places of the parts that fill the same of these, by their numbers.
        self._groups: dict[tuple[int, ...], list[int]] = {}
        for place, filled_by in numbers.items():
            self._groups.setdefault(filled_by, []).append(place)

    def lengths(self, sums: Callable[[Sequence[int]], Sequence[float]]) -> list[float]:
        """Working days of each draw: of the person, or the limit, whose days it fills most."""
        days = [[0.0] * DRAWS for _ in self._busiest]
        for filled_by, places in self._groups.items():
            hours = sums(places)
            for number in filled_by:
                rate = self._busiest[number][1]
                days[number] = [
                    before + rate * more for before, more in zip(days[number], hours, strict=True)
                ]
        return [max(draw) for draw in zip(*days, strict=True)]

    def scaled(self, hours: Sequence[float], length_working_days: float) -> list[float]:
        """Hours of all parts of a draw in proportion, so that it has this length."""
        own = max(one * sum(hours[place] for place in places) for places, one in self._busiest)
        return [one * length_working_days / own for one in hours]


def _likely_day(ordered: Sequence[date], ratio: float) -> date:
    """The day by which a share of the draws ends that is nearest to *ratio*; the later one of two.

    A short backlog ends on few days. The first day by which at least *ratio* ends would be kept far more
    often than it says.
    """
    shares = {day: place / len(ordered) for place, day in enumerate(ordered, 1)}
    return min(shares, key=lambda day: (abs(shares[day] - ratio), -day.toordinal()))


def _safe_day(ordered: Sequence[date], ratio: float) -> date:
    """The first day by which at least the share *ratio* of the draws has ended."""
    return ordered[math.ceil(ratio * len(ordered)) - 1]


def assign_evenly(backlog: Iterable[BacklogItem], resources: Resources) -> list[TakenItem]:
    """Assigns the actions of a whole backlog to people, for forecasts beyond the first period.

    In order of class and place each action is given to the person with its profile whose work so far takes
    the fewest of his days. Items without an estimate, with a profile that nobody has, or that wait for each
    other in a circle are left out.
    """
    team = _LeastBusy(resources.specialists)
    found = []
    by_key = {one.key: one for one in backlog}
    before = {key: one.predecessors for key, one in by_key.items() if one.depends_on}
    for key in serial_order(by_key, before, lambda key: _turn(by_key[key])):
        item = by_key[key]
        parts: list[Assignment] = []
        for profile, hours in item.hours.items():
            name = team.name_for(profile, item.keeps.get(profile))
            if name is None:
                break
            team.give(name, hours)
            parts.append(Assignment(profile, name, hours))
        else:
            if parts:
                found.append(TakenItem(item, tuple(parts), {}))
    return found


class _LeastBusy:
    """A team while it is given work: finds the person with a profile whose work takes the fewest days."""

    def __init__(self, specialists: Iterable[Specialist]) -> None:
        self._people = {one.name: one for one in specialists}
        self._days = dict.fromkeys(self._people, 0.0)
        self._day_hours = {name: max(one.hours_per_day, EPSILON_HOURS) for name, one in self._people.items()}
        #: Days and names of the people with each profile, as a heap. The days of some may have grown since.
        self._by_profile: dict[str, list[tuple[float, str]]] = {}
        for name in sorted(self._people):
            for profile in self._people[name].profiles:
                self._by_profile.setdefault(profile, []).append((0.0, name))

    def name_for(self, profile: str, keeper: str | None) -> str | None:
        """The keeper of the work, if he has the profile; else the least busy person, the first by name."""
        if keeper in self._people and profile in self._people[keeper].profiles:
            return keeper
        waiting = self._by_profile.get(profile)
        if not waiting:
            return None
        days, name = waiting[0]
        while days != self._days[name]:
            heapq.heapreplace(waiting, (self._days[name], name))
            days, name = waiting[0]
        return name

    def give(self, name: str, hours: float) -> None:
        """Give a person work."""
        self._days[name] += hours / self._day_hours[name]


def _turn(item: BacklogItem) -> tuple[object, ...]:
    return not item.is_carried_over, priority_class(item), item.rank, item.key


class ForecastOutcome(Struct, frozen=True):
    """A past forecast and the day on which its backlog was finished, ``None`` while it is not."""

    forecast: Forecast
    finished_on: date | None = None
