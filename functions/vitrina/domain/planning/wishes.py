"""What a person wants of a plan: items in and out, another specialist, a day by which an item is done.

The planner follows as far as people's hours and the limits go. Nothing of it is written into the backlog: an
item that is wanted in keeps its priority for everybody who reads the plan.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from msgspec import Struct, field
from msgspec.structs import replace

from vitrina.domain.backlog import BacklogItem, Priority
from vitrina.domain.calendar import Period
from vitrina.domain.planning.capacity import Resources
from vitrina.domain.planning.demand import Demand
from vitrina.domain.planning.planner import PeriodPlan, plan_period
from vitrina.domain.planning.schedule import ItemKey, Schedule
from vitrina.domain.planning.selection import LeftOutItem, LeftOutReason, Selection


class Wishes(Struct, frozen=True):
    """Wishes for the plan of a period.

    Parameters
    ----------
    out
        Items that shall not be in the period.
    wanted
        Items that shall be in it, in the order of importance; they are decided before all others.
    people
        Name of the specialist by item and profile, who has the profile.
    done_by
        Last day on which an item is still in time; it is in ``wanted`` too.
    """

    out: frozenset[ItemKey] = frozenset()
    wanted: tuple[ItemKey, ...] = ()
    people: Mapping[tuple[ItemKey, str], str] = field(default_factory=dict)
    done_by: Mapping[ItemKey, date] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.out or self.wanted or self.people or self.done_by)


NO_WISHES = Wishes()


def plan_as_wished(
    items: Iterable[BacklogItem],
    resources: Resources,
    wishes: Wishes,
    *,
    period: Period,
    since: date | None = None,
    unfinished: frozenset[ItemKey] = frozenset(),
    only_taken: bool = False,
) -> PeriodPlan:
    """The plan of a period that follows *wishes*; the other parameters are those of ``plan_period``.

    Items that are out are left out with ``LeftOutReason.TAKEN_OUT``, and those that depend on them wait. An
    item that is wanted and has no room is left out with the reason, as any other.
    """
    if not wishes:
        return plan_period(
            items, resources, period=period, since=since, unfinished=unfinished, only_taken=only_taken
        )
    demand = Demand.of(items)
    by_key = {item.key: item for item in demand}
    out = [item for key, item in by_key.items() if key in wishes.out]
    places = {key: place for place, key in enumerate(wishes.wanted)}
    first = demand.first_rank - len(places)
    plan = plan_period(
        (
            _as_wished(item, wishes, places, first=first)
            for key, item in by_key.items()
            if key not in wishes.out
        ),
        resources,
        period=period,
        since=since,
        unfinished=unfinished | wishes.out,
        promised=wishes.done_by,
        only_taken=only_taken,
    )
    taken_out = tuple(LeftOutItem(item, LeftOutReason.TAKEN_OUT) for item in out)
    return _with_items(replace(plan, late=(*plan.late, *taken_out)), by_key)


def _as_wished(
    item: BacklogItem, wishes: Wishes, places: Mapping[ItemKey, int], *, first: int
) -> BacklogItem:
    """The item as the planner has to see it to follow the wishes."""
    people = {
        profile: name
        for profile in item.hours
        if (name := wishes.people.get((item.key, profile))) is not None
    }
    if people:
        item = replace(item, keeps={**item.keeps, **people})
    if item.key in places:
        rank = first + places[item.key]
        item = replace(item, priority=Priority.URGENT, rank=rank, passed_over_count=0)
    return item


def _with_items(plan: PeriodPlan, by_key: Mapping[ItemKey, BacklogItem]) -> PeriodPlan:
    """The plan with the items as they are in the backlog."""

    def left(one: LeftOutItem) -> LeftOutItem:
        return replace(one, item=by_key[one.item.key])

    selection, placed = plan.selection, plan.schedule
    return replace(
        plan,
        selection=Selection(
            tuple(replace(one, item=by_key[one.item.key]) for one in selection.taken),
            tuple(left(one) for one in selection.left_out),
            selection.order,
            selection.move_count,
        ),
        schedule=Schedule(
            tuple(replace(one, item=by_key[one.item.key]) for one in placed.items),
            tuple(by_key[item.key] for item in placed.unplaced),
        ),
        late=tuple(left(one) for one in plan.late),
    )


class Cost(Struct, frozen=True):
    """What following wishes changes for other items, beside those that are out.

    Parameters
    ----------
    gone
        Items that would be in the period without the wishes, and are not.
    later
        Items that end later: the day without the wishes, and with them.
    """

    gone: tuple[BacklogItem, ...]
    later: tuple[tuple[BacklogItem, date, date], ...]


def cost_of(without: PeriodPlan, wished: PeriodPlan, wishes: Wishes) -> Cost:
    """What the wishes cost, from the plans of the same situation without and with them."""
    days = {one.item.key: one.due_on for one in wished.chosen}
    before = [one for one in without.chosen if one.item.key not in wishes.out]
    return Cost(
        tuple(one.item for one in before if one.item.key not in days),
        tuple(
            (one.item, one.due_on, days[one.item.key])
            for one in before
            if one.due_on < days.get(one.item.key, date.min)
        ),
    )
