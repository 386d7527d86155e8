"""An office whose functions run in processes of their own, which may be killed."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import count
from pathlib import Path
from socket import socket

import pytest

from emulators.world.processes import QUEUE
from tests.harness.crash import CALLS
from tests.harness.local_office import SavedOffice
from tests.harness.office import NOW, Office
from tests.harness.servers import Servers
from tests.harness.workers import Supervisor, WorkerPool, address, listen, running_worker_pool
from vitrina.bootstrap import application

#: Longer than a lease holds.
CLOCK_STEP_AFTER_DEATH = timedelta(minutes=2)

#: The queue tries again soon and does not give up.
QUICK_QUEUE = {
    "name": QUEUE,
    "retryConfig": {"minBackoff": "0.05s", "maxBackoff": "0.5s", "maxAttempts": 1000},
}


@dataclass
class WorkerOffice(Office):
    """An office at whose functions' addresses supervised workers listen."""

    supervisors: Sequence[Supervisor] = ()
    #: Base URLs of the workers; the first one is also where the queue and the webhooks go.
    urls: Sequence[str] = ()

    @property
    def calls_path(self) -> Path:
        """Where workers note the calls that they make."""
        return self.folder / "calls.txt"

    def start(self, **first: str) -> None:
        """Start every worker; *first* is told to these only, and not to those that follow them."""
        for supervisor in self.supervisors:
            supervisor.start(**{CALLS: str(self.calls_path), **first})

    def stop(self) -> None:
        """Kill every worker for good."""
        for supervisor in self.supervisors:
            supervisor.stop()


@dataclass
class OfficeFactory:
    """Where one office after the other comes to life, each as the one before was kept."""

    servers: Servers
    pool: WorkerPool
    listeners: Sequence[socket]
    folder: Path
    settings: Mapping[str, str]
    _numbers: Iterator[int] = field(default_factory=count)

    @contextmanager
    def office(self, saved: SavedOffice | None = None, **first: str) -> Iterator[WorkerOffice]:
        """An office with running workers; *first* is told to the first workers only."""
        # Each has a store of its own: a connection that is still open would spoil one that is replaced.
        folder = self.folder / f"office-{next(self._numbers)}"
        folder.mkdir()
        urls = [address(listener) for listener in self.listeners]
        office = WorkerOffice(replace(self.servers, functions=urls[0]), folder, urls=urls)
        with pytest.MonkeyPatch.context() as patch, closing(office.http):
            office.reset_for_test(patch)
            if saved is not None:
                office.restore_state(saved)
            self._speed_up_queue(office)
            application.cache_clear()
            given = {key: os.environ[key] for key in os.environ if key.startswith("VITRINA_")}
            began_at = time.monotonic()

            def environment() -> Mapping[str, str]:
                # The clock of a process starts from the setting; those of all workers must agree. Where
                # one died, the next one begins when the lease of the dead has run out: nobody has to wait.
                deaths = sum(supervisor.deaths for supervisor in office.supervisors)
                now = NOW + timedelta(seconds=time.monotonic() - began_at) + deaths * CLOCK_STEP_AFTER_DEATH
                return {**given, **self.settings, "VITRINA_NOW": now.isoformat()}

            office.supervisors = [Supervisor(self.pool, listener, environment) for listener in self.listeners]
            office.start(**first)
            try:
                yield office
                office.settle()
            finally:
                office.stop()
                application.cache_clear()

    @staticmethod
    def _speed_up_queue(office: Office) -> None:
        office.http.patch(f"{office.servers.tasks}/v2/{QUEUE}", json=QUICK_QUEUE).raise_for_status()


@contextmanager
def running_office_factory(
    servers: Servers, folder: Path, *, workers: int = 1, **settings: str
) -> Iterator[OfficeFactory]:
    """A factory on emulators that run already; *settings* without their prefix."""
    with ExitStack() as stack:
        listeners = [stack.enter_context(closing(listen())) for _ in range(workers)]
        pool = stack.enter_context(running_worker_pool(listeners, folder / "workers.log"))
        own = {f"VITRINA_{name}": value for name, value in {"RETRY_WAIT_S": "0", **settings}.items()}
        yield OfficeFactory(servers, pool, listeners, folder, own)
