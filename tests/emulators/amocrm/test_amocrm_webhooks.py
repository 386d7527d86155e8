"""Webhooks: both forms, repeats, and subscriptions that are switched off."""

from __future__ import annotations

from typing import Any

import pytest

from emulators.amocrm.webhooks import wait_after
from tests.emulators.amocrm.amocrm_world import (
    HOURS,
    LEAD,
    OLGA,
    QUALIFIED,
    SALES,
    SIGNED,
    Receiver,
    World,
)

URL = "http://127.0.0.1:9/hook"


def test_long_form(world: World, receiver: Receiver) -> None:
    """Brackets stand as they are; names are those of the older API; the account comes last."""
    deal_id = world.make_deal(name="Сайт & блог", price=22500, fields={HOURS: "40"})
    world.do("move_deal", id=deal_id, pipeline_id=SALES, status_id=SIGNED)
    world.settle()

    added, moved = receiver.forms()
    assert receiver.content_type == "application/x-www-form-urlencoded"
    assert f"leads[add][0][id]={deal_id}&" in receiver.bodies[0]
    assert (added["leads[add][0][name]"], added["leads[add][0][price]"]) == ("Сайт & блог", "22500")
    assert added["leads[add][0][custom_fields][0][values][0][value]"] == "40"
    assert {"leads[add][0][last_modified]", "leads[add][0][date_create]"} <= added.keys()
    assert (moved["leads[status][0][status_id]"], moved["leads[status][0][old_status_id]"]) == (
        str(SIGNED),
        str(LEAD),
    )
    assert moved["leads[update][0][id]"] == str(deal_id)
    assert moved["leads[status][0][modified_user_id]"] == str(OLGA)
    assert moved["account[subdomain]"] == "agency"


def test_short_form(world: World, receiver: Receiver) -> None:
    """A trigger of a pipeline: percent-encoded, ids only, and only for its stage."""
    world.seed(triggers=[{"pipeline_id": SALES, "status_id": SIGNED, "url": receiver.url}])
    deal_id = world.make_deal()
    for status_id in (QUALIFIED, SIGNED):
        world.do("move_deal", id=deal_id, pipeline_id=SALES, status_id=status_id)
    world.settle()

    [body] = receiver.bodies
    assert body.startswith(f"leads%5Bstatus%5D%5B0%5D%5Bid%5D={deal_id}&")
    assert list(receiver.forms()[0]) == [
        *(
            f"leads[status][0][{name}]"
            for name in ("id", "status_id", "pipeline_id", "old_status_id", "old_pipeline_id")
        ),
        "account[subdomain]",
        "account[id]",
    ]


def test_deleted_deal_is_named_and_a_merged_one_is_not(
    world: World, receiver: Receiver, deal_id: int
) -> None:
    """A merge is an update of the deal that is kept."""
    kept, gone = world.make_deal(), world.make_deal()
    world.settle()
    receiver.clear()

    world.do("delete_deal", id=deal_id)
    world.do("merge_deals", into=kept, ids=[gone])
    world.settle()

    deleted, merged = receiver.forms()
    assert deleted["leads[delete][0][id]"] == str(deal_id)
    assert merged["leads[update][0][id]"] == str(kept)
    assert not any(str(gone) in body for body in receiver.bodies)


def test_our_own_move_is_told_once(world: World, receiver: Receiver, deal_id: int) -> None:
    """A move to the stage where the deal is tells nothing."""
    for _ in range(2):
        world.bot.patch(f"/leads/{deal_id}", json={"pipeline_id": SALES, "status_id": SIGNED})
    world.settle()

    assert len(receiver.bodies) == 1


def test_only_what_was_subscribed_is_told(world: World, deal_id: int) -> None:
    """A subscription to new deals hears of no move."""
    body = {"destination": URL, "settings": ["add_lead"]}
    world.bot.post("/webhooks", json=body).raise_for_status()
    world.control.post("/webhooks", json={"mode": "drop"}).raise_for_status()

    world.do("move_deal", id=deal_id, pipeline_id=SALES, status_id=SIGNED)
    assert world.deliveries() == []

    world.make_deal()
    assert len(world.deliveries()) == 1


@pytest.mark.parametrize(
    ("answers", "minutes"),
    [
        ([404], 5),
        ([404, 404], 15),
        # No further attempt unless it is their fault.
        ([404, 404, 404], None),
        ([None, None, None], None),
        ([500, 500, 500], 15),
        ([404, 404, 499], 15),
        ([500, 500, 500, 500], 60),
        ([500] * 5, None),
    ],
)
def test_waits_of_repeats(answers: list[int | None], minutes: int | None) -> None:
    """After 5 and 15 minutes; after 499 and 5xx again after 15 minutes and an hour."""
    wait = wait_after(answers)

    assert (wait and wait.total_seconds() / 60) == minutes


def test_failed_webhook_is_repeated(world: World, receiver: Receiver) -> None:
    """With the same body, until it is taken."""
    receiver.status = 503
    world.make_deal()
    world.settle()
    receiver.status = 200
    world.advance(4)
    assert len(receiver.bodies) == 1

    world.advance(2)

    first, second = receiver.bodies
    assert first == second
    assert world.deliveries()[-1]["answers"] == [503, 200]


def test_hundred_bad_answers_switch_it_off(world: World, receiver: Receiver) -> None:
    """The hundred and first one does; then nothing is sent any more."""
    receiver.status = 404
    for _ in range(100):
        world.make_deal()
    world.settle()
    [row] = world.bot.get("/webhooks").json()["_embedded"]["webhooks"]
    assert not row["disabled"]

    world.make_deal()
    world.settle()
    [row] = world.bot.get("/webhooks").json()["_embedded"]["webhooks"]
    assert row["disabled"]

    count = len(world.deliveries())
    world.make_deal()
    assert len(world.deliveries()) == count


@pytest.mark.parametrize(
    ("mode", "count", "is_newest_first"),
    [("drop", 0, False), ("duplicate", 4, False), ("reverse", 2, True)],
)
def test_modes(world: World, receiver: Receiver, mode: str, count: int, is_newest_first: bool) -> None:
    """Events are lost, doubled, or come in the other order."""
    world.control.post("/webhooks", json={"mode": mode}).raise_for_status()
    ids = [str(world.make_deal()), str(world.make_deal())]
    world.control.post("/webhooks/release").raise_for_status()
    world.settle()

    found = [form["leads[add][0][id]"] for form in receiver.forms()]
    assert len(found) == count
    assert not is_newest_first or found == ids[::-1]


# --- Subscriptions -------------------------------------------------------------------------------


def test_subscription_is_made_listed_and_removed(world: World) -> None:
    """A second one with the same address is refused."""
    world.subscribe(URL)
    page = world.bot.get("/webhooks").json()
    [row] = page["_embedded"]["webhooks"]

    assert (page["_total_items"], row["destination"], row["disabled"]) == (1, URL, False)
    body = {"destination": URL, "settings": ["add_lead"]}
    assert world.bot.post("/webhooks", json=body).status_code == 400
    removed = world.bot.request("DELETE", "/webhooks", json={"destination": URL})
    assert (removed.status_code, world.bot.get("/webhooks").status_code) == (204, 204)
    assert world.bot.request("DELETE", "/webhooks", json={"destination": URL}).status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {"destination": "ftp://a.test/", "settings": ["add_lead"]},
        {"destination": URL, "settings": []},
        {"destination": URL, "settings": ["add_deal"]},
        {"settings": ["add_lead"]},
        [],
    ],
)
def test_wrong_subscription_is_refused(world: World, body: Any) -> None:
    """With a validation error."""
    answer = world.bot.post("/webhooks", json=body)

    assert (answer.status_code, "validation-errors" in answer.json()) == (400, True)


def test_rights_and_plan(world: World) -> None:
    """403 for somebody who is no administrator, 402 where the plan has no webhooks."""
    assert world.igor.get("/webhooks").status_code == 403
    assert world.igor.get("/users").status_code == 403

    world.seed(account={"has_webhooks": False})
    assert world.bot.get("/webhooks").status_code == 402
