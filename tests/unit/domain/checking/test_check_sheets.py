"""The checker of sheets: each contradiction, and similar cases that are none."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from vitrina.domain.checking.check import AfterRow, PersonRow
from vitrina.domain.checking.check_sheets import (
    CalendarLine,
    Contradiction,
    Finding,
    Judge,
    SheetRow,
    ShownCalendar,
)

#: A Monday.
TODAY = date(2026, 11, 23)
PEOPLE = (
    PersonRow("Анна", 8.0),
    PersonRow("Борис", 4.0),
    PersonRow("Вера", 8.0, frozenset(TODAY + timedelta(days=number) for number in range(5))),
)


def day(number: int) -> date:
    """Today is 0."""
    return TODAY + timedelta(days=number)


def day_hours(on: date) -> float:
    """A short Wednesday in an ordinary week."""
    return 0.0 if on.weekday() > 4 else 7.0 if on.weekday() == 2 else 8.0


def row(code: str, hours: float, first: int, last: int, **values: Any) -> SheetRow:
    """A row of Anna's in the project A."""
    prefix, _, number = code.partition("-")
    chosen: dict[str, Any] = {
        "project": prefix,
        "specialist": "Анна",
        "profile": "Дизайн",
        "item": int(number) if number else None,
        "position": 0 if number else None,
        **values,
    }
    return SheetRow(
        code=code if number else "",
        action=code,
        hours=hours,
        first_day=day(first),
        last_day=day(last),
        **chosen,
    )


def judge(
    *rows: SheetRow, calendars: tuple[ShownCalendar, ...] = (), after: tuple[AfterRow, ...] = ()
) -> list[Finding]:
    """Check with the people and days above."""
    return Judge(PEOPLE, day_hours, today=TODAY).judge(rows, calendars, after)


def kinds(findings: list[Finding]) -> list[str]:
    """Kinds of the findings."""
    return [finding.kind.value for finding in findings]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        # 8 + 8 + 7 + 8 + 8 hours in the week, and 39 of work for two clients.
        ((row("A-1", 20, 0, 4), row("B-1", 19, 0, 4)), []),
        ((row("A-1", 20, 0, 4), row("B-1", 20, 0, 4)), ["overload"]),
        # Wednesday has seven hours.
        ((row("A-1", 8, 2, 2),), ["overload"]),
        # The name is typed in another case; half a day of a part-time person.
        ((row("A-1", 5, 0, 0, specialist="борис"),), ["overload"]),
        ((row("A-1", 4, 0, 0, specialist="борис"),), []),
        # Done work, and work that is late already, take nobody's coming hours.
        ((row("A-1", 20, 0, 0, is_done=True), row("A-2", 8, 0, 0)), []),
        ((row("A-1", 20, -4, -1),), []),
        # Away all week; back on the Monday after it.
        ((row("A-1", 1, 0, 4, specialist="Вера"),), ["away"]),
        ((row("A-1", 8, 0, 7, specialist="Вера"),), []),
        ((row("A-1", 9, 0, 7, specialist="Вера"),), ["overload"]),
        # A weekend.
        ((row("A-1", 1, 5, 6),), ["day_off"]),
        ((row("A-1", 1, 0, 0, specialist="Галя"),), ["stranger"]),
        # The same action twice counts once.
        ((row("A-1", 6, 0, 0), row("A-1", 6, 0, 0, position=None, line=9)), ["double"]),
        # Two people's own rows are no doubles of each other.
        ((row("A", 2, 0, 0), row("A", 2, 0, 0)), []),
        # Design ends on Tuesday: texts may begin on Wednesday.
        ((row("A-1", 2, 0, 1), row("A-1", 2, 2, 2, position=1, profile="Тексты")), []),
        ((row("A-1", 2, 0, 1), row("A-1", 2, 1, 2, position=1, profile="Тексты")), ["before"]),
        # The middle action is done or deleted: the order of the others stays.
        ((row("A-1", 2, 0, 1), row("A-1", 2, 1, 2, position=2, profile="Тексты")), ["before"]),
        ((row("A-1", 2, 0, 1, is_done=True), row("A-1", 2, 1, 2, position=1, profile="Тексты")), []),
    ],
)
def test_rows(rows: tuple[SheetRow, ...], expected: list[str]) -> None:
    """Rows of all projects are checked against hours and days of people."""
    assert kinds(judge(*rows)) == expected


def test_overload_names_the_works_of_all_projects() -> None:
    """An overload names the work of all projects, its hours and the hours of the days."""
    rows = (row("A-1", 9, 0, 1), row("B-7", 8, 1, 1), row("C-1", 3, 0, 4))

    [finding] = judge(*rows)

    assert (finding.specialist, finding.first_day, finding.last_day) == ("Анна", day(0), day(1))
    assert (finding.hours, finding.capacity_hours) == (17, 16)
    assert {one.code for one in finding.rows} == {"A-1", "B-7"}
    assert [finding.concerns(project) for project in "ABC"] == [True, True, False]


def test_item_begins_after_the_one_that_it_waits_for() -> None:
    """An item must begin after all actions of its predecessor; items not in progress are ignored."""
    rows = (row("A-1", 2, 0, 0), row("A-1", 2, 3, 3, position=1, profile="Тексты"), row("A-2", 2, 3, 4))
    after = (AfterRow("A", 2, 1), AfterRow("A", 1, 9), AfterRow("B", 2, 1))

    [finding] = judge(*rows, after=after)

    assert finding.kind is Contradiction.BEFORE
    assert [one.code for one in finding.rows] == ["A-2", "A-1"]
    assert judge(*rows[:2], replace(rows[2], first_day=day(4)), after=after) == []


WEEK = tuple(day(number) for number in range(5))


def drawn(code: str, **hours: float) -> CalendarLine:
    """A line of Anna's; ``d0`` is today."""
    prefix, number = code.split("-")
    return CalendarLine(
        prefix, code, int(number), "Анна", {day(int(key[1:])): one for key, one in hours.items()}
    )


@pytest.mark.parametrize(
    ("rows", "lines", "expected"),
    [
        ((row("A-1", 10, 0, 1),), (drawn("A-1", d0=8, d1=2),), []),
        # Cells are rounded to a hundredth.
        ((row("A-1", 10.004, 0, 1),), (drawn("A-1", d0=8, d1=2),), []),
        # Other hours, other days, no line at all, a line of a row that is gone.
        ((row("A-1", 9, 0, 1),), (drawn("A-1", d0=8, d1=2),), ["calendar"]),
        ((row("A-1", 10, 1, 4),), (drawn("A-1", d0=8, d1=2),), ["calendar"]),
        ((row("A-1", 10, 0, 1),), (), ["calendar"]),
        ((), (drawn("A-1", d0=8),), ["calendar"]),
        # Done, and begun before the calendar's first day: nothing to compare.
        ((row("A-1", 9, 0, 1, is_done=True),), (drawn("A-1", d0=8, d1=2),), []),
        ((row("A-1", 20, -3, 1),), (drawn("A-1", d0=8, d1=2),), []),
        # Ten hours are drawn on Monday, although the rows have room until Friday.
        (
            (row("A-1", 6, 0, 4), row("A-2", 4, 0, 4)),
            (drawn("A-1", d0=6), drawn("A-2", d0=4)),
            ["drawn_overload"],
        ),
        # An outdated calendar is not added up.
        ((row("A-1", 5, 0, 4), row("A-2", 4, 0, 4)), (drawn("A-1", d0=6), drawn("A-2", d0=4)), ["calendar"]),
        # The rows prove it already.
        ((row("A-1", 6, 0, 0), row("A-2", 4, 0, 0)), (drawn("A-1", d0=6), drawn("A-2", d0=4)), ["overload"]),
        ((row("A-1", 4, 0, 6),), (drawn("A-1", d5=4),), ["drawn_day_off"]),
    ],
)
def test_calendar(rows: tuple[SheetRow, ...], lines: tuple[CalendarLine, ...], expected: list[str]) -> None:
    """A drawn calendar is compared with the rows, then with the days."""
    assert kinds(judge(*rows, calendars=(ShownCalendar("A", WEEK, lines),))) == expected


def test_calendars_of_two_clients_are_added_up() -> None:
    """Five drawn hours for each of two clients are too many for a day of eight; both are named."""
    rows = (row("A-1", 5, 0, 4), row("B-1", 5, 0, 4))
    calendars = (
        ShownCalendar("A", WEEK, (drawn("A-1", d0=5),)),
        ShownCalendar("B", WEEK, (drawn("B-1", d0=5),)),
    )

    [finding] = judge(*rows, calendars=calendars)

    assert (finding.kind, finding.hours, finding.capacity_hours) == (Contradiction.DRAWN_OVERLOAD, 10, 8)
    assert (finding.codes, finding.projects) == (("A-1", "B-1"), frozenset("AB"))


def test_absence_on_a_drawn_day() -> None:
    """Vera is away: the row lasts until she is back, and the calendar has hours before."""
    rows = (row("A-1", 4, 0, 7, specialist="Вера"),)
    line = CalendarLine("A", "A-1", 1, "Вера", {day(3): 4.0})

    [finding] = judge(*rows, calendars=(ShownCalendar("A", (*WEEK, day(7)), (line,)),))

    assert (finding.kind, finding.first_day) == (Contradiction.DRAWN_AWAY, day(3))


def test_a_plan_that_keeps_every_day_has_no_overload() -> None:
    """Random plans within the hours of each day, in several workbooks, have no overload."""
    dice = random.Random(11)
    for _ in range(300):
        free = {
            (person.name, day(number)): 0.0 if day(number) in person.absent else _hours(person, day(number))
            for person in PEOPLE
            for number in range(15)
        }
        rows, lines = _plan(dice, free)

        findings = judge(*rows, calendars=lines)

        assert findings == []
        busy = max(rows, key=lambda one: one.hours)
        much = replace(busy, code="Z-1", project="Z", item=1, hours=_room(busy, day_hours) + 1)
        assert Contradiction.OVERLOAD in {one.kind for one in judge(*rows, much)}


def _hours(person: PersonRow, on: date) -> float:
    return person.hours_per_day * day_hours(on) / 8


def _room(one: SheetRow, hours: Callable[[date], float]) -> float:
    span = (one.last_day - one.first_day).days + 1
    return sum(hours(one.first_day + timedelta(days=number)) for number in range(span))


def _plan(
    dice: random.Random, free: dict[tuple[str, date], float]
) -> tuple[list[SheetRow], tuple[ShownCalendar, ...]]:
    """Random works put on free days, as rows and as the calendars of their projects."""
    rows: list[SheetRow] = []
    lines: dict[str, list[CalendarLine]] = {"A": [], "B": []}
    for number in range(1, dice.randint(6, 20)):
        name, project = dice.choice(PEOPLE).name, dice.choice("AB")
        hours: dict[date, float] = {}
        for on in sorted(dice.sample(range(15), dice.randint(1, 5))):
            left = free[name, day(on)]
            if left > 0:
                hours[day(on)] = round(left * dice.choice((0.25, 0.5, 1.0)), 2)
                free[name, day(on)] = left - hours[day(on)]
        if hours:
            code = f"{project}-{number}"
            rows.append(
                SheetRow(
                    project,
                    code,
                    "work",
                    "Дизайн",
                    name,
                    sum(hours.values()),
                    min(hours),
                    max(hours),
                    item=number,
                )
            )
            lines[project].append(CalendarLine(project, code, number, name, hours))
    days = tuple(day(number) for number in range(15))
    return rows, tuple(ShownCalendar(project, days, tuple(own)) for project, own in lines.items())
