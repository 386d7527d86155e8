"""Questions and reviews of clients' pages: nothing of the workbook is needed for them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from vitrina.operations.run import Run
from vitrina.records.books import load_project
from vitrina.records.outside.chat_questions import Question
from vitrina.records.outside.chats import load_chat, load_state
from vitrina.records.outside.client_wishes import KeptWish, WishKind, WishResult
from vitrina.usecases.chats.questions import confirm_question
from vitrina.usecases.client_page.tell_staff import Ending, close_wish


def keep_reviews(run: Run, waiting: Iterable[KeptWish]) -> None:
    """Have the reviews among *waiting* told to staff at the end of the run; they stay in the store."""
    for one in waiting:
        if one.kind == WishKind.REVIEW:
            project = load_project(run.services.store, one.spreadsheet_id)
            close_wish(run, project, Ending(one, WishResult.DONE))


def number_questions(run: Run, spreadsheet_id: str, questions: Sequence[KeptWish]) -> None:
    """Give questions of the page their numbers, which they share with those of the chat.

    The run holds the lease of the chat, whether there is a group or not. At the end of the run they stand on
    *Проекты* and on the client's first tab, and in the chat's topic for questions where there is one.
    """
    store, services = run.services.store, run.services
    project = load_project(store, spreadsheet_id)
    kept = load_chat(store, spreadsheet_id, project.agency_id)
    state = load_state(store, spreadsheet_id, project.agency_id)
    topic_id = state.of_group(kept.chat_id).topics.get("questions", "") if services.chat else ""
    first = state.last_question + 1
    for number, wish in enumerate(questions, start=first):
        question = Question(
            spreadsheet_id,
            project.agency_id,
            number,
            wish.fields["text"],
            wish.at,
            kept.chat_id,
            message_id="",
            topic_id=topic_id,
            is_from_page=True,
        )
        run.at_end(question.put())
        confirm_question(run, question)
        close_wish(run, project, Ending(wish, WishResult.DONE, number))
    run.at_end(replace(state, last_question=first + len(questions) - 1).put())
