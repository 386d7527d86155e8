"""The pool of the workers: ``python -m benchmarks.chaos.workers --clock FILE [--guards off]``.

Without guards a batch does not check that rows and cells are still as they were read. The product has no
such switch, and its clock cannot be moved: its code is patched here in memory, before the workers are forked.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmarks.chaos.clock import share_clock
from tests.harness import workers


def remove_guards() -> None:
    """Patch the product so that batches are written without a check of the sheet."""
    from vitrina.workbook.writing import change, shelf  # noqa: PLC0415 - imported only if patched

    change.guard_mark = shelf.guard_mark = lambda *_: []
    change.compare_requests = lambda *_: []


def main() -> None:
    """Fork workers as the pool of the tests does."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.chaos.workers", description=__doc__)
    parser.add_argument("--guards", choices=("on", "off"), default="on")
    parser.add_argument("--clock", type=Path, required=True, help="see ``benchmarks.chaos.clock``")
    arguments = parser.parse_args()
    if arguments.guards == "off":
        remove_guards()
    share_clock(arguments.clock)
    workers.main()


if __name__ == "__main__":
    main()
