"""Links by which accounting opens the page of one request without a login.

A letter may be composed again after a crash, so the token is computed anew each time, from two halves that
are kept apart: a secret of the installation, which no document has, and chance that the request keeps. Who
knows only one of them cannot make it. Like that of a client's link it is looked for by its hash.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from datetime import datetime, timedelta

from vitrina.ports import Key, Store
from vitrina.records.outside.client_links import TOKEN_BYTES, SecretLink, hash_of, load_link

ACCOUNTING_LINK = "accounting_link"
SCOPE = "accounting"
#: What stands before the token in the path of the page.
PLACE = "a"
#: How long a link can be used after the last notice with it.
LIFE = timedelta(days=180)


class AccountingLink(SecretLink, frozen=True):
    """A link to the page of a request. ``request`` is the key of its document."""

    request: str = ""

    @staticmethod
    def key_of(token_hash: str) -> Key:
        """See ``SecretLink``."""
        return ACCOUNTING_LINK, token_hash


def new_salt() -> str:
    """Chance for the token of a new link."""
    return secrets.token_hex(TOKEN_BYTES)


def token_of(secret: str, salt: str, request: str) -> str:
    """The token of a request's link: the same each time."""
    digest = hmac.new(secret.encode(), f"{salt}:{request}".encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest[:TOKEN_BYTES]).decode().rstrip("=")


def link_to(token: str, request: str, spreadsheet_id: str, agency_id: str, now: datetime) -> AccountingLink:
    """A new link to the page of a request."""
    until = (now + LIFE).isoformat()
    return AccountingLink(
        hash_of(token), spreadsheet_id, agency_id, SCOPE, now.isoformat(), until, request=request
    )


def find_accounting_link(store: Store, token: str) -> AccountingLink | None:
    """The link with this token, ``None`` if there is none: one read."""
    return load_link(store, hash_of(token), AccountingLink)
