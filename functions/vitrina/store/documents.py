"""Checks of queries and writes that all stores share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import msgspec

from vitrina.ports import FOUND_BEFORE, FOUND_BY, MOST_BYTES, Key, Put, Write

#: Most bytes of one character in UTF-8.
_MOST_BYTES_OF_CHARACTER = 4


def json_texts(writes: Sequence[Write]) -> dict[Key, str]:
    """JSON texts of the documents to put, by kind and key.

    Raises
    ------
    ValueError
        If a document is larger than ``MOST_BYTES``, or two writes have the same document.
    """
    twice = [key for key, count in Counter((one.kind, one.key) for one in writes).items() if count > 1]
    if twice:
        raise ValueError(f"written twice in one commit: {twice}")
    return {(one.kind, one.key): _json_text(one) for one in writes if isinstance(one, Put)}


def require_index(where: Mapping[str, str | bool] | None, before: tuple[str, str] | None) -> None:
    """Raise ``ValueError`` for a query that has no index in every store."""
    unknown = [name for name in where or {} if name not in FOUND_BY]
    if before is not None and before[0] not in FOUND_BEFORE:
        unknown.append(before[0])
    if unknown:
        raise ValueError(f"documents cannot be found by {unknown}")
    if where and before is not None:
        raise ValueError("documents cannot be found by values and by order at once")


def _json_text(put: Put) -> str:
    text = msgspec.json.encode(put.data).decode()
    # Measuring needs encoding; short documents cannot be too large and are not measured.
    if (len(text) + len(put.key)) * _MOST_BYTES_OF_CHARACTER > MOST_BYTES:
        size = len(text.encode()) + len(put.key.encode())
        if size > MOST_BYTES:
            raise ValueError(f"document {put.kind} {put.key!r} has {size} bytes, the most are {MOST_BYTES}")
    return text
