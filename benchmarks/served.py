"""A function as ``functions-framework`` serves it, in its own processes, and an empty one beside it."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.functions import ALLOCATOR
from emulators.common.server import LOOPBACK, free_port

START_TIMEOUT_S = 60.0
#: The name of the empty function.
EMPTY = "empty"
_EMPTY_SOURCE = """
import functions_framework

@functions_framework.http
def empty(request):
    return "ok"
"""


@dataclass(frozen=True)
class Served:
    """Address of a function, and the id of its first process."""

    url: str
    pid: int


def write_empty(folder: Path) -> Path:
    """The source of an empty function, written into *folder*."""
    source = folder / "empty.py"
    source.write_text(_EMPTY_SOURCE, encoding="utf-8")
    return source


@contextmanager
def serving(source: Path, target: str, environment: Mapping[str, str] | None = None) -> Iterator[Served]:
    """Serve the function *target* while the block runs. It listens already; nobody has asked it anything."""
    port = free_port()
    program = "from functions_framework._cli import _cli; _cli()"
    process = subprocess.Popen(
        [sys.executable, "-c", program, "--source", str(source), "--target", target, "--port", str(port)],
        env={**os.environ, **ALLOCATOR, **(environment or {})},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_until_it_listens(port, process)
        yield Served(f"http://{LOOPBACK}:{port}", process.pid)
    finally:
        process.terminate()
        process.wait(10)


def _wait_until_it_listens(port: int, process: subprocess.Popen[bytes]) -> None:
    give_up_at = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < give_up_at and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection((LOOPBACK, port), timeout=1.0):
            return
        time.sleep(0.02)
    raise RuntimeError(f"the function at port {port} did not start")
