"""Actions that can be undone: the last three are stored, each with its record, and nothing else."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from tests.unit.records.helpers import BOOK, assert_all_fit, document
from vitrina.errors import StoreConflictError
from vitrina.ports import Put
from vitrina.records.packing import part_kind
from vitrina.records.undo import (
    DEPTH,
    UNDO,
    UNDO_RECORD,
    UndoEntry,
    UndoList,
    load_record,
    record_writes,
    undo_key,
    undo_list_from_document,
)
from vitrina.store.memory import MemoryStore


def load(store: MemoryStore) -> UndoList:
    """The list of the workbook."""
    return undo_list_from_document(document(store, undo_key(BOOK)), BOOK)


def entry(record_id: str, *, is_pending: bool = False, part_count: int = 1) -> UndoEntry:
    """An action."""
    return UndoEntry(record_id, "start_batch", "2026-11-25T10:00:00+00:00", is_pending, part_count)


def do(store: MemoryStore, record_id: str, record: dict[str, object]) -> None:
    """Store an action with its record."""
    known = load(store)
    writes, part_count = record_writes(record_id, record)
    store.commit([*writes, *known.writes(known.with_entry(entry(record_id, part_count=part_count)))])


def ids(entries: Sequence[UndoEntry]) -> list[str]:
    """Ids of records in order."""
    return [one.record_id for one in entries]


def noise(seed: int, count: int = 200) -> list[float]:
    """Numbers that hardly compress."""
    chance = random.Random(seed)
    return [chance.random() for _ in range(count)]


def test_records_come_back() -> None:
    """Records are stored, and the list names them, the newest last."""
    store = MemoryStore()
    assert load(store) == UndoList(BOOK, (), 0)
    do(store, "a", {"trace": [1, "ж"]})
    do(store, "b", {"trace": []})

    assert load(store).entries == (entry("a"), entry("b"))
    assert load_record(store, "a") == {"trace": [1, "ж"]}
    assert load_record(store, "absent") is None


def test_only_the_last_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """A record that leaves the list is deleted with all its parts."""
    monkeypatch.setattr("vitrina.records.packing.MOST_CHARACTERS", 900)
    store = MemoryStore()
    for number in range(DEPTH + 2):
        do(store, f"r{number}", {"trace": noise(number)})

    kept = [f"r{number}" for number in range(2, DEPTH + 2)]
    assert ids(load(store).entries) == kept
    assert [one.key for one in store.find(UNDO_RECORD)] == kept
    assert {one.key.partition(":")[0] for one in store.find(part_kind(UNDO_RECORD))} == set(kept)
    assert [load_record(store, name)["trace"] for name in kept] == [noise(n) for n in range(2, DEPTH + 2)]

    store.commit(load(store).writes([]))
    assert store.find(UNDO_RECORD) == store.find(part_kind(UNDO_RECORD)) == []
    assert load(store).entries == ()


def test_pending_entries_take_no_place_of_others() -> None:
    """The last three entries without an answer are stored in addition to the others."""
    undo_list = UndoList(BOOK, (), 0)
    for number in range(5):
        undo_list = replace(undo_list, entries=undo_list.with_entry(entry(f"d{number}")))
        undo_list = replace(undo_list, entries=undo_list.with_entry(entry(f"p{number}", is_pending=True)))

    assert ids(undo_list.entries) == ["d2", "p2", "d3", "p3", "d4", "p4"]


def test_a_pending_entry_becomes_a_done_one() -> None:
    """A pending entry that is done is in the list once, as the newest."""
    undo_list = UndoList(BOOK, (entry("a"), entry("b", is_pending=True), entry("c")), 5)

    assert undo_list.with_entry(entry("b")) == (entry("a"), entry("c"), entry("b"))
    assert undo_list.writes(undo_list.entries) == []


def test_two_actions_at_once() -> None:
    """The second of two concurrent actions is refused with its record, because it read an older list."""
    store = MemoryStore()
    stale = load(store)
    do(store, "a", {})
    writes, _ = record_writes("b", {})

    with pytest.raises(StoreConflictError):
        store.commit([*writes, *stale.writes(stale.with_entry(entry("b")))])

    assert ids(load(store).entries) == ["a"]
    assert load_record(store, "b") is None


@pytest.mark.slow
def test_a_record_of_ten_thousand_rows_fits() -> None:
    """A record with thirty columns before and after, and a formula in each row, fits."""
    chance = random.Random(1)
    letters = "абвгдежзийклмнопрстуфхцчшщъыьэюя "
    trace = [
        [row, column, "".join(chance.choices(letters, k=12)), round(chance.random() * 100, 1)]
        for row in range(10_000)
        for column in range(30)
    ]
    formulas = [[row, 5, f'=IF(A{row}="";"";SUM(B{row}:G{row}))'] for row in range(10_000)]
    store = MemoryStore()
    do(store, "a", {"trace": trace, "formulas": formulas})

    assert_all_fit(store)
    assert load(store).entries[0].part_count > 1
    assert load_record(store, "a") == {"trace": trace, "formulas": formulas}


def test_entries_of_a_later_release() -> None:
    """Unknown fields are ignored."""
    store = MemoryStore()
    do(store, "a", {})
    known = document(store, undo_key(BOOK))
    assert known is not None
    data = {**known.data, "later": 1, "entries": [{**one, "later": 1} for one in known.data["entries"]]}
    store.commit([Put(UNDO, BOOK, data, known.version)])

    assert load(store).entries == (entry("a"),)
