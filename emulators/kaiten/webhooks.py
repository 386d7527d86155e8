"""Delivers events in order, with one attempt each.

The headers of the real service, its timeout and whether it repeats a webhook are not documented
(``COVERAGE.md``).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from emulators.common.deliveries import Deliveries, Delivery

TIMEOUT_S = 5.0


@dataclass(eq=False, kw_only=True)
class EventDelivery(Delivery):
    """One event to be sent to one address."""

    body: dict[str, Any]

    def to_json(self) -> dict[str, Any]:
        """As the control endpoint shows it."""
        return {**super().to_json(), "event": self.body["event"], "body": self.body}


class Webhooks(Deliveries[EventDelivery]):
    """The deliveries of one company."""

    def __init__(self) -> None:
        super().__init__(TIMEOUT_S)

    def publish(self, url: str, event: str, data: dict[str, Any]) -> None:
        """Queue an event, or handle it as the mode says."""
        self._send_as_mode_says(EventDelivery(url=url, body={"event": event, "data": data}))

    def _deliver(self, delivery: EventDelivery) -> None:
        # Escaped, as a text may have half of a surrogate pair.
        content = json.dumps(delivery.body).encode()
        answer, _ = self._post(delivery, content=content, headers={"Content-Type": "application/json"})
        with self._changed:
            delivery.answers.append(answer)
            is_taken = answer is not None and answer < 300
            delivery.status = "delivered" if is_taken else "failed"
