"""Sends the webhooks of an emulated tracker in order, from a thread of its own.

Tests and the workbench choose a *mode* in which events come late, twice, out of order, or not at all:

=====================================  =======================================================
``GET  /_emulator/webhooks``           ``{"mode", "deliveries"}``, the oldest delivery first
``POST /_emulator/webhooks``           ``{"mode"}``: one of ``MODES``
``POST /_emulator/webhooks/release``   send held events: ``{"released": n}``
``POST /_emulator/webhooks/settle``    ``{"timeout_s"}``: wait until all are sent: ``{"settled"}``
=====================================  =======================================================
"""

from __future__ import annotations

import collections
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import httpx
from flask import Flask, Response, jsonify, request

from emulators.common.client import local_client
from emulators.common.control import CONTROL_PREFIX

MODES = ("deliver", "hold", "drop", "duplicate", "reverse")
#: How often the thread looks whether a delivery that waits for its time is due.
LOOK_EVERY_S = 0.5


@dataclass(eq=False, kw_only=True)
class Delivery:
    """What is to be sent to one address."""

    url: str
    #: Place among all deliveries, from 1; given when it is added.
    number: int = 0
    #: ``waiting``, ``held``, ``delivered``, ``failed`` or ``dropped``.
    status: str = "waiting"
    #: HTTP statuses of the receiver's answers; ``None`` if no answer came.
    answers: list[int | None] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """As the control endpoint shows it."""
        return {"number": self.number, "url": self.url, "status": self.status, "answers": self.answers}


D = TypeVar("D", bound=Delivery)


class Deliveries(ABC, Generic[D]):
    """The deliveries of one emulator, whose class says what a delivery is and how it is sent."""

    def __init__(self, timeout_s: float) -> None:
        self._changed = threading.Condition()
        self._waiting: collections.deque[D] = collections.deque()
        self._client = local_client(timeout=timeout_s, limits=httpx.Limits(max_keepalive_connections=0))
        self._is_sending = False
        self.clear()
        threading.Thread(target=self._deliver_forever, daemon=True).start()

    def clear(self) -> None:
        """Delete all deliveries and return to the mode ``deliver``."""
        with self._changed:
            self._waiting.clear()
            self._held: list[D] = []
            self._all: list[D] = []
            self.mode = "deliver"

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

    def _add(self, delivery: D) -> None:
        self._all.append(delivery)
        delivery.number = len(self._all)

    def _send_as_mode_says(self, delivery: D) -> None:
        """Add a new delivery, and queue, hold or drop it."""
        with self._changed:
            self._add(delivery)
            if self.mode == "drop":
                delivery.status = "dropped"
            elif self.mode in ("hold", "reverse"):
                delivery.status = "held"
                self._held.append(delivery)
            else:
                self._waiting.extend([delivery] * (2 if self.mode == "duplicate" else 1))
                self._changed.notify_all()

    def _send_in_any_mode(self, delivery: D) -> None:
        """Add a new delivery and queue it."""
        with self._changed:
            self._add(delivery)
            self._waiting.append(delivery)
            self._changed.notify_all()

    def _next_due(self) -> D | None:
        """The next waiting delivery that may be sent now."""
        return self._waiting[0] if self._waiting else None

    def _deliver_forever(self) -> None:
        while True:
            with self._changed:
                self._is_sending = False
                self._changed.notify_all()
                while (delivery := self._next_due()) is None:
                    self._changed.wait(LOOK_EVERY_S if self._waiting else None)
                self._waiting.remove(delivery)
                self._is_sending = True
            self._deliver(delivery)

    @abstractmethod
    def _deliver(self, delivery: D) -> None:
        """Send a delivery and note the answer."""

    def _post(self, delivery: D, **request: Any) -> tuple[int | None, str]:
        """Status and text of the receiver's answer; ``None`` and the reason if there is none.

        *request* has the body and headers, as httpx takes them.
        """
        try:
            answer = self._client.post(delivery.url, **request)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return None, str(error)
        return answer.status_code, answer.text


def install_webhook_control(
    app: Flask, deliveries: Deliveries[Any], refuse: Callable[[str], Response]
) -> None:
    """Add the control endpoints of the webhooks; *refuse* answers 400 as the service does."""

    @app.get(f"{CONTROL_PREFIX}/webhooks")
    def list_deliveries() -> Response:
        return jsonify({"mode": deliveries.mode, "deliveries": deliveries.to_json()})

    @app.post(f"{CONTROL_PREFIX}/webhooks")
    def set_mode() -> Response:
        mode = request.get_json(force=True).get("mode")
        if mode not in MODES:
            return refuse(f"mode is one of {', '.join(MODES)}")
        deliveries.set_mode(mode)
        return jsonify({"mode": mode})

    @app.post(f"{CONTROL_PREFIX}/webhooks/release")
    def release() -> Response:
        return jsonify({"released": deliveries.release()})

    @app.post(f"{CONTROL_PREFIX}/webhooks/settle")
    def settle() -> Response:
        timeout_s = float((request.get_json(force=True, silent=True) or {}).get("timeout_s", 10))
        return jsonify({"settled": deliveries.settle(timeout_s)})
