"""The norms of an agency as they were last learned, and titles of its tasks by which a kind of work is guessed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from vitrina.domain.estimating.norms import NormCell, Norms, norms_from_document
from vitrina.ports import Document, Key, Store, Write
from vitrina.records.packing import Packed, packed_writes, unpack_one

NORMS = "norms"
TITLES = "titles"

#: Titles of tasks that are remembered for an agency, the latest.
MOST_TITLES = 3000


@dataclass(frozen=True)
class KeptNorms:
    """The norms of an agency as they were last learned.

    ``units`` are what one of a work type is, by its folded name; ``shown`` are the means that the add-on
    wrote into *Нормы*, by group, more than one where a write was not confirmed: what people type over them
    is known from them.
    """

    norms: Norms
    units: Mapping[str, str] = field(default_factory=dict)
    shown: Mapping[NormCell, tuple[float, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class StoredNorms:
    """Norms with the document that they came from."""

    kept: KeptNorms
    packed: Packed

    def writes(self, kept: KeptNorms) -> list[Write]:
        """Writes that put *kept* in their place."""
        shown = [[*cell, list(figures)] for cell, figures in kept.shown.items()]
        payload = {**kept.norms.data(), "units": dict(kept.units), "shown": shown}
        return packed_writes(self.packed, payload)


def norms_key(agency_id: str) -> Key:
    """Where the norms of an agency are kept."""
    return NORMS, agency_id


def norms_from_document(store: Store, document: Document | None, agency_id: str) -> StoredNorms:
    """The norms of an agency, empty before they were first learned."""
    packed = unpack_one(store, NORMS, agency_id, document)
    if packed.payload is None:
        return StoredNorms(KeptNorms(Norms()), packed)
    shown = {NormCell(*cell): tuple(figures) for *cell, figures in packed.payload["shown"]}
    return StoredNorms(KeptNorms(norms_from_document(packed.payload), packed.payload["units"], shown), packed)


def load_norms(store: Store, agency_id: str) -> StoredNorms:
    """The norms of an agency: one round trip."""
    key = norms_key(agency_id)
    return norms_from_document(store, store.get_many([key]).get(key), agency_id)


# --- Titles ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class StoredTitles:
    """Kinds and titles of the tasks that were started last, with the document that they came from."""

    titles: tuple[tuple[str, str], ...]
    packed: Packed

    def writes(self, started: Iterable[tuple[str, str]]) -> list[Write]:
        """Writes that add tasks, none where all of them are known."""
        known = dict.fromkeys(self.titles)
        new = [one for one in started if one[0] and one not in known]
        if not new:
            return []
        merged = [*known, *dict.fromkeys(new)][-MOST_TITLES:]
        return packed_writes(self.packed, [list(one) for one in merged])


def titles_key(agency_id: str) -> Key:
    """Where the titles of an agency are kept."""
    return TITLES, agency_id


def titles_from_document(store: Store, document: Document | None, agency_id: str) -> StoredTitles:
    """The titles of an agency."""
    packed = unpack_one(store, TITLES, agency_id, document)
    return StoredTitles(tuple((kind, title) for kind, title in packed.payload or ()), packed)
