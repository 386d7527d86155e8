"""Working days and periods."""

import csv
from datetime import date

import pytest

from tests.shared import shared_path
from vitrina.domain.calendar import PeriodKind, WorkCalendar, period_of


def test_week_begins_on_monday() -> None:
    """A Sunday belongs to the week of the Monday before it."""
    week = period_of(date(2026, 11, 22), PeriodKind.WEEK)

    assert (week.start_on, week.end_on) == (date(2026, 11, 16), date(2026, 11, 22))
    assert week.next().start_on == date(2026, 11, 23)


def test_month_is_the_calendar_month() -> None:
    """The next period of December is January."""
    month = period_of(date(2026, 12, 31), PeriodKind.MONTH)

    assert (month.start_on, month.end_on) == (date(2026, 12, 1), date(2026, 12, 31))
    assert month.next().start_on == date(2027, 1, 1)


def test_current_period_on_a_day_off_is_the_next_one_with_work() -> None:
    """On Saturday the week to plan is the coming one; on 1 January it is the first with a working day."""
    calendar = WorkCalendar()

    assert calendar.current_period(date(2026, 11, 21), PeriodKind.WEEK).start_on == date(2026, 11, 23)
    assert calendar.current_period(date(2026, 1, 1), PeriodKind.WEEK).start_on == date(2026, 1, 12)


def test_working_days_of_a_started_week_are_those_left() -> None:
    """From Wednesday on three days are left."""
    calendar = WorkCalendar()
    week = period_of(date(2026, 11, 25), PeriodKind.WEEK)

    assert calendar.working_days(week, since=date(2026, 11, 25)) == [
        date(2026, 11, day) for day in (25, 26, 27)
    ]


def test_calendar_equals_the_official_one() -> None:
    """No day of 2024-2027 differs from the official production calendar."""
    path = shared_path("data/ru_calendar/ru_work_hours_2024_2027.csv")
    if path is None:
        pytest.skip("the official calendar is not there: ../shared/data/ru_calendar")
    calendar = WorkCalendar()

    with path.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    wrong = [
        row["date"]
        for row in rows
        if calendar.is_working_day(date.fromisoformat(row["date"])) != (float(row["hours"]) > 0)
    ]

    assert len(rows) == 1461
    assert wrong == []
