"""What is special about Telegram's wire: the token, limits, refusals, lost answers, deliveries."""

from __future__ import annotations

import json
import logging
import threading
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import httpx
import pytest
from flask import Flask, Response, request

from emulators.common.server import free_port, running
from tests.emulators.telegram.telegram_world import BOT, TOKEN, USERNAME
from tests.harness.chat_worlds.telegram import SECRET, WEBHOOK_URL, TelegramWorld, VirtualTime, open_world
from vitrina.chat.telegram import connect
from vitrina.chat.telegram.client import MOST_TRIED, TelegramChat
from vitrina.chat.telegram.pace import LONGEST_SLEEP_S, Pace
from vitrina.chat.telegram.wire import TelegramWire
from vitrina.chat_port import BotMoved, ChatEvent, ChatMessage, GroupClaimed, GroupLack, GroupUnusableError
from vitrina.errors import AccessDeniedError, RetriableServiceError, ServiceError
from vitrina.ports import WebhookRequest

TEXT = "Готово к проверке"
SECRET_PART = TOKEN.partition(":")[2]


@pytest.fixture(scope="module")
def opened() -> Iterator[TelegramWorld]:
    """One world for all tests."""
    with open_world() as world:
        yield world


@pytest.fixture
def world(opened: TelegramWorld) -> TelegramWorld:
    """The world without groups."""
    opened.reset()
    return opened


@pytest.fixture
def chat(world: TelegramWorld) -> TelegramChat:
    """The adapter."""
    assert isinstance(world.chat, TelegramChat)
    return world.chat


@pytest.fixture
def chat_id(world: TelegramWorld) -> str:
    """A group with topics."""
    return world.add_group()


def counts(world: TelegramWorld) -> Counter[str]:
    """Calls since the last reset, by method."""
    return Counter(world.world.control.get("/calls").json()["counts"])


def fail(world: TelegramWorld, status: int | str, method: str, count: int = 1, wait_s: float = 5) -> None:
    """The next calls fail."""
    body = {"status": status, "method": method, "count": count, "retry_after": wait_s}
    world.world.control.post("/fail-next", json=body).raise_for_status()


Answer = Callable[[str, dict[str, Any]], httpx.Response]


def chat_over(answer: Answer) -> TelegramChat:
    """An adapter of a server that is a function of method and body."""

    def respond(sent: httpx.Request) -> httpx.Response:
        return answer(sent.url.path.rpartition("/")[2], json.loads(sent.content))

    time = VirtualTime()
    wire = TelegramWire("https://api.test", TOKEN, pace=Pace(now=time, sleep=time.sleep), sleep=time.sleep)
    wire.__dict__["_client"] = httpx.Client(
        transport=httpx.MockTransport(respond), base_url="https://api.test"
    )
    return TelegramChat(wire, webhook_url=WEBHOOK_URL, webhook_secret=SECRET)


def ok(result: Any) -> httpx.Response:
    """An answer that is well."""
    return httpx.Response(200, json={"ok": True, "result": result})


def no(status: int, description: str) -> httpx.Response:
    """A refusal."""
    return httpx.Response(status, json={"ok": False, "error_code": status, "description": description})


# --- The token -----------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500, 502, "timeout", "drop"])
def test_token_is_in_no_error_and_no_log(
    world: TelegramWorld,
    chat: TelegramChat,
    chat_id: str,
    status: int | str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Whatever goes wrong: neither in the error, nor in its causes, nor in lines of any library."""
    caplog.set_level(logging.DEBUG)
    fail(world, status, "getMe", 9)

    with pytest.raises(ServiceError) as failed:
        chat.get_bot()

    told = "".join(traceback.format_exception(failed.value)) + repr(failed.value.where) + caplog.text
    assert "getMe" in told
    assert SECRET_PART not in told


def test_token_is_not_told_where_nobody_listens(caplog: pytest.LogCaptureFixture) -> None:
    """Nor by the object itself."""
    caplog.set_level(logging.DEBUG)
    url = f"http://127.0.0.1:{free_port()}"
    chat = connect(url, TOKEN, webhook_url=WEBHOOK_URL, webhook_secret=SECRET, wait_s=0.0)

    with pytest.raises(RetriableServiceError) as failed:
        chat.get_bot()
    chat.close()

    told = "".join(traceback.format_exception(failed.value)) + caplog.text + repr(chat) + repr(vars(chat))
    assert failed.value.code == "service.no_answer"
    assert SECRET_PART not in told


def test_token_stands_before_the_last_part_of_the_address() -> None:
    """Also where a server of one's own has a path."""
    app, paths = Flask("api"), list[str]()

    @app.post("/<path:path>")
    def take(path: str) -> dict[str, Any]:
        paths.append(path)
        return {"ok": True, "result": {"id": BOT, "username": USERNAME}}

    with running(app) as url:
        for address in (url, f"{url}/", f"{url}/telegram/api"):
            chat = connect(address, TOKEN, webhook_url=WEBHOOK_URL, webhook_secret=SECRET)
            assert chat.get_bot().bot_id == str(BOT)
            chat.close()

    assert paths == [f"bot{TOKEN}/getMe", f"bot{TOKEN}/getMe", f"telegram/api/bot{TOKEN}/getMe"]


# --- Limits --------------------------------------------------------------------------------------


def send_all(world: TelegramWorld, chats: Sequence[TelegramChat], chat_ids: Sequence[str], count: int) -> int:
    """Send messages as the queue does: who is told to come again comes then. Count of such cases."""
    waited = 0
    for number in range(count):
        chat = chats[number % len(chats)]
        message = ChatMessage(chat_ids[number % len(chat_ids)], f"Сообщение {number}")
        while True:
            try:
                chat.send(message)
                break
            except RetriableServiceError as error:
                if error.retry_after_s is None:
                    raise
                waited += 1
                world.time.now += error.retry_after_s
    return waited


def test_burst_of_messages_keeps_the_limit(
    world: TelegramWorld, chat: TelegramChat, chat_id: str, record_property: Callable[[str, object], None]
) -> None:
    """200 messages in one group: at most 20 in any minute, one a second, none lost or doubled."""
    world.world.limit(per_minute=20, per_s=30)
    begun_at = world.time.now
    waited = send_all(world, [chat], [chat_id], 200)
    rate, minutes = world.world.rate(), (world.time.now - begun_at) / 60

    record_property("figure", f"200 messages in {minutes:.1f} minutes, {waited} waits: {rate}")
    assert rate["most_per_minute"][chat_id] == 20
    assert rate["most_per_s_in_a_chat"] == 1
    assert (rate["refused"], rate["early"]) == (0, 0)
    # 9 full windows of 61 seconds, and the last twenty messages.
    assert minutes < 10
    assert world.time.longest_sleep_s <= LONGEST_SLEEP_S
    assert world.texts_of(chat_id) == [f"Сообщение {number}" for number in range(200)]


def test_two_processes_go_on_when_they_may(world: TelegramWorld, chat: TelegramChat, chat_id: str) -> None:
    """They do not know of each other, are refused, and wait as long as Telegram asks."""
    world.world.limit(per_minute=20, per_s=30)
    other = world.make_chat()
    assert isinstance(other, TelegramChat)

    send_all(world, [chat, other], [chat_id], 60)

    rate = world.world.rate()
    assert rate["most_per_minute"][chat_id] == 20
    assert rate["refused"] > 0
    assert len(world.texts_of(chat_id)) == 60


def test_groups_do_not_wait_for_each_other(world: TelegramWorld, chat: TelegramChat) -> None:
    """A hundred messages to ten groups take ten seconds, as one a second goes to each."""
    world.world.limit(per_minute=20, per_s=30)
    chat_ids = [world.add_group() for _ in range(10)]
    begun_at = world.time.now

    assert send_all(world, [chat], chat_ids, 100) == 0

    assert world.time.now - begun_at < 12
    assert world.world.rate()["refused"] == 0


def test_nothing_is_sent_before_telegram_allows_it(
    world: TelegramWorld, chat: TelegramChat, chat_id: str
) -> None:
    """Also no call of another kind; other groups are not concerned."""
    other = world.add_group()
    fail(world, 429, "sendMessage", wait_s=37)
    with pytest.raises(RetriableServiceError) as refused:
        chat.send(ChatMessage(chat_id, TEXT))
    assert refused.value.retry_after_s == 37
    before = counts(world)

    for call in (
        lambda: chat.send(ChatMessage(chat_id, TEXT)),
        lambda: chat.edit("2", ChatMessage(chat_id, TEXT)),
        lambda: chat.create_topic(chat_id, "Т"),
        lambda: chat.get_group(chat_id),
    ):
        with pytest.raises(RetriableServiceError) as resting:
            call()
        assert (resting.value.status, resting.value.retry_after_s) == (429, 37)
    assert counts(world) == before
    chat.send(ChatMessage(other, TEXT))
    world.time.now += 37
    chat.send(ChatMessage(chat_id, TEXT))

    assert (world.texts_of(chat_id), world.texts_of(other)) == ([TEXT], [TEXT])


def test_refusal_without_a_number() -> None:
    """Half a minute of rest."""
    chat = chat_over(lambda *_: no(429, "Too Many Requests"))

    with pytest.raises(RetriableServiceError) as refused:
        chat.send(ChatMessage("-1", TEXT))

    assert refused.value.retry_after_s == 30


# --- Answers of other kinds ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "kind", "code"),
    [
        (httpx.Response(200, text="<html>"), RetriableServiceError, "service.no_answer"),
        (httpx.Response(200, json=[1]), RetriableServiceError, "service.no_answer"),
        (httpx.Response(200, json={}), RetriableServiceError, "service.no_answer"),
        (httpx.Response(502, text="<html>"), RetriableServiceError, "service.no_answer"),
        (
            httpx.Response(500, json={"ok": False, "error_code": 500}),
            RetriableServiceError,
            "service.no_answer",
        ),
        (httpx.Response(404, text="<html>"), AccessDeniedError, "chat.unauthorized"),
        (no(404, "Not Found"), AccessDeniedError, "chat.unauthorized"),
        (no(401, "Unauthorized"), AccessDeniedError, "chat.unauthorized"),
        (no(400, "Bad Request: something new"), ServiceError, "chat.refused"),
        (httpx.Response(302, headers={"location": "https://x.test"}), ServiceError, "service.refused"),
    ],
)
def test_other_answers_are_our_errors(answer: httpx.Response, kind: type[ServiceError], code: str) -> None:
    """Pages of servers in between, JSON of another form, refusals that nobody foresaw."""
    chat = chat_over(lambda *_: answer)

    for call in (chat.get_bot, lambda: chat.send(ChatMessage("-1", TEXT))):
        with pytest.raises(kind) as failed:
            call()
        assert failed.value.code == code


def test_reads_are_repeated_and_writes_are_not(
    world: TelegramWorld, chat: TelegramChat, chat_id: str
) -> None:
    """After a failure nobody knows whether a message was sent."""
    fail(world, 502, "getMe", 2)
    chat.get_bot()
    fail(world, 502, "sendMessage")
    with pytest.raises(RetriableServiceError):
        chat.send(ChatMessage(chat_id, TEXT))

    assert (counts(world)["getMe"], counts(world)["sendMessage"]) == (3, 1)


def test_link_asks_for_the_rights(chat: TelegramChat) -> None:
    """Those that the bot needs and no others."""
    assert chat.group_link(USERNAME, "p7") == (
        "https://t.me/vitrina_bot?startgroup=p7&admin=manage_topics+invite_users"
    )


def test_messages_have_no_previews(world: TelegramWorld, chat: TelegramChat, chat_id: str) -> None:
    """And an edit with the same text changes nothing, as it has the same form."""
    message_id = chat.send(ChatMessage(chat_id, "https://docs.example/1"))
    chat.edit(message_id, ChatMessage(chat_id, "https://docs.example/1"))

    [topic, *_] = world.world.chat(chat_id)["topics"]
    assert not topic["messages"][-1]["is_edited"]


# --- Lost answers --------------------------------------------------------------------------------


def lose_topic(world: TelegramWorld, chat: TelegramChat, chat_id: str) -> None:
    """A topic that was made without an answer."""
    fail(world, "timeout", "createForumTopic")
    with pytest.raises(RetriableServiceError):
        chat.create_topic(chat_id, "Согласования")
    world.time.now += 60


def test_first_call_searches_nothing(world: TelegramWorld, chat: TelegramChat, chat_id: str) -> None:
    """One call, also if there is such a topic: two of the same name may be wanted."""
    chat.create_topic(chat_id, "Согласования")
    chat.create_topic(chat_id, "Согласования")

    assert counts(world) == Counter({"createForumTopic": 2})
    assert len(world.topics_of(chat_id)) == 2


def test_search_is_bounded(world: TelegramWorld, chat: TelegramChat, chat_id: str) -> None:
    """A topic that lies further away is made anew: a second one is what remains."""
    last = chat.send(ChatMessage(chat_id, TEXT))
    for number in range(MOST_TRIED):
        world.write(chat_id, f"Всё равно {number}")
    lose_topic(world, chat, chat_id)

    made = chat.create_topic(chat_id, "Согласования", after=last)

    assert list(world.topics_of(chat_id).values()) == ["Согласования"] * 2
    assert made == max(world.topics_of(chat_id), key=int)
    assert counts(world)["sendMessage"] == MOST_TRIED + 1


def test_topic_is_known_by_the_name_that_it_was_made_with(
    world: TelegramWorld, chat: TelegramChat, chat_id: str
) -> None:
    """A person renamed it meanwhile: it is still ours, and keeps the new name."""
    last = chat.send(ChatMessage(chat_id, TEXT))
    lose_topic(world, chat, chat_id)
    [topic_id] = world.topics_of(chat_id)
    world.world.do("rename_topic", chat_id=int(chat_id), topic_id=int(topic_id), name="Решения")

    assert chat.create_topic(chat_id, "Согласования", after=last) == topic_id
    assert world.topics_of(chat_id) == {topic_id: "Решения"}


def test_trial_that_cannot_be_deleted_is_no_failure(
    world: TelegramWorld, chat: TelegramChat, chat_id: str
) -> None:
    """The topic is found all the same; a dot remains."""
    last = chat.send(ChatMessage(chat_id, TEXT))
    lose_topic(world, chat, chat_id)
    fail(world, 400, "deleteMessage")

    topic_id = chat.create_topic(chat_id, "Согласования", after=last)

    assert world.texts_of(chat_id, topic_id) == ["…"]


@pytest.mark.parametrize(
    "shown",
    [
        {},
        {"reply_to_message": {"message_id": 6}},
        {"reply_to_message": {"message_id": 6, "forum_topic_created": {"name": "Другая"}}},
        {"reply_to_message": {"message_id": 5, "forum_topic_created": {"name": "Согласования"}}},
        {
            "message_thread_id": 5,
            "reply_to_message": {"message_id": 6, "forum_topic_created": {"name": "Согласования"}},
        },
    ],
)
def test_what_is_not_surely_ours_is_not_taken(shown: dict[str, Any]) -> None:
    """If Telegram does not show the name, or puts the message elsewhere, a second topic is made."""
    deleted: list[int] = []

    def answer(method: str, body: dict[str, Any]) -> httpx.Response:
        if method == "createForumTopic":
            return ok({"message_thread_id": 99})
        if method == "deleteMessage":
            deleted.append(body["message_id"])
            return ok(result=True)
        if body["message_thread_id"] != 6:
            return no(400, "Bad Request: message thread not found")
        return ok({"message_id": 77, "message_thread_id": 6, **shown})

    assert chat_over(answer).create_topic("-1", "Согласования", after="4") == "99"
    assert deleted == [77]


def test_refusal_in_other_words_is_no_topic() -> None:
    """A repeat must not fail for ever because Telegram says it otherwise."""

    def answer(method: str, _: dict[str, Any]) -> httpx.Response:
        if method == "createForumTopic":
            return ok({"message_thread_id": 99})
        return no(400, "Bad Request: something new")

    assert chat_over(answer).create_topic("-1", "Согласования", after="4") == "99"


def test_search_for_a_topic_goes_no_further_than_a_lack() -> None:
    """A bot that was removed is told at the first try."""
    tried: list[str] = []

    def answer(method: str, _: dict[str, Any]) -> httpx.Response:
        tried.append(method)
        return no(403, "Forbidden: bot was kicked from the supergroup chat")

    with pytest.raises(GroupUnusableError) as refused:
        chat_over(answer).create_topic("-1", "Согласования", after="4")

    assert (refused.value.lack, tried) == (GroupLack.GONE, ["sendMessage"])


def test_lost_message_is_found_by_its_stripped_text(
    world: TelegramWorld, chat: TelegramChat, chat_id: str
) -> None:
    """Telegram takes white space off both ends."""
    first = chat.send(ChatMessage(chat_id, "Раньше"))
    message = ChatMessage(chat_id, f"\n{TEXT}\n\n")
    fail(world, "timeout", "sendMessage")
    with pytest.raises(RetriableServiceError):
        chat.send(message)

    found = chat.find_sent(message, after=first, known=[first])

    assert found is not None
    assert world.texts_of(chat_id) == ["Раньше", TEXT]
    assert not world.world.chat(chat_id)["topics"][0]["messages"][-1]["is_edited"]


def test_search_for_a_message_is_bounded(world: TelegramWorld, chat: TelegramChat, chat_id: str) -> None:
    """And asks for nothing that is known."""
    assert chat.find_sent(ChatMessage(chat_id, TEXT), after="5", known=["6", "7"]) is None
    assert counts(world)["editMessageText"] == MOST_TRIED - 2


# --- Webhooks ------------------------------------------------------------------------------------


class Office:
    """A server that hands requests to the adapter, as the entry point does."""

    def __init__(self, chat: TelegramChat) -> None:
        self.events: list[ChatEvent] = []
        self.update_ids: list[str] = []
        self.statuses: list[int] = []
        self.fails = 0
        self._lock = threading.Lock()
        self.app = Flask("office")

        @self.app.post("/webhook/chat_updates/<path:path>")
        def take(path: str) -> Response:
            headers = {name.lower(): value for name, value in request.headers.items()}
            sent = WebhookRequest(tuple(path.split("/")), headers, request.get_data(), request.get_json)
            received = chat.receive(sent)
            with self._lock:
                self.statuses.append(received.status)
                if self.fails:
                    self.fails -= 1
                    return Response(status=500)
                if received.update_id not in self.update_ids:
                    self.update_ids.append(received.update_id)
                    self.events += received.events
            return Response(status=received.status)


def test_updates_come_over_the_wire(world: TelegramWorld) -> None:
    """With both secrets; a failed one again, a doubled one once."""
    port = free_port()
    url = f"http://127.0.0.1:{port}/webhook/chat_updates/path-secret"
    chat = connect(world.world.url, TOKEN, webhook_url=url, webhook_secret=SECRET)
    office = Office(chat)
    with running(office.app, port):
        world.world.mode("duplicate")
        chat.connect_webhook()
        office.fails = 1
        chat_id = world.add_group(payload="p7")
        world.world.settle()
        world.world.advance(1)
    chat.close()

    assert sorted(map(repr, office.events)) == sorted(
        map(repr, [BotMoved(chat_id), GroupClaimed(chat_id, "p7", world.irina)])
    )
    assert set(office.statuses) == {200}
    assert len(office.statuses) >= 6


def test_webhook_asks_for_what_is_needed_only(world: TelegramWorld, chat: TelegramChat) -> None:
    """Two kinds of updates, few connections, and a secret with the bot's name."""
    chat.connect_webhook()

    [bot] = [one for one in world.world.control.get("/state").json()["users"].values() if one["id"] == BOT]
    assert bot["webhook"] == {
        "url": WEBHOOK_URL,
        "secret_token": f"{SECRET}-{USERNAME}",
        "allowed_updates": ["message", "my_chat_member", "callback_query"],
        "max_connections": 8,
    }
