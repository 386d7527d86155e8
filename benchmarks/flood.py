"""``python -m benchmarks.flood``: one agency floods menu, page and webhook while another one works as usual.

Two agencies of one installation. ``menu``, ``client`` and ``webhook`` run under gunicorn in four threads as
they are deployed, by default one instance of each, so that nothing but the process itself can make room. The
second agency works at the pace of a busy person, in turns with and without the flood of the first one, which
comes from a process of its own at a fixed rate whatever the answers are. The exit code is 1 if the 95th
percentile of anything that the second agency does is more than 1.5 times as long in the flood, or if it is
refused once.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import hmac
import itertools
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from benchmarks.tables import as_table
from deploy.functions import ALLOCATOR, THREADS
from emulators.common.client import local_client
from emulators.common.server import LOOPBACK, free_port
from emulators.world.functions import SOURCE
from emulators.world.processes import AUDIENCE, ROOT
from tests.harness.client_site import PERSON
from tests.harness.servers import running_servers
from tests.harness.two_agencies import SECOND, Side, TwoAgencies, running_two_agencies
from vitrina.trackers.registry import webhook_url_of

MOST_RATIO = 1.5
FUNCTIONS = ("menu", "client", "webhook")
#: What a manager clicks, heavy and light; the flood clicks the heaviest of them.
CLICKS = ("build_batch", "client_links", "estimate", "finished_work", "preview_digest", "build_batch")
FLOODED = "build_batch"
#: Below the pace at which a person is refused.
CLICK_EVERY_S = 3.2
#: Seconds of flood before anything is measured: the first time all is used up that one may do at once, and
#: then what came back in a quiet stretch.
LEAD_S = (70.0, 20.0, 20.0)
START_TIMEOUT_S = 60.0
#: gunicorn closes a connection that was not used for two seconds.
LIMITS = httpx.Limits(max_connections=64, keepalive_expiry=0.5)
FLOOD, WORK = "--flood-from", "--work-from"
#: The flood comes from elsewhere: it must not take the processors from what is measured.
NICE = 10


@dataclass
class Times:
    """How long each thing took in seconds, and how often it was not answered as it should be."""

    taken: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    refused: Counter[str] = field(default_factory=Counter)


@dataclass
class Sender:
    """Sends what an agency sends."""

    side: Side
    urls: Mapping[str, Sequence[str]]
    token: str
    webhook_path: str
    webhook_body: str
    webhook_headers: Mapping[str, str]

    def __post_init__(self) -> None:
        self._turns = {name: itertools.cycle(urls) for name, urls in self.urls.items()}
        self._http = httpx.Client(timeout=60.0, trust_env=False, limits=LIMITS)

    def click(self, action: str) -> int:
        """Status of a click in the client's workbook."""
        body = {
            "action": action,
            "spreadsheet_id": self.side.client_id,
            "request_id": str(uuid.uuid4()),
            "params": {},
        }
        headers = {"Authorization": f"Bearer {self.token}"}
        return self._http.post(f"{next(self._turns['menu'])}/menu", json=body, headers=headers).status_code

    def page(self) -> int:
        """Status of a look at the client's page."""
        url = f"{next(self._turns['client'])}/c/{self.side.page_token}"
        return self._http.get(url, headers=PERSON).status_code

    def webhook(self) -> int:
        """Status of a webhook about a card."""
        url = f"{next(self._turns['webhook'])}/{self.webhook_path}"
        return self._http.post(url, content=self.webhook_body, headers=self.webhook_headers).status_code


def work(sender: Sender, times: Times, clicks: int) -> None:
    """Click at the pace of a person, with pages and webhooks between the clicks."""
    for number in range(clicks):
        begun = time.monotonic()
        action = CLICKS[number % len(CLICKS)]
        _time(times, "click", lambda: sender.click(action))  # noqa: B023 - called at once
        for name, send in (("page", sender.page), ("webhook", sender.webhook)):
            for _ in range(3):
                _time(times, name, send)
        time.sleep(max(0.0, begun + CLICK_EVERY_S - time.monotonic()))


def _time(times: Times, name: str, send: Callable[[], int]) -> None:
    begun = time.perf_counter()
    status = send()
    times.taken[name].append(time.perf_counter() - begun)
    if status not in (200, 422):
        times.refused[f"{name} {status}"] += 1


def work_in_process(given: Mapping[str, Any], times: Times, clicks: int) -> None:
    """The same in a process of its own: this one has the emulators and the queue's tasks."""
    told = subprocess.run(
        [sys.executable, "-m", "benchmarks.flood", WORK, json.dumps({**given, "clicks": clicks})],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        check=True,
    )
    found = json.loads(told.stdout)
    for name, taken in found["taken"].items():
        times.taken[name] += taken
    times.refused.update(found["refused"])


# --- The flood, in a process of its own ----------------------------------------------------------------


def flood(given: Mapping[str, Any]) -> Counter[str]:
    """Send at a fixed rate until the standard input ends; counts of the answers by kind and status."""
    os.nice(NICE)
    sender = Sender(Side(**given["side"]), **given["sender"])
    counts: Counter[str] = Counter()
    is_over = threading.Event()

    def send(name: str, one: Callable[[], int]) -> None:
        with contextlib.suppress(httpx.HTTPError):
            status = one()
            counts[f"{name} {status}"] += 1
            return
        counts[f"{name} no answer"] += 1

    kinds: list[tuple[str, Callable[[], int]]] = [
        ("click", lambda: sender.click(FLOODED)),
        ("page", sender.page),
        ("webhook", sender.webhook),
    ]
    threading.Thread(target=lambda: (sys.stdin.read(), is_over.set()), daemon=True).start()
    with ThreadPoolExecutor(3 * 16) as pool:
        begun, number = time.monotonic(), 0
        while not is_over.is_set():
            for name, one in kinds:
                pool.submit(send, name, one)
            number += 1
            time.sleep(max(0.0, begun + number / given["rate"] - time.monotonic()))
        pool.shutdown(wait=True, cancel_futures=True)
    return counts


@contextmanager
def flooding(given: Mapping[str, Any], counts: Counter[str]) -> Iterator[None]:
    """Flood while the block runs."""
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.flood", FLOOD, json.dumps(given)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    time.sleep(given["lead_s"])
    try:
        yield
    finally:
        told, _ = process.communicate()
        counts.update(json.loads(told))


# --- Instances -----------------------------------------------------------------------------------------


@contextmanager
def running_instances(environment: Mapping[str, str], count: int) -> Iterator[dict[str, list[str]]]:
    """Addresses of *count* instances of each function."""
    with ExitStack() as stack:
        urls: defaultdict[str, list[str]] = defaultdict(list)
        for name in FUNCTIONS:
            for _ in range(count):
                urls[name].append(stack.enter_context(_instance(name, environment)))
        yield urls


@contextmanager
def _instance(name: str, environment: Mapping[str, str]) -> Iterator[str]:
    port = free_port()
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "functions_framework", "--target", name, "--source", str(SOURCE)),
            *("--host", LOOPBACK, "--port", str(port)),
        ],
        cwd=ROOT,
        env={**os.environ, **ALLOCATOR, **environment, "THREADS": str(THREADS)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        url = f"http://{LOOPBACK}:{port}"
        give_up_at = time.monotonic() + START_TIMEOUT_S
        with local_client(timeout=30.0) as http:
            while time.monotonic() < give_up_at:
                with contextlib.suppress(httpx.TransportError):
                    http.get(f"{url}/{name}/health")
                    break
                time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        process.wait()


# --- Both agencies -------------------------------------------------------------------------------------


def token_of(world: TwoAgencies, email: str) -> str:
    """An ID token of a person, good for an hour."""
    wanted = {"email": email, "audience": AUDIENCE}
    url = f"{world.office.servers.google}/_emulator/identity/token"
    return str(world.office.http.post(url, json=wanted).json()["id_token"])


def first_sender(world: TwoAgencies, urls: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """What the flood is sent with; Kaiten's webhooks have nothing but the secret in their path."""
    secret = world.office.environment["WEBHOOK_SECRET"]
    card_id = world.office.desk.cards()[0].card_id
    body = {"event": "card:update", "data": {"old": {"id": int(card_id)}, "changes": {"column_id": 1}}}
    return {
        "urls": dict(urls),
        "token": token_of(world, world.first.manager),
        "webhook_path": webhook_url_of("kaiten", "webhook", secret),
        "webhook_body": json.dumps(body),
        "webhook_headers": {"Content-Type": "application/json"},
    }


def second_sender(world: TwoAgencies, urls: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """What the other agency works with; Asana signs its webhooks."""
    office, second = world.office, world.second
    store = office.services.store
    [memory] = [one for one in store.find("tracker_memory") if one.key.startswith(f"{SECOND}:webhook:")]
    project, kept = memory.key.rpartition(":")[2], json.loads(memory.data["text"])
    cards = [one.key.partition(":")[2] for one in store.find("card") if one.key.startswith(f"{SECOND}:")]
    event = {"action": "changed", "resource": {"gid": cards[0], "resource_type": "task"}, "parent": None}
    body = json.dumps({"events": [event]})
    signature = hmac.new(kept["secrets"][0].encode(), body.encode(), hashlib.sha256).hexdigest()
    secret = office.environment["WEBHOOK_SECRET"]
    return {
        "urls": dict(urls),
        "token": token_of(world, second.manager),
        "webhook_path": f"{webhook_url_of(SECOND, 'webhook', secret)}/{project}",
        "webhook_body": body,
        "webhook_headers": {"Content-Type": "application/json", "X-Hook-Signature": signature},
    }


def given_for(side: Side, sender: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """What a process is told that sends for an agency."""
    names = ("agency_id", "client_id", "manager", "owner", "tracker", "page_token")
    return {"side": {name: getattr(side, name) for name in names}, "sender": dict(sender), **more}


def measure(folder: Path, *, clicks: int, instances: int, rate: float) -> tuple[Times, Times, Counter[str]]:
    """Times of the second agency without and with the flood, and what the flood was answered."""
    quiet, flooded, counts = Times(), Times(), Counter[str]()
    with running_servers() as servers, running_two_agencies(servers, folder) as world:
        settings = {**world.office.environment, **world.settings}
        # The limits are those of a new installation.
        own = {f"VITRINA_{name}": one for name, one in settings.items() if name != "CLICKS_PER_MINUTE"}
        with running_instances(own, instances) as urls:
            second = given_for(world.second, second_sender(world, urls))
            first = given_for(world.first, first_sender(world, urls), rate=rate)
            work_in_process(second, Times(), 2)
            for lead_s in LEAD_S:
                time.sleep(10.0)
                work_in_process(second, quiet, clicks // len(LEAD_S))
                with flooding({**first, "lead_s": lead_s * instances}, counts):
                    work_in_process(second, flooded, clicks // len(LEAD_S))
    return quiet, flooded, counts


def percentile_95(times: Sequence[float]) -> float:
    """The 95th percentile in milliseconds."""
    return statistics.quantiles(times, n=20, method="inclusive")[-1] * 1000


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.flood", description=__doc__)
    parser.add_argument("--clicks", type=int, default=60, help="of the second agency, with and without (60)")
    parser.add_argument("--instances", type=int, default=1, help="of each function (1)")
    parser.add_argument("--rate", type=float, default=20.0, help="of each kind in a second (20)")
    parser.add_argument("--markdown", action="store_true", help="print the table as Markdown")
    parser.add_argument(FLOOD, help=argparse.SUPPRESS)
    parser.add_argument(WORK, help=argparse.SUPPRESS)
    chosen = parser.parse_args(arguments)
    if chosen.work_from:
        given, times = json.loads(chosen.work_from), Times()
        work(Sender(Side(**given["side"]), **given["sender"]), times, given["clicks"])
        sys.stdout.write(json.dumps({"taken": times.taken, "refused": times.refused}))
        return 0
    if chosen.flood_from:
        sys.stdout.write(json.dumps(flood(json.loads(chosen.flood_from))))
        return 0
    with tempfile.TemporaryDirectory() as folder:
        quiet, flooded, counts = measure(
            Path(folder), clicks=chosen.clicks, instances=chosen.instances, rate=chosen.rate
        )
    lines, ratios = [], []
    for name in quiet.taken:
        before, after = percentile_95(quiet.taken[name]), percentile_95(flooded.taken[name])
        ratios.append(after / before)
        lines.append(
            [name, str(len(flooded.taken[name])), f"{before:.0f}", f"{after:.0f}", f"{ratios[-1]:.2f}"]
        )
    header = ("the other agency's", "count", "p95, ms", "p95 in the flood, ms", "ratio")
    sys.stdout.write(as_table(header, lines, markdown=chosen.markdown) + "\n")
    told = ", ".join(f"{name}: {count}" for name, count in sorted(counts.items()))
    sys.stdout.write(f"\ninstances of each function: {chosen.instances}\nthe flood was answered {told}\n")
    refused = {**quiet.refused, **flooded.refused}
    if refused:
        sys.stdout.write(f"the other agency was refused: {refused}\n")
    return 1 if refused or max(ratios) > MOST_RATIO else 0


if __name__ == "__main__":
    sys.exit(main())
