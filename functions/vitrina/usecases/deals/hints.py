"""Notes that deals are to be looked at, and queues the task that does."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from vitrina.errors import ConfigurationError, StoreConflictError
from vitrina.operations.clicks.accounts import CRM_ACCOUNT, agency_of_account
from vitrina.operations.outbox import TaskWish, task_name
from vitrina.operations.services import Services
from vitrina.records.books import find_agencies
from vitrina.records.outside.deals import load_hints

#: Seconds in which changes of deals are gathered for one look.
GATHER_S = 2.0


def agency_of_crm(services: Services) -> str:
    """The agency whose deals the CRM has: the one that the operator named, or else the only one.

    Raises
    ------
    ConfigurationError
        If there are several agencies and none is named, or there is none.
    """
    agency_id = agency_of_account(services, CRM_ACCOUNT)
    if agency_id is None:
        raise ConfigurationError("settings.crm_agency", count=len(find_agencies(services.store)))
    return agency_id


def take_deal_hints(services: Services, deal_ids: Sequence[str]) -> None:
    """Store that deals were touched, before any call to an outside system."""
    if deal_ids:
        note_deals(services, agency_of_crm(services), deal_ids)


def note_deals(services: Services, agency_id: str, deal_ids: Iterable[str]) -> None:
    """Keep that deals were touched, and queue one task for all that are touched within some seconds.

    What the queue does not take is sent by the timer.
    """
    wanted = list(deal_ids)
    while wanted:
        hints = load_hints(services.store, agency_id)
        task = None if hints.is_queued else deals_task(services, agency_id)
        touched = replace(hints.touch(wanted, uuid.uuid4().hex[:12]), is_queued=True)
        try:
            services.store.commit([touched.put(), *([task.put(services)] if task else [])])
        except StoreConflictError:
            continue
        if task is not None:
            task.try_to_send(services)
        return


def deals_task(services: Services, agency_id: str, delay_s: float = GATHER_S) -> TaskWish:
    """The task that looks at the deals of an agency."""
    # A moment in its name: the queue does not take a name twice.
    number = int(services.clock.now().timestamp() * 1000)
    body = {"kind": "deals", "spreadsheet_id": agency_id}
    return TaskWish(task_name("deals", agency_id, number), body, delay_s)
