"""Plans one period for all given clients: selects items, assigns people, schedules days."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta

from msgspec import Struct
from msgspec.structs import replace

from vitrina.domain.backlog import BacklogItem, Priority
from vitrina.domain.calendar import Period, PeriodKind
from vitrina.domain.planning.capacity import HourLimit, Ledger, Resources
from vitrina.domain.planning.demand import Demand, priority_class, wanted_days
from vitrina.domain.planning.schedule import ItemKey, Schedule, ScheduledItem, schedule
from vitrina.domain.planning.selection import (
    LeftOutItem,
    LeftOutReason,
    SearchBudgets,
    Selection,
    TakenItem,
    select,
)

#: Most schedules that are tried to keep wanted days.
WANTED_TRIES = 6

#: Calendar days after the period on which work may continue that has no room in it.
HORIZON_CALENDAR_DAYS = 120


class PeriodPlan(Struct, frozen=True):
    """The plan of a period: items with their days, and items that are left out.

    ``selection`` counts hours only; all taken items have their days in ``schedule``. ``late`` are items that
    have hours but no day in the period on which to begin, because a predecessor ends too late or a person has
    too much in progress. Items after them were selected without them.
    """

    period: Period
    since: date
    selection: Selection
    schedule: Schedule
    late: tuple[LeftOutItem, ...] = ()

    @property
    def left_out(self) -> tuple[LeftOutItem, ...]:
        """Items that are not in the period, with the reason."""
        return (*self.selection.left_out, *self.late)

    @property
    def taken_keys(self) -> frozenset[ItemKey]:
        """Keys of the items that the period holds."""
        return frozenset(one.item.key for one in self.schedule.items)

    @property
    def chosen(self) -> tuple[ScheduledItem, ...]:
        """Items of the period with their days, in the order of decisions."""
        by_key = {one.item.key: one for one in self.schedule.items}
        return tuple(by_key[one.item.key] for one in self.selection.taken)


def plan_period(
    items: Iterable[BacklogItem],
    resources: Resources,
    *,
    period: Period,
    since: date | None = None,
    unfinished: frozenset[ItemKey] = frozenset(),
    promised: Mapping[ItemKey, date] | None = None,
    only_taken: bool = False,
) -> PeriodPlan:
    """Select the items of *period* and give them people and days.

    Parameters
    ----------
    since
        The first day that may be planned; the first of the period if not given or earlier.
    unfinished
        Keys of items in progress; items that depend on them wait.
    promised
        Promised days of items that are carried over.
    only_taken
        Whether only the items that are taken matter: those that are left out are told in part then, and
        without regard to weekly limits.

    Returns
    -------
    PeriodPlan
        The same input gives the same plan.
    """
    first = max(since or period.start_on, period.start_on)
    until = period.end_on + timedelta(days=HORIZON_CALENDAR_DAYS)
    ledger = resources.ledger(since=first, until=until)
    late: dict[ItemKey, LeftOutItem] = {}
    known: Mapping[ItemKey, TakenItem | LeftOutItem] = {}
    demand, budgets = Demand.of(items), SearchBudgets()
    while True:
        waiting = unfinished | late.keys()
        selection = select(
            demand,
            ledger,
            period=period,
            unfinished=waiting,
            known=known,
            budgets=budgets,
            only_taken=only_taken,
        )
        placed = _schedule_in_time(selection, ledger, period, promised=promised)
        begun = _begun(placed, period)
        behind = [one for one in selection.taken if one.item.key not in begun]
        if not behind:
            return PeriodPlan(period, first, selection, placed, tuple(late.values()))
        stopping = (
            {} if only_taken else _stopping_limits(selection, behind, ledger, period, promised=promised)
        )
        found = {one.item.key: _late(one, placed, stopping.get(one.item.key)) for one in behind}
        late |= found
        demand = demand.without(found)
        known = selection.decided_before(found)


def _begun(placed: Schedule, period: Period) -> frozenset[ItemKey]:
    """Keys of the items that begin in *period*."""
    return frozenset(one.item.key for one in placed.items if one.start_on in period)


def _schedule_in_time(
    selection: Selection, ledger: Ledger, period: Period, *, promised: Mapping[ItemKey, date] | None
) -> Schedule:
    """The schedule of the selection in which most wanted days are kept, those of higher classes first.

    Items that end after their wanted day go first in their class, one class after the other, where that
    keeps more days and no item loses its place in the period.
    """
    rest_on = period.end_on + timedelta(days=1)
    days = wanted_days(one.item for one in selection.taken)
    wanted = {key: day for key, day in days.items() if ledger.days and day >= ledger.days[0]}
    classes = {one.item.key: priority_class(one.item) for one in selection.taken}
    best = schedule(selection.taken, ledger.copy(), promised=promised, rest_on=rest_on)
    pressing: dict[ItemKey, date] = {}
    tried: set[ItemKey] = set()
    for _ in range(WANTED_TRIES):
        missed = [key for key in _missed(best, wanted) if key not in tried]
        if not missed:
            break
        first = min(classes[key] for key in missed)
        more = {key: wanted[key] for key in missed if classes[key] == first}
        tried |= more.keys()
        placed = schedule(
            selection.taken, ledger.copy(), promised=promised, pressing=pressing | more, rest_on=rest_on
        )
        keeps_more = _missed_by_class(placed) < _missed_by_class(best)
        if keeps_more and _begun(placed, period) >= _begun(best, period):
            best, pressing = placed, pressing | more
    return best


def _missed(placed: Schedule, wanted: Mapping[ItemKey, date]) -> list[ItemKey]:
    """Keys of the items that end after the day on which they are wanted."""
    return [one.item.key for one in placed.items if one.due_on > wanted.get(one.item.key, date.max)]


def _missed_by_class(placed: Schedule) -> list[int]:
    """Count of items that end after their own wanted day, by class."""
    missed = [
        priority_class(one.item) for one in placed.items if one.due_on > (one.item.wanted_on or date.max)
    ]
    return [missed.count(rank) for rank in range(len(Priority))]


def _stopping_limits(
    selection: Selection,
    behind: Sequence[TakenItem],
    ledger: Ledger,
    period: Period,
    *,
    promised: Mapping[ItemKey, date] | None,
) -> dict[ItemKey, HourLimit]:
    """By item that finds no day in *period*, the weekly limit without which it would begin there.

    The selection counts a month as a whole; its weeks may each be full.
    """
    limits = ledger.resources.limits
    found: dict[ItemKey, HourLimit] = {}
    for limit in dict.fromkeys(limits):
        if (
            limit.kind is not PeriodKind.WEEK
            or period.kind is PeriodKind.WEEK
            or limit.specialist is not None
        ):
            continue
        waiting = [
            one for one in behind if one.item.key not in found and limit.project in (None, one.item.project)
        ]
        if not waiting:
            continue
        without = replace(ledger.resources, limits=tuple(one for one in limits if one != limit))
        free = Ledger(without, since=ledger.days[0], until=ledger.days[-1])
        placed = _schedule_in_time(selection, free, period, promised=promised)
        begun = _begun(placed, period)
        found |= {one.item.key: limit for one in waiting if one.item.key in begun}
    return found


def _late(taken: TakenItem, placed: Schedule, stopping: HourLimit | None) -> LeftOutItem:
    others = {one.item.key for one in placed.items}
    before = tuple(number for number in taken.item.depends_on if (taken.item.project, number) in others)
    if stopping is not None:
        return LeftOutItem(
            taken.item,
            LeftOutReason.AGENCY_LIMIT if stopping.project is None else LeftOutReason.PROJECT_LIMIT,
            needed_hours=taken.item.total_hours,
            capacity_hours=stopping.hours,
        )
    if before:
        return LeftOutItem(taken.item, LeftOutReason.WAITS_FOR, waits_for=before)
    first = taken.assignments[0]
    return LeftOutItem(
        taken.item,
        LeftOutReason.NO_DAYS,
        profile=first.profile,
        needed_hours=first.hours,
        specialist=first.specialist,
    )
