"""The days of a single task: its people's hours, limits, what is over them, and what makes room."""

from __future__ import annotations

import itertools
import random
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, timedelta

import pytest
from msgspec.structs import replace

from vitrina.domain.backlog import PlannedAction, Specialist
from vitrina.domain.calendar import PeriodKind, WorkCalendar, period_of
from vitrina.domain.checking.check import AfterRow, DayRow, Facts, PersonRow, check
from vitrina.domain.planning.capacity import Booking, HourLimit, Resources
from vitrina.domain.planning.in_progress.assignment import (
    Assignment,
    OpenAction,
    TaskPart,
    before_others,
    first_due_day,
    offers,
    on_first_days,
    over,
    until_day,
)
from vitrina.domain.planning.in_progress.open_work import new_timeline

MONDAY = date(2026, 11, 30)
ANNA, BORIS = Specialist("Анна", ("design",), 8.0), Specialist("Борис", ("design", "copy"), 6.0)
CALENDAR = WorkCalendar()
RUNS = 150
KEYS = ("design", "copy", "seo")


def day(number: int) -> date:
    """A day of the week that begins with MONDAY."""
    return MONDAY + timedelta(days=number)


def resources(
    *bookings: Booking, limits: Sequence[HourLimit] = (), team: Sequence[Specialist] = (ANNA, BORIS)
) -> Resources:
    """Anna and Boris with all of their hours."""
    return Resources(tuple(team), CALENDAR, bookings, tuple(limits), load_factor=1.0)


def hours_of(found: Assignment | None) -> list[dict[date, float]]:
    """Hours by day of each action."""
    assert found is not None
    return [dict(action.day_hours) for action in found.actions]


def test_parts_follow_each_other() -> None:
    """The second begins on the day after the first has ended."""
    parts = [TaskPart("design", "Анна", 10.0), TaskPart("copy", "Борис", 3.0)]

    found = on_first_days(parts, resources(), project="А", since=MONDAY)

    assert hours_of(found) == [{day(0): 8.0, day(1): 2.0}, {day(2): 3.0}]


def test_offers_are_ordered_by_their_first_day() -> None:
    """Who cannot do it is left out; who has no day stands last."""
    away = Specialist("Вера", ("design",), 8.0, days_away=frozenset(day(n) for n in range(200)))
    writer = Specialist("Глеб", ("copy",), 8.0)
    busy = Booking("Анна", "Б", 1, {day(0): 8.0})

    found = offers(
        "design", 4.0, resources(busy, team=(away, ANNA, BORIS, writer)), project="А", since=MONDAY
    )

    assert [(one.specialist, one.start_on) for one in found] == [
        ("Борис", day(0)),
        ("Анна", day(1)),
        ("Вера", None),
    ]


def test_wanted_day_takes_free_hours_first_and_then_all_days() -> None:
    """12 h by Tuesday, of which 5 are free: 7 go over, half on each day."""
    busy = Booking("Анна", "Б", 1, {day(0): 8.0, day(1): 3.0})
    parts = [TaskPart("design", "Анна", 12.0)]

    found = until_day(parts, resources(busy), project="А", since=MONDAY, last_day=day(1))

    assert hours_of(found) == [{day(0): 3.5, day(1): 8.5}]
    assert found is not None
    above = over(found.actions, resources(busy), project="А", since=MONDAY)
    assert above.person_hours == {"Анна": pytest.approx(7.0)}


def test_wanted_day_leaves_each_part_a_day() -> None:
    """Two parts need two days; one day is not enough."""
    parts = [TaskPart("design", "Анна", 20.0), TaskPart("copy", "Борис", 3.0)]

    assert hours_of(until_day(parts, resources(), project="А", since=MONDAY, last_day=day(1))) == [
        {day(0): 20.0},
        {day(1): 3.0},
    ]
    assert until_day(parts, resources(), project="А", since=MONDAY, last_day=day(0)) is None


def test_limits_of_project_and_agency_are_told_apart() -> None:
    """Each by its own excess, and what is booked counts."""
    limits = (HourLimit(10.0, PeriodKind.WEEK, project="А"), HourLimit(12.0, PeriodKind.WEEK))
    busy = Booking("Борис", "А", 1, {day(0): 4.0})
    action = PlannedAction("design", "Анна", {day(0): 8.0, day(1): 3.0})

    found = over([action], resources(busy, limits=limits), project="А", since=MONDAY)

    week = period_of(MONDAY, PeriodKind.WEEK)
    assert [(one.limit, one.period, one.hours) for one in found.limits] == [
        (limits[0], week, pytest.approx(5.0)),
        (limits[1], week, pytest.approx(3.0)),
    ]
    assert not over([action], resources(), project="А", since=MONDAY)


def draw(chance: random.Random) -> tuple[list[OpenAction], dict[int, list[int]], list[Booking]]:
    """Work in progress of a random project, each item on days of its own, and bookings of others."""
    others = [
        Booking(name, "Б", 99, {day(n): float(chance.randint(1, 3))})
        for name in ("Анна", "Борис")
        for n in range(12)
        if chance.random() < 0.3 and CALENDAR.is_working_day(day(n))
    ]
    base = resources(*others)
    opened: list[OpenAction] = []
    after: dict[int, list[int]] = {}
    for item in range(1, chance.randint(2, 6)):
        names = [chance.choice(("Анна", "Борис")) for _ in range(chance.randint(1, 2))]
        parts = [TaskPart("design", name, float(chance.randint(2, 14))) for name in names]
        since = MONDAY
        if item > 1 and chance.random() < 0.4:
            after[item] = [chance.randint(1, item - 1)]
            since = max(one.due_on for one in opened if one.item == after[item][0]) + timedelta(days=1)
        placed = on_first_days(parts, base, project="А", since=since)
        assert placed is not None
        for position, action in enumerate(placed.actions):
            can_move = chance.random() < 0.7
            opened.append(
                OpenAction(
                    item * 100 + position, item, position, action.specialist, action.day_hours, can_move
                )
            )
            base = base.booked([Booking(action.specialist, "А", item, action.day_hours)])
    return opened, after, others


def test_urgent_tasks_keep_every_rule() -> None:
    """No day is too full, nothing begun moves, nothing moves forward, and the order stays."""
    moved_count = 0
    for seed in range(RUNS):
        chance = random.Random(seed)
        opened, after, others = draw(chance)
        part = TaskPart("design", chance.choice(("Анна", "Борис")), float(chance.randint(2, 20)))

        def without(
            rows: Collection[int], opened: Sequence[OpenAction] = opened, others: Sequence[Booking] = others
        ) -> Resources:
            kept = [one for one in opened if one.row_number not in rows]
            own = [Booking(one.specialist, "А", one.item, one.day_hours) for one in kept]
            return resources(*others, *own)

        found = before_others([part], without, opened, after, project="А", since=MONDAY)

        assert found is not None, seed
        usual = on_first_days([part], without(()), project="А", since=MONDAY)
        assert usual is not None
        assert found.due_on <= usual.due_on, seed
        new = {move.action.row_number: move.day_hours for move in found.moves}
        moved_count += len(new)
        for move in found.moves:
            assert move.action.can_move, seed
            assert min(move.day_hours) >= move.action.start_on, seed
            assert sum(move.day_hours.values()) == pytest.approx(sum(move.action.day_hours.values())), seed
        opened_now = [replace(one, day_hours=new.get(one.row_number, one.day_hours)) for one in opened]
        rows = [
            DayRow(one.specialist, when, hours, "А", one.item, one.position)
            for one in opened_now
            for when, hours in one.day_hours.items()
        ]
        rows += [
            DayRow(part.specialist, when, hours, "А", 50, 0)
            for action in found.actions
            for when, hours in action.day_hours.items()
        ]
        rows += [
            DayRow(one.specialist, when, hours, "Б", 99)
            for one in others
            for when, hours in one.day_hours.items()
        ]
        facts = Facts(
            tuple(PersonRow(one.name, one.hours_per_day) for one in (ANNA, BORIS)),
            {row.day: CALENDAR.day_hours(row.day) for row in rows},
            after=tuple(AfterRow("А", item, before) for item, items in after.items() for before in items),
        )
        assert check(rows, facts) == [], seed
    assert moved_count > RUNS / 3


def parts_of(hours: Mapping[str, float], people: Iterable[Specialist]) -> list[TaskPart]:
    """One part for each profile, with its person."""
    return [TaskPart(key, one.name, hours[key]) for key, one in zip(hours, people, strict=True)]


def test_no_choice_of_people_ends_before_the_first_due_day() -> None:
    """For random bookings, limits and parts, all choices are tried."""
    for seed in range(RUNS):
        chance = random.Random(f"first-due-{seed}")
        team = [
            Specialist(
                f"person {n}", tuple(chance.sample(("design", "copy", "seo"), 2)), chance.choice((4.0, 8.0))
            )
            for n in range(4)
        ]
        bookings = [
            Booking(person.name, "Б", 9, {day(n): float(chance.randint(1, 4))})
            for person in team
            for n in range(10)
            if chance.random() < 0.5 and CALENDAR.is_working_day(day(n))
        ]
        limits = [HourLimit(float(chance.randint(4, 30)), PeriodKind.WEEK, project="А")]
        given = resources(*bookings, limits=limits, team=team)
        hours = {key: float(chance.randint(1, 14)) for key in chance.sample(KEYS, 2)}

        found = first_due_day(hours, given, new_timeline(given, MONDAY), project="А")

        choices = itertools.product(*([one for one in team if key in one.profiles] for key in hours))
        ends = [
            placed.due_on
            for people in choices
            for parts in [
                [TaskPart(key, one.name, hours[key]) for key, one in zip(hours, people, strict=True)]
            ]
            if (placed := on_first_days(parts, given, project="А", since=MONDAY)) is not None
        ]
        assert found is None or not ends or found <= min(ends), seed
        assert (found is None) == (not ends), seed


def test_first_due_day_of_a_profile_that_nobody_has() -> None:
    """Nobody can tell."""
    given = resources()

    assert first_due_day({"seo": 3.0}, given, new_timeline(given, MONDAY), project="А") is None
