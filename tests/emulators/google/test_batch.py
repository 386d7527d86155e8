"""A batch is applied in order and as a whole; its answer can show the workbook after it."""

from __future__ import annotations

import pytest
from googleapiclient.errors import HttpError

from tests.emulators.google.conftest import Google

TITLE = {"updateSheetProperties": {"properties": {"sheetId": 0, "title": "Другой"}, "fields": "title"}}
NONSENSE = {"deleteSheet": {"sheetId": 404}}


def test_nothing_is_applied_when_one_request_fails(google: Google) -> None:
    """The first request is undone by the failure of the second."""
    book = google.create()

    with pytest.raises(HttpError, match=r"requests\[1\]"):
        google.batch(book, TITLE, NONSENSE)

    assert google.get(book, "sheets.properties.title")["sheets"][0]["properties"]["title"] == "Sheet1"


def test_later_requests_see_earlier_ones(google: Google) -> None:
    """A tab added by the first request is used by the second."""
    book = google.create()

    google.batch(
        book,
        {"addSheet": {"properties": {"sheetId": 5, "title": "Новый"}}},
        {
            "updateCells": {
                "start": {"sheetId": 5},
                "rows": [{"values": [{"userEnteredValue": {"stringValue": "да"}}]}],
                "fields": "userEnteredValue",
            }
        },
    )

    assert google.read(book, "'Новый'!A1") == [["да"]]


def test_answer_shows_the_workbook_after_the_batch(google: Google) -> None:
    """A write and a read of what it wrote are one call, masked by ``fields``."""
    book = google.grid([["a", "b"], ["c", "d"]])
    body = {
        "requests": [{"deleteDimension": {"range": {"dimension": "ROWS", "startIndex": 0, "endIndex": 1}}}],
        "includeSpreadsheetInResponse": True,
        "responseRanges": ["A1:B1"],
        "responseIncludeGridData": True,
    }

    answer = google.spreadsheets.batchUpdate(
        spreadsheetId=book,
        body=body,
        fields="replies,updatedSpreadsheet(sheets(data(rowData(values(formattedValue)))))",
    ).execute()

    assert answer == {
        "replies": [{}],
        "updatedSpreadsheet": {
            "sheets": [
                {"data": [{"rowData": [{"values": [{"formattedValue": "c"}, {"formattedValue": "d"}]}]}]}
            ]
        },
    }


def test_mask_with_slashes(google: Google) -> None:
    """``a/b`` and ``a(b)`` are the same mask."""
    book = google.create()

    assert google.get(book, "sheets/properties/title") == google.get(book, "sheets(properties(title))")


def test_update_cells_clears_what_the_range_covers(google: Google) -> None:
    """A range larger than its rows empties the rest under the mask."""
    book = google.grid([["a", "b"], ["c", "d"]])

    google.batch(
        book,
        {
            "updateCells": {
                "range": {
                    "sheetId": 0,
                    "startRowIndex": 0,
                    "endRowIndex": 2,
                    "startColumnIndex": 0,
                    "endColumnIndex": 2,
                },
                "rows": [{"values": [{"userEnteredValue": {"stringValue": "x"}}]}],
                "fields": "userEnteredValue",
            }
        },
    )

    assert google.read(book, "A1:B2") == [["x"]]


def test_masked_format_keeps_the_rest(google: Google) -> None:
    """A format update changes what its mask names and nothing else."""
    book = google.create()
    cell = {"sheetId": 0, "startRowIndex": 0, "endRowIndex": 1, "startColumnIndex": 0, "endColumnIndex": 1}

    for given, fields in (
        ({"textFormat": {"bold": True}, "horizontalAlignment": "RIGHT"}, "userEnteredFormat"),
        ({"textFormat": {"italic": True}}, "userEnteredFormat.textFormat.italic"),
    ):
        google.batch(
            book, {"repeatCell": {"range": cell, "cell": {"userEnteredFormat": given}, "fields": fields}}
        )

    assert google.cells(book, "A1", "userEnteredFormat") == [
        [
            {
                "userEnteredFormat": {
                    "textFormat": {"bold": True, "italic": True},
                    "horizontalAlignment": "RIGHT",
                }
            }
        ]
    ]


def test_colour_is_kept_in_eight_bits(google: Google) -> None:
    """A channel of 0.5 is read back as 127/255, in both spellings (recorded)."""
    book = google.create()

    google.batch(
        book,
        {
            "repeatCell": {
                "range": {"sheetId": 0, "endRowIndex": 1, "endColumnIndex": 1},
                "cell": {"userEnteredFormat": {"backgroundColor": {"red": 0.5}}},
                "fields": "userEnteredFormat.backgroundColor",
            }
        },
    )

    assert google.cells(book, "A1", "userEnteredFormat") == [
        [
            {
                "userEnteredFormat": {
                    "backgroundColor": {"red": 0.49803922},
                    "backgroundColorStyle": {"rgbColor": {"red": 0.49803922}},
                }
            }
        ]
    ]


def test_append_cells_after_the_last_row(google: Google) -> None:
    """``appendCells`` writes below everything on the tab."""
    book = google.grid([["a"], ["b"]])

    google.batch(
        book,
        {
            "appendCells": {
                "sheetId": 0,
                "rows": [{"values": [{"userEnteredValue": {"numberValue": 3}}]}],
                "fields": "userEnteredValue",
            }
        },
    )

    assert google.read(book, "A1:A5") == [["a"], ["b"], ["3"]]


def test_append_cells_looks_at_values_only(google: Google) -> None:
    """Rows that have a format and no value do not push the appended row down."""
    book = google.grid([["a"]])
    bold = {"userEnteredFormat": {"textFormat": {"bold": True}}}
    span = {"sheetId": 0, "startRowIndex": 0, "endRowIndex": 9, "startColumnIndex": 0, "endColumnIndex": 1}
    google.batch(book, {"repeatCell": {"range": span, "cell": bold, "fields": "userEnteredFormat"}})

    row = {"values": [{"userEnteredValue": {"stringValue": "b"}}]}
    google.batch(book, {"appendCells": {"sheetId": 0, "rows": [row], "fields": "userEnteredValue"}})

    assert google.read(book, "A1:A9") == [["a"], ["b"]]


def test_find_replace_counts(google: Google) -> None:
    """``findReplace`` on one whole cell is a compare-and-set: the reply says what changed."""
    book = google.grid([["Queued"], ["Queued later"]])
    request = {
        "findReplace": {
            "find": "Queued",
            "replacement": "In progress",
            "matchEntireCell": True,
            "range": {"sheetId": 0, "endRowIndex": 2, "endColumnIndex": 1},
        }
    }

    first = google.batch(book, request)["replies"][0]["findReplace"]
    second = google.batch(book, request)["replies"][0]["findReplace"]

    assert first == {"valuesChanged": 1, "occurrencesChanged": 1, "rowsChanged": 1, "sheetsChanged": 1}
    assert second == {}
    assert google.read(book, "A1:A2") == [["In progress"], ["Queued later"]]


def test_merge_keeps_the_first_value(google: Google) -> None:
    """The values of a merged range but the first are lost."""
    book = google.grid([["a", "b"]])
    span = {"sheetId": 0, "startRowIndex": 0, "endRowIndex": 1, "startColumnIndex": 0, "endColumnIndex": 2}

    google.batch(book, {"mergeCells": {"range": span, "mergeType": "MERGE_ALL"}})

    assert google.read(book, "A1:B1") == [["a"]]
    assert google.get(book, "sheets.merges")["sheets"][0]["merges"] == [
        {"startRowIndex": 0, "endRowIndex": 1, "startColumnIndex": 0, "endColumnIndex": 2}
    ]


def test_borders_of_a_range(google: Google) -> None:
    """An outer border is drawn on the edge of the range only."""
    book = google.create()
    span = {"sheetId": 0, "startRowIndex": 0, "endRowIndex": 2, "startColumnIndex": 0, "endColumnIndex": 1}

    google.batch(book, {"updateBorders": {"range": span, "top": {"style": "SOLID"}}})

    first = google.cells(book, "A1:A2", "userEnteredFormat.borders")
    assert [list(cell["userEnteredFormat"]["borders"]) for row in first for cell in row] == [["top"]]


def test_banding_paints_rows_in_turn(google: Google) -> None:
    """Banding shows in the effective format and cannot be put on twice."""
    book = google.grid([["a"], ["b"]])
    band = {
        "addBanding": {
            "bandedRange": {
                "range": {
                    "sheetId": 0,
                    "startRowIndex": 0,
                    "endRowIndex": 2,
                    "startColumnIndex": 0,
                    "endColumnIndex": 1,
                },
                "rowProperties": {"firstBandColor": {"red": 1}, "secondBandColor": {"blue": 1}},
            }
        }
    }

    google.batch(book, band)

    shown = google.cells(book, "A1:A2", "effectiveFormat.backgroundColor")
    assert [row[0]["effectiveFormat"]["backgroundColor"] for row in shown] == [{"red": 1}, {"blue": 1}]
    with pytest.raises(HttpError, match="already has alternating"):
        google.batch(book, band)


def test_chart_is_kept_and_given_back(google: Google) -> None:
    """A chart keeps its specification, and its sources follow inserted rows."""
    book = google.grid([["a", 1], ["b", 2]])
    source = {"sheetId": 0, "startRowIndex": 0, "endRowIndex": 2, "startColumnIndex": 1, "endColumnIndex": 2}
    spec = {
        "title": "Загрузка",
        "basicChart": {"chartType": "BAR", "series": [{"series": {"sourceRange": {"sources": [source]}}}]},
    }

    chart = {"spec": spec, "position": {"overlayPosition": {"anchorCell": {"rowIndex": 4}}}}
    google.batch(book, {"addChart": {"chart": chart}})
    google.batch(book, {"insertDimension": {"range": {"dimension": "ROWS", "startIndex": 0, "endIndex": 1}}})

    kept = google.get(book, "sheets.charts")["sheets"][0]["charts"][0]
    sources = kept["spec"]["basicChart"]["series"][0]["series"]["sourceRange"]["sources"]
    assert (sources[0]["startRowIndex"], sources[0]["endRowIndex"]) == (1, 3)
    assert kept["position"]["overlayPosition"]["anchorCell"] == {"rowIndex": 5}


def test_frozen_rows(google: Google) -> None:
    """Frozen rows are kept in the properties of the grid."""
    book = google.create()
    properties = {"sheetId": 0, "gridProperties": {"frozenRowCount": 2}}

    google.batch(
        book, {"updateSheetProperties": {"properties": properties, "fields": "gridProperties.frozenRowCount"}}
    )

    assert google.get(book, "sheets.properties.gridProperties")["sheets"][0]["properties"][
        "gridProperties"
    ] == {
        "rowCount": 1000,
        "columnCount": 26,
        "frozenRowCount": 2,
    }


def test_two_kinds_in_one_request(google: Google) -> None:
    """A request must be of one kind."""
    with pytest.raises(HttpError, match="Exactly one kind"):
        google.batch(google.create(), TITLE | NONSENSE)
