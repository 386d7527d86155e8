"""Conditional formats are computed on the server into the effective format."""

from __future__ import annotations

from typing import Any

import pytest
from googleapiclient.errors import HttpError

from tests.emulators.google.conftest import Google

RED = {"red": 1}


def rule(
    kind: str, *values: str, right: int = 1, bottom: int = 3, paint: dict[str, Any] | None = None
) -> dict[str, Any]:
    """A request for a boolean rule over A1 to the given edge."""
    return {
        "addConditionalFormatRule": {
            "index": 0,
            "rule": {
                "ranges": [
                    {
                        "sheetId": 0,
                        "startRowIndex": 0,
                        "endRowIndex": bottom,
                        "startColumnIndex": 0,
                        "endColumnIndex": right,
                    }
                ],
                "booleanRule": {
                    "condition": {"type": kind, "values": [{"userEnteredValue": value} for value in values]},
                    "format": paint or {"backgroundColor": RED},
                },
            },
        }
    }


def painted(google: Google, book: str, text: str = "A1:A3") -> list[list[bool]]:
    """Which cells are red."""
    rows = google.cells(book, text, "effectiveFormat.backgroundColor")
    return [[cell.get("effectiveFormat", {}).get("backgroundColor") == RED for cell in row] for row in rows]


CONDITIONS = [
    # values in A1:A3, condition, its values, which are painted
    ([1, 5, 9], "NUMBER_GREATER", ["4"], [False, True, True]),
    ([1, 5, 9], "NUMBER_BETWEEN", ["4", "6"], [False, True, False]),
    (["Срочно", "Обычно", "срочно!"], "TEXT_EQ", ["срочно"], [True, False, False]),
    (["Срочно", "Обычно", "срочно!"], "TEXT_CONTAINS", ["Срочно"], [True, False, True]),
    (["2026-11-20", "2026-11-23", "2026-11-30"], "DATE_BEFORE", ["23.11.2026"], [True, False, False]),
    (["x", "", "y"], "BLANK", [], [False, True, False]),
    ([1, 5, 9], "NUMBER_GREATER", ["=$A$2"], [False, False, True]),
    ([1, 5, 9], "CUSTOM_FORMULA", ["=ISODD(A1)*(A1>4)"], [False, True, True]),
]


@pytest.mark.parametrize(("column", "kind", "values", "wanted"), CONDITIONS)
def test_condition(
    google: Google, column: list[Any], kind: str, values: list[str], wanted: list[bool]
) -> None:
    """Which of three cells a rule paints in a Russian workbook."""
    book = google.grid([[value] for value in column], locale="ru_RU")

    google.batch(book, rule(kind, *values))

    assert painted(google, book) == [[each] for each in wanted]


def test_custom_formula_with_a_fixed_column(google: Google) -> None:
    """``$B1`` paints the whole row by its second cell."""
    book = google.grid([["a", 1], ["b", 9], ["c", 2]])

    google.batch(book, rule("CUSTOM_FORMULA", "=$B1>5", right=2))

    assert painted(google, book, "A1:B3") == [[False, False], [True, True], [False, False]]


def test_empty_cells_are_painted(google: Google) -> None:
    """A rule over empty cells of a schedule shows on them."""
    book = google.grid([["", "", "x"]])

    google.batch(book, rule("CUSTOM_FORMULA", "=COLUMN(A1)=2", right=3, bottom=1))

    rows = google.cells(book, "A1:C1", "effectiveFormat.backgroundColor")
    assert rows[0][1] == {"effectiveFormat": {"backgroundColor": RED}}
    assert rows[0][0] == {}


def test_first_rule_wins(google: Google) -> None:
    """Where two rules paint the same thing, the one with the lower index does."""
    book = google.grid([[1]])

    google.batch(
        book, rule("NUMBER_GREATER", "0", paint={"backgroundColor": {"blue": 1}}), rule("NUMBER_GREATER", "0")
    )

    assert painted(google, book, "A1") == [[True]]


def test_own_format_is_under_the_rule(google: Google) -> None:
    """A rule that sets bold leaves the user's background, and the user's format is not changed."""
    book = google.grid([[1]])
    google.batch(
        book,
        {
            "repeatCell": {
                "range": {"sheetId": 0, "endRowIndex": 1, "endColumnIndex": 1},
                "cell": {"userEnteredFormat": {"backgroundColor": RED}},
                "fields": "userEnteredFormat",
            }
        },
        rule("NUMBER_GREATER", "0", paint={"textFormat": {"bold": True}}),
    )

    cell = google.cells(
        book, "A1", "userEnteredFormat.textFormat,effectiveFormat(backgroundColor,textFormat(bold,fontSize))"
    )[0][0]
    assert cell == {
        "userEnteredFormat": {},
        "effectiveFormat": {"backgroundColor": RED, "textFormat": {"bold": True, "fontSize": 10}},
    }


def test_gradient(google: Google) -> None:
    """The middle of a gradient from black to red is half red, in eight bits."""
    book = google.grid([[0], [5], [10]])
    gradient = {"minpoint": {"type": "MIN", "color": {}}, "maxpoint": {"type": "MAX", "color": RED}}
    span = {"sheetId": 0, "startRowIndex": 0, "endRowIndex": 3, "startColumnIndex": 0, "endColumnIndex": 1}

    google.batch(book, {"addConditionalFormatRule": {"rule": {"ranges": [span], "gradientRule": gradient}}})

    rows = google.cells(book, "A1:A3", "effectiveFormat.backgroundColor")
    assert [row[0]["effectiveFormat"]["backgroundColor"] for row in rows] == [
        {},
        {"red": 0.49803922},
        {"red": 1},
    ]


def test_ranges_follow_inserted_rows(google: Google) -> None:
    """The range and the formula of a rule follow the rows."""
    book = google.grid([["a", 1], ["b", 9]])
    google.batch(book, rule("CUSTOM_FORMULA", "=$B1>5", bottom=2))

    google.batch(book, {"insertDimension": {"range": {"dimension": "ROWS", "startIndex": 0, "endIndex": 2}}})

    kept = google.get(book, "sheets.conditionalFormats")["sheets"][0]["conditionalFormats"][0]
    assert (kept["ranges"][0]["startRowIndex"], kept["ranges"][0]["endRowIndex"]) == (2, 4)
    assert kept["booleanRule"]["condition"]["values"] == [{"userEnteredValue": "=$B3>5"}]
    assert painted(google, book, "A3:A4") == [[False], [True]]


def test_rules_are_addressed_by_index(google: Google) -> None:
    """Deleting a rule shifts those after it."""
    book = google.create()
    google.batch(book, rule("NUMBER_EQ", "1"), rule("NUMBER_EQ", "2"))

    google.batch(book, {"deleteConditionalFormatRule": {"sheetId": 0, "index": 0}})

    kept = google.get(book, "sheets.conditionalFormats.booleanRule.condition.values")["sheets"][0]
    assert kept["conditionalFormats"] == [
        {"booleanRule": {"condition": {"values": [{"userEnteredValue": "1"}]}}}
    ]


def test_wrong_number_of_values(google: Google) -> None:
    """A condition with too few values is refused."""
    with pytest.raises(HttpError, match="requires exactly 2"):
        google.batch(google.create(), rule("NUMBER_BETWEEN", "1"))


def test_unsupported_function_in_a_rule(google: Google) -> None:
    """A function that is not modelled is refused in a rule as in a cell."""
    with pytest.raises(HttpError, match="the function QUERY"):
        google.batch(google.create(), rule("CUSTOM_FORMULA", "=QUERY(A1)"))
