"""The norms of an agency as they were last learned, and titles of its tasks to guess a kind of work from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct, convert, field

from vitrina.domain.estimating.norms import NormCell, Norms, norms_from_document
from vitrina.ports import Document, Json, Key, Store
from vitrina.records.packing import Tracked, unpack_one

NORMS = "norms"
TITLES = "titles"

#: Titles of tasks that are remembered for an agency, the latest.
MOST_TITLES = 3000


class KeptNorms(Struct, frozen=True):
    """The norms of an agency as they were last learned.

    ``units`` are what one of a work type is, by its folded name; ``shown`` are the means that the add-on
    wrote into *Нормы*, by group, more than one where a write was not confirmed: what people type over them
    is known from them. ``own_types`` are the work types that every client may see.
    """

    norms: Norms
    units: Mapping[str, str] = field(default_factory=dict)
    shown: Mapping[NormCell, tuple[float, ...]] = field(default_factory=dict)
    own_types: tuple[str, ...] = ()


def norms_key(agency_id: str) -> Key:
    """Where the norms of an agency are kept."""
    return NORMS, agency_id


def tracked_norms(store: Store, document: Document | None, agency_id: str) -> Tracked[KeptNorms]:
    """The norms of an agency, empty before they were first learned."""
    return Tracked(unpack_one(store, NORMS, agency_id, document), encode=_norms_data, decode=_norms)


def _norms_data(kept: KeptNorms) -> Json:
    shown = [[*cell, list(figures)] for cell, figures in kept.shown.items()]
    own_types = list(kept.own_types)
    return {**kept.norms.data(), "units": dict(kept.units), "shown": shown, "own_types": own_types}


def _norms(payload: Any) -> KeptNorms:
    if payload is None:
        return KeptNorms(Norms())
    shown = {NormCell(*cell): tuple(figures) for *cell, figures in payload["shown"]}
    own_types = tuple(payload.get("own_types", ()))
    return KeptNorms(norms_from_document(payload), payload["units"], shown, own_types)


# --- Titles ----------------------------------------------------------------------------------------

Titles = tuple[tuple[str, str], ...]
"""Kind of work and title of tasks that were started, the latest last."""


def titles_key(agency_id: str) -> Key:
    """Where the titles of an agency are kept."""
    return TITLES, agency_id


def tracked_titles(store: Store, document: Document | None, agency_id: str) -> Tracked[Titles]:
    """The titles of an agency."""
    packed = unpack_one(store, TITLES, agency_id, document)
    return Tracked(packed, encode=list, decode=_titles)


def with_titles(titles: Titles, started: Iterable[tuple[str, str]]) -> Titles:
    """With the kinds and titles of tasks that are *started*; the oldest are forgotten."""
    known = dict.fromkeys(titles)
    known |= dict.fromkeys(one for one in started if one[0])
    return tuple(known)[-MOST_TITLES:]


def _titles(payload: Any) -> Titles:
    return convert(payload or (), Titles)
