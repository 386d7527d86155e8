"""``python -m benchmarks.budget [--rows 100 1000] [--renew]``: how much actions and cold starts compute.

Counts calls of functions, which do not depend on how busy the machine is: those of the product and those that
it makes of others. Actions run over the fakes of the unit tests, so that only the product is counted. The
figures are compared with ``budget.json``; the exit code is 1 where one grew by more than a tenth.
``--renew`` keeps the new ones, to be committed with the change that needs them.
"""

from __future__ import annotations

import argparse
import cProfile
import json
import os
import pstats
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import emulators.world  # noqa: F401 - puts ``vitrina`` on the path
from benchmarks.fresh_process import ROOT, run_fresh
from benchmarks.tables import as_table
from tests.harness.memory_office import MemoryOffice, client_office

KEPT = Path(__file__).with_suffix(".json")
ROWS = (100, 1000)
#: Largest growth of a figure that is no finding.
MOST_GROWTH = 1.1
PRODUCT = str(ROOT / "functions")
FUNCTIONS = ("menu", "webhook", "client", "task", "schedule")
#: Prints how many modules the process of a function loads at its start, and how many calls it makes beside.
START = """
import cProfile, importlib, json, os, pstats, sys
os.environ["FUNCTION_TARGET"] = {function!r}
sys.path.insert(0, "functions")
import functions_framework, flask
known = len(sys.modules)
profile = cProfile.Profile()
profile.enable()
importlib.import_module("main")
profile.disable()
calls = sum(one[1] for place, one in pstats.Stats(profile).stats.items() if "importlib" not in place[0])
print(json.dumps([len(sys.modules) - known, calls]))
"""

Figures = dict[str, int]


def measure(rows: Sequence[int] = ROWS) -> Figures:
    """All figures by name."""
    found: Figures = {}
    for count in rows:
        for action, calls in _actions(count).items():
            found[f"{action}, {count} rows"] = calls
    for name in FUNCTIONS:
        modules, calls = _start(name)
        found[f"start of {name}: modules"] = modules
        found[f"start of {name}: calls"] = calls
    return found


def grown(figures: Mapping[str, int], kept: Mapping[str, int]) -> list[str]:
    """A sentence for each figure that grew by more than a tenth, or that is not kept."""
    found = []
    for name, figure in figures.items():
        if name not in kept:
            found.append(f"{name}: no figure is kept; run `python -m benchmarks.budget --renew`")
        elif figure > MOST_GROWTH * kept[name]:
            found.append(f"{name}: {figure:,} instead of {kept[name]:,}")
    return found


def kept_figures() -> Figures:
    """The figures of the last renewal."""
    figures: Figures = json.loads(KEPT.read_text(encoding="utf-8"))
    return figures


def main() -> None:
    """Measure, print and compare."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.budget", description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=ROWS, help="sizes of the backlog")
    parser.add_argument("--renew", action="store_true", help="keep the figures")
    parser.add_argument("--markdown", action="store_true")
    asked = parser.parse_args()
    if os.environ.get("PYTHONHASHSEED") != "0":
        # The order of sets decides how much some searches compute.
        command = [sys.executable, "-m", "benchmarks.budget", *sys.argv[1:]]
        sys.exit(subprocess.run(command, env=_environment(), check=False).returncode)
    figures = measure(asked.rows)
    kept = kept_figures() if KEPT.exists() else {}
    lines = [
        [
            name,
            f"{figure:,}",
            f"{kept[name]:,}" if name in kept else "",
            f"{figure / kept[name]:.2f}" if name in kept else "",
        ]
        for name, figure in figures.items()
    ]
    print(as_table(["figure", "now", "kept", "×"], lines, markdown=asked.markdown))
    if asked.renew:
        KEPT.write_text(json.dumps({**kept, **figures}, indent=2) + "\n", encoding="utf-8")
        return
    problems = grown(figures, kept)
    print("\n".join(problems))
    sys.exit(bool(problems))


# --- Actions ----------------------------------------------------------------------------------------


class _Meter:
    """Counts the calls that the product makes in each block."""

    def __init__(self) -> None:
        self.calls: Figures = {}

    @contextmanager
    def measure(self, action: str) -> Iterator[None]:
        """Count what the block does."""
        profile = cProfile.Profile()
        profile.enable()
        try:
            yield
        finally:
            profile.disable()
        self.calls[action] = _calls_of_product(profile)


def _calls_of_product(profile: cProfile.Profile) -> int:
    """Calls whose caller is a function of the product."""
    stats: Mapping[Any, Any] = pstats.Stats(profile).stats  # type: ignore[attr-defined]
    return sum(
        of_caller[0] if isinstance(of_caller, tuple) else of_caller
        for *_, callers in stats.values()
        for caller, of_caller in callers.items()
        if caller[0].startswith(PRODUCT)
    )


def _actions(count: int) -> Figures:
    """Calls of each action of a client with *count* rows of backlog."""
    office, meter = client_office(), _Meter()
    tab = office.tab("backlog")
    office.edit({"type": "insert_rows", "sheet": tab.title, "at": tab.header_index + 3, "count": count})
    office.fill_backlog(*_backlog(count))
    preview = ""
    with meter.measure("estimate"):
        office.do("estimate")
    with meter.measure("build_batch"):
        preview = office.do("build_batch").data["preview_id"]
    with meter.measure("start_batch"):
        office.do("start_batch", preview_id=preview)
    with meter.measure("push"):
        office.do("push")
    card_id = next(item.card_id for item in office.items().values() if item.card_id)
    _count(meter, "webhook", office, lambda: office.receive(office.tracker.webhook(card_id)))
    with meter.measure("refresh"):
        office.do("refresh")
    with meter.measure("check_book"):
        office.do("check_book")
    with meter.measure("update_load"):
        office.do("update_load")
    return meter.calls


def _count(meter: _Meter, action: str, office: MemoryOffice, do: Callable[[], object]) -> None:
    """Count what is done, together with the tasks that it queues."""
    office.run_queue()
    with meter.measure(action):
        do()
        office.run_queue()


def _backlog(count: int) -> list[dict[str, str]]:
    types = ("Лендинг", "Баннер")
    priorities = ("Срочно", "Высокий", "Обычный", "Низкий")
    return [
        {"task": f"Задача {number}", "work_type": types[number % 2], "priority": priorities[number % 4]}
        for number in range(1, count + 1)
    ]


# --- Cold starts ------------------------------------------------------------------------------------


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": ""}


def _start(function: str) -> tuple[int, int]:
    """Modules and calls of the start of a fresh process of a function; the first round compiles."""
    found = run_fresh(START.format(function=function), rounds=3)
    if found is None:
        raise RuntimeError(f"the process of {function} does not start")
    modules, calls = map(int, found)
    return modules, calls


if __name__ == "__main__":
    main()
