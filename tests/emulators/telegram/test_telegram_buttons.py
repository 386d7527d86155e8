"""Keyboards of the emulator, and presses of their buttons."""

from __future__ import annotations

from typing import Any

import pytest

from tests.emulators.telegram.telegram_world import IRINA, OTHER_TOKEN, PETR, Receiver, World

BUTTON = {"text": "Принять", "callback_data": "a:1", "style": "success"}


def keyboard(*buttons: Any) -> dict[str, Any]:
    """A keyboard of one row."""
    return {"inline_keyboard": [list(buttons)]}


def test_keyboard_is_sent_edited_and_taken_away(world: World, chat_id: int) -> None:
    """By either method of edits. A text without a keyboard takes it away; the same again is refused."""
    sent = world.result("sendMessage", chat_id=chat_id, text="x", reply_markup=keyboard(BUTTON))
    place = {"chat_id": chat_id, "message_id": sent["message_id"]}
    other = keyboard({"text": "Нет", "callback_data": "n"})

    assert sent["reply_markup"] == keyboard(BUTTON)
    assert "not modified" in world.refusal("editMessageReplyMarkup", **place, reply_markup=keyboard(BUTTON))
    assert world.result("editMessageReplyMarkup", **place, reply_markup=other)["reply_markup"] == other
    assert world.result("editMessageText", **place, text="x", reply_markup=keyboard(BUTTON))["text"] == "x"
    assert "reply_markup" not in world.result("editMessageText", **place, text="x")
    assert "not modified" in world.refusal("editMessageReplyMarkup", **place)


@pytest.mark.parametrize(
    ("button", "reason"),
    [
        ({"text": "x", "callback_data": "я" * 33}, "BUTTON_DATA_INVALID"),
        ({"text": "x", "callback_data": ""}, "BUTTON_DATA_INVALID"),
        ({"text": "x"}, "Text buttons are unallowed"),
        ({"text": " ", "callback_data": "x"}, "non-empty"),
        ({**BUTTON, "style": "pink"}, "invalid button style"),
        ("x", "must be an Object"),
    ],
)
def test_wrong_buttons_are_refused(world: World, chat_id: int, button: Any, reason: str) -> None:
    """And nothing is sent."""
    refusal = world.refusal("sendMessage", chat_id=chat_id, text="x", reply_markup=keyboard(button))

    assert reason in refusal
    assert world.texts(chat_id) == []


def test_press_is_told_and_answered_once(world: World, chat_id: int, receiver: Receiver) -> None:
    """With the person, the message and the data; another bot cannot answer it."""
    sent = world.result("sendMessage", chat_id=chat_id, text="x", reply_markup=keyboard(BUTTON))
    press_id = world.do("press", chat_id=chat_id, message_id=sent["message_id"], data="a:1")["press_id"]
    world.settle()
    query = receiver.updates[-1]["callback_query"]
    body = {"callback_query_id": press_id, "text": "Принято", "show_alert": True}

    assert (query["id"], query["from"]["id"], query["data"]) == (press_id, IRINA, "a:1")
    assert query["message"]["reply_markup"] == keyboard(BUTTON)
    assert "query ID is invalid" in world.refusal("answerCallbackQuery", OTHER_TOKEN, **body)
    assert "TOO_LONG" in world.refusal("answerCallbackQuery", **{**body, "text": "x" * 201})
    assert world.result("answerCallbackQuery", **body) is True
    assert "query ID is invalid" in world.refusal("answerCallbackQuery", **body)
    press = world.press(press_id)
    assert (press["text"], press["is_alert"]) == ("Принято", True)


def test_press_of_a_message_that_is_gone(world: World, chat_id: int, receiver: Receiver) -> None:
    """Chat and id are told, and the date is 0."""
    sent = world.result("sendMessage", chat_id=chat_id, text="x", reply_markup=keyboard(BUTTON))
    world.do("delete_message", chat_id=chat_id, message_id=sent["message_id"])
    world.do("press", chat_id=chat_id, message_id=sent["message_id"], data="a:1")
    world.settle()

    message = receiver.updates[-1]["callback_query"]["message"]
    assert (message["message_id"], message["date"], "text" in message) == (sent["message_id"], 0, False)
    assert message["chat"]["id"] == chat_id


def test_only_members_press_what_was_there(world: World, chat_id: int) -> None:
    """Somebody else sees no button; a message that never was has none."""
    sent = world.result("sendMessage", chat_id=chat_id, text="x", reply_markup=keyboard(BUTTON))
    body = {"action": "press", "chat_id": chat_id, "message_id": sent["message_id"], "data": "a:1"}

    assert world.control.post("/do", json={**body, "user_id": PETR}).status_code == 400
    assert world.control.post("/do", json={**body, "message_id": 99}).status_code == 400
    assert world.control.post("/do", json=body).status_code == 200


def test_bot_that_did_not_ask_gets_no_press(world: World, chat_id: int, receiver: Receiver) -> None:
    """As with every kind of update."""
    world.result("setWebhook", url=receiver.url, allowed_updates=["message"])
    sent = world.result("sendMessage", chat_id=chat_id, text="x", reply_markup=keyboard(BUTTON))
    world.do("press", chat_id=chat_id, message_id=sent["message_id"], data="a:1")
    world.settle()

    assert not [one for one in receiver.updates if "callback_query" in one]
