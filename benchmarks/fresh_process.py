"""Runs a small program in fresh processes and gives the medians of the numbers that it prints."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parents[1]
ROUNDS = 5


def run_fresh(program: str, *, rounds: int = ROUNDS) -> Sequence[float] | None:
    """Medians of the lists of numbers that *program* prints as JSON; ``None`` if it cannot be run.

    It begins in the root of the repository.
    """
    found = []
    for _ in range(rounds):
        ended = subprocess.run(
            [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
        )
        if ended.returncode:
            return None
        found.append(json.loads(ended.stdout))
    return [median(one) for one in zip(*found, strict=True)]
