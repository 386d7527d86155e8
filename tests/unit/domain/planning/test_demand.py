"""Demands that are made from others, and plans that tell only what is taken."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence

import pytest
from msgspec.structs import replace

import benchmarks.planning
from benchmarks.agencies import RandomAgency, random_agency, with_wanted_days
from benchmarks.judge import overbooked
from vitrina.domain.backlog import BacklogItem, Priority
from vitrina.domain.calendar import PeriodKind
from vitrina.domain.planning.demand import PASSED_OVER_LIMIT, Demand, is_raised
from vitrina.domain.planning.explain import Change, ChangeKind, Situation, changed
from vitrina.domain.planning.planner import plan_period

SEEDS = range(40)


def test_a_demand_without_items_is_as_a_new_one() -> None:
    """What is carried over from the first demand is what would be counted anew."""
    for seed in SEEDS:
        demand, chance = used(agency_of(seed)), random.Random(seed)
        keys = {item.key for item in demand if chance.random() < 0.3}

        assert_same(demand.without(keys), (item for item in demand if item.key not in keys), seed)


def test_a_demand_with_another_item_is_as_a_new_one() -> None:
    """An item of another class or place changes its queue only."""
    for seed in SEEDS:
        demand, chance = used(agency_of(seed)), random.Random(seed)
        old = chance.choice(demand)
        new = replace(old, priority=chance.choice(list(Priority)), rank=-1, passed_over_count=0)

        expected = [new if item.key == old.key else item for item in demand]
        assert_same(demand.with_other(new), expected, seed)


def test_items_are_raised_after_enough_periods() -> None:
    """Those that are raised already stay as they are, and with nothing to raise the demand does."""
    chance = random.Random(3)
    demand = Demand(
        replace(item, passed_over_count=chance.randrange(PASSED_OVER_LIMIT + 2))
        for item in agency_of(3).items
    )
    facts(demand)
    counts = [item.passed_over_count for item in demand]
    later = demand
    for period in range(1, PASSED_OVER_LIMIT + 1):
        later = later.raised_after(period)

        assert [is_raised(item) for item in later] == [
            count + period >= PASSED_OVER_LIMIT for count in counts
        ]
        assert_same(later, list(later), seed=3)
    assert later.raised_after(PASSED_OVER_LIMIT + 1) is later


@pytest.mark.slow
def test_a_plan_that_tells_only_what_is_taken_takes_the_same() -> None:
    """Items that have no room for sure may be skipped."""
    for seed in SEEDS:
        assert_takes_the_same(agency_of(seed), seed)


@pytest.mark.slow
def test_what_was_searched_in_vain_does_not_depend_on_skipped_items() -> None:
    """A large item that is begun is searched room for after an item that may be skipped."""
    agency = benchmarks.planning.agency_of(591_020)
    situation = Situation(Demand(agency.items), agency.resources, agency.period)
    more = changed(situation, Change(ChangeKind.ADD_HOURS, 1.25, specialist="S01"))

    assert_takes_the_same(replace(agency, resources=more.resources), 591_020)


@pytest.mark.slow
def test_nobody_is_given_more_hours_than_he_has() -> None:
    """Also where an item for which no day is left is put aside, and others come earlier without it."""
    for seed in (*SEEDS, *range(5_200, 5_800, 5)):
        agency = agency_of(seed)
        plan = plan_period(agency.items, agency.resources, period=agency.period)

        assert overbooked(agency, plan.selection) == [], f"seed {seed}"


def assert_takes_the_same(agency: RandomAgency, seed: int) -> None:
    """A plan that tells only what is taken has the items and days of a whole one."""
    whole = plan_period(agency.items, agency.resources, period=agency.period)
    brief = plan_period(agency.items, agency.resources, period=agency.period, only_taken=True)

    assert brief.schedule == whole.schedule, f"seed {seed}"
    assert brief.selection.taken == whole.selection.taken, f"seed {seed}"


def agency_of(seed: int) -> RandomAgency:
    """Agencies of all kinds: weeks and months, one project and several, dated and large items."""
    agency = random_agency(
        seed,
        people=2 + seed % 7,
        projects=1 + seed % 4,
        items=20 + 5 * (seed % 13),
        kind=PeriodKind.WEEK if seed % 2 else PeriodKind.MONTH,
        large_ratio=0.05 * (seed % 3),
    )
    return with_wanted_days(agency) if seed % 5 == 0 else agency


def used(agency: RandomAgency) -> Demand:
    """The demand of an agency after all that it may count has been counted."""
    demand = Demand(agency.items)
    facts(demand)
    return demand


def assert_same(found: Demand, expected: Iterable[BacklogItem], seed: int) -> None:
    """*found* has the items and all figures of a new demand."""
    new = Demand(expected)
    assert found == new, f"seed {seed}"
    assert facts(found) == facts(new), f"seed {seed}"


def facts(demand: Demand) -> Sequence[object]:
    """All that is counted of a demand; a class may have a project without items."""
    classes = [{name: list(items) for name, items in queues.items() if items} for queues in demand.classes]
    return (
        classes,
        demand.begun,
        demand.keys,
        demand.step_hours,
        demand.profile_hours,
        demand.wanted_days,
    )


@pytest.mark.slow
def test_plans_of_the_same_resources_do_not_change_each_other() -> None:
    """The ledger is kept with the resources; a new one gives the same plan."""
    for seed in SEEDS:
        agency = agency_of(seed)
        items, period = agency.items, agency.period

        plans = [
            plan_period(items, resources, period=period)
            for resources in (agency.resources, agency.resources, replace(agency.resources))
        ]

        assert plans[0] == plans[1] == plans[2], seed
