"""Timer job: compares open cards with the sheets, for changes whose webhook was lost.

A webhook is sent once. It may be lost on the way, while we are down, or with the task that it became. So
every open card is read again from time to time, and every workbook is looked at once a night. All of this may
run twice at the same time.
"""

from __future__ import annotations

from vitrina.jobs.sync_touched import look_at_cards, touched_items
from vitrina.operations.outbox import fulfilled, task_name
from vitrina.operations.services import Services
from vitrina.ports import Json
from vitrina.project.snapshot import Snapshot
from vitrina.records.books import book_key, project_from_document
from vitrina.records.cards import SyncState, find_touched
from vitrina.records.work import Item, find_workbooks_to_look_at

#: Period of the timer, in seconds. All calls within one period plan the same tasks.
PERIOD_S = 900.0
#: Seconds between two workbooks: this uses twenty of the sixty reads that Google allows in a minute.
SPREAD_S = 3.0
#: Most workbooks of a period, beside those of which webhooks spoke; if there are more, they take turns. An
#: agency with 50 clients is looked at within an hour, which leaves the larger part of Firestore's free quota.
MOST_AT_ONCE = 12
#: Hours in which workbooks take turns. In the others there are webhooks and the nightly look.
TURN_HOURS = range(7, 22)
#: Most workbooks of a night: so many fit into a period.
MOST_AT_NIGHT = int(PERIOD_S / SPREAD_S)


def plan_reconciliation(services: Services, *, is_nightly: bool = False) -> int:
    """Queue a check of workbooks with open cards, spread over time; return the count.

    The nightly one includes workbooks without cards, as there people mark in the sheet what is done, and
    draws the calendars anew.
    """
    touched = sorted(state.spreadsheet_id for state in find_touched(services.store))
    open_ones: list[str] = []
    if is_nightly or services.clock.now().astimezone(services.time_zone).hour in TURN_HOURS:
        open_ones = find_workbooks_to_look_at(services.store, without_cards=is_nightly)
    others = sorted({*open_ones} - {*touched})
    period, most = int(services.clock.now().timestamp() // PERIOD_S), MOST_AT_ONCE
    body: Json = {"kind": "reconcile"}
    if is_nightly:
        most, body = MOST_AT_NIGHT, {**body, "is_nightly": True}
    first = period * most % max(1, len(others))
    now_due = [*touched, *(others[first:] + others[:first])[:most]]
    for place, spreadsheet_id in enumerate(now_due):
        services.queue.add(
            task_name("reconcile", spreadsheet_id, period),
            {**body, "spreadsheet_id": spreadsheet_id},
            delay_s=place * SPREAD_S,
        )
    return len(now_due)


def look_after_storm(services: Services, body: Json) -> None:
    """Queue a check of each workbook with open cards in a tracker, spread over time."""
    books = find_workbooks_to_look_at(services.store, without_cards=False)
    projects = services.store.get_many(map(book_key, books))
    own = sorted(
        one.key for one in projects.values() if project_from_document(one).tracker == body["tracker"]
    )
    moment = int(services.clock.now().timestamp())
    for place, spreadsheet_id in enumerate(own):
        services.queue.add(
            task_name("reconcile", spreadsheet_id, moment),
            {"kind": "reconcile", "spreadsheet_id": spreadsheet_id},
            delay_s=place * SPREAD_S,
        )
    services.store.commit(fulfilled(body))


def reconcile(services: Services, body: Json) -> None:
    """Read the open cards of a project and write the differences into its workbook.

    Without differences nothing is written, not even the time of the check: that would change the client's
    file every quarter of an hour and use up write quota.
    """

    def open_items(snapshot: Snapshot, state: SyncState) -> list[Item]:
        unfinished = [item for item in snapshot.items.values() if item.card_id and not item.is_done]
        # The check takes the hints away, so their cards are read too, whatever became of their own task.
        chosen = {item.number: item for item in [*unfinished, *touched_items(snapshot, state)]}
        return list(chosen.values())

    look_at_cards(services, body, open_items, says_when=False, draws=body.get("is_nightly", False))
