"""The history that norms are learned from: imported works, packed, beside the facts of finished items."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from vitrina.domain.estimating.norms import FinishedWork
from vitrina.ports import Key, Store
from vitrina.records.finished import facts_of_item, load_facts
from vitrina.records.packing import Packed, packed_writes, unpack
from vitrina.records.work import ProjectWork

HISTORY = "history_pack"

#: Works in one document: some 100 KB of text, some 20 KB packed.
WORKS_EACH = 1000


def save_history(store: Store, agency_id: str, works: Mapping[str, FinishedWork]) -> None:
    """Keep imported works, of which each key stands for one: a second import of a key replaces the first.

    One round trip to read and one to write for each thousand rows of a file.
    """
    for batch, names in _batches(sorted(works)).items():
        key: Key = (HISTORY, f"{agency_id}:{hashlib.sha256(batch.encode()).hexdigest()[:16]}")
        [before] = unpack(store, list(store.get_many([key]).values())) or [Packed(*key, 0, {})]
        rows = {**before.payload, **{name: _row(works[name]) for name in names}}
        store.commit(packed_writes(before, rows, agency_id=agency_id))


def load_history(store: Store, agency_id: str, works: Iterable[ProjectWork]) -> list[FinishedWork]:
    """All finished work of an agency: imported, packed, and that of *works*. Two round trips."""
    return [*load_imported(store, agency_id), *load_done(store, agency_id, works)]


def load_done(store: Store, agency_id: str, works: Iterable[ProjectWork]) -> list[FinishedWork]:
    """What was finished in clients' workbooks: packed, and that of *works*. One round trip."""
    recent = (fact for work in works for item in work.items.values() for fact in facts_of_item(item))
    return [*load_facts(store, agency_id), *recent]


def load_imported(store: Store, agency_id: str) -> list[FinishedWork]:
    """The work that the agency imported, without that of its clients' workbooks. One round trip."""
    packs = unpack(store, store.find(HISTORY, where={"agency_id": agency_id}))
    return [_work(row) for pack in packs for row in pack.payload.values()]


def _batches(names: Iterable[str]) -> dict[str, list[str]]:
    """Names by what tells their document, so that a later import finds each work of an earlier one."""
    batches: dict[str, list[str]] = {}
    for name in names:
        source, _, number = name.rpartition("-")
        batch = int(number) // WORKS_EACH if number.isdecimal() else 0
        batches.setdefault(f"{source}:{batch}", []).append(name)
    return batches


def _row(work: FinishedWork) -> list[Any]:
    return [*work[:4], work.finished_on.isoformat(), *work[5:]]


def _work(row: list[Any]) -> FinishedWork:
    known = row[: len(FinishedWork._fields)]
    return FinishedWork._make([*known[:4], date.fromisoformat(known[4]), *known[5:]])
