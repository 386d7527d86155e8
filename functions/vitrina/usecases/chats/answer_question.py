"""*Ответить на вопрос…*: which questions wait, and an answer that goes to the chat or to the page."""

from __future__ import annotations

from vitrina.errors import UserError
from vitrina.operations.answer import Answer, Outcome
from vitrina.operations.run import Run
from vitrina.records.books import load_project
from vitrina.records.outside.chat_questions import (
    find_project_questions,
    question_from_document,
    question_key,
)
from vitrina.records.outside.chat_rules import Told
from vitrina.texts import render, sentence
from vitrina.usecases.chats.post import post_message
from vitrina.usecases.chats.questions import close_question

#: Most questions of one answer.
MOST_SHOWN = 100


def open_questions(run: Run, spreadsheet_id: str) -> Answer:
    """The questions of a project that nobody has answered, the oldest first. Changes nothing."""
    questions = find_project_questions(run.services.store, spreadsheet_id)
    zone = run.services.time_zone
    return Answer(
        Outcome.DONE,
        sentence("questions.shown", count=len(questions)) if questions else sentence("questions.none"),
        data={
            "questions": [
                {
                    "number": one.number,
                    "text": one.text,
                    "on": one.asked_on(zone),
                }
                for one in questions[:MOST_SHOWN]
            ]
        },
    )


def answer_question(run: Run, spreadsheet_id: str, *, number: int, text: str) -> Answer:
    """Send the answer to the chat as a reply to the question, and close the question.

    The answer to a question that was asked on the page is kept for the page, whether there is a chat or not.
    """
    store, key = run.services.store, question_key(spreadsheet_id, number)
    document = store.get_many([key]).get(key)
    question = None if document is None else question_from_document(document)
    if question is None or not question.is_open:
        raise UserError("questions.gone", number=str(number))
    project = load_project(store, spreadsheet_id)
    run.at_end(close_question(run, question, text.strip()))
    post_message(
        run,
        spreadsheet_id,
        project.agency_id,
        Told.ANSWER,
        f"answer-{number}",
        render(sentence("chat.answer", number=str(number), text=text.strip()), project.locale),
        topic_id=question.topic_id,
        reply_to=question.message_id,
    )
    code = "questions.answered_page" if question.is_from_page else "questions.answered"
    return Answer(Outcome.DONE, sentence(code, number=str(number)))
