"""Outside systems that refuse, are busy, lose their answer or are gone: nothing half done, nothing twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from msgspec.structs import replace

from emulators.world.processes import QUEUE, ROBOT_ID
from tests.harness.assertions import assert_answer, assert_unchanged
from tests.harness.module_office import ModuleOffice, running_agency
from tests.harness.office import NOW
from tests.harness.servers import Servers
from tests.harness.snapshots import take_snapshot
from tests.harness.stored import remove_items, stored_items, touched_cards
from vitrina.ports import NewCard
from vitrina.records.books import load_project
from vitrina.records.work import Item
from vitrina.trackers.kaiten.mapping import board_number

#: Nobody listens there.
NOWHERE = "http://127.0.0.1:9"

#: A call that only reads is tried this often.
ATTEMPTS = 4

#: What Kaiten may do at the first call of an action, and what the manager is told then.
KAITEN_REFUSALS: tuple[tuple[int | str, int, str], ...] = (
    (401, 502, "не принял ключ доступа"),
    (402, 502, "тариф"),
    (403, 502, "права"),
    (429, 503, "перегружен"),
    (500, 503, "не отвечает"),
    (503, 503, "не отвечает"),
    ("drop", 503, "не отвечает"),
)

_codes = (f"ПР{number}" for number in count(1))


@pytest.fixture(scope="module")
def office(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleOffice]:
    """One agency; each test makes a client of its own."""
    with running_agency(servers, tmp_path_factory.mktemp("office")) as office:
        yield office


@pytest.fixture
def client(office: ModuleOffice) -> ModuleOffice:
    """The office with a new client whose backlog holds one item."""
    office.create_client(code=next(_codes), project_name="Сайт")
    office.fill_backlog({"task": "Лендинг", "work_type": "Лендинг"})
    return office


def start(office: ModuleOffice) -> None:
    """Everything that fits moves into progress."""
    office.do("estimate")
    preview_id = office.do("build_batch", period="current")["data"]["preview_id"]
    answer = office.do("start_batch", preview_id=preview_id)
    assert answer["outcome"] == "done", answer


@pytest.fixture
def started(client: ModuleOffice) -> Iterator[ModuleOffice]:
    """Its item is in progress, and not in the tracker. Afterwards its people are free again."""
    start(client)
    yield client
    free(client)


def own_items(office: ModuleOffice) -> list[Item]:
    """Items in progress of the current client."""
    return stored_items(office.services.store, spreadsheet_id=office.client_id)


def own_cards(office: ModuleOffice) -> list[Any]:
    """Cards of the current client, as the tracker lists them."""
    board_id = board_number(load_project(office.services.store, office.client_id).board_id)
    return [card for card in office.cards() if str(card["board_id"]) == board_id]


def free(office: ModuleOffice) -> None:
    """Take back what the client's items promise, so that the next test finds its people free."""
    remove_items(office.services.store, office.client_id)


@contextmanager
def kaiten_gone(office: ModuleOffice) -> Iterator[None]:
    """The functions are pointed at an address where nobody listens."""
    office.restart(KAITEN_URL=NOWHERE)
    try:
        yield
    finally:
        office.restart()


def times(status: int | str) -> dict[str, Any]:
    """A fault that lasts as long as one action tries."""
    lasting = status in (429, 500, 503, "drop", "timeout")
    return {"status": status, "count": ATTEMPTS if lasting else 1, "retry_after": 0}


# --- Kaiten: new client --------------------------------------------------------------------------


def agency_action(office: ModuleOffice, **form: Any) -> dict[str, Any]:
    """*Новый клиент…* with this form."""
    assert office.agency is not None
    full = {"client_name": "Улыбка", "limit_hours": 40, **form}
    return office.click(office.agency.spreadsheet_id, "new_client", **full)


def made(office: ModuleOffice, project_name: str) -> Counter[str]:
    """How many boards, workbooks and rows of the agency's list a project has."""
    assert office.agency is not None
    boards = office.kaiten("GET", f"/spaces/{office.space_id}/boards", user_id=ROBOT_ID)
    books = office.http.get(f"{office.servers.google}/_emulator/workbooks").json()
    rows = office.table("projects", "project", spreadsheet_id=office.agency.spreadsheet_id)
    return Counter(
        board=sum(project_name in board["title"] for board in boards),
        workbook=sum(project_name in book["title"] for book in books),
        row=sum(project == project_name for (project,) in rows),
    )


ONE_OF_EACH = Counter(board=1, workbook=1, row=1)


def test_new_client_while_kaiten_refuses_makes_nothing(office: ModuleOffice) -> None:
    """Whatever Kaiten answers to the first call; the same click later makes everything once."""
    form = {"project_name": "Отказы", "code": next(_codes)}
    before = take_snapshot(office)

    for status, http_status, words in KAITEN_REFUSALS:
        # A call that makes something is repeated after 429 only.
        office.fail_next(
            "kaiten", method="boards.create", **{**times(status), "count": ATTEMPTS if status == 429 else 1}
        )
        answer = agency_action(office, **form)
        assert_answer(answer, "failed", http_status)
        assert words in answer["message"]
    with kaiten_gone(office):
        answer = agency_action(office, **form)
        assert_answer(answer, "failed", 503)
    assert_unchanged(office, before)

    assert agency_action(office, **form)["outcome"] == "done"
    assert made(office, "Отказы") == ONE_OF_EACH


@pytest.mark.parametrize(
    ("server", "method", "status"),
    [
        ("kaiten", "boards.create", "timeout"),
        ("google", "drive.files.create", "timeout"),
        ("google", "drive.files.create", 503),
        ("google", "sheets.spreadsheets.batchUpdate", "timeout"),  # the workbook is filled, nobody knows
        ("google", "sheets.spreadsheets.batchUpdate", 503),
        ("google", "drive.permissions.create", 403),
        ("kaiten", "external_webhooks.list", 500),
    ],
)
def test_new_client_goes_on_where_it_failed(
    office: ModuleOffice, server: str, method: str, status: int | str
) -> None:
    """After a failure at any step, lost answers included, the same click makes what is missing, once."""
    code = next(_codes)
    project = f"Проект {code}"
    form = {"project_name": project, "code": code}
    repeated = method == "external_webhooks.list"
    office.fail_next(server, method=method, status=status, count=ATTEMPTS if repeated else 1)

    failed = agency_action(office, **form)
    answer = agency_action(office, **form)

    assert_answer(failed, "failed", 502 if status == 403 else 503)
    assert_answer(answer, "done", 200)
    assert made(office, project) == ONE_OF_EACH
    book = office.book(answer["data"]["spreadsheet_id"])
    assert len(book.tabs) == 6
    again = agency_action(office, **form)
    assert_answer(again, "refused", 422)
    assert made(office, project) == ONE_OF_EACH


def test_new_client_waits_out_a_busy_moment(office: ModuleOffice) -> None:
    """429 says that nothing was done, so every call is repeated, and nobody has to know."""
    form = {"project_name": "Терпение", "code": next(_codes)}
    for server, method in (
        ("kaiten", "boards.create"),
        ("google", "drive.files.create"),
        ("google", "sheets.spreadsheets.batchUpdate"),
        ("google", "drive.permissions.create"),
    ):
        office.fail_next(server, method=method, status=429, count=2, retry_after=0)

    answer = agency_action(office, **form)

    assert_answer(answer, "done", 200)
    assert made(office, "Терпение") == ONE_OF_EACH


# --- Kaiten: push --------------------------------------------------------------------------------


def assert_whole_cards(office: ModuleOffice, *, actions: int = 3) -> None:
    """One card an item with its whole checklist and one link back."""
    items, cards = own_items(office), own_cards(office)
    assert sorted(card["external_id"] for card in cards) == sorted(item.external_id for item in items)
    for card in cards:
        whole = office.kaiten("GET", f"/cards/{card['id']}", user_id=ROBOT_ID)
        assert [len(checklist["items"]) for checklist in whole["checklists"]] == [actions]
        assert len(whole["external_links"]) == 1
    shown = [text for (text,) in office.table("in_progress", "card")]
    assert shown == ["Открыть"] * (actions * len(items))


def start_another(office: ModuleOffice) -> None:
    """One more item with three actions is in progress."""
    office.fill_backlog(
        {"task": "Правки", "hours_design": "0,5", "hours_copy": "0,5", "hours_development": "0,5"}
    )
    start(office)


def test_push_while_kaiten_refuses_makes_nothing(started: ModuleOffice) -> None:
    """Whatever Kaiten answers to the first call; the same click later makes each card once."""
    before = take_snapshot(started)

    for status, http_status, words in KAITEN_REFUSALS:
        started.fail_next("kaiten", method="cards.list", **times(status))
        answer = started.do("push")
        assert_answer(answer, "failed", http_status)
        assert words in answer["message"]
    with kaiten_gone(started):
        assert_answer(started.do("push"), "failed", 503)
    assert_unchanged(started, before)

    assert_answer(started.do("push"), "done", 200)
    assert_whole_cards(started)


def test_push_completes_a_card_that_was_half_made(started: ModuleOffice) -> None:
    """A failure inside a card, its lost answer included: the next click completes this very card."""
    faults: tuple[tuple[str, int | str], ...] = (
        ("cards.create", "timeout"),  # the card is there, nobody knows
        ("cards.create", 500),
        ("checklists.create", "timeout"),
        ("checklists.create", 403),
        ("checklist_items.create", "timeout"),
        ("checklist_items.create", 500),
        ("external_links.add", "timeout"),
        ("external_links.add", 402),
    )

    for method, status in faults:
        started.fail_next("kaiten", method=method, status=status)
        failed = started.do("push")
        answer = started.do("push")

        assert_answer(failed, "failed", 502 if status in (402, 403) else 503)
        assert_answer(answer, "done", 200)
        assert_whole_cards(started)
        start_another(started)


def test_push_that_fails_half_way_keeps_what_it_made(client: ModuleOffice) -> None:
    """Kaiten refuses from the second card on: the first is linked, the answer says how many are left."""
    client.fill_backlog(*({"task": f"Правка {n}", "work_type": "", "hours_copy": "1"} for n in range(3)))
    start(client)
    tracker = client.services.trackers["kaiten"]
    original = tracker.complete_card
    made = []

    def complete_one(card_id: str, card: NewCard) -> None:
        original(card_id, card)
        made.append(card_id)
        client.fail_next("kaiten", method="cards.create", status=402)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tracker, "complete_card", complete_one)
        patch.setattr(tracker, "can", replace(tracker.can, cards_at_a_time=1))
        partial = client.do("push")
    links = [text for (text,) in client.table("in_progress", "card")]
    answer = client.do("push")

    assert_answer(partial, "partial", 200)
    assert partial["message"] == "Создали 1 карточку, осталось 2. Отправьте ещё раз: дублей не будет."
    assert "тариф" in partial["details"][0]
    assert (len(made), links) == (1, ["Открыть"])
    assert_answer(answer, "done", 200)
    assert_whole_cards(client, actions=1)
    free(client)


# --- Kaiten: refresh and webhooks ----------------------------------------------------------------


@pytest.fixture
def pushed(started: ModuleOffice) -> ModuleOffice:
    """Its card has been moved on while webhooks were lost."""
    assert started.do("push")["outcome"] == "done"
    started.settle()
    return started


def move_card(office: ModuleOffice, stage: int) -> None:
    """A specialist moves the client's card to a column of its board."""
    [card] = own_cards(office)
    columns = office.kaiten("GET", f"/boards/{card['board_id']}/columns")
    office.kaiten("PATCH", f"/cards/{card['id']}", column_id=columns[stage]["id"])


def statuses(office: ModuleOffice) -> set[Any]:
    """What the sheet says of the client's actions."""
    return {status for (status,) in office.table("in_progress", "status")}


def lose_webhooks(office: ModuleOffice, mode: str) -> None:
    """Whether the tracker's webhooks arrive."""
    office.http.post(f"{office.servers.kaiten}/_emulator/webhooks", json={"mode": mode}).raise_for_status()


def test_refresh_while_kaiten_refuses_leaves_the_sheet(pushed: ModuleOffice) -> None:
    """The old state stays, the freshness mark too; the same click later writes the new one."""
    lose_webhooks(pushed, "drop")
    move_card(pushed, 2)
    lose_webhooks(pushed, "deliver")
    before = take_snapshot(pushed)

    for status, http_status, words in KAITEN_REFUSALS:
        pushed.fail_next("kaiten", method="cards.get", **times(status))
        answer = pushed.do("refresh")
        assert_answer(answer, "failed", http_status)
        assert words in answer["message"]
    with kaiten_gone(pushed):
        assert_answer(pushed.do("refresh"), "failed", 503)
    assert_unchanged(pushed, before)

    assert_answer(pushed.do("refresh"), "done", 200)
    assert statuses(pushed) == {"На проверке"}


def test_refresh_without_time_logs_in_the_plan_still_refreshes(pushed: ModuleOffice) -> None:
    """402 for the hours alone: the rest of the card is written."""
    lose_webhooks(pushed, "drop")
    move_card(pushed, 1)
    lose_webhooks(pushed, "deliver")
    pushed.fail_next("kaiten", method="time_logs.list", status=402)

    answer = pushed.do("refresh")

    assert_answer(answer, "done", 200)
    assert statuses(pushed) == {"В работе"}


def test_a_deleted_card_is_named(pushed: ModuleOffice) -> None:
    """Its rows stay as they are, and the answer says which item lost its card."""
    [card] = own_cards(pushed)
    [item] = own_items(pushed)
    pushed.kaiten("DELETE", f"/cards/{card['id']}")
    pushed.settle()
    before = statuses(pushed)

    answer = pushed.do("refresh")

    assert_answer(answer, "partial", 200)
    assert answer["details"] == [f"карточки удалены в трекере: {item.code}"]
    assert statuses(pushed) == before


def test_a_webhook_is_worked_off_when_the_systems_are_back(pushed: ModuleOffice) -> None:
    """The queue tries again until the card was read and written; nothing is lost meanwhile."""
    faults: tuple[tuple[str, str, int | str], ...] = (
        ("kaiten", "cards.get", 401),
        ("kaiten", "cards.get", 500),
        ("kaiten", "cards.get", "timeout"),
        ("google", "sheets.spreadsheets.get", 503),
        ("google", "sheets.spreadsheets.batchUpdate", 503),
        ("google", "sheets.spreadsheets.batchUpdate", "timeout"),
    )

    for number, (server, method, status) in enumerate(faults):
        stage, label = ((2, "На проверке"), (1, "В работе"))[number % 2]
        repeated = status in (500, 503, "timeout") and method.endswith("get")
        pushed.fail_next(server, method=method, status=status, count=ATTEMPTS if repeated else 1)

        move_card(pushed, stage)
        pushed.settle()

        assert statuses(pushed) == {label}
        assert touched_cards(pushed.services.store, spreadsheet_id=pushed.client_id) == []


def test_a_webhook_while_kaiten_is_gone_is_not_lost(pushed: ModuleOffice) -> None:
    """The hint is kept; when Kaiten is back it is followed."""
    with kaiten_gone(pushed):
        move_card(pushed, 1)
        pushed.http.post(f"{pushed.servers.kaiten}/_emulator/webhooks/settle", json={})
        assert touched_cards(pushed.services.store, spreadsheet_id=pushed.client_id)

    pushed.settle()

    assert statuses(pushed) == {"В работе"}


# --- Google --------------------------------------------------------------------------------------

#: What Google may do, and the status with which the manager is told.
GOOGLE_READ_FAULTS: tuple[tuple[int | str, int], ...] = (
    (429, 503),
    (503, 503),
    ("drop", 503),
    ("timeout", 503),
    (403, 502),
    (404, 502),
)
GOOGLE_WRITE_FAULTS: tuple[tuple[int | str, int], ...] = ((429, 503), (503, 503), ("drop", 503), (403, 502))


def test_estimate_while_google_refuses_changes_nothing(client: ModuleOffice) -> None:
    """Whatever Google answers to the read or the write; the same click later fills the hours."""
    before = take_snapshot(client)

    for status, http_status in GOOGLE_READ_FAULTS:
        # Google's library itself repeats a read whose connection broke.
        count_ = {403: 1, 404: 1, 429: ATTEMPTS, 503: ATTEMPTS}.get(status, 2 * ATTEMPTS)
        client.fail_next("google", method="sheets.spreadsheets.get", status=status, count=count_)
        assert_answer(client.do("estimate"), "failed", http_status)
    for status, http_status in GOOGLE_WRITE_FAULTS:
        count_ = ATTEMPTS if status == 429 else 1
        client.fail_next("google", method="sheets.spreadsheets.batchUpdate", status=status, count=count_)
        assert_answer(client.do("estimate"), "failed", http_status)
    assert_unchanged(client, before)

    assert_answer(client.do("estimate"), "done", 200)
    assert client.table("backlog", "hours.design", "hours.copy", "hours.development") == [(9.0, 4.0, 20.0)]


def test_estimate_waits_out_a_busy_moment(client: ModuleOffice) -> None:
    """Two 429 and one 503 at the read, two 429 at the write: the manager does not notice."""
    client.fail_next("google", method="sheets.spreadsheets.get", status=429, count=2)
    client.fail_next("google", method="sheets.spreadsheets.get", status=503, count=1)
    client.fail_next("google", method="sheets.spreadsheets.batchUpdate", status=429, count=2)

    assert_answer(client.do("estimate"), "done", 200)


def test_estimate_whose_answer_is_lost_is_not_written_twice(client: ModuleOffice) -> None:
    """The write went out once and was applied; the second click finds nothing to do."""
    client.forget_calls()
    client.fail_next("google", method="sheets.spreadsheets.batchUpdate", status="timeout")

    lost = client.do("estimate")
    sent = client.calls("google")["sheets.spreadsheets.batchUpdate"]
    after_lost = take_snapshot(client)
    answer = client.do("estimate")

    assert_answer(lost, "failed", 503)
    assert sent == 1
    assert_answer(answer, "done", 200)
    assert_unchanged(client, after_lost)
    assert client.table("backlog", "hours.design") == [(9.0,)]


def test_start_while_google_refuses_can_be_clicked_again(client: ModuleOffice) -> None:
    """Nothing moved; the same preview is started by the next click, with one row an action."""
    for number, (status, http_status) in enumerate(GOOGLE_WRITE_FAULTS, start=1):
        client.fill_backlog({"task": "Баннер", "work_type": "Баннер"})
        client.do("estimate")
        preview_id = client.do("build_batch", period="current")["data"]["preview_id"]
        before = take_snapshot(client)
        count_ = ATTEMPTS if status == 429 else 1
        client.fail_next("google", method="sheets.spreadsheets.batchUpdate", status=status, count=count_)

        failed = client.do("start_batch", preview_id=preview_id)
        assert_answer(failed, "failed", http_status)
        assert_unchanged(client, before)
        answer = client.do("start_batch", preview_id=preview_id)

        assert_answer(answer, "done", 200)
        assert len(client.table("in_progress", "id")) == number
        assert client.table("backlog", "task") == []
        assert {item.is_reserved for item in own_items(client)} == {False}
    free(client)


def test_start_whose_answer_is_lost_moves_rows_once(client: ModuleOffice) -> None:
    """The rows moved and nobody knows: the next click says so, and the cards are made as usual."""
    client.do("estimate")
    preview_id = client.do("build_batch", period="current")["data"]["preview_id"]
    client.fail_next("google", method="sheets.spreadsheets.batchUpdate", status="timeout")

    lost = client.do("start_batch", preview_id=preview_id)
    again = client.do("start_batch", preview_id=preview_id)

    assert_answer(lost, "failed", 503)
    assert_answer(again, "refused", 422)
    assert again["message"].startswith("Этот период уже начат")
    assert len(client.table("in_progress", "id")) == 3
    assert_answer(client.do("push"), "done", 200)
    assert_whole_cards(client)
    free(client)


def test_the_same_click_gets_the_same_answer(client: ModuleOffice) -> None:
    """A click that is sent again, as its answer was lost, is told what was done for it."""
    client.do("estimate")
    preview_id = client.do("build_batch")["data"]["preview_id"]
    menu, click = client.manager(), {"request_id": "click-0123456789", "preview_id": preview_id}
    first = menu.post(client.client_id, "start_batch", **click)
    client.forget_calls()

    second = menu.post(client.client_id, "start_batch", **click)

    assert first["outcome"] == "done"
    assert second == first
    assert client.calls("google") == {}
    free(client)


def test_clicks_for_the_same_are_one_operation(started: ModuleOffice) -> None:
    """The queue took only the second click: both wait for one operation, which ends, and is not repeated."""
    menu, url = started.manager(), f"{started.servers.tasks}/v2/{QUEUE}"
    started.http.post(f"{url}:pause", json={}).raise_for_status()
    started.fail_next("tasks", status=503, count=1)
    first = menu.post(started.client_id, "push", request_id="first-click-0123456789")
    second = menu.post(started.client_id, "push", request_id="second-click-0123456789")
    started.http.post(f"{url}:resume", json={}).raise_for_status()
    started.settle()
    pushed = take_snapshot(started)
    repeated = menu.post(started.client_id, "push", request_id="second-click-0123456789")
    started.settle()

    assert_answer(first, "accepted", 202)
    assert_answer(second, "accepted", 202)
    assert {one["operation_id"] for one in (second, repeated)} == {first["operation_id"]}
    clicks = {"spreadsheet_id": started.client_id}
    operations = [one.data for one in started.services.store.find("operation", where=clicks)]
    pushes = [one for one in operations if one["action"] == "push"]
    assert sorted(one["state"] for one in pushes) == ["ended", "following"]
    assert_whole_cards(started)
    assert_unchanged(started, pushed)


def test_a_promise_that_never_reached_the_sheet_is_taken_back(client: ModuleOffice) -> None:
    """After a failed start the people are free for the next plan of the same workbook."""
    client.do("estimate")
    first = client.do("build_batch", period="current")["data"]
    client.fail_next("google", method="sheets.spreadsheets.batchUpdate", status=503)
    client.do("start_batch", preview_id=first["preview_id"])

    second = client.do("build_batch", period="current")["data"]

    assert second["specialists"] == first["specialists"]
    assert second["limit"] == first["limit"]
    free(client)


def test_push_whose_links_are_not_written_writes_them_next_time(started: ModuleOffice) -> None:
    """The cards are made; Google fails at the links; the next click adds the links and no card."""
    faults: tuple[int | str, ...] = (429, 503, "timeout")

    for status in faults:
        count_ = ATTEMPTS if status == 429 else 1
        started.fail_next("google", method="sheets.spreadsheets.batchUpdate", status=status, count=count_)
        failed = started.do("push")
        answer = started.do("push")

        assert_answer(failed, "failed", 503)
        assert_answer(answer, "done", 200)
        assert_whole_cards(started)
        start_another(started)


def test_refresh_while_google_refuses_can_be_clicked_again(pushed: ModuleOffice) -> None:
    """The tracker's state reaches the sheet with the next click."""
    faults: tuple[tuple[str, int | str], ...] = (
        ("sheets.spreadsheets.get", 503),
        ("sheets.spreadsheets.batchUpdate", 429),
        ("sheets.spreadsheets.batchUpdate", 503),
        ("sheets.spreadsheets.batchUpdate", "timeout"),
    )
    lose_webhooks(pushed, "drop")

    for number, (method, status) in enumerate(faults):
        stage, label = ((2, "На проверке"), (1, "В работе"))[number % 2]
        move_card(pushed, stage)
        count_ = ATTEMPTS if method.endswith("get") or status == 429 else 1
        pushed.fail_next("google", method=method, status=status, count=count_)
        failed = pushed.do("refresh")
        answer = pushed.do("refresh")

        assert_answer(failed, "failed", 503)
        assert_answer(answer, "done", 200)
        assert statuses(pushed) == {label}
    lose_webhooks(pushed, "deliver")


def test_failures_are_told_in_english_too(client: ModuleOffice) -> None:
    """The language of the click decides."""
    client.fail_next("google", method="sheets.spreadsheets.get", status=503, count=ATTEMPTS)

    answer = client.manager(locale="en").click(client.client_id, "estimate")

    assert_answer(answer, "failed", 503, "en")


def test_a_queue_out_of_reach_is_asked_again_by_the_timer(started: ModuleOffice) -> None:
    """Cloud Tasks answers 503: the click is kept, and the timer has it done, once."""
    menu, before = started.manager(), take_snapshot(started)
    started.fail_next("tasks", status=503, count=2)
    clicked = menu.post(started.client_id, "push", request_id="click-0123456789")
    repeated = menu.post(started.client_id, "push", request_id="click-0123456789")
    started.settle()
    assert_answer(clicked, "accepted", 202)
    assert repeated == clicked
    assert_unchanged(started, before)

    started.restart(NOW=(NOW + timedelta(minutes=10)).isoformat())
    # How many it sent is not asked: a task that ends before the timer has counted it is not counted.
    started.call_schedule().raise_for_status()
    started.settle()

    ended = menu.post(started.client_id, "operation", operation_id=clicked["operation_id"])
    assert_answer(ended, "done", 200)
    assert_whole_cards(started)
    waiting = [one.data["body"].get("id") for one in started.services.store.find("outbox")]
    assert clicked["operation_id"] not in waiting
    started.restart()
