"""An office whose functions run in separate processes, which may be killed."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from itertools import count
from pathlib import Path
from socket import socket
from typing import Any

import httpx
import pytest

from emulators.world.client import MenuClient
from emulators.world.processes import QUEUE
from tests.harness.crash import CALLS
from tests.harness.local_office import SavedOffice
from tests.harness.office import NOW, Office
from tests.harness.servers import Servers
from tests.harness.workers import Supervisor, WorkerPool, base_url, listen, running_worker_pool
from vitrina.bootstrap import application

#: Longer than a lease.
CLOCK_STEP_AFTER_DEATH = timedelta(minutes=2)

#: How long a click may take, and how often the progress of an operation is asked for.
ANSWER_TIMEOUT_S, POLL_S = 120.0, 0.05

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
    #: How far the clock jumps after a death.
    step: timedelta = CLOCK_STEP_AFTER_DEATH
    #: How far the clock was moved on.
    moved: timedelta = timedelta()

    @property
    def calls_path(self) -> Path:
        """The file in which workers write down their outside calls."""
        return self.folder / "calls.txt"

    def start(self, **first_only: str) -> None:
        """Start every worker. The first one gets the variables of *first_only*, its replacements do not."""
        for number, supervisor in enumerate(self.supervisors):
            supervisor.start(**{CALLS: str(self.calls_path), **({} if number else first_only)})

    def stop(self) -> None:
        """Kill every worker, without a replacement."""
        for supervisor in self.supervisors:
            supervisor.stop()

    def let_pass(self, time: timedelta) -> None:
        """Move the clock on: the workers are started anew."""
        deaths = sum(supervisor.deaths for supervisor in self.supervisors)
        self.stop()
        self.moved += time + deaths * self.step
        self.start()

    def at(self, number: int) -> MenuClient:
        """A menu client of the manager at one of the workers."""
        return MenuClient(self.urls[number], self.servers.google, email=self.staff)

    def click_until_answered(
        self, spreadsheet_id: str, action: str, *, at: int = 0, **params: Any
    ) -> dict[str, Any]:
        """The final answer to a click at a worker, which is repeated while it gets no answer."""
        menu, answer = self.at(at), None
        give_up_at = time.monotonic() + ANSWER_TIMEOUT_S
        while answer is None or answer["outcome"] in ("accepted", "running"):
            assert time.monotonic() < give_up_at, answer
            try:
                if answer is None:
                    answer = menu.post(spreadsheet_id, action, **params)
                else:
                    time.sleep(POLL_S)
                    answer = menu.post(spreadsheet_id, "operation", operation_id=answer["operation_id"])
            except httpx.TransportError:
                continue
        return answer


@dataclass
class OfficeFactory:
    """Makes offices with running workers, one after the other, on the same servers.

    ``apart`` has the seconds by which the clock of each worker is ahead.
    """

    servers: Servers
    pool: WorkerPool
    listeners: Sequence[socket]
    folder: Path
    settings: Mapping[str, str]
    tracker: str = "kaiten"
    firestore_url: str = ""
    apart: Sequence[float] = ()
    has_crm: bool = False
    #: How far the clock jumps after a death.
    clock_step: timedelta = CLOCK_STEP_AFTER_DEATH
    _numbers: Iterator[int] = field(default_factory=count)

    @contextmanager
    def office(self, saved: SavedOffice | None = None, **first_only: str) -> Iterator[WorkerOffice]:
        """An office with running workers, in the *saved* state if one is given.

        The first worker also gets the variables of *first_only*, its replacements do not.
        """
        # A new store file each time: a connection that is still open would damage a file that is replaced.
        folder = self.folder / f"office-{next(self._numbers)}"
        folder.mkdir()
        urls = [base_url(listener) for listener in self.listeners]
        office = WorkerOffice(
            replace(self.servers, functions=urls[0]),
            folder,
            urls=urls,
            tracker=self.tracker,
            firestore_url=self.firestore_url,
            has_crm=self.has_crm,
            step=self.clock_step,
        )
        with pytest.MonkeyPatch.context() as patch, closing(office.http):
            office.reset_for_test(patch)
            if saved is not None:
                office.restore_state(saved)
            self._speed_up_queue(office)
            application.cache_clear()
            given = {key: os.environ[key] for key in os.environ if key.startswith("VITRINA_")}
            began_at = time.monotonic()

            def environment(ahead_s: float) -> Mapping[str, str]:
                # The clock of a process starts from the setting, and the clocks of all workers must agree.
                # After a death the clock jumps over the lease of the dead worker: no test waits for it.
                deaths = sum(supervisor.deaths for supervisor in office.supervisors)
                passed = timedelta(seconds=time.monotonic() - began_at + ahead_s)
                now = NOW + passed + office.moved + deaths * self.clock_step
                return {**given, **self.settings, "VITRINA_NOW": now.isoformat()}

            office.supervisors = [
                Supervisor(self.pool, listener, partial(environment, ahead_s))
                for listener, ahead_s in zip(
                    self.listeners, self.apart or [0.0] * len(self.listeners), strict=True
                )
            ]
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
    servers: Servers,
    folder: Path,
    *,
    workers: int = 1,
    tracker: str = "kaiten",
    firestore_url: str = "",
    apart: Sequence[float] = (),
    has_crm: bool = False,
    clock_step: timedelta = CLOCK_STEP_AFTER_DEATH,
    **settings: str,
) -> Iterator[OfficeFactory]:
    """A factory of offices on running emulators; *settings* are named without their prefix.

    The documents are in the Firestore emulator at *firestore_url*, or in files where that is empty.
    """
    with ExitStack() as stack:
        listeners = [stack.enter_context(closing(listen())) for _ in range(workers)]
        pool = stack.enter_context(running_worker_pool(listeners, folder / "workers.log"))
        own = {f"VITRINA_{name}": value for name, value in {"RETRY_WAIT_S": "0", **settings}.items()}
        yield OfficeFactory(
            servers,
            pool,
            listeners,
            folder,
            own,
            tracker,
            firestore_url,
            apart,
            has_crm=has_crm,
            clock_step=clock_step,
        )
