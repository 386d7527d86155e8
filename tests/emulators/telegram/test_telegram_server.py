"""The limits, faults, the state file, and the list of what is modelled."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from emulators.common.server import free_port, running
from emulators.telegram import create_app
from emulators.telegram.calls import METHODS
from emulators.telegram.errors import TelegramError
from emulators.telegram.limiter import Limiter
from tests.emulators.telegram.telegram_world import SEED, TOKEN, World

COVERAGE = Path(sys.modules["emulators.telegram"].__file__ or "").parent / "COVERAGE.md"


class Moment:
    """A clock for the limiter."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        """The moment."""
        return self.now


def wait_of(limiter: Limiter, chat_id: int = 1) -> int | None:
    """Seconds that a message is told to wait, or ``None`` if it is allowed."""
    try:
        limiter.take(chat_id)
    except TelegramError as error:
        return (error.parameters or {})["retry_after"]
    return None


# --- The limits ----------------------------------------------------------------------------------


def test_twenty_messages_a_minute_in_a_group() -> None:
    """The window slides; other groups have their own."""
    moment = Moment()
    limiter = Limiter(moment)
    for _ in range(20):
        assert wait_of(limiter) is None
        moment.now += 1
    # The first one was sent 20 seconds ago.
    assert wait_of(limiter) == 40
    assert wait_of(limiter, 2) is None

    moment.now += 40

    assert wait_of(limiter) is None
    assert wait_of(limiter) == 1
    measured = limiter.measured()
    assert (measured["most_per_minute"], measured["refused"]) == ({"1": 20, "2": 1}, 2)


def test_who_does_not_wait_is_seen() -> None:
    """The wait does not grow."""
    moment = Moment()
    limiter = Limiter(moment)
    waits = [wait_of(limiter) for _ in range(23)]

    assert waits[20:] == [60, 60, 60]
    assert limiter.measured()["early"] == 2


def test_thirty_messages_a_second_overall() -> None:
    """In different groups."""
    moment = Moment()
    limiter = Limiter(moment)

    waits = [wait_of(limiter, chat_id) for chat_id in range(31)]

    assert waits == [None] * 30 + [1]
    assert limiter.measured()["most_per_s"] == 30


def test_limit_is_answered_with_its_wait(world: World, chat_id: int) -> None:
    """In words and as a number. Refused calls of other kinds do not count."""
    world.limit(per_minute=2, per_s=30)
    for text in ("", "1", "", "2"):
        world.call("sendMessage", chat_id=chat_id, text=text)

    answer = world.call("createForumTopic", chat_id=chat_id, name="x")

    wait_s = answer.json()["parameters"]["retry_after"]
    assert (answer.status_code, answer.json()["error_code"]) == (429, 429)
    assert answer.json()["description"] == f"Too Many Requests: retry after {wait_s}"
    assert 0 < wait_s <= 60
    assert world.texts(chat_id) == ["1", "2"]
    assert world.rate()["most_per_minute"] == {str(chat_id): 2}


# --- Refusals and faults -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "parameters", "name"),
    [
        ("getUpdates", {}, "getUpdates"),
        ("sendPhoto", {}, "sendPhoto"),
        ("nonsense", {}, "nonsense"),
        ("sendMessage", {"text": "x", "parse_mode": "HTML"}, "parse_mode"),
        ("sendMessage", {"text": "x", "link_preview_options": {"url": "x"}}, "link_preview_options.url"),
        ("sendMessage", {"text": "x", "reply_parameters": {"quote": "x"}}, "reply_parameters.quote"),
        ("createForumTopic", {"name": "x", "icon_custom_emoji_id": "5"}, "icon_custom_emoji_id"),
    ],
)
def test_what_is_not_modelled_says_so(
    world: World, chat_id: int, method: str, parameters: dict[str, object], name: str
) -> None:
    """501 with the name of the method or the parameter."""
    answer = world.call(method, chat_id=chat_id, **parameters)

    assert answer.status_code == 501
    assert name in answer.json()["detail"]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500, 502])
def test_planned_faults(world: World, status: int) -> None:
    """Telegram's own form, but for the servers in front of it."""
    world.control.post("/fail-next", json={"status": status, "method": "getMe", "retry_after": 7})

    answer = world.call("getMe")

    assert answer.status_code == status
    if status == 502:
        assert answer.headers["content-type"].startswith("text/html")
    else:
        assert answer.json()["error_code"] == status
    assert (status == 429) == ("parameters" in answer.text)
    assert world.call("getMe").status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        {"action": "nonsense"},
        {"action": "write", "chat_id": -5, "text": "x"},
        {"action": "write", "chat_id": -5, "user_id": 999},
        {"action": "create_group"},
    ],
)
def test_wrong_actions_are_refused(world: World, body: dict[str, object]) -> None:
    """With 400, and nothing happens."""
    assert world.control.post("/do", json=body).status_code == 400


def test_wrong_seed_is_refused(world: World) -> None:
    """No object, or a bot without a token."""
    for body in ([], {"bots": [{"id": 1}]}):
        assert world.control.post("/seed", json=body).status_code == 400


# --- The state -----------------------------------------------------------------------------------


def test_state_survives_a_restart(tmp_path: Path) -> None:
    """Groups, topics, messages and webhook, in a process of its own."""
    state, port = tmp_path / "telegram.json", free_port()
    chat_id = 0
    for run in range(2):
        process = subprocess.Popen(
            [sys.executable, "-m", "emulators.telegram", "--port", str(port), "--state", str(state)]
        )
        try:
            world = World(f"http://127.0.0.1:{port}")
            _wait(world.http)
            if run == 0:
                world.seed()
                chat_id = world.add_group()
                world.result("createForumTopic", chat_id=chat_id, name="Отчёты")
                world.result("setWebhook", url="https://a.test/x")
            topics = [one["name"] for one in world.chat(chat_id)["topics"]]
            assert topics == ["General", "Отчёты"]
            assert world.result("getWebhookInfo")["url"] == "https://a.test/x"
            world.close()
        finally:
            process.terminate()
            assert process.wait(10) == 0


def _wait(http: httpx.Client) -> None:
    give_up_at = time.monotonic() + 20
    while time.monotonic() < give_up_at:
        try:
            http.get(f"/bot{TOKEN}/getMe")
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("the emulator did not start")


def test_state_is_saved_and_restored(world: World, chat_id: int) -> None:
    """In memory, also over a reset."""
    world.control.post("/save-state", json={"name": "a"}).raise_for_status()
    world.control.post("/reset").raise_for_status()
    assert world.control.get("/chats").json() == []

    world.control.post("/restore-state", json={"name": "a"}).raise_for_status()

    assert world.chat(chat_id)["title"] == "Зерно"


def test_two_emulators_give_the_same_bytes() -> None:
    """Ids and times come from counters and the clock."""
    states = []
    for _ in range(2):
        moment = Moment()
        with running(create_app(now=moment)) as url:
            world = World(url)
            world.control.post("/seed", json=SEED).raise_for_status()
            chat_id = world.add_group()
            made = world.result("createForumTopic", chat_id=chat_id, name="Отчёты")
            states.append((chat_id, made))
            world.close()

    assert states[0] == states[1]


def test_list_of_methods_is_complete() -> None:
    """COVERAGE.md ticks exactly what is modelled."""
    ticked = re.findall(r"^- \[x\] `(\w+)`", COVERAGE.read_text(encoding="utf-8"), re.MULTILINE)

    assert ticked == list(METHODS)
