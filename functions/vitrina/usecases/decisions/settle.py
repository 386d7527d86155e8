"""Carries decisions out: accepted work goes to *Готово*, returned work goes back to its people.

A decision that is being carried out cannot be taken back any more. The card is moved first, then the sheet is
written, then the store. A process that dies in between leaves a state from which the next attempt goes on: a
card that has moved, and a row that stands in *Готово*, are found.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime

from msgspec.structs import replace

from vitrina.domain.backlog import ActionStatus
from vitrina.operations.retry_on_conflict import retry_on_conflict
from vitrina.operations.run import Run
from vitrina.ports import FactChange
from vitrina.project.snapshot import Snapshot, read_snapshot
from vitrina.records.outside.client_pages import ClientPage
from vitrina.records.outside.decisions import (
    Decision,
    DecisionKind,
    DecisionState,
    find_open_decisions,
)
from vitrina.records.work import Item, ProjectWork
from vitrina.tabs.brief import write_brief
from vitrina.tabs.refreshed_mark import write_refreshed_mark
from vitrina.tabs.schedule import write_schedule
from vitrina.texts import render, sentence
from vitrina.usecases.decisions.move_card import move_card
from vitrina.usecases.decisions.shown_work import change_shown_work
from vitrina.usecases.tracker.two_way import own_rows
from vitrina.workbook.reading.book import Tab
from vitrina.workbook.reading.settings import locale_of
from vitrina.workbook.reading.work_rows import WorkRow
from vitrina.workbook.writing.change import NewRow, WorkbookChange
from vitrina.workbook.writing.heal import heal
from vitrina.workbook.writing.values import Value

#: Columns that belong to the client.
_OF_CLIENT = ("approval", "remark")


def settle(run: Run, spreadsheet_id: str) -> list[Decision]:
    """Carry out all decisions of a project that are due. The run holds the lease of the workbook.

    Raises
    ------
    WorkbookShapeError
        If *В работе* or *Готово* is gone.
    RetriableServiceError
        If an outside system does not answer; a repeat goes on.
    """
    now = run.services.clock.now()
    due = [one for one in find_open_decisions(run.services.store, spreadsheet_id) if one.is_due(now)]
    if due:
        due = _begin(run, due)
        snapshots = [read_snapshot(run, spreadsheet_id)]
        _move_cards(snapshots[0], due)

        def write() -> None:
            snapshot = snapshots.pop() if snapshots else read_snapshot(run, spreadsheet_id)
            _write(run, snapshot, due)

        retry_on_conflict(run, write)
    return due


def _begin(run: Run, due: Sequence[Decision]) -> list[Decision]:
    """Keep that the decisions are being carried out.

    Raises
    ------
    StoreConflictError
        If one of them was taken back at this moment.
    """
    begun = [one.with_state(DecisionState.SETTLING) for one in due]
    version = run.commit(*(one.put() for one in begun))
    return [replace(one, version=version) for one in begun]


# --- The tracker -------------------------------------------------------------------------------------


def _move_cards(snapshot: Snapshot, due: Iterable[Decision]) -> None:
    """Move each card to the stage that follows from the decision, and put the remark on it."""
    for decision in due:
        item = snapshot.items.get(decision.number)
        if item is None:
            continue
        status = ActionStatus.DONE if _is_accepted(decision) else ActionStatus.IN_WORK
        about = render(sentence("decision.card_remark", round=str(decision.round)), snapshot.project.locale)
        remark = FactChange(about, "", decision.text) if decision.text else None
        move_card(snapshot, item, status, remark)


# --- The sheet ---------------------------------------------------------------------------------------


def _write(run: Run, snapshot: Snapshot, due: Sequence[Decision]) -> None:
    book, project = snapshot.book, snapshot.project
    change = WorkbookChange()
    change.hold_fence(book)
    heal(change, book, snapshot.progress_identity, prefix=project.code)
    after: dict[int, Item] = {}
    new_rows: list[NewRow] = []
    for decision in due:
        item = snapshot.items.get(decision.number)
        if item is None:
            continue
        if _is_accepted(decision):
            after[item.number] = _accepted(item, snapshot.today)
            new_rows += _move_to_done(snapshot, change, item, decision)
        else:
            after[item.number] = replace(item, is_done=False, finished_on=None, is_shown=False)
            _write_return(snapshot, change, item, decision)
    if new_rows:
        change.append(book.tab("done"), new_rows)
    by_key = {item.key: item for item in [*snapshot.agency_items, *after.values()]}
    items = list(by_key.values())
    write_schedule(snapshot, change, items)
    write_brief(snapshot, change, items)
    write_refreshed_mark(run.services, change, book)
    run.commit()
    run.services.workbooks.batch_update(project.spreadsheet_id, change.requests())
    _keep(run, snapshot, due, after)


def _accepted(item: Item, today: date) -> Item:
    return replace(item, is_done=True, finished_on=item.finished_on or today, is_shown=False)


def _move_to_done(snapshot: Snapshot, change: WorkbookChange, item: Item, decision: Decision) -> list[NewRow]:
    """Delete the rows of an item, and return its row of *Готово*: none if an earlier attempt wrote it."""
    tab, rows = snapshot.work_rows.tab, own_rows(snapshot, item)
    for row in rows:
        change.delete(tab, row.row)
    done = snapshot.book.tab("done")
    if any(row.number == item.number for row in done.rows):
        return []
    locale = locale_of(snapshot.book)
    by_whom = render(sentence(f"decision.by.{decision.channel}"), locale)
    days = [row.first_day for row in rows if row.first_day is not None]
    values: dict[str, Value] = {
        "id": item.code,
        "task": item.task,
        "specialist": ", ".join(dict.fromkeys(row.specialist for row in rows if row.specialist)),
        "hours": sum(row.planned_hours for row in rows) if rows else sum(one.hours for one in item.actions),
        "logged_hours": sum(action.logged_hours for action in item.actions) or None,
        "started_on": min(days, default=None),
        "finished_on": item.finished_on or snapshot.today,
        "approved_by": by_whom,
        "approved_on": datetime.fromisoformat(decision.at).astimezone(snapshot.services.time_zone).date(),
    }
    note = "\n".join(dict.fromkeys(text for row in rows for text in _texts_of_people(tab, row)))
    known = {key: value for key, value in values.items() if key in done.columns}
    return [NewRow(item.number, known, {"task": note} if note else {})]


def _texts_of_people(tab: Tab, row: WorkRow) -> list[str]:
    """What people typed into a row beside the add-on's own columns, and the notes of its cells."""
    ours = {index for key, index in tab.columns.items() if key not in _OF_CLIENT}
    texts = []
    for index, cell in enumerate(row.row.cells):
        if index not in ours and cell.text:
            heading = tab.header[index].text if index < len(tab.header) else ""
            texts.append(f"{heading}: {cell.text}" if heading else cell.text)
        if cell.note:
            texts.append(cell.note)
    return texts


def _write_return(snapshot: Snapshot, change: WorkbookChange, item: Item, decision: Decision) -> None:
    """Write the client's answer into his cells, and set the rows back to work.

    The note of the cell with the answer tells the earlier rounds.
    """
    services, tab, locale = snapshot.services, snapshot.work_rows.tab, locale_of(snapshot.book)
    day = datetime.fromisoformat(decision.at).astimezone(services.time_zone).date()
    told = render(sentence("decision.round", round=str(decision.round), day=day, text=decision.text), locale)
    is_only = len(item.actions) == 1
    ticked = {action.row_number: action.is_ticked and not is_only for action in item.actions}
    for row in own_rows(snapshot, item):
        # A card in work says this of its steps, so that the next look at it changes nothing.
        status = ActionStatus.DONE if ticked[row.row_number] and item.card_id else ActionStatus.IN_WORK
        change.set(tab, row.row, "status", services.choices.label("status", status, locale))
        if "approval" in tab.columns:
            change.set(tab, row.row, "approval", services.choices.label("approval", decision.kind, locale))
            known = tab.cell(row.row, "approval").note or ""
            if told not in known:
                change.note(tab, row.row, "approval", f"{known}\n{told}".strip())
        if "remark" in tab.columns:
            change.set(tab, row.row, "remark", decision.text)


# --- The store ---------------------------------------------------------------------------------------


def _keep(run: Run, snapshot: Snapshot, due: Sequence[Decision], after: Mapping[int, Item]) -> None:
    """At the end of the run, store the items, the decisions as carried out, and the page without them."""

    def amended(work: ProjectWork) -> ProjectWork:
        for number, item in after.items():
            work = work.amended(
                number, is_done=item.is_done, finished_on=item.finished_on, is_shown=item.is_shown
            )
        return work

    gone = {one.number for one in due if _is_accepted(one)}
    stays = {(one.number, one.ordinal) for one in due if not _is_accepted(one)}

    def without(page: ClientPage) -> ClientPage:
        returned = [
            replace(one, decided=replace(one.decided, is_settled=True))
            for one in page.items
            if one.decided is not None and (one.number, one.ordinal) in stays
        ]
        return page.with_items(returned).without_items(gone)

    run.at_end(
        *(one.with_state(DecisionState.SETTLED).put() for one in due),
        updates=[snapshot.change_work(amended), change_shown_work(run, snapshot.project, without)],
    )


def _is_accepted(decision: Decision) -> bool:
    return decision.kind == DecisionKind.ACCEPTED
