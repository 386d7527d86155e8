"""Job of the timer for the chats of an agency: reminders, groups that were broken, menus, the webhook."""

from __future__ import annotations

from collections.abc import Mapping

from vitrina.crm_port import WebhookState
from vitrina.jobs.chats.digest import queue_digests
from vitrina.jobs.reconcile import PERIOD_S
from vitrina.operations.actor import CLOCK
from vitrina.operations.outbox import task_name
from vitrina.operations.run import Run, ending
from vitrina.operations.services import Services
from vitrina.ports import Json
from vitrina.records.books import find_agencies, find_projects
from vitrina.records.outside.chat_questions import find_open_questions
from vitrina.records.outside.chat_rules import ChatRules, load_rules
from vitrina.records.outside.chats import KeptChat, find_chats, find_unready
from vitrina.usecases.chats.reminders import remind
from vitrina.usecases.chats.rules import rules_of
from vitrina.usecases.chats.updates import chat_wish
from vitrina.usecases.chats.workbook import chat_book_wish
from vitrina.usecases.decisions.remind_shown import find_watched, watch_asks


def plan_chats(services: Services) -> int:
    """Queue a look at the chats of every agency; return the count of agencies."""
    if services.chat is None:
        return 0
    # Named after its period, so that a repeat within it queues nothing.
    period = int(services.clock.now().timestamp() // PERIOD_S)
    agencies = find_agencies(services.store)
    for agency in agencies:
        services.queue.add(
            task_name("chats", agency.spreadsheet_id, period),
            {"kind": "chats", "spreadsheet_id": agency.spreadsheet_id},
        )
    return len(agencies)


def watch_chats(services: Services, body: Json) -> None:
    """Look after the chats of an agency: one call of the chat, and some reads of the store."""
    agency_id = body["spreadsheet_id"]
    if services.chat is None:
        return
    run = Run(services, CLOCK, agency_id=agency_id)
    with ending(run):
        run.take(f"chats:{agency_id}")
        chats = find_chats(services.store, agency_id)
        _offer(run, chats)
        for state in find_unready(services.store, agency_id):
            # What was put right without an event, whose event was lost, or whose set-up failed halfway.
            run.queue_at_end(chat_wish(services, state.spreadsheet_id))
        _remind(run)
        # An agency whose settings nobody has read since it has a chat chose nothing.
        rules = load_rules(services.store, agency_id) or ChatRules(agency_id)
        groups = [one.spreadsheet_id for one in chats.values() if one.chat_id and not one.is_internal]
        watch_asks(run, rules, find_watched(run), groups)
        queue_digests(run, rules, groups)
    if services.chat.check_webhook() is not WebhookState.ACTIVE:
        services.chat.connect_webhook()


def _offer(run: Run, chats: Mapping[str, KeptChat]) -> None:
    """Have the menus of workbooks that were made before there was a chat offer it."""
    services, agency_id = run.services, run.agency_id
    books = (agency_id, *(one.spreadsheet_id for one in find_projects(services.store, agency_id)))
    for spreadsheet_id in books:
        if spreadsheet_id not in chats or not chats[spreadsheet_id].is_offered:
            run.queue_at_end(chat_book_wish(services, spreadsheet_id))


def _remind(run: Run) -> None:
    services, agency_id = run.services, run.agency_id
    questions = find_open_questions(services.store, agency_id)
    if not questions:
        return
    rules = rules_of(run, agency_id)
    projects = {one.spreadsheet_id: one for one in find_projects(services.store, agency_id)}
    for question in questions:
        remind(run, rules, projects[question.spreadsheet_id], question)
