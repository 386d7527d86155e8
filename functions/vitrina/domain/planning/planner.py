"""Plans one period for all given clients: selects items, assigns people, schedules days."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

from vitrina.domain.backlog import BacklogItem
from vitrina.domain.calendar import Period
from vitrina.domain.planning.capacity import Ledger, Resources
from vitrina.domain.planning.schedule import ItemKey, Schedule, ScheduledItem, schedule
from vitrina.domain.planning.selection import (
    LeftOutItem,
    LeftOutReason,
    SearchBudgets,
    Selection,
    TakenItem,
    select,
)

#: Calendar days after the period on which work may continue that has no room in it.
HORIZON_CALENDAR_DAYS = 120


@dataclass(frozen=True)
class PeriodPlan:
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

    def backlog_after(self) -> tuple[BacklogItem, ...]:
        """Backlog of the next period: the items left out, each passed over once more."""
        return tuple(
            replace(left.item, passed_over_count=left.item.passed_over_count + 1) for left in self.left_out
        )


def plan_period(
    items: Iterable[BacklogItem],
    resources: Resources,
    *,
    period: Period,
    since: date | None = None,
    unfinished: frozenset[ItemKey] = frozenset(),
    promised: Mapping[ItemKey, date] | None = None,
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

    Returns
    -------
    PeriodPlan
        The same input gives the same plan.
    """
    first = max(since or period.start_on, period.start_on)
    until = period.end_on + timedelta(days=HORIZON_CALENDAR_DAYS)
    ledger = Ledger(resources, since=first, until=until)
    rest_on = period.end_on + timedelta(days=1)
    late: dict[ItemKey, LeftOutItem] = {}
    known: Mapping[ItemKey, TakenItem | LeftOutItem] = {}
    wanted, budgets = list(items), SearchBudgets()
    while True:
        waiting = unfinished | late.keys()
        selection = select(wanted, ledger, period=period, unfinished=waiting, known=known, budgets=budgets)
        placed = schedule(selection.taken, ledger.copy(), promised=promised, rest_on=rest_on)
        begun = {one.item.key for one in placed.items if one.start_on in period}
        found = {one.item.key: _late(one, placed) for one in selection.taken if one.item.key not in begun}
        if not found:
            return PeriodPlan(period, first, selection, placed, tuple(late.values()))
        late |= found
        wanted = [item for item in wanted if item.key not in found]
        known = selection.decided_before(found)


def _late(taken: TakenItem, placed: Schedule) -> LeftOutItem:
    others = {one.item.key for one in placed.items}
    before = tuple(number for number in taken.item.depends_on if (taken.item.project, number) in others)
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


def plan_on(plan: PeriodPlan, resources: Resources) -> tuple[PeriodPlan, Resources]:
    """The plan of the period after *plan*, and the resources with the bookings of *plan*."""
    booked = resources.booked(plan.schedule.bookings())
    return plan_period(plan.backlog_after(), booked, period=plan.period.next()), booked
