"""What stands about the chat in a workbook: the items of its menu, the invitation, open questions."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from vitrina.operations.outbox import TaskWish, task_name
from vitrina.operations.services import Services
from vitrina.records.outside.chat_questions import Question
from vitrina.records.outside.chats import KeptChat
from vitrina.texts import render, sentence
from vitrina.workbook.reading.book import WITH_CHAT, Book
from vitrina.workbook.reading.settings import locale_of
from vitrina.workbook.writing.change import WorkbookChange

#: Most characters of a question in the workbook, and most questions.
MOST_CHARACTERS, MOST_QUESTIONS = 160, 5
#: Seconds in which changes are gathered for one write of a workbook.
GATHER_S = 5.0


def chat_book_wish(
    services: Services, spreadsheet_id: str, *, slot: float | None = None, wait_s: float = 0.0
) -> TaskWish:
    """The task that writes about the chat into a workbook; *slot* of Google's quota is booked for it."""
    body = {"kind": "chat_book", "spreadsheet_id": spreadsheet_id}
    delay_s = max(wait_s, GATHER_S)
    due_at = services.clock.now().timestamp() + delay_s
    if slot is None:
        return TaskWish(task_name("chat-book", spreadsheet_id, int(due_at // GATHER_S)), body, delay_s)
    return TaskWish(task_name("chat-book-slot", spreadsheet_id, int(slot)), {**body, "slot": slot}, delay_s)


def write_chat(
    change: WorkbookChange,
    book: Book,
    chat: KeptChat,
    invite_url: str,
    questions: Sequence[Question],
    zone: ZoneInfo,
) -> str:
    """Write what differs; returns the invitation that stands in the workbook then, if it is ours.

    A link that a person typed stays.
    """
    if book.chat_mark != WITH_CHAT:
        change.set_chat_mark(WITH_CHAT)
    if chat.is_internal or "client" not in book.tabs:
        return ""
    shown = chat.shown_url
    if "chat_url" in book.fields:
        place = book.field("chat_url")
        if invite_url and place.cell.text in ("", chat.shown_url) and place.cell.text != invite_url:
            change.set_field(book.tab("client"), place, invite_url)
            shown = invite_url
    write_questions_field(change, book, questions, zone)
    return shown


def write_questions_field(
    change: WorkbookChange, book: Book, questions: Sequence[Question], zone: ZoneInfo
) -> None:
    """Write the open questions on the client's first tab, if other ones stand there."""
    if "questions" not in book.fields or "client" not in book.tabs:
        return
    place, text = book.field("questions"), questions_text(questions, locale_of(book), zone)
    if place.cell.text != text:
        change.set_field(book.tab("client"), place, text)


def questions_text(questions: Sequence[Question], locale: str, zone: ZoneInfo) -> str:
    """Open questions in the client's words, a line for each; days are those of *zone*."""
    if not questions:
        return render(sentence("questions.none"), locale)
    lines = [
        render(
            sentence("questions.line", number=str(one.number), text=brief(one.text), on=one.asked_on(zone)),
            locale,
        )
        for one in questions[:MOST_QUESTIONS]
    ]
    more = len(questions) - MOST_QUESTIONS
    if more > 0:
        lines.append(render(sentence("questions.more", count=more), locale))
    return "\n".join(lines)


def brief(text: str, most: int = MOST_CHARACTERS) -> str:
    """The beginning of a text, in one line."""
    plain = " ".join(text.split())
    return plain if len(plain) <= most else f"{plain[: most - 1].rstrip()}…"
