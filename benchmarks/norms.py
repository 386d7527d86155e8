"""``python -m benchmarks.norms [--rows 1000 10000 100000]``: cost of learning the norms.

For each size of the history a separate process creates it, writes it to a store, reads it again and learns
the norms. Then the imports of the ``menu`` entry point are measured. The exit code is 1 if learning from
100,000 rows takes two seconds or more, if a process takes 400 MB or more, if time grows faster than the rows,
or if the entry point imports a heavy package.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ROWS = (1_000, 10_000, 100_000)
SEED = 7

MOST_S = 2.0
MOST_MB = 400
#: Allowed factor between times per row: times vary, and the smallest size is mostly start-up.
TOLERANCE = 1.5

#: Packages that a click on the menu must not load before an action needs them.
HEAVY = ("pandas", "numpy", "rapidfuzz")
IMPORTS = ("main", "pandas", "numpy", "rapidfuzz")


def history(count: int) -> list[object]:
    """Work of forty types and three profiles, two thirds with a size and a third with estimated hours."""
    from vitrina.domain.estimating.norms import FinishedWork  # noqa: PLC0415

    draw = random.Random(SEED)
    begin, days = date(2016, 1, 1), 3650
    works: list[object] = []
    for number in range(count):
        kind, size = draw.randrange(40), draw.choice(["", "xs", "s", "m", "l", "xl"])
        hours = draw.lognormvariate(kind / 20, 0.7)
        given = hours * draw.lognormvariate(0, 0.4) if draw.random() < 0.3 else None
        works.append(
            FinishedWork(
                f"Вид {kind}",
                draw.choice(["design", "copy", "development"]),
                hours,
                draw.choice([1.0, 1.0, 2.0, 5.0]),
                begin + timedelta(days=number * days // count),
                size,
                given,
            )
        )
    return works


def measure(count: int) -> dict[str, float]:
    """Seconds of reading and of learning, and the maximum of the process's memory in megabytes."""
    from vitrina.domain.estimating.learning import learn  # noqa: PLC0415
    from vitrina.records.history import load_history, save_history  # noqa: PLC0415
    from vitrina.store.sqlite import SqliteStore  # noqa: PLC0415

    with tempfile.TemporaryDirectory(prefix="vitrina-") as folder:
        store = SqliteStore.create(Path(folder) / "store.sqlite")
        save_history(store, "agency", {f"w{n}": one for n, one in enumerate(history(count))})  # type: ignore[misc]
        started = time.perf_counter()
        works = load_history(store, "agency", ())
        read = time.perf_counter()
    import pandas  # noqa: F401, PLC0415 - its import is shown by itself

    ready = time.perf_counter()
    norms = learn(works)
    learned = time.perf_counter()
    return {
        "read_s": read - started,
        "learn_s": learned - ready,
        "mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "norms": len(norms.shown),
    }


def imports() -> dict[str, float]:
    """Seconds of each import in a new process, the fastest of three; the entry point is ``main``."""
    code = "import sys, time; t = time.perf_counter(); import {}; print(time.perf_counter() - t)"
    return {name: min(float(_python(code.format(name))) for _ in range(3)) for name in IMPORTS}


def loaded_by_menu() -> list[str]:
    """Heavy modules that the entry point imports."""
    names = json.loads(_python("import json, sys, main; print(json.dumps(sorted(sys.modules)))"))
    return [name for name in HEAVY if name in names]


def _python(code: str) -> str:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "functions"), str(ROOT)])}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout


def complaints(found: Sequence[tuple[int, dict[str, float]]]) -> list[str]:
    """A sentence for each figure that is too high."""
    told = []
    for count, cost in found:
        if cost["learn_s"] >= MOST_S or cost["mb"] >= MOST_MB:
            told.append(f"{count:,} rows: {cost['learn_s']:.2f} s, {cost['mb']:.0f} MB")
    for (few, before), (many, after) in itertools.pairwise(found):
        if after["learn_s"] > before["learn_s"] * many / few * TOLERANCE:
            told.append(f"from {few:,} to {many:,} rows time grows faster than the rows")
    return told


def main() -> int:
    """Measure, print the tables and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.norms", description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=ROWS, help="sizes of the history")
    rows = parser.parse_args().rows
    code = "import json; from benchmarks.norms import measure; print(json.dumps(measure({})))"
    found = [(count, json.loads(_python(code.format(count)))) for count in rows]
    print("| rows | read, s | learn, s | most memory, MB | norms |\n| ---: | ---: | ---: | ---: | ---: |")
    for count, cost in found:
        figures = f"{cost['read_s']:.2f} | {cost['learn_s']:.2f} | {cost['mb']:.0f} | {cost['norms']:.0f}"
        print(f"| {count:,} | {figures} |")
    print("\n| import | s |\n| --- | ---: |")
    for name, seconds in imports().items():
        print(f"| `{name}` | {seconds:.2f} |")
    told = complaints(found) + [f"the entry point imports {name}" for name in loaded_by_menu()]
    for line in told:
        print(line, file=sys.stderr)
    return 1 if told else 0


if __name__ == "__main__":
    sys.exit(main())
