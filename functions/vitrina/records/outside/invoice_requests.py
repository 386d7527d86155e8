"""Requests to accounting: one document for each project, period and kind, with its newest revision.

The key makes it one, whoever asks and however often. A changed set of lines is the next revision, which
names the one that it replaces.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date
from enum import StrEnum
from typing import Any

from msgspec import Struct, field, to_builtins
from msgspec.structs import replace

from vitrina.domain.invoicing import Line, Period, RequestKind, line_from_data, total_kop
from vitrina.ports import ABSENT, Document, Json, Key, Put, Store
from vitrina.records.packing import known_fields

INVOICE_REQUEST = "invoice_request"
#: Kind of the documents that count the requests of a project in a month, for their numbers.
INVOICE_NUMBER = "invoice_number"


class RequestState(StrEnum):
    """What has become of a request. All but the first and the last come from accounting."""

    ASKED = "asked"
    RECEIVED = "received"
    INVOICED = "invoiced"
    #: By an operator of electronic documents.
    SENT = "sent"
    SIGNED = "signed"
    PAID = "paid"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


#: What accounting has not issued a document for: a revision may take its place.
REPLACEABLE = frozenset({RequestState.ASKED, RequestState.RECEIVED, RequestState.REFUSED})
#: What staff may withdraw.
WITHDRAWABLE = frozenset({RequestState.ASKED, RequestState.REFUSED})

#: What is to be sent of a request.
REQUEST_NOTICE, WITHDRAWAL_NOTICE = "request", "withdrawal"


class Answered(Struct, frozen=True):
    """What accounting has answered, as it stands in the row. Days are ISO text, empty for none."""

    document_number: str = ""
    document_on: str = ""
    link: str = ""
    paid_on: str = ""
    reason: str = ""


class InvoiceRequest(Struct, frozen=True):
    """A request in its newest revision.

    Parameters
    ----------
    human_number
        How people name it; all revisions have the same one.
    request_id
        Id of the newest revision.
    asked_as
        What was previewed when it was asked for; a repeat of the click finds it.
    locale, channel, send_to
        Language and way of the notices, and where they go: an e-mail address, or a board of the tracker.
    first_id
        Id of the first revision.
    body
        What accounting is told, whole; its hash is ``fingerprint``.
    earlier
        Revisions that were replaced or withdrawn: their ids, hashes and totals.
    asked_at, asked_by
        Moment of the newest revision as ISO text, and an e-mail; empty for the clock.
    changed_on
        ISO day on which the state became what it is.
    shown_state, shown_revision
        State and revision that the row of *Счета и акты* had when it was written or read last; an empty state
        if it has no row.
    shown_answered
        What of the answer stood in the row then, ``None`` if it is all of ``answered``.
    link_salt, link_hash
        Of the link to the page of the request that is the newest: what its token is made of, and its hash.
    unsent
        What is to be sent of it now: ``REQUEST_NOTICE``, ``WITHDRAWAL_NOTICE`` or empty.
    notice_count
        How many notices there were, with this one.
    is_quiet
        Whether nobody has changed it for long.
    """

    spreadsheet_id: str
    agency_id: str
    start_on: str
    end_on: str
    kind: str
    human_number: str
    revision: int
    request_id: str
    fingerprint: str
    body: Mapping[str, Any]
    asked_at: str
    asked_by: str = ""
    asked_as: str = ""
    locale: str = "ru"
    channel: str = ""
    send_to: str = ""
    first_id: str = ""
    earlier: tuple[Mapping[str, Any], ...] = ()
    state: str = RequestState.ASKED.value
    changed_on: str = ""
    answered: Answered = field(default_factory=Answered)
    shown_state: str = ""
    shown_revision: int = 0
    unsent: str = ""
    notice_count: int = 0
    is_quiet: bool = False
    shown_answered: Answered | None = None
    link_salt: str = ""
    link_hash: str = ""
    version: int = ABSENT

    @property
    def key(self) -> Key:
        """Where it is kept."""
        return request_key(self.spreadsheet_id, self.period, RequestKind(self.kind))

    @property
    def period(self) -> Period:
        """The days that it is about."""
        return Period(date.fromisoformat(self.start_on), date.fromisoformat(self.end_on))

    @property
    def lines(self) -> tuple[Line, ...]:
        """The lines of the newest revision."""
        return tuple(line_from_data(dict(one)) for one in self.body["lines"])

    @property
    def total_kop(self) -> int | None:
        """Sum of the lines, ``None`` where accounting decides it."""
        return total_kop(self.lines)

    @property
    def is_live(self) -> bool:
        """Whether its lines are with accounting."""
        return self.state != RequestState.WITHDRAWN

    @property
    def row_answered(self) -> Answered:
        """What of the answer the row had when it was written or read last."""
        return self.answered if self.shown_answered is None else self.shown_answered

    @property
    def is_open(self) -> bool:
        """Whether something may still come: an answer, a correction, a row, a letter."""
        shown = (self.shown_state, self.shown_revision, self.row_answered)
        is_shown = shown == (self.state, self.revision, self.answered)
        is_followed = self.is_live and not self.is_quiet
        return is_followed or bool(self.unsent) or not is_shown

    def put(self) -> Put:
        """The write that keeps it, if it was not changed since it was read."""
        data = {name: one for name, one in to_builtins(self).items() if name != "version"}
        return Put(*self.key, {**data, "is_open": self.is_open}, self.version)

    def with_notice(self, notice: str) -> InvoiceRequest:
        """With something else to be sent of it."""
        return replace(self, unsent=notice, notice_count=self.notice_count + 1)


def request_key(spreadsheet_id: str, period: Period, kind: RequestKind) -> Key:
    """Where the request of a project for a period and kind is kept."""
    text = f"{spreadsheet_id}:{period.start_on.isoformat()}:{period.end_on.isoformat()}:{kind.value}"
    return INVOICE_REQUEST, hashlib.sha256(text.encode()).hexdigest()[:32]


def request_from_document(document: Document) -> InvoiceRequest:
    """A kept request."""
    values = known_fields(InvoiceRequest, document.data)
    shown = values.get("shown_answered")
    made = {
        "answered": _answered(values.get("answered", {})),
        "shown_answered": None if shown is None else _answered(shown),
        "earlier": tuple(values.get("earlier", ())),
        "version": document.version,
    }
    return InvoiceRequest(**{**values, **made})


def _answered(data: Json) -> Answered:
    return Answered(**known_fields(Answered, data))


def load_requests(store: Store, keys: Sequence[Key]) -> dict[Key, InvoiceRequest]:
    """The requests of these keys that there are: one round trip."""
    return {key: request_from_document(one) for key, one in store.get_many(keys).items()}


def find_open_requests(store: Store, agency_id: str) -> list[InvoiceRequest]:
    """Requests of an agency with which something is still to come, the oldest first."""
    found = store.find(INVOICE_REQUEST, where={"agency_id": agency_id, "is_open": True})
    return sorted(map(request_from_document, found), key=lambda one: (one.asked_at, one.human_number))


def requests_of_project(store: Store, spreadsheet_id: str) -> list[InvoiceRequest]:
    """Requests of a project with which something is still to come, the oldest first."""
    found = store.find(INVOICE_REQUEST, where={"spreadsheet_id": spreadsheet_id, "is_open": True})
    return sorted(map(request_from_document, found), key=lambda one: (one.asked_at, one.human_number))


def number_key(spreadsheet_id: str, period: Period) -> Key:
    """Where the requests of a project in a month are counted."""
    return INVOICE_NUMBER, f"{spreadsheet_id}:{period.end_on:%Y-%m}"


def count_from_document(document: Document | None) -> int:
    """How many requests there are in a month."""
    return 0 if document is None else int(document.data["count"])


def count_write(spreadsheet_id: str, period: Period, count: int, document: Document | None) -> Put:
    """The write that keeps the count, if nobody else has counted meanwhile."""
    version = ABSENT if document is None else document.version
    return Put(*number_key(spreadsheet_id, period), {"count": count}, version)
