"""*Отозвать запрос*: takes a request back until accounting has received it."""

from __future__ import annotations

from msgspec.structs import replace

from vitrina.domain.invoicing import RequestKind
from vitrina.errors import StoreConflictError, UserError
from vitrina.operations.answer import Answer, Outcome
from vitrina.operations.journal import refresh_wish
from vitrina.operations.run import Run
from vitrina.operations.services import Services
from vitrina.ports import Write
from vitrina.records.outside.decisions import decision_from_document, decision_key
from vitrina.records.outside.invoice_requests import (
    WITHDRAWABLE,
    WITHDRAWAL_NOTICE,
    InvoiceRequest,
    RequestState,
    load_requests,
    request_key,
)
from vitrina.texts import sentence
from vitrina.usecases.accounting.ask import request_of, send_wish
from vitrina.usecases.accounting.terms import AccountingChannel


def withdraw_request(run: Run, agency_id: str, *, key: str) -> Answer:
    """Take a request back. The run holds the lease of the agency's requests.

    Raises
    ------
    UserError
        If accounting has received it, or something was changed at this moment.
    """
    request = request_of(run.services, agency_id, key)
    if request.is_live:
        request = keep_withdrawal(run, request)
    return Answer(Outcome.DONE, sentence("accounting.withdrawn", number=request.human_number))


def keep_withdrawal(run: Run, request: InvoiceRequest) -> InvoiceRequest:
    """Keep that a request is withdrawn, free its decisions and wish the notice: one commit."""
    if request.state not in WITHDRAWABLE:
        raise UserError(
            "accounting.received",
            number=request.human_number,
            state=sentence(f"title.choice.request_state.{request.state}"),
        )
    services = run.services
    state = RequestState.WITHDRAWN.value
    withdrawn = replace(request, state=state, changed_on=services.today().isoformat())
    is_sent = request.channel != AccountingChannel.TABLE
    withdrawn = withdrawn.with_notice(WITHDRAWAL_NOTICE if is_sent else "")
    wishes = [refresh_wish(services, request.agency_id, draws=False)]
    if withdrawn.unsent:
        wishes.append(send_wish(withdrawn))
    try:
        version = run.commit(
            withdrawn.put(), *_freed(services, request), *(one.put(services) for one in wishes)
        )
    except StoreConflictError as error:
        raise UserError("accounting.changed") from error
    for one in wishes:
        one.try_to_send(services)
    return replace(withdrawn, version=version)


def _freed(services: Services, request: InvoiceRequest) -> list[Write]:
    """The decisions of a request without it, or in the request for the other document of the period."""
    others = [
        request_key(request.spreadsheet_id, request.period, kind)
        for kind in RequestKind
        if kind.value != request.kind
    ]
    partners = {
        (line.number, line.ordinal): one.key[1]
        for one in load_requests(services.store, others).values()
        if one.is_live
        for line in one.lines
    }
    keys = [decision_key(request.spreadsheet_id, line.number, line.ordinal) for line in request.lines]
    decisions = map(decision_from_document, services.store.get_many(keys).values())
    return [
        replace(one, request_id=partners.get((one.number, one.ordinal), "")).put()
        for one in decisions
        if one.request_id == request.key[1]
    ]
