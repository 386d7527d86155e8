"""Keeps calls under the rate limit that Kaiten states in its answers."""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping

#: Rate until an answer states the limit. The documentation says 5 calls a second, measurements say 50.
FIRST_RATE_PER_S = 4.0
#: Part of the limit that we use: other clients may call with the same token.
SHARE_OF_LIMIT = 0.95
#: Length of the window in seconds.
WINDOW_S = 1.0
#: Longest wait for the end of the window, which is one second long whatever the answer says.
LONGEST_REST_S = 2.0


class Pace:
    """Spaces calls evenly, and pauses when another client has used up the calls of this window.

    Parameters
    ----------
    now
        The time in epoch seconds, as in the header with the end of the window.
    sleep
        Waits so many seconds.
    """

    def __init__(
        self, *, now: Callable[[], float] = time.time, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._now = now
        self._sleep = sleep
        self._lock = threading.Lock()
        self._rate_per_s = FIRST_RATE_PER_S
        self._is_limit_known = False
        self._last_at = self._rest_until = -math.inf
        #: Our own calls of the last second.
        self._turns: deque[float] = deque()

    def wait(self, calls: int = 1) -> None:  # noqa: ARG002 - Kaiten has no batches
        """Sleep until the next call may be sent. Each thread gets a turn of its own.

        The distance to the previous call follows from the limit known now. As long as none is known, turns
        are not given in advance, so that the slow first rate ends with the first answer.
        """
        has_turn = False
        while not has_turn:
            with self._lock:
                now = self._now()
                turn_at = max(now, self._last_at + 1.0 / self._rate_per_s, self._rest_until)
                has_turn = self._is_limit_known or turn_at <= now
                if has_turn:
                    self._last_at = turn_at
                    self._turns.append(turn_at)
            if turn_at > now:
                self._sleep(turn_at - now)

    def learn(self, headers: Mapping[str, str]) -> None:
        """Take the limit, and the number of calls left, from the headers of an answer."""
        limit = _number(headers.get("x-ratelimit-limit"))
        remaining = _number(headers.get("x-ratelimit-remaining"))
        reset = _number(headers.get("x-ratelimit-reset"))
        with self._lock:
            if limit:
                self._rate_per_s = limit * SHARE_OF_LIMIT
                self._is_limit_known = True
            if remaining == 0 and reset is not None and not self._fill_the_window(limit):
                rest_until = min(reset, self._now() + LONGEST_REST_S)
                self._rest_until = max(self._rest_until, rest_until)

    def _fill_the_window(self, limit: float | None) -> bool:
        """Whether our own calls are all that the limit allows: then their distance is enough."""
        began_at = self._now() - WINDOW_S
        while self._turns and self._turns[0] < began_at:
            self._turns.popleft()
        return limit is not None and len(self._turns) >= limit - 1


def _number(text: str | None) -> float | None:
    try:
        return float(text) if text is not None else None
    except ValueError:
        return None
