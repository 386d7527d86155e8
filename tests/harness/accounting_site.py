"""A request to accounting in the store of a site, and its page as a person uses it."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from msgspec.structs import replace
from werkzeug.test import TestResponse

from tests.harness.client_site import AGENCY, BOOK, ClientSite, hidden_fields
from vitrina.bootstrap import application
from vitrina.domain.invoicing import Line, RequestKind, fingerprint, request_id, total_kop
from vitrina.records.outside.accounting_links import find_accounting_link, link_to, token_of
from vitrina.records.outside.client_links import hash_of
from vitrina.records.outside.invoice_requests import InvoiceRequest, load_requests

RATE_KOP = 250_050
#: What accounting answers to, as the letter of its request says it.
BODY: dict[str, Any] = {
    "v": 1,
    "agency": "ООО «Маяк»",
    "client": {"name": "ООО «Зерно»", "inn": "7701234567", "kpp": "770101001"},
    "project": "Сайт и реклама",
    "contract": "12/26 от 01.03.2026",
    "period": {"from": "2026-11-01", "to": "2026-11-30"},
    "currency": "RUB",
    "vat": "Без НДС (УСН)",
    "purpose": "Оплата по договору 12/26 от 01.03.2026 за услуги: Сайт и реклама, 1–30 ноября 2026",
    "evidence": "https://docs.example/book",
    "left_out": {
        "waits_for_client": {"count": 1, "items": ["ЗРН-9"]},
        "finished": {"count": 0, "items": []},
        "in_work": {"count": 2, "items": ["ЗРН-10", "ЗРН-11"]},
    },
}


def work(number: int, hours: str = "2.5", title: str = "", rate_kop: int | None = RATE_KOP) -> Line:
    """A line of accepted work."""
    own = title or f"Работа {number}"
    code = f"ЗРН-{number}"
    return Line(number, 1, code, own, Decimal(hours), "час", rate_kop, "2026-11-20", "page", "")


WORK = (
    work(1, "2.5", "Логотип и его варианты для вывески"),
    work(2, "4", "Страница «О компании»: текст и вёрстка"),
    work(3, "1.33", "Баннер для выставки"),
)


def put_request(
    site: ClientSite,
    *lines: Line,
    kind: str = "both",
    book: str = BOOK,
    body: dict[str, Any] | None = None,
    valid_until: datetime | None = None,
    **fields: Any,
) -> str:
    """Keep a request with a link, as the job that sends it does; returns the token of the link."""
    told = {**BODY, **(body or {}), "kind": kind, "lines": [one.data() for one in lines or WORK]}
    told["total_kop"] = total_kop(lines or WORK)
    values: dict[str, Any] = {
        "human_number": "ЗРН-2026-11-1",
        "revision": 1,
        "asked_at": site.now.isoformat(),
        "changed_on": "2026-11-23",
        "channel": "mail",
        "link_salt": "5a17" * 8,
        **fields,
    }
    request = InvoiceRequest(
        book, AGENCY, "2026-11-01", "2026-11-30", kind, request_id="", fingerprint="", body=told, **values
    )
    own_id = request_id(book, RequestKind(kind), request.period, request.revision, request.lines)
    token = token_of(application().services.link_secret, request.link_salt, request.key[1])
    request = replace(
        request, request_id=own_id, fingerprint=fingerprint({**told, "n": own_id}), link_hash=hash_of(token)
    )
    link = link_to(token, request.key[1], book, AGENCY, site.now)
    if valid_until is not None:
        link = replace(link, valid_until=valid_until.isoformat())
    known = load_requests(site.store, [request.key]).get(request.key)
    request = replace(request, version=known.version) if known else request
    site.store.commit([request.put(), replace(link.put(), version=None)])
    return token


def request_of(site: ClientSite, token: str) -> InvoiceRequest:
    """The request whose newest link has this token."""
    link = find_accounting_link(site.store, token)
    assert link is not None
    key = ("invoice_request", link.request)
    return load_requests(site.store, [key])[key]


def get(site: ClientSite, place: str, **headers: str) -> TestResponse:
    """Open an address below ``/client/a/``."""
    return site.browser.get(f"/client/a/{place}", headers={**site.headers, **headers})


def post(site: ClientSite, place: str, data: dict[str, Any], **headers: str) -> TestResponse:
    """Send a form below ``/client/a/``."""
    return site.browser.post(f"/client/a/{place}", data=data, headers={**site.headers, **headers})


def propose(site: ClientSite, token: str, state: str, **fields: str) -> TestResponse:
    """Fill the form of the page in and send it; ``seen`` is what the page shows now."""
    seen = hidden_fields(get(site, token).text).get("seen", "")
    return post(site, f"{token}/answer", {"seen": seen, "state": state, **fields})


def confirm(site: ClientSite, token: str, proposed: TestResponse, **fields: str) -> TestResponse:
    """Tick the box of a confirmation and send it."""
    return post(site, f"{token}/answer", {**hidden_fields(proposed.text), "sure": "yes", **fields})


def answer(site: ClientSite, token: str, state: str, **fields: str) -> TestResponse:
    """Both steps."""
    return confirm(site, token, propose(site, token, state, **fields))
