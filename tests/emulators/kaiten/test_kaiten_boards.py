"""Users, spaces, boards, columns, lanes."""

from __future__ import annotations

from typing import Any

import pytest

from tests.emulators.kaiten.kaiten_world import ANNA, BOT, SPACE, STRANGER, World

Json = dict[str, Any]
READER = "06ccb31f-426b-4fa3-b7e5-861daee95696"


def test_current_user_is_the_owner_of_the_token(world: World) -> None:
    """The current user is the owner of the token; the answer does not contain the token."""
    assert world.anna.get("/users/current").json()["id"] == ANNA
    assert "token" not in world.anna.get("/users/current").json()


def test_users_are_those_who_share_a_space(world: World) -> None:
    """Only users who share a space are listed, not a stranger of the company."""
    assert [user["id"] for user in world.bot.get("/users").json()] == [BOT, ANNA]
    assert [user["id"] for user in world.bot.get("/users", params={"query": "анна"}).json()] == [ANNA]
    assert [user["id"] for user in world.stranger.get("/users").json()] == [STRANGER]


@pytest.mark.parametrize("token", ["", "nobody"])
def test_wrong_token_gets_a_bare_word(world: World, token: str) -> None:
    """The body of a 401 is a single word and not JSON."""
    with world.client(token) as client:
        answer = client.get("/users/current")

    assert (answer.status_code, answer.text) == (401, "Unauthorized")


def test_stranger_is_forbidden_before_the_body_is_read(world: World, board: Json) -> None:
    """Access rights are checked before the body."""
    answer = world.stranger.post(f"/spaces/{SPACE}/boards", json={"nonsense": True})

    assert (answer.status_code, answer.json()) == (403, {"message": "Forbidden"})
    assert world.stranger.get(f"/boards/{board['id']}/columns").status_code == 403
    assert world.stranger.get("/spaces").json() == []
    assert world.stranger.get("/cards").json() == []


def test_reader_reads_and_does_not_write(world: World, board: Json) -> None:
    """A reader of the space can see the card but not move it."""
    card = world.make_card(board)
    invitation = {"email": "stranger@a.test", "role_id": READER}
    assert world.bot.post(f"/spaces/{SPACE}/users", json=invitation).status_code == 200

    assert world.stranger.get(f"/cards/{card['id']}").status_code == 200
    assert world.stranger.patch(f"/cards/{card['id']}", json={"title": "x"}).status_code == 403


def test_only_an_admin_invites(world: World) -> None:
    """A writer may not invite people."""
    assert world.anna.post(f"/spaces/{SPACE}/users", json={"email": "stranger@a.test"}).status_code == 403


def test_expelled_person_sees_nothing(world: World) -> None:
    """A removed person has no access."""
    world.bot.delete(f"/spaces/{SPACE}/users/{ANNA}")

    assert world.anna.get(f"/spaces/{SPACE}").status_code == 403
    assert [user["id"] for user in world.bot.get(f"/spaces/{SPACE}/users").json()] == [BOT]


def test_new_space_belongs_to_its_maker(world: World) -> None:
    """The creator of a space is its admin and its only user."""
    space = world.anna.post("/spaces", json={"title": "Свой"}).json()

    assert world.anna.patch(f"/spaces/{space['id']}", json={"title": "Мой"}).json()["title"] == "Мой"
    assert world.bot.get(f"/spaces/{space['id']}").status_code == 403


def test_board_comes_with_columns_and_lanes(world: World, board: Json) -> None:
    """Columns and lanes have the given order, numbered from one."""
    columns = world.bot.get(f"/boards/{board['id']}/columns").json()
    lanes = world.bot.get(f"/boards/{board['id']}/lanes").json()

    assert [(row["title"], row["type"]) for row in columns] == [
        ("Онбординг", 1),
        ("В работе", 2),
        ("Готово", 3),
    ]
    assert [row["title"] for row in lanes] == ["Задачи"]


@pytest.mark.parametrize("part", ["columns", "lanes"])
def test_empty_array_is_an_error(world: World, part: str) -> None:
    """An empty array of columns or lanes is an error, unlike a missing one."""
    answer = world.bot.post(f"/spaces/{SPACE}/boards", json={"title": "Пустая", part: []})

    assert answer.status_code == 400
    assert answer.json()["message"] == f"Board.{part} should NOT have fewer than 1 items"


def test_bad_column_leaves_no_board(world: World) -> None:
    """The whole body is checked before anything is created."""
    body = {"title": "Половина", "columns": [{"title": "Первая"}, {"type": 2}]}

    assert world.bot.post(f"/spaces/{SPACE}/boards", json=body).status_code == 400
    assert world.bot.get(f"/spaces/{SPACE}/boards").json() == []


def test_spaces_carry_their_boards(world: World, board: Json) -> None:
    """The list of spaces contains their boards."""
    (space,) = world.bot.get("/spaces").json()

    assert [row["id"] for row in space["boards"]] == [board["id"]]


def test_board_by_id_contains_every_card(world: World, board: Json) -> None:
    """``GET /boards/{id}`` contains all cards, also archived ones."""
    live, archived = world.make_card(board), world.make_card(board)
    world.bot.patch(f"/cards/{archived['id']}", json={"condition": 2})

    cards = world.bot.get(f"/boards/{board['id']}").json()["cards"]

    assert [card["id"] for card in cards] == [live["id"], archived["id"]]


def test_delete_board_needs_force(world: World, board: Json) -> None:
    """A board is deleted only with ``force``, together with its cards."""
    card = world.make_card(board)
    address = f"/spaces/{SPACE}/boards/{board['id']}"

    assert world.bot.delete(address).status_code == 400
    assert world.bot.request("DELETE", address, json={"force": True}).json() == {"id": board["id"]}
    assert world.bot.get(f"/cards/{card['id']}").status_code == 404
    assert world.bot.get(f"/spaces/{SPACE}/boards").json() == []


def test_column_can_be_added_renamed_and_removed(world: World, board: Json) -> None:
    """A column can be added, renamed and deleted, but not if it has cards."""
    address = f"/boards/{board['id']}/columns"
    column = world.bot.post(address, json={"title": "На проверке", "type": 2}).json()
    world.bot.patch(f"{address}/{column['id']}", json={"title": "Проверка"})
    card = world.make_card(board, column_id=column["id"])

    assert [row["title"] for row in world.bot.get(address).json()][-1] == "Проверка"
    assert world.bot.delete(f"{address}/{column['id']}").status_code == 400
    world.bot.delete(f"/cards/{card['id']}")
    assert world.bot.delete(f"{address}/{column['id']}").json() == {"id": column["id"]}


def test_subcolumn_gives_the_card_its_state(world: World, board: Json) -> None:
    """The type of a subcolumn decides the state of its cards."""
    parent = board["columns"][1]
    sub = world.bot.post(f"/columns/{parent['id']}/subcolumns", json={"title": "Сделано", "type": 3}).json()

    card = world.make_card(board, column_id=sub["id"])

    assert card["state"] == 3
    assert [row["id"] for row in world.bot.get(f"/columns/{parent['id']}/subcolumns").json()] == [sub["id"]]
    assert sub["id"] not in [row["id"] for row in world.bot.get(f"/boards/{board['id']}/columns").json()]


def test_lane_is_archived_by_condition(world: World, board: Json) -> None:
    """A lane is archived by its condition; it cannot be deleted."""
    address = f"/boards/{board['id']}/lanes"
    lane = world.bot.post(address, json={"title": "Срочно"}).json()

    assert world.bot.patch(f"{address}/{lane['id']}", json={"condition": 2}).json()["condition"] == 2
    assert [row["condition"] for row in world.bot.get(address).json()] == [1, 2]


def test_external_webhook_is_one_a_space_and_for_admins(world: World) -> None:
    """A space has one external webhook, for admins; GET by id and DELETE do not exist."""
    address = f"/spaces/{SPACE}/external-webhooks"
    webhook = world.bot.post(address, json={"url": "http://127.0.0.1:9/x"}).json()

    assert world.anna.get(address).status_code == 403
    assert world.bot.post(address, json={"url": "http://127.0.0.1:9/y"}).status_code == 409
    assert world.bot.patch(f"{address}/{webhook['id']}", json={"enabled": False}).json()["enabled"] is False
    assert [row["url"] for row in world.bot.get(address).json()] == ["http://127.0.0.1:9/x"]
    assert world.bot.get(f"{address}/{webhook['id']}").status_code == 405
    assert world.bot.delete(f"{address}/{webhook['id']}").status_code == 405
