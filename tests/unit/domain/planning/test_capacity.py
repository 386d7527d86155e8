"""Remaining hours of people and of limits."""

from datetime import date

import pytest

from vitrina.domain.backlog import Specialist
from vitrina.domain.calendar import PeriodKind, WorkCalendar, period_of
from vitrina.domain.planning.capacity import Booking, HourLimit, Ledger, Resources, week_share_hours

MONDAY = date(2026, 11, 23)
TUESDAY = date(2026, 11, 24)
WEEK = period_of(MONDAY, PeriodKind.WEEK)
ANNA = Specialist("Анна", ("design",), 8.0)


def resources(**more: object) -> Resources:
    """A team of Anna alone, whose whole day is planned."""
    settings: dict[str, object] = {"load_factor": 1.0, **more}
    return Resources((ANNA,), WorkCalendar(), **settings)  # type: ignore[arg-type]


def ledger(**more: object) -> Ledger:
    """Free hours from Monday to Sunday."""
    return Ledger(resources(**more), since=MONDAY, until=WEEK.end_on)


def test_a_day_has_its_hours_without_what_is_promised() -> None:
    """A day has 8 h x 0.8 = 6.4 h; with 2 h booked for another client 4.4 are free."""
    one = ledger(load_factor=0.8, bookings=(Booking("Анна", "А", 1, {TUESDAY: 2.0}),))

    assert one.capacity[0] == pytest.approx([6.4] * 5)
    assert one.free[0] == pytest.approx([6.4, 4.4, 6.4, 6.4, 6.4])


def test_a_part_time_day_is_shortened_in_proportion() -> None:
    """3 November 2026 is an eve with 7 of 8 hours, so a part-time day of 4 h has 3.5 h."""
    half = Specialist("Борис", ("copy",), 4.0, days_away=frozenset({MONDAY}))
    one = Resources((half,), WorkCalendar(), load_factor=1.0)

    assert one.day_capacity(half, date(2026, 11, 3)) == 3.5
    assert one.day_capacity(half, date(2026, 11, 4)) == 0.0
    assert one.day_capacity(half, MONDAY) == 0.0


def test_a_limit_counts_every_day_of_its_month_also_those_before() -> None:
    """Of 40 h in November 6 are spent on the 5th and 4 planned on the 24th, so 30 are left."""
    spent = Booking("Борис", "А", 1, {date(2026, 11, 5): 6.0, TUESDAY: 4.0, date(2026, 12, 1): 9.0})
    one = ledger(limits=(HourLimit(40.0, PeriodKind.MONTH, project="А"),), bookings=(spent,))

    assert one.limit_hours(0, WEEK) == 30.0


def test_a_day_has_no_more_room_than_its_limits() -> None:
    """Anna has 8 h and a limit of 5; a project with a limit of 3 gets 3, another one 5."""
    limits = (
        HourLimit(5.0, PeriodKind.WEEK, specialist="Анна"),
        HourLimit(3.0, PeriodKind.WEEK, project="А"),
        HourLimit(30.0, PeriodKind.WEEK),
    )
    one = ledger(limits=limits)

    assert [one.room(0, "А", 0), one.room(0, "Б", 0)] == [3.0, 5.0]
    one.take(0, "А", 0, 2.0)
    assert [one.room(0, "А", 1), one.room(0, "Б", 1)] == [1.0, 3.0]


def test_a_week_over_two_months_takes_from_both() -> None:
    """The week from 28 December to 3 January uses the limits of both months."""
    week = period_of(date(2026, 6, 29), PeriodKind.WEEK)
    spent = Booking("Анна", "А", 1, {date(2026, 6, 1): 35.0})
    limits = (HourLimit(40.0, PeriodKind.MONTH, project="А"),)
    one = Ledger(resources(limits=limits, bookings=(spent,)), since=week.start_on, until=week.end_on)

    assert one.limit_hours(0, week) == 45.0
    assert [one.room(0, "А", place) for place in range(5)] == [5.0, 5.0, 8.0, 8.0, 8.0]


def test_a_week_cut_off_by_the_month_counts_by_its_days() -> None:
    """July 2026 has three working days of its first week and four whole weeks: 24 h and 4 * 40 h."""
    month = period_of(date(2026, 7, 15), PeriodKind.MONTH)
    one = Ledger(
        resources(limits=(HourLimit(40.0, PeriodKind.WEEK),)), since=month.start_on, until=month.end_on
    )

    assert one.limit_hours(0, month) == pytest.approx(24 + 4 * 40)


def test_the_share_of_a_week_grows_with_the_month() -> None:
    """November 2026 has 159 h, 111 of them up to Sunday the 22nd, so the share is 111 / 159 of 100 h."""
    limit = HourLimit(100.0, PeriodKind.MONTH, project="А")
    week = period_of(date(2026, 11, 18), PeriodKind.WEEK)

    assert week_share_hours(limit, WorkCalendar(), week) == pytest.approx(100 * 111 / 159)
    assert week_share_hours(HourLimit(30.0, PeriodKind.WEEK), WorkCalendar(), week) == 30.0


@pytest.mark.parametrize(
    "bad",
    [
        {"load_factor": 0.0},  # nothing could be planned
        {"load_factor": 1.1},  # more than the day has
        {"specialists": (ANNA, ANNA)},  # one name, two people
    ],
)
def test_resources_refuse_what_cannot_be(bad: dict[str, object]) -> None:
    """Impossible figures raise an error when the resources are created."""
    settings: dict[str, object] = {"specialists": (ANNA,), "calendar": WorkCalendar(), **bad}
    with pytest.raises(ValueError, match=r"Must have|Two specialists"):
        Resources(**settings)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="hours >= 0"):
        HourLimit(-1.0, PeriodKind.WEEK)


def test_extra_hours_are_those_of_one_person() -> None:
    """Colleagues with the same hours a day keep theirs."""
    vera = Specialist("Вера", ("design",), 8.0)
    team = Resources(
        (ANNA, vera), WorkCalendar(), load_factor=1.0, extra_hours={"Анна": {MONDAY: 1.0, TUESDAY: 0.5}}
    )

    one = Ledger(team, since=MONDAY, until=WEEK.end_on)

    assert one.capacity == [[9.0, 8.5, 8.0, 8.0, 8.0], [8.0] * 5]
    assert one.free == one.capacity


def test_hours_of_a_period_keep_to_absences_promises_and_the_limits_of_a_person() -> None:
    """Full hours do not; capacity keeps to absences only."""
    away = Specialist("Вера", ("design",), 4.0, days_away=frozenset({MONDAY}))
    team = Resources(
        (ANNA, away),
        WorkCalendar(),
        bookings=(Booking("Вера", "А", 1, {TUESDAY: 3.0}),),
        limits=(HourLimit(12.0, PeriodKind.WEEK, specialist="Анна"),),
        load_factor=1.0,
    )

    hours = Ledger(team, since=MONDAY, until=WEEK.end_on).team_hours(WEEK)

    assert (hours.full, hours.capacity, hours.free) == ([40.0, 20.0], [40.0, 16.0], [12.0, 13.0])


def test_only_committed_hours_that_matter_are_kept_for_a_later_period() -> None:
    """Those of the first week and month of the period, and later ones."""
    month = period_of(date(2026, 12, 1), PeriodKind.MONTH)
    days = [date(2026, 11, 27), date(2026, 11, 30), date(2026, 12, 2)]
    before = [Booking("Анна", "А", number, {day: 1.0}) for number, day in enumerate(days)]

    kept = resources().booked(before, period=month)

    assert [next(iter(one.day_hours)) for one in kept.bookings] == days[1:]
