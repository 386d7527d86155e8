"""Messages that wait to be sent to a chat, and those that were sent, so that a repeat edits the first one."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timedelta

from msgspec import Struct, to_builtins
from msgspec.structs import replace

from vitrina.chat_port import Button, ButtonStyle, ChatMessage
from vitrina.ports import ABSENT, EXPIRES_AT, Document, Key, Put, Store
from vitrina.records.packing import known_fields

CHAT_MESSAGE = "chat_message"

#: How long a message that was sent is known by its key.
MESSAGE_LIFE = timedelta(days=90)


class KeptMessage(Struct, frozen=True):
    """A message to the chat of *spreadsheet_id*.

    Parameters
    ----------
    name
        What the message is about: a second one with the same name edits the first.
    topic, topic_id
        Key of the topic, or the id of one where somebody wrote; both empty for the general one.
    question
        Number of the question that it confirms, 0 for none.
    prompt
        What it asks a remark for: see ``ChatState.prompts``; empty for other messages.
    buttons
        Text, data and style of each.
    at
        When it was asked for, as ISO text.
    is_open
        Whether it is to be sent, or edited.
    begun_in, after
        The group to which sending it was begun without an answer, and the last message there before that.
    sent_in, sent_id
        The group to which it was sent, and its id there.
    """

    spreadsheet_id: str
    agency_id: str
    name: str
    event: str
    text: str
    topic: str = ""
    topic_id: str = ""
    reply_to: str = ""
    question: int = 0
    prompt: str = ""
    buttons: tuple[tuple[str, str, str], ...] = ()
    at: str = ""
    is_open: bool = True
    begun_in: str = ""
    after: str = ""
    sent_in: str = ""
    sent_id: str = ""
    version: int = ABSENT

    @property
    def key(self) -> Key:
        """Where it is kept."""
        return message_key(self.spreadsheet_id, self.name)

    def put(self) -> Put:
        """The write that keeps it, if it was not changed since it was read."""
        data = {name: one for name, one in to_builtins(self).items() if name != "version"}
        if not self.is_open:
            until = (datetime.fromisoformat(self.at) + MESSAGE_LIFE).isoformat()
            # The text is told; the document is only needed for repeats.
            data |= {"text": self.content_digest, "buttons": (), EXPIRES_AT: until, "due_at": until}
        return Put(*self.key, data, self.version)

    @property
    def content_digest(self) -> str:
        """Tells its text and buttons from all others."""
        buttons = json.dumps([list(one) for one in self.buttons]) if self.buttons else ""
        return hashlib.sha256(f"{self.text}{buttons}".encode()).hexdigest()[:16]

    def says_same(self, other: KeptMessage) -> bool:
        """Whether it was asked for, or sent, with the text and the buttons of *other*."""
        if self.is_open:
            return (self.text, self.buttons) == (other.text, other.buttons)
        return self.text == other.content_digest

    def repeated(self, other: KeptMessage) -> KeptMessage:
        """The same message with the text and the buttons of another one of its name."""
        return replace(
            self,
            text=other.text,
            buttons=other.buttons,
            at=other.at,
            question=other.question,
            prompt=other.prompt,
            is_open=True,
        )

    def for_chat(self, chat_id: str, topic_id: str) -> ChatMessage:
        """The message as a chat takes it."""
        buttons = tuple(Button(text, data, ButtonStyle(style)) for text, data, style in self.buttons)
        return ChatMessage(chat_id, self.text, topic_id, self.reply_to, buttons)


def message_key(spreadsheet_id: str, name: str) -> Key:
    """Where the message of this name is kept."""
    return CHAT_MESSAGE, hashlib.sha256(f"{spreadsheet_id}:{name}".encode()).hexdigest()[:32]


def message_from_document(document: Document) -> KeptMessage:
    """A kept message."""
    values = known_fields(KeptMessage, document.data)
    values["buttons"] = tuple(tuple(one) for one in values.get("buttons", ()))
    return KeptMessage(**{**values, "version": document.version})


def find_waiting(store: Store, spreadsheet_id: str) -> list[KeptMessage]:
    """Messages to a chat that are to be sent, in the order in which they were asked for."""
    found = store.find(CHAT_MESSAGE, where={"spreadsheet_id": spreadsheet_id, "is_open": True})
    return sorted(map(message_from_document, found), key=lambda one: (one.at, one.name))
