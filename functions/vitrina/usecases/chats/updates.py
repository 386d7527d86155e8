"""Takes what the chat reports: keeps each update once and queues the job that handles it.

What has to be known before the next update is done at once: whose group it is, and its new id.
"""

from __future__ import annotations

import logging

from msgspec import to_builtins
from msgspec.structs import replace

from vitrina.chat_port import (
    ChatEvent,
    GroupClaimed,
    GroupUpgraded,
    ReceivedChat,
)
from vitrina.errors import StoreConflictError
from vitrina.operations.journal import refresh_wish
from vitrina.operations.outbox import TaskWish, task_name
from vitrina.operations.services import Services
from vitrina.ports import Delete, Document, Write
from vitrina.records.books import load_project
from vitrina.records.outside.change import DocumentChange
from vitrina.records.outside.chats import (
    CHAT_GROUP,
    CHAT_LINK,
    CHAT_UPDATE,
    KeptChat,
    KeptUpdate,
    group_key,
    link_key,
    load_chat,
    load_state,
    put_group,
)
from vitrina.records.outside.launches import Launch, LaunchPart, launch_from_document, launch_key
from vitrina.texts import Sentence, render

log = logging.getLogger("vitrina.chats")

#: Seconds in which what happens in a chat is gathered for one task.
GATHER_S = 2.0


def chat_wish(services: Services, spreadsheet_id: str, *, wait_s: float = 0.0) -> TaskWish:
    """The task that talks in a chat after *wait_s* seconds, one for all wishes within some seconds."""
    delay_s = max(wait_s, GATHER_S)
    due_at = services.clock.now().timestamp() + delay_s
    kind = "chat-later" if wait_s > GATHER_S else "chat"
    body = {"kind": "chat", "spreadsheet_id": spreadsheet_id}
    return TaskWish(task_name(kind, spreadsheet_id, int(due_at // GATHER_S)), body, delay_s)


def take_updates(services: Services, received: ReceivedChat) -> int:
    """Keep what concerns our groups; return how many events do. A repeat changes nothing."""
    return sum(_take(services, received.update_id, event) for event in received.events)


def _take(services: Services, update_id: str, event: ChatEvent) -> bool:
    while True:
        try:
            wish = _kept(services, update_id, event)
        except StoreConflictError:
            # Another update, or a repeat of this one, came at the same moment.
            continue
        if wish is not None:
            wish.try_to_send(services)
        return wish is not None


def _kept(services: Services, update_id: str, event: ChatEvent) -> TaskWish | None:
    """The task that handles the event, which is kept now; ``None`` if it is none of our business."""
    store, wanted = services.store, [(CHAT_UPDATE, update_id), group_key(event.chat_id)]
    if isinstance(event, GroupClaimed):
        wanted.append(link_key(event.payload))
    if isinstance(event, GroupUpgraded):
        wanted.append(group_key(event.new_chat_id))
    found = store.get_many(wanted)
    group = found.get(group_key(event.chat_id))
    if (CHAT_UPDATE, update_id) in found:
        return None
    if isinstance(event, GroupClaimed):
        link = found.get(link_key(event.payload))
        return None if link is None else _claim(services, update_id, event, link, group)
    if isinstance(event, GroupUpgraded):
        new = found.get(group_key(event.new_chat_id))
        return None if group is None else _upgrade(services, update_id, event, group, new)
    if group is None:
        log.info("event of a group of nobody")
        return None
    return _keep(services, update_id, event, _owner_of(services, group))


def _claim(
    services: Services, update_id: str, event: GroupClaimed, link: Document, group: Document | None
) -> TaskWish | None:
    """Give the group to the project of the link, unless another one has it. The link works once."""
    chat = _owner_of(services, link)
    if chat.token != event.payload or _has_other_group(services, chat, event.chat_id):
        return None
    used: list[Write] = [Delete(CHAT_LINK, link.key, link.version)]
    if group is not None and group.data["owner"] != chat.spreadsheet_id:
        # The token stays: with it, the same person can take another group.
        refused = replace(chat, refused="chat.taken")
        launch = launch_change(services, chat, Sentence(refused.refused))
        wish = refresh_wish(services, chat.agency_id, draws=False)
        services.store.commit([refused.put(), *launch.writes(), wish.put(services)])
        return wish
    if chat.chat_id and chat.chat_id != event.chat_id:
        used.append(Delete(CHAT_GROUP, chat.chat_id))
    mine: list[Write] = [] if group is not None else [put_group(chat, event.chat_id)]
    claimed = replace(chat, token="", chat_id=event.chat_id, refused="")
    return _keep(services, update_id, event, claimed, claimed.put(), *used, *mine)


def _has_other_group(services: Services, chat: KeptChat, chat_id: str) -> bool:
    """Whether there is another group that works: the bot came back there after a link was shown."""
    state = load_state(services.store, chat.spreadsheet_id, chat.agency_id)
    return state.is_ready and chat.chat_id not in ("", chat_id)


def _upgrade(
    services: Services, update_id: str, event: GroupUpgraded, group: Document, new: Document | None
) -> TaskWish | None:
    chat = _owner_of(services, group)
    if new is not None:
        return None
    moved = replace(chat, chat_id=event.new_chat_id)
    known: list[Write] = [moved.put(), put_group(chat, event.new_chat_id)]
    return _keep(services, update_id, event, chat, *known)


def _keep(services: Services, update_id: str, event: ChatEvent, chat: KeptChat, *writes: Write) -> TaskWish:
    update = KeptUpdate(
        update_id,
        chat.spreadsheet_id,
        chat.agency_id,
        type(event).__name__,
        # The link was used; nobody needs it any more.
        {} if isinstance(event, GroupClaimed) else to_builtins(event),
        services.clock.now().isoformat(),
    )
    wish = chat_wish(services, chat.spreadsheet_id)
    services.store.commit([update.put(), *writes, wish.put(services)])
    return wish


def _owner_of(services: Services, document: Document) -> KeptChat:
    return load_chat(services.store, document.data["owner"], document.data["agency_id"])


def launch_change(services: Services, chat: KeptChat, missing: Sentence | None) -> DocumentChange:
    """Keep whether the project lacks its chat, and why; for one of an older release too.

    *missing* is the reason, with an empty code where it just waits; ``None`` if the chat is there.
    """

    def change(documents: list[Document | None]) -> list[Write]:
        if chat.is_internal:
            return []
        launch = launch_from_document(documents[0]) or _new_launch(services, chat)
        why = render(missing, launch.locale) if missing is not None and missing.code else ""
        changed = launch.with_part(LaunchPart.CHAT, None if missing is None else why)
        return [] if changed == launch else [changed.put()]

    return DocumentChange(services.store, (launch_key(chat.spreadsheet_id),), change)


def _new_launch(services: Services, chat: KeptChat) -> Launch:
    project = load_project(services.store, chat.spreadsheet_id)
    return Launch(chat.spreadsheet_id, chat.agency_id, locale=project.locale)
