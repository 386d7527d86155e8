"""The world of the runs: emulators in this process, the product in several other processes.

Every run begins with a saved starting point. Nothing is restarted for it except workers that died.
"""

from __future__ import annotations

import copy
import os
import select
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
from flask import Flask, Response, g

import emulators.google.app
import emulators.tasks.routes
from benchmarks.chaos import agency
from benchmarks.chaos.clock import NUMBER, TimeAhead
from benchmarks.chaos.history import Json
from benchmarks.chaos.trackers import TRACKERS, ChaosTracker, Webhooks
from emulators.common import firestore_calls
from emulators.common.control import Control
from emulators.common.plan import PassingCall, Plan, Step
from emulators.common.server import running
from emulators.google.store import Store
from emulators.tasks.models import Tasks
from emulators.world.processes import QUEUE, Person
from emulators.world.timer import PERIOD_S, call_schedule
from tests.harness.local_office import LocalOffice
from tests.harness.servers import Servers
from tests.harness.workers import Supervisor, WorkerPool, base_url, listen, running_worker_pool
from vitrina.bootstrap import application
from vitrina.ports import Store as DocumentStore

WORKERS = 4

#: Prefix of the calls of a store that is a service.
STORE = "firestore:"

#: Short, so that the lease of a dead worker ends soon; long enough for the work on a busy machine.
LEASE_S = 3.0
SETTINGS = {"VITRINA_RETRY_WAIT_S": "0.01", "VITRINA_LEASE_S": str(LEASE_S)}
QUEUE_SETTINGS = {"retryConfig": {"minBackoff": "0.02s", "maxBackoff": "0.2s", "maxAttempts": 1000}}

#: While the queue is emptied, postponed tasks are made due this often.
MAKE_DUE_EVERY_S = 2.0

#: How often the process of a connection is looked for.
LOOKUP_ATTEMPTS = 5

#: How long a frozen process stands still, by the product's clock and in fact.
FROZEN_S = 60.0
FROZEN_IN_FACT_S = 1.5

BATCH_UPDATE = "google:sheets.spreadsheets.batchUpdate"


@dataclass
class GuardCounts:
    """Counts batches that guards refused, by what the same process did next."""

    fired: int = 0
    written: int = 0
    _waiting: Counter[int] = field(default_factory=Counter)

    def note(self, status: int, find_process: Callable[[], int | None]) -> None:
        """Count the answer to a batch; *find_process* finds its sender."""
        if status == 400:
            self.fired += 1
            self._waiting[find_process() or 0] += 1
        elif status == 200 and self._waiting:
            self.written += self._waiting.pop(find_process() or 0, 0)

    @property
    def given_up(self) -> int:
        """Batches that were refused and not followed by a successful one of the same process."""
        return self._waiting.total()


@dataclass(frozen=True)
class SavedWorld:
    """A copy of the state of servers and store."""

    books: Mapping[str, Any]
    files: Mapping[str, Any]
    counter: int
    company: Json
    documents: Any


@dataclass
class ChaosWorld:
    """Emulators, workers and an agency."""

    folder: Path
    servers: Servers
    google: Store
    tracker: ChaosTracker
    tasks: Tasks
    plan: Plan
    #: The calls of the store are counted by themselves: there are many more of them than of the others.
    store_plan: Plan
    pool: WorkerPool
    office: LocalOffice
    #: How far the workers' clocks are ahead.
    time_ahead: TimeAhead
    supervisors: list[Supervisor] = field(default_factory=list)
    guards: GuardCounts = field(default_factory=GuardCounts)
    calls: Counter[str] = field(default_factory=Counter)

    # --- Beginning and end of a run --------------------------------------------------------------

    def save_state(self) -> SavedWorld:
        """Copy the current state of servers and store."""
        with self.google.lock, self.tracker.lock:
            return SavedWorld(
                # Workbooks are never changed in place: a change replaces the whole object.
                dict(self.google.books),
                copy.deepcopy(self.google.files),
                self.google._counter,  # noqa: SLF001 - the next ids have to be the same
                self.tracker.save(),
                self.office.documents.save(),
            )

    def restore_state(self, saved: SavedWorld) -> None:
        """Restore what was saved. No worker may be busy."""
        with self.google.lock, self.tracker.lock:
            self.google.books = dict(saved.books)
            self.google.files = copy.deepcopy(dict(saved.files))
            self.google._counter = saved.counter  # noqa: SLF001
            self.tracker.load(saved.company)
            self.webhooks.clear()
            self.tasks.clear()
            self.office.documents.restore(saved.documents)
        self._speed_up_queue()
        self.time_ahead.reset()
        self.clear_plans()
        self.guards = GuardCounts()
        self.calls.clear()

    def _speed_up_queue(self) -> None:
        url = f"{self.servers.tasks}/v2/{QUEUE}"
        self.office.http.patch(url, json={"name": QUEUE, **QUEUE_SETTINGS}).raise_for_status()

    @property
    def documents_store(self) -> DocumentStore:
        """The store of the product, to look into."""
        return self.office.services.store

    @property
    def webhooks(self) -> Webhooks:
        """The webhooks of the tracker."""
        return self.tracker.webhooks

    # --- The timer -------------------------------------------------------------------------------

    def let_timer_come(self) -> bool:
        """Let the period of the timer pass, and have it call; returns whether it was answered."""
        self.time_ahead.advance(PERIOD_S)
        # A process may be killed while it answers.
        with suppress(httpx.HTTPError):
            return call_schedule(self.servers).is_success
        return False

    # --- Disturbances ----------------------------------------------------------------------------

    def plan_steps(self, steps: Iterable[Step]) -> None:
        """Let steps happen at their calls, counted from now."""
        for step in steps:
            (self.store_plan if step.method.startswith(STORE) else self.plan).add([step])

    def clear_plans(self) -> list[Step]:
        """Remove the steps that have not happened, and return them."""
        return [*self.plan.clear(), *self.store_plan.clear()]

    def freeze_caller(self, call: PassingCall) -> bool:
        """Stop the worker that made this call for a minute; returns whether it was found."""
        pid = self.process_of(call.port)
        if pid is None:
            return False
        os.kill(pid, signal.SIGSTOP)
        self.time_ahead.advance(FROZEN_S)
        thaw = threading.Timer(FROZEN_IN_FACT_S, _continue, [pid])
        thaw.daemon = True
        thaw.start()
        return True

    def kill_caller(self, call: PassingCall) -> bool:
        """Kill the worker that made this call and wait until it is dead; returns whether it was found."""
        pid = self.process_of(call.port)
        if pid is None:
            return False
        pid_fd = os.pidfd_open(pid)
        try:
            signal.pidfd_send_signal(pid_fd, signal.SIGKILL)
            select.select([pid_fd], [], [])
        finally:
            os.close(pid_fd)
        return True

    def kill_all(self) -> None:
        """Kill every worker; their supervisors replace them."""
        for supervisor in self.supervisors:
            os.kill(supervisor.pid, signal.SIGKILL)

    def process_of(self, port: int) -> int | None:
        """The worker that has a connection from *port*."""
        # The list of sockets is not atomic: one may be missing while others are opened and closed.
        for _ in range(LOOKUP_ATTEMPTS):
            socket_name = _socket_of(port)
            for supervisor in self.supervisors if socket_name else ():
                if _has_open(supervisor.pid, socket_name):
                    return supervisor.pid
        return None

    def work_in_tracker(self, what: Json) -> bool:
        """Move a card or log hours in the tracker; returns whether the card was there."""
        with self.tracker.lock:
            return self.tracker.work(what)

    def settle(self, timeout_s: float = 30.0) -> bool:
        """Wait until webhooks are delivered and queued work is done; returns ``False`` on timeout."""
        give_up_at = time.monotonic() + timeout_s
        while time.monotonic() < give_up_at:
            self.webhooks.settle(timeout_s)
            # A task that Google refused is repeated within a minute; here it is made due at once.
            self.tasks.make_due(include_repeats=True)
            if not self.tasks.wait_until_empty(MAKE_DUE_EVERY_S, include_later=True):
                continue
            if self.webhooks.settle(0) and not self.tasks.pending(include_later=True):
                return True
        return False


def _socket_of(port: int) -> str:
    """The name of the socket at a local port, as ``/proc/<pid>/fd`` has it."""
    for line in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]:
        fields = line.split()
        if int(fields[1].rpartition(":")[2], 16) == port:
            return f"socket:[{fields[9]}]"
    return ""


def _has_open(pid: int, name: str) -> bool:
    """Whether a process has a file of this name open."""
    for link in Path(f"/proc/{pid}/fd").glob("*"):
        # The file may have been closed meanwhile.
        with suppress(OSError):
            if link.readlink().name == name:
                return True
    return False


def _continue(pid: int) -> None:
    # It may have been killed meanwhile.
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGCONT)


@contextmanager
def running_world(
    folder: Path, *, guards: str, tracker: str, firestore_url: str = ""
) -> Iterator[ChaosWorld]:
    """A world with an agency and without clients, while the block runs.

    The documents are in the Firestore emulator at *firestore_url*, or in a file where that is empty.
    """
    with ExitStack() as stack:
        plan, store_plan, side = Plan(), Plan(), TRACKERS[tracker]()
        apps: dict[str, Flask] = {
            "google": emulators.google.app.create_app(),
            tracker: side.app,
        }
        urls = {name: stack.enter_context(running(app)) for name, app in apps.items()}
        apps["tasks"] = emulators.tasks.routes.create_app(urls["google"])
        urls["tasks"] = stack.enter_context(running(apps["tasks"]))
        listener = stack.enter_context(closing(listen()))
        servers = Servers(**{"kaiten": "", **urls}, functions=base_url(listener))
        clock = folder / "clock"
        time_ahead = TimeAhead(clock)
        command = ("benchmarks.chaos.workers", "--guards", guards, "--clock", str(clock))
        pool = stack.enter_context(running_worker_pool([listener], folder / "workers.log", command=command))
        office = LocalOffice(servers, folder, agency.MANAGER, tracker=tracker, firestore_url=firestore_url)
        stack.callback(office.http.close)
        world = ChaosWorld(
            folder,
            servers,
            apps["google"].extensions["google"].store,
            side,
            apps["tasks"].extensions["tasks"],
            plan,
            store_plan,
            pool,
            office,
            time_ahead,
        )
        for name, app in apps.items():
            _observe_calls(world, app, name)
        people = [Person(agency.NAME, agency.MANAGER, 10), *agency.PEOPLE]
        office.reset(os.environ.__setitem__, people=people, now=agency.NOW)
        settings = {name: value for name, value in os.environ.items() if name.startswith("VITRINA_")}
        settings |= SETTINGS
        if firestore_url:
            store = firestore_calls.create_app(firestore_url)
            control: Control = store.extensions["control"]
            control.plan, control.prefix = store_plan, STORE
            settings["VITRINA_FIRESTORE_URL"] = stack.enter_context(running(store))
        began_at = time.monotonic()
        world.supervisors = [
            Supervisor(pool, listener, _settings_of_worker(number, settings, began_at))
            for number in range(WORKERS)
        ]
        for supervisor in world.supervisors:
            supervisor.start()
        stack.callback(_stop, world)
        office.set_up_agency(
            name=agency.NAME, profiles=agency.PROFILES, team=agency.TEAM, history=agency.HISTORY
        )
        yield world


def _observe_calls(world: ChaosWorld, app: Flask, name: str) -> None:
    """Give all servers one plan, and count their calls and the answers to batches."""
    control: Control = app.extensions["control"]
    control.plan = world.plan
    control.prefix = f"{name}:"

    @app.after_request
    def note(response: Response) -> Response:
        call: PassingCall | None = g.get("passing_call")
        if call is not None:
            world.calls[call.name] += 1
            if call.name == BATCH_UPDATE:
                world.guards.note(response.status_code, lambda: world.process_of(call.port))
        return response


def _settings_of_worker(
    number: int, settings: Mapping[str, str], began_at: float
) -> Callable[[], Mapping[str, str]]:
    """Gives the settings of a worker and its replacements: the clocks start at the time of the others."""

    def environment() -> Mapping[str, str]:
        now = agency.NOW + timedelta(seconds=time.monotonic() - began_at)
        return {**settings, "VITRINA_NOW": now.isoformat(), NUMBER: str(number)}

    return environment


def _stop(world: ChaosWorld) -> None:
    for supervisor in world.supervisors:
        supervisor.stop()
    application.cache_clear()
