"""People's hands in the tracker of an office, in no tracker's words."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from tests.harness.desks.asana import AsanaDesk
from tests.harness.desks.both import BothDesks
from tests.harness.desks.desk import Addresses, Desk
from tests.harness.desks.kaiten import KaitenDesk

#: Makes the desk of each tracker.
DESKS: dict[str, Callable[[httpx.Client, Addresses], Desk]] = {
    "kaiten": KaitenDesk,
    "asana": AsanaDesk,
    "kaiten and asana": BothDesks,
}

#: For tests that run with every tracker; the fixture ``tracker_name`` tells the office which one.
with_every_tracker = pytest.mark.parametrize("tracker_name", ["kaiten", "asana"], indirect=True)
