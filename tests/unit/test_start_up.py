"""Packages that a click on the menu loads."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

HEAVY = {"pandas", "numpy", "rapidfuzz", "grpc"}


def test_the_menu_loads_no_heavy_package() -> None:
    """The menu imports no heavy package, which would cost each click a third of a second and 70 MB."""
    code = "import sys, main; print(*sys.modules)"
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "functions")}

    loaded = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    ).stdout.split()

    assert "vitrina.usecases.batch.estimate" in loaded
    assert not HEAVY & set(loaded)
