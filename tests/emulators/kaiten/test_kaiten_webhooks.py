"""External webhooks: events, their form, and modes of failure."""

from __future__ import annotations

from typing import Any

import pytest

from tests.emulators.kaiten.kaiten_world import ANNA, BOT, SPACE, Receiver, World

Json = dict[str, Any]
AUTHOR_KEYS = {"id", "full_name", "username", "email"}


def test_card_events(world: World, board: Json, receiver: Receiver) -> None:
    """A move is an update with ids; its author is the person who moved the card."""
    card = world.make_card(board, external_id="sheet:1")
    target = board["columns"][1]["id"]
    world.anna.patch(f"/cards/{card['id']}", json={"column_id": target})
    world.settle()

    assert receiver.events() == ["card:add", "card:update"]
    added, updated = receiver.data("card:add"), receiver.data("card:update")
    assert (added["id"], added["external_id"], added["author"]["id"]) == (card["id"], "sheet:1", BOT)
    assert set(added["author"]) == AUTHOR_KEYS
    assert (updated["old"]["id"], updated["old"]["column_id"]) == (card["id"], card["column_id"])
    assert updated["changes"]["column_id"] == target
    assert updated["changes"]["version"] == updated["old"]["version"] + 1
    assert {"last_moved_at", "column_changed_at", "updated", "counters_recalculated_at"} <= updated[
        "changes"
    ].keys()
    assert updated["author"]["id"] == ANNA


def test_delivery_is_plain(world: World, board: Json, receiver: Receiver) -> None:
    """A webhook is JSON without a signature."""
    world.make_card(board)
    world.settle()

    ((headers, body),) = receiver.requests
    assert headers["Content-Type"] == "application/json"
    assert set(body) == {"event", "data"}
    assert not [name for name in headers if "sign" in name.lower() or "kaiten" in name.lower()]


@pytest.mark.parametrize(
    ("change", "keys"),
    [
        ({"condition": 2}, {"condition", "archived"}),
        ({"properties": {"id_42": 3}}, {"properties"}),
        ({"due_date": "2026-09-05"}, {"due_date"}),
    ],
)
def test_update_names_what_changed(
    world: World, card: Json, receiver: Receiver, change: Json, keys: set[str]
) -> None:
    """An update has the changed fields, beside those that every change has."""
    world.bot.patch(f"/cards/{card['id']}", json=change)
    world.settle()

    changes = receiver.data("card:update")["changes"]
    assert changes.keys() - {"updated", "version", "updater_id", "counters_recalculated_at"} == keys


def test_change_of_nothing_sends_no_event(world: World, card: Json, receiver: Receiver) -> None:
    """A change without effect, or of an unknown field, sends no event."""
    world.bot.patch(f"/cards/{card['id']}", json={"title": card["title"], "responsible_id": ANNA})
    world.settle()

    assert receiver.events() == []


def test_deletion_is_an_update(world: World, card: Json, receiver: Receiver) -> None:
    """A deletion is sent as an update; it has no event of its own."""
    world.bot.delete(f"/cards/{card['id']}")
    world.settle()

    assert receiver.data("card:update")["changes"]["condition"] == 3


def test_events_of_parts(world: World, card: Json, receiver: Receiver) -> None:
    """Events of members, comments, hours and tags have the card's id."""
    at = f"/cards/{card['id']}"
    world.bot.post(f"{at}/members", json={"user_id": ANNA})
    world.bot.patch(f"{at}/members/{ANNA}", json={"type": 2})
    world.bot.delete(f"{at}/members/{ANNA}")
    comment = world.anna.post(f"{at}/comments", json={"text": "Вопрос"}).json()
    world.anna.patch(f"{at}/comments/{comment['id']}", json={"text": "Ответ"})
    world.anna.delete(f"{at}/comments/{comment['id']}")
    log = world.anna.post(
        f"{at}/time-logs", json={"role_id": -1, "time_spent": 90, "for_date": "2026-09-01"}
    ).json()
    world.anna.patch(f"{at}/time-logs/{log['id']}", json={"time_spent": 60})
    world.anna.delete(f"{at}/time-logs/{log['id']}")
    tag = world.bot.post(f"{at}/tags", json={"name": "зерно"}).json()
    world.bot.delete(f"{at}/tags/{tag['id']}")
    world.settle()

    assert receiver.events() == [
        "card_member:add", "card_member:update", "card_member:remove",
        "comment:add", "comment:update", "comment:remove",
        "card_time_log:add", "card_time_log:update", "card_time_log:remove",
        "tag:add", "tag:remove",
    ]  # fmt: skip
    assert {body["data"]["card_id"] for _, body in receiver.requests} == {card["id"]}
    assert all(set(body["data"]["author"]) == AUTHOR_KEYS for _, body in receiver.requests)
    assert receiver.data("card_member:remove")["user_id"] == ANNA
    logged = receiver.data("card_time_log:add")
    assert (logged["time_spent"], logged["for_date"], logged["user_id"]) == (90, "2026-09-01", ANNA)


def test_checklists_links_and_children_are_silent(
    world: World, board: Json, card: Json, receiver: Receiver
) -> None:
    """There are no events for checklists, links and children; a client must read the card."""
    at = f"/cards/{card['id']}"
    checklist = world.bot.post(f"{at}/checklists", json={"name": "Состав"}).json()
    world.bot.post(f"{at}/checklists/{checklist['id']}/items", json={"text": "Раз", "checked": True})
    world.bot.post(f"{at}/external-links", json={"url": "https://a.test"})
    world.bot.post(f"/boards/{board['id']}/columns", json={"title": "Ещё"})
    world.settle()

    assert receiver.events() == []


def test_board_and_space_events(world: World, receiver: Receiver) -> None:
    """There are events for created and changed boards, and for changed spaces."""
    board = world.make_board()
    world.bot.patch(f"/spaces/{SPACE}/boards/{board['id']}", json={"title": "Другое"})
    world.bot.patch(f"/spaces/{SPACE}", json={"title": "Все клиенты"})
    world.settle()

    assert receiver.events() == ["board:add", "board:update", "space:update"]
    assert receiver.data("board:update")["title"] == "Другое"


def test_disabled_webhook_is_silent(world: World, board: Json, receiver: Receiver) -> None:
    """A webhook with ``enabled`` false gets no events."""
    (webhook,) = world.bot.get(f"/spaces/{SPACE}/external-webhooks").json()
    world.bot.patch(f"/spaces/{SPACE}/external-webhooks/{webhook['id']}", json={"enabled": False})
    world.make_card(board)
    world.settle()

    assert receiver.events() == []


def test_refused_delivery_is_not_repeated(world: World, board: Json, receiver: Receiver) -> None:
    """A refused event is not repeated, and the next one is sent."""
    receiver.status = 500
    world.make_card(board)
    world.make_card(board)
    world.settle()

    deliveries = world.control.get("/webhooks").json()["deliveries"]
    assert [(row["status"], row["answers"]) for row in deliveries] == [("failed", [500]), ("failed", [500])]
    assert len(receiver.requests) == 2


def titles(receiver: Receiver) -> list[str]:
    """Titles of the cards in the events, in order."""
    return [body["data"]["title"] for _, body in receiver.requests]


@pytest.mark.parametrize(
    ("mode", "before", "after"),
    [
        ("deliver", ["А", "Б"], ["А", "Б"]),
        ("duplicate", ["А", "А", "Б", "Б"], ["А", "А", "Б", "Б"]),
        ("drop", [], []),
        ("hold", [], ["А", "Б"]),
        ("reverse", [], ["Б", "А"]),
    ],
)
def test_modes(
    world: World, board: Json, receiver: Receiver, mode: str, before: list[str], after: list[str]
) -> None:
    """Events come late, twice, out of order or never; before and after the release."""
    world.control.post("/webhooks", json={"mode": mode}).raise_for_status()
    for title in ("А", "Б"):
        world.make_card(board, title=title)
    world.settle()
    assert titles(receiver) == before

    world.control.post("/webhooks/release").raise_for_status()
    world.settle()

    assert titles(receiver) == after


def test_unknown_mode_is_refused(world: World) -> None:
    """An unknown mode is refused with its name."""
    assert world.control.post("/webhooks", json={"mode": "lose"}).status_code == 400
