"""Reminds clients of work that they have not decided about. Silence is never taken for consent."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, time, timedelta

from msgspec.structs import replace

from vitrina.operations.run import Run
from vitrina.operations.services import Services
from vitrina.ports import Document, Write
from vitrina.records.outside.change import DocumentChange
from vitrina.records.outside.chat_messages import message_from_document, message_key
from vitrina.records.outside.chat_rules import ChatRules, Told
from vitrina.records.outside.client_pages import load_page
from vitrina.records.told.asks import ChatAsk, ask_from_document, find_open_asks
from vitrina.texts import render, sentence
from vitrina.usecases.chats.post import post_message
from vitrina.usecases.chats.reminders import DAY_BEGINS
from vitrina.usecases.chats.workbook import brief
from vitrina.usecases.decisions.chat_buttons import MOST_TITLE, asks_wish

#: When nobody is reminded any more on a day.
DAY_ENDS = time(18)
#: How long a message that should have changed waits for its own task before the timer looks at it.
GRACE = timedelta(minutes=5)


def watch_asks(run: Run, rules: ChatRules, asks: Sequence[ChatAsk], with_group: Collection[str]) -> None:
    """Look at the messages of an agency about work that is shown: reminders, and what a task has missed.

    *with_group* are the workbooks of projects that have a group.
    """
    asks = [one for one in asks if one.spreadsheet_id in with_group]
    now = run.services.clock.now()
    late = {one.spreadsheet_id for one in asks if _is_late(one, now)}
    for spreadsheet_id in sorted(late):
        run.queue_at_end(asks_wish(run.services, spreadsheet_id))
    if rules.remind_shown_days <= 0 or not _is_by_day(run.services):
        return
    for ask in asks:
        days = run.services.days_since(ask.shown_on)
        count = days // rules.remind_shown_days
        if ask.is_told and not ask.kind and count > ask.reminder:
            _remind(run, ask, count, days)


def find_watched(run: Run) -> list[ChatAsk]:
    """Messages of an agency that may still change."""
    return find_open_asks(run.services.store, agency_id=run.agency_id)


def _is_late(ask: ChatAsk, now: datetime) -> bool:
    """Whether the message should say something else by now: there was no group then, or a time is over."""
    if not ask.is_told:
        return True
    return bool(ask.settles_at) and datetime.fromisoformat(ask.settles_at) + GRACE < now


def _is_by_day(services: Services) -> bool:
    now = services.clock.now().astimezone(services.time_zone)
    return services.calendar.is_working_day(now.date()) and DAY_BEGINS <= now.time() < DAY_ENDS


def _remind(run: Run, ask: ChatAsk, count: int, days: int) -> None:
    """Remind under the message itself, once for a count; nothing where the item does not wait any more."""
    store = run.services.store
    page = load_page(store, ask.spreadsheet_id, ask.agency_id)
    item = page.by_number.get(ask.number)
    if item is None or not item.is_waiting or item.fingerprint != ask.fingerprint:
        return
    key = message_key(ask.spreadsheet_id, ask.name)
    document = store.get_many([key]).get(key)
    text = sentence("chat.shown_waits", code=ask.code, title=brief(ask.title, MOST_TITLE), count=days)
    post_message(
        run,
        ask.spreadsheet_id,
        ask.agency_id,
        Told.SHOWN,
        f"{ask.name}-reminder-{count}",
        render(text, page.locale),
        reply_to="" if document is None else message_from_document(document).sent_id,
    )
    run.at_end(updates=[_reminded(run, ask, count)])


def _reminded(run: Run, ask: ChatAsk, count: int) -> DocumentChange:
    def change(documents: list[Document | None]) -> list[Write]:
        now = None if documents[0] is None else ask_from_document(documents[0])
        is_same = now is not None and now.token == ask.token
        return [replace(now, reminder=count).put()] if now is not None and is_same else []

    return DocumentChange(run.services.store, (ask.key,), change)
