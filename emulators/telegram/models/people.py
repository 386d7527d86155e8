"""What people do in Telegram: ``POST /_emulator/do``, or a step of a plan.

======================  =========================================================================
``create_group``        ``title``, ``has_topics``: otherwise the group is a basic one
``add_bot``             ``chat_id``, and of the link ``payload`` and ``rights``; without rights the
                        bot is no administrator
``change_bot``          ``chat_id``, ``rights``: of an administrator; none: a plain member
``mute_bot``            ``chat_id``: nobody but administrators may write
``remove_bot``          ``chat_id``
``switch_topics``       ``chat_id``, ``is_on``: a basic group is upgraded first
``upgrade_group``       ``chat_id``: to a supergroup, whose id is the answer
``delete_group``        ``chat_id``
``add_person``          ``chat_id``, ``person_id``, ``invite_link``, ``is_administrator``,
                        ``is_anonymous``
``write``               ``chat_id``, ``text``, and optionally ``topic_id``, ``reply_to``
``press``               ``chat_id``, ``message_id``, ``data``: of a button; its id is the answer
``edit_message``        ``chat_id``, ``message_id``, ``text``
``delete_message``      ``chat_id``, ``message_id``
``create_topic``        ``chat_id``, ``name``
``rename_topic``        ``chat_id``, ``topic_id``, ``name``
``close_topic``         ``chat_id``, ``topic_id``, ``is_closed``
``delete_topic``        ``chat_id``, ``topic_id``
``forget_webhook``      the bot's webhook is set to nothing by somebody who has its token
``narrow_webhook``      ``allowed_updates``: the same with other kinds of updates
======================  =========================================================================

The person is the first one of the seed, or ``user_id``; the bot is the first one, or ``bot_id``.
"""

from __future__ import annotations

from typing import Any

from emulators.telegram.models import shapes
from emulators.telegram.models.hooks import Hooks
from emulators.telegram.models.presses import Presses
from emulators.telegram.models.state import Row, State
from emulators.telegram.models.topics import Topics

#: Rights that our link asks for.
RIGHTS = ("can_manage_topics", "can_invite_users")


class People:
    """The actions by their names."""

    def __init__(self, state: State, topics: Topics, hooks: Hooks, presses: Presses) -> None:
        self._state = state
        self._topics = topics
        self._hooks = hooks
        self._presses = presses

    def do(self, wanted: Any) -> Row:
        """Carry out an action; raises ``ValueError`` or ``KeyError`` if there is no such action or row."""
        fields = dict(wanted)
        action = getattr(self, f"_do_{fields.pop('action', '')}", None)
        people = [one for _, one in sorted(self._state.users.items()) if not one["is_bot"]]
        if action is None or not people or not self._state.bots():
            raise ValueError("there is no such action, or there is no person and no bot")
        actor = self._state.users[str(fields.pop("user_id", people[0]["id"]))]
        bot = self._state.users[str(fields.pop("bot_id", self._state.bots()[0]["id"]))]
        if "chat_id" in fields:
            fields["chat"] = self._state.chats[str(fields.pop("chat_id"))]
        made: Row | None = action(actor, bot, **fields)
        return made or {}

    # --- The group ---

    def _do_create_group(self, actor: Row, _bot: Row, title: str, *, has_topics: bool = True) -> Row:
        chat = self._state.add_chat(title, is_supergroup=has_topics)
        chat["is_forum"] = has_topics
        chat["members"][str(actor["id"])] = _member("creator")
        service = {"supergroup_chat_created": True} if has_topics else {"group_chat_created": True}
        self._state.add_message(chat, actor["id"], service=service)
        return {"chat_id": chat["id"]}

    def _do_add_bot(self, actor: Row, bot: Row, chat: Row, payload: str = "", rights: Any = RIGHTS) -> None:
        self._move_bot(actor, bot, chat, "administrator" if rights else "member", rights)
        service = {"new_chat_members": [shapes.user(bot)]}
        self._say(chat, actor, service=service)
        if payload:
            self._say(chat, actor, text=f"/start@{bot['username']} {payload}")

    def _do_change_bot(self, actor: Row, bot: Row, chat: Row, rights: Any) -> None:
        self._move_bot(actor, bot, chat, "administrator" if rights else "member", rights)

    def _do_mute_bot(self, actor: Row, bot: Row, chat: Row) -> None:
        chat["may_send"] = False
        self._move_bot(actor, bot, chat, "member", ())

    def _do_remove_bot(self, actor: Row, bot: Row, chat: Row) -> None:
        self._move_bot(actor, bot, chat, "kicked", ())

    def _do_switch_topics(self, actor: Row, bot: Row, chat: Row, *, is_on: bool) -> Row:
        if is_on and chat["type"] == "group":
            chat = self._upgrade(actor, bot, chat)
        chat["is_forum"] = is_on
        return {"chat_id": chat["id"]}

    def _do_upgrade_group(self, actor: Row, bot: Row, chat: Row) -> Row:
        return {"chat_id": self._upgrade(actor, bot, chat)["id"]}

    def _do_delete_group(self, _actor: Row, _bot: Row, chat: Row) -> None:
        chat["is_deleted"] = True

    def _do_add_person(
        self,
        _actor: Row,
        _bot: Row,
        chat: Row,
        person_id: int,
        *,
        invite_link: str = "",
        is_administrator: bool = False,
        is_anonymous: bool = False,
    ) -> None:
        person = self._state.users[str(person_id)]
        if invite_link:
            _use_invite(chat, invite_link)
        status = "administrator" if is_administrator else "member"
        chat["members"][str(person["id"])] = {**_member(status), "is_anonymous": is_anonymous}
        self._say(chat, person, service={"new_chat_members": [shapes.user(person)]})

    # --- Messages and topics ---

    def _do_write(
        self,
        actor: Row,
        _bot: Row,
        chat: Row,
        text: str,
        topic_id: int | None = None,
        reply_to: int | None = None,
    ) -> Row:
        row = self._say(
            chat,
            actor,
            text=text,
            topic_id=topic_id,
            reply_to=reply_to,
            is_anonymous=self._state.member(chat, actor["id"])["is_anonymous"],
        )
        return {"message_id": row["message_id"]}

    def _do_press(self, actor: Row, bot: Row, chat: Row, message_id: int, data: str) -> Row:
        return {"press_id": self._presses.add(bot, chat, actor, message_id, data)["id"]}

    def _do_edit_message(self, _actor: Row, _bot: Row, chat: Row, message_id: int, text: str) -> None:
        row = chat["messages"][str(message_id)]
        row |= {"text": text, "edit_date": self._state.now()}
        self._hooks.tell_message(chat, row, is_edited=True)

    def _do_delete_message(self, _actor: Row, _bot: Row, chat: Row, message_id: int) -> None:
        del chat["messages"][str(message_id)]

    def _do_create_topic(self, actor: Row, _bot: Row, chat: Row, name: str) -> Row:
        topic = self._topics.add(chat, actor["id"], name)
        self._hooks.tell_message(chat, chat["messages"][str(topic["id"])])
        return {"topic_id": topic["id"]}

    def _do_rename_topic(self, actor: Row, _bot: Row, chat: Row, topic_id: int, name: str) -> None:
        row = self._topics.rename(chat, chat["topics"][str(topic_id)], actor["id"], name)
        self._hooks.tell_message(chat, row)

    def _do_close_topic(
        self, actor: Row, _bot: Row, chat: Row, topic_id: int, *, is_closed: bool = True
    ) -> None:
        chat["topics"][str(topic_id)]["is_closed"] = is_closed
        name = "forum_topic_closed" if is_closed else "forum_topic_reopened"
        self._say(chat, actor, service={name: {}}, topic_id=topic_id)

    def _do_delete_topic(self, _actor: Row, _bot: Row, chat: Row, topic_id: int) -> None:
        self._topics.remove(chat, topic_id)

    # --- Webhooks ---

    def _do_forget_webhook(self, _actor: Row, bot: Row) -> None:
        bot["webhook"] = None

    def _do_narrow_webhook(self, _actor: Row, bot: Row, allowed_updates: list[str]) -> None:
        bot["webhook"]["allowed_updates"] = allowed_updates

    # --- Parts ---

    def _say(self, chat: Row, actor: Row, **fields: Any) -> Row:
        row = self._state.add_message(chat, actor["id"], **fields)
        self._hooks.tell_message(chat, row)
        return row

    def _move_bot(self, actor: Row, bot: Row, chat: Row, status: str, rights: Any) -> None:
        before = self._state.member(chat, bot["id"])
        chat["members"][str(bot["id"])] = {**_member(status), "rights": list(rights)}
        self._tell_move(actor, bot, chat, before)

    def _tell_move(self, actor: Row, bot: Row, chat: Row, before: Row) -> None:
        content = {
            "chat": shapes.chat(chat),
            "from": shapes.user(actor),
            "date": self._state.now(),
            "old_chat_member": shapes.member(chat, before, bot),
            "new_chat_member": shapes.member(chat, self._state.member(chat, bot["id"]), bot),
        }
        self._hooks.tell(bot, "my_chat_member", content)

    def _upgrade(self, actor: Row, bot: Row, chat: Row) -> Row:
        """The supergroup that a basic group becomes. Its members stay, its messages get no new ids."""
        if chat["type"] != "group" or chat["upgraded_to"] is not None:
            raise ValueError("only a basic group is upgraded")
        new = self._state.add_chat(chat["title"], is_supergroup=True)
        new["members"] = {key: dict(row) for key, row in chat["members"].items()}
        new["may_send"] = chat["may_send"]
        self._say(chat, actor, service={"migrate_to_chat_id": new["id"]})
        chat["upgraded_to"] = new["id"]
        self._say(new, actor, service={"migrate_from_chat_id": chat["id"]})
        if str(bot["id"]) in new["members"]:
            self._tell_move(actor, bot, new, _member("left"))
        return new


def _use_invite(chat: Row, link: str) -> None:
    """Count somebody who joins with a link; raises ``ValueError`` if it is unknown, or used up."""
    invite = next((one for one in chat["invites"] if one["invite_link"] == link), None)
    joined = chat["joined"].get(link, 0)
    if invite is None or joined >= invite.get("member_limit", joined + 1):
        raise ValueError("the link is unknown, or as many people have joined with it as may")
    chat["joined"][link] = joined + 1


def _member(status: str) -> Row:
    return {"status": status, "rights": [], "is_anonymous": False}
