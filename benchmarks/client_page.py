"""What a view of a client's page takes beside an empty function, in the same run and under the same load.

``python -m benchmarks.client_page [--store firestore]``. Each runs as ``functions-framework`` serves it, in a
process of its own; people who look ask them by turns, so that whatever else the machine does slows all of
them. A third function has no more to do than to send the bytes and the headers of the page, by way of Flask.
"""

from __future__ import annotations

import argparse
import gzip
import os
import random
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from statistics import median

import httpx

from benchmarks.served import EMPTY, START_TIMEOUT_S, serving, write_empty
from benchmarks.tables import as_table
from emulators.common.client import local_client
from emulators.common.firestore import STORES, running_store
from emulators.world.functions import SOURCE
from tests.harness.client_site import CONTENT, PERSON, ClientSite, running_site, shown

#: Most that the page may take of the time of an empty function, at the 95th percentile.
MOST_TIMES = 1.2
MOST_READS = 2
#: Rows of the table.
EMPTY_ONE, SAME_PAGE = "empty function", "bytes of the page"
#: The name of the function that sends the bytes of the page.
SAME = "same"
_SAME_SOURCE = """
import functions_framework
from flask import Response

@functions_framework.http
def same(request):
    return Response({body!r}, headers={headers!r})
"""


def main() -> None:
    """Measure, print, and end with 1 if the page is too slow or reads too much."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.client_page", description=__doc__)
    parser.add_argument("--views", type=int, default=1500, help="of each of the two")
    parser.add_argument("--people", type=int, default=4, help="who look at the same time")
    parser.add_argument("--items", type=int, default=5, help="pieces of work that wait on the page")
    parser.add_argument(
        "--think-ms", type=float, default=20.0, help="mean pause of a person between two views"
    )
    parser.add_argument("--store", choices=STORES, default="sqlite")
    parser.add_argument("--markdown", action="store_true")
    asked = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as name,
        running_store(asked.store, Path(name)) as firestore_url,
        running_site(Path(name), os.environ.__setitem__, firestore_url=firestore_url) as site,
    ):
        site.put_page(*(shown(number) for number in range(1, asked.items + 1)), content=CONTENT)
        token = site.make_link()
        reads, size = _cost(site, token)
        known_ms, anew_ms = _here_ms(site, token, changes=False), _here_ms(site, token, changes=True)
        threads = {"THREADS": "4"}
        with (
            serving(SOURCE, "client", threads) as page,
            serving(write_empty(Path(name)), EMPTY, threads) as empty,
        ):
            for one in (page, empty):
                httpx.get(f"{one.url}/health", timeout=START_TIMEOUT_S)
            path = f"/client/c/{token}"
            same = httpx.get(f"{page.url}{path}", headers=PERSON)
            with serving(_write_same(Path(name), same), SAME, threads) as ready:
                urls = {"page": f"{page.url}{path}", SAME_PAGE: f"{ready.url}{path}", EMPTY_ONE: empty.url}
                times = _load(urls, views=asked.views, people=asked.people, think_s=asked.think_ms / 1000)
    header = ["", "views", "median ms", "p95 ms", "p99 ms"]
    lines = [
        [name, str(len(one)), *(f"{1000 * _percentile(one, share):.2f}" for share in (0.5, 0.95, 0.99))]
        for name, one in times.items()
    ]
    empty_s = _percentile(times[EMPTY_ONE], 0.95)
    ratio, least = (_percentile(times[one], 0.95) / empty_s for one in ("page", SAME_PAGE))
    print(as_table(header, lines, markdown=asked.markdown))
    # Google's emulator and its way over HTTP are no measure of Firestore itself.
    limit = f" (at most {MOST_TIMES})" if asked.store == "sqlite" else ""
    print(f"p95 of the page: {ratio:.2f} × that of an empty function{limit}; of its bytes: {least:.2f} ×")
    print(
        f"without HTTP: {known_ms:.2f} ms, {anew_ms:.2f} ms where the page has changed since it was seen last"
    )
    print(f"documents read for a view: {reads} (at most {MOST_READS}); bytes: {size}")
    is_slow = asked.store == "sqlite" and ratio > MOST_TIMES
    sys.exit(is_slow or reads > MOST_READS)


def _write_same(folder: Path, answer: httpx.Response) -> Path:
    """Write the source of a function that always sends *answer* into *folder*; returns its path."""
    body = gzip.compress(answer.content, 5) if answer.headers.get("Content-Encoding") else answer.content
    server = ("server", "date", "connection", "content-length")
    headers = [(name, value) for name, value in answer.headers.items() if name not in server]
    source = folder / "same.py"
    source.write_text(_SAME_SOURCE.format(body=body, headers=headers), encoding="utf-8")
    return source


def _cost(site: ClientSite, token: str) -> tuple[int, int]:
    """Documents that a view reads, and bytes of the page, once its first opening was noted."""
    site.get(token)
    site.store.forget()
    answer = site.get(token)
    return site.store.cost.documents_read, len(answer.data)


def _here_ms(site: ClientSite, token: str, *, changes: bool) -> float:
    """Median milliseconds of a view in this process, of a page that *changes* before each view or not."""
    items, took = site.page().items, []
    for _ in range(50):
        if changes:
            site.put_page(*items, content=CONTENT)
        began = time.perf_counter()
        site.get(token)
        took.append(1000 * (time.perf_counter() - began))
    return median(took)


def _load(urls: Mapping[str, str], *, views: int, people: int, think_s: float) -> Mapping[str, list[float]]:
    """Seconds of each view, by what was asked; some at the beginning are not counted."""
    times: dict[str, list[float]] = {name: [] for name in urls}
    lock, warm_up = threading.Lock(), 20

    def look(seed: int) -> None:
        chance = random.Random(seed)
        with local_client(headers=PERSON) as http:
            for number in range(warm_up + views // people):
                for name in chance.sample(sorted(urls), len(urls)):
                    time.sleep(chance.expovariate(1 / think_s) if think_s else 0)
                    began = time.perf_counter()
                    # Unpacking the body in Python is not part of the function's time.
                    with http.stream("GET", urls[name]) as answer:
                        for _ in answer.iter_raw():
                            pass
                    took = time.perf_counter() - began
                    assert answer.status_code == 200, answer.status_code
                    if number >= warm_up:
                        with lock:
                            times[name].append(took)

    threads = [threading.Thread(target=look, args=(seed,)) for seed in range(people)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    return times


def _percentile(values: list[float], share: float) -> float:
    return median(values) if share == 0.5 else sorted(values)[min(len(values) - 1, int(share * len(values)))]


if __name__ == "__main__":
    main()
