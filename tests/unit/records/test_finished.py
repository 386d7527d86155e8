"""Finished items: they are packed and unpacked, keep their numbers, and give the facts for norms."""

from __future__ import annotations

import random
from datetime import date

import pytest

from tests.unit.records.helpers import AGENCY, BOOK, action, assert_all_fit, commit, full_item, item
from vitrina.domain.estimating.norms import FinishedWork
from vitrina.errors import StoreConflictError
from vitrina.records.finished import (
    FINISHED,
    NUMBERS_EACH,
    facts_of_item,
    load_facts,
    load_finished,
    pack,
    unpack_items,
)
from vitrina.records.work import Item, ProjectWork, load_work
from vitrina.store.memory import MemoryStore


def start(store: MemoryStore, *items: Item) -> ProjectWork:
    """A project with these items in progress."""
    tracked = load_work(store, BOOK, AGENCY)
    commit(store, tracked.put(ProjectWork(BOOK, AGENCY).with_items(items)))
    return tracked.value


def move(store: MemoryStore, work: ProjectWork, items: list[Item], *, back: bool = False) -> ProjectWork:
    """Move items and commit; return the stored work."""
    after, writes = (unpack_items if back else pack)(store, work, items)
    store.commit([*writes, *load_work(store, BOOK, AGENCY).writes(after)])
    assert load_work(store, BOOK, AGENCY).value == after
    return after


def test_items_move_there_and_back() -> None:
    """An item is in one place at a time and unchanged; the ranges say which items are packed."""
    store = MemoryStore()
    items = {number: full_item(number) for number in (1, 2, 3, 5, 199, 200, 201)}
    work = start(store, *items.values(), item(4))

    work = move(store, work, [items[n] for n in (1, 2, 3, 5, 199, 200)])
    assert work.finished == ((1, 3), (5, 5), (199, 200))
    assert sorted(work.items) == [4, 201]
    assert load_finished(store, BOOK, AGENCY, range(300)) == {n: items[n] for n in (1, 2, 3, 5, 199, 200)}
    assert [one.key for one in store.find(FINISHED)] == [f"{BOOK}:0", f"{BOOK}:1"]

    work = move(store, work, [items[201]])
    work = move(store, work, list(load_finished(store, BOOK, AGENCY, [2, 5]).values()), back=True)
    assert work.finished == ((1, 1), (3, 3), (199, 201))
    assert work.items == {2: items[2], 4: item(4), 5: items[5]}
    assert sorted(load_finished(store, BOOK, AGENCY, range(300))) == [1, 3, 199, 200, 201]

    work = move(store, work, [items[n] for n in (1, 3, 199, 200, 201)], back=True)
    assert work.finished == ()
    assert work.items == {**items, 4: item(4)}
    assert store.find(FINISHED) == []


def test_moves_by_chance() -> None:
    """After many random moves no item is lost, doubled or changed."""
    seed = random.randrange(10**6)
    print("seed", seed)  # noqa: T201 - to play it again
    chance = random.Random(seed)
    store = MemoryStore()
    items = {number: full_item(number) for number in chance.sample(range(3 * NUMBERS_EACH), 60)}
    work = start(store, *items.values())
    for _ in range(25):
        some = chance.sample(sorted(items), chance.randint(1, 20))
        packed = load_finished(store, BOOK, AGENCY, some)
        assert sorted(packed) == sorted(n for n in some if work.has_finished(n))
        assert all(packed[n] == items[n] for n in packed)
        if packed and chance.random() < 0.5:
            work = move(store, work, list(packed.values()), back=True)
        else:
            work = move(store, work, [work.items[n] for n in some if n in work.items])
        found = load_finished(store, BOOK, AGENCY, items)
        assert {**found, **work.items} == items
        assert not found.keys() & work.items.keys()


def test_nothing_is_read_where_nothing_is_asked_for() -> None:
    """Without numbers the store is not read."""

    class NoStore(MemoryStore):
        get_many = None  # type: ignore[assignment]

    work = ProjectWork(BOOK, AGENCY)
    assert load_finished(NoStore(), BOOK, AGENCY, []) == {}
    assert pack(NoStore(), work, []) == (work, [])


def test_two_who_pack_at_once() -> None:
    """Of two concurrent packings the second is refused as a whole, and can be repeated."""
    store = MemoryStore()
    items = [full_item(number) for number in (1, 2)]
    work = start(store, *items)
    _, stale = pack(store, work, items[1:])
    work = move(store, work, items[:1])

    with pytest.raises(StoreConflictError):
        store.commit(stale)

    move(store, work, items[1:])
    assert load_finished(store, BOOK, AGENCY, [1, 2]) == {1: items[0], 2: items[1]}


@pytest.mark.slow
def test_long_texts_of_a_whole_range_fit() -> None:
    """Two hundred items with long texts that hardly compress fit."""
    store = MemoryStore()
    chance = random.Random(1)
    letters = "абвгдежзийклмнопрстуфхцчшщъыьэюя "
    items = [full_item(n, task="".join(chance.choices(letters, k=8000))) for n in range(NUMBERS_EACH)]
    move(store, start(store, *items), items)

    assert_all_fit(store)
    assert load_finished(store, BOOK, AGENCY, range(NUMBERS_EACH)) == {one.number: one for one in items}


# --- Facts -----------------------------------------------------------------------------------------


def test_facts_are_what_was_logged() -> None:
    """Each action with logged hours is a fact, with its promise from the start."""
    one = item(
        1,
        is_done=True,
        finished_on=date(2026, 10, 2),
        size="m",
        quantity=3.0,
        actions=[
            action(
                1,
                days=2,
                logged_hours=7.25,
                specialist_hours=5.0,
                typical_hours=4.5,
                p85_hours=11.0,
            ),
            action(2, profile="copy", logged_hours=1.0),
            action(3, profile="video"),  # nothing was logged
        ],
    )
    expected = [
        FinishedWork("Баннер", "design", 7.25, 3.0, date(2026, 10, 2), "m", 5.0, 4.5, 6.0, 11.0),
        FinishedWork("Баннер", "copy", 1.0, 3.0, date(2026, 10, 2), "m", None, None, 6.0, None),
    ]
    assert list(facts_of_item(one)) == expected

    store = MemoryStore()
    move(store, start(store, one), [one])
    assert list(load_facts(store, AGENCY)) == expected
    assert list(load_facts(store, "other")) == []


@pytest.mark.parametrize(
    "more",
    [
        {"is_done": False, "finished_on": None},  # still open
        {"work_type": ""},  # its kind is not known
        {"finished_on": None},  # the day is not known
    ],
)
def test_items_without_facts(more: dict[str, object]) -> None:
    """Such items give no fact."""
    assert list(facts_of_item(full_item(1, **more))) == []
