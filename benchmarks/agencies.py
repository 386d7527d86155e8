"""Random agencies for planning: people, projects, items, absences, dependencies, earlier bookings.

Each depends only on its seed. Hours are multiples of a quarter of an hour, as people usually type them.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date, timedelta

from msgspec import Struct
from msgspec.structs import replace

import emulators.world  # noqa: F401 - puts ``vitrina`` on the path
from vitrina.domain.backlog import BacklogItem, Priority, Specialist
from vitrina.domain.calendar import Period, PeriodKind, WorkCalendar, period_of
from vitrina.domain.planning.capacity import Booking, HourLimit, Resources
from vitrina.domain.planning.planner import PeriodPlan, plan_period

MONDAY = date(2026, 11, 23)
PROFILES = ("design", "copy", "development", "advertising", "seo", "analytics")
CALENDAR = WorkCalendar()

#: Shares of the classes among the items, from the highest.
CLASS_WEIGHTS = (10, 25, 45, 20)


class RandomAgency(Struct, frozen=True):
    """An agency with its backlogs, before *period* is planned."""

    seed: int
    resources: Resources
    items: tuple[BacklogItem, ...]
    period: Period


def random_agency(
    seed: int,
    *,
    people: int,
    projects: int,
    items: int,
    kind: PeriodKind = PeriodKind.WEEK,
    large_ratio: float = 0.0,
    depends_ratio: float = 0.1,
    calendar: WorkCalendar = CALENDAR,
) -> RandomAgency:
    """An agency of the given size.

    Parameters
    ----------
    large_ratio
        Share of items with an action that fits into no period.
    depends_ratio
        Share of items that wait for another item of their project.
    """
    chance = random.Random(seed)
    period = period_of(MONDAY, kind)
    team = [_specialist(chance, number, period) for number in range(people)]
    used = sorted({profile for one in team for profile in one.profiles})
    names = [f"P{number:02}" for number in range(projects)]
    bookings = tuple(_bookings(chance, team, names, period, calendar))
    limits = tuple(_within(limit, bookings) for limit in _limits(chance, names, people, kind))
    resources = Resources(tuple(team), calendar, bookings, limits)
    backlog: list[BacklogItem] = []
    for number in range(1, items + 1):
        one = _item(chance, number, names, used, period, large_ratio=large_ratio)
        older = [other.number for other in backlog[-100:] if other.project == one.project]
        if older and chance.random() < depends_ratio:
            one = replace(one, depends_on=(chance.choice(older),))
        backlog.append(one)
    return RandomAgency(seed, resources, tuple(backlog), period)


def _specialist(chance: random.Random, number: int, period: Period) -> Specialist:
    away: frozenset[date] = frozenset()
    if chance.random() < 0.2:
        first = chance.choice(list(period))
        away = frozenset(first + timedelta(days=offset) for offset in range(chance.choice([1, 2, 5])))
    return Specialist(
        f"S{number:02}",
        tuple(chance.sample(PROFILES, chance.choice([1, 1, 2, 2, 3]))),
        chance.choice([8.0, 8.0, 8.0, 6.0, 4.0]),
        days_away=away,
    )


def _bookings(
    chance: random.Random,
    team: Sequence[Specialist],
    names: Sequence[str],
    period: Period,
    calendar: WorkCalendar,
) -> list[Booking]:
    """Booked work of other weeks and clients on some days."""
    bookings = []
    for number, one in enumerate(team):
        for day in period:
            room = one.hours_per_day * 0.8 * calendar.share_of_day(day)
            if day not in one.days_away and room > 0 and chance.random() < 0.2:
                hours = chance.choice([1.0, 2.0, 3.0])
                bookings.append(Booking(one.name, chance.choice(names), -1 - number, {day: min(hours, room)}))
    return bookings


def _limits(chance: random.Random, names: Sequence[str], people: int, kind: PeriodKind) -> list[HourLimit]:
    weeks = 1 if kind is PeriodKind.WEEK else 4
    fair = 40.0 * weeks * people / len(names)
    return [
        HourLimit(float(round(fair * chance.uniform(0.5, 2.0))), kind, project=name)
        for name in names
        if chance.random() < 0.7
    ]


def _within(limit: HourLimit, bookings: Sequence[Booking]) -> HourLimit:
    """The limit, raised to the booked hours if these are more: no limit is exceeded at the start."""
    booked = sum(one.hours for one in bookings if one.project == limit.project)
    return replace(limit, hours=max(limit.hours, booked))


def _item(
    chance: random.Random,
    number: int,
    names: Sequence[str],
    profiles: Sequence[str],
    period: Period,
    *,
    large_ratio: float,
) -> BacklogItem:
    chosen = chance.sample(profiles, min(len(profiles), chance.choice([1, 1, 1, 2, 2, 3])))
    hours = {profile: _quarters(min(16.0, chance.lognormvariate(1.1, 0.8))) for profile in chosen}
    if chance.random() < large_ratio:
        weeks = 1 if period.kind is PeriodKind.WEEK else 4
        hours[chosen[0]] = _quarters(40.0 * weeks * chance.uniform(0.8, 2.0))
    project = chance.choice(names)
    return BacklogItem(
        number,
        f"{project}-{number}",
        f"task {number}",
        chance.choices(list(Priority), CLASS_WEIGHTS)[0],
        number,
        hours,
        project=project,
        passed_over_count=chance.choice([0, 0, 0, 0, 1, 3]),
    )


def _quarters(hours: float) -> float:
    return max(0.25, round(hours * 4) / 4)


def with_wanted_days(agency: RandomAgency, *, ratio: float = 0.3) -> RandomAgency:
    """The agency with days on which clients want some items, from the third day of its period on."""
    chance = random.Random(f"wanted {agency.seed}")
    first = agency.period.start_on + timedelta(days=2)
    days = (agency.period.end_on - first).days + 7
    items = tuple(
        replace(item, wanted_on=first + timedelta(days=chance.randint(0, days)))
        if chance.random() < ratio
        else item
        for item in agency.items
    )
    return replace(agency, items=items)


def more_capacity(agency: RandomAgency, seed: int) -> RandomAgency:
    """The agency with more capacity: longer days, one more person, or no absences."""
    chance = random.Random(seed)
    team = list(agency.resources.specialists)
    match chance.choice(["hours", "person", "absences"]):
        case "hours":
            place = chance.randrange(len(team))
            longer = team[place].hours_per_day + chance.choice([0.5, 1.0, 2.0])
            team[place] = replace(team[place], hours_per_day=longer)
        case "person":
            used = sorted({profile for one in team for profile in one.profiles})
            team.append(Specialist(f"S{len(team):02}", (chance.choice(used),), 8.0))
        case _:
            team = [replace(one, days_away=frozenset()) for one in team]
    return replace(agency, resources=replace(agency.resources, specialists=tuple(team)))


def plan_on(plan: PeriodPlan, resources: Resources) -> tuple[PeriodPlan, Resources]:
    """The plan of the period after *plan*, and the resources with the bookings of *plan*.

    Items that *plan* leaves out are passed over once more.
    """
    booked = resources.booked(plan.schedule.bookings())
    items = [replace(left.item, passed_over_count=left.item.passed_over_count + 1) for left in plan.left_out]
    return plan_period(items, booked, period=plan.period.next()), booked
