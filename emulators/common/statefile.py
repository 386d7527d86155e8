"""Stores the state of an emulator in one JSON file, so that it survives a restart."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

WRITE_DELAY_S = 0.05
"""A burst of changes becomes one write; long enough to gather it, too short to notice."""


class StateFile:
    """Writes a snapshot of the state soon after each change, atomically.

    Parameters
    ----------
    path
        The file, or ``None`` to store nothing.
    snapshot
        Returns the state as JSON-able data. It is called from the writer's thread and must take its own lock.
    """

    def __init__(self, path: Path | None, snapshot: Callable[[], Any]) -> None:
        self._path = path
        self._snapshot = snapshot
        self._dirty = threading.Event()
        self._writing = threading.Lock()
        if path is not None:
            threading.Thread(target=self._write_when_dirty, daemon=True).start()

    def load(self) -> Any | None:
        """The state of the last run, or ``None`` if there is none."""
        if self._path is None or not self._path.exists():
            return None
        return json.loads(self._path.read_text(encoding="utf-8"))

    def mark_changed(self) -> None:
        """Request a write. Returns at once."""
        self._dirty.set()

    def flush(self) -> None:
        """Write now if something changed."""
        with self._writing:
            if self._path is None or not self._dirty.is_set():
                return
            self._dirty.clear()
            text = json.dumps(self._snapshot(), ensure_ascii=False)
            temporary = self._path.with_name(self._path.name + ".new")
            temporary.write_text(text, encoding="utf-8")
            temporary.replace(self._path)

    def _write_when_dirty(self) -> None:
        while True:
            self._dirty.wait()
            threading.Event().wait(WRITE_DELAY_S)
            try:
                self.flush()
            except FileNotFoundError:
                # The folder was removed, as after a test: nobody wants the state any more.
                return
