"""The limits: 429 above a number of messages a minute in a group, or a second overall."""

from __future__ import annotations

import threading
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from emulators.telegram.errors import too_many

MINUTE_S, SECOND_S = 60.0, 1.0


@dataclass
class Limits:
    """The limits that Telegram's bot support names."""

    per_minute: int = 20
    per_s: int = 30


@dataclass
class _Window:
    """Moments of messages in a window, the most that it ever held, and the end of a rest."""

    moments: deque[float] = field(default_factory=deque)
    most: int = 0
    rest_until: float = 0.0

    def forget(self, before: float) -> None:
        while self.moments and self.moments[0] <= before:
            self.moments.popleft()

    def add(self, now: float) -> None:
        self.moments.append(now)
        self.most = max(self.most, len(self.moments))


class Limiter:
    """Sliding windows. What Telegram refuses for another reason does not count.

    Parameters
    ----------
    now
        Seconds. This is not the clock for the times of messages, which may stand still.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._lock = threading.Lock()
        self.clear()

    def clear(self) -> None:
        """Forget every message, and the limits that were set."""
        self.limits = Limits()
        self._groups: dict[int, _Window] = defaultdict(_Window)
        self._seconds: dict[int, _Window] = defaultdict(_Window)
        self._overall = _Window()
        self._refused = self._early = 0

    def take(self, chat_id: int) -> None:
        """Count a message; raises ``TelegramError`` 429 if there were too many."""
        with self._lock:
            now, group = self._now(), self._groups[chat_id]
            group.forget(now - MINUTE_S)
            self._overall.forget(now - SECOND_S)
            if now < group.rest_until:
                # Somebody did not wait as long as he was told to.
                self._early += 1
            for window, most, length_s in (
                (group, self.limits.per_minute, MINUTE_S),
                (self._overall, self.limits.per_s, SECOND_S),
            ):
                if len(window.moments) >= most:
                    self._refused += 1
                    wait_s = window.moments[-most] + length_s - now
                    group.rest_until = now + wait_s
                    raise too_many(wait_s)
            second = self._seconds[chat_id]
            second.forget(now - SECOND_S)
            for window in (group, second, self._overall):
                window.add(now)

    def measured(self) -> dict[str, Any]:
        """The most messages in any minute of each group, and in a second; refused and early calls."""
        with self._lock:
            return {
                "most_per_minute": {str(chat_id): one.most for chat_id, one in self._groups.items()},
                "most_per_s_in_a_chat": max((one.most for one in self._seconds.values()), default=0),
                "most_per_s": self._overall.most,
                "refused": self._refused,
                "early": self._early,
            }
