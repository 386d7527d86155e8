"""Delivers updates, and repeats those that were not answered with 2xx.

The time of repeats can be moved forward.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from emulators.common.clock import utc_now
from emulators.common.deliveries import Deliveries, Delivery

TIMEOUT_S = 10.0
#: Waits before repeats; the last one is used again. "A reasonable amount of attempts" is not a number.
WAITS = tuple(timedelta(minutes=minutes) for minutes in (1, 2, 4, 8, 16, 32))
MOST_ATTEMPTS = 12
HEADER = "X-Telegram-Bot-Api-Secret-Token"


@dataclass(eq=False, kw_only=True)
class UpdateDelivery(Delivery):
    """An update for one bot."""

    bot_id: int
    update: dict[str, Any]
    #: Not before this moment.
    due_at: datetime | None = None

    def to_json(self) -> dict[str, Any]:
        """As the control endpoint shows it."""
        return {**super().to_json(), "bot_id": self.bot_id, "update": self.update}


@dataclass(frozen=True)
class Failure:
    """The last delivery of a bot that was not taken."""

    at: datetime
    reason: str


class Webhooks(Deliveries[UpdateDelivery]):
    """The updates of all bots. Repeats go by the clock of the machine, not by that of the messages."""

    def __init__(self) -> None:
        #: The webhook that a bot has now, or ``None``.
        self.webhook_of: Callable[[int], dict[str, Any] | None] = lambda _: None
        super().__init__(TIMEOUT_S)

    def clear(self) -> None:
        """Delete all updates, return to the mode ``deliver`` and to the present."""
        with self._changed:
            super().clear()
            self._failures: dict[int, Failure] = {}
            self._moved = timedelta()

    def publish(self, bot_id: int, url: str, update: dict[str, Any]) -> None:
        """Queue an update, or handle it as the mode says."""
        self._send_as_mode_says(UpdateDelivery(url=url, bot_id=bot_id, update=update))

    def now(self) -> datetime:
        """The current moment, with what *advance* added."""
        return utc_now() + self._moved

    def advance(self, minutes: float, timeout_s: float) -> bool:
        """Move the time of repeats forward, and send what is due then."""
        with self._changed:
            self._moved += timedelta(minutes=minutes)
            self._changed.notify_all()
        return self.settle(timeout_s)

    def forget(self, bot_id: int) -> None:
        """Drop the updates of a bot that wait."""
        with self._changed:
            for queue in (self._waiting, self._held):
                for one in [one for one in queue if one.bot_id == bot_id]:
                    one.status = "dropped"
                    queue.remove(one)

    def pending_count(self, bot_id: int) -> int:
        """Count of updates of a bot that wait."""
        with self._changed:
            return sum(one.bot_id == bot_id and one.status in ("waiting", "held") for one in self._all)

    def failure_of(self, bot_id: int) -> Failure | None:
        """The last failure of a bot."""
        with self._changed:
            return self._failures.get(bot_id)

    def _next_due(self) -> UpdateDelivery | None:
        now = self.now()
        return next((one for one in self._waiting if one.due_at is None or one.due_at <= now), None)

    def _deliver(self, delivery: UpdateDelivery) -> None:
        webhook = self.webhook_of(delivery.bot_id)
        if webhook is None:
            with self._changed:
                delivery.status = "dropped"
            return
        delivery.url = webhook["url"]
        headers = {HEADER: webhook["secret_token"]} if webhook["secret_token"] else {}
        answer, text = self._post(delivery, json=delivery.update, headers=headers)
        is_taken = answer is not None and 200 <= answer < 300
        with self._changed:
            delivery.answers.append(answer)
            delivery.status = "delivered" if is_taken else "failed"
            if is_taken:
                return
            reason = text if answer is None else f"Wrong response from the webhook: {answer}"
            self._failures[delivery.bot_id] = Failure(self.now(), reason)
            count = len(delivery.answers)
            if count < MOST_ATTEMPTS:
                delivery.status = "waiting"
                delivery.due_at = self.now() + WAITS[min(count, len(WAITS)) - 1]
                self._waiting.append(delivery)
