"""The history: imported work, each piece once, together with logged work."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tests.unit.records.helpers import AGENCY, BOOK, assert_all_fit, commit, document, full_item, item
from vitrina.domain.estimating.norms import FinishedWork
from vitrina.ports import Put
from vitrina.records.finished import facts_of_item, pack
from vitrina.records.history import HISTORY, WORKS_EACH, load_history, save_history
from vitrina.records.packing import Packed, packed_writes, unpack
from vitrina.records.work import ProjectWork, find_all_work, load_work
from vitrina.store.memory import MemoryStore

FULL = FinishedWork("Баннер", "design", 7.25, 3.0, date(2026, 10, 2), "m", 5.0, 4.5, 6.0, 11.0)


def works(count: int, *, source: str = "file", hours: float = 1.0, first: int = 2) -> dict[str, FinishedWork]:
    """Works as an import names them: by the file and the number of the row."""
    day = date(2020, 1, 1)
    return {
        f"{source}-{n}": FinishedWork("Баннер", "design", hours, n, day + timedelta(days=n % 900))
        for n in range(first, first + count)
    }


def load(store: MemoryStore, agency_id: str = AGENCY) -> list[FinishedWork]:
    """All finished work of an agency, with that of its projects."""
    works = [tracked.value for tracked in find_all_work(store, agency_id).values()]
    return load_history(store, agency_id, works)


def quantities(store: MemoryStore) -> list[float]:
    """Quantities of all works, by which the tests distinguish them."""
    return sorted(work.quantity for work in load(store))


def test_works_come_back() -> None:
    """Works are read back with every field."""
    store = MemoryStore()
    save_history(store, AGENCY, {"a-1": FULL, "a-2": FULL._replace(size="", p85_hours=None)})

    assert load(store) == [FULL, FULL._replace(size="", p85_hours=None)]
    assert load(store, "other") == []


def test_saved_twice_is_saved_once() -> None:
    """A second import of the same file replaces the first."""
    store = MemoryStore()
    save_history(store, AGENCY, works(2500))
    save_history(store, AGENCY, works(2500, hours=2.0))

    found = load(store)
    assert len(found) == 2500
    assert {work.hours for work in found} == {2.0}
    assert len(store.find(HISTORY)) == 3
    assert_all_fit(store)


@pytest.mark.parametrize("second", [range(2, 5000), range(2, 5000, 3), range(700, 9000), range(4990, 5010)])
def test_a_file_with_more_or_fewer_rows(second: range) -> None:
    """After an import with more or fewer rows no work counts twice."""
    store = MemoryStore()
    first = range(2, 5000, 2)
    for rows in (first, second):
        save_history(store, AGENCY, {f"file-{n}": FULL._replace(quantity=float(n)) for n in rows})

    assert quantities(store) == sorted({*first, *second})


def test_files_and_agencies_are_apart() -> None:
    """Rows with equal numbers in two files with any names, and in two agencies, are different."""
    store = MemoryStore()
    for source in ("a", "a-1", "б/в:г", ""):
        save_history(store, AGENCY, works(10, source=source))
    save_history(store, "other", works(10))
    save_history(store, AGENCY, {"without number": FULL, "x-y": FULL})

    assert len(load(store)) == 42
    assert len(load(store, "other")) == 10


@pytest.mark.slow
def test_a_large_import_fits() -> None:
    """Sixty thousand works are stored in documents far below the limit."""
    store = MemoryStore()
    save_history(store, AGENCY, works(60_000))

    assert_all_fit(store, at_most=200_000)
    assert len(store.find(HISTORY)) == 60_000 // WORKS_EACH + 1
    assert len(load(store)) == 60_000


def test_finished_items_are_history() -> None:
    """Packed items and those of the last weeks are in the history, each fact once."""
    store = MemoryStore()
    tracked = load_work(store, BOOK, AGENCY)
    old, recent = full_item(1), full_item(2, work_type="Лендинг")
    commit(store, tracked.put(ProjectWork(BOOK, AGENCY).with_items([old, recent, item(3)])))
    save_history(store, AGENCY, {"a-1": FULL})
    logged = [*facts_of_item(old), *facts_of_item(recent)]
    assert [fact.hours for fact in logged] == [5.5, 5.5]

    assert sorted(load(store)) == sorted([FULL, *logged])
    after, writes = pack(store, tracked.value, [old])
    store.commit([*writes, *tracked.writes(after)])
    assert sorted(load(store)) == sorted([FULL, *logged])


def test_rows_of_a_later_release() -> None:
    """An additional value at the end of a row, and fields beside the payload, do no harm."""
    store = MemoryStore()
    save_history(store, AGENCY, {"a-1": FULL})
    [head] = store.find(HISTORY)
    [packed] = unpack(store, [head])
    rows = {name: [*row, "later"] for name, row in packed.payload.items()}
    store.commit(packed_writes(Packed(head.kind, head.key, head.version, None), rows, agency_id=AGENCY))
    now = document(store, (head.kind, head.key))
    assert now is not None
    store.commit([Put(head.kind, head.key, {**now.data, "later": 1})])

    assert load(store) == [FULL]
