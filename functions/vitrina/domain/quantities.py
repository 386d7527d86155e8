"""Hours, numbers and days as people type them."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta, tzinfo

#: Day 0 of the serial days of spreadsheets (google.md section 3).
SERIAL_DAY_ZERO = date(1899, 12, 30)

#: Days outside these are a mistake: work is not planned there, and calendars are not computed.
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2100, 12, 31)

#: The most of what is made in one item; a larger figure is a mistake.
MAX_QUANTITY = 1_000_000.0

#: The most hours of one action; a larger figure is a mistake. About six person-months.
MAX_HOURS = 1000.0

#: More characters than any figure has without its spaces; 400 digits would be an infinite number.
MOST_CHARACTERS = 300

_SPACES = re.compile(r"[\s\u00a0\u202f\u2009]+")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)?")
_CLOCK = re.compile(r"(\d+):([0-5]\d)")
_WORDS = re.compile(
    r"(?:(?P<hours>\d+(?:[.,]\d+)?)(?:часов|часа|час|ч|hours|hour|hrs|h)\.?)?"
    r"(?:(?P<minutes>\d+(?:[.,]\d+)?)(?:минуты|минута|минут|мин|м|minutes|min|m)\.?)?"
)
_DAY = re.compile(r"(\d{1,2})[./](\d{1,2})(?:[./](\d{4}|\d{2}))?")
_ISO_DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})")


def parse_number(text: str) -> float:
    """A number typed with a point or a comma and any spaces between thousands.

    Raises
    ------
    ValueError
        If *text* is not a number.
    """
    compact = _SPACES.sub("", text)
    sign = -1.0 if compact[:1] in "-−–" and compact else 1.0
    digits = compact.lstrip("-−–+")
    if not _NUMBER.fullmatch(digits) or len(digits) > MOST_CHARACTERS:
        raise ValueError(text)
    return sign * float(digits.replace(",", "."))


def parse_hours(text: str) -> float:
    """Hours typed as ``1,5``, ``1.5``, ``1:30``, ``1 ч 30 мин``, ``90 мин`` or ``2 h``.

    Raises
    ------
    ValueError
        If *text* is none of these.
    """
    compact = _SPACES.sub("", text).lower()
    if len(compact) > MOST_CHARACTERS:
        raise ValueError(text)
    if clock := _CLOCK.fullmatch(compact):
        return int(clock[1]) + int(clock[2]) / 60
    words = _WORDS.fullmatch(compact)
    if compact and words and (words["hours"] or words["minutes"]):
        hours, minutes = (float((words[part] or "0").replace(",", ".")) for part in ("hours", "minutes"))
        return hours + minutes / 60
    return parse_number(text)


def parse_day(text: str, *, today: date) -> date:
    """A day typed as ``15.11.2026``, ``15.11.26``, ``15.11`` or ``2026-11-15``.

    A day without a year is the one nearest to *today*.

    Raises
    ------
    ValueError
        If *text* is no such day from ``FIRST_DAY`` to ``LAST_DAY``.
    """
    day = _any_day(text, today)
    if not FIRST_DAY <= day <= LAST_DAY:
        raise ValueError(text)
    return day


def _any_day(text: str, today: date) -> date:
    compact = _SPACES.sub("", text)
    if iso := _ISO_DAY.fullmatch(compact):
        return date(int(iso[1]), int(iso[2]), int(iso[3]))
    typed = _DAY.fullmatch(compact)
    if not typed:
        raise ValueError(text)
    day, month = int(typed[1]), int(typed[2])
    if typed[3]:
        year = int(typed[3])
        return date(year + 2000 if year < 100 else year, month, day)
    nearby = []
    for year in (today.year - 1, today.year, today.year + 1):
        try:
            nearby.append(date(year, month, day))
        except ValueError:
            continue  # February 29 does not exist in every year.
    if not nearby:
        raise ValueError(text)
    return min(nearby, key=lambda candidate: abs((candidate - today).days))


def day_from_iso(text: str) -> date:
    """The day that a text begins with; ``date.max``, which no work has, where it is none.

    Outside systems may have days that Python has not, as of the year 10000.
    """
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return date.max


def moment_day(text: str, zone: tzinfo) -> date:
    """The day of a moment as ISO text in a time zone; ``date.max`` where it is none."""
    try:
        return day_in_zone(datetime.fromisoformat(text), zone)
    except ValueError:
        return date.max


def day_in_zone(moment: datetime, zone: tzinfo) -> date:
    """The day of a moment in a time zone; in the year 9999 no zone east of Greenwich has one."""
    try:
        return moment.astimezone(zone).date()
    except OverflowError:
        return moment.date()


def day_of_serial(serial: float) -> date:
    """The day of a spreadsheet's serial number; a time of day is dropped."""
    return SERIAL_DAY_ZERO + timedelta(days=int(serial))


def known_day(value: object) -> date | None:
    """The day of a cell's value; ``None`` where it is no serial number from ``FIRST_DAY`` to ``LAST_DAY``."""
    if not isinstance(value, float) or not serial_of_day(FIRST_DAY) <= value < serial_of_day(LAST_DAY) + 1:
        return None
    return day_of_serial(value)


def serial_of_day(day: date) -> int:
    """The serial number under which a spreadsheet keeps *day*."""
    return (day - SERIAL_DAY_ZERO).days
