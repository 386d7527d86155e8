"""Jobs of the weekly digest: which projects are due, and the digest of one."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from vitrina.operations.actor import CLOCK
from vitrina.operations.google_quota import QUOTA_KEY, take_slot
from vitrina.operations.outbox import TaskWish, fulfilled, task_name
from vitrina.operations.run import Run, ending
from vitrina.operations.services import Services
from vitrina.ports import Json
from vitrina.records.books import book_key, load_project
from vitrina.records.outside.chat_rules import ChatRules
from vitrina.usecases.digest.send_digest import send_by_clock

#: Hours after which a digest of the same day is written anew.
EVERY_HOURS = 2


def queue_digests(run: Run, rules: ChatRules, spreadsheet_ids: Iterable[str]) -> None:
    """Queue the digests of projects with a group if their time has come.

    A repeat within ``EVERY_HOURS`` queues none.
    """
    now = run.services.clock.now().astimezone(run.services.time_zone)
    if not _is_due(rules, now):
        return
    for spreadsheet_id in spreadsheet_ids:
        run.queue_at_end(_wish(spreadsheet_id, now))


def _is_due(rules: ChatRules, now: datetime) -> bool:
    minute = now.hour * 60 + now.minute
    return rules.digest_day == now.weekday() and minute >= rules.digest_minute


def _wish(spreadsheet_id: str, now: datetime) -> TaskWish:
    number = now.toordinal() * 24 + now.hour // EVERY_HOURS
    body = {"kind": "digest", "spreadsheet_id": spreadsheet_id, "day": now.date().isoformat()}
    return TaskWish(task_name("digest", spreadsheet_id, number), body)


def write_digest(services: Services, body: Json) -> None:
    """One read of the workbook, in a slot of Google's quota. One that comes on a later day does nothing."""
    spreadsheet_id, key = body["spreadsheet_id"], book_key(body["spreadsheet_id"])
    done = fulfilled(body)
    known = services.store.get_many([key, QUOTA_KEY])
    is_late = body.get("day", "") != services.today().isoformat()
    if key not in known or services.chat is None or is_late:
        services.store.commit(done)
        return
    project = load_project(services.store, spreadsheet_id)
    run = Run(services, CLOCK, agency_id=project.agency_id)

    def again(slot: float, wait_s: float) -> TaskWish:
        name = task_name("digest-slot", spreadsheet_id, int(slot))
        return TaskWish(name, {**_own(body), "slot": slot}, wait_s)

    if not take_slot(run, known.get(QUOTA_KEY), body, again):
        return
    with ending(run):
        run.take(f"digest:{spreadsheet_id}")
        send_by_clock(run, project)
        run.at_end(*done)


def _own(body: Json) -> Json:
    return {name: one for name, one in body.items() if name in ("kind", "spreadsheet_id", "day")}
