"""How long a request waits for outside systems: until its deadline, and no longer for one that is silent.

A click has a deadline. Queued work has none, as it may have thousands of calls; it is *patient* instead: the
calls to one system that were never answered take so many seconds in all, and any further one fails at once.
"""

from __future__ import annotations

import io
import math
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from typing import Any, Generic, TypeVar, cast

import tenacity

_ends_at_s: ContextVar[float] = ContextVar("deadline", default=math.inf)


class Patience:
    """Seconds that a request may still wait for each system that does not answer; used by its threads."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._lock = threading.Lock()
        self._spent_s: dict[str, float] = {}

    def left_s(self, service: str) -> float:
        """Seconds that are left for a system; 0 or less if it was waited for long enough."""
        with self._lock:
            return self._seconds - self._spent_s.get(service, 0.0)

    def spend(self, service: str, seconds: float) -> None:
        """Count a call that was not answered."""
        with self._lock:
            self._spent_s[service] = self._spent_s.get(service, 0.0) + seconds


_patience: ContextVar[Patience | None] = ContextVar("patience", default=None)


Value = TypeVar("Value")


class _Inside(Generic[Value]):
    """Sets a context variable inside a ``with`` block; faster than ``contextmanager``."""

    def __init__(self, variable: ContextVar[Value], value: Value) -> None:
        self._variable = variable
        self._value = value

    def __enter__(self) -> None:
        self._token = self._variable.set(self._value)

    def __exit__(self, *_error: object) -> None:
        self._variable.reset(self._token)


def limited_to(seconds: float) -> AbstractContextManager[None]:
    """Give what is done inside at most so many seconds, fewer where an outer limit ends earlier."""
    return _Inside(_ends_at_s, min(_ends_at_s.get(), time.monotonic() + seconds))


def extended_to(seconds: float) -> AbstractContextManager[None]:
    """Give the end of something at least so many seconds, even after its deadline."""
    return _Inside(_ends_at_s, max(_ends_at_s.get(), time.monotonic() + seconds))


def patient_for(seconds: float) -> AbstractContextManager[None]:
    """Wait inside for the calls to one system that are never answered so many seconds in all."""
    return _Inside(_patience, Patience(seconds))


@contextmanager
def outside_call(
    service: str, most_s: float, no_answer: tuple[type[Exception], ...] = (OSError,)
) -> Iterator[float]:
    """Give one attempt of a call at most so many seconds in all; yields how many it has.

    Parameters
    ----------
    service
        Name of the outside system.
    most_s
        Seconds, fewer where the deadline is nearer or the system has been silent for long.
    no_answer
        What is raised where no answer came.

    Raises
    ------
    TimeoutError
        If no time is left: the call must not be sent.
    """
    limit_s = min(most_s, seconds_left(service))
    if limit_s <= 0:
        raise TimeoutError("the deadline has passed, or the system is silent")
    began_at_s, patience = time.monotonic(), _patience.get()
    try:
        with limited_to(limit_s):
            yield limit_s
    except no_answer:
        if patience is not None:
            patience.spend(service, time.monotonic() - began_at_s)
        raise


def seconds_left(service: str = "") -> float:
    """Seconds until the deadline, or until *service* was waited for long enough; infinite without a limit.

    0 or less if that has passed.
    """
    patience = _patience.get()
    patient_s = patience.left_s(service) if patience is not None and service else math.inf
    return min(_ends_at_s.get() - time.monotonic(), patient_s)


def stop_at_deadline(
    service: str, *others: Callable[[tenacity.RetryCallState], bool]
) -> Callable[[tenacity.RetryCallState], bool]:
    """Stops the attempts of ``tenacity`` before a wait that ends after the deadline, or as *others* do."""

    def stop(state: tenacity.RetryCallState) -> bool:
        return state.upcoming_sleep >= seconds_left(service) or any(other(state) for other in others)

    return stop


def read_until_deadline(sock: socket.socket) -> io.BufferedReader:
    """A file that reads from *sock* until the deadline, however slowly the bytes come.

    The time limit of a socket holds for each read: a server that sends a byte now and then outlives it.
    """
    return io.BufferedReader(_Reads(sock))


class _Reads(io.RawIOBase):
    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        # Keeps the socket open where its owner closes it before the answer is read.
        self._raw = cast(io.RawIOBase, sock.makefile("rb", buffering=0))

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int | None:
        left_s = seconds_left()
        if left_s <= 0:
            raise TimeoutError("the deadline has passed")
        if left_s < math.inf:
            self._sock.settimeout(left_s)
        return cast("int | None", self._raw.readinto(buffer))

    def close(self) -> None:
        self._raw.close()
        super().close()
