"""Presses of buttons: who pressed what, and what he was shown."""

from __future__ import annotations

from emulators.telegram.errors import bad
from emulators.telegram.models import shapes
from emulators.telegram.models.call import Call, length
from emulators.telegram.models.hooks import Hooks
from emulators.telegram.models.state import Row, State

#: Seconds in which a press has to be answered. Telegram names no number; this is the least that was seen.
LIFE_S = 15
MOST_ANSWER = 200
TOO_LATE = "query is too old and response timeout expired or query ID is invalid"


class Presses:
    """Presses of people, and ``answerCallbackQuery``."""

    def __init__(self, state: State, hooks: Hooks) -> None:
        self._state = state
        self._hooks = hooks

    def add(self, bot: Row, chat: Row, person: Row, message_id: int, data: str) -> Row:
        """A person presses a button. A program of his own can send data that no button has.

        Of a message that is gone, the bot is told chat and id only.
        """
        if self._state.member(chat, person["id"])["status"] in ("left", "kicked"):
            raise ValueError("who is no member sees no button")
        if not 0 < message_id <= chat["last_message_id"]:
            raise ValueError("there was no such message")
        row = chat["messages"].get(str(message_id))
        press: Row = {
            "id": str(4_000_000_000_000_000_001 + self._state.count("presses")),
            "bot_id": bot["id"],
            "chat_id": chat["id"],
            "message_id": message_id,
            "user_id": person["id"],
            "data": data,
            "at": self._state.now(),
            "text": None,
            "is_alert": False,
            "is_answered": False,
        }
        self._state.presses[press["id"]] = press
        inaccessible = {"chat": shapes.chat(chat), "message_id": message_id, "date": 0}
        content = {
            "id": press["id"],
            "from": shapes.user(person),
            "message": inaccessible if row is None else shapes.message(self._state, chat, row),
            "chat_instance": str(abs(chat["id"])),
            "data": data,
        }
        self._hooks.tell(bot, "callback_query", content)
        return press

    def answer_callback_query(self, call: Call) -> bool:
        """``answerCallbackQuery``."""
        call.check_names(("callback_query_id", "text", "show_alert"))
        press_id, text = call.text("callback_query_id"), call.text("text") or ""
        is_alert = call.boolean("show_alert")
        if not press_id:
            raise bad("parameter callback_query_id is required")
        if length(text) > MOST_ANSWER:
            raise bad("MESSAGE_TOO_LONG")
        press = self._state.presses.get(press_id)
        is_ours = press is not None and press["bot_id"] == call.bot["id"]
        if not is_ours or press["is_answered"] or self._state.now() - press["at"] > LIFE_S:
            raise bad(TOO_LATE)
        press |= {"text": text, "is_alert": is_alert, "is_answered": True}
        return True
