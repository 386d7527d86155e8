"""The subscription to changes of deals, and the requests that come from it.

amoCRM does not sign its requests, so the last part of the address is a secret. It sends forms: the long one
to the addresses of the account, a short one from a trigger of a pipeline. Only ids are taken from both.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Sequence
from urllib.parse import parse_qsl, urlsplit

from vitrina.crm_port import ReceivedDeals, WebhookState
from vitrina.ports import Json, WebhookRequest

#: Changes of deals that we subscribe to.
EVENTS = ("add_lead", "status_lead", "update_lead", "delete_lead")
#: Addresses of accounts; what stands before it is the name of the account.
_SITES = re.compile(r"(?P<subdomain>[a-z0-9-]+)\.(?:amocrm\.ru|amocrm\.com|kommo\.com)")
_DEAL_ID = re.compile(r"leads\[\w+\]\[\d+\]\[id\]")
_ID = re.compile(r"[0-9]{1,18}")
SUBDOMAIN = "account[subdomain]"


def state_of(rows: Sequence[Json], destination: str) -> WebhookState:
    """What has become of the subscription with this address."""
    ours = [row for row in rows if row.get("destination") == destination]
    if not ours:
        return WebhookState.ABSENT
    live = [row for row in ours if not row.get("disabled")]
    if not live:
        return WebhookState.DISABLED
    is_whole = any(set(EVENTS) <= set(row.get("settings") or ()) for row in live)
    return WebhookState.ACTIVE if is_whole else WebhookState.INCOMPLETE


def former_addresses(rows: Sequence[Json], destination: str) -> list[str]:
    """Our subscriptions with a former secret: they differ in the last part of the path only."""
    ours = destination.rpartition("/")[0] + "/"
    addresses = [str(row.get("destination")) for row in rows]
    return [
        one
        for one in addresses
        if one.startswith(ours) and one != destination and "/" not in one.removeprefix(ours)
    ]


def read_request(request: WebhookRequest, *, webhook_url: str, site_url: str) -> ReceivedDeals:
    """Ids of the deals that a request names.

    Requests that we do not understand are answered well: amoCRM counts other answers, and switches the
    subscription off after a hundred in two hours. The timer finds what they were about.
    """
    if not is_from_amocrm(request, webhook_url):
        return ReceivedDeals(status=404)
    try:
        pairs = parse_qsl(request.body.decode("utf-8"), keep_blank_values=True)
    except ValueError:
        return ReceivedDeals(status=400)
    account, given = subdomain_of(site_url), dict(pairs).get(SUBDOMAIN, "")
    if account and given and given.casefold() != account:
        return ReceivedDeals(status=404)
    ids = (value for name, value in pairs if _DEAL_ID.fullmatch(name) and _ID.fullmatch(value))
    return ReceivedDeals(deal_ids=tuple(dict.fromkeys(ids)))


def is_from_amocrm(request: WebhookRequest, webhook_url: str) -> bool:
    """Whether the path ends with our secret, and with nothing more. Reads nothing of the body."""
    secret = webhook_url.rpartition("/")[2]
    return (
        bool(secret)
        and len(request.path) == 1
        and hmac.compare_digest(request.path[0].encode(), secret.encode())
    )


def subdomain_of(site_url: str) -> str:
    """Name of the account in its address; empty for an address of another form."""
    found = _SITES.fullmatch((urlsplit(site_url).hostname or "").casefold())
    return found["subdomain"] if found else ""
