"""Objects on the grid: groups, filters, protection, names, tabs, ranges of cells."""

from __future__ import annotations

from typing import Any

import pytest
from googleapiclient.errors import HttpError

from tests.emulators.google.conftest import Google


def cells(top: int, bottom: int, left: int = 0, right: int = 1) -> dict[str, Any]:
    """A grid range of the first tab."""
    return {
        "sheetId": 0,
        "startRowIndex": top,
        "endRowIndex": bottom,
        "startColumnIndex": left,
        "endColumnIndex": right,
    }


def rows(start: int, end: int) -> dict[str, Any]:
    """A span of rows of the first tab."""
    return {"sheetId": 0, "dimension": "ROWS", "startIndex": start, "endIndex": end}


def first(google: Google, book: str, field: str) -> Any:
    """A field of the first tab."""
    return google.get(book, f"sheets.{field}")["sheets"][0].get(field.partition("(")[0].partition(".")[0])


def test_groups_nest_and_follow(google: Google) -> None:
    """A group inside a group is deeper; both follow inserted rows."""
    book = google.create()

    google.batch(
        book,
        {"addDimensionGroup": {"range": rows(1, 6)}},
        {"addDimensionGroup": {"range": rows(2, 4)}},
        {"insertDimension": {"range": rows(0, 1)}},
    )

    assert [
        (group["range"]["startIndex"], group["range"]["endIndex"], group["depth"])
        for group in first(google, book, "rowGroups")
    ] == [(2, 7, 1), (3, 5, 2)]


def test_collapsed_group_hides_its_rows(google: Google) -> None:
    """Collapsing a group hides the rows, expanding shows them."""
    book = google.create()
    group = {"range": rows(1, 3), "depth": 1, "collapsed": True}
    google.batch(book, {"addDimensionGroup": {"range": rows(1, 3)}})

    google.batch(book, {"updateDimensionGroup": {"dimensionGroup": group, "fields": "collapsed"}})

    shown = google.get(book, "sheets.data.rowMetadata.hiddenByUser", ranges="A1:A4")
    assert shown["sheets"][0]["data"][0]["rowMetadata"] == [
        {},
        {"hiddenByUser": True},
        {"hiddenByUser": True},
        {},
    ]


def test_sizes_of_columns(google: Google) -> None:
    """A width is kept, and goes with its column."""
    book = google.create()
    column = {"sheetId": 0, "dimension": "COLUMNS", "startIndex": 0, "endIndex": 1}

    google.batch(
        book,
        {
            "updateDimensionProperties": {
                "range": column,
                "properties": {"pixelSize": 250},
                "fields": "pixelSize",
            }
        },
        {"moveDimension": {"source": column, "destinationIndex": 2}},
    )

    shown = google.get(book, "sheets.data.columnMetadata.pixelSize", ranges="A1:B1")
    assert shown["sheets"][0]["data"][0]["columnMetadata"] == [{"pixelSize": 100}, {"pixelSize": 250}]


def test_filter_view(google: Google) -> None:
    """A filter view is added, changed, duplicated and deleted by its id."""
    book = google.create()
    added = google.batch(book, {"addFilterView": {"filter": {"title": "Срочные", "range": cells(0, 5)}}})
    view_id = added["replies"][0]["addFilterView"]["filter"]["filterViewId"]

    google.batch(
        book,
        {"updateFilterView": {"filter": {"filterViewId": view_id, "title": "Все"}, "fields": "title"}},
        {"duplicateFilterView": {"filterId": view_id}},
        {"deleteFilterView": {"filterId": view_id}},
    )

    assert [view["title"] for view in first(google, book, "filterViews")] == ["Copy of Все"]


def test_protected_range_is_changed_and_deleted(google: Google) -> None:
    """Editors are replaced under the mask; the owner is always among them."""
    book = google.create()
    span = {"range": cells(0, 1), "description": "Нормы", "editors": {"users": ["a@x.ru"]}}
    added = google.batch(book, {"addProtectedRange": {"protectedRange": span}})
    item_id = added["replies"][0]["addProtectedRange"]["protectedRange"]["protectedRangeId"]
    change = {"protectedRangeId": item_id, "editors": {"users": ["b@x.ru"]}}

    google.batch(book, {"updateProtectedRange": {"protectedRange": change, "fields": "editors"}})
    (kept,) = first(google, book, "protectedRanges")
    google.batch(book, {"deleteProtectedRange": {"protectedRangeId": item_id}})

    assert kept["editors"]["users"] == ["owner@example.com", "b@x.ru"]
    assert kept["description"] == "Нормы"
    assert first(google, book, "protectedRanges") is None


def test_named_range_is_deleted_with_its_cells(google: Google) -> None:
    """A name whose cells are deleted is gone."""
    book = google.create()
    google.batch(book, {"addNamedRange": {"namedRange": {"name": "limit", "range": cells(1, 2)}}})

    google.batch(book, {"deleteDimension": {"range": rows(1, 2)}})

    assert google.get(book, "namedRanges") == {}


@pytest.mark.parametrize("name", ["A1", "two words", "", "1st", "TRUE"])
def test_bad_name_of_a_range(google: Google, name: str) -> None:
    """A name must not look like a cell."""
    with pytest.raises(HttpError, match="not a valid name"):
        google.batch(google.create(), {"addNamedRange": {"namedRange": {"name": name, "range": cells(0, 1)}}})


def test_duplicate_sheet(google: Google) -> None:
    """A duplicate has the cells and rules under new ids, at the index that was asked for."""
    book = google.grid([["a"]])
    google.batch(book, {"addProtectedRange": {"protectedRange": {"range": cells(0, 1)}}})

    google.batch(
        book,
        {
            "duplicateSheet": {
                "sourceSheetId": 0,
                "newSheetId": 7,
                "newSheetName": "Вторая",
                "insertSheetIndex": 1,
            }
        },
    )

    sheets = google.get(book, "sheets(properties(sheetId,index),protectedRanges(protectedRangeId,range))")[
        "sheets"
    ]
    assert [sheet["properties"] for sheet in sheets] == [
        {"sheetId": 0, "index": 0},
        {"sheetId": 7, "index": 1},
    ]
    assert sheets[1]["protectedRanges"][0]["range"]["sheetId"] == 7
    assert (
        sheets[0]["protectedRanges"][0]["protectedRangeId"]
        != sheets[1]["protectedRanges"][0]["protectedRangeId"]
    )
    assert google.read(book, "'Вторая'!A1") == [["a"]]


def test_copy_to_another_workbook(google: Google) -> None:
    """A tab is copied into another workbook under a title of its own."""
    book, other = google.grid([["a"]]), google.create()

    answer = (
        google.spreadsheets.sheets()
        .copyTo(spreadsheetId=book, sheetId=0, body={"destinationSpreadsheetId": other})
        .execute()
    )

    assert answer["title"] == "Copy of Sheet1"
    assert google.read(other, "'Copy of Sheet1'!A1") == [["a"]]


def test_move_a_tab(google: Google) -> None:
    """A tab moved to an index stands there, and all are numbered again."""
    book = google.create(*({"properties": {"sheetId": index, "title": str(index)}} for index in (1, 2, 3)))

    google.batch(
        book, {"updateSheetProperties": {"properties": {"sheetId": 3, "index": 0}, "fields": "index"}}
    )

    sheets = google.get(book, "sheets.properties(title,index)")["sheets"]
    assert [sheet["properties"] for sheet in sheets] == [
        {"title": "3", "index": 0},
        {"title": "1", "index": 1},
        {"title": "2", "index": 2},
    ]


def test_insert_range_shifts_only_its_columns(google: Google) -> None:
    """Inserting cells in column A leaves column B."""
    book = google.grid([["a", "1"], ["b", "2"]])

    google.batch(book, {"insertRange": {"range": cells(0, 1), "shiftDimension": "ROWS"}})

    assert google.read(book, "A1:B3") == [["", "1"], ["a", "2"], ["b"]]


def test_delete_range_pulls_up_only_its_columns(google: Google) -> None:
    """Deleting a cell of column A leaves column B."""
    book = google.grid([["a", "1"], ["b", "2"]])

    google.batch(book, {"deleteRange": {"range": cells(0, 1), "shiftDimension": "ROWS"}})

    assert google.read(book, "A1:B2") == [["b", "1"], ["", "2"]]


PASTES = [
    ("PASTE_NORMAL", ("=B1*2", True)),
    ("PASTE_VALUES", (3, False)),
    ("PASTE_FORMAT", (None, True)),
    ("PASTE_FORMULA", ("=B1*2", False)),
]


@pytest.mark.parametrize(("kind", "wanted"), PASTES)
def test_paste_types(google: Google, kind: str, wanted: tuple[Any, bool]) -> None:
    """Value and format after each kind of paste of a bold formula."""
    book = google.grid([["=1+2"]])
    cell = {
        "userEnteredValue": {"formulaValue": "=A1*2"},
        "userEnteredFormat": {"textFormat": {"bold": True}},
    }
    google.batch(
        book, {"updateCells": {"start": {"columnIndex": 1}, "rows": [{"values": [cell]}], "fields": "*"}}
    )
    google.type(book, "A1", [[1.5]])

    google.batch(
        book,
        {"copyPaste": {"source": cells(0, 1, 1, 2), "destination": cells(0, 1, 2, 3), "pasteType": kind}},
    )

    found = google.read(book, "C1", "FORMULA")
    bold = google.cells(book, "C1", "userEnteredFormat.textFormat.bold")
    assert (found[0][0] if found else None, bool(bold and bold[0][0])) == wanted


def test_copy_repeats_into_a_larger_range(google: Google) -> None:
    """One cell copied over three fills all of them."""
    book = google.grid([["x"]])

    google.batch(book, {"copyPaste": {"source": cells(0, 1), "destination": cells(1, 4)}})

    assert google.read(book, "A1:A4") == [["x"], ["x"], ["x"], ["x"]]


def test_transposed_copy(google: Google) -> None:
    """A row becomes a column."""
    book = google.grid([["a", "b", "c"]])
    paste = {"source": cells(0, 1, 0, 3), "destination": cells(1, 2), "pasteOrientation": "TRANSPOSE"}

    google.batch(book, {"copyPaste": paste})

    assert google.read(book, "A2:A4") == [["a"], ["b"], ["c"]]


def test_inserted_row_inherits_the_format(google: Google) -> None:
    """A row inserted below a bold row with ``inheritFromBefore`` is bold and empty."""
    book = google.grid([["x"]])
    bold = {"userEnteredFormat": {"textFormat": {"bold": True}}}
    google.batch(book, {"repeatCell": {"range": cells(0, 1), "cell": bold, "fields": "userEnteredFormat"}})

    google.batch(book, {"insertDimension": {"range": rows(1, 2), "inheritFromBefore": True}})

    assert google.cells(book, "A2", "userEnteredFormat,userEnteredValue") == [[bold]]


def test_smaller_grid_drops_cells(google: Google) -> None:
    """Rows cut off are gone with their cells."""
    book = google.grid([["a"], ["b"]])
    properties = {"sheetId": 0, "gridProperties": {"rowCount": 1}}

    google.batch(
        book, {"updateSheetProperties": {"properties": properties, "fields": "gridProperties.rowCount"}}
    )

    assert google.read(book, "Sheet1") == [["a"]]


def test_sort_puts_empty_cells_last(google: Google) -> None:
    """Numbers, then texts, then nothing; empty cells are last in both orders."""
    book = google.grid([["b"], [""], [2], ["a"], [1]])

    def sorted_column(order: str) -> list[str]:
        specs = [{"dimensionIndex": 0, "sortOrder": order}]
        google.batch(book, {"sortRange": {"range": cells(0, 5), "sortSpecs": specs}})
        return [row[0] for row in google.read(book, "A1:A5")]

    assert sorted_column("ASCENDING") == ["1", "2", "a", "b"]
    assert sorted_column("DESCENDING") == ["b", "a", "2", "1"]


def test_frozen_rows_cannot_be_all(google: Google) -> None:
    """Deleting every row that is not frozen is refused."""
    book = google.create({"properties": {"gridProperties": {"rowCount": 3, "frozenRowCount": 1}}})

    with pytest.raises(HttpError, match="not possible to delete all non-frozen rows"):
        google.batch(book, {"deleteDimension": {"range": rows(1, 3)}})


def test_last_visible_tab_cannot_be_deleted(google: Google) -> None:
    """A tab stays when only hidden ones would be left."""
    book = google.create({"properties": {"sheetId": 1}}, {"properties": {"sheetId": 2, "hidden": True}})

    with pytest.raises(HttpError, match="remove all the visible sheets"):
        google.batch(book, {"deleteSheet": {"sheetId": 1}})


def test_merge_that_reaches_out_is_refused(google: Google) -> None:
    """Unmerging a part of a merge is refused."""
    book = google.create()
    google.batch(book, {"mergeCells": {"range": cells(0, 2), "mergeType": "MERGE_ALL"}})

    with pytest.raises(HttpError, match="must select all cells in a merged range"):
        google.batch(book, {"unmergeCells": {"range": cells(0, 1)}})


def test_number_format_mask(google: Google) -> None:
    """A masked format update on a cell without a format works and keeps its value."""
    book = google.grid([[46349]])
    cell = {"userEnteredFormat": {"numberFormat": {"type": "DATE", "pattern": "dd.mm.yyyy"}}}

    google.batch(
        book, {"repeatCell": {"range": cells(0, 1), "cell": cell, "fields": "userEnteredFormat.numberFormat"}}
    )

    assert google.read(book, "A1") == [["23.11.2026"]]
