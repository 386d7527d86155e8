"""One writer at a time: a lease in the store, which expires when its holder dies."""

from __future__ import annotations

import contextlib
import time
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta

from vitrina.errors import BusyError
from vitrina.operations.services import Services
from vitrina.ports import Json

LEASE = "lease"

POLL_S = 0.05


class Lease:
    """A lease that is held."""

    def __init__(self, services: Services, key: str) -> None:
        self._store = services.store
        self._clock = services.clock
        self._duration = timedelta(seconds=services.lease_s)
        self._key = key
        self._holder = uuid.uuid4().hex

    def renew(self) -> None:
        """Hold it for its whole time anew; to be called between the steps of something long.

        Raises
        ------
        BusyError
            If it expired and somebody else took it.
        """
        record = self._store.get(LEASE, self._key)
        is_mine = record is not None and record.data["holder"] == self._holder
        if record is None or not is_mine:
            raise BusyError("workbook.busy")
        if not self._store.put(LEASE, self._key, self._data(), version=record.version):
            raise BusyError("workbook.busy")

    def take(self) -> bool:
        """Take it if nobody holds it, or if its holder died."""
        if self._store.create(LEASE, self._key, self._data()):
            return True
        record = self._store.get(LEASE, self._key)
        if record is None or datetime.fromisoformat(record.data["until"]) > self._clock.now():
            return False
        return self._store.put(LEASE, self._key, self._data(), version=record.version)

    def give_back(self) -> None:
        """Let others have it."""
        record = self._store.get(LEASE, self._key)
        if record is not None and record.data["holder"] == self._holder:
            self._store.delete(LEASE, self._key, version=record.version)

    def _data(self) -> Json:
        until = self._clock.now() + self._duration
        return {"holder": self._holder, "until": until.isoformat()}


@contextlib.contextmanager
def lease(services: Services, key: str, *, wait_s: float = 8.0) -> Iterator[Lease]:
    """Hold *key* while the block runs.

    Raises
    ------
    BusyError
        If somebody else still holds it after *wait_s* seconds.
    """
    held = Lease(services, key)
    give_up_at = time.monotonic() + wait_s
    while not held.take():
        if time.monotonic() > give_up_at:
            raise BusyError("workbook.busy")
        time.sleep(POLL_S)
    try:
        yield held
    finally:
        held.give_back()
