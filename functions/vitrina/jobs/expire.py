"""Timer job: deletes documents that nobody needs any more."""

from __future__ import annotations

from datetime import datetime

from vitrina.operations.clicks.kept_answer import ANSWER
from vitrina.operations.journal import JOURNAL, LINE_LIFE
from vitrina.operations.run import OPERATION, OPERATION_LIFE, QUEUED
from vitrina.operations.services import Services
from vitrina.ports import Delete, Document, Write
from vitrina.records.outside.accounting_links import ACCOUNTING_LINK
from vitrina.records.outside.chat_messages import CHAT_MESSAGE
from vitrina.records.outside.chat_questions import CHAT_QUESTION
from vitrina.records.outside.chats import CHAT_UPDATE
from vitrina.records.outside.client_links import CLIENT_LINK
from vitrina.records.outside.client_wishes import CLIENT_WISH
from vitrina.records.packing import part_kind
from vitrina.records.previews import ASSIGNMENT, PREVIEW, PREVIEW_LIFE, REPLAN

#: Most documents of a kind that one call of the timer deletes.
MOST_AT_ONCE = 300


def expire(services: Services) -> int:
    """Delete old previews, finished operations, and lines that no workbook took; return the count.

    Queued operations are kept. So is what happened in chats and was not handled, and what clients asked for
    and was not carried out. Links go a year after their time.
    """
    store, now = services.store, services.clock.now()
    shown_before = ("shown_at", _text(now - PREVIEW_LIFE))
    previews = [
        one
        for kind in (PREVIEW, ASSIGNMENT, REPLAN)
        for one in store.find(kind, before=shown_before, limit=MOST_AT_ONCE)
    ]
    operations = [
        one
        for one in store.find(OPERATION, before=("at", _text(now - OPERATION_LIFE)), limit=MOST_AT_ONCE)
        if one.data["state"] != QUEUED
    ]
    lines = store.find(JOURNAL, before=("at", _text(now - LINE_LIFE)), limit=MOST_AT_ONCE)
    told_before = ("due_at", _text(now))
    told = [
        one
        for kind in (ACCOUNTING_LINK, CHAT_MESSAGE, CHAT_QUESTION, CHAT_UPDATE, CLIENT_LINK, CLIENT_WISH)
        for one in store.find(kind, before=told_before, limit=MOST_AT_ONCE)
    ]
    old = [*previews, *operations, *lines, *told]
    if old:
        store.commit([write for one in old for write in _deletes(one)])
    return len(old)


def _deletes(document: Document) -> list[Write]:
    """Writes that delete a document and those that belong to it."""
    answer = document.data.get("answer", {})
    if answer.get("is_packed"):
        own = _deletes(Document(ANSWER, document.key, document.version, {"parts": answer["parts"]}))
        return [Delete(document.kind, document.key), *own]
    parts = range(1, document.data.get("parts", 1))
    return [
        Delete(document.kind, document.key),
        *(Delete(part_kind(document.kind), f"{document.key}:{number}") for number in parts),
    ]


def _text(moment: datetime) -> str:
    return moment.isoformat()
