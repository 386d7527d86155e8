"""Previews of batches and of single tasks. What is confirmed is exactly what the preview showed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from msgspec import Struct, field

from vitrina.ports import Document, Json, Key, Store, Write
from vitrina.records.packing import Packed, packed_writes, unpack_one
from vitrina.records.team import team_data, team_from_data
from vitrina.workbook.reading.team import Team

PREVIEW = "preview"
#: How long a preview is kept after it was shown.
PREVIEW_LIFE = timedelta(days=7)


class Preview(Struct, frozen=True):
    """A plan of a period as it was shown.

    ``effect`` is what starting it would do, by item number; ``wishes`` are those of the person, as they came.
    """

    spreadsheet_id: str
    start_on: date
    period_kind: str
    team: Team
    effect: Json
    wishes: Json = field(default_factory=dict)

    @property
    def preview_id(self) -> str:
        """The same for the same content, and for no other."""
        return _id_of(self._payload())

    def writes(self, *, shown_at: datetime) -> list[Write]:
        """Writes that keep the preview, over an equal one that was shown before."""
        before = Packed(PREVIEW, self.preview_id, None, None)
        fields = {"spreadsheet_id": self.spreadsheet_id, "shown_at": shown_at.isoformat()}
        return packed_writes(before, self._payload(), expires_at=shown_at + PREVIEW_LIFE, **fields)

    def _payload(self) -> dict[str, Any]:
        return {
            "spreadsheet_id": self.spreadsheet_id,
            "start_on": self.start_on.isoformat(),
            "kind": self.period_kind,
            "team": team_data(self.team),
            "effect": self.effect,
            **({"wishes": self.wishes} if self.wishes else {}),
        }


def preview_key(preview_id: str) -> Key:
    """Where a preview is kept."""
    return PREVIEW, preview_id


def preview_from_document(store: Store, document: Document | None) -> Preview | None:
    """The preview, ``None`` where there is none of this id."""
    if document is None:
        return None
    data = unpack_one(store, document.kind, document.key, document).payload
    if data is None:
        # It was deleted while its parts were read.
        return None
    start_on = date.fromisoformat(data["start_on"])
    return Preview(
        data["spreadsheet_id"],
        start_on,
        data["kind"],
        team_from_data(data["team"]),
        data["effect"],
        data.get("wishes", {}),
    )


# --- Single tasks ----------------------------------------------------------------------------------

ASSIGNMENT = "assignment"


class AssignmentPreview(Struct, frozen=True):
    """A task for a specialist as it was shown: what was asked for, and what confirming it would do.

    ``after_number`` is the last number of an item then, so that a second task with the same words is another
    one.
    """

    spreadsheet_id: str
    after_number: int
    team: Team
    request: Json
    effect: Json

    @property
    def preview_id(self) -> str:
        """The same for the same content, and for no other."""
        return _id_of(self._payload())

    def writes(self, *, shown_at: datetime) -> list[Write]:
        """Writes that keep the preview, over an equal one that was shown before."""
        before = Packed(ASSIGNMENT, self.preview_id, None, None)
        fields = {"spreadsheet_id": self.spreadsheet_id, "shown_at": shown_at.isoformat()}
        return packed_writes(before, self._payload(), expires_at=shown_at + PREVIEW_LIFE, **fields)

    def _payload(self) -> dict[str, Any]:
        return {
            "spreadsheet_id": self.spreadsheet_id,
            "after_number": self.after_number,
            "team": team_data(self.team),
            "request": self.request,
            "effect": self.effect,
        }


def assignment_key(preview_id: str) -> Key:
    """Where the preview of a task is kept."""
    return ASSIGNMENT, preview_id


def assignment_from_document(store: Store, document: Document | None) -> AssignmentPreview | None:
    """The preview of a task, ``None`` where there is none of this id."""
    if document is None:
        return None
    data = unpack_one(store, document.kind, document.key, document).payload
    if data is None:
        return None
    return AssignmentPreview(
        data["spreadsheet_id"],
        data["after_number"],
        team_from_data(data["team"]),
        data["request"],
        data["effect"],
    )


# --- Replanned work ---------------------------------------------------------------------------------

REPLAN = "replan"


class ReplanPreview(Struct, frozen=True):
    """Open work as it would be planned anew: what confirming it would do, by row."""

    spreadsheet_id: str
    team: Team
    effect: Json

    @property
    def preview_id(self) -> str:
        """The same for the same content, and for no other."""
        return _id_of(self._payload())

    def writes(self, *, shown_at: datetime) -> list[Write]:
        """Writes that keep the preview, over an equal one that was shown before."""
        before = Packed(REPLAN, self.preview_id, None, None)
        fields = {"spreadsheet_id": self.spreadsheet_id, "shown_at": shown_at.isoformat()}
        return packed_writes(before, self._payload(), expires_at=shown_at + PREVIEW_LIFE, **fields)

    def _payload(self) -> dict[str, Any]:
        return {"spreadsheet_id": self.spreadsheet_id, "team": team_data(self.team), "effect": self.effect}


def replan_key(preview_id: str) -> Key:
    """Where the preview of a replanning is kept."""
    return REPLAN, preview_id


def replan_from_document(store: Store, document: Document | None) -> ReplanPreview | None:
    """The preview of a replanning, ``None`` where there is none of this id."""
    data = None if document is None else unpack_one(store, document.kind, document.key, document).payload
    if data is None:
        return None
    return ReplanPreview(data["spreadsheet_id"], team_from_data(data["team"]), data["effect"])


def _id_of(payload: Mapping[str, Any]) -> str:
    text = json.dumps(payload, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]
