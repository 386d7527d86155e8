"""``python -m benchmarks.queue [--calls 50] [--markdown]``: what the way to Cloud Tasks costs.

Measures in fresh processes which have loaded Sheets already, as every function has: what it takes to import a
way to Cloud Tasks and to open it, its memory and modules, and how long the first task and further ones take
at the queue's emulator. The ways are the adapter of the product, and Google's own library with each of its
two transports where it is installed; the emulator does not speak gRPC.
"""

from __future__ import annotations

import argparse
import sys

import emulators.google.app
import emulators.tasks.routes
from benchmarks.fresh_process import run_fresh
from benchmarks.tables import as_table
from emulators.common.server import running

HEADER = ("Way", "Import and open, s", "Memory, MB", "Modules", "First task, ms", "Each further, ms")

BEFORE = """
import json, resource, sys, time, uuid
sys.path.insert(0, "functions")
from vitrina.google.services import make_services
make_services("http://127.0.0.1:1")
QUEUE = "projects/p/locations/l/queues/q"
def memory(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
memory_before, modules_before = memory(), len(sys.modules)
started = time.perf_counter()
"""
OURS = """
from vitrina.google.queue import CloudTasksQueue, make_tasks
queue = CloudTasksQueue(queue=QUEUE, url="http://127.0.0.1:1/task", service_account="a@b", tasks_url="{url}")
make_tasks("{url}")
def add(): queue.add(uuid.uuid4().hex, dict(kind="sync"), delay_s=3600)
"""
LIBRARY = """
from google.cloud import tasks_v2
from google.auth.credentials import AnonymousCredentials
from google.cloud.tasks_v2.services.cloud_tasks import transports
"""
REST = """
transport = transports.CloudTasksRestTransport(
    host="{url}".removeprefix("http://"), url_scheme="http", credentials=AnonymousCredentials())
client = tasks_v2.CloudTasksClient(transport=transport)
import datetime as dt
def add():
    due_at = dt.datetime.now(dt.timezone.utc) + dt.timedelta(hours=1)
    request = dict(url="http://127.0.0.1:1/task", http_method="POST", body=b"x")
    task = dict(name=QUEUE + "/tasks/" + uuid.uuid4().hex, http_request=request, schedule_time=due_at)
    client.create_task(request=dict(parent=QUEUE, task=task), timeout=10)
"""
GRPC = """
import grpc
channel = grpc.insecure_channel("127.0.0.1:1")
client = tasks_v2.CloudTasksClient(transport=transports.CloudTasksGrpcTransport(channel=channel))
add = None
"""
AFTER = """
opened = time.perf_counter() - started
def ms(count):
    if add is None: return -1.0
    began = time.perf_counter()
    for _ in range(count): add()
    return (time.perf_counter() - began) / count * 1000
first, further = ms(1), ms({calls})
print(json.dumps([opened, memory() - memory_before, len(sys.modules) - modules_before, first, further]))
"""
WAYS = {
    "REST, our adapter": OURS,
    "REST, google-cloud-tasks": LIBRARY + REST,
    "gRPC, google-cloud-tasks": LIBRARY + GRPC,
}


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.queue", description=__doc__)
    parser.add_argument("--calls", type=int, default=50, help="tasks after the first one")
    parser.add_argument("--markdown", action="store_true", help="print the table as Markdown")
    arguments = parser.parse_args()
    with (
        running(emulators.google.app.create_app()) as google,
        running(emulators.tasks.routes.create_app(google)) as url,
    ):
        rows = [_row(name, program, url, arguments.calls) for name, program in WAYS.items()]
    print(as_table(HEADER, rows, markdown=arguments.markdown))
    return 0


def _row(name: str, program: str, url: str, calls: int) -> tuple[str, ...]:
    found = run_fresh((BEFORE + program + AFTER).format(url=url, calls=calls))
    if found is None:
        return (name, "not installed", "", "", "", "")
    opened, memory, modules, *times = found
    return (name, f"{opened:.2f}", f"{memory:.0f}", f"{modules:.0f}", *(_ms(one) for one in times))


def _ms(time: float) -> str:
    return "" if time < 0 else f"{time:.1f}"


if __name__ == "__main__":
    sys.exit(main())
