"""Shows the client finished work: by itself when it goes to review, or by a click with a link."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date

from vitrina.domain.backlog import ActionStatus
from vitrina.errors import UserError
from vitrina.operations.answer import Answer, Outcome
from vitrina.operations.run import Run, Update
from vitrina.operations.services import Services
from vitrina.ports import Document, Json, Write
from vitrina.project.snapshot import Snapshot, read_snapshot
from vitrina.records.books import Project
from vitrina.records.outside.change import DocumentChange
from vitrina.records.outside.client_pages import ClientPage, ShownItem, page_from_document, page_key
from vitrina.records.outside.decisions import DecisionKind
from vitrina.records.work import Item, ProjectWork
from vitrina.texts import sentence
from vitrina.workbook.reading.book import Tab
from vitrina.workbook.reading.work_rows import WorkRow
from vitrina.workbook.writing.change import WorkbookChange

#: What a row may say of work that nobody of the agency has to do anything for.
_FINISHED = frozenset({ActionStatus.REVIEW, ActionStatus.DONE})


def waits_for_client(statuses: Sequence[ActionStatus], *, is_shown: bool) -> bool:
    """Whether the client is asked about an item with actions in these states.

    He goes on being asked about work that people then moved on to the end without his answer.
    """
    return _FINISHED.issuperset(statuses) and (is_shown or ActionStatus.REVIEW in statuses)


def follow_reviews(run: Run, project: Project, items: Mapping[int, Item], today: date) -> dict[int, Item]:
    """At the end of the run, show items that went to review, and withdraw those that went back to work.

    Parameters
    ----------
    items
        Items of the project whose ``is_shown`` is to be turned over.

    Returns
    -------
    dict[int, Item]
        The items with the new ``is_shown``.
    """
    shown = [item for item in items.values() if not item.is_shown]
    withdrawn = [item.number for item in items.values() if item.is_shown]
    if items:
        run.at_end(updates=[_page_change(run, project, shown, withdrawn, today)])
    return {number: replace(item, is_shown=not item.is_shown) for number, item in items.items()}


def clear_answer(services: Services, change: WorkbookChange, tab: Tab, rows: Iterable[WorkRow]) -> None:
    """Empty the cells with the client's last answer, that the work is returned: he is asked again.

    What he wrote stays in the note of the cell.
    """
    for row in rows:
        if "approval" not in tab.columns:
            return
        cell = tab.cell(row.row, "approval")
        if services.choices.code("approval", cell.text) != DecisionKind.RETURNED:
            continue
        change.set(tab, row.row, "approval", None)
        if "remark" in tab.columns and tab.cell(row.row, "remark").text in cell.note:
            change.set(tab, row.row, "remark", None)


def _page_change(
    run: Run, project: Project, shown: Sequence[Item], withdrawn: Iterable[int], today: date
) -> DocumentChange:
    """A change of the project's page. Work that the client has decided about stays with its decision."""
    gone = set(withdrawn)

    def change(documents: list[Document | None]) -> list[Write]:
        page = page_from_document(documents[0], project.spreadsheet_id, project.agency_id)
        page = replace(page, locale=project.locale)
        waiting = [one for one in page.items if one.number in gone and one.is_waiting]
        back = [replace(one, is_withdrawn=True) for one in waiting]
        changed = page.with_items([*back, *(_shown(page, item, today) for item in shown)])
        return [changed.put()]

    return DocumentChange(run.services.store, (page_key(project.spreadsheet_id),), change)


def _shown(page: ClientPage, item: Item, today: date) -> ShownItem:
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


# --- By a click --------------------------------------------------------------------------------------


def finished_work(run: Run, spreadsheet_id: str) -> Answer:
    """Work of a project that is finished and not accepted, for the forms of staff. Changes nothing."""
    key = page_key(spreadsheet_id)
    snapshot = read_snapshot(run, spreadsheet_id, more=[key], with_agency_work=False, for_planning=False)
    page = page_from_document(snapshot.stored.more.get(key), spreadsheet_id, run.agency_id)
    items = [item for item in snapshot.items.values() if _is_finished(snapshot, item)]
    return Answer(
        Outcome.DONE,
        sentence("review.finished", count=len(items)) if items else sentence("review.none"),
        data={"items": [_form_data(item, page.by_number.get(item.number)) for item in items]},
    )


def _form_data(item: Item, shown: ShownItem | None) -> Json:
    decided = shown.decided if shown is not None else None
    return {
        "number": item.number,
        "code": item.code,
        "title": item.task,
        "is_shown": shown is not None and not shown.is_withdrawn,
        "result_url": shown.result_url if shown is not None else "",
        "decided": decided.kind if decided is not None else "",
        "text": decided.text if decided is not None else "",
    }


def _is_finished(snapshot: Snapshot, item: Item) -> bool:
    rows = rows_of(snapshot, item)
    return bool(rows) and all(row.status in _FINISHED for row in rows)


def show_to_client(run: Run, spreadsheet_id: str, *, numbers: Sequence[int], result_url: str) -> Answer:
    """Show items with a link to their result. The person who clicks has checked them.

    Raises
    ------
    UserError
        If one of them is not in review.
    """
    snapshot = read_snapshot(run, spreadsheet_id, with_agency_work=False)
    items = [finished_item(snapshot, number) for number in numbers]
    run.at_end(updates=show_items(run, snapshot, items, result_url=result_url.strip()))
    return Answer(Outcome.DONE, sentence("review.done", items=[item.code for item in items]))


def finished_item(snapshot: Snapshot, number: int) -> Item:
    """The item of this number; raises ``UserError`` if its work is not finished."""
    item = snapshot.items.get(number)
    code = f"{snapshot.project.code}-{number}"
    if item is None or not _is_finished(snapshot, item):
        raise UserError("review.not_finished", item=code)
    return item


def rows_of(snapshot: Snapshot, item: Item) -> list[WorkRow]:
    """The rows of an item that are in the sheet."""
    by_number = snapshot.work_rows.by_number
    return [by_number[one.row_number] for one in item.actions if one.row_number in by_number]


def show_items(run: Run, snapshot: Snapshot, items: Sequence[Item], *, result_url: str = "") -> list[Update]:
    """Changes of the store by which the client is asked about *items*, as the person who clicks saw them."""
    project, who = snapshot.project, run.actor.name

    def page_writes(documents: list[Document | None]) -> list[Write]:
        page = page_from_document(documents[0], project.spreadsheet_id, project.agency_id)
        page = replace(page, locale=project.locale)
        shown = [_shown(page, item, snapshot.today) for item in items]
        asked = [one for one in shown if one.decided is None]
        linked = [replace(one, result_url=result_url or one.result_url, checked_by=who) for one in asked]
        return [page.with_items([*shown, *linked]).put()]

    def work_shown(work: ProjectWork) -> ProjectWork:
        for item in items:
            work = work.amended(item.number, is_shown=True)
        return work

    key = page_key(project.spreadsheet_id)
    return [
        snapshot.change_work(work_shown),
        DocumentChange(run.services.store, (key,), page_writes),
    ]
