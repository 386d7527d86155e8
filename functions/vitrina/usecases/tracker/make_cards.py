"""Creates cards in the tracker, several at a time, so that none is created twice."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial

from msgspec import Struct
from msgspec.structs import replace

from vitrina.errors import (
    AccessDeniedError,
    BusyError,
    FatalServiceError,
    RetriableServiceError,
    ServiceError,
    UserError,
)
from vitrina.operations.outbox import TaskWish
from vitrina.operations.run import Run
from vitrina.ports import NewCard, TaskTracker, Write
from vitrina.project.card_fields import agreed_after, agreed_as_made, look_at, with_steps, words_of
from vitrina.project.snapshot import Snapshot
from vitrina.project.tracker_people import find_people_in_tracker
from vitrina.records.cards import CardOwner, delete_card, put_card
from vitrina.records.work import Item, ProjectWork
from vitrina.texts import Sentence, sentence
from vitrina.usecases.tracker.calls_ahead import Call, begun_ahead
from vitrina.usecases.tracker.new_card import new_card
from vitrina.usecases.tracker.two_way import own_rows, surroundings_of

log = logging.getLogger("vitrina.push")


def push_wish(spreadsheet_id: str) -> TaskWish:
    """Outbox entry for a task that creates the wanted cards of a workbook and removes duplicate cards."""
    return TaskWish(f"push-{spreadsheet_id}", {"kind": "push", "spreadsheet_id": spreadsheet_id})


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
        find_people(run, snapshot, new)
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
            card = new_card(self._snapshot, item, self._snapshot.work_rows.of_item(item.number))
            known = present.get(item.external_id, ())
            yield item, partial(_find_or_create, self._snapshot.tracker, item, card, known)


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
    """Set the card id of an item. Raises ``BusyError`` if the item may not have the card.

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


def find_people(run: Run, snapshot: Snapshot, new: Sequence[Item]) -> None:
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


def unknown_people(snapshot: Snapshot, created: Collection[int]) -> tuple[Sentence, ...]:
    """Who has no account in the tracker, so that cards were made without him."""
    unknown = _without_id(snapshot, created)
    if not unknown:
        return ()
    return (sentence("push.unknown_people", people=unknown, service=snapshot.tracker.name),)
