"""Webhooks: the calls that make and remove them, and which events they get."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from emulators.asana.errors import AsanaError, bad, missing
from emulators.asana.models.call import Call, Listing, Record
from emulators.asana.models.context import Context
from emulators.asana.models.fields import Field, check
from emulators.asana.models.state import Row

#: Sends the handshake to ``(target, secret)``; whether the target answered with the secret.
Handshake = Callable[[str, str], bool]

ACTIONS = ("changed", "added", "removed", "deleted", "undeleted")
#: Hosts that Asana refuses. Other names of this machine are allowed here, because all servers are on it.
REFUSED_HOSTS = ("localhost",)

_NEW = {
    "resource": Field("gid", required=True),
    "target": Field("string", required=True),
    "filters": Field("list"),
}
_CHANGES = {"filters": Field("list", required=True)}


class WebhookCalls:
    """Calls under ``/webhooks``.

    Parameters
    ----------
    lock
        The lock of the account: ``create_webhook`` is called without it, so that the receiver may call the
        API while it answers the handshake.
    """

    def __init__(self, context: Context, lock: threading.RLock, handshake: Handshake) -> None:  # type: ignore[valid-type]
        self._context = context
        self._state = context.state
        self._lock = lock
        self._handshake = handshake
        #: Called with a new webhook, which gets its first heartbeat.
        self.on_new: Callable[[Row], None] = lambda _: None

    def list_webhooks(self, call: Call) -> Listing:
        """``GET /webhooks?workspace=&resource=``: those of the caller."""
        space = self._context.workspace(call.actor, call.query.get("workspace", ""))
        rows = [
            row
            for row in self._state.select("webhooks", created_by=call.actor["gid"], workspace=space["gid"])
            if call.query.get("resource") in (None, row["resource"])
        ]
        return Listing("webhook", rows)

    def create_webhook(self, call: Call) -> Record:
        """``POST /webhooks``: the target has to answer the handshake while the caller waits."""
        with self._lock:
            data = check(call.data, _NEW)
            filters = [_filter(one) for one in data.get("filters", [])]
            resource = self._resource(call.actor, data["resource"])
        parts = urlsplit(data["target"])
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise bad(f"target: Not a valid URL: {data['target']!r}")
        if parts.hostname in REFUSED_HOSTS:
            raise AsanaError(403, "target: The host is not allowed")
        secret = secrets.token_hex(32)
        if not self._handshake(data["target"], secret):
            raise bad(
                "The remote server which is intended to receive the webhook responded with an incorrect HTTP "
                "status code or did not return the X-Hook-Secret header"
            )
        with self._lock:
            row = self._state.add(
                "webhooks",
                resource=resource["gid"],
                workspace=resource["workspace"],
                target=data["target"],
                filters=filters,
                active=True,
                secret=secret,
                created_by=call.actor["gid"],
                last_success_at=self._state.now(),
                last_failure_at=None,
                last_failure_content=None,
                delivery_retry_count=0,
                next_attempt_after=None,
                failure_deletion_timestamp=None,
            )
        self.on_new(row)
        return Record("webhook", {**row, "active": False}, {"X-Hook-Secret": secret})

    def get_webhook(self, call: Call, gid: str) -> Record:
        """``GET /webhooks/{gid}``."""
        return Record("webhook", self._own(call.actor, gid))

    def update_webhook(self, call: Call, gid: str) -> Record:
        """``PUT /webhooks/{gid}``: new filters."""
        row = self._own(call.actor, gid)
        row["filters"] = [_filter(one) for one in check(call.data, _CHANGES)["filters"]]
        return Record("webhook", row)

    def delete_webhook(self, call: Call, gid: str) -> Row:
        """``DELETE /webhooks/{gid}``."""
        self._own(call.actor, gid)
        self._state.remove("webhooks", gid)
        return {}

    def _own(self, actor: Row, gid: str) -> Row:
        row = self._state.tables["webhooks"].get(gid)
        if row is None or row["created_by"] != actor["gid"]:
            raise missing("webhook", gid)
        return row

    def _resource(self, actor: Row, gid: str) -> Row:
        if gid in self._state.tables["projects"]:
            return self._context.project(actor, gid)
        return self._context.task(actor, gid)


def _filter(one: Any) -> Row:
    if not isinstance(one, dict) or set(one) - {"resource_type", "resource_subtype", "action", "fields"}:
        raise bad("filters: Not a valid filter")
    if one.get("action") is not None and one["action"] not in ACTIONS:
        raise bad(f"filters: Not a recognized action: {one['action']!r}")
    if one.get("fields") and one.get("action") != "changed":
        raise bad("filters: Fields are only valid with the action 'changed'")
    return dict(one)


def passes(webhook: Mapping[str, Any], event: Mapping[str, Any]) -> bool:
    """Whether a webhook gets an event: it has no filters, or one of them fits."""
    return not webhook["filters"] or any(_fits(one, event) for one in webhook["filters"])


def _fits(one: Mapping[str, Any], event: Mapping[str, Any]) -> bool:
    resource = event["resource"]
    return (
        one.get("resource_type") in (None, resource["resource_type"])
        and one.get("resource_subtype") in (None, resource.get("resource_subtype"))
        and one.get("action") in (None, event["action"])
        and (not one.get("fields") or event.get("change", {}).get("field") in one["fields"])
    )
