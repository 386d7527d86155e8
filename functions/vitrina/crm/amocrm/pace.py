"""Keeps calls far below amoCRM's limit, and stops calling at the first refusal.

amoCRM allows an integration 7 calls a second. It answers 429 to more, and blocks an integration that goes on
(403). How soon is not published, so one refusal is enough for a rest.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Mapping

from vitrina.errors import RetriableServiceError

SERVICE = "amoCRM"
#: Most calls of one process in a second, so that two processes stay below amoCRM's 7.
CALLS_PER_S = 3.0
#: Rest after a 429: within a minute, a second one is taken for a repeated offence.
REST_S = 61.0
#: Rest after a block, in rests after a 429.
RESTS_OF_BLOCK = 15
#: A 403 within this number of rests after a 429 is a block; any other one means that a right is missing.
RESTS_OF_SUSPICION = 10
#: The longest rest that amoCRM can ask for.
LONGEST_REST_S = 3600.0


def distance(calls_per_s: float = CALLS_PER_S) -> float:
    """Seconds between calls with which no second has more of them: a little more than their share."""
    return 1.05 / calls_per_s


class Pace:
    """Spaces calls evenly. During a rest calls are refused here and not sent.

    Parameters
    ----------
    distance_s
        Seconds between two calls.
    rest_s
        Seconds without calls after a 429; longer rests are multiples of it.
    now
        Seconds.
    sleep
        Waits so many seconds.
    """

    def __init__(
        self,
        distance_s: float,
        *,
        rest_s: float = REST_S,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._distance_s = distance_s
        self._rest_s = rest_s
        self._now = now
        self._sleep = sleep
        self._lock = threading.Lock()
        self._last_at = self._rest_until = self._suspect_until = -math.inf
        self._is_blocked = False

    def wait(self, calls: int = 1) -> None:
        """Sleep until the next call may be sent. No two threads get the same moment.

        Raises
        ------
        RetriableServiceError
            During a rest, also if it began while this call waited.
        """
        with self._lock:
            now = self._now()
            self._check_rest(now)
            turn_at = max(now, self._last_at + self._distance_s)
            self._last_at = turn_at + (calls - 1) * self._distance_s
        if turn_at > now:
            self._sleep(turn_at - now)
            with self._lock:
                self._check_rest(self._now())

    def learn(self, headers: Mapping[str, str]) -> None:
        """Do nothing: amoCRM's answers do not state the limit."""

    def note_refusal(self, status: int, asked_s: float | None) -> RetriableServiceError | None:
        """Begin a rest after 429, or after a 403 that is a block; return the error of the call.

        Parameters
        ----------
        asked_s
            Seconds that the answer asks for, if it does.

        Returns
        -------
        RetriableServiceError | None
            ``None`` for a 403 that means that a right is missing.
        """
        with self._lock:
            now = self._now()
            if status == 429:
                self._suspect_until = now + RESTS_OF_SUSPICION * self._rest_s
                rest_s = self._rest_s
            elif now < self._suspect_until:
                self._is_blocked = True
                rest_s = RESTS_OF_BLOCK * self._rest_s
            else:
                return None
            rest_s = max(rest_s, min(asked_s or 0.0, LONGEST_REST_S))
            self._rest_until = max(self._rest_until, now + rest_s)
            return self._error(now)

    def _check_rest(self, now: float) -> None:
        if now < self._rest_until:
            raise self._error(now)
        self._is_blocked = False

    def _error(self, now: float) -> RetriableServiceError:
        code, status = ("crm.blocked", 403) if self._is_blocked else ("service.busy", 429)
        rest_s = float(math.ceil(self._rest_until - now))
        return RetriableServiceError(code, service=SERVICE, status=status, retry_after_s=rest_s)
