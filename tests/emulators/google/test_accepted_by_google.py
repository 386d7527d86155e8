"""What an audit found to be refused or different here, and fine on Google. Tests carry its numbers."""

from __future__ import annotations

import pytest
from googleapiclient.errors import HttpError

from tests.emulators.google.conftest import Google

SHEET = {"properties": {"sheetId": 0, "gridProperties": {"rowCount": 10, "columnCount": 4}}}
AREA = {"sheetId": 0, "startRowIndex": 0, "endRowIndex": 3, "startColumnIndex": 0, "endColumnIndex": 2}


def test_row_b1_ranges_by_numbers_of_rows_and_columns(google: Google) -> None:
    """``R2C1:R3C2`` is a range, on a tab or without one; a tab of that name has priority."""
    book = google.grid([[1, 2], [3, 4], [5, 6]])

    assert google.read(book, "R2C1:R3C2") == [["3", "4"], ["5", "6"]]
    assert google.read(book, "Sheet1!R1C2") == [["2"]]
    google.type(book, "R1C1", [[9]])
    assert google.read(book, "A1") == [["9"]]


def test_row_b2_lookup_with_place_and_kind(google: Google, mark_row) -> None:  # type: ignore[no-untyped-def]
    """A lookup may have a place and a kind of place: what meets the one and is of the other."""
    book = google.create(SHEET)
    google.batch(book, mark_row(1, 4), mark_row(2, 0, dimension="COLUMNS"))
    column = {"sheetId": 0, "dimension": "COLUMNS", "startIndex": 0, "endIndex": 1}
    lookup = {"metadataLocation": {"dimensionRange": column}, "locationType": "ROW"}

    answer = (
        google.spreadsheets.developerMetadata()
        .search(spreadsheetId=book, body={"dataFilters": [{"developerMetadataLookup": lookup}]})
        .execute()
    )

    assert [one["developerMetadata"]["metadataId"] for one in answer["matchedDeveloperMetadata"]] == [1]


def chart(**position: object) -> dict[str, object]:
    """The request for a chart at a place."""
    data = {"sourceRange": {"sources": [AREA]}}
    spec = {"basicChart": {"chartType": "LINE", "series": [{"series": data}]}}
    return {"addChart": {"chart": {"spec": spec, "position": position}}}


def test_row_b3_chart_on_a_tab_of_its_own(google: Google) -> None:
    """Google makes the tab; the emulator does not model it, and does not call the request wrong."""
    with pytest.raises(HttpError) as caught:
        google.batch(google.create(SHEET), chart(newSheet=True))

    assert caught.value.status_code == 501


def test_row_b4_files_by_recency(google: Google) -> None:
    """The files that were changed last come first."""
    first, second = google.create(title="раз"), google.create(title="два")
    for book, moment in ((second, "2026-01-01T00:00:00Z"), (first, "2026-02-01T00:00:00Z")):
        google.drive.files().update(fileId=book, body={"modifiedTime": moment}).execute()

    answer = google.drive.files().list(orderBy="recency desc").execute()

    assert [file["id"] for file in answer["files"]] == [first, second]


def test_row_b5_lists_inside_the_list_of_requests(google: Google) -> None:
    """Lists inside of a list of messages are opened, whatever their depth."""
    book = google.create(SHEET)
    rows = {"appendDimension": {"sheetId": 0, "dimension": "ROWS", "length": 1}}

    google.spreadsheets.batchUpdate(spreadsheetId=book, body={"requests": [rows, [rows, [rows]]]}).execute()

    [sheet] = google.get(book, "sheets.properties.gridProperties.rowCount")["sheets"]
    assert sheet["properties"]["gridProperties"]["rowCount"] == 13


def test_row_b6_export_ends_without_a_line_break(google: Google) -> None:
    """Line breaks stand between rows only."""
    book = google.grid([["a", "b"], ["c"]])

    content = google.drive.files().export(fileId=book, mimeType="text/csv").execute()

    assert content == b"a,b\r\nc,"


def test_row_b7_colours_come_back(google: Google) -> None:
    """Each of the 256 levels is the same after it was read and written again."""
    book = google.create({"properties": {"gridProperties": {"rowCount": 256, "columnCount": 1}}})

    def write(colours: list[dict[str, float]]) -> list[dict[str, float]]:
        rows = [{"values": [{"userEnteredFormat": {"backgroundColor": one}}]} for one in colours]
        place = {"sheetId": 0, "rowIndex": 0, "columnIndex": 0}
        sheet_id = google.get(book, "sheets.properties.sheetId")["sheets"][0]["properties"]["sheetId"]
        update = {"start": place | {"sheetId": sheet_id}, "rows": rows, "fields": "userEnteredFormat"}
        google.batch(book, {"updateCells": update})
        read = google.cells(book, "A1:A256", "userEnteredFormat.backgroundColor")
        return [cell["userEnteredFormat"]["backgroundColor"] for [cell] in read]

    once = write([{"green": level / 255} for level in range(256)])

    assert [round(one.get("green", 0) * 255) for one in once] == list(range(256))
    assert write(once) == once


def test_row_b8_warning_without_editors(google: Google) -> None:
    """A protection that only warns needs no editors, and has none."""
    book = google.create(SHEET)

    [reply] = google.batch(
        book, {"addProtectedRange": {"protectedRange": {"range": AREA, "warningOnly": True}}}
    )["replies"]

    protected = reply["addProtectedRange"]["protectedRange"]
    assert protected["warningOnly"]
    assert "editors" not in protected


def test_row_b9_font_of_a_chart(google: Google) -> None:
    """A chart has a font, and a rule for hidden rows, without being told."""
    [reply] = google.batch(google.create(SHEET), chart(overlayPosition={}))["replies"]

    spec = reply["addChart"]["chart"]["spec"]
    assert (spec["fontName"], spec["hiddenDimensionStrategy"]) == ("Roboto", "SKIP_HIDDEN_ROWS_AND_COLUMNS")


def test_row_b10_append_with_new_rows_to_an_empty_tab(google: Google) -> None:
    """``INSERT_ROWS`` inserts rows into an empty tab as well: what stood lower moves down."""
    book = google.create(SHEET)

    answer = google.values.append(
        spreadsheetId=book,
        range="A1",
        valueInputOption="RAW",
        insertDataOption="INSERT_ROWS",
        body={"values": [["a"], ["b"]]},
    ).execute()

    [sheet] = google.get(book, "sheets.properties.gridProperties.rowCount")["sheets"]
    assert sheet["properties"]["gridProperties"]["rowCount"] == 12
    assert answer["updates"]["updatedRange"] == "Sheet1!A1:A2"
    assert "tableRange" not in answer


def test_row_b11_range_that_is_larger_than_the_grid(google: Google) -> None:
    """The range of a write may run past the grid if the values do not."""
    book = google.create(SHEET)

    google.type(book, "A1:Z2000", [[1, 2], [3, 4]])

    assert google.read(book, "A1:B2") == [["1", "2"], ["3", "4"]]
    with pytest.raises(HttpError, match="exceeds grid limits"):
        google.type(book, "A10:Z2000", [[1], [2]])
    with pytest.raises(HttpError, match="exceeds grid limits"):
        google.type(book, "A11:Z2000", [[1]])


def test_row_b12_filters_that_say_nothing(google: Google) -> None:
    """Empty specifications are accepted and not shown."""
    book = google.create(SHEET)

    google.batch(
        book,
        {"setBasicFilter": {"filter": {"range": AREA, "filterSpecs": []}}},
        {"addFilterView": {"filter": {"range": AREA, "title": "Все", "filterSpecs": [{}], "criteria": {}}}},
    )

    [sheet] = google.get(book, "sheets(basicFilter,filterViews)")["sheets"]
    assert not {"filterSpecs", "criteria"} & (sheet["basicFilter"].keys() | sheet["filterViews"][0].keys())
