"""Plans that follow the wishes of a person, on random agencies and by single cases.

A failure names the seed of its agency.
"""

from __future__ import annotations

import random
from collections import Counter
from datetime import timedelta

import pytest

from benchmarks.agencies import RandomAgency, random_agency
from benchmarks.judge import violations
from vitrina.domain.calendar import PeriodKind
from vitrina.domain.planning.demand import Demand
from vitrina.domain.planning.explain import Situation, explain
from vitrina.domain.planning.planner import PeriodPlan
from vitrina.domain.planning.schedule import ItemKey
from vitrina.domain.planning.selection import LeftOutReason
from vitrina.domain.planning.wishes import Wishes, cost_of, plan_as_wished

AGENCIES = 300
BLOCKS = 4


def agency_of(seed: int) -> RandomAgency:
    """A small agency, as the page of one project is."""
    chance = random.Random(seed)
    return random_agency(
        seed,
        people=chance.randint(3, 9),
        projects=chance.randint(1, 8),
        items=chance.randint(10, 50),
        kind=chance.choice([PeriodKind.WEEK, PeriodKind.MONTH]),
        large_ratio=0.03,
    )


def wishes_of(agency: RandomAgency, seed: int) -> Wishes:
    """Some items out, some in, other people, and days that can or cannot be kept."""
    chance = random.Random(f"wishes-{seed}")
    keys = [item.key for item in agency.items]
    chosen = chance.sample(keys, k=chance.randint(1, max(1, len(keys) // 2)))
    cut = chance.randint(0, len(chosen))
    wanted = tuple(chosen[cut:])
    by_key = {item.key: item for item in agency.items}
    skilled: dict[str, list[str]] = {}
    for one in agency.resources.specialists:
        for profile in one.profiles:
            skilled.setdefault(profile, []).append(one.name)
    people = {
        (key, profile): chance.choice(skilled[profile])
        for key in chance.sample(keys, k=min(len(keys), 4))
        for profile in by_key[key].hours
        if skilled.get(profile)
    }
    days = {
        key: agency.period.start_on + timedelta(days=chance.randint(0, 20))
        for key in wanted
        if chance.random() < 0.5
    }
    return Wishes(frozenset(chosen[:cut]), wanted, people, days)


def planned(agency: RandomAgency, wishes: Wishes) -> PeriodPlan:
    """The plan of an agency with wishes."""
    return plan_as_wished(agency.items, agency.resources, wishes, period=agency.period)


@pytest.mark.slow
@pytest.mark.parametrize("block", range(BLOCKS))
def test_wishes_are_followed_within_the_limits(block: int) -> None:
    """The checker finds nothing; out is out, in is in or has a reason, and a chosen person does the work."""
    counts: Counter[str] = Counter()
    for seed in range(block * AGENCIES // BLOCKS, (block + 1) * AGENCIES // BLOCKS):
        agency = agency_of(seed)
        wishes = wishes_of(agency, seed)
        plan = planned(agency, wishes)

        assert violations(agency, plan) == [], f"seed {seed}"
        taken = {one.item.key: one for one in plan.chosen}
        left = {one.item.key: one for one in plan.left_out}
        assert sorted([*taken, *left]) == sorted(item.key for item in agency.items), f"seed {seed}"
        items = {item.key: item for item in agency.items}
        assert all(one.item == items[one.item.key] for one in (*plan.chosen, *plan.left_out)), f"seed {seed}"
        for key in wishes.out:
            assert left[key].reason is LeftOutReason.TAKEN_OUT, f"seed {seed}, {key}"
        for key in wishes.wanted:
            counts["in" if key in taken else "told"] += 1
            assert key in taken or left[key].reason is not LeftOutReason.TAKEN_OUT, f"seed {seed}, {key}"
        for (key, profile), name in wishes.people.items():
            if key in taken:
                people = {one.specialist for one in taken[key].actions if one.profile == profile}
                assert people <= {name}, f"seed {seed}, {key}"
                counts["person"] += 1

    print(dict(counts))  # noqa: T201 - the count is wanted
    assert min(counts["in"], counts["person"]) > 100
    assert counts["told"] > 10


def keys_of(plan: PeriodPlan) -> list[ItemKey]:
    """Keys of the items of a period, in the order of decisions."""
    return [one.item.key for one in plan.chosen]


def test_no_wishes_change_nothing() -> None:
    """The plan is that of the planner, object for object."""
    for seed in range(20):
        agency = agency_of(seed)

        assert (
            planned(agency, Wishes())
            == Situation(Demand(agency.items), agency.resources, agency.period).plan()
        )


@pytest.mark.slow
def test_cost_names_who_gives_way() -> None:
    """Exactly the items that are in without the wishes and not with them, and those that end later."""
    seen: Counter[str] = Counter()
    for seed in range(60):
        agency = agency_of(seed)
        without = planned(agency, Wishes())
        left = [one.item for one in without.left_out if one.reason is LeftOutReason.SPECIALIST_BUSY]
        if not left:
            continue
        wishes = Wishes(wanted=(left[-1].key,))
        wished = planned(agency, wishes)
        cost = cost_of(without, wished, wishes)

        assert {item.key for item in cost.gone} == {*keys_of(without)} - {*keys_of(wished)}, f"seed {seed}"
        assert all(before < after for _, before, after in cost.later), f"seed {seed}"
        seen["gone"] += len(cost.gone)
        seen["let in"] += left[-1].key in keys_of(wished)

    assert seen["gone"] > 10
    assert seen["let in"] > 10


@pytest.mark.slow
def test_item_with_a_day_is_done_as_early_as_it_can_be() -> None:
    """No other order of work finishes it sooner: it has the days as if it were alone."""
    checked = 0
    for seed in range(60):
        agency = agency_of(seed)
        for item in agency.items[:4]:
            if item.depends_on or item.is_carried_over or not item.hours:
                continue
            wishes = Wishes(wanted=(item.key,), done_by={item.key: agency.period.start_on})
            plan = planned(agency, wishes)
            together = {one.item.key: one for one in plan.chosen}
            # The rest of an item that is larger than the period is carried over.
            if item.key not in {one.item.key for one in plan.selection.taken if one.is_whole}:
                continue
            people = {(item.key, one.profile): one.specialist for one in together[item.key].actions}
            alone = plan_as_wished([item], agency.resources, Wishes(people=people), period=agency.period)
            if not alone.chosen:
                continue
            assert together[item.key].due_on == alone.chosen[0].due_on, f"seed {seed}, {item.key}"
            checked += 1

    assert checked > 40


def test_explanation_of_an_item_that_was_taken_out() -> None:
    """It is expected in a later period, and no change is offered: the person knows why it is out."""
    agency = agency_of(3)
    [first, *_] = planned(agency, Wishes()).chosen
    wishes = Wishes(out=frozenset({first.item.key}))
    situation = Situation(Demand(agency.items), agency.resources, agency.period, wishes=wishes)

    [told] = [one for one in explain(situation, situation.plan()) if one.left.item.key == first.item.key]

    assert told.left.reason is LeftOutReason.TAKEN_OUT
    assert told.change is None
    assert told.enters is not None
    assert told.enters.start_on > agency.period.end_on
