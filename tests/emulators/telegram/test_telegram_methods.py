"""Groups, topics and messages, as a bot sees them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.emulators.telegram.telegram_world import (
    BOT,
    IRINA,
    OTHER_TOKEN,
    PETR,
    TOKEN,
    USERNAME,
    World,
)
from tests.harness.bot_api.description import answer_violations, reason_to_skip
from tests.harness.bot_api.recorder import SentCall


def test_bot_knows_itself(world: World) -> None:
    """Its id stands in its token, too."""
    row = world.result("getMe")

    assert (row["id"], row["is_bot"], row["username"]) == (BOT, True, USERNAME)


@pytest.mark.parametrize(("token", "status"), [("1:nobody", 401), ("nonsense", 404), ("7000001:", 404)])
def test_wrong_token(world: World, token: str, status: int) -> None:
    """Unknown, or not one."""
    answer = world.call("getMe", token)

    assert (answer.status_code, answer.json()["error_code"]) == (status, status)


def test_parameters_come_in_three_forms(world: World, chat_id: int) -> None:
    """JSON, form and query."""
    path = f"/bot{TOKEN}/getChat"
    answers = [
        world.http.post(path, json={"chat_id": chat_id}),
        world.http.post(path, data={"chat_id": str(chat_id)}),
        world.http.get(path, params={"chat_id": chat_id}),
    ]

    assert [one.json()["result"]["title"] for one in answers] == ["Зерно"] * 3


# --- Groups --------------------------------------------------------------------------------------


def test_group_of_others(world: World, chat_id: int) -> None:
    """A bot that was never there does not know it."""
    assert world.refusal("getChat", OTHER_TOKEN, chat_id=chat_id) == "Bad Request: chat not found"
    assert world.refusal("getChat", chat_id=-5) == "Bad Request: chat not found"


def test_removed_bot(world: World, chat_id: int) -> None:
    """403 for everything."""
    world.do("remove_bot", chat_id=chat_id)

    for method, more in (
        ("getChat", {}),
        ("sendMessage", {"text": "x"}),
        ("createForumTopic", {"name": "x"}),
    ):
        refused = world.refusal(method, chat_id=chat_id, **more)
        assert refused == "Forbidden: bot was kicked from the supergroup chat"


def test_deleted_group(world: World, chat_id: int) -> None:
    """403 too."""
    world.do("delete_group", chat_id=chat_id)

    assert world.refusal("sendMessage", chat_id=chat_id, text="x") == "Forbidden: the group chat was deleted"


def test_upgraded_group(world: World) -> None:
    """The former one answers with the id of the new one, in which ids begin anew."""
    former = world.add_group(has_topics=False)
    new = world.do("switch_topics", chat_id=former, is_on=True)["chat_id"]

    answer = world.call("sendMessage", chat_id=former, text="x")

    assert answer.json()["parameters"] == {"migrate_to_chat_id": new}
    assert "was upgraded to a supergroup" in answer.json()["description"]
    assert world.result("sendMessage", chat_id=new, text="x")["message_id"] == 2
    assert world.result("getChat", chat_id=new)["is_forum"] is True


def test_members(world: World, chat_id: int) -> None:
    """The owner, an administrator with rights, somebody who is not there, nobody."""
    owner = world.result("getChatMember", chat_id=chat_id, user_id=IRINA)
    bot = world.result("getChatMember", chat_id=chat_id, user_id=BOT)
    petr = world.result("getChatMember", chat_id=chat_id, user_id=PETR)

    assert [one["status"] for one in (owner, bot, petr)] == ["creator", "administrator", "left"]
    assert (bot["can_manage_topics"], bot["can_delete_messages"]) == (True, False)
    assert "PARTICIPANT_ID_INVALID" in world.refusal("getChatMember", chat_id=chat_id, user_id=5)


def test_invitations(world: World, chat_id: int) -> None:
    """With the right, and within the bounds."""
    made = world.result("createChatInviteLink", chat_id=chat_id, name="Зерно", member_limit=5)
    assert (made["name"], made["member_limit"]) == ("Зерно", 5)
    assert "too long" in world.refusal("createChatInviteLink", chat_id=chat_id, name="x" * 33)
    assert "USAGE_LIMIT" in world.refusal("createChatInviteLink", chat_id=chat_id, member_limit=0)

    world.do("change_bot", chat_id=chat_id, rights=["can_manage_topics"])

    assert "manage chat invite link" in world.refusal("createChatInviteLink", chat_id=chat_id)


def test_people_join_with_a_link(world: World, chat_id: int) -> None:
    """As many as it allows."""
    link = world.result("createChatInviteLink", chat_id=chat_id, member_limit=1)["invite_link"]
    join = {"action": "add_person", "chat_id": chat_id, "person_id": PETR}

    statuses = [
        world.control.post("/do", json={**join, "invite_link": one}).status_code for one in (link, link, "x")
    ]

    assert statuses == [200, 400, 400]
    assert world.result("getChatMember", chat_id=chat_id, user_id=PETR)["status"] == "member"


# --- Topics --------------------------------------------------------------------------------------


def test_topic_is_its_first_message(world: World, chat_id: int) -> None:
    """Ids grow by one, and messages in it answer the first one, which keeps its name."""
    sent = world.result("sendMessage", chat_id=chat_id, text="x")
    topic = world.result("createForumTopic", chat_id=chat_id, name="Отчёты")["message_thread_id"]
    assert topic == sent["message_id"] + 1
    assert world.result("editForumTopic", chat_id=chat_id, message_thread_id=topic, name="Итоги")

    made = world.result("sendMessage", chat_id=chat_id, text="y", message_thread_id=topic)

    assert (made["message_thread_id"], made["is_topic_message"]) == (topic, True)
    assert made["reply_to_message"]["message_id"] == topic
    assert made["reply_to_message"]["forum_topic_created"]["name"] == "Отчёты"


def test_refusals_of_topics(world: World, chat_id: int) -> None:
    """Names, ids, rights, topics that are switched off."""
    topic = world.result("createForumTopic", chat_id=chat_id, name="Отчёты")["message_thread_id"]
    place = {"chat_id": chat_id, "message_thread_id": topic}
    assert "TOPIC_NOT_MODIFIED" in world.refusal("editForumTopic", **place, name="Отчёты")
    assert "TOPIC_ID_INVALID" in world.refusal(
        "editForumTopic", chat_id=chat_id, message_thread_id=99, name="x"
    )
    assert "non-empty" in world.refusal("createForumTopic", chat_id=chat_id, name=" ")
    assert "too long" in world.refusal("createForumTopic", chat_id=chat_id, name="🙂" * 65)
    assert "rights to delete" in world.refusal("deleteForumTopic", **place)
    world.do("change_bot", chat_id=chat_id, rights=["can_invite_users"])
    assert "rights to create a topic" in world.refusal("createForumTopic", chat_id=chat_id, name="x")
    # Its own topic may still be renamed.
    assert world.result("editForumTopic", **place, name="Итоги")
    world.do("switch_topics", chat_id=chat_id, is_on=False)
    assert "not a forum" in world.refusal("createForumTopic", chat_id=chat_id, name="x")


def test_deleted_and_closed_topics(world: World, chat_id: int) -> None:
    """Nobody writes into them, but who may manage topics into closed ones."""
    world.do("change_bot", chat_id=chat_id, rights=["can_manage_topics", "can_delete_messages"])
    topic = world.do("create_topic", chat_id=chat_id, name="Разное")["topic_id"]
    place = {"chat_id": chat_id, "message_thread_id": topic, "text": "x"}
    world.do("close_topic", chat_id=chat_id, topic_id=topic)
    assert world.result("sendMessage", **place)
    world.do("change_bot", chat_id=chat_id, rights=["can_delete_messages"])
    assert "TOPIC_CLOSED" in world.refusal("sendMessage", **place)
    assert world.result("deleteForumTopic", chat_id=chat_id, message_thread_id=topic)

    assert "thread not found" in world.refusal("sendMessage", **place)
    assert "thread not found" in world.refusal("sendMessage", **{**place, "message_thread_id": 1})


# --- Messages ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        (" \n ", "empty"),
        ("я" * 4097, "too long"),
        ("🙂" * 2049, "too long"),
        (5, "type String"),
    ],
)
def test_wrong_texts(world: World, chat_id: int, text: Any, reason: str) -> None:
    """Empty, too long in units of UTF-16, no text."""
    assert reason in world.refusal("sendMessage", chat_id=chat_id, text=text)


def test_white_space_at_the_ends_is_lost(world: World, chat_id: int) -> None:
    """So that an edit with the same text changes nothing."""
    sent = world.result("sendMessage", chat_id=chat_id, text="\n привет \n")

    assert sent["text"] == "привет"
    assert "message is not modified" in world.refusal(
        "editMessageText", chat_id=chat_id, message_id=sent["message_id"], text="привет "
    )


def test_edits(world: World, chat_id: int) -> None:
    """Its own messages only; one with another form counts as changed."""
    own = world.result("sendMessage", chat_id=chat_id, text="привет")["message_id"]
    theirs = world.do("write", chat_id=chat_id, text="привет")["message_id"]
    place = {"chat_id": chat_id, "text": "привет"}

    edited = world.result(
        "editMessageText", **place, message_id=own, link_preview_options={"is_disabled": True}
    )

    assert edited["edit_date"] > 0
    assert "can't be edited" in world.refusal("editMessageText", **place, message_id=theirs)
    assert "to edit not found" in world.refusal("editMessageText", **place, message_id=99)
    topic = world.result("createForumTopic", chat_id=chat_id, name="Отчёты")["message_thread_id"]
    assert "can't be edited" in world.refusal("editMessageText", **place, message_id=topic)


def test_deletions(world: World, chat_id: int) -> None:
    """Its own messages always, others with the right, the beginning of a topic never."""
    own = world.result("sendMessage", chat_id=chat_id, text="x")["message_id"]
    theirs = world.do("write", chat_id=chat_id, text="y")["message_id"]
    topic = world.result("createForumTopic", chat_id=chat_id, name="Отчёты")["message_thread_id"]

    assert world.result("deleteMessage", chat_id=chat_id, message_id=own)
    assert "to delete not found" in world.refusal("deleteMessage", chat_id=chat_id, message_id=own)
    assert "can't be deleted" in world.refusal("deleteMessage", chat_id=chat_id, message_id=theirs)
    world.do("change_bot", chat_id=chat_id, rights=["can_delete_messages"])
    assert world.result("deleteMessage", chat_id=chat_id, message_id=theirs)
    assert "can't be deleted" in world.refusal("deleteMessage", chat_id=chat_id, message_id=topic)


def test_answers_to_messages(world: World, chat_id: int) -> None:
    """One that is gone is refused, unless the bot allows it."""
    asked = world.do("write", chat_id=chat_id, text="?")["message_id"]
    place = {"chat_id": chat_id, "text": "!"}

    sent = world.result("sendMessage", **place, reply_parameters={"message_id": asked})

    assert sent["reply_to_message"]["text"] == "?"
    assert "replied not found" in world.refusal("sendMessage", **place, reply_parameters={"message_id": 99})
    alone = {"message_id": 99, "allow_sending_without_reply": True}
    assert "reply_to_message" not in world.result("sendMessage", **place, reply_parameters=alone)


def test_muted_bot(world: World, chat_id: int) -> None:
    """A plain member where nobody may write."""
    world.do("mute_bot", chat_id=chat_id)

    assert "rights to send text messages" in world.refusal("sendMessage", chat_id=chat_id, text="x")


def test_page_sees_who_wrote_what(world: World, chat_id: int) -> None:
    """By topics, with names and marks."""
    topic = world.result("createForumTopic", chat_id=chat_id, name="Отчёты")["message_thread_id"]
    asked = world.result("sendMessage", chat_id=chat_id, text="?", message_thread_id=topic)["message_id"]
    world.do("write", chat_id=chat_id, text="!", topic_id=topic, reply_to=asked)

    chat = world.chat(chat_id)

    assert [(one["id"], one["name"]) for one in chat["topics"]] == [(None, "General"), (topic, "Отчёты")]
    rows = [one for one in chat["topics"][1]["messages"] if one["text"]]
    assert [(one["author"], one["is_bot"], one["reply_to"]) for one in rows] == [
        ("Витрина", True, None),
        ("Ирина", False, asked),
    ]
    assert {one["name"]: one["status"] for one in chat["members"]} == {
        "Ирина": "creator",
        "Витрина": "administrator",
    }


@pytest.mark.skipif(bool(reason_to_skip()), reason=reason_to_skip())
def test_answers_fit_the_description(world: World, chat_id: int) -> None:
    """Also those of methods that the adapter does not call, and members of every kind."""
    topic = world.result("createForumTopic", chat_id=chat_id, name="Отчёты")["message_thread_id"]
    basic = world.add_group(has_topics=False)
    world.do("change_bot", chat_id=chat_id, rights=["can_delete_messages", "can_manage_topics"])
    place = {"chat_id": chat_id, "message_thread_id": topic}
    calls: list[tuple[str, dict[str, Any]]] = [
        ("getMe", {}),
        ("getChat", {"chat_id": basic}),
        *(
            ("getChatMember", {"chat_id": one, "user_id": who})
            for one in (chat_id, basic)
            for who in (BOT, PETR)
        ),
        ("editForumTopic", {**place, "name": "Итоги"}),
        ("sendMessage", {**place, "text": "/start@x y"}),
        ("deleteForumTopic", place),
        ("sendMessage", {**place, "text": "x"}),
        ("getWebhookInfo", {}),
        ("setWebhook", {"url": "http://127.0.0.1:9/x", "allowed_updates": ["message"]}),
        ("getWebhookInfo", {}),
        ("deleteWebhook", {}),
    ]

    found = [
        one
        for method, body in calls
        for one in answer_violations(SentCall("POST", method, "", body, world.call(method, **body).json()))
    ]

    assert found == []
