"""Counts the remaining hours of people's days and of the weekly and monthly limits.

Hours that are committed to any client are subtracted from all of them.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Mapping, Sequence
from copy import copy
from datetime import date
from functools import cached_property, lru_cache

from msgspec import Struct, field
from msgspec.structs import replace

from vitrina.domain.backlog import Specialist
from vitrina.domain.calendar import Period, PeriodKind, WorkCalendar, period_of

#: Tolerance for sums of floats, less than a second.
EPSILON_HOURS = 1e-5

#: Units per hour where hours are counted in whole numbers; work is rounded up to whole units, room down.
UNITS = 1000

#: Share of the working day that is planned; the rest is for talk, corrections and unforeseen work.
#: Measured: 80 % makes 8 % of the items late, 100 % makes it 14 %.
LOAD_FACTOR = 0.8


def units_of(hours: float) -> int:
    """Hours of work as whole ``UNITS``, rounded up."""
    return math.ceil((hours - EPSILON_HOURS) * UNITS)


class Booking(Struct, frozen=True):
    """Committed hours of a specialist for an item, by day."""

    specialist: str
    project: str
    item: int
    day_hours: Mapping[date, float]

    @property
    def hours(self) -> float:
        """Hours of all days."""
        return sum(self.day_hours.values())


class HourLimit(Struct, frozen=True):
    """Most hours in each week or month for a project, of a specialist, or of the whole agency.

    Without ``project`` and ``specialist`` it is the limit of the agency. Unspent hours of a month stay usable
    within the month, not after it.
    """

    hours: float
    kind: PeriodKind
    project: str | None = None
    specialist: str | None = None

    def __post_init__(self) -> None:
        if self.hours < 0:
            raise ValueError("Must have hours >= 0.")
        if self.project is not None and self.specialist is not None:
            raise ValueError("A limit is a project's or a specialist's, not both.")

    def concerns(self, *, project: str, specialist: str) -> bool:
        """Whether work of *specialist* for *project* counts against the limit."""
        return self.project in (None, project) and self.specialist in (None, specialist)


class Resources(Struct, frozen=True, dict=True):
    """What a plan may use: people, their days, limits, and committed hours.

    Parameters
    ----------
    bookings
        Committed hours of all clients.
    load_factor
        Share of each day that may be planned, 0 < ratio <= 1.
    extra_hours
        Additional hours that a specialist has agreed to work, by name and day.
    """

    specialists: tuple[Specialist, ...]
    calendar: WorkCalendar
    bookings: tuple[Booking, ...] = ()
    limits: tuple[HourLimit, ...] = ()
    load_factor: float = LOAD_FACTOR
    extra_hours: Mapping[str, Mapping[date, float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not 0 < self.load_factor <= 1:
            raise ValueError("Must have 0 < load_factor <= 1.")
        if len({one.name for one in self.specialists}) < len(self.specialists):
            raise ValueError("Two specialists have one name.")

    def ledger(self, *, since: date, until: date) -> Ledger:
        """The ledger of these days. Plans of the same resources share it: copy it before you change it."""
        if (since, until) not in self._ledgers:
            self._ledgers[since, until] = Ledger(self, since=since, until=until)
        return self._ledgers[since, until]

    @cached_property
    def _ledgers(self) -> dict[tuple[date, date], Ledger]:
        return {}

    def booked(self, bookings: Iterable[Booking], *, period: Period | None = None) -> Resources:
        """The resources with more committed hours, and without those that do not matter from *period* on.

        Days before it count against the limits of its first week and month.
        """
        known = (*self.bookings, *bookings)
        if period is not None:
            first = min(period_of(period.start_on, kind).start_on for kind in PeriodKind)
            known = tuple([one for one in known if max(one.day_hours, default=first) >= first])
        return replace(self, bookings=known)

    def day_capacity(self, specialist: Specialist, day: date) -> float:
        """Hours of *specialist* on *day* that may be planned, without regard to committed hours; 0 if absent.

        On a short day the hours of a part-time person are reduced in proportion.
        """
        extra = self.extra_hours.get(specialist.name, {}).get(day, 0.0)
        if day in specialist.days_away:
            return extra
        return specialist.hours_per_day * self.calendar.share_of_day(day) * self.load_factor + extra


class TeamHours(Struct, frozen=True, dict=True):
    """Hours in a period, one figure for each person in the order of the team.

    ``profiles`` are those of each person. ``full`` are without regard to absences and committed hours,
    ``capacity`` without regard to committed hours; ``free`` also keep to the limits of the person.
    """

    profiles: tuple[tuple[str, ...], ...]
    full: Sequence[float]
    capacity: Sequence[float]
    free: Sequence[float]

    @cached_property
    def free_by_profile(self) -> Mapping[str, float]:
        """Free hours of all people with a profile."""
        return {
            profile: sum([self.free[place] for place in places])
            for profile, places in places_by_profile(self.profiles).items()
        }

    @cached_property
    def longest_by_profile(self) -> Mapping[str, float]:
        """Full hours of the person with a profile who has most."""
        return {
            profile: max([self.full[place] for place in places])
            for profile, places in places_by_profile(self.profiles).items()
        }


# Changed situations and further periods are planned with the same team.
@lru_cache(maxsize=64)
def places_by_profile(profiles: tuple[tuple[str, ...], ...]) -> Mapping[str, Sequence[int]]:
    """Places of the people with each profile, by the profiles of each person."""
    found: dict[str, list[int]] = {}
    for place, names in enumerate(profiles):
        for profile in dict.fromkeys(names):
            found.setdefault(profile, []).append(place)
    return {profile: found[profile] for profile in sorted(found)}


def week_share_hours(limit: HourLimit, calendar: WorkCalendar, week: Period) -> float:
    """Share of a monthly limit for the days of the month up to the end of *week*.

    The share is soft: a project above it is planned after others of the same class, but is not stopped.

    Returns
    -------
    float
        Hours of the limit x working hours of the month until then / working hours of the month. For a weekly
        limit its hours.
    """
    if limit.kind is PeriodKind.WEEK:
        return limit.hours
    month = period_of(week.end_on, PeriodKind.MONTH)
    whole = calendar.hours(month)
    until = sum(calendar.day_hours(day) for day in month if day <= week.end_on)
    return limit.hours * until / whole if whole else limit.hours


class Ledger:
    """Remaining hours of each day of each person and of each limit, from a day on.

    A day is given by its place among the working days from *since*, a person by the place in the team.
    """

    def __init__(self, resources: Resources, *, since: date, until: date) -> None:
        self.resources = resources
        self.days, shares = resources.calendar.working_days_between(since, until)
        self.people = {one.name: place for place, one in enumerate(resources.specialists)}
        rows = {
            hours: [hours * resources.load_factor * share for share in shares]
            for hours in {one.hours_per_day for one in resources.specialists}
        }
        # Most people are not away: they share the rows of those with the same hours.
        self.capacity = [
            self._without_absence(rows[one.hours_per_day], one.days_away)
            if one.days_away
            else rows[one.hours_per_day]
            for one in resources.specialists
        ]
        self._place = {day: place for place, day in enumerate(self.days)}
        for name, extra in resources.extra_hours.items():
            for day, hours in extra.items():
                if day in self._place:
                    person = self.people[name]
                    self.capacity[person] = row = list(self.capacity[person])
                    row[self._place[day]] += hours
        #: Rows are shared with the capacity, and with copies of the ledger, until ``own_hours`` is asked.
        self.free = list(self.capacity)
        self._own: frozenset[int] = frozenset()
        windows = {kind: _windows_between(since, until, kind) for kind in PeriodKind}
        #: Places of the weeks and months, by their first day, and those of each day.
        self._windows = {
            kind: {one.start_on: place for place, one in enumerate(found)} for kind, found in windows.items()
        }
        self._of_day = {kind: _places_of_days(self.days, found) for kind, found in windows.items()}
        self.left = [[limit.hours] * len(self._windows[limit.kind]) for limit in resources.limits]
        self._concerned: dict[tuple[int, str], tuple[int, ...]] = {}
        self._of_project: dict[str, list[tuple[int, HourLimit]]] = {}
        self._shares: dict[tuple[Period, PeriodKind], Sequence[tuple[int, float]]] = {}
        self._team_hours: dict[Period, TeamHours] = {}
        for booking in resources.bookings:
            self._book(booking)

    def copy(self) -> Ledger:
        """An independent copy."""
        self._own = frozenset()
        twin = copy(self)
        twin.free = list(self.free)
        twin.left = [list(row) for row in self.left]
        return twin

    def own_hours(self, person: int) -> list[float]:
        """Remaining hours of a person on each day, to be changed."""
        if person not in self._own:
            self.free[person] = list(self.free[person])
            self._own |= {person}
        return self.free[person]

    def _without_absence(self, row: list[float], away: Collection[date]) -> list[float]:
        """Hours that may be planned on each day of somebody who is away on some days."""
        return [0.0 if day in away else hours for day, hours in zip(self.days, row, strict=True)]

    def _book(self, booking: Booking) -> None:
        person = self.people.get(booking.specialist)
        limits = self._concerning(booking.project, booking.specialist)
        for day, hours in booking.day_hours.items():
            place = self._place.get(day)
            if person is not None and place is not None:
                self.own_hours(person)[place] = max(0.0, self.free[person][place] - hours)
            for number in limits:
                kind = self.resources.limits[number].kind
                window = self._windows[kind].get(period_of(day, kind).start_on)
                if window is not None:
                    self.left[number][window] -= hours

    def limits_of(self, person: int, project: str) -> tuple[int, ...]:
        """Places of the limits that work of *person* for *project* counts against."""
        known = self._concerned.get((person, project))
        if known is None:
            name = self.resources.specialists[person].name
            known = self._concerned[person, project] = self._concerning(project, name)
        return known

    def _concerning(self, project: str, specialist: str) -> tuple[int, ...]:
        """Places of the limits that work of *specialist* for *project* counts against."""
        known = self._of_project.get(project)
        if known is None:
            known = self._of_project[project] = [
                (number, limit)
                for number, limit in enumerate(self.resources.limits)
                if limit.project in (None, project)
            ]
        return tuple(
            number for number, limit in known if limit.concerns(project=project, specialist=specialist)
        )

    def room(self, person: int, project: str, place: int) -> float:
        """Hours that *person* may still work for *project* on the day, by his own hours and every limit."""
        room = self.free[person][place]
        for number in self.limits_of(person, project):
            room = min(room, self.left[number][self.window_of(number, place)])
        return room

    def window_of(self, number: int, place: int) -> int:
        """Place of the week or month of a limit that contains the day."""
        return self.window_row(number)[place]

    def window_row(self, number: int) -> Sequence[int]:
        """Places of the weeks or months of a limit that contain each day."""
        return self._of_day[self.resources.limits[number].kind]

    def first_place(self, number: int, window: int) -> int:
        """Place of the first day in a week or month of a limit; the count of days if there is none."""
        return bisect_left(self.window_row(number), window)

    def take(self, person: int, project: str, place: int, hours: float) -> None:
        """Subtract hours from a day and its limits; negative hours are added back."""
        self.own_hours(person)[place] -= hours
        for number in self.limits_of(person, project):
            self.left[number][self.window_of(number, place)] -= hours

    def places(self, period: Period) -> range:
        """Places of the days in *period*."""
        return range(bisect_left(self.days, period.start_on), bisect_right(self.days, period.end_on))

    def team_hours(self, period: Period) -> TeamHours:
        """Hours of each person in *period*, counted once: call it before anything is taken."""
        known = self._team_hours.get(period)
        if known is None:
            known = self._team_hours[period] = self._count_team_hours(period)
        return known

    def _count_team_hours(self, period: Period) -> TeamHours:
        team, places = self.resources.specialists, self.places(period)
        share = self.resources.calendar.share_of_period(period)
        capacity = _sums(self.capacity, places)
        free = [
            hours if row is whole else sum(row[places.start : places.stop])
            for row, whole, hours in zip(self.free, self.capacity, capacity, strict=True)
        ]
        for number, limit in enumerate(self.resources.limits):
            person = self.people.get(limit.specialist or "")
            if person is not None:
                free[person] = min(free[person], self.limit_hours(number, period))
        return TeamHours(
            profiles=tuple([one.profiles for one in team]),
            full=[one.hours_per_day * self.resources.load_factor * share for one in team],
            capacity=capacity,
            free=free,
        )

    def free_hours(self, person: int, places: range) -> float:
        """Remaining hours of *person* in all, on the days at *places*."""
        return sum(self.free[person][places.start : places.stop])

    def limit_hours(self, number: int, period: Period) -> float:
        """Remaining hours of a limit in *period*.

        A week that a month cuts off counts by the share of its working hours that the month has.
        """
        left, kind = self.left[number], self.resources.limits[number].kind
        return sum(max(0.0, left[window]) * share for window, share in self._windows_in(period, kind))

    def _windows_in(self, period: Period, kind: PeriodKind) -> Sequence[tuple[int, float]]:
        """Places of the weeks or months that have days in *period*, each with the share that counts."""
        known = self._shares.get((period, kind))
        if known is None:
            windows = sorted({self._of_day[kind][place] for place in self.places(period)})
            starts = list(self._windows[kind])
            known = self._shares[period, kind] = [
                (window, self._share(period_of(starts[window], kind), period)) for window in windows
            ]
        return known

    def _share(self, window: Period, period: Period) -> float:
        """Share of a week's working hours that are in *period*; a month counts as a whole."""
        if window.kind is PeriodKind.MONTH or (window.start_on in period and window.end_on in period):
            return 1.0
        calendar = self.resources.calendar
        whole = calendar.hours(window)
        return sum(calendar.day_hours(day) for day in window if day in period) / whole if whole else 1.0


# Every plan of a day asks for the same: that of each period, and those with a change.
@lru_cache(maxsize=64)
def _windows_between(since: date, until: date, kind: PeriodKind) -> Sequence[Period]:
    """The weeks or months with a day from *since* to *until*."""
    found = [period_of(since, kind)]
    while found[-1].end_on < until:
        found.append(found[-1].next())
    return found


def _places_of_days(days: Sequence[date], windows: Sequence[Period]) -> list[int]:
    """For each day, the place of its week or month in *windows*. The days are in order."""
    places: list[int] = []
    for place, window in enumerate(windows):
        places += [place] * (bisect_right(days, window.end_on) - len(places))
    return places


def _sums(rows: Sequence[Sequence[float]], places: range) -> list[float]:
    """The hours at *places*, added up for each row. A row that many people share is added up once."""
    known: dict[int, float] = {}
    for row in rows:
        if id(row) not in known:
            known[id(row)] = sum(row[places.start : places.stop])
    return [known[id(row)] for row in rows]
