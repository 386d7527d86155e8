"""One writer at a time: a lease in the store, which expires when its holder dies."""

from __future__ import annotations

import contextlib
import time
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta

from vitrina.errors import UserError
from vitrina.ports import Clock, Store

LEASE = "lease"

#: Longer than any write of ours takes; how long a killed process keeps others waiting.
LEASE_S = 60.0
POLL_S = 0.05


@contextlib.contextmanager
def lease(store: Store, clock: Clock, key: str, *, wait_s: float = 8.0) -> Iterator[None]:
    """Hold *key* while the block runs.

    Raises
    ------
    UserError
        If somebody else still holds it after *wait_s* seconds.
    """
    holder = uuid.uuid4().hex
    give_up_at = time.monotonic() + wait_s
    while not _take(store, clock.now(), key, holder):
        if time.monotonic() > give_up_at:
            raise UserError("workbook.busy")
        time.sleep(POLL_S)
    try:
        yield
    finally:
        record = store.get(LEASE, key)
        if record is not None and record.data["holder"] == holder:
            store.delete(LEASE, key)


def _take(store: Store, now: datetime, key: str, holder: str) -> bool:
    data = {"holder": holder, "until": (now + timedelta(seconds=LEASE_S)).isoformat()}
    if store.create(LEASE, key, data):
        return True
    record = store.get(LEASE, key)
    if record is None:
        return False
    expired = datetime.fromisoformat(record.data["until"]) <= now
    return expired and store.put(LEASE, key, data, version=record.version)
