"""Calls of Telegram that only the doctor makes."""

from __future__ import annotations

from msgspec import Struct

from vitrina.chat.telegram.wire import TelegramWire
from vitrina.errors import VitrinaError
from vitrina.settings import Settings


class Subscription(Struct, frozen=True):
    """State of the webhook. ``last_error`` is empty if every update was taken."""

    url: str
    waiting_count: int
    last_error: str


class Hands:
    """Reads the subscription, and deletes what the trial has made."""

    def __init__(self, settings: Settings) -> None:
        self._wire = TelegramWire(settings.chat_url, settings.chat_token, wait_s=settings.retry_wait_s)

    def subscription(self) -> Subscription:
        """What Telegram says about the webhook."""
        row = self._wire.send("getWebhookInfo", is_repeatable=True)
        error = str(row.get("last_error_message") or "")
        return Subscription(str(row["url"]), int(row["pending_update_count"]), error)

    def delete_message(self, chat_id: str, message_id: str) -> None:
        """Delete a message of the bot."""
        body = {"chat_id": int(chat_id), "message_id": int(message_id)}
        self._wire.send("deleteMessage", body, is_repeatable=True)

    def delete_topic(self, chat_id: str, topic_id: str) -> bool:
        """Delete a topic with its messages, if the bot has the right."""
        body = {"chat_id": int(chat_id), "message_thread_id": int(topic_id)}
        try:
            self._wire.send("deleteForumTopic", body, is_repeatable=True)
        except VitrinaError:
            return False
        return True

    def has_buttons(self, chat_id: str, message_id: str, text: str) -> bool:
        """Give a message of the bot another text; whether it has buttons then, as the answer tells."""
        body = {"chat_id": int(chat_id), "message_id": int(message_id), "text": text}
        return "reply_markup" in self._wire.send("editMessageText", body, is_repeatable=True)

    def close(self) -> None:
        """Close the connections."""
        self._wire.close()
