"""Groups as bots see them, and who may do what."""

from __future__ import annotations

from emulators.telegram.errors import TelegramError, bad
from emulators.telegram.models import shapes
from emulators.telegram.models.call import Call, length
from emulators.telegram.models.state import Row, State

MOST_INVITE_NAME, MOST_INVITED = 32, 99_999
ADMINISTRATORS = ("creator", "administrator")


class Groups:
    """Methods about groups and their members."""

    def __init__(self, state: State) -> None:
        self._state = state

    # --- Checks ---

    def group(self, call: Call) -> Row:
        """The group that a call names, of which the bot is a member."""
        chat = self._state.chats.get(str(call.needed_integer("chat_id")))
        member = self._state.member(chat, call.bot["id"]) if chat else None
        if chat is None or member is None or str(call.bot["id"]) not in chat["members"]:
            raise bad("chat not found")
        if chat["upgraded_to"] is not None:
            parameters = {"migrate_to_chat_id": chat["upgraded_to"]}
            raise TelegramError(400, "group chat was upgraded to a supergroup chat", parameters)
        if chat["is_deleted"]:
            raise TelegramError(403, "the group chat was deleted")
        kind = f"{chat['type']} chat"
        if member["status"] == "kicked":
            raise TelegramError(403, f"bot was kicked from the {kind}")
        if member["status"] == "left":
            raise TelegramError(403, f"bot is not a member of the {kind}")
        return chat

    def has_right(self, chat: Row, user_id: int, right: str) -> bool:
        """Whether somebody has a right of an administrator."""
        member = self._state.member(chat, user_id)
        return member["status"] == "creator" or (
            member["status"] == "administrator" and right in member["rights"]
        )

    def may_write(self, chat: Row, user_id: int) -> bool:
        """Whether somebody may send messages."""
        status = self._state.member(chat, user_id)["status"]
        return status in ADMINISTRATORS or (status == "member" and chat["may_send"])

    # --- Methods ---

    def get_me(self, call: Call) -> Row:
        """``getMe``."""
        call.check_names(())
        more = {
            "can_join_groups": True,
            "can_read_all_group_messages": False,
            "supports_inline_queries": False,
        }
        return {**shapes.user(call.bot), **more}

    def get_chat(self, call: Call) -> Row:
        """``getChat``."""
        call.check_names(("chat_id",))
        return shapes.full_chat(self.group(call))

    def get_chat_member(self, call: Call) -> Row:
        """``getChatMember``."""
        call.check_names(("chat_id", "user_id"))
        chat, user_id = self.group(call), call.needed_integer("user_id")
        person = self._state.users.get(str(user_id))
        if person is None:
            raise bad("PARTICIPANT_ID_INVALID")
        is_administrator = self._state.member(chat, call.bot["id"])["status"] in ADMINISTRATORS
        if not is_administrator and user_id != call.bot["id"]:
            raise bad("CHAT_ADMIN_REQUIRED")
        return shapes.member(chat, self._state.member(chat, user_id), person)

    def create_chat_invite_link(self, call: Call) -> Row:
        """``createChatInviteLink``."""
        call.check_names(("chat_id", "name", "member_limit"))
        chat, name, limit = self.group(call), call.text("name") or "", call.integer("member_limit")
        if not self.has_right(chat, call.bot["id"], "can_invite_users"):
            raise bad("not enough rights to manage chat invite link")
        if length(name) > MOST_INVITE_NAME:
            raise bad("invite link name is too long")
        if limit is not None and not 1 <= limit <= MOST_INVITED:
            raise bad("USAGE_LIMIT_INVALID")
        invite: Row = {
            "invite_link": f"https://t.me/+{self._state.count('links') + 1:016d}",
            "creator": shapes.user(call.bot),
            "creates_join_request": False,
            "is_primary": False,
            "is_revoked": False,
        }
        invite |= {"name": name} if name else {}
        invite |= {"member_limit": limit} if limit is not None else {}
        chat["invites"].append(invite)
        return invite
