"""The emulator on a loopback port, seeded again for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from emulators.common.server import running
from emulators.telegram import create_app
from tests.emulators.clock import TickingClock
from tests.emulators.telegram.telegram_world import START, Receiver, World


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
def chat_id(world: World) -> int:
    """A group with topics, whose bot has the rights of the link."""
    return world.add_group()


@pytest.fixture(scope="session")
def served_receiver() -> Iterator[Receiver]:
    """One receiver for all tests."""
    receiver = Receiver()
    with running(receiver.app) as url:
        receiver.url = f"{url}/hook"
        yield receiver


@pytest.fixture
def receiver(world: World, served_receiver: Receiver) -> Iterator[Receiver]:
    """A receiver at which the bot has its webhook."""
    served_receiver.clear()
    world.result("setWebhook", url=served_receiver.url, secret_token="s3cret-x")
    yield served_receiver
    world.settle()
