"""What accounting would be asked for now: the same for the preview and for the click that confirms it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from msgspec import Struct

from vitrina.domain.invoicing import (
    MOST_TITLE,
    Line,
    Period,
    RequestKind,
    fingerprint,
    hours_of,
    one_line,
    shortened_purpose,
    total_kop,
)
from vitrina.errors import UserError
from vitrina.operations.services import Services
from vitrina.ports import Key
from vitrina.records.books import Project
from vitrina.records.outside.decisions import (
    Decision,
    decision_from_document,
    decision_key,
    find_open_decisions,
)
from vitrina.records.outside.invoice_requests import (
    REPLACEABLE,
    InvoiceRequest,
    RequestState,
    load_requests,
    request_key,
)
from vitrina.records.work import load_work
from vitrina.texts import Days, Sentence, render, sentence
from vitrina.usecases.accounting.terms import AccountingTerms, ClientTerms

#: Most lines of a request: a shorter period has fewer.
MOST_LINES = 400
#: Most codes of work that is not accepted.
MOST_CODES = 12
#: What is not asked for: name of its sentence, and where the body of a request has it.
LEFT_OUT = (("shown", "waits_for_client"), ("finished", "finished"), ("in_work", "in_work"))
#: Most decisions about an item among which an acceptance is looked for.
MOST_ROUNDS = 4


class LeftOut(Struct, frozen=True):
    """Work of the project that no request contains, because it is not accepted: counts and first codes."""

    shown: tuple[str, ...] = ()
    finished: tuple[str, ...] = ()
    in_work: tuple[str, ...] = ()

    def data(self) -> dict[str, Any]:
        """As the body of the request has it."""
        return {
            "waits_for_client": {"count": len(self.shown), "items": list(self.shown[:MOST_CODES])},
            "finished": {"count": len(self.finished), "items": list(self.finished[:MOST_CODES])},
            "in_work": {"count": len(self.in_work), "items": list(self.in_work[:MOST_CODES])},
        }


class Draft(Struct, frozen=True):
    """A request as it would be sent.

    Parameters
    ----------
    before
        The request of the same project, period and kind that there is already, live or withdrawn.
    fresh
        Decisions that the request would mark.
    told
        What accounting is told, but for the numbers of the request and what is left out.
    """

    project: Project
    period: Period
    kind: RequestKind
    terms: AccountingTerms
    before: InvoiceRequest | None
    lines: tuple[Line, ...]
    fresh: tuple[Decision, ...]
    left_out: LeftOut
    told: dict[str, Any]

    @property
    def key(self) -> Key:
        """Where the request is kept."""
        return request_key(self.project.spreadsheet_id, self.period, self.kind)

    @property
    def revision(self) -> int:
        """Number of the revision that it would be."""
        return 1 if self.before is None else self.before.revision + 1

    @property
    def preview_id(self) -> str:
        """The same for the same content, and for no other."""
        return fingerprint({**self.told, "project": self.project.spreadsheet_id, "revision": self.revision})[
            :32
        ]

    @property
    def is_same(self) -> bool:
        """Whether accounting has exactly this already."""
        if self.before is None or not self.before.is_live or self.before.state == RequestState.REFUSED:
            return False
        return all(self.before.body.get(key) == value for key, value in self.told.items())

    @property
    def total_kop(self) -> int | None:
        """Sum of the lines."""
        return total_kop(self.lines)


def draft_request(
    services: Services, project: Project, period: Period, kind: RequestKind, terms: AccountingTerms
) -> Draft:
    """What would be asked for now. Three round trips to the store.

    Raises
    ------
    UserError
        If the period is wrong, has too many lines, or is closed: a document is issued already, or another
        request asks for one of the same documents.
    """
    if period.start_on > period.end_on:
        raise UserError("accounting.period")
    spreadsheet_id = project.spreadsheet_id
    keys = {one: request_key(spreadsheet_id, period, one) for one in RequestKind}
    known = load_requests(services.store, list(keys.values()))
    others = [known[keys[one]] for one in RequestKind if one is not kind and keys[one] in known]
    _refuse_overlap(kind, others)
    before = known.get(keys[kind])
    _refuse_issued(before)
    accepted = [
        one
        for one in find_open_decisions(services.store, spreadsheet_id)
        if one.is_accepted and _day_of(services, one) <= period.end_on
    ]
    partners = [one for one in others if one.is_live]
    marked = _decisions_of(services, [one for one in (before, *partners) if one is not None and one.is_live])
    by_key = {one.key: one for one in (*marked, *accepted)}
    decisions = sorted(by_key.values(), key=lambda one: (one.at, one.number))
    if len(decisions) > MOST_LINES:
        raise UserError("accounting.too_many", count=len(decisions), most=MOST_LINES)
    client = terms.client(project.code)
    lines = tuple(_line(services, one, terms, client) for one in decisions)
    return Draft(
        project,
        period,
        kind,
        terms,
        before,
        lines,
        tuple(accepted),
        _left_out(services, project, {one.number for one in decisions}),
        _told(services, project, period, kind, terms, client, lines),
    )


def _refuse_overlap(kind: RequestKind, others: Iterable[InvoiceRequest]) -> None:
    """Refuse to ask twice for one document: *both* contains what the other two ask for."""
    for one in others:
        if one.is_live and RequestKind(one.kind).parts & kind.parts:
            raise UserError("accounting.overlap", number=one.human_number, state=_state(one))


def _refuse_issued(before: InvoiceRequest | None) -> None:
    """Refuse to change what accounting has issued a document for."""
    if before is not None and before.is_live and RequestState(before.state) not in REPLACEABLE:
        raise UserError("accounting.issued", number=before.human_number, state=_state(before))


def _state(request: InvoiceRequest) -> Sentence:
    return sentence(f"title.choice.request_state.{request.state}")


def _decisions_of(services: Services, requests: Sequence[InvoiceRequest]) -> list[Decision]:
    """The decisions of the lines of requests, as they are kept."""
    keys = {
        decision_key(request.spreadsheet_id, line.number, line.ordinal): None
        for request in requests
        for line in request.lines
    }
    found = services.store.get_many(list(keys)) if keys else {}
    return [decision_from_document(found[key]) for key in keys if key in found]


def _day_of(services: Services, decision: Decision) -> date:
    return datetime.fromisoformat(decision.at).astimezone(services.time_zone).date()


def _line(services: Services, decision: Decision, terms: AccountingTerms, client: ClientTerms) -> Line:
    return Line(
        decision.number,
        decision.ordinal,
        decision.code,
        one_line(decision.title, MOST_TITLE),
        hours_of(decision.hours),
        terms.unit,
        client.rate_kop,
        _day_of(services, decision).isoformat(),
        decision.channel,
        decision.shown,
    )


def _left_out(services: Services, project: Project, lines: set[int]) -> LeftOut:
    work = load_work(services.store, project.spreadsheet_id, project.agency_id).value
    items = sorted(
        (one for one in work.items.values() if one.number not in lines), key=lambda one: one.number
    )
    finished = [one for one in items if one.is_done]
    accepted = _accepted_before(services, project, [one.number for one in finished])
    return LeftOut(
        tuple(one.code for one in items if not one.is_done and one.is_shown),
        tuple(one.code for one in finished if one.number not in accepted),
        tuple(one.code for one in items if not one.is_done and not one.is_shown),
    )


def _accepted_before(services: Services, project: Project, numbers: Sequence[int]) -> set[int]:
    """Which finished items a client has accepted: they are in requests of other periods."""
    keys = [
        decision_key(project.spreadsheet_id, number, ordinal)
        for number in numbers
        for ordinal in range(1, MOST_ROUNDS + 1)
    ]
    found = services.store.get_many(keys) if keys else {}
    return {one.number for one in map(decision_from_document, found.values()) if one.is_accepted}


def _told(
    services: Services,
    project: Project,
    period: Period,
    kind: RequestKind,
    terms: AccountingTerms,
    client: ClientTerms,
    lines: Sequence[Line],
) -> dict[str, Any]:
    days = Days(period.start_on, period.end_on)
    about = "accounting.purpose_by" if client.contract else "accounting.purpose"
    purpose = render(
        sentence(
            about,
            contract=one_line(client.contract, 80),
            project=one_line(project.project_name, 60),
            days=days,
            year=str(period.end_on.year),
        ),
        project.locale,
    )
    return {
        "v": 1,
        "kind": kind.value,
        "agency": terms.entity,
        "client": {
            "name": client.name or one_line(project.client_name, MOST_TITLE),
            "inn": client.inn,
            "kpp": client.kpp,
        },
        "project": one_line(project.project_name, MOST_TITLE),
        "contract": client.contract,
        "period": {"from": period.start_on.isoformat(), "to": period.end_on.isoformat()},
        "currency": "RUB",
        "lines": [one.data() for one in lines],
        "total_kop": total_kop(lines),
        "vat": terms.vat,
        "purpose": shortened_purpose(purpose),
        "evidence": services.workbooks.url(project.spreadsheet_id),
    }
