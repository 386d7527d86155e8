"""``python -m benchmarks.chaos --runs 200 --seed 1``: nothing may be lost, doubled or written wrongly.

Each run plays the history that is drawn for it from the seed, waits until all work is done, and compares
sheet, store and tracker with a simple model. If a run has a violation, the exit code is 1, and the smallest
history that still fails is written to a file, which ``--replay`` plays again.
"""

from __future__ import annotations

import argparse
import math
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import emulators.world  # noqa: F401 - puts ``vitrina`` on the path
from benchmarks.chaos.defects import DEFECTS
from benchmarks.chaos.draw import draw_history
from benchmarks.chaos.history import History, load_history
from benchmarks.chaos.play import Result
from benchmarks.chaos.report import describe, failures, format_lines, report_lines
from benchmarks.chaos.shrink import shrink
from benchmarks.chaos.trackers import TRACKERS
from benchmarks.chaos.world_pool import WorldPool, running_world_pool
from emulators.common.firestore import STORES, running_store

SHRINK_S = 90.0
#: Progress is printed after so many runs.
PROGRESS_RUNS = 100


def main() -> int:
    """Play the histories and print the report; returns the exit code."""
    arguments = _parser().parse_args()
    histories = _histories(arguments)
    started_at = time.monotonic()
    with (
        tempfile.TemporaryDirectory(prefix="vitrina-") as folder,
        running_store(arguments.store, Path(folder)) as firestore_url,
        running_world_pool(
            arguments.worlds,
            defect=arguments.defect,
            firestore_url=firestore_url,
        ) as pool,
    ):
        results = _play(pool, histories, started_at + 60 * arguments.minutes)
        print(format_lines(report_lines(results, time.monotonic() - started_at), markdown=arguments.markdown))
        failed = failures(results)
        if not failed:
            return 0
        print(f"\nFailed: {len(failed)}", *map(describe, failed), sep="\n", file=sys.stderr)
        smallest = shrink(pool, failed[0], budget_s=arguments.shrink_seconds)
    smallest.history.save(arguments.save)
    print(f"\nThe smallest history that fails, also in {arguments.save}:", file=sys.stderr)
    print(smallest.history.to_text(), describe(smallest), sep="\n", file=sys.stderr)
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.chaos", description=__doc__)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--minutes", type=float, default=math.inf, metavar="M", help="begin no further run after so long"
    )
    parser.add_argument("--only", type=int, metavar="RUN", help="play this run of the seed only")
    parser.add_argument("--replay", type=Path, metavar="FILE", help="play the history of a file")
    parser.add_argument("--times", type=int, default=1, help="how often each history is played")
    parser.add_argument(
        "--defect", choices=("", *DEFECTS), default="", help="a defect of the product that must be found"
    )
    parser.add_argument(
        "--tracker", choices=("", *TRACKERS), default="", help="of the project; drawn if not given"
    )
    parser.add_argument(
        "--store",
        choices=STORES,
        default=STORES[0],
        help="firestore: over Google's emulator, with processes that are frozen and clocks that are apart",
    )
    parser.add_argument(
        "--worlds", type=int, default=os.cpu_count() or 1, help="worlds that play at the same time"
    )
    parser.add_argument("--shrink-seconds", type=float, default=SHRINK_S, metavar="S")
    parser.add_argument("--save", type=Path, default=Path("chaos.json"), metavar="FILE")
    parser.add_argument("--markdown", action="store_true", help="print the table as Markdown")
    return parser


def _histories(arguments: argparse.Namespace) -> list[History]:
    if arguments.replay is not None:
        return [load_history(arguments.replay)] * arguments.times
    runs = range(arguments.runs) if arguments.only is None else [arguments.only]
    instances = arguments.store == "firestore"
    return [
        draw_history(arguments.seed, run, instances=instances, tracker=arguments.tracker)
        for run in runs
        for _ in range(arguments.times)
    ]


def _play(pool: WorldPool, histories: Sequence[History], until: float) -> list[Result]:
    results: list[Result] = []
    for result in pool.play(histories, until=until):
        results.append(result)
        if result.violations:
            print(describe(result), file=sys.stderr, flush=True)
        if len(results) % PROGRESS_RUNS == 0:
            failed = sum(bool(one.violations) for one in results)
            print(f"{len(results)} of {len(histories)} runs, {failed} failed", file=sys.stderr, flush=True)
    return results


if __name__ == "__main__":
    sys.exit(main())
