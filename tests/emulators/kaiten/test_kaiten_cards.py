"""Cards: create, read, list, move, archive, delete."""

from __future__ import annotations

from typing import Any

import pytest

from tests.emulators.kaiten.kaiten_world import ANNA, BOT, START, STRANGER, World

Json = dict[str, Any]


def column(board: Json, title: str) -> int:
    """Id of the column with this title."""
    (found,) = [row["id"] for row in board["columns"] if row["title"] == title]
    return int(found)


def listed(world: World, **query: Any) -> list[int]:
    """Ids of the listed cards."""
    answer = world.bot.get("/cards", params=query)
    assert answer.status_code == 200, answer.text
    return [card["id"] for card in answer.json()]


def test_create_answers_200_with_the_card(world: World, board: Json) -> None:
    """Creation answers 200 with the card, as in Kaiten's documentation, and not 201."""
    answer = world.bot.post(
        "/cards", json={"title": "Тексты", "board_id": board["id"], "due_date": "2026-09-15"}
    )

    assert answer.status_code == 200
    card = answer.json()
    assert card["title"] == "Тексты"
    assert card["due_date"] == "2026-09-15T00:00:00.000Z"
    assert (card["version"], card["condition"], card["archived"], card["owner_id"]) == (1, 1, False, BOT)


def test_create_without_a_place_takes_the_first_cell(world: World, board: Json) -> None:
    """Without column and lane a card gets the first ones of the board."""
    card = world.make_card(board)

    assert card["column_id"] == board["columns"][0]["id"]
    assert card["lane_id"] == board["lanes"][0]["id"]
    assert card["state"] == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"title": None}, "Card.title should be string"),
        ({"title": "x" * 1025}, "Card.title should NOT be longer than 1024 characters"),
        ({"description": "x" * 32769}, "Card.description should NOT be longer than 32768 characters"),
        ({"size_text": "x" * 268}, "Card.size_text should NOT be longer than 267 characters"),
        ({"asap": 1}, "Card.asap should be boolean"),
        ({"due_date": "завтра"}, 'Card.due_date should match format "date-time"'),
        ({"position": 3}, "Card.position should be equal to one of the allowed values"),
        ({"properties": {"id_42": "двенадцать"}}, "Card.properties.id_42 should be number"),
        ({"properties": {"id_43": 1}}, "Card.properties.id_43 should NOT be present"),
    ],
)
def test_create_refuses_bad_values(world: World, board: Json, change: Json, message: str) -> None:
    """The message names the field, and nothing is created."""
    answer = world.bot.post("/cards", json={"title": "Тексты", "board_id": board["id"], **change})

    assert (answer.status_code, answer.json()) == (400, {"message": message})
    assert listed(world, board_id=board["id"]) == []


def test_create_needs_a_board(world: World) -> None:
    """The message is the one of Kaiten that public clients quote."""
    answer = world.bot.post("/cards", json={"title": "Тексты"})

    assert answer.status_code == 400
    assert answer.json()["message"] == "Card should have required property 'board_id'"


def test_external_id_is_not_unique(world: World, board: Json) -> None:
    """Two calls with one external id create two cards; the filter finds both, the oldest first."""
    first = world.make_card(board, external_id="sheet:1")
    second = world.make_card(board, external_id="sheet:1")
    world.make_card(board, external_id="sheet:11")

    assert listed(world, external_id="sheet:1") == [first["id"], second["id"]]


def test_create_with_responsible(world: World, board: Json) -> None:
    """``responsible_id`` becomes a member of type 2, and is not a field of the card."""
    card = world.make_card(board, responsible_id=ANNA)

    assert [(member["id"], member["type"]) for member in card["members"]] == [(ANNA, 2)]
    assert "responsible_id" not in card


def test_create_with_an_outsider_as_responsible_is_refused(world: World, board: Json) -> None:
    """A person without access to the space cannot be responsible, and no card is created."""
    body = {"title": "Тексты", "board_id": board["id"], "responsible_id": STRANGER}
    answer = world.bot.post("/cards", json=body)

    assert answer.status_code == 400
    assert listed(world, board_id=board["id"]) == []


@pytest.mark.parametrize(
    ("text", "size", "unit"), [("8", 8.0, None), ("3 M", 3.0, "M"), (".5", 0.5, None), ("XL", None, "XL")]
)
def test_size_is_read_out_of_the_text(
    world: World, board: Json, text: str, size: float | None, unit: str | None
) -> None:
    """``size`` and ``size_unit`` follow ``size_text``."""
    card = world.make_card(board, size_text=text)

    assert (card["size_text"], card["size"], card["size_unit"]) == (text, size, unit)


def test_unknown_field_is_ignored_and_writes_nothing(world: World, card: Json) -> None:
    """An unknown field answers 200 and changes nothing; only the unchanged version shows it."""
    answer = world.bot.patch(f"/cards/{card['id']}", json={"titel": "Опечатка", "responsible_id": ANNA})

    assert answer.status_code == 200
    after = answer.json()
    assert (after["version"], after["updated"]) == (card["version"], card["updated"])
    assert after["members"] == []


def test_known_field_grows_the_version(world: World, card: Json) -> None:
    """A change of a known field increases the version."""
    after = world.bot.patch(f"/cards/{card['id']}", json={"title": "Новые тексты"}).json()

    assert (after["title"], after["version"]) == ("Новые тексты", card["version"] + 1)
    assert after["updated"] > card["updated"]


def test_properties_are_merged(world: World, board: Json) -> None:
    """Properties are merged; ``null`` removes a value."""
    card = world.make_card(board, properties={"id_42": 12})

    assert card["properties"] == {"id_42": 12}
    after = world.bot.patch(f"/cards/{card['id']}", json={"properties": {"id_42": None}}).json()
    assert after["properties"] is None


def test_move_changes_state_and_marks(world: World, board: Json, card: Json) -> None:
    """The state follows the type of the column, and so do the marks of progress."""
    at_work = world.bot.patch(f"/cards/{card['id']}", json={"column_id": column(board, "В работе")}).json()
    done = world.bot.patch(f"/cards/{card['id']}", json={"column_id": column(board, "Готово")}).json()
    back = world.bot.patch(f"/cards/{card['id']}", json={"column_id": column(board, "В работе")}).json()

    assert [state["state"] for state in (at_work, done, back)] == [2, 3, 2]
    assert at_work["first_moved_to_in_progress_at"] is not None
    assert back["first_moved_to_in_progress_at"] == at_work["first_moved_to_in_progress_at"]
    assert (at_work["completed_at"], back["completed_at"]) == (None, None)
    assert done["completed_at"] == done["last_moved_at"]


@pytest.mark.parametrize(
    ("due", "is_on_time"), [("2026-08-31", False), ("2026-09-01", True), ("2026-09-02", True)]
)
def test_due_day_lasts_until_its_end(world: World, board: Json, due: str, is_on_time: bool) -> None:
    """A card is on time until the end of its due day; the clock of the tests shows 1 September 2026."""
    assert START.date().isoformat() == "2026-09-01"
    card = world.make_card(board, due_date=due)

    done = world.bot.patch(f"/cards/{card['id']}", json={"column_id": column(board, "Готово")}).json()

    assert done["completed_on_time"] is is_on_time


def test_move_to_a_column_of_another_board_is_refused(world: World, card: Json) -> None:
    """A column of another board without this board is refused."""
    other = world.make_board()

    answer = world.bot.patch(f"/cards/{card['id']}", json={"column_id": other["columns"][0]["id"]})

    assert answer.status_code == 400
    assert world.bot.get(f"/cards/{card['id']}").json()["column_id"] == card["column_id"]


def test_move_to_another_board(world: World, card: Json) -> None:
    """With only a board, the card gets the first column and lane of it."""
    other = world.make_board()

    after = world.bot.patch(f"/cards/{card['id']}", json={"board_id": other["id"]}).json()

    assert (after["board_id"], after["column_id"]) == (other["id"], other["columns"][0]["id"])


def test_archived_cards_must_be_asked_for(world: World, board: Json) -> None:
    """A search by external id without ``condition=2`` misses the archived card."""
    card = world.make_card(board, external_id="sheet:1")
    world.bot.patch(f"/cards/{card['id']}", json={"condition": 2})

    assert listed(world, external_id="sheet:1") == []
    assert listed(world, external_id="sheet:1", condition=2) == [card["id"]]
    assert listed(world, external_id="sheet:1", archived="true") == [card["id"]]
    assert world.bot.get(f"/cards/{card['id']}").json()["archived"] is True


def test_delete_hides_the_card(world: World, board: Json, card: Json) -> None:
    """A deleted card answers 404 and is in no list."""
    assert world.bot.delete(f"/cards/{card['id']}").json()["condition"] == 3

    assert world.bot.get(f"/cards/{card['id']}").status_code == 404
    assert listed(world, board_id=board["id"]) == []
    assert listed(world, board_id=board["id"], condition=2) == []


def test_card_by_uid_is_not_found(world: World, card: Json) -> None:
    """A card can be read by its number only, not by its uid."""
    assert world.bot.get(f"/cards/{card['uid']}").status_code == 404


def test_limit_is_clamped_silently(world: World, board: Json) -> None:
    """A limit of 500 counts as 100, without an error."""
    ids = [world.make_card(board)["id"] for _ in range(103)]

    assert listed(world, limit=500) == ids[:100]
    assert listed(world, limit=500, offset=100) == ids[100:]
    assert listed(world, limit=2, offset=1) == ids[1:3]


def test_list_filters(world: World, board: Json) -> None:
    """Each filter returns only the matching cards."""
    other = world.make_board()
    first = world.make_card(board, title="Логотип", responsible_id=ANNA)
    second = world.make_card(board, title="Сайт", column_id=column(board, "В работе"), due_date="2026-09-20")
    third = world.make_card(other, title="Логотип на кружке")
    world.bot.post(f"/cards/{second['id']}/members", json={"user_id": ANNA})
    tag = world.bot.post(f"/cards/{third['id']}/tags", json={"name": "срочно"}).json()

    a, b, c = first["id"], second["id"], third["id"]
    assert listed(world, board_id=board["id"]) == [a, b]
    assert listed(world, column_id=column(board, "В работе")) == [b]
    assert listed(world, lane_id=other["lanes"][0]["id"]) == [c]
    assert listed(world, space_id=10) == [a, b, c]
    assert listed(world, states="2,3") == [b]
    assert listed(world, responsible_ids=ANNA) == [a]
    assert listed(world, member_ids=ANNA) == [a, b]
    assert listed(world, tag_ids=tag["id"]) == [c]
    assert listed(world, space_id=10, query="логотип") == [a, c]
    assert listed(world, created_after=first["created"]) == [b, c]
    assert listed(world, updated_before=second["updated"]) == [a]
    assert listed(world, due_date_before="2026-09-21") == [b]
    assert listed(world, exclude_board_ids=board["id"]) == [c]
    assert listed(world, order_by="title", order_direction="desc") == [b, c, a]


def test_updated_after_finds_edits_and_not_parts(world: World, board: Json) -> None:
    """Hours, ticks and comments do not change ``updated``: an assumption that is harder for clients."""
    edited, logged = world.make_card(board), world.make_card(board)
    moment = logged["updated"]

    world.bot.patch(f"/cards/{edited['id']}", json={"title": "Другое"})
    world.bot.post(
        f"/cards/{logged['id']}/time-logs", json={"role_id": -1, "time_spent": 5, "for_date": "2026-09-01"}
    )

    assert listed(world, updated_after=moment) == [edited["id"]]


def test_list_leaves_out_what_only_get_has(world: World, board: Json) -> None:
    """A list has no description unless asked, and checklists without their items."""
    card = world.make_card(board, description="Подробно")
    checklist = world.bot.post(f"/cards/{card['id']}/checklists", json={"name": "Состав"}).json()
    world.bot.post(
        f"/cards/{card['id']}/checklists/{checklist['id']}/items", json={"text": "Раз", "checked": True}
    )

    (plain,) = world.bot.get("/cards").json()
    (asked,) = world.bot.get("/cards", params={"additional_card_fields": "description"}).json()

    assert "description" not in plain
    assert "external_links" not in plain
    assert asked["description"] == "Подробно"
    assert [(row["total_items"], row["checked_items"]) for row in plain["checklists"]] == [(1, 1)]
    assert "items" not in plain["checklists"][0]


def test_filter_that_is_not_modelled_is_refused_by_name(world: World, board: Json) -> None:
    """A filter that is not modelled answers 501 with its name."""
    answer = world.bot.get("/cards", params={"query": "логотип", "board_id": board["id"]})

    assert answer.status_code == 501
    assert "cards.list with query and board_id" in answer.json()["message"]


def test_location_history_names_who_moved(world: World, board: Json, card: Json) -> None:
    """Creation is the first entry; ids are strings."""
    world.anna.patch(f"/cards/{card['id']}", json={"column_id": column(board, "В работе")})

    history = world.bot.get(f"/cards/{card['id']}/location-history").json()

    assert [(row["column_id"], row["author_id"]) for row in history] == [
        (board["columns"][0]["id"], BOT),
        (column(board, "В работе"), ANNA),
    ]
    assert all(isinstance(row["id"], str) for row in history)


def test_two_addresses_of_one_version(world: World, card: Json) -> None:
    """``/api/v1`` and ``/api/latest`` are the same."""
    answer = world.bot.get(f"{world.url}/api/v1/cards/{card['id']}")

    assert answer.json() == world.bot.get(f"/cards/{card['id']}").json()
