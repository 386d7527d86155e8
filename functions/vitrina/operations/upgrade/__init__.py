"""Upgrade of a store that the first release (0.1) wrote: when it is done, and by whom.

It runs once, before the first request of a process is answered; a document says that it was done. Processes
that start at once take turns by a lease. Each commit leaves a store from which the upgrade goes on, so that
it may be killed at any moment; a store of the first release is a SQLite file, which takes commits of any
size. Processes of the first release must be stopped before.
"""

from __future__ import annotations

import time
from datetime import datetime, timedelta

from vitrina.errors import StoreConflictError
from vitrina.ports import ABSENT, Delete, Put, Store
from vitrina.records.packing import SCHEMA

META = "meta"
SCHEMA_KEY = "schema"
LEASE_KEY = "upgrade"

#: How long an upgrade that was killed keeps others waiting.
LEASE = timedelta(minutes=5)
POLL_S = 0.2


def upgrade(store: Store, now: datetime) -> bool:
    """Bring the documents of the first release along; ``False`` where that was done before.

    One round trip where there is nothing to do.
    """
    while (META, SCHEMA_KEY) not in store.get_many([(META, SCHEMA_KEY)]):
        if not _take_lease(store):
            time.sleep(POLL_S)
            continue
        # Hardly any process meets such a store.
        from vitrina.operations.upgrade.first_release import upgrade_all  # noqa: PLC0415

        upgrade_all(store, now.date())
        done = Put(META, SCHEMA_KEY, {"schema": SCHEMA, "upgraded_at": now.isoformat()})
        store.commit([done, Delete(META, LEASE_KEY)])
        return True
    return False


def _take_lease(store: Store) -> bool:
    """Whether this process does the upgrade; its lease is by the clock of the machine."""
    moment = datetime.now().astimezone()
    key = (META, LEASE_KEY)
    held = store.get_many([key]).get(key)
    if held is not None and datetime.fromisoformat(held.data["until"]) > moment:
        return False
    data = {"until": (moment + LEASE).isoformat()}
    try:
        store.commit([Put(*key, data, held.version if held else ABSENT)])
    except StoreConflictError:
        return False
    return True
