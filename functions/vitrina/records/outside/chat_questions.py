"""Questions that clients asked, in their chats or on their pages."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct, to_builtins
from msgspec.structs import replace

from vitrina.ports import ABSENT, EXPIRES_AT, Document, Key, Put, Store
from vitrina.records.packing import known_fields

CHAT_QUESTION = "chat_question"

#: How long an answered question is kept.
ANSWERED_LIFE = timedelta(days=90)
#: Most characters that are kept of a question, and of its answer.
MOST_CHARACTERS = 2000
MOST_ANSWER = 4000
#: Most questions that a page shows.
MOST_ON_PAGE = 50


class Question(Struct, frozen=True):
    """A question of a client. ``person`` tells people of a chat apart without naming them.

    ``reminder`` is the count of the last reminder. A question of which nothing was answered ``is_open``.
    ``message_id`` is empty for one that was asked on the page; of the others no ``answer_text`` is kept.
    """

    spreadsheet_id: str
    agency_id: str
    number: int
    text: str
    at: str
    chat_id: str
    message_id: str
    topic_id: str = ""
    person: str = ""
    reminder: int = 0
    is_open: bool = True
    answered_at: str = ""
    is_from_page: bool = False
    answer_text: str = ""
    version: int = ABSENT

    @property
    def key(self) -> Key:
        """Where it is kept."""
        return question_key(self.spreadsheet_id, self.number)

    def put(self) -> Put:
        """The write that keeps it, if it was not changed since it was read."""
        data = {name: one for name, one in to_builtins(self).items() if name != "version"}
        if not self.is_open:
            until = (datetime.fromisoformat(self.answered_at) + ANSWERED_LIFE).isoformat()
            data |= {EXPIRES_AT: until, "due_at": until}
        return Put(*self.key, data, self.version)

    def asked_on(self, zone: ZoneInfo) -> date:
        """The day on which it was asked."""
        return datetime.fromisoformat(self.at).astimezone(zone).date()

    def answered(self, now: datetime, text: str) -> Question:
        """The question with an answer, whose text is kept where the page shows it."""
        answer = text[:MOST_ANSWER] if self.is_from_page else ""
        return replace(self, is_open=False, answered_at=now.isoformat(), answer_text=answer)


def question_key(spreadsheet_id: str, number: int) -> Key:
    """Where a question is kept."""
    return CHAT_QUESTION, f"{spreadsheet_id}:{number}"


def question_from_document(document: Document) -> Question:
    """A kept question."""
    return Question(**{**known_fields(Question, document.data), "version": document.version})


def find_open_questions(store: Store, agency_id: str) -> list[Question]:
    """Questions to an agency that nobody has answered, the oldest first."""
    return _sorted(store.find(CHAT_QUESTION, where={"agency_id": agency_id, "is_open": True}))


def find_project_questions(store: Store, spreadsheet_id: str) -> list[Question]:
    """The same of one project."""
    return _sorted(store.find(CHAT_QUESTION, where={"spreadsheet_id": spreadsheet_id, "is_open": True}))


def find_all_project_questions(store: Store, spreadsheet_id: str) -> list[Question]:
    """Questions of a project that are open or were answered in the last months, the oldest first."""
    return _sorted(store.find(CHAT_QUESTION, where={"spreadsheet_id": spreadsheet_id}))


def answers_for_page(store: Store, spreadsheet_id: str) -> list[Question]:
    """Questions that were asked on the page of a project, with their answers so far, the latest first."""
    found = store.find(CHAT_QUESTION, where={"spreadsheet_id": spreadsheet_id})
    own = [one for one in _sorted(found) if one.is_from_page]
    return own[::-1][:MOST_ON_PAGE]


def by_project(questions: Iterable[Question]) -> Mapping[str, list[Question]]:
    """Questions by the workbook of their project, in the same order."""
    found: dict[str, list[Question]] = {}
    for one in questions:
        found.setdefault(one.spreadsheet_id, []).append(one)
    return found


def anonymous(chat_id: str, person_id: str) -> str:
    """What stands for a person: always the same in a chat, and no name."""
    return hashlib.sha256(f"{chat_id}:{person_id}".encode()).hexdigest()[:16]


def _sorted(found: Iterable[Document]) -> list[Question]:
    return sorted(map(question_from_document, found), key=lambda one: (one.at, one.number))
