"""Removes cards that the tracker created late, unless somebody works on them."""

from __future__ import annotations

import hashlib
from collections.abc import Collection

from vitrina.operations.outbox import GRACE
from vitrina.operations.run import Run
from vitrina.ports import Card, NewCard, TaskTracker
from vitrina.project.snapshot import Snapshot
from vitrina.records.work import Item
from vitrina.usecases.tracker.new_card import new_card


def remove_late_twins(
    run: Run, snapshot: Snapshot, lacking: Collection[int], steps: dict[int, tuple[str, ...]]
) -> list[int]:
    """Remove duplicate cards, and duplicate parts of a card, that the tracker created late.

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
        rows = snapshot.work_rows.of_item(item.number)
        if item.card_id and rows and item.number not in lacking:
            step_ids = tracker.complete_card(item.card_id, new_card(snapshot, item, rows))
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
    rows = snapshot.work_rows.of_item(item.number)
    return _fingerprint(new_card(snapshot, item, rows)) if rows else ""


def _fingerprint(card: Card | NewCard) -> str:
    """A short text that differs if somebody moved or renamed a card, or changed its day or assignee."""
    due_on = card.due_on.isoformat() if card.due_on else ""
    shown = "\n".join((card.stage_id, card.title, due_on, card.assignee_id or ""))
    return hashlib.sha256(shown.encode()).hexdigest()[:16]
