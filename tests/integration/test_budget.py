"""Actions and cold starts compute no more than is kept in ``benchmarks/budget.json``."""

from __future__ import annotations

import subprocess
import sys

import pytest

from benchmarks.budget import grown
from benchmarks.fresh_process import ROOT


def test_nothing_has_grown_by_more_than_a_tenth(request: pytest.FixtureRequest) -> None:
    """With ``--full`` at 1,000 rows of backlog too."""
    rows = ["100", "1000"] if request.config.getoption("--full") else ["100"]
    command = [sys.executable, "-m", "benchmarks.budget", "--rows", *rows]

    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_growth_and_new_figures_are_told() -> None:
    """A tenth is allowed, more is not, and a figure that nobody has kept is named."""
    kept = {"estimate": 1000, "push": 1000}

    assert grown({"estimate": 1100, "push": 900}, kept) == []
    assert grown({"estimate": 1101}, kept) == ["estimate: 1,101 instead of 1,000"]
    [told] = grown({"undo": 5}, kept)
    assert "--renew" in told
