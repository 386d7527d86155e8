"""What an update tells."""

from __future__ import annotations

import json
from typing import Any

import pytest

from vitrina.chat.telegram.webhooks import HEADER, read_request, secret_token, state_of
from vitrina.chat_port import ChatEvent, GroupClaimed, MessageReceived, ReceivedChat
from vitrina.crm_port import WebhookState
from vitrina.ports import WebhookRequest

URL, SECRET, BOT = "https://vitrina.a.test/webhook/chat_updates/path", "header", "7"
GROUP = {"id": -100, "type": "supergroup", "title": "Зерно", "is_forum": True}
IRINA = {"id": 42, "is_bot": False, "first_name": "Ирина", "last_name": "Зернова", "username": "irina_z"}
OUR_BOT = {"id": 7, "is_bot": True, "first_name": "Витрина", "username": "Vitrina_bot"}
OURS = {"message_id": 5, "from": OUR_BOT, "chat": GROUP, "date": 1, "text": "Готово"}
BEGAN = {**OURS, "message_id": 3, "forum_topic_created": {"name": "Т", "icon_color": 1}}


def receive(update: Any, *, header: str = secret_token(SECRET, "Vitrina_bot")) -> ReceivedChat:
    """What an update means."""
    request = WebhookRequest(("path",), {HEADER: header}, json.dumps(update).encode(), lambda: update)
    return read_request(request, webhook_url=URL, webhook_secret=SECRET, bot_id=BOT)


def written(**fields: Any) -> list[ChatEvent]:
    """What a message tells; it answers ours, unless told otherwise."""
    message = {"message_id": 9, "from": IRINA, "chat": GROUP, "date": 1, "reply_to_message": OURS, **fields}
    received = receive({"update_id": 1, "message": {key: one for key, one in message.items() if one}})
    assert received.status == 200
    return list(received.events)


def event(
    text: str, command: str = "", reply_to: str = "5", person: str = "42", topic: str = ""
) -> ChatEvent:
    """What Irina wrote."""
    return MessageReceived("-100", "9", topic, person, text, command, reply_to)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"text": "Да"}, event("Да")),
        # Pictures have a caption or none, and answer all the same.
        ({"caption": "Вот"}, event("Вот")),
        ({"photo": [{"file_id": "x"}]}, event("")),
        # In a topic the thread is told, in the general one it is that of the answers.
        ({"text": "Да", "message_thread_id": 3, "is_topic_message": True}, event("Да", topic="3")),
        ({"text": "Да", "message_thread_id": 3}, event("Да")),
        ({"text": "/ok"}, event("", "ok")),
        ({"text": "/ok@vitrina_BOT  да, всё"}, event("да, всё", "ok")),
        ({"text": "/ok@vitrina_bot\nда"}, event("да", "ok")),
        ({"text": "/start"}, event("", "start")),
        ({"text": "/start два слова"}, event("два слова", "start")),
        ({"text": "/start p7"}, GroupClaimed("-100", "p7", "42")),
        ({"text": "/start@Vitrina_bot p7", "reply_to_message": None}, GroupClaimed("-100", "p7", "42")),
        ({"text": "/help", "reply_to_message": None}, event("", "help", "")),
        ({"text": "не /help"}, event("не /help")),
        # An administrator without a name writes as the group.
        ({"text": "Да", "from": {"id": 1, "is_bot": True}, "sender_chat": GROUP}, event("Да", person="-100")),
    ],
)
def test_what_is_told(fields: dict[str, Any], expected: ChatEvent) -> None:
    """Answers and commands."""
    assert written(**fields) == [expected]


@pytest.mark.parametrize(
    "fields",
    [
        {"text": "Просто так", "reply_to_message": None},
        # A plain message in a topic that the bot made answers the message with which it began.
        {"text": "Да", "reply_to_message": BEGAN, "message_thread_id": 3, "is_topic_message": True},
        {"text": "Да", "reply_to_message": {**OURS, "from": IRINA}},
        {"text": "Да", "reply_to_message": {**OURS, "from": None}},
        {"text": "/help@other_bot"},
        {"text": "Да", "from": {**IRINA, "is_bot": True}},
        {"text": "Да", "from": None},
        # A channel, whose posts the group gets.
        {"text": "Да", "sender_chat": {"id": -200, "type": "channel"}},
        {"text": "Да", "chat": {"id": 42, "type": "private"}},
        {"text": "/", "reply_to_message": None},
        {"text": "//x", "reply_to_message": None},
    ],
)
def test_what_is_left_out(fields: dict[str, Any]) -> None:
    """Talk among people, other bots, channels, private chats."""
    assert written(**fields) == []


def test_names_of_people_are_left_behind() -> None:
    """Only the id comes through."""
    told = repr(written(text="Да"))

    assert "42" in told
    for name in ("Ирина", "Зернова", "irina_z", "Зерно"):
        assert name not in told


@pytest.mark.parametrize("kind", ["edited_message", "channel_post", "callback_query", "chat_member"])
def test_other_kinds_tell_nothing(kind: str) -> None:
    """Answered with 200, so that they do not come again; nothing is to be remembered."""
    message = {"message_id": 9, "from": IRINA, "chat": GROUP, "date": 1, "text": "/help"}

    assert receive({"update_id": 1, kind: message}) == ReceivedChat()


@pytest.mark.parametrize("header", ["header", "header-", "-Vitrina_bot", "x-Vitrina_bot", "header-x-y", ""])
def test_wrong_header(header: str) -> None:
    """404, whatever the body is."""
    assert receive({"update_id": 1}, header=header).status == 404


def test_missing_header_and_secrets() -> None:
    """An installation without a secret takes nothing."""
    request = WebhookRequest(("",), {HEADER: "-x"}, b"{}", dict)
    without = WebhookRequest(("path",), {}, b"{}", dict)

    assert read_request(request, webhook_url="", webhook_secret="", bot_id=BOT).status == 404
    assert read_request(without, webhook_url=URL, webhook_secret=SECRET, bot_id=BOT).status == 404


def test_body_is_not_read_before_the_proof() -> None:
    """A stranger cannot make us read."""

    def read() -> bytes:
        raise AssertionError("nothing is read")

    request = WebhookRequest(("other",), {HEADER: "x-y"}, read, read)

    assert read_request(request, webhook_url=URL, webhook_secret=SECRET, bot_id=BOT).status == 404


@pytest.mark.parametrize(
    ("row", "state"),
    [
        ({"url": ""}, WebhookState.ABSENT),
        ({"url": "https://other.test"}, WebhookState.ABSENT),
        ({"url": URL}, WebhookState.ACTIVE),
        ({"url": URL, "allowed_updates": []}, WebhookState.ACTIVE),
        (
            {"url": URL, "allowed_updates": ["my_chat_member", "callback_query", "message", "poll"]},
            WebhookState.ACTIVE,
        ),
        ({"url": URL, "allowed_updates": ["my_chat_member", "message"]}, WebhookState.INCOMPLETE),
        ({"url": URL, "allowed_updates": ["message"]}, WebhookState.INCOMPLETE),
    ],
)
def test_state_of_the_webhook(row: dict[str, Any], state: WebhookState) -> None:
    """By its address and the kinds of updates."""
    assert state_of(row, URL) == state
