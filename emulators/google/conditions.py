"""Whether a value meets a ``BooleanCondition`` (of a conditional format or a validation rule)."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

from emulators.google import entry, formats
from emulators.google.errors import NotModelledError
from emulators.google.locales import Locale

Value = dict[str, Any]

ARGUMENT_COUNTS = {
    "NUMBER_GREATER": (1, 1),
    "NUMBER_GREATER_THAN_EQ": (1, 1),
    "NUMBER_LESS": (1, 1),
    "NUMBER_LESS_THAN_EQ": (1, 1),
    "NUMBER_EQ": (1, 1),
    "NUMBER_NOT_EQ": (1, 1),
    "NUMBER_BETWEEN": (2, 2),
    "NUMBER_NOT_BETWEEN": (2, 2),
    "TEXT_CONTAINS": (1, 1),
    "TEXT_NOT_CONTAINS": (1, 1),
    "TEXT_STARTS_WITH": (1, 1),
    "TEXT_ENDS_WITH": (1, 1),
    "TEXT_EQ": (1, 1),
    "TEXT_NOT_EQ": (1, 1),
    "TEXT_IS_EMAIL": (0, 0),
    "TEXT_IS_URL": (0, 0),
    "DATE_EQ": (1, 1),
    "DATE_NOT_EQ": (1, 1),
    "DATE_BEFORE": (1, 1),
    "DATE_AFTER": (1, 1),
    "DATE_ON_OR_BEFORE": (1, 1),
    "DATE_ON_OR_AFTER": (1, 1),
    "DATE_BETWEEN": (2, 2),
    "DATE_NOT_BETWEEN": (2, 2),
    "DATE_IS_VALID": (0, 0),
    "ONE_OF_LIST": (1, None),
    "ONE_OF_RANGE": (1, 1),
    "BLANK": (0, 0),
    "NOT_BLANK": (0, 0),
    "CUSTOM_FORMULA": (1, 1),
    "BOOLEAN": (0, 2),
}
"""How many values each condition takes, from the reference of ``ConditionType``."""

_DATES = {"PAST_YEAR": -365, "PAST_MONTH": -30, "PAST_WEEK": -7, "YESTERDAY": -1, "TODAY": 0, "TOMORROW": 1}


def number_of(argument: str | Value | None, locale: Locale, now: datetime) -> float | None:
    """The number in an argument: a typed text in the workbook's locale, or a computed value."""
    if isinstance(argument, str):
        if argument in _DATES:
            return formats.to_serial((now + timedelta(days=_DATES[argument])).date())
        value = entry.read(argument, locale, now.date()).value
        return (value or {}).get("numberValue")
    return (argument or {}).get("numberValue")


def text_of(argument: str | Value | None, locale: Locale) -> str:
    """The text of an argument or a value."""
    if isinstance(argument, str):
        return argument
    if not argument or "errorValue" in argument:
        return ""
    return formats.show(next(iter(argument.values())), None, locale)


def holds(
    kind: str, arguments: list[str | Value | None], value: Value | None, locale: Locale, now: datetime
) -> bool:
    """Whether *value* satisfies the condition *kind*."""
    if kind in ("BLANK", "NOT_BLANK"):
        return (value is None or value.get("stringValue") == "") == (kind == "BLANK")
    if kind == "CUSTOM_FORMULA":
        return _is_true(arguments[0])
    if kind.startswith(("NUMBER_", "DATE_")):
        return _number_or_date(kind, arguments, value, locale, now)
    text = text_of(value, locale)
    texts = [text_of(argument, locale) for argument in arguments]
    if kind.startswith("TEXT_"):
        return _text(kind, text, texts)
    if kind in ("ONE_OF_LIST", "BOOLEAN"):
        return text in texts or (kind == "BOOLEAN" and value is not None and "boolValue" in value)
    raise NotModelledError(f"the condition {kind}")


def _number_or_date(
    kind: str, arguments: list[str | Value | None], value: Value | None, locale: Locale, now: datetime
) -> bool:
    number = None if value is None else value.get("numberValue")
    if kind == "DATE_IS_VALID":
        return number is not None
    wanted = [number_of(argument, locale, now) for argument in arguments]
    if number is None or None in wanted:
        return _both_texts_equal(kind, value, arguments, locale)
    return _compare(kind, number, [float(item) for item in wanted])  # type: ignore[arg-type]


def _is_true(argument: str | Value | None) -> bool:
    if not isinstance(argument, dict):
        return False
    return bool(argument.get("boolValue") or argument.get("numberValue"))


def _both_texts_equal(
    kind: str, value: Value | None, arguments: list[str | Value | None], locale: Locale
) -> bool:
    # "Is equal to" of a conditional format compares texts as well.
    if kind not in ("NUMBER_EQ", "NUMBER_NOT_EQ") or value is None:
        return False
    same = text_of(value, locale).casefold() == text_of(arguments[0], locale).casefold()
    return same if kind == "NUMBER_EQ" else not same


def _text(kind: str, text: str, arguments: list[str]) -> bool:
    if kind == "TEXT_IS_EMAIL":
        return re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", text) is not None
    if kind == "TEXT_IS_URL":
        return re.fullmatch(r"(https?://)?[^\s/]+\.[^\s/]+(/\S*)?", text) is not None
    text, wanted = text.casefold(), arguments[0].casefold()
    answers = {
        "TEXT_CONTAINS": wanted in text,
        "TEXT_NOT_CONTAINS": wanted not in text,
        "TEXT_STARTS_WITH": text.startswith(wanted),
        "TEXT_ENDS_WITH": text.endswith(wanted),
        "TEXT_EQ": text == wanted,
        "TEXT_NOT_EQ": text != wanted,
    }
    return answers[kind]


def _compare(kind: str, number: float, wanted: list[float]) -> bool:
    relation = kind.partition("_")[2]
    if kind.startswith("DATE_"):
        number = float(int(number)) if relation in ("EQ", "NOT_EQ", "ON_OR_BEFORE") else number
    first = wanted[0]
    if relation in ("BETWEEN", "NOT_BETWEEN"):
        inside = first <= number <= wanted[1]
        return inside if relation == "BETWEEN" else not inside
    answers = {
        "GREATER": number > first,
        "AFTER": number >= first + 1,
        "GREATER_THAN_EQ": number >= first,
        "ON_OR_AFTER": number >= first,
        "LESS": number < first,
        "BEFORE": number < first,
        "LESS_THAN_EQ": number <= first,
        "ON_OR_BEFORE": number <= first,
        "EQ": number == first,
        "NOT_EQ": number != first,
    }
    return answers[relation]
