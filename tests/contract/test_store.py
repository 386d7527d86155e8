"""Contract of every store, run for each of them, and further tests of the SQLite file."""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.harness.firestore import new_firestore
from tests.harness.threads import run_at_once
from vitrina.errors import ConfigurationError, RetriableServiceError, StoreConflictError
from vitrina.ports import ABSENT, MOST_BYTES, Delete, Document, Put, Store, new_token
from vitrina.store.memory import MemoryStore
from vitrina.store.sqlite import SqliteStore
from vitrina.texts import LOCALES, Sentence, render

THREADS = 20

#: The table as release 0.1 made it, with its indexes.
SCHEMA_0_1 = """
CREATE TABLE document (
    kind    TEXT NOT NULL,
    key     TEXT NOT NULL,
    version INTEGER NOT NULL,
    data    TEXT NOT NULL,
    PRIMARY KEY (kind, key)
) WITHOUT ROWID;
CREATE INDEX document_card_id ON document (json_extract(data, '$.card_id'));
CREATE INDEX document_agency_id ON document (json_extract(data, '$.agency_id'));
"""


@pytest.fixture(params=["sqlite", "memory", "firestore"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """A new, empty store of each kind."""
    if request.param == "firestore":
        return new_firestore(request.getfixturevalue("firestore_url"))
    return SqliteStore.create(tmp_path / "store.sqlite") if request.param == "sqlite" else MemoryStore()


def load(store: Store, kind: str, key: str) -> Document:
    """An existing document."""
    return store.get_many([(kind, key)])[kind, key]


def keys_of(documents: list[Document]) -> list[str]:
    """Keys in the order given."""
    return [document.key for document in documents]


# --- Reading ---------------------------------------------------------------------------------------


def test_documents_come_back_as_they_were(store: Store) -> None:
    """All kinds of values are returned unchanged, also empty ones and texts of any language."""
    data = {
        "title": "Заря — «Лампы» 💡",
        "n": [1, 2.5, None, True, False, 1e300, -(2**53)],
        "": {"deep": {"er": []}},
        "quotes": "\"'\\\n\u2028\x00",
    }
    store.commit([Put("book", "a", data)])

    document = load(store, "book", "a")
    assert (document.kind, document.key, document.data) == ("book", "a", data)


def test_get_many_gives_those_that_are_there(store: Store) -> None:
    """Existing documents of several kinds are returned; repeated or absent keys do no harm."""
    store.commit([Put("book", "a", {"n": 1}), Put("item", "a", {"n": 2})])

    found = store.get_many([("item", "a"), ("book", "a"), ("book", "a"), ("book", "b")])

    assert {key: document.data["n"] for key, document in found.items()} == {
        ("book", "a"): 1,
        ("item", "a"): 2,
    }
    assert store.get_many([]) == {}


def test_get_many_takes_a_thousand_keys(store: Store) -> None:
    """A thousand keys work, also from a generator, although databases limit the values in a query."""
    store.commit([Put("item", f"{number}", {"n": number}) for number in range(1000)])

    found = store.get_many(("item", f"{number}") for number in range(2000))

    assert sorted(document.data["n"] for document in found.values()) == list(range(1000))


def test_known_documents_are_given_back(store: Store) -> None:
    """As they are while their version is the same, else anew; what is not wanted or not there is left out."""
    store.commit([Put("item", name, {"n": 1}) for name in ("same", "changed", "gone", "unwanted", "new")])
    wanted = [("item", name) for name in ("same", "changed", "gone", "new", "absent")]
    known = store.get_many(("item", name) for name in ("same", "changed", "gone", "unwanted"))
    store.commit([Put("item", "changed", {"n": 2}), Delete("item", "gone")])

    found = store.get_many(wanted, known=known)

    assert {key: document.data["n"] for (_, key), document in found.items()} == {
        "same": 1,
        "changed": 2,
        "new": 1,
    }
    assert found["item", "same"] is known["item", "same"]


def test_documents_are_not_shared_with_callers(store: Store) -> None:
    """Changes of data that were read or written change nothing in the store."""
    data = {"list": [1]}
    store.commit([Put("item", "a", data)])
    data["list"].append(2)
    load(store, "item", "a").data["list"].append(3)

    assert load(store, "item", "a").data == {"list": [1]}


def test_unicode_in_keys_kinds_and_conditions(store: Store) -> None:
    """Keys and texts of any language are distinguished and ordered; similar characters are different."""
    names = ["é", "e\u0301", "Ё", "ё", "😀", "\uffff", "a/b", "a:b", "%_'\"", " "]
    store.commit([Put("kind", name, {"agency_id": name}) for name in names])

    assert keys_of(store.find("kind")) == sorted(names)
    assert [keys_of(store.find("kind", where={"agency_id": name})) for name in names] == [
        [name] for name in names
    ]
    assert {key for _, key in store.get_many(("kind", name) for name in names)} == set(names)


def test_find_by_texts_and_booleans(store: Store) -> None:
    """All conditions must hold; a text does not equal a number; a missing field does not match."""
    store.commit(
        [
            Put("item", "b", {"kind": "x", "agency_id": "1", "is_open": True}),
            Put("item", "a", {"kind": "x", "agency_id": "1", "is_open": True}),
            Put("item", "c", {"kind": "x", "agency_id": "1", "is_open": False}),
            Put("item", "d", {"kind": "x", "agency_id": "2", "is_open": True}),
            Put("item", "e", {"kind": "x", "agency_id": 1, "is_open": "True"}),
            Put("item", "f", {"kind": None}),
            Put("book", "a", {"kind": "x", "agency_id": "1", "is_open": True}),
        ]
    )

    assert keys_of(store.find("item", where={"agency_id": "1", "kind": "x", "is_open": True})) == ["a", "b"]
    assert keys_of(store.find("item", where={"is_open": False})) == ["c"]
    assert keys_of(store.find("item", where={"agency_id": "1"})) == ["a", "b", "c"]
    assert keys_of(store.find("item", where={})) == ["a", "b", "c", "d", "e", "f"]
    assert store.find("item", where={"spreadsheet_id": "1"}) == []
    assert store.find("absent") == []


def test_find_before_a_text(store: Store) -> None:
    """Only texts less than the bound match, the least first; numbers, nulls and missing fields never do."""
    store.commit(
        [
            Put("wish", "a", {"at": "2026-11-02"}),
            Put("wish", "b", {"at": "2026-11-01"}),
            Put("wish", "c", {"at": "2026-11-03"}),
            Put("wish", "d", {"at": 5}),
            Put("wish", "e", {"at": None}),
            Put("wish", "f", {"at": False}),
            Put("wish", "g", {"at": {}}),
            Put("wish", "h", {}),
        ]
    )

    assert keys_of(store.find("wish", before=("at", "2026-11-03"))) == ["b", "a"]
    assert keys_of(store.find("wish", before=("at", "я"))) == ["b", "a", "c"]
    assert keys_of(store.find("wish", before=("at", "2026-11-03"), limit=1)) == ["b"]
    assert store.find("wish", before=("at", "2026-11-01")) == []


def test_find_without_an_index_is_refused(store: Store) -> None:
    """Firestore needs an index for each query, so that every store refuses those that have none."""
    for query in (
        {"where": {"title": "x"}},
        {"where": {"at": "2026"}},
        {"before": ("agency_id", "x")},
        {"where": {"agency_id": "x"}, "before": ("at", "2026")},
    ):
        with pytest.raises(ValueError, match="cannot be found by"):
            store.find("item", **query)  # type: ignore[arg-type]


def test_find_gives_the_first_by_key(store: Store) -> None:
    """Documents are in the order of their keys as texts, in any order of writing."""
    store.commit([Put("item", f"{number}", {}) for number in (9, 10, 1, 2, 100)])

    assert keys_of(store.find("item")) == ["1", "10", "100", "2", "9"]
    assert keys_of(store.find("item", limit=2)) == ["1", "10"]
    assert keys_of(store.find("item", limit=50)) == ["1", "10", "100", "2", "9"]


def test_pages_have_every_document_once(store: Store) -> None:
    """Page after page, by kind and key: of every kind, also names with signs that ids may not have."""
    keys = sorted(
        [("item", f"{number}") for number in range(12)]
        + [("item_part", "1"), ("book", "a/b"), ("book", "a.b"), ("book", "a"), ("книга", "ё")]
    )
    store.commit([Put(kind, key, {"at": key}) for kind, key in keys])

    found: list[tuple[str, str]] = []
    while page := store.page(found[-1] if found else None, 5):
        assert len(page) <= 5
        assert [one.data for one in page] == [{"at": one.key} for one in page]
        found += [(one.kind, one.key) for one in page]

    assert found == keys


# --- Versions --------------------------------------------------------------------------------------


def test_create_does_not_overwrite(store: Store) -> None:
    """The second creation is refused, because the key is taken."""
    store.commit([Put("lease", "a", {"holder": 1}, ABSENT)])

    with pytest.raises(StoreConflictError) as caught:
        store.commit([Put("lease", "a", {"holder": 2}, ABSENT)])

    assert caught.value.keys == {("lease", "a")}
    assert load(store, "lease", "a").data == {"holder": 1}


def test_put_of_an_old_version_is_refused(store: Store) -> None:
    """A writer who read the first version cannot overwrite the second."""
    store.commit([Put("book", "a", {"n": 1})])
    first = load(store, "book", "a").version
    store.commit([Put("book", "a", {"n": 2}, first)])

    with pytest.raises(StoreConflictError):
        store.commit([Put("book", "a", {"n": 3}, first)])

    assert load(store, "book", "a").data == {"n": 2}


def test_put_of_a_version_of_nothing_is_refused(store: Store) -> None:
    """A deleted document cannot be written with an old version."""
    store.commit([Put("book", "a", {"n": 1})])
    old = load(store, "book", "a").version
    store.commit([Delete("book", "a")])

    with pytest.raises(StoreConflictError):
        store.commit([Put("book", "a", {"n": 1}, old)])

    assert store.get_many([("book", "a")]) == {}


def test_put_without_a_version_overwrites(store: Store) -> None:
    """A put without a version writes an absent document and overwrites any version."""
    store.commit([Put("book", "a", {"n": 1})])
    store.commit([Put("book", "a", {"n": 2})])

    assert load(store, "book", "a").data == {"n": 2}


def test_version_is_the_token_of_the_commit(store: Store) -> None:
    """A writer knows the version of the written document without reading it."""
    token = new_token()
    store.commit([Put("book", "a", {"n": 1}), Put("book", "b", {"n": 1})], token=token)

    assert {load(store, "book", key).version for key in "ab"} == {token}
    store.commit([Put("book", "a", {"n": 2}, token)])
    assert load(store, "book", "a").version not in (token, ABSENT)
    assert load(store, "book", "b").version == token


def test_delete_with_and_without_a_version(store: Store) -> None:
    """Without a version any document is deleted, with a version only this one."""
    store.commit([Put("lease", "a", {"holder": 1})])
    old = load(store, "lease", "a").version
    store.commit([Put("lease", "a", {"holder": 2})])

    with pytest.raises(StoreConflictError):
        store.commit([Delete("lease", "a", old)])
    assert load(store, "lease", "a").data == {"holder": 2}

    now = load(store, "lease", "a").version
    store.commit([Delete("lease", "a", now)])
    assert store.find("lease") == []
    with pytest.raises(StoreConflictError):
        store.commit([Delete("lease", "a", now)])
    store.commit([Delete("lease", "a")])


def test_delete_only_where_there_is_nothing(store: Store) -> None:
    """A delete of ``ABSENT`` is a guard: the document must still be absent."""
    store.commit([Delete("lease", "a", ABSENT), Put("other", "a", {})])
    store.commit([Put("lease", "a", {})])

    with pytest.raises(StoreConflictError):
        store.commit([Delete("lease", "a", ABSENT)])

    assert len(store.find("lease")) == 1


def test_versions_never_repeat(store: Store) -> None:
    """The version of a deleted document neither deletes nor overwrites a new document with its key."""
    versions = set()
    for holder in range(50):
        store.commit([Put("lease", "a", {"holder": holder}, ABSENT)])
        versions.add(load(store, "lease", "a").version)
        store.commit([Delete("lease", "a")])
    store.commit([Put("lease", "a", {"holder": 50}, ABSENT)])

    assert len(versions) == 50
    for old in versions:
        for write in (Delete("lease", "a", old), Put("lease", "a", {}, old)):
            with pytest.raises(StoreConflictError):
                store.commit([write])
    assert load(store, "lease", "a").data == {"holder": 50}


# --- Several documents -----------------------------------------------------------------------------


def test_several_documents_are_written_together_or_not_at_all(store: Store) -> None:
    """The error names exactly the documents that changed; nothing is written."""
    store.commit([Put("item", key, {"n": 1}) for key in "abcd"])
    known = {key: load(store, "item", key).version for key in "abcd"}
    store.commit([Put("item", "b", {"n": 2}), Delete("item", "c")])

    with pytest.raises(StoreConflictError) as caught:
        store.commit(
            [
                Put("item", "a", {"n": 3}, known["a"]),
                Put("item", "b", {"n": 3}, known["b"]),
                Delete("item", "c", known["c"]),
                Put("item", "d", {"n": 3}, ABSENT),
                Put("item", "e", {"n": 3}),
                Put("other", "b", {"n": 3}, ABSENT),
            ]
        )

    assert caught.value.keys == {("item", "b"), ("item", "c"), ("item", "d")}
    assert [(one.key, one.data["n"]) for one in store.find("item")] == [("a", 1), ("b", 2), ("d", 1)]
    assert store.find("other") == []


def test_puts_and_deletes_of_several_kinds_in_one_commit(store: Store) -> None:
    """All writes are carried out."""
    store.commit([Put("item", "a", {}), Put("lease", "a", {})])

    store.commit([Delete("lease", "a", load(store, "lease", "a").version), Put("done", "a", {}, ABSENT)])

    assert [len(store.find(kind)) for kind in ("item", "lease", "done")] == [1, 0, 1]


def test_an_empty_commit_does_nothing(store: Store) -> None:
    """An empty commit is allowed, with and without a token."""
    store.commit([])
    store.commit([], token=new_token())


def test_no_document_is_written_twice_in_a_commit(store: Store) -> None:
    """Two writes of one document are refused, because the second would silently undo the first."""
    with pytest.raises(ValueError, match="item"):
        store.commit([Put("item", "a", {"n": 1}), Put("item", "a", {"n": 2})])
    with pytest.raises(ValueError, match="item"):
        store.commit([Put("item", "a", {"n": 1}), Delete("item", "a")])

    assert store.find("item") == []


def test_two_thousand_documents_in_one_commit(store: Store) -> None:
    """Two thousand documents can be written together. Firestore accepts as many as fit into 10 MiB."""
    token = new_token()
    store.commit([Put("item", f"{number:04}", {"n": number}, ABSENT) for number in range(2000)], token=token)
    store.commit([Put("item", f"{number:04}", {"n": -number}, token) for number in range(2000)])

    assert [document.data["n"] for document in store.find("item")] == [-number for number in range(2000)]


# --- A lost answer ---------------------------------------------------------------------------------


def test_a_repeated_commit_succeeds_and_writes_nothing(store: Store) -> None:
    """If the answer of the first commit was lost, the token shows that the second is the same commit."""
    store.commit([Put("item", "old", {}), Put("item", "gone", {})])
    old, gone = (load(store, "item", key).version for key in ("old", "gone"))
    writes = [
        Put("item", "new", {"n": 1}, ABSENT),
        Put("item", "old", {"n": 1}, old),
        Delete("item", "gone", gone),
        Delete("item", "absent"),
    ]
    token = new_token()
    store.commit(writes, token=token)
    before = store.find("item")

    store.commit(writes, token=token)

    assert store.find("item") == before
    assert keys_of(before) == ["new", "old"]


def test_another_commit_with_the_same_writes_conflicts(store: Store) -> None:
    """A commit with another token and the same writes is a conflict."""
    writes = [Put("item", "a", {"n": 1}, ABSENT), Delete("item", "absent")]
    store.commit(writes, token=new_token())

    for token in (new_token(), None):
        with pytest.raises(StoreConflictError):
            store.commit(writes, token=token)


def test_a_repeat_leaves_what_others_wrote_since(store: Store) -> None:
    """Others may write before the repeat, which neither undoes their writes nor reports a conflict."""
    writes = [Put("item", "a", {"n": 1}, ABSENT), Put("item", "b", {"n": 1}), Delete("item", "c")]
    token = new_token()
    store.commit(writes, token=token)
    store.commit([Put("item", "b", {"n": 2}), Put("item", "c", {"n": 2})])

    store.commit(writes, token=token)

    assert {one.key: one.data["n"] for one in store.find("item")} == {"a": 1, "b": 2, "c": 2}


def test_a_repeat_of_a_refused_commit_is_refused(store: Store) -> None:
    """A refused commit wrote nothing, so its repeat is refused as well."""
    store.commit([Put("item", "a", {"n": 1})])
    token = new_token()

    for _ in range(2):
        with pytest.raises(StoreConflictError):
            store.commit([Put("item", "a", {"n": 2}, ABSENT), Put("item", "b", {"n": 2})], token=token)

    assert keys_of(store.find("item")) == ["a"]


# --- Many at once ----------------------------------------------------------------------------------


def test_only_one_of_many_threads_creates(store: Store) -> None:
    """Of twenty threads at once one creates the document; the others get a conflict and no other error."""
    won: list[int] = []
    lost: list[int] = []

    def create(number: int) -> None:
        try:
            store.commit([Put("lease", "x", {"n": number}, ABSENT)])
            won.append(number)
        except StoreConflictError:
            lost.append(number)

    run_at_once(create, THREADS)

    assert (len(won), len(lost)) == (1, THREADS - 1)
    assert load(store, "lease", "x").data == {"n": won[0]}


def test_no_increment_of_many_threads_is_lost(store: Store) -> None:
    """Threads increment a counter guarded by its version, and write another document in the same commit."""
    store.commit([Put("counter", "x", {"n": 0})])

    def increment(number: int) -> None:
        while True:
            counter = load(store, "counter", "x")
            n = counter.data["n"] + 1
            try:
                store.commit(
                    [Put("counter", "x", {"n": n}, counter.version), Put("log", f"{number}", {"n": n})]
                )
            except StoreConflictError:
                continue
            return

    run_at_once(increment, THREADS)

    assert load(store, "counter", "x").data == {"n": THREADS}
    assert sorted(one.data["n"] for one in store.find("log")) == list(range(1, THREADS + 1))


# --- Sizes -----------------------------------------------------------------------------------------


def size_of(data: dict[str, object], key: str) -> int:
    """Bytes of a document as the stores count them."""
    return len(json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()) + len(key.encode())


@pytest.mark.parametrize("letter", ["x", "ж", "€", "💡"])
def test_a_document_of_nearly_a_mebibyte(store: Store, letter: str) -> None:
    """A document at the limit is stored; with one more byte the whole commit is refused with its name."""
    key = "ключ"
    room = MOST_BYTES - size_of({"text": ""}, key)
    width = len(letter.encode())
    data: dict[str, object] = {"text": letter * (room // width) + "x" * (room % width)}
    assert size_of(data, key) == MOST_BYTES
    store.commit([Put("big", key, data)])

    with pytest.raises(ValueError, match=f"big '{key}' has {MOST_BYTES + 1} bytes"):
        store.commit([Put("big", "small", {}), Put("big", key, {"text": f"{data['text']}x"})])

    assert [(one.key, one.data) for one in store.find("big")] == [(key, data)]


def test_text_that_is_no_unicode_is_refused(store: Store) -> None:
    """Half a surrogate pair cannot be encoded in UTF-8 and is refused; the store stays usable."""
    with pytest.raises(ValueError, match="surrogates"):
        store.commit([Put("item", "good", {}), Put("item", "bad", {"text": "\ud83d"})])

    assert store.find("item") == []
    store.commit([Put("item", "good", {})])


# --- The file of SQLite ----------------------------------------------------------------------------


@contextmanager
def connection_to(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection of another program to the file."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        yield connection


def test_an_absent_file_is_an_error_until_it_is_created(tmp_path: Path) -> None:
    """Every call raises an error, because an empty store would make every workbook unknown."""
    path = tmp_path / "folder" / "store.sqlite"
    store = SqliteStore(path)
    for call in (
        lambda: store.get_many([("book", "a")]),
        lambda: store.find("book"),
        lambda: store.commit([Put("book", "a", {})]),
    ):
        with pytest.raises(ConfigurationError) as caught:
            call()
        assert (caught.value.code, caught.value.where) == ("store.missing", {"path": str(path)})
    assert not path.parent.exists()

    SqliteStore.create(path)
    store.commit([Put("book", "a", {})])

    assert len(store.find("book")) == 1


def test_create_leaves_what_is_there(tmp_path: Path) -> None:
    """``create`` may be called again and keeps the documents."""
    path = tmp_path / "store.sqlite"
    SqliteStore.create(path).commit([Put("book", "a", {"n": 1})])

    assert load(SqliteStore.create(path), "book", "a").data == {"n": 1}


def assert_no_answer(do: Callable[[], object], *, at_most_s: float) -> None:
    """The call raises the error for a store that does not answer, within the time."""
    started_at = time.monotonic()
    with pytest.raises(RetriableServiceError) as caught:
        do()
    assert time.monotonic() - started_at < at_most_s
    assert (caught.value.code, caught.value.service, caught.value.http_status) == (
        "store.no_answer",
        "SQLite",
        503,
    )


def test_a_file_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A write raises an error; reads still work."""
    path = tmp_path / "store.sqlite"
    SqliteStore.create(path).commit([Put("book", "a", {"n": 1})])
    # File permissions do not stop root, so the file is opened for reading only.
    connect = sqlite3.connect
    monkeypatch.setattr(
        "vitrina.store.sqlite.sqlite3.connect",
        lambda path, **options: connect(f"{path.as_uri()}?mode=ro", uri=True, **options),
    )
    store = SqliteStore(path, timeout_s=0.1)

    assert_no_answer(lambda: store.commit([Put("book", "a", {"n": 2})]), at_most_s=5.0)

    assert load(store, "book", "a").data == {"n": 1}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write every file")
def test_a_file_without_the_right_to_write(tmp_path: Path) -> None:
    """The same, with file permissions."""
    path = tmp_path / "store.sqlite"
    SqliteStore.create(path)
    path.chmod(0o444)

    assert_no_answer(lambda: SqliteStore(path).commit([Put("book", "a", {})]), at_most_s=5.0)


def test_a_file_that_another_writer_holds(tmp_path: Path) -> None:
    """A write gives up after its time limit, a read does not wait; later both work."""
    path = tmp_path / "store.sqlite"
    SqliteStore.create(path).commit([Put("book", "a", {"n": 1})])
    store = SqliteStore(path, timeout_s=0.2)
    with connection_to(path) as other:
        other.execute("BEGIN IMMEDIATE")
        assert_no_answer(lambda: store.commit([Put("book", "a", {"n": 2})]), at_most_s=5.0)
        assert load(store, "book", "a").data == {"n": 1}
        other.execute("ROLLBACK")

    store.commit([Put("book", "a", {"n": 3})])
    assert load(store, "book", "a").data == {"n": 3}


@pytest.mark.slow
def test_a_file_that_another_program_has_for_itself(tmp_path: Path) -> None:
    """Reads and writes raise an error within the time limit, from a new connection too."""
    path = tmp_path / "store.sqlite"
    store = SqliteStore(path, timeout_s=0.1)
    with connection_to(path) as other:
        other.executescript(SCHEMA_0_1)
        other.execute("BEGIN EXCLUSIVE")
        for _ in range(2):
            assert_no_answer(lambda: store.get_many([("book", "a")]), at_most_s=5.0)
            assert_no_answer(lambda: store.find("book"), at_most_s=5.0)
            assert_no_answer(lambda: store.commit([Put("book", "a", {"n": 2})]), at_most_s=5.0)

    assert store.find("book") == []


def test_a_full_disk(tmp_path: Path) -> None:
    """A commit that does not fit is refused as a whole, and the same thread can write again."""
    store = SqliteStore.create(tmp_path / "store.sqlite")
    store.commit([Put("book", "a", {"n": 1})])
    pages = store._connection.execute("PRAGMA page_count").fetchone()[0]
    store._connection.execute(f"PRAGMA max_page_count = {pages + 5}")

    big = Put("book", "big", {"text": "x" * 500_000})
    assert_no_answer(lambda: store.commit([Put("book", "a", {"n": 2}), big]), at_most_s=5.0)
    assert [(one.key, one.data) for one in store.find("book")] == [("a", {"n": 1})]

    store._connection.execute("PRAGMA max_page_count = 100000")
    store.commit([Put("book", "a", {"n": 3}), big])
    assert keys_of(store.find("book")) == ["a", "big"]


def test_a_commit_that_fails_at_its_end(tmp_path: Path) -> None:
    """Nothing of a failed commit is written, and the thread can write again. A deferred constraint fails."""
    store = SqliteStore.create(tmp_path / "store.sqlite")
    store._connection.executescript(
        """
        PRAGMA foreign_keys = ON;
        CREATE TABLE parent (id INTEGER PRIMARY KEY);
        CREATE TABLE child (parent_id INTEGER REFERENCES parent DEFERRABLE INITIALLY DEFERRED);
        CREATE TRIGGER spoil AFTER INSERT ON document WHEN new.kind = 'bad'
            BEGIN INSERT INTO child VALUES (1); END;
        """
    )

    assert_no_answer(lambda: store.commit([Put("good", "a", {}), Put("bad", "a", {})]), at_most_s=5.0)

    assert store.find("good") == store.find("bad") == []
    store.commit([Put("good", "a", {})])
    assert len(store.find("good")) == 1


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    """A file that is not a database raises an error and is not changed."""
    path = tmp_path / "store.sqlite"
    path.write_text("This is a letter. " * 100)

    assert_no_answer(lambda: SqliteStore(path).find("book"), at_most_s=5.0)
    assert_no_answer(lambda: SqliteStore.create(path), at_most_s=5.0)

    assert path.read_text().startswith("This is a letter.")


def test_commits_survive_a_power_cut(tmp_path: Path) -> None:
    """Connections of all threads use FULL, as NORMAL may lose the last commits."""
    store = SqliteStore.create(tmp_path / "store.sqlite")
    found: list[tuple[int, str]] = []

    def ask(_: int) -> None:
        asked = (
            store._connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("synchronous", "journal_mode")
        )
        found.append(tuple(asked))  # type: ignore[arg-type]

    run_at_once(ask, 3)

    full = 2
    assert found == [(full, "wal")] * 3


def test_a_file_of_release_0_1_opens(tmp_path: Path) -> None:
    """Documents of a file of release 0.1 are read, guarded and found, with and without ``create``."""
    path = tmp_path / "store.sqlite"
    with connection_to(path) as connection:
        connection.executescript(SCHEMA_0_1)
        connection.executemany(
            "INSERT INTO document VALUES (?, ?, ?, ?)",
            [("book", "a", 1, '{"agency_id": "х"}'), ("book", "b", 2**62, '{"agency_id": "у", "n": 1.5}')],
        )
    store = SqliteStore(path)

    assert [(one.key, one.version) for one in store.find("book", where={"agency_id": "у"})] == [("b", 2**62)]
    with pytest.raises(StoreConflictError):
        store.commit([Put("book", "a", {}, 2)])
    store.commit([Put("book", "a", {"n": 2}, 1), Delete("book", "b", 2**62)])

    assert [(one.key, one.data) for one in SqliteStore.create(path).find("book")] == [("a", {"n": 2})]


@pytest.mark.parametrize("name", ["agency_id", "spreadsheet_id"])
def test_documents_are_found_by_an_index(tmp_path: Path, name: str) -> None:
    """The query uses an index, so a click does not scan all documents of an installation."""
    store = SqliteStore.create(tmp_path / "store.sqlite")
    asked: list[str] = []
    connection = store._connection
    connection.set_trace_callback(asked.append)
    assert store.find("item", where={name: "7"}) == []
    connection.set_trace_callback(None)

    plan = connection.execute(f"EXPLAIN QUERY PLAN {asked[-1]}").fetchall()

    assert f"INDEX document_{name}" in plan[0][-1]


@pytest.mark.parametrize(
    "read",
    [
        lambda store: store.get_many([("item", "a")]),
        lambda store: store.get_many([("item", "a"), ("item", "b"), ("book", "a")]),
        lambda store: store.get_many([("item", str(number)) for number in range(1000)]),
        lambda store: store.find("item"),
        lambda store: store.find("item", before=("at", "2026")),
        lambda store: store.page(("item", "a"), 10),
    ],
)
def test_no_read_scans_all_documents(tmp_path: Path, read: Callable[[Store], object]) -> None:
    """A click takes as long after years as on the first day."""
    store = SqliteStore.create(tmp_path / "store.sqlite")
    asked: list[str] = []
    connection = store._connection
    connection.set_trace_callback(asked.append)
    read(store)
    connection.set_trace_callback(None)

    plans = [connection.execute(f"EXPLAIN QUERY PLAN {query}").fetchall() for query in asked]

    assert plans
    assert [step[-1] for plan in plans for step in plan if step[-1].startswith("SCAN document")] == []


@pytest.mark.parametrize("locale", LOCALES)
def test_errors_of_the_store_have_sentences(locale: str) -> None:
    """The sentences contain the name of the file and of the store."""
    assert "/data/x" in render(Sentence("store.missing", {"path": "/data/x"}), locale)
    assert "SQLite" in render(Sentence("store.no_answer", {"service": "SQLite", "status": None}), locale)
