"""Checks plans of random agencies with the product's checker and an exact search.

Nothing here uses the planner's own reasons.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from benchmarks.agencies import RandomAgency
from vitrina.domain.calendar import Period, PeriodKind, period_of
from vitrina.domain.checking.check import AfterRow, DayRow, Facts, LimitRow, PersonRow, Violation, check
from vitrina.domain.planning.capacity import Booking, Ledger, Resources
from vitrina.domain.planning.demand import priority_class
from vitrina.domain.planning.planner import PeriodPlan
from vitrina.domain.planning.schedule import ItemKey
from vitrina.domain.planning.selection import LeftOutItem, LeftOutReason, Selection, TakenItem

TOLERANCE_HOURS = 1e-4

#: Assignments that are tried before an exact search gives up.
SEARCH_LIMIT = 300


def violations(agency: RandomAgency, plan: PeriodPlan) -> list[Violation]:
    """Violations that the checker finds in the plan together with earlier bookings."""
    return check(rows_of(plan, agency.resources.bookings), facts_of(agency, plan))


def overbooked(agency: RandomAgency, selection: Selection) -> list[str]:
    """Names of people to whom a selection gives more hours than they have in the period."""
    ledger = Ledger(agency.resources, since=agency.period.start_on, until=agency.period.end_on)
    left = {
        name: ledger.free_hours(place, ledger.places(agency.period)) for name, place in ledger.people.items()
    }
    for one in selection.taken:
        for part in one.assignments:
            left[part.specialist] -= part.hours
    return [name for name, hours in left.items() if hours < -TOLERANCE_HOURS]


def rows_of(plan: PeriodPlan, bookings: Iterable[Booking]) -> list[DayRow]:
    """Everybody's hours by day, as they would be in cells."""
    planned = [
        DayRow(action.specialist, day, hours, one.item.project, one.item.number, place)
        for one in plan.schedule.items
        for place, action in enumerate(one.actions)
        for day, hours in action.day_hours.items()
    ]
    promised = [
        DayRow(one.specialist, day, hours, one.project, one.item)
        for one in bookings
        for day, hours in one.day_hours.items()
    ]
    return planned + promised


def facts_of(agency: RandomAgency, plan: PeriodPlan) -> Facts:
    """People, days, limits and dependencies as plain rows."""
    resources = agency.resources
    worked = {row.day for row in rows_of(plan, resources.bookings)} | {agency.period.end_on}
    first, last = min(worked), max(worked)
    days = [first + timedelta(days=offset) for offset in range((last - first).days + 1)]
    periods = {kind: {period_of(day, kind) for day in days} for kind in PeriodKind}
    windows = [(limit, window) for limit in resources.limits for window in periods[limit.kind]]
    return Facts(
        people=tuple(
            PersonRow(one.name, one.hours_per_day * resources.load_factor, one.days_away)
            for one in resources.specialists
        ),
        day_hours={day: resources.calendar.day_hours(day) for day in days},
        limits=tuple(
            LimitRow(limit.hours, window.start_on, window.end_on, limit.project, limit.specialist)
            for limit, window in windows
        ),
        after=tuple(
            AfterRow(item.project, item.number, number) for item in agency.items for number in item.depends_on
        ),
        wip_limit=2,
    )


class Room(StrEnum):
    """Whether an item that is left out would have fitted together with everything above it."""

    NONE = "none"
    LONG_CHAIN = "long_chain"
    UNKNOWN = "unknown"
    WRONG = "wrong"


@dataclass(frozen=True)
class Piece:
    """Hours of a profile that one person must take."""

    profile: str
    hours: float


def rooms(agency: RandomAgency, selection: Selection) -> Iterator[tuple[LeftOutItem, Room]]:
    """A result for each item that is left out, from exact sums and an exact search.

    ``WRONG`` means that the given limit or dependency does not really stop the item. ``LONG_CHAIN`` means
    that an assignment of the item and everything above it exists, but needs more than two moves
    (``tests/unit/domain/planning/test_moves.py``).
    """
    ledger = Ledger(agency.resources, since=agency.period.start_on, until=agency.period.end_on)
    taken = {one.item.key: one for one in selection.taken}
    left_out = {one.item.key: one for one in selection.left_out}
    above: list[ItemKey] = []
    for key in selection.order:
        if key in taken:
            above.append(key)
            continue
        left = left_out[key]
        pieces = [Piece(part.profile, part.hours) for one in above for part in taken[one].assignments]
        hours = sum(sum(part.hours for part in taken[one].assignments) for one in above if one[0] == key[0])
        finished = {one for one in taken if taken[one].is_whole}
        yield left, _room(ledger, agency.period, left, pieces, hours, finished)


def _room(
    ledger: Ledger,
    period: Period,
    left: LeftOutItem,
    pieces: list[Piece],
    project_hours: float,
    finished: set[ItemKey],
) -> Room:
    item, places = left.item, ledger.places(period)
    match left.reason:
        case LeftOutReason.WAITS_FOR:
            waits = all((item.project, number) not in finished for number in left.waits_for)
            return Room.NONE if waits and left.waits_for else Room.WRONG
        case LeftOutReason.PROJECT_LIMIT:
            limits = [
                ledger.limit_hours(number, period)
                for number, limit in enumerate(ledger.resources.limits)
                if limit.project == item.project
            ]
            over = project_hours + item.total_hours > min(limits) + TOLERANCE_HOURS / 100
            return Room.NONE if over else Room.WRONG
        case LeftOutReason.SPECIALIST_BUSY:
            wanted = [Piece(profile, hours) for profile, hours in item.hours.items()]
            fits = assignable(ledger.resources, _free(ledger, places), pieces + wanted)
            return {True: Room.LONG_CHAIN, False: Room.NONE, None: Room.UNKNOWN}[fits]
        case _:
            return Room.NONE


def _free(ledger: Ledger, places: Sequence[int]) -> list[float]:
    return [ledger.free_hours(person, places) for person in range(len(ledger.resources.specialists))]


def assignable(resources: Resources, free: Sequence[float], pieces: Sequence[Piece]) -> bool | None:
    """Whether each piece can be given to one person; ``None`` if the search gave up."""
    skills = [frozenset(one.profiles) for one in resources.specialists]
    if not divisible(skills, free, pieces):
        return False
    order = sorted(pieces, key=lambda piece: (-piece.hours, piece.profile))
    left = list(free)
    tries = 0

    def place(number: int) -> bool | None:
        nonlocal tries
        if number == len(order):
            return True
        piece = order[number]
        gave_up = False
        tried: set[tuple[float, frozenset[str]]] = set()
        people = [person for person, skill in enumerate(skills) if piece.profile in skill]
        for person in sorted(people, key=lambda one: (len(skills[one]), left[one])):
            like = (round(left[person], 4), skills[person])
            if left[person] < piece.hours - TOLERANCE_HOURS / 100 or like in tried:
                continue
            tried.add(like)
            tries += 1
            if tries > SEARCH_LIMIT:
                return None
            left[person] -= piece.hours
            found = place(number + 1)
            left[person] += piece.hours
            if found:
                return True
            gave_up = gave_up or found is None
        return None if gave_up else False

    return place(0)


def divisible(skills: Sequence[frozenset[str]], free: Sequence[float], pieces: Sequence[Piece]) -> bool:
    """Hall's condition: every set of profiles has enough people if work could be divided freely."""
    wanted: dict[str, float] = {}
    for piece in pieces:
        wanted[piece.profile] = wanted.get(piece.profile, 0.0) + piece.hours
    profiles = sorted(wanted)
    for mask in range(1, 1 << len(profiles)):
        some = {profile for place, profile in enumerate(profiles) if mask >> place & 1}
        there = sum(hours for skill, hours in zip(skills, free, strict=True) if skill & some)
        if sum(wanted[profile] for profile in some) > there + TOLERANCE_HOURS:
            return False
    return True


class Difference(StrEnum):
    """How a plan with more capacity compares with the one without it."""

    SAME = "same"
    BETTER = "better"
    WORSE = "worse"
    OTHER_ORDER = "other_order"


def compare(less: Selection, more: Selection) -> tuple[Difference, ItemKey | None]:
    """The first item, in the order of decision, of which the plans take different hours.

    In strict order this item may only gain; later items may lose because of it. ``OTHER_ORDER`` means that
    projects took turns in another order before any such item.
    """
    before = {one.item.key: one.hours for one in less.taken}
    after = {one.item.key: one.hours for one in more.taken}
    for one, other in zip(less.order, more.order, strict=False):
        if one != other:
            return Difference.OTHER_ORDER, one
        gained = after.get(one, 0.0) - before.get(one, 0.0)
        if abs(gained) > TOLERANCE_HOURS:
            return (Difference.BETTER if gained > 0 else Difference.WORSE), one
    return Difference.SAME, None


class Loss(StrEnum):
    """Why an item loses with more capacity."""

    LONG_CHAIN = "only a longer chain"
    NOT_LARGER = "no longer larger than a period"
    UNEXPLAINED = "unexplained"


def loss(richer: RandomAgency, less: Selection, more: Selection, key: ItemKey) -> Loss:
    """Why the plan with more capacity takes fewer hours of an item, the first that differs.

    ``LONG_CHAIN``: with the assignment of the other plan there is room for the item and everything above it,
    but this plan needs more than two moves to get there (``tests/unit/domain/planning/test_moves.py``).
    ``NOT_LARGER``: it was begun only because it fitted into no empty period, and now it does.
    """
    before = {one.item.key: one for one in less.taken}
    after = {one.item.key for one in more.taken}
    if not before[key].is_whole and key not in after and not _is_larger(richer, before[key]):
        return Loss.NOT_LARGER
    ledger = Ledger(richer.resources, since=richer.period.start_on, until=richer.period.end_on)
    free = dict(zip(ledger.people, _free(ledger, ledger.places(richer.period)), strict=True))
    for one in less.order[: less.order.index(key) + 1]:
        for part in before[one].assignments if one in before else ():
            free[part.specialist] -= part.hours
    return Loss.LONG_CHAIN if min(free.values()) >= -TOLERANCE_HOURS else Loss.UNEXPLAINED


def _is_larger(agency: RandomAgency, taken: TakenItem) -> bool:
    """Whether the item is larger than an empty period."""
    resources, item, period = agency.resources, taken.item, agency.period
    limits = [limit.hours for limit in resources.limits if limit.project == item.project]
    full_hours = resources.ledger(since=period.start_on, until=period.end_on).team_hours(period).full
    return item.total_hours > min(limits, default=item.total_hours) + TOLERANCE_HOURS or any(
        hours
        > max(
            full
            for one, full in zip(resources.specialists, full_hours, strict=True)
            if profile in one.profiles
        )
        + TOLERANCE_HOURS
        for profile, hours in item.hours.items()
    )


def class_hours_fell(less: Selection, more: Selection, key: ItemKey) -> bool:
    """Whether the class of an item that loses takes fewer hours in total."""
    of = next(priority_class(one.item) for one in less.taken if one.item.key == key)
    before, after = (
        sum(one.hours for one in plan.taken if priority_class(one.item) == of) for plan in (less, more)
    )
    return after < before - TOLERANCE_HOURS
