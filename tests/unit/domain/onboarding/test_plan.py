"""The plan of an onboarding, judged by the checker that knows nothing of planning.

A failure of a random one names its seed; ``random_case(seed)`` creates it again.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import pytest

from benchmarks.agencies import random_agency
from vitrina.domain.backlog import Specialist
from vitrina.domain.calendar import PeriodKind, WorkCalendar, period_of
from vitrina.domain.checking.check import AfterRow, AskedRow, DayRow, Facts, Fault, LimitRow, PersonRow, check
from vitrina.domain.onboarding.plan import OnboardingPlan, plan_onboarding
from vitrina.domain.onboarding.template import TemplateStep, TemplateTask
from vitrina.domain.planning.capacity import Booking, HourLimit, Resources

CALENDAR = WorkCalendar()
MONDAY = date(2026, 11, 23)
RUNS, BLOCKS = 500, 4


@dataclass(frozen=True)
class Case:
    """A template and an agency."""

    tasks: tuple[TemplateTask, ...]
    resources: Resources
    since: date
    ends: Mapping[int, date]


def random_case(seed: int) -> Case:
    """1-12 tasks of 1-3 steps in an agency of 3-12 people, who have promised much already."""
    chance = random.Random(seed)
    agency = random_agency(seed, people=chance.randint(3, 12), projects=chance.randint(1, 10), items=0)
    team = agency.resources.specialists
    profiles = sorted({one for person in team for one in person.profiles})
    limits = list(agency.resources.limits)
    if chance.random() < 0.3:
        limits.append(HourLimit(float(chance.randint(20, 60)), PeriodKind.WEEK, project="new"))
    resources = Resources(
        team,
        agency.resources.calendar,
        agency.resources.bookings,
        tuple(limits),
        agency.resources.load_factor,
    )
    since = MONDAY + timedelta(days=chance.randint(0, 13))
    tasks = []
    for number in range(1, chance.randint(1, 12) + 1):
        chosen = chance.sample(profiles, chance.randint(1, min(3, len(profiles))))
        steps = tuple(_step(chance, profile, team) for profile in chosen)
        earlier = [one.number for one in tasks]
        after = tuple(chance.sample(earlier, min(len(earlier), chance.choice([0, 0, 1, 1, 2]))))
        tasks.append(TemplateTask(number, f"T{number}", steps, after, chance.choice([0, 0, 0, 2, 7])))
    known = chance.sample(tasks, len(tasks) // 3) if chance.random() < 0.2 else []
    ends = {one.number: since + timedelta(days=chance.randint(-3, 10)) for one in known}
    chance.shuffle(tasks)
    return Case(tuple(one for one in tasks if one not in known), resources, since, ends)


def _step(chance: random.Random, profile: str, team: Sequence[Specialist]) -> TemplateStep:
    able = [one.name for one in team if profile in one.profiles]
    name = chance.choice(able) if chance.random() < 0.15 else ""
    return TemplateStep(profile, chance.randint(2, 64) / 4, name)


# --- The judge ---------------------------------------------------------------------------------------


def first_day(case: Case, task: TemplateTask) -> date:
    """The first day that the template and the tasks that exist leave to a task."""
    working = case.resources.calendar.working_days_from(case.since, count=task.after_days + 1)
    known = [case.ends[number] + timedelta(days=1) for number in task.after if number in case.ends]
    return max([working[-1], *known])


def facts_of(case: Case, rows: Sequence[DayRow]) -> Facts:
    """The case as plain rows."""
    resources, team = case.resources, case.resources.specialists
    last = max([row.day for row in rows], default=case.since)
    first = min([row.day for row in rows], default=case.since)
    days = [first + timedelta(days=offset) for offset in range((last - first).days + 1)]
    able = {
        (task.number, place): frozenset(
            one.name
            for one in team
            if (one.name == step.specialist if step.specialist else step.profile in one.profiles)
        )
        for task in case.tasks
        for place, step in enumerate(task.steps)
    }
    return Facts(
        people=tuple(
            PersonRow(one.name, one.hours_per_day * resources.load_factor, one.days_away) for one in team
        ),
        day_hours={day: resources.calendar.day_hours(day) for day in days},
        limits=tuple(
            LimitRow(limit.hours, window.start_on, window.end_on, limit.project, limit.specialist)
            for limit in resources.limits
            for window in {period_of(day, limit.kind) for day in days}
        ),
        after=tuple(AfterRow("new", task.number, number) for task in case.tasks for number in task.after),
        wip_limit=2,
        asked=tuple(
            AskedRow("new", task.number, place, step.hours, able[task.number, place], first_day(case, task))
            for task in case.tasks
            for place, step in enumerate(task.steps)
        ),
    )


def rows_of(case: Case, plan: OnboardingPlan) -> list[DayRow]:
    """Everybody's hours by day, of the plan and of all that was promised before."""
    planned = [
        DayRow(action.specialist, day, hours, "new", one.task.number, place)
        for one in plan.tasks
        for place, action in enumerate(one.actions)
        for day, hours in action.day_hours.items()
    ]
    promised = [
        DayRow(one.specialist, day, hours, one.project, one.item)
        for one in case.resources.bookings
        for day, hours in one.day_hours.items()
    ]
    return planned + promised


def least_days(case: Case) -> int:
    """Working days that the whole takes at least: every step alone with its best person, without limits."""
    resources = case.resources
    days = resources.calendar.working_days_from(case.since, count=120)
    free: dict[str, list[float]] = {}
    for person in resources.specialists:
        taken: dict[date, float] = {}
        for booking in resources.bookings:
            for day, hours in booking.day_hours.items():
                if booking.specialist == person.name:
                    taken[day] = taken.get(day, 0.0) + hours
        free[person.name] = [
            0.0
            if day in person.days_away
            else max(
                0.0,
                person.hours_per_day * resources.load_factor * resources.calendar.day_hours(day) / 8.0
                - taken.get(day, 0.0),
            )
            for day in days
        ]
    ends: dict[int, int] = {}
    for task in sorted(case.tasks, key=lambda one: one.number):
        place = days.index(next(day for day in days if day >= first_day(case, task)))
        place = max([place, *(ends[number] for number in task.after if number in ends)])
        for step in task.steps:
            names = [
                one.name
                for one in resources.specialists
                if (one.name == step.specialist if step.specialist else step.profile in one.profiles)
            ]
            place = min(_end(free[name], place, step.hours) for name in names)
        ends[task.number] = place
    return max(ends.values(), default=0)


def _end(free: Sequence[float], place: int, hours: float) -> int:
    """Count of days after which the hours are found, from a place on."""
    while hours > 1e-4 and place < len(free):
        hours -= free[place]
        place += 1
    return place


@pytest.mark.slow
@pytest.mark.parametrize("block", range(BLOCKS))
def test_random_templates_and_agencies(block: int) -> None:
    """Order, people, hours and days of 500 are right, and the whole is near what is least possible."""
    ratios: list[float] = []
    for seed in range(block, RUNS, BLOCKS):
        case = random_case(seed)
        plan = plan_onboarding(case.tasks, case.resources, project="new", since=case.since, ends=case.ends)
        rows = rows_of(case, plan)

        assert plan.unplaced == (), f"seed {seed}"
        assert check(rows, facts_of(case, rows)) == [], f"seed {seed}"
        if plan.due_on is None:
            assert not case.tasks, f"seed {seed}"
            continue
        days = case.resources.calendar.working_days_from(case.since, count=130)
        length, least = days.index(plan.due_on) + 1, least_days(case)
        assert length >= least, f"seed {seed}"
        ratios.append(length / least)

    proved = sum(ratio == 1.0 for ratio in ratios)
    mean = sum(ratios) / len(ratios)
    print(f"block {block}: {len(ratios)} plans, {proved} as short as possible, mean {mean:.3f}")  # noqa: T201
    assert mean <= 1.25


def test_the_checker_sees_a_wrong_plan() -> None:
    """Hours, person, first day and order: a plan that was changed is not believed."""
    case = random_case(1)
    plan = plan_onboarding(case.tasks, case.resources, project="new", since=case.since, ends=case.ends)
    rows = rows_of(case, plan)
    own = next(row for row in rows if row.project == "new")
    other = next(one.name for one in case.resources.specialists if one.name != own.specialist)
    wrong = {
        Fault.WRONG_HOURS: DayRow(own.specialist, own.day, own.hours / 2, "new", own.item, own.action),
        Fault.WRONG_PERSON: DayRow("Nobody", own.day, own.hours, "new", own.item, own.action),
        Fault.TOO_EARLY: DayRow(other, date(2026, 11, 2), own.hours, "new", own.item, own.action),
    }

    for fault, row in wrong.items():
        changed = [row if one is own else one for one in rows]
        assert fault in {one.fault for one in check(changed, facts_of(case, changed))}, fault


# --- Cases by hand -----------------------------------------------------------------------------------

ANNA, BORIS = Specialist("Анна", ("design",), 8.0), Specialist("Борис", ("copy", "design"), 8.0)


def plan(*tasks: TemplateTask, resources: Resources | None = None, **more: date) -> OnboardingPlan:
    """The plan of two people with whole days from Monday on."""
    known = resources or Resources((ANNA, BORIS), CALENDAR, load_factor=1.0)
    ends = {int(key.removeprefix("end_")): day for key, day in more.items()}
    return plan_onboarding(tasks, known, project="new", since=MONDAY, ends=ends)


def days(found: OnboardingPlan) -> dict[int, tuple[str, str, str]]:
    """First person, first and last day of each task."""
    return {
        one.task.number: (one.actions[0].specialist, str(one.start_on)[5:], str(one.due_on)[5:])
        for one in found.tasks
    }


def design(number: int, hours: float, *after: int, after_days: int = 0) -> TemplateTask:
    """A task of design."""
    return TemplateTask(number, f"T{number}", (TemplateStep("design", hours),), after, after_days)


def test_the_longest_path_goes_first() -> None:
    """Three days of text wait for task 3: it gets the first day, although 1 and 2 stand above it."""
    text = TemplateTask(4, "Тексты", (TemplateStep("copy", 24.0),), (3,))

    found = plan(design(1, 8.0), design(2, 8.0), design(3, 8.0), text)

    assert days(found)[4] == ("Борис", "11-24", "11-26")
    assert str(found.due_on) == "2026-11-26"


def test_delays_and_tasks_that_exist() -> None:
    """Two working days after the start; and the day after a task that the project has already."""
    found = plan(design(2, 4.0, after_days=2), design(3, 4.0, 1), end_1=MONDAY + timedelta(days=3))

    assert {number: one[1] for number, one in days(found).items()} == {2: "11-25", 3: "11-27"}


def test_what_nobody_can_do_is_not_placed() -> None:
    """Nor what waits for it."""
    found = plan(TemplateTask(1, "SEO", (TemplateStep("seo", 3.0),)), design(2, 4.0, 1), design(3, 4.0))

    assert [one.number for one in found.unplaced] == [1, 2]
    assert list(days(found)) == [3]


def test_promised_hours_and_limits_count() -> None:
    """Anna's Monday is promised to another client; 12 hours in a week leave four for the next one."""
    booked = Booking("Анна", "other", 1, {MONDAY: 8.0})
    limit = HourLimit(12.0, PeriodKind.WEEK, project="new")
    resources = Resources((ANNA,), CALENDAR, (booked,), (limit,), 1.0)

    found = plan(design(1, 16.0), resources=resources)

    assert found.tasks[0].actions[0].day_hours == {
        MONDAY + timedelta(days=1): 8.0,
        MONDAY + timedelta(days=2): 4.0,
        MONDAY + timedelta(days=7): 4.0,
    }
