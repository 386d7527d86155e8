"""The moment by which a request has to be answered. Every outside call waits no longer than until then."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from tenacity import RetryCallState
from tenacity.stop import stop_base

_ends_at_s: ContextVar[float] = ContextVar("deadline", default=math.inf)


@contextmanager
def limited_to(seconds: float) -> Iterator[None]:
    """Give what is done inside at most so many seconds, fewer where an outer limit ends earlier."""
    token = _ends_at_s.set(min(_ends_at_s.get(), time.monotonic() + seconds))
    try:
        yield
    finally:
        _ends_at_s.reset(token)


def seconds_left() -> float:
    """Seconds until the deadline; infinite where there is none, below 0 where it has passed."""
    return _ends_at_s.get() - time.monotonic()


def time_limit_s(most_s: float) -> float:
    """How many seconds a call may wait that waits *most_s* otherwise.

    Raises
    ------
    TimeoutError
        If the deadline has passed: the call must not be sent.
    """
    left_s = seconds_left()
    if left_s <= 0:
        raise TimeoutError("the deadline has passed")
    return min(most_s, left_s)


class StopAtDeadline(stop_base):
    """Stops the attempts of ``tenacity`` where the wait before the next one would end after the deadline."""

    def __call__(self, retry_state: RetryCallState) -> bool:
        """See ``stop_base``."""
        return retry_state.upcoming_sleep >= seconds_left()
