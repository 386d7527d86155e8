"""The queue: Cloud Tasks, which calls the ``task`` entry point with a token of our service account."""

from __future__ import annotations

import datetime as dt
import json
from functools import cached_property
from typing import TYPE_CHECKING, Any

import requests
from google.api_core.exceptions import Conflict, GoogleAPICallError, RetryError
from google.auth.exceptions import TransportError

from vitrina.errors import RetriableServiceError
from vitrina.ports import Json

if TYPE_CHECKING:
    from google.cloud.tasks_v2 import CloudTasksClient

#: Name of the service in messages to people.
SERVICE = "Google"
TIMEOUT_S = 10.0

#: Errors of a call. The REST transport passes errors of the connection on unchanged.
FAILURES = (GoogleAPICallError, RetryError, TransportError, requests.RequestException)


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
    """

    def __init__(self, *, queue: str, url: str, service_account: str, tasks_url: str = "") -> None:
        self._queue = queue
        self._url = url
        self._service_account = service_account
        self._tasks_url = tasks_url

    def add(self, name: str, body: Json, *, delay_s: float = 0.0) -> None:
        """See ``Queue``."""
        task: dict[str, Any] = {
            "name": f"{self._queue}/tasks/{name}",
            "http_request": {
                "url": self._url,
                "http_method": "POST",
                "headers": {"Content-Type": "application/json"},
                "body": json.dumps(body).encode(),
                "oidc_token": {"service_account_email": self._service_account, "audience": self._url},
            },
        }
        if delay_s:
            task["schedule_time"] = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=delay_s)
        try:
            self._client.create_task(request={"parent": self._queue, "task": task}, timeout=TIMEOUT_S)
        except Conflict:
            return
        except FAILURES as error:
            raise RetriableServiceError("service.no_answer", service=SERVICE) from error

    @cached_property
    def _client(self) -> CloudTasksClient:
        # Imported here, because the import takes almost a second and few requests queue a task.
        from google.auth.credentials import AnonymousCredentials  # noqa: PLC0415
        from google.cloud.tasks_v2 import CloudTasksClient  # noqa: PLC0415
        from google.cloud.tasks_v2.services.cloud_tasks.transports import CloudTasksRestTransport  # noqa: PLC0415

        if not self._tasks_url:
            return CloudTasksClient()
        scheme, host = self._tasks_url.rstrip("/").split("://")
        credentials = AnonymousCredentials()  # type: ignore[no-untyped-call]
        return CloudTasksClient(
            transport=CloudTasksRestTransport(host=host, url_scheme=scheme, credentials=credentials)
        )
