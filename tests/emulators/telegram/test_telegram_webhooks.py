"""Updates: who sees what, deliveries and their repeats."""

from __future__ import annotations

from typing import Any

import pytest

from tests.emulators.telegram.telegram_world import (
    BOT,
    IRINA,
    OTHER_BOT,
    OTHER_TOKEN,
    PETR,
    USERNAME,
    Receiver,
    World,
)
from tests.harness.bot_api.description import reason_to_skip, update_violations


def texts(receiver: Receiver) -> list[str]:
    """Texts of the received messages."""
    messages = (one.get("message", {}) for one in receiver.updates)
    return [one["text"] for one in messages if "text" in one]


def kinds(receiver: Receiver) -> list[str]:
    """Kinds of the received updates."""
    return [next(key for key in one if key != "update_id") for one in receiver.updates]


def info(world: World) -> dict[str, Any]:
    """State of the webhook."""
    found: dict[str, Any] = world.result("getWebhookInfo")
    return found


def test_deliveries_have_the_secret(world: World, receiver: Receiver) -> None:
    """And ids that grow."""
    world.add_group(payload="abc")
    world.settle()

    ids = [one["update_id"] for one in receiver.updates]
    assert kinds(receiver) == ["my_chat_member", "message", "message"]
    assert texts(receiver) == [f"/start@{USERNAME} abc"]
    assert ids == list(range(ids[0], ids[0] + 3))
    assert set(receiver.secrets) == {"s3cret-x"}


def test_updates_wait_for_a_webhook(world: World, served_receiver: Receiver) -> None:
    """And are dropped if the bot says so."""
    served_receiver.clear()
    world.add_group(payload="abc")
    assert info(world)["pending_update_count"] == 3
    world.result("setWebhook", url=served_receiver.url)
    world.settle()
    world.result("deleteWebhook")
    world.add_group(payload="def")
    world.result("setWebhook", url=served_receiver.url, drop_pending_updates=True)
    world.settle()

    assert texts(served_receiver) == [f"/start@{USERNAME} abc"]
    assert served_receiver.secrets == [None] * 3


def test_bad_answers_are_repeated(world: World, receiver: Receiver) -> None:
    """After a while, with the same id; the failure is told until then and later."""
    receiver.status = 500
    world.add_group()
    world.settle()
    failed = info(world)
    assert failed["pending_update_count"] == 2
    assert failed["last_error_message"] == "Wrong response from the webhook: 500"

    receiver.status = 200
    world.settle()
    assert info(world)["pending_update_count"] == 2
    world.advance(1)

    assert info(world)["pending_update_count"] == 0
    ids = [one["update_id"] for one in receiver.updates]
    assert ids[:2] == ids[2:]


def test_repeats_end(world: World, receiver: Receiver) -> None:
    """After a reasonable amount of attempts."""
    receiver.status = 404
    world.add_group()
    for _ in range(20):
        world.advance(60)

    assert [one["status"] for one in world.deliveries()] == ["failed", "failed"]
    assert len(receiver.updates) == 24


@pytest.mark.parametrize(("mode", "count"), [("drop", 0), ("duplicate", 4), ("hold", 0)])
def test_lost_doubled_and_held_updates(world: World, receiver: Receiver, mode: str, count: int) -> None:
    """As a test wants them."""
    world.mode(mode)
    world.add_group()
    world.settle()

    assert len(receiver.updates) == count
    world.control.post("/webhooks/release").raise_for_status()
    world.settle()
    assert len(receiver.updates) == (2 if mode == "hold" else count)


def test_administrator_sees_everything(world: World, chat_id: int, receiver: Receiver) -> None:
    """But not its own messages and those of other bots."""
    world.do("add_bot", chat_id=chat_id, bot_id=OTHER_BOT, rights=[])
    world.settle()
    receiver.clear()
    world.result("sendMessage", chat_id=chat_id, text="мы")
    world.call("sendMessage", OTHER_TOKEN, chat_id=chat_id, text="другие")
    world.do("write", chat_id=chat_id, text="привет")
    world.settle()

    assert texts(receiver) == ["привет"]


def test_plain_member_sees_what_is_for_it(world: World, receiver: Receiver) -> None:
    """Its commands, answers to it, and service messages."""
    chat_id = world.add_group(rights=[])
    ours = world.result("sendMessage", chat_id=chat_id, text="мы")["message_id"]
    for text, reply_to in (
        ("привет", None),
        ("/help", None),
        ("/help@other_bot", None),
        (f"/help@{USERNAME}", None),
        ("да", ours),
    ):
        world.do("write", chat_id=chat_id, text=text, reply_to=reply_to)
    world.do("add_person", chat_id=chat_id, person_id=PETR)
    world.settle()

    assert texts(receiver) == [f"/help@{USERNAME}", "да"]
    assert sum("new_chat_members" in one.get("message", {}) for one in receiver.updates) == 2


def test_kinds_of_updates(world: World, served_receiver: Receiver) -> None:
    """Only those that the bot asked for; a list that is not given stays."""
    served_receiver.clear()
    world.result("setWebhook", url=served_receiver.url, allowed_updates=["message"])
    world.result("setWebhook", url=served_receiver.url)
    chat_id = world.add_group()
    message_id = world.do("write", chat_id=chat_id, text="было")["message_id"]
    world.do("edit_message", chat_id=chat_id, message_id=message_id, text="стало")
    world.settle()
    assert set(kinds(served_receiver)) == {"message"}
    assert info(world)["allowed_updates"] == ["message"]

    world.result("setWebhook", url=served_receiver.url, allowed_updates=[])
    world.do("edit_message", chat_id=chat_id, message_id=message_id, text="снова")
    world.settle()

    assert kinds(served_receiver)[-1] == "edited_message"
    assert "allowed_updates" not in info(world)


@pytest.mark.parametrize(
    ("parameters", "reason"),
    [
        ({}, "url is required"),
        ({"url": "http://vitrina.a.test/x"}, "HTTPS URL"),
        ({"url": "https://a.test", "secret_token": "a b"}, "unallowed characters"),
        ({"url": "https://a.test", "secret_token": ""}, "unallowed characters"),
        ({"url": "https://a.test", "max_connections": 101}, "max_connections"),
        ({"url": "https://a.test", "allowed_updates": "message"}, "can't parse allowed_updates"),
    ],
)
def test_wrong_webhooks(world: World, parameters: dict[str, Any], reason: str) -> None:
    """Refused, and the former one stays."""
    assert reason in world.refusal("setWebhook", **parameters)
    assert info(world)["url"] == ""


def test_both_groups_tell_the_upgrade(world: World, receiver: Receiver) -> None:
    """The former one the new id, the new one the former id."""
    former = world.add_group(has_topics=False)
    new = world.do("upgrade_group", chat_id=former)["chat_id"]
    world.settle()

    messages = [one["message"] for one in receiver.updates if "message" in one]
    assert [one["migrate_to_chat_id"] for one in messages if "migrate_to_chat_id" in one] == [new]
    assert [one["migrate_from_chat_id"] for one in messages if "migrate_from_chat_id" in one] == [former]


def test_administrator_without_a_name(world: World, chat_id: int, receiver: Receiver) -> None:
    """Writes as the group."""
    flags = {"is_administrator": True, "is_anonymous": True}
    world.do("add_person", chat_id=chat_id, person_id=PETR, **flags)
    world.do("write", chat_id=chat_id, text="да", user_id=PETR)
    world.settle()

    written = receiver.updates[-1]["message"]
    assert (written["from"]["username"], written["sender_chat"]["id"]) == ("GroupAnonymousBot", chat_id)


@pytest.mark.skipif(bool(reason_to_skip()), reason=reason_to_skip())
def test_updates_fit_the_description(world: World, receiver: Receiver) -> None:
    """Of every kind that is sent."""
    basic = world.add_group(has_topics=False, payload="abc")
    chat_id = world.do("switch_topics", chat_id=basic, is_on=True)["chat_id"]
    world.do("change_bot", chat_id=chat_id, rights=["can_manage_topics"])
    topic = world.do("create_topic", chat_id=chat_id, name="Разное")["topic_id"]
    world.do("rename_topic", chat_id=chat_id, topic_id=topic, name="Счета")
    for is_closed in (True, False):
        world.do("close_topic", chat_id=chat_id, topic_id=topic, is_closed=is_closed)
    world.do("write", chat_id=chat_id, text=f"/help@{USERNAME}", topic_id=topic)
    world.do("add_person", chat_id=chat_id, person_id=PETR, is_administrator=True, is_anonymous=True)
    message_id = world.do("write", chat_id=chat_id, text="да", user_id=PETR)["message_id"]
    world.do("edit_message", chat_id=chat_id, message_id=message_id, text="нет")
    world.do("mute_bot", chat_id=chat_id)
    world.do("remove_bot", chat_id=chat_id)
    world.settle()

    assert len(receiver.updates) > 12
    assert [one for update in receiver.updates for one in update_violations(update)] == []
    assert {one["message"]["from"]["id"] for one in receiver.updates if "message" in one} >= {IRINA}
    assert BOT not in {one["message"]["from"]["id"] for one in receiver.updates if "message" in one}
