"""Keeps calls under the limit that the tracker itself tells."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Mapping

#: Kaiten's documentation says 5 calls a second, measurements say 50; until an answer tells, the lower one.
FIRST_RATE_PER_S = 4.0
#: Other clients may share the token's allowance.
SHARE_OF_LIMIT = 0.8
#: However far away the reset is said to be, the window is one second long.
LONGEST_REST_S = 2.0


class Pace:
    """Spreads calls evenly, and rests when the answer says that nothing is left.

    Parameters
    ----------
    now
        Epoch seconds: the tracker tells the end of the window in them.
    """

    def __init__(
        self, *, now: Callable[[], float] = time.time, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._now = now
        self._sleep = sleep
        self._lock = threading.Lock()
        self._rate_per_s = FIRST_RATE_PER_S
        self._last_at = self._rest_until = -math.inf

    def wait(self) -> None:
        """Sleep until the next call may go out. Threads get turns of their own.

        The distance from the call before is that of the limit known now: the first answer ends the slow
        pace, the second call does not have to wait for it.
        """
        with self._lock:
            now = self._now()
            turn_at = max(now, self._last_at + 1.0 / self._rate_per_s, self._rest_until)
            self._last_at = turn_at
        if turn_at > now:
            self._sleep(turn_at - now)

    def learn(self, headers: Mapping[str, str]) -> None:
        """Take the limit, and what is left of it, from an answer."""
        limit = _number(headers.get("x-ratelimit-limit"))
        remaining = _number(headers.get("x-ratelimit-remaining"))
        reset = _number(headers.get("x-ratelimit-reset"))
        with self._lock:
            if limit:
                self._rate_per_s = limit * SHARE_OF_LIMIT
            if remaining == 0 and reset is not None:
                rest_until = min(reset, self._now() + LONGEST_REST_S)
                self._rest_until = max(self._rest_until, rest_until)


def _number(text: str | None) -> float | None:
    try:
        return float(text) if text is not None else None
    except ValueError:
        return None
