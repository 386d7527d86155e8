"""Nightly job of every agency: packs finished work, learns norms, and revives webhooks that died."""

from __future__ import annotations

import contextlib
import logging
from datetime import datetime

from vitrina.errors import ServiceError, StoreConflictError, UserError
from vitrina.jobs.accounting.month_end import month_end_task
from vitrina.jobs.metrics.draw_sales import sales_task
from vitrina.jobs.renew_protection import protection_task
from vitrina.operations.actor import CLOCK
from vitrina.operations.google_quota import QUOTA_KEY, SlotBooking
from vitrina.operations.outbox import TaskWish, fulfilled, task_name
from vitrina.operations.run import Run, Writes, ending
from vitrina.operations.services import Services
from vitrina.ports import Json, Key, Put
from vitrina.records.books import find_agencies, find_projects
from vitrina.records.finished import pack
from vitrina.records.work import find_all_work
from vitrina.usecases.agency.recalculate_norms import recalculate_norms

log = logging.getLogger("vitrina.nightly")

#: Kind of the documents that hold the day for which an agency's nightly job was last planned.
NIGHT = "night"

#: Hours of the day when nobody works. More than one, because the timer may be down for a while.
NIGHT_HOURS = range(2, 6)


def is_night(services: Services) -> bool:
    """Whether it is night in the time zone of the agencies."""
    return _local(services).hour in NIGHT_HOURS


def plan_nights(services: Services) -> int:
    """Queue the nightly jobs of every agency that has none for today; return the count of agencies."""
    if not is_night(services):
        return 0
    today, planned = services.today(), 0
    agencies = [agency.spreadsheet_id for agency in find_agencies(services.store)]
    known = services.store.get_many(_night_key(agency_id) for agency_id in agencies)
    for agency_id in agencies:
        last = known.get(_night_key(agency_id))
        if last is not None and last.data["on"] == today.isoformat():
            continue
        tasks = [
            _task(agency_id, today.toordinal()),
            protection_task(agency_id, today.toordinal()),
            *month_end_task(services, agency_id),
            *sales_task(services, agency_id, today.toordinal()),
        ]
        planned_on = Put(NIGHT, agency_id, {"on": today.isoformat()})
        services.store.commit([planned_on, *(task.put(services) for task in tasks)])
        for task in tasks:
            task.send(services)
        planned += 1
    return planned


def learn_at_night(services: Services, body: Json) -> None:
    """Pack finished work and learn the norms of an agency, in a slot of Google's quota."""
    agency_id = body["spreadsheet_id"]
    run = Run(services, CLOCK, agency_id=agency_id)
    quota = services.store.get_many([QUOTA_KEY]).get(QUOTA_KEY)
    slot_before = body.get("slot", body.get("turn"))
    booking = SlotBooking(services, quota, agency_id=agency_id, instead_of=slot_before)
    run.commit(updates=[booking, Writes(fulfilled(body))])
    if booking.wait_s > 0:
        slot = booking.moments[0]
        task = _task(agency_id, int(slot), delay_s=booking.wait_s, slot=slot)
        run.commit(task.put(services))
        task.send(services)
        return
    # Before the lease: the tracker calls us back while it makes a webhook.
    reconnect_webhooks(services, agency_id)
    with ending(run):
        run.take(agency_id)
        # First, because learning may fail every night: for a bad cell, until somebody corrects it.
        pack_finished_work(run, agency_id)
        try:
            recalculate_norms(run, agency_id)
        except UserError as error:
            # Without finished work there is nothing to learn from.
            if error.code != "norms.no_history":
                raise


def reconnect_webhooks(services: Services, agency_id: str) -> None:
    """Make the webhook of each project anew if the tracker has switched it off or deleted it.

    Asana deletes a webhook that was not answered for a day. What happened meanwhile is found by the timer.
    """
    for project in find_projects(services.store, agency_id):
        tracker = services.trackers.get(project.tracker)
        if tracker is None or not tracker.can.sends_events:
            continue
        try:
            tracker.connect_webhook(project.board_id)
        except ServiceError as error:
            log.warning("webhook not connected: %s", error.code)


def pack_finished_work(run: Run, agency_id: str) -> None:
    """Pack items that were finished long ago: one commit for each project."""
    store, today = run.services.store, run.services.today()
    for work in find_all_work(store, agency_id).values():
        old = work.value.packable(today)
        if not old:
            continue
        packed, writes = pack(store, work.value, old)
        # A project that changed meanwhile waits for the next night.
        with contextlib.suppress(StoreConflictError):
            run.commit(*writes, *work.writes(packed))


def _task(agency_id: str, number: int, *, delay_s: float = 0.0, slot: float | None = None) -> TaskWish:
    booked = {} if slot is None else {"slot": slot}
    body = {"kind": "norms", "spreadsheet_id": agency_id, **booked}
    return TaskWish(task_name("norms", agency_id, number), body, delay_s)


def _night_key(agency_id: str) -> Key:
    return NIGHT, agency_id


def _local(services: Services) -> datetime:
    return services.clock.now().astimezone(services.time_zone)
