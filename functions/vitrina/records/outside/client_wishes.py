"""What clients asked for from their pages: one document for each form that was sent, kept once.

The key is the nonce of the form, so that a repeat of it finds the first one.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct, field, to_builtins
from msgspec.structs import replace

from vitrina.ports import ABSENT, EXPIRES_AT, Document, Json, Key, Put, Store
from vitrina.records.packing import known_fields

CLIENT_WISH = "client_wish"

#: How long a wish that was carried out is kept; a review is kept for good.
WISH_LIFE = timedelta(days=90)


class WishKind(StrEnum):
    """What a client can ask for."""

    QUESTION = "question"
    #: Something more that he wants to have done.
    ORDER = "order"
    REVIEW = "review"
    #: A link to what the work needs.
    ATTACHMENT = "attachment"
    #: A file, which is in the project's folder when the wish is kept.
    FILE = "file"
    #: A tick of «Что нужно от вас».
    NEED = "need"
    #: Another priority of something that he ordered.
    PRIORITY = "priority"


class WishResult(StrEnum):
    """What has become of a wish."""

    WAITS = "waits"
    DONE = "done"
    #: What it is about has changed or is gone, so that nothing was done.
    CHANGED = "changed"


class KeptWish(Struct, frozen=True):
    """A wish of a client.

    Parameters
    ----------
    fields
        What the client has typed or chosen, checked and cleaned, by the kind of the wish.
    origin
        Where the request came from, shortened: prefix of the address and the browser.
    at
        ISO text.
    plan
        What the job is about to write into the workbook; kept before it writes, so that a repeat knows what
        the first attempt may have written.
    is_begun
        Whether a write of an attempt may still be on its way.
    number
        Number of the item or of the question that it has become, 0 for none.
    """

    wish_id: str
    spreadsheet_id: str
    agency_id: str
    kind: str
    fields: Json
    at: str
    origin: str = ""
    result: str = WishResult.WAITS.value
    plan: Json = field(default_factory=dict)
    is_begun: bool = False
    number: int = 0
    closed_at: str = ""
    version: int = ABSENT

    @property
    def key(self) -> Key:
        """Where it is kept."""
        return CLIENT_WISH, self.wish_id

    @property
    def is_open(self) -> bool:
        """Whether it is still to be carried out."""
        return self.result == WishResult.WAITS

    def put(self) -> Put:
        """The write that keeps it, if it was not changed since it was read."""
        data = {name: one for name, one in to_builtins(self).items() if name not in ("wish_id", "version")}
        data["is_open"] = self.is_open
        if not self.is_open and self.kind != WishKind.REVIEW:
            until = (datetime.fromisoformat(self.closed_at) + WISH_LIFE).isoformat()
            data |= {EXPIRES_AT: until, "due_at": until}
        return Put(*self.key, data, self.version)

    def closed(self, result: WishResult, now: datetime, *, number: int = 0) -> KeptWish:
        """The wish after it was carried out, or found to be about something that has changed."""
        return replace(
            self,
            result=result.value,
            closed_at=now.isoformat(),
            is_begun=False,
            number=number or self.number,
        )


def wish_id_of(spreadsheet_id: str, nonce: str) -> str:
    """Id of the wish of a form."""
    return hashlib.sha256(f"{spreadsheet_id}:{nonce}".encode()).hexdigest()[:32]


def wish_from_document(document: Document) -> KeptWish:
    """A kept wish."""
    values = known_fields(KeptWish, document.data)
    return KeptWish(**{**values, "wish_id": document.key, "version": document.version})


def load_wish(store: Store, wish_id: str) -> KeptWish | None:
    """The wish of this id, ``None`` where nothing is kept."""
    key = (CLIENT_WISH, wish_id)
    document = store.get_many([key]).get(key)
    return None if document is None else wish_from_document(document)


def find_open_wishes(store: Store, spreadsheet_id: str) -> list[KeptWish]:
    """Wishes of a project's client that are to be carried out, the oldest first."""
    found = store.find(CLIENT_WISH, where={"spreadsheet_id": spreadsheet_id, "is_open": True})
    return sorted(map(wish_from_document, found), key=lambda one: (one.at, one.wish_id))
