"""Typed text is parsed, and values are shown, in the workbook's locale."""

from __future__ import annotations

from typing import Any

import pytest
from googleapiclient.errors import HttpError

from tests.emulators.google.conftest import Google

NBSP = "\u00a0"

TYPED_IN_RUSSIAN = [
    # text, value, shown
    ("1,5", 1.5, "1,5"),
    ("1.5", 46143, "01.05"),  # a date: 1 May of the current year
    ("01.05.2026", 46143, "01.05.2026"),
    ("2026-05-01", 46143, "2026-05-01"),
    ("5 мая 2026", 46147, "5 мая 2026"),
    ("12,5%", 0.125, "12,50%"),
    ("1 234,5", 1234.5, f"1{NBSP}234,50"),
    ("150 ₽", 150, f"150{NBSP}₽"),
    ("ИСТИНА", True, "ИСТИНА"),
    ("9:30", 0.3958333333333333, "9:30"),
    ("'001", "001", "001"),
    ("ЗРН-14", "ЗРН-14", "ЗРН-14"),
    ("23–27 ноября", "23–27 ноября", "23–27 ноября"),
    ("31.02.2026", "31.02.2026", "31.02.2026"),  # no such day: a text
    ("9" * 400, "9" * 400, "9" * 400),  # beyond the largest number: a text
]


@pytest.mark.parametrize(("text", "value", "shown"), TYPED_IN_RUSSIAN)
def test_typed_in_russian(google: Google, text: str, value: Any, shown: str) -> None:
    """A text typed into a ru_RU workbook: its value and how it looks."""
    book = google.grid([[text]], locale="ru_RU")

    assert google.read(book, "A1", "UNFORMATTED_VALUE") == [[value]]
    assert google.read(book, "A1") == [[shown]]


TYPED_IN_ENGLISH = [
    ("1.5", 1.5, "1.5"),
    ("1,234.5", 1234.5, "1,234.50"),
    ("5/1/2026", 46143, "5/1/2026"),
    ("12.5%", 0.125, "12.50%"),
    ("$5", 5, "$5"),
    ("1,5", "1,5", "1,5"),
    ("01.05.2026", "01.05.2026", "01.05.2026"),
    ("TRUE", True, "TRUE"),
    ("2:30 pm", 0.6041666666666666, "2:30 PM"),
    ("14:30", 0.6041666666666666, "14:30"),
    ("5/1/2026 14:30", 46143.604166666664, "5/1/2026 14:30:00"),
    ("1e3", 1000, "1.00E+03"),
]


@pytest.mark.parametrize(("text", "value", "shown"), TYPED_IN_ENGLISH)
def test_typed_in_english(google: Google, text: str, value: Any, shown: str) -> None:
    """A text typed into an en_US workbook: its value and how it looks."""
    book = google.grid([[text]])

    assert google.read(book, "A1", "UNFORMATTED_VALUE") == [[value]]
    assert google.read(book, "A1") == [[shown]]


PATTERNS = [
    # number, pattern, shown in ru_RU
    (46349, "dd.mm.yyyy", "23.11.2026"),
    (46349, "d mmmm", "23 ноября"),
    (46349, "mmmm yyyy", "ноябрь 2026"),
    (46349, "ddd", "пн"),
    (46349, "dddd", "понедельник"),
    (46349.5, "dd.mm.yyyy hh:mm", "23.11.2026 12:00"),
    (1.5, "[h]:mm", "36:00"),
    (1234567.891, "#,##0.00", f"1{NBSP}234{NBSP}567,89"),
    (0.256, "0%", "26%"),
    (-5, "0;(0)", "(5)"),
    (0, '0;-0;"—"', "—"),
    (3, '0" ч"', "3 ч"),
    (1500000, '0.0,,"M"', "1,5M"),
    (2.5, "0.##", "2,5"),
    (7, "000", "007"),
    (1e27, "0.0", "1" + "0" * 27 + ",0"),
]


@pytest.mark.parametrize(("number", "pattern", "shown"), PATTERNS)
def test_pattern(google: Google, number: float, pattern: str, shown: str) -> None:
    """A number under a pattern in a Russian workbook."""
    book = google.create(locale="ru_RU")
    kind = "DATE" if any(letter in pattern for letter in "ydh") and "#" not in pattern else "NUMBER"
    cell = {
        "userEnteredValue": {"numberValue": number},
        "userEnteredFormat": {"numberFormat": {"type": kind, "pattern": pattern}},
    }

    google.batch(
        book, {"updateCells": {"start": {"sheetId": 0}, "rows": [{"values": [cell]}], "fields": "*"}}
    )

    assert google.read(book, "A1") == [[shown]]


AUTOMATIC = [
    (0.0009765625, "0.0009765625"),
    (1 / 3, "0.3333333333"),
    (200 / 3, "66.66666667"),
    (1e15, "1E+15"),
    (10.0, "10"),
]


@pytest.mark.parametrize(("number", "shown"), AUTOMATIC)
def test_automatic_format(google: Google, number: float, shown: str) -> None:
    """A number without a format shows ten significant digits."""
    assert google.read(google.grid([[number]]), "A1") == [[shown]]


def test_own_format_stays(google: Google) -> None:
    """A date typed into a cell with a number format keeps that format."""
    book = google.grid([["01.05.2026"]], locale="ru_RU")

    google.type(book, "A1", [["12,5%"]])

    assert google.cells(book, "A1", "userEnteredFormat") == [
        [{"userEnteredFormat": {"numberFormat": {"type": "DATE", "pattern": "dd.MM.yyyy"}}}]
    ]


def test_text_format_keeps_text(google: Google) -> None:
    """Text that is typed into a cell with the format TEXT stays text."""
    book = google.create()
    cell = {"userEnteredFormat": {"numberFormat": {"type": "TEXT"}}}
    google.batch(
        book, {"updateCells": {"start": {"sheetId": 0}, "rows": [{"values": [cell]}], "fields": "*"}}
    )

    google.type(book, "A1", [["12"]])

    assert google.read(book, "A1", "UNFORMATTED_VALUE") == [["12"]]


def test_first_tab_of_a_russian_workbook(google: Google) -> None:
    """A tab without a title is named in the language of the workbook."""
    book = google.create(locale="ru_RU")

    assert google.get(book, "sheets.properties.title")["sheets"][0]["properties"]["title"] == "Лист1"


def test_unknown_locale_is_refused(google: Google) -> None:
    """A locale that is not modelled is refused with its name."""
    with pytest.raises(HttpError, match="the locale tr_TR"):
        google.create(locale="tr_TR")
