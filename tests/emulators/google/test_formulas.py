"""Formulas are computed, stored as typed, and follow the cells that they refer to."""

from __future__ import annotations

from typing import Any

import pytest
from googleapiclient.errors import HttpError

from tests.emulators.google.conftest import Google

COMPUTED = [
    # formula over A1:B3 = (1, "x"), (2, "y"), (3, "x"); what it shows
    ("=SUM(A1:A3)", "6"),
    ("=SUM(A1;A3)", "4"),
    ("=SUM(A:A)", "6"),
    ("=SUM(A2:A)", "5"),
    ('=SUMIFS(A1:A3;B1:B3;"x")', "4"),
    ('=JOIN("-";B1:B3)', "x-y-x"),
    ("=COUNTUNIQUE(B1:B3)", "2"),
    ('=REGEXMATCH(B1;"^x$")', "TRUE"),
    ("=SUM(ARRAYFORMULA(A1:A3*2))", "12"),
    ('=IFERROR(1/0;"нет")', "нет"),
    ("=TODAY()", "11/23/2026"),
    ("=TODAY()-1", "46348"),
    ("=NOW()", "11/23/2026 9:30:00"),
    ("=1/0", "#DIV/0!"),
    ("=NETWORKDAYS(46349;46353)", "5"),
    ('=HYPERLINK("https://example.com";"ссылка")', "ссылка"),
    ("=Z9", ""),
]


@pytest.mark.parametrize(("formula", "shown"), COMPUTED)
def test_computed(google: Google, formula: str, shown: str) -> None:
    """What a formula shows."""
    book = google.grid([[1, "x"], [2, "y"], [3, "x"]])

    google.type(book, "D1", [[formula]])

    assert google.read(book, "D1") == ([[shown]] if shown else [])
    assert google.read(book, "D1", "FORMULA") == [[formula]]


def test_decimal_comma_in_a_russian_formula(google: Google) -> None:
    """A Russian workbook writes 1,5 and separates arguments with ``;``."""
    book = google.grid([["=SUM(1,5;2)"]], locale="ru_RU")

    assert google.read(book, "A1") == [["3,5"]]


def test_array_spills(google: Google) -> None:
    """The cells of an array are read where it spills, and are empty as formulas."""
    book = google.grid([[1, "=ARRAYFORMULA(A1:A3*10)"], [2], [3]])

    assert google.read(book, "B1:B3") == [["10"], ["20"], ["30"]]
    assert google.read(book, "B1:B3", "FORMULA") == [["=ARRAYFORMULA(A1:A3*10)"]]


def test_formula_sees_the_last_write(google: Google) -> None:
    """A result is computed again after a change."""
    book = google.grid([[1, "=A1*2"]])
    before = google.read(book, "B1")

    google.type(book, "A1", [[5]])

    assert (before, google.read(book, "B1")) == ([["2"]], [["10"]])


@pytest.mark.parametrize("name", ["QUERY", "IMPORTRANGE", "GOOGLEFINANCE", "NOSUCH"])
def test_unsupported_function_is_refused_by_name(google: Google, name: str) -> None:
    """A function that is not modelled is refused when written, so no workbook becomes unreadable."""
    with pytest.raises(HttpError) as caught:
        google.grid([[f"={name}(A1)"]])

    assert (caught.value.resp.status, caught.value.reason) == (
        501,
        f"The emulator does not model the function {name}.",
    )


def test_sparkline_is_kept_and_empty(google: Google) -> None:
    """A SPARKLINE has no value; its formula is kept for the page."""
    formula = '=SPARKLINE(A1:B1;{"charttype"\\"bar"})'
    book = google.grid([[1, 2, formula]], locale="ru_RU")

    cell = google.cells(book, "C1", "userEnteredValue,effectiveValue,formattedValue")[0][0]

    assert cell == {"userEnteredValue": {"formulaValue": formula}}


def test_hyperlink_of_a_formula(google: Google) -> None:
    """The cell names the address of its HYPERLINK."""
    book = google.grid([['=HYPERLINK("https://example.com/7";"Доска")']])

    assert google.cells(book, "A1", "hyperlink,formattedValue") == [
        [{"hyperlink": "https://example.com/7", "formattedValue": "Доска"}]
    ]


def test_error_value(google: Google) -> None:
    """An error has its type."""
    cell = google.cells(google.grid([["=1/0"]]), "A1", "effectiveValue.errorValue.type")

    assert cell == [[{"effectiveValue": {"errorValue": {"type": "DIVIDE_BY_ZERO"}}}]]


def span(start: int, end: int, dimension: str = "ROWS") -> dict[str, Any]:
    """A dimension range of the first tab."""
    return {"sheetId": 0, "dimension": dimension, "startIndex": start, "endIndex": end}


def cells(top: int, bottom: int, left: int = 0, right: int = 1) -> dict[str, Any]:
    """A grid range of the first tab."""
    return {
        "sheetId": 0,
        "startRowIndex": top,
        "endRowIndex": bottom,
        "startColumnIndex": left,
        "endColumnIndex": right,
    }


FOLLOWING = [
    # formula in E1, request, formula afterwards (wherever it is)
    ("=A2", {"insertDimension": {"range": span(1, 3)}}, "=A4"),
    ("=$A$2+a3", {"insertDimension": {"range": span(1, 2)}}, "=$A$3+A4"),
    ("=SUM(A2:A4)", {"insertDimension": {"range": span(2, 3)}}, "=SUM(A2:A5)"),
    ("=SUM(A2:A4)", {"insertDimension": {"range": span(4, 5)}}, "=SUM(A2:A4)"),
    ("=SUM(A2:A4)", {"deleteDimension": {"range": span(2, 3)}}, "=SUM(A2:A3)"),
    ("=A2", {"deleteDimension": {"range": span(1, 2)}}, "=#REF!"),
    ("=SUM(A2:A3)", {"deleteDimension": {"range": span(1, 3)}}, "=SUM(#REF!)"),
    ("=SUM(A2:A)", {"insertDimension": {"range": span(1, 2)}}, "=SUM(A3:A)"),
    ("=SUM(B:B)", {"insertDimension": {"range": span(0, 1, "COLUMNS")}}, "=SUM(C:C)"),
    ("=SUM(2:2)", {"insertDimension": {"range": span(1, 2)}}, "=SUM(3:3)"),
    ("=A2", {"moveDimension": {"source": span(1, 2), "destinationIndex": 5}}, "=A5"),
    ('="A2"&A2', {"insertDimension": {"range": span(1, 2)}}, '="A2"&A3'),
    ("=A2", {"cutPaste": {"source": cells(1, 2), "destination": {"rowIndex": 6, "columnIndex": 2}}}, "=C7"),
    ("='Sheet1'!A2", {"insertDimension": {"range": span(1, 2)}}, "=Sheet1!A3"),
    (
        "=Sheet1!A2",
        {"updateSheetProperties": {"properties": {"sheetId": 0, "title": "Мой лист"}, "fields": "title"}},
        "='Мой лист'!A2",
    ),
]


@pytest.mark.parametrize(("formula", "request_body", "wanted"), FOLLOWING)
def test_references_follow(google: Google, formula: str, request_body: dict[str, Any], wanted: str) -> None:
    """The text of a formula after the cells of its references moved."""
    book = google.create()
    google.type(book, "E1", [[formula]])

    google.batch(book, request_body)

    shown = google.cells(book, "A1:Z3", "userEnteredValue.formulaValue")
    found = [
        cell["userEnteredValue"]["formulaValue"]
        for row in shown
        for cell in row
        if cell.get("userEnteredValue")
    ]
    assert found == [wanted]


def test_copy_shifts_relative_references(google: Google) -> None:
    """A copy two rows lower refers to cells two rows lower, except for absolute references."""
    book = google.grid([["=B1+$C$1+B$1"]])

    google.batch(book, {"copyPaste": {"source": cells(0, 1), "destination": cells(2, 3)}})

    assert google.read(book, "A3", "FORMULA") == [["=B3+$C$1+B$1"]]


def test_repeat_cell_fills_a_formula(google: Google) -> None:
    """A repeated formula is filled like a copy."""
    book = google.grid([[1], [2]])
    cell = {"userEnteredValue": {"formulaValue": "=A1*10"}}

    google.batch(
        book, {"repeatCell": {"range": cells(0, 2, 1, 2), "cell": cell, "fields": "userEnteredValue"}}
    )

    assert google.read(book, "B1:B2") == [["10"], ["20"]]


def test_other_tab_follows(google: Google) -> None:
    """A formula on another tab follows, and shows an error when the tab is deleted."""
    book = google.grid([[1], [2]])
    google.batch(book, {"addSheet": {"properties": {"sheetId": 5, "title": "Итог"}}})
    google.type(book, "'Итог'!A1", [["=Sheet1!A2"]])

    google.batch(book, {"insertDimension": {"range": span(0, 1)}})
    followed = google.read(book, "'Итог'!A1", "FORMULA"), google.read(book, "'Итог'!A1")
    google.batch(book, {"deleteSheet": {"sheetId": 0}})

    assert followed == ([["=Sheet1!A3"]], [["2"]])
    assert google.read(book, "'Итог'!A1") == [["#REF!"]]


def test_sorted_formulas_keep_their_row(google: Google) -> None:
    """A formula that reads its own row reads its own row after a sort."""
    book = google.grid([[2, "=A1*10"], [1, "=A2*10"]])

    google.batch(book, {"sortRange": {"range": cells(0, 2, 0, 2), "sortSpecs": [{"dimensionIndex": 0}]}})

    assert google.read(book, "A1:B2") == [["1", "10"], ["2", "20"]]


def test_named_range_in_a_formula(google: Google) -> None:
    """A formula can use the name of a range."""
    book = google.grid([[4]])
    google.batch(book, {"addNamedRange": {"namedRange": {"name": "limit_hours", "range": cells(0, 1)}}})

    google.type(book, "B1", [["=limit_hours*2"]])

    assert google.read(book, "B1") == [["8"]]


def test_title_that_the_engine_does_not_take(google: Google) -> None:
    """A tab may have a title that is too long or too odd for Excel, and formulas still find it."""
    title = "План/факт: неделя [1], очень длинное название"
    book = google.create(
        {"properties": {"sheetId": 1, "title": "Итог"}}, {"properties": {"sheetId": 2, "title": title}}
    )
    google.type(book, f"'{title}'!A1", [[20]])

    google.type(book, "'Итог'!A1", [[f"='{title}'!A1+1"]])

    assert google.read(book, "'Итог'!A1") == [["21"]]


def test_formula_that_cannot_be_read(google: Google) -> None:
    """A broken formula is kept and shows an error, as in Google."""
    book = google.grid([["=SUM("]])

    assert google.read(book, "A1") == [["#ERROR!"]]
    assert google.read(book, "A1", "FORMULA") == [["=SUM("]]


def test_russian_words_in_a_formula(google: Google) -> None:
    """Booleans and the name of a range may be written in Russian."""
    book = google.grid([[8]], locale="ru_RU")
    google.batch(book, {"addNamedRange": {"namedRange": {"name": "лимит", "range": cells(0, 1)}}})

    google.type(book, "B1", [["=IF(ИСТИНА;Лимит*2;0)"]])

    assert google.read(book, "B1") == [["16"]]


REFUSED = ["={A1:A2}", '=TEXT(A1;"d mmmm")']


@pytest.mark.parametrize("formula", REFUSED)
def test_wrongly_computed_formulas_are_refused(google: Google, formula: str) -> None:
    """Formulas that the engine would compute differently from Sheets are refused."""
    with pytest.raises(HttpError, match="501"):
        google.grid([[formula]], locale="ru_RU")
