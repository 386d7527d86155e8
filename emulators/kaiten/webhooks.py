"""Delivers events in order, with one attempt each, from a thread of its own.

The headers of the real service, its timeout and whether it repeats a webhook are not documented
(``COVERAGE.md``). Tests and the workbench page choose a *mode* in which events come late, twice, out of
order, or not at all.
"""

from __future__ import annotations

import collections
import threading
from dataclasses import dataclass, field
from typing import Any

import httpx

TIMEOUT_S = 5.0
MODES = ("deliver", "hold", "drop", "duplicate", "reverse")


@dataclass
class Delivery:
    """One event to be sent to one address."""

    number: int
    url: str
    body: dict[str, Any]
    #: ``waiting``, ``held``, ``delivered``, ``failed`` or ``dropped``.
    status: str
    #: HTTP statuses of the receiver's answers; ``None`` if no answer came.
    answers: list[int | None] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """As the control endpoint shows it."""
        return {
            "number": self.number,
            "url": self.url,
            "event": self.body["event"],
            "body": self.body,
            "status": self.status,
            "answers": self.answers,
        }


class Webhooks:
    """The deliveries of one company."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting: collections.deque[Delivery] = collections.deque()
        self._client = httpx.Client(
            timeout=TIMEOUT_S, trust_env=False, limits=httpx.Limits(max_keepalive_connections=0)
        )
        self._is_sending = False
        self.clear()
        threading.Thread(target=self._deliver_forever, daemon=True).start()

    def clear(self) -> None:
        """Delete all deliveries and return to the mode ``deliver``."""
        with self._changed:
            self._waiting.clear()
            self._held: list[Delivery] = []
            self._all: list[Delivery] = []
            self.mode = "deliver"

    def publish(self, url: str, event: str, data: dict[str, Any]) -> None:
        """Queue an event, or handle it as the mode says."""
        with self._changed:
            delivery = Delivery(len(self._all) + 1, url, {"event": event, "data": data}, "waiting")
            self._all.append(delivery)
            if self.mode == "drop":
                delivery.status = "dropped"
            elif self.mode in ("hold", "reverse"):
                delivery.status = "held"
                self._held.append(delivery)
            else:
                self._waiting.extend([delivery] * (2 if self.mode == "duplicate" else 1))
                self._changed.notify_all()

    def set_mode(self, mode: str) -> None:
        """Choose what happens to events from now on; held ones stay held."""
        with self._changed:
            self.mode = mode

    def release(self) -> int:
        """Send held events, the newest first in mode ``reverse``; return their count."""
        with self._changed:
            held, self._held = self._held, []
            for delivery in held:
                delivery.status = "waiting"
            self._waiting.extend(reversed(held) if self.mode == "reverse" else held)
            self._changed.notify_all()
            return len(held)

    def settle(self, timeout_s: float) -> bool:
        """Wait until no event is waiting or being sent; return ``False`` after *timeout_s*."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._waiting and not self._is_sending, timeout_s)

    def to_json(self) -> list[dict[str, Any]]:
        """All deliveries, oldest first."""
        with self._changed:
            return [delivery.to_json() for delivery in self._all]

    def _deliver_forever(self) -> None:
        while True:
            with self._changed:
                self._is_sending = False
                self._changed.notify_all()
                self._changed.wait_for(lambda: bool(self._waiting))
                delivery = self._waiting.popleft()
                self._is_sending = True
            answer = self._post(delivery)
            with self._changed:
                delivery.answers.append(answer)
                is_taken = answer is not None and answer < 300
                delivery.status = "delivered" if is_taken else "failed"

    def _post(self, delivery: Delivery) -> int | None:
        try:
            return self._client.post(delivery.url, json=delivery.body).status_code
        except (httpx.HTTPError, httpx.InvalidURL):
            return None
