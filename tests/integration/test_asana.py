"""What is special about the wire of Asana; the contract of all trackers is in ``tests/contract``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date

import pytest
from msgspec.structs import replace

from tests.harness.tracker_worlds.asana import (
    DESIGN,
    GENERAL,
    OPTIONS,
    SECRET,
    TEAM,
    WORKSPACE,
    AsanaWorld,
    open_world,
)
from vitrina.errors import AccessDeniedError, FatalServiceError, RetriableServiceError, UserError
from vitrina.ports import Board, Link, NewCard, Step, WebhookRequest
from vitrina.trackers.asana.client import PENDING
from vitrina.trackers.asana.mapping import FACT_FIELD, KEY_FIELD, PLAN_FIELD, BoardRef
from vitrina.trackers.asana.pace import Pace
from vitrina.trackers.asana.wire import AsanaWire, Read

STAGES = ("Онбординг", "В работе", "На проверке", "Выполнено")


@pytest.fixture(scope="module")
def opened() -> Iterator[AsanaWorld]:
    """One world for all tests."""
    with open_world() as world:
        yield world


@pytest.fixture
def world(opened: AsanaWorld) -> AsanaWorld:
    """The world, empty, with a plan that has everything."""
    opened.features, opened.options = {}, OPTIONS
    opened.reset()
    return opened


def lacking(world: AsanaWorld, *features: str) -> AsanaWorld:
    """The world with a plan that lacks some features."""
    world.features = dict.fromkeys(features, False)
    world.reset()
    return world


def board_of(world: AsanaWorld) -> Board:
    """A board of a client."""
    return world.tracker.create_board("Зерно", STAGES)


def card_on(board: Board, **fields: object) -> NewCard:
    """A card with one action."""
    blank = {
        "external_id": "vitrina:book:14", "board_id": board.board_id, "stage_id": board.stages[0].stage_id,
        "title": "ЗРН-14", "facts": (("Результат", "Текст"),), "due_on": None, "estimate_hours": 7.5,
        "assignee_id": None, "steps": (Step("Дизайн — Анна"),), "links": (Link("https://a.test/x", "Книга"),),
        "profiles": ("Дизайн",),
    }  # fmt: skip
    return NewCard(**{**blank, **fields})  # type: ignore[arg-type]


def field_values(world: AsanaWorld, card_id: str) -> dict[str, object]:
    """Values of the custom fields of a task by name."""
    rows = world.do("GET", f"/tasks/{card_id}")["custom_fields"]
    return {row["name"]: row["number_value"] or row["text_value"] for row in rows}


# Boards


def test_board_that_broke_off_is_finished_by_the_next_try(world: AsanaWorld) -> None:
    """It has another name until it is whole, so that nobody takes it for one; there is one in the end."""
    world.fail("drop", "sections.create", 1)
    with pytest.raises(RetriableServiceError):
        board_of(world)
    assert world.tracker.find_board("Зерно") is None

    board = world.make_tracker().create_board("Зерно", STAGES)

    names = [row["name"] for row in world.do("GET", f"/projects?workspace={WORKSPACE}")]
    assert names == ["Все клиенты", "Дизайн", "Зерно"]
    assert [stage.title for stage in board.stages] == list(STAGES)
    assert PENDING.format(title="Зерно") not in names


def test_organization_with_several_teams_needs_a_setting(world: AsanaWorld) -> None:
    """The error says how many there are; with the setting the project belongs to the team."""
    state = world.control.get("/state").json()
    team = dict(state["tables"]["teams"][0], gid="911", name="Вторая")
    state["tables"]["teams"].append(team)
    world.control.post("/seed", json=state).raise_for_status()

    with pytest.raises(FatalServiceError) as refused:
        board_of(world)
    made = world.make_tracker(options=type(OPTIONS)(team=TEAM)).create_board("Зерно", STAGES)

    assert (refused.value.code, refused.value.where["count"]) == ("asana.team_missing", 2)
    assert world.do("GET", f"/projects/{BoardRef.parse(made.board_id).project}")["team"]["gid"] == TEAM


def test_fields_are_made_once_for_the_workspace(world: AsanaWorld) -> None:
    """Two boards share them; a name that people use for something else is refused with the name."""
    for title in ("Зерно", "Мука"):
        world.tracker.create_board(title, STAGES)

    rows = world.do("GET", f"/workspaces/{WORKSPACE}/custom_fields")
    assert [row["name"] for row in rows] == [KEY_FIELD, PLAN_FIELD]

    world.reset()
    body = {"name": PLAN_FIELD, "resource_subtype": "text", "workspace": WORKSPACE}
    world.do("POST", "/custom_fields", **body)
    with pytest.raises(FatalServiceError) as refused:
        board_of(world)
    assert (refused.value.code, refused.value.where["name"]) == ("asana.field_taken", PLAN_FIELD)


def test_field_that_another_process_makes_meanwhile_is_used(world: AsanaWorld) -> None:
    """Its name is taken when we want to make it."""
    world.fail("timeout", "custom_fields.create", 1)
    with pytest.raises(RetriableServiceError):
        board_of(world)

    board = world.make_tracker().create_board("Зерно", STAGES)

    assert BoardRef.parse(board.board_id).key_field
    assert len(world.do("GET", f"/workspaces/{WORKSPACE}/custom_fields")) == 2


def test_what_the_plan_lacks_is_told(world: AsanaWorld) -> None:
    """Without time tracking there is a field for hours; without fields the key is in the description."""
    assert board_of(world).remarks == ()
    assert board_of(lacking(world, "time_tracking")).remarks == ("asana.hours_in_field",)
    assert board_of(lacking(world, "custom_fields")).remarks == ("asana.no_fields",)
    assert board_of(lacking(world, "custom_fields", "time_tracking")).remarks == (
        "asana.no_fields",
        "asana.no_hours",
    )


# Cards


def test_card_is_in_the_general_project_and_in_that_of_the_department(world: AsanaWorld) -> None:
    """One task in three projects; its number, key and hours are on it."""
    board = board_of(world)
    made = world.tracker.create_card(card_on(board))

    task = world.do("GET", f"/tasks/{made}")
    assert [one["project"]["gid"] for one in task["memberships"]] == [
        BoardRef.parse(board.board_id).project,
        GENERAL,
        DESIGN,
    ]
    assert field_values(world, made) == {KEY_FIELD: "vitrina:book:14", PLAN_FIELD: 7.5}


def test_field_that_people_removed_is_put_back(world: AsanaWorld) -> None:
    """Asana refuses values of a field that the project has no more."""
    board = board_of(world)
    reference = BoardRef.parse(board.board_id)
    path = f"/projects/{reference.project}/removeCustomFieldSetting"
    world.do("POST", path, custom_field=reference.plan_field)

    made = world.tracker.create_card(card_on(board))

    assert field_values(world, made)[PLAN_FIELD] == 7.5
    assert len(world.tracker.find_cards(board.board_id)) == 1


def test_plan_without_fields(world: AsanaWorld) -> None:
    """The key is in the description, and a search finds it there."""
    lacking(world, "custom_fields")
    board = board_of(world)
    made = world.tracker.create_card(card_on(board))

    assert "[vitrina:book:14]" in world.text_of(made)
    assert world.tracker.find_twins(board.board_id, "vitrina:book:14") == (made,)
    card = world.tracker.get_card(board.board_id, made)
    assert card is not None
    assert card.external_id == "vitrina:book:14"


def test_hours_without_time_tracking_are_typed_into_the_field(world: AsanaWorld) -> None:
    """They count as those of the assignee; without the field nobody tells hours."""
    lacking(world, "time_tracking")
    board = board_of(world)
    made = world.tracker.create_card(card_on(board, assignee_id=world.people["anna"]))
    world.do("PUT", f"/tasks/{made}", custom_fields={BoardRef.parse(board.board_id).fact_field: 3})
    card = world.tracker.get_card(board.board_id, made)
    assert card is not None
    assert (card.logged_hours, FACT_FIELD in field_values(world, made)) == ({world.people["anna"]: 3.0}, True)

    lacking(world, "time_tracking", "custom_fields")
    board = board_of(world)
    card = world.tracker.get_card(board.board_id, world.tracker.create_card(card_on(board)))
    assert card is not None
    assert card.logged_hours is None


def test_ticked_card_is_in_the_last_stage(world: AsanaWorld) -> None:
    """People tick it in its section; a reopened one is where it stands."""
    board = board_of(world)
    made = world.tracker.create_card(card_on(board))
    stages = []
    for is_done in (True, False):
        world.do("PUT", f"/tasks/{made}", completed=is_done)
        card = world.tracker.get_card(board.board_id, made)
        stages.append(card.stage_id if card else "")

    assert stages == [board.stages[-1].stage_id, board.stages[0].stage_id]


def test_due_moment_is_a_day_of_the_agency(world: AsanaWorld) -> None:
    """Midnight in Moscow is the next day, though it is the same in UTC."""
    board = board_of(world)
    made = world.tracker.create_card(card_on(board))
    world.do("PUT", f"/tasks/{made}", due_at="2026-11-25T21:00:00Z")

    card = world.tracker.get_card(board.board_id, made)

    assert card is not None
    assert card.due_on == date(2026, 11, 26)


def test_card_is_read_with_one_request(world: AsanaWorld) -> None:
    """A second one only where there are hours: a batch each."""
    board = board_of(world)
    made = world.tracker.create_card(card_on(board))
    world.tracker.complete_card(made, card_on(board))
    world.tracker.get_card(board.board_id, made)
    counts = []
    for _ in range(2):
        before = world.call_count
        world.tracker.get_card(board.board_id, made)
        counts.append(world.call_count - before)
        world.log_hours(made, "igor", 1)

    assert counts == [1, 2]


# Guests


def guests(world: AsanaWorld) -> AsanaWorld:
    """The world of an agency that invites clients, with a plan that lets us hide fields."""
    world.options, world.features = replace(OPTIONS, invites_guests=True), {"field_privacy": True}
    world.reset()
    return world


def test_client_becomes_a_guest_who_sees_no_hours(world: AsanaWorld) -> None:
    """He sees the cards of his project, and their fields without hours. A repeat changes nothing."""
    board = board_of(guests(world))
    made = world.tracker.create_card(card_on(board))

    invited = [world.tracker.invite_guest(board.board_id, "client@zarya.test") for _ in range(2)]

    assert [one.is_guest for one in invited] == [True, True]
    state = world.control.get("/state").json()
    for user in state["tables"]["users"]:
        user["token"] = user["token"] or "client"
    world.control.post("/seed", json=state).raise_for_status()
    task = world.do("GET", f"/tasks/{made}", who="client")
    assert [field["name"] for field in task["custom_fields"]] == [KEY_FIELD]
    [project] = world.do("GET", f"/projects?workspace={WORKSPACE}", who="client")
    assert project["gid"] == BoardRef.parse(board.board_id).project


def test_person_of_the_own_domain_becomes_a_member(world: AsanaWorld) -> None:
    """Which is told, because it takes a paid seat."""
    board = board_of(guests(world))

    assert not world.tracker.invite_guest(board.board_id, "client@a.test").is_guest


def test_nobody_is_invited_who_would_see_hours(world: AsanaWorld) -> None:
    """Where the API does not hide fields, a person has to; the board says so when it is made."""
    guests(world)
    world.features = {}
    world.reset()
    board = board_of(world)

    with pytest.raises(UserError) as refused:
        world.tracker.invite_guest(board.board_id, "client@zarya.test")

    assert (refused.value.code, refused.value.where["names"]) == ("asana.guests_would_see", (PLAN_FIELD,))
    assert board.remarks == ("asana.guests_see_hours",)
    emails = [row["email"] for row in world.do("GET", f"/workspaces/{WORKSPACE}/users?opt_fields=email")]
    assert "client@zarya.test" not in emails


def test_organization_without_guests(world: AsanaWorld) -> None:
    """Asana's refusal is told."""
    guests(world)
    world.features = {"field_privacy": True, "guest_invites": False}
    world.reset()
    board = board_of(world)

    with pytest.raises(AccessDeniedError):
        world.tracker.invite_guest(board.board_id, "client@zarya.test")


def test_guests_are_off_unless_switched_on(world: AsanaWorld) -> None:
    """The menu does not offer it, and the action refuses."""
    assert not world.tracker.can.invites_guests
    assert guests(world).tracker.can.invites_guests


# Refusals


@pytest.mark.parametrize(
    ("status", "kind", "code"),
    [
        (401, AccessDeniedError, "tracker.unauthorized"),
        (402, FatalServiceError, "tracker.plan"),
        (403, AccessDeniedError, "tracker.forbidden"),
        (404, FatalServiceError, "tracker.not_found"),
    ],
)
def test_final_refusals_say_who_can_help(
    world: AsanaWorld, status: int, kind: type[Exception], code: str
) -> None:
    """The call is sent once."""
    board = board_of(world)
    before = world.call_count
    world.fail(status, "tasks.list", 1)

    with pytest.raises(kind) as refused:
        world.tracker.find_cards(board.board_id)

    assert refused.value.code == code  # type: ignore[attr-defined]
    assert world.call_count - before == 1


def test_busy_asana_is_waited_for_as_long_as_it_asks(world: AsanaWorld) -> None:
    """The time of ``Retry-After``, by every call of the process."""
    slept: list[float] = []
    wire = AsanaWire(world.url, "bot", pace=Pace(1000, sleep=slept.append), sleep=slept.append)
    fault = {"status": 429, "method": "users.get", "count": 1, "retry_after": 30}
    world.control.post("/fail-next", json=fault).raise_for_status()

    wire.get("/users/me")
    wire.close()

    assert slept[0] == 30
    assert slept[1] == pytest.approx(30, abs=2)


def test_part_of_a_batch_that_is_busy_repeats_the_batch(world: AsanaWorld) -> None:
    """Reads may be repeated; a refused one is told by its status."""
    answers = world._wire.read_together([Read("/users/me", ("name",)), Read("/tasks/1", ("name",))])

    assert [answer.status for answer in answers] == [200, 404]
    with pytest.raises(FatalServiceError):
        answers[1].required()


# Webhooks


def test_webhook_that_died_is_made_again(world: AsanaWorld) -> None:
    """A live one stays; a deleted one, and one whose secret is lost, are made anew."""
    board = board_of(world)

    def hooks() -> list[str]:
        rows = world.do("GET", f"/webhooks?workspace={WORKSPACE}", who="bot")
        return [row["gid"] for row in rows]

    world.tracker.connect_webhook(board.board_id)
    first = hooks()
    world.tracker.connect_webhook(board.board_id)
    assert hooks() == first

    world.do("DELETE", f"/webhooks/{first[0]}", who="bot")
    world.make_tracker().connect_webhook(board.board_id)
    second = hooks()
    assert len(second) == 1
    assert second != first

    project = BoardRef.parse(board.board_id).project
    assert len(json.loads(world.memory.texts[f"webhook:{project}"])["secrets"]) == 2
    del world.memory.texts[f"webhook:{project}"]
    world.make_tracker().connect_webhook(board.board_id)
    assert len(hooks()) == 1
    assert hooks() != second


def test_handshake_is_accepted_only_while_one_is_expected(world: AsanaWorld) -> None:
    """Also after a webhook could not be made."""
    board = board_of(world)
    world.fail(403, "webhooks.create", 1)
    with pytest.raises(AccessDeniedError):
        world.tracker.connect_webhook(board.board_id)

    project = BoardRef.parse(board.board_id).project
    offer = WebhookRequest((SECRET, project), {"x-hook-secret": "mine"}, b"{}", dict)

    assert world.tracker.receive(offer).status == 404
    world.tracker.connect_webhook(board.board_id)
    assert world.tracker.receive(offer).status == 404


def test_surplus_webhooks_of_ours_are_removed(world: AsanaWorld) -> None:
    """There is one for each project afterwards, at the right address."""
    board = board_of(world)
    project = BoardRef.parse(board.board_id).project
    world.memory.save(f"webhook:{project}", json.dumps({"secrets": [], "is_expected": True}))
    old = world.tracker._webhooks._url
    for target in (f"{old}/{project}?other=1", f"{old}/{project}"):
        world.do("POST", "/webhooks", who="bot", resource=project, target=target)

    world.tracker.connect_webhook(board.board_id)

    rows = world.do("GET", f"/webhooks?workspace={WORKSPACE}", who="bot")
    assert [row["target"] for row in rows] == [f"{old}/{project}"]
    assert SECRET in old
