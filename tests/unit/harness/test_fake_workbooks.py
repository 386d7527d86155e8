"""Spreadsheets in memory keep the rules on which guarded writes lean."""

from __future__ import annotations

import pytest

from emulators.google import batch
from emulators.google.errors import ApiError
from tests.harness.agency_data import NOW
from tests.harness.fakes.clock import FixedClock
from tests.harness.fakes.interruptions import busy, no_answer
from tests.harness.fakes.workbooks import FakeWorkbooks
from vitrina.errors import AccessDeniedError, ChangedMeanwhileError, FatalServiceError, RetriableServiceError
from vitrina.ports import Json, decoded


@pytest.fixture
def workbooks() -> FakeWorkbooks:
    """No file yet."""
    return FakeWorkbooks(FixedClock(NOW))


@pytest.fixture
def book_id(workbooks: FakeWorkbooks) -> str:
    """An empty spreadsheet with one tab, whose id is 0."""
    return workbooks.create("Книга", tag="made-once")


def put(row: int, text: str) -> Json:
    """A request that writes a text into the first column."""
    cell = {"userEnteredValue": {"stringValue": text}}
    start = {"sheetId": 0, "rowIndex": row, "columnIndex": 0}
    return {"updateCells": {"start": start, "rows": [{"values": [cell]}], "fields": "userEnteredValue"}}


def mark_row(row: int, number: int) -> Json:
    """A request that gives a row a mark with an id."""
    span = {"sheetId": 0, "dimension": "ROWS", "startIndex": row, "endIndex": row + 1}
    entry = {
        "metadataId": number,
        "metadataKey": "r",
        "location": {"dimensionRange": span},
        "visibility": "DOCUMENT",
    }
    return {"createDeveloperMetadata": {"developerMetadata": entry}}


def texts(workbooks: FakeWorkbooks, book_id: str) -> list[str]:
    """Texts of the first column."""
    rows = workbooks.look(book_id)["sheets"][0]["data"][0].get("rowData", [])
    return [row["values"][0]["effectiveValue"]["stringValue"] for row in rows if row.get("values")]


def test_batch_is_carried_out_in_order(workbooks: FakeWorkbooks, book_id: str) -> None:
    """What was written is read."""
    workbooks.batch_update(book_id, [put(0, "а"), put(1, "б"), put(0, "в")])

    assert texts(workbooks, book_id) == ["в", "б"]


def test_refused_batch_changes_nothing(workbooks: FakeWorkbooks, book_id: str) -> None:
    """One request that Google refuses keeps the others out, and means that its rows are gone."""
    with pytest.raises(ChangedMeanwhileError, match="gone") as refused:
        workbooks.batch_update(book_id, [put(0, "а"), put(5000, "за краем")])

    assert refused.value.__notes__
    assert texts(workbooks, book_id) == []


def test_mark_of_a_row_follows_it(workbooks: FakeWorkbooks, book_id: str) -> None:
    """Rows that a person puts above move the mark down."""
    workbooks.batch_update(book_id, [put(0, "а"), mark_row(0, 14)])
    title = workbooks.look(book_id)["sheets"][0]["properties"]["title"]

    workbooks.edit(book_id, {"type": "insert_rows", "sheet": title, "at": 1, "count": 2})

    marks = workbooks.look(book_id)["sheets"][0]["data"][0]["rowMetadata"]
    assert [at for at, one in enumerate(marks) if one.get("developerMetadata")] == [2]


def test_mark_that_is_taken_refuses_the_batch(workbooks: FakeWorkbooks, book_id: str) -> None:
    """An id of a mark is given once in a workbook: that is what guards lean on."""
    workbooks.batch_update(book_id, [mark_row(0, 14)])

    with pytest.raises(ChangedMeanwhileError):
        workbooks.batch_update(book_id, [put(0, "а"), mark_row(1, 14)])

    assert texts(workbooks, book_id) == []


def test_formulas_are_computed(workbooks: FakeWorkbooks, book_id: str) -> None:
    """A read gives what a formula shows."""
    cell = {"userEnteredValue": {"formulaValue": "=1+2"}}
    start = {"sheetId": 0, "rowIndex": 0, "columnIndex": 0}
    request = {"updateCells": {"start": start, "rows": [{"values": [cell]}], "fields": "userEnteredValue"}}

    workbooks.batch_update(book_id, [request])

    [row] = decoded(workbooks.read(book_id))["sheets"][0]["data"][0]["rowData"]
    assert row["values"][0]["effectiveValue"] == {"numberValue": 3}


@pytest.mark.parametrize(
    "request_body",
    [
        {"updateCells": {"start": {"sheetId": "первый"}}},  # not of the type in the discovery document
        {"updateCellz": {}},  # no request of Google's
        {"addSlicer": {}},  # a request that is not modelled
    ],
)
def test_malformed_request_is_our_mistake(workbooks: FakeWorkbooks, book_id: str, request_body: Json) -> None:
    """It is not taken for a sheet that was changed."""
    with pytest.raises(ApiError):
        workbooks.batch_update(book_id, [request_body])


def test_protected_cells_of_somebody_else(
    workbooks: FakeWorkbooks, book_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The refusal says who has to do something, as that of the adapter does."""
    message = "You are trying to edit a protected cell or object. Please contact the spreadsheet owner."

    def refuse(*_: object) -> None:
        raise ApiError(400, message)

    monkeypatch.setattr(batch, "apply", refuse)

    with pytest.raises(AccessDeniedError):
        workbooks.batch_update(book_id, [put(0, "а")])


def test_file_is_found_by_its_tag(workbooks: FakeWorkbooks, book_id: str) -> None:
    """The first one with this tag; no other."""
    workbooks.create("Книга", tag="made-twice")

    assert workbooks.find_by_tag("made-once") == book_id
    assert workbooks.find_by_tag("never") is None


def test_deleted_file_is_not_found(workbooks: FakeWorkbooks, book_id: str) -> None:
    """Neither read nor written."""
    workbooks.delete(book_id)

    with pytest.raises(FatalServiceError) as refused:
        workbooks.read(book_id)
    assert (refused.value.code, refused.value.status) == ("google.no_file", 404)
    with pytest.raises(FatalServiceError):
        workbooks.batch_update(book_id, [put(0, "а")])


def test_what_was_read_belongs_to_the_reader(workbooks: FakeWorkbooks, book_id: str) -> None:
    """Changing it changes no workbook."""
    workbooks.batch_update(book_id, [put(0, "а")])
    workbooks.read(book_id)["sheets"][0]["data"][0]["rowData"].clear()

    assert texts(workbooks, book_id) == ["а"]


def test_answer_that_is_lost(workbooks: FakeWorkbooks, book_id: str) -> None:
    """The write is carried out and the caller does not hear of it; the next one is answered."""
    workbooks.after("batch_update", no_answer())

    with pytest.raises(RetriableServiceError):
        workbooks.batch_update(book_id, [put(0, "а")])
    workbooks.batch_update(book_id, [put(1, "б")])

    assert texts(workbooks, book_id) == ["а", "б"]
    assert workbooks.calls["batch_update"] == 2


def test_call_that_fails_does_nothing(workbooks: FakeWorkbooks, book_id: str) -> None:
    """Google was busy: nothing was written."""
    workbooks.before("batch_update", busy())

    with pytest.raises(RetriableServiceError):
        workbooks.batch_update(book_id, [put(0, "а")])

    assert texts(workbooks, book_id) == []


def test_something_happens_before_a_write(workbooks: FakeWorkbooks, book_id: str) -> None:
    """It may write itself: the interruption is used up."""
    workbooks.before("batch_update", lambda: workbooks.batch_update(book_id, [put(0, "другой")]))

    workbooks.batch_update(book_id, [put(1, "а")])

    assert texts(workbooks, book_id) == ["другой", "а"]


def test_others_begin_with_what_was_saved(workbooks: FakeWorkbooks, book_id: str) -> None:
    """Each has a copy of its own."""
    workbooks.batch_update(book_id, [put(0, "а")])
    saved = workbooks.save()
    first, second = (FakeWorkbooks(FixedClock(NOW), saved) for _ in range(2))

    first.batch_update(book_id, [put(0, "б")])

    assert (texts(first, book_id), texts(second, book_id)) == (["б"], ["а"])
