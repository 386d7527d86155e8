"""Days on which clients want items: inside a class they come first, and never before a higher class."""

from datetime import date

import pytest

from benchmarks.agencies import random_agency, with_wanted_days
from benchmarks.judge import violations
from vitrina.domain.backlog import BacklogItem, Priority, Specialist
from vitrina.domain.calendar import PeriodKind, WorkCalendar, period_of
from vitrina.domain.planning.capacity import Resources
from vitrina.domain.planning.demand import priority_class, wanted_days
from vitrina.domain.planning.planner import PeriodPlan, plan_period
from vitrina.domain.planning.selection import LeftOutReason

MONDAY = date(2026, 11, 23)
TUESDAY, WEDNESDAY, FRIDAY = date(2026, 11, 24), date(2026, 11, 25), date(2026, 11, 27)
WEEK = period_of(MONDAY, PeriodKind.WEEK)
ANNA = Specialist("Анна", ("design",), 8.0)


def item(
    number: int,
    hours: float,
    *,
    wanted_on: date | None = None,
    after: tuple[int, ...] = (),
    priority: Priority = Priority.NORMAL,
) -> BacklogItem:
    """An item of one client for a designer."""
    return BacklogItem(
        number, f"А-{number}", f"task {number}", priority, number, {"design": hours}, project="А",
        wanted_on=wanted_on, depends_on=after,
    )  # fmt: skip


def plan(*items: BacklogItem) -> PeriodPlan:
    """The plan of one person's week, of which all hours may be planned."""
    return plan_period(items, Resources((ANNA,), WorkCalendar(), load_factor=1.0), period=WEEK)


def due(one: PeriodPlan, number: int) -> date:
    """The day on which an item is finished."""
    return next(placed.due_on for placed in one.schedule.items if placed.item.number == number)


def test_the_wanted_item_of_a_class_enters_first() -> None:
    """Of two items of 24 h one has room in a week of 40 h: the one that is wanted in it."""
    assert plan(item(1, 24), item(2, 24)).taken_keys == {("А", 1)}
    assert plan(item(1, 24), item(2, 24, wanted_on=FRIDAY)).taken_keys == {("А", 2)}


def test_what_a_wanted_item_waits_for_keeps_its_hours_when_that_has_no_day() -> None:
    """Item 2 comes first for the sake of item 3, for which no day is left; item 1 gets none of its hours."""
    first, other, last = item(2, 36), item(1, 30), item(3, 2, wanted_on=FRIDAY, after=(2,))

    found = plan(first, other, last)

    assert [one.item.number for one in found.selection.taken] == [2]
    assert [(left.item.number, left.reason) for left in found.late] == [(3, LeftOutReason.WAITS_FOR)]
    assert due(found, 2) <= FRIDAY


@pytest.mark.parametrize("wanted_on", [date(2026, 11, 20), date(2026, 12, 4)])
def test_days_outside_the_period_change_nothing(wanted_on: date) -> None:
    """A day that is past cannot be kept any more; one after the period is not missed yet."""
    assert plan(item(1, 24), item(2, 24, wanted_on=wanted_on)).taken_keys == {("А", 1)}


def test_a_higher_class_stays_before() -> None:
    """A wanted day does not let an item in before one of a higher class, nor is it done before."""
    urgent, normal = item(1, 24, priority=Priority.URGENT), item(2, 24, wanted_on=FRIDAY)
    assert plan(urgent, normal).taken_keys == {("А", 1)}

    both = plan(item(1, 16, priority=Priority.URGENT), item(2, 8, wanted_on=MONDAY))
    assert (due(both, 1), due(both, 2)) == (TUESDAY, WEDNESDAY)


def test_an_item_that_would_be_late_is_done_first() -> None:
    """Short items come first, unless that is too late for the longer one: 16 h are wanted on Tuesday."""
    assert due(plan(item(1, 8), item(2, 16)), 1) == MONDAY
    pressed = plan(item(1, 8), item(2, 16, wanted_on=TUESDAY))
    assert (due(pressed, 2), due(pressed, 1)) == (TUESDAY, WEDNESDAY)

    relaxed = plan(item(1, 8), item(2, 16, wanted_on=FRIDAY))
    assert (due(relaxed, 1), due(relaxed, 2)) == (MONDAY, WEDNESDAY)


def test_what_a_wanted_item_waits_for_comes_first_too() -> None:
    """Item 3 is wanted on Wednesday and waits for 2, which waits for 1."""
    chain = [item(1, 8), item(2, 4, after=(1,)), item(3, 4, after=(2,), wanted_on=WEDNESDAY), item(4, 2)]

    assert wanted_days(chain) == {("А", 1): MONDAY, ("А", 2): TUESDAY, ("А", 3): WEDNESDAY}
    assert due(plan(*chain), 3) == WEDNESDAY


def test_items_that_wait_for_each_other_have_an_end() -> None:
    """A circle of dependencies is walked once."""
    circle = [item(1, 1, after=(2,), wanted_on=FRIDAY), item(2, 1, after=(1,))]

    assert wanted_days(circle) == {("А", 1): FRIDAY, ("А", 2): date(2026, 11, 26)}


@pytest.mark.slow
def test_more_days_are_kept_in_random_agencies_within_the_limits() -> None:
    """No limit is exceeded, no top class loses more than a hundredth, and more wanted days are kept."""
    kept, hours = {True: 0, False: 0}, {True: 0.0, False: 0.0}
    for seed in range(30):
        plain = random_agency(seed, people=10, projects=10, items=80, kind=PeriodKind.WEEK)
        wanted = with_wanted_days(plain)
        days = {one.key: one.wanted_on for one in wanted.items if one.wanted_on is not None}
        for agency in (plain, wanted):
            made = plan_period(agency.items, agency.resources, period=agency.period)
            assert violations(agency, made) == [], f"seed {seed}"
            ends = {one.item.key: one.due_on for one in made.schedule.items}
            kept[agency is wanted] += sum(ends.get(key, date.max) <= day for key, day in days.items())
            hours[agency is wanted] += sum(
                one.hours for one in made.selection.taken if priority_class(one.item) <= 1
            )
    print(kept, hours)  # noqa: T201 - the counts are wanted
    assert kept[True] > 1.05 * kept[False]
    assert hours[True] >= 0.99 * hours[False]
