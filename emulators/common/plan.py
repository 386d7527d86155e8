"""What is to happen at calls that are still to come: right before or after the n-th one from now.

So an edit of a person stands exactly between a read and a write, and a fault hits exactly one call.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass

MOMENTS = ("before", "after")


@dataclass(frozen=True)
class PassingCall:
    """A call as a step sees it. *port* is that of the caller, by which his process can be found."""

    name: str
    port: int = 0


Act = Callable[[PassingCall], object]


@dataclass
class Step:
    """One thing that is to happen.

    Parameters
    ----------
    at
        Which call it is, counted from one over the calls whose name starts with *method*.
    when
        ``before`` the call reaches the service, or ``after`` the service has carried it out and before it
        answers.
    status
        As that of *fail-next*: the call fails; only *before*.
    delay_s
        The call waits for so long at that moment: *before* it is carried out later than it was received,
        *after* it is answered late. A caller who gave up does not stop it.
    hold
        The call waits at that moment until the held calls are released.
    act
        What somebody does at that moment, after the wait.
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
    """Steps that wait for their calls. One plan may serve several emulators, and then counts all calls."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._steps: list[Step] = []

    def add(self, steps: Iterable[Step]) -> None:
        """Have *steps* happen; their calls are counted from now."""
        with self._lock:
            self._steps += steps

    def clear(self) -> list[Step]:
        """Forget the steps whose calls never came, and give them back."""
        with self._lock:
            steps, self._steps = self._steps, []
            return steps

    def meet(self, name: str) -> list[Step]:
        """Count a call; gives the steps that are for it, in the order in which they were added."""
        with self._lock:
            counted = [step for step in self._steps if name.startswith(step.method)]
            for step in counted:
                step.at -= 1
            due = [step for step in counted if step.at == 0]
            self._steps = [step for step in self._steps if step.at > 0]
            return due
