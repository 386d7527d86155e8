"""Job set off by webhooks of the CRM and by the timer: looks at the deals that were touched.

A webhook is only a hint: the deal is read again by its id. The timer lists what was changed since its last
look, so that what webhooks lost does not stay lost. One process at a time calls the CRM, under a lease: that
keeps to its limit, and notes and tasks are written once.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from functools import partial

from msgspec.structs import replace

from vitrina.crm_port import Crm
from vitrina.errors import (
    AccessDeniedError,
    BusyError,
    ConfigurationError,
    RetriableServiceError,
    StoreConflictError,
    VitrinaError,
)
from vitrina.jobs.reconcile import PERIOD_S
from vitrina.operations.clicks.runner import Click, run_click
from vitrina.operations.journal import refresh_wish
from vitrina.operations.outbox import fulfilled, task_name
from vitrina.operations.run import Run, ending
from vitrina.operations.services import Services
from vitrina.ports import Json
from vitrina.project.agency_book import StoredAgency, read_agency_book, read_stored_agency
from vitrina.records.outside.deals import DealHints, KeptDeal, find_open_deals, load_hints
from vitrina.tabs.projects_tab import stages_of_projects
from vitrina.texts import Sentence, render
from vitrina.usecases.actions import ACTIONS
from vitrina.usecases.deals.crm_account import CrmAccount
from vitrina.usecases.deals.deal_rules import is_about_deals
from vitrina.usecases.deals.deal_terms import Surroundings
from vitrina.usecases.deals.hints import agency_of_crm, note_deals
from vitrina.usecases.deals.look_at_deal import STAGES_BACK, DealLook, look_at_deal, rule_of
from vitrina.workbook.reading.book import Book
from vitrina.workbook.reading.onboarding_rows import kinds_in
from vitrina.workbook.reading.settings import locale_of

log = logging.getLogger("vitrina.deals")

#: Most deals of one task; further ones are left to the next task.
MOST_AT_ONCE = 40

#: Errors of one deal that concern all: the task is delivered again.
_OF_ALL = (BusyError, AccessDeniedError, ConfigurationError)


def plan_deals(services: Services) -> int:
    """Queue a list of what was changed in the CRM; return the count of CRMs."""
    if services.crm is None:
        return 0
    try:
        agency_id = agency_of_crm(services)
    except ConfigurationError as error:
        log.error("deals are not read: %s", error.code)  # noqa: TRY400 - the place tells nothing
        return 0
    # Named after its period, so that a repeat within it queues nothing.
    period = int(services.clock.now().timestamp() // PERIOD_S)
    services.queue.add(
        task_name("deals-list", agency_id, period),
        {"kind": "deals", "spreadsheet_id": agency_id, "lists": True},
    )
    return 1


def sync_deals(services: Services, body: Json) -> None:
    """Look at the touched deals; with ``lists``, also at those that the CRM lists as changed.

    Raises
    ------
    BusyError
        If another task looks at deals: the queue tries again.
    RetriableServiceError
        If an outside system does not answer: what is left is looked at by the next delivery.
    """
    agency_id, crm = body["spreadsheet_id"], services.crm
    done = fulfilled(body)
    if crm is None:
        services.store.commit(done)
        return
    run = Run(services, rule_of(crm), agency_id=agency_id)
    with ending(run):
        run.take(f"crm:{agency_id}")
        # From here on a touch queues a task of its own.
        _change_hints(run, lambda hints: replace(hints, is_queued=False))
        stored = read_stored_agency(run, agency_id)
        book = read_agency_book(run, agency_id, stored.shape)
        if is_about_deals(book):
            _sync(run, crm, stored, book, lists=bool(body.get("lists")))
        else:
            _change_hints(run, lambda hints: replace(hints, touched={}))
        run.at_end(*done)
    left = load_hints(services.store, agency_id)
    if left.touched and not left.is_queued:
        note_deals(services, agency_id, left.touched)


def _sync(run: Run, crm: Crm, stored: StoredAgency, book: Book, *, lists: bool) -> None:
    account = CrmAccount(run, crm, stored, book)
    try:
        account.renew()
        if lists:
            crm.connect_webhook()
            account.list_changes(lambda deal_ids: _touch(run, deal_ids))
    except AccessDeniedError as error:
        # Otherwise nobody would learn that deals are not read any more.
        account.note_refusal(render(Sentence(error.code, error.where), stored.agency.locale))
        raise
    account.note_refusal("")
    open_deals = find_open_deals(run.services.store, run.agency_id)
    look = _look(run, crm, stored, book, account, open_deals)
    _touch(run, (one.deal_id for one in open_deals))
    stages = _stages_to_send(stored, look)
    _touch(run, (one for one, stage in stages.items() if account.kept.project_stages.get(one) != stage))
    account.keep(project_stages=stages)
    _look_at_touched(run, account, look)


def _look(
    run: Run,
    crm: Crm,
    stored: StoredAgency,
    book: Book,
    account: CrmAccount,
    open_deals: Iterable[KeptDeal],
) -> DealLook:
    services = run.services
    codes = {one.code: one.deal_id for one in stored.projects.value}
    codes |= {one.params["code"]: one.deal_id for one in open_deals if one.params}
    around = Surroundings(
        rules=account.rules,
        choices=services.choices,
        locale=locale_of(book),
        team=stored.team,
        users=account.kept.users,
        codes=codes,
        kinds=kinds_in(book),
    )

    def start(click: Click) -> None:
        run_click(services, click, ACTIONS[click.action])

    stages = stages_of_projects(book, stored.projects.value, services.choices)
    return DealLook(run, crm, stored.agency, account.kept, around, start, stages)


def _stages_to_send(stored: StoredAgency, look: DealLook) -> dict[str, str]:
    """Stages of projects that the CRM is told, by deal."""
    return {
        project.deal_id: stage
        for project in stored.projects.value
        if project.deal_id and (stage := look.project_stages.get(project.spreadsheet_id)) in STAGES_BACK
    }


def _look_at_touched(run: Run, account: CrmAccount, look: DealLook) -> None:
    """Look at the touched deals, one after the other. What is wrong with one does not stop the others.

    Raises
    ------
    RetriableServiceError
        If the CRM does not answer, or at the end, if another system did not for one of the deals.
    """
    touched = load_hints(run.services.store, run.agency_id).touched
    left_stage: list[str] = []
    postponed: RetriableServiceError | None = None
    try:
        for deal_id, mark in list(touched.items())[:MOST_AT_ONCE]:
            try:
                if look_at_deal(look, deal_id):
                    left_stage.append(deal_id)
            except RetriableServiceError as error:
                if error.service == look.crm.name:
                    raise
                postponed = error
                continue
            except _OF_ALL:
                raise
            except VitrinaError as error:
                log.warning("deal left: %s", error.code, extra={"deal": deal_id})
            _change_hints(run, partial(DealHints.without, read={deal_id: mark}))
    finally:
        account.no_longer_passed_over(left_stage)
        if look.told or account.told:
            wish = refresh_wish(run.services, run.agency_id, draws=False)
            run.commit(wish.put(run.services))
            wish.try_to_send(run.services)
    if postponed is not None:
        raise postponed


def _touch(run: Run, deal_ids: Iterable[str]) -> None:
    """Keep that deals are to be looked at, for the next delivery if this one does not come to them."""
    wanted = list(deal_ids)
    if wanted:
        _change_hints(run, lambda hints: hints.touch(wanted, "own"))


def _change_hints(run: Run, change: Callable[[DealHints], DealHints]) -> None:
    """Change the hints; made anew where a webhook changed them meanwhile."""
    while True:
        hints = load_hints(run.services.store, run.agency_id)
        changed = change(hints)
        if changed == hints:
            return
        try:
            run.commit(changed.put())
        except BusyError as error:
            if not isinstance(error, StoreConflictError):
                raise
            continue
        return
