"""The pool of the workers: ``python -m benchmarks.chaos.workers [--guards off]``.

Without guards a batch says nothing any more of where its rows were read. That is a change made here, to the
product in memory, before the workers are forked; the product itself has no such switch.
"""

from __future__ import annotations

import argparse

from tests.harness import workers


def remove_guards() -> None:
    """Have every batch written as it is, whatever has become of the sheet."""
    from vitrina.workbook.writing import change, shelf  # noqa: PLC0415 - the product, only where it is to be patched

    change.guard_mark = shelf.guard_mark = lambda *_: []
    change.compare_requests = lambda *_: []


def main() -> None:
    """Fork workers as the usual pool does."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.chaos.workers", description=__doc__)
    parser.add_argument("--guards", choices=("on", "off"), default="on")
    if parser.parse_args().guards == "off":
        remove_guards()
    workers.main()


if __name__ == "__main__":
    main()
