"""Sets queues up from the body of ``POST /_emulator/seed``.

::

    {"queues": [{"name": "projects/p/locations/l/queues/q",
                 "rateLimits": {"maxConcurrentDispatches": 1},
                 "retryConfig": {"maxAttempts": 3, "minBackoff": "0.1s"}}]}

All earlier data are deleted.
"""

from __future__ import annotations

from typing import Any

from emulators.tasks import wire
from emulators.tasks.models import Settings, Tasks


def load(tasks: Tasks, body: Any) -> None:
    """Replace the state."""
    queues = [wire.parse(wire.QUEUE, queue) for queue in body.get("queues", [])]
    tasks.clear()
    for queue in queues:
        tasks.configure(queue["name"], wire.settings_from(queue, Settings()))
