"""The form of calls and answers, limits, faults, batches, the state, and the list of what is modelled."""

from __future__ import annotations

import re
import sys
import threading
from pathlib import Path

import httpx
import pytest

from emulators.asana import create_app
from emulators.asana.calls import BATCH, NOT_MODELLED, ROUTES
from emulators.asana.limits import DEFAULTS, Limits
from emulators.common.server import running
from tests.emulators.asana.asana_world import ANNA, PROJECT, SPACE, Json, Person, World

COVERAGE = Path(sys.modules["emulators.asana"].__file__ or "").parent / "COVERAGE.md"


def test_coverage_list_is_true() -> None:
    """COVERAGE.md ticks exactly the calls that are modelled."""
    ticks = re.findall(r"^- \[(x| )\] `([\w.]+)`", COVERAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)

    assert {name for tick, name in ticks if tick == "x"} == {*(route.name for route in ROUTES), BATCH}
    assert {name for tick, name in ticks if tick == " "} == {name for name, _, _ in NOT_MODELLED}


@pytest.mark.parametrize(
    ("token", "method", "path", "data", "status", "message"),
    [
        ("", "GET", "/users/me", None, 401, "Not Authorized"),
        ("nobody", "GET", "/users/me", None, 401, "Not Authorized"),
        ("bot", "GET", "/tasks/1", None, 404, "task: Unknown object: 1"),
        ("bot", "POST", "/tasks", {"name": "x"}, 400, "You should specify workspace, parent or projects"),
        ("bot", "POST", "/projects", {"workspace": SPACE}, 400, "name: Missing input"),
        ("bot", "POST", "/tasks", {"titel": "x"}, 400, "titel: Unknown field"),
        ("bot", "GET", "/no-such-thing", None, 404, "No matching route for request"),
        ("bot", "PATCH", "/tasks", {}, 405, "Method Not Allowed"),
        ("bot", "GET", "/tags", None, 501, "The emulator does not model tags"),
    ],
)
def test_refusals(
    world: World, token: str, method: str, path: str, data: Json | None, status: int, message: str
) -> None:
    """A refused call says why, in Asana's form."""
    person = Person(world.url, token)

    assert person.refusal(method, path, data) == (status, message)
    person.http.close()


def test_envelope_is_needed(world: World) -> None:
    """A body without ``data``, or that is no JSON, is refused."""
    for content in (b'{"name": "x"}', b"{"):
        answer = world.bot.http.post("/tasks", content=content, headers={"content-type": "application/json"})
        assert answer.status_code == 400


def test_only_asked_fields_are_shown(world: World, task: Json) -> None:
    """``opt_fields`` adds to the gid; an object inside has gid and type only; unknown names are nothing."""
    shown = world.bot.get(f"/tasks/{task['gid']}", opt_fields="name,projects,memberships.section.name,colour")

    assert set(shown) == {"gid", "name", "projects", "memberships"}
    assert shown["projects"] == [{"gid": PROJECT, "resource_type": "project"}]
    assert shown["memberships"][0]["section"]["name"] == "Untitled section"


def test_lists_are_short_and_paged(world: World) -> None:
    """A list shows names only; pages follow an offset that is of this list only."""
    for name in "абв":
        world.task(name=name)

    first = world.bot.ask("GET", "/tasks", project=PROJECT, limit="2").json()
    second = world.bot.ask(
        "GET", "/tasks", project=PROJECT, limit="2", offset=first["next_page"]["offset"]
    ).json()

    assert [row["name"] for row in (*first["data"], *second["data"])] == ["а", "б", "в"]
    assert set(first["data"][0]) == {"gid", "resource_type", "name", "resource_subtype"}
    assert second["next_page"] is None
    wrong = world.bot.refusal("GET", "/projects", limit="2", offset=first["next_page"]["offset"])
    assert wrong == (400, "offset: Your pagination token is invalid or has expired.")
    assert world.bot.refusal("GET", "/projects", limit="101")[0] == 400


def test_no_break_space_is_kept(world: World) -> None:
    """Texts come back byte for byte."""
    task = world.task(name="10\u00a0000 ₽", notes="а\u00a0б")

    assert (task["name"], task["notes"]) == ("10\u00a0000 ₽", "а\u00a0б")


# Limits


def test_refused_calls_count_against_the_limit() -> None:
    """Two calls a minute: the third is refused and counts against the next minute too."""
    moments = iter((0.0, 10.0, 20.0, 61.0, 62.0, 131.0))
    limits = Limits(lambda: next(moments))
    values = {**DEFAULTS, "calls_per_minute": 2}

    waits = [limits.begin("t", values, is_read=True) for _ in range(6)]

    # At 20 all of 0, 10 count; at 61 those of 10 and 20, at 62 those of 10, 20 and 61; at 131 none.
    assert waits == [None, None, 50, 19, 59, None]


def test_limit_answers_429_with_a_wait(world: World) -> None:
    """Over the limit a call is refused for a token, with ``Retry-After``; another token still works."""
    world.seed(limits={"calls_per_minute": 2})
    answers = [world.bot.ask("GET", "/users/me") for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert 1 <= int(answers[2].headers["retry-after"]) <= 60
    assert "hit a rate limit" in answers[2].json()["errors"][0]["message"]
    assert world.anna.ask("GET", "/users/me").status_code == 200


def test_batch_counts_as_its_actions(world: World) -> None:
    """A batch that does not fit is refused as a whole."""
    world.seed(limits={"calls_per_minute": 3})
    action = {"method": "get", "relative_path": "/users/me"}

    answers = [world.bot.ask("POST", "/batch", {"actions": [action] * 2}).status_code for _ in range(2)]

    assert answers == [200, 429]


def test_cost_limit(world: World) -> None:
    """Many objects in a minute use up the cost limit, without many calls."""
    for _ in range(5):
        world.task()
    world.control.post("/limits", json={"cost_per_minute": 100}).raise_for_status()

    statuses = [world.bot.ask("GET", "/tasks", project=PROJECT).status_code for _ in range(30)]

    assert (statuses[0], statuses[-1]) == (200, 429)


def test_reads_at_once_are_limited(world: World) -> None:
    """A read that comes during as many others as are allowed is refused."""
    world.seed(limits={"reads_at_once": 1})
    world.control.post("/plan", json=[{"at": 1, "method": "users.get", "hold": True}]).raise_for_status()
    held = threading.Thread(target=lambda: Person(world.url, "bot").ask("GET", "/users/me"))
    held.start()
    while not world.control.get("/plan").json()["waiting"]:
        pass

    refused = world.bot.ask("GET", "/users/me").status_code
    write = world.bot.ask("POST", "/tasks", {"name": "x", "projects": [PROJECT]}).status_code
    world.control.post("/plan/release")
    held.join()

    assert (refused, write) == (429, 201)


def test_unknown_limit_is_refused(world: World) -> None:
    """Only known limits can be set."""
    assert world.control.post("/limits", json={"calls_per_second": 1}).status_code == 400


# Faults, batches, state


@pytest.mark.parametrize(
    ("status", "kind", "text"),
    [
        (402, "application/json", "Payment Required"),
        (403, "application/json", "Forbidden"),
        (429, "application/json", "rate limit"),
        (500, "application/json", "squid"),
        (503, "text/html", "Service Temporarily Unavailable"),
    ],
)
def test_faults_look_like_asana(world: World, status: int, kind: str, text: str) -> None:
    """One call fails and creates nothing; the next one works."""
    world.control.post("/fail-next", json={"status": status, "method": "tasks.create"})

    failed = world.bot.ask("POST", "/tasks", {"name": "x", "projects": [PROJECT]})

    assert (failed.status_code, failed.headers["content-type"].split(";")[0]) == (status, kind)
    assert text in failed.text
    assert world.bot.get("/tasks", project=PROJECT) == []
    assert world.task()["gid"]


def test_call_with_a_lost_answer_is_carried_out(world: World) -> None:
    """A task whose answer was lost exists."""
    world.control.post("/fail-next", json={"status": "timeout", "method": "tasks.create"})

    with pytest.raises(httpx.TransportError):
        world.task()

    assert len(world.bot.get("/tasks", project=PROJECT)) == 1


def test_batch(world: World, task: Json) -> None:
    """Each action has its own answer; one that fails stops no other; ten are the most."""
    path = f"/tasks/{task['gid']}/subtasks"
    actions = [
        {"method": "post", "relative_path": path, "data": {"name": "а"}, "options": {"fields": ["name"]}},
        {"method": "get", "relative_path": "/tasks/1"},
        {"method": "get", "relative_path": "/tasks", "data": {"project": PROJECT}, "options": {"limit": 1}},
        {"method": "post", "relative_path": "/attachments", "data": {}},
        {"method": "post", "relative_path": "/batch", "data": {}},
    ]

    answers = world.bot.post("/batch", actions=actions)

    assert [answer["status_code"] for answer in answers] == [201, 404, 200, 400, 400]
    assert set(answers[0]["body"]["data"]) == {"gid", "name"}
    assert world.bot.refusal("POST", "/batch", {"actions": actions[:1] * 11})[0] == 400


def test_state_is_saved_and_restored(world: World, task: Json, tmp_path: Path) -> None:
    """A saved state comes back after a reset, also from the file of an earlier run."""
    world.control.post("/save-state", json={"name": "a"}).raise_for_status()
    state = world.control.get("/state").json()
    world.control.post("/reset").raise_for_status()
    world.control.post("/restore-state", json={"name": "a"}).raise_for_status()
    assert world.bot.get(f"/tasks/{task['gid']}")["name"] == "Тексты"

    app = create_app(tmp_path / "asana.json")
    with running(app) as url:
        with httpx.Client(base_url=url, trust_env=False) as http:
            http.post("/_emulator/seed", json=state).raise_for_status()
        app.extensions["state_file"].flush()
    with running(create_app(tmp_path / "asana.json")) as url:
        person = Person(url, "anna")
        assert person.get(f"/tasks/{task['gid']}")["name"] == "Тексты"
        assert person.get("/users/me")["gid"] == ANNA
        person.http.close()
