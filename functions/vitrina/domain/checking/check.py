"""Checks a plan, given as plain rows, for overload, wrong days and wrong order.

It only adds up the rows. It imports nothing of the planner, so the planner's tests can use it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from enum import StrEnum

from msgspec import Struct, field

#: Half a minute. Sums of rounded cells differ by less.
TOLERANCE_HOURS = 1 / 120


class Fault(StrEnum):
    """Kind of error in a plan."""

    OVERLOAD = "overload"
    DOUBLE_BOOKING = "double_booking"
    BEFORE_PREDECESSOR = "before_predecessor"
    DAY_OFF = "day_off"
    ABSENT = "absent"
    LIMIT = "limit"
    TOO_MANY_AT_ONCE = "too_many_at_once"
    UNKNOWN_PERSON = "unknown_person"
    #: Work that somebody does who may not, that has other hours than asked for, or that begins too early.
    WRONG_PERSON = "wrong_person"
    WRONG_HOURS = "wrong_hours"
    TOO_EARLY = "too_early"


class DayRow(Struct, frozen=True):
    """Hours of a person on a day for an action of an item.

    ``action`` is the position of the action in the item, from 0: each must be finished before the next
    begins. ``None`` means that there is no such order, for example for work that was entered by hand.
    """

    specialist: str
    day: date
    hours: float
    project: str
    item: int
    action: int | None = None


class PersonRow(Struct, frozen=True):
    """Capacity of a person: hours of an ordinary day that may be planned, and days of absence."""

    name: str
    hours_per_day: float
    absent: frozenset[date] = frozenset()


class LimitRow(Struct, frozen=True):
    """Most hours from *first_day* to *last_day*, both included, of a project, a person, or of all."""

    hours: float
    first_day: date
    last_day: date
    project: str | None = None
    specialist: str | None = None


class AfterRow(Struct, frozen=True):
    """An item that may begin only on the day after another one of its project is finished."""

    project: str
    item: int
    predecessor: int


class AskedRow(Struct, frozen=True):
    """What was asked of an action of an item: its hours, who may do it, and its first possible day."""

    project: str
    item: int
    action: int
    hours: float
    people: frozenset[str]
    first_day: date = date.min


class Violation(Struct, frozen=True):
    """A fault and its place; ``hours`` and ``allowed_hours`` where hours are exceeded."""

    fault: Fault
    specialist: str | None = None
    day: date | None = None
    project: str | None = None
    items: tuple[tuple[str, int], ...] = ()
    hours: float = 0.0
    allowed_hours: float = 0.0


class Facts(Struct, frozen=True):
    """The facts that rows are checked against.

    Parameters
    ----------
    day_hours
        Hours of a full-time person by day, 0 or absent for a day off.
    full_day_hours
        Hours of an ordinary day. On a shorter day everybody's hours are reduced in proportion.
    wip_limit
        The most actions that a person may have in progress at once; ``None`` for no check.
    asked
        Actions that have to be there exactly so; others are not compared with anything.
    """

    people: tuple[PersonRow, ...]
    day_hours: Mapping[date, float]
    limits: tuple[LimitRow, ...] = ()
    after: tuple[AfterRow, ...] = ()
    full_day_hours: float = 8.0
    wip_limit: int | None = None
    asked: tuple[AskedRow, ...] = ()


class _Day(Struct):
    hours: float = 0.0
    items: set[tuple[str, int]] = field(default_factory=set)


def check(rows: Iterable[DayRow], facts: Facts) -> list[Violation]:
    """All violations in *rows*, ordered by day.

    Returns
    -------
    list of Violation
        Empty if no person and no limit exceeds its hours, nobody works on a day off, nothing is booked
        twice, and nothing begins before its predecessor is finished.
    """
    known = [row for row in rows if row.hours > 0]
    found = [
        *_days(known, facts),
        *_doubles(known),
        *_limits(known, facts.limits),
        *_actions_in_order(known),
        *_items_in_order(known, facts.after),
        *_as_asked(known, facts.asked),
    ]
    if facts.wip_limit is not None:
        found += _at_once(known, facts.wip_limit)
    return sorted(found, key=lambda one: (one.day or date.min, one.fault, one.specialist or "", one.items))


def _days(rows: list[DayRow], facts: Facts) -> Iterable[Violation]:
    people = {person.name: person for person in facts.people}
    days: dict[tuple[str, date], _Day] = {}
    for row in rows:
        day = days.setdefault((row.specialist, row.day), _Day())
        day.hours += row.hours
        day.items.add((row.project, row.item))
    for (name, on), day in days.items():
        where = {"specialist": name, "day": on, "items": tuple(sorted(day.items)), "hours": day.hours}
        person = people.get(name)
        if person is None:
            yield Violation(Fault.UNKNOWN_PERSON, **where)  # type: ignore[arg-type]
            continue
        share = facts.day_hours.get(on, 0.0) / facts.full_day_hours
        if share <= 0:
            yield Violation(Fault.DAY_OFF, **where)  # type: ignore[arg-type]
        elif on in person.absent:
            yield Violation(Fault.ABSENT, **where)  # type: ignore[arg-type]
        elif day.hours > person.hours_per_day * share + TOLERANCE_HOURS:
            allowed = person.hours_per_day * share
            yield Violation(Fault.OVERLOAD, allowed_hours=allowed, **where)  # type: ignore[arg-type]


def _doubles(rows: list[DayRow]) -> Iterable[Violation]:
    """Actions that a person has twice on one day, or that two people do."""
    seen: set[tuple[str, date, str, int, int]] = set()
    doer: dict[tuple[str, int, int], str] = {}
    for row in rows:
        if row.action is None:
            continue
        key = (row.specialist, row.day, row.project, row.item, row.action)
        first = doer.setdefault((row.project, row.item, row.action), row.specialist)
        if key in seen or first != row.specialist:
            yield Violation(
                Fault.DOUBLE_BOOKING,
                row.specialist,
                row.day,
                row.project,
                ((row.project, row.item),),
                row.hours,
            )
        seen.add(key)


def _limits(rows: list[DayRow], limits: tuple[LimitRow, ...]) -> Iterable[Violation]:
    by_project: dict[str | None, list[DayRow]] = {None: rows}
    for row in rows:
        by_project.setdefault(row.project, []).append(row)
    for limit in limits:
        hours = sum(
            row.hours
            for row in by_project.get(limit.project, ())
            if limit.first_day <= row.day <= limit.last_day and limit.specialist in (None, row.specialist)
        )
        if hours > limit.hours + TOLERANCE_HOURS:
            yield Violation(
                Fault.LIMIT,
                limit.specialist,
                limit.first_day,
                limit.project,
                hours=hours,
                allowed_hours=limit.hours,
            )


def _actions_in_order(rows: list[DayRow]) -> Iterable[Violation]:
    spans = _spans(rows)
    for (project, item, action), (first, _) in spans.items():
        before = spans.get((project, item, action - 1))
        if before is not None and first <= before[1]:
            yield Violation(Fault.BEFORE_PREDECESSOR, day=first, project=project, items=((project, item),))


def _items_in_order(rows: list[DayRow], after: tuple[AfterRow, ...]) -> Iterable[Violation]:
    spans: dict[tuple[str, int], tuple[date, date]] = {}
    for row in rows:
        first, last = spans.get((row.project, row.item), (row.day, row.day))
        spans[row.project, row.item] = (min(first, row.day), max(last, row.day))
    for pair in after:
        one, before = spans.get((pair.project, pair.item)), spans.get((pair.project, pair.predecessor))
        if one is not None and before is not None and one[0] <= before[1]:
            items = ((pair.project, pair.predecessor), (pair.project, pair.item))
            yield Violation(Fault.BEFORE_PREDECESSOR, day=one[0], project=pair.project, items=items)


def _as_asked(rows: list[DayRow], asked: tuple[AskedRow, ...]) -> Iterable[Violation]:
    for one in asked:
        own = [
            row for row in rows if (row.project, row.item, row.action) == (one.project, one.item, one.action)
        ]
        items, hours = ((one.project, one.item),), sum(row.hours for row in own)
        if abs(hours - one.hours) > TOLERANCE_HOURS:
            yield Violation(
                Fault.WRONG_HOURS, project=one.project, items=items, hours=hours, allowed_hours=one.hours
            )
        for row in own:
            if row.specialist not in one.people:
                yield Violation(Fault.WRONG_PERSON, row.specialist, row.day, one.project, items, row.hours)
            if row.day < one.first_day:
                yield Violation(Fault.TOO_EARLY, row.specialist, row.day, one.project, items, row.hours)


def _spans(rows: list[DayRow]) -> dict[tuple[str, int, int], tuple[date, date]]:
    """First and last day of each action."""
    spans: dict[tuple[str, int, int], tuple[date, date]] = {}
    for row in rows:
        if row.action is not None:
            key = (row.project, row.item, row.action)
            first, last = spans.get(key, (row.day, row.day))
            spans[key] = (min(first, row.day), max(last, row.day))
    return spans


def _at_once(rows: list[DayRow], most: int) -> Iterable[Violation]:
    """Days on which a person has more than *most* actions in progress, in the best order of the day.

    The best order of a day is: finish what ends on it, then do what begins and ends on it, then begin the
    rest. So the highest count is reached overnight, or beside the actions that continue through the day.
    """
    spans: dict[str, list[tuple[date, date]]] = {}
    doers = {(row.project, row.item, row.action): row.specialist for row in rows}
    for key, span in _spans(rows).items():
        spans.setdefault(doers[key], []).append(span)
    for name, theirs in spans.items():
        for day in sorted({day for span in theirs for day in span}):
            through = sum(first < day < last for first, last in theirs)
            begun = sum(first == day < last for first, last in theirs)
            ended = sum(first < day == last for first, last in theirs)
            within = any(first == day == last for first, last in theirs)
            at_once = through + max(begun, ended, 1 if within else 0)
            if at_once > most:
                yield Violation(Fault.TOO_MANY_AT_ONCE, name, day, hours=at_once, allowed_hours=most)
