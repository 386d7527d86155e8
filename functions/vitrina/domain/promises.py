"""Days that clients were told. A later plan never moves them by itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date

from vitrina.domain.planning.schedule import ItemKey, Schedule


@dataclass(frozen=True)
class PromiseMove:
    """A promise that was given anew: the day that was told before, and why it could not stay."""

    was_on: date
    reason: str


@dataclass(frozen=True)
class Promise:
    """The day by which an item is promised, with all that it was moved from."""

    item: ItemKey
    due_on: date
    moves: tuple[PromiseMove, ...] = ()

    def again(self, due_on: date, *, reason: str) -> Promise:
        """The promise of another day.

        Raises
        ------
        ValueError
            Without a reason: a promised day moves for one that can be told.
        """
        if not reason.strip():
            raise ValueError("Must have a reason.")
        return replace(self, due_on=due_on, moves=(*self.moves, PromiseMove(self.due_on, reason.strip())))


@dataclass(frozen=True)
class EndangeredPromise:
    """A promise that the plan does not keep. It stands until somebody gives it anew."""

    promise: Promise
    expected_on: date


def keep(promises: Mapping[ItemKey, Promise], schedule: Schedule) -> dict[ItemKey, Promise]:
    """All promises, with new ones for the items of *schedule* that had none; those that stand stay."""
    new = {
        one.item.key: Promise(one.item.key, one.due_on)
        for one in schedule.items
        if one.item.key not in promises
    }
    return {**promises, **new}


def endangered(promises: Iterable[Promise], schedule: Schedule) -> tuple[EndangeredPromise, ...]:
    """Promises whose items end later than promised, in the order of the promised days."""
    ends = {one.item.key: one.due_on for one in schedule.items}
    late = [
        EndangeredPromise(promise, ends[promise.item])
        for promise in promises
        if promise.item in ends and ends[promise.item] > promise.due_on
    ]
    return tuple(sorted(late, key=lambda one: (one.promise.due_on, one.promise.item)))
