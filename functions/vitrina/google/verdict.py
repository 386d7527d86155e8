"""What the doctor found out about Google on this account, kept in the store and followed by every write.

``python -m vitrina doctor`` keeps it. Where a guard does not hold, workbooks are written in the way that
``docs/assumptions.md`` states for that.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from datetime import datetime

from msgspec import Struct, field

from vitrina.ports import Document, Key, Put, Store

log = logging.getLogger("vitrina.google")

DOCTOR = "doctor"
GOOGLE = "google"
HOLDS, FAILS = "holds", "DOES NOT HOLD"

#: Assumptions on which guarded writes rest, by their numbers in ``docs/assumptions.md``: places and ids of
#: marks, whole batches, the comparison of cells, the fence.
GUARDS = frozenset({1, 2, 27, 28, 35, 36, 38})

#: Seconds for which a process remembers the verdict.
KEEP_S = 600.0


class Verdict(Struct, frozen=True):
    """The states of the assumptions that were tried, by number, and when.

    Parameters
    ----------
    tried_at
        Moment in UTC, ``None`` if the doctor was never here.
    """

    states: Mapping[int, str] = field(default_factory=dict)
    tried_at: datetime | None = None

    @property
    def broken_guards(self) -> list[int]:
        """Numbers of the assumptions of guards that do not hold."""
        return sorted(number for number in GUARDS if self.states.get(number) == FAILS)


def load_verdict(store: Store) -> Verdict:
    """The last verdict."""
    key: Key = DOCTOR, GOOGLE
    return _verdict_from(store.get_many([key]).get(key))


def keep_verdict(store: Store, states: Mapping[int, str], now: datetime) -> Verdict:
    """Keep what was found now. What could not be tried this time stays as it was known."""
    key: Key = DOCTOR, GOOGLE
    document = store.get_many([key]).get(key)
    known = dict(_verdict_from(document).states)
    tried = {number: state for number, state in states.items() if state in (HOLDS, FAILS)}
    verdict = Verdict(known | tried, now)
    data = {
        "schema": 1,
        "states": {str(number): state for number, state in verdict.states.items()},
        "tried_at": now.isoformat(),
    }
    store.commit([Put(DOCTOR, GOOGLE, data, document.version if document else None)])
    return verdict


def _verdict_from(document: Document | None) -> Verdict:
    if document is None:
        return Verdict()
    states = {int(number): str(state) for number, state in document.data["states"].items()}
    return Verdict(states, datetime.fromisoformat(document.data["tried_at"]))


class Guards:
    """Tells whether guarded writes work on this account, by the verdict in the store."""

    def __init__(self, store: Store, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._clock = clock
        self._lock = threading.Lock()
        self._read_at: float | None = None
        self._broken: list[int] = []

    def hold(self) -> bool:
        """Whether no guard is known to be broken. Reads the store once in ``KEEP_S`` seconds."""
        with self._lock:
            if self._read_at is None or self._clock() - self._read_at > KEEP_S:
                self._broken = load_verdict(self._store).broken_guards
                self._read_at = self._clock()
                if self._broken:
                    log.warning("writes are checked by reading, guards do not hold: %s", self._broken)
            return not self._broken
