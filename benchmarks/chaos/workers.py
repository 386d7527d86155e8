"""The pool of the workers: ``python -m benchmarks.chaos.workers --clock FILE --callers FILE``.

The product's clock cannot be moved, and it has no switches for defects: its code is patched here in memory,
before the workers are forked.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmarks.chaos.callers import note_connections
from benchmarks.chaos.clock import share_clock
from benchmarks.chaos.defects import DEFECTS
from tests.harness import workers


def main() -> None:
    """Fork workers as the pool of the tests does."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.chaos.workers", description=__doc__)
    parser.add_argument("--defect", choices=("", *DEFECTS), default="")
    parser.add_argument("--clock", type=Path, required=True, help="see ``benchmarks.chaos.clock``")
    parser.add_argument("--callers", type=Path, required=True, help="see ``benchmarks.chaos.callers``")
    arguments = parser.parse_args()
    if arguments.defect:
        DEFECTS[arguments.defect]()
    share_clock(arguments.clock)
    note_connections(arguments.callers)
    workers.main()


if __name__ == "__main__":
    main()
