"""*Чат с клиентом…*, *Чат агентства…*: how far the chat is, and the link that adds the bot to a group."""

from __future__ import annotations

import secrets
from typing import Any

from msgspec.structs import replace

from vitrina.chat_port import Chat
from vitrina.crm_port import WebhookState
from vitrina.errors import UserError
from vitrina.operations.answer import Answer, Outcome
from vitrina.operations.run import Run
from vitrina.ports import Document, Write
from vitrina.project.agency_book import read_agency_book, read_stored_agency
from vitrina.records.outside.change import DocumentChange
from vitrina.records.outside.chats import (
    ChatState,
    KeptChat,
    chat_from_document,
    chat_key,
    load_chat,
    load_state,
    put_link,
)
from vitrina.texts import Sentence, sentence
from vitrina.usecases.chats.rules import renew_rules
from vitrina.usecases.chats.updates import chat_wish, launch_change

#: Groups that lack this are not to be used again: a link for another one is shown.
GONE = "chat.gone"


def show_chat(run: Run, spreadsheet_id: str, *, agency_id: str) -> Answer:
    """State of the chat of a workbook. Where the bot is in no group, there is a link that works once.

    ``data``: ``state`` is ``waits`` (for somebody to add the bot), ``preparing``, ``lacking`` or ``ready``;
    ``link`` or ``invite`` where there is one.
    """
    services, chat = run.services, run.services.chat
    if chat is None:
        raise UserError("chat.off")
    kept = load_chat(services.store, spreadsheet_id, agency_id)
    state = load_state(services.store, spreadsheet_id, agency_id).of_group(kept.chat_id)
    if kept.chat_id and state.is_ready:
        return _ready(kept, state)
    if kept.chat_id and state.lack != GONE:
        # Whoever has put it right clicks again.
        run.queue_at_end(chat_wish(services, spreadsheet_id))
        return _lacking(chat, kept, state)
    _renew_rules(run, agency_id)
    if chat.check_webhook() is not WebhookState.ACTIVE:
        chat.connect_webhook()
    link = chat.group_link(chat.get_bot().username, _token(run, kept))
    if kept.refused:
        return _answer(kept, "waits", Sentence(kept.refused), link=link)
    return _answer(kept, "waits", sentence("chat.waits_again" if state.lack else "chat.waits"), link=link)


def _ready(kept: KeptChat, state: ChatState) -> Answer:
    code = "chat.ready_internal" if kept.is_internal else "chat.ready"
    return _answer(kept, "ready", sentence(code), invite=state.invite_url)


def _lacking(chat: Chat, kept: KeptChat, state: ChatState) -> Answer:
    if not state.lack:
        return _answer(kept, "preparing", sentence("chat.preparing"))
    why = Sentence(state.lack, {"service": chat.name})
    return _answer(kept, "lacking", sentence("chat.lacking"), why)


def _answer(kept: KeptChat, state: str, message: Sentence, *details: Sentence, **links: Any) -> Answer:
    data = {"state": state, "is_internal": kept.is_internal, "link": "", "invite": "", **links}
    return Answer(Outcome.DONE, message, details=details, data=data)


def _renew_rules(run: Run, agency_id: str) -> None:
    """Know the settings as they are now: the topics are made with these names."""
    stored = read_stored_agency(run, agency_id)
    renew_rules(run, read_agency_book(run, agency_id, stored.shape))


def _token(run: Run, kept: KeptChat) -> str:
    """The token of the link: the one that was shown and not used yet, or a new one."""
    new = secrets.token_urlsafe(24)
    used: list[str] = []

    def change(documents: list[Document | None]) -> list[Write]:
        now = chat_from_document(documents[0], kept.spreadsheet_id, kept.agency_id)
        used[:] = [now.token or new]
        if now.token:
            return []
        waiting = replace(now, token=new)
        return [waiting.put(), put_link(waiting)]

    launch = None if kept.chat_id else launch_change(run.services, kept, Sentence(kept.refused))
    store = run.services.store
    changes = [DocumentChange(store, (chat_key(kept.spreadsheet_id),), change)]
    run.commit(updates=[*changes, *([launch] if launch else [])])
    return used[0]
