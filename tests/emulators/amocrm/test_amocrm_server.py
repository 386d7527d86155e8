"""The limit and the block, faults, the state file, and the list of what is modelled."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from emulators.amocrm import create_app
from emulators.amocrm.calls import NOT_MODELLED, ROUTES
from emulators.amocrm.limiter import Limiter
from emulators.common.server import free_port, running
from tests.emulators.amocrm.amocrm_world import SALES, SEED, SIGNED, World

COVERAGE = Path(sys.modules["emulators.amocrm"].__file__ or "").parent / "COVERAGE.md"


class Moment:
    """A clock for the limiter."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        """The moment."""
        return self.now


# --- The limit -----------------------------------------------------------------------------------


def test_window_slides_and_refused_calls_count() -> None:
    """Seven in a second; the eighth is refused, and takes room as well."""
    moment = Moment()
    limiter = Limiter(moment)

    first = [limiter.take("t") for _ in range(8)]
    moment.now = 101.0
    second = [limiter.take("t") for _ in range(7)]

    assert first == [None] * 7 + [429]
    assert second == [None] * 7
    assert limiter.measured() == {"most_per_s": 8, "refused": 1}


def test_second_refusal_in_a_minute_blocks() -> None:
    """The second 429 is the last one; a block goes on as long as somebody calls."""
    moment = Moment()
    limiter = Limiter(moment)
    statuses = [limiter.take("t") for _ in range(10)]
    assert statuses[7:] == [429, 429, 403]

    moment.now += 599
    assert limiter.take("t") == 403
    moment.now += 599
    assert limiter.take("t") == 403
    moment.now += 601
    assert limiter.take("t") is None


def test_refusals_more_than_a_minute_apart_do_not_block() -> None:
    """And integrations do not share anything."""
    moment = Moment()
    limiter = Limiter(moment)
    for _ in range(3):
        assert [limiter.take("t") for _ in range(8)][-1] == 429
        moment.now += 61

    assert limiter.take("other") is None


def test_answers_of_the_limit_are_pages(world: World) -> None:
    """Neither JSON nor a header that says how long to wait."""
    world.control.post("/rate-limit", json={"limit_per_s": 1, "blocking_refusal": 2}).raise_for_status()

    answers = [world.bot.get("/account") for _ in range(4)]
    refused = [one for one in answers if one.status_code != 200]

    assert [one.status_code for one in refused][-2:] in ([429, 403], [403, 403])
    for one in refused:
        assert one.headers["content-type"].startswith("text/html")
        assert "retry-after" not in one.headers
    assert world.control.get("/rate").json()["refused"] == len(refused)


# --- Refusals ------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [401, 402, 403, 404, 500])
def test_refusals_are_problems(world: World, status: int) -> None:
    """``application/problem+json`` with status and title."""
    world.control.post("/fail-next", json={"status": status, "method": "account.get"})

    answer = world.bot.get("/account")

    assert (answer.status_code, answer.json()["status"]) == (status, status)
    assert answer.headers["content-type"] == "application/problem+json"
    assert world.bot.get("/account").json()["subdomain"] == "agency"


def test_wrong_token_is_401(world: World) -> None:
    """As after the end of a long-lived token."""
    for token in ("", "nobody"):
        with world.client(token) as client:
            assert client.get("/account").status_code == 401


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/sources", "sources.list"),
        ("/events", "events.list"),
        ("/leads?with=loss_reason", "with=loss_reason"),
        ("/leads?filter[price]=5", "the parameter filter[price]"),
        ("/tasks?filter[entity_type]=contacts", "filter[entity_type]=contacts"),
    ],
)
def test_what_is_not_modelled_is_named(world: World, path: str, name: str) -> None:
    """501 with the name of the call or of the parameter."""
    answer = world.bot.get(path)

    assert answer.status_code == 501
    assert answer.json()["detail"] == f"The emulator does not model {name}"


def test_field_that_is_not_modelled_is_named(world: World, deal_id: int) -> None:
    """A price is changed by people only."""
    answer = world.bot.patch(f"/leads/{deal_id}", json={"price": 5, "status_id": SIGNED})

    assert (answer.status_code, answer.json()["detail"]) == (
        501,
        "The emulator does not model leads.update with price",
    )


def test_unknown_path_and_broken_json(world: World, deal_id: int) -> None:
    """404 and 400."""
    assert world.bot.get("/no-such-thing").status_code == 404
    headers = {"content-type": "application/json"}
    assert world.bot.patch(f"/leads/{deal_id}", content=b"{", headers=headers).status_code == 400


def test_unknown_action_is_refused(world: World) -> None:
    """400, and nothing happens."""
    for body in ({"action": "fly"}, {"action": "move_deal", "id": 5}, {"action": "create_deal"}):
        assert world.control.post("/do", json=body).status_code == 400


# --- Faults and steps ----------------------------------------------------------------------------


def test_call_with_a_lost_answer_is_carried_out(world: World, deal_id: int) -> None:
    """The note is there although no answer came."""
    world.control.post("/fail-next", json={"status": "timeout", "method": "notes.add"})
    path, body = f"/leads/{deal_id}/notes", [{"note_type": "common", "params": {"text": "x"}}]

    with pytest.raises(httpx.TransportError):
        world.bot.post(path, json=body)

    assert len(world.bot.get(path).json()["_embedded"]["notes"]) == 1


def test_person_acts_right_before_a_call(world: World, deal_id: int) -> None:
    """A step of the plan moves the deal; an action that is refused is told."""
    move = {"action": "move_deal", "id": deal_id, "pipeline_id": SALES, "status_id": SIGNED}
    steps = [
        {"at": 1, "method": "leads.get", "do": move},
        {"at": 2, "method": "leads.get", "do": {"action": "fly"}},
    ]
    world.control.post("/plan", json=steps).raise_for_status()

    assert world.bot.get(f"/leads/{deal_id}").json()["status_id"] == SIGNED
    assert world.bot.get(f"/leads/{deal_id}").status_code == 200
    assert world.control.get("/plan").json()["refusals"] == ["there is no such action or user"]


def test_calls_are_counted_and_changes_noted(world: World, deal_id: int) -> None:
    """Reads do not increase the version."""
    world.control.delete("/calls")
    before = world.control.get("/version").json()["version"]
    world.bot.get(f"/leads/{deal_id}")
    assert world.control.get("/version").json()["version"] == before

    world.bot.patch(f"/leads/{deal_id}", json={"status_id": SIGNED})

    assert world.control.get("/version").json()["version"] > before
    assert world.control.get("/calls").json()["counts"] == {"leads.get": 1, "leads.update": 1}


# --- The state -----------------------------------------------------------------------------------


def test_seed_without_a_token_is_refused(world: World) -> None:
    """A user needs all four fields; the state stays as it was."""
    answer = world.control.post("/seed", json={"users": [{"id": 5, "name": "X", "email": "x"}]})

    assert (answer.status_code, answer.json()["detail"]) == (400, "a user lacks token")
    assert world.bot.get("/account").status_code == 200


def test_saved_state_is_restored(world: World, deal_id: int) -> None:
    """A saved state can be restored repeatedly, after any changes."""
    world.subscribe("http://127.0.0.1:9/hook")
    before = world.control.get("/state").json()
    world.control.post("/save-state", json={"name": "begin"}).raise_for_status()
    world.control.post("/webhooks", json={"mode": "drop"}).raise_for_status()

    for _ in range(2):
        world.do("delete_deal", id=deal_id)
        world.control.post("/reset").raise_for_status()
        world.control.post("/restore-state", json={"name": "begin"}).raise_for_status()
        world.control.post("/webhooks", json={"mode": "drop"}).raise_for_status()

        assert world.control.get("/state").json() == before
    assert world.bot.get(f"/leads/{deal_id}").json()["name"] == "Сайт"


def test_state_survives_a_restart(tmp_path: Path) -> None:
    """After a restart all data exist, and new ids differ from old ones."""
    path = tmp_path / "amocrm.json"
    app = create_app(path)
    with running(app) as url:
        world = World(url)
        world.seed()
        deal_id = world.make_deal()
        world.close()
    app.extensions["state_file"].flush()

    with running(create_app(path)) as url:
        world = World(url)
        found = world.bot.get(f"/leads/{deal_id}").json()["name"]
        new_id = world.make_deal()
        world.close()

    assert (found, new_id > deal_id) == ("Сайт", True)


def test_runs_as_a_process(tmp_path: Path) -> None:
    """``python -m emulators.amocrm`` serves, and saves its state when it is stopped."""
    state, port = tmp_path / "state.json", free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "emulators.amocrm", "--port", str(port), "--state", str(state)]
    )
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
            _until_it_listens(client)
            client.post("/_emulator/seed", json=SEED).raise_for_status()
    finally:
        process.terminate()
        process.wait(timeout=10)

    assert '"token": "bot"' in state.read_text(encoding="utf-8")


def _until_it_listens(client: httpx.Client) -> None:
    for _ in range(200):
        try:
            client.get("/_emulator/version")
        except httpx.ConnectError:
            time.sleep(0.05)
        else:
            return
    pytest.fail("the emulator did not start")


def test_coverage_lists_every_call() -> None:
    """Every call is in the coverage list, with a tick if it is modelled."""
    lines = re.findall(r"^- \[(x| )\] `([\w.]+)`", COVERAGE.read_text(encoding="utf-8"), re.MULTILINE)

    assert sorted(name for mark, name in lines if mark == "x") == sorted(route.name for route in ROUTES)
    assert sorted(name for mark, name in lines if mark == " ") == sorted(name for name, _, _ in NOT_MODELLED)
