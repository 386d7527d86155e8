"""Whose value counts, case by case."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from vitrina.domain.agreement import (
    Unknown,
    Value,
    Verdict,
    compare,
    compare_own,
    is_plausible_day,
    merge,
    spread_hours,
)

UNKNOWN = Unknown.UNKNOWN
A, B, C = date(2026, 11, 24), date(2026, 11, 25), date(2026, 11, 26)
EQUAL, TO_SHEET, TO_TRACKER = Verdict.EQUAL, Verdict.TO_SHEET, Verdict.TO_TRACKER
CONFLICT, KEPT = Verdict.CONFLICT, Verdict.KEPT


@pytest.mark.parametrize(
    ("agreed", "sheet", "tracker", "verdict"),
    [
        (A, A, A, EQUAL),  # nobody changed it
        (A, B, A, TO_TRACKER),  # one side changed it
        (A, A, B, TO_SHEET),
        (A, B, B, EQUAL),  # both to the same, or a write whose answer was lost
        (A, B, C, CONFLICT),  # both to different values
        (A, None, A, CONFLICT),  # an emptied field is nobody's loss without a choice
        (A, A, None, CONFLICT),
        (A, None, None, EQUAL),
        (A, None, B, CONFLICT),
        (A, B, None, CONFLICT),
        (None, A, None, TO_TRACKER),  # it was empty on both sides
        (None, None, A, TO_SHEET),
        (None, A, B, CONFLICT),
        (UNKNOWN, A, A, EQUAL),  # never compared: what is equal is agreed on
        (UNKNOWN, A, B, CONFLICT),  # and nothing is written over
        (UNKNOWN, A, None, TO_TRACKER),  # but an empty field is filled
        (UNKNOWN, None, A, TO_SHEET),
        ("11", "12", "11", TO_TRACKER),  # people by their ids
        ("", "", "12", TO_SHEET),  # nobody, then somebody
        (7.5, 7.504, 7.5, EQUAL),  # rounding is no change
        (7.5, 8, 7.5, TO_TRACKER),
        (5.0, 5.0, 6.0, TO_SHEET),
    ],
)
def test_field_of_both_sides(agreed: Value | Unknown, sheet: Value, tracker: Value, verdict: Verdict) -> None:
    """Each side counts as changed if it differs from what was agreed on."""
    assert compare(agreed, sheet, tracker) is verdict


@pytest.mark.parametrize(
    ("agreed", "sheet", "tracker", "verdict"),
    [
        ("Тексты", "Тексты", "Тексты", EQUAL),
        ("Тексты", "Статьи", "Тексты", TO_TRACKER),  # the card still bears what we wrote
        ("Тексты", "Тексты", "Тексты!", KEPT),  # people renamed it
        ("Тексты", "Статьи", "Тексты!", KEPT),
        ("Тексты", "Статьи", "Статьи", EQUAL),
        ("Тексты", "Статьи", "", KEPT),  # people took it away
        (UNKNOWN, "Статьи", "Тексты", KEPT),
        (UNKNOWN, "Статьи", "Статьи", EQUAL),
        ("за 10\u00a0000\u00a0₽ ", "за 10 000  ₽", "за 10\u00a0000\u00a0₽", EQUAL),  # kinds of spaces
        ("ы" * 1500, "ы" * 1500, "ы" * 1023 + "…", EQUAL),  # a tracker cuts long texts
    ],
)
def test_words_of_the_sheet(agreed: Value | Unknown, sheet: Value, tracker: Value, verdict: Verdict) -> None:
    """A card follows the words of the sheet until people change them on the card."""
    assert compare_own(agreed, sheet, tracker) is verdict


@pytest.mark.parametrize(
    ("agreed", "places", "expected"),
    [
        (A, [A, A], (A, False)),
        (A, [B, A], (B, False)),  # people changed the card
        (A, [A, B], (B, False)),  # or its step
        (A, [B, B], (B, False)),
        (A, [B, C], (B, True)),  # both, to different days
        (A, [None, A], (None, False)),
        (A, [None, B], (None, True)),
        (UNKNOWN, [A, A], (A, False)),
        (UNKNOWN, [A, None], (A, False)),
        (UNKNOWN, [A, B], (A, True)),
        (UNKNOWN, [None, None], (None, False)),
    ],
)
def test_several_places_of_a_card(
    agreed: Value | Unknown, places: list[Value], expected: tuple[Value, bool]
) -> None:
    """What people changed counts, wherever they did."""
    assert merge(agreed, places) == expected


def test_plausible_days() -> None:
    """From five years ago to three years ahead."""
    days = [date(2206, 11, 24), A + timedelta(days=400), A - timedelta(days=900), date(206, 1, 1)]

    assert [is_plausible_day(day, A) for day in days] == [False, True, True, False]


@pytest.mark.parametrize(
    ("total", "parts", "expected"),
    [
        (9.0, [2.0, 4.0], [3.0, 6.0]),
        (10.0, [1.0, 1.0, 1.0], [3.33, 3.33, 3.34]),  # hundredths, and nothing is lost
        (5.0, [0.0, 0.0], [2.5, 2.5]),
        (7.25, [3.0], [7.25]),
    ],
)
def test_hours_are_divided_in_proportion(total: float, parts: list[float], expected: list[float]) -> None:
    """The sum is the total."""
    assert spread_hours(total, parts) == pytest.approx(expected)
    assert sum(spread_hours(total, parts)) == pytest.approx(total)


def test_no_parts_to_divide_among() -> None:
    """That is refused."""
    with pytest.raises(ValueError, match="nothing"):
        spread_hours(1.0, [])
