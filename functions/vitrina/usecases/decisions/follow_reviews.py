"""Follows which work is in review: the client is asked about it, by itself, and not asked about the rest."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date

from msgspec.structs import replace

from vitrina.domain.backlog import ActionStatus
from vitrina.operations.run import Run
from vitrina.project.snapshot import Snapshot
from vitrina.records.outside.client_pages import ClientPage, ShownItem
from vitrina.records.outside.decisions import DecisionKind
from vitrina.records.work import Item
from vitrina.tabs.project_signs import UNASKED
from vitrina.usecases.decisions.read_cells import cells_wish, has_answer
from vitrina.usecases.decisions.shown_work import change_shown_work
from vitrina.usecases.tracker.two_way import own_rows
from vitrina.workbook.reading.settings import locale_of
from vitrina.workbook.reading.team import ClientCheck
from vitrina.workbook.reading.work_rows import WorkRow
from vitrina.workbook.writing.change import WorkbookChange

#: What a row may say of work that nobody of the agency has to do anything for.
FINISHED = frozenset({ActionStatus.REVIEW, ActionStatus.DONE})


def turned_items(
    snapshot: Snapshot,
    change: WorkbookChange,
    items: Mapping[int, Item],
    statuses: Mapping[int, Sequence[ActionStatus]],
) -> dict[int, Item]:
    """Items about which the client is to be asked now, or not any more; *change* empties his last answers.

    Where the agency checks work first, a dash in place of the answer says that he is not asked yet.

    *statuses* are those of actions whose cards were read; those of the others stand in their rows.
    """
    turned = {}
    is_checked = is_checked_first(snapshot)
    for number, item in items.items():
        rows = own_rows(snapshot, item)
        now = statuses.get(number) or [row.status for row in rows]
        if not now or waits_for_client(now, is_shown=item.is_shown) == item.is_shown:
            continue
        if is_checked and not item.is_shown:
            set_answer(snapshot, change, rows, UNASKED)
            continue
        turned[number] = item
        set_answer(snapshot, change, rows, None)
    return turned


def is_checked_first(snapshot: Snapshot) -> bool:
    """Whether somebody of the agency looks at finished work before the client is asked about it."""
    team = snapshot.stored.team
    return team is not None and team.client_check is not ClientCheck.NOBODY


def follow_reviews(
    run: Run, snapshot: Snapshot, items: Mapping[int, Item], turned: Mapping[int, Item]
) -> dict[int, Item]:
    """At the end of the run, show the *turned* items or withdraw them, and read answers in cells of others.

    Returns
    -------
    dict[int, Item]
        The turned items with the new ``is_shown``.
    """
    project, today = snapshot.project, snapshot.today
    asked = [item for number, item in items.items() if item.is_shown and number not in turned]
    if any(has_answer(run.services, snapshot.work_rows, own_rows(snapshot, item)) for item in asked):
        run.queue_at_end(cells_wish(run.services, project.spreadsheet_id))
    shown = [item for item in turned.values() if not item.is_shown]
    withdrawn = [item.number for item in turned.values() if item.is_shown]
    if turned:
        change = change_shown_work(run, project, lambda page: _followed(page, shown, withdrawn, today))
        run.at_end(updates=[change])
    return {number: replace(item, is_shown=not item.is_shown) for number, item in turned.items()}


def waits_for_client(statuses: Sequence[ActionStatus], *, is_shown: bool) -> bool:
    """Whether the client is asked about an item with actions in these states.

    He goes on being asked about work that people then moved on to the end without his answer.
    """
    return FINISHED.issuperset(statuses) and (is_shown or ActionStatus.REVIEW in statuses)


def set_answer(
    snapshot: Snapshot, change: WorkbookChange, rows: Iterable[WorkRow], answer: str | None
) -> None:
    """Empty the cells with the client's last answer, or write ``UNASKED`` there.

    What he wrote of work that he returned stays in the note of the cell. A new answer of his is left alone.
    """
    tab, choices = snapshot.work_rows.tab, snapshot.services.choices
    if "approval" not in tab.columns:
        return
    label = choices.label("approval", answer, locale_of(snapshot.book)) if answer else None
    for row in rows:
        cell = tab.cell(row.row, "approval")
        code = choices.code("approval", cell.text)
        remark = tab.cell(row.row, "remark").text if "remark" in tab.columns else ""
        # A return that was carried out stands in the note with its remark.
        is_old_return = code == DecisionKind.RETURNED and bool(cell.note) and remark in cell.note
        if cell.text == (label or "") or not (cell.text == "" or code == UNASKED or is_old_return):
            continue
        change.set(tab, row.row, "approval", label)
        if is_old_return and remark:
            change.set(tab, row.row, "remark", None)


def _followed(page: ClientPage, shown: Sequence[Item], withdrawn: Collection[int], today: date) -> ClientPage:
    """The page with these items; work that the client has decided about stays with its decision."""
    waiting = [one for one in page.items if one.number in withdrawn and one.is_waiting]
    back = [replace(one, is_withdrawn=True) for one in waiting]
    return page.with_items([*back, *(shown_item(page, item, today) for item in shown)])


def shown_item(page: ClientPage, item: Item, today: date) -> ShownItem:
    """The item as it is shown now: once more after a return, or as before if it was only taken back."""
    known = page.by_number.get(item.number)
    if known is not None and known.decided is not None and not known.decided.is_settled:
        return known
    hours = sum(action.hours for action in item.actions)
    if known is None:
        return ShownItem(item.number, item.code, item.task, hours, 1, today.isoformat())
    again = known.decided is not None
    return replace(
        known,
        title=item.task,
        hours=hours,
        round=known.round + again,
        shown_on=today.isoformat(),
        decided=None,
        is_withdrawn=False,
    )
