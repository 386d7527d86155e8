"""Two thousand requests near valid ones and some dozens of clicks over drawn cells: no error of ours.

``python -m benchmarks.fuzz`` plays more; a failure names the request that repeats it there.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.fuzz.cells import ROUND, click
from benchmarks.fuzz.judged import unhandled_errors
from benchmarks.fuzz.play import Played, play
from benchmarks.fuzz.world import World, set_up
from emulators.common.server import running
from emulators.world.functions import create_app

SEED = 2026
REQUESTS, CLICKS = 2_000, 2 * ROUND
#: Statuses that show how far requests get: done, refused by the schema, by a role, by a page.
REACHED = {
    "menu": {200, 202, 400, 401, 404, 405, 413, 422},
    "task": {200, 401, 405},
    "schedule": {200, 401},
    "webhook of kaiten": {200, 400, 404},
    "webhook of asana": {200, 404},
    "webhook of chat_updates": {200, 400, 404},
    "webhook of crm_deals": {200, 404},
    "client page, GET": {200, 404},
    "client page, POST": {200, 400, 409, 422},
    "accounting page, GET": {200},
    "accounting page, POST": {200, 422},
    "health": {200},
}


@pytest.fixture(scope="module")
def errors() -> Iterator[list[str]]:
    """Errors that no code expected."""
    quiet = logging.NullHandler()
    logging.getLogger("vitrina").addHandler(quiet)
    with unhandled_errors() as found:
        yield found
    logging.getLogger("vitrina").removeHandler(quiet)


@pytest.fixture(scope="module")
def world(errors: list[str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The world, with its functions in this process."""
    with set_up(Path(tmp_path_factory.mktemp("world"))) as world, running(create_app(), world.address[1]):
        errors.clear()
        yield world


@pytest.fixture(autouse=True)
def _settings(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """``health`` reads the settings again."""
    for name, value in world.office.environment.items():
        monkeypatch.setenv(f"VITRINA_{name}", value)


def taken(errors: list[str]) -> list[str]:
    """The errors since they were taken last."""
    found = errors[:]
    errors.clear()
    return found


def test_row_10_requests_by_chance(
    world: World, errors: list[str], record_property: pytest.RecordProperty
) -> None:
    """Never a 5xx, an error that nobody expected or no answer; and many get further than the first check."""
    began = time.process_time()

    played = play(world.address, world.facts, SEED, range(REQUESTS), lambda: taken(errors))

    record_property(
        "figure", f"seed {SEED}: {played.count} requests in {time.process_time() - began:.1f} s of CPU"
    )
    assert [str(one) for one in played.failures] == []
    assert played.count >= REQUESTS
    assert not_reached(played) == {}


def not_reached(played: Played) -> dict[str, set[int]]:
    """Statuses that no request of an entry point got."""
    found = {
        entry: statuses - {status for (name, status) in played.statuses if name == entry}
        for entry, statuses in REACHED.items()
    }
    return {entry: statuses for entry, statuses in found.items() if statuses}


def test_clicks_over_cells_by_chance(
    world: World, errors: list[str], record_property: pytest.RecordProperty
) -> None:
    """Whatever stands in the cells, each click is answered with a sentence."""
    began = time.process_time()

    clicked = click(world, SEED, range(CLICKS), lambda: taken(errors))

    record_property("figure", f"seed {SEED}: {CLICKS} clicks in {time.process_time() - began:.1f} s of CPU")
    assert [str(one) for one in clicked.failures] == []
    assert clicked.outcomes.total() == CLICKS
