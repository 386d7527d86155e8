"""What a request says of itself beside its lines: the same on its page and on a card of the tracker."""

from __future__ import annotations

from typing import Any

from vitrina.records.outside.invoice_requests import InvoiceRequest
from vitrina.texts import Days, render, sentence


def facts_of(request: InvoiceRequest, locale: str) -> list[tuple[str, str]]:
    """Name and text of each; ``accounting_page.<name>`` is its title."""
    body, period = request.body, request.period
    nothing = _text("accounting_page.no_value", locale)
    days = Days(period.start_on, period.end_on)
    client = body["client"]
    facts = [
        ("kind", _text(f"accounting.kind.{request.kind}", locale)),
        ("agency", body["agency"] or nothing),
        ("client", client["name"]),
        ("inn", client["inn"] or nothing),
        ("kpp", client["kpp"]),
        ("contract", body["contract"] or nothing),
        ("project", body["project"]),
        ("period", _text("accounting.days", locale, days=days, year=str(period.end_on.year))),
        ("vat", body["vat"]),
        ("purpose", body["purpose"]),
    ]
    return [(name, text) for name, text in facts if text]


def _text(code: str, locale: str, **where: Any) -> str:
    return render(sentence(code, **where), locale)
