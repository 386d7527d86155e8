"""The functions' process is killed right before and right after every call to Telegram.

A group is set up, decisions of a call are noted and told: each topic and each message is there once.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from tests.emulators.telegram.telegram_world import World
from tests.harness.chat_servers import RIGHTS, running_telegram, settings_of, settle, token_of
from tests.harness.crash import CHAT, CRASH, Call
from tests.harness.crash_runs import crashes_around
from tests.harness.local_office import SavedOffice
from tests.harness.servers import Servers
from tests.harness.worker_office import OfficeFactory, WorkerOffice, running_office_factory

pytestmark = pytest.mark.slow

#: Calls that only look are many, and a death there is like one at the call before.
LOOKS = ("POST /getMe", "POST /getWebhookInfo", "POST /getChatMember")


@pytest.fixture(scope="module")
def telegram() -> Iterator[World]:
    """The emulator."""
    with running_telegram() as world:
        yield world


@pytest.fixture(scope="module")
def factory(
    servers: Servers, telegram: World, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[OfficeFactory]:
    """One worker at a time."""
    own = {name.removeprefix("VITRINA_"): text for name, text in settings_of(telegram).items()}
    with running_office_factory(servers, tmp_path_factory.mktemp("kill-chat"), **own) as running:
        yield running


@pytest.fixture(scope="module")
def saved(factory: OfficeFactory) -> SavedOffice:
    """An agency with one client, before anybody has asked for its chat."""
    with factory.office() as office:
        office.create_agency()
        office.create_client()
        office.settle()
        return office.save_state()


def recover(office: WorkerOffice, world: World) -> None:
    """Wait until all is done that a death has left; Telegram repeats what was not answered."""
    settle(office, world)
    if any(supervisor.deaths for supervisor in office.supervisors):
        world.advance(2)
        settle(office, world)


def play(office: WorkerOffice, world: World) -> dict[str, Any]:
    """Set the group up, note a call, and tell what there is afterwards."""
    answer = office.click_until_answered(office.client_id, "show_chat")
    chat_id = world.add_group(payload=token_of(answer), rights=RIGHTS)
    recover(office, world)
    params: dict[str, Any] = {"text": "Обсудили главную", "decisions": ["Перекрасить кнопку", "Убрать форму"]}
    # Repeated as the sidebar repeats it: another click with the same words would note another call.
    params["request_id"] = str(uuid4())
    answer = office.click_until_answered(office.client_id, "note_call", **params)
    assert answer["outcome"] == "done", answer
    recover(office, world)
    group = world.chat(chat_id)
    return {
        "topics": [one["name"] for one in group["topics"]],
        "texts": [
            [
                message["text"].splitlines()[0]
                for message in topic["messages"]
                if message["text"] and message["is_bot"]
            ]
            for topic in group["topics"]
        ],
        "rows": office.table("backlog", "id", "task", "status"),
        "invite": office.book().field("chat_url").cell.text.startswith("https://t.me/"),
    }


def test_each_thing_is_there_once(
    factory: OfficeFactory, telegram: World, saved: SavedOffice, subtests: pytest.Subtests
) -> None:
    """Wherever the process dies: four topics, one greeting, one message, two rows."""
    telegram.seed()
    with factory.office(saved) as office:
        expected = play(office, telegram)
        lines = office.calls_path.read_text(encoding="utf-8").splitlines()
    calls = [call for call in map(Call.parse, lines) if call.service == CHAT and call.method not in LOOKS]
    made = {f"POST /{one}" for one in ("createForumTopic", "createChatInviteLink", "sendMessage")}
    assert {call.method for call in calls} >= made
    assert [len(texts) for texts in expected["texts"]] == [1, 0, 1, 0, 0]
    for crash, _ in crashes_around(calls):
        telegram.seed()
        with subtests.test(msg=crash), factory.office(saved, **{CRASH: crash}) as office:
            found = play(office, telegram)

            assert [supervisor.deaths for supervisor in office.supervisors] == [1]
            assert found == expected
