"""The main job through the menu without a tracker, and clients whose projects use different accounts."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest

from emulators.world.processes import ROBOT_ID, local_token
from tests.harness.office import Office
from tests.harness.stored import stored_history, stored_items
from vitrina.bootstrap import application
from vitrina.records.books import load_project
from vitrina.trackers.kaiten.mapping import board_number

ROWS = (
    {"task": "Лендинг", "work_type": "Лендинг", "priority": "Срочно"},
    {"task": "Баннер", "work_type": "Баннер"},
)


def start(office: Office) -> None:
    """Put both items in progress: ЗРН-1 with three actions and ЗРН-2 with one."""
    office.fill_backlog(*ROWS)
    office.do("estimate")
    answer = office.do("start_batch", preview_id=office.do("build_batch")["data"]["preview_id"])
    assert answer["outcome"] == "done", answer


def agency_id(office: Office) -> str:
    """Id of the agency's workbook."""
    assert office.agency is not None
    return office.agency.spreadsheet_id


def type_row(office: Office, place: int, **values: str) -> None:
    """Type into a row of *В работе*, counted from 0."""
    office.type("in_progress", office.book().tab("in_progress").header_index + 1 + place, **values)


# --- No tracker ------------------------------------------------------------------------------------


@pytest.fixture
def alone(agency: Office) -> Office:
    """A client without a tracker, with both items in progress. Nothing was asked of Kaiten."""
    agency.forget_calls()
    agency.create_client(tracker="none")
    start(agency)
    return agency


def test_main_job_without_a_tracker(alone: Office) -> None:
    """Typed state and hours: the sheet, the norms and the load follow, and Kaiten is never called."""
    columns = ("work_type", "profile", "fact_count")
    before = alone.table("norms", *columns, spreadsheet_id=agency_id(alone))
    type_row(alone, 0, status="Выполнено", logged_hours="8,5")
    type_row(alone, 3, status="Выполнено", logged_hours="4")

    answer = alone.do("refresh")

    assert (answer["outcome"], answer["message"]) == (
        "done",
        "«В работе»: 2 открытые строки, 2 выполнены. График и сроки обновлены.",
    )
    assert alone.table("in_progress", "id", "status", "logged_hours", "card") == [
        ("ЗРН-1", "Выполнено", 8.5, None),
        ("ЗРН-1", "Онбординг", None, None),
        ("ЗРН-1", "Онбординг", None, None),
        ("ЗРН-2", "Выполнено", 4.0, None),
    ]
    alone.click(agency_id(alone), "recalculate_norms")
    after = alone.table("norms", *columns, spreadsheet_id=agency_id(alone))
    learned = set(after) - set(before)
    assert learned == {("Баннер", "Дизайн", 4.0)}
    assert alone.click(agency_id(alone), "update_load")["outcome"] == "done"
    board = alone.table("board", "id", "status", spreadsheet_id=agency_id(alone))
    assert sorted(board) == [("ЗРН-1", "Онбординг")] * 2
    assert alone.do("check_book")["data"]["found"] == 0
    alone.settle()
    assert alone.calls("kaiten") == {}


def test_push_is_refused(alone: Office) -> None:
    """It says why, and leaves nothing that would be tried again."""
    answer = alone.do("push")

    assert (answer["outcome"], answer["http_status"]) == ("refused", 422)
    assert answer["message"] == "У этого проекта нет трекера: состояние и часы пишут в листе «В работе»."
    assert alone.call_schedule().json()["sent_again"] == 0


def test_undo_without_a_tracker(alone: Office) -> None:
    """The start goes back; a second undo finds nothing."""
    answer = alone.do("undo")

    assert answer["outcome"] == "done"
    assert [task for (task,) in alone.table("backlog", "task")] == ["Лендинг", "Баннер"]
    assert alone.table("in_progress", "id") == []
    assert alone.calls("kaiten") == {}


def test_the_night_takes_in_what_was_typed(alone: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody clicks anything; what is finished then is a fact for the norms."""
    type_row(alone, 3, status="Выполнено", logged_hours="4")
    monkeypatch.setenv("VITRINA_NOW", "2026-11-24T03:00:00+03:00")
    application.cache_clear()

    alone.call_schedule()
    alone.settle()

    items = stored_items(alone.services.store, spreadsheet_id=alone.client_id)
    assert [(item.number, item.is_done, item.actions[0].logged_hours) for item in items] == [
        (1, False, 0.0),
        (2, True, 4.0),
    ]
    assert ("Баннер", "design", 4.0) in {
        (work.work_type, work.profile, work.hours)
        for work in stored_history(alone.services.store, agency_id(alone))
    }


def test_form_offers_the_trackers(agency: Office) -> None:
    """In the language of the workbook; nothing is changed or remembered."""
    answer = agency.click(agency_id(agency), "new_client_options")

    assert answer["data"]["trackers"] == [
        {"name": "kaiten", "title": "Kaiten"},
        {"name": "none", "title": "без трекера"},
    ]


def test_tracker_that_is_not_there_is_refused_at_once(agency: Office) -> None:
    """Before a workbook is made."""
    agency.forget_calls()
    form = {"client_name": "Заря", "project_name": "Сайт", "code": "ЗРН", "limit_hours": 100}

    answer = agency.click(agency_id(agency), "new_client", tracker="acme", **form)

    assert (answer["outcome"], answer["http_status"]) == ("refused", 422)
    assert "«acme»" in answer["message"]
    assert "drive.files.create" not in agency.calls("google")


# --- Two accounts ----------------------------------------------------------------------------------


def open_account(office: Office, monkeypatch: pytest.MonkeyPatch, name: str = "zarya") -> int:
    """Connect an account of the client: here another space with the same token. Returns the space's id."""
    space: dict[str, Any] = office.kaiten("POST", "/spaces", user_id=ROBOT_ID, title="Заря")
    account = {
        "kind": "kaiten",
        "title": "Kaiten клиента",
        "url": office.servers.kaiten,
        "token": local_token(ROBOT_ID),
        "place_id": str(space["id"]),
    }
    monkeypatch.setenv("VITRINA_TRACKERS", json.dumps({name: account}))
    application.cache_clear()
    return int(space["id"])


def test_client_with_an_account_of_its_own(agency: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Board, webhook and cards are in his account; what moves there is seen in his workbook."""
    space_id = open_account(agency, monkeypatch)
    agency.create_client(client_name="Маяк", code="МАК")
    agency.create_client(tracker="zarya")
    start(agency)

    assert agency.do("push")["outcome"] == "done"

    project = load_project(agency.services.store, agency.client_id)
    number = board_number(project.board_id)
    boards = agency.kaiten("GET", f"/spaces/{space_id}/boards", user_id=ROBOT_ID)
    assert (project.tracker, [str(board["id"]) for board in boards]) == ("zarya", [number])
    [hook] = agency.kaiten("GET", f"/spaces/{space_id}/external-webhooks", user_id=ROBOT_ID)
    [own] = agency.kaiten("GET", f"/spaces/{agency.space_id}/external-webhooks", user_id=ROBOT_ID)
    assert hook["url"].startswith(f"{agency.servers.functions}/webhook/zarya/")
    assert hook["url"].rpartition("/")[2] != own["url"].rpartition("/")[2]
    cards = agency.kaiten("GET", f"/cards?board_id={number}&limit=100", user_id=ROBOT_ID)
    [banner] = [card for card in cards if "Баннер" in card["title"]]
    columns = agency.kaiten("GET", f"/boards/{number}/columns", user_id=ROBOT_ID)
    # The events of an unknown own user count as those of others.
    agency.kaiten("PATCH", f"/cards/{banner['id']}", user_id=ROBOT_ID, column_id=columns[2]["id"])
    agency.http.post(hook["url"], json={"event": "card:add", "data": {"id": banner["id"]}}).raise_for_status()
    agency.settle()

    tab, row = agency.row("in_progress", "ЗРН-2")
    assert tab.cell(row, "status").value == "На проверке"


def test_secret_of_one_account_opens_no_other(agency: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """A client who reads the address of the webhook in his account cannot send for the agency's."""
    space_id = open_account(agency, monkeypatch)
    agency.create_client(tracker="zarya")
    [hook] = agency.kaiten("GET", f"/spaces/{space_id}/external-webhooks", user_id=ROBOT_ID)
    body = {"event": "card:add", "data": {"id": 1}}

    swapped = agency.http.post(hook["url"].replace("/zarya/", "/kaiten/"), json=body)

    assert agency.http.post(hook["url"], json=body).status_code == 200
    assert swapped.status_code == 404
    assert agency.http.post(f"{agency.servers.functions}/webhook/none/x", json=body).status_code == 404


def test_account_that_was_disconnected(agency: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """What needs it says what is missing; the rest goes on; with the account back, so does the push."""
    open_account(agency, monkeypatch)
    agency.create_client(tracker="zarya")
    settings = os.environ["VITRINA_TRACKERS"]
    monkeypatch.delenv("VITRINA_TRACKERS")
    application.cache_clear()
    start(agency)

    answer = agency.do("push")

    assert answer["outcome"] == "failed"
    assert "«zarya»" in answer["message"]
    monkeypatch.setenv("VITRINA_TRACKERS", settings)
    application.cache_clear()
    assert agency.do("push")["data"]["made"] == 2
