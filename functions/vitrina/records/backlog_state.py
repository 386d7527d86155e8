"""What the add-on remembers of a backlog: its own figures and notes, and items that periods passed over."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from msgspec import Struct, field

from vitrina.ports import Document, Json, Key, Store
from vitrina.records.packing import Tracked, unpack_one

BACKLOG_STATE = "backlog_state"

#: Different texts of notes that are remembered for a workbook, the latest; backlogs have far fewer.
MOST_NOTES = 5000

Figures = Mapping[str, Sequence[float]]
"""The add-on's own figures of a row by profile: one, or more where a write was not confirmed."""


class BacklogState(Struct, frozen=True):
    """What is remembered of the backlog of one workbook.

    ``figures`` are the add-on's own by item number: what differs from them in the sheet was typed by a
    person. ``note_hashes`` are those of notes that the add-on wrote: any other note is a person's.
    ``passed_over`` are the first days of periods that were started without an item for lack of room.
    """

    figures: Mapping[int, Figures] = field(default_factory=dict)
    note_hashes: tuple[str, ...] = ()
    passed_over: Mapping[int, tuple[date, ...]] = field(default_factory=dict)

    def passed_over_in(
        self, start_on: date, left_out: Iterable[int], *, known: Iterable[int]
    ) -> Mapping[int, tuple[date, ...]]:
        """The periods passed over, with that of *start_on* for each item *left_out*, once each.

        What is counted of items that are not *known* any more is forgotten.
        """
        left, kept = set(left_out), set(known)
        return {
            number: tuple(
                sorted({*self.passed_over.get(number, ()), *([start_on] if number in left else [])})
            )
            for number in sorted(left | (self.passed_over.keys() & kept))
        }


def hash_of_note(text: str) -> str:
    """The hash under which a note of the add-on is remembered."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def backlog_state_key(spreadsheet_id: str) -> Key:
    """Where the state of a backlog is kept."""
    return BACKLOG_STATE, spreadsheet_id


def tracked_backlog_state(
    store: Store, document: Document | None, spreadsheet_id: str
) -> Tracked[BacklogState]:
    """The state of a backlog, empty before its first estimate."""
    return Tracked(unpack_one(store, BACKLOG_STATE, spreadsheet_id, document), encode=_data, decode=_state)


def _data(state: BacklogState) -> Json:
    return {
        "figures": {
            str(number): {profile: list(hours) for profile, hours in figures.items()}
            for number, figures in state.figures.items()
        },
        "notes": list(state.note_hashes[-MOST_NOTES:]),
        "passed_over": {
            str(number): [day.isoformat() for day in days] for number, days in state.passed_over.items()
        },
    }


def _state(payload: Any) -> BacklogState:
    if payload is None:
        return BacklogState()
    return BacklogState(
        {int(number): figures for number, figures in payload["figures"].items()},
        tuple(payload["notes"]),
        {
            int(number): tuple(date.fromisoformat(day) for day in days)
            for number, days in payload["passed_over"].items()
        },
    )
