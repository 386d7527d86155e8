"""Delivers events with a signature, repeats failed ones, and deletes webhooks that nobody answers.

The time of heartbeats and repeats can be moved forward.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx

from emulators.asana.models import Asana
from emulators.asana.models.state import Row
from emulators.common.clock import stamp
from emulators.common.deliveries import Deliveries, Delivery

SECRET, SIGNATURE = "X-Hook-Secret", "X-Hook-Signature"
TIMEOUT_S = 10.0
HEARTBEAT_EVERY = timedelta(hours=8)
DELETED_AFTER = timedelta(hours=24)
FIRST_REPEAT = timedelta(minutes=1)
LONGEST_REPEAT = timedelta(hours=4)


@dataclass(eq=False, kw_only=True)
class EventsDelivery(Delivery):
    """Events to be sent to one webhook."""

    webhook_gid: str
    secret: str
    events: list[Row]
    #: Not before this moment.
    due_at: datetime | None = None
    #: A signature in place of the right one.
    signature: str | None = None

    def to_json(self) -> dict[str, Any]:
        """As the control endpoint shows it."""
        return {**super().to_json(), "webhook": self.webhook_gid, "body": {"events": self.events}}


def _delivery(webhook: Row, events: list[Row], signature: str | None = None) -> EventsDelivery:
    return EventsDelivery(
        url=webhook["target"],
        webhook_gid=webhook["gid"],
        secret=webhook["secret"],
        events=events,
        signature=signature,
    )


def signature_of(secret: str, body: bytes) -> str:
    """Asana's signature of a delivery: hex HMAC-SHA256 of the body."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


class Webhooks(Deliveries[EventsDelivery]):
    """The deliveries of one account."""

    def __init__(self) -> None:
        self.asana: Asana | None = None
        super().__init__(TIMEOUT_S)

    def clear(self) -> None:
        """Delete all deliveries, return to the mode ``deliver`` and to the present."""
        with self._changed:
            super().clear()
            self._beats: dict[str, datetime] = {}
            self._moved = timedelta()

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
        self._send_heartbeat(webhook, self.now())

    def publish(self, webhook: Row, events: list[Row]) -> None:
        """Queue the events of one call, or handle them as the mode says."""
        self._send_as_mode_says(_delivery(webhook, events))

    def resend(self, number: int) -> None:
        """Send the events of a delivery again, with the same body and signature."""
        with self._changed:
            old = self._all[number - 1]
        self._send_in_any_mode(
            EventsDelivery(url=old.url, webhook_gid=old.webhook_gid, secret=old.secret, events=old.events)
        )

    def forge(self, webhook: Row, events: list[Row], signature: str) -> None:
        """Send events with a signature that is not Asana's."""
        self._send_in_any_mode(_delivery(webhook, events, signature))

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
                self._send_heartbeat(webhook, now)

    def _send_heartbeat(self, webhook: Row, now: datetime) -> None:
        with self._changed:
            self._beats[webhook["gid"]] = now
            self._send_in_any_mode(_delivery(webhook, []))

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

    def _next_due(self) -> EventsDelivery | None:
        if not self._waiting:
            return None
        now = self.now()
        return next((one for one in self._waiting if one.due_at is None or one.due_at <= now), None)

    def _deliver(self, delivery: EventsDelivery) -> None:
        body = json.dumps({"events": delivery.events}).encode()
        signature = delivery.signature or signature_of(delivery.secret, body)
        headers = {"Content-Type": "application/json", SIGNATURE: signature}
        answer, content = self._post(delivery, content=body, headers=headers)
        self._note(delivery, answer, content)

    def _note(self, delivery: EventsDelivery, answer: int | None, content: str) -> None:
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
