"""Takes what the client chose in the cells *Приёмка* as his decision, where no stranger can edit them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from vitrina.operations.outbox import TaskWish, task_name
from vitrina.operations.run import Run
from vitrina.operations.services import Services
from vitrina.project.snapshot import Snapshot, read_snapshot
from vitrina.records.outside.client_pages import load_page
from vitrina.records.outside.decisions import Channel, DecisionKind
from vitrina.records.work import Item
from vitrina.usecases.decisions.decide import Verdict, decide
from vitrina.usecases.decisions.typed_text import clean_text
from vitrina.usecases.tracker.two_way import own_rows
from vitrina.workbook.reading.work_rows import WorkRow, WorkRows

#: Answers of so many seconds are read together.
GATHER_S = 60


def cells_wish(services: Services, spreadsheet_id: str) -> TaskWish:
    """The task that reads the client's cells of a workbook."""
    moment = int(services.clock.now().timestamp() // GATHER_S)
    body = {"kind": "settle", "spreadsheet_id": spreadsheet_id, "reads_cells": True}
    return TaskWish(task_name("cells", spreadsheet_id, moment), body)


def has_answer(services: Services, rows: WorkRows, own: Sequence[WorkRow]) -> bool:
    """Whether the cells of an item that is shown say what the client decided."""
    return _answer(services, rows, own) is not None


def decide_by_cells(run: Run, spreadsheet_id: str) -> None:
    """Make decisions of what stands in the cells of items that wait for the client.

    What anyone with the link could have chosen stays a proposal, which staff confirm. So does a return
    without a remark.
    """
    services = run.services
    snapshot = read_snapshot(run, spreadsheet_id, with_agency_work=False, for_planning=False)
    page = load_page(services.store, spreadsheet_id, snapshot.project.agency_id)
    waiting = [
        snapshot.items[one.number] for one in page.items if one.is_waiting and one.number in snapshot.items
    ]
    answers = {item.number: found for item in waiting if (found := _answer_of(snapshot, item)) is not None}
    if not answers or services.workbooks.is_open_to_edit(spreadsheet_id):
        return
    for number, (kind, text) in answers.items():
        verdict = Verdict(kind, Channel.SHEET, {number: ""}, text=text)
        decide(services, spreadsheet_id, snapshot.project.agency_id, verdict, hold=timedelta())


def _answer_of(snapshot: Snapshot, item: Item) -> tuple[DecisionKind, str] | None:
    return _answer(snapshot.services, snapshot.work_rows, own_rows(snapshot, item))


def _answer(services: Services, rows: WorkRows, own: Sequence[WorkRow]) -> tuple[DecisionKind, str] | None:
    """The decision in the rows of an item: returned if one row says so, accepted if all of them do."""
    tab = rows.tab
    if "approval" not in tab.columns:
        return None
    codes = [services.choices.code("approval", tab.cell(row.row, "approval").text) for row in own]
    remarks = [tab.cell(row.row, "remark").text for row in own] if "remark" in tab.columns else []
    text = "\n".join(dict.fromkeys(one for one in remarks if one))
    if DecisionKind.RETURNED in codes:
        return (DecisionKind.RETURNED, text) if clean_text(text) else None
    is_accepted = bool(codes) and all(code == DecisionKind.ACCEPTED for code in codes)
    return (DecisionKind.ACCEPTED, text) if is_accepted else None
