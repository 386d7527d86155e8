"""New days for work that cannot be done as it was planned, on random agencies and by single cases.

A failure names the seed of its agency.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from msgspec.structs import replace

from benchmarks.agencies import RandomAgency, random_agency
from vitrina.domain.backlog import Specialist
from vitrina.domain.calendar import PeriodKind, WorkCalendar, period_of
from vitrina.domain.checking.check import (
    AfterRow,
    DayRow,
    Facts,
    Fault,
    LimitRow,
    PersonRow,
    Violation,
    check,
)
from vitrina.domain.planning.capacity import Booking, HourLimit, Resources
from vitrina.domain.planning.in_progress.open_work import OpenAction
from vitrina.domain.planning.in_progress.replan import Replan, Trouble, replan
from vitrina.domain.planning.planner import plan_period

AGENCIES = 1_000
BLOCKS = 4
TODAY = date(2026, 11, 23)


@dataclass(frozen=True)
class Case:
    """An agency in the middle of its period, after something has changed."""

    agency: RandomAgency
    resources: Resources
    project: str
    today: date
    opened: tuple[OpenAction, ...]
    others: tuple[Booking, ...]
    after: Mapping[int, Collection[int]]

    def without(self, rows: Collection[int]) -> Resources:
        """The resources without the promised hours of these rows."""
        promised = (one for one in self.opened if one.row_number not in rows)
        return self.resources.booked([*self.others, *(booking_of(one, self.project) for one in promised)])

    def replanned(self) -> Replan:
        """The plan after the change."""
        return replan(self.without, self.opened, self.after, project=self.project, since=self.today)


def booking_of(one: OpenAction, project: str) -> Booking:
    """The promised hours of an action."""
    return Booking(one.specialist, project, one.item, one.day_hours)


def case_of(seed: int) -> Case:
    """An agency whose people fall ill, leave, or have other hours, with late work and work that was begun."""
    chance = random.Random(f"replan-{seed}")
    agency = random_agency(
        seed,
        people=chance.randint(3, 10),
        projects=chance.randint(1, 6),
        items=chance.randint(8, 40),
        kind=chance.choice([PeriodKind.WEEK, PeriodKind.MONTH]),
        large_ratio=0.0,
    )
    plan = plan_period(agency.items, agency.resources, period=agency.period)
    today = agency.period.start_on + timedelta(days=chance.randint(0, 4))
    projects = Counter(one.item.project for one in plan.chosen)
    project = projects.most_common(1)[0][0] if projects else ""
    opened: list[OpenAction] = []
    row = 0
    for one in sorted(plan.chosen, key=lambda one: one.start_on):
        if one.item.project != project:
            continue
        for position, action in enumerate(one.actions):
            row += 1
            may_be_begun = action.start_on <= today and not one.item.depends_on and position == 0
            is_begun = may_be_begun and chance.random() < 0.4
            opened.append(
                OpenAction(
                    row,
                    one.item.number,
                    position,
                    action.specialist,
                    action.day_hours,
                    not is_begun,
                    action.profile,
                )
            )
    others = tuple(
        booking for one in plan.schedule.items if one.item.project != project for booking in one.bookings()
    )
    after = {one.item.number: one.item.depends_on for one in plan.chosen if one.item.project == project}
    people = tuple(changed(one, chance, agency) for one in agency.resources.specialists)
    left = [one for one in people if len(people) <= 2 or chance.random() > 0.08] or list(people)
    resources = replace(agency.resources, specialists=tuple(left))
    return Case(agency, resources, project, today, tuple(opened), others, after)


def changed(person: Specialist, chance: random.Random, agency: RandomAgency) -> Specialist:
    """Somebody who may have become ill, or works fewer hours."""
    first = agency.period.start_on + timedelta(days=chance.randint(0, 10))
    if chance.random() < 0.3:
        ill = {first + timedelta(days=offset) for offset in range(chance.randint(1, 10))}
        person = replace(person, days_away=person.days_away | ill)
    if chance.random() < 0.2:
        person = replace(person, hours_per_day=max(1.0, person.hours_per_day - chance.choice([1, 2, 4])))
    return person


def rows_of(
    bookings: Iterable[Booking],
    actions: Iterable[tuple[OpenAction, str, Mapping[date, float]]],
    project: str,
    since: date,
) -> list[DayRow]:
    """Everybody's hours by day from a day on, as they would be in cells."""
    rows = [
        DayRow(one.specialist, day, hours, one.project, one.item)
        for one in bookings
        for day, hours in one.day_hours.items()
        if day >= since
    ]
    rows += [
        DayRow(name, day, hours, project, one.item, one.position)
        for one, name, days in actions
        for day, hours in days.items()
    ]
    return rows


def facts_of(case: Case, rows: Iterable[DayRow]) -> Facts:
    """People, days, limits and dependencies as plain rows."""
    resources = case.resources
    worked = {row.day for row in rows} | {case.today}
    first, last = min(worked), max(worked)
    days = [first + timedelta(days=offset) for offset in range((last - first).days + 1)]
    return Facts(
        people=tuple(
            PersonRow(one.name, one.hours_per_day * resources.load_factor, one.days_away)
            for one in resources.specialists
        ),
        day_hours={day: resources.calendar.day_hours(day) for day in days},
        limits=tuple(
            LimitRow(limit.hours, window.start_on, window.end_on, limit.project, limit.specialist)
            for limit in resources.limits
            for window in {period_of(day, limit.kind) for day in days}
        ),
        after=tuple(
            AfterRow(case.project, item, number) for item, numbers in case.after.items() for number in numbers
        ),
    )


def faults(case: Case, rows: list[DayRow]) -> set[Violation]:
    """What the independent checker finds."""
    return {*check(rows, facts_of(case, rows))}


@pytest.mark.slow
@pytest.mark.parametrize("block", range(BLOCKS))
def test_replanned_work_keeps_all_limits(block: int) -> None:
    """The checker finds nothing that was not there without the project's open work.

    What was begun stays, promised days move only in trouble, and nothing in trouble stays where it is.
    """
    seen: Counter[str] = Counter()
    for seed in range(block * AGENCIES // BLOCKS, (block + 1) * AGENCIES // BLOCKS):
        case = case_of(seed)
        result = case.replanned()

        moved = {move.action.row_number: move for move in result.moves}
        stuck = {one.row_number for one in result.stuck}
        begun = [one for one in case.opened if not one.can_move]
        assert not {one.row_number for one in begun} & {*moved, *stuck}, f"seed {seed}"
        fixed = [(one, one.specialist, one.day_hours) for one in begun]
        free = []
        for one in case.opened:
            move = moved.get(one.row_number)
            if move is not None:
                free.append((one, move.specialist, move.day_hours))
            elif one.can_move and one.row_number not in stuck:
                free.append((one, one.specialist, one.day_hours))
        known = faults(case, rows_of(case.others, fixed, case.project, date.min))
        found = faults(case, rows_of(case.others, [*fixed, *free], case.project, date.min))
        new = {one for one in found - known if not is_of_begun(one, case, stuck)}
        assert not new, f"seed {seed}: {new}"
        for move in result.moves:
            assert sum(move.day_hours.values()) == pytest.approx(sum(move.action.day_hours.values()))
            assert min(move.day_hours) >= case.today, f"seed {seed}"
            person = next(one for one in case.resources.specialists if one.name == move.specialist)
            assert move.action.profile in person.profiles, f"seed {seed}"
            seen[move.trouble] += 1
        seen["kept"] += len(free) - len(moved)
        seen["stuck"] += len(stuck)

    print(dict(seen))  # noqa: T201 - the count is wanted
    assert all(seen[trouble] > 5 for trouble in Trouble), seen
    assert seen["kept"] > 100


def is_of_begun(fault: Violation, case: Case, stuck: set[int]) -> bool:
    """Whether a fault is about work that may not move: a begun follower, or one that found no room."""
    fixed = {(case.project, one.item) for one in case.opened if not one.can_move or one.row_number in stuck}
    return fault.fault is Fault.BEFORE_PREDECESSOR and bool(fixed & {*fault.items})


# --- Single cases ----------------------------------------------------------------------------------

CALENDAR = WorkCalendar("RU")


def person(name: str, *away: date, profiles: tuple[str, ...] = ("design",), hours: float = 8.0) -> Specialist:
    """Somebody of the team."""
    return Specialist(name, profiles, hours, days_away=frozenset(away))


def day(number: int) -> date:
    """A day of the week that begins with ``TODAY``."""
    return TODAY + timedelta(days=number)


def run(
    people: Iterable[Specialist],
    *opened: OpenAction,
    after: Mapping[int, Collection[int]] | None = None,
    limits: tuple[HourLimit, ...] = (),
) -> Replan:
    """Replan a project of an agency without other work."""
    resources = Resources(tuple(people), CALENDAR, limits=limits, load_factor=1.0)

    def without(rows: Collection[int]) -> Resources:
        return resources.booked([booking_of(one, "p") for one in opened if one.row_number not in rows])

    return replan(without, opened, after or {}, project="p", since=TODAY)


def action(
    row: int,
    name: str,
    days: Mapping[date, float],
    *,
    item: int = 1,
    position: int = 0,
    can_move: bool = True,
) -> OpenAction:
    """An open action of the designer's profile."""
    return OpenAction(row, item, position, name, days, can_move, "design")


def test_ill_person_keeps_the_work_if_the_day_holds() -> None:
    """Ill on the first of three days, with a free day before the promised one."""
    result = run(
        [person("Анна", day(0)), person("Борис")],
        action(1, "Анна", {day(0): 4.0, day(2): 4.0}),
    )

    [move] = result.moves
    assert (move.specialist, move.day_hours, move.trouble) == ("Анна", {day(1): 8.0}, Trouble.AWAY)
    assert not move.is_day_broken


def test_colleague_takes_over_if_the_day_would_break() -> None:
    """Ill for the whole week: the colleague keeps the promised day."""
    result = run(
        [person("Анна", *(day(n) for n in range(5))), person("Борис")],
        action(1, "Анна", {day(0): 8.0, day(1): 8.0}),
    )

    [move] = result.moves
    assert (move.specialist, move.due_on, move.is_day_broken) == ("Борис", day(1), False)


def test_nobody_else_can_do_it() -> None:
    """The work waits until the person is back, and the promised day breaks for a reason."""
    result = run(
        [person("Анна", *(day(n) for n in range(5))), person("Вера", profiles=("copy",))],
        action(1, "Анна", {day(0): 8.0}),
    )

    [move] = result.moves
    assert (move.specialist, move.due_on, move.is_day_broken) == ("Анна", day(7), True)


def test_person_who_left_is_replaced() -> None:
    """Somebody with the profile takes it; without anybody it is named."""
    opened = action(1, "Анна", {day(1): 8.0})

    [move] = run([person("Борис")], opened).moves
    stuck = run([person("Вера", profiles=("copy",))], opened)

    assert (move.specialist, move.trouble) == ("Борис", Trouble.GONE)
    assert (stuck.moves, stuck.stuck) == ((), (opened,))


def test_what_follows_moves_too() -> None:
    """The next action of the item, and an item that depends on it; what was fine stays."""
    result = run(
        [person("Анна", day(0), day(1)), person("Борис")],
        action(1, "Анна", {day(0): 8.0, day(1): 8.0, day(2): 8.0}),
        action(2, "Борис", {day(3): 8.0}, position=1),
        action(3, "Борис", {day(4): 8.0}, item=2),
        action(4, "Борис", {day(0): 4.0}, item=3),
        after={2: (1,)},
    )

    moved = {move.action.row_number: move for move in result.moves}
    assert {row: move.trouble for row, move in moved.items()} == {
        1: Trouble.AWAY,
        2: Trouble.WAITS,
        3: Trouble.WAITS,
    }
    assert moved[1].due_on < min(moved[2].day_hours)
    assert moved[2].due_on < min(moved[3].day_hours)


def test_late_work_begins_today() -> None:
    """Nobody has begun it, and its first day is over."""
    result = run([person("Анна")], action(1, "Анна", {day(-3): 8.0}))

    [move] = result.moves
    assert (dict(move.day_hours), move.trouble) == ({day(0): 8.0}, Trouble.OVERDUE)


def test_begun_work_stays_and_is_named() -> None:
    """Its person is ill: people have to decide."""
    begun = action(1, "Анна", {day(0): 8.0}, can_move=False)

    result = run([person("Анна", day(0)), person("Борис")], begun)

    assert result == Replan((), (), ((begun, Trouble.AWAY),))


def test_fewer_hours_spread_the_work() -> None:
    """Four hours a day in place of eight."""
    result = run([person("Анна", hours=4.0)], action(1, "Анна", {day(0): 8.0}))

    [move] = result.moves
    assert (dict(move.day_hours), move.trouble) == ({day(0): 4.0, day(1): 4.0}, Trouble.FULL)


def test_nothing_wrong_moves_nothing() -> None:
    """Also where the days could be better."""
    assert run([person("Анна")], action(1, "Анна", {day(3): 8.0})) == Replan(())
