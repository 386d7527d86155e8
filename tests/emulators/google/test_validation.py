"""Malformed requests are refused in Google's words, before anything is applied."""

from __future__ import annotations

from typing import Any

import pytest
from googleapiclient.errors import HttpError

from tests.emulators.google.conftest import Google, control


def refusal(call: Any) -> tuple[int, str]:
    """Status and sentence of a refused call."""
    with pytest.raises(HttpError) as caught:
        call.execute()
    return caught.value.resp.status, caught.value.reason


def batch_refusal(google: Google, *requests: dict[str, Any]) -> tuple[int, str]:
    """Status and sentence of a refused batch on a new workbook."""
    book = google.create()
    return refusal(google.spreadsheets.batchUpdate(spreadsheetId=book, body={"requests": list(requests)}))


def test_unknown_name(google: Google) -> None:
    """A field that no schema has is named with the path of its message in snake case."""
    request = {"updateCells": {"range": {"startRow": 0}, "fields": "note"}}

    assert batch_refusal(google, request) == (
        400,
        (
            "Invalid JSON payload received. Unknown name \"startRow\" at 'requests[0].update_cells.range': "
            "Cannot find field."
        ),
    )


WRONG_VALUES = [
    # a text that is no integer
    (
        {"insertDimension": {"range": {"startIndex": "x"}}},
        "'requests[0].insert_dimension.range.start_index' (TYPE_INT32), \"x\"",
    ),
    # a fraction where an integer is wanted
    (
        {"insertDimension": {"range": {"startIndex": 1.5}}},
        "'requests[0].insert_dimension.range.start_index' (TYPE_INT32), 1.5",
    ),
    # a word that no enum has
    (
        {"mergeCells": {"mergeType": "ALL"}},
        (
            "'requests[0].merge_cells.merge_type' "
            '(type.googleapis.com/google.apps.sheets.v4.MergeCellsRequest.MergeType), "ALL"'
        ),
    ),
    # a text where a message is wanted
    (
        {"mergeCells": {"range": "A1"}},
        "'requests[0].merge_cells.range' (type.googleapis.com/google.apps.sheets.v4.GridRange), \"A1\"",
    ),
    # a word where a truth is wanted
    (
        {"insertDimension": {"inheritFromBefore": "yes"}},
        "'requests[0].insert_dimension.inherit_from_before' (TYPE_BOOL), \"yes\"",
    ),
]


@pytest.mark.parametrize(("request_body", "wanted"), WRONG_VALUES)
def test_wrong_value(google: Google, request_body: dict[str, Any], wanted: str) -> None:
    """A value of the wrong type is named with the type that was wanted."""
    assert batch_refusal(google, request_body) == (400, f"Invalid value at {wanted}")


def test_list_in_place_of_message(google: Google) -> None:
    """A list where one message is wanted is refused by name."""
    status, text = batch_refusal(google, {"mergeCells": {"range": []}})

    assert status == 400
    assert text.endswith("'requests[0].merge_cells': Proto field is not repeating, cannot start list.")


def test_all_violations_at_once(google: Google) -> None:
    """Every violation of a body is in one answer."""
    _, text = batch_refusal(google, {"mergeCells": {"a": 1}}, {"mergeCells": {"b": 1}})

    assert text.count("Cannot find field.") == 2


def test_proto3_json_is_accepted(google: Google) -> None:
    """Snake case names, integers as texts and nulls are legal proto3 JSON."""
    book = google.create()
    request = {
        "insert_dimension": {
            "range": {"sheet_id": 0, "dimension": "ROWS", "start_index": "1", "end_index": 3}
        }
    }

    google.batch(book, request | {"mergeCells": None})

    properties = google.get(book, "sheets.properties")["sheets"][0]["properties"]
    assert properties["gridProperties"]["rowCount"] == 1002


def test_unknown_query_parameter(google: Google) -> None:
    """Sheets refuses a query parameter that it does not have."""
    with pytest.raises(Exception, match="400"):
        control(google.base, f"/v4/spreadsheets/{google.create()}?includeGrid=true", method="GET")


def test_unknown_field_of_answer(google: Google) -> None:
    """A mask of the answer that names no field is refused."""
    status, _ = refusal(google.spreadsheets.get(spreadsheetId=google.create(), fields="sheetz"))

    assert status == 400


def test_unknown_field_of_update(google: Google) -> None:
    """A mask of an update that names no field is refused with the place of the request."""
    request = {"updateSheetProperties": {"properties": {"sheetId": 0}, "fields": "titel"}}

    assert batch_refusal(google, request) == (
        400,
        "Invalid requests[0].updateSheetProperties: Invalid field: titel",
    )


def test_missing_field_mask(google: Google) -> None:
    """An update without a mask is refused."""
    status, text = batch_refusal(google, {"updateSheetProperties": {"properties": {"sheetId": 0}}})

    assert (status, text.partition(": ")[2]) == (
        400,
        "At least one field must be listed in 'fields'. (Use '*' to indicate all fields.)",
    )


MEANINGLESS = [
    ({"deleteSheet": {"sheetId": 7}}, "deleteSheet: No sheet with id: 7"),
    ({"deleteSheet": {"sheetId": 0}}, "deleteSheet: You can't remove all the sheets in a document."),
    ({"mergeCells": {"range": {"sheetId": 7}}}, "mergeCells: No grid with id: 7"),
    (
        {"addSheet": {"properties": {"title": "sheet1"}}},
        'addSheet: A sheet with the name "sheet1" already exists. Please enter another name.',
    ),
    (
        {"updateSheetProperties": {"properties": {"sheetId": 0, "hidden": True}, "fields": "hidden"}},
        "updateSheetProperties: You can't hide all the sheets in a document.",
    ),
    (
        {"deleteDimension": {"range": {"dimension": "ROWS", "startIndex": 1000, "endIndex": 1001}}},
        (
            "deleteDimension: Cannot delete a row that doesn't exist. "
            "Tried to delete row index 1000 but there are only 1000 rows."
        ),
    ),
    (
        {
            "updateCells": {
                "range": {"endRowIndex": 1, "endColumnIndex": 1},
                "rows": [{}, {}],
                "fields": "note",
            }
        },
        "updateCells: Attempting to write row: 1, beyond the last requested row of: 0",
    ),
]


@pytest.mark.parametrize(("request_body", "wanted"), MEANINGLESS)
def test_meaningless_request(google: Google, request_body: dict[str, Any], wanted: str) -> None:
    """A well-formed request that means nothing is refused with Google's sentence."""
    assert batch_refusal(google, request_body) == (400, f"Invalid requests[0].{wanted}")


def test_no_requests(google: Google) -> None:
    """An empty batch is refused."""
    assert batch_refusal(google) == (400, "Must specify at least one request.")


def test_request_that_is_not_modelled(google: Google) -> None:
    """A request kind that Google has and the emulator has not answers 501 and its name."""
    request = {"addTable": {"table": {"name": "x"}}}

    assert batch_refusal(google, request) == (501, "The emulator does not model the request addTable.")


def test_method_that_is_not_modelled(google: Google) -> None:
    """A method that Google has and the emulator has not answers 501 and its name."""
    status, text = refusal(google.drive.changes().getStartPageToken())

    assert (status, text) == (501, "The emulator does not model the method drive.changes.getStartPageToken.")


def test_unknown_spreadsheet(google: Google) -> None:
    """A workbook that does not exist answers Google's 404."""
    assert refusal(google.spreadsheets.get(spreadsheetId="nope")) == (404, "Requested entity was not found.")


BAD_RANGES = [
    ("Нет!A1", "Unable to parse range: Нет!A1"),
    ("A0", "Unable to parse range: A0"),
    ("A1001", "Range (Sheet1!A1001) exceeds grid limits. Max rows: 1000, max columns: 26"),
]


@pytest.mark.parametrize(("text", "wanted"), BAD_RANGES)
def test_bad_range(google: Google, text: str, wanted: str) -> None:
    """A range that cannot be read or is off the grid is refused with Google's sentence."""
    assert refusal(google.values.get(spreadsheetId=google.create(), range=text)) == (400, wanted)


def test_long_body(google: Google) -> None:
    """A body of more than 10 MB is refused, and nothing of it is written."""
    book = google.grid([["a"]])
    rows = [{"values": [{"userEnteredValue": {"stringValue": "x" * 50_000}}]}] * 210
    start = {"sheetId": 0, "rowIndex": 0, "columnIndex": 0}
    requests = [{"updateCells": {"start": start, "rows": rows, "fields": "userEnteredValue"}}]

    answer = refusal(google.spreadsheets.batchUpdate(spreadsheetId=book, body={"requests": requests}))

    assert answer == (400, "Request payload size exceeds the limit: 10485760 bytes.")
    assert google.read(book, "A1:A2") == [["a"]]
