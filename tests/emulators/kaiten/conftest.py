"""The emulator on a loopback port, seeded again for each test."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from emulators.common.server import running
from emulators.kaiten import create_app
from tests.emulators.clock import TickingClock
from tests.emulators.kaiten.kaiten_world import SPACE, START, Receiver, World


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
def board(world: World) -> dict[str, Any]:
    """A board in the space."""
    return world.make_board()


@pytest.fixture
def card(world: World, board: dict[str, Any]) -> dict[str, Any]:
    """A card on the board."""
    return world.make_card(board)


@pytest.fixture(scope="session")
def served_receiver() -> Iterator[Receiver]:
    """One receiver for all tests."""
    receiver = Receiver()
    with running(receiver.app) as url:
        receiver.url = f"{url}/hook"
        yield receiver


@pytest.fixture
def receiver(world: World, served_receiver: Receiver) -> Iterator[Receiver]:
    """A receiver of all events of the space; created after the board and the card."""
    served_receiver.clear()
    body = {"url": served_receiver.url}
    world.bot.post(f"/spaces/{SPACE}/external-webhooks", json=body).raise_for_status()
    yield served_receiver
    world.settle()
