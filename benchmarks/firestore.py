"""``python -m benchmarks.firestore [--calls 100] [--markdown]``: what the store on Firestore costs.

Starts Google's emulator and measures, in fresh processes, how long it takes to import a way to Firestore and
to open it, with its memory, and how long a read and a commit take then: the adapter of the product over REST,
and Google's own library over gRPC where it is installed (``pip install google-cloud-firestore``). Then twenty
threads write one document at once, each only over the version that it read.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import threading
import time
from pathlib import Path

from benchmarks.fresh_process import run_fresh
from benchmarks.tables import as_table
from emulators.common.firestore import running_firestore
from tests.harness.firestore import new_firestore
from vitrina.errors import StoreConflictError
from vitrina.ports import Put

WRITERS = 20
WRITES_EACH = 5

#: Programs that open Firestore and print what it cost. ``{url}`` and ``{calls}`` are filled in.
REST = """
import sys, time
sys.path.insert(0, "functions")
started = time.perf_counter()
from vitrina.google.firestore import make_firestore
from vitrina.ports import Put
from vitrina.store.firestore import FirestoreStore
store = FirestoreStore(make_firestore("{url}"), "projects/measured/databases/(default)")
opened = time.perf_counter()
def read(): store.get_many([("item", "a")])
def write(): store.commit([Put("item", "a", dict(n=1))])
"""
GRPC = """
import os, sys, time
os.environ["FIRESTORE_EMULATOR_HOST"] = "{url}".removeprefix("http://")
started = time.perf_counter()
from google.cloud import firestore
document = firestore.Client(project="measured").collection("documents").document("grpc")
opened = time.perf_counter()
def read(): document.get()
def write(): document.set(dict(n=1))
"""
MEASURE = """
import json, resource
def ms(call):
    call()
    began = time.perf_counter()
    for _ in range({calls}): call()
    return (time.perf_counter() - began) / {calls} * 1000
written, found = ms(write), ms(read)
memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps([opened - started, memory, len(sys.modules), found, written]))
"""


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.firestore", description=__doc__)
    parser.add_argument("--calls", type=int, default=100, help="calls of each kind")
    parser.add_argument("--markdown", action="store_true", help="print the tables as Markdown")
    arguments = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="vitrina-") as folder,
        running_firestore(Path(folder) / "firestore.log") as url,
    ):
        ways = {"REST, our adapter": REST, "gRPC, google-cloud-firestore": GRPC}
        rows = [_measured(name, program, url, arguments.calls) for name, program in ways.items()]
        header = ("Way", "Import and open, s", "Memory, MB", "Modules", "Read, ms", "Commit, ms")
        print(as_table(header, rows, markdown=arguments.markdown))
        print()
        header = ("Writers of one document", "Writes", "Refused", "Longest of one writer, s")
        print(as_table(header, [_contended(url)], markdown=arguments.markdown))
    return 0


def _measured(name: str, program: str, url: str, calls: int) -> tuple[str, ...]:
    found = run_fresh((program + MEASURE).format(url=url, calls=calls))
    if found is None:
        return (name, "not installed", "", "", "", "")
    opened, memory, modules, read, written = found
    return name, f"{opened:.2f}", f"{memory:.0f}", f"{modules:.0f}", f"{read:.1f}", f"{written:.1f}"


def _contended(url: str) -> tuple[str, ...]:
    """Twenty threads count one document up; returns how often they were refused, and how long one took."""
    store = new_firestore(url)
    store.commit([Put("counter", "a", {"n": 0})])
    refused, seconds = [0] * WRITERS, [0.0] * WRITERS
    at_once = threading.Barrier(WRITERS)

    def write(number: int) -> None:
        at_once.wait()
        began = time.perf_counter()
        for _ in range(WRITES_EACH):
            while True:
                counter = store.get_many([("counter", "a")])["counter", "a"]
                try:
                    store.commit([Put("counter", "a", {"n": counter.data["n"] + 1}, counter.version)])
                except StoreConflictError:
                    refused[number] += 1
                else:
                    break
        seconds[number] = time.perf_counter() - began

    threads = [threading.Thread(target=write, args=(number,)) for number in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    total = store.get_many([("counter", "a")])["counter", "a"].data["n"]
    if total != WRITERS * WRITES_EACH:
        raise RuntimeError(f"{WRITERS * WRITES_EACH - total} writes were lost")
    return str(WRITERS), str(total), str(sum(refused)), f"{max(seconds):.1f}"


if __name__ == "__main__":
    sys.exit(main())
