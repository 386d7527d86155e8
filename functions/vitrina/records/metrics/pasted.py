"""Text with days and figures that a person has pasted for a metric."""

from __future__ import annotations

from vitrina.ports import Document, Key, Store, Write
from vitrina.records.packing import packed_writes, unpack_one

METRIC_TEXT = "metric_text"


def pasted_key(account_id: str) -> Key:
    """Where the text of a metric is kept."""
    return METRIC_TEXT, account_id


def account_of(spreadsheet_id: str, number: int) -> str:
    """The account of a metric with pasted text."""
    return f"{spreadsheet_id}:{number}"


def load_pasted(store: Store, account_id: str) -> str | None:
    """The text of a metric, ``None`` where there is none."""
    key = pasted_key(account_id)
    text: str | None = unpack_one(store, METRIC_TEXT, account_id, store.get_many([key]).get(key)).payload
    return text


def pasted_writes(store: Store, account_id: str, document: Document | None, text: str) -> list[Write]:
    """Writes that put *text* in place of the one before."""
    return packed_writes(unpack_one(store, METRIC_TEXT, account_id, document), text)
