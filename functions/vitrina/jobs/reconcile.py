"""What the timer sets off: cells that no webhook put right, and documents that nobody needs any more.

A webhook is sent once, and may be lost on the way, while we are down, or with the task that it became.
So every open card is read again from time to time. Whatever is done here may be done twice at once.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from vitrina.operations.google_quota import book_turn
from vitrina.operations.journal import FOLLOWED, OPERATION, QUEUED
from vitrina.operations.lease import lease
from vitrina.operations.services import Services
from vitrina.records.records import PREVIEW, TOUCHED, Project, items_of
from vitrina.usecases.sync import begin_to_look, forget, sync_items, task_name

#: How often the timer calls. All calls within this time plan the same tasks.
PERIOD_S = 900.0
#: From one workbook to the next: twenty of the sixty reads that Google gives a minute.
SPREAD_S = 3.0
#: More do not fit into a period; where there are more workbooks, they take turns.
MOST_AT_ONCE = int(PERIOD_S / SPREAD_S)

PREVIEW_LIFE = timedelta(days=7)
OPERATION_LIFE = timedelta(days=30)


def plan_reconciliation(services: Services, *, everything: bool = False) -> int:
    """Queue a look at every workbook with open cards, one after the other; gives how many.

    With *everything*, also at those whose items have no cards, where people tell in the sheet what is done.
    """
    open_items = (
        item for item in items_of(services.store) if (item.card_id or everything) and not item.is_done
    )
    touched = (record.data["spreadsheet_id"] for record in services.store.find(TOUCHED))
    spreadsheet_ids = sorted({item.spreadsheet_id for item in open_items} | set(touched))
    period = int(services.clock.now().timestamp() // PERIOD_S)
    first = period * MOST_AT_ONCE % max(1, len(spreadsheet_ids))
    now_due = (spreadsheet_ids[first:] + spreadsheet_ids[:first])[:MOST_AT_ONCE]
    for place, spreadsheet_id in enumerate(now_due):
        services.queue.add(
            task_name("reconcile", spreadsheet_id, period),
            {"kind": "reconcile", "spreadsheet_id": spreadsheet_id},
            delay_s=place * SPREAD_S,
        )
    return len(now_due)


def reconcile(services: Services, project: Project, *, turn: float | None = None) -> None:
    """Write what differs between the open cards of a project and its workbook; nothing where nothing does.

    Not even the moment of the look is written: it would be a change in the client's file every quarter of
    an hour, and a write of the quota.
    """
    store, spreadsheet_id = services.store, project.spreadsheet_id
    with lease(services, spreadsheet_id) as held:
        turn = book_turn(services, instead_of=turn)
        wait_s = turn - services.clock.now().timestamp()
        if wait_s > 0:
            services.queue.add(
                task_name("reconcile", spreadsheet_id, int(turn)),
                {"kind": "reconcile", "spreadsheet_id": spreadsheet_id, "turn": turn},
                delay_s=wait_s,
            )
            return
        touched = begin_to_look(store, spreadsheet_id)
        keys = {record.key for record in touched}
        own = items_of(store, spreadsheet_id=spreadsheet_id)
        wanted = [item for item in own if item.card_id and (not item.is_done or item.card_id in keys)]
        if wanted or any(not item.is_done for item in own):
            sync_items(services, project, wanted, held, says_when=False)
        forget(store, touched)


def expire(services: Services) -> int:
    """Delete what was shown or clicked long ago; gives how many. A queued operation may still go on."""
    store, now = services.store, services.clock.now()
    old_previews = [
        record.key
        for record in store.find(PREVIEW)
        if datetime.fromisoformat(record.data["shown_at"]) < now - PREVIEW_LIFE
    ]
    old_operations = [
        record.key
        for record in store.find(OPERATION)
        if record.data["state"] != QUEUED and datetime.fromisoformat(record.data["at"]) < now - OPERATION_LIFE
    ]
    old_clicks = [
        record.key
        for record in store.find(FOLLOWED)
        if datetime.fromisoformat(record.data["at"]) < now - OPERATION_LIFE
    ]
    for key in old_previews:
        store.delete(PREVIEW, key)
    for key in old_operations:
        store.delete(OPERATION, key)
    for key in old_clicks:
        store.delete(FOLLOWED, key)
    return len(old_previews) + len(old_operations) + len(old_clicks)
