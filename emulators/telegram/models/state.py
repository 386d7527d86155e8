"""Users, groups and messages of Telegram, in memory and as JSON."""

from __future__ import annotations

import copy
from typing import Any

from emulators.common.clock import Clock, utc_now
from emulators.telegram.errors import bad

Row = dict[str, Any]

FIRST_GROUP, FIRST_SUPERGROUP = -4_000_000_001, -1_002_000_000_001
#: Updates of a bot begin at some positive number; messages of groups that are no supergroups at another one.
FIRST_UPDATE, FIRST_MESSAGE = 700_000_001, 501
_COUNTS = ("groups", "supergroups", "updates", "messages", "links", "presses")


class State:
    """Rows by id, in the form of their state file: keys of all mappings are texts.

    Parameters
    ----------
    clock
        The clock for the times of messages.
    """

    def __init__(self, clock: Clock = utc_now) -> None:
        self._clock = clock
        self.clear()

    def clear(self) -> None:
        """Delete everything."""
        self.users: dict[str, Row] = {}
        self.chats: dict[str, Row] = {}
        #: Updates of bots that have no webhook yet.
        self.pending: list[Row] = []
        self.presses: dict[str, Row] = {}
        self.counts = dict.fromkeys(_COUNTS, 0)

    def now(self) -> int:
        """The current moment as Telegram writes it: whole seconds."""
        return int(self._clock().timestamp())

    def bots(self) -> list[Row]:
        """The bots, by id."""
        return [user for _, user in sorted(self.users.items()) if user["is_bot"]]

    def bot_with(self, token: str) -> Row | None:
        """The bot that a token belongs to."""
        return next((one for one in self.bots() if one["token"] == token), None)

    def count(self, name: str) -> int:
        """The next number of a sequence, from 0."""
        self.counts[name] += 1
        return self.counts[name] - 1

    def add_chat(self, title: str, *, is_supergroup: bool) -> Row:
        """A new group without members."""
        if is_supergroup:
            chat_id = FIRST_SUPERGROUP - self.count("supergroups")
        else:
            chat_id = FIRST_GROUP - self.count("groups")
        chat: Row = {
            "id": chat_id,
            "type": "supergroup" if is_supergroup else "group",
            "title": title,
            "is_forum": False,
            "is_deleted": False,
            "may_send": True,
            "upgraded_to": None,
            "last_message_id": 0,
            "members": {},
            "topics": {},
            "messages": {},
            "invites": [],
            # Count of people by the link with which they joined.
            "joined": {},
        }
        self.chats[str(chat_id)] = chat
        return chat

    def add_message(self, chat: Row, user_id: int, **fields: Any) -> Row:
        """A new message with the next id: one more than the last one of a supergroup.

        In other groups ids are counted over all chats.
        """
        if chat["type"] == "supergroup":
            chat["last_message_id"] += 1
        else:
            chat["last_message_id"] = FIRST_MESSAGE + self.count("messages")
        row: Row = {
            "message_id": chat["last_message_id"],
            "date": self.now(),
            "user_id": user_id,
            "is_anonymous": False,
            "topic_id": None,
            "reply_to": None,
            "text": None,
            "service": None,
            "edit_date": None,
            "has_preview": True,
            "keyboard": [],
            **fields,
        }
        chat["messages"][str(row["message_id"])] = row
        return row

    def member(self, chat: Row, user_id: int) -> Row:
        """What a user is in a group."""
        absent = {"status": "left", "rights": [], "is_anonymous": False}
        found: Row = chat["members"].get(str(user_id), absent)
        return found

    def topic(self, chat: Row, topic_id: int, reason: str) -> Row:
        """A topic; raises error 400 with *reason* if there is none."""
        found: Row | None = chat["topics"].get(str(topic_id))
        if found is None:
            raise bad(reason)
        return found

    def dump(self) -> Row:
        """A copy of everything as JSON-able data."""
        names = ("users", "chats", "pending", "presses", "counts")
        return copy.deepcopy({name: getattr(self, name) for name in names})

    def load(self, data: Row) -> None:
        """Restore what ``dump`` returned."""
        self.users, self.chats = data["users"], data["chats"]
        self.pending, self.presses = data["pending"], data["presses"]
        self.counts = data["counts"]
