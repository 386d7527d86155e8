"""Messages of bots."""

from __future__ import annotations

from collections.abc import Callable

from emulators.telegram.errors import NotModelledError, bad
from emulators.telegram.models import shapes
from emulators.telegram.models.call import Call, length
from emulators.telegram.models.groups import Groups
from emulators.telegram.models.keyboards import keyboard_of
from emulators.telegram.models.state import Row, State

MOST_TEXT = 4096
NO_THREAD = "message thread not found"
SAME = (
    "message is not modified: specified new message content and reply markup are exactly the same "
    "as a current content and reply markup of the message"
)


class Messages:
    """Methods about messages.

    Parameters
    ----------
    take
        Counts a message in a group; raises 429 if there were too many.
    """

    def __init__(self, state: State, groups: Groups, take: Callable[[int], None]) -> None:
        self._state = state
        self._groups = groups
        self._take = take

    def send_message(self, call: Call) -> Row:
        """``sendMessage``."""
        call.check_names(
            (
                *("chat_id", "message_thread_id", "text", "link_preview_options"),
                *("disable_notification", "reply_parameters", "reply_markup"),
            )
        )
        chat, text, bot_id = self._groups.group(call), _text(call), call.bot["id"]
        call.boolean("disable_notification")
        keyboard = keyboard_of(call)
        if not self._groups.may_write(chat, bot_id):
            raise bad("not enough rights to send text messages to the chat")
        topic_id = self._topic_id(call, chat)
        fields = {
            "topic_id": topic_id,
            "reply_to": self._answered(call, chat),
            "text": text,
            "has_preview": _has_preview(call),
            "keyboard": keyboard,
        }
        self._take(chat["id"])
        return shapes.message(self._state, chat, self._state.add_message(chat, bot_id, **fields))

    def edit_message_text(self, call: Call) -> Row:
        """``editMessageText``."""
        call.check_names(("chat_id", "message_id", "text", "link_preview_options", "reply_markup"))
        # A keyboard that is not given is taken away.
        given = {"text": _text(call), "has_preview": _has_preview(call), "keyboard": keyboard_of(call)}
        return self._edit(call, given)

    def edit_message_reply_markup(self, call: Call) -> Row:
        """``editMessageReplyMarkup``."""
        call.check_names(("chat_id", "message_id", "reply_markup"))
        return self._edit(call, {"keyboard": keyboard_of(call)})

    def _edit(self, call: Call, given: Row) -> Row:
        chat, message_id = self._groups.group(call), call.needed_integer("message_id")
        row = chat["messages"].get(str(message_id))
        if row is None:
            raise bad("message to edit not found")
        if row["user_id"] != call.bot["id"] or row["service"]:
            raise bad("message can't be edited")
        self._take(chat["id"])
        if all(row[name] == one for name, one in given.items()):
            raise bad(SAME)
        row |= {**given, "edit_date": self._state.now()}
        return shapes.message(self._state, chat, row)

    def delete_message(self, call: Call) -> bool:
        """``deleteMessage``."""
        call.check_names(("chat_id", "message_id"))
        chat, message_id = self._groups.group(call), call.needed_integer("message_id")
        row = chat["messages"].get(str(message_id))
        if row is None:
            raise bad("message to delete not found")
        is_own = row["user_id"] == call.bot["id"]
        may_delete = is_own or self._groups.has_right(chat, call.bot["id"], "can_delete_messages")
        if not may_delete or "forum_topic_created" in (row["service"] or {}):
            raise bad("message can't be deleted")
        del chat["messages"][str(message_id)]
        return True

    def _topic_id(self, call: Call, chat: Row) -> int | None:
        topic_id = call.integer("message_thread_id")
        if topic_id is None:
            return None
        if not chat["is_forum"]:
            raise bad(NO_THREAD)
        topic = self._state.topic(chat, topic_id, NO_THREAD)
        if topic["is_closed"] and not self._groups.has_right(chat, call.bot["id"], "can_manage_topics"):
            raise bad("TOPIC_CLOSED")
        return topic_id

    def _answered(self, call: Call, chat: Row) -> int | None:
        given = call.structure("reply_parameters", dict)
        if given is None:
            return None
        for name in given:
            if name not in ("message_id", "allow_sending_without_reply"):
                raise NotModelledError(f"reply_parameters.{name}")
        message_id = given.get("message_id")
        if not isinstance(message_id, int):
            raise bad('field "message_id" must be of type Number')
        if str(message_id) in chat["messages"]:
            return message_id
        if not given.get("allow_sending_without_reply"):
            raise bad("message to be replied not found")
        return None


def _text(call: Call) -> str:
    """The text; Telegram takes white space off both ends."""
    text = (call.text("text") or "").strip()
    if not text:
        raise bad("message text is empty")
    if length(text) > MOST_TEXT:
        raise bad("message is too long")
    return text


def _has_preview(call: Call) -> bool:
    given = call.structure("link_preview_options", dict) or {}
    for name in given:
        if name != "is_disabled":
            raise NotModelledError(f"link_preview_options.{name}")
    return not given.get("is_disabled", False)
