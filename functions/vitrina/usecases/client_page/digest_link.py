"""The address of a project's page in his digests. Until a message is sent it has dots in place of the token.

The token is computed from a secret of the installation and a random value of the link, so that each digest
has the same one although the store knows only its hash. Neither of the two is enough without the other.
"""

from __future__ import annotations

from vitrina.operations.services import Services
from vitrina.records.outside.client_links import (
    PLACE,
    TOKEN_CHARACTERS,
    digest_token,
    find_links,
    hash_of,
)

#: As long as a token, so that a message does not grow when it is sent.
DOTS = "•" * TOKEN_CHARACTERS


def page_address(services: Services, token: str) -> str:
    """Address of the page with this token."""
    return f"{services.client_url}/{PLACE}/{token}"


def hidden_address(services: Services, spreadsheet_id: str) -> str:
    """The address with dots; empty where no link for digests works."""
    return page_address(services, DOTS) if _token(services, spreadsheet_id) else ""


def with_address(services: Services, spreadsheet_id: str, text: str) -> str:
    """A text with the address in place of the one with dots; the dots stay if no link works any more."""
    hidden = page_address(services, DOTS)
    if not services.client_url or hidden not in text:
        return text
    token = _token(services, spreadsheet_id)
    return text.replace(hidden, page_address(services, token)) if token else text


def _token(services: Services, spreadsheet_id: str) -> str:
    """The token of the link for digests, empty where there is none, or where the secret has changed."""
    if not services.client_url:
        return ""
    now = services.clock.now()
    for link in find_links(services.store, spreadsheet_id):
        if link.seed and not link.is_revoked and not link.is_expired(now):
            known = filter(None, (services.link_secret, services.former_link_secret))
            tokens = (digest_token(one, spreadsheet_id, link.seed) for one in known)
            return next((token for token in tokens if hash_of(token) == link.token_hash), "")
    return ""
