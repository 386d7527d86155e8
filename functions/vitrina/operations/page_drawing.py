"""The wish to have a client's page drawn from his workbook."""

from __future__ import annotations

from vitrina.operations.outbox import TaskWish, task_name
from vitrina.operations.services import Services
from vitrina.records.outside.client_pages import load_page

#: Seconds in which changes of a workbook become one drawing of its page.
GATHER_S = 20.0


def page_wish(
    services: Services, spreadsheet_id: str, *, slot: float | None = None, wait_s: float = 0.0
) -> TaskWish:
    """The task that draws a page; *slot* of Google's quota is booked for it."""
    body = {"kind": "client_page", "spreadsheet_id": spreadsheet_id}
    if slot is not None:
        name = task_name("client-page-slot", spreadsheet_id, int(slot))
        return TaskWish(name, {**body, "slot": slot}, wait_s)
    due_at = services.clock.now().timestamp() + GATHER_S
    return TaskWish(task_name("client-page", spreadsheet_id, int(due_at // GATHER_S)), body, GATHER_S)


def page_wishes(services: Services, spreadsheet_id: str, agency_id: str) -> list[TaskWish]:
    """The same after a change of a workbook; nothing where nobody has a link to the page: one read."""
    if not services.client_url or not load_page(services.store, spreadsheet_id, agency_id).is_open:
        return []
    return [page_wish(services, spreadsheet_id)]
