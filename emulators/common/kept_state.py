"""The state of an emulated tracker: changed under its lock, and kept in a file between runs."""

from __future__ import annotations

import copy
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

from emulators.common.statefile import StateFile


class Tables(Protocol):
    """The rows of a tracker, in memory."""

    def clear(self) -> None:
        """Delete everything."""

    def dump(self) -> dict[str, Any]:
        """A copy as JSON-able data."""

    def load(self, data: Any) -> None:
        """Replace everything by a dumped copy."""


class KeptState:
    """Reads, replaces and keeps the state; its methods are those that ``Control`` asks for.

    Parameters
    ----------
    path
        File that keeps the state between runs, or ``None``. What it holds is loaded at once.
    lock
        Held while the state is read or changed.
    fill
        Loads a seed or a saved state; returns what it made.
    forget_traffic
        Clears deliveries and counts, which no state holds.
    """

    def __init__(
        self,
        path: Path | None,
        lock: AbstractContextManager[Any],
        tables: Tables,
        fill: Callable[[Any], dict[str, Any]],
        forget_traffic: Callable[[], None],
    ) -> None:
        self._lock = lock
        self._tables = tables
        self._fill = fill
        self._forget_traffic = forget_traffic
        self.file = StateFile(path, self.snapshot)
        saved = self.file.load()
        if saved is not None:
            tables.load(saved)

    def snapshot(self) -> dict[str, Any]:
        """The whole state as JSON-able data."""
        with self._lock:
            return self._tables.dump()

    def reset(self) -> None:
        """Delete the state and the traffic."""
        with self._lock:
            self._tables.clear()
            self._forget_traffic()
            self.file.mark_changed()

    def seed(self, body: Any) -> dict[str, Any]:
        """Load a seed or a saved state, and delete the traffic."""
        with self._lock:
            made = self._fill(body)
            self._forget_traffic()
            self.file.mark_changed()
            return made

    def restore(self, saved: Any) -> None:
        """Load a copy of a saved state."""
        self.seed(copy.deepcopy(saved))
