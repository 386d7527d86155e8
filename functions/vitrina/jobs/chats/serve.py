"""Job that talks in one chat. One process at a time does, under a lease: what it does is done once, and the
limits of the chat hold for all processes together.
"""

from __future__ import annotations

from vitrina.chat_port import Chat
from vitrina.errors import RetriableServiceError
from vitrina.operations.actor import CLOCK
from vitrina.operations.outbox import fulfilled, wish_keys
from vitrina.operations.run import Run, ending
from vitrina.operations.services import Services
from vitrina.ports import Json
from vitrina.records.outside.chats import chat_key, load_chat, load_state
from vitrina.usecases.chats.room import Room
from vitrina.usecases.chats.rules import rules_of
from vitrina.usecases.chats.talk import talk
from vitrina.usecases.chats.updates import chat_wish


def serve_chat(services: Services, body: Json) -> None:
    """Handle what was reported of a chat, set its group up, and send what waits.

    Raises
    ------
    BusyError
        If another task talks there: the queue tries again.
    RetriableServiceError
        If the chat does not answer: what is left is done by the next delivery.
    """
    spreadsheet_id, chat = body["spreadsheet_id"], services.chat
    key = chat_key(spreadsheet_id)
    known = services.store.get_many([key, *wish_keys(body)])
    document = known.get(key)
    if chat is None or document is None:
        services.store.commit(fulfilled(body))
        return
    run = Run(services, CLOCK, agency_id=document.data["agency_id"])
    with ending(run):
        run.take(f"chat:{spreadsheet_id}")
        room = _room(run, chat, spreadsheet_id)
        try:
            talk(room)
        except RetriableServiceError as error:
            if error.retry_after_s is None:
                raise
            room.keep(rest_until=max(room.state.rest_until, room.now_s + error.retry_after_s))
            run.queue_at_end(chat_wish(services, spreadsheet_id, wait_s=error.retry_after_s))
        run.fulfil_at_end(body, known)


def _room(run: Run, chat: Chat, spreadsheet_id: str) -> Room:
    """The chat as it is kept now that nobody else talks there."""
    store = run.services.store
    kept = load_chat(store, spreadsheet_id, run.agency_id)
    state = load_state(store, spreadsheet_id, run.agency_id).of_group(kept.chat_id)
    return Room(run, chat, kept, state, rules_of(run, run.agency_id))
