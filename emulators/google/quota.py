"""The quota of Sheets: a number of reads and of writes a minute for one user.

A service account counts as one user. Here all callers without the parameter ``quotaUser``, which every method
has, count as one user. A minute is a fixed window that refills at once, as Google documents it; the first one
begins when the quota is switched on. A client that stays within the quota in *any* sixty seconds cannot
exceed it, wherever Google's own minutes begin.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from emulators.google.errors import ApiError

MINUTE_S = 60.0
NOBODY_NAMED = ""
SERVICE = "sheets"
READING = ("get", "search", "batchGet")

#: Number of a project that does not exist; Google names the caller's project in the error.
CONSUMER = "projects/100000000001"


@dataclass
class Allowance:
    """The remaining calls of one minute, and the calls since the quota was switched on."""

    limit: int
    left: int
    #: Moments of the accepted calls, in epoch seconds.
    accepted_at: list[float] = field(default_factory=list)
    refused: int = 0

    def to_json(self) -> dict[str, Any]:
        """As the control endpoint shows it."""
        return {"per_minute": self.limit, "accepted_at": self.accepted_at, "refused": self.refused}


class Quota:
    """Refuses calls of Sheets beyond the quota. It is off until a quota is set.

    Parameters
    ----------
    now
        Epoch seconds. This is not the clock for the times of files, which may stand still.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._lock = threading.Lock()
        self.clear()

    def clear(self) -> None:
        """Switch it off and delete all counts."""
        with self._lock:
            self._limits: dict[str, int] = {}
            self._users: dict[str, dict[str, Allowance]] = {}
            self._minute_s = MINUTE_S
            self._refilled_at = 0.0

    def set(self, reads_per_minute: int, writes_per_minute: int, *, minute_s: float = MINUTE_S) -> None:
        """Switch it on with a full allowance. A test may use a shorter minute to avoid waiting."""
        with self._lock:
            self._limits = {"Read": reads_per_minute, "Write": writes_per_minute}
            self._users = {}
            self._minute_s = minute_s
            self._refilled_at = self._now()

    def take(self, method_id: str, user: str = NOBODY_NAMED) -> None:
        """Count a call of Sheets; a refused one costs nothing.

        Raises
        ------
        ApiError
            Google's 429 if no call is left in this minute.
        """
        api, _, _ = method_id.partition(".")
        with self._lock:
            if api != SERVICE or not self._limits:
                return
            now = self._now()
            minutes = (now - self._refilled_at) // self._minute_s
            if minutes >= 1:
                self._refilled_at += minutes * self._minute_s
                self._refill()
            kind = kind_of(method_id)
            allowance = self._of(user)[kind]
            if not allowance.left:
                allowance.refused += 1
                raise _exhausted(kind, allowance.limit)
            allowance.left -= 1
            allowance.accepted_at.append(now)

    def to_json(self) -> dict[str, Any]:
        """Limits and calls of the user without a name; empty if the quota is off."""
        with self._lock:
            if not self._limits:
                return {}
            own = self._of(NOBODY_NAMED)
            return {
                "minute_s": self._minute_s,
                "reads": own["Read"].to_json(),
                "writes": own["Write"].to_json(),
            }

    def _of(self, user: str) -> dict[str, Allowance]:
        if user not in self._users:
            self._users[user] = {kind: Allowance(limit, limit) for kind, limit in self._limits.items()}
        return self._users[user]

    def _refill(self) -> None:
        for allowances in self._users.values():
            for allowance in allowances.values():
                allowance.left = allowance.limit


def kind_of(method_id: str) -> str:
    """``Read`` for methods that get or search, with any HTTP method; ``Write`` for all others."""
    return "Read" if method_id.rpartition(".")[2].startswith(READING) else "Write"


def _exhausted(kind: str, limit: int) -> ApiError:
    metric = f"{kind} requests"
    return ApiError(
        429,
        f"Quota exceeded for quota metric '{metric}' and limit '{metric} per minute per user' of service "
        f"'sheets.googleapis.com' for consumer 'project_number:{CONSUMER.rpartition('/')[2]}'.",
        info={
            "@type": "type.googleapis.com/google.rpc.ErrorInfo",
            "reason": "RATE_LIMIT_EXCEEDED",
            "domain": "googleapis.com",
            "metadata": {
                "consumer": CONSUMER,
                "quota_limit": f"{kind}RequestsPerMinutePerUser",
                "quota_limit_value": str(limit),
                "quota_metric": f"sheets.googleapis.com/{kind.lower()}_requests",
                "service": "sheets.googleapis.com",
            },
        },
    )
