"""Working days and periods."""

import csv
from datetime import date, timedelta

import holidays
import pytest

from tests.harness.shared import shared_path
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


@pytest.mark.parametrize(
    ("day", "hours"),
    [
        ("2026-04-30", 7.0),  # Thursday before 1 May
        ("2026-05-08", 7.0),  # Friday before 9 May, a Saturday
        ("2026-03-06", 8.0),  # Friday two days before 8 March
        ("2026-01-09", 0.0),  # transferred from 3 January
        ("2026-12-31", 0.0),  # transferred from 4 January
        ("2024-11-02", 7.0),  # Saturday worked for 30 April, the eve of 1 May
        ("2025-11-01", 7.0),  # Saturday worked for 3 November, the eve of 4 November
        ("2027-02-20", 7.0),  # Saturday worked for 22 February, the eve of the 23rd
        ("2024-04-27", 8.0),  # Saturday worked for 29 April, which is no eve
        ("2024-12-28", 8.0),  # Saturday worked for 30 December, which is no eve
        ("2027-01-08", 0.0),  # holiday
    ],
)
def test_short_and_transferred_days(day: str, hours: float) -> None:
    """The eve of a holiday is an hour shorter; a working Saturday is as long as the day that it replaces."""
    assert WorkCalendar().day_hours(date.fromisoformat(day)) == hours


@pytest.mark.parametrize(
    ("year", "days", "hours"), [(2024, 248, 1979), (2025, 247, 1972), (2026, 247, 1972), (2027, 247, 1972)]
)
def test_hours_of_a_year(year: int, days: int, hours: int) -> None:
    """Working days and hours of the official calendar, for a week of 40 hours."""
    months = [period_of(date(year, month, 1), PeriodKind.MONTH) for month in range(1, 13)]
    calendar = WorkCalendar()

    assert sum(len(calendar.working_days(month)) for month in months) == days
    assert sum(calendar.hours(month) for month in months) == hours


def test_the_agency_has_its_own_days() -> None:
    """The agency's own days override the calendar: a worked day off, a short day, an own day off."""
    own = {date(2026, 11, 21): 8.0, date(2026, 11, 24): 6.0, date(2026, 11, 25): 0.0}
    calendar = WorkCalendar(exceptions=own)

    assert {day: calendar.day_hours(day) for day in own} == own
    assert calendar.share_of_day(date(2026, 11, 24)) == 0.75
    assert calendar.current_period(date(2026, 11, 21), PeriodKind.WEEK).start_on == date(2026, 11, 16)


def test_another_country_has_its_own_holidays() -> None:
    """Independence Day of the United States is off; its eve is not known to be short."""
    calendar = WorkCalendar("US")

    assert [calendar.day_hours(date(2025, 7, day)) for day in (3, 4)] == [8.0, 0.0]


@pytest.mark.parametrize("country", ["RU", "RUS", "BY", "KZ", "GB", "PR"])
def test_a_country_loaded_alone_has_the_same_days_off(country: str) -> None:
    """As the library tells them where it loads all countries; one may need the module of another."""
    expected = holidays.country_holidays(country)
    calendar = WorkCalendar(country)

    for offset in range(2 * 365):
        day = date(2026, 1, 1) + timedelta(days=offset)
        assert (calendar.day_hours(day) > 0) == expected.is_working_day(day), day


def test_a_country_that_nobody_knows_is_refused() -> None:
    """With the library's own error."""
    with pytest.raises(NotImplementedError, match="XX"):
        WorkCalendar("XX").day_hours(date(2026, 1, 1))


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
        if calendar.day_hours(date.fromisoformat(row["date"])) != float(row["hours"])
    ]

    assert len(rows) == 1461
    assert wrong == []
