"""The quotas: calls in a second, at once, in five minutes, in a day until midnight GMT."""

from __future__ import annotations

import threading
from collections import Counter, defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass

DAY_S = 86_400.0


@dataclass
class Quotas:
    """The quotas as they are published; ``status`` is 429 or 420, as one of the two pages says."""

    status: int = 429
    per_s: int = 30
    parallel: int = 3
    per_5_min: int = 200
    window_s: float = 300.0
    per_day: int = 5000


class Limiter:
    """Counts the calls of each login. Refused calls do not count for five minutes and a day.

    Parameters
    ----------
    now
        Seconds of Unix time.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._lock = threading.Lock()
        self.clear()

    def clear(self) -> None:
        """Forget every call, and the quotas that were set."""
        with self._lock:
            self.quotas = Quotas()
            self._of_machine: deque[float] = deque()
            self._statistics: dict[str, deque[float]] = defaultdict(deque)
            self._of_day: Counter[tuple[str, int]] = Counter()
            self._running: Counter[str] = Counter()
            self.most_parallel = 0
            self.refused: Counter[str] = Counter()

    def enter(self, login: str, *, is_statistics: bool) -> str | None:
        """Count a call; the ``error_type`` of its refusal, or ``None`` if it is allowed and running now."""
        with self._lock:
            now, quotas = self._now(), self.quotas
            _forget(self._of_machine, now - 1.0)
            self._of_machine.append(now)
            statistics = self._statistics[login]
            _forget(statistics, now - quotas.window_s)
            day = login, int(now // DAY_S)
            kind = None
            if len(self._of_machine) > quotas.per_s:
                kind = "quota_requests_by_ip"
            elif self._running[login] >= quotas.parallel:
                kind = "quota_parallel_requests"
            elif self._of_day[day] >= quotas.per_day or (
                is_statistics and len(statistics) >= quotas.per_5_min
            ):
                # The name of the quota of five minutes is not published: the harder reading is the same.
                kind = "quota_requests_by_uid"
            if kind is not None:
                self.refused[kind] += 1
                return kind
            if is_statistics:
                statistics.append(now)
            self._of_day[day] += 1
            self._running[login] += 1
            self.most_parallel = max(self.most_parallel, self._running[login])
            return None

    def leave(self, login: str) -> None:
        """Note that a call that was allowed has ended."""
        with self._lock:
            self._running[login] -= 1

    def measured(self) -> dict[str, object]:
        """The most calls of a login at once, and the count of refused calls by quota."""
        with self._lock:
            return {"most_parallel": self.most_parallel, "refused": dict(self.refused)}


def _forget(moments: deque[float], before: float) -> None:
    while moments and moments[0] <= before:
        moments.popleft()
