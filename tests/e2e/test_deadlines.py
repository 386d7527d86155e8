"""Outside systems that take a request and never answer: each click ends in time, with a sentence.

The limits are a tenth of the real ones, so that the tests are quick; with ``--full`` they are the real ones,
and what is printed is how long a person waits.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Any

import pytest

from tests.e2e.failures.helpers import move_card, put_in_progress, statuses
from tests.harness.assertions import assert_sentence, assert_unchanged
from tests.harness.hanging import Hanging, hanging_server
from tests.harness.module_office import ModuleOffice, running_agency
from tests.harness.servers import Servers
from tests.harness.snapshots import take_snapshot
from tests.harness.stored import touched_cards
from tests.harness.waiting import wait_until
from vitrina.bootstrap import application
from vitrina.deadline import limited_to
from vitrina.web import health, menu

#: Limits of ``functions/main.py`` and of ``web/menu.py``, in seconds.
CLICK_S, ACCESS_S, OPERATION_S, PAGE_S = 50.0, 5.0, 5.0, 20.0
DATABASE = "projects/vitrina/databases/main"
#: What a busy machine adds.
SLACK_S = 4.0


@pytest.fixture(scope="module")
def office(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleOffice]:
    """An agency with a client whose backlog holds one item."""
    with running_agency(servers, tmp_path_factory.mktemp("office")) as office:
        office.create_client(code="ЗРН", project_name="Сайт")
        office.fill_backlog({"task": "Лендинг", "work_type": "Лендинг"})
        yield office


@pytest.fixture
def scale(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> float:
    """By how much all limits are shorter than the real ones."""
    found = 1.0 if request.config.getoption("--full") else 0.1

    def shortened(seconds: float) -> AbstractContextManager[None]:
        return limited_to(seconds * found)

    monkeypatch.setattr(health, "limited_to", shortened)
    monkeypatch.setattr(menu, "limited_to", shortened)
    return found


Ask = Callable[[ModuleOffice], tuple[int, Any]]


def click(action: str) -> Ask:
    """A click in the client's workbook that is sent once."""

    def ask(office: ModuleOffice) -> tuple[int, Any]:
        answer = office.manager().post(office.client_id, action)
        return answer["http_status"], answer["message"]

    return ask


def open_page(office: ModuleOffice) -> tuple[int, Any]:
    """A client opens his page."""
    answer = office.http.get(f"{office.servers.functions}/client/c/{'a' * 43}", timeout=90)
    return answer.status_code, ""


def restart_cold(office: ModuleOffice, monkeypatch: pytest.MonkeyPatch, changes: Mapping[str, str]) -> None:
    """Have the next request start the application, as the first one of a new process does."""
    for name, value in {**office.environment, **changes}.items():
        monkeypatch.setenv(f"VITRINA_{name}", value)
    application.cache_clear()


@pytest.mark.parametrize(
    ("system", "setting", "ask", "limit_s", "status"),
    [
        ("Google's certificates", "GOOGLE_URL", click("estimate"), ACCESS_S, 503),
        ("Google's workbooks", "GOOGLE_URL", click("estimate"), CLICK_S, 503),
        ("the store, a click", "FIRESTORE_URL", click("estimate"), ACCESS_S, 503),
        ("the store, an operation", "FIRESTORE_URL", click("refresh"), ACCESS_S, 503),
        ("the store, a client's page", "FIRESTORE_URL", open_page, PAGE_S, 503),
        ("the queue", "TASKS_URL", click("refresh"), OPERATION_S, 202),
    ],
)
def test_row_9_a_click_ends_in_time(
    office: ModuleOffice,
    scale: float,
    monkeypatch: pytest.MonkeyPatch,
    record_property: Callable[[str, object], None],
    system: str,
    setting: str,
    ask: Ask,
    limit_s: float,
    status: int,
) -> None:
    """With a sentence, and nothing half done."""
    before = take_snapshot(office)
    store = {"STORE": DATABASE} if setting == "FIRESTORE_URL" else {}
    passed = {"but_for": "/oauth2/", "url": office.servers.google} if system.endswith("workbooks") else {}
    with hanging_server(**passed) as url:
        restart_cold(office, monkeypatch, {setting: url, **store})
        began_at = time.monotonic()
        try:
            found, message = ask(office)
            took_s = time.monotonic() - began_at
        finally:
            office.restart()

    record_property("figure", f"{system} hangs: answered after {took_s:.1f} s, {found}: {message}")
    assert found == status
    assert took_s < limit_s * scale + SLACK_S
    if message:
        assert_sentence(message)
    if status != 202:
        assert_unchanged(office, before)
    assert office.do("estimate")["outcome"] == "done"


#: How long queued work waits for a silent system here; 40 s in production.
PATIENCE_S = 1.0


@pytest.mark.parametrize("how", [Hanging.SILENT, Hanging.SLOW_BODY])
def test_row_9_queued_work_outlives_a_hanging_tracker(
    office: ModuleOffice, monkeypatch: pytest.MonkeyPatch, how: Hanging
) -> None:
    """It ends with a sentence, also where bytes trickle; what it was about is done when Kaiten answers."""
    task = f"Баннер, {how}"
    put_in_progress(office, {"task": task, "work_type": "Баннер"})
    monkeypatch.setattr(health, "PATIENCE_S", PATIENCE_S)
    with hanging_server(how=how) as url:
        restart_cold(office, monkeypatch, {"KAITEN_URL": url})
        try:
            began_at = time.monotonic()
            answer = office.do("refresh")
            took_s = time.monotonic() - began_at
            move_card(office, task, 1)
            wait_until(lambda: bool(touched_cards(office.services.store)))
        finally:
            office.restart()
    before = statuses(office)[task]
    office.settle()

    assert (answer["http_status"], answer["outcome"]) == (503, "failed"), answer
    assert_sentence(answer["message"])
    assert took_s < PATIENCE_S + SLACK_S
    assert before == "Онбординг"
    assert statuses(office)[task] == "В работе"
    assert touched_cards(office.services.store) == []
