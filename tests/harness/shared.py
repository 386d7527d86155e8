"""Files that are not part of the repository: recorded traffic and data sets."""

from __future__ import annotations

import os
from pathlib import Path

_ROOT = Path(__file__).parents[2]


def shared_path(relative: str) -> Path | None:
    """The path of *relative* in the shared folder, or ``None`` if it does not exist.

    The folder is ``VITRINA_SHARED``, or ``../shared`` beside the repository.
    """
    folder = Path(os.environ.get("VITRINA_SHARED", _ROOT.parent / "shared"))
    path = folder / relative
    return path if path.exists() else None
