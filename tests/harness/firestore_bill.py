"""Counts what Firestore would bill, at the place where the adapter sends its requests.

Billed are the documents of a request, not the request: each document that a read asks for, there or not;
each that a query returns, and one for a query that finds nothing; each write and each delete of a commit.
Google does not say whether a refused commit is billed: here it is.
"""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

from googleapiclient.http import HttpRequest

from vitrina import bootstrap
from vitrina.google.firestore import make_firestore
from vitrina.google.rest import RestService
from vitrina.ports import Json

READ, WRITE, DELETE = "read", "write", "delete"
OPERATIONS = (READ, WRITE, DELETE)


@dataclass(frozen=True)
class Line:
    """What is counted together. ``purpose`` is what the program was doing."""

    purpose: str
    operation: str
    kind: str


#: What this thread is doing.
_purpose: ContextVar[str] = ContextVar("purpose", default="")


@contextmanager
def purpose(name: str) -> Iterator[None]:
    """What this thread does while the block runs is counted for a purpose."""
    before = _purpose.set(name)
    try:
        yield
    finally:
        _purpose.reset(before)


class Bill:
    """The counts. Safe to use from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.counts: Counter[Line] = Counter()

    def add(self, operation: str, kind: str, count: int = 1) -> None:
        """Count so many operations on documents of a kind."""
        with self._lock:
            self.counts[Line(_purpose.get(), operation, kind)] += count

    def total(self, operation: str, *, purpose: str | None = None, kind: str | None = None) -> int:
        """How many of an *operation* there were, for one purpose and of one kind or for all."""
        return sum(
            count
            for line, count in self.counts.items()
            if line.operation == operation and purpose in (None, line.purpose) and kind in (None, line.kind)
        )


@dataclass(frozen=True)
class BilledFirestore(RestService):
    """A client of Firestore that keeps the bill."""

    bill: Bill = field(default_factory=Bill)

    def send(self, request: HttpRequest) -> Any:
        """See ``RestService``."""
        body = json.loads(request.body)
        for name in body.get("documents", ()):
            self.bill.add(READ, _kind(name))
        for write in body.get("writes", ()):
            if "delete" in write:
                self.bill.add(DELETE, _kind(write["delete"]))
            else:
                self.bill.add(WRITE, _kind(write["update"]["name"]))
        answer = super().send(request)
        if "structuredQuery" in body:
            found = [row["document"]["name"] for row in answer if "document" in row]
            for name in found:
                self.bill.add(READ, _kind(name))
            if not found:
                self.bill.add(READ, f"{_kind_of_query(body)}, nothing found")
        return answer


def billed(service: RestService, bill: Bill) -> BilledFirestore:
    """A client like *service* that adds to *bill*."""
    return BilledFirestore(
        service.name, service.resource, service.credentials, service.timeout_s, service._idle, bill
    )


@contextmanager
def billed_firestore(bill: Bill) -> Iterator[None]:
    """Have the functions of this process add to *bill* while the block runs."""

    def make(url: str) -> RestService:
        return billed(make_firestore(url), bill)

    with patch.object(bootstrap, "make_firestore", make):
        bootstrap.application.cache_clear()
        try:
            yield
        finally:
            bootstrap.application.cache_clear()


def _kind(name: str) -> str:
    """The kind of a document, from its name in the database; see ``store.firestore.document_id``."""
    return name.rpartition("/")[2].partition(":")[0]


def _kind_of_query(body: Json) -> str:
    """The kind that a query asks for; it asks for all kinds where it names none."""
    where = body["structuredQuery"].get("where")
    filters = where["compositeFilter"]["filters"] if where else []
    kinds = [
        one["fieldFilter"]["value"]["stringValue"]
        for one in filters
        if one["fieldFilter"]["field"]["fieldPath"] == "kind"
    ]
    return kinds[0] if kinds else "all"
