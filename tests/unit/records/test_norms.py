"""Stored norms and titles: they are read back and stay small."""

from __future__ import annotations

import random

import pytest

from tests.unit.records.helpers import AGENCY, assert_all_fit, commit, document
from vitrina.domain.estimating.norms import EffortNorm, NormCell, Norms, NormSource, PastError
from vitrina.records.norms import (
    MOST_TITLES,
    KeptNorms,
    norms_key,
    titles_key,
    tracked_norms,
    tracked_titles,
    with_titles,
)
from vitrina.records.packing import Tracked
from vitrina.store.memory import MemoryStore


def load(store: MemoryStore) -> Tracked[KeptNorms]:
    """The norms of the agency."""
    return tracked_norms(store, document(store, norms_key(AGENCY)), AGENCY)


def load_titles(store: MemoryStore) -> Tracked[tuple[tuple[str, str], ...]]:
    """The titles of the agency."""
    return tracked_titles(store, document(store, titles_key(AGENCY)), AGENCY)


def test_norms_come_back() -> None:
    """Groups, errors, ratios, units and shown figures are stored."""
    cells = [
        EffortNorm("Баннер", "design", 3.15, 12, 0.7, 2.9, "m"),
        EffortNorm("Баннер", "design", 4.0, 0, 0.0, 4.0, "", NormSource.PINNED, 3.5),
        EffortNorm("Лендинг", "copy", 8.0, 1, 0.0, 8.0, "", NormSource.START),
    ]
    kept = KeptNorms(
        Norms(
            {norm.cell: norm for norm in cells},
            {"type": (PastError(1.5, 2.125), PastError(3.0, 0.5)), "size": ()},
            {"": 1.1, "design": 0.93},
        ),
        units={"баннер": "шт"},
        shown={NormCell("баннер", "", "design"): (3.1, 3.2), NormCell("баннер", "m", "design"): (1.0,)},
    )
    store = MemoryStore()
    commit(store, load(store).put(kept))

    assert load(store).value == kept
    source = load(store).value.norms.cells[NormCell("баннер", "m", "design")].source
    assert source is NormSource.FACTS


def test_norms_that_were_never_learned_are_empty() -> None:
    """An agency without norms has empty ones, and nothing is written."""
    store = MemoryStore()
    assert load(store).value == KeptNorms(Norms())
    commit(store, load(store).put(KeptNorms(Norms())))

    assert store.find("norms") == []


@pytest.mark.slow
def test_large_norms_fit() -> None:
    """Two thousand work types in six sizes, with the errors of 30,000 finished tasks, fit."""
    chance = random.Random(1)
    cells = {}
    for number in range(2000):
        for size in ("", "xs", "s", "m", "l", "xl"):
            norm = EffortNorm(
                f"Вид работ {number}",
                "design",
                chance.random(),
                number,
                chance.random(),
                chance.random(),
                size,
            )
            cells[norm.cell] = norm
    errors = {
        basis: tuple(PastError(round(chance.random(), 3), round(chance.random(), 3)) for _ in range(10_000))
        for basis in ("type", "size", "specialist")
    }
    kept = KeptNorms(Norms(cells, errors), shown={cell: (chance.random(),) for cell in cells})
    store = MemoryStore()
    commit(store, load(store).put(kept))

    assert_all_fit(store)
    assert load(store).value == kept


def test_titles_come_back() -> None:
    """Titles keep their order; repeated ones are stored once, and the oldest are dropped."""
    store = MemoryStore()
    titles = load_titles(store)
    assert titles.value == ()
    commit(
        store, titles.change(lambda known: with_titles(known, [("баннер", "А"), ("", "Б"), ("сайт", "А")]))
    )
    commit(
        store, load_titles(store).change(lambda known: with_titles(known, [("сайт", "В"), ("баннер", "А")]))
    )
    assert load_titles(store).value == (("баннер", "А"), ("сайт", "А"), ("сайт", "В"))

    commit(store, titles.put(with_titles((), ((f"вид {n}", f"Задача {n} " * 20) for n in range(5000)))))
    assert len(load_titles(store).value) == MOST_TITLES
    assert load_titles(store).value[-1][0] == "вид 4999"
    assert_all_fit(store)


def test_titles_of_two_starts_at_once() -> None:
    """The titles of two concurrent starts are both stored."""
    store = MemoryStore()
    mine, theirs = load_titles(store), load_titles(store)
    change = mine.change(lambda known: with_titles(known, [("сайт", "моя")]))
    commit(store, theirs.change(lambda known: with_titles(known, [("сайт", "чужая")])))
    commit(store, change)

    assert load_titles(store).value == (("сайт", "чужая"), ("сайт", "моя"))
