"""The limits of one token: calls in a minute, calls at once, and the cost of what was read.

A call that is refused for its number counts against the same limit, as in Asana.
"""

from __future__ import annotations

import math
import threading
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

WINDOW_S = 60.0
#: Calls in a minute of a free workspace and of a paid one.
FREE, PAID = 150, 1500
DEFAULTS: Mapping[str, int] = {
    "calls_per_minute": PAID,
    "reads_at_once": 50,
    "writes_at_once": 15,
    # The real figure is not published; one unit is an object of an answer.
    "cost_per_minute": 100_000,
}


@dataclass
class _Token:
    calls: deque[float] = field(default_factory=deque)
    costs: deque[tuple[float, int]] = field(default_factory=deque)
    at_once: dict[str, int] = field(default_factory=lambda: {"reads": 0, "writes": 0})


class Limits:
    """Counts the calls and costs of each token, and refuses those above the limits.

    Parameters
    ----------
    now
        Seconds. This is not the clock for the times of rows, which may stand still.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._tokens: dict[str, _Token] = defaultdict(_Token)

    def clear(self) -> None:
        """Forget every call."""
        with self._lock:
            self._tokens.clear()

    def begin(self, token: str, values: Mapping[str, int], *, is_read: bool, calls: int = 1) -> int | None:
        """Count a call that begins; a batch counts as its number of *calls*.

        Returns
        -------
        int | None
            Seconds to wait if the call is refused; ``end`` is not called then.
        """
        with self._lock:
            now, state = self._now(), self._tokens[token]
            while state.calls and state.calls[0] <= now - WINDOW_S:
                state.calls.popleft()
            while state.costs and state.costs[0][0] <= now - WINDOW_S:
                state.costs.popleft()
            is_over = len(state.calls) + calls > values["calls_per_minute"]
            state.calls.extend([now] * calls)
            if is_over:
                # When enough of the calls are older than a minute for this one to fit.
                index = min(len(state.calls) - values["calls_per_minute"] + calls, len(state.calls)) - 1
                return max(1, math.ceil(state.calls[index] + WINDOW_S - now))
            if sum(cost for _, cost in state.costs) > values["cost_per_minute"]:
                return max(1, math.ceil(state.costs[0][0] + WINDOW_S - now))
            kind = "reads" if is_read else "writes"
            if state.at_once[kind] >= values[f"{kind}_at_once"]:
                return 1
            state.at_once[kind] += 1
            return None

    def end(self, token: str, *, is_read: bool, cost: int) -> None:
        """Count the end of a call, and its cost in objects."""
        with self._lock:
            state = self._tokens[token]
            state.at_once["reads" if is_read else "writes"] -= 1
            state.costs.append((self._now(), cost))
