"""The rate limit: 429 above a number of calls a second, then a block of the integration."""

from __future__ import annotations

import threading
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field

WINDOW_S = 1.0
#: Time in which refusals are added up.
MEMORY_S = 60.0


@dataclass
class Limits:
    """The limits of an account; the harder readings of what is published."""

    limit_per_s: int = 7
    #: The refusal within a minute with which the integration is blocked.
    blocking_refusal: int = 2
    #: Seconds after the last call of a blocked integration at which the block ends.
    block_s: float = 600.0


@dataclass
class _Integration:
    calls: deque[float] = field(default_factory=deque)
    refusals: deque[float] = field(default_factory=deque)
    blocked_until: float = 0.0
    most_per_s: int = 0
    refused_count: int = 0


class Limiter:
    """A sliding window of one second for each token. Refused calls count too.

    Parameters
    ----------
    now
        Seconds. This is not the clock for the times of rows, which may stand still.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._lock = threading.Lock()
        self.clear()

    def clear(self) -> None:
        """Forget every call, and the limits that were set."""
        self.limits = Limits()
        self._integrations: dict[str, _Integration] = defaultdict(_Integration)

    def take(self, token: str) -> int | None:
        """Count a call; the status of its refusal, or ``None`` if it is allowed."""
        with self._lock:
            now, one = self._now(), self._integrations[token]
            _forget(one.calls, now - WINDOW_S)
            _forget(one.refusals, now - MEMORY_S)
            one.calls.append(now)
            one.most_per_s = max(one.most_per_s, len(one.calls))
            if now < one.blocked_until:
                one.blocked_until = now + self.limits.block_s
                one.refused_count += 1
                return 403
            if len(one.calls) <= self.limits.limit_per_s:
                return None
            one.refusals.append(now)
            one.refused_count += 1
            if len(one.refusals) >= self.limits.blocking_refusal:
                one.blocked_until = now + self.limits.block_s
            return 429

    def measured(self) -> dict[str, int]:
        """The most calls of a token in a second, and the count of refused calls."""
        with self._lock:
            all_of_them = self._integrations.values()
            return {
                "most_per_s": max((one.most_per_s for one in all_of_them), default=0),
                "refused": sum(one.refused_count for one in all_of_them),
            }


def _forget(moments: deque[float], before: float) -> None:
    while moments and moments[0] <= before:
        moments.popleft()
