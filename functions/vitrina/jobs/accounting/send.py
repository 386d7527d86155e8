"""Job that sends what waits of a request to accounting. One process at a time does, under a lease."""

from __future__ import annotations

from vitrina.operations.actor import CLOCK
from vitrina.operations.outbox import fulfilled
from vitrina.operations.run import Run, ending
from vitrina.operations.services import Services
from vitrina.ports import Json
from vitrina.records.outside.invoice_requests import INVOICE_REQUEST
from vitrina.usecases.accounting.send import send_notice


def send_to_accounting(services: Services, body: Json) -> None:
    """Send a notice of one request.

    Raises
    ------
    BusyError
        If another task sends it just now: the queue tries again.
    RetriableServiceError, AccessDeniedError
        If the mail server does not take it: the queue tries again.
    """
    run = Run(services, CLOCK)
    done = fulfilled(body)
    with ending(run):
        run.take(f"invoice_request:{body['request']}")
        send_notice(run, (INVOICE_REQUEST, body["request"]))
        run.at_end(*done)
