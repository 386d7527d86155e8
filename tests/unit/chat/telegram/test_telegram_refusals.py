"""Telegram's words for what a group lacks."""

from __future__ import annotations

from typing import Any

import pytest

from vitrina.chat.telegram.refusals import RefusedError, error_from, lack_in
from vitrina.chat_port import GroupLack, GroupUnusableError, GroupUpgradedError
from vitrina.errors import RetriableServiceError
from vitrina.texts import LOCALES, load


@pytest.mark.parametrize(
    ("method", "reason", "lack"),
    [
        ("sendMessage", "Bad Request: chat not found", GroupLack.GONE),
        ("sendMessage", "Forbidden: bot was kicked from the supergroup chat", GroupLack.GONE),
        ("sendMessage", "Forbidden: bot was kicked from the group chat", GroupLack.GONE),
        ("getChat", "Forbidden: bot is not a member of the supergroup chat", GroupLack.GONE),
        ("sendMessage", "Forbidden: the group chat was deleted", GroupLack.GONE),
        ("createForumTopic", "Bad Request: the chat is not a forum", GroupLack.TOPICS_OFF),
        ("createForumTopic", "Bad Request: CHANNEL_FORUM_MISSING", GroupLack.TOPICS_OFF),
        ("sendMessage", "Bad Request: message thread not found", GroupLack.TOPIC_GONE),
        ("sendMessage", "Bad Request: TOPIC_DELETED", GroupLack.TOPIC_GONE),
        ("deleteForumTopic", "Bad Request: TOPIC_ID_INVALID", GroupLack.TOPIC_GONE),
        ("createForumTopic", "Bad Request: not enough rights to create a topic", GroupLack.NO_RIGHT_TOPICS),
        ("createForumTopic", "Bad Request: CHAT_ADMIN_REQUIRED", GroupLack.NO_RIGHT_TOPICS),
        (
            "createChatInviteLink",
            "Bad Request: not enough rights to manage chat invite link",
            GroupLack.NO_RIGHT_INVITES,
        ),
        ("createChatInviteLink", "Bad Request: CHAT_ADMIN_REQUIRED", GroupLack.NO_RIGHT_INVITES),
        ("createChatInviteLink", "Bad Request: need administrator rights", GroupLack.NO_RIGHT_INVITES),
        (
            "sendMessage",
            "Bad Request: not enough rights to send text messages to the chat",
            GroupLack.MUTED,
        ),
        ("sendMessage", "Bad Request: have no rights to send a message", GroupLack.MUTED),
        ("sendMessage", "Forbidden: CHAT_WRITE_FORBIDDEN", GroupLack.MUTED),
        ("sendMessage", "Bad Request: TOPIC_CLOSED", GroupLack.MUTED),
        ("sendMessage", "Bad Request: something new", None),
        ("getChatMember", "Bad Request: CHAT_ADMIN_REQUIRED", None),
        ("editMessageText", "Bad Request: message can't be edited", None),
    ],
)
def test_lacks_are_known_by_words(method: str, reason: str, lack: GroupLack | None) -> None:
    """By those that people have quoted; the method decides where only a right is named."""
    error = error_from(method, {"ok": False, "description": reason}, 400)

    assert lack_in(method, reason.lower()) == lack
    if lack is None:
        assert isinstance(error, RefusedError)
        assert error.where["reason"] == reason
    else:
        assert isinstance(error, GroupUnusableError)
        assert error.lack == lack


@pytest.mark.parametrize("lack", GroupLack)
@pytest.mark.parametrize("locale", LOCALES)
def test_each_lack_has_its_sentence(lack: GroupLack, locale: str) -> None:
    """So that a person knows what to do."""
    assert f"chat.{lack.value}" in load(locale)


@pytest.mark.parametrize(
    ("parameters", "wait_s"), [({"retry_after": 7}, 7.0), ({}, 30.0), (None, 30.0), ([], 30.0)]
)
def test_wait_is_told(parameters: Any, wait_s: float) -> None:
    """Or half a minute."""
    error = error_from("sendMessage", {"ok": False, "parameters": parameters}, 429)

    assert isinstance(error, RetriableServiceError)
    assert error.retry_after_s == wait_s


def test_upgrade_goes_first() -> None:
    """Whatever the words are."""
    answer = {"description": "chat not found", "parameters": {"migrate_to_chat_id": -100}}

    error = error_from("sendMessage", answer, 400)

    assert isinstance(error, GroupUpgradedError)
    assert error.new_chat_id == "-100"
