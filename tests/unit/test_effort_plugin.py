"""The plug-in for the evaluation harness, which loads it by its path and not as a module."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pandas as pd
import pytest

from benchmarks.effort import METHODS

PLUGIN = Path(__file__).parents[2] / "benchmarks" / "effort.py"


@pytest.mark.parametrize("name", [method.__name__ for method in METHODS.values()])
def test_the_harness_can_load_and_ask_it(name: str) -> None:
    """The plug-in returns a row for each task, with any known fields."""
    spec = importlib.util.spec_from_file_location("user_predictor", PLUGIN)
    assert spec is not None
    assert spec.loader is not None
    plugin = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(plugin)
    day = pd.Timestamp("2026-06-01")
    history = pd.DataFrame(
        {
            "worktype": ["a"] * 20,
            "assignee": ["1"] * 20,
            "estimate": [2.0] * 20,
            "actual": [3.0] * 20,
            "completed": [day] * 20,
        }
    )

    made = getattr(plugin, name)().predict(history, history.drop(columns=["actual", "completed"]))

    assert list(made.columns) == ["p50", "point", "p85"]
    assert len(made) == 20
