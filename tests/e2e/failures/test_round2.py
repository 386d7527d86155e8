"""Findings of the second round by their numbers: late cards, hints that get stuck, repeated clicks."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from emulators.world.processes import AUDIENCE
from tests.e2e.failures.helpers import (
    build_preview,
    estimate_backlog,
    move_card,
    outcomes,
    put_in_progress,
    start_period,
    statuses,
)
from tests.harness.assertions import assert_answer
from tests.harness.office import NOW, WEBHOOK_SECRET, Office
from tests.harness.stored import stored_items, touched_cards
from tests.harness.waiting import wait_until
from vitrina.bootstrap import application

#: How long the functions wait for the tracker here.
PATIENCE_S = 0.5


def restart_at(monkeypatch: pytest.MonkeyPatch, now: datetime, **settings: str) -> None:
    """Start the functions anew at a moment, with settings that are named without their prefix."""
    for name, value in {"NOW": now.isoformat(), **settings}.items():
        monkeypatch.setenv(f"VITRINA_{name}", value)
    application.cache_clear()


def call_timer_later(office: Office, monkeypatch: pytest.MonkeyPatch, minutes: int = 5) -> None:
    """Call the timer some minutes later, and let all work that it sets off be done."""
    restart_at(monkeypatch, NOW + timedelta(minutes=minutes))
    office.call_schedule().raise_for_status()
    office.settle()


def outbox(office: Office) -> list[str]:
    """Names of what is wished for and not carried out."""
    return [one.key for one in office.services.store.find("outbox")]


# --- Row 1: a card is made after its maker has given up -------------------------------------------


@pytest.fixture
def hasty(office: Office, monkeypatch: pytest.MonkeyPatch) -> Office:
    """An office that does not wait long for the tracker. Two items are in progress, without cards."""
    restart_at(
        monkeypatch, NOW, KAITEN_TIMEOUT_S=str(PATIENCE_S), RETRY_WAIT_S="0", TRACKER_CARDS_AT_A_TIME="1"
    )
    estimate_backlog(office, {"task": "Баннер", "hours_design": "2"}, {"task": "Статья", "hours_copy": "2"})
    start_period(office)
    return office


def plan_steps(office: Office, *steps: dict[str, Any]) -> None:
    """Have something happen at calls of the tracker that are still to come."""
    office.http.post(f"{office.servers.kaiten}/_emulator/plan", json=list(steps)).raise_for_status()


def hold_creation(office: Office, at: int = 1) -> None:
    """Have the tracker carry out the *at*-th creation of a card from now only when it is released."""
    plan_steps(office, {"at": at, "method": "cards.create", "hold": True})


def release_creation(office: Office) -> None:
    """Have the held creation carried out, and wait for its card."""
    before = len(office.cards())
    answer = office.http.post(f"{office.servers.kaiten}/_emulator/plan/release").json()
    assert answer == {"released": 1}
    wait_until(lambda: len(office.cards()) == before + 1)


def cards_by_title(office: Office) -> Counter[str]:
    """How many cards there are of each title."""
    return Counter(str(card["title"]) for card in office.cards())


ONE_EACH = {"ЗРН-1 · Баннер": 1, "ЗРН-2 · Статья": 1}


def links(office: Office) -> list[str]:
    """The links in the sheet to cards."""
    tab = office.book().tab("in_progress")
    formulas = (tab.cell(row, "card").formula for row in tab.rows if tab.cell(row, "id").text)
    return [formula for formula in formulas if formula]


def late_card(office: Office) -> dict[str, Any]:
    """The second card of the first item: the sheet does not link to it."""
    twins = [card for card in office.cards() if card["title"] == "ЗРН-1 · Баннер"]
    [late] = [card for card in twins if not any(f'/{card["id"]}"' in link for link in links(office))]
    found: dict[str, Any] = late
    return found


def twins_told(office: Office) -> list[str]:
    """What the check says of items with more than one card."""
    return [line for line in office.do("check_book")["details"] if "вместо одной" in line]


def make_twin(office: Office) -> None:
    """A creation is given up, the next click makes the card, and then the first one appears as well."""
    hold_creation(office)
    assert_answer(office.do("push"), "failed", 503)
    assert_answer(office.do("push"), "done", 200)
    release_creation(office)
    office.settle()


def test_row_01_card_that_appears_late_is_removed_by_the_timer(
    hasty: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The click after the one that gave up makes the card; the younger one goes, the linked one stays."""
    hold_creation(hasty, at=2)
    gave_up, second = hasty.do("push"), hasty.do("push")
    linked = links(hasty)
    release_creation(hasty)
    hasty.settle()

    assert_answer(gave_up, "partial", 200)
    assert_answer(second, "done", 200)
    assert cards_by_title(hasty) == {"ЗРН-1 · Баннер": 1, "ЗРН-2 · Статья": 2}
    [line] = twins_told(hasty)
    assert line.startswith("ЗРН-2: в Kaiten 2 карточки вместо одной.")
    # Another one might still be under way, so that nobody looks yet.
    assert_answer(hasty.do("push"), "done", 200)
    call_timer_later(hasty, monkeypatch, minutes=1)
    assert cards_by_title(hasty) == {"ЗРН-1 · Баннер": 1, "ЗРН-2 · Статья": 2}

    call_timer_later(hasty, monkeypatch)

    assert cards_by_title(hasty) == ONE_EACH
    assert links(hasty) == linked
    assert len(linked) == 2
    assert twins_told(hasty) == []
    assert outbox(hasty) == []


def test_row_01_timer_makes_the_card_that_nobody_clicks_for_again(
    hasty: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Minutes after the click that failed there is one card of each item."""
    hold_creation(hasty)
    assert_answer(hasty.do("push"), "failed", 503)

    call_timer_later(hasty, monkeypatch)
    assert cards_by_title(hasty) == ONE_EACH
    release_creation(hasty)
    call_timer_later(hasty, monkeypatch, minutes=30)
    call_timer_later(hasty, monkeypatch, minutes=60)

    # The card came after another one was created in its place: it is looked for once more, and removed.
    assert len(links(hasty)) == 2
    assert cards_by_title(hasty) == ONE_EACH
    assert twins_told(hasty) == []
    assert outbox(hasty) == []


def test_row_01_timer_helps_twice_within_an_hour(hasty: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """The queue refuses the name of a task that it had an hour ago: each wish is sent under its own."""
    for minutes, task in ((5, "Правки"), (20, "Логотип"), (35, "Плакат")):
        hasty.fail_next("kaiten", method="cards.create", status=500)
        assert_answer(hasty.do("push"), "failed", 503)
        call_timer_later(hasty, monkeypatch, minutes=minutes)
        assert len(hasty.cards()) == len(hasty.table("in_progress", "action"))
        estimate_backlog(hasty, {"task": task, "hours_copy": "1"})
        start_period(hasty)


def test_row_01_timer_makes_no_card_that_nobody_asked_for(
    hasty: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It goes on with the click that failed; what was started after that click waits for the next one."""
    hold_creation(hasty)
    assert_answer(hasty.do("push"), "failed", 503)
    release_creation(hasty)
    estimate_backlog(hasty, {"task": "Правки", "hours_copy": "1"})
    start_period(hasty)

    call_timer_later(hasty, monkeypatch)

    assert cards_by_title(hasty) == ONE_EACH
    assert len(links(hasty)) == 2


def test_row_01_older_card_of_the_two_is_kept(hasty: Office) -> None:
    """The held card appears after we looked for it and before we make ours: ours goes at once."""
    hold_creation(hasty)
    assert_answer(hasty.do("push"), "failed", 503)
    # The list is read before the first card appears, and told when it is there.
    plan_steps(hasty, {"at": 1, "when": "after", "method": "cards.list", "hold": True, "delay_s": 0.1})
    plan_url = f"{hasty.servers.kaiten}/_emulator/plan"

    with ThreadPoolExecutor(1) as pool:
        clicked = pool.submit(hasty.do, "push")
        wait_until(lambda: hasty.http.get(plan_url).json()["waiting"] == 2)
        assert hasty.http.post(f"{plan_url}/release").json() == {"released": 2}
        answer = clicked.result()
    hasty.settle()

    assert_answer(answer, "done", 200)
    assert cards_by_title(hasty) == ONE_EACH
    kept = {str(card["id"]) for card in hasty.cards()}
    assert {item.card_id for item in stored_items(hasty.services.store)} == kept


UNDONE_BEFORE = "undone before the card appears"
UNDONE_AFTER = "undone after the card has appeared"


@pytest.mark.parametrize("moment", [UNDONE_BEFORE, UNDONE_AFTER])
@pytest.mark.parametrize(
    ("clicks", "undos"),
    [
        pytest.param(1, 1, id="the start"),  # a push that made nothing cannot be undone
        pytest.param(2, 1, id="the second push"),
        pytest.param(2, 2, id="the second push and the start"),
    ],
)
def test_row_01_undo_in_between_leaves_no_orphan(
    hasty: Office, monkeypatch: pytest.MonkeyPatch, moment: str, clicks: int, undos: int
) -> None:
    """After the timer no card is left of what was taken back, and none is made anew."""
    is_started = clicks > undos
    hold_creation(hasty)
    assert_answer(hasty.do("push"), "failed", 503)
    if clicks == 2:
        assert_answer(hasty.do("push"), "done", 200)
    if moment == UNDONE_AFTER:
        release_creation(hasty)

    for _ in range(undos):
        answer = hasty.do("undo")
        assert answer["outcome"] == "done", answer
    if moment == UNDONE_BEFORE:
        release_creation(hasty)
    hasty.settle()
    call_timer_later(hasty, monkeypatch)

    assert hasty.cards() == []
    assert [action for (action,) in hasty.table("in_progress", "action")] == (
        ["Баннер", "Статья"] if is_started else []
    )
    assert links(hasty) == []
    assert outbox(hasty) == []
    # What is pushed again gets its cards.
    if not is_started:
        start_period(hasty)
    assert_answer(hasty.do("push"), "done", 200)
    assert cards_by_title(hasty) == ONE_EACH


def move_on(office: Office, card: dict[str, Any]) -> None:
    """Take a card to the next column."""
    columns = office.kaiten("GET", f"/boards/{card['board_id']}/columns")
    office.kaiten("PATCH", f"/cards/{card['id']}", column_id=columns[1]["id"])


WORKED_ON: dict[str, Callable[[Office, dict[str, Any]], object]] = {
    "moved": move_on,
    "commented": lambda office, card: office.kaiten("POST", f"/cards/{card['id']}/comments", text="Беру"),
    "hours logged": lambda office, card: office.kaiten(
        "POST", f"/cards/{card['id']}/time-logs", time_spent=60, for_date="2026-11-23", role_id=-1
    ),
    "renamed": lambda office, card: office.kaiten("PATCH", f"/cards/{card['id']}", title="Баннер, новый"),
}


@pytest.mark.parametrize("doing", WORKED_ON)
def test_row_01_late_card_that_somebody_works_on_stays(
    hasty: Office, monkeypatch: pytest.MonkeyPatch, doing: str
) -> None:
    """Work is never thrown away: both cards stay, and the check names the item and what to do."""
    make_twin(hasty)
    late = late_card(hasty)
    WORKED_ON[doing](hasty, late)
    hasty.settle()

    call_timer_later(hasty, monkeypatch)

    kept = [str(card["id"]) for card in hasty.cards()]
    assert str(late["id"]) in kept
    assert len(kept) == 3
    [line] = twins_told(hasty)
    assert line.startswith("ЗРН-1: в Kaiten 2 карточки вместо одной.")
    assert f"лишних ({hasty.services.trackers['kaiten'].card_url('', str(late['id']))})" in line


def test_row_01_start_undone_while_somebody_works_on_the_late_card(
    hasty: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The item is taken back; its late card stays, since there is work in it."""
    hold_creation(hasty)
    assert_answer(hasty.do("push"), "failed", 503)
    assert hasty.do("undo")["outcome"] == "done"
    release_creation(hasty)
    [late] = hasty.cards()
    hasty.kaiten("POST", f"/cards/{late['id']}/comments", text="Беру")
    hasty.settle()

    call_timer_later(hasty, monkeypatch)

    assert [card["id"] for card in hasty.cards()] == [late["id"]]
    assert outbox(hasty) == []


# --- Row 2: a hint that a card was touched ------------------------------------------------------------


def test_row_02_hint_is_delivered_by_the_timer(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """The queue does not take the task of a webhook: the webhook is answered, and the sheet follows later."""
    put_in_progress(office, {"task": "Баннер", "hours_design": "2"})
    office.fail_next("tasks", status=503)
    move_card(office, "Баннер", 2)
    office.settle()
    assert len(touched_cards(office.services.store)) == 1
    assert statuses(office) == {"Баннер": "Онбординг"}
    # The task is known to wait, so that a further webhook does not queue it.
    move_card(office, "Баннер", 1)
    office.settle()
    assert statuses(office) == {"Баннер": "Онбординг"}

    call_timer_later(office, monkeypatch)

    assert statuses(office) == {"Баннер": "В работе"}
    assert touched_cards(office.services.store) == []
    assert outbox(office) == []
    move_card(office, "Баннер", 2)
    office.settle()
    assert statuses(office) == {"Баннер": "На проверке"}


def test_row_02_hint_is_sent_again_until_the_queue_takes_it(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The timer meets the same queue: it fails as well, and the next call of the timer succeeds."""
    put_in_progress(office, {"task": "Баннер", "hours_design": "2"})
    # Each call of the timer also has cards and workbooks read; without that only the hint is left.
    monkeypatch.setattr("vitrina.jobs.registry.plan_reconciliation", lambda *_, **__: 0)
    monkeypatch.setattr("vitrina.jobs.registry.plan_refreshes", lambda _: 0)
    office.fail_next("tasks", status=503, count=2)
    move_card(office, "Баннер", 1)
    office.settle()

    call_timer_later(office, monkeypatch, minutes=5)
    assert statuses(office) == {"Баннер": "Онбординг"}
    call_timer_later(office, monkeypatch, minutes=20)

    assert statuses(office) == {"Баннер": "В работе"}
    assert touched_cards(office.services.store) == []
    assert outbox(office) == []


def test_row_02_hanging_tracker_does_not_delay_a_webhook(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that has asked the tracker for nothing yet answers at once, and has kept the hint by then."""
    put_in_progress(office, {"task": "Баннер", "hours_design": "2"})
    card = office.cards()[0]
    restart_at(monkeypatch, NOW)
    with httpx.Client(trust_env=False) as http:
        http.post(f"{office.servers.kaiten}/_emulator/latency", json={"seconds": 5}).raise_for_status()
        office.forget_calls()
        began_at = time.monotonic()
        answer = http.post(
            f"{office.servers.functions}/webhook/kaiten/{WEBHOOK_SECRET}",
            json={"event": "card:update", "data": {"old": card, "new": card, "author": {"id": 11}}},
        )
        took_s = time.monotonic() - began_at
        touched = touched_cards(office.services.store)
        asked = office.calls("kaiten")
        http.post(f"{office.servers.kaiten}/_emulator/latency", json={"seconds": 0}).raise_for_status()

    assert answer.status_code == 200
    assert touched == [str(card["id"])]
    assert asked == {}
    assert took_s < 3


# --- Row 8: clicks that are repeated ----------------------------------------------------------------


REQUEST_ID = "the-same-click-0123456789"


def test_row_08_same_request_with_other_parameters_is_refused(office: Office) -> None:
    """Nobody gets the answer to another question; what was asked first keeps its answer."""
    estimate_backlog(office)
    first_preview, second_preview = build_preview(office), build_preview(office, "next")
    menu = office.manager()
    first = menu.post(office.client_id, "start_batch", request_id=REQUEST_ID, preview_id=first_preview)
    assert_answer(first, "done", 200)

    others = (
        menu.post(office.client_id, "start_batch", request_id=REQUEST_ID, preview_id=second_preview),
        menu.post(office.client_id, "estimate", request_id=REQUEST_ID),
        menu.post(office.client_id, "push", request_id=REQUEST_ID),
    )

    for answer in others:
        assert_answer(answer, "refused", 400)
    again = menu.post(office.client_id, "start_batch", request_id=REQUEST_ID, preview_id=first_preview)
    assert again == first
    assert office.cards() == []


def test_row_08_same_request_of_a_queued_action_with_other_parameters_is_refused(agency: Office) -> None:
    """The second form is not made in silence, nor is the first one told of it."""
    assert agency.agency is not None
    agency_id, menu = agency.agency.spreadsheet_id, agency.manager()
    form = {"client_name": "Заря", "project_name": "Сайт", "limit_hours": 40}
    first = menu.click(agency_id, "new_client", request_id=REQUEST_ID, code="ЗРН", **form)
    assert_answer(first, "done", 200)

    other = menu.post(agency_id, "new_client", request_id=REQUEST_ID, code="ДРГ", **form)

    assert_answer(other, "refused", 400)
    again = menu.click(agency_id, "new_client", request_id=REQUEST_ID, code="ЗРН", **form)
    assert again["data"] == first["data"]
    codes = agency.table("projects", "project", spreadsheet_id=agency_id)
    assert codes == [("Сайт",)]


def test_row_08_four_identical_starts_at_once_have_one_result(office: Office) -> None:
    """Each is told of the one run; its success is never overwritten, however often it is asked for."""
    estimate_backlog(office)
    preview_id = build_preview(office)
    at_once = threading.Barrier(4)

    def click(_: int) -> dict[str, Any]:
        menu = office.manager()
        at_once.wait()
        return menu.click(office.client_id, "start_batch", request_id=REQUEST_ID, preview_id=preview_id)

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(click, range(4)))

    assert outcomes(answers) == ["done"] * 4
    assert [one["data"] for one in answers] == [answers[0]["data"]] * 4
    kept = [
        office.manager().post(office.client_id, "start_batch", request_id=REQUEST_ID, preview_id=preview_id)
        for _ in range(3)
    ]
    assert outcomes(kept) == ["done"] * 3
    assert [one["data"] for one in kept] == [answers[0]["data"]] * 3
    assert len(office.table("in_progress", "action")) == 5


@pytest.mark.parametrize("code", ["ABC\n", "\nABC", "ABC ", "ABC\x00", "ABC\u2028"])
def test_row_08_code_with_a_line_break_is_refused(agency: Office, code: str) -> None:
    """It would stand beside a project of the code without it; the sentence says what a code is."""
    assert agency.agency is not None
    form = {"client_name": "Заря", "project_name": "Сайт", "limit_hours": 40}
    agency.create_client(code="ABC")

    answer = agency.click(agency.agency.spreadsheet_id, "new_client", code=code, **form)

    assert_answer(answer, "refused", 400)
    assert len(agency.table("projects", "project", spreadsheet_id=agency.agency.spreadsheet_id)) == 1


@pytest.mark.parametrize("request_id", ["0123456789\n", "", "short", "я" * 10])
def test_row_08_request_id_is_matched_whole(office: Office, request_id: str) -> None:
    """Two ids that look the same are two clicks."""
    estimate_backlog(office)
    body = {"action": "estimate", "spreadsheet_id": office.client_id, "request_id": request_id, "params": {}}
    wanted = {"email": office.staff, "audience": AUDIENCE}
    token = office.http.post(f"{office.servers.google}/_emulator/identity/token", json=wanted).json()

    answer = office.http.post(
        f"{office.servers.functions}/menu",
        json=body,
        headers={"Authorization": f"Bearer {token['id_token']}"},
    )

    assert answer.status_code == 400
