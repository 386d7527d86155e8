"""The functions' process is killed before and after every call to Telegram while a client decides.

Work is shown, one item is accepted by a button, another one returned with a remark: each decision is there
once, and each message says what holds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.emulators.telegram.telegram_world import PETR, World
from tests.harness.chat_servers import RIGHTS, running_telegram, settings_of, settle, token_of
from tests.harness.crash import CHAT, CRASH, Call
from tests.harness.crash_runs import crashes_around
from tests.harness.local_office import SavedOffice
from tests.harness.office import NOW
from tests.harness.servers import Servers
from tests.harness.worker_office import OfficeFactory, WorkerOffice, running_office_factory
from vitrina.records.outside.client_pages import ShownItem, load_page
from vitrina.records.outside.decisions import load_decisions
from vitrina.usecases.decisions.chat_buttons import asks_wish

pytestmark = pytest.mark.slow

LOOKS = ("POST /getMe", "POST /getWebhookInfo", "POST /getChatMember")
_TIME = re.compile(r"\d\d:\d\d")


@pytest.fixture(scope="module")
def telegram() -> Iterator[World]:
    """The emulator."""
    with running_telegram() as world:
        yield world


@pytest.fixture(scope="module")
def factory(
    servers: Servers, telegram: World, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[OfficeFactory]:
    """One worker at a time. A decision can be taken back for a day: the clock jumps after a death."""
    own = {name.removeprefix("VITRINA_"): text for name, text in settings_of(telegram).items()}
    own["DECISION_HOLD_S"] = "86400"
    with running_office_factory(servers, tmp_path_factory.mktemp("kill-press"), **own) as running:
        yield running


@pytest.fixture(scope="module")
def saved(factory: OfficeFactory, telegram: World) -> tuple[SavedOffice, Any, int]:
    """An agency with one client whose group is ready: of the office, of Telegram, and the group."""
    telegram.seed()
    with factory.office() as office:
        office.create_agency()
        office.create_client()
        answer = office.click_until_answered(office.client_id, "show_chat")
        chat_id = telegram.add_group(payload=token_of(answer), rights=RIGHTS)
        telegram.do("add_person", chat_id=chat_id, person_id=PETR)
        settle(office, telegram)
        return office.save_state(), telegram.control.get("/state").json(), chat_id


def recover(office: WorkerOffice, world: World) -> None:
    """Wait until all is done that a death has left; Telegram repeats what was not answered."""
    settle(office, world)
    if any(supervisor.deaths for supervisor in office.supervisors):
        world.advance(2)
        settle(office, world)


def show(office: WorkerOffice) -> None:
    """Show two items to the client."""
    assert office.agency is not None
    page = load_page(office.services.store, office.client_id, office.agency.spreadsheet_id)
    items = [ShownItem(one, f"ЗРН-{one}", f"Работа {one}", 4.0, 1, NOW.date().isoformat()) for one in (7, 8)]
    wish = asks_wish(office.services, office.client_id)
    office.services.store.commit([page.with_items(items).put(), wish.put(office.services)])
    wish.send(office.services)


def messages_of(world: World, chat_id: int) -> list[dict[str, Any]]:
    """Messages of the bot about the work that is shown."""
    topic = next(one for one in world.chat(chat_id)["topics"] if one["name"] == "Отчёты")
    return [one for one in topic["messages"] if one["is_bot"] and one["text"]]


def press(world: World, chat_id: int, code: str, letter: str) -> int:
    """Press a button of the message about an item; returns the id of that message."""
    message = next(one for one in messages_of(world, chat_id) if f" {code} " in one["text"])
    data = [one["callback_data"] for row in message["keyboard"] for one in row]
    (wanted,) = [one for one in data if one.startswith(f"{letter}:")]
    world.do("press", chat_id=chat_id, message_id=message["id"], data=wanted, user_id=PETR)
    return int(message["id"])


def play(office: WorkerOffice, world: World, chat_id: int) -> dict[str, Any]:
    """Show the work, let the client decide, and tell what there is afterwards."""
    show(office)
    recover(office, world)
    press(world, chat_id, "ЗРН-7", "a")
    recover(office, world)
    shown_id = press(world, chat_id, "ЗРН-8", "r")
    recover(office, world)
    prompt = next(one for one in messages_of(world, chat_id) if one["reply_to"] == shown_id)
    topic = next(one for one in world.chat(chat_id)["topics"] if one["name"] == "Отчёты")
    where = {"chat_id": chat_id, "topic_id": topic["id"], "reply_to": prompt["id"], "user_id": PETR}
    world.do("write", **where, text="Исправьте заголовок")
    recover(office, world)
    return {
        "messages": sorted(
            (_TIME.sub("…", one["text"]), [button["text"] for row in one["keyboard"] for button in row])
            for one in messages_of(world, chat_id)
        ),
        "decisions": [
            [(one.kind, one.state, one.text) for one in made]
            for made in (load_decisions(office.services.store, office.client_id, one, 9) for one in (7, 8))
        ],
    }


def test_each_decision_is_there_once(
    factory: OfficeFactory,
    telegram: World,
    saved: tuple[SavedOffice, Any, int],
    subtests: pytest.Subtests,
) -> None:
    """Wherever the process dies: two decisions, two messages about work, one that asked for the remark."""
    office_state, chat_state, chat_id = saved

    def begin() -> None:
        telegram.seed()
        telegram.control.post("/seed", json=chat_state).raise_for_status()

    begin()
    with factory.office(office_state) as office:
        expected = play(office, telegram, chat_id)
        lines = office.calls_path.read_text(encoding="utf-8").splitlines()
    calls = [call for call in map(Call.parse, lines) if call.service == CHAT and call.method not in LOOKS]
    made = {f"POST /{one}" for one in ("sendMessage", "editMessageText", "answerCallbackQuery")}
    assert {call.method for call in calls} == made
    assert [[one[0] for one in made] for made in expected["decisions"]] == [["accepted"], ["returned"]]
    assert [buttons for _, buttons in expected["messages"]].count(["Отменить"]) == 2
    assert len(expected["messages"]) == 3
    for crash, _ in crashes_around(calls):
        begin()
        with subtests.test(msg=crash), factory.office(office_state, **{CRASH: crash}) as office:
            found = play(office, telegram, chat_id)

            assert [supervisor.deaths for supervisor in office.supervisors] == [1]
            assert found == expected
