"""``python -m benchmarks.fuzz --requests 100000 --clicks 3000 --seed S``: requests and cells near valid ones.

Sends requests to every entry point, which one process serves under gunicorn as deployed, and clicks every
action over workbooks whose cells are drawn as well. Nothing outside is down. The exit code is 1 where an
answer is a 5xx or comes too late, where an error is logged that no code expected, or where the serving
process grows beyond its bound.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import logging
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import httpx

from benchmarks.fuzz.cells import Clicked, click, round_of
from benchmarks.fuzz.judged import unhandled_errors
from benchmarks.fuzz.play import Played, play
from benchmarks.fuzz.world import World, set_up
from benchmarks.tables import as_table
from benchmarks.usage import forget_peak, memory_mb, process_tree
from deploy.functions import ALLOCATOR
from emulators.common.client import local_client
from emulators.common.server import running
from emulators.world.functions import create_app
from emulators.world.processes import ROOT

REQUESTS, CLICKS = 100_000, 3_000
#: Requests after which the process has loaded everything that it keeps; its growth is counted from there.
WARM_UP = 10_000
#: MB by which the process may grow after that, and that it may have at any moment. A function has 512 MiB.
MOST_GROWTH_MB, MOST_PEAK_MB = 64.0, 420.0
START_TIMEOUT_S = 60.0


@contextlib.contextmanager
def serving(world: World, folder: Path) -> Iterator[tuple[int, Callable[[], list[str]]]]:
    """Serve the functions from a process; yields its id, and what takes the errors that it logged."""
    errors, log = folder / "errors.jsonl", folder / "served.log"
    command = [
        sys.executable,
        "-m",
        "benchmarks.fuzz.served",
        "--port",
        str(world.address[1]),
        "--errors",
        str(errors),
    ]
    with log.open("ab") as output:
        environment = {**os.environ, **ALLOCATOR}
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output)
        try:
            _wait_for(world)
            yield process.pid, _Tail(errors)
        finally:
            process.terminate()
            process.wait()


class _Tail:
    """The lines of a file that were not read yet."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read = 0

    def __call__(self) -> list[str]:
        if not self._path.exists() or self._path.stat().st_size == self._read:
            return []
        with self._path.open(encoding="utf-8") as file:
            file.seek(self._read)
            lines = file.readlines()
            self._read = file.tell()
        return [str(json.loads(line)) for line in lines]


def _wait_for(world: World) -> None:
    give_up_at = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < give_up_at:
        with contextlib.suppress(httpx.TransportError), local_client(timeout=30.0) as http:
            http.get(f"{world.office.servers.functions}/menu/health")
            return
        time.sleep(0.1)
    raise TimeoutError("the functions did not start")


class _Memory:
    """Memory of the serving process as requests come."""

    def __init__(self, pid: int) -> None:
        # The first one only starts the others.
        self._pids = process_tree(pid)[1:]
        for one in self._pids:
            forget_peak(one)
        self.before = self.now()
        self.warm = self.before

    def now(self) -> float:
        """MB of the process with its children."""
        return sum(memory_mb(one, "VmRSS") for one in self._pids)

    @property
    def peak(self) -> float:
        """The most MB since the beginning."""
        return sum(memory_mb(one, "VmHWM") for one in self._pids)


def _play_requests(world: World, folder: Path, seed: int, numbers: Sequence[int]) -> tuple[Played, bool]:
    """The requests, and whether memory stayed within its bounds."""
    with serving(world, folder) as (pid, errors):
        errors()
        memory = _Memory(pid)

        def each(number: int) -> None:
            if number == numbers[0] + WARM_UP:
                memory.warm = memory.now()
            if (number + 1) % 1_000 == 0:
                print(f"… {number + 1:,} requests, {memory.now():.0f} MB", file=sys.stderr, flush=True)

        played = play(world.address, world.facts, seed, numbers, errors, each, _tell)
        world.office.settle()
        after, peak = memory.now(), memory.peak
    growth = after - memory.warm
    print(
        f"serving process, MB: {memory.before:.0f} before, {memory.warm:.0f} after {WARM_UP:,} requests, "
        f"{after:.0f} after all, {peak:.0f} at most; "
        f"bounds: {MOST_GROWTH_MB:.0f} more, {MOST_PEAK_MB:.0f} at most"
    )
    return played, growth <= MOST_GROWTH_MB and peak <= MOST_PEAK_MB


def _play_clicks(world: World, seed: int, numbers: Sequence[int]) -> Clicked:
    with running(create_app(), world.address[1]), unhandled_errors() as found:

        def errors() -> list[str]:
            told = found[:]
            found.clear()
            return told

        def each(number: int) -> None:
            if (number + 1) % 100 == 0:
                print(f"… {number + 1:,} clicks", file=sys.stderr, flush=True)

        return click(world, seed, numbers, errors, each, _tell)


def _tell(failure: object) -> None:
    print(failure, file=sys.stderr, flush=True)


def request_table(played: Played) -> list[list[str]]:
    """A line for each entry point: how many requests, their mean time, and how many of each status."""
    by_entry: dict[str, Counter[int]] = {}
    for (entry, status), count in played.statuses.items():
        by_entry.setdefault(entry, Counter())[status] += count
    return [
        [
            entry,
            f"{statuses.total():,}",
            f"{1000 * played.seconds[entry] / statuses.total():.1f}",
            ", ".join(f"{status or 'closed'}: {count:,}" for status, count in sorted(statuses.items())),
        ]
        for entry, statuses in sorted(by_entry.items())
    ]


def click_table(clicked: Clicked) -> list[list[str]]:
    """A line for each action: how many clicks, and how many of each outcome."""
    by_action: dict[str, Counter[str]] = {}
    for (action, outcome), count in clicked.outcomes.items():
        by_action.setdefault(action, Counter())[outcome] += count
    return [
        [action, f"{found.total():,}", ", ".join(f"{one}: {count:,}" for one, count in sorted(found.items()))]
        for action, found in sorted(by_action.items())
    ]


def _numbers(text: str) -> list[int]:
    """``7`` or ``3-7``."""
    first, _, last = text.partition("-")
    return list(range(int(first), int(last or first) + 1))


def main() -> int:
    """Play, print, judge."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fuzz", description=__doc__)
    parser.add_argument("--requests", type=int, default=REQUESTS, help="count of requests")
    parser.add_argument("--clicks", type=int, default=CLICKS, help="count of clicks over drawn cells")
    parser.add_argument(
        "--seed", type=int, default=None, help="from which all is drawn; a new one if not given"
    )
    parser.add_argument("--only", type=_numbers, help="only the request of this number, or those of 3-7")
    parser.add_argument(
        "--cells-only", type=int, help="only the click of this number, with those of its round"
    )
    parser.add_argument("--markdown", action="store_true", help="print the tables as Markdown")
    arguments = parser.parse_args()
    seed = random.SystemRandom().randrange(10**6) if arguments.seed is None else arguments.seed
    print(f"seed {seed}", flush=True)
    is_one = arguments.only is not None or arguments.cells_only is not None
    requests = arguments.only or ([] if is_one else list(range(arguments.requests)))
    clicks = list(round_of(arguments.cells_only)) if arguments.cells_only is not None else []
    clicks = clicks or ([] if is_one else list(range(arguments.clicks)))
    # Without this the log of the functions goes to standard error.
    logging.getLogger("vitrina").addHandler(logging.NullHandler())
    failures: list[object] = []
    is_bounded = True
    with tempfile.TemporaryDirectory(prefix="vitrina-") as name, set_up(Path(name)) as world:
        if requests:
            played, is_bounded = _play_requests(world, Path(name), seed, requests)
            failures += played.failures
            print(
                as_table(
                    ["Entry point", "Requests", "ms", "Statuses"],
                    request_table(played),
                    markdown=arguments.markdown,
                )
            )
            print(
                f"{played.count:,} requests, {len(played.failures)} failures, "
                f"slowest {played.slowest_s:.1f} s ({played.slowest})"
            )
        if clicks:
            clicked = _play_clicks(world, seed, clicks)
            failures += clicked.failures
            print(
                as_table(["Action", "Clicks", "Answers"], click_table(clicked), markdown=arguments.markdown)
            )
            print(
                f"{clicked.outcomes.total():,} clicks, {len(clicked.failures)} failures, "
                f"slowest {clicked.slowest_s:.1f} s ({clicked.slowest})"
            )
    return 1 if failures or not is_bounded else 0


if __name__ == "__main__":
    sys.exit(main())
