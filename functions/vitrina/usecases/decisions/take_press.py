"""Decisions that come from the chat: presses of buttons, and answers to messages that ask for a remark.

A client is everybody in the group who is not its administrator; the chat proves who pressed.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence

from msgspec.structs import replace

from vitrina.chat_port import MOST_PRESS_TEXT, ButtonPressed, MessageReceived, shortened
from vitrina.errors import AccessDeniedError, BusyError, FatalServiceError, ServiceError, UserError
from vitrina.ports import Write
from vitrina.records.books import load_project
from vitrina.records.outside.chat_questions import anonymous
from vitrina.records.outside.chat_rules import Told
from vitrina.records.outside.client_pages import ClientPage, ShownItem, load_page
from vitrina.records.outside.decisions import Channel, DecisionKind, load_decisions
from vitrina.records.told.asks import ChatAsk, load_asks
from vitrina.texts import Sentence, render, sentence
from vitrina.usecases.chats.post import post_message
from vitrina.usecases.chats.questions import take_message
from vitrina.usecases.chats.room import Room
from vitrina.usecases.decisions.chat_buttons import (
    ACCEPT,
    RETURN,
    decided_text,
    tell_decided,
    tell_shown,
    until_text,
)
from vitrina.usecases.decisions.decide import Ending, Verdict, decide, take_back

log = logging.getLogger("vitrina.chats")

_DATA = re.compile(
    r"(?P<what>[aru]):(?P<number>[0-9]{1,9})(?::(?P<ordinal>[0-9]{1,6}))?:(?P<token>[\w-]{22})"
)


class _Answer:
    """What the person who pressed is shown."""

    def __init__(self, text: Sentence, *, is_alert: bool = False) -> None:
        self.text = text
        self.is_alert = is_alert


def take_press(room: Room, event: ButtonPressed, *, handled: Write) -> None:
    """Do what a button is for, tell the person what became of it, and edit the message.

    *handled* is the write after which the press is not looked at any more. A repeat of a press decides
    nothing again.
    """
    try:
        answer = _do(room, event)
    except AccessDeniedError:
        raise
    except FatalServiceError:
        # Who pressed cannot be known now.
        answer = _Answer(sentence("chat.press_failed"), is_alert=True)
    # Before the end of its handling: a process that dies here is followed by one that answers.
    _show(room, event.press_id, answer)
    room.keep_with_final(handled)


def take_remark(room: Room, event: MessageReceived, *, handled: Write) -> bool:
    """Return the work about which a remark was asked; ``False`` if the message answers no such question.

    What decides nothing any more is kept as a question of the client: no remark is lost.
    """
    number, _, token = room.state.prompts.get(event.reply_to, "").partition(":")
    if not number or event.command or event.chat_id != room.kept.chat_id:
        return False
    room.know(event.message_id)
    if _is_staff(room, event):
        _reply(room, event, sentence("chat.shown_staff"))
        room.keep_with_final(handled)
        return True
    ask = _ask(room, int(number), token)
    origin = f"message {event.message_id}"
    try:
        is_made = ask is not None and (
            _is_made(room, ask, origin)
            or _decide(room, ask, event, origin, DecisionKind.RETURNED, event.text)
        )
    except BusyError:
        raise
    except UserError as error:
        _reply(room, event, Sentence(error.code, error.where))
        room.keep_with_final(handled)
        return True
    if not is_made or ask is None:
        take_message(room, replace(event, command="question"), handled=handled)
        return True
    _tell(room, ask)
    room.keep_with_final(handled)
    return True


# --- Presses -----------------------------------------------------------------------------------------


def _do(room: Room, event: ButtonPressed) -> _Answer:
    data = _DATA.fullmatch(event.data)
    if room.kept.is_internal or data is None:
        return _Answer(sentence("chat.press_gone"), is_alert=True)
    if _is_staff(room, event):
        return _Answer(sentence("chat.shown_staff"), is_alert=True)
    number = int(data["number"])
    ask = _ask(room, number, data["token"])
    if ask is None:
        is_shown_anew = number in load_asks(room.run.services.store, room.kept.spreadsheet_id, [number])
        return _Answer(sentence("chat.press_changed" if is_shown_anew else "chat.press_gone"), is_alert=True)
    if data["what"] == ACCEPT:
        return _accept(room, ask, event)
    if data["what"] == RETURN:
        return _ask_remark(room, ask, event)
    return _take_back(room, ask, int(data["ordinal"] or 0))


def _accept(room: Room, ask: ChatAsk, event: ButtonPressed) -> _Answer:
    origin = f"press {event.press_id}"
    is_made = _is_made(room, ask, origin) or _decide(room, ask, event, origin, DecisionKind.ACCEPTED)
    item = _tell(room, ask)
    return _state_of(room, ask, item, is_made=is_made)


def _ask_remark(room: Room, ask: ChatAsk, event: ButtonPressed) -> _Answer:
    page = _page(room)
    item = page.by_number.get(ask.number)
    if item is None or not item.is_waiting or item.fingerprint != ask.fingerprint:
        return _state_of(room, ask, _tell(room, ask), is_made=False)
    text = sentence("chat.shown_prompt", title=ask.title)
    post_message(
        room.run,
        ask.spreadsheet_id,
        ask.agency_id,
        Told.SHOWN,
        ask.remark_name,
        render(text, page.locale),
        reply_to=event.message_id,
        prompt=f"{ask.number}:{ask.token}",
    )
    return _Answer(sentence("chat.press_remark"), is_alert=True)


def _take_back(room: Room, ask: ChatAsk, ordinal: int) -> _Answer:
    run, item = room.run, _page(room).by_number.get(ask.number)
    if item is None or item.fingerprint != ask.fingerprint or item.ordinal != ordinal:
        return _state_of(room, ask, _tell(room, ask), is_made=False)
    if item.decided is not None and item.decided.can_be_taken_back(run.services.clock.now()):
        take_back(run.services, ask.spreadsheet_id, ask.agency_id, [ask.number])
    item = _tell(room, ask)
    if item is not None and item.decided is None:
        return _Answer(sentence("chat.press_taken_back"))
    return _Answer(sentence("chat.press_late"), is_alert=True)


def _state_of(room: Room, ask: ChatAsk, item: ShownItem | None, *, is_made: bool) -> _Answer:
    """What holds now of the item: the person has just made it so, or it was so before."""
    services = room.run.services
    if item is None or item.is_withdrawn:
        return _Answer(sentence("chat.press_gone"), is_alert=True)
    if item.fingerprint != ask.fingerprint or item.decided is None:
        return _Answer(sentence("chat.press_changed"), is_alert=True)
    decided = decided_text(services, item.decided)
    if not is_made:
        return _Answer(sentence("chat.press_already", decided=decided), is_alert=True)
    if not item.decided.can_be_taken_back(services.clock.now()):
        return _Answer(decided)
    return _Answer(sentence("chat.press_made", decided=decided, until=until_text(services, item.decided)))


def _show(room: Room, press_id: str, answer: _Answer) -> None:
    """Show an answer to the person; the message says the same, so that a lost one is no harm."""
    text = shortened(render(answer.text, _page(room).locale), MOST_PRESS_TEXT)
    try:
        room.chat.answer_press(press_id, text, is_alert=answer.is_alert)
    except AccessDeniedError:
        raise
    except ServiceError as error:
        log.warning("a press was not answered: %s", error.code)


# --- Deciding ----------------------------------------------------------------------------------------


def _decide(
    room: Room,
    ask: ChatAsk,
    event: ButtonPressed | MessageReceived,
    origin: str,
    kind: DecisionKind,
    text: str = "",
) -> bool:
    """Whether the person has made the decision: of two that come at once, one is made."""
    item = _page(room).by_number.get(ask.number)
    if item is None or item.is_withdrawn:
        return False
    verdict = Verdict(
        kind,
        Channel.CHAT,
        {ask.number: ask.fingerprint},
        text=text,
        who=anonymous(event.chat_id, event.person_id),
        origin=origin,
    )
    outcomes = decide(room.run.services, ask.spreadsheet_id, ask.agency_id, verdict)
    return [one.ending for one in outcomes] == [Ending.MADE]


def _is_made(room: Room, ask: ChatAsk, origin: str) -> bool:
    """Whether an earlier handling of this very press or message has decided, and died then."""
    item = _page(room).by_number.get(ask.number)
    count = 0 if item is None else item.ordinal
    decisions = load_decisions(room.run.services.store, ask.spreadsheet_id, ask.number, count)
    return any(one.origin == origin for one in decisions)


def _tell(room: Room, ask: ChatAsk) -> ShownItem | None:
    """Have the message say what holds now, and return the item as it is."""
    page = _page(room)
    item = page.by_number.get(ask.number)
    if item is not None and item.is_waiting and item.fingerprint != ask.fingerprint:
        tell_shown(room.run, page, [item])
    else:
        tell_decided(room.run, page, [item] if item is not None else _absent(ask))
    return item


def _absent(ask: ChatAsk) -> Sequence[ShownItem]:
    """What stands for an item that is not shown any more: its number is enough to find the message."""
    return [ShownItem(ask.number, ask.code, ask.title, 0.0, ask.round, ask.shown_on)]


def _is_staff(room: Room, event: ButtonPressed | MessageReceived) -> bool:
    """Whether an administrator of the group did it, or somebody in the name of the group."""
    chat_id = room.kept.chat_id or event.chat_id
    return event.person_id == event.chat_id or room.chat.is_administrator(chat_id, event.person_id)


def _ask(room: Room, number: int, token: str) -> ChatAsk | None:
    ask = load_asks(room.run.services.store, room.kept.spreadsheet_id, [number]).get(number)
    return ask if ask is not None and ask.has_token(token) else None


def _page(room: Room) -> ClientPage:
    return load_page(room.run.services.store, room.kept.spreadsheet_id, room.kept.agency_id)


def _reply(room: Room, event: MessageReceived, text: Sentence) -> None:
    """Answer a message in the chat."""
    project = load_project(room.run.services.store, room.kept.spreadsheet_id)
    post_message(
        room.run,
        room.kept.spreadsheet_id,
        room.kept.agency_id,
        Told.ANSWER,
        f"reply-{event.message_id}",
        render(text, project.locale),
        topic_id=event.topic_id,
        reply_to=event.message_id,
    )
