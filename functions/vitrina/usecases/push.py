"""*Отправить в трекер*: one card for each item that is in progress."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from vitrina.domain.backlog import ActionStatus
from vitrina.errors import BusyError, ChangedMeanwhileError, ServiceError, UserError
from vitrina.operations.journal import Journal
from vitrina.operations.lease import Lease, lease
from vitrina.operations.retry_on_conflict import again
from vitrina.operations.services import Answer, Outcome, Services
from vitrina.operations.undo_record import write_undoably
from vitrina.ports import ChecklistItem, NewCard
from vitrina.project.snapshot import read_book, read_progress, told_lost
from vitrina.records.records import Item, Project, amend_item, items_of, load_tracker_ids
from vitrina.tabs.refreshed_mark import mark_fresh
from vitrina.texts import render, sentence
from vitrina.workbook.reading.book import Book, item_number_of_row
from vitrina.workbook.reading.settings import locale_of
from vitrina.workbook.reading.work_rows import WorkRow
from vitrina.workbook.writing.change import Formula, WorkbookChange
from vitrina.workbook.writing.heal import heal, repair_messages


def push(services: Services, project: Project, journal: Journal) -> Answer:
    """Make the cards that are missing and write their links into the sheet.

    A card is found again by our key in the tracker, so that neither a second click nor a lost answer
    makes a second one. When the tracker fails half-way, the cards made so far are linked and the rest
    is left for the next click.
    """
    with lease(services, project.spreadsheet_id) as held:
        book = read_book(services, project.spreadsheet_id)
        progress = read_progress(services, project, book)
        rows, lost = progress.rows, told_lost(services, project, progress.identity)
        if not rows:
            if lost:
                raise UserError(lost[0].code, **lost[0].where)
            raise UserError("push.nothing", sheet=book.tab("in_progress").title)
        items = {
            item.number: item for item in items_of(services.store, spreadsheet_id=project.spreadsheet_id)
        }
        wanted = [
            items[number] for number in dict.fromkeys(row.item_number for row in rows) if number in items
        ]
        # A card tells of all actions of its item: one whose rows are not all there waits for them.
        lacking = {item_number_of_row(number) for number in progress.identity.lost}
        new = [item for item in wanted if not item.card_id and item.number not in lacking]
        failure = None
        made: list[Item] = []
        if new:
            made, failure = _make_cards(services, project, book, new, rows, journal, held)
        if failure is not None and not made:
            raise failure
        linked = {item.number: item for item in wanted if item.card_id} | {item.number: item for item in made}
        _write_links(services, project, book, linked)
    details = (*repair_messages(book, progress.identity), *lost)
    left = len(new) - len(made)
    if failure is not None:
        message = sentence("push.partial", count=len(made), left=left)
        why = sentence(failure.code, **failure.where)
        return Answer(
            Outcome.PARTIAL, message, details=(why, *details), data={"made": len(made), "left": left}
        )
    code = "push.done" if made else "push.nothing_new"
    return Answer(
        Outcome.PARTIAL if lost else Outcome.DONE,
        sentence(code, count=len(made), linked=len(linked)),
        details=details,
        data={"made": len(made)},
    )


def _make_cards(
    services: Services,
    project: Project,
    book: Book,
    new: list[Item],
    rows: tuple[WorkRow, ...],
    journal: Journal,
    held: Lease,
) -> tuple[list[Item], ServiceError | None]:
    made: list[Item] = []
    tracker_ids = load_tracker_ids(services.store, project.agency_id)
    try:
        known = services.tracker.find_cards(project.board_id)
        for item in new:
            held.renew()
            journal.progress(
                len(made), len(new), sentence("push.progress", done=len(made) + 1, total=len(new))
            )
            own_rows = [row for row in rows if row.item_number == item.number]
            card = new_card(services, project, book, item, own_rows, tracker_ids)
            card_id = known.get(item.external_id) or services.tracker.create_card(card)
            services.tracker.complete_card(card_id, card)
            # Known only when it is complete: a repeat finds the card by our key and adds what is missing.
            _keep_card(services, item, card_id)
            made.append(replace(item, card_id=card_id))
    except ServiceError as error:
        return made, error
    return made, None


def _keep_card(services: Services, item: Item, card_id: str) -> None:
    """Note the card of an item as it is now in the store.

    Raises
    ------
    BusyError
        If the item was taken back meanwhile: the lease ran out in a slow call. Its card is removed.
    """
    if not amend_item(services.store, item.key, card_id=card_id):
        services.tracker.remove_card(card_id)
        raise BusyError("workbook.busy")


def new_card(
    services: Services,
    project: Project,
    book: Book,
    item: Item,
    rows: list[WorkRow],
    tracker_ids: Mapping[str, str],
) -> NewCard:
    """The card of an item as it is made; *rows* are the item's own."""
    locale = locale_of(book)
    rows = sorted(rows, key=lambda row: row.row_number)
    priority = services.choices.label("priority", item.priority, locale)
    description = render(
        sentence(
            "card.description", result=item.result or "—", priority=priority, work_type=item.work_type or "—"
        ),
        locale,
    )
    return NewCard(
        external_id=item.external_id,
        board_id=project.board_id,
        stage_id=project.stages[ActionStatus.ONBOARDING],
        lane_id=project.lane_id,
        title=f"{item.code} · {item.task}",
        description=description,
        due_on=max((row.due_on for row in rows if row.due_on), default=None),
        estimate_hours=sum(row.planned_hours for row in rows),
        assignee_id=tracker_ids.get(rows[0].specialist),
        checklist=tuple(
            ChecklistItem(
                text=f"{row.profile} — {row.specialist}",
                assignee_id=tracker_ids.get(row.specialist),
                due_on=row.due_on,
            )
            for row in rows
        ),
        link_url=services.workbooks.url(project.spreadsheet_id),
        link_title=render(sentence("card.link", project=project.project_name), locale),
    )


def _write_links(services: Services, project: Project, book: Book, items: dict[int, Item]) -> None:
    """Link the rows to their cards; from a fresh reading where the sheet changed since the first one."""
    try:
        _write_links_once(services, project, book, items)
    except ChangedMeanwhileError:
        again(
            lambda: _write_links_once(services, project, read_book(services, project.spreadsheet_id), items)
        )


def _write_links_once(services: Services, project: Project, book: Book, items: dict[int, Item]) -> None:
    tab = book.tab("in_progress")
    title = render(sentence("card.open"), locale_of(book))
    change = WorkbookChange()
    cards: dict[str, str] = {}
    progress = read_progress(services, project, book)
    heal(change, book, progress.identity, prefix=project.code)
    for row in progress.rows:
        item = items.get(row.item_number)
        if item is None:
            continue
        url = services.tracker.card_url(project.board_id, item.card_id)
        link = Formula(f'=HYPERLINK("{url}";"{title}")')
        if tab.cell(row.row, "card").formula != link.text:
            change.set(tab, row.row, "card", link)
            if tab.cell(row.row, "card").is_empty:
                cards[str(item.number)] = item.card_id
    if change:
        mark_fresh(services, change, book)
        write_undoably(services, project, book, change, action="push", cards=cards)
