"""What the doctor says about a chat, over Telegram's emulator."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from emulators.common.server import running
from emulators.telegram import create_app
from tests.emulators.telegram.telegram_world import TOKEN, USERNAME, World
from tests.harness.chat_worlds.telegram import VirtualTime
from vitrina.bootstrap import CHAT, CHAT_HEADER, chat_webhook_url, open_chat
from vitrina.chat.telegram import wire
from vitrina.chat.telegram.pace import Pace
from vitrina.cli.commands import main
from vitrina.cli.doctor.chat.trial import CHAT_PROBES, TITLE
from vitrina.errors import ConfigurationError, SettingsError
from vitrina.settings import Settings
from vitrina.trackers.registry import connection_from

pytestmark = pytest.mark.servers

ENVIRONMENT = {
    "VITRINA_STORE": "store.sqlite",
    "VITRINA_TOKEN_AUDIENCE": "123-abc",
    "VITRINA_OWNERS": "owner@a.test",
    "VITRINA_SERVICE_ACCOUNT": "vitrina@a.test",
    "VITRINA_TASK_URL": "https://vitrina.a.test/task",
    "VITRINA_WEBHOOK_URL": "https://vitrina.a.test/webhook",
    "VITRINA_WEBHOOK_SECRET": "s3cret" * 8,
    "VITRINA_RETRY_WAIT_S": "0.01",
}
RIGHTS = ("can_manage_topics", "can_invite_users", "can_delete_messages")


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """Telegram with the bot of the installation; calls do not wait for each other."""
    time = VirtualTime()
    monkeypatch.setattr(wire, "Pace", lambda **_: Pace(now=time, sleep=time.sleep))
    with running(create_app()) as url:
        world = World(url)
        world.seed()
        for name, value in {**ENVIRONMENT, "VITRINA_CHAT_URL": url, "VITRINA_CHAT_TOKEN": TOKEN}.items():
            monkeypatch.setenv(name, value)
        yield world
        world.close()


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str]]:
    """Runs the doctor; exit code and all that was printed."""

    def call(*arguments: str) -> tuple[int, str]:
        code = main(["doctor", *arguments])
        printed = capsys.readouterr()
        assert TOKEN.partition(":")[2] not in printed.out + printed.err
        return code, printed.out + printed.err

    return call


Run = Callable[..., tuple[int, str]]


def calls(world: World) -> dict[str, Any]:
    """Calls by method."""
    found: dict[str, Any] = world.control.get("/calls").json()["counts"]
    return found


# --- Without a group -----------------------------------------------------------------------------


def test_all_is_well(world: World, run: Run) -> None:
    """Token and webhook; nothing is changed."""
    code, printed = run("--chat")

    assert code == 0, printed
    assert f"Telegram answers: @{USERNAME}" in printed
    assert "there is none yet" in printed
    assert set(calls(world)) == {"getMe", "getWebhookInfo"}


def test_webhook_at_our_address(world: World, run: Run) -> None:
    """What waits, and the last refusal, are told; a narrower one is wrong."""
    chat = open_chat(Settings.from_environment())
    assert chat is not None
    chat.connect_webhook()
    world.mode("hold")
    world.add_group()
    assert "it is at our address; 2 updates wait" in run("--chat")[1]

    world.do("narrow_webhook", allowed_updates=["message"])
    code, printed = run("--chat")

    assert (code, "does not report all kinds" in printed) == (1, True)


def test_webhook_of_somebody_else(world: World, run: Run) -> None:
    """Two installations must not share a bot."""
    world.result("setWebhook", url="https://other.test/x")

    code, printed = run("--chat")

    assert (code, "another address gets the updates" in printed) == (1, True)


def test_dead_token(world: World, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """What to do is said once."""
    monkeypatch.setenv("VITRINA_CHAT_TOKEN", "1:dead")

    code, printed = run("--chat")

    assert (code, printed.count("@BotFather")) == (1, 1)


def test_no_answer(world: World, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is known, which is not well either."""
    monkeypatch.setenv("VITRINA_CHAT_URL", "http://127.0.0.1:9")

    code, printed = run("--chat")

    assert code == 1
    assert "unknown  bot  Telegram does not answer" in printed


def test_no_chat(world: World, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The setting is named."""
    monkeypatch.delenv("VITRINA_CHAT_TOKEN")

    assert run("--chat") == (2, "There is no chat: set VITRINA_CHAT_TOKEN (docs/settings.md).\n")


# --- In a test group -----------------------------------------------------------------------------


def test_trial_holds_and_leaves_nothing(world: World, run: Run) -> None:
    """Each assumption is named; topics and messages are deleted."""
    chat_id = world.add_group(rights=RIGHTS)
    world.do("write", chat_id=chat_id, text="Привет")

    code, printed = run(f"--chat-group={chat_id}")

    assert code == 0, printed
    assert printed.count(" holds ") == len(CHAT_PROBES) == 6
    assert [one["name"] for one in world.chat(chat_id)["topics"]] == ["General"]
    assert world.texts(chat_id) == ["Привет"]


def test_topic_that_cannot_be_deleted_is_told(world: World, run: Run) -> None:
    """The bot has no right to: a person has to."""
    chat_id = world.add_group()

    code, printed = run("--chat", f"--chat-group={chat_id}")

    assert code == 1
    assert f"Left over: the topic '{TITLE}" in printed
    assert printed.count(" holds ") == 6
    [_, topic] = world.chat(chat_id)["topics"]
    assert world.texts(chat_id) == world.texts(chat_id, topic["id"]) == []


@pytest.mark.parametrize(
    ("action", "fields", "words"),
    [
        ("switch_topics", {"is_on": False}, "topics are switched off"),
        ("change_bot", {"rights": ["can_manage_topics"]}, "lacks rights of an administrator: Invite users"),
        ("remove_bot", {}, "the bot is in no group"),
    ],
)
def test_group_that_lacks_something(
    world: World, run: Run, action: str, fields: dict[str, Any], words: str
) -> None:
    """Nothing is tried there."""
    chat_id = world.add_group()
    world.do(action, chat_id=chat_id, **fields)

    code, printed = run(f"--chat-group={chat_id}")

    assert (code, words in printed) == (1, True), printed
    assert "sendMessage" not in calls(world)


def test_upgraded_group_tells_its_number(world: World, run: Run) -> None:
    """The new one."""
    former = world.add_group(has_topics=False)
    new = world.do("upgrade_group", chat_id=former)["chat_id"]

    assert f"its number is {new}" in run(f"--chat-group={former}")[1]


def test_assumption_that_does_not_hold(world: World, run: Run) -> None:
    """Somebody writes meanwhile: ids have a gap, all the rest holds."""
    chat_id = world.add_group(rights=RIGHTS)
    write = {"action": "write", "chat_id": chat_id, "text": "Привет"}
    step = {"at": 1, "method": "createForumTopic", "do": write}
    world.control.post("/plan", json=[step]).raise_for_status()

    code, printed = run(f"--chat-group={chat_id}")

    assert code == 1
    assert (printed.count("DOES NOT HOLD"), printed.count(" holds ")) == (1, 5), printed
    assert "somebody else wrote meanwhile" in printed
    assert world.texts(chat_id) == ["Привет"]


def test_trial_that_cannot_begin(world: World, run: Run) -> None:
    """Nothing is known, and nothing remains."""
    chat_id = world.add_group(rights=RIGHTS)
    world.control.post("/fail-next", json={"status": 403, "method": "createForumTopic"})

    code, printed = run(f"--chat-group={chat_id}")

    assert code == 1
    assert printed.count("nothing could be made in the group") == 6
    assert world.texts(chat_id) == []


def test_group_has_a_number(world: World, run: Run) -> None:
    """A name is refused by the command line."""
    with pytest.raises(SystemExit):
        run("--chat-group=@zerno")


# --- The settings --------------------------------------------------------------------------------


def test_settings_hide_the_token() -> None:
    """Not in ``repr`` of the settings, and not in that of the adapter."""
    settings = Settings.from_environment({**ENVIRONMENT, "VITRINA_CHAT_TOKEN": TOKEN})

    chat = open_chat(settings)

    assert (settings.chat_token, settings.chat_url) == (TOKEN, "https://api.telegram.org")
    assert TOKEN not in repr(settings) + repr(chat) + repr(vars(chat))


@pytest.mark.parametrize("token", ["abc", "7:", ":abc", "7:a b", "7:../x", "７:abc", "7:я"])
def test_wrong_token_is_named_and_not_repeated(token: str) -> None:
    """It stands in addresses."""
    with pytest.raises(SettingsError) as refused:
        Settings.from_environment({**ENVIRONMENT, "VITRINA_CHAT_TOKEN": token})

    assert "VITRINA_CHAT_TOKEN" in str(refused.value)
    assert token not in str(refused.value)


def test_secrets_of_the_webhook() -> None:
    """Two of their own, below names that no connection of a tracker can have."""
    settings = Settings.from_environment({**ENVIRONMENT, "VITRINA_CHAT_TOKEN": TOKEN})
    name, secret = chat_webhook_url(settings).rsplit("/", 2)[1:]
    chat = open_chat(settings)

    header = vars(chat)["_webhook_secret"]

    assert (name, len(secret), len(header)) == (CHAT, 64, 64)
    assert len({secret, header, settings.webhook_secret}) == 3
    for one in (CHAT, CHAT_HEADER):
        with pytest.raises(ConfigurationError):
            connection_from(one, {"kind": "none"})
    assert open_chat(Settings.from_environment(ENVIRONMENT)) is None
