"""An office whose functions run in separate processes, which may be killed."""

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
from tests.harness.workers import Supervisor, WorkerPool, base_url, listen, running_worker_pool
from vitrina.bootstrap import application

#: Longer than a lease.
CLOCK_STEP_AFTER_DEATH = timedelta(minutes=2)

#: The queue repeats failed tasks soon and does not give up.
QUICK_QUEUE = {
    "name": QUEUE,
    "retryConfig": {"minBackoff": "0.05s", "maxBackoff": "0.5s", "maxAttempts": 1000},
}


@dataclass
class WorkerOffice(Office):
    """An office whose functions are supervised worker processes."""

    supervisors: Sequence[Supervisor] = ()
    #: Base URLs of the workers; the queue and the webhooks call the first one.
    urls: Sequence[str] = ()

    @property
    def calls_path(self) -> Path:
        """The file in which workers write down their outside calls."""
        return self.folder / "calls.txt"

    def start(self, **first_only: str) -> None:
        """Start every worker. Their replacements do not get the variables of *first_only*."""
        for supervisor in self.supervisors:
            supervisor.start(**{CALLS: str(self.calls_path), **first_only})

    def stop(self) -> None:
        """Kill every worker, without a replacement."""
        for supervisor in self.supervisors:
            supervisor.stop()


@dataclass
class OfficeFactory:
    """Makes offices with running workers, one after the other, on the same servers."""

    servers: Servers
    pool: WorkerPool
    listeners: Sequence[socket]
    folder: Path
    settings: Mapping[str, str]
    tracker: str = "kaiten"
    _numbers: Iterator[int] = field(default_factory=count)

    @contextmanager
    def office(self, saved: SavedOffice | None = None, **first_only: str) -> Iterator[WorkerOffice]:
        """An office with running workers, in the *saved* state if one is given.

        The first workers also get the variables of *first_only*, their replacements do not.
        """
        # A new store file each time: a connection that is still open would damage a file that is replaced.
        folder = self.folder / f"office-{next(self._numbers)}"
        folder.mkdir()
        urls = [base_url(listener) for listener in self.listeners]
        office = WorkerOffice(
            replace(self.servers, functions=urls[0]), folder, urls=urls, tracker=self.tracker
        )
        with pytest.MonkeyPatch.context() as patch, closing(office.http):
            office.reset_for_test(patch)
            if saved is not None:
                office.restore_state(saved)
            self._speed_up_queue(office)
            application.cache_clear()
            given = {key: os.environ[key] for key in os.environ if key.startswith("VITRINA_")}
            began_at = time.monotonic()

            def environment() -> Mapping[str, str]:
                # The clock of a process starts from the setting, and the clocks of all workers must agree.
                # After a death the clock jumps over the lease of the dead worker: no test waits for it.
                deaths = sum(supervisor.deaths for supervisor in office.supervisors)
                now = NOW + timedelta(seconds=time.monotonic() - began_at) + deaths * CLOCK_STEP_AFTER_DEATH
                return {**given, **self.settings, "VITRINA_NOW": now.isoformat()}

            office.supervisors = [Supervisor(self.pool, listener, environment) for listener in self.listeners]
            office.start(**first_only)
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
    servers: Servers, folder: Path, *, workers: int = 1, tracker: str = "kaiten", **settings: str
) -> Iterator[OfficeFactory]:
    """A factory of offices on running emulators; *settings* are named without their prefix."""
    with ExitStack() as stack:
        listeners = [stack.enter_context(closing(listen())) for _ in range(workers)]
        pool = stack.enter_context(running_worker_pool(listeners, folder / "workers.log"))
        own = {f"VITRINA_{name}": value for name, value in {"RETRY_WAIT_S": "0", **settings}.items()}
        yield OfficeFactory(servers, pool, listeners, folder, own, tracker)
