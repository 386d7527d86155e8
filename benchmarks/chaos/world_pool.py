"""Plays several runs at the same time, each in a process with its own world."""

from __future__ import annotations

import atexit
import logging
import math
import multiprocessing
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.chaos.history import History
from benchmarks.chaos.play import Player, Result
from benchmarks.chaos.world import running_world
from tests.harness.folders import memory_folder

_player: Player | None = None


@dataclass(frozen=True)
class _World:
    """A process with a world, and the variants whose starting points it has."""

    process: ProcessPoolExecutor
    variants: set[int] = field(default_factory=set)


class WorldPool:
    """Processes that play histories at the same time."""

    def __init__(self, worlds: Sequence[_World]) -> None:
        self._worlds = worlds

    def play(self, histories: Iterable[History], *, until: float = math.inf) -> Iterator[Result]:
        """Play the histories; yields each result as soon as it is there.

        Parameters
        ----------
        until
            No further history is begun then, by the monotonic clock in seconds.
        """
        waiting, idle = list(histories), list(self._worlds)
        running: dict[Future[Result], _World] = {}
        while waiting or running:
            if time.monotonic() > until:
                waiting.clear()
            while waiting and idle:
                world = idle.pop()
                history = self._choose(world, waiting)
                waiting.remove(history)
                world.variants.add(history.variant)
                running[world.process.submit(_play, history)] = world
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                idle.append(running.pop(future))
                yield future.result()

    def _choose(self, world: _World, waiting: Sequence[History]) -> History:
        """The next history of a world: it takes seconds to make the starting points of another variant."""
        known = {variant for one in self._worlds for variant in one.variants}
        return min(waiting, key=lambda one: (one.variant not in world.variants, one.variant in known))


@contextmanager
def running_world_pool(count: int, *, defect: str = "", firestore_url: str = "") -> Iterator[WorldPool]:
    """A pool of *count* worlds, while the block runs; see ``running_world``."""
    # A forked process would have copies of servers whose threads do not run in it.
    context = multiprocessing.get_context("spawn")
    with ExitStack() as stack:
        yield WorldPool(
            [
                _World(
                    stack.enter_context(
                        ProcessPoolExecutor(
                            1,
                            mp_context=context,
                            initializer=_open,
                            initargs=(defect, firestore_url),
                        )
                    )
                )
                for _ in range(count)
            ]
        )


def _open(defect: str, firestore_url: str) -> None:
    """Open the world of this process."""
    global _player  # noqa: PLW0603 - the pool's initialiser cannot return it
    # Warnings of the emulators about workers that were killed on purpose are of no use.
    logging.disable(logging.WARNING)
    stack = ExitStack()
    folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="vitrina-chaos-", dir=memory_folder()))
    world = running_world(Path(folder), defect=defect, firestore_url=firestore_url)
    _player = Player(stack.enter_context(world))
    atexit.register(stack.close)


def _play(history: History) -> Result:
    if _player is None:
        raise RuntimeError("the world of this process is not open")
    return _player.play(history)
