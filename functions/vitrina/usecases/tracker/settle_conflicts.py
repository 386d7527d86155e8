"""Settles what both the sheet and the tracker have changed, as a person has chosen in the sidebar."""

from __future__ import annotations

from collections.abc import Collection

from msgspec.structs import replace

from vitrina.operations.answer import Answer
from vitrina.operations.run import Run
from vitrina.project.snapshot import read_snapshot
from vitrina.texts import sentence
from vitrina.usecases.tracker.refresh import items_with_cards, write_card_states
from vitrina.usecases.tracker.two_way import Choice

#: What a person may choose.
KEEP_SHEET, KEEP_TRACKER = "sheet", "tracker"


def settle_conflicts(
    run: Run, spreadsheet_id: str, *, keep: str, conflicts: Collection[str], shown: Collection[str] = ()
) -> Answer:
    """Write the chosen side's values to the other side.

    A conflict whose values have changed since the person saw them is not settled, and is told again.

    Parameters
    ----------
    keep
        ``sheet`` or ``tracker``.
    conflicts
        Keys of the conflicts to settle, as an answer gave them.
    shown
        Keys of others that the person sees; those that are still there are told again.
    """
    snapshot = read_snapshot(run, spreadsheet_id, with_agency_work=False)
    numbers = {int(key.partition("-")[0]) for key in (*conflicts, *shown)}
    items = [item for item in items_with_cards(snapshot) if item.number in numbers]
    choice = Choice(keep == KEEP_SHEET, frozenset(conflicts))
    answer = write_card_states(run, snapshot, items, choice=choice)
    if answer.data.get("conflicts"):
        return answer
    return replace(answer, message=sentence(f"settle.{keep}", count=len(conflicts)))
