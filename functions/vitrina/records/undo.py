"""Actions of a workbook that can be undone: a short list, and a packed document for each of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Struct, to_builtins

from vitrina.ports import Delete, Document, Json, Key, Put, Store, Write
from vitrina.records.packing import SCHEMA, Packed, known_fields, packed_writes, part_kind, unpack_one

UNDO = "undo"
UNDO_RECORD = "undo_record"

#: So many actions of a workbook can be undone, one after the other.
DEPTH = 3


class UndoEntry(Struct, frozen=True):
    """An action that can be undone; ``is_pending`` while nobody knows whether its write reached the sheet."""

    record_id: str
    action: str
    #: Moment of the click, ISO text.
    at: str
    is_pending: bool
    part_count: int = 1


class UndoList(Struct, frozen=True):
    """The last actions of a workbook, the newest last, with the version of their document."""

    spreadsheet_id: str
    entries: tuple[UndoEntry, ...]
    version: int

    def with_entry(self, entry: UndoEntry) -> tuple[UndoEntry, ...]:
        """The list with *entry* on top; pending entries take no place of others."""
        entries = [*(one for one in self.entries if one.record_id != entry.record_id), entry]
        done = [one for one in entries if not one.is_pending][-DEPTH:]
        pending = [one for one in entries if one.is_pending][-DEPTH:]
        return tuple(one for one in entries if one in done or one in pending)

    def writes(self, entries: Sequence[UndoEntry]) -> list[Write]:
        """Writes that put *entries* in place of the list, and delete the records of those left out."""
        if tuple(entries) == self.entries:
            return []
        kept = {one.record_id for one in entries}
        data: Json = {"schema": SCHEMA, "entries": [to_builtins(one) for one in entries]}
        writes: list[Write] = [Put(UNDO, self.spreadsheet_id, data, self.version)]
        for one in self.entries:
            if one.record_id not in kept:
                writes += _delete_record(one)
        return writes


def undo_key(spreadsheet_id: str) -> Key:
    """Where the list of a workbook is kept."""
    return UNDO, spreadsheet_id


def undo_list_from_document(document: Document | None, spreadsheet_id: str) -> UndoList:
    """The list of a workbook, empty before its first action."""
    if document is None:
        return UndoList(spreadsheet_id, (), 0)
    entries = tuple(UndoEntry(**known_fields(UndoEntry, one)) for one in document.data["entries"])
    return UndoList(spreadsheet_id, entries, document.version)


def record_writes(record_id: str, record: Json) -> tuple[list[Write], int]:
    """Writes that keep what undoing an action needs, and the count of their parts."""
    writes = packed_writes(Packed(UNDO_RECORD, record_id, 0, None), record)
    return writes, len(writes)


def load_record(store: Store, record_id: str) -> Any:
    """What undoing an action needs; ``None`` where it is not kept any more."""
    key = (UNDO_RECORD, record_id)
    return unpack_one(store, *key, store.get_many([key]).get(key)).payload


def _delete_record(entry: UndoEntry) -> list[Write]:
    parts = (Delete(part_kind(UNDO_RECORD), f"{entry.record_id}:{n}") for n in range(1, entry.part_count))
    return [Delete(UNDO_RECORD, entry.record_id), *parts]
