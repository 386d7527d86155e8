"""What every store has to do, run over each of them."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from vitrina.ports import Store
from vitrina.store.sqlite import SqliteStore


@pytest.fixture(params=["sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """A new, empty store of each kind."""
    return SqliteStore(tmp_path / "store.sqlite")


def version_of(store: Store, kind: str, key: str) -> int:
    """Version of a document that is there."""
    record = store.get(kind, key)
    assert record is not None
    return record.version


def test_what_was_put_is_there(store: Store) -> None:
    """A document comes back as it was."""
    store.put("book", "a", {"title": "Заря", "n": [1, 2.5, None]})

    record = store.get("book", "a")
    assert record is not None
    assert (record.key, record.data) == ("a", {"title": "Заря", "n": [1, 2.5, None]})
    assert store.get("item", "a") is None


def test_create_does_not_overwrite(store: Store) -> None:
    """The second one is told that the key is taken."""
    assert store.create("lease", "a", {"holder": 1})
    assert not store.create("lease", "a", {"holder": 2})
    assert store.get("lease", "a").data == {"holder": 1}  # type: ignore[union-attr]


def test_put_of_an_old_version_is_refused(store: Store) -> None:
    """Who read the first version cannot write over the second."""
    store.put("book", "a", {"n": 1})
    first = version_of(store, "book", "a")
    assert store.put("book", "a", {"n": 2}, version=first)
    assert not store.put("book", "a", {"n": 3}, version=first)
    assert store.get("book", "a").data == {"n": 2}  # type: ignore[union-attr]


def test_put_of_a_version_of_nothing_is_refused(store: Store) -> None:
    """A document that is gone is not written back by an old version."""
    assert not store.put("book", "a", {"n": 1}, version=1)


def test_find_gives_the_documents_that_match(store: Store) -> None:
    """By kind and by equal fields, in the order of the keys; a field may be called kind."""
    store.put_many(
        "item", {"b": {"kind": "x", "book": "1"}, "a": {"kind": "x", "book": "1"}, "c": {"book": "2"}}
    )
    store.put("book", "a", {"book": "1"})

    assert [record.key for record in store.find("item", book="1", kind="x")] == ["a", "b"]
    assert [record.key for record in store.find("item")] == ["a", "b", "c"]


def test_deleted_documents_are_gone(store: Store) -> None:
    """Deleting what is not there is no error."""
    store.put("item", "a", {})
    store.delete("item", "a")
    store.delete("item", "a")

    assert store.get("item", "a") is None


def test_an_old_version_is_not_deleted(store: Store) -> None:
    """Who read a document deletes that one only, and hears whether he did."""
    store.put("lease", "a", {"holder": 1})
    old = version_of(store, "lease", "a")
    store.put("lease", "a", {"holder": 2})

    assert not store.delete("lease", "a", version=old)
    assert store.get("lease", "a").data == {"holder": 2}  # type: ignore[union-attr]
    assert store.delete("lease", "a", version=version_of(store, "lease", "a"))
    assert not store.delete("lease", "a")


def test_a_document_made_again_has_another_version(store: Store) -> None:
    """Who read the first one neither deletes nor overwrites the second."""
    store.create("lease", "a", {"holder": 1})
    old = version_of(store, "lease", "a")
    store.delete("lease", "a")
    store.create("lease", "a", {"holder": 2})

    assert not store.delete("lease", "a", version=old)
    assert not store.put("lease", "a", {"holder": 3}, version=old)
    assert store.get("lease", "a").data == {"holder": 2}  # type: ignore[union-attr]


def test_many_are_created_together_or_not_at_all(store: Store) -> None:
    """One key that is taken keeps the others out."""
    assert store.create_many("item", {"a": {"n": 1}, "b": {"n": 1}})
    assert not store.create_many("item", {"b": {"n": 2}, "c": {"n": 2}})

    assert [(record.key, record.data["n"]) for record in store.find("item")] == [("a", 1), ("b", 1)]


def test_only_one_of_many_threads_creates(store: Store) -> None:
    """Twenty at once: one wins, none fails."""
    won: list[int] = []
    threads = [
        threading.Thread(target=lambda n=n: won.append(n) if store.create("lease", "x", {"n": n}) else None)
        for n in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(won) == 1


def test_versions_count_the_writes_of_many_threads(store: Store) -> None:
    """With the version as a guard no increment of twenty threads is lost."""
    store.put("counter", "x", {"n": 0})

    def increment() -> None:
        while True:
            record = store.get("counter", "x")
            assert record is not None
            if store.put("counter", "x", {"n": record.data["n"] + 1}, version=record.version):
                return

    threads = [threading.Thread(target=increment) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert store.get("counter", "x").data == {"n": 20}  # type: ignore[union-attr]


def test_a_card_is_found_among_many_without_reading_them(tmp_path: Path) -> None:
    """A webhook is answered in milliseconds, so SQLite must look the card up and not pass over all items."""
    store = SqliteStore(tmp_path / "store.sqlite")
    asked: list[str] = []
    connection = store._connection
    connection.set_trace_callback(asked.append)
    assert list(store.find("item", card_id="7")) == []
    connection.set_trace_callback(None)

    [(*_, plan)] = connection.execute(f"EXPLAIN QUERY PLAN {asked[-1]}")

    assert "INDEX document_card_id" in plan
