"""Staff ask accounting for accepted work; accounting answers on the page of the request or in its row."""

from __future__ import annotations

from typing import Any

from benchmarks.chaos.clicks import Clicks
from benchmarks.chaos.grid import text_in
from benchmarks.chaos.history import Json
from benchmarks.chaos.site import Site
from benchmarks.chaos.visits.page import Browser
from benchmarks.chaos.visits.record import Record
from benchmarks.chaos.world import ChaosWorld
from emulators.google import edits
from tests.harness.client_site import hidden_fields
from vitrina.records.outside.accounting_links import token_of
from vitrina.records.outside.invoice_requests import INVOICE_REQUEST, InvoiceRequest, request_from_document
from vitrina.workbook.reading.book import Row

#: Told when an answer is kept, and when it was before.
TOLD_KEPT = ("Ответ записан", "Этот ответ уже записан")
#: How *Счета и акты* calls the state in which a document is issued.
ISSUED = "выставлен"


class AccountingVisits:
    """What staff and accounting do about the accepted work of a project."""

    def __init__(self, clicks: Clicks, site: Site, record: Record) -> None:
        self._clicks = clicks
        self._world = clicks.world
        self._site = site
        self._record = record

    @property
    def _agency_id(self) -> str:
        return self._world.agency_id(self._site.agency)

    def do(self, what: Json) -> bool:
        """Ask, or answer the oldest request; returns whether there was something to ask or to answer."""
        if what["do"] == "ask":
            return self._ask(what["kind"])
        requests = requests_of(self._world, self._site.spreadsheet_id)
        if not requests:
            return False
        if what["do"] == "row":
            return self._type(requests[0], what["number"])
        return self._answer(requests[0], what["number"], what["times"])

    def _ask(self, kind: str) -> bool:
        """Preview and ask for exactly that."""
        form: Json = {"project": self._site.spreadsheet_id, "kind": kind, "month": "current"}
        manager = self._site.agency.manager
        shown = self._clicks.click(manager, self._agency_id, "preview_accounting", **form)
        preview_id = shown.data.get("preview_id")
        if not preview_id:
            return False
        asked = self._clicks.click(
            manager, self._agency_id, "ask_accounting", is_same=True, preview_id=preview_id, **form
        )
        return asked.outcome == "done"

    def _answer(self, request: InvoiceRequest, number: str, times: int) -> bool:
        if not request.link_salt:
            return False
        token = token_of(self._world.office.services.link_secret, request.link_salt, request.key[1])
        browser = Browser(f"{self._world.servers.functions}/client/a/{token}", self._clicks.waiting)
        seen = hidden_fields(browser.open()).get("seen")
        if not seen:
            return False
        form = {"seen": seen, "state": "invoiced", "document_number": number}
        answers = browser.confirm("answer", form, times)
        with self._record.lock:
            self._record.documents[number] = any(told in one for one in answers for told in TOLD_KEPT)
        return True

    def _type(self, request: InvoiceRequest, number: str) -> bool:
        """Type the answer into the row of the request, wherever that stands now."""
        tab = self._world.office.book(self._agency_id).tab("invoices")
        wanted = {"state": ISSUED, "document_number": number}
        with self._world.google.lock:
            sheet = self._world.google.book(self._agency_id).sheet(tab.sheet_id)
            key, column = request.key[1], tab.column("request")
            places = [one for one in range(len(sheet.rows)) if text_in(sheet.cell(one, column)) == key]
            if not places:
                return False
            row = Row(places[0], None, ())
            typed: list[Any] = [
                {"type": "type", "sheet": tab.title, "cell": tab.address(row, name), "text": text}
                for name, text in wanted.items()
            ]
            edits.apply(
                self._world.google,
                {"spreadsheet_id": self._agency_id, "as": self._site.agency.manager, "edits": typed},
            )
        with self._record.lock:
            self._record.documents[number] = False
        return True


def requests_of(world: ChaosWorld, spreadsheet_id: str) -> list[InvoiceRequest]:
    """Requests to accounting about a project, in the order of their numbers."""
    found = map(request_from_document, world.documents_store.find(INVOICE_REQUEST))
    own = [one for one in found if one.spreadsheet_id == spreadsheet_id]
    return sorted(own, key=lambda one: one.human_number)
