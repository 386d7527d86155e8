"""*Показать клиенту…*: which work is finished, and a link to its result for the client."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from vitrina.errors import UserError
from vitrina.operations.answer import Answer, Outcome
from vitrina.operations.retry_on_conflict import retry_on_conflict
from vitrina.operations.run import Run, Update
from vitrina.ports import Json
from vitrina.project.snapshot import Snapshot, read_snapshot
from vitrina.records.outside.client_pages import ClientPage, ShownItem, page_from_document, page_key
from vitrina.records.work import Item, ProjectWork
from vitrina.texts import sentence
from vitrina.usecases.decisions.follow_reviews import FINISHED, set_answer, shown_item
from vitrina.usecases.decisions.shown_work import change_shown_work
from vitrina.usecases.tracker.two_way import own_rows
from vitrina.workbook.reading.team import ClientCheck
from vitrina.workbook.writing.change import WorkbookChange


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
    rows = own_rows(snapshot, item)
    return bool(rows) and all(row.status in FINISHED for row in rows)


def show_to_client(run: Run, spreadsheet_id: str, *, numbers: Sequence[int], result_url: str) -> Answer:
    """Show items with a link to their result. The person who clicks has checked them.

    Raises
    ------
    UserError
        If one of them is not in review.
    """
    items = retry_on_conflict(run, lambda: _show(run, spreadsheet_id, numbers, result_url.strip()))
    return Answer(Outcome.DONE, sentence("review.done", items=[item.code for item in items]))


def _show(run: Run, spreadsheet_id: str, numbers: Sequence[int], result_url: str) -> list[Item]:
    snapshot = read_snapshot(run, spreadsheet_id, with_agency_work=False)
    items = [finished_item(snapshot, number) for number in numbers]
    _require_another(run, snapshot, items)
    change = WorkbookChange()
    for item in items:
        set_answer(snapshot, change, own_rows(snapshot, item), None)
    if change:
        run.commit()
        run.services.workbooks.batch_update(spreadsheet_id, change.requests())
    run.at_end(updates=show_items(run, snapshot, items, result_url=result_url))
    return items


def _require_another(run: Run, snapshot: Snapshot, items: Sequence[Item]) -> None:
    """Raise ``UserError`` if the person did the work himself and another one has to check it."""
    team = snapshot.stored.team
    if team is None or team.client_check is not ClientCheck.ANOTHER:
        return
    name = team.name_of(run.actor.name)
    own = [item.code for item in items if any(row.specialist == name for row in own_rows(snapshot, item))]
    if own:
        raise UserError("review.own_work", items=own)


def finished_item(snapshot: Snapshot, number: int) -> Item:
    """The item of this number; raises ``UserError`` if its work is not finished."""
    item = snapshot.items.get(number)
    code = f"{snapshot.project.code}-{number}"
    if item is None or not _is_finished(snapshot, item):
        raise UserError("review.not_finished", item=code)
    return item


def show_items(run: Run, snapshot: Snapshot, items: Sequence[Item], *, result_url: str = "") -> list[Update]:
    """Changes of the store by which the client is asked about *items*, as the person who clicks saw them."""
    project, who = snapshot.project, run.actor.name

    def shown(page: ClientPage) -> ClientPage:
        found = [shown_item(page, item, snapshot.today) for item in items]
        asked = [one for one in found if one.decided is None]
        linked = [replace(one, result_url=result_url or one.result_url, checked_by=who) for one in asked]
        return page.with_items([*found, *linked])

    def work_shown(work: ProjectWork) -> ProjectWork:
        for item in items:
            work = work.amended(item.number, is_shown=True)
        return work

    return [snapshot.change_work(work_shown), change_shown_work(run, project, shown)]
