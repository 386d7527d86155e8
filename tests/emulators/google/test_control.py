"""Faults, counts, restarts, and that two runs give the same bytes."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from googleapiclient.errors import HttpError

from emulators.common.server import running
from emulators.google.app import create_app
from tests.emulators.google.conftest import NOW, Google, clients, control


def fail(google: Google, **fault: Any) -> None:
    """Order a fault."""
    control(google.base, "/_emulator/fail-next", fault)


@pytest.mark.parametrize(("status", "name"), [(429, "RESOURCE_EXHAUSTED"), (503, "UNAVAILABLE")])
def test_ordered_failure(google: Google, status: int, name: str) -> None:
    """The next call fails in Google's shape, the one after it works."""
    book = google.create()
    fail(google, status=status, count=1, method="sheets.spreadsheets.values")

    with pytest.raises(HttpError) as caught:
        google.type(book, "A1", [["x"]])
    error = json.loads(caught.value.content)["error"]
    google.type(book, "A1", [["y"]])

    assert (error["code"], error["status"]) == (status, name)
    assert google.read(book, "A1") == [["y"]]


def test_drive_fails_in_its_own_shape(google: Google) -> None:
    """Drive's errors have a reason."""
    fail(google, status=403, method="drive.files")

    with pytest.raises(HttpError) as caught:
        google.drive.files().list().execute()

    assert caught.value.error_details[0]["reason"] == "insufficientFilePermissions"


def test_lost_answer(google: Google) -> None:
    """A timeout loses the answer after the call was applied.

    The call goes past Google's client, because its transport sends a call again by itself when the
    connection breaks.
    """
    book = google.create()
    fail(google, status="timeout", method="sheets.spreadsheets.batchUpdate")

    body = {"requests": [{"addSheet": {"properties": {"title": "Новый"}}}]}

    with pytest.raises(OSError):  # noqa: PT011 - whichever way the connection breaks
        control(google.base, f"/v4/spreadsheets/{book}:batchUpdate", body)

    titles = [sheet["properties"]["title"] for sheet in google.get(book, "sheets.properties.title")["sheets"]]
    assert titles == ["Sheet1", "Новый"]


def test_call_dropped_before_it_is_applied(google: Google) -> None:
    """A dropped call changes nothing."""
    book = google.create()
    fail(google, status="drop", method="sheets.spreadsheets.batchUpdate")

    with pytest.raises(OSError):  # noqa: PT011 - whichever way the connection breaks
        control(google.base, f"/v4/spreadsheets/{book}:batchUpdate", {"requests": [{"addSheet": {}}]})

    assert len(google.get(book, "sheets.properties.title")["sheets"]) == 1


def test_calls_are_counted_by_method(google: Google) -> None:
    """Each call counts once under the name of its method."""
    book = google.create()
    control(google.base, "/_emulator/calls", method="DELETE")

    google.read(book, "A1")
    google.read(book, "A1")
    google.drive.files().get(fileId=book).execute()

    counts = control(google.base, "/_emulator/calls", method="GET")
    assert counts == {"total": 3, "counts": {"sheets.spreadsheets.values.get": 2, "drive.files.get": 1}}


def test_version_grows_with_changes_only(google: Google) -> None:
    """The page looks again when the version grew: a write grows it, a read does not."""
    book = google.create()

    def version() -> int:
        return control(google.base, "/_emulator/version", method="GET")["version"]

    before = version()
    google.read(book, "A1")
    after_read = version()
    google.type(book, "A1", [["x"]])

    assert after_read == before
    assert version() > before


def test_restart(tmp_path: Path, mark_row: Any) -> None:
    """Cells, formats, rules, metadata, files and the counter of ids survive a restart."""
    state = tmp_path / "state.json"
    app = create_app(state, clock=lambda: NOW)
    with running(app) as base:
        first = clients(base)
        book = first.grid([["a", "=A1&1"], ["b"]], locale="ru_RU")
        first.batch(book, mark_row(7, 1), {"addSheet": {"properties": {"title": "Ещё"}}})
        shown = first.spreadsheets.get(spreadsheetId=book, includeGridData=True).execute()
        app.extensions["google"].state_file.flush()

    with running(create_app(state, clock=lambda: NOW)) as base:
        second = clients(base)

        assert second.spreadsheets.get(spreadsheetId=book, includeGridData=True).execute() == shown
        assert second.metadata(book) == {7: 1}
        assert second.create() != book


def test_two_runs_give_the_same_bytes() -> None:
    """Ids come from a counter and times from the clock."""
    answers = []
    for _ in range(2):
        with running(create_app(clock=lambda: NOW)) as base:
            run = clients(base)
            book = run.create()
            added = run.batch(book, {"addSheet": {"properties": {"title": "x"}}})
            answers.append((added, run.drive.files().get(fileId=book, fields="*").execute()))

    assert answers[0] == answers[1]


def test_seed_and_reset(google: Google) -> None:
    """A full Spreadsheet resource can be loaded, and everything forgotten."""
    data = [{"rowData": [{"values": [{"userEnteredValue": {"stringValue": "a"}}]}]}]
    seed = {"spreadsheets": [{"properties": {"title": "Готовая"}, "sheets": [{"data": data}]}]}

    (book,) = control(google.base, "/_emulator/seed", seed)["spreadsheetIds"]
    found = google.read(book, "A1")
    control(google.base, "/_emulator/reset", {})

    assert found == [["a"]]
    assert control(google.base, "/_emulator/workbooks", method="GET") == []


def test_clock_can_be_set(google: Google) -> None:
    """TODAY() and times of files follow the clock that somebody set."""
    control(google.base, "/_emulator/clock", {"now": "2030-01-02T03:04:05+00:00"})

    book = google.grid([["=TODAY()"]])

    assert google.read(book, "A1") == [["1/2/2030"]]
    modified = google.drive.files().get(fileId=book, fields="modifiedTime").execute()
    assert modified == {"modifiedTime": "2030-01-02T03:04:05.000Z"}


def test_three_thousand_requests_in_time(google: Google, mark_row: Any) -> None:
    """A batch of 3,000 requests on 1,000 rows and a masked read of all of it stay quick.

    The bounds are ten times what a quiet machine needs; they catch a copy of the world per request.
    """
    book = google.grid([[f"{row}:{column}" for column in range(20)] for row in range(1000)])
    requests = [
        request
        for row in range(1000)
        for request in (
            mark_row(row + 1, row),
            {"insertDimension": {"range": {"dimension": "ROWS", "startIndex": row, "endIndex": row + 1}}},
            {"deleteDimension": {"range": {"dimension": "ROWS", "startIndex": row, "endIndex": row + 1}}},
        )
    ]

    started = time.perf_counter()
    google.batch(book, *requests)
    written = time.perf_counter()
    google.get(
        book, "sheets.data(rowData.values(formattedValue,effectiveValue),rowMetadata.developerMetadata)"
    )
    read = time.perf_counter()

    assert len(google.metadata(book)) == 1000
    assert written - started < 5
    assert read - written < 3
