"""The emulator and a handler on loopback ports, emptied for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from emulators.common.server import running
from emulators.tasks import create_app
from tests.emulators.tasks.tasks_world import Handler, World


@pytest.fixture(scope="session")
def served() -> Iterator[World]:
    """One emulator and one handler for all tests."""
    handler = Handler()
    with running(handler.app) as handler.url, running(create_app(handler.url)) as url:
        world = World(url, handler)
        yield world
        world.close()


@pytest.fixture
def world(served: World) -> Iterator[World]:
    """The emulator with one queue."""
    served.handler.clear()
    served.seed()
    yield served
    # A handler that still waits would disturb the next test.
    served.handler.during = lambda: None
    served.control.post("/reset")
