"""What one process does in a chat: handles what was reported, sets the group up, sends what waits."""

from __future__ import annotations

import logging

from msgspec.structs import replace

from vitrina.chat_port import (
    ButtonPressed,
    GroupLack,
    GroupUnusableError,
    GroupUpgradedError,
    MessageReceived,
)
from vitrina.errors import AccessDeniedError, FatalServiceError, StoreConflictError
from vitrina.records.outside.chat_messages import KeptMessage, find_waiting
from vitrina.records.outside.chat_rules import GENERAL, NOWHERE, USUAL_PLACES, Told
from vitrina.records.outside.chats import KeptUpdate, find_updates, load_chat, put_group
from vitrina.texts import Sentence
from vitrina.usecases.chats.questions import take_message
from vitrina.usecases.chats.room import Room
from vitrina.usecases.chats.set_up import lacks_topics, note_lack, set_up
from vitrina.usecases.decisions.take_press import take_press, take_remark

log = logging.getLogger("vitrina.chats")

#: How often what is done is begun anew: after an upgrade, and after a topic was deleted.
ATTEMPTS = 4
#: Events whose message goes where something was written, if to no topic.
_WHERE_ASKED = (Told.QUESTION, Told.ANSWER)


def talk(room: Room) -> None:
    """Do all that is to be done in a chat. The run holds its lease.

    A group that cannot be used is noted, and what waits goes on waiting.

    Raises
    ------
    RetriableServiceError
        If the chat is busy, or nothing may be sent now: ``retry_after_s`` tells how long.
    """
    looks = _take_updates(room)
    if not room.kept.chat_id:
        return
    for _ in range(ATTEMPTS):
        try:
            if looks or not room.state.is_ready or lacks_topics(room):
                set_up(room)
            _send_waiting(room)
        except GroupUpgradedError as error:
            _follow(room, error.new_chat_id)
            looks = True
        except GroupUnusableError as error:
            if error.lack is GroupLack.TOPIC_GONE and _forget_topic(room):
                looks = True
                continue
            note_lack(room, error.lack)
            return
        else:
            return


def _take_updates(room: Room) -> bool:
    """Handle what was reported; whether the group is to be looked at again."""
    looks = False
    for update in find_updates(room.run.services.store, room.kept.spreadsheet_id):
        looks |= _take_update(room, update)
    return looks


def _take_update(room: Room, update: KeptUpdate) -> bool:
    handled = update.handled(room.run.services.clock.now())
    if update.kind == ButtonPressed.__name__:
        take_press(room, ButtonPressed(**update.event), handled=handled)
        return False
    if update.kind != MessageReceived.__name__:
        room.run.commit(handled)
        return True
    event = MessageReceived(**update.event)
    try:
        if not take_remark(room, event, handled=handled):
            take_message(room, event, handled=handled)
    except AccessDeniedError:
        raise
    except FatalServiceError:
        # Who wrote cannot be known any more: he is taken for a client, whose question must not be lost.
        take_message(room, replace(event, command="question"), handled=handled)
        return True
    return False


def _send_waiting(room: Room) -> None:
    for message in find_waiting(room.run.services.store, room.kept.spreadsheet_id):
        place = _place(room, message)
        if place is None:
            room.drop(message)
            continue
        try:
            _send(room, message, place)
        except (AccessDeniedError, GroupUnusableError, GroupUpgradedError):
            raise
        except FatalServiceError as error:
            # The others are not to wait for it.
            log.error("message not sent: %s", error.where.get("reason", error.code))  # noqa: TRY400 - told
            room.drop(message, told=Sentence(error.code, error.where))


def _send(room: Room, message: KeptMessage, place: str) -> None:
    try:
        room.sending_to = place
        room.send(message, place)
    except GroupUnusableError as error:
        if error.lack is not GroupLack.TOPIC_GONE or not message.topic_id:
            raise
        # Where somebody wrote is no more: the general topic is seen by all.
        room.send(message, "")


def _place(room: Room, message: KeptMessage) -> str | None:
    """Id of the topic of a message, empty for the general one; ``None`` if it is not to be told."""
    if room.kept.is_internal or message.event in _WHERE_ASKED or message.topic_id:
        return message.topic_id
    key = room.rules.places.get(message.event, USUAL_PLACES.get(message.event, GENERAL))
    return None if key == NOWHERE else room.state.topics.get(key, "")


def _forget_topic(room: Room) -> bool:
    """Have the topic that is gone made again; ``False`` if it is none of ours."""
    topics = {key: one for key, one in room.state.topics.items() if one != room.sending_to}
    if topics == room.state.topics:
        return False
    room.keep(topics=topics)
    return True


def _follow(room: Room, chat_id: str) -> None:
    """Know the group by its new id."""
    run = room.run
    for _ in range(ATTEMPTS):
        kept = load_chat(run.services.store, room.kept.spreadsheet_id, room.kept.agency_id)
        if kept.chat_id != room.kept.chat_id:
            break
        moved = replace(kept, chat_id=chat_id)
        try:
            run.commit(moved.put(), put_group(kept, chat_id))
        except StoreConflictError:
            continue
    room.kept = load_chat(run.services.store, room.kept.spreadsheet_id, room.kept.agency_id)
    room.move_to(room.kept.chat_id)
