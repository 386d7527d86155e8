"""Webhooks of bots, and which updates a bot gets."""

from __future__ import annotations

import re
from typing import Protocol
from urllib.parse import urlsplit

from emulators.telegram.errors import bad
from emulators.telegram.models import shapes
from emulators.telegram.models.call import Call
from emulators.telegram.models.state import FIRST_UPDATE, Row, State
from emulators.telegram.webhooks import Failure

_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")
_LOOPBACK = ("127.0.0.1", "localhost")
#: Kinds that a bot gets only if it asks for them.
ON_DEMAND = ("chat_member", "message_reaction", "message_reaction_count")
MOST_CONNECTIONS = 40


class Sender(Protocol):
    """Delivers updates."""

    def publish(self, bot_id: int, url: str, update: Row) -> None:
        """Deliver an update to a bot; returns at once."""

    def forget(self, bot_id: int) -> None:
        """Drop the updates of a bot that wait."""

    def pending_count(self, bot_id: int) -> int:
        """Count of updates of a bot that wait."""

    def failure_of(self, bot_id: int) -> Failure | None:
        """The last failure of a bot."""


class Hooks:
    """Methods about webhooks."""

    def __init__(self, state: State, sender: Sender) -> None:
        self._state = state
        self._sender = sender

    def set_webhook(self, call: Call) -> bool:
        """``setWebhook``. Unlike Telegram it takes plain HTTP for addresses of this machine."""
        call.check_names(
            ("url", "secret_token", "allowed_updates", "max_connections", "drop_pending_updates")
        )
        url, secret = call.text("url"), call.text("secret_token")
        if url is None:
            raise bad("parameter url is required")
        connections = call.integer("max_connections")
        kinds = call.structure("allowed_updates", list)
        if secret is not None and not _SECRET.fullmatch(secret):
            raise bad("secret token contains unallowed characters")
        if connections is not None and not 1 <= connections <= 100:
            raise bad("max_connections must be from 1 to 100")
        self._drop_if_asked(call)
        if not url:
            call.bot["webhook"] = None
            return True
        address = urlsplit(url)
        if address.scheme != "https" and address.hostname not in _LOOPBACK:
            raise bad("bad webhook: An HTTPS URL must be provided for webhook")
        former = call.bot["webhook"] or {}
        call.bot["webhook"] = {
            "url": url,
            "secret_token": secret or "",
            # What is not given stays as it was.
            "allowed_updates": former.get("allowed_updates", []) if kinds is None else kinds,
            "max_connections": connections or MOST_CONNECTIONS,
        }
        self._send_pending(call.bot)
        return True

    def delete_webhook(self, call: Call) -> bool:
        """``deleteWebhook``."""
        call.check_names(("drop_pending_updates",))
        self._drop_if_asked(call)
        call.bot["webhook"] = None
        return True

    def get_webhook_info(self, call: Call) -> Row:
        """``getWebhookInfo``."""
        call.check_names(())
        bot_id, webhook = call.bot["id"], call.bot["webhook"]
        waiting = sum(one["bot_id"] == bot_id for one in self._state.pending)
        found: Row = {
            "url": webhook["url"] if webhook else "",
            "has_custom_certificate": False,
            "pending_update_count": self._sender.pending_count(bot_id) + waiting,
        }
        if not webhook:
            return found
        found["max_connections"] = webhook["max_connections"]
        if webhook["allowed_updates"]:
            found["allowed_updates"] = webhook["allowed_updates"]
        failure = self._sender.failure_of(bot_id)
        if failure is not None:
            found["last_error_date"] = int(failure.at.timestamp())
            found["last_error_message"] = failure.reason
        return found

    def tell(self, bot: Row, kind: str, content: Row) -> None:
        """Give a bot an update, unless it did not ask for this kind."""
        webhook = bot["webhook"]
        kinds = webhook["allowed_updates"] if webhook else []
        if kind not in kinds if kinds else kind in ON_DEMAND:
            return
        update = {"update_id": FIRST_UPDATE + self._state.count("updates"), kind: content}
        if webhook:
            self._sender.publish(bot["id"], webhook["url"], update)
        else:
            self._state.pending.append({"bot_id": bot["id"], "update": update})

    def tell_message(self, chat: Row, row: Row, *, is_edited: bool = False) -> None:
        """Tell a message to the bots that may see it."""
        for bot in self._state.bots():
            if row["user_id"] != bot["id"] and self._is_visible(chat, row, bot):
                content = shapes.message(self._state, chat, row)
                self.tell(bot, "edited_message" if is_edited else "message", content)

    def _is_visible(self, chat: Row, row: Row, bot: Row) -> bool:
        """Administrators see everything; others their commands, answers to them, and service messages."""
        status = self._state.member(chat, bot["id"])["status"]
        if status == "administrator":
            return True
        answered = chat["messages"].get(str(row["reply_to"])) or {}
        is_for_bot = (
            (row["text"] or "").partition(" ")[0].casefold().endswith(f"@{bot['username']}".casefold())
        )
        is_answer = answered.get("user_id") == bot["id"]
        return status == "member" and (bool(row["service"]) or is_for_bot or is_answer)

    def _drop_if_asked(self, call: Call) -> None:
        if call.boolean("drop_pending_updates"):
            bot_id = call.bot["id"]
            self._state.pending = [one for one in self._state.pending if one["bot_id"] != bot_id]
            self._sender.forget(bot_id)

    def _send_pending(self, bot: Row) -> None:
        ours = [one for one in self._state.pending if one["bot_id"] == bot["id"]]
        self._state.pending = [one for one in self._state.pending if one["bot_id"] != bot["id"]]
        for one in ours:
            self._sender.publish(bot["id"], bot["webhook"]["url"], one["update"])
