"""Webhooks: one for each project, with a handshake when it is made and a signature on each delivery.

Asana gives each webhook a secret, which all processes need. It is sent in the handshake, while
``connect`` waits for the answer, maybe to another process. So a handshake is accepted only while one is
expected, and the memory of the connection holds what is expected and known.
"""

from __future__ import annotations

import hashlib
import hmac
import json

from msgspec import Struct

from vitrina.errors import ServiceError
from vitrina.ports import Json, Received, TrackerMemory, WebhookRequest
from vitrina.trackers.asana import mapping
from vitrina.trackers.asana.wire import AsanaWire

SECRET, SIGNATURE = "x-hook-secret", "x-hook-signature"
#: A second secret is kept for deliveries of a webhook that is just being replaced.
SECRETS_KEPT = 2
OWN_USER = "own_user"
#: Changes of which we want to know; comments are counted, and everything is read again anyway.
FILTERS = [
    *({"resource_type": "task", "action": action} for action in ("added", "changed", "removed", "deleted")),
    {"resource_type": "story", "resource_subtype": "comment_added", "action": "added"},
]


class Hook(Struct, frozen=True):
    """What all processes know of the webhook of a project."""

    secrets: tuple[str, ...] = ()
    is_expected: bool = False


class Webhooks:
    """Makes the webhooks of one connection, and reads what they send.

    Parameters
    ----------
    url
        Address of the connection's webhooks; its last part is a secret. That of a project follows it.
    """

    def __init__(self, wire: AsanaWire, workspace: str, url: str, memory: TrackerMemory) -> None:
        self._wire = wire
        self._workspace = workspace
        self._url = url
        self._memory = memory
        #: Hooks by project, as this process knows them; the memory may know more.
        self._hooks: dict[str, Hook] = {}
        self._own_user_id: str | None = None

    def connect(self, project: str) -> None:
        """Make the webhook of a project unless it lives; remove others of ours for it."""
        target = f"{self._url}/{project}"
        rows = list(
            self._wire.pages("/webhooks", ("target", "active"), workspace=self._workspace, resource=project)
        )
        knows_secret = bool(self._load(project).secrets)
        alive = [row for row in rows if row["target"] == target and row["active"] and knows_secret]
        ours = self._url.rpartition("/")[0] + "/"
        for row in rows:
            if row["target"].startswith(ours) and row not in alive[:1]:
                self._wire.delete(f"/webhooks/{row['gid']}")
        if alive:
            return
        self._save(project, Hook(self._load(project).secrets, is_expected=True))
        data: Json = {"resource": project, "target": target, "filters": FILTERS}
        try:
            secret = self._wire.create_webhook(data)
        except ServiceError:
            # Nobody else may offer a secret from now on.
            self._save(project, Hook(self._load(project).secrets))
            raise
        others = [one for one in self._load(project).secrets if one != secret]
        self._save(project, Hook((secret, *others)[:SECRETS_KEPT]))

    def remember_own_user(self, user_id: str) -> None:
        """Let all processes know whose changes are ours."""
        if self._own_user_id != user_id:
            self._own_user_id = user_id
            self._memory.save(OWN_USER, user_id)

    def receive(self, request: WebhookRequest) -> Received:
        """Answer a handshake, or tell which tasks a signed delivery is about."""
        *path, project = request.path or ("",)
        secret = self._url.rpartition("/")[2]
        if not hmac.compare_digest("/".join(path).encode(), secret.encode()):
            return Received(status=404)
        offered = request.headers.get(SECRET)
        if offered is not None:
            return self._shake_hands(project, offered)
        if not self._is_signed(project, request):
            return Received(status=404)
        body = request.read_json()
        gids = mapping.tasks_of_events(body, self._own_user()) if isinstance(body, dict) else None
        return Received(status=400) if gids is None else Received(card_ids=gids)

    def _shake_hands(self, project: str, offered: str) -> Received:
        hook = self._load(project)
        if not hook.is_expected:
            return Received(status=404)
        self._save(project, Hook((offered, *hook.secrets)[:SECRETS_KEPT], is_expected=True))
        return Received(headers={"X-Hook-Secret": offered})

    def _is_signed(self, project: str, request: WebhookRequest) -> bool:
        given = request.headers.get(SIGNATURE, "")
        known = self._hooks.get(project)
        if known is not None and _fits(known, request.body, given):
            return True
        return _fits(self._load(project), request.body, given)

    def _own_user(self) -> str | None:
        if self._own_user_id is None:
            self._own_user_id = self._memory.load(OWN_USER)
        return self._own_user_id

    def _load(self, project: str) -> Hook:
        text = self._memory.load(_name(project))
        data = json.loads(text) if text else {}
        hook = Hook(tuple(data.get("secrets", ())), bool(data.get("is_expected", False)))
        self._hooks[project] = hook
        return hook

    def _save(self, project: str, hook: Hook) -> None:
        self._hooks[project] = hook
        data = {"secrets": hook.secrets, "is_expected": hook.is_expected}
        self._memory.save(_name(project), json.dumps(data))


def _fits(hook: Hook, body: bytes, signature: str) -> bool:
    wanted = [hmac.new(secret.encode(), body, hashlib.sha256).hexdigest() for secret in hook.secrets]
    return any(hmac.compare_digest(one.encode(), signature.encode()) for one in wanted)


def _name(project: str) -> str:
    return f"webhook:{project}"
