"""What is kept of the chats: whose group is which, how far its set-up is, and what people wrote there.

The chat of a project is kept under the id of the client's workbook, the agency's own one under that of the
agency's workbook.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from msgspec import Struct, field, to_builtins
from msgspec.structs import replace

from vitrina.ports import ABSENT, EXPIRES_AT, Document, Json, Key, Put, Store
from vitrina.records.packing import known_fields

KEPT_CHAT = "chat"
CHAT_LINK = "chat_link"
CHAT_GROUP = "chat_group"
CHAT_STATE = "chat_state"
CHAT_UPDATE = "chat_update"

#: Ids of messages that are kept of a group: what came after the last known one is looked for among them.
MOST_IDS = 100
#: How long an update is known after it was handled; a chat repeats one for a day at most.
UPDATE_LIFE = timedelta(days=7)


# --- Whose group is which ----------------------------------------------------------------------------


class KeptChat(Struct, frozen=True):
    """The chat of a project, or of the agency itself, whose workbook has the id *spreadsheet_id*.

    Parameters
    ----------
    token
        What the link carries that adds the bot to a group; empty if nobody is to add it. It can be used once,
        because everybody in the group sees it.
    chat_id
        The group; empty if there is none yet.
    refused
        Code of the sentence that says why the last group could not be taken, or empty.
    is_offered
        Whether the menu of the workbook has the items of the chat.
    shown_url
        The invitation that stands in the workbook.
    """

    spreadsheet_id: str
    agency_id: str
    token: str = ""
    chat_id: str = ""
    refused: str = ""
    is_offered: bool = False
    shown_url: str = ""
    version: int = ABSENT

    @property
    def is_internal(self) -> bool:
        """Whether it is the agency's own chat, in which no client is."""
        return self.spreadsheet_id == self.agency_id

    def put(self) -> Put:
        """The write that keeps it, if it was not changed since it was read."""
        data = {
            key: one for key, one in to_builtins(self).items() if key not in ("spreadsheet_id", "version")
        }
        return Put(KEPT_CHAT, self.spreadsheet_id, data, self.version)


def chat_key(spreadsheet_id: str) -> Key:
    """Where the chat of a workbook is kept."""
    return KEPT_CHAT, spreadsheet_id


def chat_from_document(document: Document | None, spreadsheet_id: str, agency_id: str) -> KeptChat:
    """The chat of a workbook, without a group where nothing is kept."""
    if document is None:
        return KeptChat(spreadsheet_id, agency_id)
    values = known_fields(KeptChat, document.data)
    return KeptChat(**{**values, "spreadsheet_id": spreadsheet_id, "version": document.version})


def load_chat(store: Store, spreadsheet_id: str, agency_id: str) -> KeptChat:
    """The chat of a workbook, without a group where nothing is kept."""
    key = chat_key(spreadsheet_id)
    return chat_from_document(store.get_many([key]).get(key), spreadsheet_id, agency_id)


def find_chats(store: Store, agency_id: str) -> dict[str, KeptChat]:
    """All chats of an agency, with its own one, by the id of the workbook."""
    found = store.find(KEPT_CHAT, where={"agency_id": agency_id})
    return {one.key: chat_from_document(one, one.key, agency_id) for one in found}


def link_key(token: str) -> Key:
    """Where the owner of a link is kept."""
    return CHAT_LINK, token


def put_link(chat: KeptChat) -> Put:
    """The write that keeps whose chat the link with its token is for."""
    data = {"owner": chat.spreadsheet_id, "agency_id": chat.agency_id}
    return Put(CHAT_LINK, chat.token, data, ABSENT)


def group_key(chat_id: str) -> Key:
    """Where the owner of a group is kept."""
    return CHAT_GROUP, chat_id


def put_group(chat: KeptChat, chat_id: str, version: int | None = ABSENT) -> Put:
    """The write that keeps whose group it is; refused if it is another one's already."""
    return Put(CHAT_GROUP, chat_id, {"owner": chat.spreadsheet_id, "agency_id": chat.agency_id}, version)


# --- How far a group is ------------------------------------------------------------------------------


class ChatState(Struct, frozen=True):
    """What the job knows of the group of a chat. Only the job that holds the lease of the chat writes it.

    Parameters
    ----------
    chat_id
        The group of which it is known. Of another group nothing is known, and its messages have other ids.
    topics, begun_topic
        Ids of topics by their keys. The topic whose creation was begun: ``key``, and the id of the last
        message ``after`` which it was.
    invite_url
        The invitation for the client.
    is_ready, is_greeted
        Whether the set-up is through and nothing is lacking, and whether it was once.
    lack
        Code of the sentence that says what the group lacks, or empty.
    lack_count, told_lack, told_at
        How often the agency was told that the group cannot be used; what it was told last, until a message
        gets through, and when, in seconds of Unix time.
    last_id, own_ids
        The last known message, and the bot's latest ones.
    moments, rest_until
        When the last messages were sent, and until when none may be, in seconds of Unix time.
    last_question
        The highest number of a question.
    notices
        Numbers of open questions by the messages of the bot that confirm them.
    prompts
        What the messages of the bot are about that ask for a remark: number of the item, and the token of
        its message, with a colon between.
    """

    spreadsheet_id: str
    agency_id: str
    chat_id: str = ""
    topics: Mapping[str, str] = field(default_factory=dict)
    begun_topic: Mapping[str, str] = field(default_factory=dict)
    invite_url: str = ""
    is_ready: bool = False
    is_greeted: bool = False
    lack: str = ""
    lack_count: int = 0
    told_lack: str = ""
    told_at: float = 0.0
    last_id: str = ""
    own_ids: tuple[str, ...] = ()
    moments: tuple[float, ...] = ()
    rest_until: float = 0.0
    last_question: int = 0
    notices: Mapping[str, int] = field(default_factory=dict)
    prompts: Mapping[str, str] = field(default_factory=dict)
    version: int = ABSENT

    def of_group(self, chat_id: str) -> ChatState:
        """What is known where the group is this one: nothing of its messages if it is a new one."""
        if chat_id == self.chat_id:
            return self
        return replace(
            self,
            chat_id=chat_id,
            topics={},
            begun_topic={},
            invite_url="",
            is_ready=False,
            last_id="",
            own_ids=(),
            notices={},
            prompts={},
        )

    def with_ids(self, *message_ids: str, is_own: bool) -> ChatState:
        """With messages that are known to be in the group."""
        known = [one for one in (self.last_id, *message_ids) if one]
        last_id = max(known, key=int, default="")
        own = (*self.own_ids, *message_ids)[-MOST_IDS:] if is_own else self.own_ids
        return replace(self, last_id=last_id, own_ids=own)

    def put(self) -> Put:
        """The write that keeps it, if it was not changed since it was read."""
        data = {
            key: one for key, one in to_builtins(self).items() if key not in ("spreadsheet_id", "version")
        }
        is_open = bool(self.chat_id) and not self.is_ready
        return Put(CHAT_STATE, self.spreadsheet_id, {**data, "is_open": is_open}, self.version)


def state_key(spreadsheet_id: str) -> Key:
    """Where the state of a chat is kept."""
    return CHAT_STATE, spreadsheet_id


def load_state(store: Store, spreadsheet_id: str, agency_id: str) -> ChatState:
    """What is known of the group of a chat."""
    key = state_key(spreadsheet_id)
    return state_from_document(store.get_many([key]).get(key), spreadsheet_id, agency_id)


def state_from_document(document: Document | None, spreadsheet_id: str, agency_id: str) -> ChatState:
    """What is known of the group of a chat."""
    if document is None:
        return ChatState(spreadsheet_id, agency_id)
    values = known_fields(ChatState, document.data)
    for name in ("own_ids", "moments"):
        values[name] = tuple(values.get(name, ()))
    return ChatState(**{**values, "spreadsheet_id": spreadsheet_id, "version": document.version})


def find_unready(store: Store, agency_id: str) -> list[ChatState]:
    """Chats whose group cannot be used, or whose set-up is not finished."""
    found = store.find(CHAT_STATE, where={"agency_id": agency_id, "is_open": True})
    return [state_from_document(one, one.key, agency_id) for one in found]


# --- What the chat reported --------------------------------------------------------------------------


class KeptUpdate(Struct, frozen=True):
    """An update of the chat that is to be handled; *event* has the fields of an event of the port."""

    update_id: str
    spreadsheet_id: str
    agency_id: str
    kind: str
    event: Json
    at: str
    version: int = ABSENT

    def put(self) -> Put:
        """The write that keeps it; refused for one that is known."""
        data = {key: one for key, one in to_builtins(self).items() if key not in ("update_id", "version")}
        return Put(CHAT_UPDATE, self.update_id, {**data, "is_open": True}, self.version)

    def handled(self, now: datetime) -> Put:
        """The write after which it is known as handled, without what a person wrote."""
        data = {"spreadsheet_id": self.spreadsheet_id, "agency_id": self.agency_id, "is_open": False}
        return Put(CHAT_UPDATE, self.update_id, {**data, **_life(now + UPDATE_LIFE)}, self.version)


def find_updates(store: Store, spreadsheet_id: str) -> list[KeptUpdate]:
    """Updates about a chat that are to be handled, in their order."""
    found = store.find(CHAT_UPDATE, where={"spreadsheet_id": spreadsheet_id, "is_open": True})
    updates = (
        KeptUpdate(**{**known_fields(KeptUpdate, one.data), "update_id": one.key, "version": one.version})
        for one in found
    )
    return sorted(updates, key=lambda one: (len(one.update_id), one.update_id))


def _life(until: datetime) -> Json:
    """Fields of a document that nobody needs from a moment on; ``at`` is that moment for the timer."""
    return {EXPIRES_AT: until.isoformat(), "due_at": until.isoformat()}
