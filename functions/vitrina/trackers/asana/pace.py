"""Keeps calls under Asana's limit, which its answers do not state: a number of calls in any minute."""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping

from vitrina.rest.wire import retry_after_s

#: Calls in a minute of a free workspace and of a paid one; developers.asana.com/docs/rate-limits.
FREE_PER_MINUTE, PAID_PER_MINUTE = 150, 1500
#: The minute, and a second more: a call may arrive sooner after the one before it than it was sent.
WINDOW_S = 61.0
#: Longest wait after a refusal.
LONGEST_REST_S = 62.0


class Pace:
    """Allows a number of calls in any minute, without spacing them; rests after a refusal.

    Refused calls count against the limit too, so a client has to know it. The limit of a free workspace is
    assumed until the account is known to be paid.

    Parameters
    ----------
    per_minute
        Calls in any minute; ``None`` for that of the plan.
    now
        Seconds.
    sleep
        Waits so many seconds.
    """

    def __init__(
        self,
        per_minute: int | None = None,
        *,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._now = now
        self._sleep = sleep
        self._lock = threading.Lock()
        self._is_fixed = per_minute is not None
        self._per_minute = per_minute or FREE_PER_MINUTE
        #: Times of the calls of the last minute, oldest first; those of waiting ones are in the future.
        self._turns: deque[float] = deque()
        self._rest_until = -math.inf

    def learn_plan(self, *, is_paid: bool) -> None:
        """Take the limit of the plan, unless one was given."""
        with self._lock:
            if not self._is_fixed:
                self._per_minute = PAID_PER_MINUTE if is_paid else FREE_PER_MINUTE

    def wait(self, calls: int = 1) -> None:
        """Sleep until so many calls fit into the minute. Each thread gets turns of its own."""
        with self._lock:
            now = self._now()
            while self._turns and self._turns[0] <= now - WINDOW_S:
                self._turns.popleft()
            turn_at = max(now, self._rest_until, self._turns[-1] if self._turns else now)
            surplus = len(self._turns) + calls - self._per_minute
            if surplus > 0 and self._turns:
                turn_at = max(turn_at, self._turns[min(surplus, len(self._turns)) - 1] + WINDOW_S)
            self._turns.extend([turn_at] * calls)
        if turn_at > now:
            self._sleep(turn_at - now)

    def learn(self, headers: Mapping[str, str]) -> None:
        """Rest as long as an answer asks for; only refusals ask."""
        asked_s = retry_after_s(headers)
        if asked_s is not None:
            with self._lock:
                self._rest_until = max(self._rest_until, self._now() + min(asked_s, LONGEST_REST_S))
