"""Registry of the jobs of queue and timer: the schema and the function of each."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

from msgspec import Struct

from vitrina.errors import (
    AccessDeniedError,
    BusyError,
    ChangedMeanwhileError,
    ConfigurationError,
    RetriableServiceError,
    ServiceError,
    StoreConflictError,
    VitrinaError,
)
from vitrina.jobs.accounting.month_end import ask_after_month
from vitrina.jobs.accounting.send import send_to_accounting
from vitrina.jobs.chats.asks import renew_chat_asks
from vitrina.jobs.chats.books import write_chat_book
from vitrina.jobs.chats.digest import write_digest
from vitrina.jobs.chats.serve import serve_chat
from vitrina.jobs.chats.watch import plan_chats, watch_chats
from vitrina.jobs.client_pages.draw import draw_client_page
from vitrina.jobs.client_wishes import carry_out_wishes
from vitrina.jobs.expire import expire
from vitrina.jobs.launch_project import launch_project
from vitrina.jobs.metrics.draft_reports import draft_reports
from vitrina.jobs.metrics.draw_report import draw_report
from vitrina.jobs.metrics.draw_sales import draw_sales
from vitrina.jobs.metrics.fill_cells import fill_cells
from vitrina.jobs.metrics.read_facts import plan_facts, read_facts
from vitrina.jobs.nightly import learn_at_night, plan_nights
from vitrina.jobs.push_wanted import push_wanted, remove_orphans
from vitrina.jobs.reconcile import look_after_storm, plan_reconciliation, reconcile
from vitrina.jobs.refresh_agency import plan_refreshes, redraw_agency, refresh_agency
from vitrina.jobs.renew_protection import protect_at_night
from vitrina.jobs.settle_decisions import settle_decisions
from vitrina.jobs.sync_deals import plan_deals, sync_deals
from vitrina.jobs.sync_touched import sync_touched
from vitrina.jobs.upgrade_book import upgrade_one
from vitrina.operations.clicks.runner import run_operation
from vitrina.operations.outbox import find_overdue, fulfil, send_again
from vitrina.operations.services import Services
from vitrina.ports import Json
from vitrina.usecases.actions import ACTIONS

log = logging.getLogger("vitrina.jobs")


class Job(Struct, frozen=True):
    """One kind of queued work. ``fields`` has the schemas of its fields beside ``kind`` and ``wish``."""

    fields: Mapping[str, Json]
    run: Callable[[Services, Json], None]

    @property
    def needed(self) -> list[str]:
        """Fields without which it cannot be done."""
        return [name for name in self.fields if name not in _OPTIONAL]


#: Fields that a task may lack, such as those that other releases did not write.
_OPTIONAL = frozenset({"slot", "turn", "wish_key", "is_nightly", "lists", "day", "reads_cells"})
_ID: Json = {"type": "string", "maxLength": 200}
#: A moment in seconds of Unix time. Tasks that the first release queued call the field ``turn``.
_SLOT: Json = {"type": "number", "minimum": 0, "maximum": 1e11}
_NUMBER: Json = {"type": "integer", "minimum": 1, "maximum": 10_000_000}
_BOOK: Mapping[str, Json] = {"spreadsheet_id": _ID, "slot": _SLOT, "turn": _SLOT}


def _in_background(run: Callable[[Services, Json], None]) -> Callable[[Services, Json], None]:
    return lambda services, body: run(services.in_background(), body)


JOBS: Mapping[str, Job] = {
    "operation": Job(
        {"id": _ID, "wish_key": _ID}, lambda services, body: run_operation(services, body, ACTIONS)
    ),
    "sync": Job(_BOOK, _in_background(sync_touched)),
    "reconcile": Job({**_BOOK, "is_nightly": {"type": "boolean"}}, _in_background(reconcile)),
    "after_storm": Job({"tracker": _ID}, look_after_storm),
    "norms": Job(_BOOK, _in_background(learn_at_night)),
    "protect": Job(_BOOK, _in_background(protect_at_night)),
    "upgrade": Job(_BOOK, _in_background(upgrade_one)),
    "agency": Job({**_BOOK, "draws": {"type": "boolean"}}, _in_background(refresh_agency)),
    "redraw": Job(_BOOK, _in_background(redraw_agency)),
    "deals": Job({**_BOOK, "lists": {"type": "boolean"}}, _in_background(sync_deals)),
    "chat": Job(_BOOK, _in_background(serve_chat)),
    "chat_book": Job(_BOOK, _in_background(write_chat_book)),
    "digest": Job({**_BOOK, "day": {"type": "string", "maxLength": 10}}, _in_background(write_digest)),
    "asks": Job({"spreadsheet_id": _ID}, _in_background(renew_chat_asks)),
    "chats": Job(_BOOK, _in_background(watch_chats)),
    "client_wishes": Job(_BOOK, _in_background(carry_out_wishes)),
    "client_page": Job(_BOOK, _in_background(draw_client_page)),
    "launch": Job({"spreadsheet_id": _ID}, _in_background(launch_project)),
    "settle": Job(
        {"spreadsheet_id": _ID, "reads_cells": {"type": "boolean"}}, _in_background(settle_decisions)
    ),
    "accounting": Job({"spreadsheet_id": _ID, "request": _ID}, _in_background(send_to_accounting)),
    "month_end": Job({"spreadsheet_id": _ID}, _in_background(ask_after_month)),
    "facts": Job({}, _in_background(read_facts)),
    "metric_cells": Job(_BOOK, _in_background(fill_cells)),
    "report_tab": Job({**_BOOK, "number": _NUMBER, "revision": _NUMBER}, _in_background(draw_report)),
    "sales": Job(_BOOK, _in_background(draw_sales)),
    "report_drafts": Job(_BOOK, _in_background(draft_reports)),
    "push": Job(_BOOK, _in_background(push_wanted)),
    "remove_orphans": Job(
        {"spreadsheet_id": _ID, "created_as": {"type": "object", "additionalProperties": _ID}},
        _in_background(remove_orphans),
    ),
}


#: Errors that may be gone at the next delivery: access may be given back, a setting corrected by then.
PASSING = (
    BusyError,
    ChangedMeanwhileError,
    RetriableServiceError,
    AccessDeniedError,
    ConfigurationError,
)


def run_job(services: Services, body: Json) -> None:
    """Do a queued task.

    Raises
    ------
    VitrinaError
        One of ``PASSING`` if the queue shall try again. After any other one, which would be the same next
        time, the timer does not send the task again either.
    """
    try:
        JOBS[body["kind"]].run(services, body)
    except PASSING:
        raise
    except VitrinaError:
        if body.get("wish"):
            services.store.commit([fulfil(body["wish"])])
        raise


def call_timer(services: Services) -> Json:
    """Plan the periodic jobs; return counts by name. The work itself is done by tasks."""
    # First, because it goes on where the queue refuses something.
    sent_count = deliver_outbox(services)
    night_count = plan_nights(services)
    return {
        "workbooks": plan_reconciliation(services, is_nightly=night_count > 0),
        "agencies": plan_refreshes(services),
        "norms": night_count,
        "crms": plan_deals(services),
        "chats": plan_chats(services),
        "facts": plan_facts(services),
        "deleted": expire(services),
        "sent_again": sent_count,
    }


def deliver_outbox(services: Services) -> int:
    """Queue again the tasks of the outbox that were not carried out in time; return the count."""
    sent = 0
    for wish in find_overdue(services):
        try:
            send_again(services, wish)
        except StoreConflictError:
            # It was carried out, or sent by another call of the timer.
            continue
        except ServiceError as error:
            log.warning("the queue does not answer: %s", error.code)
            break
        sent += 1
    return sent
