"""Job that draws a client's page from his workbook, after that was changed or somebody got a link to it."""

from __future__ import annotations

from vitrina.operations.actor import CLOCK
from vitrina.operations.google_quota import QUOTA_KEY, take_slot
from vitrina.operations.outbox import TaskWish, fulfilled, fulfilments, wish_keys
from vitrina.operations.page_drawing import page_wish
from vitrina.operations.run import Run
from vitrina.operations.services import Services
from vitrina.ports import Json
from vitrina.records.layouts import shape_from, shape_key
from vitrina.records.outside.client_pages import page_from_document, page_key
from vitrina.usecases.client_page.content import draw_page
from vitrina.workbook.reading.book import parse_book


def draw_client_page(services: Services, body: Json) -> None:
    """One read of the workbook, in a slot of Google's quota; nothing is written there."""
    spreadsheet_id = body["spreadsheet_id"]
    key, shape = page_key(spreadsheet_id), shape_key(spreadsheet_id)
    known = services.store.get_many([key, shape, QUOTA_KEY, *wish_keys(body)])
    document = known.get(key)
    if document is None or not document.data.get("is_open"):
        services.store.commit(fulfilled(body))
        return
    page = page_from_document(document, spreadsheet_id, str(document.data["agency_id"]))
    run = Run(services, CLOCK, agency_id=page.agency_id)

    def again(slot: float, wait_s: float) -> TaskWish:
        return page_wish(services, spreadsheet_id, slot=slot, wait_s=wait_s)

    if not take_slot(run, known.get(QUOTA_KEY), body, again):
        return
    book = parse_book(services.workbooks.read(spreadsheet_id), shape_from(known.get(shape)))
    draw_page(services, page, book)
    run.commit(updates=fulfilments(body, known))
