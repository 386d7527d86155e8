"""Answers of operations, kept for repeats and for the sidebar. A large one has a document of its own."""

from __future__ import annotations

from datetime import datetime

import msgspec

from vitrina.ports import Json, Store, Write
from vitrina.records.packing import Packed, packed_writes, unpack_one

ANSWER = "answer"

#: Bytes of an answer that stand in the operation's document; more are packed.
MOST_ANSWER_BYTES = 200_000


def kept_answer(operation_id: str, answer: Json, *, expires_at: datetime) -> tuple[Json, list[Write]]:
    """What the document of an operation holds of its answer, and the writes that keep the rest."""
    if len(msgspec.json.encode(answer)) <= MOST_ANSWER_BYTES:
        return answer, []
    writes = packed_writes(Packed(ANSWER, operation_id, None, None), answer, expires_at=expires_at)
    return {"outcome": answer["outcome"], "is_packed": True, "parts": len(writes)}, writes


def load_answer(store: Store, operation_id: str, kept: Json) -> Json:
    """The answer of an operation: no round trip, or one or two where it is large."""
    if not kept.get("is_packed"):
        return kept
    key = (ANSWER, operation_id)
    answer: Json = unpack_one(store, *key, store.get_many([key]).get(key)).payload
    return answer
