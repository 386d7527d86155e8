"""The world of the runs: emulators in this process, the product in several other processes.

Every run begins with a saved starting point. Nothing is restarted for it except workers that died.
"""

from __future__ import annotations

import json
import os
import pickle
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
from benchmarks.chaos.agency import ChaosAgency
from benchmarks.chaos.callers import Callers
from benchmarks.chaos.clock import NUMBER, TimeAhead
from benchmarks.chaos.emulated import Emulated, make_chat, make_crm, open_chat
from benchmarks.chaos.history import Json
from benchmarks.chaos.trackers import TRACKERS, ChaosTracker, Webhooks
from emulators.common import firestore_calls
from emulators.common.control import Control
from emulators.common.plan import PassingCall, Plan, Step
from emulators.common.server import running
from emulators.google.store import Store
from emulators.tasks.models import Tasks
from emulators.world.processes import QUEUE, ROBOT_ID
from emulators.world.timer import PERIOD_S, call_schedule
from tests.harness.desks.crm import RULES
from tests.harness.local_office import LocalOffice
from tests.harness.servers import Servers
from tests.harness.workers import (
    Supervisor,
    WorkerPool,
    base_url,
    listen,
    running_worker_pool,
    wait_for_end,
)
from vitrina.bootstrap import application
from vitrina.chat.telegram.pace import LONGEST_SLEEP_S
from vitrina.ports import Document, Key
from vitrina.ports import Store as DocumentStore
from vitrina.records.history import save_history
from vitrina.usecases.agency.create_agency import create_agency

WORKERS = 4

#: Prefix of the calls of a store that is a service.
STORE = "firestore:"

#: Short, so that the lease of a dead worker ends soon; longer than a step takes on a busy machine, also one
#: that waits before it writes to a chat.
LEASE_S = LONGEST_SLEEP_S + 2.0
SETTINGS = {
    "VITRINA_RETRY_WAIT_S": "0.01",
    "VITRINA_LEASE_S": str(LEASE_S),
    # Whose changes of cards are our own.
    "VITRINA_KAITEN_USER_ID": str(ROBOT_ID),
}
QUEUE_SETTINGS = {"retryConfig": {"minBackoff": "0.02s", "maxBackoff": "0.2s", "maxAttempts": 1000}}

#: Work that is not done by then counts as never finished. A busy machine needs some of it.
SETTLE_S = 120.0
#: While the queue is emptied, postponed tasks are made due this often.
MAKE_DUE_EVERY_S = 2.0

#: How long a frozen process stands still, by the product's clock and in fact.
FROZEN_S = 60.0
FROZEN_IN_FACT_S = 1.5

#: Documents that are read at once when all are looked at.
DOCUMENTS_PAGE = 1000

#: What the agencies choose on *Настройки*.
RATE = 2500
SETTINGS_OF_AGENCY: Mapping[str, Any] = {"accounting_rate": RATE, "accounting_channel": "карточка"}
DEALS = {"deal_project": RULES["deal_project"]}

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
    files: bytes
    trackers: Mapping[str, bytes]
    crm: bytes
    chat: bytes
    documents: Any
    #: How far the clocks were ahead.
    seconds_ahead: float


@dataclass
class ChaosWorld:
    """Emulators, workers and two agencies."""

    folder: Path
    servers: Servers
    google: Store
    trackers: Mapping[str, ChaosTracker]
    crm: Emulated
    chat: Emulated
    tasks: Tasks
    plan: Plan
    #: The calls of the store are counted by themselves: there are many more of them than of the others.
    store_plan: Plan
    pool: WorkerPool
    office: LocalOffice
    #: How far the workers' clocks are ahead.
    time_ahead: TimeAhead
    #: Which worker a call comes from.
    callers: Callers
    #: Workbooks of the agencies by their names.
    agency_ids: dict[str, str] = field(default_factory=dict)
    supervisors: list[Supervisor] = field(default_factory=list)
    guards: GuardCounts = field(default_factory=GuardCounts)
    calls: Counter[str] = field(default_factory=Counter)

    # --- Beginning and end of a run --------------------------------------------------------------

    def save_state(self) -> SavedWorld:
        """Copy the current state of servers and store."""
        with self.google.lock:
            return SavedWorld(
                # Workbooks are never changed in place: a change replaces the whole object.
                dict(self.google.books),
                pickle.dumps(self.google.files),
                {name: one.save() for name, one in self.trackers.items()},
                self.crm.save(),
                self.chat.save(),
                self.office.documents.save(),
                self.time_ahead.seconds,
            )

    def restore_state(self, saved: SavedWorld) -> None:
        """Restore what was saved. No worker may be busy."""
        with self.google.lock:
            self.google.books = dict(saved.books)
            self.google.files = pickle.loads(saved.files)  # noqa: S301 - of this process
            # Ids go on: the workers remember whose a workbook is, and Google never gives an id again.
            for name, one in self.trackers.items():
                one.load(saved.trackers[name])
                one.webhooks.clear()
            self.crm.load(saved.crm)
            self.chat.load(saved.chat)
            self.tasks.clear()
            self.office.documents.restore(saved.documents)
        self._speed_up_queue()
        self.time_ahead.reset()
        self.time_ahead.advance(saved.seconds_ahead)
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

    def documents(self) -> Iterator[Document]:
        """All documents of the store."""
        after: Key | None = None
        while page := self.documents_store.page(after, DOCUMENTS_PAGE):
            yield from page
            after = page[-1].kind, page[-1].key

    @property
    def webhooks(self) -> list[Webhooks]:
        """The webhooks of trackers, CRM and chat."""
        return [*(one.webhooks for one in self.trackers.values()), self.crm.webhooks, self.chat.webhooks]

    def set_webhook_mode(self, mode: str) -> None:
        """Choose what happens to events from now on. Telegram repeats what was not taken, in its order."""
        for one in self.webhooks:
            one.set_mode(mode if one is not self.chat.webhooks or mode == "duplicate" else "deliver")

    def release_webhooks(self) -> None:
        """Send held events."""
        for one in self.webhooks:
            one.release()

    def agency_id(self, of: ChaosAgency) -> str:
        """Id of an agency's workbook."""
        return self.agency_ids[of.name]

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
        try:
            os.kill(pid, signal.SIGSTOP)
        except ProcessLookupError:
            return False
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
        try:
            pid_fd = os.pidfd_open(pid)
        except ProcessLookupError:
            # It was killed at this moment, by another step at the same call.
            return False
        try:
            signal.pidfd_send_signal(pid_fd, signal.SIGKILL)
            wait_for_end(pid_fd)
        finally:
            os.close(pid_fd)
        return True

    def kill_all(self) -> None:
        """Kill every worker; their supervisors replace them."""
        for supervisor in self.supervisors:
            os.kill(supervisor.pid, signal.SIGKILL)

    def process_of(self, port: int) -> int | None:
        """The worker that has a connection from *port*."""
        pid = self.callers.process_of(port)
        return pid if any(one.pid == pid for one in self.supervisors) else None

    def work_in_tracker(self, tracker: str, what: Json) -> bool:
        """Move a card or log hours in a tracker; returns whether the card was there."""
        with self.trackers[tracker].lock:
            return self.trackers[tracker].work(what)

    def settle(self, timeout_s: float = SETTLE_S) -> bool:
        """Wait until webhooks are delivered and queued work is done; returns ``False`` on timeout."""
        give_up_at = time.monotonic() + timeout_s
        while time.monotonic() < give_up_at:
            self._settle_webhooks(timeout_s)
            # A task that Google refused is repeated within a minute; here it is made due at once.
            self.tasks.make_due(include_repeats=True)
            if not self.tasks.wait_until_empty(MAKE_DUE_EVERY_S, include_later=True):
                continue
            if self._settle_webhooks(0) and not self.tasks.pending(include_later=True):
                return True
        return False

    def _settle_webhooks(self, timeout_s: float) -> bool:
        # Telegram repeats an update that was not taken some minutes later.
        self.chat.repeat_webhooks()
        # Each is waited for, also if an earlier one is late.
        settled = [one.settle(timeout_s) for one in self.webhooks]
        return all(settled)


def _continue(pid: int) -> None:
    # It may have been killed meanwhile.
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGCONT)


@contextmanager
def running_world(folder: Path, *, defect: str = "", firestore_url: str = "") -> Iterator[ChaosWorld]:
    """A world with two agencies and without clients, while the block runs.

    Parameters
    ----------
    defect
        A defect of ``benchmarks.chaos.defects`` that the workers have; empty for none.
    firestore_url
        The Firestore emulator that has the documents; they are in a file where that is empty.
    """
    with ExitStack() as stack:
        plan, store_plan = Plan(), Plan()
        trackers, crm, chat = {name: make() for name, make in TRACKERS.items()}, make_crm(), make_chat()
        apps: dict[str, Flask] = {
            "google": emulators.google.app.create_app(),
            **{name: one.app for name, one in trackers.items()},
            "amocrm": crm.app,
            "telegram": chat.app,
        }
        urls = {name: stack.enter_context(running(app)) for name, app in apps.items()}
        apps["tasks"] = emulators.tasks.routes.create_app(urls["google"])
        urls["tasks"] = stack.enter_context(running(apps["tasks"]))
        listener = stack.enter_context(closing(listen()))
        servers = Servers(**urls, functions=base_url(listener))
        clock, callers = folder / "clock", folder / "callers"
        files = ("--clock", str(clock), "--callers", str(callers))
        command = ("benchmarks.chaos.workers", "--defect", defect, *files)
        pool = stack.enter_context(running_worker_pool([listener], folder / "workers.log", command=command))
        office = LocalOffice(
            servers,
            folder,
            agency.OWNER,
            tracker="kaiten and asana",
            has_crm=True,
            firestore_url=firestore_url,
        )
        stack.callback(office.http.close)
        world = ChaosWorld(
            folder,
            servers,
            apps["google"].extensions["google"].store,
            trackers,
            crm,
            chat,
            apps["tasks"].extensions["tasks"],
            plan,
            store_plan,
            pool,
            office,
            TimeAhead(clock),
            Callers(callers),
        )
        for name, app in apps.items():
            _observe_calls(world, app, name)
        people = [one.person for own in agency.AGENCIES for one in own.people]
        more = {**open_chat(urls["telegram"]), "VITRINA_CLIENT_URL": f"{servers.functions}/client"}
        office.reset(os.environ.__setitem__, people=people, now=agency.NOW, settings=more)
        _share_folder(world)
        _create_agencies(world)
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
        for agency_id in world.agency_ids.values():
            office.click(agency_id, "recalculate_norms")
        yield world


def _share_folder(world: ChaosWorld) -> None:
    """Let the managers edit what the installation makes."""
    folder = f"{world.servers.google}/drive/v3/files/{os.environ['VITRINA_DRIVE_FOLDER_ID']}"
    for one in agency.AGENCIES:
        writer = {"type": "user", "role": "writer", "emailAddress": one.manager}
        world.office.http.post(f"{folder}/permissions", json=writer).raise_for_status()


def _create_agencies(world: ChaosWorld) -> None:
    """Create both agencies, and have the first one's projects begin from deals."""
    services = world.office.services
    for one in agency.AGENCIES:
        made = create_agency(
            services,
            name=one.name,
            locale="ru",
            profiles=agency.PROFILES,
            rows={"specialists": one.team},
            settings={"load_factor": 1.0, **SETTINGS_OF_AGENCY, **(DEALS if one == agency.MAYAK else {})},
        )
        world.agency_ids[one.name] = made.spreadsheet_id
        save_history(services.store, made.spreadsheet_id, agency.HISTORY)
    os.environ["VITRINA_CRM_AGENCY"] = os.environ["VITRINA_KAITEN_AGENCY"] = world.agency_id(agency.MAYAK)
    trackers = json.loads(os.environ["VITRINA_TRACKERS"])
    trackers["asana"]["agency"] = world.agency_id(agency.VOLNA)
    os.environ["VITRINA_TRACKERS"] = json.dumps(trackers)
    application.cache_clear()


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
