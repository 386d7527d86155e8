"""Delivers webhooks, repeats failed ones, and switches off subscriptions that are not answered well.

The time of repeats can be moved forward.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from emulators.common.clock import utc_now
from emulators.common.deliveries import Deliveries, Delivery

TIMEOUT_S = 2.0
#: Waits before repeats after any bad answer, and those that follow after 499 and 5xx only.
WAITS = (timedelta(minutes=5), timedelta(minutes=15))
FURTHER_WAITS = (timedelta(minutes=15), timedelta(hours=1))
#: More bad answers than this within the time, of which the last one is bad, switch a subscription off.
MOST_BAD, BAD_WITHIN = 100, timedelta(hours=2)


@dataclass(eq=False, kw_only=True)
class FormDelivery(Delivery):
    """A form to be sent to one address."""

    body: str
    #: Whether the address is a subscription of the account, which may be switched off.
    is_subscription: bool = True
    #: Not before this moment.
    due_at: datetime | None = None

    def to_json(self) -> dict[str, Any]:
        """As the control endpoint shows it."""
        return {**super().to_json(), "body": self.body, "is_subscription": self.is_subscription}


@dataclass
class _Bad:
    """Moments of the bad answers of an address."""

    moments: deque[datetime] = field(default_factory=deque)


class Webhooks(Deliveries[FormDelivery]):
    """The deliveries of one account. Repeats go by the clock of the machine, not by that of the rows."""

    def __init__(self) -> None:
        #: Called with the address of a subscription that is to be switched off.
        self.switch_off: Callable[[str], None] = lambda _: None
        super().__init__(TIMEOUT_S)

    def clear(self) -> None:
        """Delete all deliveries, return to the mode ``deliver`` and to the present."""
        with self._changed:
            super().clear()
            self._bad: dict[str, _Bad] = {}
            self._moved = timedelta()

    def publish(self, url: str, body: str, *, is_subscription: bool) -> None:
        """Queue a form, or handle it as the mode says."""
        self._send_as_mode_says(FormDelivery(url=url, body=body, is_subscription=is_subscription))

    def now(self) -> datetime:
        """The current moment, with what *advance* added."""
        return utc_now() + self._moved

    def advance(self, minutes: float, timeout_s: float) -> bool:
        """Move the time of repeats forward, and send what is due then."""
        with self._changed:
            self._moved += timedelta(minutes=minutes)
            self._changed.notify_all()
        return self.settle(timeout_s)

    def _next_due(self) -> FormDelivery | None:
        if not self._waiting:
            return None
        now = self.now()
        return next((one for one in self._waiting if one.due_at is None or one.due_at <= now), None)

    def _deliver(self, delivery: FormDelivery) -> None:
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        answer, _ = self._post(delivery, content=delivery.body.encode(), headers=headers)
        is_taken = answer is not None and 100 <= answer < 300
        is_dead = False
        with self._changed:
            delivery.answers.append(answer)
            delivery.status = "delivered" if is_taken else "failed"
            if not is_taken:
                wait = wait_after(delivery.answers)
                if wait is not None:
                    delivery.status, delivery.due_at = "waiting", self.now() + wait
                    self._waiting.append(delivery)
                is_dead = delivery.is_subscription and self._is_too_bad(delivery.url)
        if is_dead:
            self.switch_off(delivery.url)

    def _is_too_bad(self, url: str) -> bool:
        """Count a bad answer; whether there are too many now."""
        now, bad = self.now(), self._bad.setdefault(url, _Bad())
        bad.moments.append(now)
        while bad.moments[0] <= now - BAD_WITHIN:
            bad.moments.popleft()
        return len(bad.moments) > MOST_BAD


def wait_after(answers: list[int | None]) -> timedelta | None:
    """How long amoCRM waits before it sends a webhook again; ``None`` if it gives up."""
    count, last = len(answers), answers[-1] or 0
    if count <= len(WAITS):
        return WAITS[count - 1]
    place = count - len(WAITS) - 1
    is_their_fault = last == 499 or last >= 500
    return FURTHER_WAITS[place] if is_their_fault and place < len(FURTHER_WAITS) else None
