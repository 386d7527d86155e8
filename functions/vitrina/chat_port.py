"""Protocol of a chat where an agency talks with its clients, beside the other protocols in ``ports``.

Each project has a group, and the group has topics. A bot cannot make a group: a person of the agency makes it
and adds the bot with the link from ``Chat.group_link``.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from enum import Enum, StrEnum
from typing import Protocol

from msgspec import Struct

from vitrina.crm_port import WebhookState
from vitrina.errors import FatalServiceError
from vitrina.ports import WebhookRequest

#: Most characters of a message, a topic's name and an invitation's name. As chats count them, a letter of
#: Russian is one and most emoji are two: units of UTF-16. ``shortened`` cuts what is longer.
MOST_TEXT = 4096
MOST_TOPIC_NAME = 128
MOST_INVITE_NAME = 32
MOST_BUTTON_TEXT = 64
#: Most characters of the answer to a press, and most bytes of what a button carries.
MOST_PRESS_TEXT = 200
MOST_BUTTON_DATA = 64
#: What ``GroupClaimed`` may bring.
PAYLOAD = re.compile(r"[A-Za-z0-9_-]{1,64}")


class BotRight(Enum):
    """A right of an administrator that the bot needs in a group."""

    TOPICS = "topics"
    INVITES = "invites"


class Bot(Struct, frozen=True):
    """The bot that the token belongs to. ``username`` has no ``@``."""

    bot_id: str
    username: str


class Group(Struct, frozen=True):
    """Current state of a group: what the bot may do there."""

    chat_id: str
    title: str
    is_member: bool
    has_topics: bool
    rights: frozenset[BotRight]


class ButtonStyle(StrEnum):
    """Colour of a button; a chat that has none shows all alike."""

    PLAIN = ""
    SUCCESS = "success"
    DANGER = "danger"


class Button(Struct, frozen=True):
    """A button under a message. ``data`` comes back in ``ButtonPressed``: 1 to ``MOST_BUTTON_DATA`` bytes."""

    text: str
    data: str
    style: ButtonStyle = ButtonStyle.PLAIN

    def __post_init__(self) -> None:
        check_length(self.text, MOST_BUTTON_TEXT)
        if not 1 <= len(self.data.encode()) <= MOST_BUTTON_DATA:
            raise ValueError(f"a button carries 1 to {MOST_BUTTON_DATA} bytes")


class ChatMessage(Struct, frozen=True):
    """A message of the bot. ``text`` is plain and has 1 to ``MOST_TEXT`` characters; see ``shortened``."""

    chat_id: str
    text: str
    #: Empty for the general topic.
    topic_id: str = ""
    #: Id of the message that it answers; it is sent without it if that message is gone.
    reply_to: str = ""
    #: Shown in one row under the message.
    buttons: tuple[Button, ...] = ()

    def __post_init__(self) -> None:
        check_length(self.text, MOST_TEXT)


class GroupLack(Enum):
    """Why a group cannot be used until a person has changed something."""

    #: The bot was removed, or the group was deleted.
    GONE = "gone"
    TOPICS_OFF = "topics_off"
    #: The topic was deleted.
    TOPIC_GONE = "topic_gone"
    NO_RIGHT_TOPICS = "no_right_topics"
    NO_RIGHT_INVITES = "no_right_invites"
    #: The bot may not write, or the topic is closed.
    MUTED = "muted"


class GroupUnusableError(FatalServiceError):
    """The group lacks something that only a person can change."""

    def __init__(self, lack: GroupLack, *, service: str) -> None:
        super().__init__(f"chat.{lack.value}", service=service)
        self.lack = lack


class GroupUpgradedError(FatalServiceError):
    """The group was upgraded: nothing was done, and the call works with *new_chat_id*."""

    def __init__(self, new_chat_id: str, *, service: str) -> None:
        super().__init__("chat.upgraded", service=service)
        self.new_chat_id = new_chat_id


# --- What a chat reports ---


class BotMoved(Struct, frozen=True):
    """The bot was added to a group, removed, or has other rights now: the group is to be read again."""

    chat_id: str


class GroupClaimed(Struct, frozen=True):
    """Somebody used the link from ``group_link`` in this group; ``payload`` is what the link carried."""

    chat_id: str
    payload: str
    person_id: str


class GroupUpgraded(Struct, frozen=True):
    """A group was upgraded: it is known by its new id only."""

    chat_id: str
    new_chat_id: str


class MessageReceived(Struct, frozen=True):
    """A person wrote something that the bot sees: an answer to a message of the bot, or a command.

    Parameters
    ----------
    command
        Name of the command without ``/`` and the bot's name; empty for an answer.
    text
        Plain text, without the command.
    reply_to
        Id of the bot's message that it answers, or empty.
    person_id
        Id of the person in the chat; his name is never read. An administrator who writes as the group,
        without a name, has the id of the group.
    """

    chat_id: str
    message_id: str
    topic_id: str
    person_id: str
    text: str
    command: str = ""
    reply_to: str = ""


class ButtonPressed(Struct, frozen=True):
    """A person pressed a button under a message of the bot.

    Parameters
    ----------
    message_id
        The message, which may be changed or gone by now.
    person_id
        As in ``MessageReceived``: the chat proves who pressed.
    data
        What the button carried. Somebody with a program of his own can send any text.
    press_id
        For ``Chat.answer_press``.
    """

    chat_id: str
    message_id: str
    person_id: str
    data: str
    press_id: str


ChatEvent = BotMoved | GroupClaimed | GroupUpgraded | MessageReceived | ButtonPressed


class ReceivedChat(Struct, frozen=True):
    """What a request of the chat means: the status to answer with, and what happened.

    Parameters
    ----------
    status
        HTTP status of the answer. 404 if the request is not from the chat, 400 if its body makes no sense.
    update_id
        The chat sends an update again until it is answered with 200; a repeat has the same id. Empty if there
        is nothing to do.
    """

    status: int = 200
    update_id: str = ""
    events: tuple[ChatEvent, ...] = ()


class Chat(Protocol):
    """A bot in a chat. Ids are texts that only this chat understands; ids of messages grow within a group.

    Every method that sends a request raises ``ServiceError``, and each attempt of a call has a time limit.
    ``RetriableServiceError`` means that the same call may work later, after ``retry_after_s`` if it is set.
    ``GroupUnusableError`` and ``GroupUpgradedError`` say what became of a group.
    """

    #: Name of the chat as a person knows it.
    name: str

    def get_bot(self) -> Bot:
        """The bot of the token: a call that shows whether the token is right."""

    def group_link(self, username: str, payload: str) -> str:
        """Link that adds the bot to a group, with the rights that it needs; sends no request.

        Parameters
        ----------
        payload
            1 to 64 letters, digits, ``_`` and ``-``; comes back in ``GroupClaimed``.
        """

    def get_group(self, chat_id: str) -> Group | None:
        """Current state of a group, or ``None`` if there is none that the bot knows."""

    def is_administrator(self, chat_id: str, person_id: str) -> bool:
        """Whether a person is an administrator of the group, or its owner, or writes as the group."""

    def create_topic(self, chat_id: str, name: str, *, after: str = "", known: Collection[str] = ()) -> str:
        """Create a topic, unless an earlier call made it and its answer was lost.

        The chat has no list of topics. With *after*, what came soon after that message is tried, without what
        is *known*. No topic that others made is renamed or taken for ours, unless it was made with this very
        name. Where a topic is tried, a message may appear for a moment.

        Parameters
        ----------
        name
            1 to ``MOST_TOPIC_NAME`` characters.
        after
            Id of the last message of the group that was known before the first call; empty for a first call.
        known
            Ids of other topics and of messages.

        Returns
        -------
        str
            Id of the topic.
        """

    def create_invite(self, chat_id: str, name: str, *, most_people: int) -> str:
        """Link with which *most_people* may join the group. Each call makes a link.

        *name* is seen by administrators and has at most ``MOST_INVITE_NAME`` characters.
        """

    def send(self, message: ChatMessage) -> str:
        """Send a message and return its id.

        After ``RetriableServiceError`` without ``retry_after_s`` it may have been sent: use ``find_sent``.
        """

    def find_sent(self, message: ChatMessage, *, after: str, known: Collection[str]) -> str | None:
        """Id of a message that ``send`` sent though its answer was lost, or ``None``.

        Tries messages that came soon after *after*, without those that are *known*: all other messages of the
        bot there. One that is left out there gets this text.
        """

    def edit(self, message_id: str, message: ChatMessage) -> None:
        """Give a message of the bot another text and other buttons, or take the buttons away.

        Does nothing if it has this text and these buttons, or is gone. May be repeated.
        """

    def answer_press(self, press_id: str, text: str, *, is_alert: bool = False) -> None:
        """Show a text to the person who pressed a button, and to nobody else.

        Does nothing if he does not wait any more: a chat waits some seconds. May be repeated.

        Parameters
        ----------
        text
            At most ``MOST_PRESS_TEXT`` characters.
        is_alert
            Whether he has to close it; otherwise it is shown for a moment.
        """

    # --- Webhooks ---

    def check_webhook(self) -> WebhookState:
        """What has become of the subscription to updates at our address."""

    def connect_webhook(self) -> None:
        """Make the chat report updates at our address and nowhere else. May be repeated."""

    def receive(self, request: WebhookRequest) -> ReceivedChat:
        """Read a request that came to our address. Sends no request.

        The adapter proves that the request is from the chat, as well as the chat allows.
        """


def shortened(text: str, most: int = MOST_TEXT) -> str:
    """The same text, or its beginning with an ellipsis if it has more characters than a chat takes.

    No character of two units is cut in half.
    """
    if text_length(text) <= most:
        return text
    units = text.encode("utf-16-le", "surrogatepass")[: 2 * (most - 1)]
    return units.decode("utf-16-le", "ignore").rstrip() + "…"


def text_length(text: str) -> int:
    """Count of characters as chats count them: units of UTF-16."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def check_length(text: str, most: int) -> None:
    """Raise ``ValueError`` for a text that is empty, or longer than *most* characters."""
    if not text.strip():
        raise ValueError("the text is empty")
    if text_length(text) > most:
        raise ValueError(f"the text has {text_length(text)} characters, and {most} are allowed")
