"""Functions processes that may die at any moment, and somebody who starts them again.

A process takes seconds to import everything and a moment to be forked from one that has. The pool is
that one: ``python -m tests.harness.workers`` forks a worker for each line of its standard input.
The listening socket belongs to whoever keeps the worker, so that while there is none, callers wait.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from emulators.common.server import LOOPBACK, serve_forever
from emulators.world import functions
from tests.harness import crash
from vitrina.google.services import make_services
from vitrina.trackers.kaiten.wire import trusted_authorities
from vitrina.workbook.template.definition import load_template

ROOT = Path(__file__).parents[2]

#: What a worker would import with its first requests.
PRELOADED = (
    "vitrina.bootstrap",
    "vitrina.web.menu",
    "vitrina.web.schedule",
    "vitrina.web.task",
    "vitrina.web.webhook",
    "google.cloud.tasks_v2.services.cloud_tasks.transports",
    "httpcore",
)
#: More callers than this do not wait at once for a worker that is being replaced.
BACKLOG = 128


@dataclass(frozen=True)
class WorkerPool:
    """A process that forks workers, which it reaps by itself."""

    orders: IO[str]
    answers: IO[str]
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def fork(self, listener: socket.socket, environment: Mapping[str, str]) -> int:
        """Start a worker on *listener*; gives its process id."""
        order = json.dumps({"fd": listener.fileno(), "environment": dict(environment)})
        with self._lock:
            self.orders.write(order + "\n")
            self.orders.flush()
            return int(self.answers.readline())


@contextlib.contextmanager
def running_worker_pool(
    listeners: Sequence[socket.socket], log: Path, *, command: Sequence[str] = ("tests.harness.workers",)
) -> Iterator[WorkerPool]:
    """A pool for workers on *listeners*, while the block runs. *command* is its module and arguments."""
    with (
        log.open("ab") as errors,
        subprocess.Popen(
            [sys.executable, "-m", *command],
            cwd=ROOT,
            env={name: value for name, value in os.environ.items() if not name.startswith("VITRINA_")},
            pass_fds=[listener.fileno() for listener in listeners],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        ) as process,
    ):
        # Leaving closes its input, and that ends it.
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("the pool has no pipes")
        yield WorkerPool(process.stdin, process.stdout)


class Supervisor:
    """Keeps one worker alive on one address: when it dies, another one takes its place."""

    def __init__(
        self, pool: WorkerPool, listener: socket.socket, environment: Callable[[], Mapping[str, str]]
    ) -> None:
        self._pool = pool
        self._listener = listener
        self._environment = environment
        self._is_wanted = False
        self._pid_fd = -1
        self._thread = threading.Thread()
        self.deaths = 0
        #: Process id of the worker.
        self.pid = 0

    def start(self, **first: str) -> None:
        """Start a worker; *first* is told to this one only, and not to those that follow it."""
        self.deaths, self._is_wanted = 0, True
        self._pid_fd = self._fork(first)
        self._thread = threading.Thread(target=self._keep_alive, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Kill the worker for good."""
        self._is_wanted = False
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._pid_fd, signal.SIGKILL)
        self._thread.join()
        os.close(self._pid_fd)

    def _fork(self, more: Mapping[str, str]) -> int:
        self.pid = self._pool.fork(self._listener, {**self._environment(), **more})
        return os.pidfd_open(self.pid)

    def _keep_alive(self) -> None:
        while True:
            select.select([self._pid_fd], [], [])
            if not self._is_wanted:
                return
            self.deaths += 1
            dead = self._pid_fd
            self._pid_fd = self._fork({})
            os.close(dead)


def listen() -> socket.socket:
    """A listening socket on a free port of this machine, for a worker."""
    listener = socket.create_server((LOOPBACK, 0), backlog=BACKLOG)
    listener.set_inheritable(True)
    return listener


def address(listener: socket.socket) -> str:
    """Base URL of a listening socket."""
    return f"http://{LOOPBACK}:{listener.getsockname()[1]}"


def share(environment: Mapping[str, str]) -> None:
    """Make what is the same for every worker, once; it is no connection, so that a fork may have it."""
    make_services(environment["VITRINA_GOOGLE_URL"])
    trusted_authorities()
    load_template("client")
    load_template("agency")


def main(prepare: Callable[[Mapping[str, str]], None] = share) -> None:
    """Fork a worker for each line of the input, and tell its process id.

    *prepare* is called with a worker's environment before it is forked, and may do here, once, what every
    worker would do by itself.
    """
    for name in PRELOADED:
        importlib.import_module(name)
    app = functions.create_app()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        order = json.loads(line)
        prepare(order["environment"])
        pid = os.fork()
        if pid == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            # The functions log to the standard output, which is for process ids here.
            os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
            os.environ.update(order["environment"])
            crash.install()
            serve_forever(app, 0, fd=order["fd"])
            os._exit(0)
        print(pid, flush=True)  # noqa: T201 - read by ``WorkerPool.fork``


if __name__ == "__main__":
    main()
