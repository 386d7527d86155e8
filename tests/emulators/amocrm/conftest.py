"""The emulator on a loopback port, seeded again for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from emulators.amocrm import create_app
from emulators.common.server import running
from tests.emulators.amocrm.amocrm_world import START, Receiver, World
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
def deal_id(world: World) -> int:
    """A deal at the first stage."""
    return world.make_deal()


@pytest.fixture(scope="session")
def served_receiver() -> Iterator[Receiver]:
    """One receiver for all tests."""
    receiver = Receiver()
    with running(receiver.app) as url:
        receiver.url = f"{url}/hook"
        yield receiver


@pytest.fixture
def receiver(world: World, deal_id: int, served_receiver: Receiver) -> Iterator[Receiver]:
    """A subscribed receiver; it was not there when the deal was made."""
    served_receiver.clear()
    world.subscribe(served_receiver.url)
    yield served_receiver
    world.settle()
