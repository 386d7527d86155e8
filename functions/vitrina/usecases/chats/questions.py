"""Questions of clients: kept with a number, answered in the chat by an administrator of the group."""

from __future__ import annotations

import re

from msgspec.structs import replace

from vitrina.chat_port import MessageReceived
from vitrina.operations.journal import refresh_wish
from vitrina.operations.run import Run
from vitrina.ports import Put, Write
from vitrina.records.books import load_project
from vitrina.records.outside.chat_questions import (
    MOST_CHARACTERS,
    Question,
    anonymous,
    question_from_document,
    question_key,
)
from vitrina.records.outside.chat_rules import Told
from vitrina.texts import render, sentence
from vitrina.usecases.chats.post import post_message
from vitrina.usecases.chats.room import Room
from vitrina.usecases.chats.workbook import brief, chat_book_wish

#: Most characters of a question of the page in the chat.
MOST_SHOWN = 1000
#: Commands that ask a question. Telegram knows Latin letters only in them.
COMMANDS = frozenset({"question", "vopros"})
#: How people begin a question as if it was a command.
_TYPED_COMMAND = re.compile(r"^\s*(?:/вопрос\b[\s:.,—–-]*|вопрос\s*[:—–]\s*)", re.IGNORECASE)


def take_message(room: Room, event: MessageReceived, *, handled: Write) -> None:
    """Keep a question, or close the one that is answered. What is neither is left alone.

    *handled* is the write after which the message is not looked at any more.
    """
    if event.chat_id == room.kept.chat_id:
        room.know(event.message_id)
    text = _TYPED_COMMAND.sub("", event.text).strip()
    is_asking = event.command in COMMANDS
    if room.kept.is_internal or (event.command and not is_asking) or not text:
        room.run.commit(handled)
        return
    question = None if is_asking else _confirmed_by(room, event.reply_to)
    if not is_asking and room.chat.is_administrator(event.chat_id, event.person_id):
        _answered(room, question, text, handled)
    elif question is not None:
        _add(room, question, text, handled)
    else:
        _ask(room, event, text, handled)


def _ask(room: Room, event: MessageReceived, text: str, handled: Write) -> None:
    """Keep a question under the next number, and confirm it where it was asked."""
    kept, number = room.kept, room.state.last_question + 1
    if event.chat_id != kept.chat_id:
        # The group was upgraded since then: messages have other ids there.
        event = replace(event, message_id="", topic_id="")
    question = Question(
        kept.spreadsheet_id,
        kept.agency_id,
        number,
        text[:MOST_CHARACTERS],
        room.run.services.clock.now().isoformat(),
        event.chat_id,
        event.message_id,
        event.topic_id,
        anonymous(event.chat_id, event.person_id),
    )
    confirm_question(room.run, question)
    room.keep_with_final(handled, question.put(), last_question=number)


def _add(room: Room, question: Question, text: str, handled: Write) -> None:
    """Keep what a client added to his open question."""
    added = replace(question, text=f"{question.text}\n{text}"[:MOST_CHARACTERS])
    _show(room.run, question)
    room.keep_with_final(handled, added.put())


def _answered(room: Room, question: Question | None, text: str, handled: Write) -> None:
    """Close the question that an administrator answered in the chat."""
    if question is None:
        room.run.commit(handled)
        return
    notices = {key: one for key, one in room.state.notices.items() if one != question.number}
    room.keep_with_final(handled, close_question(room.run, question, text), notices=notices)


def close_question(run: Run, question: Question, answer: str) -> Put:
    """The write that keeps a question as answered; where it was confirmed, that is said at the run's end."""
    closed = question.answered(run.services.clock.now(), answer)
    confirm_question(run, closed)
    return closed.put()


def confirm_question(run: Run, question: Question) -> None:
    """Say in the chat what became of the question, in one message; both workbooks show it."""
    project = load_project(run.services.store, question.spreadsheet_id)
    code = "chat.question_noted" if question.is_open else "chat.question_answered"
    told = sentence(code, number=str(question.number))
    if question.is_from_page:
        # Nobody in the chat has read it yet.
        told = sentence(f"{code}_page", number=str(question.number), text=brief(question.text, MOST_SHOWN))
    post_message(
        run,
        question.spreadsheet_id,
        question.agency_id,
        Told.QUESTION,
        f"question-{question.number}",
        render(told, project.locale),
        topic_id=question.topic_id,
        reply_to=question.message_id,
        question=question.number if question.is_open else 0,
    )
    _show(run, question)


def _show(run: Run, question: Question) -> None:
    """Have both workbooks show the open questions of now."""
    run.queue_at_end(
        chat_book_wish(run.services, question.spreadsheet_id),
        refresh_wish(run.services, question.agency_id, draws=False),
    )


def _confirmed_by(room: Room, message_id: str) -> Question | None:
    """The open question that a message of the bot confirms."""
    number = room.state.notices.get(message_id, 0)
    key = question_key(room.kept.spreadsheet_id, number)
    document = room.run.services.store.get_many([key]).get(key) if number else None
    question = None if document is None else question_from_document(document)
    return question if question is not None and question.is_open else None
