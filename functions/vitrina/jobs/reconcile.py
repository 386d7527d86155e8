"""What the timer sets off for cells that no webhook put right.

A webhook is sent once, and may be lost on the way, while we are down, or with the task that it became. So
every open card is read again from time to time. Whatever is done here may be done twice at once.
"""

from __future__ import annotations

from vitrina.jobs.sync_touched import look_at_cards, task_name
from vitrina.operations.services import Services
from vitrina.ports import Json
from vitrina.project.snapshot import Snapshot
from vitrina.records.cards import SyncState, find_touched
from vitrina.records.work import Item, find_workbooks_to_look_at

#: How often the timer calls. All calls within this time plan the same tasks.
PERIOD_S = 900.0
#: From one workbook to the next: twenty of the sixty reads that Google gives a minute.
SPREAD_S = 3.0
#: More do not fit into a period; where there are more workbooks, they take turns.
MOST_AT_ONCE = int(PERIOD_S / SPREAD_S)


def plan_reconciliation(services: Services, *, everything: bool = False) -> int:
    """Queue a look at every workbook with open cards, one after the other; gives how many.

    With *everything*, also at those whose items have no cards, where people tell in the sheet what is done.
    """
    touched = {state.spreadsheet_id for state in find_touched(services.store)}
    open_ones = find_workbooks_to_look_at(services.store, without_cards=everything)
    spreadsheet_ids = sorted({*open_ones, *touched})
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


def reconcile(services: Services, body: Json) -> None:
    """Write what differs between the open cards of a project and its workbook; nothing where nothing does.

    Not even the moment of the look is written: it would be a change in the client's file every quarter of
    an hour, and a write of the quota.
    """

    def open_items(snapshot: Snapshot, state: SyncState) -> list[Item]:
        touched = set(state.touched.values())
        return [
            item
            for item in snapshot.items.values()
            if item.card_id and (not item.is_done or item.number in touched)
        ]

    look_at_cards(services, body, open_items, says_when=False)
