"""*Отправить в трекер*: creates one card for each item in progress, and changes those that are there."""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial

from msgspec import Struct
from msgspec.structs import replace

from vitrina.domain.backlog import ActionStatus
from vitrina.errors import (
    AccessDeniedError,
    BusyError,
    CellProblem,
    FatalServiceError,
    RetriableServiceError,
    ServiceError,
    UserError,
)
from vitrina.operations.answer import Answer, Outcome
from vitrina.operations.outbox import GRACE, TaskWish, fulfil
from vitrina.operations.retry_on_conflict import retry_on_conflict
from vitrina.operations.run import Run
from vitrina.operations.undo_record import write_undoably
from vitrina.ports import Card, Link, NewCard, Step, TaskTracker, Write
from vitrina.project.card_fields import (
    Words,
    agreed_after,
    agreed_as_made,
    is_open,
    look_at,
    shown_quantity,
    with_steps,
    words_of,
)
from vitrina.project.snapshot import Snapshot, read_snapshot
from vitrina.project.tracker_people import find_people_in_tracker
from vitrina.records.cards import CardOwner, delete_card, put_card
from vitrina.records.work import Item, ItemAction, ProjectWork
from vitrina.tabs.refreshed_mark import write_refreshed_mark
from vitrina.texts import Sentence, render, sentence
from vitrina.usecases.tracker.calls_ahead import Call, begun_ahead
from vitrina.usecases.tracker.refresh import items_with_cards, write_card_states
from vitrina.usecases.tracker.two_way import about, own_rows, step_text, surroundings_of
from vitrina.workbook.reading.book import item_number_of_row
from vitrina.workbook.reading.settings import locale_of
from vitrina.workbook.reading.work_rows import WorkRow
from vitrina.workbook.writing.change import WorkbookChange
from vitrina.workbook.writing.heal import heal, repair_messages
from vitrina.workbook.writing.open_link import open_link

#: Most links of documents on a card; further ones are in the workbook.
MOST_DOCUMENTS = 10
#: An address in a text, without the punctuation that follows it.
_URL = re.compile(r"https?://[^\s<>\"]*[^\s<>\".,:;!?)]")

log = logging.getLogger("vitrina.push")


def push(run: Run, spreadsheet_id: str, *, only_wanted: bool = False) -> Answer:
    """Create the missing cards, write their links into the sheet, and carry on what people changed since.

    A card is found again by our key in the tracker, so neither a second click nor a lost answer creates a
    second one. If the tracker fails half-way, the cards created so far are linked, and the next click or the
    timer creates the rest. Of the cards that are there only those are read of which the sheet has something
    that both sides did not agree on. With *only_wanted*, items whose cards nobody asked for, or whose push
    was undone, get none, and cards that are there are left alone.
    """
    snapshot = read_snapshot(run, spreadsheet_id, with_agency_work=False)
    if not snapshot.has_cards:
        raise UserError("tracker.none")
    made = _push_missing(run, snapshot, only_wanted=only_wanted)
    if only_wanted or "left" in made.data:
        return made
    changed, cells = _changed_items(snapshot, made.data["items"])
    if changed:
        # What was created stays, whatever becomes of the rest.
        run.carry_out_final_writes()
        _find_people(run, snapshot, changed)
    return _with_changes(run, snapshot, made, changed, cells)


def _changed_items(snapshot: Snapshot, created: Collection[str]) -> tuple[list[Item], list[CellProblem]]:
    """Items of which the sheet has something that is not agreed on, and cells that cannot be read."""
    around = surroundings_of(snapshot)
    changed: list[Item] = []
    cells: dict[tuple[str, str], CellProblem] = {}
    for item in items_with_cards(snapshot):
        rows = own_rows(snapshot, item)
        if rows and item.code not in created:
            look = look_at(item, rows, None, around)
            cells |= {(one.sheet, one.cell): one for one in look.problems}
            if is_open(look):
                changed.append(item)
    return changed, list(cells.values())


def _with_changes(
    run: Run, snapshot: Snapshot, made: Answer, changed: Sequence[Item], cells: Sequence[CellProblem]
) -> Answer:
    """Carry on the changes of items, and say it together with what was made."""
    data = {name: value for name, value in made.data.items() if name != "items"}
    if not changed:
        is_bad = bool(cells) or made.outcome is Outcome.PARTIAL
        outcome = Outcome.PARTIAL if is_bad else made.outcome
        return replace(made, outcome=outcome, cells=tuple(cells), data=data)
    try:
        synced = write_card_states(run, snapshot, changed, says_when=False)
    except ServiceError as error:
        if not made.data["made"]:
            raise
        why = sentence(error.code, **error.where)
        return replace(made, outcome=Outcome.PARTIAL, details=(why, *made.details), data=data)
    sent = synced.data["sent_cards"]
    all_cells = {(one.sheet, one.cell): one for one in (*cells, *synced.cells)}
    messages = [made.message] if made.data["made"] else []
    if sent:
        messages.append(sentence("push.changed", count=sent))
    if synced.data.get("conflicts"):
        messages.insert(0, synced.message)
    first, *others = messages or [made.message]
    unknown = _unknown_people(snapshot, [item.number for item in changed])
    details: list[Sentence] = []
    for one in (*others, *made.details, *unknown, *synced.details):
        if one not in details:
            details.append(one)
    is_partial = bool(all_cells) or Outcome.PARTIAL in (made.outcome, synced.outcome)
    return Answer(
        Outcome.PARTIAL if is_partial else Outcome.DONE,
        first,
        details=tuple(details),
        cells=tuple(all_cells.values()),
        data={**synced.data, **data},
    )


def _push_missing(run: Run, snapshot: Snapshot, *, only_wanted: bool) -> Answer:
    """Create the missing cards and link them; ``items`` of the data are the codes of new cards."""
    spreadsheet_id = snapshot.project.spreadsheet_id
    rows, lost = snapshot.work_rows.actions, snapshot.lost_row_messages()
    if not rows:
        if lost:
            raise UserError(lost[0].code, **lost[0].where)
        raise UserError("push.nothing", sheet=snapshot.book.tab("in_progress").title)
    numbers = dict.fromkeys(row.item_number for row in rows)
    wanted = [snapshot.items[number] for number in numbers if number in snapshot.items]
    # A card lists all actions of its item, so an item with missing rows has to wait for them.
    lacking = {item_number_of_row(number) for number in snapshot.progress_identity.lost}
    new = [
        item
        for item in wanted
        if (item.is_card_wanted or not (item.card_id or item.is_done or only_wanted))
        and item.number not in lacking
    ]
    unclear = {item.number for item in new if item.card_lost_at}
    created: dict[int, str] = {}
    steps: dict[int, tuple[str, ...]] = {}
    failure = make_cards(run, snapshot, new, unclear, created=created, steps=steps)
    known = [item.number for item in new if item.number not in unclear]
    if failure is not None and not created:
        settling = snapshot.stored.work.change(
            lambda work: settled(work, [], known, {}, tells_of_steps=False)
        )
        run.commit(updates=[settling])
        raise failure
    linked = {item.number: item.card_id for item in wanted if item.card_id} | created
    _write_links(run, snapshot, linked, is_by_itself=only_wanted)
    known += _remove_late_twins(run, snapshot, lacking, steps)
    is_looking = any(
        item.card_lost_at and item.number not in known for item in snapshot.stored.work.value.items.values()
    )
    tells_of_steps = snapshot.tracker.can.steps_send_events
    settling = snapshot.stored.work.change(
        lambda work: settled(work, created, known, steps, tells_of_steps=tells_of_steps)
    )
    run.at_end(*owned_steps(snapshot, steps), updates=[settling])
    if failure is None and not is_looking:
        run.at_end(fulfil(push_wish(spreadsheet_id).name))
    details = (
        *_unknown_people(snapshot, created),
        *repair_messages(snapshot.book, snapshot.progress_identity),
        *lost,
    )
    left = len(new) - len(created)
    if failure is not None:
        message = sentence("push.partial", count=len(created), left=left)
        why = sentence(failure.code, **failure.where)
        data = {"made": len(created), "left": left}
        return Answer(Outcome.PARTIAL, message, details=(why, *details), data=data)
    code = "push.done" if created else "push.nothing_new"
    return Answer(
        Outcome.PARTIAL if lost else Outcome.DONE,
        sentence(code, count=len(created), linked=len(linked)),
        details=details,
        data={"made": len(created), "items": [item.code for item in new]},
    )


def owned_steps(snapshot: Snapshot, steps: Mapping[int, tuple[str, ...]]) -> list[Write]:
    """Writes that keep whose the steps are, where the tracker reports changes under their ids.

    *steps* are their ids by item number.
    """
    project = snapshot.project
    if not snapshot.tracker.can.steps_send_events:
        return []
    return [
        put_card(project.tracker, step_id, CardOwner(project.spreadsheet_id, number))
        for number, step_ids in steps.items()
        for step_id in step_ids
    ]


def push_wish(spreadsheet_id: str) -> TaskWish:
    """Outbox entry for a task that creates the wanted cards of a workbook and removes duplicate cards."""
    return TaskWish(f"push-{spreadsheet_id}", {"kind": "push", "spreadsheet_id": spreadsheet_id})


# --- Making cards ----------------------------------------------------------------------------------


def make_cards(
    run: Run,
    snapshot: Snapshot,
    new: Sequence[Item],
    unclear: set[int],
    *,
    created: dict[int, str],
    steps: dict[int, tuple[str, ...]],
) -> ServiceError | None:
    """Create the cards of *new* items. Returns the error that stopped the rest.

    Before the tracker is called, the store notes which cards are wanted, and since when calls may be running,
    in case this process dies. Each card is stored as soon as it exists, and counts as wanted until it is
    complete. Several cards are made at a time; after an error those that were begun are finished.

    Parameters
    ----------
    unclear
        Numbers of items with a call without an answer; the items at which this push stopped are added.
    created
        Gets the ids of complete cards by item number.
    steps
        Gets the ids of their steps, where they have ids of their own.

    Raises
    ------
    BusyError
        If another run works in this workbook, or has taken an item back.
    """
    if not new:
        return None
    services, tracker = run.services, snapshot.tracker
    wish = push_wish(snapshot.project.spreadsheet_id)
    wanted = [item.number for item in new]
    now = services.clock.now()
    run.commit(
        wish.put(services), updates=[snapshot.change_work(lambda work: _with_wanted(work, wanted, now))]
    )
    making = _Making(run, snapshot, new, unclear)
    try:
        _find_people(run, snapshot, new)
        present = tracker.find_cards(snapshot.project.board_id)
    except ServiceError as error:
        return error
    for (item, card_id), complete in making.completions(present):
        step = sentence("push.progress", done=len(created) + 1, total=len(new))
        run.set_progress(len(created), len(new), step)
        try:
            step_ids = complete()
            _agree_on_found(run, snapshot, item, step_ids)
        except (ServiceError, BusyError) as error:
            making.stop(item, error)
            continue
        created[item.number] = card_id
        if step_ids:
            steps[item.number] = step_ids
    if making.conflict is not None:
        raise making.conflict
    return making.failure


class _Making:
    """Cards of *new* items while they are made, several at a time.

    No further card is begun after a *failure* of the tracker, or a *conflict*: another run works in the
    workbook, or has taken an item back. Those that were begun are gone through all the same, because a card
    that its item may not have any more is removed. The items at which it stopped without an answer are added
    to *unclear*.
    """

    def __init__(self, run: Run, snapshot: Snapshot, new: Sequence[Item], unclear: set[int]) -> None:
        self._run = run
        self._snapshot = snapshot
        self._new = new
        self._unclear = unclear
        self._at_a_time = min(snapshot.tracker.can.cards_at_a_time, len(new))
        self.failure: ServiceError | None = None
        self.conflict: BusyError | None = None

    def stop(self, item: Item, error: ServiceError | BusyError) -> None:
        """Begin no further card, because of what was done for this item."""
        if isinstance(error, BusyError):
            self.conflict = self.conflict or error
            return
        self.failure = self.failure or error
        # After status 429, or a refusal, nothing is carried out later.
        if isinstance(error, RetriableServiceError) and error.status != 429:
            self._unclear.add(item.number)

    def completions(
        self, present: Mapping[str, Sequence[str]]
    ) -> Iterator[Call[tuple[Item, str], tuple[str, ...]]]:
        """The calls that complete the cards, with items and ids; *present* are the cards of the board.

        Each card is stored before.
        """
        return begun_ahead(self._completions(present), at_a_time=self._at_a_time)

    def _completions(
        self, present: Mapping[str, Sequence[str]]
    ) -> Iterator[Call[tuple[Item, str], tuple[str, ...]]]:
        tracker = self._snapshot.tracker
        for item, find in begun_ahead(self._searches(present), at_a_time=self._at_a_time):
            try:
                found = find()
                _keep_card(self._run, self._snapshot, item, found)
            except (ServiceError, BusyError) as error:
                self.stop(item, error)
                continue
            yield (item, found.card_id), partial(tracker.complete_card, found.card_id, found.card)

    def _searches(self, present: Mapping[str, Sequence[str]]) -> Iterator[Call[Item, _FoundCard]]:
        for item in self._new:
            if self.failure is not None or self.conflict is not None:
                return
            rows = [row for row in self._snapshot.work_rows.actions if row.item_number == item.number]
            card = new_card(self._snapshot, item, rows)
            known = present.get(item.external_id, ())
            yield item, partial(_find_or_create, self._snapshot.tracker, item, card, known)


def _find_people(run: Run, snapshot: Snapshot, new: Sequence[Item]) -> None:
    """Look for people of *new* items who have no id in the tracker yet.

    If the tracker does not let us search, or a cell of the agency's workbook is bad, their cards are made
    without them.
    """
    missing = _without_id(snapshot, {item.number for item in new})
    if not missing:
        return
    agency_id, tracker = snapshot.agency.spreadsheet_id, snapshot.project.tracker
    try:
        found = find_people_in_tracker(run, agency_id, tracker, missing)
    except (AccessDeniedError, FatalServiceError, UserError) as error:
        log.warning("people not searched: %s", error.code)
    else:
        snapshot.people_in_tracker = {**snapshot.people_in_tracker, **found}


def _without_id(snapshot: Snapshot, numbers: Collection[int]) -> list[str]:
    """Names of the team who work on these items and are not known to the tracker."""
    team = {one.name for one in snapshot.stored.team.specialists} if snapshot.stored.team else set()
    rows = (row for row in snapshot.work_rows.actions if row.item_number in numbers)
    names = dict.fromkeys(row.specialist for row in rows if row.specialist in team)
    return [name for name in names if name not in snapshot.people_in_tracker]


def _unknown_people(snapshot: Snapshot, created: Collection[int]) -> tuple[Sentence, ...]:
    """Who has no account in the tracker, so that cards were made without him."""
    unknown = _without_id(snapshot, created)
    if not unknown:
        return ()
    return (sentence("push.unknown_people", people=unknown, service=snapshot.tracker.name),)


class _FoundCard(Struct, frozen=True):
    """The card of an item in the tracker: created where it *is_ours*, else it was there.

    ``deleted_id`` is that of a card that somebody deleted before it was complete, empty for none.
    """

    card: NewCard
    card_id: str
    is_ours: bool
    deleted_id: str


def _find_or_create(tracker: TaskTracker, item: Item, card: NewCard, present: Sequence[str]) -> _FoundCard:
    """The item's card, of those *present* or a new one.

    A card that somebody deleted before it was complete is replaced. A create call that timed out, in this
    process or another one, may still be carried out later. So after each creation we look for duplicates, and
    remove the new card if there is an older one.
    """
    deleted_id = item.card_id if _is_deleted(tracker, card.board_id, item.card_id, present) else ""
    known_id = "" if deleted_id else item.card_id
    card_id, is_ours = known_id or next(iter(present), ""), False
    if not card_id:
        card_id, is_ours = tracker.create_card(card), True
        twins = tracker.find_twins(card.board_id, card.external_id)
        if twins and twins[0] != card_id:
            tracker.remove_card(card_id)
            card_id, is_ours = twins[0], False
    return _FoundCard(card, card_id, is_ours, deleted_id)


def _keep_card(run: Run, snapshot: Snapshot, item: Item, found: _FoundCard) -> None:
    """Store the id of the item's card."""
    tracker, name, card_id = snapshot.tracker, snapshot.project.tracker, found.card_id

    def made(current: Item) -> Item:
        around, rows = surroundings_of(snapshot), own_rows(snapshot, item)
        return agreed_as_made(current, words_of(item, rows, around), found.card, around.can)

    replaceable = ("", card_id, found.deleted_id)
    keeping = snapshot.stored.work.change(
        lambda work: _with_card(
            work, item.number, card_id, name, replaceable, made if found.is_ours else None
        )
    )
    owner = CardOwner(item.spreadsheet_id, item.number)
    forgetting = [delete_card(name, found.deleted_id)] if found.deleted_id else []
    try:
        run.commit(put_card(name, card_id, owner), *forgetting, updates=[keeping])
    except BusyError:
        keeping.reload(run.services.store)
        if found.is_ours and not _may_have_card(snapshot.stored.work.value, item.number, replaceable):
            tracker.remove_card(card_id)
        raise


def _agree_on_found(run: Run, snapshot: Snapshot, item: Item, step_ids: Sequence[str]) -> None:
    """Agree on what a card has in common with its rows, if it was found and not made by this push.

    The process that made it died before it could say what it wrote.
    """
    current = snapshot.stored.work.value.items.get(item.number)
    if current is None or current.agreed:
        return
    card = snapshot.tracker.get_card(snapshot.project.board_id, current.card_id)
    if card is None:
        return
    rows = own_rows(snapshot, item)
    look = look_at(with_steps(current, step_ids), rows, card, surroundings_of(snapshot))

    def agreed(work: ProjectWork) -> ProjectWork:
        now = work.items.get(item.number)
        return work if now is None else work.with_items([agreed_after(with_steps(now, step_ids), look)])

    run.commit(updates=[snapshot.stored.work.change(agreed)])


def _is_deleted(tracker: TaskTracker, board_id: str, card_id: str, present: Collection[str]) -> bool:
    """Whether somebody deleted a card. A card that the search has not found may be on another board."""
    if not card_id or card_id in present:
        return False
    return tracker.get_card(board_id, card_id) is None


def _with_card(
    work: ProjectWork,
    number: int,
    card_id: str,
    tracker: str,
    replaceable: Collection[str],
    made: Callable[[Item], Item] | None,
) -> ProjectWork:
    """The work with the card id of an item set; raises ``BusyError`` if the item may not have the card.

    *made* adds what was written to a card that this push made; of any other card nothing is agreed on.
    """
    if not _may_have_card(work, number, replaceable):
        raise BusyError("workbook.busy")
    item = work.items[number]
    return work.with_items([replace(made(item) if made else item, card_id=card_id, card_tracker=tracker)])


def _may_have_card(work: ProjectWork, number: int, replaceable: Collection[str]) -> bool:
    """Whether the item is still there and has none but a *replaceable* card: others may have undone it."""
    item = work.items.get(number)
    return item is not None and item.card_id in replaceable


def _with_wanted(work: ProjectWork, numbers: Collection[int], now: datetime) -> ProjectWork:
    for number in numbers:
        work = work.amended(number, is_card_wanted=True, card_lost_at=now)
    return work


def settled(
    work: ProjectWork,
    complete: Collection[int],
    known: Collection[int],
    steps: Mapping[int, tuple[str, ...]],
    *,
    tells_of_steps: bool,
) -> ProjectWork:
    """The work after cards were completed, and after the calls for the *known* items have ended.

    *steps* are the ids of the steps of items, in the order of their actions. They are kept a second time
    where the tracker reports changes under them.
    """
    for number in complete:
        work = work.amended(number, is_card_wanted=False)
    for number in known:
        work = work.amended(number, card_lost_at=None)
    for number, step_ids in steps.items():
        if number in work.items:
            item = with_steps(work.items[number], step_ids)
            work = work.with_items([replace(item, step_ids=step_ids) if tells_of_steps else item])
    return work


def _remove_late_twins(
    run: Run, snapshot: Snapshot, lacking: Collection[int], steps: dict[int, tuple[str, ...]]
) -> list[int]:
    """Remove cards, and parts of a card, that the tracker created late and that their item has already.

    The search happens some minutes after the call that had no answer. An item whose push was undone keeps no
    card. Cards that somebody has begun to work on stay, and *Проверить всё* names them. Returns the numbers
    of the items that were searched.
    """
    tracker, now = snapshot.tracker, run.services.clock.now()
    items = snapshot.stored.work.value.items.values()
    over = [
        item
        for item in items
        if item.card_lost_at
        and item.card_lost_at + GRACE <= now
        and (item.card_id or not item.is_card_wanted)
    ]
    for item in over:
        created_as = fingerprint_of_item(snapshot, item)
        remove_unused(tracker, snapshot.project.board_id, item.external_id, created_as, keep=item.card_id)
        own_rows = [row for row in snapshot.work_rows.actions if row.item_number == item.number]
        if item.card_id and own_rows and item.number not in lacking:
            step_ids = tracker.complete_card(item.card_id, new_card(snapshot, item, own_rows))
            if step_ids:
                steps[item.number] = step_ids
    return [item.number for item in over]


def remove_unused(
    tracker: TaskTracker, board_id: str, external_id: str, created_as: str, *, keep: str
) -> None:
    """Remove the cards of an item except *keep*, unless somebody has begun to work on them.

    *created_as* is the fingerprint that they were created with.
    """
    for card_id in tracker.find_twins(board_id, external_id):
        card = tracker.get_card(board_id, card_id) if card_id != keep else None
        if card is not None and _is_unused(card, created_as):
            tracker.remove_card(card_id)


def _is_unused(card: Card, created_as: str) -> bool:
    """Whether a card is as it was created, without hours, comments and ticks."""
    return not is_worked_on(card) and _fingerprint(card) == created_as


def is_worked_on(card: Card) -> bool:
    """Whether somebody archived or commented a card, finished a step, or logged hours."""
    has_hours = any((card.logged_hours or {}).values())
    is_begun = any(step.is_done for step in card.steps)
    return card.is_archived or card.comment_count > 0 or has_hours or is_begun


def fingerprint_of_item(snapshot: Snapshot, item: Item) -> str:
    """The fingerprint with which the card of an item is created; empty if the item has no rows."""
    rows = [row for row in snapshot.work_rows.actions if row.item_number == item.number]
    return _fingerprint(new_card(snapshot, item, rows)) if rows else ""


def _fingerprint(card: Card | NewCard) -> str:
    """A short text that differs if somebody moved or renamed a card, or changed its day or assignee."""
    due_on = card.due_on.isoformat() if card.due_on else ""
    shown = "\n".join((card.stage_id, card.title, due_on, card.assignee_id or ""))
    return hashlib.sha256(shown.encode()).hexdigest()[:16]


def new_card(snapshot: Snapshot, item: Item, rows: Sequence[WorkRow]) -> NewCard:
    """The card to create for an item; *rows* are the rows of this item."""
    services, project, locale = snapshot.services, snapshot.project, locale_of(snapshot.book)
    around = surroundings_of(snapshot)
    rows = sorted(rows, key=lambda row: row.row_number)
    words = words_of(item, rows, around)
    actions = {action.row_number: action for action in item.actions}

    def person(row: WorkRow) -> str | None:
        return around.person_id(row.specialist) or None

    return NewCard(
        external_id=item.external_id,
        board_id=project.board_id,
        stage_id=project.stages[item.first_status or ActionStatus.ONBOARDING],
        title=f"{item.code} · {words.title}",
        facts=_facts(snapshot, item, words),
        due_on=max((row.due_on for row in rows if row.due_on), default=None),
        estimate_hours=sum(row.planned_hours for row in rows),
        assignee_id=person(rows[0]),
        steps=tuple(_step(snapshot, row, actions.get(row.row_number), person(row)) for row in rows),
        links=(
            Link(
                services.workbooks.url(project.spreadsheet_id),
                render(sentence("card.link", project=project.project_name), locale),
            ),
            *_documents(snapshot),
        ),
        profiles=tuple(dict.fromkeys(row.profile for row in rows if row.profile)),
    )


def _documents(snapshot: Snapshot) -> tuple[Link, ...]:
    """Links that people gave in the field *Документы*: each with the rest of its line as title."""
    place = snapshot.book.fields.get("documents")
    links: dict[str, Link] = {}
    for line in place.cell.text.splitlines() if place else ():
        for url in _URL.findall(line):
            title = line.replace(url, "").strip(" \t.,:;–—-()") or url
            links.setdefault(url, Link(url, title))
    return tuple(links.values())[:MOST_DOCUMENTS]


def _step(snapshot: Snapshot, row: WorkRow, action: ItemAction | None, assignee_id: str | None) -> Step:
    is_done = action is not None and action.was_done_before
    step = Step(step_text(snapshot, row), is_done, step_id=action.step_id if action else "")
    if not snapshot.tracker.can.has_dated_steps:
        return step
    return replace(step, assignee_id=assignee_id, due_on=row.due_on)


def _facts(snapshot: Snapshot, item: Item, words: Words) -> tuple[tuple[str, str], ...]:
    """What the description of a card tells, without what the item lacks."""
    choices, locale = snapshot.services.choices, locale_of(snapshot.book)
    facts = {
        "result": words.result,
        "priority": choices.label("priority", item.priority, locale),
        "work_type": item.work_type,
        "size": choices.label("size", item.size, locale) if item.size else "",
        "quantity": shown_quantity(words.quantity, locale),
    }
    return tuple((about(name, locale), text) for name, text in facts.items() if text)


# --- Links -----------------------------------------------------------------------------------------


def _write_links(run: Run, snapshot: Snapshot, card_ids: Mapping[int, str], *, is_by_itself: bool) -> None:
    """Link the rows to their cards. If the sheet changed after it was read, read it again and retry."""
    spreadsheet_id = snapshot.project.spreadsheet_id
    known = [snapshot]

    def write() -> None:
        # The first attempt uses the snapshot; a retry after a change by people reads the sheet again.
        current = known.pop() if known else read_snapshot(run, spreadsheet_id, with_agency_work=False)
        _write_links_once(run, current, card_ids, is_by_itself=is_by_itself)

    retry_on_conflict(run, write)


def _write_links_once(
    run: Run, snapshot: Snapshot, card_ids: Mapping[int, str], *, is_by_itself: bool
) -> None:
    book, project = snapshot.book, snapshot.project
    tab = book.tab("in_progress")
    change = WorkbookChange()
    linked: dict[str, str] = {}
    heal(change, book, snapshot.progress_identity, prefix=project.code)
    for row in snapshot.work_rows.actions:
        card_id = card_ids.get(row.item_number)
        if card_id is None:
            continue
        link = open_link(snapshot.tracker.card_url(project.board_id, card_id), locale_of(book))
        if tab.cell(row.row, "card").formula != link.text:
            change.set(tab, row.row, "card", link)
            if tab.cell(row.row, "card").is_empty:
                linked[str(row.item_number)] = card_id
    if change:
        write_refreshed_mark(run.services, change, book)
        own = [snapshot.items[int(number)].is_pushed_by_itself for number in linked]
        if is_by_itself and own and all(own):
            # The cards belong to the actions that started the items, and are undone with them.
            run.commit()
            run.services.workbooks.batch_update(book.spreadsheet_id, change.requests())
        else:
            write_undoably(run, snapshot.stored.undo, book, change, action="push", cards=linked)
