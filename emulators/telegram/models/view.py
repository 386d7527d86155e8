"""The groups as a page shows them: ``GET /_emulator/chats``."""

from __future__ import annotations

from emulators.telegram.models.state import Row, State


def chats(state: State) -> list[Row]:
    """All groups with people, topics and messages, oldest first. The general topic has the id ``null``.

    ::

        [{"id", "title", "type", "has_topics", "is_deleted", "upgraded_to",
          "members": [{"id", "name", "is_bot", "status", "rights"}, …],
          "topics": [{"id", "name", "is_closed", "messages": [
              {"id", "at", "author", "author_id", "is_bot", "text", "service", "reply_to", "is_edited"},
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
        "upgraded_to": chat["upgraded_to"],
        "members": [_member(state, key, row) for key, row in chat["members"].items()],
        "topics": [
            {**one, "messages": [_message(state, row) for row in rows if row["topic_id"] == one["id"]]}
            for one in topics
        ],
        "invites": chat["invites"],
    }


def _member(state: State, user_id: str, row: Row) -> Row:
    user = state.users[user_id]
    return {
        "id": user["id"],
        "name": user["first_name"],
        "is_bot": user["is_bot"],
        "status": row["status"],
        "rights": row["rights"],
    }


def _message(state: State, row: Row) -> Row:
    user = state.users[str(row["user_id"])]
    return {
        "id": row["message_id"],
        "at": row["date"],
        "author": user["first_name"],
        "author_id": user["id"],
        "is_bot": user["is_bot"],
        "text": row["text"],
        "service": row["service"],
        "reply_to": row["reply_to"],
        "is_edited": row["edit_date"] is not None,
    }
