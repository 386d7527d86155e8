"""What accounting answers to a request, whichever way it came: its row, or the page of the request.

An answer is kept in the document of the request, in which one change comes after the other. Two answers at
the same moment are told apart by what was seen: of two different ones the second is asked to look again.
"""

from __future__ import annotations

import hashlib
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from vitrina.domain.invoicing import one_line
from vitrina.errors import StoreConflictError
from vitrina.operations.actor import CLOCK
from vitrina.operations.journal import JournalLine, refresh_wish
from vitrina.operations.page_drawing import page_wishes
from vitrina.operations.run import Run
from vitrina.operations.services import Services
from vitrina.ports import Key
from vitrina.records.outside.chat_rules import Told
from vitrina.records.outside.invoice_requests import (
    Answered,
    InvoiceRequest,
    RequestState,
    load_requests,
)
from vitrina.texts import render, sentence
from vitrina.usecases.chats.post import post_message

#: Most characters of what accounting types.
MOST_TEXT = 500
#: What accounting may answer: a request is withdrawn by staff only.
ANSWERS = (
    RequestState.RECEIVED,
    RequestState.INVOICED,
    RequestState.SENT,
    RequestState.SIGNED,
    RequestState.PAID,
    RequestState.REFUSED,
)
#: States in which a document's number says that it is issued.
_BEFORE_ISSUED = (RequestState.ASKED, RequestState.RECEIVED)


class Ending(StrEnum):
    """What became of an answer."""

    MADE = "made"
    #: Exactly this stands there: a repeat.
    SAME = "same"
    #: Somebody answered meanwhile, or the request is another revision.
    CHANGED = "changed"
    #: The request was withdrawn, or is not there any more.
    WITHDRAWN = "withdrawn"


class Reply(Struct, frozen=True):
    """An answer: the state, and the document as it stands now.

    ``seen`` is the fingerprint of what the person saw, see ``seen_of``.
    """

    state: RequestState
    answered: Answered
    seen: str


def seen_of(request: InvoiceRequest) -> str:
    """Fingerprint of what a person answers to: the revision, and what was answered before."""
    parts = (request.request_id, request.state, *_parts(request.answered))
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def state_said(request: InvoiceRequest, chosen: str, answered: Answered) -> str:
    """The state that a row says. A new document's number says *issued*, a new day of payment *paid*."""
    if chosen != request.state:
        return chosen
    before = request.answered
    if answered.paid_on and not before.paid_on and chosen != RequestState.REFUSED:
        return RequestState.PAID.value
    if answered.document_number and not before.document_number and chosen in _BEFORE_ISSUED:
        return RequestState.INVOICED.value
    return chosen


def with_answer(request: InvoiceRequest, state: str, answered: Answered, today: str) -> InvoiceRequest:
    """The request with an answer."""
    changed = replace(request, answered=answered)
    return changed if state == request.state else replace(changed, state=state, changed_on=today)


def take_reply(services: Services, key: Key, reply: Reply) -> tuple[Ending, InvoiceRequest | None]:
    """Keep an answer once, with the wishes that bring it into the row and onto the client's page.

    Gives what holds now.

    Raises
    ------
    RetriableServiceError
        If the store does not answer; the same call may be made again.
    """
    while True:
        request = load_requests(services.store, [key]).get(key)
        if request is None or not request.is_live:
            return Ending.WITHDRAWN, request
        # What the row showed stays as it was, so that it is seen that the row lacks this.
        before = replace(request, shown_answered=request.row_answered)
        today = services.today().isoformat()
        changed = with_answer(before, reply.state.value, reply.answered, today)
        if (changed.state, changed.answered) == (request.state, request.answered):
            return Ending.SAME, request
        if reply.seen != seen_of(request):
            return Ending.CHANGED, request
        run = Run(services, CLOCK, agency_id=request.agency_id)
        run.at_end(changed.put())
        tell_answer(run, changed, request.locale)
        run.queue_at_end(
            refresh_wish(services, request.agency_id, draws=False),
            *page_wishes(services, request.spreadsheet_id, request.agency_id),
        )
        try:
            run.end()
        except StoreConflictError:
            continue
        return Ending.MADE, changed


def tell_answer(run: Run, request: InvoiceRequest, locale: str) -> None:
    """Tell what accounting has answered: in *Журнал*, and what it refused in the agency's chat as well."""
    state = sentence(f"title.choice.request_state.{request.state}")
    told = sentence("accounting.answered", number=request.human_number, state=state)
    if request.state == RequestState.REFUSED:
        reason = one_line(request.answered.reason) or render(sentence("accounting.no_reason"), locale)
        told = sentence("accounting.refused", number=request.human_number, reason=reason)
        name = f"accounting-{request.key[1]}-refused-{request.revision}"
        text = render(told, locale)
        post_message(run, request.spreadsheet_id, request.agency_id, Told.INVOICE, name, text)
    line = journal_line(run, request.agency_id, request.spreadsheet_id, render(told, locale))
    run.at_end(replace(line, outcome="done").put())


def journal_line(run: Run, agency_id: str, spreadsheet_id: str, text: str) -> JournalLine:
    """A line of *Журнал* about a request, once a day for one text."""
    digest = hashlib.sha256(f"{agency_id}:{text}:{run.services.today()}".encode()).hexdigest()[:24]
    return JournalLine(
        operation_id=f"accounting-{digest}",
        agency_id=agency_id,
        spreadsheet_id=spreadsheet_id,
        at=run.services.clock.now().isoformat(),
        who="",
        action="accounting",
        outcome="refused",
        message=text,
    )


def _parts(answered: Answered) -> tuple[str, ...]:
    return (
        answered.document_number,
        answered.document_on,
        answered.link,
        answered.paid_on,
        answered.reason,
    )
