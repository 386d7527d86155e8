"""The bill counts what Firestore bills, from the requests that the adapter sends."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.harness.firestore import new_firestore
from tests.harness.firestore_bill import Bill, Line, billed, purpose
from vitrina.errors import StoreConflictError
from vitrina.ports import ABSENT, Delete, Put, Store
from vitrina.store.firestore import FirestoreStore

Call = Callable[[Store], object]


@pytest.fixture
def bill() -> Bill:
    """An empty bill."""
    return Bill()


@pytest.fixture
def store(firestore_url: str, bill: Bill) -> FirestoreStore:
    """A store with two items, which adds to the bill from now on."""
    store = new_firestore(firestore_url)
    store.commit([Put("item", name, {"kind": "agency", "at": name}) for name in ("a", "b")])
    return FirestoreStore(billed(store._service, bill), store._database)


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        # An absent document is billed as well; a key that is asked for twice is asked of Firestore once.
        (
            lambda store: store.get_many([("item", "a"), ("item", "a"), ("item", "z"), ("book", "a")]),
            {("read", "item"): 2, ("read", "book"): 1},
        ),
        (lambda store: store.find("item"), {("read", "item"): 2}),
        (lambda store: store.find("item", before=("at", "b")), {("read", "item"): 1}),
        (lambda store: store.find("item", limit=1), {("read", "item"): 1}),
        # A query that finds nothing costs one read.
        (lambda store: store.find("book"), {("read", "book, nothing found"): 1}),
        (lambda store: store.page(("z", ""), 10), {("read", "all, nothing found"): 1}),
        # Of a commit each document counts, and a deletion is another thing than a write.
        (
            lambda store: store.commit([Put("item", "a", {}), Put("book", "n", {}), Delete("item", "b")]),
            {("write", "item"): 1, ("write", "book"): 1, ("delete", "item"): 1},
        ),
    ],
)
def test_what_is_billed(
    store: FirestoreStore, bill: Bill, call: Call, expected: dict[tuple[str, str], int]
) -> None:
    """Documents are billed, not requests."""
    with purpose("test"):
        call(store)

    assert bill.counts == {Line("test", *key): count for key, count in expected.items()}


def test_a_refused_commit_is_billed(store: FirestoreStore, bill: Bill) -> None:
    """So are the documents that are read to find out why it was refused."""
    with pytest.raises(StoreConflictError):
        store.commit([Put("item", "a", {}, ABSENT)])

    assert (bill.total("write"), bill.total("read")) == (1, 1)


def test_totals(bill: Bill) -> None:
    """What was counted is summed for a purpose and for a kind of documents."""
    with purpose("webhook"):
        bill.add("read", "card", 3)
        with purpose("sync"):
            bill.add("read", "card")
            bill.add("read", "book", 2)
            bill.add("write", "book")

    assert [bill.total("read"), bill.total("write"), bill.total("delete")] == [6, 1, 0]
    assert bill.total("read", purpose="sync") == 3
    assert bill.total("read", kind="card") == 4
    assert bill.total("read", purpose="sync", kind="card") == 1
