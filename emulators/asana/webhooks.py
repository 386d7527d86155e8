"""Delivers events with a signature, repeats failed ones, and deletes webhooks that nobody answers.

Tests and the workbench choose a *mode* in which events come late, twice, out of order, or not at all. The
time of heartbeats and repeats can be moved forward.
"""

from __future__ import annotations

import collections
import hashlib
import hmac
import json
import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx

from emulators.asana.models import Asana
from emulators.asana.models.state import Row, stamp

SECRET, SIGNATURE = "X-Hook-Secret", "X-Hook-Signature"
TIMEOUT_S = 10.0
MODES = ("deliver", "hold", "drop", "duplicate", "reverse")
HEARTBEAT_EVERY = timedelta(hours=8)
DELETED_AFTER = timedelta(hours=24)
FIRST_REPEAT = timedelta(minutes=1)
LONGEST_REPEAT = timedelta(hours=4)
#: How often the thread looks whether a repeat is due.
LOOK_EVERY_S = 0.5


@dataclass
class Delivery:
    """Events to be sent to one webhook."""

    number: int
    webhook_gid: str
    url: str
    secret: str
    events: list[Row]
    #: ``waiting``, ``held``, ``delivered``, ``failed`` or ``dropped``.
    status: str
    #: HTTP statuses of the receiver's answers; ``None`` if no answer came.
    answers: list[int | None] = field(default_factory=list)
    #: Not before this moment.
    due_at: datetime | None = None
    #: A signature in place of the right one.
    signature: str | None = None

    def to_json(self) -> dict[str, Any]:
        """As the control endpoint shows it."""
        return {
            "number": self.number,
            "webhook": self.webhook_gid,
            "url": self.url,
            "body": {"events": self.events},
            "status": self.status,
            "answers": self.answers,
        }


def signature_of(secret: str, body: bytes) -> str:
    """Asana's signature of a delivery: hex HMAC-SHA256 of the body."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


class Webhooks:
    """The deliveries of one account, in order, from a thread of their own."""

    def __init__(self) -> None:
        self.asana: Asana | None = None
        self._changed = threading.Condition()
        self._waiting: collections.deque[Delivery] = collections.deque()
        self._client = httpx.Client(
            timeout=TIMEOUT_S, trust_env=False, limits=httpx.Limits(max_keepalive_connections=0)
        )
        self._is_sending = False
        self._moved = timedelta()
        self.clear()
        threading.Thread(target=self._deliver_forever, daemon=True).start()

    def clear(self) -> None:
        """Delete all deliveries, return to the mode ``deliver`` and to the present."""
        with self._changed:
            self._waiting.clear()
            self._held: list[Delivery] = []
            self._all: list[Delivery] = []
            self._beats: dict[str, datetime] = {}
            self._moved = timedelta()
            self.mode = "deliver"

    # --- Sending ---------------------------------------------------------------------------------

    def handshake(self, target: str, secret: str) -> bool:
        """Whether the target answers the handshake with the same secret."""
        try:
            answer = self._client.post(target, headers={SECRET: secret}, json={})
        except (httpx.HTTPError, httpx.InvalidURL):
            return False
        return answer.status_code in (200, 204) and answer.headers.get(SECRET) == secret

    def first_heartbeat(self, webhook: Row) -> None:
        """Send the heartbeat with which every webhook begins."""
        with self._changed:
            self._beats[webhook["gid"]] = self.now()
            self._waiting.append(self._delivery(webhook, []))
            self._changed.notify_all()

    def publish(self, webhook: Row, events: list[Row]) -> None:
        """Queue the events of one call, or handle them as the mode says."""
        with self._changed:
            delivery = self._delivery(webhook, events)
            if self.mode == "drop":
                delivery.status = "dropped"
            elif self.mode in ("hold", "reverse"):
                delivery.status = "held"
                self._held.append(delivery)
            else:
                self._waiting.extend([delivery] * (2 if self.mode == "duplicate" else 1))
                self._changed.notify_all()

    def resend(self, number: int) -> None:
        """Send a delivery once more, with the same body and signature."""
        with self._changed:
            old = self._all[number - 1]
            delivery = Delivery(
                len(self._all) + 1, old.webhook_gid, old.url, old.secret, old.events, "waiting"
            )
            self._all.append(delivery)
            self._waiting.append(delivery)
            self._changed.notify_all()

    def forge(self, webhook: Row, events: list[Row], signature: str) -> None:
        """Send events with a signature that is not Asana's."""
        with self._changed:
            delivery = self._delivery(webhook, events)
            delivery.signature = signature
            self._waiting.append(delivery)
            self._changed.notify_all()

    def _delivery(self, webhook: Row, events: list[Row]) -> Delivery:
        number = len(self._all) + 1
        delivery = Delivery(number, webhook["gid"], webhook["target"], webhook["secret"], events, "waiting")
        self._all.append(delivery)
        return delivery

    def set_mode(self, mode: str) -> None:
        """Choose what happens to events from now on; held ones stay held."""
        with self._changed:
            self.mode = mode

    def release(self) -> int:
        """Send held events, the newest first in mode ``reverse``; return the count of deliveries."""
        with self._changed:
            held, self._held = self._held, []
            for delivery in held:
                delivery.status = "waiting"
            self._waiting.extend(reversed(held) if self.mode == "reverse" else held)
            self._changed.notify_all()
            return len(held)

    def settle(self, timeout_s: float) -> bool:
        """Wait until nothing that is due waits or is being sent; return ``False`` after *timeout_s*."""
        with self._changed:
            return self._changed.wait_for(
                lambda: self._next_due() is None and not self._is_sending, timeout_s
            )

    def to_json(self) -> list[dict[str, Any]]:
        """All deliveries, oldest first."""
        with self._changed:
            return [delivery.to_json() for delivery in self._all]

    # --- Time ------------------------------------------------------------------------------------

    def now(self) -> datetime:
        """The current moment, with what *advance* added."""
        return self._account().state.clock() + self._moved

    def advance(self, hours: int, timeout_s: float) -> None:
        """Move the time forward hour by hour: send heartbeats and repeats, delete dead webhooks."""
        for _ in range(hours):
            with self._changed:
                self._moved += timedelta(hours=1)
                self._queue_heartbeats()
                self._changed.notify_all()
            self.settle(timeout_s)
            self._delete_dead()

    def _queue_heartbeats(self) -> None:
        now = self.now()
        for webhook in self._account().state.select("webhooks", active=True):
            if now - self._beats.setdefault(webhook["gid"], now) >= HEARTBEAT_EVERY:
                self._beats[webhook["gid"]] = now
                self._waiting.append(self._delivery(webhook, []))

    def _delete_dead(self) -> None:
        account, now = self._account(), self.now()
        with account.lock:
            for webhook in account.state.select("webhooks"):
                answered_at = datetime.fromisoformat(webhook["last_success_at"])
                if webhook["delivery_retry_count"] and now - answered_at >= DELETED_AFTER:
                    account.state.remove("webhooks", webhook["gid"])

    def _account(self) -> Asana:
        if self.asana is None:
            raise RuntimeError("the account is set before the first call")
        return self.asana

    # --- The thread ------------------------------------------------------------------------------

    def _next_due(self) -> Delivery | None:
        if not self._waiting:
            return None
        now = self.now()
        return next((one for one in self._waiting if one.due_at is None or one.due_at <= now), None)

    def _deliver_forever(self) -> None:
        while True:
            with self._changed:
                self._is_sending = False
                self._changed.notify_all()
                while (delivery := self._next_due()) is None:
                    self._changed.wait(LOOK_EVERY_S if self._waiting else None)
                self._waiting.remove(delivery)
                self._is_sending = True
            answer, content = self._post(delivery)
            self._note(delivery, answer, content)

    def _post(self, delivery: Delivery) -> tuple[int | None, str]:
        body = json.dumps({"events": delivery.events}).encode()
        signature = delivery.signature or signature_of(delivery.secret, body)
        headers = {"Content-Type": "application/json", SIGNATURE: signature}
        try:
            answer = self._client.post(delivery.url, content=body, headers=headers)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return None, str(error)
        return answer.status_code, answer.text

    def _note(self, delivery: Delivery, answer: int | None, content: str) -> None:
        account = self._account()
        is_taken = answer is not None and 200 <= answer < 300
        with account.lock:
            webhook = account.state.tables["webhooks"].get(delivery.webhook_gid)
            if webhook is not None and delivery.signature is None:
                self._mark(webhook, content, is_taken=is_taken)
        with self._changed:
            delivery.answers.append(answer)
            delivery.status = "delivered" if is_taken else "failed"
            if not is_taken and webhook is not None and delivery.signature is None:
                delivery.status = "waiting"
                delivery.due_at = self.now() + repeat_after(len(delivery.answers))
                self._waiting.append(delivery)

    def _mark(self, webhook: Row, content: str, *, is_taken: bool) -> None:
        now = self.now()
        if is_taken:
            webhook.update(
                last_success_at=stamp(now),
                delivery_retry_count=0,
                next_attempt_after=None,
                failure_deletion_timestamp=None,
            )
            return
        answered_at = datetime.fromisoformat(webhook["last_success_at"])
        webhook.update(
            last_failure_at=stamp(now),
            last_failure_content=content[:1000],
            delivery_retry_count=webhook["delivery_retry_count"] + 1,
            next_attempt_after=stamp(now + repeat_after(webhook["delivery_retry_count"] + 1)),
            failure_deletion_timestamp=stamp(answered_at + DELETED_AFTER),
        )


def repeat_after(attempts: int) -> timedelta:
    """How long Asana waits before the next attempt: each wait is twice the one before."""
    return min(FIRST_REPEAT * 2 ** (attempts - 1), LONGEST_REPEAT)
