"""Has messages sent to chats: each is kept in the commit of the action that it follows from.

What is internal goes to the agency's own chat only: the event decides, not the caller.
"""

from __future__ import annotations

from collections.abc import Sequence

from vitrina.chat_port import Button, shortened
from vitrina.operations.run import Run
from vitrina.operations.services import Services
from vitrina.ports import Document, Write
from vitrina.records.outside.change import DocumentChange
from vitrina.records.outside.chat_messages import KeptMessage, message_from_document
from vitrina.records.outside.chat_rules import INTERNAL, Told
from vitrina.records.outside.chats import chat_from_document, chat_key
from vitrina.usecases.chats.updates import chat_wish


def post_message(
    run: Run,
    spreadsheet_id: str,
    agency_id: str,
    event: Told,
    name: str,
    text: str,
    *,
    topic_id: str = "",
    reply_to: str = "",
    question: int = 0,
    prompt: str = "",
    buttons: Sequence[Button] = (),
) -> None:
    """Have a message sent after the end of the run; does nothing where the chat has no group.

    A run posts one message of a name.

    Parameters
    ----------
    spreadsheet_id
        Workbook of the project. What is internal goes to the agency's own chat.
    name
        What the message is about: another text under the same name edits the message.
    topic_id
        Where it goes if not to the topic that the agency has chosen for the event.
    reply_to
        Id of the message that it answers.
    question
        Number of the question that it confirms, 0 for none.
    prompt
        What it asks a remark for: see ``ChatState.prompts``.
    buttons
        Shown under it.
    """
    if run.services.chat is None:
        return
    owner = agency_id if event in INTERNAL else spreadsheet_id
    message = KeptMessage(
        owner,
        agency_id,
        name,
        event.value,
        shortened(text),
        topic_id=topic_id,
        reply_to=reply_to,
        question=question,
        prompt=prompt,
        buttons=tuple((one.text, one.data, one.style.value) for one in buttons),
        at=run.services.clock.now().isoformat(),
    )
    change = _posting(run.services, message)
    if change.has_group:
        run.at_end(updates=[change])
        run.queue_at_end(chat_wish(run.services, owner))


class _Posting(DocumentChange):
    """Keeps a message, or the new text of one that was sent already."""

    has_group = False


def _posting(services: Services, message: KeptMessage) -> _Posting:
    group = chat_key(message.spreadsheet_id)

    def change(documents: list[Document | None]) -> list[Write]:
        known, chat = documents
        if not chat_from_document(chat, message.spreadsheet_id, message.agency_id).chat_id:
            return []
        if known is None:
            return [message.put()]
        before = message_from_document(known)
        return [] if before.says_same(message) else [before.repeated(message).put()]

    posting = _Posting(services.store, (message.key, group), change)
    posting.has_group = bool(posting.writes())
    return posting
