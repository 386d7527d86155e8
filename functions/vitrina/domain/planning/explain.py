"""Explains why an item is left out, when it is expected, and the smallest change that lets it in now.

A change is proven before it is reported: the period is planned again with it, and the item must be in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from enum import StrEnum
from functools import cached_property

from msgspec import Struct
from msgspec.structs import replace

from vitrina.domain.backlog import Priority
from vitrina.domain.calendar import Period
from vitrina.domain.planning.capacity import EPSILON_HOURS, Resources
from vitrina.domain.planning.demand import Demand, priority_class
from vitrina.domain.planning.planner import PeriodPlan, plan_period
from vitrina.domain.planning.schedule import ItemKey
from vitrina.domain.planning.selection import LeftOutItem, LeftOutReason
from vitrina.domain.planning.wishes import NO_WISHES, Wishes, plan_as_wished

#: Count of following periods that are planned to find the one in which an item is expected.
PERIODS_AHEAD = 12

#: Changes are rounded up to quarters of an hour.
STEP_HOURS = 0.25

#: The most changes that are tried, each by planning the period again, for the explanations of one plan. It
#: limits the time of an answer; changes that are not proven by then are not reported.
MOST_TRIES = 400


#: Reasons that are limits of hours.
LIMITS = frozenset({LeftOutReason.PROJECT_LIMIT, LeftOutReason.AGENCY_LIMIT})


class ChangeKind(StrEnum):
    """Kind of change that people could make."""

    DROP_ITEM = "drop_item"
    RAISE_LIMIT = "raise_limit"
    MOVE_ABSENCE = "move_absence"
    ADD_HOURS = "add_hours"
    PUT_FIRST = "put_first"


class Change(Struct, frozen=True):
    """One change of the items or of the resources.

    ``item`` is the item to drop or to put first in the class ``priority``; ``project`` the project whose
    limit is raised, ``None`` for the agency; ``specialist`` the person whose absence is moved or who adds
    hours.
    """

    kind: ChangeKind
    hours: float
    item: ItemKey | None = None
    project: str | None = None
    specialist: str | None = None
    priority: Priority | None = None


class InTheWay(Struct, frozen=True):
    """Hours of the specialist in the period that another item has."""

    item: ItemKey
    hours: float


class Explanation(Struct, frozen=True):
    """Explanation of an item that is left out.

    Parameters
    ----------
    enters
        The period in which it is expected, ``None`` if not within ``PERIODS_AHEAD``.
    change
        The smallest proven change, for staff.
    in_the_way
        The items that the specialist is busy with, for staff only.
    """

    left: LeftOutItem
    enters: Period | None
    change: Change | None
    in_the_way: tuple[InTheWay, ...] = ()


class Situation(Struct, frozen=True):
    """The input of a plan: the arguments of ``plan_as_wished``."""

    items: Demand
    resources: Resources
    period: Period
    since: date | None = None
    unfinished: frozenset[ItemKey] = frozenset()
    wishes: Wishes = NO_WISHES

    @property
    def first_on(self) -> date:
        """The first day that may be planned."""
        return max(self.since or self.period.start_on, self.period.start_on)

    def plan(self, *, only_taken: bool = False) -> PeriodPlan:
        """The plan of the period, with the wishes of a person; ``only_taken`` as in ``plan_period``."""
        return plan_as_wished(
            self.items,
            self.resources,
            self.wishes,
            period=self.period,
            since=self.since,
            unfinished=self.unfinished,
            only_taken=only_taken,
        )


def changed(situation: Situation, change: Change) -> Situation:
    """The situation after *change*."""
    resources = situation.resources
    match change.kind:
        case ChangeKind.DROP_ITEM:
            return replace(situation, items=situation.items.without({change.item}))
        case ChangeKind.PUT_FIRST:
            first = situation.items.first_rank - 1
            moved = situation.items.find(change.item)
            if moved is None:
                return situation
            priority = change.priority or moved.priority
            moved = replace(moved, priority=priority, rank=first, passed_over_count=0)
            return replace(situation, items=situation.items.with_other(moved))
        case ChangeKind.RAISE_LIMIT:
            limits = tuple(
                replace(limit, hours=limit.hours + change.hours)
                if limit.specialist is None and limit.project == change.project
                else limit
                for limit in resources.limits
            )
            return replace(situation, resources=replace(resources, limits=limits))
        case ChangeKind.MOVE_ABSENCE:
            specialists = tuple(
                replace(one, days_away=frozenset(day for day in one.days_away if day not in situation.period))
                if one.name == change.specialist
                else one
                for one in resources.specialists
            )
            return replace(situation, resources=replace(resources, specialists=specialists))
        case ChangeKind.ADD_HOURS:
            name = change.specialist or ""
            day = _first_working_day(situation)
            extra = dict(resources.extra_hours.get(name, {}))
            extra[day] = extra.get(day, 0.0) + change.hours
            more = {**resources.extra_hours, name: extra}
            return replace(situation, resources=replace(resources, extra_hours=more))


def explain(
    situation: Situation,
    plan: PeriodPlan,
    *,
    only: Iterable[str] | None = None,
    most_tries: int = MOST_TRIES,
) -> tuple[Explanation, ...]:
    """An explanation for each item that *plan* leaves out, in its order.

    Parameters
    ----------
    plan
        The plan of *situation*.
    only
        Projects whose items are explained, all if not given.
    most_tries
        The most changes that are tried; items are explained in the order of the plan until they are spent.
    """
    projects = None if only is None else set(only)
    left_out = [left for left in plan.left_out if projects is None or left.item.project in projects]
    expected = _expected(situation, plan, {left.item.key for left in left_out})
    prover = _Prover(situation, plan, most_tries)
    occupied = _Occupied(situation, plan)
    return tuple(
        Explanation(
            left,
            expected.get(left.item.key),
            prover.smallest(left),
            occupied.in_the_way(left),
        )
        for left in left_out
    )


def _expected(situation: Situation, plan: PeriodPlan, keys: set[ItemKey]) -> Mapping[ItemKey, Period]:
    """The first following period that contains each item, found by planning one period after the other."""
    found: dict[ItemKey, Period] = {}
    resources, items = situation.resources, Demand(left.item for left in plan.left_out)
    for number in range(1, PERIODS_AHEAD + 1):
        if not keys - found.keys():
            break
        following = plan.period.next()
        resources = resources.booked(plan.schedule.bookings(), period=following)
        items = items.raised_after(number)
        plan = plan_period(items, resources, period=following, only_taken=True)
        taken = plan.taken_keys
        found |= dict.fromkeys(taken & keys - found.keys(), plan.period)
        items = items.without(taken)
    return found


class _Occupied:
    """Hours of specialists that were taken in the period when each item was decided."""

    def __init__(self, situation: Situation, plan: PeriodPlan) -> None:
        self._situation = situation
        self._plan = plan

    def in_the_way(self, left: LeftOutItem) -> tuple[InTheWay, ...]:
        """Items that the specialist of a left out item had when it was decided, the longest first."""
        if left.reason is not LeftOutReason.SPECIALIST_BUSY:
            return ()
        name = left.specialist or ""
        hours = dict(self._booked.get(name, {}))
        for position, key, part_hours in self._taken.get(name, ()):
            if position < self._positions[left.item.key]:
                hours[key] = hours.get(key, 0.0) + part_hours
        busy = [InTheWay(key, one) for key, one in hours.items() if one > 0]
        return tuple(sorted(busy, key=lambda one: (-one.hours, one.item)))

    @cached_property
    def _positions(self) -> Mapping[ItemKey, int]:
        """Place of each item in the order of decisions."""
        return {key: position for position, key in enumerate(self._plan.selection.order)}

    @cached_property
    def _booked(self) -> Mapping[str, Mapping[ItemKey, float]]:
        """Committed hours of the period by specialist and item."""
        period, first = self._situation.period, self._situation.first_on
        booked: dict[str, dict[ItemKey, float]] = {}
        for booking in self._situation.resources.bookings:
            inside = sum(hours for day, hours in booking.day_hours.items() if day in period and day >= first)
            items = booked.setdefault(booking.specialist, {})
            key = (booking.project, booking.item)
            items[key] = items.get(key, 0.0) + inside
        return booked

    @cached_property
    def _taken(self) -> Mapping[str, list[tuple[int, ItemKey, float]]]:
        """Parts that the plan gave to each specialist: place in the order of decisions, item, hours."""
        taken: dict[str, list[tuple[int, ItemKey, float]]] = {}
        for one in self._plan.selection.taken:
            key = one.item.key
            for part in one.assignments:
                taken.setdefault(part.specialist, []).append((self._positions[key], key, part.hours))
        return taken


def _first_working_day(situation: Situation) -> date:
    """The first working day that may be planned."""
    calendar = situation.resources.calendar
    return calendar.working_days_from(situation.first_on, count=1)[0]


def _up(hours: float) -> float:
    """Hours rounded up to quarters of an hour."""
    return -(-round(hours / STEP_HOURS, 6) // 1) * STEP_HOURS


class _Prover:
    """Proves changes by planning with them; each change is tried once for all items."""

    def __init__(self, situation: Situation, plan: PeriodPlan, most_tries: int) -> None:
        self._most_tries = most_tries
        self._situation = situation
        self._plan = plan
        self._outcomes: dict[Change, frozenset[ItemKey]] = {}
        #: Items that are in with one of the changes tried so far.
        self._let_in: set[ItemKey] = set()
        self._entering_known: dict[tuple[tuple[LeftOutReason, str], float], frozenset[ItemKey]] = {}
        self._hours_behind_known: dict[tuple[str, int], float] = {}
        self._droppable_known: dict[tuple[int, str | None, str | None], list[tuple[float, ItemKey]]] = {}

    def smallest(self, left: LeftOutItem) -> Change | None:
        """The first candidate that is proven to let the item in."""
        key = left.item.key
        if self._is_spent and key not in self._let_in:
            return None
        return next((one for one in self._candidates(left) if self._lets_in(one, key)), None)

    @property
    def _is_spent(self) -> bool:
        """Whether no more changes may be tried; results of tried changes are still used."""
        return len(self._outcomes) >= self._most_tries

    def _lets_in(self, change: Change, key: ItemKey) -> bool:
        known = self._outcomes.get(change)
        if known is None:
            if self._is_spent:
                return False
            known = self._outcomes[change] = changed(self._situation, change).plan(only_taken=True).taken_keys
            self._let_in |= known
        return key in known

    def _candidates(self, left: LeftOutItem) -> Iterator[Change]:
        """Changes that might help, in the order of preference."""
        short = _up(left.needed_hours - left.free_hours)
        match left.reason:
            case LeftOutReason.PROJECT_LIMIT:
                if left.item.key in self._entering(left, short):
                    yield Change(ChangeKind.RAISE_LIMIT, short, project=left.item.project)
                yield from self._drops(left, left.item.project)
                yield from self._places(left)
                more = _up(short + self._wanted_before[left.item.key])
                yield Change(ChangeKind.RAISE_LIMIT, more, project=left.item.project)
            case LeftOutReason.AGENCY_LIMIT:
                if left.item.key in self._entering(left, short):
                    yield Change(ChangeKind.RAISE_LIMIT, short)
                yield from self._drops(left)
                yield from self._places(left)
            case LeftOutReason.SPECIALIST_BUSY:
                yield from self._drops(left)
                yield from self._absences(left)
                yield Change(ChangeKind.ADD_HOURS, short, specialist=left.specialist)
                yield from self._places(left)
            case _:
                return

    def _entering(self, left: LeftOutItem, hours: float) -> frozenset[ItemKey]:
        """Items that would enter, as far as hours tell, if *hours* of the limit that stops *left* were free.

        It spares tries: those before *left* with the same reason are asked first.
        """
        group = (left.reason, left.item.project if left.reason is LeftOutReason.PROJECT_LIMIT else "")
        if (group, hours) not in self._entering_known:
            rest, keys = hours, set[ItemKey]()
            for one in self._plan.left_out:
                is_stopped = one.reason is left.reason and group[1] in ("", one.item.project)
                if is_stopped and one.needed_hours <= one.free_hours + rest + EPSILON_HOURS:
                    keys.add(one.item.key)
                    rest -= one.needed_hours
            self._entering_known[group, hours] = frozenset(keys)
        return self._entering_known[group, hours]

    @cached_property
    def _wanted_before(self) -> Mapping[ItemKey, float]:
        """For each left out item, hours of the items before it with its project and reason.

        Where the reason is the project's limit, they would enter first if the limit were raised.
        """
        totals: dict[tuple[LeftOutReason, str], float] = {}
        before: dict[ItemKey, float] = {}
        for left in self._plan.left_out:
            group = (left.reason, left.item.project)
            before[left.item.key] = totals.get(group, 0.0)
            totals[group] = before[left.item.key] + left.item.total_hours
        return before

    def _places(self, left: LeftOutItem) -> Iterator[Change]:
        """The first place of the class of the item, then of each higher class.

        Not a class before which the limit that stops the item has too few hours.
        """
        project = left.item.project if left.reason is LeftOutReason.PROJECT_LIMIT else ""
        is_limit = left.reason in LIMITS
        for priority in reversed(list(Priority)[: left.item.priority.rank + 1]):
            room = left.free_hours + self._hours_behind(project, priority.rank)
            if not is_limit or left.needed_hours <= room + EPSILON_HOURS:
                yield Change(
                    ChangeKind.PUT_FIRST, left.item.total_hours, item=left.item.key, priority=priority
                )

    def _hours_behind(self, project: str, item_class: int) -> float:
        """Hours of taken items of a class and below: of *project*, or of all projects if that is empty."""
        if (project, item_class) not in self._hours_behind_known:
            self._hours_behind_known[project, item_class] = sum(
                taken.hours
                for taken in self._plan.selection.taken
                if project in ("", taken.item.project)
                and priority_class(taken.item) >= item_class
                and not taken.item.is_carried_over
            )
        return self._hours_behind_known[project, item_class]

    def _drops(self, left: LeftOutItem, project: str | None = None) -> Iterator[Change]:
        """Items of the same class that could make room, the shortest first, but none that it waits for.

        Only those of *project* where one is given. Nobody drops an item of a higher class for one of a lower
        class.
        """
        is_limit = left.reason in LIMITS
        waits_for = set(left.item.predecessors)
        for hours, key in self._droppable(priority_class(left.item), left.profile, project):
            if key in waits_for or (is_limit and left.item.key not in self._entering(left, hours)):
                continue
            yield Change(ChangeKind.DROP_ITEM, hours, item=key)

    def _droppable(
        self, item_class: int, profile: str | None, project: str | None
    ) -> list[tuple[float, ItemKey]]:
        """Hours and keys of taken items of a class, the shortest first.

        Only those of *project* where one is given, and only those with a specialist of *profile*.
        """
        group = (item_class, profile, project)
        if group not in self._droppable_known:
            names = {
                one.name
                for one in self._situation.resources.specialists
                if profile is None or profile in one.profiles
            }
            self._droppable_known[group] = sorted(
                (taken.hours, taken.item.key)
                for taken in self._plan.selection.taken
                if priority_class(taken.item) == item_class
                and not taken.item.is_carried_over
                and project in (None, taken.item.project)
                and (profile is None or any(part.specialist in names for part in taken.assignments))
            )
        return self._droppable_known[group]

    def _absences(self, left: LeftOutItem) -> Iterator[Change]:
        situation = self._situation
        for one in situation.resources.specialists:
            days = [day for day in one.days_away if day in situation.period and day >= situation.first_on]
            hours = sum(
                situation.resources.day_capacity(replace(one, days_away=frozenset()), day) for day in days
            )
            if left.profile in one.profiles and hours > 0:
                yield Change(ChangeKind.MOVE_ABSENCE, hours, specialist=one.name)
