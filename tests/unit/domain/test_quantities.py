"""Hours, numbers and days as people type them."""

from datetime import date

import pytest

from vitrina.domain.quantities import day_of_serial, parse_day, parse_hours, parse_number, serial_of_day


@pytest.mark.parametrize(
    ("typed", "hours"),
    [
        ("1,5", 1.5),  # Russian comma
        ("1.5", 1.5),  # point
        ("2", 2.0),
        ("1 ч 30 мин", 1.5),
        ("1ч30м", 1.5),
        ("1\u00a0ч 30\u202fмин", 1.5),  # no-break spaces of a pasted text
        ("90 мин", 1.5),
        ("0,5 часа", 0.5),
        ("2 h", 2.0),
        ("1:30", 1.5),
        ("1 200,5", 1200.5),  # thousands
        ("-3", -3.0),  # a negative number; the caller refuses it
    ],
)
def test_parse_hours_reads_every_usual_way(typed: str, hours: float) -> None:
    """Hours are parsed in all usual notations."""
    assert parse_hours(typed) == pytest.approx(hours)


@pytest.mark.parametrize("typed", ["", "пара часов", "1,5,0", "2 дня", "1:75", "ч", "5-6", "≈4", "1e3"])
def test_parse_hours_refuses_what_is_no_figure(typed: str) -> None:
    """A text that is not a figure is refused and not guessed."""
    with pytest.raises(ValueError, match=r".*"):
        parse_hours(typed)


def test_parse_number_keeps_the_sign() -> None:
    """A minus may be a hyphen or a real minus sign."""
    assert parse_number("−1 000,25") == -1000.25


@pytest.mark.parametrize(
    ("typed", "day"),
    [
        ("15.11.2026", date(2026, 11, 15)),
        ("15.11.26", date(2026, 11, 15)),
        ("15.11", date(2026, 11, 15)),
        ("10.01", date(2027, 1, 10)),  # nearer than last January
        ("29.02", date(2028, 2, 29)),  # exists in one of the three years around
        ("2026-11-15", date(2026, 11, 15)),
    ],
)
def test_parse_day_reads_every_usual_way(typed: str, day: date) -> None:
    """A day without a year is the nearest one."""
    today = date(2027, 11, 21) if typed == "29.02" else date(2026, 11, 21)

    assert parse_day(typed, today=today) == day


@pytest.mark.parametrize("typed", ["", "скоро", "31.11.2026", "15.13.2026", "29.02.2026"])
def test_parse_day_refuses_what_is_no_day(typed: str) -> None:
    """A day that does not exist is refused."""
    with pytest.raises(ValueError, match=r".*"):
        parse_day(typed, today=date(2026, 11, 21))


def test_serial_days_are_those_of_google() -> None:
    """46270 is 2026-09-05, as Google's answer shows (google.md section 1)."""
    assert serial_of_day(date(2026, 9, 5)) == 46270
    assert day_of_serial(46270.75) == date(2026, 9, 5)
