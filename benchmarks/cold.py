"""``python -m benchmarks.cold``: what a fresh process of each function takes until its first answer.

Each function runs as ``functions-framework`` serves it, in processes of its own, over the local servers with
the sample agency. Processor time and memory are those of the server with all its processes when they are at
rest after the first answer; they are compared with an empty function in the same run. The exit code is 1 if a
ratio is above its target.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import httpx

from benchmarks.api_calls import backlog_rows, click_action, open_agency
from benchmarks.served import EMPTY, START_TIMEOUT_S, serving, write_empty
from benchmarks.tables import as_table
from benchmarks.usage import cpu_s, process_tree, shared_memory_mib
from emulators.common.client import local_client
from emulators.world.client import MenuClient
from emulators.world.functions import SOURCE
from emulators.world.processes import QUEUE, SERVICE_ACCOUNT
from emulators.world.sample import load_agency
from emulators.world.story import staff_of
from tests.harness.client_site import PERSON
from tests.harness.local_office import LocalOffice
from tests.harness.servers import running_servers

ROWS = 10
#: Medians of nine rounds differ by a tenth from run to run on a shared machine.
ROUND_COUNT = 25
#: A server is at rest that takes less than ``REST_S`` of the processor between two looks.
LOOK_S, REST_S, MOST_LOOKS = 0.1, 0.001, 100
#: Most that a function may take of what an empty one takes: processor time by entry point, and memory.
MOST_CPU = {"menu": 2.0, "webhook": 1.5, "client": 1.5}
MOST_MEMORY = 2.5
#: Sends the first request to the function at an address.
Ask = Callable[[str], None]


@dataclass(frozen=True)
class Cost:
    """What the processes of one function took until the first answer."""

    cpu_s: float
    memory_mib: float


def main() -> None:
    """Measure, print, and end with 1 if a target is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cold", description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUND_COUNT, help="runs of each; medians are shown")
    parser.add_argument("--only", choices=["menu", "webhook", "client", "task", "schedule"])
    parser.add_argument("--markdown", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, _world(Path(name)) as requests:
        targets: dict[str, tuple[Path, Ask]] = {EMPTY: (write_empty(Path(name)), _get)}
        for target, ask in requests.items():
            if asked.only in (None, target):
                targets[target] = SOURCE, ask
        # The first round compiles modules.
        rounds = [
            {target: _measure(source, target, ask) for target, (source, ask) in targets.items()}
            for _ in range(1 + asked.rounds)
        ]
    lines, is_missed = [], False
    base = _middle([one[EMPTY] for one in rounds[1:]])
    for target in targets:
        cost = _middle([one[target] for one in rounds[1:]])
        cpu, memory = cost.cpu_s / base.cpu_s, cost.memory_mib / base.memory_mib
        is_missed |= cpu > MOST_CPU.get(target, float("inf")) or memory > MOST_MEMORY
        most = f"{MOST_CPU[target]:.1f}" if target in MOST_CPU else ""
        lines.append(
            [target, f"{cost.cpu_s:.3f}", f"{cpu:.2f}", most, f"{cost.memory_mib:.0f}", f"{memory:.2f}"]
        )
    header = ["function", "CPU s", "× empty", "at most", "MiB", "× empty"]
    print(as_table(header, lines, markdown=asked.markdown))
    sys.exit(is_missed)


def _middle(costs: list[Cost]) -> Cost:
    return Cost(median(one.cpu_s for one in costs), median(one.memory_mib for one in costs))


# --- What is asked ----------------------------------------------------------------------------------


@contextmanager
def _world(folder: Path) -> Iterator[Mapping[str, Ask]]:
    """The sample agency with a client who has work in progress; the first request to each function."""
    sample = load_agency()
    with running_servers() as servers:
        office = LocalOffice(servers, folder, staff_of(sample)[0])
        os.environ["VITRINA_CLIENT_URL"] = f"{servers.functions}/client"
        open_agency(office, os.environ.__setitem__, sample)
        office.create_client(client_name="Benchmark", project_name="Cold", code="CLD", limit_hours=30)
        office.paste_backlog(backlog_rows(sample, ROWS))
        click_action(office, "estimate")
        preview = click_action(office, "build_batch", period="current")
        click_action(office, "start_batch", preview_id=preview["data"]["preview_id"])
        click_action(office, "push")
        link = click_action(office, "make_client_link", scope="act")["data"]["url"]
        office.settle()
        # What webhooks ask for is left to the function that is measured.
        office.http.post(f"{servers.tasks}/v2/{QUEUE}:pause").raise_for_status()
        cards = office.cards()
        secret, google = os.environ["VITRINA_WEBHOOK_SECRET"], servers.google
        touched = {"event": "card:update", "data": {"old": {"id": cards[0]["id"]}}}

        def menu(url: str) -> None:
            clicks = MenuClient(url, google, email=office.staff)
            answer = clicks.click(office.client_id, "estimate")
            assert answer["outcome"] == "done", answer
            clicks.close()

        def webhook(url: str) -> None:
            httpx.post(f"{url}/webhook/kaiten/{secret}", json=touched).raise_for_status()

        def client(url: str) -> None:
            path = httpx.URL(link).path.removeprefix("/client")
            with local_client(headers=PERSON) as http:
                http.get(f"{url}/client{path}").raise_for_status()

        def task(url: str) -> None:
            body = {"kind": "sync", "spreadsheet_id": office.client_id}
            _as_service(google, os.environ["VITRINA_TASK_URL"], f"{url}/task", body)

        def schedule(url: str) -> None:
            _as_service(google, os.environ["VITRINA_SCHEDULE_URL"], f"{url}/schedule", {})

        yield {"menu": menu, "webhook": webhook, "client": client, "task": task, "schedule": schedule}
        office.http.close()


def _as_service(google: str, audience: str, url: str, body: Mapping[str, Any]) -> None:
    """Call a function as queue and timer do."""
    with local_client(timeout=START_TIMEOUT_S) as http:
        wanted = {"email": SERVICE_ACCOUNT, "audience": audience}
        signed = http.post(f"{google}/_emulator/identity/token", json=wanted).raise_for_status()
        headers = {"Authorization": f"Bearer {signed.json()['id_token']}"}
        http.post(url, json=body, headers=headers).raise_for_status()


def _get(url: str) -> None:
    httpx.get(url, timeout=START_TIMEOUT_S).raise_for_status()


# --- A fresh server ---------------------------------------------------------------------------------


def _measure(source: Path, target: str, ask: Ask) -> Cost:
    """What a fresh server of one function took when it has answered its first request."""
    # Deployed functions are compiled when they are built.
    with serving(source, target, {"PYTHONDONTWRITEBYTECODE": ""}) as served:
        ask(served.url)
        pids = process_tree(served.pid)
        return Cost(_cpu_at_rest_s(pids), sum(map(shared_memory_mib, pids)))


def _cpu_at_rest_s(pids: Sequence[int]) -> float:
    """Processor time of these processes when they have nothing left to do.

    The server goes on with its own start while an empty function has answered already.
    """
    for _ in range(MOST_LOOKS):
        before = sum(map(cpu_s, pids))
        time.sleep(LOOK_S)
        if sum(map(cpu_s, pids)) - before < REST_S:
            return before
    raise AssertionError(f"the processes {pids} are still busy after {MOST_LOOKS * LOOK_S:.0f} s")


if __name__ == "__main__":
    main()
