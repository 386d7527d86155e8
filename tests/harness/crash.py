"""Sudden death at a chosen call of an outside service. The product knows nothing of it.

``WORLD_CRASH="before:kaiten:POST /cards:2"`` has the process kill itself right before its second such
call leaves; ``after``, right after the answer came. ``WORLD_CALLS`` names a file that gets a line for
each call, from which a test learns what calls there are to die at.
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

from vitrina.google.queue import CloudTasksQueue
from vitrina.google.services import GoogleServices

CRASH = "WORLD_CRASH"
CALLS = "WORLD_CALLS"
MOMENTS = ("before", "after")

Result = TypeVar("Result")


@dataclass(frozen=True)
class Call:
    """The *number*-th call of a method by one process, counted from one."""

    service: str
    method: str
    number: int

    @classmethod
    def parse(cls, text: str) -> Call:
        """Read what ``str`` wrote."""
        service, method, number = text.split(":")
        return cls(service, method, int(number))

    def __str__(self) -> str:
        return f"{self.service}:{self.method}:{self.number}"


class Watch:
    """Counts the calls of this process, and ends it at one of them.

    Parameters
    ----------
    crash
        ``before:<call>`` or ``after:<call>``; empty to live on.
    calls_path
        File that gets a line for each call; ``None`` to keep none.
    """

    def __init__(self, crash: str = "", calls_path: Path | None = None) -> None:
        self._moment, _, call = crash.partition(":")
        self._fatal = Call.parse(call) if call else None
        if self._fatal is not None and self._moment not in MOMENTS:
            raise ValueError(f"{CRASH} begins with one of {MOMENTS}, not with {self._moment!r}")
        self._calls_path = calls_path
        self._lock = threading.Lock()
        self._counts: Counter[tuple[str, str]] = Counter()

    def around(self, service: str, method: str, do: Callable[[], Result]) -> Result:
        """The result of *do*, a call of an outside service; the end of the process if it is the fatal one."""
        with self._lock:
            self._counts[service, method] += 1
            call = Call(service, method, self._counts[service, method])
            self._note(call)
        self._die_at("before", call)
        try:
            return do()
        finally:
            self._die_at("after", call)

    def _note(self, call: Call) -> None:
        if self._calls_path is not None:
            with self._calls_path.open("a", encoding="utf-8") as file:
                file.write(f"{call}\n")

    def _die_at(self, moment: str, call: Call) -> None:
        if self._fatal == call and self._moment == moment:
            os.kill(os.getpid(), signal.SIGKILL)


def install(environment: Mapping[str, str] = os.environ) -> None:
    """Put a watch on every call of this process, if the environment asks for one."""
    crash, calls_path = environment.get(CRASH, ""), environment.get(CALLS, "")
    if not crash and not calls_path:
        return
    watch = Watch(crash, Path(calls_path) if calls_path else None)
    # Every call to Google and to the queue goes through these two, and only the tracker's through httpx.
    send_google, add_task, send_tracker = GoogleServices.send, CloudTasksQueue.add, httpx.Client.send

    def google(self: GoogleServices, request: HttpRequest) -> Any:
        return watch.around("google", request.methodId, lambda: send_google(self, request))

    def tasks(self: CloudTasksQueue, name: str, *arguments: Any, **options: Any) -> None:
        watch.around("tasks", "create", lambda: add_task(self, name, *arguments, **options))

    def tracker(self: httpx.Client, request: httpx.Request, **options: Any) -> httpx.Response:
        path = re.sub(r"\d+", "*", request.url.path.removeprefix("/api/latest"))
        return watch.around(
            "kaiten", f"{request.method} {path}", lambda: send_tracker(self, request, **options)
        )

    GoogleServices.send = google  # type: ignore[method-assign]
    CloudTasksQueue.add = tasks  # type: ignore[method-assign]
    httpx.Client.send = tracker  # type: ignore[method-assign,assignment]
