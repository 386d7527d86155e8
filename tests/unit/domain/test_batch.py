"""Which items enter a period."""

import random
from datetime import date, timedelta

import pytest

from vitrina.domain.backlog import BacklogItem, Priority, Specialist
from vitrina.domain.batch import EPSILON_HOURS, BatchPlan, LeftOutReason, plan_batch
from vitrina.domain.calendar import PeriodKind, period_of

MONDAY = date(2026, 11, 23)
WEEK = period_of(MONDAY, PeriodKind.WEEK)
DAYS = {MONDAY + timedelta(days=offset): 1.0 for offset in range(5)}
ANNA = Specialist("Анна", ("design",), 8.0)
BORIS = Specialist("Борис", ("copy", "design"), 4.0)


def item(
    number: int, hours: dict[str, float], priority: Priority = Priority.NORMAL, **more: object
) -> BacklogItem:
    """An item whose number is its place in the backlog."""
    return BacklogItem(number, f"Т-{number}", f"задача {number}", priority, number, hours, **more)  # type: ignore[arg-type]


def plan(items: list[BacklogItem], people: list[Specialist] | None = None, **more: object) -> BatchPlan:
    """A plan of the whole week, with nothing promised before."""
    settings: dict[str, object] = {"period": WEEK, "days": DAYS, "committed": {}, **more}
    return plan_batch(items, [ANNA, BORIS] if people is None else people, **settings)  # type: ignore[arg-type]


def numbers(result: BatchPlan) -> list[int]:
    """Numbers of the chosen items in the order in which they were taken."""
    return [chosen.item.number for chosen in result.chosen]


def test_higher_priority_goes_first_and_then_the_place() -> None:
    """Class decides before the place in the backlog."""
    result = plan([item(1, {"design": 1}), item(2, {"design": 1}, Priority.URGENT), item(3, {"design": 1})])

    assert numbers(result) == [2, 1, 3]


def test_an_item_that_does_not_fit_is_passed_over() -> None:
    """Anna has 40 h: 30 are taken, 20 do not fit, the next 10 do."""
    result = plan([item(1, {"design": 30}), item(2, {"design": 20.5}), item(3, {"design": 10})], [ANNA])

    assert numbers(result) == [1, 3]
    [left] = result.left_out
    assert (left.reason, left.profile, left.needed_hours, left.free_hours, left.capacity_hours) == (
        LeftOutReason.SPECIALIST_BUSY, "design", 20.5, 10.0, 40.0,
    )  # fmt: skip


def test_hours_promised_elsewhere_are_not_promised_again() -> None:
    """Anna is promised 6 h on every day to other clients: 10 of 40 h are left."""
    committed = {"Анна": dict.fromkeys(DAYS, 6.0)}
    result = plan([item(1, {"design": 10.5}), item(2, {"design": 10})], [ANNA], committed=committed)

    assert numbers(result) == [2]
    assert [result.loads[0].committed_hours, result.loads[0].planned_hours] == [30.0, 10.0]


def test_project_limit_holds() -> None:
    """Of 20 h 5 are used: 15 are left, the item of 16 h waits."""
    result = plan([item(1, {"design": 16}), item(2, {"design": 15})], limit_hours=20, used_hours=5)

    assert numbers(result) == [2]
    assert (result.left_out[0].reason, result.left_out[0].free_hours) == (LeftOutReason.PROJECT_LIMIT, 15.0)


def test_all_profiles_of_an_item_have_to_fit() -> None:
    """Boris has 20 h for texts, not 21: the designer's hours are given back for the next item."""
    result = plan([item(1, {"design": 40, "copy": 21}), item(2, {"design": 40})])

    assert numbers(result) == [2]
    assert result.left_out[0].profile == "copy"


def test_nobody_with_the_profile() -> None:
    """A profile that nobody has is a reason of its own."""
    assert plan([item(1, {"seo": 1})]).left_out[0].reason is LeftOutReason.NO_SPECIALIST


def test_an_item_without_hours_waits_for_its_estimate() -> None:
    """Work of unknown size is not promised."""
    assert plan([item(1, {})]).left_out[0].reason is LeftOutReason.NO_ESTIMATE


def test_an_item_waits_for_what_it_depends_on() -> None:
    """What is not chosen, or still in progress, blocks; what is chosen before is followed on later days."""
    result = plan(
        [
            item(1, {"design": 8}),
            item(2, {"copy": 4}, depends_on=(1,)),
            item(3, {"copy": 1}, depends_on=(9,)),
            item(4, {"copy": 1}, depends_on=(7,)),
        ],
        unfinished=frozenset({9}),
    )

    first, second, fourth = result.chosen
    assert second.actions[0].start_on > first.due_on
    assert [fourth.item.number, result.left_out[0].waits_for] == [4, (9,)]


def test_days_away_are_not_planned() -> None:
    """Anna is away on Monday and Tuesday: she starts on Wednesday and has 24 h."""
    away = Specialist("Анна", ("design",), 8.0, days_away=frozenset(list(DAYS)[:2]))
    result = plan([item(1, {"design": 24})], [away])

    assert result.chosen[0].actions[0].start_on == list(DAYS)[2]
    assert result.loads[0].capacity_hours == 24.0


def test_a_short_day_holds_less() -> None:
    """Friday is an hour short: 39 h fit, and half of it for who works half a day."""
    days = {**DAYS, max(DAYS): 7 / 8}
    half = Specialist("Вика", ("copy",), 4.0)

    result = plan(
        [item(1, {"design": 39.5}), item(2, {"design": 39}), item(3, {"copy": 19.5})], [ANNA, half], days=days
    )

    assert numbers(result) == [2, 3]
    assert [load.capacity_hours for load in result.loads] == [39.0, 19.5]
    assert result.chosen[1].actions[0].day_hours[max(DAYS)] == 3.5


def test_work_goes_to_the_least_busy() -> None:
    """Two designers with equal days get one item each."""
    twins = [Specialist(name, ("design",), 8.0) for name in ("Вера", "Глеб")]
    result = plan([item(1, {"design": 8}), item(2, {"design": 8})], twins)

    assert {chosen.actions[0].specialist for chosen in result.chosen} == {"Вера", "Глеб"}


@pytest.mark.parametrize("seed", range(200))
def test_no_limit_is_ever_exceeded(seed: int) -> None:
    """Random agencies: nobody over his day, no project over its limit, hours kept, order kept."""
    chance = random.Random(seed)
    profiles = ["design", "copy", "development", "seo"]
    people = [
        Specialist(
            f"С{n}", tuple(chance.sample(profiles, chance.randint(1, 3))), chance.choice([4.0, 6.0, 8.0])
        )
        for n in range(chance.randint(1, 8))
    ]
    items = [
        item(
            number,
            {
                one: round(chance.lognormvariate(1, 1), 1)
                for one in chance.sample(profiles, chance.randint(0, 3))
            },
            chance.choice(list(Priority)),
            depends_on=tuple(chance.sample(range(1, 30), chance.choice([0, 0, 0, 1]))),
        )
        for number in range(1, chance.randint(2, 60))
    ]
    committed = {one.name: {day: chance.uniform(0, one.hours_per_day) for day in DAYS} for one in people}
    limit = chance.choice([None, 10.0, 40.0])
    result = plan(items, people, committed=committed, limit_hours=limit)

    context = f"seed {seed}"
    for one in people:
        for day in DAYS:
            planned = sum(
                action.day_hours.get(day, 0.0)
                for chosen in result.chosen
                for action in chosen.actions
                if action.specialist == one.name
            )
            assert planned + committed[one.name][day] <= one.hours_per_day + 1e-6, context
    if limit is not None:
        assert result.planned_hours <= limit + EPSILON_HOURS, context
    for chosen in result.chosen:
        assert {
            action.profile: pytest.approx(action.hours) for action in chosen.actions
        } == chosen.item.hours, context
        finished = {other.item.number: other.due_on for other in result.chosen}
        for number in chosen.item.depends_on:
            if number in finished:
                assert min(action.start_on for action in chosen.actions) > finished[number], context
    together = sorted(
        [one.item.number for one in result.chosen] + [one.item.number for one in result.left_out]
    )
    assert together == sorted(one.number for one in items), context
    assert result == plan(items, people, committed=committed, limit_hours=limit), context
