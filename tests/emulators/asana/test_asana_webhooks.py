"""Webhooks: handshake, signature, filters, bubbling, faults, heartbeats, deletion."""

from __future__ import annotations

import hashlib
import hmac
import json

import pytest

from tests.emulators.asana.asana_world import ANNA, BOT, PROJECT, SPACE, Json, Receiver, World


def connect(world: World, receiver: Receiver, **more: object) -> Json:
    """A webhook of the project, after its first heartbeat."""
    answer = world.bot.ask("POST", "/webhooks", {"resource": PROJECT, "target": receiver.url, **more})
    assert answer.status_code == 201, answer.text
    made: Json = answer.json()
    world.settle()
    return made


def events(receiver: Receiver) -> list[Json]:
    """All received events, in order; heartbeats have none."""
    return [event for _, body in receiver.requests for event in json.loads(body)["events"]]


def told(receiver: Receiver) -> list[tuple[str, str, str]]:
    """Type, action and changed field of all received events."""
    return [
        (one["resource"]["resource_type"], one["action"], one.get("change", {}).get("field", ""))
        for one in events(receiver)
    ]


def test_handshake_and_signature(world: World, receiver: Receiver) -> None:
    """The secret comes in the handshake and in the answer; each delivery is signed with it."""
    made = connect(world, receiver)
    world.task()
    world.settle()

    assert made["X-Hook-Secret"] == receiver.secret
    assert made["data"]["active"] is False
    for headers, body in receiver.requests:
        expected = hmac.new(receiver.secret.encode(), body, hashlib.sha256).hexdigest()
        assert headers["X-Hook-Signature"] == expected
    assert json.loads(receiver.requests[0][1]) == {"events": []}


def test_receiver_that_does_not_agree(world: World, receiver: Receiver) -> None:
    """Without the echo there is no webhook; the same for a host that Asana refuses, and for no URL."""
    receiver.agrees = False
    body = {"resource": PROJECT, "target": receiver.url}

    assert world.bot.refusal("POST", "/webhooks", body)[0] == 400
    assert world.bot.refusal("POST", "/webhooks", {**body, "target": "http://localhost:9/x"})[0] == 403
    assert world.bot.refusal("POST", "/webhooks", {**body, "target": "hook"})[0] == 400
    assert world.bot.refusal("POST", "/webhooks", {**body, "target": "http://127.0.0.1:9/x"})[0] == 400
    assert world.bot.get("/webhooks", workspace=SPACE) == []


def test_webhooks_are_listed_and_removed(world: World, receiver: Receiver) -> None:
    """They belong to the token; each has its state; there are as many as are made."""
    gid = connect(world, receiver)["data"]["gid"]
    connect(world, receiver)

    rows = world.bot.get("/webhooks", workspace=SPACE, resource=PROJECT, opt_fields="target,active")
    assert [(row["target"], row["active"]) for row in rows] == [(receiver.url, True)] * 2
    assert world.anna.get("/webhooks", workspace=SPACE) == []
    world.bot.delete(f"/webhooks/{gid}")
    assert len(world.bot.get("/webhooks", workspace=SPACE)) == 1


def test_events_of_a_project(world: World, receiver: Receiver) -> None:
    """Tasks, subtasks and comments bubble up; a move is two events; no event tells logged time."""
    section = world.section("В работе")
    connect(world, receiver)
    task = world.task()
    sub = world.bot.post(f"/tasks/{task['gid']}/subtasks", name="Часть")
    world.anna.put(f"/tasks/{sub['gid']}", completed=True, assignee="me")
    world.bot.post(f"/sections/{section['gid']}/addTask", task=task["gid"])
    world.anna.post(f"/tasks/{task['gid']}/stories", text="Вопрос")
    world.anna.post(f"/tasks/{task['gid']}/time_tracking_entries", duration_minutes=5)
    world.bot.delete(f"/tasks/{task['gid']}")
    world.settle()

    assert told(receiver) == [
        ("task", "added", ""),  # to the project
        ("task", "added", ""),  # to its first section
        ("task", "added", ""),  # the subtask
        ("task", "changed", "completed"),
        ("task", "changed", "assignee"),
        ("task", "removed", ""),  # from the first section
        ("task", "added", ""),  # to the other
        ("story", "added", ""),
        ("task", "deleted", ""),  # the subtask
        ("task", "deleted", ""),
    ]
    ticked = events(receiver)[3]
    assert (ticked["user"]["gid"], ticked["resource"]["gid"]) == (ANNA, sub["gid"])
    assert events(receiver)[4]["change"]["new_value"] == {"gid": ANNA, "resource_type": "user"}
    assert events(receiver)[7]["parent"]["gid"] == task["gid"]


def test_filters(world: World, receiver: Receiver) -> None:
    """Only events that fit one of the filters are sent; fields are only for changes."""
    wrong = [{"resource_type": "task", "action": "added", "fields": ["name"]}]
    body = {"resource": PROJECT, "target": receiver.url, "filters": wrong}
    assert world.bot.refusal("POST", "/webhooks", body)[0] == 400
    connect(
        world,
        receiver,
        filters=[{"resource_type": "task", "action": "changed", "fields": ["name", "due_on"]}],
    )
    task = world.task()
    world.bot.put(f"/tasks/{task['gid']}", name="Другое", notes="x")
    world.settle()

    assert told(receiver) == [("task", "changed", "name")]


@pytest.mark.parametrize(
    ("mode", "before", "after"),
    [
        ("deliver", "аб", "аб"),
        ("duplicate", "аабб", "аабб"),
        ("drop", "", ""),
        ("hold", "", "аб"),
        ("reverse", "", "ба"),
    ],
)
def test_modes(world: World, receiver: Receiver, mode: str, before: str, after: str) -> None:
    """Deliveries come late, twice, out of order or never; before and after the release."""
    tasks = {world.task()["gid"]: name for name in "аб"}
    connect(world, receiver)
    world.control.post("/webhooks", json={"mode": mode}).raise_for_status()
    for gid in tasks:
        world.bot.put(f"/tasks/{gid}", completed=True)
    world.settle()

    def seen() -> str:
        return "".join(tasks[event["resource"]["gid"]] for event in events(receiver))

    assert seen() == before
    world.control.post("/webhooks/release").raise_for_status()
    world.settle()
    assert seen() == after
    assert world.control.post("/webhooks", json={"mode": "lose"}).status_code == 400


def test_forged_delivery(world: World, receiver: Receiver) -> None:
    """A forged delivery comes to the same address with a wrong signature."""
    gid = connect(world, receiver)["data"]["gid"]
    forged = {"webhook": gid, "events": [{"action": "deleted"}]}
    world.control.post("/webhooks/forge", json=forged).raise_for_status()
    world.settle()

    headers, body = receiver.requests[-1]
    assert json.loads(body)["events"] == [{"action": "deleted"}]
    assert headers["X-Hook-Signature"] == "0" * 64


def test_failed_delivery_is_repeated(world: World, receiver: Receiver) -> None:
    """A refused delivery comes again later; meanwhile the webhook shows the failure."""
    gid = connect(world, receiver)["data"]["gid"]
    receiver.status = 500
    world.task()
    world.settle()
    state = world.bot.get(f"/webhooks/{gid}", opt_fields="delivery_retry_count,failure_deletion_timestamp")
    assert state["delivery_retry_count"] == 1
    assert state["failure_deletion_timestamp"]

    receiver.status, receiver.requests = 200, []
    world.control.post("/webhooks/advance", json={"hours": 1}).raise_for_status()

    assert [event["user"]["gid"] for event in events(receiver)] == [BOT, BOT]
    assert world.bot.get(f"/webhooks/{gid}", opt_fields="delivery_retry_count")["delivery_retry_count"] == 0


def test_heartbeats(world: World, receiver: Receiver) -> None:
    """Every eight hours an empty list is sent, and a webhook that answers stays."""
    connect(world, receiver)
    world.control.post("/webhooks/advance", json={"hours": 25}).raise_for_status()

    assert [json.loads(body)["events"] for _, body in receiver.requests] == [[]] * 4
    assert len(world.bot.get("/webhooks", workspace=SPACE)) == 1


def test_webhook_that_nobody_answers_is_deleted(world: World, receiver: Receiver) -> None:
    """After 24 hours without an answer the webhook is gone, and what happened meanwhile is lost."""
    connect(world, receiver)
    receiver.status = 503
    world.control.post("/webhooks/advance", json={"hours": 33}).raise_for_status()
    receiver.status, receiver.requests = 200, []
    world.task()
    world.control.post("/webhooks/advance", json={"hours": 8}).raise_for_status()

    assert world.bot.get("/webhooks", workspace=SPACE) == []
    assert told(receiver) == []
