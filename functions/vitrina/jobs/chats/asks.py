"""Job that has the messages of a project about shown work say what holds now: a time of theirs is over."""

from __future__ import annotations

from vitrina.operations.actor import CLOCK
from vitrina.operations.outbox import fulfilled
from vitrina.operations.run import Run, ending
from vitrina.operations.services import Services
from vitrina.ports import Json
from vitrina.records.outside.client_pages import load_page, page_key
from vitrina.records.told.asks import find_open_asks
from vitrina.usecases.decisions.chat_buttons import renew_asks


def renew_chat_asks(services: Services, body: Json) -> None:
    """Reads of the store only; what changed is sent by the job of the chat."""
    spreadsheet_id, store = body["spreadsheet_id"], services.store
    done = fulfilled(body)
    document = store.get_many([page_key(spreadsheet_id)]).get(page_key(spreadsheet_id))
    if services.chat is None or document is None:
        store.commit(done)
        return
    run = Run(services, CLOCK, agency_id=document.data["agency_id"])
    with ending(run):
        run.take(f"asks:{spreadsheet_id}")
        page = load_page(store, spreadsheet_id, run.agency_id)
        renew_asks(run, page, find_open_asks(store, spreadsheet_id=spreadsheet_id))
        run.at_end(*done)
