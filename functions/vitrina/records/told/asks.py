"""What a client's chat is asked about finished work: one document for each item, for its latest round.

It holds the token that the buttons of the message carry, so that no press can be made up.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Collection, Mapping

from msgspec import Struct, to_builtins
from msgspec.structs import replace

from vitrina.ports import ABSENT, Document, Key, Put, Store
from vitrina.records.outside.client_pages import ShownItem
from vitrina.records.packing import known_fields

CHAT_ASK = "chat_ask"


class ChatAsk(Struct, frozen=True):
    """The message about an item.

    Parameters
    ----------
    round, fingerprint
        What is shown: of ``ShownItem``.
    token
        What the buttons carry: 22 random characters.
    kind, at, settles_at
        The decision that the message tells, all empty while none is made; see ``Decided``.
    ordinal
        How many decisions were made about the item before this round was shown.
    reminder
        Count of the last reminder.
    is_told
        Whether the project had a group to tell it to.
    content
        Tells what the message says from anything else that it could say.
    is_open
        Whether the message may still change.
    """

    spreadsheet_id: str
    agency_id: str
    number: int
    round: int
    fingerprint: str
    token: str
    code: str
    title: str
    shown_on: str
    result_url: str = ""
    kind: str = ""
    at: str = ""
    settles_at: str = ""
    ordinal: int = 0
    reminder: int = 0
    is_told: bool = False
    content: str = ""
    is_open: bool = True
    version: int = ABSENT

    @property
    def key(self) -> Key:
        """Where it is kept."""
        return ask_key(self.spreadsheet_id, self.number)

    @property
    def name(self) -> str:
        """Name of its message among those of the chat."""
        return f"shown-{self.number}-{self.round}"

    @property
    def remark_name(self) -> str:
        """Name of the message that asks for a remark."""
        return f"remark-{self.number}-{self.round}"

    def has_token(self, token: str) -> bool:
        """Whether a button carries the token of this message."""
        return hmac.compare_digest(self.token.encode(), token.encode())

    def put(self) -> Put:
        """The write that keeps it, if it was not changed since it was read."""
        return Put(
            *self.key,
            {name: one for name, one in to_builtins(self).items() if name != "version"},
            self.version,
        )

    def showing(self, item: ShownItem) -> ChatAsk:
        """The same if it shows just this; otherwise a new one, whose older buttons do nothing any more."""
        if self.fingerprint == item.fingerprint:
            return self
        return replace(new_ask(self.spreadsheet_id, self.agency_id, item), version=self.version)


def new_ask(spreadsheet_id: str, agency_id: str, item: ShownItem) -> ChatAsk:
    """A message about an item that is shown."""
    return ChatAsk(
        spreadsheet_id,
        agency_id,
        item.number,
        item.round,
        item.fingerprint,
        secrets.token_urlsafe(16),
        item.code,
        item.title,
        item.shown_on,
        result_url=item.result_url,
        ordinal=item.ordinal,
    )


def ask_key(spreadsheet_id: str, number: int) -> Key:
    """Where the message about an item is kept."""
    return CHAT_ASK, f"{spreadsheet_id}:{number}"


def ask_from_document(document: Document) -> ChatAsk:
    """A kept message."""
    return ChatAsk(**{**known_fields(ChatAsk, document.data), "version": document.version})


def load_asks(store: Store, spreadsheet_id: str, numbers: Collection[int]) -> Mapping[int, ChatAsk]:
    """The messages about items, by the item's number: one round trip."""
    found = store.get_many([ask_key(spreadsheet_id, one) for one in numbers]) if numbers else {}
    asks = map(ask_from_document, found.values())
    return {one.number: one for one in asks}


def find_open_asks(store: Store, *, spreadsheet_id: str = "", agency_id: str = "") -> list[ChatAsk]:
    """Messages of a project, or of an agency, that may still change, by item."""
    where = {"spreadsheet_id": spreadsheet_id} if spreadsheet_id else {"agency_id": agency_id}
    found = store.find(CHAT_ASK, where={**where, "is_open": True})
    return sorted(map(ask_from_document, found), key=lambda one: (one.spreadsheet_id, one.number))
