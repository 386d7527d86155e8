"""Rules for writes that every store keeps."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence

from vitrina.ports import MOST_BYTES, Key, Put, Write

#: A character takes at most so many bytes in UTF-8.
_MOST_BYTES_OF_CHARACTER = 4


def json_texts(writes: Sequence[Write]) -> dict[Key, str]:
    """The JSON of the documents that are put, by kind and key.

    Raises
    ------
    ValueError
        If a document is larger than ``MOST_BYTES``, or two writes are of one document.
    """
    twice = [key for key, count in Counter((one.kind, one.key) for one in writes).items() if count > 1]
    if twice:
        raise ValueError(f"written twice in one commit: {twice}")
    return {(one.kind, one.key): _json_text(one) for one in writes if isinstance(one, Put)}


def _json_text(put: Put) -> str:
    text = json.dumps(put.data, ensure_ascii=False)
    # Measuring takes as long as encoding: short documents need none.
    if (len(text) + len(put.key)) * _MOST_BYTES_OF_CHARACTER > MOST_BYTES:
        size = len(text.encode()) + len(put.key.encode())
        if size > MOST_BYTES:
            raise ValueError(f"document {put.kind} {put.key!r} has {size} bytes, the most are {MOST_BYTES}")
    return text
