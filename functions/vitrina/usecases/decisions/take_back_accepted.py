"""*Вернуть из «Готово»…*: takes back that work was accepted, until accounting has it."""

from __future__ import annotations

from msgspec.structs import replace

from vitrina.domain.backlog import ActionStatus
from vitrina.errors import UserError
from vitrina.operations.answer import Answer, Outcome
from vitrina.operations.retry_on_conflict import retry_on_conflict
from vitrina.operations.run import Run
from vitrina.project.snapshot import Snapshot, read_snapshot
from vitrina.records.outside.client_pages import ShownItem
from vitrina.records.outside.decisions import Decision, DecisionState, find_open_decisions
from vitrina.records.work import Item, ProjectWork
from vitrina.tabs.brief import write_brief
from vitrina.tabs.refreshed_mark import write_refreshed_mark
from vitrina.tabs.schedule import write_schedule
from vitrina.texts import sentence
from vitrina.usecases.batch.start_batch import new_rows
from vitrina.usecases.decisions.move_card import move_card
from vitrina.usecases.decisions.shown_work import change_shown_work
from vitrina.workbook.reading.settings import locale_of
from vitrina.workbook.writing.change import WorkbookChange
from vitrina.workbook.writing.heal import heal


def accepted_work(run: Run, spreadsheet_id: str) -> Answer:
    """Accepted work of a project that accounting does not have yet. Changes nothing."""
    found = [one for one in find_open_decisions(run.services.store, spreadsheet_id) if one.is_accepted]
    return Answer(
        Outcome.DONE,
        sentence("take_back.shown", count=len(found)) if found else sentence("take_back.none"),
        data={"items": [{"number": one.number, "code": one.code, "title": one.title} for one in found]},
    )


def take_back_accepted(run: Run, spreadsheet_id: str, *, number: int) -> Answer:
    """Move an accepted item back to review: the client is asked about it again.

    Raises
    ------
    UserError
        If it is not accepted, accounting has it, or it was finished too long ago.
    """
    found = find_open_decisions(run.services.store, spreadsheet_id)
    decision = next((one for one in found if one.number == number and one.is_accepted), None)
    if decision is None:
        raise UserError("take_back.not_possible", number=str(number))
    retry_on_conflict(run, lambda: _take_back(run, decision))
    return Answer(Outcome.DONE, sentence("take_back.done", item=decision.code))


def _take_back(run: Run, decision: Decision) -> None:
    snapshot = read_snapshot(run, decision.spreadsheet_id)
    item = snapshot.stored.work.value.items.get(decision.number)
    if item is None:
        raise UserError("take_back.too_old", item=decision.code)
    move_card(snapshot, item, ActionStatus.REVIEW)
    reopened = replace(item, is_done=False, finished_on=None, is_shown=True)
    change = _change(snapshot, reopened)
    run.commit()
    run.services.workbooks.batch_update(decision.spreadsheet_id, change.requests())
    _keep(run, snapshot, decision, reopened)


def _change(snapshot: Snapshot, item: Item) -> WorkbookChange:
    """The row of *Готово* goes, and the rows of *В работе* come, unless an earlier attempt wrote them."""
    book, services = snapshot.book, snapshot.services
    change = WorkbookChange()
    change.hold_fence(book)
    heal(change, book, snapshot.progress_identity, prefix=snapshot.project.code)
    done, tab = book.tab("done"), book.tab("in_progress")
    for row in done.rows:
        if row.number == item.number:
            change.delete(done, row)
    present = set(snapshot.progress_identity.numbers.values())
    if not any(action.row_number in present for action in item.actions):
        status = services.choices.label("status", ActionStatus.REVIEW, locale_of(book))
        change.append(tab, new_rows(tab, [item], snapshot.agency.profiles, status))
    by_key = {one.key: one for one in [*snapshot.agency_items, item]}
    items = list(by_key.values())
    write_schedule(snapshot, change, items)
    write_brief(snapshot, change, items)
    write_refreshed_mark(services, change, book)
    return change


def _keep(run: Run, snapshot: Snapshot, decision: Decision, item: Item) -> None:
    shown = ShownItem(
        decision.number,
        decision.code,
        decision.title,
        decision.hours,
        decision.round,
        snapshot.today.isoformat(),
        result_url=decision.result_url,
        checked_by=run.actor.name,
        ordinal=decision.ordinal,
    )

    def amended(work: ProjectWork) -> ProjectWork:
        return work.amended(item.number, is_done=False, finished_on=None, is_shown=True)

    run.at_end(
        decision.with_state(DecisionState.TAKEN_BACK).put(),
        updates=[
            snapshot.change_work(amended),
            change_shown_work(run, snapshot.project, lambda page: page.with_items([shown])),
        ],
    )
