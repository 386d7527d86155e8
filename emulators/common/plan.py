"""Planned events at future calls: right before or after the n-th call from now.

With them a person's edit happens exactly between a read and a write, and a fault hits exactly one call.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass

MOMENTS = ("before", "after")


@dataclass(frozen=True)
class PassingCall:
    """A call as a step sees it. *port* is the caller's port, by which the calling process can be found."""

    name: str
    port: int = 0


Act = Callable[[PassingCall], object]


@dataclass
class Step:
    """One planned event at a call.

    Parameters
    ----------
    at
        Number of the call, counted from one over the calls whose name starts with *method*.
    when
        ``before`` the call reaches the service, or ``after`` the service has carried it out and before it
        answers.
    status
        The call fails with this status, as in *fail-next*; only with ``before``.
    delay_s
        Seconds that the call waits: with ``before`` it is received now and carried out later, with ``after``
        it is carried out now and answered later. It continues even if the caller stopped waiting.
    hold
        The call waits until held calls are released.
    act
        An action of a person or test at that moment, after the wait.
    """

    at: int
    when: str = "before"
    method: str = ""
    status: int | str | None = None
    retry_after: float | None = None
    delay_s: float = 0.0
    hold: bool = False
    act: Act | None = None

    def __post_init__(self) -> None:
        if self.when not in MOMENTS:
            raise ValueError(f"when is one of {', '.join(MOMENTS)}")
        if self.status is not None and self.when != "before":
            raise ValueError("a call can only fail before it is carried out")
        if self.delay_s < 0:
            raise ValueError("a call waits for zero seconds or more")
        if self.at < 1:
            raise ValueError("the next call is the first one")


class Plan:
    """Steps that wait for their calls. Emulators may share a plan, which then counts the calls of all."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._steps: list[Step] = []

    def add(self, steps: Iterable[Step]) -> None:
        """Add *steps*; their calls are counted from now."""
        with self._lock:
            self._steps += steps

    def clear(self) -> list[Step]:
        """Remove the steps that have not happened, and return them."""
        with self._lock:
            steps, self._steps = self._steps, []
            return steps

    def meet(self, name: str) -> list[Step]:
        """Count a call; return its steps in the order in which they were added."""
        with self._lock:
            counted = [step for step in self._steps if name.startswith(step.method)]
            for step in counted:
                step.at -= 1
            due = [step for step in counted if step.at == 0]
            self._steps = [step for step in self._steps if step.at > 0]
            return due
