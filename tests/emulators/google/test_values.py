"""The values collection: skipping, emptying, appending, rendering."""

from __future__ import annotations

from typing import Any

import pytest
from googleapiclient.errors import HttpError

from tests.emulators.google.conftest import Google


def append(google: Google, book: str, text: str, rows: list[list[Any]], **options: Any) -> dict[str, Any]:
    """Append rows to the table at a range."""
    return google.values.append(
        spreadsheetId=book, range=text, valueInputOption="RAW", body={"values": rows}, **options
    ).execute()


def test_null_skips_and_empty_text_empties(google: Google) -> None:
    """``null`` leaves a cell, ``""`` empties it."""
    book = google.grid([["a", "b", "c"]])

    google.type(book, "A1", [[None, "", "x"]])

    assert google.read(book, "A1:C1") == [["a", "", "x"]]


def test_write_keeps_note_and_validation(google: Google) -> None:
    """A new value leaves the note and the format of its cell."""
    book = google.create()
    cell = {"note": "важно", "userEnteredFormat": {"textFormat": {"bold": True}}}
    request = {"start": {"sheetId": 0}, "rows": [{"values": [cell]}], "fields": "note,userEnteredFormat"}
    google.batch(book, {"updateCells": request})

    google.type(book, "A1", [["x"]])

    assert google.cells(book, "A1", "note,userEnteredFormat.textFormat.bold,formattedValue") == [
        [{"note": "важно", "userEnteredFormat": {"textFormat": {"bold": True}}, "formattedValue": "x"}]
    ]


def test_raw_text_is_text(google: Google) -> None:
    """RAW keeps a formula as text, numbers as numbers."""
    book = google.create()

    google.values.update(
        spreadsheetId=book, range="A1", valueInputOption="RAW", body={"values": [["=1+1", "1,5", 2, True]]}
    ).execute()

    assert google.read(book, "A1:D1", "UNFORMATTED_VALUE") == [["=1+1", "1,5", 2, True]]


def test_option_is_required(google: Google) -> None:
    """A write must say how values are meant."""
    with pytest.raises(HttpError, match="'valueInputOption' is required"):
        google.values.update(spreadsheetId=google.create(), range="A1", body={"values": [["x"]]}).execute()


def test_write_beyond_the_named_range(google: Google) -> None:
    """Values may not go beyond a range of several cells."""
    with pytest.raises(HttpError) as caught:
        google.type(google.create(), "A1:B1", [["a"], ["b"]])

    assert (
        caught.value.reason == "Requested writing within range ['Sheet1'!A1:B1], but tried writing to row [2]"
    )


def test_columns_as_major_dimension(google: Google) -> None:
    """Columns can be written and read as lists."""
    book = google.create()
    body = {"majorDimension": "COLUMNS", "values": [["a", "b"], ["c"]]}
    google.values.update(spreadsheetId=book, range="A1", valueInputOption="RAW", body=body).execute()

    answer = google.values.get(spreadsheetId=book, range="A1:B2", majorDimension="COLUMNS").execute()

    assert google.read(book, "A1:B2") == [["a", "c"], ["b"]]
    assert answer["values"] == [["a", "b"], ["c"]]


def test_append_continues_the_connected_block(google: Google) -> None:
    """The row goes under the first column of the block that the range touches (recorded)."""
    book = google.create()
    google.type(book, "C1", [["x", "y"]])

    answer = append(google, book, "Sheet1", [["1"]])

    assert answer["tableRange"] == "Sheet1!C1:D1"
    assert google.read(book, "A2:D2") == [["", "", "1"]]


def test_append_insert_rows_shifts_what_is_below(google: Google) -> None:
    """INSERT_ROWS destroys nothing below the table."""
    book = google.grid([["a"], [""], ["below"]])

    append(google, book, "A1", [["b"]], insertDataOption="INSERT_ROWS")

    assert google.read(book, "A1:A5") == [["a"], ["b"], [], ["below"]]


def test_append_grows_the_grid(google: Google) -> None:
    """A full tab gets rows."""
    book = google.create({"properties": {"gridProperties": {"rowCount": 1, "columnCount": 1}}})
    google.type(book, "A1", [["a"]])

    append(google, book, "A1", [["b"]])

    assert google.read(book, "A1:A2") == [["a"], ["b"]]


def test_update_can_echo_the_values(google: Google) -> None:
    """The answer can hold what the cells show after the write."""
    book = google.create()

    answer = google.values.update(
        spreadsheetId=book,
        range="A1",
        valueInputOption="USER_ENTERED",
        includeValuesInResponse=True,
        body={"values": [["=1+1"]]},
    ).execute()

    assert answer["updatedData"]["values"] == [["2"]]


def test_named_range(google: Google) -> None:
    """Values can be read by the name of a range, which follows inserted rows."""
    book = google.grid([["a"], ["b"]])
    span = {"sheetId": 0, "startRowIndex": 1, "endRowIndex": 2, "startColumnIndex": 0, "endColumnIndex": 1}
    google.batch(
        book,
        {"addNamedRange": {"namedRange": {"name": "vt_client_name", "range": span}}},
        {"insertDimension": {"range": {"dimension": "ROWS", "startIndex": 0, "endIndex": 1}}},
    )

    answer = google.values.get(spreadsheetId=book, range="vt_client_name").execute()

    assert (answer["range"], answer["values"]) == ("Sheet1!A3", [["b"]])


def test_dates_as_texts(google: Google) -> None:
    """Unformatted dates are serial numbers unless texts are asked for."""
    book = google.grid([["2026-11-23"]])

    as_text = google.values.get(
        spreadsheetId=book,
        range="A1",
        valueRenderOption="UNFORMATTED_VALUE",
        dateTimeRenderOption="FORMATTED_STRING",
    ).execute()

    assert google.read(book, "A1", "UNFORMATTED_VALUE") == [[46349]]
    assert as_text["values"] == [["2026-11-23"]]


def test_too_long_text(google: Google) -> None:
    """A cell holds 50,000 characters."""
    book = google.create()
    google.type(book, "A1", [["x" * 50_000]])

    with pytest.raises(HttpError, match="maximum of 50000 characters"):
        google.type(book, "A1", [["x" * 50_001]])


def test_batch_clear_and_batch_get(google: Google) -> None:
    """Several ranges in one call."""
    book = google.grid([["a", "b", "c"]])

    google.values.batchClear(spreadsheetId=book, body={"ranges": ["A1", "C1"]}).execute()
    answer = google.values.batchGet(spreadsheetId=book, ranges=["A1", "B1"]).execute()

    assert [found.get("values") for found in answer["valueRanges"]] == [None, [["b"]]]


def test_values_batch_update_is_atomic(google: Google) -> None:
    """One bad range and nothing is written."""
    book = google.create()
    data = [{"range": "A1", "values": [["x"]]}, {"range": "Nowhere!A1", "values": [["y"]]}]

    with pytest.raises(HttpError, match="Unable to parse range"):
        google.values.batchUpdate(
            spreadsheetId=book, body={"valueInputOption": "RAW", "data": data}
        ).execute()

    assert google.read(book, "A1") == []
