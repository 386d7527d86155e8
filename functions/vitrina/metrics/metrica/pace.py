"""Keeps calls under Metrica's quotas, and waits as long as a refusal asks.

A login has 3 calls at once, 30 in a second, 200 in five minutes for statistics and 5,000 in a day until
midnight GMT, for all programs together. A refusal does not say how long to wait; its ``error_type`` does.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

from vitrina.errors import RetriableServiceError

SERVICE = "Yandex Metrica"
#: Most calls at once.
PARALLEL = 3
#: Seconds between two calls: far below 30 in a second, which are counted for the address of the machine.
DISTANCE_S = 0.1
#: Our own calls within ``WINDOW_S``; the rest of the 200 is for other programs with the same login.
MOST_IN_WINDOW = 150
WINDOW_S = 300.0
#: A quota of the login refused again so soon after its rest is that of the day.
SUSPICION_S = 3600.0


class Pace:
    """Spaces the calls of a login. During a rest calls are refused here and not sent.

    Parameters
    ----------
    distance_s
        Seconds between two calls.
    window_s
        Seconds of the quota that is counted in five minutes; also the rest after its refusal.
    now
        Seconds.
    today
        The moment, for the end of the day in GMT.
    sleep
        Waits so many seconds.
    """

    def __init__(
        self,
        *,
        distance_s: float = DISTANCE_S,
        window_s: float = WINDOW_S,
        now: Callable[[], float] = time.monotonic,
        today: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.places = threading.BoundedSemaphore(PARALLEL)
        self._distance_s = distance_s
        self._window_s = window_s
        self._now = now
        self._today = today
        self._sleep = sleep
        self._lock = threading.Lock()
        self._calls: deque[float] = deque()
        self._next_at = 0.0
        self._rest_until = self._suspect_until = float("-inf")

    def wait(self, calls: int = 1) -> None:
        """Sleep until the next call may be sent.

        Raises
        ------
        RetriableServiceError
            During a rest, or if there were too many calls in the last five minutes.
        """
        with self._lock:
            now = self._now()
            if now < self._rest_until:
                raise busy(self._rest_until - now)
            while self._calls and self._calls[0] <= now - self._window_s:
                self._calls.popleft()
            if len(self._calls) + calls > MOST_IN_WINDOW:
                raise busy(self._calls[0] + self._window_s - now)
            turn_at = max(now, self._next_at)
            self._next_at = turn_at + calls * self._distance_s
            self._calls.extend([turn_at] * calls)
        if turn_at > now:
            self._sleep(turn_at - now)

    def learn(self, headers: Mapping[str, str]) -> None:
        """Do nothing: Metrica's answers do not state the quotas."""

    def rest_of_login(self) -> RetriableServiceError:
        """Begin a rest after a quota of the login was refused: five minutes, and then until the day ends."""
        with self._lock:
            now = self._now()
            rest_s = self._window_s if now >= self._suspect_until else self.rest_of_day_s()
            if now >= self._rest_until:
                self._rest_until = now + rest_s
                self._suspect_until = self._rest_until + SUSPICION_S
            return busy(self._rest_until - now)

    def rest_of_day_s(self) -> float:
        """Seconds until the quotas of a day begin anew, and a minute more, as clocks differ."""
        now = self._today().astimezone(UTC)
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
        return (midnight - now).total_seconds() + 60.0


def busy(rest_s: float) -> RetriableServiceError:
    """The error of a call for which there is no quota now."""
    return RetriableServiceError("metrics.quota", service=SERVICE, status=429, retry_after_s=max(rest_s, 1.0))
