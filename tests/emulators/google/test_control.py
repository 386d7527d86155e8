"""Faults, counts, restarts, and equal results of equal runs."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest
from googleapiclient.errors import HttpError

from emulators.common.server import running
from emulators.google.app import create_app
from tests.emulators.google.conftest import NOW, Google, clients, control


def fail(google: Google, **fault: Any) -> None:
    """Request a fault."""
    control(google.base, "/_emulator/fail-next", fault)


@pytest.mark.parametrize(("status", "name"), [(429, "RESOURCE_EXHAUSTED"), (503, "UNAVAILABLE")])
def test_ordered_failure(google: Google, status: int, name: str) -> None:
    """The next call fails in Google's form, the one after it works."""
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
    """A write increases the version, a read does not."""
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
    """Two runs give equal bytes, because ids come from a counter and times from the clock."""
    answers = []
    for _ in range(2):
        with running(create_app(clock=lambda: NOW)) as base:
            run = clients(base)
            book = run.create()
            added = run.batch(book, {"addSheet": {"properties": {"title": "x"}}})
            answers.append((added, run.drive.files().get(fileId=book, fields="*").execute()))

    assert answers[0] == answers[1]


def test_seed_and_reset(google: Google) -> None:
    """A full Spreadsheet resource can be loaded, and everything deleted."""
    data = [{"rowData": [{"values": [{"userEnteredValue": {"stringValue": "a"}}]}]}]
    seed = {"spreadsheets": [{"properties": {"title": "Готовая"}, "sheets": [{"data": data}]}]}

    (book,) = control(google.base, "/_emulator/seed", seed)["spreadsheetIds"]
    found = google.read(book, "A1")
    control(google.base, "/_emulator/reset", {})

    assert found == [["a"]]
    assert control(google.base, "/_emulator/workbooks", method="GET") == []


def test_saved_state_is_restored(google: Google, mark_row: Any) -> None:
    """A saved state can be restored repeatedly, after any changes; later ids are the same again."""
    book = google.grid([["=1+1"], ["x"]])
    google.batch(book, mark_row(101, 1))
    google.drive.permissions().create(fileId=book, body={"type": "anyone", "role": "reader"}).execute()
    before = control(google.base, "/_emulator/state", method="GET")
    control(google.base, "/_emulator/save-state", {"name": "begin"})

    made = []
    for _ in range(2):
        google.type(book, "A2", [["y"]])
        google.batch(book, {"deleteDimension": {"range": {"dimension": "ROWS", "endIndex": 2}}})
        google.drive.files().update(fileId=book, body={"name": "Другая"}).execute()
        google.drive.permissions().delete(fileId=book, permissionId="anyoneWithLink").execute()
        made.append(google.create())
        control(google.base, "/_emulator/reset", {})
        control(google.base, "/_emulator/restore-state", {"name": "begin"})

        assert control(google.base, "/_emulator/state", method="GET") == before

    assert made[0] == made[1]
    assert google.read(book, "A1:A2") == [["2"], ["x"]]


def test_unknown_saved_state(google: Google) -> None:
    """A state that was not saved cannot be restored."""
    with pytest.raises(HTTPError, match="404"):
        control(google.base, "/_emulator/restore-state", {"name": "никогда"})


def test_clock_can_be_set(google: Google) -> None:
    """TODAY() and times of files use the clock that was set."""
    control(google.base, "/_emulator/clock", {"now": "2030-01-02T03:04:05+00:00"})

    book = google.grid([["=TODAY()"]])

    assert google.read(book, "A1") == [["1/2/2030"]]
    modified = google.drive.files().get(fileId=book, fields="modifiedTime").execute()
    assert modified == {"modifiedTime": "2030-01-02T03:04:05.000Z"}


@pytest.mark.parametrize("part", ["write", "read"])
def test_work_grows_with_the_rows_and_no_faster(google: Google, mark_row: Any, part: str) -> None:
    """Ten times the rows in a batch, or in a masked read, cost far less than a hundred times the work.

    Both are the least processor time of three runs, because other work on the machine adds to it. A copy of
    the world for each request would grow with the square.
    """
    few = min(work_on(google, mark_row, 100, part) for _ in range(3))
    many = min(work_on(google, mark_row, 1000, part) for _ in range(3))

    assert many < 40 * few


def work_on(google: Google, mark_row: Any, row_count: int, part: str) -> float:
    """Processor seconds for marking rows while others come and go, or for reading all of them."""
    book = google.grid([[f"{row}:{column}" for column in range(20)] for row in range(row_count)])
    requests = [
        request
        for row in range(row_count)
        for request in (
            mark_row(row + 1, row),
            {"insertDimension": {"range": {"dimension": "ROWS", "startIndex": row, "endIndex": row + 1}}},
            {"deleteDimension": {"range": {"dimension": "ROWS", "startIndex": row, "endIndex": row + 1}}},
        )
    ]
    began_at = time.process_time()
    google.batch(book, *requests)
    written_at = time.process_time()
    google.get(
        book, "sheets.data(rowData.values(formattedValue,effectiveValue),rowMetadata.developerMetadata)"
    )
    assert len(google.metadata(book)) == row_count
    return written_at - began_at if part == "write" else time.process_time() - written_at


# --- The plan of events at calls -----------------------------------------------------------------


def edit(book: str, cell: str, text: str, sheet: str = "Sheet1") -> dict[str, Any]:
    """An edit of a person, as the action of a step."""
    typed = {"type": "type", "sheet": sheet, "cell": cell, "text": text}
    return {"spreadsheet_id": book, "edits": [typed]}


def plan(google: Google, *steps: dict[str, Any]) -> None:
    """Plan steps at future calls."""
    control(google.base, "/_emulator/plan", list(steps))


def test_edit_between_two_calls(google: Google) -> None:
    """An edit happens right before the planned call, and not earlier."""
    book = google.grid([["a"]])
    plan(google, {"at": 2, "do": edit(book, "A1", "b")})

    found = [google.read(book, "A1") for _ in range(3)]

    assert found == [[["a"]], [["b"]], [["b"]]]


def test_edit_after_a_call(google: Google) -> None:
    """With an edit after a call, the answer of the call shows the state before the edit."""
    book = google.grid([["a"]])
    plan(google, {"at": 1, "when": "after", "do": edit(book, "A1", "b")})

    found = [google.read(book, "A1") for _ in range(2)]

    assert found == [[["a"]], [["b"]]]


def test_edits_have_the_order_of_the_plan(google: Google) -> None:
    """Several steps at one call happen one after the other."""
    book = google.grid([["a"]])
    plan(google, *({"at": 1, "do": edit(book, "A1", text)} for text in "bcd"))

    assert google.read(book, "A1") == [["d"]]


def test_one_call_fails_by_plan(google: Google) -> None:
    """The named call of a method fails, those before and after it do not; other methods are not counted."""
    book = google.grid([["a"]])
    plan(google, {"at": 2, "method": "sheets.spreadsheets.values.get", "status": 503})

    google.read(book, "A1")
    google.drive.files().get(fileId=book).execute()
    with pytest.raises(HttpError) as caught:
        google.read(book, "A1")

    assert caught.value.status_code == 503
    assert google.read(book, "A1") == [["a"]]


def test_answer_lost_by_plan(google: Google) -> None:
    """The planned call is applied, and its answer is lost; steps after it still happen."""
    book = google.create()
    plan(
        google,
        {"at": 1, "status": "timeout"},
        {"at": 1, "when": "after", "do": edit(book, "A1", "typed", sheet="Новый")},
    )

    with pytest.raises(OSError):  # noqa: PT011 - whichever way the connection breaks
        control(
            google.base,
            f"/v4/spreadsheets/{book}:batchUpdate",
            {"requests": [{"addSheet": {"properties": {"title": "Новый"}}}]},
        )

    assert google.read(book, "Новый!A1") == [["typed"]]


def test_refused_edit_is_reported(google: Google) -> None:
    """After a refused edit the call continues, and the plan shows the refusal."""
    book = google.grid([["a"]])
    plan(google, {"at": 1, "do": edit(book, "A1", "b", sheet="Нет такого")})

    found = google.read(book, "A1")

    assert found == [["a"]]
    told = control(google.base, "/_emulator/plan", method="GET")["refusals"]
    assert told == ["There is no sheet named Нет такого."]


def test_plan_can_be_forgotten(google: Google) -> None:
    """Steps whose call has not come yet do not happen any more."""
    book = google.grid([["a"]])
    plan(google, {"at": 1, "do": edit(book, "A1", "b")})

    control(google.base, "/_emulator/plan", method="DELETE")

    assert google.read(book, "A1") == [["a"]]


@pytest.mark.parametrize(
    "step", [{"at": 0}, {"at": 1, "when": "meanwhile"}, {"at": 1, "when": "after", "status": 500}, {"nth": 1}]
)
def test_senseless_step_is_refused(google: Google, step: dict[str, Any]) -> None:
    """A step that can never happen is refused."""
    with pytest.raises(HTTPError) as caught:
        plan(google, step)

    assert caught.value.code == 400
    caught.value.close()
