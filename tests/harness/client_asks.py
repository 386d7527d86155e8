"""What a client sends from his page, and text that shall do no harm anywhere."""

from __future__ import annotations

import uuid

from vitrina.operations.services import Services
from vitrina.records.outside.client_pages import load_page
from vitrina.usecases.client_page.ask import ClientWish, WishOutcome, take_wish

#: Text that somebody may take for something else; each is shown as it is, without what cannot be seen.
HOSTILE = (
    '=HYPERLINK("https://evil.example";"x")',
    "+1+1",
    "-2+3",
    "@SUM(A1)",
    "'=1+1",
    "=IMPORTXML(CONCAT(A1))",
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{constructor.constructor('x')()}}",
    "*жирный* _курсив_ [ссылка](https://evil.example)",
    "a\u202egnp.exe",
    "a\x00b\x07c",
    "👩\u200d🚀 🇷🇺 ё́",
    "\ud800 половина",
    "a\r\nb\tc",
    "%s %d {0} {text} ${x}",
)


def ask(
    services: Services, spreadsheet_id: str, agency_id: str, kind: str, nonce: str = "", **fields: object
) -> WishOutcome:
    """Send a form of the page; one with a *nonce* of before is a repeat."""
    page = load_page(services.store, spreadsheet_id, agency_id)
    return take_wish(services, page, ClientWish(kind, fields, "10.0.0.0/24", nonce or uuid.uuid4().hex))
