"""JSON of the Bot API ↔ our words. Pure. Names of people are not read."""

from __future__ import annotations

from collections.abc import Iterator

from vitrina.chat_port import BotRight, Button, ChatMessage, Group
from vitrina.ports import Json

#: Kinds of chats that are groups.
GROUPS = ("group", "supergroup")
_RIGHTS = {BotRight.TOPICS: "can_manage_topics", BotRight.INVITES: "can_invite_users"}
_ADMINISTRATORS = ("creator", "administrator")


def message_body(message: ChatMessage) -> Json:
    """A message for ``sendMessage``: plain text without previews of links."""
    body: Json = {"chat_id": int(message.chat_id), **text_body(message)}
    if message.topic_id:
        body["message_thread_id"] = int(message.topic_id)
    if message.reply_to:
        body["reply_parameters"] = {
            "message_id": int(message.reply_to),
            "allow_sending_without_reply": True,
        }
    return body


def edit_body(message_id: str, message: ChatMessage) -> Json:
    """A text for ``editMessageText``, in the form in which it was sent."""
    return {"chat_id": int(message.chat_id), "message_id": int(message_id), **text_body(message)}


def text_body(message: ChatMessage) -> Json:
    """Text, its form and buttons, the same in all calls: otherwise the same text would count as another one.

    A message that is edited without a keyboard loses the one that it had.
    """
    body: Json = {"text": message.text, "link_preview_options": {"is_disabled": True}}
    if message.buttons:
        body["reply_markup"] = {"inline_keyboard": [[_button(one) for one in message.buttons]]}
    return body


def _button(button: Button) -> Json:
    style = {"style": button.style.value} if button.style else {}
    return {"text": button.text, "callback_data": button.data, **style}


def group_from(chat: Json, member: Json) -> Group:
    """A group from ``ChatFullInfo`` and the bot as its ``ChatMember``."""
    status = member.get("status")
    is_member = status in (*_ADMINISTRATORS, "member") or bool(member.get("is_member"))
    rights = {right for right, name in _RIGHTS.items() if is_administrator(member) and member.get(name)}
    return Group(
        str(chat["id"]),
        str(chat.get("title") or ""),
        is_member,
        bool(chat.get("is_forum")),
        frozenset(rights),
    )


def is_administrator(member: Json) -> bool:
    """Whether a ``ChatMember`` is an administrator or the owner."""
    return member.get("status") in _ADMINISTRATORS


def name_of_topic(answer: Json, topic_id: int) -> str | None:
    """Name with which the topic of a sent message was made; ``None`` if the message is not in that topic.

    A message in a topic answers the message with which the topic began.
    """
    began = answer.get("reply_to_message")
    if answer.get("message_thread_id") != topic_id or not isinstance(began, dict):
        return None
    made = began.get("forum_topic_created")
    if began.get("message_id") != topic_id or not isinstance(made, dict):
        return None
    return str(made.get("name"))


def ids_after(after: str, known: frozenset[str], count: int) -> Iterator[int]:
    """The numbers that follow a message, without those that are known."""
    first = int(after or 0) + 1
    return (one for one in range(first, first + count) if str(one) not in known)
