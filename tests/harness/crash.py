"""Kills or freezes a functions process at a chosen call to an outside service.

``WORLD_CRASH="before:kaiten:POST /cards:2"``: the process kills itself right before it sends its second
such call; with ``after``, right after the answer has arrived. ``WORLD_FREEZE`` has it stop there until
somebody continues it. ``WORLD_CALLS`` names a file to which each call is appended, so that a test knows at
which calls it can crash the process. Commits of a store that is a service are among them; its reads are not,
as their number depends on how often somebody asks for progress. The product has no code for this: its
clients are patched in memory.
"""

from __future__ import annotations

import os
import re
import signal
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx
from googleapiclient.http import HttpRequest

from vitrina.chat.telegram import pace
from vitrina.google.queue import CloudTasksQueue
from vitrina.google.rest import RestService
from vitrina.google.services import GoogleServices
from vitrina.mail.smtp import SmtpMail
from vitrina.mail_port import Letter
from vitrina.store.sqlite import SqliteStore
from vitrina.usecases.chats import updates, workbook

CRASH = "WORLD_CRASH"
FREEZE = "WORLD_FREEZE"
CALLS = "WORLD_CALLS"
#: If set, commits of a store in a file and letters are among the calls.
EVERYTHING = "WORLD_EVERYTHING"
MOMENTS = ("before", "after")
#: Where the API of each tracker and of the CRM begins.
API_PATHS = {"kaiten": "/api/latest", "asana": "/api/1.0", "amocrm": "/api/v4"}
#: The chat: its client sends a path of one method, and the token is put before it later.
CHAT = "telegram"
#: Service of the commits of the store, and their method in Google's discovery document.
FIRESTORE = "firestore"
STORE_COMMIT = "firestore.projects.databases.documents.commit"

Result = TypeVar("Result")


@dataclass(frozen=True)
class Call:
    """The *number*-th call of a method by one process, counted from one."""

    service: str
    method: str
    number: int

    @classmethod
    def parse(cls, text: str) -> Call:
        """The call that ``str`` has written as *text*."""
        service, method, number = text.split(":")
        return cls(service, method, int(number))

    def __str__(self) -> str:
        return f"{self.service}:{self.method}:{self.number}"


class CallMonitor:
    """Counts the outside calls of this process, and kills or freezes the process at one of them.

    Parameters
    ----------
    crash, freeze
        ``before:<call>`` or ``after:<call>``; empty for none.
    calls_path
        File to which each call is appended as a line, or ``None``.
    """

    def __init__(self, crash: str = "", calls_path: Path | None = None, freeze: str = "") -> None:
        self._signals = {
            _moment_and_call(text): number
            for text, number in ((crash, signal.SIGKILL), (freeze, signal.SIGSTOP))
            if text
        }
        self._calls_path = calls_path
        self._lock = threading.Lock()
        self._counts: Counter[tuple[str, str]] = Counter()

    def run(self, service: str, method: str, do: Callable[[], Result]) -> Result:
        """The result of *do*, a call to an outside service. May kill the process before or after it."""
        with self._lock:
            self._counts[service, method] += 1
            call = Call(service, method, self._counts[service, method])
            self._note(call)
        self._stop_at("before", call)
        try:
            return do()
        finally:
            self._stop_at("after", call)

    def _note(self, call: Call) -> None:
        if self._calls_path is not None:
            with self._calls_path.open("a", encoding="utf-8") as file:
                file.write(f"{call}\n")

    def _stop_at(self, moment: str, call: Call) -> None:
        if (moment, call) in self._signals:
            os.kill(os.getpid(), self._signals[moment, call])


def _moment_and_call(text: str) -> tuple[str, Call]:
    moment, _, call = text.partition(":")
    if moment not in MOMENTS:
        raise ValueError(f"a moment is one of {MOMENTS}, not {moment!r}")
    return moment, Call.parse(call)


def _call_of_tracker(path: str) -> tuple[str, str]:
    """The system of a path, and the path below its API with a star for each number."""
    if "/" not in path[1:]:
        return CHAT, path
    name, prefix = next((name, prefix) for name, prefix in API_PATHS.items() if path.startswith(prefix))
    return name, re.sub(r"\d+", "*", path.removeprefix(prefix))


def install(environment: Mapping[str, str] = os.environ) -> None:
    """Monitor every outside call of this process, if the environment asks for it."""
    # Also in a process that replaces a dead one: see ``chat_servers.quicken``.
    pace.DISTANCE_S = 0.0
    updates.GATHER_S = workbook.GATHER_S = 0.002
    crash, freeze = environment.get(CRASH, ""), environment.get(FREEZE, "")
    calls_path = environment.get(CALLS, "")
    if not (crash or freeze or calls_path):
        return
    monitor = CallMonitor(crash, Path(calls_path) if calls_path else None, freeze)
    # All calls to Google and to the queue go through the first two; httpx is used for trackers and CRM.
    send_google, add_task, send_tracker = GoogleServices.send, CloudTasksQueue.add, httpx.Client.send
    send_rest = RestService.send

    def google(self: GoogleServices, request: HttpRequest) -> Any:
        return monitor.run("google", request.methodId, lambda: send_google(self, request))

    def tasks(self: CloudTasksQueue, name: str, *arguments: Any, **options: Any) -> None:
        monitor.run("tasks", "create", lambda: add_task(self, name, *arguments, **options))

    def rest(self: RestService, request: HttpRequest) -> Any:
        if request.methodId != STORE_COMMIT:
            return send_rest(self, request)
        return monitor.run(FIRESTORE, "commit", lambda: send_rest(self, request))

    def tracker(self: httpx.Client, request: httpx.Request, **options: Any) -> httpx.Response:
        service, path = _call_of_tracker(request.url.path)
        return monitor.run(
            service, f"{request.method} {path}", lambda: send_tracker(self, request, **options)
        )

    if environment.get(EVERYTHING):
        _monitor_everything(monitor)
    GoogleServices.send = google  # type: ignore[method-assign]
    CloudTasksQueue.add = tasks  # type: ignore[method-assign]
    RestService.send = rest  # type: ignore[method-assign]
    httpx.Client.send = tracker  # type: ignore[method-assign,assignment]


def _monitor_everything(monitor: CallMonitor) -> None:
    """Have commits of a store in a file, and letters, among the calls."""
    commit, send = SqliteStore.commit, SmtpMail.send

    def store(self: SqliteStore, *arguments: Any, **options: Any) -> None:
        monitor.run("store", "commit", lambda: commit(self, *arguments, **options))

    def mail(self: SmtpMail, letter: Letter) -> None:
        monitor.run("smtp", "send", lambda: send(self, letter))

    SqliteStore.commit = store  # type: ignore[method-assign]
    SmtpMail.send = mail  # type: ignore[method-assign]
