"""Looks at one deal of the CRM and does what its stage asks for.

The deal is read by its id: what a webhook or a list says is only a hint. Whatever is made of it is made once:
a card of the sales board, a task that asks for what is lacking, a project, a note with its links. A deal that
moves back, is lost, deleted or merged is told to the agency, and nothing is destroyed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from msgspec import Struct, field
from msgspec.structs import replace

from vitrina.crm_port import Crm, Deal, DealNote, DealTask
from vitrina.errors import UserError, VitrinaError
from vitrina.operations.actor import Actor, ActorKind
from vitrina.operations.clicks.kept_answer import load_answer
from vitrina.operations.clicks.runner import Click
from vitrina.operations.journal import JournalLine
from vitrina.operations.run import ENDED, OPERATION, Run
from vitrina.ports import Document
from vitrina.project.missing_part import reason_of
from vitrina.records.books import Agency, Project, load_project
from vitrina.records.outside.change import DocumentChange
from vitrina.records.outside.deals import DealPhase, KeptAccount, KeptDeal, load_deal
from vitrina.records.outside.launches import LaunchPart, part_change
from vitrina.texts import render, sentence
from vitrina.usecases.deals.deal_rules import DealMeaning
from vitrina.usecases.deals.deal_terms import DealTerms, Surroundings, read_terms_of
from vitrina.usecases.deals.sales_card import make_sales_card

#: The action that makes the project of a deal.
ACTION = "start_project"
#: Keys of the note and the task, by which a repeat finds them.
NOTE_KEY, TASK_KEY = "vitrina-links", "vitrina-fields"
#: Hour of the day until which what is lacking is asked for, on the next working day.
ASKED_UNTIL_HOUR = 18
#: How long a project that failed waits for the next attempt; each one waits twice as long as the one before.
FIRST_WAIT = timedelta(minutes=10)
LONGEST_WAIT = timedelta(hours=6)
MOST_DOUBLINGS = 10

#: Settings that name the stage of a deal, by the stage of its project.
STAGES_BACK = {"active": "deal_in_work", "finished": "deal_finished"}


def rule_of(crm: Crm) -> Actor:
    """The rule that does what the stage of a deal asks for."""
    return Actor(ActorKind.RULE, crm.name)


class DealLook(Struct, frozen=True):
    """What deals are looked at with. The run holds the lease of the CRM.

    Parameters
    ----------
    start
        Queues the click of an action; a repeat of the click queues nothing new.
    project_stages
        Stage of each project, by the id of its workbook.
    told
        Deals of which the agency's workbook does not show everything yet.
    """

    run: Run
    crm: Crm
    agency: Agency
    account: KeptAccount
    around: Surroundings
    start: Callable[[Click], None]
    project_stages: Mapping[str, str]
    told: set[str] = field(default_factory=set)

    @property
    def now(self) -> datetime:
        """The current moment."""
        return self.run.services.clock.now()

    def tell(self, kept: KeptDeal, code: str, **where: object) -> JournalLine:
        """A line for *Журнал* about a deal."""
        message = render(sentence(code, deal=kept.name or kept.deal_id, **where), self.agency.locale)
        moment = int(self.now.timestamp() * 1000)
        return JournalLine(
            operation_id=f"deal-{kept.deal_id}-{moment}-{code.removeprefix('deal.')}",
            agency_id=self.agency.spreadsheet_id,
            spreadsheet_id=kept.spreadsheet_id,
            at=self.now.isoformat(),
            who=self.crm.name,
            action=ACTION,
            outcome="partial",
            message=message,
        )


def look_at_deal(look: DealLook, deal_id: str) -> bool:
    """Do what a deal asks for; the result says whether it is *passed over* no longer.

    Raises
    ------
    RetriableServiceError
        If an outside system does not answer: what was done before is kept, and a repeat goes on.
    """
    kept = load_deal(look.run.services.store, deal_id, look.agency.spreadsheet_id)
    deal = look.crm.get_deal(deal_id, with_personal_data=look.around.rules.has_personal_data)
    if deal is None or deal.is_deleted:
        _note_gone(look, kept)
        return False
    kept = replace(kept, name=deal.name)
    if kept.phase in (DealPhase.STARTING, DealPhase.STARTED):
        _follow(look, kept, deal)
        return False
    meaning = look.around.rules.meaning(deal.pipeline_id, deal.stage_id)
    was = look.account.passed_over.get(deal_id)
    if was == meaning.value:
        return False
    if meaning is DealMeaning.PROJECT:
        _begin(look, kept, deal)
    elif meaning is DealMeaning.CARD and not kept.card_id:
        _keep(look, replace(kept, card_id=make_sales_card(look.run, look.around, deal)))
    return was is not None


# --- Beginning -----------------------------------------------------------------------------------------


def _begin(look: DealLook, kept: KeptDeal, deal: Deal) -> None:
    """Begin the project of a deal, or ask for what is lacking: there is no half of a project."""
    terms = read_terms_of(deal, look.around)
    if terms.lacking:
        _ask(look, kept, deal, terms)
    else:
        _start(look, replace(kept, params=terms.params, lacking=()), deal)


def _ask(look: DealLook, kept: KeptDeal, deal: Deal, terms: DealTerms) -> None:
    """Ask the person responsible for the deal for what is lacking: one task, however often this is tried."""
    lacking = tuple({"code": one.code, "where": dict(one.where)} for one in terms.lacking)
    if lacking == kept.lacking and kept.phase is DealPhase.ASKED:
        return
    task_id = kept.task_id
    if not task_id and deal.responsible_id is not None:
        lines = [f"— {render(one, look.agency.locale)}" for one in terms.lacking]
        text = "\n".join([render(sentence("deal.task", crm=look.crm.name), look.agency.locale), *lines])
        task = DealTask(TASK_KEY, text, deal.responsible_id, _next_evening(look))
        task_id = look.crm.create_task(deal.deal_id, task)
    asked = replace(kept, phase=DealPhase.ASKED, lacking=lacking, task_id=task_id)
    code = "deal.waits" if task_id else "deal.waits_for_nobody"
    _keep(look, asked, look.tell(asked, code, lacking=terms.lacking))


def _next_evening(look: DealLook) -> datetime:
    """The end of the next working day."""
    services = look.run.services
    day = services.calendar.working_days_from(services.today() + timedelta(days=1), count=1)[0]
    return datetime(day.year, day.month, day.day, ASKED_UNTIL_HOUR, tzinfo=services.time_zone)


def _start(look: DealLook, kept: KeptDeal, deal: Deal) -> None:
    """Queue the operation that makes the project, after it was noted: a repeat queues the same one."""
    wait = min(FIRST_WAIT * 2 ** min(kept.tries, MOST_DOUBLINGS), LONGEST_WAIT)
    tried = replace(kept, tries=kept.tries + 1, phase=DealPhase.STARTING)
    click = _click(look, tried)
    look.around.codes[kept.params["code"]] = kept.deal_id
    started = replace(tried, operation_id=click.operation_id, next_look_at=(look.now + wait).isoformat())
    _queue(look, _keep(look, started), deal)


def _queue(look: DealLook, kept: KeptDeal, deal: Deal) -> None:
    """Queue the operation. A code that somebody took in the meantime is chosen anew, or asked for."""
    try:
        look.start(_click(look, kept))
    except UserError as error:
        if error.code != "client.code_taken":
            raise
        look.around.codes[kept.params["code"]] = ""
        _begin(look, replace(kept, phase=DealPhase.SEEN), deal)


def _click(look: DealLook, kept: KeptDeal) -> Click:
    return Click(
        actor=rule_of(look.crm),
        spreadsheet_id=look.agency.spreadsheet_id,
        action=ACTION,
        params=kept.params,
        request_id=f"deal-{kept.deal_id}-{kept.tries}",
        locale=look.agency.locale,
    )


# --- A project that is there ---------------------------------------------------------------------------


def _follow(look: DealLook, kept: KeptDeal, deal: Deal) -> None:
    """Go on with a project that was begun: note it in the deal, send its stages, tell what differs."""
    if kept.phase is DealPhase.STARTING:
        operation_id = kept.operation_id
        kept = _check_start(look, kept, deal)
        if kept.operation_id != operation_id:
            return
    kept = _tell_of_stage(look, kept, deal)
    if kept.phase is not DealPhase.STARTED:
        return
    project = load_project(look.run.services.store, kept.spreadsheet_id)
    if not kept.is_noted:
        kept = _note_links(look, kept, project)
    _send_stage(look, kept, deal)


def _check_start(look: DealLook, kept: KeptDeal, deal: Deal) -> KeptDeal:
    """See how the operation that makes the project ended; one that failed is begun again after some time."""
    operation = _operation_of(look, kept)
    if operation is None:
        _queue(look, kept, deal)
        return load_deal(look.run.services.store, kept.deal_id, kept.agency_id)
    if operation.data["state"] != ENDED:
        return kept
    made = _project_made(look, operation)
    if made:
        return _keep(look, replace(kept, phase=DealPhase.STARTED, spreadsheet_id=made))
    if look.now < datetime.fromisoformat(kept.next_look_at):
        return kept
    if operation.data["http_status"] < 500:
        # It was refused, for example because its code was taken meanwhile: what the deal says now counts.
        _begin(look, replace(kept, phase=DealPhase.SEEN), deal)
    else:
        # With the same parameters it goes on where it failed.
        _start(look, kept, deal)
    return load_deal(look.run.services.store, kept.deal_id, kept.agency_id)


def _note_links(look: DealLook, kept: KeptDeal, project: Project) -> KeptDeal:
    """Write the note with the links into the deal, once."""
    services = look.run.services
    lines = [
        sentence("deal.note", project=project.title, code=project.code),
        sentence("deal.note_book", url=services.workbooks.url(project.spreadsheet_id)),
        *([sentence("deal.note_board", url=project.board_url)] if project.board_url else []),
    ]
    text = "\n".join(render(one, look.agency.locale) for one in lines)
    part = LaunchPart.DEAL_NOTE
    try:
        look.crm.write_note(kept.deal_id, DealNote(NOTE_KEY, text))
    except VitrinaError as error:
        why = reason_of(error, look.agency.locale)
        change = part_change(services.store, kept.spreadsheet_id, part, why)
        look.run.commit(updates=[change])
        look.told.add(kept.deal_id)
        raise
    change = part_change(services.store, kept.spreadsheet_id, part, None)
    return _keep(look, replace(kept, is_noted=True), updates=[change])


def _send_stage(look: DealLook, kept: KeptDeal, deal: Deal) -> None:
    """Move the deal to the stage that the agency has chosen for the stage of its project, once each."""
    stage = look.project_stages.get(kept.spreadsheet_id, "")
    if stage not in STAGES_BACK or stage in kept.sent_stages:
        return
    rules = look.around.rules
    target = rules.stage_for(STAGES_BACK[stage], deal.pipeline_id)
    is_lost = rules.meaning(deal.pipeline_id, deal.stage_id) is DealMeaning.LOST
    if target is not None and not is_lost and not rules.has_reached(deal, target):
        look.crm.move_deal(deal.deal_id, *target)
    _keep(look, replace(kept, sent_stages=(*kept.sent_stages, stage)))


def _tell_of_stage(look: DealLook, kept: KeptDeal, deal: Deal) -> KeptDeal:
    """Tell, once each time, that a deal whose project goes on was lost or moved back."""
    rules = look.around.rules
    found = {
        "deal.lost": rules.meaning(deal.pipeline_id, deal.stage_id) is DealMeaning.LOST,
        "deal.moved_back": rules.is_before_project(deal),
        "deal.gone": False,
    }
    told = tuple(code for code, is_so in found.items() if is_so)
    if told == kept.told:
        return kept
    lines = [look.tell(kept, code) for code in told if code not in kept.told]
    return _keep(look, replace(kept, told=told), *lines)


def _note_gone(look: DealLook, kept: KeptDeal) -> None:
    """Tell that a deal with a project was deleted or merged; the project stays."""
    if kept.phase is DealPhase.STARTING:
        kept = _without_retry(look, kept)
    if kept.phase is not DealPhase.STARTED or "deal.gone" in kept.told:
        return
    # Nothing can be noted in it any more.
    gone = replace(kept, told=("deal.gone",), is_noted=True)
    change = part_change(look.run.services.store, kept.spreadsheet_id, LaunchPart.DEAL_NOTE, None)
    _keep(look, gone, look.tell(kept, "deal.gone"), updates=[change])


def _without_retry(look: DealLook, kept: KeptDeal) -> KeptDeal:
    """The deal as the operation left it that makes its project; one that failed is not begun again."""
    operation = _operation_of(look, kept)
    if operation is not None and operation.data["state"] != ENDED:
        return kept
    made = _project_made(look, operation)
    phase = DealPhase.STARTED if made else DealPhase.SEEN
    return _keep(look, replace(kept, phase=phase, spreadsheet_id=made))


def _operation_of(look: DealLook, kept: KeptDeal) -> Document | None:
    key = (OPERATION, kept.operation_id)
    return look.run.services.store.get_many([key]).get(key)


def _project_made(look: DealLook, operation: Document | None) -> str:
    """The workbook that an operation which ended has made; empty if it failed."""
    if operation is None or operation.data["http_status"] != 200:
        return ""
    answer = load_answer(look.run.services.store, operation.key, operation.data["answer"])
    return str(answer["data"]["spreadsheet_id"])


def _keep(
    look: DealLook, kept: KeptDeal, *lines: JournalLine, updates: list[DocumentChange] | None = None
) -> KeptDeal:
    """Keep what became of a deal, with lines for *Журнал*."""
    version = look.run.commit(kept.put(), *(line.put() for line in lines), updates=updates or [])
    if lines or updates:
        look.told.add(kept.deal_id)
    return replace(kept, version=version)
