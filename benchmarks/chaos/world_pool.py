"""Plays several runs at the same time, each in a process with its own world."""

from __future__ import annotations

import atexit
import logging
import multiprocessing
import tempfile
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.chaos.history import History
from benchmarks.chaos.play import Player, Result
from benchmarks.chaos.world import running_world
from tests.harness.folders import memory_folder

_player: Player | None = None


@dataclass(frozen=True)
class WorldPool:
    """Processes that play histories at the same time."""

    _pool: ProcessPoolExecutor

    def play(self, histories: Iterable[History]) -> Iterator[Result]:
        """Play the histories; yields each result as soon as it is there."""
        futures: list[Future[Result]] = [self._pool.submit(_play, one) for one in histories]
        for future in as_completed(futures):
            yield future.result()


@contextmanager
def running_world_pool(count: int, *, guards: str) -> Iterator[WorldPool]:
    """A pool of *count* worlds, while the block runs."""
    # A forked process would have copies of servers whose threads do not run in it.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(count, mp_context=context, initializer=_open, initargs=(guards,)) as pool:
        yield WorldPool(pool)


def _open(guards: str) -> None:
    """Open the world of this process."""
    global _player  # noqa: PLW0603 - the pool's initialiser cannot return it
    # Warnings of the emulators about workers that were killed on purpose are of no use.
    logging.disable(logging.WARNING)
    stack = ExitStack()
    folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="vitrina-chaos-", dir=memory_folder()))
    _player = Player(stack.enter_context(running_world(Path(folder), guards=guards)))
    atexit.register(stack.close)


def _play(history: History) -> Result:
    if _player is None:
        raise RuntimeError("the world of this process is not open")
    return _player.play(history)
