"""The emulator with Google's own client and a real handler."""

from __future__ import annotations

import threading
from pathlib import Path

import httpx
import pytest
from google.api_core import exceptions
from google.cloud import tasks_v2
from google.protobuf import duration_pb2

from emulators.common.server import running
from emulators.tasks import create_app
from tests.emulators.tasks.tasks_world import QUEUE, ROBOT, World


def test_task_reaches_its_handler(world: World) -> None:
    """The handler gets the given body and headers, and those that Cloud Tasks adds."""
    made = world.add({"операция": 7}, name="op-7")
    assert world.run_until_empty()

    ((headers, body),) = world.handler.requests
    assert made.name == f"{QUEUE}/tasks/op-7"
    assert body == {"операция": 7}
    assert headers["Content-Type"] == "application/json"
    assert headers["X-Cloudtasks-Queuename"] == "jobs"
    assert headers["X-Cloudtasks-Taskname"] == "op-7"
    assert (headers["X-Cloudtasks-Taskretrycount"], headers["X-Cloudtasks-Taskexecutioncount"]) == ("0", "0")
    assert world.told() == [("op-7", "done", [200])]


def test_unnamed_tasks_get_names(world: World) -> None:
    """Each task without a name gets a different one."""
    names = {world.add(number).name for number in range(3)}

    assert len(names) == 3
    assert all(name.startswith(f"{QUEUE}/tasks/") for name in names)


def test_second_task_with_the_name_is_refused(world: World) -> None:
    """While the first task waits, the name is refused; over REST the client raises ``Conflict``."""
    world.add(1, name="op", delay_s=60)

    with pytest.raises(exceptions.Conflict, match="Requested entity already exists") as refused:
        world.add(2, name="op")
    assert refused.type is exceptions.Conflict


def test_name_stays_taken_after_the_task_ran(world: World) -> None:
    """After the task ran, the name is refused with another message."""
    world.add(1, name="op")
    world.run_until_empty()

    with pytest.raises(exceptions.Conflict, match="existed too recently"):
        world.add(2, name="op")
    assert world.handler.bodies() == [1]


def test_delayed_task_waits(world: World) -> None:
    """A delayed task is not pending before its time, unless it is made due."""
    world.add("later", delay_s=600)
    world.add("now")

    assert world.run_until_empty()
    assert world.handler.bodies() == ["now"]
    assert world.run_until_empty(include_later=True)
    assert world.handler.bodies() == ["now", "later"]


def test_short_delay_is_kept(world: World) -> None:
    """A task with a short delay runs by itself after it."""
    arrived = threading.Event()
    world.handler.during = arrived.set
    world.add("soon", delay_s=0.3)

    assert not arrived.is_set()
    assert arrived.wait(10)


def test_failed_attempt_is_repeated_with_its_count(world: World) -> None:
    """Headers of a retry have its count and the reason."""
    world.handler.answers = [(500, {}), (503, {"Retry-After": "0"})]
    world.add(1, name="op")
    assert world.run_until_empty()

    headers = [headers for headers, _ in world.handler.requests]
    assert [row["X-Cloudtasks-Taskretrycount"] for row in headers] == ["0", "1", "2"]
    assert [row["X-Cloudtasks-Taskexecutioncount"] for row in headers] == ["0", "1", "2"]
    assert [row.get("X-Cloudtasks-Taskpreviousresponse") for row in headers] == [None, "500", "503"]
    assert world.told() == [("op", "done", [500, 503, 200])]


def test_task_is_given_up(world: World) -> None:
    """After the five attempts of the queue's setting the task has failed, and the queue is empty."""
    world.handler.answers = [(500, {})] * 9
    world.add(1, name="op")

    assert world.run_until_empty()
    assert world.told() == [("op", "failed", [500] * 5)]
    assert len(world.handler.requests) == 5


def test_handler_that_is_away_is_tried_again(world: World) -> None:
    """An attempt without an answer counts as failed and is repeated."""
    task = tasks_v2.Task(
        name=f"{QUEUE}/tasks/op", http_request=tasks_v2.HttpRequest(url="http://127.0.0.1:1/task", body=b"{}")
    )
    world.client.create_task(parent=QUEUE, task=task)

    assert world.run_until_empty()
    assert world.told() == [("op", "failed", [None] * 5)]


def test_oidc_token_is_signed_for_each_attempt(world: World) -> None:
    """Each attempt has a new token for the service account and audience of the task."""
    world.handler.answers = [(500, {})]
    token = tasks_v2.OidcToken(service_account_email=ROBOT, audience="https://task.vitrina.test")
    world.add(1, oidc_token=token)
    assert world.run_until_empty()

    assert world.handler.tokens == [{"email": ROBOT, "audience": "https://task.vitrina.test"}] * 2
    assert [headers["Authorization"] for headers, _ in world.handler.requests] == [
        "Bearer signed-1",
        "Bearer signed-2",
    ]


def test_audience_is_the_address_when_none_is_given(world: World) -> None:
    """Without an audience the token has the address of the task, as in Google."""
    world.add(1, oidc_token=tasks_v2.OidcToken(service_account_email=ROBOT))
    assert world.run_until_empty()

    assert world.handler.tokens == [{"email": ROBOT, "audience": f"{world.handler.url}/task"}]


def test_task_without_a_token_has_no_authorization(world: World) -> None:
    """A task without a token is sent without the header."""
    world.add(1)
    assert world.run_until_empty()

    assert "Authorization" not in world.handler.requests[0][0]


@pytest.mark.parametrize(("limit", "expected"), [(1, 1), (3, 3)])
def test_concurrency(world: World, limit: int, expected: int) -> None:
    """As many tasks run at the same time as the queue allows: the handler waits until all have arrived."""
    world.seed(rateLimits={"maxConcurrentDispatches": limit})
    lock, at_once, peak = threading.Lock(), 0, 0
    everyone_is_here = threading.Barrier(expected)

    def during() -> None:
        nonlocal at_once, peak
        with lock:
            at_once += 1
            peak = max(peak, at_once)
        everyone_is_here.wait(10)
        with lock:
            at_once -= 1

    world.handler.during = during
    for number in range(3):
        world.add(number)

    assert world.run_until_empty()
    assert peak == expected


def test_get_list_delete(world: World) -> None:
    """Only the full view has the payload; a deleted task never runs."""
    made = world.add({"a": 1}, name="op", delay_s=600)

    basic = world.client.get_task(name=made.name)
    full = world.client.get_task(request={"name": made.name, "response_view": tasks_v2.Task.View.FULL})
    listed = [task.name for task in world.client.list_tasks(parent=QUEUE)]
    world.client.delete_task(name=made.name)

    assert (basic.http_request.body, full.http_request.body) == (b"", b'{"a": 1}')
    assert basic.http_request.http_method == tasks_v2.HttpMethod.POST
    assert basic.dispatch_deadline.total_seconds() == 30
    assert listed == [made.name]
    assert list(world.client.list_tasks(parent=QUEUE)) == []
    with pytest.raises(exceptions.NotFound, match="no longer exists"):
        world.client.get_task(name=made.name)
    assert world.run_until_empty(include_later=True)
    assert world.handler.requests == []


def test_list_comes_in_pages(world: World) -> None:
    """The list has pages, which the client follows by itself."""
    made = [world.add(number, delay_s=600 + number).name for number in range(5)]

    pager = world.client.list_tasks(request={"parent": QUEUE, "page_size": 2})

    assert [len(page.tasks) for page in pager.pages] == [2, 2, 1]
    assert [task.name for task in world.client.list_tasks(request={"parent": QUEUE, "page_size": 2})] == made


def test_run_now(world: World) -> None:
    """``tasks.run`` runs a task before its time."""
    made = world.add("later", name="op", delay_s=600)
    world.client.run_task(name=made.name)

    assert world.run_until_empty()
    assert world.handler.bodies() == ["later"]


def test_queue_is_made_changed_paused_and_purged(world: World) -> None:
    """A queue can be created, changed, paused and purged with Google's client."""
    name = "projects/p/locations/l/queues/other"
    queue = tasks_v2.Queue(name=name, rate_limits=tasks_v2.RateLimits(max_concurrent_dispatches=1))
    world.client.create_queue(parent="projects/p/locations/l", queue=queue)
    with pytest.raises(exceptions.Conflict):
        world.client.create_queue(parent="projects/p/locations/l", queue=queue)
    retry = tasks_v2.RetryConfig(max_attempts=7, min_backoff=duration_pb2.Duration(seconds=2))
    world.client.update_queue(queue=tasks_v2.Queue(name=name, retry_config=retry))

    shown = world.client.get_queue(name=name)

    assert shown.rate_limits.max_concurrent_dispatches == 1
    assert (shown.retry_config.max_attempts, shown.retry_config.min_backoff.total_seconds()) == (7, 2)
    assert world.client.pause_queue(name=QUEUE).state == tasks_v2.Queue.State.PAUSED
    world.add(1)
    world.client.purge_queue(name=QUEUE)
    assert world.client.resume_queue(name=QUEUE).state == tasks_v2.Queue.State.RUNNING
    assert world.run_until_empty()
    assert world.handler.requests == []


@pytest.mark.parametrize(
    ("task", "code"),
    [
        ({"httpRequest": {"url": "ftp://x"}}, 400),
        ({"httpRequest": {"url": "http://x", "httpMethod": 2, "body": "YQ=="}}, 400),
        ({"httpRequest": {"url": "http://x"}, "dispatchDeadline": "5s"}, 400),
        ({"httpRequest": {"url": "http://x"}, "scheduledTime": "2026-01-01T00:00:00Z"}, 400),  # no such field
        ({"appEngineHttpRequest": {"relativeUri": "/x"}}, 501),
        ({"httpRequest": {"url": "http://x", "oauthToken": {"serviceAccountEmail": "a"}}}, 501),
    ],
)
def test_bad_tasks(world: World, task: dict[str, object], code: int) -> None:
    """A wrong task is refused in Google's form, and nothing is queued."""
    answer = httpx.post(f"{world.url}/v2/{QUEUE}/tasks", json={"task": task}, trust_env=False)

    assert (answer.status_code, answer.json()["error"]["code"]) == (code, code)
    assert world.told() == []


def test_faults_look_like_google(world: World) -> None:
    """The client raises its own exceptions for faults, and nothing is queued."""
    world.control.post("/fail-next", json={"status": 503, "method": "tasks.create"})

    with pytest.raises(exceptions.ServiceUnavailable):
        world.add(1, name="op")
    world.add(2, name="op")

    assert world.run_until_empty()
    assert world.handler.bodies() == [2]
    assert world.control.get("/calls").json()["counts"] == {"tasks.create": 2}


def test_call_that_is_not_modelled_is_named(world: World) -> None:
    """A call that is not modelled answers 501 with its name."""
    with pytest.raises(exceptions.MethodNotImplemented, match=r"queues\.list"):
        list(world.client.list_queues(parent="projects/p/locations/l", retry=None))


def test_saved_state_is_restored(world: World) -> None:
    """A saved state with waiting tasks can be restored repeatedly."""
    world.add(1, name="op", delay_s=60)
    before = world.control.get("/state").json()
    world.control.post("/save-state", json={"name": "begin"}).raise_for_status()

    for _ in range(2):
        assert world.run_until_empty(include_later=True)
        world.control.post("/reset").raise_for_status()
        world.control.post("/restore-state", json={"name": "begin"}).raise_for_status()

        assert world.control.get("/state").json() == before
    assert world.handler.bodies() == [1, 1]


def test_state_survives_a_restart(world: World, tmp_path: Path) -> None:
    """After a restart waiting tasks run once, and names are still taken."""
    path = tmp_path / "tasks.json"
    app = create_app(world.handler.url, path)
    with running(app) as url:
        first = World(url, world.handler)
        first.add("done", name="done")
        assert first.run_until_empty()
        first.add("later", name="later", delay_s=600)
        first.close()
    app.extensions["state_file"].flush()
    assert world.handler.bodies() == ["done"]

    with running(create_app(world.handler.url, path)) as url:
        second = World(url, world.handler)
        with pytest.raises(exceptions.Conflict):
            second.add("done", name="done")
        assert second.run_until_empty(include_later=True)
        second.close()

    assert world.handler.bodies() == ["done", "later"]
