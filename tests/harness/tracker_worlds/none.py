"""The world of a project without a tracker: there is nothing in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from tests.harness.tracker_worlds.world import abilities_of, request_of
from vitrina.ports import TaskTracker, WebhookRequest
from vitrina.trackers.none.client import NoTracker


class NoWorld:
    """See ``TrackerWorld``. No test asks people to do something here, as ``can`` says that they cannot."""

    people: Mapping[str, str] = {}
    call_count = 0

    def __init__(self) -> None:
        self.tracker = self.make_tracker()
        self.abilities = abilities_of(self.tracker)

    def reset(self) -> None:
        """See ``TrackerWorld``."""

    def make_tracker(self) -> TaskTracker:
        """See ``TrackerWorld``."""
        return NoTracker()

    def forged(self) -> Sequence[WebhookRequest]:
        """See ``TrackerWorld``."""
        return [request_of({"event": "card:add", "data": {"id": 5}}, *path) for path in ((), ("secret",))]

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"there is no tracker, so that nobody can {name}")


@contextmanager
def open_world() -> Iterator[NoWorld]:
    """A world without anything."""
    yield NoWorld()
