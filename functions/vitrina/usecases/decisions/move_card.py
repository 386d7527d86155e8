"""Moves the card of an item to the stage that follows from a decision."""

from __future__ import annotations

from msgspec.structs import replace

from vitrina.domain.backlog import ActionStatus
from vitrina.ports import CardChange, FactChange
from vitrina.project.snapshot import Snapshot
from vitrina.records.work import Item


def move_card(snapshot: Snapshot, item: Item, status: ActionStatus, remark: FactChange | None = None) -> None:
    """Move the card, and add *remark* to it unless an earlier attempt has.

    The stage is sent even if the card seems to be there: a move may take several calls, of which an earlier
    attempt made only the first, and a completed task of Asana counts as done in whatever section it stands.
    Does nothing for an item without a card in the project's present tracker.
    """
    project = snapshot.project
    if not snapshot.has_cards or not item.card_id or not project.is_followed_in(item.card_tracker):
        return
    card = snapshot.tracker.get_card(project.board_id, item.card_id)
    if card is None:
        return
    change = CardChange(stage_id=project.stages[status])
    if remark is not None and remark.about not in card.facts:
        change = replace(change, facts=(remark,))
    snapshot.tracker.change_card(project.board_id, item.card_id, change)
