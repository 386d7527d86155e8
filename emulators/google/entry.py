"""Parses text that a person types into a cell, in the locale of the workbook (USER_ENTERED)."""

from __future__ import annotations

import math
import re
from datetime import date
from typing import Any, NamedTuple

from emulators.google.errors import invalid
from emulators.google.formats import to_serial
from emulators.google.locales import Locale

MAX_CELL_CHARACTERS = 50_000


class Entry(NamedTuple):
    """Meaning of a typed text."""

    value: dict[str, Any] | None
    """``ExtendedValue``; ``None`` empties the cell."""
    number_format: dict[str, Any] | None = None
    """The number format that the text implies; a cell that has one keeps its own."""


def text_value(text: str) -> dict[str, Any] | None:
    """The value of a text that is not parsed."""
    check_length(text)
    return {"stringValue": text} if text else None


def check_length(text: str) -> None:
    """Refuse a text that is too long for a cell."""
    if len(text) > MAX_CELL_CHARACTERS:
        raise invalid(
            f"Your input contains more than the maximum of {MAX_CELL_CHARACTERS} characters in a single cell."
        )


def read(text: str, locale: Locale, today: date) -> Entry:
    """Meaning of a typed *text*. *today* completes a date without a year."""
    if text == "":
        return Entry(None)
    if text.startswith("'"):
        return Entry(text_value(text[1:]))
    if text.startswith("=") and len(text) > 1:
        check_length(text)
        return Entry({"formulaValue": text})
    stripped = text.strip()
    upper = stripped.upper()
    if upper in ("TRUE", locale.true):
        return Entry({"boolValue": True})
    if upper in ("FALSE", locale.false):
        return Entry({"boolValue": False})
    return _number(stripped, locale) or _moment(stripped, locale, today) or Entry(text_value(text))


def _number(text: str, locale: Locale) -> Entry | None:
    body, percent, currency = text, False, False
    if body.endswith("%"):
        body, percent = body[:-1].rstrip(), True
    for sign in locale.currency_signs:
        bare = body.removeprefix(sign) if body.startswith(sign) else body.removesuffix(sign)
        if bare != body:
            body, currency = bare.strip(), True
    negative = body.startswith("(") and body.endswith(")")
    if negative:
        body = body[1:-1]
    groups = re.escape(locale.groups_typed)
    match = re.fullmatch(
        rf"([+-]?)(\d{{1,3}}(?:[{groups}]\d{{3}})+|\d*)(?:{re.escape(locale.decimal)}(\d*))?(?:[eE]([+-]?\d+))?",
        body,
    )
    if not match or not (match[2] or match[3]):
        return None
    sign, whole, fraction, exponent = match.groups()
    digits = re.sub(rf"[{groups}]", "", whole)
    value = float(f"{sign}{digits or '0'}.{fraction or '0'}e{exponent or 0}")
    if not math.isfinite(value):
        # Assumed: what is beyond the largest number stays a text.
        return None
    value = -value if negative else value
    grouped = digits != whole
    return Entry(
        {"numberValue": value / 100 if percent else value},
        _number_format(percent, currency, grouped, bool(fraction), exponent is not None, locale),
    )


def _number_format(
    percent: bool, currency: bool, grouped: bool, fraction: bool, scientific: bool, locale: Locale
) -> dict[str, Any] | None:
    if percent:
        return {"type": "PERCENT", "pattern": "0.00%" if fraction else "0%"}
    if currency:
        pattern = locale.currency_pattern
        return {"type": "CURRENCY", "pattern": pattern if fraction else pattern.replace("0.00", "0")}
    if scientific:
        return {"type": "SCIENTIFIC", "pattern": "0.00E+00"}
    if grouped:
        return {"type": "NUMBER", "pattern": "#,##0.00" if fraction else "#,##0"}
    return None


def _moment(text: str, locale: Locale, today: date) -> Entry | None:
    clock = re.search(r"(?:^|[ T])(\d{1,3}):(\d{2})(?::(\d{2})(\.\d+)?)?(?:\s*([aApP][mM]))?$", text)
    day_text = text[: clock.start()].strip() if clock else text
    day = _day(day_text, locale, today) if day_text else None
    if day_text and day is None:
        return None
    if clock is None:
        return Entry({"numberValue": to_serial(day[0])}, {"type": "DATE", "pattern": day[1]}) if day else None
    fraction = _clock(clock)
    if fraction is None:
        return None
    if day is None:
        pattern = ("h:mm:ss" if clock[3] else "h:mm") + (" am/pm" if clock[5] else "")
        return Entry({"numberValue": fraction}, {"type": "TIME", "pattern": pattern})
    return Entry(
        {"numberValue": to_serial(day[0]) + fraction},
        {"type": "DATE_TIME", "pattern": f"{day[1]} H:mm:ss"},
    )


def _clock(match: re.Match[str]) -> float | None:
    hours, minutes, seconds = int(match[1]), int(match[2]), int(match[3] or 0)
    if minutes > 59 or seconds > 59:
        return None
    if match[5]:
        if not 1 <= hours <= 12:
            return None
        hours = hours % 12 + (12 if match[5].lower() == "pm" else 0)
    return (hours * 3600 + minutes * 60 + seconds + float(match[4] or 0)) / 86_400


def _day(text: str, locale: Locale, today: date) -> tuple[date, str] | None:
    """The date in *text*, and the pattern that shows it as it was typed."""
    if match := re.fullmatch(r"(\d{4})-(\d{1,2})-(\d{1,2})", text):
        return _checked(int(match[1]), int(match[2]), int(match[3]), "yyyy-mm-dd")
    if match := re.fullmatch(r"(\d{4})/(\d{1,2})/(\d{1,2})", text):
        return _checked(int(match[1]), int(match[2]), int(match[3]), "yyyy/mm/dd")
    separators = re.escape(locale.date_separators)
    if match := re.fullmatch(rf"(\d{{1,2}})([{separators}])(\d{{1,2}})(?:\2(\d{{2}}|\d{{4}}))?", text):
        first, second = int(match[1]), int(match[3])
        day, month = (first, second) if locale.day_first else (second, first)
        if match[4]:
            return _checked(_year(match[4]), month, day, locale.date_pattern)
        short = "dd.MM" if locale.day_first else "M/d"
        return _checked(today.year, month, day, short)
    return _day_in_words(text, locale, today)


def _day_in_words(text: str, locale: Locale, today: date) -> tuple[date, str] | None:
    if match := re.fullmatch(r"(\d{1,2})[ -]([^\W\d]+)\.?(?:[ -](\d{4})(?: г\.)?)?", text):
        month, long = _month(match[2], locale)
        pattern = "d mmmm" if long else "d mmm"
        year = match[3]
    elif match := re.fullmatch(r"([^\W\d]+)\.? (\d{1,2})(?:, (\d{4}))?", text):
        month, long = _month(match[1], locale)
        pattern = "mmmm d" if long else "mmm d"
        if month:
            return _checked(
                int(match[3] or today.year), month, int(match[2]), pattern + (", yyyy" if match[3] else "")
            )
        return None
    else:
        return None
    if not month:
        return None
    return _checked(int(year or today.year), month, int(match[1]), pattern + (" yyyy" if year else ""))


def _month(word: str, locale: Locale) -> tuple[int, bool]:
    lowered = word.casefold()
    for index in range(12):
        if lowered in (locale.months[index].casefold(), locale.months_alone[index].casefold()):
            return index + 1, True
        if lowered == locale.months_short[index].rstrip(".").casefold():
            return index + 1, False
    return 0, False


def _year(text: str) -> int:
    # For Sheets a year of two digits is in 1930..2029.
    year = int(text)
    return year if len(text) == 4 else (2000 if year < 30 else 1900) + year


def _checked(year: int, month: int, day: int, pattern: str) -> tuple[date, str] | None:
    try:
        return date(year, month, day), pattern
    except ValueError:
        return None
