"""Telegram's refusals as our errors.

Telegram tells the reason in English words only. They are looked for in lower case, as clients in public do.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vitrina.chat.telegram.pace import SERVICE
from vitrina.chat_port import GroupLack, GroupUnusableError, GroupUpgradedError
from vitrina.errors import AccessDeniedError, FatalServiceError, RetriableServiceError, ServiceError

#: Seconds of rest after a 429 that does not say how long.
REST_S = 30.0

NOT_MODIFIED = "message is not modified"
#: Telegram's words for a message, a topic or a person that is not there.
NO_MESSAGE = ("message to edit not found", "message_id_invalid", "message to delete not found")
#: Telegram's words for a press that is answered too late, or twice.
LATE_PRESS = ("query is too old", "query id is invalid", "query_id_invalid")
NO_PERSON = (
    "user not found",
    "member not found",
    "participant_id_invalid",
    "invalid user_id",
    "user_id_invalid",
)

#: What is looked for in a refusal, in this order.
_LACKS: tuple[tuple[GroupLack, tuple[str, ...]], ...] = (
    (
        GroupLack.GONE,
        (
            *("chat not found", "bot was kicked", "bot is not a member", "bot was blocked"),
            *("group chat was deleted", "group chat was deactivated", "channel_private", "peer_id_invalid"),
        ),
    ),
    (GroupLack.TOPICS_OFF, ("not a forum", "forum_missing", "forum_disabled")),
    (
        GroupLack.TOPIC_GONE,
        (
            "thread not found",
            "topic_deleted",
            "topic_id_invalid",
            "topic not found",
            "invalid message thread",
        ),
    ),
    (GroupLack.NO_RIGHT_TOPICS, ("rights to create a topic", "rights to edit the topic", "manage topics")),
    (GroupLack.NO_RIGHT_INVITES, ("manage chat invite link",)),
    (
        GroupLack.MUTED,
        (
            "rights to send",
            "chat_write_forbidden",
            "chat_restricted",
            "topic_closed",
            "chat_send_plain_forbidden",
        ),
    ),
)
#: What a right is missing for, where Telegram names only the fact, by the method.
_RIGHTS: Mapping[str, GroupLack] = {
    "createForumTopic": GroupLack.NO_RIGHT_TOPICS,
    "createChatInviteLink": GroupLack.NO_RIGHT_INVITES,
    "sendMessage": GroupLack.MUTED,
}
_NO_RIGHT = ("not enough rights", "chat_admin_required", "administrator rights")


class RefusedError(FatalServiceError):
    """Telegram refused a call for a reason that the client may know; ``reason`` is in lower case."""

    def __init__(self, reason: str, status: int) -> None:
        super().__init__("chat.refused", service=SERVICE, status=status, reason=reason)
        self.reason = reason.lower()

    def says(self, *words: str) -> bool:
        """Whether the reason has one of these words."""
        return any(one in self.reason for one in words)


def error_from(method: str, answer: Mapping[str, Any], status: int) -> ServiceError:
    """Our error for an answer that is not ``ok``."""
    parameters = answer.get("parameters")
    parameters = parameters if isinstance(parameters, dict) else {}
    reason = str(answer.get("description") or "")
    if "migrate_to_chat_id" in parameters:
        return GroupUpgradedError(str(parameters["migrate_to_chat_id"]), service=SERVICE)
    if status == 429:
        wait_s = float(parameters.get("retry_after") or REST_S)
        return RetriableServiceError("service.busy", service=SERVICE, status=429, retry_after_s=wait_s)
    # A token of another form is answered like an unknown address.
    if status in (401, 404):
        return AccessDeniedError("chat.unauthorized", service=SERVICE, status=status)
    lack = lack_in(method, reason.lower())
    return RefusedError(reason, status) if lack is None else GroupUnusableError(lack, service=SERVICE)


def lack_in(method: str, reason: str) -> GroupLack | None:
    """What a group lacks by the words of a refusal, in lower case; ``None`` if it is something else."""
    for lack, words in _LACKS:
        if any(one in reason for one in words):
            return lack
    return _RIGHTS.get(method) if any(one in reason for one in _NO_RIGHT) else None
