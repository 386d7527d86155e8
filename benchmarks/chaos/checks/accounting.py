"""Accounting is asked once for each accepted item, for the right sum, and its answer stands everywhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from benchmarks.chaos.check import ASKED, Violation
from benchmarks.chaos.site import Site
from benchmarks.chaos.visits.accounting import requests_of
from benchmarks.chaos.visits.record import Record
from benchmarks.chaos.world import RATE, ChaosWorld
from tests.harness.accounting import expected_sum
from vitrina.domain.invoicing import RequestKind
from vitrina.records.outside.decisions import DECISION, decision_from_document
from vitrina.records.outside.invoice_requests import InvoiceRequest

KOPECKS = 100


def check_accounting(world: ChaosWorld, site: Site, record: Record) -> Iterator[Violation]:
    """All violations about requests to accounting."""
    requests = requests_of(world, site.spreadsheet_id)
    if not requests:
        return
    live = [one for one in requests if one.is_live]
    for count in Counter(one.human_number for one in requests).values():
        if count > 1:
            yield Violation(ASKED, f"a number is given twice: {[one.human_number for one in requests]}")
    # An invoice and an act of the same work are two documents.
    asked = Counter(
        (line.number, line.ordinal, part)
        for one in live
        for line in one.lines
        for part in RequestKind(one.kind).parts
    )
    decisions = {
        (one.number, one.ordinal): one
        for one in map(decision_from_document, world.documents_store.find(DECISION))
        if one.spreadsheet_id == site.spreadsheet_id
    }
    for key, count in asked.items():
        known = decisions.get(key[:2])
        if count > 1 or known is None or not known.is_accepted:
            yield Violation(
                ASKED, f"{key[2]} of item {key[0]} is in {count} requests; its decision is {known}"
            )
    for request in live:
        yield from _check_request(request, {key: one.hours for key, one in decisions.items()})
    yield from _check_rows(world, site, live)
    yield from _check_answers(live, record)


def _check_request(request: InvoiceRequest, hours: dict[tuple[int, int], float]) -> Iterator[Violation]:
    """The lines have the accepted hours, and the sum is theirs."""
    wanted = [hours.get((line.number, line.ordinal), 0.0) for line in request.lines]
    found = [float(line.hours) for line in request.lines]
    if any(abs(one - other) > 0.0051 for one, other in zip(wanted, found, strict=True)):
        yield Violation(ASKED, f"{request.human_number}: {found} h, accepted are {wanted}")
    total = sum(expected_sum(one, RATE * KOPECKS) for one in wanted)
    if request.total_kop != total:
        yield Violation(ASKED, f"{request.human_number}: {request.total_kop} and not {total} kopecks")


def _check_rows(world: ChaosWorld, site: Site, live: list[InvoiceRequest]) -> Iterator[Violation]:
    """Each request has one row, with its sum and its answer."""
    tab = world.office.book(world.agency_id(site.agency)).tab("invoices")
    rows = {}
    for row in tab.rows:
        key = tab.cell(row, "request").text
        if key and key in rows:
            yield Violation(ASKED, f"two rows of the request {key}")
        rows[key] = row
    for request in live:
        own = rows.get(request.key[1])
        if own is None:
            yield Violation(ASKED, f"{request.human_number} has no row")
            continue
        found = (tab.cell(own, "document_number").text, tab.cell(own, "total").value)
        wanted = (request.answered.document_number, (request.total_kop or 0) / KOPECKS)
        if found != wanted:
            yield Violation(ASKED, f"{request.human_number}: {found} in the row, {wanted} kept")


def _check_answers(live: list[InvoiceRequest], record: Record) -> Iterator[Violation]:
    """An answer that was told to be kept is kept, or another one came after it."""
    kept = {one.answered.document_number for one in live} - {""}
    for number in kept - record.documents.keys():
        yield Violation(ASKED, f"nobody has answered {number}")
    if any(record.documents.values()) and not kept:
        yield Violation(ASKED, f"answers that were told to be kept are lost: {record.documents}")
