"""The stored state of a backlog: figures, notes, and periods that passed items over."""

from __future__ import annotations

import hashlib
import random
from datetime import date

from tests.unit.records.helpers import BOOK, assert_all_fit, commit, document
from vitrina.records.backlog_state import MOST_NOTES, BacklogState, backlog_state_key, tracked_backlog_state
from vitrina.records.packing import Tracked
from vitrina.store.memory import MemoryStore

MONDAY, NEXT = date(2026, 11, 23), date(2026, 11, 30)


def load(store: MemoryStore) -> Tracked[BacklogState]:
    """The state of the workbook."""
    return tracked_backlog_state(store, document(store, backlog_state_key(BOOK)), BOOK)


def test_state_comes_back() -> None:
    """The state is read back with numbers and days of the right types."""
    state = BacklogState(
        {7: {"design": [3.5], "copy": [1.0, 1.2]}, 12: {}},
        ("a1", "b2"),
        {7: (MONDAY, NEXT), 9: (NEXT,)},
    )
    store = MemoryStore()
    commit(store, load(store).put(state))

    assert load(store).value == state
    assert load(MemoryStore()).value == BacklogState()


def test_only_the_latest_notes_are_kept() -> None:
    """Only the newest hashes of notes are stored; older notes count as a person's."""
    store = MemoryStore()
    hashes = tuple(f"{number}" for number in range(MOST_NOTES + 10))
    commit(store, load(store).put(BacklogState(note_hashes=hashes)))

    assert load(store).value.note_hashes == hashes[10:]


def test_figures_of_ten_thousand_rows_fit() -> None:
    """Figures of ten thousand rows with five profiles, and all stored notes, fit."""
    chance = random.Random(1)
    profiles = ("design", "copy", "video", "dev", "media")
    state = BacklogState(
        {
            number: {
                name: [round(chance.uniform(0.1, 99.0), 1) for _ in range(1 + (number % 3 == 0))]
                for name in profiles
            }
            for number in range(10_000)
        },
        tuple(hashlib.sha256(f"{number}".encode()).hexdigest()[:16] for number in range(MOST_NOTES)),
        dict.fromkeys(range(10000), (MONDAY, NEXT)),
    )
    store = MemoryStore()
    commit(store, load(store).put(state))

    assert_all_fit(store)
    assert load(store).value == state


def test_an_estimate_and_a_start_at_once() -> None:
    """A concurrent estimate and start each change their part of the newest state."""
    store = MemoryStore()
    estimate, start = load(store), load(store)
    figures = estimate.change(
        lambda state: BacklogState({1: {"design": [2.0]}}, state.note_hashes, state.passed_over)
    )
    commit(
        store,
        start.change(
            lambda state: BacklogState(
                state.figures, state.note_hashes, state.passed_over_in(MONDAY, [1], known=[1])
            )
        ),
    )
    commit(store, figures)

    assert load(store).value == BacklogState({1: {"design": [2.0]}}, (), {1: (MONDAY,)})


def test_periods_are_counted_once() -> None:
    """A period counts once for each item left out; counts of unknown items are dropped."""
    state = BacklogState(passed_over={1: (MONDAY,), 2: (MONDAY,), 3: (MONDAY,)})

    assert state.passed_over_in(MONDAY, [1, 4], known=[1, 2]) == {1: (MONDAY,), 2: (MONDAY,), 4: (MONDAY,)}
    assert state.passed_over_in(NEXT, [1], known=[1]) == {1: (MONDAY, NEXT)}
