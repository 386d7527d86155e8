"""Packed documents: any size is stored, inconsistent reads are repeated, and changes are not lost."""

from __future__ import annotations

import base64
import random
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pytest
from msgspec.structs import replace

from tests.unit.records.helpers import assert_all_fit, commit, document
from vitrina.errors import StoreConflictError
from vitrina.ports import ABSENT, Delete, Document, Key, Put, new_token
from vitrina.records.packing import (
    ATTEMPTS,
    Packed,
    Tracked,
    deleting_writes,
    packed_writes,
    part_kind,
    unpack,
    unpack_one,
)
from vitrina.store.memory import MemoryStore

KIND, KEY = "thing", "a"
MEGABYTE = 1_000_000
KILOBYTE = 1_000


def noise(byte_count: int, seed: int = 1) -> str:
    """Text that cannot be compressed, with about *byte_count* bytes after compression."""
    return base64.b85encode(random.Random(seed).randbytes(byte_count)).decode()


def load(store: MemoryStore, key: str = KEY) -> Packed:
    """The stored document with its payload."""
    return unpack_one(store, KIND, key, document(store, (KIND, key)))


def save(store: MemoryStore, payload: Any, key: str = KEY, **fields: Any) -> None:
    """Replace the stored payload."""
    store.commit(packed_writes(load(store, key), payload, **fields))


def parts_of(store: MemoryStore) -> list[str]:
    """Keys of the further parts."""
    return [one.key for one in store.find(part_kind(KIND))]


@pytest.fixture
def _small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set parts to 900 characters, so that some kilobytes are many parts."""
    monkeypatch.setattr("vitrina.records.packing.MOST_CHARACTERS", 900)


class ChangingStore(MemoryStore):
    """A store in which others write between two calls of the reader."""

    def __init__(self) -> None:
        super().__init__()
        self.read_count = 0
        self.before_read: Callable[[], None] | None = None

    def get_many(
        self, keys: Iterable[Key], *, known: Mapping[Key, Document] | None = None
    ) -> dict[Key, Document]:
        """See ``Store``."""
        self.read_count += 1
        if self.before_read is not None:
            self.before_read()
        return super().get_many(keys, known=known)


# --- Sizes -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("payload", [None, 0, "", {}, [], {"a": [1.5, None, "ж"]}, "x" * 5 * MEGABYTE])
def test_payloads_come_back(payload: Any) -> None:
    """Any JSON is returned unchanged; payloads that compress well are one document."""
    store = MemoryStore()
    save(store, payload)

    assert load(store).payload == payload
    assert parts_of(store) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("byte_count", "part_count"),
    [
        (MEGABYTE // 2, 1),  # 0.68 million characters
        (2 * MEGABYTE, 4),  # 2.72 million characters, 0.9 in each
        (5 * MEGABYTE, 8),  # 6.8 million characters
    ],
)
def test_noise_is_cut_into_parts(byte_count: int, part_count: int) -> None:
    """A payload that cannot be compressed is returned too, and no document is above the limit."""
    store = MemoryStore()
    payload = noise(byte_count)
    save(store, payload, agency_id="x")

    found = load(store)
    assert found.payload == payload
    assert found.part_count == part_count
    assert parts_of(store) == [f"{KEY}:{number}" for number in range(1, part_count)]
    assert_all_fit(store)


@pytest.mark.usefixtures("_small_parts")
def test_several_are_unpacked_with_one_reading_of_parts() -> None:
    """Parts of several documents are read at once; without further parts there is no second read."""
    store = ChangingStore()
    payloads = {"a": noise(2 * KILOBYTE, 1), "b": {"n": 1}, "c": noise(KILOBYTE, 3)}
    for key, payload in payloads.items():
        save(store, payload, key, agency_id="x")
    heads = store.find(KIND, where={"agency_id": "x"})
    store.read_count = 0

    assert {one.key: one.payload for one in unpack(store, heads)} == payloads
    assert store.read_count == 1
    unpack(store, [one for one in heads if one.key == "b"])
    assert store.read_count == 1


@pytest.mark.usefixtures("_small_parts")
def test_parts_that_are_not_needed_any_more_are_deleted() -> None:
    """Parts are deleted when the payload gets smaller, after a read or a write, and when it is deleted."""
    store = MemoryStore()
    save(store, noise(3 * KILOBYTE))
    assert len(parts_of(store)) == 4
    save(store, noise(KILOBYTE))
    assert len(parts_of(store)) == 1
    save(store, "small")
    assert parts_of(store) == []
    assert load(store).payload == "small"

    save(store, noise(2 * KILOBYTE))
    store.commit(deleting_writes(load(store)))
    assert store._documents == {}
    assert deleting_writes(load(store)) == []


@pytest.mark.usefixtures("_small_parts")
def test_a_stale_writer_is_refused_with_all_of_its_parts() -> None:
    """A writer with an old version writes and deletes no part."""
    store = MemoryStore()
    save(store, noise(3 * KILOBYTE, 1))
    stale = load(store)
    save(store, noise(3 * KILOBYTE, 2))
    before = dict(store._documents)

    for writes in (
        packed_writes(stale, "small"),
        packed_writes(stale, noise(5 * KILOBYTE)),
        deleting_writes(stale),
    ):
        with pytest.raises(StoreConflictError) as caught:
            store.commit(writes)
        assert caught.value.keys == {(KIND, KEY)}

    assert store._documents == before


def test_two_writers_create_one_document() -> None:
    """The second creation of a document is refused."""
    store = MemoryStore()
    absent = load(store)
    save(store, "first")

    with pytest.raises(StoreConflictError):
        store.commit(packed_writes(absent, "second"))

    assert absent == Packed(KIND, KEY, ABSENT, None)
    assert load(store).payload == "first"


# --- Inconsistent reads ----------------------------------------------------------------------------


@pytest.mark.usefixtures("_small_parts")
def test_parts_of_another_writing_are_read_again() -> None:
    """If somebody writes between the reads of head and parts, both are read again."""
    store = ChangingStore()
    new = noise(3 * KILOBYTE, 2)
    save(store, noise(2 * KILOBYTE, 1))
    head = document(store, (KIND, KEY))
    assert head is not None
    save(store, new)
    store.read_count = 0

    [found] = unpack(store, [head])

    assert found.payload == new
    # The parts, the head once more, and its parts.
    assert store.read_count == 3
    store.commit(packed_writes(found, "guarded by the version that was read last"))


@pytest.mark.usefixtures("_small_parts")
def test_parts_that_are_gone_are_read_again() -> None:
    """If parts are gone because the newer payload is smaller, the head is read again."""
    store = MemoryStore()
    save(store, noise(2 * KILOBYTE, 1))
    head = document(store, (KIND, KEY))
    assert head is not None
    save(store, "small")

    assert [one.payload for one in unpack(store, [head])] == ["small"]


@pytest.mark.usefixtures("_small_parts")
def test_a_document_that_was_deleted_while_it_was_read_is_absent() -> None:
    """A document that is deleted during the read is absent; the others are returned."""
    store = MemoryStore()
    save(store, noise(2 * KILOBYTE, 1))
    save(store, noise(KILOBYTE, 2), "b")
    heads = store.find(KIND)
    store.commit(deleting_writes(load(store)))

    assert [one.key for one in unpack(store, heads)] == ["b"]
    assert unpack_one(store, KIND, KEY, heads[0]) == Packed(KIND, KEY, ABSENT, None)


@pytest.mark.usefixtures("_small_parts")
def test_endless_writing_ends_in_a_conflict() -> None:
    """A reader gives up after some attempts, and the error names the document."""
    store = ChangingStore()
    seeds = iter(range(1000))
    save(store, noise(KILOBYTE, 1))
    head = document(store, (KIND, KEY))
    assert head is not None
    packed = load(store)
    store.read_count = 0
    store.before_read = lambda: store.commit(
        packed_writes(replace(packed, version=None), noise(KILOBYTE, next(seeds)))
    )

    with pytest.raises(StoreConflictError) as caught:
        unpack(store, [head])

    assert caught.value.keys == {(KIND, KEY)}
    # In each attempt the parts and the head.
    assert store.read_count == 2 * ATTEMPTS


# --- Tracked documents -----------------------------------------------------------------------------


def tracked(store: MemoryStore) -> Tracked[dict[str, int]]:
    """A tracked document with counts by name, and a field that says whether there are any."""
    return Tracked(
        load(store),
        encode=dict,
        decode=lambda payload: payload or {},
        fields=lambda value: {"is_open": not value},
    )


def test_a_change_is_written_and_known() -> None:
    """A change is written with its search fields; the next change uses the new version."""
    store = MemoryStore()
    one = tracked(store)
    commit(store, one.change(lambda value: {**value, "a": 1}))
    commit(store, one.change(lambda value: {**value, "b": 2}))

    assert one.value == {"a": 1, "b": 2} == tracked(store).value
    assert len(store.find(KIND, where={"is_open": False})) == 1


def test_changes_of_two_survive() -> None:
    """Of two concurrent changes the second is applied again to the newest value."""
    store = MemoryStore()
    mine, theirs = tracked(store), tracked(store)
    seen: list[dict[str, int]] = []

    def add(value: dict[str, int]) -> dict[str, int]:
        seen.append(value)
        return {**value, "mine": value.get("n", 0) + 1}

    change = mine.change(add)
    commit(store, theirs.change(lambda value: {**value, "n": 41}))
    commit(store, change)

    assert seen == [{}, {"n": 41}]
    assert mine.value == {"n": 41, "mine": 42} == tracked(store).value


def test_put_replaces_any_current_value() -> None:
    """``put`` replaces any current value."""
    store = MemoryStore()
    mine, theirs = tracked(store), tracked(store)
    change = mine.put({"mine": 1})
    commit(store, theirs.change(lambda value: {**value, "n": 41}))
    commit(store, change)

    assert tracked(store).value == {"mine": 1}


def test_no_change_is_no_write() -> None:
    """Without a change nothing is written, and an absent document is not created."""
    store = MemoryStore()
    one = tracked(store)
    commit(store, one.change(dict))
    assert store._documents == {}

    commit(store, one.put({"a": 1}))
    before = dict(store._documents)
    commit(store, one.put({"a": 1}))
    commit(store, tracked(store).put({"a": 1}))
    assert store._documents == before


def test_a_change_that_became_needless_is_not_written() -> None:
    """A change is not written if others have made the same change meanwhile."""
    store = MemoryStore()
    mine, theirs = tracked(store), tracked(store)
    change = mine.put({"a": 1})
    commit(store, theirs.put({"a": 1}))
    before = dict(store._documents)
    commit(store, change)

    assert store._documents == before
    assert mine.value == {"a": 1}


@pytest.mark.usefixtures("_small_parts")
def test_parts_are_known_after_a_write() -> None:
    """A large value that gets smaller later leaves no parts, without another read."""
    store = MemoryStore()
    one = Tracked[str](load(store), encode=str, decode=lambda payload: payload or "")
    for text, part_count in (
        (noise(3 * KILOBYTE), 4),
        (noise(KILOBYTE), 1),
        ("", 0),
        (noise(2 * KILOBYTE), 3),
    ):
        commit(store, one.put(text))
        assert len(parts_of(store)) == part_count
        assert load(store).payload == text


def test_a_refused_commit_changes_nothing_that_is_known() -> None:
    """After a refused commit the known value is still the one that was read."""
    store = MemoryStore()
    one = tracked(store)
    store.commit([Put("other", "a", {})])
    change = one.put({"a": 1})

    with pytest.raises(StoreConflictError):
        store.commit([*change.writes(), Put("other", "a", {}, ABSENT)])

    assert one.value == {}
    commit(store, change)
    assert one.value == {"a": 1} == tracked(store).value


def test_two_changes_of_one_document_in_a_commit_are_refused() -> None:
    """Two changes of one document are an error, because the second would silently undo the first."""
    store = MemoryStore()
    one = tracked(store)
    changes = [one.change(lambda value: {**value, "a": 1}), one.change(lambda value: {**value, "b": 1})]

    with pytest.raises(ValueError, match="twice"):
        store.commit([write for change in changes for write in change.writes()])


def test_a_document_of_a_later_release_is_read() -> None:
    """Unknown fields beside the payload do no harm."""
    store = MemoryStore()
    save(store, {"a": 1}, is_open=False)
    kept = document(store, (KIND, KEY))
    assert kept is not None
    store.commit([Put(KIND, KEY, {**kept.data, "schema": 99, "later": {"x": [1]}}, kept.version)])

    assert tracked(store).value == {"a": 1}


def test_writes_of_a_document_that_replaces_any() -> None:
    """With the version ``None`` the writes have no guard."""
    store = MemoryStore()
    save(store, "first")
    store.commit(packed_writes(Packed(KIND, KEY, None, None), "second"), token=new_token())
    assert load(store).payload == "second"

    assert deleting_writes(Packed(KIND, KEY, None, None)) == [Delete(KIND, KEY)]
