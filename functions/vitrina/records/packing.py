"""Large documents: a payload is compressed and, where it is too large for one document, cut into parts.

Firestore refuses documents above 1 MiB. The first part stands in the document itself, beside the fields by
which it is found; the others in documents of a kind of their own. All are written in one commit, and each
names the writing that it belongs to, so that a reader notices when it has parts of two writings.
"""

from __future__ import annotations

import base64
import secrets
import zlib
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Generic, TypeVar

import msgspec
from msgspec import Struct

from vitrina.errors import StoreConflictError
from vitrina.ports import ABSENT, EXPIRES_AT, Delete, Document, Json, Key, Put, Store, Write

#: Characters of compressed payload in one document; the limit of Firestore is 1,048,576 bytes with names.
MOST_CHARACTERS = 900_000
#: From level 3 on the payloads of this package get hardly smaller, and much slower.
LEVEL = 3
#: Version of the layout of documents. A reader takes every version up to this one, and ignores fields that
#: it does not know, so that two releases can run side by side during an upgrade.
SCHEMA = 2

ATTEMPTS = 5


def known_fields(record: type[Struct], data: Json) -> Json:
    """The fields of *data* that the class of this release knows."""
    return {name: data[name] for name in record.__struct_fields__ if name in data}


class Packed(Struct, frozen=True):
    """A packed document with its payload.

    Where it is not there, ``version`` is ``ABSENT`` and the payload is ``None``. A ``version`` of ``None``
    has a write replace whatever stands there.
    """

    kind: str
    key: str
    version: int | None
    payload: Any
    part_count: int = 0


def part_kind(kind: str) -> str:
    """Kind of the documents that hold the further parts."""
    return f"{kind}_part"


def packed_writes(
    before: Packed, payload: Any, *, expires_at: datetime | None = None, **fields: Any
) -> list[Write]:
    """Writes that put *payload* in place of what was read, refused where it was changed meanwhile.

    *fields* stand beside the payload and can be searched for. From *expires_at* on the store may delete
    the documents.
    """
    life = {EXPIRES_AT: expires_at.isoformat()} if expires_at else {}
    body = base64.b64encode(zlib.compress(msgspec.json.encode(payload), LEVEL)).decode("ascii")
    parts = [body[start : start + MOST_CHARACTERS] for start in range(0, len(body), MOST_CHARACTERS)]
    writing = secrets.token_hex(8)
    kind, key = before.kind, before.key
    head: Json = {
        **fields,
        **life,
        "schema": SCHEMA,
        "writing": writing,
        "parts": len(parts),
        "body": parts[0],
    }
    writes: list[Write] = [Put(kind, key, head, before.version)]
    writes += [
        Put(part_kind(kind), f"{key}:{number}", {**life, "writing": writing, "body": part})
        for number, part in enumerate(parts[1:], start=1)
    ]
    writes += [
        Delete(part_kind(kind), f"{key}:{number}") for number in range(len(parts), max(1, before.part_count))
    ]
    return writes


def deleting_writes(before: Packed) -> list[Write]:
    """Writes that remove what was read with all of its parts."""
    if before.version == ABSENT:
        return []
    numbers = range(1, before.part_count)
    parts = (Delete(part_kind(before.kind), f"{before.key}:{number}") for number in numbers)
    return [Delete(before.kind, before.key, before.version), *parts]


def unpack(store: Store, heads: Sequence[Document]) -> list[Packed]:
    """The payloads of *heads*: no round trip where each fits into one document, else one for all parts.

    Raises
    ------
    StoreConflictError
        If documents are written anew again and again while they are read.
    """
    for _ in range(ATTEMPTS):
        wanted = [
            (part_kind(head.kind), f"{head.key}:{number}")
            for head in heads
            for number in range(1, head.data["parts"])
        ]
        parts = store.get_many(wanted) if wanted else {}
        torn = [head for head in heads if not _is_whole(head, parts)]
        if not torn:
            return [_unpacked(head, parts) for head in heads]
        now = store.get_many((head.kind, head.key) for head in heads)
        heads = [now[head.kind, head.key] for head in heads if (head.kind, head.key) in now]
    raise StoreConflictError((head.kind, head.key) for head in heads)


def unpack_one(store: Store, kind: str, key: str, document: Document | None) -> Packed:
    """The payload of one document that may be absent."""
    found = unpack(store, [document]) if document is not None else []
    return found[0] if found else Packed(kind, key, ABSENT, None)


def _parts_of(head: Document, parts: dict[tuple[str, str], Document]) -> list[Document | None]:
    return [
        parts.get((part_kind(head.kind), f"{head.key}:{number}")) for number in range(1, head.data["parts"])
    ]


def _is_whole(head: Document, parts: dict[tuple[str, str], Document]) -> bool:
    return all(
        part is not None and part.data["writing"] == head.data["writing"] for part in _parts_of(head, parts)
    )


def _unpacked(head: Document, parts: dict[tuple[str, str], Document]) -> Packed:
    body = head.data["body"] + "".join(part.data["body"] for part in _parts_of(head, parts) if part)
    payload = msgspec.json.decode(zlib.decompress(base64.b64decode(body)))
    return Packed(head.kind, head.key, head.version, payload, head.data["parts"])


Value = TypeVar("Value")


class Tracked(Generic[Value]):
    """A packed document as a run knows it: the value that it read or wrote last.

    Parameters
    ----------
    encode
        Gives the payload of a value.
    decode
        Gives the value of a payload, which is ``None`` where there is no document.
    fields
        Gives what stands beside the payload of a value and can be searched for.
    """

    def __init__(
        self,
        packed: Packed,
        *,
        encode: Callable[[Value], Any],
        decode: Callable[[Any], Value],
        fields: Callable[[Value], Json] = lambda _: {},
    ) -> None:
        self._packed = packed
        self._encode = encode
        self._decode = decode
        self._fields = fields
        self.value: Value = decode(packed.payload)

    @property
    def key(self) -> Key:
        """Kind and key of the document."""
        return self._packed.kind, self._packed.key

    def change(self, do: Callable[[Value], Value]) -> Change[Value]:
        """A change of the value, to be handed to ``Run.commit``; *do* may be called more than once."""
        return Change(self, do)

    def put(self, value: Value) -> Change[Value]:
        """A change that puts *value* in place of what is there, whatever that is by then."""
        return Change(self, lambda _: value)

    def writes(self, value: Value) -> list[Write]:
        """Writes that put *value* in place of what is known, none where it is the same."""
        if value == self.value:
            return []
        return packed_writes(self._packed, self._encode(value), **self._fields(value))

    def reload(self, store: Store) -> None:
        """Read the document again."""
        kind, key = self.key
        self._packed = unpack_one(store, kind, key, store.get_many([self.key]).get(self.key))
        self.value = self._decode(self._packed.payload)

    def note(self, value: Value, writes: Sequence[Write], version: int) -> None:
        """Know *value*, which was written by *writes* in a commit that gave *version*."""
        if writes:
            part_count = sum(isinstance(one, Put) for one in writes)
            self._packed = Packed(*self.key, version, None, part_count)
            self.value = value


class Change(Generic[Value]):
    """A change of a tracked document, made anew on the newest value where that changed meanwhile."""

    def __init__(self, tracked: Tracked[Value], do: Callable[[Value], Value]) -> None:
        self.keys: tuple[Key, ...] = (tracked.key,)
        self._tracked = tracked
        self._do = do
        self._value = tracked.value
        self._writes: list[Write] = []

    def writes(self) -> list[Write]:
        """See ``operations.run.Update``."""
        self._value = self._do(self._tracked.value)
        self._writes = self._tracked.writes(self._value)
        return self._writes

    def reload(self, store: Store) -> None:
        """See ``operations.run.Update``."""
        self._tracked.reload(store)

    def committed(self, version: int) -> None:
        """See ``operations.run.Update``."""
        self._tracked.note(self._value, self._writes, version)
