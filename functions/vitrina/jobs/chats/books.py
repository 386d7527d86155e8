"""Job that writes about the chat into one workbook: the items of its menu, the invitation, open questions.

Without a chat there are still questions of the client's page.
"""

from __future__ import annotations

from msgspec.structs import replace

from vitrina.operations.actor import CLOCK
from vitrina.operations.google_quota import QUOTA_KEY, take_slot
from vitrina.operations.outbox import TaskWish, fulfilled, wish_keys
from vitrina.operations.page_drawing import page_wishes
from vitrina.operations.retry_on_conflict import retry_on_conflict
from vitrina.operations.run import Run, ending
from vitrina.operations.services import Services
from vitrina.ports import Document, Json, Write
from vitrina.records.books import book_key
from vitrina.records.layouts import shape_from, shape_key
from vitrina.records.outside.change import DocumentChange
from vitrina.records.outside.chat_questions import find_project_questions
from vitrina.records.outside.chats import chat_from_document, chat_key, load_chat, load_state
from vitrina.usecases.chats.workbook import chat_book_wish, write_chat, write_questions_field
from vitrina.workbook.reading.book import parse_book
from vitrina.workbook.writing.change import WorkbookChange


def write_chat_book(services: Services, body: Json) -> None:
    """One read and at most one write, in a slot of Google's quota, while no action works there."""
    spreadsheet_id = body["spreadsheet_id"]
    known = services.store.get_many([book_key(spreadsheet_id), QUOTA_KEY, *wish_keys(body)])
    book = known.get(book_key(spreadsheet_id))
    if book is None:
        services.store.commit(fulfilled(body))
        return
    run = Run(services, CLOCK, agency_id=str(book.data.get("agency_id", spreadsheet_id)))

    def again(slot: float, wait_s: float) -> TaskWish:
        return chat_book_wish(services, spreadsheet_id, slot=slot, wait_s=wait_s)

    if not take_slot(run, known.get(QUOTA_KEY), body, again):
        return
    with ending(run):
        run.take(spreadsheet_id)
        retry_on_conflict(run, lambda: _write(run, spreadsheet_id))
        run.fulfil_at_end(body, known)


def _write(run: Run, spreadsheet_id: str) -> None:
    services, store = run.services, run.services.store
    shape = store.get_many([shape_key(spreadsheet_id)]).get(shape_key(spreadsheet_id))
    book = parse_book(services.workbooks.read(spreadsheet_id), shape_from(shape))
    kept = load_chat(store, spreadsheet_id, run.agency_id)
    state = load_state(store, spreadsheet_id, run.agency_id).of_group(kept.chat_id)
    questions = find_project_questions(store, spreadsheet_id)
    change = WorkbookChange()
    shown = kept.shown_url
    if services.chat is None:
        write_questions_field(change, book, questions, services.time_zone)
    else:
        shown = write_chat(change, book, kept, state.invite_url, questions, services.time_zone)
    if change:
        services.workbooks.batch_update(spreadsheet_id, change.requests())
        # What was asked on the client's page is answered there as well.
        run.queue_at_end(*page_wishes(services, spreadsheet_id, run.agency_id))

    def note(documents: list[Document | None]) -> list[Write]:
        now = chat_from_document(documents[0], spreadsheet_id, run.agency_id)
        noted = replace(now, is_offered=now.is_offered or services.chat is not None, shown_url=shown)
        return [] if noted == now else [noted.put()]

    run.at_end(updates=[DocumentChange(store, (chat_key(spreadsheet_id),), note)])
