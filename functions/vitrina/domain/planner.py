"""One period planned for as many clients as are given: chosen, given to people, put on days."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

from vitrina.domain.backlog import BacklogItem
from vitrina.domain.calendar import Period
from vitrina.domain.capacity import Ledger, Resources
from vitrina.domain.schedule import ItemKey, Schedule, ScheduledItem, schedule
from vitrina.domain.selection import LeftOutItem, LeftOutReason, Selection, TakenItem, select

#: Calendar days behind the period on which what has no room in it may go on.
HORIZON_CALENDAR_DAYS = 120


@dataclass(frozen=True)
class PeriodPlan:
    """What a period holds and on which days, and what it does not hold."""

    period: Period
    since: date
    selection: Selection
    schedule: Schedule
    whole_only: bool = False

    @property
    def left_out(self) -> tuple[LeftOutItem, ...]:
        """Items that are not in the period, with the reason."""
        return self.selection.left_out

    @property
    def taken_keys(self) -> frozenset[ItemKey]:
        """Keys of the items that the period holds."""
        return frozenset(one.item.key for one in self.selection.taken)

    @property
    def chosen(self) -> tuple[ScheduledItem, ...]:
        """Items of the period with their days, in the order in which it was decided."""
        by_key = {one.item.key: one for one in self.schedule.items}
        return tuple(by_key[one.item.key] for one in self.selection.taken if one.item.key in by_key)

    def backlog_after(self) -> tuple[BacklogItem, ...]:
        """Items of the next period: what is carried over, and what was passed over once more."""
        rests = [rest for one in self.selection.taken if (rest := one.rest()) is not None]
        passed = [
            replace(left.item, passed_over_count=left.item.passed_over_count + 1)
            for left in self.selection.left_out
        ]
        return (*rests, *passed)


def plan_period(
    items: Iterable[BacklogItem],
    resources: Resources,
    *,
    period: Period,
    since: date | None = None,
    unfinished: frozenset[ItemKey] = frozenset(),
    promised: Mapping[ItemKey, date] | None = None,
    whole_only: bool = False,
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
    whole_only
        Take items whole or leave them out, and only those that begin within the period.

    Returns
    -------
    PeriodPlan
        The same input gives the same plan.
    """
    first = max(since or period.start_on, period.start_on)
    until = period.end_on + timedelta(days=HORIZON_CALENDAR_DAYS)
    ledger = Ledger(resources, since=first, until=until)
    selection = select(items, ledger, period=period, unfinished=unfinished, whole_only=whole_only)
    placed = schedule(selection.taken, ledger, promised=promised)
    if whole_only:
        selection, placed = _begun_in(period, selection, placed)
    return PeriodPlan(period, first, selection, placed, whole_only)


def _begun_in(period: Period, selection: Selection, placed: Schedule) -> tuple[Selection, Schedule]:
    """Without the items for which people have hours, but too much begun to begin them in *period*.

    Days given to them lie behind the period: nothing in it changes without them.
    """
    begun = {one.item.key for one in placed.items if one.start_on in period}
    late = [one for one in selection.taken if one.item.key not in begun]
    if not late:
        return selection, placed
    return (
        replace(
            selection,
            taken=tuple(one for one in selection.taken if one.item.key in begun),
            left_out=(*selection.left_out, *(_without_days(one) for one in late)),
        ),
        Schedule(tuple(one for one in placed.items if one.item.key in begun)),
    )


def _without_days(taken: TakenItem) -> LeftOutItem:
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
    following = plan_period(
        plan.backlog_after(), booked, period=plan.period.next(), whole_only=plan.whole_only
    )
    return following, booked
