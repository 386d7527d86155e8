"""Shared by the tests of records: example values, and commits without a run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Protocol

from vitrina.errors import StoreConflictError
from vitrina.ports import MOST_BYTES, Document, Key, Store, Write, new_token
from vitrina.records.work import Allowance, Item, ItemAction
from vitrina.store.memory import MemoryStore

AGENCY = "agency"
BOOK = "book-1"
TODAY = date(2026, 11, 25)


class Update(Protocol):
    """The protocol of ``operations.run``, which records do not import."""

    @property
    def keys(self) -> tuple[Key, ...]:
        """See ``operations.run.Update``."""

    def writes(self) -> Sequence[Write]:
        """See ``operations.run.Update``."""

    def reload(self, store: Store) -> None:
        """See ``operations.run.Update``."""

    def committed(self, version: int) -> None:
        """See ``operations.run.Update``."""


def commit(store: Store, *updates: Update) -> None:
    """Commit updates as a run does: updates of changed documents are reloaded and repeated."""
    while True:
        token = new_token()
        try:
            store.commit([write for one in updates for write in one.writes()], token=token)
        except StoreConflictError as error:
            stale = [one for one in updates if error.keys & set(one.keys)]
            assert stale
            for one in stale:
                one.reload(store)
        else:
            for one in updates:
                one.committed(token)
            return


def document(store: Store, key: Key) -> Document | None:
    """The current document."""
    return store.get_many([key]).get(key)


def sizes(store: MemoryStore) -> dict[Key, int]:
    """Bytes of each document."""
    return {(kind, key): len(text) + len(key.encode()) for (kind, key), (_, text) in store._documents.items()}


def assert_all_fit(store: MemoryStore, *, at_most: int = MOST_BYTES) -> None:
    """No document is larger than the limit of Firestore."""
    assert sizes(store)
    assert max(sizes(store).values()) <= at_most


def item(number: int, *, spreadsheet_id: str = BOOK, actions: Iterable[ItemAction] = (), **more: Any) -> Item:
    """An item in progress."""
    values: dict[str, Any] = {
        "code": f"ЗРН-{number}",
        "task": f"Задача {number}",
        "result": "Готово",
        "priority": "normal",
        "work_type": "Баннер",
        "quantity": 1.0,
        **more,
    }
    return Item(spreadsheet_id, AGENCY, number, actions=tuple(actions) or (action(1),), **values)


def action(row_number: int, *, days: int = 2, first: date = TODAY, **more: Any) -> ItemAction:
    """An action with three hours on each of *days* days."""
    day_hours = {first + timedelta(days=n): 3.0 for n in range(days)}
    values: dict[str, Any] = {
        "profile": "design",
        "specialist": "Анна",
        "hours": 3.0 * days,
        "day_hours": day_hours,
        **more,
    }
    return ItemAction(row_number, **values)


def full_item(number: int, **more: Any) -> Item:
    """An item in which no field has its default value."""
    actions = (
        action(
            1,
            is_done=True,
            specialist_hours=4.0,
            typical_hours=3.5,
            p85_hours=9.25,
            logged_hours=5.5,
            is_ticked=True,
            carried_hours=1.5,
            was_done_before=True,
            step_id="771",
            agreed={"due_on": "2026-11-25", "person": "11"},
        ),
        action(2, profile="copy", specialist="Борис", days=0, hours=1.5),
    )
    values: dict[str, Any] = {
        "is_reserved": False,
        "is_done": True,
        "card_id": "77",
        "fence": "f-3",
        "size": "m",
        "finished_on": date(2026, 11, 20),
        "is_card_wanted": True,
        "card_lost_at": datetime(2026, 11, 19, 10, 30, 5, 250, tzinfo=UTC),
        "step_ids": ("771", "772"),
        "card_tracker": "asana",
        "switch_count": 2,
        "first_status": "in_work",
        "assigned_by": "preview-1",
        "template_task": "сайт#1",
        "is_shown": True,
        "after": (3, 4),
        "moved_days": {9: {TODAY: 2.0}},
        "taken_on": date(2026, 11, 16),
        "allowance": Allowance("boss@agency.example", date(2026, 11, 18), {"Анна": 2.5}, 4.0, 1.5),
        "agreed": {"hours": 7.5},
        "quantity": 2.5,
        **more,
    }
    return item(number, actions=actions, **values)
