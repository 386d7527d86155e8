"""Starts calls to a tracker in advance, several at a time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import TypeVar

Subject = TypeVar("Subject")
Result = TypeVar("Result")
#: What a call is about, and the call, which returns its result or raises its error.
Call = tuple[Subject, Callable[[], Result]]


def begun_ahead(calls: Iterable[Call[Subject, Result]], *, at_a_time: int) -> Iterator[Call[Subject, Result]]:
    """The same *calls* in their order, of which up to *at_a_time* have begun, in threads of their own.

    Who makes a call waits for the result of the one that was begun. *calls* are asked for in the thread of
    the caller. Where he stops, no further one begins, and those that run are waited for. With one at a time
    a call begins when it is made.
    """
    if at_a_time == 1:
        yield from calls
        return
    begun: deque[Call[Subject, Result]] = deque()
    pool = ThreadPoolExecutor(at_a_time, thread_name_prefix="tracker")
    try:
        for subject, call in calls:
            # Deadline and patience go with the context.
            begun.append((subject, pool.submit(copy_context().run, call).result))
            if len(begun) == at_a_time:
                yield begun.popleft()
        yield from begun
    finally:
        pool.shutdown(cancel_futures=True)
