"""The objects of the Bot API."""

from __future__ import annotations

import re

from emulators.telegram.models.call import length
from emulators.telegram.models.keyboards import markup
from emulators.telegram.models.state import Row, State

#: The user as whom administrators without a name write.
ANONYMOUS: Row = {"id": 1087968824, "is_bot": True, "first_name": "Group", "username": "GroupAnonymousBot"}
RIGHTS = (
    *("can_delete_messages", "can_manage_video_chats", "can_restrict_members", "can_promote_members"),
    *("can_change_info", "can_invite_users", "can_post_stories", "can_edit_stories", "can_delete_stories"),
)
#: Rights that are told in supergroups only.
MORE_RIGHTS = ("can_pin_messages", "can_manage_topics")
_PERMISSIONS = (
    *("can_send_messages", "can_send_audios", "can_send_documents", "can_send_photos", "can_send_videos"),
    *("can_send_video_notes", "can_send_voice_notes", "can_send_polls", "can_send_other_messages"),
    *("can_add_web_page_previews", "can_react_to_messages", "can_edit_tag", "can_change_info"),
    *("can_invite_users", "can_pin_messages", "can_manage_topics"),
)
_COMMAND = re.compile(r"/[A-Za-z0-9_]+(?:@[A-Za-z0-9_]+)?")


def user(row: Row) -> Row:
    """``User``."""
    keys = ("id", "is_bot", "first_name", "last_name", "username")
    return {key: row[key] for key in keys if key in row}


def chat(row: Row) -> Row:
    """``Chat``."""
    found: Row = {"id": row["id"], "type": row["type"], "title": row["title"]}
    return {**found, "is_forum": True} if row["is_forum"] else found


def full_chat(row: Row) -> Row:
    """``ChatFullInfo``."""
    gifts = (
        "unlimited_gifts",
        "limited_gifts",
        "unique_gifts",
        "premium_subscription",
        "gifts_from_channels",
    )
    return {
        **chat(row),
        "accent_color_id": 0,
        "max_reaction_count": 11,
        "permissions": {"can_send_messages": row["may_send"]},
        "accepted_gift_types": dict.fromkeys(gifts, False),
    }


def member(group: Row, row: Row, person: Row) -> Row:
    """``ChatMember``."""
    status, found = row["status"], {"status": row["status"], "user": user(person)}
    if status == "creator":
        return {**found, "is_anonymous": row["is_anonymous"]}
    if status == "administrator":
        names = (*RIGHTS, *(MORE_RIGHTS if group["type"] == "supergroup" else ()))
        rights = {name: name in row["rights"] for name in names}
        is_anonymous = {"is_anonymous": row["is_anonymous"]}
        return {**found, "can_be_edited": False, **is_anonymous, "can_manage_chat": True, **rights}
    if status == "restricted":
        return {**found, "is_member": True, **dict.fromkeys(_PERMISSIONS, False), "until_date": 0}
    return {**found, "until_date": 0} if status == "kicked" else found


def message(state: State, group: Row, row: Row, *, is_inner: bool = False) -> Row:
    """``Message``. What it answers is shown too, but not what that one answers.

    A message in a topic that answers no other one answers the message with which the topic began.
    """
    found: Row = {
        "message_id": row["message_id"],
        "from": ANONYMOUS if row["is_anonymous"] else user(state.users[str(row["user_id"])]),
        "chat": chat(group),
        "date": row["date"],
    }
    if row["is_anonymous"]:
        found["sender_chat"] = chat(group)
    if row["edit_date"]:
        found["edit_date"] = row["edit_date"]
    if row["topic_id"] is not None:
        found |= {"message_thread_id": row["topic_id"], "is_topic_message": True}
    answered = group["messages"].get(str(row["reply_to"] or row["topic_id"]))
    if answered is not None and answered is not row and not is_inner:
        found["reply_to_message"] = message(state, group, answered, is_inner=True)
    if row["service"]:
        return {**found, **row["service"]}
    found["text"] = row["text"]
    command = _COMMAND.match(row["text"])
    if command:
        found["entities"] = [{"type": "bot_command", "offset": 0, "length": length(command[0])}]
    if not row["has_preview"]:
        found["link_preview_options"] = {"is_disabled": True}
    if row["keyboard"]:
        found["reply_markup"] = markup(row["keyboard"])
    return found
