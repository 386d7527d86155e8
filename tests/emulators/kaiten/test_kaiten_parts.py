"""People, comments, checklists, hours, links, relatives and tags of a card."""

from __future__ import annotations

from typing import Any

import pytest

from tests.emulators.kaiten.kaiten_world import ANNA, BOT, World

Json = dict[str, Any]


def get(world: World, card: Json) -> Json:
    """The card with all parts."""
    shown: Json = world.bot.get(f"/cards/{card['id']}").json()
    return shown


def test_member_becomes_responsible_and_cannot_be_demoted(world: World, card: Json) -> None:
    """PATCH accepts only type 2; only removal undoes it."""
    address = f"/cards/{card['id']}/members"
    assert world.bot.post(address, json={"user_id": ANNA, "type": 2}).json()["type"] == 1

    assert world.bot.patch(f"{address}/{ANNA}", json={"type": 2}).json()["type"] == 2
    assert world.bot.patch(f"{address}/{ANNA}", json={"type": 1}).status_code == 400
    assert world.bot.post(address, json={"user_id": ANNA}).json()["type"] == 2
    assert world.bot.delete(f"{address}/{ANNA}").json() == {"id": ANNA}
    assert world.bot.get(address).json() == []


def test_several_people_may_be_responsible(world: World, card: Json) -> None:
    """A second responsible person does not replace the first."""
    for user_id in (BOT, ANNA):
        world.bot.post(f"/cards/{card['id']}/members", json={"user_id": user_id})
        world.bot.patch(f"/cards/{card['id']}/members/{user_id}", json={"type": 2})

    assert [(member["id"], member["type"]) for member in get(world, card)["members"]] == [(BOT, 2), (ANNA, 2)]


def test_comments(world: World, card: Json) -> None:
    """Comments are texts of at most 4096 characters; an edited one is marked."""
    address = f"/cards/{card['id']}/comments"
    comment = world.anna.post(address, json={"text": "Готово?"}).json()

    assert world.bot.post(address, json={"text": "x" * 4097}).status_code == 400
    assert world.bot.patch(f"{address}/{comment['id']}", json={"text": "Готово!"}).json()["edited"] is True
    assert [(row["text"], row["author"]["id"]) for row in world.bot.get(address).json()] == [
        ("Готово!", ANNA)
    ]
    assert get(world, card)["comments_total"] == 1
    world.bot.delete(f"{address}/{comment['id']}")
    assert get(world, card)["comments_total"] == 0


def test_checklists_come_inside_the_card_only(world: World, card: Json) -> None:
    """Checklists are part of the card; ``GET /cards/{id}/checklists`` is 405."""
    address = f"/cards/{card['id']}/checklists"
    checklist = world.bot.post(address, json={"name": "Состав работ"}).json()
    item = {"text": "Семантика", "due_date": "2026-09-03", "responsible_id": ANNA}
    item_id = world.bot.post(f"{address}/{checklist['id']}/items", json=item).json()["id"]

    assert world.bot.get(address).status_code == 405
    (shown,) = get(world, card)["checklists"]
    assert shown["name"] == "Состав работ"
    assert [
        (row["id"], row["text"], row["due_date"], row["responsible"]["id"], row["checked"])
        for row in shown["items"]
    ] == [(item_id, "Семантика", "2026-09-03", ANNA, False)]


def test_tick_says_who_and_when(world: World, card: Json) -> None:
    """A ticked item has person and time; unticking removes both."""
    checklist = world.bot.post(f"/cards/{card['id']}/checklists", json={"name": "Состав"}).json()
    items = f"/cards/{card['id']}/checklists/{checklist['id']}/items"
    item = world.bot.post(items, json={"text": "Раз"}).json()

    ticked = world.anna.patch(f"{items}/{item['id']}", json={"checked": True}).json()
    counts = get(world, card)
    open_again = world.anna.patch(f"{items}/{item['id']}", json={"checked": False}).json()

    assert (ticked["checker_id"], ticked["checked_by"]["id"]) == (ANNA, ANNA)
    assert ticked["checked_at"] is not None
    assert (counts["goals_total"], counts["goals_done"]) == (1, 1)
    assert (open_again["checker_id"], open_again["checked_at"]) == (None, None)


def test_checklist_item_moves_and_goes(world: World, card: Json) -> None:
    """An item moves to another checklist of its card, then it and the checklist are deleted."""
    address = f"/cards/{card['id']}/checklists"
    one, two = (world.bot.post(address, json={"name": name}).json() for name in ("Один", "Два"))
    item = world.bot.post(f"{address}/{one['id']}/items", json={"text": "Раз"}).json()

    world.bot.patch(f"{address}/{one['id']}/items/{item['id']}", json={"checklist_id": two["id"]})

    assert [len(row["items"]) for row in get(world, card)["checklists"]] == [0, 1]
    assert world.bot.delete(f"{address}/{one['id']}/items/{item['id']}").status_code == 404
    assert world.bot.delete(f"{address}/{two['id']}/items/{item['id']}").json() == {"id": item["id"]}
    assert world.bot.delete(f"{address}/{two['id']}").json() == {"id": two["id"]}
    assert [row["name"] for row in get(world, card)["checklists"]] == ["Один"]


def test_checklist_of_another_card_is_not_found(world: World, board: Json, card: Json) -> None:
    """A checklist is not found under another card."""
    other = world.make_card(board)
    checklist = world.bot.post(f"/cards/{other['id']}/checklists", json={"name": "Чужой"}).json()

    assert world.bot.get(f"/cards/{card['id']}/checklists/{checklist['id']}").status_code == 404


def test_time_is_booked_on_the_owner_of_the_token(world: World, card: Json) -> None:
    """``user_id`` is ignored; minutes add up on the card."""
    log = {"role_id": -1, "time_spent": 90, "for_date": "2026-09-01"}
    world.anna.post(f"/cards/{card['id']}/time-logs", json={**log, "user_id": BOT})
    world.bot.post(f"/cards/{card['id']}/time-logs", json={**log, "time_spent": 15})

    logs = world.bot.get(f"/cards/{card['id']}/time-logs").json()

    assert [(row["user_id"], row["time_spent"]) for row in logs] == [(ANNA, 90), (BOT, 15)]
    assert get(world, card)["time_spent_sum"] == 105


def test_day_of_a_time_log_has_two_forms(world: World, card: Json) -> None:
    """``for_date`` is a moment in answers of POST and PATCH, and a day in GET."""
    address = f"/cards/{card['id']}/time-logs"
    log = world.bot.post(address, json={"role_id": -1, "time_spent": 5, "for_date": "2026-09-01"}).json()
    changed = world.bot.patch(f"{address}/{log['id']}", json={"for_date": "2026-09-02"}).json()

    assert log["for_date"] == "2026-09-01T00:00:00.000Z"
    assert changed["for_date"] == "2026-09-02T00:00:00.000Z"
    assert [row["for_date"] for row in world.bot.get(address).json()] == ["2026-09-02"]
    assert world.bot.get(address, params={"for_date": "2026-09-01"}).json() == []
    assert [row["id"] for row in world.bot.get(address, params={"personal": "true"}).json()] == [log["id"]]
    assert world.anna.get(address, params={"personal": "true"}).json() == []
    assert world.bot.delete(f"{address}/{log['id']}").json() == {"id": log["id"]}


@pytest.mark.parametrize(
    "log",
    [
        {"role_id": -1, "time_spent": 0, "for_date": "2026-09-01"},  # less than a minute
        {"role_id": -1, "time_spent": 1.5, "for_date": "2026-09-01"},  # not whole
        {"role_id": -1, "time_spent": 5},  # no day
        {"time_spent": 5, "for_date": "2026-09-01"},  # no role
    ],
)
def test_bad_time_log(world: World, card: Json, log: Json) -> None:
    """A wrong time log is refused, and no time is logged."""
    assert world.bot.post(f"/cards/{card['id']}/time-logs", json=log).status_code == 400
    assert get(world, card)["time_spent_sum"] == 0


def test_external_links(world: World, card: Json) -> None:
    """The same address twice creates two links, so a client must search before a repeat."""
    address = f"/cards/{card['id']}/external-links"
    link = {"url": "https://docs.google.com/x", "description": "Книга клиента"}
    first, second = (world.bot.post(address, json=link).json() for _ in range(2))
    world.bot.patch(f"{address}/{second['id']}", json={"description": "Книга"})
    world.bot.delete(f"{address}/{first['id']}")

    assert [(row["url"], row["description"]) for row in get(world, card)["external_links"]] == [
        ("https://docs.google.com/x", "Книга")
    ]
    assert world.bot.post(address, json={"url": "x" * 16385}).status_code == 400
    assert world.bot.post(address, json={"url": "x", "description": "x" * 513}).status_code == 400


def test_children(world: World, board: Json, card: Json) -> None:
    """Done children are counted; both cards show the relation."""
    child = world.make_card(board, column_id=board["columns"][2]["id"])
    address = f"/cards/{card['id']}/children"

    bond = world.bot.post(address, json={"card_id": child["id"]}).json()
    assert (bond["depends_on_card_id"], bond["card_id"], bond["state"]) == (child["id"], card["id"], 3)
    shown = get(world, card)
    assert (shown["children_count"], shown["children_done"], shown["children_ids"]) == (1, 1, [child["id"]])
    assert [row["id"] for row in world.bot.get(f"/cards/{child['id']}/parents").json()] == [card["id"]]
    world.bot.delete(f"{address}/{child['id']}")
    assert world.bot.get(address).json() == []


def test_child_under_a_wrong_key_links_nothing(world: World, board: Json, card: Json) -> None:
    """A child with a wrong key answers 200 but links nothing."""
    child = world.make_card(board)

    assert world.bot.post(f"/cards/{card['id']}/children", json={"child_id": child["id"]}).status_code == 200
    assert world.bot.get(f"/cards/{card['id']}/children").json() == []


def test_tags_are_made_by_name(world: World, card: Json) -> None:
    """The same name gives the same tag; a tag without cards is not listed."""
    unused = world.bot.post("/tags", json={"name": "зерно"}).json()
    assert world.bot.get("/tags").json() == []

    tag = world.bot.post(f"/cards/{card['id']}/tags", json={"name": "зерно"}).json()

    assert tag["id"] == unused["id"]
    assert [row["name"] for row in get(world, card)["tags"]] == ["зерно"]
    assert [row["id"] for row in world.bot.get("/tags").json()] == [tag["id"]]
    world.bot.delete(f"/cards/{card['id']}/tags/{tag['id']}")
    assert get(world, card)["tag_ids"] == []


def test_custom_properties(world: World) -> None:
    """Properties of the seed and new ones are listed."""
    world.bot.post("/company/custom-properties", json={"name": "Ссылка", "type": "url"})

    assert [(row["name"], row["type"]) for row in world.bot.get("/company/custom-properties").json()] == [
        ("Часы", "number"),
        ("Ссылка", "url"),
    ]
