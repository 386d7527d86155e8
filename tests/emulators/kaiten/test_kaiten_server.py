"""The limit, faults, the state file, and the list of what is modelled."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from emulators.common.server import running
from emulators.kaiten import create_app
from emulators.kaiten.calls import NOT_MODELLED, ROUTES
from emulators.kaiten.limiter import Limiter
from tests.emulators.kaiten.kaiten_world import SEED, World

Json = dict[str, Any]
#: Seconds after which a client stops waiting.
PATIENCE_S = 0.2
COVERAGE = Path(sys.modules["emulators.kaiten"].__file__ or "").parent / "COVERAGE.md"


def test_window_slides() -> None:
    """Three calls in any second: the fourth waits until the first is a second old."""
    moment = 100.0
    limiter = Limiter(lambda: moment)

    allowed = []
    for moment in (100.0, 100.4, 100.8, 100.9, 101.0, 101.1, 101.4):  # noqa: B007 - the limiter reads it
        allowance = limiter.take("t", 3)
        allowed.append((not allowance.is_refused, allowance.remaining))

    # 101.0 frees the call of 100.0; 101.1 finds 100.4, 100.8 and 101.0; 101.4 frees 100.4.
    assert allowed == [(True, 2), (True, 1), (True, 0), (False, 0), (True, 0), (False, 0), (True, 0)]


def test_tokens_do_not_share_the_window() -> None:
    """One bucket for each token."""
    limiter = Limiter(lambda: 100.0)

    assert not limiter.take("a", 1).is_refused
    assert not limiter.take("b", 1).is_refused
    assert limiter.take("a", 1).is_refused


def test_too_many_calls_get_an_html_page(world: World) -> None:
    """429 is an HTML page that says to wait a second; every answer has the headers of the limit."""
    world.control.post("/rate-limit", json={"limit_per_s": 2})

    answers = [world.anna.get("/users/current") for _ in range(3)]
    while answers[-1].status_code == 200:
        answers.append(world.anna.get("/users/current"))

    first, last = answers[0], answers[-1]
    assert (first.headers["x-ratelimit-limit"], first.headers["x-ratelimit-remaining"]) == ("2", "1")
    assert (last.status_code, last.headers["retry-after"], last.headers["x-ratelimit-remaining"]) == (
        429,
        "1",
        "0",
    )
    assert last.headers["content-type"].startswith("text/html")
    assert int(last.headers["x-ratelimit-reset"]) > 0


@pytest.mark.parametrize(
    ("status", "kind", "text"),
    [
        (401, "text/plain", "Unauthorized"),
        (402, "application/json", "Feature is not supported by tariff"),
        (403, "application/json", "Forbidden"),
        (429, "text/html", "Too Many Requests"),
        (500, "application/json", "Internal Server Error"),
        (503, "text/html", "Service Temporarily Unavailable"),
    ],
)
def test_faults_look_like_kaiten(world: World, status: int, kind: str, text: str) -> None:
    """One call fails and creates nothing; the next one works."""
    world.control.post("/fail-next", json={"status": status, "method": "spaces.create"})

    failed = world.bot.post("/spaces", json={"title": "Ещё"})

    assert failed.status_code == status
    assert failed.headers["content-type"].startswith(kind)
    assert text in failed.text
    assert len(world.bot.get("/spaces").json()) == 1
    assert world.bot.post("/spaces", json={"title": "Ещё"}).status_code == 200


def test_a_call_with_a_lost_answer_is_carried_out(world: World, board: Json) -> None:
    """A card whose answer was lost exists, so a client must search before it creates the card again."""
    world.control.post("/fail-next", json={"status": "timeout", "method": "cards.create"})

    with pytest.raises(httpx.TransportError):
        world.bot.post("/cards", json={"title": "Тексты", "board_id": board["id"], "external_id": "e"})

    assert len(world.bot.get("/cards", params={"external_id": "e"}).json()) == 1


def impatient(world: World) -> httpx.Client:
    """A client with a short timeout."""
    headers = {"Authorization": "Bearer bot"}
    return httpx.Client(
        base_url=f"{world.url}/api/latest", headers=headers, trust_env=False, timeout=PATIENCE_S
    )


def cards_with_key(world: World) -> int:
    """Count of the cards that a search by the external id finds."""
    return len(world.bot.get("/cards", params={"external_id": "e"}).raise_for_status().json())


def waiting(world: World) -> int:
    """Count of calls that wait in a step of the plan."""
    return int(world.control.get("/plan").json()["waiting"])


def until(happened: Callable[[], bool]) -> None:
    """Wait until the condition holds, for at most ten seconds."""
    give_up_at = time.monotonic() + 10
    while not happened():
        assert time.monotonic() < give_up_at
        time.sleep(0.01)


def test_call_is_carried_out_after_the_client_gave_up(world: World, board: Json) -> None:
    """After a timeout two searches find nothing; the card appears when the held call continues."""
    body = {"title": "Тексты", "board_id": board["id"], "external_id": "e"}
    world.control.post("/plan", json=[{"at": 1, "method": "cards.create", "hold": True}]).raise_for_status()

    with impatient(world) as client, pytest.raises(httpx.ReadTimeout):
        client.post("/cards", json=body)

    assert (waiting(world), cards_with_key(world), cards_with_key(world)) == (1, 0, 0)
    assert world.control.post("/plan/release").json() == {"released": 1}
    until(lambda: cards_with_key(world) == 1)
    assert waiting(world) == 0


def test_call_that_waits_does_not_block_others(world: World, board: Json) -> None:
    """During a held call a second card with the same key is created at once; the first one comes later."""
    body = {"title": "Первая", "board_id": board["id"], "external_id": "e"}
    world.control.post("/plan", json=[{"at": 1, "method": "cards.create", "hold": True}]).raise_for_status()
    with impatient(world) as client, pytest.raises(httpx.ReadTimeout):
        client.post("/cards", json=body)

    second = world.make_card(board, title="Вторая", external_id="e")
    world.control.post("/plan/release").raise_for_status()
    until(lambda: cards_with_key(world) == 2)

    rows = world.bot.get("/cards", params={"external_id": "e"}).json()
    assert [row["title"] for row in rows] == ["Вторая", "Первая"]
    assert rows[0]["id"] == second["id"]


def test_call_is_carried_out_some_time_later(world: World, board: Json) -> None:
    """A delayed call is carried out by itself after the given time."""
    body = {"title": "Тексты", "board_id": board["id"], "external_id": "e"}
    step = {"at": 1, "method": "cards.create", "delay_s": 3 * PATIENCE_S}
    world.control.post("/plan", json=[step]).raise_for_status()

    with impatient(world) as client, pytest.raises(httpx.ReadTimeout):
        client.post("/cards", json=body)

    assert cards_with_key(world) == 0
    until(lambda: cards_with_key(world) == 1)


def test_call_is_carried_out_at_once_and_answered_late(world: World, board: Json) -> None:
    """With a late answer the client stops waiting, and its first search finds the card."""
    body = {"title": "Тексты", "board_id": board["id"], "external_id": "e"}
    step = {"at": 1, "when": "after", "method": "cards.create", "hold": True}
    world.control.post("/plan", json=[step]).raise_for_status()

    with impatient(world) as client, pytest.raises(httpx.ReadTimeout):
        client.post("/cards", json=body)

    assert cards_with_key(world) == 1
    world.control.delete("/plan").raise_for_status()
    until(lambda: waiting(world) == 0)


def test_patient_client_gets_the_answer(world: World, board: Json) -> None:
    """A client whose timeout is longer than the delay gets the answer."""
    step = {"at": 1, "method": "cards.create", "delay_s": 0.05}
    world.control.post("/plan", json=[step]).raise_for_status()

    assert world.make_card(board)["title"] == "Тексты"


def test_delay_is_not_negative(world: World) -> None:
    """A negative delay is refused with 400 and the reason."""
    answer = world.control.post("/plan", json=[{"at": 1, "delay_s": -1}])

    assert (answer.status_code, answer.json()["message"]) == (400, "a call waits for zero seconds or more")


def test_calls_are_counted_by_name(world: World, board: Json) -> None:
    """Calls are counted by the names of the coverage list."""
    world.control.delete("/calls")
    card = world.make_card(board)
    world.bot.get(f"/cards/{card['id']}")
    world.bot.get(f"{world.url}/api/v1/cards")

    assert world.control.get("/calls").json() == {
        "total": 3,
        "counts": {"cards.create": 1, "cards.get": 1, "cards.list": 1},
    }


def test_version_grows_with_changes_only(world: World, card: Json) -> None:
    """Only changes increase the version, so a page draws only when it must."""
    before = world.control.get("/version").json()["version"]
    world.bot.get(f"/cards/{card['id']}")
    assert world.control.get("/version").json()["version"] == before

    world.bot.patch(f"/cards/{card['id']}", json={"title": "Другое"})

    assert world.control.get("/version").json()["version"] == before + 1


def test_call_that_is_not_modelled_is_named(world: World) -> None:
    """A call that is not modelled answers 501 with its name."""
    answer = world.bot.get("/sprints")

    assert answer.status_code == 501
    assert answer.json()["message"] == "The emulator does not model sprints"


def test_unknown_path_is_404(world: World) -> None:
    """An unknown path answers 404, as in Kaiten."""
    assert world.bot.get("/no-such-thing").status_code == 404


def test_body_that_is_not_json(world: World) -> None:
    """A body that is not JSON is refused with 400."""
    answer = world.bot.post("/cards", content=b"{", headers={"content-type": "application/json"})

    assert answer.status_code == 400


def test_seed_without_a_token_is_refused(world: World) -> None:
    """A user needs all five fields; the state stays as it was."""
    answer = world.control.post(
        "/seed", json={"users": [{"id": 5, "full_name": "X", "email": "x", "username": "x"}]}
    )

    assert (answer.status_code, answer.json()["message"]) == (400, "a user lacks token")
    assert world.bot.get("/users/current").status_code == 200


def test_same_calls_give_the_same_ids(world: World) -> None:
    """Ids come from a counter that a seed resets, so equal calls give equal ids."""
    first = world.make_card(world.make_board())["id"]
    world.seed()

    assert world.make_card(world.make_board())["id"] == first


def test_state_survives_a_restart(tmp_path: Path) -> None:
    """After a restart all data exist, and new ids differ from old ones."""
    path = tmp_path / "kaiten.json"
    app = create_app(path)
    with running(app) as url:
        world = World(url)
        world.seed()
        board = world.make_board()
        card = world.make_card(board, external_id="e")
        world.anna.post(
            f"/cards/{card['id']}/time-logs", json={"role_id": -1, "time_spent": 30, "for_date": "2026-09-01"}
        )
        before = world.bot.get(f"/cards/{card['id']}").json()
        world.close()
    app.extensions["state_file"].flush()

    with running(create_app(path)) as url:
        world = World(url)
        after = world.bot.get(f"/cards/{card['id']}").json()
        found = world.bot.get("/cards", params={"external_id": "e"}).json()
        new = world.make_card(board)
        world.close()

    assert after == before
    assert [row["id"] for row in found] == [card["id"]]
    assert new["id"] > before["id"]


def test_saved_state_is_restored(world: World, board: Json) -> None:
    """A saved state can be restored repeatedly, after any changes."""
    card = world.make_card(board)
    world.bot.post(f"/cards/{card['id']}/checklists", json={"name": "Этапы"}).raise_for_status()
    before = world.control.get("/state").json()
    world.control.post("/save-state", json={"name": "begin"}).raise_for_status()

    for _ in range(2):
        world.bot.patch(f"/cards/{card['id']}", json={"title": "Другая"}).raise_for_status()
        world.make_card(board)
        world.control.post("/reset").raise_for_status()
        world.control.post("/restore-state", json={"name": "begin"}).raise_for_status()

        assert world.control.get("/state").json() == before
    assert world.bot.get(f"/cards/{card['id']}").json()["title"] == card["title"]


def test_runs_as_a_process(tmp_path: Path) -> None:
    """``python -m emulators.kaiten`` serves, and saves its state when it is stopped."""
    state = tmp_path / "state.json"
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "emulators.kaiten", "--port", str(port), "--state", str(state)]
    )
    try:
        transport = httpx.HTTPTransport(retries=0)
        with httpx.Client(
            base_url=f"http://127.0.0.1:{port}", transport=transport, trust_env=False
        ) as client:
            _until_it_listens(client)
            client.post("/_emulator/seed", json=SEED).raise_for_status()
    finally:
        process.terminate()
        process.wait(timeout=10)

    assert '"token": "anna"' in state.read_text(encoding="utf-8")


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
