"""What a chat has to offer to the tests of the port ``Chat``: people, and what they do and see."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from vitrina.chat_port import BotRight, Button, Chat
from vitrina.ports import WebhookRequest

ALL_RIGHTS = frozenset(BotRight)
USERNAME = "vitrina_bot"


class ChatWorld(Protocol):
    """A chat with Irina, who owns the groups, and Petr."""

    chat: Chat
    irina: str
    petr: str

    def reset(self) -> None:
        """No groups, no webhook."""

    def make_chat(self) -> Chat:
        """The chat as another process has it."""

    # --- What people do ---

    def add_group(
        self, *, payload: str = "", is_basic: bool = False, rights: Collection[BotRight] = ALL_RIGHTS
    ) -> str:
        """Irina makes the group *Зерно*, with topics unless it is basic, and adds the bot with the link."""

    def change_rights(self, chat_id: str, rights: Collection[BotRight]) -> None:
        """Irina gives the bot these rights; without any it is a plain member."""

    def mute(self, chat_id: str) -> None:
        """Irina lets nobody but administrators write, and the bot is none."""

    def remove_bot(self, chat_id: str) -> None:
        """Irina removes the bot."""

    def switch_topics(self, chat_id: str, *, is_on: bool) -> None:
        """Irina switches topics on or off."""

    def upgrade(self, chat_id: str) -> str:
        """A basic group becomes another one, whose id is returned."""

    def add_petr(self, chat_id: str, *, is_administrator: bool = False, is_anonymous: bool = False) -> None:
        """Petr joins."""

    def write(self, chat_id: str, text: str, *, topic_id: str = "", reply_to: str = "", by: str = "") -> str:
        """Irina, or the person *by*, writes a message; its id."""

    def press(self, chat_id: str, message_id: str, data: str, *, by: str = "") -> str:
        """Irina, or the person *by*, presses a button; id of the press."""

    def edit(self, chat_id: str, message_id: str, text: str) -> None:
        """Somebody edits a message of a person."""

    def delete_message(self, chat_id: str, message_id: str) -> None:
        """Irina deletes a message."""

    def add_topic(self, chat_id: str, name: str) -> str:
        """Irina makes a topic; its id."""

    def delete_topic(self, chat_id: str, topic_id: str) -> None:
        """Irina deletes a topic."""

    # --- What people see ---

    def topics_of(self, chat_id: str) -> dict[str, str]:
        """Names of the topics by id, without the general one."""

    def texts_of(self, chat_id: str, topic_id: str = "") -> list[str]:
        """Texts in a topic, oldest first."""

    def buttons_of(self, chat_id: str, message_id: str) -> list[Button]:
        """The buttons under a message."""

    def answer_to(self, press_id: str) -> tuple[str, bool] | None:
        """What a person was shown who pressed a button, and whether as an alert."""

    # --- The chat from outside ---

    def sent(self) -> list[WebhookRequest]:
        """Requests that the chat sent to Vitrina since ``reset``."""

    def forged(self) -> Sequence[WebhookRequest]:
        """Requests of somebody who does not know the secrets."""

    def nonsense(self) -> Sequence[WebhookRequest]:
        """Requests with the right secrets that tell nothing."""

    def remove_webhook(self) -> None:
        """Somebody else takes the subscription away."""

    def narrow_webhook(self) -> None:
        """Somebody else takes kinds of updates out of it."""

    def lose_answer(self, call: str) -> None:
        """Carry out the next call of this method of the port that writes, and send no answer."""

    def break_call(self, call: str) -> None:
        """Answer the next such call with a failure, and do nothing."""

    def be_busy(self, call: str) -> None:
        """Refuse the next such call with *too many calls*, to be repeated after a second."""

    def deny(self, call: str) -> None:
        """Refuse the next such call because the token is dead."""

    def pass_time(self, seconds: float) -> None:
        """Let time pass for the pace of the chat."""

    def let_presses_expire(self) -> None:
        """Let so much time pass that nobody waits for the answer to his press any more."""


#: Opens a world; it is closed with the context.
OpenChatWorld = Callable[[], AbstractContextManager[ChatWorld]]
