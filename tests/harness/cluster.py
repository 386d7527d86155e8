"""The emulators as separate processes, with several functions processes behind one address.

The emulators keep no state files here, so that a benchmark does not measure the writing of them.
"""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import httpx

from emulators.common.server import LOOPBACK, free_port
from emulators.world.processes import ROOT
from tests.harness.servers import Servers
from tests.harness.workers import Supervisor, WorkerPool, base_url, listen, running_worker_pool

START_TIMEOUT_S = 60.0


@dataclass
class Cluster:
    """Running emulators, and functions processes that share one listening socket."""

    servers: Servers
    _pool: WorkerPool
    _listener: socket.socket
    _worker_count: int

    @contextmanager
    def functions(self, environment: Mapping[str, str]) -> Iterator[None]:
        """Run the functions processes with these settings while the block runs."""
        workers = [
            Supervisor(self._pool, self._listener, lambda: environment) for _ in range(self._worker_count)
        ]
        for worker in workers:
            worker.start()
        try:
            yield
        finally:
            for worker in workers:
                worker.stop()


@contextmanager
def running_cluster(folder: Path, *, workers: int) -> Iterator[Cluster]:
    """Run the emulators while the block runs; logs go into *folder*."""
    with ExitStack() as stack:
        google, kaiten, tasks = (f"http://{LOOPBACK}:{free_port()}" for _ in range(3))
        for name, url, more in (
            ("google", google, []),
            ("kaiten", kaiten, []),
            ("tasks", tasks, ["--identity", google]),
        ):
            log = stack.enter_context((folder / f"{name}.log").open("ab"))
            command = [f"emulators.{name}", "--port", url.rpartition(":")[2], *more]
            stack.enter_context(_process(command, log))
        for url in (google, kaiten, tasks):
            wait_for_answer(url)
        listener = stack.enter_context(closing(listen()))
        pool = stack.enter_context(running_worker_pool([listener], folder / "functions.log"))
        servers = Servers(google, kaiten, tasks, base_url(listener))
        yield Cluster(servers, pool, listener, workers)


@contextmanager
def _process(command: list[str], log: IO[bytes]) -> Iterator[None]:
    process = subprocess.Popen([sys.executable, "-m", *command], cwd=ROOT, stdout=log, stderr=log)
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def wait_for_answer(url: str) -> None:
    """Wait until a server of this machine answers, with whatever status."""
    give_up_at = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < give_up_at:
        with contextlib.suppress(httpx.TransportError):
            httpx.get(url, timeout=5.0, trust_env=False)
            return
        time.sleep(0.05)
    raise RuntimeError(f"{url} did not start")
