"""A chat in memory that keeps the rules of the port."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from msgspec import to_builtins

from tests.harness.fakes.interruptions import Interruptions
from vitrina.chat_port import (
    MOST_INVITE_NAME,
    MOST_PRESS_TEXT,
    MOST_TOPIC_NAME,
    PAYLOAD,
    Bot,
    BotMoved,
    BotRight,
    Button,
    ButtonPressed,
    ChatEvent,
    ChatMessage,
    Group,
    GroupClaimed,
    GroupLack,
    GroupUnusableError,
    GroupUpgraded,
    GroupUpgradedError,
    MessageReceived,
    ReceivedChat,
    check_length,
)
from vitrina.crm_port import WebhookState
from vitrina.errors import FatalServiceError
from vitrina.ports import WebhookRequest

SERVICE = "Chat"
SECRET = "secret"
BOT = Bot("7", "vitrina_bot")
_EVENTS = {
    one.__name__: one for one in (BotMoved, GroupClaimed, GroupUpgraded, MessageReceived, ButtonPressed)
}


@dataclass
class FakeMessage:
    """A message; ``author_id`` is that of the bot or of a person."""

    message_id: str
    author_id: str
    text: str
    topic_id: str = ""
    reply_to: str = ""
    buttons: tuple[Button, ...] = ()


@dataclass
class FakePress:
    """A press of a button, with the answer that the person was shown."""

    person_id: str
    answer: str = ""
    is_alert: bool = False
    is_waiting: bool = True


@dataclass
class FakeGroup:
    """A group; a test may change it."""

    chat_id: str
    title: str
    has_topics: bool = True
    is_member: bool = True
    is_administrator: bool = True
    may_write: bool = True
    rights: frozenset[BotRight] = frozenset(BotRight)
    upgraded_to: str = ""
    #: Names by id, with which the topics were made.
    topics: dict[str, str] = field(default_factory=dict)
    administrators: set[str] = field(default_factory=set)
    messages: dict[str, FakeMessage] = field(default_factory=dict)
    invites: list[tuple[str, int]] = field(default_factory=list)
    last_id: int = 0

    def new_id(self) -> str:
        """The next id of a message."""
        self.last_id += 1
        return str(self.last_id)


class FakeChat(Interruptions):
    """``Chat`` in memory, without limits."""

    name = SERVICE

    def __init__(self) -> None:
        super().__init__()
        self.clear()

    def clear(self) -> None:
        """Delete everything."""
        self.groups: dict[str, FakeGroup] = {}
        self.webhook = WebhookState.ABSENT
        #: Requests that it sent to our address.
        self.sent: list[WebhookRequest] = []
        self.calls.clear()
        #: Presses of buttons by their id.
        self.presses: dict[str, FakePress] = {}
        self._last_chat = self._last_update = 0

    # --- The port ----------------------------------------------------------------------------------

    def get_bot(self) -> Bot:
        """See ``Chat``."""
        with self._called("get_bot"):
            return BOT

    def group_link(self, username: str, payload: str) -> str:
        """See ``Chat``."""
        if not PAYLOAD.fullmatch(payload):
            raise ValueError("the payload has other signs")
        return f"https://chat.example/{username}?group={payload}"

    def get_group(self, chat_id: str) -> Group | None:
        """See ``Chat``."""
        with self._called("get_group"):
            group = self.groups.get(chat_id)
            if group is None or not group.is_member:
                return None
            self._check_upgrade(group)
            rights = group.rights if group.is_administrator else frozenset()
            return Group(chat_id, group.title, group.is_member, group.has_topics, rights)

    def is_administrator(self, chat_id: str, person_id: str) -> bool:
        """See ``Chat``."""
        with self._called("is_administrator"):
            return person_id == chat_id or person_id in self._group(chat_id).administrators

    def create_topic(self, chat_id: str, name: str, *, after: str = "", known: Collection[str] = ()) -> str:
        """See ``Chat``."""
        with self._called("create_topic"):
            check_length(name, MOST_TOPIC_NAME)
            group = self._group(chat_id)
            if after:
                for topic_id, made_with in group.topics.items():
                    if int(topic_id) > int(after) and topic_id not in known and made_with == name:
                        return topic_id
            if not group.has_topics:
                raise lacks(GroupLack.TOPICS_OFF)
            if not (group.is_administrator and BotRight.TOPICS in group.rights):
                raise lacks(GroupLack.NO_RIGHT_TOPICS)
            topic_id = group.new_id()
            group.topics[topic_id] = name
            return topic_id

    def create_invite(self, chat_id: str, name: str, *, most_people: int) -> str:
        """See ``Chat``."""
        with self._called("create_invite"):
            check_length(name, MOST_INVITE_NAME)
            group = self._group(chat_id)
            if not (group.is_administrator and BotRight.INVITES in group.rights):
                raise lacks(GroupLack.NO_RIGHT_INVITES)
            group.invites.append((name, most_people))
            return f"https://chat.example/join/{chat_id}/{len(group.invites)}"

    def send(self, message: ChatMessage) -> str:
        """See ``Chat``."""
        with self._called("send"):
            group = self._group(message.chat_id)
            if not group.may_write and not group.is_administrator:
                raise lacks(GroupLack.MUTED)
            if message.topic_id and message.topic_id not in group.topics:
                raise lacks(GroupLack.TOPIC_GONE)
            reply_to = message.reply_to if message.reply_to in group.messages else ""
            sent = FakeMessage(
                group.new_id(), BOT.bot_id, message.text, message.topic_id, reply_to, message.buttons
            )
            group.messages[sent.message_id] = sent
            return sent.message_id

    def find_sent(self, message: ChatMessage, *, after: str, known: Collection[str]) -> str | None:
        """See ``Chat``."""
        with self._called("find_sent"):
            group = self._group(message.chat_id)
            ours = (one for one in group.messages.values() if one.author_id == BOT.bot_id)
            found = (
                one for one in ours if int(one.message_id) > int(after or 0) and one.message_id not in known
            )
            same = (one for one in found if (one.text, one.buttons) == (message.text, message.buttons))
            return next((one.message_id for one in same), None)

    def edit(self, message_id: str, message: ChatMessage) -> None:
        """See ``Chat``."""
        with self._called("edit"):
            found = self._group(message.chat_id).messages.get(message_id)
            if found is None:
                return
            if found.author_id != BOT.bot_id:
                raise FatalServiceError("chat.refused", service=SERVICE, status=400, reason="not yours")
            found.text, found.buttons = message.text, message.buttons

    def answer_press(self, press_id: str, text: str, *, is_alert: bool = False) -> None:
        """See ``Chat``."""
        with self._called("answer_press"):
            check_length(text, MOST_PRESS_TEXT)
            press = self.presses.get(press_id)
            if press is not None and press.is_waiting:
                press.answer, press.is_alert, press.is_waiting = text, is_alert, False

    def check_webhook(self) -> WebhookState:
        """See ``Chat``."""
        with self._called("check_webhook"):
            return self.webhook

    def connect_webhook(self) -> None:
        """See ``Chat``."""
        with self._called("connect_webhook"):
            self.webhook = WebhookState.ACTIVE

    def receive(self, request: WebhookRequest) -> ReceivedChat:
        """See ``Chat``."""
        if request.path != (SECRET,):
            return ReceivedChat(status=404)
        try:
            body = json.loads(request.body)
        except ValueError:
            return ReceivedChat(status=400)
        try:
            event = _EVENTS[body["kind"]](**body["fields"])
            return ReceivedChat(update_id=str(body["update_id"]), events=(event,))
        except (KeyError, TypeError):
            return ReceivedChat()

    # --- What tests set up and what people do ------------------------------------------------------

    def add_group(self, title: str = "Зерно", *, payload: str = "", person_id: str = "1") -> FakeGroup:
        """A group of a person, who added the bot with the link."""
        self._last_chat += 1
        group = FakeGroup(str(-self._last_chat), title, administrators={person_id})
        self.groups[group.chat_id] = group
        group.new_id()
        self.tell(BotMoved(group.chat_id))
        if payload:
            group.new_id()
            self.tell(GroupClaimed(group.chat_id, payload, person_id))
        return group

    def upgrade(self, chat_id: str) -> FakeGroup:
        """The group that another one becomes."""
        former = self.groups[chat_id]
        self._last_chat += 1
        group = FakeGroup(str(-self._last_chat), former.title, administrators=set(former.administrators))
        group.has_topics, group.rights = former.has_topics, former.rights
        group.new_id()
        self.groups[group.chat_id] = group
        former.upgraded_to = group.chat_id
        self.tell(GroupUpgraded(chat_id, group.chat_id))
        return group

    def write(
        self, chat_id: str, text: str, *, person_id: str = "1", topic_id: str = "", reply_to: str = ""
    ) -> str:
        """Id of a new message of a person; what the bot sees of it is told."""
        group = self.groups[chat_id]
        row = FakeMessage(group.new_id(), person_id, text, topic_id, reply_to)
        group.messages[row.message_id] = row
        answered = group.messages.get(reply_to)
        is_answer = answered is not None and answered.author_id == BOT.bot_id
        command = ""
        if text.startswith("/"):
            command, _, text = text.removeprefix("/").partition(" ")
            command, _, addressed = command.partition("@")
            if addressed not in ("", BOT.username):
                return row.message_id
        if command or is_answer:
            seen = (chat_id, row.message_id, topic_id, person_id, text, command.lower())
            self.tell(MessageReceived(*seen, reply_to if is_answer else ""))
        return row.message_id

    def press(self, chat_id: str, message_id: str, data: str, *, person_id: str = "1") -> FakePress:
        """A press of a person, also of a button that is not there any more."""
        press_id = f"press-{len(self.presses) + 1}"
        self.presses[press_id] = FakePress(person_id)
        self.tell(ButtonPressed(chat_id, message_id, person_id, data, press_id))
        return self.presses[press_id]

    def tell(self, event: ChatEvent) -> None:
        """Send an event to our address, if there is a webhook."""
        if self.webhook == WebhookState.ACTIVE:
            self._last_update += 1
            self.sent.append(webhook_of(event, self._last_update))

    def _group(self, chat_id: str) -> FakeGroup:
        group = self.groups.get(chat_id)
        if group is None or not group.is_member:
            raise lacks(GroupLack.GONE)
        self._check_upgrade(group)
        return group

    @staticmethod
    def _check_upgrade(group: FakeGroup) -> None:
        if group.upgraded_to:
            raise GroupUpgradedError(group.upgraded_to, service=SERVICE)


def lacks(lack: GroupLack) -> GroupUnusableError:
    """The error of a group that lacks something."""
    return GroupUnusableError(lack, service=SERVICE)


def webhook_of(event: ChatEvent, update_id: int = 1, *, secret: str = SECRET) -> WebhookRequest:
    """A request that tells an event, as the entry point hands it to an adapter."""
    fields = {"update_id": update_id, "kind": type(event).__name__, "fields": to_builtins(event)}
    return request_of(fields, secret=secret)


def request_of(body: Any, *, secret: str = SECRET) -> WebhookRequest:
    """A request with any body."""
    return WebhookRequest((secret,), {}, json.dumps(body).encode(), lambda: body)
