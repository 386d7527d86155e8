"""The product's queue with the emulated Cloud Tasks, and tokens from the emulated Google."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from flask import Flask, Response, request
from google.auth.credentials import AnonymousCredentials
from google.auth.exceptions import TransportError

from emulators.common.server import running
from emulators.google.app import create_app as create_google
from emulators.tasks import create_app as create_tasks
from vitrina.errors import AuthenticationError, RetriableServiceError
from vitrina.google import queue as queue_module
from vitrina.google.identity import GoogleIdentity
from vitrina.google.queue import CloudTasksQueue, make_tasks
from vitrina.google.rest import RestService

ROBOT = "robot@vitrina.iam.test"


@dataclass
class World:
    """A queue and the entry point that it calls."""

    queue: CloudTasksQueue
    tasks_url: str
    task_url: str
    google_url: str
    #: ``(token, body)`` of every call of the entry point.
    calls: list[tuple[str, Any]] = field(default_factory=list)

    def run(self, **body: Any) -> None:
        """Wait until the queue is empty."""
        answer = httpx.post(
            f"{self.tasks_url}/_emulator/run-until-empty", json=body, timeout=30, trust_env=False
        )
        assert answer.json()["empty"]


@pytest.fixture
def world() -> Iterator[World]:
    """An empty queue and an entry point without calls."""
    calls: list[tuple[str, Any]] = []
    lock = threading.Lock()
    app = Flask("task")

    @app.post("/task")
    def task() -> Response:
        with lock:
            calls.append(
                (request.headers.get("Authorization", "").removeprefix("Bearer "), request.get_json())
            )
        return Response(status=200)

    with (
        running(app) as url,
        running(create_google()) as google_url,
        running(create_tasks(google_url)) as tasks_url,
    ):
        queue = CloudTasksQueue(
            queue="projects/p/locations/l/queues/jobs",
            url=f"{url}/task",
            service_account=ROBOT,
            tasks_url=tasks_url,
        )
        yield World(queue, tasks_url, f"{url}/task", google_url, calls)


def fail_creation(world: World, status: int | str, count: int) -> None:
    """Make the next requests for a task fail."""
    fault = {"status": status, "method": "tasks.create", "count": count}
    httpx.post(f"{world.tasks_url}/_emulator/fail-next", json=fault, trust_env=False).raise_for_status()


def test_same_name_is_queued_once(world: World) -> None:
    """A second task is not queued while the first waits, nor after it ran, and the caller gets no error."""
    world.queue.add("sync-1", {"n": 1})
    world.run()
    world.queue.add("sync-1", {"n": 2})
    world.queue.add("sync-2", {"n": 3}, delay_s=600)
    world.queue.add("sync-2", {"n": 4}, delay_s=600)
    world.run(include_later=True)

    assert [body for _, body in world.calls] == [{"n": 1}, {"n": 3}]


def test_delayed_task_waits(world: World) -> None:
    """A delayed task does not run before its time."""
    world.queue.add("later", {}, delay_s=600)
    world.run()

    assert world.calls == []


def test_delay_is_counted_by_the_given_clock(world: World) -> None:
    """Cloud Tasks takes a moment by its own clock; the machine's may be off."""
    machine_now = dt.datetime.now(dt.UTC)
    world.queue._now = lambda: machine_now + dt.timedelta(seconds=120)

    world.queue.add("later", {}, delay_s=600)

    [task] = httpx.get(f"{world.tasks_url}/_emulator/tasks", trust_env=False).json()["tasks"]
    assert dt.datetime.fromisoformat(task["due_at"]) == machine_now + dt.timedelta(seconds=720)


def test_entry_point_believes_the_token(world: World) -> None:
    """The token is of our service account and for this address; one for another address is refused."""
    world.queue.add("op", {})
    world.run()
    ((token, _),) = world.calls

    def identity(audience: str) -> GoogleIdentity:
        return GoogleIdentity(
            audience="add-on",
            service_account=ROBOT,
            task_audience=audience,
            certs_url=f"{world.google_url}/oauth2/v1/certs",
        )

    identity(world.task_url).check_task_caller(token)
    with pytest.raises(AuthenticationError):
        identity("https://other.test/task").check_task_caller(token)


def test_queue_that_is_away(world: World) -> None:
    """A queue without an answer is a temporary error."""
    fail_creation(world, 503, 1)

    with pytest.raises(RetriableServiceError):
        world.queue.add("op", {})


@pytest.mark.parametrize("status", ["drop", "timeout"])
def test_lost_connection(world: World, status: str) -> None:
    """The request is sent once more: there is one task, whether the first one had arrived or not."""
    fail_creation(world, status, 1)

    world.queue.add("operation-1", {"n": 1})
    world.run()

    assert [body for _, body in world.calls] == [{"n": 1}]


@pytest.mark.parametrize("status", ["drop", "timeout"])
def test_lost_connection_is_worth_another_click(world: World, status: str) -> None:
    """Where it is lost again the caller gets a temporary error and may queue the same name again."""
    fail_creation(world, status, 2)

    with pytest.raises(RetriableServiceError):
        world.queue.add("operation-1", {"n": 1})
    world.queue.add("operation-1", {"n": 1})
    world.run()

    assert [body for _, body in world.calls] == [{"n": 1}]


def test_token_that_cannot_be_had(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Google's server of tokens is away: a temporary error as well."""

    class NoToken(AnonymousCredentials):
        def before_request(self, *_: object) -> None:
            raise TransportError("connection refused")

    service = make_tasks(world.tasks_url)
    without = RestService(service.name, service.resource, NoToken(), service.timeout_s)  # type: ignore[no-untyped-call]
    monkeypatch.setattr(queue_module, "make_tasks", lambda _: without)

    with pytest.raises(RetriableServiceError):
        world.queue.add("op", {})
