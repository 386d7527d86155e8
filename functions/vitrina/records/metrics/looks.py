"""Weekly looks at the metrics of a project, so that two looks in a row are those of two weeks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from msgspec import Struct, field

from vitrina.domain.metrics.goals import Look, Sign
from vitrina.domain.metrics.state import Kept
from vitrina.ports import Document, Json, Key, Store
from vitrina.records.packing import Tracked, unpack_one

METRIC_LOOKS = "metric_looks"


class LookedAt(Struct, frozen=True):
    """What is remembered of one metric.

    Parameters
    ----------
    kept
        For the next look.
    state, since_on
        The code of the state that was written last, and since when it holds, ISO text.
    note_hashes
        Of the notes that the add-on wrote last, as the newest may not have arrived: any other note is a
        person's.
    """

    kept: Kept = field(default_factory=Kept)
    state: str = ""
    since_on: str = ""
    note_hashes: tuple[str, ...] = ()


Looks = Mapping[str, LookedAt]
"""By the row: its number if it has a mark, otherwise the metric's name."""


def looks_key(spreadsheet_id: str) -> Key:
    """Where the looks of a project are kept."""
    return METRIC_LOOKS, spreadsheet_id


def tracked_looks(store: Store, document: Document | None, spreadsheet_id: str) -> Tracked[Looks]:
    """The looks of a project, none before the first one."""
    return Tracked(unpack_one(store, METRIC_LOOKS, spreadsheet_id, document), encode=_data, decode=_looks)


def load_looks(store: Store, spreadsheet_id: str) -> Tracked[Looks]:
    """The looks of a project: one round trip."""
    key = looks_key(spreadsheet_id)
    return tracked_looks(store, store.get_many([key]).get(key), spreadsheet_id)


def _data(looks: Looks) -> Json:
    return {
        row: {
            "state": one.state,
            "since_on": one.since_on,
            "notes": list(one.note_hashes),
            "fact": one.kept.fact,
            "fact_on": one.kept.fact_on.isoformat() if one.kept.fact_on else "",
            "looks": [
                [look.on.isoformat(), look.sign.value, look.window_on.isoformat(), look.number]
                for look in one.kept.looks
            ],
        }
        for row, one in looks.items()
    }


def _looks(payload: Any) -> Looks:
    return {row: _looked_at(data) for row, data in (payload or {}).items()}


def _looked_at(data: Json) -> LookedAt:
    looks = tuple(
        Look(date.fromisoformat(on), Sign(sign), date.fromisoformat(window_on), number)
        for on, sign, window_on, number in data["looks"]
    )
    fact_on = date.fromisoformat(data["fact_on"]) if data["fact_on"] else None
    kept = Kept(looks, data["fact"], fact_on)
    return LookedAt(kept, data["state"], data["since_on"], tuple(data["notes"]))
