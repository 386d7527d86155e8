"""What people wait for: the operation that is open for a wish, and the journal of one that failed.

A wish is a workbook, an action and its parameters, whoever clicks and however often. Whoever wants the same
while his operation is open follows that one. The journal of an operation that failed because of an outside
system goes to the next operation with the same wish, which makes what is missing and no second one of what
is there.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from vitrina.operations.actor import Actor
from vitrina.ports import ABSENT, Delete, Document, Json, Key, Put, Store, Write

WISH = "wish"


class Wish(Struct, frozen=True):
    """What is known of a wish.

    ``open`` are ids of open operations by who waits for them; ``origin_id`` and ``steps`` the journal of a
    failed operation, with ``origin_id`` empty where there is none.
    """

    key: str
    open: Mapping[str, str] = field(default_factory=dict)
    origin_id: str = ""
    steps: Mapping[str, Any] = field(default_factory=dict)
    version: int = ABSENT

    @property
    def is_needed(self) -> bool:
        """Whether somebody waits for it, or it has a journal."""
        return bool(self.open or self.origin_id)

    @property
    def journal(self) -> Json:
        """Fields of an operation that goes on where another one failed."""
        return {"origin_id": self.origin_id, "steps": dict(self.steps)} if self.origin_id else {}

    def operation_of(self, actor: Actor) -> str | None:
        """Id of the operation that this actor waits for."""
        return self.open.get(_name(actor))

    def opened(self, actor: Actor, operation_id: str) -> Wish:
        """With an operation that *actor* waits for."""
        return replace(self, open={**self.open, _name(actor): operation_id})

    def ended(self, operation_id: str, *, journal: Json | None) -> Wish:
        """Without an operation that ended; with its *journal* where it failed."""
        left = {name: one for name, one in self.open.items() if one != operation_id}
        kept = journal or {"origin_id": "", "steps": {}}
        return replace(self, open=left, origin_id=kept["origin_id"], steps=kept["steps"])

    def write(self) -> Write:
        """The write that keeps the wish; it is deleted where nothing is open or unfinished."""
        if not self.is_needed:
            return Delete(WISH, self.key, self.version)
        data = {"open": dict(self.open), "origin_id": self.origin_id, "steps": dict(self.steps)}
        return Put(WISH, self.key, data, self.version)


class WishEnd:
    """Notes the end of an operation in its wish; made anew where that changed meanwhile."""

    def __init__(self, wish: Wish, operation_id: str, *, journal: Json | None) -> None:
        self.keys: tuple[Key, ...] = ((WISH, wish.key),)
        self._wish = wish
        self._operation_id = operation_id
        self._journal = journal

    def writes(self) -> list[Write]:
        """See ``Update``."""
        ended = self._wish.ended(self._operation_id, journal=self._journal)
        # A wish that is not there may be opened by somebody else meanwhile, and must not be deleted then.
        return [ended.write()] if ended.is_needed or ended.version != ABSENT else []

    def reload(self, store: Store) -> None:
        """See ``Update``."""
        self._wish = wish_from_document(store.get_many(self.keys).get(self.keys[0]), self._wish.key)

    def committed(self, version: int) -> None:
        """See ``Update``."""


def wish_key(operation: Json) -> str:
    """Key of the wish of an operation."""
    wanted = {key: operation[key] for key in ("spreadsheet_id", "action", "params")}
    return hashlib.sha256(json.dumps(wanted, sort_keys=True).encode()).hexdigest()[:32]


def wish_from_document(document: Document | None, key: str) -> Wish:
    """The wish, empty where nobody waits for it."""
    if document is None:
        return Wish(key)
    data = document.data
    return Wish(key, data["open"], data["origin_id"], data["steps"], document.version)


def _name(actor: Actor) -> str:
    return f"{actor.kind}:{actor.name}"
