"""The history that norms are learned from: imported works, packed, beside the facts of finished items."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from itertools import chain
from typing import Any

from vitrina.domain.estimating.norms import FinishedWork
from vitrina.ports import Key, Store, Write
from vitrina.records.finished import facts_of_item, load_facts
from vitrina.records.packing import Packed, packed_writes, unpack
from vitrina.records.work import ProjectWork

HISTORY = "history_pack"

#: Works in one document: some 100 KB of text, some 20 KB packed.
WORKS_EACH = 1000


def save_history(store: Store, agency_id: str, works: Mapping[str, FinishedWork]) -> None:
    """Keep imported works, of which each key stands for one: a second import of a key replaces the first.

    One round trip to read and one to write for each thousand works.
    """
    for some in _batches(sorted(works)):
        key: Key = (HISTORY, _pack_key(agency_id, some))
        [before] = unpack(store, list(store.get_many([key]).values())) or [Packed(*key, 0, {})]
        rows = {**before.payload, **{name: _row(works[name]) for name in some}}
        store.commit(packed_writes(before, rows, agency_id=agency_id))


def load_history(store: Store, agency_id: str, works: Iterable[ProjectWork]) -> list[FinishedWork]:
    """All finished work of an agency: imported, packed, and that of *works*. Two round trips."""
    packs = unpack(store, store.find(HISTORY, where={"agency_id": agency_id}))
    imported = (_work(row) for pack in packs for row in pack.payload.values())
    recent = (fact for work in works for item in work.items.values() for fact in facts_of_item(item))
    return [*imported, *load_facts(store, agency_id), *recent]


def history_writes(agency_id: str, source: str, works: Mapping[str, FinishedWork]) -> list[list[Write]]:
    """Writes of new documents with *works* of one *source*, a commit for each list: for an upgrade."""
    names = sorted(works)
    commits = []
    for number, some in enumerate(_cut(names)):
        before = Packed(HISTORY, f"{agency_id}:{source}:{number}", 0, {})
        rows = {name: _row(works[name]) for name in some}
        commits.append(packed_writes(replace(before, version=None), rows, agency_id=agency_id))
    return commits


def _batches(names: Iterable[str]) -> Iterable[Sequence[str]]:
    """Batches that depend on the names alone, so that a repeated import finds its documents."""
    by_source: dict[str, list[str]] = {}
    for name in names:
        by_source.setdefault(_source(name), []).append(name)
    return chain.from_iterable(_cut(sorted(own, key=_order)) for own in by_source.values())


def _cut(names: Sequence[str]) -> Iterable[Sequence[str]]:
    return (names[start : start + WORKS_EACH] for start in range(0, len(names), WORKS_EACH))


def _source(name: str) -> str:
    """The file that a work came from: an import names works by file and line."""
    return name.rpartition("-")[0]


def _order(name: str) -> tuple[int, str]:
    number = name.rpartition("-")[2]
    return (int(number) if number.isdecimal() else 0), name


def _pack_key(agency_id: str, names: Sequence[str]) -> str:
    first = f"{_source(names[0])}:{_order(names[0])[0] // WORKS_EACH}"
    return f"{agency_id}:{hashlib.sha256(first.encode()).hexdigest()[:16]}"


def _row(work: FinishedWork) -> list[Any]:
    return [*work[:4], work.finished_on.isoformat(), *work[5:]]


def _work(row: list[Any]) -> FinishedWork:
    return FinishedWork._make([*row[:4], date.fromisoformat(row[4]), *row[5:]])
