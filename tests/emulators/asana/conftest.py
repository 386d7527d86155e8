"""The emulator for the tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from emulators.asana import create_app
from emulators.common.server import running
from tests.emulators.asana.asana_world import START, Json, Receiver, World
from tests.emulators.clock import TickingClock


@pytest.fixture(scope="session")
def served() -> Iterator[World]:
    """One emulator for all tests; each test seeds it again."""
    with running(create_app(clock=TickingClock(START))) as url:
        world = World(url)
        yield world
        world.close()


@pytest.fixture
def world(served: World) -> World:
    """The emulator right after the seed."""
    served.seed()
    return served


@pytest.fixture
def task(world: World) -> Json:
    """A task of the project."""
    return world.task()


@pytest.fixture(scope="session")
def served_receiver() -> Iterator[Receiver]:
    """One receiver for all tests."""
    receiver = Receiver()
    with running(receiver.app) as url:
        receiver.url = f"{url}/hook/x"
        yield receiver


@pytest.fixture
def receiver(served_receiver: Receiver) -> Receiver:
    """The receiver without earlier events."""
    served_receiver.clear()
    return served_receiver
