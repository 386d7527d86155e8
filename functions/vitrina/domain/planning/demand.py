"""The items that a plan chooses from, in the order in which they are considered, and what they want together.

Explanations plan a period again and again with one item changed. What does not depend on the changed item is
counted once.
"""

from __future__ import annotations

from bisect import insort
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from functools import cached_property
from typing import overload

from msgspec.structs import replace

from vitrina.domain.backlog import BacklogItem, Priority
from vitrina.domain.planning.capacity import EPSILON_HOURS

#: An item that was passed over in so many periods is raised by one class.
PASSED_OVER_LIMIT = 3

#: Items of one class by project, each in the order of the backlog.
Queues = Mapping[str, Sequence[BacklogItem]]


def is_raised(item: BacklogItem) -> bool:
    """Whether the item is planned one class higher because it was passed over three times."""
    return item.passed_over_count >= PASSED_OVER_LIMIT


def priority_class(item: BacklogItem) -> int:
    """Class in which an item is planned, 0 for the highest."""
    return max(0, item.priority.rank - (1 if is_raised(item) else 0))


def place_in_backlog(item: BacklogItem) -> tuple[int, str, tuple[str, int]]:
    """Sort key: rank, then the earlier wanted day, then the older item."""
    return (item.rank, item.wanted_on.isoformat() if item.wanted_on else "9999", item.key)


class Demand(Sequence[BacklogItem]):
    """Items of one or more projects, in any order, including those begun before. It never changes."""

    def __init__(self, items: Iterable[BacklogItem]) -> None:
        self._items = tuple(items)

    @staticmethod
    def of(items: Iterable[BacklogItem]) -> Demand:
        """The items as a demand, themselves if they are one."""
        return items if isinstance(items, Demand) else Demand(items)

    @overload
    def __getitem__(self, place: int) -> BacklogItem: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[BacklogItem]: ...
    def __getitem__(self, place: int | slice) -> BacklogItem | Sequence[BacklogItem]:
        return self._items[place]

    def __len__(self) -> int:
        return len(self._items)

    def __iter__(self) -> Iterator[BacklogItem]:
        return iter(self._items)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Demand) and self._items == other._items

    def __hash__(self) -> int:
        return hash(tuple(item.key for item in self._items))

    @cached_property
    def keys(self) -> frozenset[tuple[str, int]]:
        """Keys of the items."""
        return frozenset(item.key for item in self._items)

    @cached_property
    def _places(self) -> Mapping[tuple[str, int], int]:
        """Index of each item in this demand, by the key of the item."""
        return {item.key: place for place, item in enumerate(self._items)}

    def find(self, key: tuple[str, int] | None) -> BacklogItem | None:
        """The item with a key."""
        place = self._places.get(key) if key is not None else None
        return None if place is None else self._items[place]

    @cached_property
    def first_rank(self) -> int:
        """The least rank of the items, 0 without items."""
        return min((item.rank for item in self._items), default=0)

    @cached_property
    def spans_hours(self) -> Mapping[str, tuple[float, float]]:
        """Bounds of the hours of an item by project; items without an estimate do not count."""
        hours: dict[str, list[float]] = {}
        for item in self._items:
            if item.hours:
                hours.setdefault(item.project, []).append(item.total_hours)
        return {project: (min(own), max(own)) for project, own in hours.items()}

    @cached_property
    def step_hours(self) -> float:
        """A quarter of an hour if all hours are multiples of it, else 0; norms give any hours."""
        quarters = (hours * 4 for item in self._items for hours in item.hours.values())
        return 0.25 if all(abs(one - round(one)) < EPSILON_HOURS for one in quarters) else 0.0

    @cached_property
    def profile_hours(self) -> Mapping[str, float]:
        """Wanted hours by profile."""
        totals: dict[str, float] = defaultdict(float)
        for item in self._items:
            for profile, hours in item.hours.items():
                totals[profile] += hours
        return dict(totals)

    @cached_property
    def wanted_days(self) -> Mapping[tuple[str, int], date]:
        """The day on which each item is wanted; see ``wanted_days``."""
        return wanted_days(self._items)

    @cached_property
    def begun(self) -> Sequence[BacklogItem]:
        """Items that were begun before, by class and place."""
        begun = (item for item in self._items if item.is_carried_over)
        return sorted(begun, key=lambda item: (priority_class(item), item.rank, item.key))

    @cached_property
    def classes(self) -> Sequence[Queues]:
        """All other items, by class from the highest."""
        classes: list[dict[str, list[BacklogItem]]] = [{} for _ in Priority]
        for item in sorted(self._items, key=place_in_backlog):
            if not item.is_carried_over:
                classes[priority_class(item)].setdefault(item.project, []).append(item)
        return classes

    def without(self, keys: Collection[object]) -> Demand:
        """The demand without the items that have one of these keys."""
        found = Demand(item for item in self._items if item.key not in keys)
        found.classes = [
            {project: [item for item in items if item.key not in keys] for project, items in queues.items()}
            for queues in self.classes
        ]
        found.keys = self.keys.difference(keys)
        found.begun = [item for item in self.begun if item.key not in keys]
        found.spans_hours = self.spans_hours
        if self.step_hours:
            found.step_hours = self.step_hours
        if not self.wanted_days:
            found.wanted_days = self.wanted_days
        return found

    def raised_after(self, periods: int) -> Demand:
        """The demand after *periods* further periods without its items: those that waited long are raised."""
        waits = PASSED_OVER_LIMIT - periods
        if not any(waits <= item.passed_over_count < PASSED_OVER_LIMIT for item in self._items):
            return self
        return self._with_same_hours(
            replace(item, passed_over_count=PASSED_OVER_LIMIT)
            if waits <= item.passed_over_count < PASSED_OVER_LIMIT
            else item
            for item in self._items
        )

    def _with_same_hours(self, items: Iterable[BacklogItem]) -> Demand:
        """A demand of *items*, which have the keys, hours, days and dependencies of the items here."""
        found = Demand(items)
        for name in ("step_hours", "profile_hours", "wanted_days", "keys", "spans_hours"):
            setattr(found, name, getattr(self, name))
        return found

    def with_other(self, new: BacklogItem) -> Demand:
        """The demand in which *new* replaces the item of the same key; both have the same hours and days."""
        place = self._places[new.key]
        old = self._items[place]
        found = self._with_same_hours((*self._items[:place], new, *self._items[place + 1 :]))
        if not new.is_carried_over:
            found.begun = self.begun
            classes = list(self.classes)
            for rank in {priority_class(old), priority_class(new)}:
                items = [one for one in classes[rank].get(new.project, ()) if one is not old]
                if rank == priority_class(new):
                    insort(items, new, key=place_in_backlog)
                classes[rank] = {**classes[rank], new.project: items}
            found.classes = classes
        return found


def wanted_days(items: Iterable[BacklogItem]) -> dict[tuple[str, int], date]:
    """The day on which each item is wanted: its own, or the day before that of an item which waits for it."""
    by_key = {item.key: item for item in items}
    days = {item.key: item.wanted_on for item in by_key.values() if item.wanted_on is not None}
    #: The items from which a day has come, so that a circle of items ends.
    above = {key: frozenset({key}) for key in days}
    waiting = sorted(days, key=lambda key: days[key], reverse=True)
    while waiting:
        key = waiting.pop()
        for number in by_key[key].depends_on:
            before, day = (key[0], number), days[key] - timedelta(days=1)
            if before in by_key and before not in above[key] and day < days.get(before, date.max):
                days[before] = day
                above[before] = above[key] | {before}
                waiting.append(before)
    return days
