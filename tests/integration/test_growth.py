"""The measurement of growth: finished work does not make a click dearer, and what is said where it does."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace

import pytest

from benchmarks.growth import (
    ACTIONS,
    CLICKS,
    MOST_DOCUMENTS,
    MOST_ROUND_TRIPS,
    NIGHT,
    STORES,
    Cost,
    Costs,
    complaints,
    run,
    table,
)
from tests.harness.counting_store import CountingStore, StoreCost, fill_store
from tests.harness.firestore import is_firestore_installed
from vitrina.errors import StoreConflictError
from vitrina.ports import ABSENT, Delete, Put
from vitrina.store.memory import MemoryStore

AGES = (0, 200)
PROJECTS = 3


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Costs]]:
    """A young and an older agency over every kind of store."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [one for one in os.environ if one.startswith("VITRINA_")]:
            patch.delenv(name)
        folder = tmp_path_factory.mktemp("growth")
        stores = [kind for kind in STORES if kind != "firestore" or is_firestore_installed()]
        yield run(patch.setenv, folder, stores=stores, ages=AGES, work_count=200, row_count=20)


@pytest.mark.parametrize("kind", STORES)
def test_finished_work_costs_no_click_anything(found: dict[str, Costs], kind: str) -> None:
    """Documents and round trips are within their limits, and the same with 200 finished items as without."""
    if kind not in found:
        pytest.skip("the Firestore emulator is not installed")
    costs = [replace(one, times=None) for one in found[kind].costs]

    assert complaints(replace(found[kind], costs=costs)) == []
    assert [(one.action, one.finished_count) for one in costs] == [
        (action, age) for action in ACTIONS for age in AGES
    ]
    assert found[kind].project_count == PROJECTS
    for one in costs:
        assert one.store.documents_read > 0, one.action
        assert one.store.documents_written > 0, one.action


def test_every_store_is_asked_the_same(found: dict[str, Costs]) -> None:
    """What an action asks does not depend on the kind of the store."""
    asked = {
        kind: [(one.action, one.finished_count, one.store) for one in costs.costs]
        for kind, costs in found.items()
    }

    assert all(one == asked["memory"] for one in asked.values())


def test_things_made_outside_are_counted(found: dict[str, Costs]) -> None:
    """Queued actions make a task, noted ones ask for their line in the journal, a push also makes cards."""
    made = {one.action: one.made_count for one in found["sqlite"].costs if one.finished_count == 0}

    assert made.pop("push") > 1
    assert made == {
        "estimate": 1,
        "build_batch": 0,
        "start_batch": 1,
        "webhook": 1,
        "refresh": 2,
        "preview_assignment": 0,
        "assign_task": 2,
        "update_load": 2,
        NIGHT: 0,
    }


# --- What is said --------------------------------------------------------------------------------------


def cost(action: str = "estimate", finished: int = 0, *, made: int = 0, **asked: int) -> Cost:
    """A cost within all limits, but for what is *asked*."""
    store = StoreCost(**{"documents_read": 10, "documents_written": 5, "round_trips": 6, **asked})
    return Cost(action, finished, store, made, ms=20.0, cpu_ms=10.0)


@pytest.mark.parametrize(
    ("spent", "words"),
    [
        (
            cost(documents_read=MOST_DOCUMENTS + PROJECTS + 1),
            "Estimate at 0 finished items: 24 documents read; 23 at most",
        ),
        (
            cost(round_trips=MOST_ROUND_TRIPS + 1),
            "Estimate at 0 finished items: 9 round trips; 8 at most",
        ),
        (
            cost("push", made=3, round_trips=MOST_ROUND_TRIPS + 7),
            "Push at 0 finished items: 15 round trips; 14 at most",
        ),
        (
            cost(NIGHT, 30_000, documents_read=1_000),
            "The night's learning at 30,000 finished items: 1,000 documents read; 999 at most",
        ),
        (
            replace(cost("refresh", 30_000), times=1.25),
            "Refresh at 30,000 finished items: 1.25 times as long as in the youngest agency; 1.2 at most",
        ),
    ],
)
def test_complaint_names_action_age_and_limit(spent: Cost, words: str) -> None:
    """One figure above its limit is one sentence."""
    assert complaints(Costs([spent], PROJECTS)) == [words]


@pytest.mark.parametrize("field", ["documents_read", "documents_written", "round_trips"])
def test_complaint_about_ages_that_differ(field: str) -> None:
    """Even within the limits."""
    costs = [cost(), cost(finished=1_000), cost(finished=30_000, **{field: 7})]

    [said] = complaints(Costs(costs, PROJECTS))

    assert said.startswith(
        "Estimate has to cost the same at every age: 10 read, 5 written, 6 round trips at 0;"
    )
    assert said.endswith(" at 30,000")


def test_nothing_is_said_of_what_is_allowed() -> None:
    """At the limits, of a night that reads more, and of an age in the middle that is slow by chance."""
    costs = [
        cost("push", made=2, round_trips=12, documents_read=23),
        cost(NIGHT, 0, documents_read=110),
        cost(NIGHT, 30_000, documents_read=300, round_trips=20),
        replace(cost("refresh", 1_000), times=1.3),
        replace(cost("refresh", 30_000), times=1.2),
    ]

    assert complaints(Costs(costs, PROJECTS)) == []


def test_table_has_a_line_for_each_cost() -> None:
    """Times are compared where there is something to compare with."""
    costs = [cost("webhook", documents_read=1_234), replace(cost("webhook", 1_000), times=1.05)]

    assert table(Costs(costs, PROJECTS)) == [
        (CLICKS["webhook"], "0", "1,234", "5", "6", "0", "20", "10", ""),
        (CLICKS["webhook"], "1,000", "10", "5", "6", "0", "20", "10", "1.05"),
    ]


# --- Counting ------------------------------------------------------------------------------------------


def test_absent_documents_are_read_as_well() -> None:
    """Keys that are not there and queries without an answer are billed; a key that is asked twice is not."""
    store = CountingStore(MemoryStore())
    store.commit([Put("thing", "a", {}), Put("thing", "b", {})])
    store.forget()

    store.get_many([("thing", "a"), ("thing", "c"), ("thing", "a")])
    assert store.cost == StoreCost(documents_read=2, round_trips=1)

    store.find("thing")
    store.find("other")
    assert store.cost == StoreCost(documents_read=5, round_trips=3)


def test_refused_commits_are_round_trips() -> None:
    """Deleting is writing."""
    store = CountingStore(MemoryStore())
    store.commit([Put("thing", "a", {"n": 1}), Put("thing", "b", {})])
    with pytest.raises(StoreConflictError):
        store.commit([Put("thing", "a", {"n": 2}, ABSENT)])
    store.commit([Delete("thing", "b")])

    assert store.cost == StoreCost(documents_written=4, round_trips=3)


def test_documents_are_copied_to_another_store() -> None:
    """All that are still there; copying is not counted where they come from."""
    store = CountingStore(MemoryStore())
    store.commit([Put("thing", str(number), {"n": number}) for number in range(250)])
    store.commit([Delete("thing", "7")])
    store.forget()

    other = MemoryStore()
    fill_store(other, store.documents())

    assert store.cost == StoreCost()
    assert sorted(one.data["n"] for one in other.find("thing")) == [*range(7), *range(8, 250)]
