"""The rate limit: a number of calls for each token in any second."""

from __future__ import annotations

import math
import threading
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass

WINDOW_S = 1.0


@dataclass(frozen=True)
class Allowance:
    """Values of the ``x-ratelimit-*`` headers of one answer."""

    limit: int
    remaining: int
    #: When the next call is certainly allowed, UTC epoch seconds.
    reset: int
    is_refused: bool

    def headers(self) -> dict[str, str]:
        """The headers of every answer."""
        return {
            "x-ratelimit-limit": str(self.limit),
            "x-ratelimit-remaining": str(self.remaining),
            "x-ratelimit-reset": str(self.reset),
        }


class Limiter:
    """A sliding window of one second, one for each token over all calls.

    Parameters
    ----------
    now
        Epoch seconds. This is not the clock for the times of rows, which may stand still.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._calls: dict[str, deque[float]] = defaultdict(deque)

    def clear(self) -> None:
        """Forget every call."""
        with self._lock:
            self._calls.clear()

    def take(self, token: str, limit: int) -> Allowance:
        """Count a call if the limit allows it."""
        with self._lock:
            now, calls = self._now(), self._calls[token]
            while calls and calls[0] <= now - WINDOW_S:
                calls.popleft()
            is_refused = len(calls) >= limit
            if not is_refused:
                calls.append(now)
            reset = math.ceil((calls[0] if calls else now) + WINDOW_S)
            return Allowance(limit, max(0, limit - len(calls)), reset, is_refused)
