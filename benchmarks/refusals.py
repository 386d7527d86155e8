"""``python -m benchmarks.refusals``: cost of a large body for ``menu`` until it is refused.

Starts ``menu`` in separate processes, under gunicorn as it is deployed and in the local world, and sends
bodies of 10 and 27 MB. The exit code is 1 if an answer takes 50 ms or more, if a process grows by 10 MB
or more, or if an answer is not the expected one.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx

import emulators.google.app
from benchmarks.tables import as_table
from benchmarks.usage import MB, forget_peak, memory_mb, process_tree
from deploy.functions import ALLOCATOR
from emulators.common.client import local_client
from emulators.common.server import LOOPBACK, free_port, running
from emulators.world.functions import SOURCE
from emulators.world.processes import AUDIENCE, ROOT, settings_environment

SIZES_MB = (10, 27)
STAFF = "manager@mayak.example"
MOST_MS = 50.0
MOST_MB = 10.0
START_TIMEOUT_S = 60.0
PIECE = b"[" * 65_536

COMMANDS = {
    "gunicorn": ("functions_framework", "--target", "menu", "--source", str(SOURCE), "--host", LOOPBACK),
    "local world": ("emulators.world.functions",),
}
#: Kind of token, and the expected status.
CALLERS = {"no": 401, "a wrong": 401, "a good": 413}


@dataclass(frozen=True)
class Addresses:
    """Addresses of the servers; only those of Google and of the functions are used."""

    google: str
    functions: str

    def url(self, name: str) -> str:
        """Base URL of a server."""
        return self.google if name == "google" else self.functions


@dataclass(frozen=True)
class Refusal:
    """One row of the table."""

    server: str
    caller: str
    size_mb: int
    is_chunked: bool
    status: int
    ms: float
    grown_mb: float

    @property
    def is_cheap(self) -> bool:
        """Whether the answer meets all targets."""
        return self.status == CALLERS[self.caller] and self.ms < MOST_MS and self.grown_mb < MOST_MB

    def as_line(self) -> list[str]:
        """The cells of the row."""
        body = f"{self.size_mb} MB{' in chunks' if self.is_chunked else ''}"
        return [
            f"{self.server}, {self.caller} token, {body}",
            str(self.status),
            f"{self.ms:.1f}",
            f"{self.grown_mb:.1f}",
        ]


@contextlib.contextmanager
def serving(command: tuple[str, ...], port: int, environment: Mapping[str, str]) -> Iterator[int]:
    """Run a functions process on *port* while the block runs; yields its process id."""
    process = subprocess.Popen(
        [sys.executable, "-m", *command, "--port", str(port)],
        cwd=ROOT,
        env={**os.environ, **ALLOCATOR, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(port)
        yield process.pid
    finally:
        process.terminate()
        process.wait()


def wait_for(port: int) -> None:
    """Wait until a server answers a click; the first click also opens its store and gets certificates."""
    give_up_at = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < give_up_at:
        with contextlib.suppress(httpx.TransportError), local_client(timeout=30.0) as http:
            http.post(f"http://{LOOPBACK}:{port}/menu", headers={"Authorization": "Bearer a.b.c"})
            return
        time.sleep(0.1)
    raise TimeoutError("the functions did not start")


def send(port: int, size: int, token: str, *, is_chunked: bool) -> tuple[int, float]:
    """Send *size* bytes and read the answer meanwhile; return its status and the milliseconds to it."""
    length = "Transfer-Encoding: chunked" if is_chunked else f"Content-Length: {size}"
    proof = f"Authorization: Bearer {token}\r\n" if token else ""
    head = f"POST /menu HTTP/1.1\r\nHost: {LOOPBACK}\r\n{proof}{length}\r\n\r\n"

    def send_body() -> None:
        # The server may close the connection before it has read everything.
        with contextlib.suppress(OSError):
            for start in range(0, size, len(PIECE)):
                piece = PIECE[: size - start]
                connection.sendall(b"%x\r\n%b\r\n" % (len(piece), piece) if is_chunked else piece)
            if is_chunked:
                connection.sendall(b"0\r\n\r\n")

    with socket.create_connection((LOOPBACK, port)) as connection:
        started = time.perf_counter()
        connection.sendall(head.encode())
        sender = threading.Thread(target=send_body)
        sender.start()
        answer = connection.recv(65_536)
        ms = (time.perf_counter() - started) * 1000
        # Send everything, if the server allows it: memory for discarded data counts too.
        sender.join()
    return int(answer.split(b" ", 2)[1]), ms


def measure(server: str, port: int, pid: int, tokens: Mapping[str, str], repeat: int) -> list[Refusal]:
    """All rows of one server."""
    rows = []
    pids = process_tree(pid)
    for caller, token in tokens.items():
        for size_mb in SIZES_MB:
            for is_chunked in (False, True):
                # The first request loads data that the process keeps: certificates, texts of the language.
                send(port, size_mb * MB, token, is_chunked=is_chunked)
                before = sum(memory_mb(one, "VmRSS") for one in pids)
                for one in pids:
                    forget_peak(one)
                answers = [send(port, size_mb * MB, token, is_chunked=is_chunked) for _ in range(repeat)]
                most = sum(memory_mb(one, "VmHWM") for one in pids)
                # If one status was wrong, show it.
                status = max((one for one, _ in answers), key=lambda one: one != CALLERS[caller])
                ms = statistics.median(ms for _, ms in answers)
                rows.append(Refusal(server, caller, size_mb, is_chunked, status, ms, max(most - before, 0.0)))
    return rows


def main() -> int:
    """Measure, print the table and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.refusals", description=__doc__)
    parser.add_argument("--repeat", type=int, default=5, help="requests of which the median time is shown")
    parser.add_argument("--markdown", action="store_true", help="print the table as Markdown")
    arguments = parser.parse_args()
    rows: list[Refusal] = []
    with (
        running(emulators.google.app.create_app()) as google,
        tempfile.TemporaryDirectory(prefix="vitrina-") as folder,
        local_client() as http,
    ):
        wanted = {"email": STAFF, "audience": AUDIENCE}
        signed = http.post(f"{google}/_emulator/identity/token", json=wanted).json()["id_token"]
        tokens = {"no": "", "a wrong": signed[:-8] + "AAAAAAAA", "a good": signed}
        for server, command in COMMANDS.items():
            port = free_port()
            addresses = Addresses(google, f"http://{LOOPBACK}:{port}")
            environment = settings_environment(Path(folder), addresses, staff=[STAFF])
            with serving(command, port, environment) as pid:
                rows += measure(server, port, pid, tokens, arguments.repeat)
    header = ["menu under", "status", "ms", "more MB"]
    print(as_table(header, [one.as_line() for one in rows], markdown=arguments.markdown))
    dear = [one for one in rows if not one.is_cheap]
    for one in dear:
        print("too dear or wrong:", *one.as_line(), file=sys.stderr)
    return 1 if dear else 0


if __name__ == "__main__":
    sys.exit(main())
