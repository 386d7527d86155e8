"""The checks of a chat, which change nothing."""

from __future__ import annotations

from collections.abc import Callable

from vitrina.chat_port import BotRight, Chat, GroupUpgradedError
from vitrina.cli.doctor.chat.hands import Hands
from vitrina.cli.doctor.installation.fact import Condition, Fact, UnknownError, WrongError, expect, find_out
from vitrina.crm_port import WebhookState
from vitrina.errors import AccessDeniedError, FatalServiceError
from vitrina.texts import Sentence, render

#: Names of the rights as Telegram shows them.
RIGHTS = {BotRight.TOPICS: "Manage topics", BotRight.INVITES: "Invite users via link"}


def check_chat(chat: Chat, hands: Hands, group_id: str = "") -> list[Fact]:
    """Look at the token, the webhook, and a test group if there is one."""
    bot = _find_out("bot", lambda: check_bot(chat))
    if bot.condition != Condition.OK:
        # Every other check would say the same.
        return [bot]
    facts = [bot, _find_out("webhook", lambda: check_webhook(chat, hands))]
    if group_id:
        facts.append(_find_out("group", lambda: check_group(chat, group_id)))
    return facts


def check_bot(chat: Chat) -> str:
    """Address and token are right."""
    bot = chat.get_bot()
    return f"{chat.name} answers: @{bot.username}, number {bot.bot_id}"


def check_webhook(chat: Chat, hands: Hands) -> str:
    """Updates come here, or nobody gets them yet."""
    state, found = chat.check_webhook(), hands.subscription()
    if state == WebhookState.ABSENT and not found.url:
        return "there is none yet"
    expect(
        state != WebhookState.ABSENT,
        "another address gets the updates: use this bot for one installation only, "
        "or get a new token from @BotFather",
    )
    expect(state == WebhookState.ACTIVE, "it does not report all kinds of updates; it has to be made again")
    told = f", the last refused one: {found.last_error}" if found.last_error else ""
    return f"it is at our address; {found.waiting_count} updates wait{told}"


def check_group(chat: Chat, group_id: str) -> str:
    """The bot has all that it needs in the group."""
    try:
        group = chat.get_group(group_id)
    except GroupUpgradedError as error:
        raise WrongError(f"the group was upgraded: its number is {error.new_chat_id}") from error
    if group is None or not group.is_member:
        raise WrongError(f"the bot is in no group {group_id}: add it, the number is negative")
    expect(group.has_topics, "topics are switched off: switch them on in the settings of the group")
    missing = [RIGHTS[one] for one in BotRight if one not in group.rights]
    expect(not missing, f"the bot lacks rights of an administrator: {', '.join(missing)}")
    return "topics are on, and the bot has the rights that it needs"


def _find_out(part: str, ask: Callable[[], str]) -> Fact:
    """A fact; what the chat will refuse again has to be corrected."""

    def ask_plainly() -> str:
        try:
            return ask()
        except (AccessDeniedError, FatalServiceError) as error:
            raise WrongError(render(Sentence(error.code, error.where), "en")) from error
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise UnknownError(f"the answer could not be read: {error!r}") from error

    return find_out(part, ask_plainly)
