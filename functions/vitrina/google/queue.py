"""The queue: Cloud Tasks, which calls the ``task`` entry point with a token of our service account."""

from __future__ import annotations

import base64
import datetime as dt
import json
from collections.abc import Callable
from functools import cache

from google.auth.exceptions import GoogleAuthError
from googleapiclient import errors

from vitrina.errors import RetriableServiceError
from vitrina.google.rest import RestService
from vitrina.google.server_time import machine_time
from vitrina.google.services import NO_ANSWER, SERVICE, api_of, credentials_for, discovery_document
from vitrina.ports import Json

#: Name of the service, which people know as Google's.
NAME = "Cloud Tasks"
SCOPE = "https://www.googleapis.com/auth/cloud-tasks"
TIMEOUT_S = 10.0

#: HTTP status for a name that the queue has or had.
_TAKEN = 409


class CloudTasksQueue:
    """``Queue`` over one queue of Cloud Tasks.

    Parameters
    ----------
    queue
        ``projects/P/locations/L/queues/Q``.
    url
        Address of the ``task`` entry point; also the audience of the token.
    tasks_url
        A local server in place of the real one; empty in production.
    now
        The current moment by the clock of Google's servers.
    """

    def __init__(
        self,
        *,
        queue: str,
        url: str,
        service_account: str,
        tasks_url: str = "",
        now: Callable[[], dt.datetime] = machine_time,
    ) -> None:
        self._queue = queue
        self._url = url
        self._service_account = service_account
        self._tasks_url = tasks_url
        self._now = now

    def add(self, name: str, body: Json, *, delay_s: float = 0.0) -> None:
        """See ``Queue``. A request that is sent twice queues one task, because it has a name."""
        task: Json = {
            "name": f"{self._queue}/tasks/{name}",
            "httpRequest": {
                "url": self._url,
                "httpMethod": "POST",
                "headers": {"Content-Type": "application/json"},
                "body": base64.b64encode(json.dumps(body).encode()).decode("ascii"),
                "oidcToken": {"serviceAccountEmail": self._service_account, "audience": self._url},
            },
        }
        if delay_s:
            task["scheduleTime"] = (self._now() + dt.timedelta(seconds=delay_s)).isoformat()
        try:
            service = make_tasks(self._tasks_url)
            service.send(service.resource.create(parent=self._queue, body={"task": task}))
        except errors.HttpError as error:
            if error.status_code != _TAKEN:
                raise RetriableServiceError("service.no_answer", service=SERVICE) from error
        except (GoogleAuthError, *NO_ANSWER) as error:
            raise RetriableServiceError("service.no_answer", service=SERVICE) from error


@cache
def make_tasks(tasks_url: str = "") -> RestService:
    """The resource of tasks of the real Cloud Tasks, or of a local server at *tasks_url*.

    It is built once for each address, when a process queues its first task: few requests do.
    """
    credentials = credentials_for(tasks_url, [SCOPE])
    service = api_of(discovery_document("cloudtasks", "v2", tasks_url))
    return RestService(NAME, service.projects().locations().queues().tasks(), credentials, TIMEOUT_S)
