"""What a client reads of the requests of his project: that a document is there, and its link."""

from __future__ import annotations

from datetime import date

from msgspec import Struct

from vitrina.domain.invoicing import RequestKind
from vitrina.ports import Store
from vitrina.records.outside.invoice_requests import InvoiceRequest, RequestState, requests_of_project
from vitrina.texts import render, sentence


class ClientLine(Struct, frozen=True):
    """A sentence for the client, and an address to open, empty for none."""

    text: str
    url: str = ""


def lines_of_project(store: Store, spreadsheet_id: str, locale: str) -> list[ClientLine]:
    """What a client may know of the requests of his project, the newest first: one round trip.

    Those that nobody has changed for months are left out.
    """
    requests = requests_of_project(store, spreadsheet_id)
    return [line for one in reversed(requests) for line in client_lines(one, locale)]


def client_lines(request: InvoiceRequest, locale: str) -> list[ClientLine]:
    """What the client may know: «счёт выставлен 28.11» with the link.

    Nothing of what is asked, refused or withdrawn: that is between the agency and its accounting. No name, no
    reason and no sum.
    """
    state, answered = RequestState(request.state), request.answered
    match state:
        case RequestState.INVOICED:
            is_closing = RequestKind(request.kind) is RequestKind.CLOSING
            code, on = ("invoiced_closing" if is_closing else "invoiced"), answered.document_on
        case RequestState.SENT | RequestState.SIGNED:
            code, on = state.value, ""
        case RequestState.PAID:
            code, on = state.value, answered.paid_on
        case _:
            return []
    day = date.fromisoformat(on or request.changed_on)
    told = render(sentence(f"accounting.client.{code}", day=f"{day:%d.%m}"), locale)
    return [ClientLine(told, answered.link if answered.link.startswith("https://") else "")]
