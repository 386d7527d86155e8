"""Notes that cards are to be read, and queues the tasks that read them."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping

from msgspec.structs import replace

from vitrina.errors import StoreConflictError
from vitrina.operations.outbox import TaskWish, task_name
from vitrina.operations.services import Services
from vitrina.ports import Json
from vitrina.records.cards import (
    SyncState,
    card_key,
    card_owner_from_document,
    put_sync,
    sync_from_document,
    sync_key,
)

#: Seconds within which webhooks of one workbook become one write.
GATHER_S = 2.0


def take_hints(services: Services, tracker: str, card_ids: Iterable[str]) -> int:
    """Store that cards of a tracker were touched and queue the tasks of their workbooks.

    The hints and the outbox entries of the tasks are stored before any call to an outside system. Returns
    the count of the ids that are ours.
    """
    keys = {card_id: card_key(tracker, card_id) for card_id in card_ids}
    if not keys:
        return 0
    found = services.store.get_many(keys.values())
    touched: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for card_id, key in keys.items():
        owner = card_owner_from_document(found.get(key))
        if owner is not None:
            touched[owner.spreadsheet_id][card_id] = owner.number
    for spreadsheet_id, numbers in touched.items():
        task = _keep_hints(services, spreadsheet_id, numbers)
        if task is not None:
            task.try_to_send(services)
    return sum(map(len, touched.values()))


def _keep_hints(services: Services, spreadsheet_id: str, numbers: Mapping[str, int]) -> TaskWish | None:
    """Store hints; return the task to queue for them, or ``None`` if a task is already waiting."""
    store, key = services.store, sync_key(spreadsheet_id)
    while True:
        state = sync_from_document(store.get_many([key]).get(key), spreadsheet_id)
        touched = state.touch(numbers, uuid.uuid4().hex[:12])
        task = None if state.is_queued else sync_task(state, GATHER_S)
        try:
            store.commit(
                [put_sync(replace(touched, is_queued=True)), *([task.put(services)] if task else [])]
            )
        except StoreConflictError:
            continue
        return task


def sync_task(state: SyncState, delay_s: float, *, slot: float | None = None) -> TaskWish:
    """Task of the next sync of a workbook. Webhooks that see the same generation share one task."""
    booked = {} if slot is None else {"slot": slot}
    body = {"kind": "sync", "spreadsheet_id": state.spreadsheet_id, **booked}
    return TaskWish(task_name("sync", state.spreadsheet_id, state.generation), body, delay_s)


def keep_look_after_storm(services: Services, tracker: str) -> int:
    """Keep that all open cards of a tracker are to be looked at when this minute is over; returns 1.

    One commit in a minute, however many webhooks come. The look begins after the end of the minute, so that
    it sees what each of them is about.
    """
    now_s = services.clock.now().timestamp()
    minute = int(now_s // 60)
    if services.known_storms.get(tracker) != minute:
        body: Json = {"kind": "after_storm", "tracker": tracker}
        wish = TaskWish(f"after-storm-{tracker}-{minute}", body, (minute + 2) * 60 - now_s)
        services.store.commit([wish.put(services)])
        services.known_storms[tracker] = minute
        wish.try_to_send(services)
    return 1
