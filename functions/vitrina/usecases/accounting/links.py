"""The link to the page of a request, for whatever accounting is told of it."""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec.structs import replace

from vitrina.operations.run import Run
from vitrina.ports import ABSENT
from vitrina.records.outside.accounting_links import (
    LIFE,
    PLACE,
    AccountingLink,
    link_to,
    new_salt,
    token_of,
)
from vitrina.records.outside.client_links import hash_of, load_link
from vitrina.records.outside.invoice_requests import InvoiceRequest

#: The time of a link is made longer when it has lost so much of it.
_RENEWED_AFTER = timedelta(days=1)


def with_link(run: Run, request: InvoiceRequest) -> InvoiceRequest:
    """The request with a link that works, kept before anybody is told of it: one read, mostly.

    A link is made where there is none, or where the secret of the installation is another one by now. The
    caller holds the lease of the request's notices.

    Raises
    ------
    StoreConflictError
        If the request was changed since it was read.
    """
    services, now = run.services, run.services.clock.now()
    if not services.client_url:
        return request
    salt = request.link_salt or new_salt()
    token = token_of(services.link_secret, salt, request.key[1])
    made = link_to(token, request.key[1], request.spreadsheet_id, request.agency_id, now)
    known = load_link(services.store, made.token_hash, AccountingLink)
    if known is not None and request.link_hash == known.token_hash:
        if datetime.fromisoformat(known.valid_until) < now + LIFE - _RENEWED_AFTER:
            run.commit(replace(known, valid_until=made.valid_until).put())
        return request
    changed = replace(request, link_salt=salt, link_hash=made.token_hash)
    version = known.version if known is not None else ABSENT
    return replace(changed, version=run.commit(replace(made, version=version).put(), changed.put()))


def url_of(client_url: str, secret: str, request: InvoiceRequest) -> str:
    """Address of the page of a request that has a link; empty for one that has none."""
    if not client_url or not request.link_hash:
        return ""
    token = token_of(secret, request.link_salt, request.key[1])
    return f"{client_url}/{PLACE}/{token}" if hash_of(token) == request.link_hash else ""
