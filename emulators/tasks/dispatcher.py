"""Sends due tasks to their handlers, each attempt from a thread of its own.

The threads are daemons: when the emulator stops, running attempts are interrupted and run again later.
"""

from __future__ import annotations

import base64
import logging
import threading
from typing import Any

import httpx

from emulators.common.client import local_client
from emulators.tasks.models import Task, Tasks

IDENTITY_TIMEOUT_S = 10.0
METHODS = ("HTTP_METHOD_UNSPECIFIED", "POST", "GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS")
"""``HttpMethod`` by number."""

log = logging.getLogger(__name__)


class Dispatcher:
    """Runs due tasks and reports the result of each attempt.

    Parameters
    ----------
    identity_url
        Address of the emulator that signs ID tokens for ``oidcToken``. With ``None`` a task that needs a
        token fails.
    """

    def __init__(self, tasks: Tasks, identity_url: str | None) -> None:
        self._tasks = tasks
        self._identity_url = identity_url
        self._client = local_client(limits=httpx.Limits(max_keepalive_connections=0))
        threading.Thread(target=self._dispatch_forever, daemon=True, name="tasks").start()

    def _dispatch_forever(self) -> None:
        while True:
            with self._tasks.changed:
                task = self._tasks.take()
                if task is None:
                    self._tasks.changed.wait(self._tasks.next_due_in_s())
                    continue
            threading.Thread(target=self._attempt, args=(task,), daemon=True).start()

    def _attempt(self, task: Task) -> None:
        try:
            response = self._send(task)
        except (httpx.HTTPError, httpx.InvalidURL, ValueError, KeyError) as error:
            log.warning("task %s got no answer: %s", task.task_id, error)
            self._tasks.finish(task, None)
            return
        if not response.is_success:
            log.warning("task %s was answered %s", task.task_id, response.status_code)
        self._tasks.finish(task, response.status_code, _retry_after_s(response))

    def _send(self, task: Task) -> httpx.Response:
        wanted = task.http_request
        headers = {"User-Agent": "Google-Cloud-Tasks", "Content-Type": "application/octet-stream"}
        headers.update(_title_case(wanted.get("headers", {})))
        headers.update(_headers_of(task))
        if "oidcToken" in wanted:
            headers["Authorization"] = f"Bearer {self._token(wanted['oidcToken'], wanted['url'])}"
        return self._client.request(
            METHODS[wanted.get("httpMethod", 1)],
            wanted["url"],
            content=base64.b64decode(wanted.get("body", "")),
            headers=headers,
            timeout=task.deadline_s,
        )

    def _token(self, wanted: dict[str, Any], url: str) -> str:
        if self._identity_url is None:
            raise httpx.UnsupportedProtocol("no --identity was given, so nobody can sign a token")
        body = {"email": wanted["serviceAccountEmail"], "audience": wanted.get("audience") or url}
        answer = self._client.post(
            f"{self._identity_url}/_emulator/identity/token", json=body, timeout=IDENTITY_TIMEOUT_S
        )
        token: str = answer.raise_for_status().json()["id_token"]
        return token


def _headers_of(task: Task) -> dict[str, str]:
    """Headers that Cloud Tasks adds to every attempt."""
    headers = {
        "X-CloudTasks-QueueName": task.queue.rpartition("/")[2],
        "X-CloudTasks-TaskName": task.task_id,
        "X-CloudTasks-TaskRetryCount": str(task.dispatch_count - 1),
        "X-CloudTasks-TaskExecutionCount": str(task.response_count),
        "X-CloudTasks-TaskETA": f"{task.attempts[-1]['scheduleTime']:.6f}",
    }
    before = task.attempts[-2]["status"] if len(task.attempts) > 1 else None
    if before is not None:
        headers["X-CloudTasks-TaskPreviousResponse"] = str(before)
    return headers


def _title_case(headers: dict[str, str]) -> dict[str, str]:
    return {"-".join(part.capitalize() for part in name.split("-")): value for name, value in headers.items()}


def _retry_after_s(response: httpx.Response) -> float | None:
    """Seconds to wait, from the answer of a busy handler."""
    text = response.headers.get("retry-after", "")
    return float(text) if response.status_code in (429, 503) and text.isdecimal() else None
