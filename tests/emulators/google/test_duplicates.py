"""Duplicate rows of a range are removed, and a batch can compare the sheet with expected rows."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from googleapiclient.errors import HttpError

from tests.emulators.google.conftest import Google

Mark = Callable[..., dict[str, Any]]

TEMPORARY = 777
TITLE = "сверка"


def cells(top: int, bottom: int, left: int = 0, right: int = 1, sheet_id: int = 0) -> dict[str, Any]:
    """A grid range."""
    return {
        "sheetId": sheet_id,
        "startRowIndex": top,
        "endRowIndex": bottom,
        "startColumnIndex": left,
        "endColumnIndex": right,
    }


def columns(start: int, end: int, sheet_id: int = 0) -> dict[str, Any]:
    """A span of columns."""
    return {"sheetId": sheet_id, "dimension": "COLUMNS", "startIndex": start, "endIndex": end}


def delete_duplicates(area: dict[str, Any], *compared: dict[str, Any]) -> dict[str, Any]:
    """The request."""
    return {"deleteDuplicates": {"range": area, "comparisonColumns": list(compared)}}


def entered(value: Any) -> dict[str, Any]:
    """A cell as ``updateCells`` takes it."""
    if value is None:
        return {}
    if isinstance(value, str):
        kind = "formulaValue" if value.startswith("=") else "stringValue"
    else:
        kind = "boolValue" if isinstance(value, bool) else "numberValue"
    return {"userEnteredValue": {kind: value}}


def write(rows: Sequence[Sequence[Any]], top: int = 0, sheet_id: int = 0) -> dict[str, Any]:
    """A request that writes values from column A on."""
    lines = [{"values": [entered(value) for value in row]} for row in rows]
    start = {"sheetId": sheet_id, "rowIndex": top}
    return {"updateCells": {"start": start, "rows": lines, "fields": "userEnteredValue"}}


def removed(answer: dict[str, Any], index: int = 0) -> int:
    """The count in a reply, where a zero is absent."""
    count: int = answer["replies"][index]["deleteDuplicates"].get("duplicatesRemovedCount", 0)
    return count


def test_rows_below_move_up_within_the_range(google: Google) -> None:
    """The first of equal rows stays; cells beside and below the range do not change."""
    book = google.grid([["h"], ["a", "1"], ["b", "2"], ["a", "3"], ["c", "4"], ["a", "5"], ["a", "6"]])

    answer = google.batch(book, delete_duplicates(cells(1, 6)))

    assert removed(answer) == 2
    assert google.read(book, "A1:B7") == [
        ["h"],
        ["a", "1"],
        ["b", "2"],
        ["c", "3"],
        ["", "4"],
        ["", "5"],
        ["a", "6"],
    ]


ROWS = [["a", "x", "1"], ["a", "x", "1"], ["b", "x", "1"], ["a", "y", "3"], ["c", "x", "2"]]
COMPARED = [
    ([], [0, 2, 3, 4]),  # every column of the range
    ([columns(0, 1)], [0, 2, 4]),
    ([columns(1, 2)], [0, 3]),
    ([columns(1, 3)], [0, 3, 4]),
    ([columns(0, 1), columns(2, 3)], [0, 2, 3, 4]),
    ([{"sheetId": 0, "dimension": "COLUMNS", "startIndex": 1}], [0, 3, 4]),  # to the end of the range
]


@pytest.mark.parametrize(("compared", "kept"), COMPARED)
def test_chosen_columns_are_compared(google: Google, compared: list[dict[str, Any]], kept: list[int]) -> None:
    """Whole rows of the range are removed, with any values in columns that are not compared."""
    book = google.grid([[*row, f"beside {index}"] for index, row in enumerate(ROWS)])

    answer = google.batch(book, delete_duplicates(cells(0, 5, 0, 3), *compared))

    assert removed(answer) == len(ROWS) - len(kept)
    assert [row for row in google.read(book, "A1:C5") if row] == [ROWS[index] for index in kept]


EQUALS = [
    ("Лето", "ЛЕТО", True),  # letter case
    (3.0, "=1+2", True),  # formula and value
    ("=1+2", "=2+1", True),  # two formulas
    ("ab", '="A"&"B"', True),
    (3.0, "3", False),  # a number and a text
    (True, "TRUE", False),
    (None, None, True),  # empty rows are equal to each other
    (None, "x", False),
    (None, 0.0, False),
    ("=NA()", "=NA()", True),
]


@pytest.mark.parametrize(("first", "second", "is_equal"), EQUALS)
def test_what_is_equal(google: Google, first: Any, second: Any, is_equal: bool) -> None:
    """Computed values are compared."""
    book = google.grid([])
    google.batch(book, write([[first], [second]]))

    assert removed(google.batch(book, delete_duplicates(cells(0, 2)))) == int(is_equal)


def test_format_does_not_count(google: Google) -> None:
    """A date and its number are equal; the first one keeps its format."""
    book = google.grid([["23.11.2026"]], locale="ru_RU")
    google.batch(book, write([[46349]], top=1))

    assert removed(google.batch(book, delete_duplicates(cells(0, 2)))) == 1
    assert google.read(book, "A1:A2") == [["23.11.2026"]]


def test_metadata_of_rows_stays(google: Google, mark_row: Mark) -> None:
    """Cells move up, rows do not."""
    book = google.grid([["a"], ["a"], ["b"]])
    google.batch(book, *(mark_row(101 + index, index) for index in range(3)))

    google.batch(book, delete_duplicates(cells(0, 3)))

    assert google.read(book, "A1:A3") == [["a"], ["b"]]
    assert google.metadata(book) == {101: 0, 102: 1, 103: 2}


def test_relative_references_of_moved_cells_shift(google: Google) -> None:
    """A formula that moves up reads the same row as before the move: its own."""
    book = google.grid([["a", "1"], ["a", "1"], ["b", "=LEN(A3)"]])

    google.batch(book, delete_duplicates(cells(0, 3, 0, 2)))

    assert google.read(book, "A1:B3", "FORMULA") == [["a", 1], ["b", "=LEN(A2)"]]


REFUSED = [
    (delete_duplicates(cells(0, 2), columns(1, 2)), "inside the range"),
    (delete_duplicates(cells(0, 2), columns(0, 1, sheet_id=9)), "sheet of the range"),
    (
        delete_duplicates(cells(0, 2), {"sheetId": 0, "dimension": "ROWS", "startIndex": 0, "endIndex": 1}),
        "must be COLUMNS",
    ),
]


@pytest.mark.parametrize(("request_body", "words"), REFUSED)
def test_columns_that_cannot_be_compared(google: Google, request_body: dict[str, Any], words: str) -> None:
    """Columns outside of the range are refused."""
    book = google.grid([["a"], ["a"]])

    with pytest.raises(HttpError, match=words):
        google.batch(book, request_body)


# A batch that fails where the sheet is not as it was read


def guard(expected: Sequence[Sequence[Any]], *, order: str, mark: dict[str, Any]) -> list[dict[str, Any]]:
    """Compare the first rows of the first tab with *expected*, in a temporary tab.

    The expected and the current rows are written below each other. If they are equal, the second half is
    removed as duplicates, and the sort moves the marked last row up to the first half. The mark is created
    again at the end, and deleted with the tab.
    """
    height, width = len(expected), len(expected[0])
    both = cells(0, 2 * height, 0, width + 1, TEMPORARY)
    numbered = [[index + 1.0] for index in range(height)]
    number_column = [
        {
            "updateCells": {
                "start": {"sheetId": TEMPORARY, "rowIndex": top, "columnIndex": width},
                "rows": [{"values": [entered(value) for value in row]} for row in numbered],
                "fields": "userEnteredValue",
            }
        }
        for top in (0, height)
    ]
    place = {"dimension": "ROWS", "sheetId": TEMPORARY, "startIndex": height, "endIndex": height + 1}
    exact = {
        "metadataId": 5,
        "locationMatchingStrategy": "EXACT_LOCATION",
        "metadataLocation": {"dimensionRange": place},
    }
    return [
        {
            "addSheet": {
                "properties": {
                    "sheetId": TEMPORARY,
                    "title": TITLE,
                    "hidden": True,
                    "gridProperties": {"rowCount": 2 * height + 1, "columnCount": width + 1},
                }
            }
        },
        write(expected, 0, TEMPORARY),
        *number_column,
        {
            "copyPaste": {
                "source": cells(0, height, 0, width),
                "destination": cells(height, 2 * height, 0, width, TEMPORARY),
                "pasteType": "PASTE_VALUES",
            }
        },
        # The sentinel: a text, so that it comes after the numbers and before what is empty.
        {
            "updateCells": {
                "start": {"sheetId": TEMPORARY, "rowIndex": 2 * height, "columnIndex": width},
                "rows": [{"values": [entered("end")]}],
                "fields": "userEnteredValue",
            }
        },
        mark,
        delete_duplicates(both),
        {
            "sortRange": {
                "range": cells(0, 2 * height + 1, 0, width + 1, TEMPORARY),
                "sortSpecs": [{"dimensionIndex": width, "sortOrder": order}],
            }
        },
        {"deleteDeveloperMetadata": {"dataFilter": {"developerMetadataLookup": exact}}},
        mark,
        {"deleteSheet": {"sheetId": TEMPORARY}},
    ]


SHEET = [["Лендинг", 8.0, "=B1*2"], ["Статья", None, "=B2*2"]]
SHOWN = [["Лендинг", 8.0, 16.0], ["Статья", None, 0.0]]


def guarded(google: Google, book: str, expected: Sequence[Sequence[Any]], mark_row: Mark) -> None:
    """Write into D1 if the sheet is as expected."""
    mark = mark_row(5, 2 * len(expected), sheet_id=TEMPORARY)
    write_d1 = {
        "updateCells": {
            "start": {"sheetId": 0, "columnIndex": 3},
            "rows": [{"values": [entered("written")]}],
            "fields": "userEnteredValue",
        }
    }
    google.batch(book, write_d1, *guard(expected, order="ASCENDING", mark=mark))


def test_guard_lets_the_expected_sheet_pass(google: Google, mark_row: Mark) -> None:
    """Computed values are compared; nothing of the comparison is left."""
    book = google.grid([])
    google.batch(book, write(SHEET))

    guarded(google, book, SHOWN, mark_row)

    assert google.read(book, "D1") == [["written"]]
    assert [one["properties"]["title"] for one in google.get(book, "sheets.properties.title")["sheets"]] == [
        "Sheet1"
    ]
    assert google.metadata(book) == {}


@pytest.mark.parametrize(
    "change",
    [
        write([["Другое"]]),
        write([["Лендинг", 9.0]]),
        write([["Статья", 1.0]], top=1),
        {"moveDimension": {"source": columns(0, 1) | {"dimension": "ROWS"}, "destinationIndex": 2}},
    ],
)
def test_guard_undoes_everything_where_the_sheet_differs(
    google: Google, mark_row: Mark, change: dict[str, Any]
) -> None:
    """One changed cell makes the whole batch fail: no tab, no metadata and no write is left."""
    book = google.grid([])
    google.batch(book, write(SHEET))
    google.batch(book, change)
    before = google.read(book, "A1:D3", "FORMULA")

    with pytest.raises(HttpError, match="No developer metadata matches"):
        guarded(google, book, SHOWN, mark_row)

    assert google.read(book, "A1:D3", "FORMULA") == before
    assert len(google.get(book, "sheets.properties.title")["sheets"]) == 1
    assert google.metadata(book) == {}


@pytest.mark.parametrize(
    ("order", "wanted", "places"),
    [
        ("ASCENDING", [["2"], ["10"], ["a"], ["b"]], {101: 3, 102: 4, 103: 1, 104: 2, 105: 0}),
        ("DESCENDING", [["b"], ["a"], ["10"], ["2"]], {101: 0, 102: 4, 103: 2, 104: 1, 105: 3}),
    ],
)
def test_metadata_follows_a_sort_past_empty_rows(
    google: Google, mark_row: Mark, order: str, wanted: list[list[str]], places: dict[int, int]
) -> None:
    """Numbers before texts, and rows that are empty last in both orders, with their metadata."""
    book = google.grid([])
    google.batch(book, write([["b"], [None], [10.0], ["a"], [2.0]]))
    google.batch(book, *(mark_row(101 + index, index) for index in range(5)))

    google.batch(
        book,
        {
            "sortRange": {
                "range": cells(0, 5),
                "sortSpecs": [{"dimensionIndex": 0, "sortOrder": order}],
            }
        },
    )

    assert google.read(book, "A1:A5") == wanted
    assert google.metadata(book) == places


def test_pasted_values_are_those_of_the_moment(google: Google) -> None:
    """A paste to cells that formulas use is seen by the next paste of the same batch."""
    book = google.grid([["1", "=A1*10"]])
    paste = {"source": cells(0, 1, 1, 2), "destination": cells(0, 1), "pasteType": "PASTE_VALUES"}

    google.batch(book, {"copyPaste": paste}, {"copyPaste": paste})

    assert google.read(book, "A1:B1") == [["100", "1000"]]


def test_pasted_values_of_a_spilled_array(google: Google) -> None:
    """A cell that shows a part of an array is pasted with its shown value."""
    book = google.grid([["=ARRAYFORMULA(C1:C2*2)", "", "3"], ["", "", "4"]])

    google.batch(
        book,
        {"copyPaste": {"source": cells(0, 2), "destination": cells(4, 6), "pasteType": "PASTE_VALUES"}},
    )

    assert google.read(book, "A5:A6", "FORMULA") == [[6], [8]]


def test_comparing_grows_with_the_rows_and_no_faster(google: Google, mark_row: Mark) -> None:
    """Ten times the rows cost far less than a hundred times the work, the client's own included."""
    assert work_of(google, mark_row, 1000) < 40 * work_of(google, mark_row, 100)


def work_of(google: Google, mark_row: Mark, row_count: int) -> float:
    """Processor seconds for comparing rows of eight columns with themselves."""
    rows = [[f"Задача {row}", *(float(row * column) for column in range(6))] for row in range(row_count)]
    book = google.grid([])
    google.batch(book, write(rows))
    requests = guard(rows, order="ASCENDING", mark=mark_row(5, 2 * row_count, sheet_id=TEMPORARY))

    began_at = time.process_time()
    google.batch(book, *requests)

    return time.process_time() - began_at
