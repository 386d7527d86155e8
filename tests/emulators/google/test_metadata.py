"""Developer metadata: what it follows, when it is deleted, how it is found."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from googleapiclient.errors import HttpError

from tests.emulators.google.conftest import Google

Mark = Callable[..., dict[str, Any]]

ROWS = [["c"], ["a"], ["b"]]


@pytest.fixture
def book(google: Google, mark_row: Mark) -> str:
    """Rows c, a, b with metadata 101, 102, 103."""
    made = google.grid(ROWS)
    google.batch(made, *(mark_row(101 + index, index) for index in range(3)))
    return made


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
    # rows inserted before it push it down
    ({"insertDimension": {"range": span(1, 3)}}, {101: 0, 102: 3, 103: 4}),
    # a deleted row takes its metadata with it, those below come up
    ({"deleteDimension": {"range": span(0, 1)}}, {102: 0, 103: 1}),
    # a moved row carries it; the destination is counted before the move
    ({"moveDimension": {"source": span(0, 1), "destinationIndex": 3}}, {101: 2, 102: 0, 103: 1}),
    # a sorted row carries it: c, a, b becomes a, b, c
    ({"sortRange": {"range": cells(0, 3), "sortSpecs": [{"dimensionIndex": 0}]}}, {101: 2, 102: 0, 103: 1}),
    # cut cells leave it behind
    ({"cutPaste": {"source": cells(0, 1), "destination": {"rowIndex": 5}}}, {101: 0, 102: 1, 103: 2}),
    # copied cells do not copy it
    ({"copyPaste": {"source": cells(0, 1), "destination": cells(5, 6)}}, {101: 0, 102: 1, 103: 2}),
]


@pytest.mark.parametrize(("request_body", "wanted"), FOLLOWING)
def test_metadata_follows_its_row(
    google: Google, book: str, request_body: dict[str, Any], wanted: dict[int, int]
) -> None:
    """Where the metadata of the three rows is after a request."""
    google.batch(book, request_body)

    assert google.metadata(book) == wanted


def test_overwritten_values_keep_it(google: Google, book: str) -> None:
    """Metadata belongs to the row, not to its values."""
    google.type(book, "A1", [["x"]])

    assert google.metadata(book)[101] == 0


def test_id_in_use_is_refused(google: Google, book: str, mark_row: Mark) -> None:
    """An id is unique in the workbook, also across tabs."""
    with pytest.raises(HttpError, match="101"):
        google.batch(book, {"addSheet": {"properties": {"sheetId": 9}}}, mark_row(101, 0, sheet_id=9))


def test_freed_id_is_reusable_in_the_same_batch(google: Google, book: str, mark_row: Mark) -> None:
    """A row moves to another tab with its identity in one atomic call."""
    google.batch(
        book,
        {"addSheet": {"properties": {"sheetId": 9, "title": "В работе"}}},
        {"cutPaste": {"source": cells(0, 1), "destination": {"sheetId": 9, "rowIndex": 1}}},
        {"deleteDimension": {"range": span(0, 1)}},
        mark_row(101, 1, sheet_id=9),
    )

    assert google.metadata(book) == {101: 1, 102: 0, 103: 1}
    assert google.read(book, "'В работе'!A1:A3") == [[], ["c"]]


def test_move_of_the_wrong_row_is_refused_as_a_whole(google: Google, book: str, mark_row: Mark) -> None:
    """When the row was not where it was read, its metadata survives, so the batch fails and nothing moves."""
    with pytest.raises(HttpError, match="already in use"):
        google.batch(book, {"deleteDimension": {"range": span(1, 2)}}, mark_row(101, 1))

    assert google.read(book, "A1:A3") == ROWS


def test_delete_asserts_the_place(google: Google, book: str) -> None:
    """A delete by id and exact place fails when the row is elsewhere."""
    lookup = {
        "metadataId": 101,
        "locationMatchingStrategy": "EXACT_LOCATION",
        "metadataLocation": {"dimensionRange": span(1, 2)},
    }

    with pytest.raises(HttpError, match="No developer metadata matches"):
        google.batch(book, {"deleteDeveloperMetadata": {"dataFilter": {"developerMetadataLookup": lookup}}})


def test_update_points_it_elsewhere(google: Google, book: str) -> None:
    """A masked update of the location moves the entry to another row."""
    google.batch(
        book,
        {
            "updateDeveloperMetadata": {
                "dataFilters": [{"developerMetadataLookup": {"metadataId": 101}}],
                "developerMetadata": {"location": {"dimensionRange": span(7, 8)}},
                "fields": "location",
            }
        },
    )

    assert google.metadata(book)[101] == 7


def test_rows_cut_off_lose_it(google: Google, book: str) -> None:
    """A smaller grid deletes rows with their metadata."""
    properties = {"sheetId": 0, "gridProperties": {"rowCount": 1}}

    google.batch(
        book, {"updateSheetProperties": {"properties": properties, "fields": "gridProperties.rowCount"}}
    )

    assert google.metadata(book) == {101: 0}


def test_columns_and_tabs_and_the_workbook(google: Google, mark_row: Mark) -> None:
    """Metadata can be on a column, a tab and the workbook; a column's follows its column."""
    book = google.create()
    entry = {"metadataKey": "vitrina", "visibility": "DOCUMENT"}
    google.batch(
        book,
        mark_row(1, 2, dimension="COLUMNS"),
        {
            "createDeveloperMetadata": {
                "developerMetadata": entry | {"metadataId": 2, "location": {"sheetId": 0}}
            }
        },
        {
            "createDeveloperMetadata": {
                "developerMetadata": entry | {"metadataId": 3, "location": {"spreadsheet": True}}
            }
        },
        {"insertDimension": {"range": span(0, 1, "COLUMNS")}},
    )

    assert google.metadata(book) == {
        1: 3,
        2: {"locationType": "SHEET", "sheetId": 0},
        3: {"locationType": "SPREADSHEET", "spreadsheet": True},
    }


LOOKUPS = [
    # by id
    ({"metadataId": 102}, [102]),
    # by key
    ({"metadataKey": "r"}, [101, 102, 103]),
    # by kind of place
    ({"locationType": "COLUMN"}, [201]),
    # what meets row 2: the row itself and every column
    (
        {
            "metadataLocation": {"dimensionRange": span(1, 2)},
            "locationMatchingStrategy": "INTERSECTING_LOCATION",
        },
        [102, 201],
    ),
    # exactly row 2
    (
        {
            "metadataLocation": {"dimensionRange": span(1, 2)},
            "locationMatchingStrategy": "EXACT_LOCATION",
        },
        [102],
    ),
    # everything on the tab
    (
        {"metadataLocation": {"sheetId": 0}, "locationMatchingStrategy": "INTERSECTING_LOCATION"},
        [101, 102, 103, 201],
    ),
]


@pytest.mark.parametrize(("lookup", "wanted"), LOOKUPS)
def test_lookup(google: Google, book: str, mark_row: Mark, lookup: dict[str, Any], wanted: list[int]) -> None:
    """All given conditions of a lookup must hold."""
    request = mark_row(201, 0, dimension="COLUMNS")
    request["createDeveloperMetadata"]["developerMetadata"]["metadataKey"] = "c"
    google.batch(book, request)

    body = {"dataFilters": [{"developerMetadataLookup": lookup}]}
    found = google.spreadsheets.developerMetadata().search(spreadsheetId=book, body=body).execute()

    assert [item["developerMetadata"]["metadataId"] for item in found["matchedDeveloperMetadata"]] == wanted


def test_get_by_id(google: Google, book: str) -> None:
    """One entry by its id, with its place."""
    assert google.spreadsheets.developerMetadata().get(spreadsheetId=book, metadataId=102).execute() == {
        "metadataId": 102,
        "metadataKey": "r",
        "location": {
            "locationType": "ROW",
            "dimensionRange": {"dimension": "ROWS", "startIndex": 1, "endIndex": 2},
        },
        "visibility": "DOCUMENT",
    }


def test_it_comes_with_the_rows(google: Google, book: str) -> None:
    """``rowMetadata`` of the asked rows names it."""
    answer = google.get(book, "sheets.data.rowMetadata.developerMetadata.metadataId", ranges="A2:A4")

    assert answer["sheets"][0]["data"][0]["rowMetadata"] == [
        {"developerMetadata": [{"metadataId": 102}]},
        {"developerMetadata": [{"metadataId": 103}]},
        {},
    ]


def test_files_copy_keeps_it(google: Google, book: str) -> None:
    """A copy of the file has the same metadata with the same ids."""
    copy = google.drive.files().copy(fileId=book, body={"name": "Копия"}).execute()["id"]

    assert google.metadata(copy) == google.metadata(book)


def test_duplicate_sheet_drops_it(google: Google, book: str) -> None:
    """A copy of the tab has none, because ids are unique."""
    google.batch(book, {"duplicateSheet": {"sourceSheetId": 0, "newSheetName": "Копия"}})

    assert sorted(google.metadata(book)) == [101, 102, 103]


def test_deleted_sheet_takes_it(google: Google, book: str) -> None:
    """Metadata of a tab and its rows is deleted with the tab."""
    google.batch(book, {"addSheet": {"properties": {"sheetId": 9}}}, {"deleteSheet": {"sheetId": 0}})

    assert google.metadata(book) == {}


def test_limit_of_characters(google: Google, book: str) -> None:
    """A workbook itself keeps at most 30,000 characters of keys and values."""
    entry = {
        "metadataKey": "k",
        "metadataValue": "x" * 30_000,
        "visibility": "DOCUMENT",
        "location": {"spreadsheet": True},
    }

    with pytest.raises(HttpError, match="30000"):
        google.batch(book, {"createDeveloperMetadata": {"developerMetadata": entry}})


# Data filters


def test_values_by_metadata(google: Google, book: str) -> None:
    """A write and a read by metadata find the row where it is now."""
    google.batch(book, {"insertDimension": {"range": span(0, 4)}})
    data_filter = {"developerMetadataLookup": {"metadataId": 102}}

    written = google.values.batchUpdateByDataFilter(
        spreadsheetId=book,
        body={
            "valueInputOption": "RAW",
            "data": [{"dataFilter": data_filter, "majorDimension": "ROWS", "values": [[None, "готово"]]}],
        },
    ).execute()
    read = google.values.batchGetByDataFilter(
        spreadsheetId=book, body={"dataFilters": [data_filter]}
    ).execute()

    assert (written["totalUpdatedCells"], written["totalUpdatedRows"]) == (1, 1)
    assert read["valueRanges"][0]["valueRange"]["range"] == "Sheet1!A6:Z6"
    assert read["valueRanges"][0]["valueRange"]["values"] == [["a", "готово"]]


def test_write_by_metadata_that_is_gone(google: Google, book: str) -> None:
    """A filter that matches nothing writes nothing, and the totals say so."""
    data = [{"dataFilter": {"developerMetadataLookup": {"metadataId": 999}}, "values": [["x"]]}]

    written = google.values.batchUpdateByDataFilter(
        spreadsheetId=book, body={"valueInputOption": "RAW", "data": data}
    ).execute()

    assert written == {"spreadsheetId": book}


def test_spreadsheet_by_metadata(google: Google, book: str) -> None:
    """``getByDataFilter`` shows only the rows that the filters select."""
    body = {"dataFilters": [{"developerMetadataLookup": {"metadataId": 103}}], "includeGridData": True}

    answer = google.spreadsheets.getByDataFilter(
        spreadsheetId=book, body=body, fields="sheets.data(startRow,rowData.values.formattedValue)"
    ).execute()

    assert answer == {
        "sheets": [{"data": [{"startRow": 2, "rowData": [{"values": [{"formattedValue": "b"}]}]}]}]
    }


def test_clear_by_metadata(google: Google, book: str) -> None:
    """A clear by metadata empties the row where it is now."""
    body = {"dataFilters": [{"developerMetadataLookup": {"metadataId": 101}}]}

    google.values.batchClearByDataFilter(spreadsheetId=book, body=body).execute()

    assert google.read(book, "A1:A3") == [[], ["a"], ["b"]]
