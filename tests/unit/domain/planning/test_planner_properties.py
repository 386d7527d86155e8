"""Properties of plans of random agencies. ``python -m benchmarks.planning --runs 5000`` checks more.

A failure names the seed of its agency; ``agency_of(seed)`` creates it again.
"""

import random
from collections import Counter
from datetime import date, timedelta
from functools import cache

import pytest
from msgspec.structs import replace

from benchmarks.agencies import RandomAgency, more_capacity, plan_on, random_agency
from benchmarks.judge import Difference, Loss, Room, compare, loss, rooms, violations
from vitrina.domain.calendar import PeriodKind, period_of
from vitrina.domain.planning.capacity import HourLimit, Ledger
from vitrina.domain.planning.demand import Demand
from vitrina.domain.planning.explain import Situation, changed, explain
from vitrina.domain.planning.planner import PeriodPlan, plan_period
from vitrina.domain.planning.schedule import schedule
from vitrina.domain.planning.selection import Assignment, LeftOutItem, LeftOutReason, TakenItem, select

pytestmark = pytest.mark.slow

#: Blocks of seeds, which are divided among the processes of a test run.
BLOCKS = 8
SMALL_RUNS = 60
LARGE_SEEDS = (1, 2)


def agency_of(seed: int, *, most_items: int = 120, large_ratio: float = 0.03) -> RandomAgency:
    """An agency of 5-30 people, 10-50 clients and 30 items or more, for a week or a month."""
    chance = random.Random(seed)
    return random_agency(
        seed,
        people=chance.randint(5, 30),
        projects=chance.randint(10, 50),
        items=chance.randint(30, most_items),
        kind=chance.choice([PeriodKind.WEEK, PeriodKind.WEEK, PeriodKind.MONTH]),
        large_ratio=large_ratio,
    )


@cache
def planned(seed: int) -> tuple[RandomAgency, PeriodPlan]:
    """An agency and its plan; several tests use them and none changes them."""
    agency = agency_of(seed)
    return agency, plan_period(agency.items, agency.resources, period=agency.period)


def seeds_of(block: int) -> range:
    """The seeds of one block."""
    return range(block * SMALL_RUNS, (block + 1) * SMALL_RUNS)


@pytest.mark.parametrize("block", range(BLOCKS))
def test_no_limit_is_ever_exceeded(block: int) -> None:
    """The checker finds no violation in the plan of a period, nor in the next one after it."""
    for seed in seeds_of(block):
        agency, plan = planned(seed)

        assert violations(agency, plan) == [], f"seed {seed}"
        following, booked = plan_on(plan, agency.resources)
        upon = replace(agency, resources=booked, period=following.period)
        assert violations(upon, following) == [], f"seed {seed}, the period after"


@pytest.mark.parametrize("seed", LARGE_SEEDS)
def test_a_large_agency_keeps_its_limits(seed: int) -> None:
    """Limits are kept with 30 people, 50 clients and 1,000 items."""
    agency = random_agency(seed, people=30, projects=50, items=1000, large_ratio=0.01)
    plan = plan_period(agency.items, agency.resources, period=agency.period)

    assert violations(agency, plan) == []


@pytest.mark.parametrize("block", range(BLOCKS))
def test_every_item_is_decided_once_and_its_hours_are_kept(block: int) -> None:
    """Taken and carried over hours are together the estimate; the same input gives the same plan."""
    for seed in seeds_of(block):
        agency, plan = planned(seed)
        selection = plan.selection

        decided = [one.item.key for one in (*plan.chosen, *plan.left_out)]
        assert sorted(decided) == sorted(item.key for item in agency.items), f"seed {seed}"
        assert {*selection.order} == {*decided} - {one.item.key for one in plan.late}, f"seed {seed}"
        for one in selection.taken:
            hours = dict(one.rest_hours)
            for part in one.assignments:
                hours[part.profile] = hours.get(part.profile, 0.0) + part.hours
            assert hours == pytest.approx(dict(one.item.hours)), f"seed {seed}, {one.item.key}"
        for scheduled in plan.schedule.items:
            hours = {action.profile: action.hours for action in scheduled.actions}
            assert hours == pytest.approx(dict(scheduled.item.hours)), f"seed {seed}, {scheduled.item.key}"
            for action in scheduled.actions:
                person = next(one for one in agency.resources.specialists if one.name == action.specialist)
                assert action.profile in person.profiles, f"seed {seed}"
        shuffled = list(agency.items)
        random.Random(seed).shuffle(shuffled)
        assert plan_period(shuffled, agency.resources, period=agency.period) == plan, f"seed {seed}"


def test_items_left_out_do_not_fit_with_those_above() -> None:
    """Checked with exact sums and an exact search; the few exceptions need a chain longer than two.

    If the search gives up, the item is not checked; ``python -m benchmarks.planning`` uses a solver.
    """
    found: Counter[Room] = Counter()
    for seed in range(60):
        agency = agency_of(seed, large_ratio=0.0)
        plan = plan_period(agency.items, agency.resources, period=agency.period)
        for left, room in rooms(agency, plan.selection):
            assert room is not Room.WRONG, f"seed {seed}, {left.item.key}: {left.reason}"
            found[room] += 1

    print(dict(found))  # noqa: T201 - the count is wanted
    assert found[Room.NONE] > 500
    assert found[Room.LONG_CHAIN] <= 0.02 * found.total()
    assert found[Room.UNKNOWN] <= 0.2 * found.total()


@pytest.mark.parametrize("block", range(BLOCKS))
def test_more_capacity_never_takes_from_a_higher_class(block: int) -> None:
    """The first item with different hours in a plan with more capacity gains hours.

    The exception are items that only a chain longer than two would keep: the other plan shows that they fit
    (``python -m benchmarks.planning --runs 2000`` counts them).
    """
    found: Counter[Difference] = Counter()
    for seed in seeds_of(block)[::2]:
        agency = agency_of(seed)
        richer = more_capacity(agency, seed)
        less, more = (
            select(
                one.items,
                Ledger(one.resources, since=one.period.start_on, until=one.period.end_on),
                period=one.period,
            )
            for one in (agency, richer)
        )
        difference, key = compare(less, more)
        found[difference] += 1
        if difference is Difference.WORSE and key is not None:
            assert loss(richer, less, more, key) is Loss.LONG_CHAIN, f"seed {seed}, {key}"

    print(dict(found))  # noqa: T201 - the count is wanted
    assert found[Difference.BETTER] > SMALL_RUNS / 8
    assert found[Difference.WORSE] <= 1


@pytest.mark.parametrize("block", range(4))
def test_every_suggested_change_lets_the_item_in(block: int) -> None:
    """After the suggested change a new plan contains the item, and the expected period is right."""
    told = 0
    for seed in range(block * 7, (block + 1) * 7):
        agency = agency_of(seed, most_items=60)
        situation = Situation(Demand(agency.items), agency.resources, agency.period)
        plan = situation.plan()
        for one in explain(situation, plan):
            key = one.left.item.key
            if one.change is not None:
                told += 1
                again = changed(situation, one.change).plan()
                assert key in again.taken_keys, f"seed {seed}, {key}: {one.change}"
                assert key in {placed.item.key for placed in again.schedule.items}, f"seed {seed}"
            if one.enters is not None:
                following, resources = plan, agency.resources
                while following.period != one.enters:
                    assert key not in following.taken_keys, f"seed {seed}, {key}"
                    following, resources = plan_on(following, resources)
                assert key in following.taken_keys, f"seed {seed}, {key}"

    assert told > 10


def test_nobody_is_idle_while_a_colleague_has_two_actions_of_the_same_profile() -> None:
    """In a roomy month nobody gets a second action of a profile before a colleague with it has one."""
    compared = 0
    for seed in range(120):
        agency = roomy_agency(seed)
        plan = plan_period(agency.items, agency.resources, period=agency.period)
        parts = [part for one in plan.selection.taken for part in one.assignments]
        by_person = Counter((part.specialist, part.profile) for part in parts)
        busy = {part.specialist for part in parts}
        for person in agency.resources.specialists:
            if person.name in busy:
                continue
            for profile in person.profiles:
                compared += 1
                most = max((count for (_, of), count in by_person.items() if of == profile), default=0)
                assert most <= 1, f"seed {seed}: {person.name} is idle beside {most} actions of {profile}"
    print(compared)  # noqa: T201 - the count is wanted
    assert compared > 10


def roomy_agency(seed: int) -> RandomAgency:
    """Ten people in a month with 4 to 24 items, who would do more than a hundred."""
    agency = random_agency(seed, people=10, projects=10, items=4 + seed // 6, kind=PeriodKind.MONTH)
    team = tuple(replace(one, days_away=frozenset()) for one in agency.resources.specialists)
    return replace(agency, resources=replace(agency.resources, specialists=team, bookings=(), limits=()))


def test_a_weekly_limit_that_stops_an_item_is_named() -> None:
    """In a month with a weekly limit, an item that would begin without it is not told to wait for days."""
    named = 0
    for seed in range(60):
        agency = random_agency(seed, people=5, projects=10, items=120, kind=PeriodKind.MONTH)
        agency = replace(agency, period=period_of(date(2026, 1 + seed % 12, 15), PeriodKind.MONTH))
        hours = sum(one.hours_per_day for one in agency.resources.specialists)
        weekly = HourLimit(round(hours * random.Random(seed).uniform(1.0, 3.5)), PeriodKind.WEEK)
        resources = replace(agency.resources, bookings=(), limits=(weekly,))
        plan = plan_period(agency.items, resources, period=agency.period)
        late = {left.item.key: left for left in plan.late}
        named += sum(left.reason is LeftOutReason.AGENCY_LIMIT for left in plan.left_out)
        without = Ledger(
            replace(resources, limits=()), since=plan.since, until=agency.period.end_on + timedelta(days=120)
        )
        for key, left in late.items():
            if left.reason is not LeftOutReason.NO_DAYS:
                continue
            # The item beside all that the plan took, without the limit.
            whole = TakenItem(left.item, (assignment_of(left),), {})
            placed = schedule((*plan.selection.taken, whole), without.copy())
            begun = {one.item.key for one in placed.items if one.start_on in agency.period}
            assert key not in begun, f"seed {seed}, {key}"
    print(named)  # noqa: T201 - the count is wanted
    assert named > 10


def assignment_of(left: LeftOutItem) -> Assignment:
    """The first action of an item that found no day, as it was assigned."""
    return Assignment(left.profile or "", left.specialist or "", left.needed_hours)


def test_begun_work_keeps_its_people() -> None:
    """Actions of begun items stay with those who have them, whatever else is chosen."""
    kept = 0
    for seed in range(60):
        agency = agency_of(seed, most_items=80, large_ratio=0.05)
        chance = random.Random(seed)
        items = []
        for item in agency.items:
            people = {
                profile: chance.choice(
                    [one.name for one in agency.resources.specialists if profile in one.profiles]
                )
                for profile in item.hours
            }
            begun = chance.random() < 0.2 and not item.depends_on
            items.append(replace(item, is_carried_over=True, keeps=people) if begun else item)
        plan = plan_period(items, agency.resources, period=agency.period)
        for one in plan.schedule.items:
            for action in one.actions:
                if action.profile in one.item.keeps:
                    kept += 1
                    assert action.specialist == one.item.keeps[action.profile], f"seed {seed}, {one.item.key}"
    print(kept)  # noqa: T201 - the count is wanted
    assert kept > 200
