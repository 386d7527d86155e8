"""What tests have happen in the middle of an action: right before or right after a call of a fake."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from vitrina.errors import FatalServiceError, RetriableServiceError

Interruption = Callable[[], object]


class Interruptions:
    """Mixed into a fake: counts its calls, and does what a test asked for around one of them.

    Each interruption happens once, with the next call of its name. It may call the fake itself, and it may
    raise: before the call, so that nothing is done; after it, so that all is done and the answer is lost.
    """

    def __init__(self) -> None:
        #: How often each method was called.
        self.calls: Counter[str] = Counter()
        self._before: defaultdict[str, list[Interruption]] = defaultdict(list)
        self._after: defaultdict[str, list[Interruption]] = defaultdict(list)

    def before(self, call: str, do: Interruption) -> None:
        """Have *do* happen right before the next call of a method; a second one before the call after it."""
        self._before[call].append(do)

    def after(self, call: str, do: Interruption) -> None:
        """The same right after the call, when all that it does is done."""
        self._after[call].append(do)

    def forget(self, call: str) -> None:
        """Forget what was to happen around the next calls of a method."""
        self._before[call].clear()
        self._after[call].clear()

    @contextmanager
    def _called(self, call: str) -> Iterator[None]:
        self.calls[call] += 1
        before, after = self._before[call], self._after[call]
        # Taken out first, as what happens may call the same method.
        then = after.pop(0) if after else None
        if before:
            before.pop(0)()
        yield
        if then is not None:
            then()


def no_answer(service: str = "Google") -> Interruption:
    """An interruption: no answer came, so that nobody knows whether the call was carried out."""

    def fail() -> None:
        raise RetriableServiceError("service.no_answer", service=service)

    return fail


def busy(service: str = "Google") -> Interruption:
    """An interruption: the service is busy, and says so before it does anything."""

    def fail() -> None:
        raise RetriableServiceError("service.busy", service=service, status=429)

    return fail


def refused(service: str = "Google") -> Interruption:
    """An interruption: the service refuses the call, and would refuse it again."""

    def fail() -> None:
        raise FatalServiceError("service.refused", service=service, status=400)

    return fail


class Killed(BaseException):
    """The process is killed: no code catches it, and nothing is written any more."""


def die() -> None:
    """An interruption: the process ends here and now."""
    raise Killed
