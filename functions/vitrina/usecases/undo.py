"""*Отменить последнее действие*: the sheet goes back, and cards that nobody has begun go.

Only what still stands as the action left it is taken back; what people changed since then is left and
named. Every step may be repeated: what is back already needs nothing.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from vitrina.errors import UserError
from vitrina.operations.journal import Journal
from vitrina.operations.lease import Lease, lease
from vitrina.operations.retry_on_conflict import again
from vitrina.operations.services import Answer, Outcome, Services
from vitrina.operations.undo_record import load_stack, save_stack
from vitrina.ports import Card, Json, NewCard, Store
from vitrina.project.snapshot import read_book, read_fenced, read_progress, settle_for_good
from vitrina.records.records import (
    ESTIMATE,
    ITEM,
    Item,
    Project,
    amend_item,
    items_of,
    load_tracker_ids,
)
from vitrina.tabs.schedule import write_schedule
from vitrina.texts import Sentence, sentence
from vitrina.usecases.push import new_card
from vitrina.workbook.reading.book import Book
from vitrina.workbook.writing.change import WorkbookChange
from vitrina.workbook.writing.restore import Restoration, has_happened, restore

#: More names than this in one answer are not read by anyone.
MAX_DETAILS = 12


def undo(services: Services, project: Project, journal: Journal) -> Answer:
    """Take back the last action of the workbook that changed something."""
    with lease(services, project.spreadsheet_id) as held:
        book = again(lambda: read_fenced(services, project))
        settle_for_good(services, project, book)
        # A second delivery goes on with the same action, whatever was done since the first one died.
        chosen: Json = journal.once("choose", lambda: _choose(services.store, project, book))
        stack = load_stack(services.store, project.spreadsheet_id)
        record = next((one for one in stack if one["id"] == chosen["id"]), None)
        if record is None:
            return _answer(services, chosen, [], Restoration())
        begun = _remove_cards(services, project, book, record, journal, held)
        kept = _kept_items(services, project, record)
        left = again(lambda: _write_back(services, project, record, kept, held))
        left.items.update({item.number: item.code for item in kept})
        _forget(services, project, record, stay=left.items.keys())
        others = [one for one in stack if one["id"] != chosen["id"]]
        save_stack(services.store, project.spreadsheet_id, others)
    return _answer(services, record, begun, left)


def _choose(store: Store, project: Project, book: Book) -> Json:
    """The last action that happened: the newest may have got no answer, and then the sheet tells."""
    stack = load_stack(store, project.spreadsheet_id)
    while stack and stack[-1]["is_pending"] and not has_happened(book, stack[-1]["trace"]):
        stack = stack[:-1]
    save_stack(store, project.spreadsheet_id, stack)
    if not stack:
        raise UserError("undo.nothing")
    return {key: stack[-1][key] for key in ("id", "action", "at")}


def _remove_cards(
    services: Services, project: Project, book: Book, record: Json, journal: Journal, held: Lease
) -> list[str]:
    """Remove the cards that came of the action and that nobody has touched; gives the IDs of the others."""
    rows = read_progress(services, project, book).rows
    tracker_ids = load_tracker_ids(services.store, project.agency_id)
    begun: list[str] = []
    cards = _cards_of(services, project, record)
    for done, (item, card_id) in enumerate(cards):
        held.renew()
        journal.progress(done, len(cards), sentence("undo.progress", done=done + 1, total=len(cards)))
        card = services.tracker.get_card(card_id)
        own_rows = [row for row in rows if row.item_number == item.number]
        if card is not None:
            made = new_card(services, project, book, item, own_rows, tracker_ids) if own_rows else None
            if made is None or not is_untouched(card, made, is_whole=bool(item.card_id)):
                begun.append(item.code)
                amend_item(services.store, item.key, card_id=card_id)
                continue
            services.tracker.remove_card(card_id)
        amend_item(services.store, item.key, card_id="")
    return begun


def _cards_of(services: Services, project: Project, record: Json) -> list[tuple[Item, str]]:
    """Cards that the action made, and those that a push which broke off has left half made."""
    if record["action"] not in ("start_batch", "push"):
        return []
    linked: dict[str, str] = record.get("cards", {})
    started = {number for _, _, number, _ in record["trace"]["moved"]}
    own = items_of(services.store, spreadsheet_id=project.spreadsheet_id)
    half_made = [item for item in own if not item.card_id and (not started or item.number in started)]
    known = services.tracker.find_cards(project.board_id) if half_made else {}
    return [
        (item, item.card_id) for item in own if item.card_id and linked.get(str(item.number)) == item.card_id
    ] + [(item, known[item.external_id][0]) for item in half_made if item.external_id in known]


def is_untouched(card: Card, made: NewCard, *, is_whole: bool) -> bool:
    """Whether a card is as it was made: nobody moved it, ticked, logged hours, wrote or changed it.

    One that is not whole may lack lines of its checklist.
    """
    return (
        card.stage_id == made.stage_id
        and not card.is_archived
        and not card.comment_count
        and not any(card.logged_hours.values())
        and (card.title, card.due_on, card.assignee_id) == (made.title, made.due_on, made.assignee_id)
        and (card.checklist == made.checklist if is_whole else set(card.checklist) <= set(made.checklist))
    )


def _kept_items(services: Services, project: Project, record: Json) -> list[Item]:
    """Items that the action put into work and that stay there, as they have a card."""
    started = {number for _, _, number, _ in record["trace"]["moved"]}
    own = items_of(services.store, spreadsheet_id=project.spreadsheet_id)
    linked = {int(number) for number in record.get("cards", {})}
    return [item for item in own if item.card_id and item.number in started | linked]


def _write_back(
    services: Services, project: Project, record: Json, kept: list[Item], held: Lease
) -> Restoration:
    book = read_book(services, project.spreadsheet_id)
    change = WorkbookChange()
    result = restore(change, book, record, kept=frozenset(item.number for item in kept))
    _forget_progress(services, project, change, book, record, kept)
    if result.is_outdated:
        started = {number for _, _, number, _ in record["trace"]["moved"]} - result.items.keys()
        items = items_of(services.store, agency_id=project.agency_id)
        gone = {f"{project.spreadsheet_id}:{number}" for number in started}
        write_schedule(services, change, book, project, [item for item in items if item.key not in gone])
    # Should the lease have run out in a slow call, somebody else is at work here now.
    held.renew()
    if change:
        services.workbooks.batch_update(project.spreadsheet_id, change.requests())
    return result


def _forget_progress(
    services: Services, project: Project, change: WorkbookChange, book: Book, record: Json, kept: list[Item]
) -> None:
    """Empty what *refresh* has written of cards that are gone."""
    gone = {int(number) for number in record.get("cards", {})} - {item.number for item in kept}
    if not gone:
        return
    progress = read_progress(services, project, book)
    tab = progress.identity.tab
    for row in progress.rows:
        if row.item_number in gone and tab.cell(row.row, "progress").text:
            change.set(tab, row.row, "progress", None)


def _forget(services: Services, project: Project, record: Json, *, stay: Collection[int]) -> None:
    """Give back promised hours, and the add-on's own figures as they were before."""
    for _, _, number, _ in record["trace"]["moved"]:
        if number not in stay:
            services.store.delete(ITEM, f"{project.spreadsheet_id}:{number}")
    if "estimates" in record:
        now = services.store.get(ESTIMATE, project.spreadsheet_id)
        touched = {str(number) for _, number, *_ in record["trace"]["cells"] if number}
        others = {key: one for key, one in (now.data if now else {}).items() if key not in touched}
        services.store.put(ESTIMATE, project.spreadsheet_id, {**others, **record["estimates"]})


def _answer(services: Services, record: Json, begun: list[str], left: Restoration) -> Answer:
    at = datetime.fromisoformat(record["at"]).astimezone(services.time_zone)
    details: list[Sentence] = []
    if begun:
        details.append(sentence("undo.begun", items=begun))
    in_work = [code for code in left.items.values() if code not in begun]
    if in_work:
        details.append(sentence("undo.in_work", items=in_work))
    for sheet, cells in left.cells.items():
        shown = cells[:MAX_DETAILS]
        details.append(sentence("undo.cells_left", sheet=sheet, cells=shown, count=len(cells)))
    return Answer(
        Outcome.PARTIAL if details else Outcome.DONE,
        sentence(
            "undo.partial" if details else "undo.done",
            action=sentence(f"undo.action.{record['action']}"),
            time=at.strftime("%H:%M"),
            day=at.date(),
        ),
        details=tuple(details),
        data={"action": record["action"], "left": len(begun) + len(in_work)},
    )
