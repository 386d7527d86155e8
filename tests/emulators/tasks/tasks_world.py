"""A running emulator, a handler that it calls, and Google's own client."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Flask, Response, jsonify, request
from google.auth.credentials import AnonymousCredentials
from google.cloud import tasks_v2
from google.cloud.tasks_v2.services.cloud_tasks.transports.rest import CloudTasksRestTransport
from google.protobuf import duration_pb2, timestamp_pb2

from emulators.common.client import local_client

QUEUE = "projects/p/locations/l/queues/jobs"
ROBOT = "robot@vitrina.test"


def make_client(url: str) -> tasks_v2.CloudTasksClient:
    """Google's client, pointed at the emulator."""
    host = url.removeprefix("http://")
    transport = CloudTasksRestTransport(host=host, url_scheme="http", credentials=AnonymousCredentials())
    return tasks_v2.CloudTasksClient(transport=transport)


@dataclass
class Handler:
    """The server that gets tasks, and the signer of tokens."""

    url: str = ""
    #: ``(headers, body)`` of every request, in order.
    requests: list[tuple[dict[str, str], Any]] = field(default_factory=list)
    #: Answers in order; after them 200.
    answers: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    tokens: list[dict[str, Any]] = field(default_factory=list)
    #: Called while a request is being handled.
    during: Callable[[], None] = lambda: None

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self.app = Flask("handler")

        @self.app.route("/task", methods=["POST", "PUT", "GET"])
        def task() -> Response:
            with self._lock:
                body = json.loads(request.data) if request.data else None
                self.requests.append((dict(request.headers), body))
                status, headers = self.answers.pop(0) if self.answers else (200, {})
            self.during()
            return Response(status=status, headers=headers)

        @self.app.post("/_emulator/identity/token")
        def token() -> Response:
            self.tokens.append(request.get_json())
            return jsonify({"id_token": f"signed-{len(self.tokens)}"})

    def clear(self) -> None:
        """Delete all requests and answers, and answer 200."""
        self.requests, self.answers, self.tokens = [], [], []
        self.during = lambda: None

    def bodies(self) -> list[Any]:
        """Bodies of the requests, in order."""
        return [body for _, body in self.requests]


@dataclass
class World:
    """The emulator as tests use it."""

    url: str
    handler: Handler

    def __post_init__(self) -> None:
        self.client = make_client(self.url)
        self.control = local_client(base_url=f"{self.url}/_emulator", timeout=60)

    def seed(self, **queue: Any) -> None:
        """Seed again, with quick retries unless *queue* has other settings."""
        settings = {"retryConfig": {"minBackoff": "0.01s", "maxBackoff": "0.05s", "maxAttempts": 5}, **queue}
        self.control.post("/reset").raise_for_status()
        self.control.post("/seed", json={"queues": [{"name": QUEUE, **settings}]}).raise_for_status()

    def add(self, body: Any = None, *, name: str = "", delay_s: float = 0.0, **fields: Any) -> tasks_v2.Task:
        """Create a task as the product does."""
        task = tasks_v2.Task(
            name=f"{QUEUE}/tasks/{name}" if name else "",
            http_request=tasks_v2.HttpRequest(
                url=f"{self.handler.url}/task",
                http_method=tasks_v2.HttpMethod.POST,
                headers={"content-type": "application/json"},
                body=json.dumps(body).encode(),
                **fields,
            ),
            dispatch_deadline=duration_pb2.Duration(seconds=30),
        )
        if delay_s:
            moment = timestamp_pb2.Timestamp()
            moment.FromDatetime(datetime.now(UTC) + timedelta(seconds=delay_s))
            task.schedule_time = moment
        return self.client.create_task(parent=QUEUE, task=task)

    def run_until_empty(self, **body: Any) -> bool:
        """Wait until no task is pending."""
        return bool(self.control.post("/run-until-empty", json={"timeout_s": 20, **body}).json()["empty"])

    def told(self) -> list[tuple[str, str, list[int | None]]]:
        """``(id, state, answers)`` of every task."""
        tasks = self.control.get("/tasks").json()["tasks"]
        return [(task["name"].rpartition("/")[2], task["state"], task["attempts"]) for task in tasks]

    def close(self) -> None:
        """Close the clients."""
        self.client.transport.close()
        self.control.close()
