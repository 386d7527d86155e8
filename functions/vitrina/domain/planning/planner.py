"""One period planned for as many clients as are given: chosen, given to people, put on days."""

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

#: Calendar days behind the period on which what has no room in it may go on.
HORIZON_CALENDAR_DAYS = 120


@dataclass(frozen=True)
class PeriodPlan:
    """What a period holds and on which days, and what it does not hold.

    ``selection`` counts hours only; all that it takes has its days in ``schedule``. ``late`` are items for
    which there would be hours, but no day in the period on which to begin: what they wait for ends too late,
    or their people have too much begun. What is below them was chosen without them.
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
        """Items of the period with their days, in the order in which it was decided."""
        by_key = {one.item.key: one for one in self.schedule.items}
        return tuple(by_key[one.item.key] for one in self.selection.taken)

    def backlog_after(self) -> tuple[BacklogItem, ...]:
        """Items of the next period: those that were passed over once more."""
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
    """Choose the items of *period*, their people and their days.

    Parameters
    ----------
    since
        The first day that may be planned; the period's first if not given or if that is later.
    unfinished
        Keys of items in progress: what depends on them waits.
    promised
        Days that clients were told of items that are carried over.

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
    """The plan of the period after *plan*, and the resources with what *plan* promises."""
    booked = resources.booked(plan.schedule.bookings())
    return plan_period(plan.backlog_after(), booked, period=plan.period.next()), booked
