"""Job set off by webhooks: reads the touched cards and updates the sheet.

A webhook is only a hint: the card is read again and its current state is written. Many webhooks of a
workbook become one task, and the tasks of many workbooks are spread over the slots of Google's quota.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable

from msgspec.structs import replace

from vitrina.operations.actor import CLOCK
from vitrina.operations.clicks.access import agency_keys, agency_of_book
from vitrina.operations.google_quota import MINUTE_S, QUOTA_KEY, SlotBooking
from vitrina.operations.journal import refresh_wish
from vitrina.operations.outbox import TaskWish, fulfil, task_name
from vitrina.operations.page_drawing import page_wishes
from vitrina.operations.run import Run, ending
from vitrina.operations.services import Services
from vitrina.ports import Document, Json, Store, Write
from vitrina.project.snapshot import Snapshot, load_packed, read_snapshot
from vitrina.records.cards import SyncChange, SyncState, find_touched, sync_from_document, sync_key
from vitrina.records.work import Item
from vitrina.usecases.tracker.hints import GATHER_S, sync_task
from vitrina.usecases.tracker.refresh import write_card_states

log = logging.getLogger("vitrina.sync")

#: Seconds in which changes at the tracker become one drawing of the agency's load.
DRAW_S = 900.0
#: The same as ``GATHER_S`` while many workbooks wait for their slot.
MOST_GATHERED_S = 10.0


def sync_touched(services: Services, body: Json) -> None:
    """Write the state of the touched cards now, or queue the task for its slot of the quota."""
    look_at_cards(services, body, touched_items, says_when=True)


def touched_items(snapshot: Snapshot, state: SyncState) -> list[Item]:
    """Items whose cards were touched, packed ones included: one round trip if there are any of those."""
    found = {number: snapshot.items.get(number) for number in state.touched.values()}
    work, project = snapshot.stored.work.value, snapshot.project
    packed = [number for number, item in found.items() if item is None and work.has_finished(number)]
    finished = load_packed(snapshot.services.store, project, packed)
    return [item for item in [*found.values(), *finished.values()] if item is not None and item.card_id]


def look_at_cards(
    services: Services,
    body: Json,
    choose: Callable[[Snapshot, SyncState], list[Item]],
    *,
    says_when: bool,
    draws: bool = False,
) -> None:
    """Read some cards and write the differences into the sheet, in a slot of Google's quota.

    If the slot has not come yet, the task is queued again for it. Cards that are touched meanwhile are left
    for the next task.

    Parameters
    ----------
    body
        Body of the task: ``kind``, ``spreadsheet_id`` and, once it was booked, ``slot``.
    choose
        Returns the items whose cards are to be read.
    says_when
        Whether the time of the update is written even if nothing differs.
    draws
        Whether the calendar is drawn even if nothing of this client differs: the work of the other clients
        is read for it, a document for each.
    """
    spreadsheet_id = body["spreadsheet_id"]
    key = sync_key(spreadsheet_id)
    found = services.store.get_many([key, QUOTA_KEY, *agency_keys(services, spreadsheet_id)])
    state = sync_from_document(found.get(key), spreadsheet_id)
    run = Run(services, CLOCK, agency_id=agency_of_book(services, spreadsheet_id, found))
    slot = _SlotOfTask(run, found.get(QUOTA_KEY), state, body)
    slot.writes()
    if slot.has_come:
        run.take(spreadsheet_id, updates=[slot])
    else:
        run.commit(updates=[slot])
    if slot.task is not None:
        # Others may have booked meanwhile, so this task got a later slot.
        run.end()
        slot.task.send(services)
        return
    read = slot.state
    drawings: list[TaskWish] = []
    with ending(run):
        if not run.holds(spreadsheet_id):
            # The slot came while it was booked.
            run.take(spreadsheet_id)
        snapshot = read_snapshot(run, spreadsheet_id, with_agency_work=draws, for_planning=draws)
        items = choose(snapshot, read)
        if items or any(not item.is_done for item in snapshot.items.values()):
            answer = write_card_states(run, snapshot, items, says_when=says_when)
            agency_id = snapshot.agency.spreadsheet_id
            if answer.data.get("moved_hours"):
                drawings.append(refresh_wish(services, agency_id, draws=True, gather_s=DRAW_S))
            if answer.data.get("changed_rows"):
                drawings += page_wishes(services, spreadsheet_id, agency_id)
            run.at_end(*(one.put(services) for one in drawings))
        run.at_end(updates=[SyncChange(read, lambda now: now.without(read))])
    for one in drawings:
        one.try_to_send(services)


class _SlotOfTask:
    """Books a slot for a task. If the slot has come, the sync begins; otherwise the task is queued for it."""

    def __init__(self, run: Run, quota: Document | None, state: SyncState, body: Json) -> None:
        self._services = services = run.services
        self._body = body
        slot = body.get("slot", body.get("turn"))
        is_first_look = body["kind"] == "sync" and slot is None
        gathering_s = _more_gathering_s(services) if is_first_look else 0.0
        self._booking = SlotBooking(
            services, quota, agency_id=run.agency_id, delay_s=gathering_s, instead_of=slot
        )
        self._sync = SyncChange(state, self._next_state)
        self.keys = (*self._booking.keys, *self._sync.keys)
        #: The task that waits for the slot, ``None`` if the slot has come.
        self.task: TaskWish | None = None

    @property
    def has_come(self) -> bool:
        """Whether the slot of the latest booking has come."""
        return self._booking.wait_s <= 0

    @property
    def state(self) -> SyncState:
        """The state of the sync as it was last read or written."""
        return self._sync.state

    def writes(self) -> list[Write]:
        """See ``Update``."""
        booked = self._booking.writes()
        self.task = None if self.has_come else self._waiting_task()
        writes = [*booked, *self._sync.writes()]
        if self.task is not None:
            writes.append(self.task.put(self._services))
        if self._body.get("wish") and (self.task is None or self.task.name != self._body["wish"]):
            writes.append(fulfil(self._body["wish"]))
        return writes

    def reload(self, store: Store) -> None:
        """See ``Update``."""
        self._booking.reload(store)
        self._sync.reload(store)

    def committed(self, version: int) -> None:
        """See ``Update``."""
        self._booking.committed(version)
        self._sync.committed(version)

    def _next_state(self, now: SyncState) -> SyncState:
        """The next state: once a sync begins, the next webhook has to queue a task; while it waits, not."""
        is_sync = self._body["kind"] == "sync"
        if self.has_come and not is_sync and not now.is_queued and not now.touched:
            # A check that takes no hints away.
            return now
        if self.has_come:
            return replace(now, generation=now.generation + 1, is_queued=False)
        return replace(now, generation=now.generation + 1, is_queued=True) if is_sync else now

    def _waiting_task(self) -> TaskWish:
        slot, wait_s = self._booking.moments[0], self._booking.wait_s
        if self._body["kind"] == "sync":
            return sync_task(replace(self.state, generation=self.state.generation + 1), wait_s, slot=slot)
        spreadsheet_id = self._body["spreadsheet_id"]
        name = task_name(self._body["kind"], spreadsheet_id, int(slot))
        return TaskWish(name, {**self._body, "slot": slot}, wait_s)


def _more_gathering_s(services: Services) -> float:
    """Seconds to gather webhooks beyond ``GATHER_S``: the more workbooks wait, the longer.

    The quota allows each waiting workbook one write in a certain time. A write before that would only have
    to be repeated.
    """
    each_s = MINUTE_S / services.quota_per_minute
    # No more are counted than make a difference.
    waiting = find_touched(services.store, limit=math.ceil(MOST_GATHERED_S / each_s))
    fair_s = min(len(waiting) * each_s, MOST_GATHERED_S)
    return max(0.0, fair_s - GATHER_S)
