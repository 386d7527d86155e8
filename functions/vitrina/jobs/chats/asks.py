"""Job that has the messages of a project about shown work say what holds now: a time of theirs is over."""

from __future__ import annotations

from vitrina.operations.actor import CLOCK
from vitrina.operations.outbox import fulfil
from vitrina.operations.run import Run, ending
from vitrina.operations.services import Services
from vitrina.ports import Json
from vitrina.records.outside.client_pages import load_page
from vitrina.records.told.asks import find_open_asks
from vitrina.usecases.decisions.chat_buttons import renew_asks


def renew_chat_asks(services: Services, body: Json) -> None:
    """Reads of the store only; what changed is sent by the job of the chat."""
    spreadsheet_id = body["spreadsheet_id"]
    done = [fulfil(body["wish"])] if body.get("wish") else []
    asks = find_open_asks(services.store, spreadsheet_id=spreadsheet_id)
    if services.chat is None or not asks:
        services.store.commit(done)
        return
    run = Run(services, CLOCK, agency_id=asks[0].agency_id)
    with ending(run):
        run.take(f"asks:{spreadsheet_id}")
        renew_asks(run, load_page(services.store, spreadsheet_id, run.agency_id), asks)
        run.at_end(*done)
