"""Packages that a process of each entry point loads until it is asked for the first time."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.servers

ROOT = Path(__file__).parents[2]

HEAVY = {"pandas", "numpy", "rapidfuzz", "grpc"}
#: What only functions import that act on a click or on queued work.
PLANNING = {"vitrina.domain.planning.planner", "vitrina.usecases.actions", "vitrina.jobs.registry"}
#: What verifies Google's tokens.
TOKENS = {"google.oauth2.id_token"}
#: What calls of trackers, keys of service accounts and challenges of HTTP need.
CALLS = {"httpcore", "cryptography", "pyparsing"}
#: What compares a body with its shape.
SHAPES = {"fastjsonschema"}


def loaded_by(*modules: str, function: str = "") -> set[str]:
    """Names of the modules that a fresh process has after it imported these, as that of a *function*."""
    code = f"import sys, {', '.join(modules)}; print(*sys.modules)"
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "functions"), "FUNCTION_TARGET": function}
    command = [sys.executable, "-c", code]
    return set(
        subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.split()
    )


def test_numpy_starts_no_threads() -> None:
    """They would wait without sleep: a click would take a second processor for nothing."""
    code = "import os, main, numpy; print(len(os.listdir('/proc/self/task')))"
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "functions"), "FUNCTION_TARGET": ""}
    environment.pop("OPENBLAS_NUM_THREADS", None)

    command = [sys.executable, "-c", code]
    printed = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout

    assert printed == "1\n"


def test_the_menu_loads_no_heavy_package() -> None:
    """Nor, before somebody asks for them, the use cases: each click would pay for all of them."""
    loaded = loaded_by("main", "vitrina.web.menu")
    estimating = loaded_by("main", "vitrina.web.menu", "vitrina.usecases.actions.estimates")
    planning = loaded_by("main", "vitrina.web.menu", "vitrina.usecases.actions.planning")

    assert "vitrina.usecases.batch.estimate" in estimating - loaded
    assert "vitrina.usecases.batch.build_batch" in planning - estimating
    assert not HEAVY & (estimating | planning)


@pytest.mark.parametrize(
    ("function", "needed", "others"),
    [
        ("menu", {"vitrina.web.menu", *TOKENS, *SHAPES}, {"vitrina.web.secret_pages", "vitrina.web.task"}),
        ("webhook", {"vitrina.web.webhook"}, {"vitrina.web.menu", *PLANNING, *TOKENS, *SHAPES, *CALLS}),
        ("client", {"vitrina.web.secret_pages"}, {"vitrina.web.menu", *PLANNING, *TOKENS, *SHAPES, *CALLS}),
        ("task", {"vitrina.web.task", *TOKENS, *SHAPES}, {"vitrina.web.menu", "vitrina.web.secret_pages"}),
        ("schedule", {"vitrina.web.schedule", *TOKENS}, {"vitrina.web.menu", "vitrina.web.secret_pages"}),
    ],
)
def test_a_process_imports_its_own_function_at_the_start(
    function: str, needed: set[str], others: set[str]
) -> None:
    """The first request of an instance that is kept running does not wait for it."""
    loaded = loaded_by("main", function=function)

    assert needed <= loaded
    assert not others & loaded


@pytest.mark.parametrize("handler", ["vitrina.web.webhook", "vitrina.web.secret_pages"])
def test_webhooks_and_pages_load_no_planner(handler: str) -> None:
    """Nor what verifies Google's tokens and what compares a body with its shape: they get neither."""
    loaded = loaded_by("main", handler)

    assert handler in loaded
    assert not (HEAVY | PLANNING | TOKENS | SHAPES) & loaded
