"""Steps and reads that the tests of the 21 failures share."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest

from emulators.google.batch import registry
from tests.harness.office import Office
from tests.harness.snapshots import without_fence

#: By the norms of the tests' agency: 3 h of design; 9, 4 and 20 h; 6 h of copy.
BACKLOG = (
    {"task": "Баннер", "work_type": "Баннер"},
    {"task": "Лендинг", "work_type": "Лендинг"},
    {"task": "Статья", "work_type": "Статья"},
)
HOURS = {"Баннер": (3.0, None, None), "Лендинг": (9.0, 4.0, 20.0), "Статья": (None, 6.0, None)}

READ, WRITE = "sheets.spreadsheets.get", "sheets.spreadsheets.batchUpdate"


def estimate_backlog(office: Office, *rows: Mapping[str, str]) -> None:
    """Type tasks and estimate them; without *rows* those of ``BACKLOG``, unless there are tasks."""
    if rows or not office.table("backlog", "task"):
        office.fill_backlog(*(rows or BACKLOG))
    assert office.do("estimate")["outcome"] in ("done", "partial")


def build_preview(office: Office, period: str = "current") -> str:
    """Build a preview; returns its id."""
    answer = office.do("build_batch", period=period)
    assert answer["outcome"] == "done", answer
    return str(answer["data"]["preview_id"])


def start_period(office: Office, period: str = "current") -> dict[str, Any]:
    """Build a preview and start it; returns the answer."""
    answer = office.do("start_batch", preview_id=build_preview(office, period))
    assert answer["outcome"] == "done", answer
    return answer


def put_in_progress(office: Office, *rows: Mapping[str, str]) -> None:
    """Estimate tasks, start them and push them to the tracker."""
    estimate_backlog(office, *rows)
    start_period(office)
    assert office.do("push")["outcome"] == "done"
    office.settle()


def edit_during(
    office: Office, *edits: Mapping[str, Any], at: int = 1, method: str = WRITE, spreadsheet_id: str = ""
) -> None:
    """Make the emulator apply a person's *edits* right before the *at*-th call of *method* from now."""
    do = {"spreadsheet_id": spreadsheet_id or office.client_id, "edits": list(edits)}
    body = [{"at": at, "method": method, "do": do}]
    office.http.post(f"{office.servers.google}/_emulator/plan", json=body).raise_for_status()


def assert_edits_made(office: Office) -> None:
    """Assert that all planned edits were made and none was refused."""
    answer = office.http.get(f"{office.servers.google}/_emulator/plan").json()
    assert answer["refusals"] == []


def hours_by_task(office: Office) -> dict[str, tuple[Any, ...]]:
    """Hours in the backlog, by task."""
    columns = ("task", "hours.design", "hours.copy", "hours.development")
    return {str(task): tuple(hours) for task, *hours in office.table("backlog", *columns)}


def statuses(office: Office) -> dict[str, Any]:
    """Status in the sheet, by task."""
    return dict(office.table("in_progress", "action", "status"))


def card_of(office: Office, task: str) -> dict[str, Any]:
    """The one card of a task."""
    [card] = [one for one in office.cards() if one["title"].endswith(f"· {task}")]
    found: dict[str, Any] = card
    return found


def move_card(office: Office, task: str, stage: int) -> None:
    """Move a card to a stage of the board, as a specialist."""
    [card_id] = [one.card_id for one in office.desk.cards() if one.title.endswith(f"· {task}")]
    office.desk.move(card_id, stage)


def set_webhook_mode(office: Office, mode: str) -> None:
    """Set how the tracker delivers its webhooks from now on."""
    office.desk.set_webhook_mode(mode)


def release_webhooks(office: Office) -> int:
    """Send the held webhooks; returns how many there were."""
    return office.desk.release_webhooks()


#: The contents of a workbook without formats, which would take ten times as long.
CONTENTS = (
    "properties,namedRanges,developerMetadata,"
    "sheets(properties,developerMetadata,data(rowMetadata.developerMetadata,columnMetadata.developerMetadata,"
    "rowData.values(userEnteredValue,effectiveValue,note)))"
)


def read_raw(
    office: Office, spreadsheet_id: str = "", *, fields: str = CONTENTS, ranges: Sequence[str] = ()
) -> dict[str, Any]:
    """A workbook as the API returns it, whole or only in *ranges*."""
    url = f"{office.servers.google}/v4/spreadsheets/{spreadsheet_id or office.client_id}"
    params: dict[str, Any] = {"fields": fields, **({"ranges": list(ranges)} if ranges else {})}
    return without_fence(office.http.get(url, params=params).raise_for_status().json())


def sheet_of(resource: Mapping[str, Any], title: str) -> dict[str, Any]:
    """A tab of a workbook that ``read_raw`` returned."""
    found: dict[str, Any] = next(one for one in resource["sheets"] if one["properties"]["title"] == title)
    return found


def cells_of(sheet: Mapping[str, Any]) -> dict[tuple[int, int], dict[str, Any]]:
    """The cells of a tab that are not empty, by row and column index."""
    return {
        (row, column): cell
        for data in sheet.get("data", ())
        for row, line in enumerate(data.get("rowData", ()))
        for column, cell in enumerate(line.get("values", ()))
        if cell
    }


def formulas_of(sheet: Mapping[str, Any]) -> dict[tuple[int, int], str]:
    """The formulas of a tab, by row and column index."""
    entered = {place: cell.get("userEnteredValue", {}) for place, cell in cells_of(sheet).items()}
    return {place: value["formulaValue"] for place, value in entered.items() if "formulaValue" in value}


def send_requests(office: Office, *requests: Mapping[str, Any], spreadsheet_id: str = "") -> None:
    """Send requests of the API for what a person can do and ``Office.edit`` cannot."""
    office.services.workbooks.batch_update(
        spreadsheet_id or office.client_id, [dict(one) for one in requests]
    )


def outcomes(answers: Sequence[Mapping[str, Any]]) -> list[str]:
    """The outcomes of answers."""
    return [answer["outcome"] for answer in answers]


@contextlib.contextmanager
def google_refuses(monkeypatch: pytest.MonkeyPatch, kind: str, handler: Any) -> Iterator[None]:
    """Requests of one kind are refused, in whatever batch they come."""
    with monkeypatch.context() as patch:
        patch.setitem(registry._HANDLERS, kind, handler)
        yield
