"""The checker finds faults of a plan, from the rows alone."""

from datetime import date, timedelta

import pytest

from vitrina.domain.checking.check import AfterRow, DayRow, Facts, Fault, LimitRow, PersonRow, check

MONDAY = date(2026, 11, 23)
HOURS = {MONDAY + timedelta(days=offset): 8.0 for offset in range(4)} | {MONDAY + timedelta(days=4): 7.0}
TUESDAY, FRIDAY, SATURDAY = (MONDAY + timedelta(days=offset) for offset in (1, 4, 5))


def row(
    day: date = MONDAY,
    hours: float = 4.0,
    *,
    item: int = 1,
    action: int = 0,
    who: str = "Анна",
    project: str = "А",
) -> DayRow:
    """Four hours of Anna on Monday for the first action of the first item."""
    return DayRow(who, day, hours, project, item, action)


def facts(**more: object) -> Facts:
    """Anna has 8 h a day, Boris 4 and is away on Tuesday; Friday is short by an hour."""
    people = (PersonRow("Анна", 8.0), PersonRow("Борис", 4.0, frozenset({TUESDAY})))
    return Facts(people, HOURS, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("rows", "more", "faults"),
    [
        ([row(), row(item=2)], {}, []),  # 4 + 4 = 8
        ([row(), row(item=2, hours=4.02)], {}, [Fault.OVERLOAD]),  # a minute too much
        ([row(), row(item=2, hours=4.005)], {}, []),  # rounding of cells
        ([row(FRIDAY, 7.0)], {}, []),  # a short day
        ([row(FRIDAY, 7.5)], {}, [Fault.OVERLOAD]),  # 8 h on a short day
        ([row(FRIDAY, 3.6, who="Борис")], {}, [Fault.OVERLOAD]),  # 4 x 7 / 8 = 3.5
        ([row(SATURDAY)], {}, [Fault.DAY_OFF]),  # nobody works on Saturday
        ([row(TUESDAY, 1.0, who="Борис")], {}, [Fault.ABSENT]),  # Boris is away
        ([row(who="Вера")], {}, [Fault.UNKNOWN_PERSON]),  # nobody knows her
        ([row(hours=1.0), row(hours=1.0)], {}, [Fault.DOUBLE_BOOKING]),  # entered twice
        ([row(hours=1.0), row(TUESDAY, 1.0)], {}, []),  # goes on the next day
        ([row(hours=1.0), row(TUESDAY, 1.0, who="Борис", item=1)], {}, [Fault.ABSENT, Fault.DOUBLE_BOOKING]),
        ([row(), row(action=1, hours=1.0)], {}, [Fault.BEFORE_PREDECESSOR]),  # on the day of its predecessor
        ([row(), row(TUESDAY, action=1)], {}, []),  # on the day after
        ([row(), row(item=2, hours=1.0)], {"after": (AfterRow("А", 2, 1),)}, [Fault.BEFORE_PREDECESSOR]),
        ([row(), row(item=2, hours=1.0, project="Б")], {"after": (AfterRow("А", 2, 1),)}, []),  # not of Б
        ([row(), row(TUESDAY)], {"limits": (LimitRow(7.9, MONDAY, FRIDAY, project="А"),)}, [Fault.LIMIT]),
        ([row(), row(TUESDAY)], {"limits": (LimitRow(7.9, MONDAY, FRIDAY, project="Б"),)}, []),
        ([row(), row(TUESDAY)], {"limits": (LimitRow(4.0, MONDAY, MONDAY),)}, []),  # Tuesday is outside
        ([row()], {"limits": (LimitRow(3.0, MONDAY, FRIDAY, specialist="Анна"),)}, [Fault.LIMIT]),
    ],
)  # fmt: skip
def test_faults_are_found(rows: list[DayRow], more: dict[str, object], faults: list[Fault]) -> None:
    """Each fault in its smallest example, and similar examples that are right."""
    assert [one.fault for one in check(rows, facts(**more))] == faults


def test_a_fault_says_where_and_how_much() -> None:
    """A fault has person, day, items of all clients, hours and allowed hours."""
    [found] = check([row(hours=5.0), row(hours=4.0, item=7, project="Б")], facts())

    assert (found.specialist, found.day, found.items) == ("Анна", MONDAY, (("А", 1), ("Б", 7)))
    assert (found.hours, found.allowed_hours) == (9.0, 8.0)


def test_things_at_a_time_are_counted_over_nights() -> None:
    """Three actions open over a night are too many; one that ends before another begins does not count."""
    open_over_night = [row(day, 1.0, item=item) for item in (1, 2, 3) for day in (MONDAY, TUESDAY)]
    one_after_another = [
        *(row(day, 1.0, item=item) for item in (1, 2) for day in (MONDAY, TUESDAY)),
        *(row(day, 1.0, item=item) for item in (3, 4) for day in (TUESDAY, MONDAY + timedelta(days=2))),
        row(TUESDAY, 1.0, item=5),
    ]

    assert {one.fault for one in check(open_over_night, facts(wip_limit=2))} == {Fault.TOO_MANY_AT_ONCE}
    assert check(one_after_another, facts(wip_limit=2)) == []
    assert check(open_over_night, facts()) == []
