"""The rest of overdue work, and the days that it takes."""

from datetime import date, timedelta

from vitrina.domain.backlog import Specialist
from vitrina.domain.calendar import PeriodKind, WorkCalendar
from vitrina.domain.planning.capacity import Booking, HourLimit, Ledger, Resources
from vitrina.domain.planning.in_progress.overdue import OverdueWork, carry_over

MONDAY = date(2026, 11, 30)
FRIDAY = MONDAY - timedelta(days=3)
ANNA = Specialist("Анна", ("design",), 8.0)


def work(hours: float, *, logged: float = 0.0, number: int = 1, due_on: date = FRIDAY) -> OverdueWork:
    """Overdue work of Anna, planned for one day."""
    return OverdueWork(Booking("Анна", "А", number, {due_on: hours}), logged)


def carried(*works: OverdueWork, **more: object) -> list[dict[date, float]]:
    """Days of the works after carrying over."""
    resources = Resources((ANNA,), WorkCalendar(), load_factor=1.0, **more)  # type: ignore[arg-type]
    after = carry_over(works, resources, since=MONDAY)
    return [dict(one.day_hours) for one in after.bookings if one.project == "А"]


def test_what_is_not_logged_is_left_but_never_less_than_a_quarter() -> None:
    """Of 8 h, 0 logged hours leave 8, 5 leave 3, and 8 leave 2."""
    assert [work(8, logged=hours).left_hours for hours in (0, 5, 8, 20)] == [8, 3, 2, 2]


def test_it_takes_the_next_days_beside_what_is_promised() -> None:
    """5 h of Monday are booked for another client, so 3 h are on Monday and 7 on Tuesday."""
    busy = Booking("Анна", "Б", 9, {MONDAY: 5.0})

    assert carried(work(10), bookings=(busy,)) == [
        {FRIDAY: 0.0, MONDAY: 3.0, MONDAY + timedelta(days=1): 7.0}
    ]


def test_the_longest_overdue_goes_first() -> None:
    """The longest overdue work goes first, in any order of the input."""
    early, late = work(8, number=2, due_on=FRIDAY - timedelta(days=1)), work(8, number=1)

    assert carried(late, early) == [
        {FRIDAY - timedelta(days=1): 0.0, MONDAY: 8.0},
        {FRIDAY: 0.0, MONDAY + timedelta(days=1): 8.0},
    ]


def test_its_hours_count_once_against_a_limit() -> None:
    """If 5 of 8 h are logged, last week uses 5 of the contract's hours and this week 3."""
    limit = HourLimit(10, PeriodKind.WEEK, project="А")
    resources = Resources((ANNA,), WorkCalendar(), limits=(limit,), load_factor=1.0)

    after = carry_over([work(8, logged=5)], resources, since=MONDAY)

    ledger = Ledger(after, since=FRIDAY, until=MONDAY)
    assert [round(hours, 6) for hours in ledger.left[0]] == [5, 7]


def test_of_somebody_who_left_nothing_is_carried() -> None:
    """Overdue work of a person who left takes nobody's days."""
    gone = OverdueWork(Booking("Борис", "А", 1, {FRIDAY: 8.0}), 4.0)

    assert carried(gone) == [{FRIDAY: 4.0}]
