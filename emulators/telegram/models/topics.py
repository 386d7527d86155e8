"""Topics of groups. No method lists them. The id of a topic is that of its first message."""

from __future__ import annotations

from collections.abc import Callable

from emulators.telegram.errors import bad
from emulators.telegram.models.call import Call, length
from emulators.telegram.models.groups import Groups
from emulators.telegram.models.state import Row, State

MOST_NAME = 128
COLORS = (7322096, 16766590, 13338331, 9367192, 16749490, 16478047)
ABSENT = "TOPIC_ID_INVALID"


class Topics:
    """Methods about topics.

    Parameters
    ----------
    take
        Counts a message in a group; raises 429 if there were too many.
    """

    def __init__(self, state: State, groups: Groups, take: Callable[[int], None]) -> None:
        self._state = state
        self._groups = groups
        self._take = take

    def create_forum_topic(self, call: Call) -> Row:
        """``createForumTopic``."""
        call.check_names(("chat_id", "name", "icon_color"))
        chat, name = self._forum(call), (call.text("name") or "").strip()
        if not self._groups.has_right(chat, call.bot["id"], "can_manage_topics"):
            raise bad("not enough rights to create a topic")
        color = call.integer("icon_color") or COLORS[0]
        if color not in COLORS:
            raise bad("invalid icon_color specified")
        self.check_name(name)
        self._take(chat["id"])
        topic = self.add(chat, call.bot["id"], name, color)
        return {"message_thread_id": topic["id"], "name": name, "icon_color": color}

    def edit_forum_topic(self, call: Call) -> bool:
        """``editForumTopic``. Without a name it answers yes for any id: nothing is asked for."""
        call.check_names(("chat_id", "message_thread_id", "name"))
        chat, topic_id = self._forum(call), call.needed_integer("message_thread_id")
        name = (call.text("name") or "").strip()
        if not name:
            return True
        topic = self._state.topic(chat, topic_id, ABSENT)
        is_own = topic["user_id"] == call.bot["id"]
        if not is_own and not self._groups.has_right(chat, call.bot["id"], "can_manage_topics"):
            raise bad("not enough rights to edit the topic")
        if topic["name"] == name:
            raise bad("TOPIC_NOT_MODIFIED")
        self.check_name(name)
        self._take(chat["id"])
        self.rename(chat, topic, call.bot["id"], name)
        return True

    def delete_forum_topic(self, call: Call) -> bool:
        """``deleteForumTopic``."""
        call.check_names(("chat_id", "message_thread_id"))
        chat, topic_id = self._forum(call), call.needed_integer("message_thread_id")
        self._state.topic(chat, topic_id, ABSENT)
        if not self._groups.has_right(chat, call.bot["id"], "can_delete_messages"):
            raise bad("not enough rights to delete the topic")
        self.remove(chat, topic_id)
        return True

    def check_name(self, name: str) -> None:
        """Refuse a name that is empty or too long."""
        if not name:
            raise bad("topic title must be non-empty")
        if length(name) > MOST_NAME:
            raise bad("topic title is too long")

    def _forum(self, call: Call) -> Row:
        chat = self._groups.group(call)
        if not chat["is_forum"]:
            raise bad("the chat is not a forum")
        return chat

    # --- Also done by people ---

    def add(self, chat: Row, user_id: int, name: str, color: int = COLORS[0]) -> Row:
        """Make a topic, with its first message."""
        service = {"forum_topic_created": {"name": name, "icon_color": color}}
        first = self._state.add_message(chat, user_id, service=service)
        first["topic_id"] = first["message_id"]
        topic: Row = {
            "id": first["message_id"],
            "name": name,
            "icon_color": color,
            "user_id": user_id,
            "is_closed": False,
        }
        chat["topics"][str(topic["id"])] = topic
        return topic

    def rename(self, chat: Row, topic: Row, user_id: int, name: str) -> Row:
        """Give a topic another name; its first message keeps the former one."""
        topic["name"] = name
        service = {"forum_topic_edited": {"name": name}}
        return self._state.add_message(chat, user_id, topic_id=topic["id"], service=service)

    def remove(self, chat: Row, topic_id: int) -> None:
        """Delete a topic with its messages."""
        del chat["topics"][str(topic_id)]
        gone = [key for key, row in chat["messages"].items() if row["topic_id"] == topic_id]
        for key in gone:
            del chat["messages"][key]
