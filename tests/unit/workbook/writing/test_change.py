"""Guarded writes: few requests, and a batch that fails as a whole if a row is not where it was read."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.harness.parsing import parsed
from tests.unit.workbook.books import backlog, resource, sheet
from vitrina.workbook.reading.book import Tab
from vitrina.workbook.writing import row_writes
from vitrina.workbook.writing.change import Formula, NewRow, Value, WorkbookChange
from vitrina.workbook.writing.compare import SHEET_ID as COMPARED
from vitrina.workbook.writing.shelf import NewShelf


def tab_of(*numbers: int | None) -> Tab:
    """A backlog with rows of these numbers."""
    return backlog(*((number, {"task": f"Задача {number}"}) for number in numbers)).tab("backlog")


def kinds(requests: list[dict[str, Any]]) -> list[str]:
    """Names of the requests, in order."""
    return [next(iter(request)) for request in requests]


def without_layout(requests: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The requests without those that guard headers and columns, or compare."""
    return [request for request in without_comparison(requests) if _mark_id(request) not in range(700, 1000)]


def without_comparison(requests: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The requests without those on the temporary tab of the comparison."""
    made = [
        at
        for at, one in enumerate(requests)
        if one.get("addSheet", {}).get("properties", {}).get("sheetId") == COMPARED
    ]
    gone = [at for at, one in enumerate(requests) if one.get("deleteSheet", {}).get("sheetId") == COMPARED]
    assert len(made) == len(gone) <= 1
    return requests[: made[0]] + requests[gone[0] + 1 :] if made else requests


def _mark_id(request: dict[str, Any]) -> int | None:
    if "createDeveloperMetadata" in request:
        return request["createDeveloperMetadata"]["developerMetadata"].get("metadataId")
    if "deleteDeveloperMetadata" in request:
        lookup = request["deleteDeveloperMetadata"]["dataFilter"]["developerMetadataLookup"]
        return int(lookup["metadataId"])
    return None


def test_an_empty_change_is_nothing() -> None:
    """An empty change is false and has no requests."""
    change = WorkbookChange()

    assert not change
    assert change.requests() == []


def test_cells_of_a_row_are_written_together_as_one_by_one() -> None:
    """The requests are the same, and so is what undoing needs."""
    tab = tab_of(1, 2)
    values: dict[str, Value] = {"task": "Логотип", "hours.design": 4.0, "source": None}
    together, single = WorkbookChange(), WorkbookChange()
    for row in tab.rows:
        together.set_cells(tab, row, values)
        for column, value in values.items():
            single.set(tab, row, column, value)

    assert together.requests() == single.requests()
    assert together.trace.kept() == single.trace.kept()


def test_a_tab_whose_cells_stay_the_same_is_not_recorded() -> None:
    """People may move its columns, and the action can still be undone."""
    tab = tab_of(1)
    change = WorkbookChange()
    change.set(tab, tab.rows[0], "task", "Задача 1")

    assert change.trace.kept()["columns"] == {}
    assert not change.trace


@pytest.mark.parametrize(
    ("value", "entered"),
    [
        ("=1+1", {"stringValue": "=1+1"}),  # text from outside is text
        ("'", {"stringValue": "'"}),
        (1.5, {"numberValue": 1.5}),
        (date(2026, 9, 5), {"numberValue": 46270}),
        (Formula("=SUM(A1;B1)"), {"formulaValue": "=SUM(A1;B1)"}),
    ],
)
def test_values_travel_typed(value: Value, entered: dict[str, Any]) -> None:
    """Values have their types; only our own ``Formula`` is a formula."""
    tab = tab_of(1)
    change = WorkbookChange()
    change.set(tab, tab.rows[0], "task", value)

    written = change.requests()[-1]["updateCells"]

    assert written["rows"] == [{"values": [{"userEnteredValue": entered}]}]
    assert written["fields"] == "userEnteredValue"


def test_nothing_but_the_value_is_touched() -> None:
    """A cleared cell keeps its format, and a note is written separately."""
    tab = tab_of(1)
    change = WorkbookChange()
    change.set(tab, tab.rows[0], "task", None)
    change.note(tab, tab.rows[0], "task", "по норме")

    written = without_comparison(change.requests())
    values, notes = (request["updateCells"] for request in written if "updateCells" in request)

    assert (values["rows"], values["fields"]) == ([{"values": [{}]}], "userEnteredValue")
    assert (notes["rows"], notes["fields"]) == ([{"values": [{"note": "по норме"}]}], "note")


def test_a_known_row_is_guarded_once_before_it_is_written() -> None:
    """The mark is deleted and created again where the row was read, once for all its cells."""
    tab = tab_of(5, 6)
    change = WorkbookChange()
    for column in ("task", "source", "id"):
        change.set(tab, tab.rows[1], column, "х")

    requests = without_layout(change.requests())

    assert kinds(requests)[:2] == ["deleteDeveloperMetadata", "createDeveloperMetadata"]
    assert set(kinds(requests)[2:]) == {"updateCells"}
    lookup = requests[0]["deleteDeveloperMetadata"]["dataFilter"]["developerMetadataLookup"]
    place = {"sheetId": tab.sheet_id, "dimension": "ROWS", "startIndex": 3, "endIndex": 4}
    assert (lookup["metadataId"], lookup["locationMatchingStrategy"]) == (6, "EXACT_LOCATION")
    assert lookup["metadataLocation"] == {"dimensionRange": place}
    made = requests[1]["createDeveloperMetadata"]["developerMetadata"]
    assert (made["metadataId"], made["location"]) == (6, {"dimensionRange": place})


def test_a_new_row_gets_its_mark() -> None:
    """A row without a mark needs no guard; creating its mark fails if the number is in use."""
    tab = tab_of(None)
    change = WorkbookChange()
    change.identify(tab, tab.rows[0], 9)
    change.set(tab, tab.rows[0], "id", "ЗРН-9")

    requests = without_layout(change.requests())

    assert kinds(requests) == ["createDeveloperMetadata", "updateCells"]
    made = requests[0]["createDeveloperMetadata"]["developerMetadata"]
    assert (made["metadataId"], made["metadataKey"]) == (9, "r")


def test_rows_are_deleted_from_below() -> None:
    """Rows are deleted from the bottom, so that other positions stay right; neighbours are one request."""
    tab = tab_of(1, 2, 3, 4)
    change = WorkbookChange()
    for row in (tab.rows[0], tab.rows[2], tab.rows[3]):
        change.move_out(tab, row, 1)

    deletions = [one["deleteDimension"]["range"] for one in change.requests() if "deleteDimension" in one]
    spans = [(deleted["startIndex"], deleted["endIndex"]) for deleted in deletions]

    assert spans == [(4, 6), (2, 3)]


def test_a_row_that_moves_is_deleted_before_its_mark_is_made_elsewhere() -> None:
    """If the wrong row was deleted, the mark is still in use, and the whole batch is refused."""
    book = parsed(
        resource(
            sheet("backlog", ("id", "task"), [(4, {"task": "А"})]),
            sheet("in_progress", ("id", "action"), [(3, {"action": "Б"})], sheet_id=8),
        )
    )
    source, target = book.tab("backlog"), book.tab("in_progress")
    change = WorkbookChange()
    change.shelve_on(None, NewShelf("Полка"))
    change.move_out(source, source.rows[0], 4)
    change.insert(target, [NewRow(4, {"id": "ЗРН-4", "action": "А"})])

    requests = without_layout(change.requests())

    assert kinds(requests) == [
        "deleteDeveloperMetadata",
        "createDeveloperMetadata",
        "addSheet",  # the shelf
        "createDeveloperMetadata",
        "createDeveloperMetadata",
        "copyPaste",  # its heading
        "cutPaste",
        "createDeveloperMetadata",
        "deleteDimension",
        "insertDimension",
        "copyPaste",  # the format
        "copyPaste",  # the choices
        "updateCells",
        "createDeveloperMetadata",
    ]
    assert requests[6]["cutPaste"]["source"]["sheetId"] == source.sheet_id
    assert requests[8]["deleteDimension"]["range"]["sheetId"] == source.sheet_id
    mark = requests[-1]["createDeveloperMetadata"]["developerMetadata"]
    assert mark["metadataId"] == 4
    assert mark["location"]["dimensionRange"] == {
        "sheetId": target.sheet_id,
        "dimension": "ROWS",
        "startIndex": target.header_index + 1,
        "endIndex": target.header_index + 2,
    }


def test_a_move_guards_every_row_of_its_tab() -> None:
    """A move guards every row; otherwise a neighbour of a deleted row could be deleted in its place."""
    tab = tab_of(1, 2, 3)
    change = WorkbookChange()
    change.set(tab, tab.rows[0], "source", "х")
    change.move_out(tab, tab.rows[0], 1)

    guards = [_mark_id(one) for one in without_layout(change.requests()) if _mark_id(one) is not None]

    assert [one for one in guards if one in (1, 2, 3)] == [1, 1, 2, 2, 3, 3]


def test_header_and_columns_are_guarded_wherever_something_is_written() -> None:
    """If people inserted a column or a row above the heading, nothing may be written to old positions."""
    tab = tab_of(1)
    change = WorkbookChange()
    change.note(tab, tab.rows[0], "task", "х")

    guarded = {_mark_id(one) for one in change.requests()} & set(range(700, 1000))

    assert guarded == {mark.metadata_id for mark in tab.marks}
    assert len(guarded) == len(tab.columns) + 1


def test_neighbouring_cells_become_one_request() -> None:
    """Writes to neighbouring cells are joined, so a thousand rows need few requests."""
    tab = tab_of(*range(1, 51))
    change = WorkbookChange()
    for row in tab.rows:
        for column in ("quantity", "hours.design", "hours.copy"):
            change.set(tab, row, column, 1.0)

    requests = without_comparison(change.requests())
    [written] = [one["updateCells"] for one in requests if "updateCells" in one]

    assert written["range"] == {
        "sheetId": tab.sheet_id,
        "startRowIndex": 2,
        "endRowIndex": 52,
        "startColumnIndex": 5,
        "endColumnIndex": 8,
    }
    assert len(written["rows"]) == 50


def test_cells_between_written_ones_are_left_alone() -> None:
    """No request covers a cell that should not be written, such as a person's own column."""
    tab = tab_of(1, 2, 3)
    change = WorkbookChange()
    wanted = {(0, "id"), (0, "task"), (1, "task"), (2, "id"), (2, "hours.copy")}
    for row, column in wanted:
        change.set(tab, tab.rows[row], column, "х")

    covered = set()
    for request in without_comparison(change.requests()):
        if "updateCells" not in request:
            continue
        box, rows = request["updateCells"]["range"], request["updateCells"]["rows"]
        assert len(rows) == box["endRowIndex"] - box["startRowIndex"]
        covered |= {
            (row, column)
            for row in range(box["startRowIndex"], box["endRowIndex"])
            for column in range(box["startColumnIndex"], box["endColumnIndex"])
        }

    assert covered == {(2 + row, tab.column(column)) for row, column in wanted}


def test_a_long_change_is_sent_in_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each cell is written once, with the guard of its row; rows move in the last batch, which guards all."""
    monkeypatch.setattr(row_writes, "MOST_ROWS", 2)
    tab = tab_of(1, 2, 3, None, 5, 6, 7)
    change = WorkbookChange()
    for row in tab.rows[:5]:
        change.set(tab, row, "source", "х")
    change.identify(tab, tab.rows[3], 4)
    change.move_out(tab, tab.rows[5], 6)

    batches = [without_layout(batch) for batch in change.batches()]

    written = [[one["updateCells"]["range"] for one in batch if "updateCells" in one] for batch in batches]
    rows = [[(one["startRowIndex"], one["endRowIndex"]) for one in ranges] for ranges in written]
    assert [one[0] for one in rows] == [(2, 4), (4, 6), (6, 7)]
    marks = [[_mark_id(one) for one in batch if _mark_id(one) is not None] for batch in batches]
    assert marks[:2] == [[1, 1, 2, 2], [3, 3, 4]]
    assert marks[2][:12] == [1, 1, 2, 2, 3, 3, 5, 5, 6, 6, 7, 7]
    assert ["deleteDimension" in kinds(batch) for batch in batches] == [False, False, True]


def test_marks_are_deleted_in_the_first_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whichever batch gives the number of such a row to another row, it is free by then."""
    monkeypatch.setattr(row_writes, "MOST_ROWS", 1)
    tab = tab_of(1, None, 3)
    change = WorkbookChange()
    change.set(tab, tab.rows[0], "source", "х")
    change.recognise(tab, tab.rows[1], 3, "ЗРН-3", by=["task"])
    change.set(tab, tab.rows[2], "source", "х")
    change.forget(tab, tab.rows[2])

    batches = change.batches()

    guard_and_deletion = ["deleteDeveloperMetadata", "createDeveloperMetadata", "deleteDeveloperMetadata"]
    found = [kinds([one for one in batch if _mark_id(one) == 3]) for batch in batches]
    assert found == [guard_and_deletion, ["createDeveloperMetadata"], []]
