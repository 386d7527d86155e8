"""The subscription to updates, and the requests that come from it.

A request proves itself by the secret in its address and another one in a header. The header also has the
bot's name, so that commands for other bots are known without asking Telegram.
"""

from __future__ import annotations

import hmac
import re
from typing import Any

from vitrina.chat.telegram.mapping import GROUPS
from vitrina.chat_port import (
    PAYLOAD,
    BotMoved,
    ButtonPressed,
    ChatEvent,
    GroupClaimed,
    GroupUpgraded,
    MessageReceived,
    ReceivedChat,
)
from vitrina.crm_port import WebhookState
from vitrina.errors import RequestError
from vitrina.ports import Json, WebhookRequest

#: Kinds of updates that we subscribe to.
UPDATES = ("message", "my_chat_member", "callback_query")
#: Requests that Telegram may have open at once.
MOST_CONNECTIONS = 8
HEADER = "x-telegram-bot-api-secret-token"
#: The command that Telegram sends for the person who used the link.
START = "start"
_COMMAND = re.compile(
    r"/(?P<name>[A-Za-z0-9_]{1,64})(?:@(?P<bot>[A-Za-z0-9_]+))?(?:\s+(?P<text>.*))?", re.DOTALL
)


def secret_token(secret: str, username: str) -> str:
    """What each request has in the header: our secret, a hyphen, and the bot's name."""
    return f"{secret}-{username}"


def state_of(row: Json, webhook_url: str) -> WebhookState:
    """What has become of the subscription. Telegram never switches one off by itself."""
    if row.get("url") != webhook_url:
        return WebhookState.ABSENT
    # Without a list, all kinds that we need are sent.
    allowed = row.get("allowed_updates")
    is_whole = not allowed or set(UPDATES) <= set(allowed)
    return WebhookState.ACTIVE if is_whole else WebhookState.INCOMPLETE


def read_request(
    request: WebhookRequest, *, webhook_url: str, webhook_secret: str, bot_id: str
) -> ReceivedChat:
    """What a request tells. All that we do not understand is answered with 200: it would be sent again."""
    username = proven_username(request, webhook_url, webhook_secret)
    if username is None:
        return ReceivedChat(status=404)
    try:
        update = request.read_json()
    except RequestError:
        return ReceivedChat(status=400)
    if not isinstance(update, dict) or not isinstance(update.get("update_id"), int):
        return ReceivedChat(status=400)
    try:
        events = tuple(_events(update, bot_id, username))
    except (KeyError, TypeError, AttributeError):
        events = ()
    return ReceivedChat(update_id=str(update["update_id"]) if events else "", events=events)


def proven_username(request: WebhookRequest, webhook_url: str, webhook_secret: str) -> str | None:
    """The bot's name, if both secrets are right. Reads nothing of the body."""
    path_secret = webhook_url.rpartition("/")[2]
    given, _, username = request.headers.get(HEADER, "").rpartition("-")
    is_header_right = hmac.compare_digest(given.encode(), webhook_secret.encode())
    is_path_right = len(request.path) == 1 and hmac.compare_digest(
        request.path[0].encode(), path_secret.encode()
    )
    is_right = bool(path_secret and webhook_secret) and is_header_right and is_path_right
    return username if is_right and username else None


def _events(update: Json, bot_id: str, username: str) -> list[ChatEvent]:
    moved, message = update.get("my_chat_member"), update.get("message")
    if isinstance(moved, dict) and moved["chat"]["type"] in GROUPS:
        return [BotMoved(str(moved["chat"]["id"]))]
    if isinstance(message, dict) and message["chat"]["type"] in GROUPS:
        event = _upgrade(message) or _written(message, bot_id, username)
        return [] if event is None else [event]
    pressed = update.get("callback_query")
    if isinstance(pressed, dict) and pressed["message"]["chat"]["type"] in GROUPS:
        return _pressed(pressed)
    return []


def _pressed(query: Json) -> list[ChatEvent]:
    """A press of a button with data. Of a message that is inaccessible now, chat and id are known too."""
    data, message = query.get("data"), query["message"]
    if not isinstance(data, str) or not data:
        return []
    chat_id = str(message["chat"]["id"])
    sender = query["from"]
    # Who acts as the group is shown as a bot.
    person_id = chat_id if sender.get("is_bot") else str(sender["id"])
    return [ButtonPressed(chat_id, str(message["message_id"]), person_id, data, str(query["id"]))]


def _upgrade(message: Json) -> GroupUpgraded | None:
    """Both groups tell the upgrade, the former one and the new one."""
    chat_id = str(message["chat"]["id"])
    if "migrate_to_chat_id" in message:
        return GroupUpgraded(chat_id, str(message["migrate_to_chat_id"]))
    if "migrate_from_chat_id" in message:
        return GroupUpgraded(str(message["migrate_from_chat_id"]), chat_id)
    return None


def _written(message: Json, bot_id: str, username: str) -> ChatEvent | None:
    """What a person wrote to the bot, or ``None``."""
    chat_id, person_id = str(message["chat"]["id"]), _person(message)
    text = str(message.get("text") or message.get("caption") or "")
    command = _COMMAND.fullmatch(text)
    reply_to = _answered(message, bot_id)
    if not person_id or not (command or reply_to):
        return None
    name = ""
    if command:
        if (command["bot"] or username).casefold() != username.casefold():
            return None
        name, text = command["name"].lower(), command["text"] or ""
        if name == START and PAYLOAD.fullmatch(text):
            return GroupClaimed(chat_id, text, person_id)
    topic_id = message.get("message_thread_id") if message.get("is_topic_message") else None
    return MessageReceived(
        chat_id,
        str(message["message_id"]),
        "" if topic_id is None else str(topic_id),
        person_id,
        text,
        name,
        reply_to,
    )


def _person(message: Json) -> str:
    """Id of who wrote; that of the group for an administrator without a name; empty for bots and channels."""
    sender_chat: Any = message.get("sender_chat")
    if sender_chat is not None:
        return str(sender_chat["id"]) if sender_chat["id"] == message["chat"]["id"] else ""
    sender = message.get("from")
    return "" if not sender or sender.get("is_bot") else str(sender["id"])


def _answered(message: Json, bot_id: str) -> str:
    """Id of the bot's message that was answered, or empty.

    Every plain message in a topic answers the message with which the topic began, also one of the bot.
    """
    replied = message.get("reply_to_message")
    if not replied or "forum_topic_created" in replied:
        return ""
    is_ours = str((replied.get("from") or {}).get("id", "")) == bot_id
    return str(replied["message_id"]) if is_ours else ""
