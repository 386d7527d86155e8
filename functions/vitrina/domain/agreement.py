"""Whose value counts where both the sheet and the tracker may change a field.

What both sides agreed on last is remembered for each field. A side whose value differs from that has changed
it, and its value goes to the other side. Clock times of two systems decide nothing.
"""

from __future__ import annotations

from datetime import date, timedelta
from enum import Enum

Value = date | float | str | None
"""A field as both sides can be compared by it: a day, hours or a quantity, the id of a person, a text.

``None`` and an empty text are an empty field.
"""

#: Days around today in which a changed day is believed.
LONGEST_AGO = timedelta(days=5 * 365)
LONGEST_AHEAD = timedelta(days=3 * 365)


class Unknown(Enum):
    """What is remembered of a field that was never compared."""

    UNKNOWN = "unknown"


class Verdict(Enum):
    """What is to be done with a field."""

    EQUAL = "both sides have the same value"
    TO_SHEET = "the tracker's value is written to the sheet"
    TO_TRACKER = "the sheet's value is written to the tracker"
    CONFLICT = "a person has to choose: nothing is written"
    KEPT = "the tracker keeps words that people typed there"


def compare(agreed: Value | Unknown, sheet: Value, tracker: Value) -> Verdict:
    """What to do with a field that may be changed on both sides.

    An emptied field is a conflict: nobody's value disappears without a person's choice. Where nothing is
    remembered, only an empty field is filled.
    """
    if _plain(sheet) == _plain(tracker):
        return Verdict.EQUAL
    is_known = agreed is not Unknown.UNKNOWN
    if _plain(sheet) is not None and _plain(tracker) == (_plain(agreed) if is_known else None):
        return Verdict.TO_TRACKER
    if _plain(tracker) is not None and _plain(sheet) == (_plain(agreed) if is_known else None):
        return Verdict.TO_SHEET
    return Verdict.CONFLICT


def compare_own(agreed: Value | Unknown, sheet: Value, tracker: Value) -> Verdict:
    """What to do with a field of the sheet that a card shows: it follows until people change it there."""
    if _plain(sheet) == _plain(tracker):
        return Verdict.EQUAL
    if agreed is not Unknown.UNKNOWN and _plain(tracker) == _plain(agreed):
        return Verdict.TO_TRACKER
    return Verdict.KEPT


def merge(agreed: Value | Unknown, places: list[Value]) -> tuple[Value, bool]:
    """The tracker's value of a field that stands in several places of a card, and whether they contradict.

    The value that people changed counts; of several different changes the first one is returned.
    """
    known = None if agreed is Unknown.UNKNOWN else _plain(agreed)
    values = [_plain(value) for value in places]
    changed = list(dict.fromkeys(value for value in values if value != known))
    return (changed[0] if changed else known), len(changed) > 1


def is_plausible_day(day: date, today: date) -> bool:
    """Whether work may be due on a day; others are typing errors, such as the year 2206."""
    return today - LONGEST_AGO <= day <= today + LONGEST_AHEAD


def spread_hours(total: float, parts: list[float]) -> list[float]:
    """*total* hours divided in proportion to *parts*, in hundredths; the last part gets the remainder.

    Parts of 0 share equally where all of them are 0. Raises ``ValueError`` without parts.
    """
    if not parts:
        raise ValueError("nothing to divide the hours among")
    whole = sum(parts)
    shares = [part / whole if whole else 1 / len(parts) for part in parts]
    spread = [round(total * share, 2) for share in shares[:-1]]
    return [*spread, round(total - sum(spread), 2)]


def _plain(value: Value | Unknown) -> Value:
    """The value as it is compared: spaces made single, figures rounded, an empty text as ``None``."""
    if isinstance(value, str):
        # No tracker keeps texts of any length.
        return " ".join(value.split())[:1000].rstrip() or None
    if isinstance(value, float | int):
        return round(value, 2)
    return None if isinstance(value, Unknown) else value
