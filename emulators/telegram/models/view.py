"""Groups, users and presses as a page shows them: ``GET /_emulator/chats``, ``…/users``, ``…/presses``."""

from __future__ import annotations

from emulators.telegram.models.state import Row, State


def users(state: State) -> list[Row]:
    """Bots and people, also those in no group: ``[{"id", "name", "username", "is_bot", "is_client"}, …]``."""
    return [_user(row) for row in state.users.values()]


def presses(state: State) -> list[Row]:
    """Presses of buttons, oldest first, with what the person was shown: ``[{"id", "text", …}, …]``."""
    return list(state.presses.values())


def chats(state: State) -> list[Row]:
    """All groups with people, topics and messages, oldest first. The general topic has the id ``null``.

    ::

        [{"id", "title", "type", "has_topics", "is_deleted", "may_send", "upgraded_to",
          "members": [{"id", "name", "username", "is_bot", "is_client", "status", "rights"}, …],
          "topics": [{"id", "name", "is_closed", "messages": [
              {"id", "at", "author", "author_id", "is_bot", "is_client", "text", "service", "reply_to",
               "is_edited", "keyboard": [[{"text", "callback_data", "style"?}, …], …]},
              …]}, …],
          "invites": [{"invite_link", "name"?, "member_limit"?, …}, …]}, …]
    """
    return [_chat(state, one) for one in state.chats.values()]


def _chat(state: State, chat: Row) -> Row:
    general = {"id": None, "name": "General", "is_closed": False}
    topics = [general, *({key: one[key] for key in general} for one in chat["topics"].values())]
    rows = list(chat["messages"].values())
    return {
        "id": chat["id"],
        "title": chat["title"],
        "type": chat["type"],
        "has_topics": chat["is_forum"],
        "is_deleted": chat["is_deleted"],
        "may_send": chat["may_send"],
        "upgraded_to": chat["upgraded_to"],
        "members": [_member(state, key, row) for key, row in chat["members"].items()],
        "topics": [
            {**one, "messages": [_message(state, row) for row in rows if row["topic_id"] == one["id"]]}
            for one in topics
        ],
        "invites": chat["invites"],
    }


def _user(row: Row) -> Row:
    return {
        "id": row["id"],
        "name": _full_name(row),
        "username": row.get("username"),
        "is_bot": row["is_bot"],
        "is_client": row.get("is_client", False),
    }


def _full_name(user: Row) -> str:
    return " ".join(user[key] for key in ("first_name", "last_name") if user.get(key))


def _member(state: State, user_id: str, row: Row) -> Row:
    return {**_user(state.users[user_id]), "status": row["status"], "rights": row["rights"]}


def _message(state: State, row: Row) -> Row:
    user = state.users[str(row["user_id"])]
    return {
        "id": row["message_id"],
        "at": row["date"],
        "author": _full_name(user),
        "author_id": user["id"],
        "is_bot": user["is_bot"],
        "is_client": user.get("is_client", False),
        "text": row["text"],
        "service": row["service"],
        "reply_to": row["reply_to"],
        "is_edited": row["edit_date"] is not None,
        "keyboard": row["keyboard"],
    }
