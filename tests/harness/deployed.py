"""The functions as Google runs them: the uploaded files, their own packages, and several instances of each.

An instance is started as Google's builder does (``cmd/python/functions_framework`` of its buildpacks): the
process ``functions-framework`` in the folder of the uploaded files, with the entry point and the file of the
entry points in the environment. ``Front`` stands for the addresses of the functions: it takes the name of the
function off the path, and gives each request to the next instance.
"""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
from werkzeug.wrappers import Request, Response

from deploy import ROOT
from deploy.functions import FUNCTIONS, SOURCE_FILE, Function
from emulators.common.client import local_client
from emulators.common.server import LOOPBACK, free_port, running
from tests.harness.cluster import wait_for_answer
from tests.harness.gcloud import run_gcloud

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

INSTALL_TIMEOUT_S = 300
#: Flags of Google's builder: ``basePipInstallArgs`` in ``pkg/python/python.go`` of
#: GoogleCloudPlatform/buildpacks at 21f28de8c499. pip demands all hashes as soon as one line has them.
AS_GOOGLE_INSTALLS = (
    *("--upgrade", "--upgrade-strategy", "only-if-needed"),
    *("--no-warn-script-location", "--no-warn-conflicts", "--force-reinstall"),
    *("--no-compile", "--disable-pip-version-check"),
)
#: Headers that belong to one connection.
HOP_HEADERS = {"connection", "content-length", "transfer-encoding", "host", "keep-alive"}


def copy_upload(folder: Path, work: Path) -> list[str]:
    """Copy to *folder* exactly the files that gcloud would upload; returns their names."""
    names = run_gcloud(work, "meta", "list-files-for-upload", str(ROOT)).splitlines()
    for name in names:
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, target)
    return names


def install_packages(requirements: Path, folder: Path) -> Path:
    """Make a virtual environment with these packages and no others; returns its folder of commands."""
    _call([sys.executable, "-m", "venv", "--without-pip", str(folder)])
    python = folder / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet"]
    _call([*pip, *AS_GOOGLE_INSTALLS, "--requirement", str(requirements)])
    return python.parent


def _call(command: Sequence[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=INSTALL_TIMEOUT_S)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}:\n{done.stderr[-3000:]}")


@dataclass
class Instance:
    """One running instance of a function."""

    function: Function
    url: str
    process: subprocess.Popen[bytes]

    def memory_mb(self) -> float:
        """Memory of the server and of the worker that it forked; what both share counts once."""
        pid = self.process.pid
        [worker] = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
        return (_memory_kb(int(worker), "Rss") + _memory_kb(pid, "Private_")) / 1024


def _memory_kb(pid: int, start: str) -> int:
    """Sum of the lines of a process's memory that begin with *start*."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith(start))


@dataclass
class Front:
    """Gives each request to the next instance of the function that its path names, and counts them."""

    http: httpx.Client
    instances: Mapping[str, Sequence[Instance]] = field(default_factory=dict)
    requests: Counter[str] = field(default_factory=Counter)
    _turns: Counter[str] = field(default_factory=Counter)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Serve a request."""
        return self._answer(Request(environ))(environ, start_response)

    def _answer(self, request: Request) -> Response:
        name, _, rest = request.path.removeprefix("/").removeprefix("vitrina-").partition("/")
        among = self.instances.get(name)
        if not among:
            return Response(status=404)
        self._turns[name] += 1
        instance = among[self._turns[name] % len(among)]
        self.requests[instance.url] += 1
        headers = [(key, value) for key, value in request.headers if key.lower() not in HOP_HEADERS]
        answer = self.http.request(
            request.method, f"{instance.url}/{rest}", headers=headers, content=request.get_data()
        )
        passed = [(key, value) for key, value in answer.headers.items() if key.lower() not in HOP_HEADERS]
        return Response(answer.content, answer.status_code, passed)


@contextmanager
def running_front() -> Iterator[tuple[str, Front]]:
    """The address of the functions, before there are any."""
    with local_client(timeout=120.0) as http:
        front = Front(http)
        with running(front) as url:
            yield url, front


@contextmanager
def running_instances(
    folder: Path, commands: Path, environment: Mapping[str, str], *, count: int, logs: Path
) -> Iterator[Mapping[str, Sequence[Instance]]]:
    """Run *count* instances of each function while the block runs, by the name of the entry point."""
    started: list[Instance] = []
    try:
        for function, number in itertools.product(FUNCTIONS, range(count)):
            with (logs / f"{function.name}-{number}.log").open("ab") as log:
                started.append(_start(function, folder, commands, environment, log.fileno()))
            if len(started) == 1:
                # It compiles the packages, once for all.
                wait_for_answer(f"{started[0].url}/never")
        for one in started:
            wait_for_answer(f"{one.url}/never")
        yield {
            function.entry_point: [one for one in started if one.function is function]
            for function in FUNCTIONS
        }
    finally:
        for one in started:
            one.process.send_signal(signal.SIGTERM)
        for one in started:
            one.process.wait()


def _start(
    function: Function, folder: Path, commands: Path, environment: Mapping[str, str], log: int
) -> Instance:
    port = free_port()
    process = subprocess.Popen(
        [str(commands / "functions-framework")],
        cwd=folder,
        env={
            "PATH": f"{commands}{os.pathsep}/usr/bin{os.pathsep}/bin",
            "LANG": "C.UTF-8",
            "FUNCTION_TARGET": function.entry_point,
            "FUNCTION_SOURCE": SOURCE_FILE,
            "FUNCTION_SIGNATURE_TYPE": "http",
            "K_SERVICE": function.name,
            "CLOUD_RUN_TIMEOUT_SECONDS": str(function.timeout_s),
            "HOST": LOOPBACK,
            "PORT": str(port),
            **environment,
        },
        stdout=log,
        stderr=log,
    )
    return Instance(function, f"http://{LOOPBACK}:{port}", process)
