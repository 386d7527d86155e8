"""Large documents: a payload is compressed and, where it is too large for one document, cut into parts.

Firestore refuses documents above 1 MiB. The first part stands in the document itself, beside the fields by
which it is found; the others in documents of a kind of their own. All are written in one commit, and each
names the writing that it belongs to, so that a reader notices when it has parts of two writings.
"""

from __future__ import annotations

import base64
import json
import secrets
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from vitrina.errors import StoreConflictError
from vitrina.ports import ABSENT, Delete, Document, Json, Put, Store, Write

#: Characters of compressed payload in one document; the limit of Firestore is 1,048,576 bytes with names.
MOST_CHARACTERS = 900_000
#: From level 3 on the payloads of this package get hardly smaller, and much slower.
LEVEL = 3
#: Version of the layout of documents. A reader takes every version up to this one, and ignores fields that
#: it does not know, so that two releases can run side by side during an upgrade.
SCHEMA = 2

ATTEMPTS = 5


@dataclass(frozen=True)
class Packed:
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


def packed_writes(before: Packed, payload: Any, **fields: Any) -> list[Write]:
    """Writes that put *payload* in place of what was read, refused where it was changed meanwhile.

    *fields* stand beside the payload and can be searched for.
    """
    text = json.dumps(payload, ensure_ascii=False, separators=(",", ":"))
    body = base64.b85encode(zlib.compress(text.encode(), LEVEL)).decode("ascii")
    parts = [body[start : start + MOST_CHARACTERS] for start in range(0, len(body), MOST_CHARACTERS)]
    writing = secrets.token_hex(8)
    kind, key = before.kind, before.key
    head: Json = {**fields, "schema": SCHEMA, "writing": writing, "parts": len(parts), "body": parts[0]}
    writes: list[Write] = [Put(kind, key, head, before.version)]
    writes += [
        Put(part_kind(kind), f"{key}:{number}", {"writing": writing, "body": part})
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
    parts = (Delete(part_kind(before.kind), f"{before.key}:{number}") for number in range(1, before.part_count))
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
    payload = json.loads(zlib.decompress(base64.b85decode(body)))
    return Packed(head.kind, head.key, head.version, payload, head.data["parts"])
