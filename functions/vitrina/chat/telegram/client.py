"""``Chat`` for Telegram."""

from __future__ import annotations

from collections.abc import Collection

from vitrina.chat.telegram import mapping, webhooks
from vitrina.chat.telegram.pace import SERVICE, Pace
from vitrina.chat.telegram.refusals import LATE_PRESS, NO_MESSAGE, NO_PERSON, NOT_MODIFIED, RefusedError
from vitrina.chat.telegram.wire import TelegramWire
from vitrina.chat_port import (
    MOST_INVITE_NAME,
    MOST_PRESS_TEXT,
    MOST_TOPIC_NAME,
    PAYLOAD,
    Bot,
    ChatMessage,
    Group,
    GroupLack,
    GroupUnusableError,
    ReceivedChat,
    check_length,
)
from vitrina.crm_port import WebhookState
from vitrina.errors import VitrinaError
from vitrina.ports import Json, WebhookRequest
from vitrina.rest.wire import FIRST_WAIT_S, TIMEOUT_S

API_URL = "https://api.telegram.org"
#: How many ids after a known one are tried for something whose answer was lost.
MOST_TRIED = 30
#: Sent into a topic to read its name from the answer, and deleted at once.
TRIAL_TEXT = "…"


def connect(
    url: str,
    token: str,
    *,
    webhook_url: str,
    webhook_secret: str,
    timeout_s: float = TIMEOUT_S,
    wait_s: float = FIRST_WAIT_S,
    pace: Pace | None = None,
) -> TelegramChat:
    """The adapter of a bot. Sends no request.

    Parameters
    ----------
    url
        Address of the Bot API.
    token
        The bot's token.
    webhook_url
        Address at which we receive updates. The last part of its path is a secret.
    webhook_secret
        Letters and digits that each update has in a header; another secret than that of the address.
    timeout_s
        Seconds that one attempt of a call waits for the answer.
    wait_s
        Seconds before the first repeat of a call.
    pace
        Used instead of a new one, for example to share it.
    """
    wire = TelegramWire(url, token, pace=pace, timeout_s=timeout_s, wait_s=wait_s)
    return TelegramChat(wire, webhook_url=webhook_url, webhook_secret=webhook_secret)


class TelegramChat:
    """A bot in Telegram. See ``connect``."""

    name = SERVICE

    def __init__(self, wire: TelegramWire, *, webhook_url: str, webhook_secret: str) -> None:
        self._wire = wire
        self._webhook_url = webhook_url
        self._webhook_secret = webhook_secret

    def close(self) -> None:
        """Close the connections."""
        self._wire.close()

    # --- The bot and its groups ---

    def get_bot(self) -> Bot:
        """See ``Chat``."""
        row = self._wire.send("getMe", is_repeatable=True)
        return Bot(str(row["id"]), str(row["username"]))

    def group_link(self, username: str, payload: str) -> str:
        """See ``Chat``."""
        if not PAYLOAD.fullmatch(payload):
            raise ValueError("a payload has 1 to 64 letters, digits, underscores and hyphens")
        return f"https://t.me/{username}?startgroup={payload}&admin=manage_topics+invite_users"

    def get_group(self, chat_id: str) -> Group | None:
        """See ``Chat``."""
        try:
            chat = self._wire.send("getChat", {"chat_id": int(chat_id)}, is_repeatable=True)
            member = self._member(chat_id, self._wire.bot_id)
        except GroupUnusableError as error:
            if error.lack == GroupLack.GONE:
                return None
            raise
        return mapping.group_from(chat, member)

    def is_administrator(self, chat_id: str, person_id: str) -> bool:
        """See ``Chat``."""
        # Only administrators can write as the group.
        return person_id == chat_id or mapping.is_administrator(self._member(chat_id, person_id))

    def _member(self, chat_id: str, person_id: str) -> Json:
        """A ``ChatMember``; empty for somebody whom Telegram does not know there."""
        if not person_id.isdecimal():
            return {}
        body = {"chat_id": int(chat_id), "user_id": int(person_id)}
        try:
            found: Json = self._wire.send("getChatMember", body, is_repeatable=True)
        except RefusedError as error:
            if error.says(*NO_PERSON):
                return {}
            raise
        return found

    # --- Topics ---

    def create_topic(self, chat_id: str, name: str, *, after: str = "", known: Collection[str] = ()) -> str:
        """See ``Chat``."""
        check_length(name, MOST_TOPIC_NAME)
        if after:
            for topic_id in mapping.ids_after(after, frozenset(known), MOST_TRIED):
                if self._is_topic(chat_id, topic_id, name):
                    return str(topic_id)
        self._wire.pace.take(chat_id)
        made = self._wire.send("createForumTopic", {"chat_id": int(chat_id), "name": name})
        return str(made["message_thread_id"])

    def _is_topic(self, chat_id: str, topic_id: int, name: str) -> bool:
        """Whether a topic was made with this name, by a message whose answer tells the name.

        Telegram does not send the message where there is no such topic. A topic is never renamed to see
        whether it has the name already: it may be somebody else's.
        """
        body: Json = {
            "chat_id": int(chat_id),
            "message_thread_id": topic_id,
            "text": TRIAL_TEXT,
            "disable_notification": True,
        }
        try:
            sent = self._wire.send("sendMessage", body)
        except GroupUnusableError as error:
            if error.lack in (GroupLack.TOPIC_GONE, GroupLack.MUTED):
                return False
            raise
        except RefusedError:
            # In whatever words: nothing was sent, so that this is not our topic.
            return False
        self._wire.pace.note(chat_id)
        try:
            return mapping.name_of_topic(sent, topic_id) == name.strip()
        finally:
            self._delete(chat_id, int(sent["message_id"]))

    def _delete(self, chat_id: str, message_id: int) -> None:
        """Delete a message of the bot. It is not worth a failure if that does not work."""
        body = {"chat_id": int(chat_id), "message_id": message_id}
        try:
            self._wire.send("deleteMessage", body, is_repeatable=True)
        except VitrinaError:
            return

    def create_invite(self, chat_id: str, name: str, *, most_people: int) -> str:
        """See ``Chat``."""
        check_length(name, MOST_INVITE_NAME)
        body = {"chat_id": int(chat_id), "name": name, "member_limit": most_people}
        return str(self._wire.send("createChatInviteLink", body)["invite_link"])

    # --- Messages ---

    def send(self, message: ChatMessage) -> str:
        """See ``Chat``."""
        self._wire.pace.take(message.chat_id)
        return str(self._wire.send("sendMessage", mapping.message_body(message))["message_id"])

    def find_sent(self, message: ChatMessage, *, after: str, known: Collection[str]) -> str | None:
        """See ``Chat``. The message is the one that already has this text."""
        for message_id in mapping.ids_after(after, frozenset(known), MOST_TRIED):
            if self._has_text(str(message_id), message):
                self._wire.pace.note(message.chat_id)
                return str(message_id)
        return None

    def _has_text(self, message_id: str, message: ChatMessage) -> bool:
        """Whether a message is the bot's and has this text now. Messages of others cannot be edited."""
        try:
            self._wire.send("editMessageText", mapping.edit_body(message_id, message), is_repeatable=True)
        except RefusedError as error:
            return error.says(NOT_MODIFIED)
        return True

    def edit(self, message_id: str, message: ChatMessage) -> None:
        """See ``Chat``."""
        self._wire.pace.take(message.chat_id)
        try:
            self._wire.send("editMessageText", mapping.edit_body(message_id, message), is_repeatable=True)
        except RefusedError as error:
            if not error.says(NOT_MODIFIED, *NO_MESSAGE):
                raise

    def answer_press(self, press_id: str, text: str, *, is_alert: bool = False) -> None:
        """See ``Chat``. It is no message: no limit counts it."""
        check_length(text, MOST_PRESS_TEXT)
        body = {"callback_query_id": press_id, "text": text, "show_alert": is_alert}
        try:
            self._wire.send("answerCallbackQuery", body, is_repeatable=True)
        except RefusedError as error:
            if not error.says(*LATE_PRESS):
                raise

    # --- Webhooks ---

    def check_webhook(self) -> WebhookState:
        """See ``Chat``."""
        return webhooks.state_of(self._wire.send("getWebhookInfo", is_repeatable=True), self._webhook_url)

    def connect_webhook(self) -> None:
        """See ``Chat``. The secret cannot be read back, so that the subscription is always made again."""
        body = {
            "url": self._webhook_url,
            "secret_token": webhooks.secret_token(self._webhook_secret, self.get_bot().username),
            "allowed_updates": list(webhooks.UPDATES),
            "max_connections": webhooks.MOST_CONNECTIONS,
        }
        self._wire.send("setWebhook", body, is_repeatable=True)

    def receive(self, request: WebhookRequest) -> ReceivedChat:
        """See ``Chat``."""
        return webhooks.read_request(
            request,
            webhook_url=self._webhook_url,
            webhook_secret=self._webhook_secret,
            bot_id=self._wire.bot_id,
        )
