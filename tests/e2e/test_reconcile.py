"""The timer: what webhooks lost is found again, and nothing else is touched."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import count
from typing import Any

import pytest

from emulators.world.processes import AUDIENCE, QUEUE, SERVICE_ACCOUNT
from tests.harness.module_office import ModuleOffice, running_agency
from tests.harness.office import MANAGER, NOW
from tests.harness.servers import Servers
from tests.harness.stored import put_document, remove_documents, remove_items, touched_cards
from vitrina.operations.run import OPERATION, QUEUED
from vitrina.records.books import find_projects, load_project
from vitrina.records.cards import SYNC
from vitrina.records.previews import PREVIEW
from vitrina.trackers.kaiten.mapping import board_number

_codes = (f"СВ{number}" for number in count(1))


@pytest.fixture(scope="module")
def agency(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleOffice]:
    """One agency; each test makes clients of its own."""
    with running_agency(servers, tmp_path_factory.mktemp("office")) as office:
        yield office


@pytest.fixture
def office(agency: ModuleOffice, _periods: Iterator[timedelta]) -> Iterator[ModuleOffice]:
    """The agency in a new period of the timer, with a client one of whose items has a card."""
    set_clock(agency, next(_periods))
    add_client(agency)
    yield agency
    set_mode(agency, "deliver")
    remove_documents(agency.services.store, SYNC)
    for project in find_projects(agency.services.store, agency_id(agency)):
        remove_items(agency.services.store, project.spreadsheet_id)


@pytest.fixture(scope="module")
def _periods() -> Iterator[timedelta]:
    return (timedelta(minutes=15 * number) for number in count())


def agency_id(office: ModuleOffice) -> str:
    """Id of the agency's workbook."""
    assert office.agency is not None
    return office.agency.spreadsheet_id


def set_clock(office: ModuleOffice, later: timedelta) -> None:
    """Let the functions live at another time."""
    office.restart(NOW=(NOW + later).isoformat())


def add_client(office: ModuleOffice) -> None:
    """A client with a small item in progress, whose row shows its card."""
    code = next(_codes)
    office.create_client(code=code, project_name=code)
    office.paste_backlog([{"task": "Правка", "hours.design": 0.1}])
    preview = office.do("build_batch", period="current")
    started = {"preview_id": preview["data"]["preview_id"]}
    for action, params in (("start_batch", started), ("push", {}), ("refresh", {})):
        answer = office.do(action, **params)
        assert answer["outcome"] == "done", answer
    office.settle()


def set_mode(office: ModuleOffice, mode: str) -> None:
    """What the tracker does with its webhooks."""
    office.http.post(f"{office.servers.kaiten}/_emulator/webhooks", json={"mode": mode}).raise_for_status()


def move(office: ModuleOffice, *, webhook: str) -> None:
    """A specialist takes the client's card to the next column."""
    set_mode(office, webhook)
    board_id = int(board_number(load_project(office.services.store, office.client_id).board_id))
    [card] = [one for one in office.cards() if one["board_id"] == board_id]
    columns = office.kaiten("GET", f"/boards/{board_id}/columns")
    office.kaiten("PATCH", f"/cards/{card['id']}", column_id=columns[1]["id"])
    office.http.post(f"{office.servers.kaiten}/_emulator/webhooks/settle", json={}).raise_for_status()


def status(office: ModuleOffice, spreadsheet_id: str | None = None) -> Any:
    """What the row of the client's item says."""
    [(text,)] = office.table("in_progress", "status", spreadsheet_id=spreadsheet_id)
    return text


def tasks(office: ModuleOffice, kind: str) -> list[Any]:
    """What the queue remembers of tasks of one kind, oldest first."""
    listed = office.http.get(f"{office.servers.tasks}/_emulator/tasks").json()["tasks"]
    return [task for task in listed if f"/tasks/{kind}-" in task["name"]]


@pytest.fixture(autouse=True)
def _no_look_at_the_agency(monkeypatch: pytest.MonkeyPatch) -> None:
    """The timer also has the agency's workbook looked at, which is not what is counted here."""
    monkeypatch.setattr("vitrina.jobs.registry.plan_refreshes", lambda _: 0)


def test_cell_whose_webhook_was_lost(office: ModuleOffice) -> None:
    """The row follows its card with one read and one write."""
    before = status(office)
    move(office, webhook="drop")
    office.settle()
    assert status(office) == before
    office.forget_calls()

    answer = office.call_schedule()
    office.settle()

    assert (answer.status_code, answer.json()["workbooks"]) == (200, 1)
    calls = office.calls("google")
    assert (calls.get("sheets.spreadsheets.get"), calls.get("sheets.spreadsheets.batchUpdate")) == (1, 1)
    assert status(office) != before


def test_nothing_is_written_where_nothing_differs(office: ModuleOffice) -> None:
    """The look costs a read; the client's file stays as it is."""
    office.forget_calls()

    office.call_schedule()
    office.settle()

    assert office.calls("google") == {"sheets.spreadsheets.get": 1}


def test_two_calls_at_once_plan_one_look(office: ModuleOffice) -> None:
    """The timer may call twice; the card is read and the row is written once."""
    move(office, webhook="drop")
    office.forget_calls()

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: office.call_schedule(), range(4)))
    office.settle()

    assert [answer.status_code for answer in answers] == [200] * 4
    assert office.calls("google")["sheets.spreadsheets.batchUpdate"] == 1


@pytest.mark.parametrize(
    "caller",
    [
        {"email": MANAGER},  # A colleague is not the timer.
        {"email": "stranger@other.example"},
        {"email": SERVICE_ACCOUNT, "audience": AUDIENCE},  # A token that was made for the menu.
        {"email": SERVICE_ACCOUNT, "audience": "https://elsewhere.example/schedule"},
    ],
)
def test_forged_call_is_refused(office: ModuleOffice, caller: dict[str, str]) -> None:
    """Only our own service account may call, and only with a token for this address."""
    known = len(tasks(office, "reconcile"))

    answer = office.call_schedule(**caller)

    assert answer.status_code == 401
    assert len(tasks(office, "reconcile")) == known


def test_call_without_a_token_is_refused(office: ModuleOffice) -> None:
    """Nobody is asking."""
    assert office.http.post(f"{office.servers.functions}/schedule").status_code == 401


def test_without_an_address_every_call_is_refused(office: ModuleOffice) -> None:
    """Where the operator named none, a token for any audience would do; so none does."""
    office.restart(SCHEDULE_URL="")

    assert office.call_schedule().status_code == 401


def test_deleted_workbook_does_not_stop_the_others(office: ModuleOffice) -> None:
    """The look at it is given up at once; the next workbook is put right, three seconds later."""
    gone = office.client_id
    add_client(office)
    before = status(office)
    move(office, webhook="drop")
    office.http.delete(f"{office.servers.google}/drive/v3/files/{gone}").raise_for_status()
    known = {task["name"] for task in tasks(office, "reconcile")}

    answer = office.call_schedule()
    planned = [task for task in tasks(office, "reconcile") if task["name"] not in known]
    office.settle()

    assert answer.json()["workbooks"] == len(planned) == 2
    ended = [task for task in tasks(office, "reconcile") if task["name"] not in known]
    assert [task["attempts"] for task in ended] == [[200], [200]]
    assert status(office) != before


def test_task_that_the_queue_lost(office: ModuleOffice) -> None:
    """A webhook was noted and its task is gone: the timer does the work, and webhooks work again."""
    before = status(office)
    move(office, webhook="deliver")
    office.http.post(f"{office.servers.tasks}/v2/{QUEUE}:purge", json={}).raise_for_status()
    assert len(touched_cards(office.services.store, spreadsheet_id=office.client_id)) == 1

    office.call_schedule()
    office.settle()

    assert status(office) != before
    assert touched_cards(office.services.store, spreadsheet_id=office.client_id) == []
    known = len(tasks(office, "sync"))
    project = load_project(office.services.store, office.client_id)
    [card] = [one for one in office.cards() if str(one["board_id"]) == board_number(project.board_id)]
    office.kaiten("PATCH", f"/cards/{card['id']}", due_date="2027-01-15")
    office.settle()
    assert len(tasks(office, "sync")) == known + 1
    assert touched_cards(office.services.store, spreadsheet_id=office.client_id) == []


def test_old_previews_and_operations_are_deleted(office: ModuleOffice) -> None:
    """After a week and a month; what is younger, or still open, stays."""
    store = office.services.store
    put_document(store, OPERATION, "open", {"state": QUEUED, "at": NOW.isoformat()})
    kept = {kind: len(store.find(kind)) for kind in (PREVIEW, OPERATION)}
    assert kept[PREVIEW] >= 1
    assert kept[OPERATION] >= 3

    set_clock(office, timedelta(days=6))
    office.call_schedule()
    assert {kind: len(store.find(kind)) for kind in kept} == kept

    set_clock(office, timedelta(days=8))
    office.call_schedule()
    assert store.find(PREVIEW) == []
    assert len(store.find(OPERATION)) == kept[OPERATION]

    set_clock(office, timedelta(days=31))
    assert office.call_schedule().json()["deleted"] >= 2
    assert [document.key for document in store.find(OPERATION)] == ["open"]
    remove_documents(store, OPERATION)
    office.settle()
