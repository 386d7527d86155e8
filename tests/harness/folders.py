"""Where tests keep their files: in memory if possible, as each commit of a store waits for the disk."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - each run makes a folder of its own there
#: The tests of one run need a part of this.
LEAST_FREE_BYTES = 2 * 1024**3


def memory_folder() -> Path | None:
    """A folder in memory, ``None`` where there is none with enough room."""
    if not SHARED_MEMORY.is_dir() or not os.access(SHARED_MEMORY, os.W_OK):
        return None
    return SHARED_MEMORY if shutil.disk_usage(SHARED_MEMORY).free > LEAST_FREE_BYTES else None
