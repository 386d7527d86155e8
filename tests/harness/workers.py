"""Functions processes ("workers") that may be killed, and supervisors that replace them.

To import everything takes a process seconds; to be forked from a process that has done so takes
milliseconds. The pool is that process: ``python -m tests.harness.workers`` forks a worker for each line of
its standard input. The supervisor owns the listening socket, so that requests wait while a worker is
replaced.
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
from vitrina.google.firestore import make_firestore
from vitrina.google.queue import make_tasks
from vitrina.google.services import make_services
from vitrina.rest.transport import trusted_authorities
from vitrina.workbook.template.definition import load_template

ROOT = Path(__file__).parents[2]

#: Modules that a worker would otherwise import with its first requests.
PRELOADED = (
    "vitrina.bootstrap",
    "vitrina.web.menu",
    "vitrina.web.schedule",
    "vitrina.web.task",
    "vitrina.web.webhook",
    "httpcore",
    "holidays.countries",
    "pandas",
)
#: How many connections may wait while a worker is being replaced.
BACKLOG = 128


@dataclass(frozen=True)
class WorkerPool:
    """A process that forks workers on demand."""

    orders: IO[str]
    answers: IO[str]
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def fork(self, listener: socket.socket, environment: Mapping[str, str]) -> int:
        """Fork a worker that serves *listener*; returns its process id."""
        order = json.dumps({"fd": listener.fileno(), "environment": dict(environment)})
        with self._lock:
            self.orders.write(order + "\n")
            self.orders.flush()
            return int(self.answers.readline())


@contextlib.contextmanager
def running_worker_pool(
    listeners: Sequence[socket.socket], log: Path, *, command: Sequence[str] = ("tests.harness.workers",)
) -> Iterator[WorkerPool]:
    """A pool of workers for *listeners*, while the block runs. *command* is its module and arguments."""
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
        # ``Popen.__exit__`` closes its input, which ends the process.
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("the pool has no pipes")
        yield WorkerPool(process.stdin, process.stdout)


class Supervisor:
    """Keeps one worker running at one address: a worker that dies is replaced."""

    def __init__(
        self, pool: WorkerPool, listener: socket.socket, environment: Callable[[], Mapping[str, str]]
    ) -> None:
        self._pool = pool
        self._listener = listener
        self._environment = environment
        self._is_wanted = False
        # So that a worker which is replaced while the supervisor stops is killed as well.
        self._lock = threading.Lock()
        self._pid_fd = -1
        self._thread = threading.Thread()
        self.deaths = 0
        #: Process id of the worker.
        self.pid = 0

    def start(self, **first_only: str) -> None:
        """Start a worker. Its replacements do not get the variables of *first_only*."""
        self.deaths, self._is_wanted = 0, True
        self._pid_fd = self._fork(first_only)
        self._thread = threading.Thread(target=self._keep_alive, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Kill the worker, without a replacement."""
        with self._lock, contextlib.suppress(ProcessLookupError):
            self._is_wanted = False
            signal.pidfd_send_signal(self._pid_fd, signal.SIGKILL)
        self._thread.join()
        os.close(self._pid_fd)

    def _fork(self, more: Mapping[str, str]) -> int:
        self.pid = self._pool.fork(self._listener, {**self._environment(), **more})
        return os.pidfd_open(self.pid)

    def _keep_alive(self) -> None:
        while True:
            wait_for_end(self._pid_fd)
            with self._lock:
                if not self._is_wanted:
                    return
                self.deaths += 1
                dead = self._pid_fd
                self._pid_fd = self._fork({})
            os.close(dead)


def wait_for_end(pid_fd: int) -> None:
    """Wait until a process has ended. Any number of files may be open, of which ``select`` knows 1,024."""
    ended = select.poll()
    ended.register(pid_fd, select.POLLIN)
    ended.poll()


def listen() -> socket.socket:
    """A listening socket on a free port of this machine, for a worker."""
    listener = socket.create_server((LOOPBACK, 0), backlog=BACKLOG)
    listener.set_inheritable(True)
    return listener


def base_url(listener: socket.socket) -> str:
    """Base URL of a listening socket."""
    return f"http://{LOOPBACK}:{listener.getsockname()[1]}"


def load_shared(environment: Mapping[str, str]) -> None:
    """Load what is the same for every worker. It holds no connections, so that forked workers may use it."""
    make_services(environment["VITRINA_GOOGLE_URL"])
    make_tasks(environment["VITRINA_TASKS_URL"])
    if url := environment.get("VITRINA_FIRESTORE_URL"):
        make_firestore(url)
    trusted_authorities()
    load_template("client")
    load_template("agency")


def main(prepare: Callable[[Mapping[str, str]], None] = load_shared) -> None:
    """Fork a worker for each line of the input, and print its process id.

    *prepare* is called with a worker's environment before the fork, to do once what every worker needs.
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
            # The functions log to the standard output, which carries process ids here.
            os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
            os.environ.update(order["environment"])
            crash.install()
            serve_forever(app, 0, fd=order["fd"])
            os._exit(0)
        print(pid, flush=True)  # noqa: T201 - read by ``WorkerPool.fork``


if __name__ == "__main__":
    main()
