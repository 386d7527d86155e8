"""Effort norms: hours that one unit of a work type takes one profile, learned from finished work.

Groups are nested: everything, the size class, the work type of that size, its profile. For tasks without a
size there are: everything, the work type, its profile. The norm of a small group is close to that of its
parent, the norm of a large one to its own facts. Each norm has two figures: *typical*, the hours of a usual
task, and *mean*, the average with long tasks included. Only means may be added up.

Notes
-----
Formulas and measurements: docs/estimation.md. Worked examples: ``tests/unit/domain/test_norms.py``.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

from msgspec import Struct, field
from msgspec.structs import replace

#: Estimates are rounded to a tenth of an hour; nobody can promise anything finer.
STEP_HOURS = Decimal("0.1")

#: Digits behind this one are rounding errors of floats, such as 3.1499999… for 3.15.
NOISE_DIGITS = 9

#: With fewer facts a norm depends more on its parent than on its own facts.
FEW_FACTS = 3

#: Share of tasks that stay under the promised hours.
PROMISED = 0.85

#: Least count of past errors from which P85 is computed.
LEAST_ERRORS = 30

#: Least count of facts of a size class before it is preferred to the work type without a size.
LEAST_OF_SIZE = 12


class FinishedWork(NamedTuple):
    """Hours that one profile spent on one finished item of ``quantity`` units.

    ``size`` is the class that was chosen before the work began, never derived from the hours.
    ``specialist_hours`` is the figure that a person gave before the work began, for all units.
    ``typical_hours``, ``planned_hours`` and ``p85_hours`` are the promised hours from that time.
    """

    work_type: str
    profile: str
    hours: float
    quantity: float
    finished_on: date
    size: str = ""
    specialist_hours: float | None = None
    typical_hours: float | None = None
    planned_hours: float | None = None
    p85_hours: float | None = None


class NormSource(StrEnum):
    """Where a norm comes from."""

    FACTS = "facts"
    PINNED = "pinned"
    START = "start"


class Basis(StrEnum):
    """What a forecast knew about a task; past errors are pooled by it."""

    TYPE = "type"
    SIZE = "size"
    SPECIALIST = "specialist"


class NormCell(NamedTuple):
    """A group of tasks; an empty field means all work types, sizes or profiles."""

    work_type: str
    size: str
    profile: str


class EffortNorm(Struct, frozen=True):
    """Hours of one unit in one group of tasks.

    ``hours_per_unit`` is the mean, ``typical_hours`` about the median. ``spread_hours`` is the sample
    standard deviation of the facts, 0 for a single fact. ``facts_hours`` is the mean of the facts if a person
    has set another norm by hand.
    """

    work_type: str
    profile: str
    hours_per_unit: float
    fact_count: int
    spread_hours: float
    typical_hours: float = 0.0
    size: str = ""
    source: NormSource = NormSource.FACTS
    facts_hours: float | None = None

    @property
    def cell(self) -> NormCell:
        """The group of the norm, with the work type in the form that is compared."""
        return NormCell(self.work_type.casefold(), self.size, self.profile)

    def estimate_hours(self, quantity: float) -> float:
        """Hours for *quantity* units, to a tenth."""
        return tenth(self.hours_per_unit * quantity)


class PastError(NamedTuple):
    """A past forecast, made without knowing the actual hours, and the actual hours."""

    mean_hours: float
    actual_hours: float

    @property
    def ratio(self) -> float:
        """Above 1 where the work took longer than forecast."""
        return self.actual_hours / self.mean_hours


class Norms(Struct, frozen=True, dict=True):
    """What is learned from the history: norms by group, errors of past forecasts, ratios of specialists.

    ``errors`` are by ``Basis``, the oldest first. ``ratios`` are actual hours divided by hours that
    specialists gave, by profile; the empty profile means all profiles.
    """

    cells: Mapping[NormCell, EffortNorm] = field(default_factory=dict)
    errors: Mapping[str, tuple[PastError, ...]] = field(default_factory=dict)
    ratios: Mapping[str, float] = field(default_factory=dict)

    @property
    def shown(self) -> list[EffortNorm]:
        """Norms of each work type and profile, for all sizes together and for each size."""
        norms = (norm for cell, norm in self.cells.items() if cell.work_type and cell.profile)
        return sorted(norms, key=lambda norm: (norm.work_type.casefold(), norm.profile, _size_order(norm)))

    @property
    def work_types(self) -> dict[str, str]:
        """Work types with a norm as people write them, by the form that is compared."""
        return {norm.cell.work_type: norm.work_type for norm in self.shown}

    def profiles_of(self, work_type: str) -> Sequence[str]:
        """Profiles that take part in a work type."""
        return self._profiles.get(work_type.casefold(), ())

    @cached_property
    def _profiles(self) -> Mapping[str, Sequence[str]]:
        """Profiles in alphabetical order, by the compared form of the work type."""
        found: dict[str, set[str]] = {}
        for cell in self.cells:
            if cell.profile:
                found.setdefault(cell.work_type, set()).add(cell.profile)
        return {work_type: sorted(profiles) for work_type, profiles in found.items()}

    def pooled_errors(self, basis: Basis) -> Sequence[PastError] | None:
        """Errors of past forecasts with the same basis, or of the largest pool where these are few.

        ``None`` where no pool holds ``LEAST_ERRORS``.
        """
        own = self.errors.get(basis, ())
        if len(own) >= LEAST_ERRORS:
            return own
        widest = max(self.errors.values(), key=len, default=())
        return widest if len(widest) >= LEAST_ERRORS else None

    @cached_property
    def promise_ratios(self) -> Mapping[Basis, float | None]:
        """By basis, the factor of the mean that 85 of 100 past tasks stayed under.

        ``None`` where too few errors are known.
        """
        pools = {basis: self.pooled_errors(basis) for basis in Basis}
        return {
            basis: None if errors is None else quantile([one.ratio for one in errors], PROMISED)
            for basis, errors in pools.items()
        }

    def find(self, work_type: str, size: str, profile: str) -> tuple[EffortNorm, Basis] | None:
        """The most specific norm of a task and its basis; ``None`` if there is no norm.

        Norms by hand take precedence, that of the size before that of all sizes.
        """
        wanted = (work_type, size, profile)
        if wanted not in self._found:
            self._found[wanted] = self._find(*wanted)
        return self._found[wanted]

    @cached_property
    def _found(self) -> dict[tuple[str, str, str], tuple[EffortNorm, Basis] | None]:
        """Results of ``find`` so far: many rows of a backlog ask for the same norm."""
        return {}

    def _find(self, work_type: str, size: str, profile: str) -> tuple[EffortNorm, Basis] | None:
        kind = work_type.casefold()
        exact, general = NormCell(kind, size, profile), NormCell(kind, "", profile)
        for cell in (exact, general):
            norm = self.cells.get(cell)
            if norm is not None and norm.source is NormSource.PINNED:
                return norm, Basis.SIZE if cell.size else Basis.TYPE
        if size:
            of_size = self.cells.get(NormCell("", size, ""))
            if exact in self.cells:
                return self.cells[exact], Basis.SIZE
            if of_size is not None and of_size.fact_count >= LEAST_OF_SIZE:
                return self.cells.get(NormCell(kind, size, ""), of_size), Basis.SIZE
        for cell in (general, NormCell(kind, "", ""), NormCell("", "", "")):
            if cell in self.cells:
                return self.cells[cell], Basis.TYPE
        return None

    def pinned(self, pins: Mapping[NormCell, tuple[str, float]]) -> Norms:
        """Adds norms by hand; *pins* are the name of the work type and the hours of a unit, by group."""
        cells = dict(self.cells)
        for cell, (work_type, hours) in pins.items():
            facts = cells.get(cell)
            cells[cell] = EffortNorm(
                work_type,
                cell.profile,
                hours,
                facts.fact_count if facts else 0,
                facts.spread_hours if facts else 0.0,
                typical_hours=hours,
                size=cell.size,
                source=NormSource.PINNED,
                facts_hours=facts.hours_per_unit if facts and facts.source is NormSource.FACTS else None,
            )
        return replace(self, cells=cells)

    def data(self) -> dict[str, Any]:
        """The norms as a document of the store."""
        return {
            "cells": [
                [
                    *cell,
                    norm.work_type,
                    norm.hours_per_unit,
                    norm.typical_hours,
                    norm.fact_count,
                    norm.spread_hours,
                    norm.source,
                    norm.facts_hours,
                ]
                for cell, norm in self.cells.items()
            ],
            "errors": {
                basis: [[round(one.mean_hours, 3), round(one.actual_hours, 3)] for one in errors]
                for basis, errors in self.errors.items()
            },
            "ratios": dict(self.ratios),
        }


def norms_from_document(data: Mapping[str, Any]) -> Norms:
    """The norms from a document of the store."""
    cells = {
        NormCell(kind, size, profile): EffortNorm(
            work_type, profile, mean, count, spread, typical, size, NormSource(source), facts
        )
        for kind, size, profile, work_type, mean, typical, count, spread, source, facts in data["cells"]
    }
    errors = {basis: tuple(PastError(*one) for one in errors) for basis, errors in data["errors"].items()}
    return Norms(cells, errors, data["ratios"])


def quantile(values: Sequence[float], share: float) -> float:
    """The value that *share* of the values stay under, interpolated between two of them."""
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    low = math.floor(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


@lru_cache(maxsize=4096)
def tenth(hours: float) -> float:
    """Hours rounded to a tenth; halves are rounded up, as spreadsheets do."""
    return float(Decimal(repr(round(hours, NOISE_DIGITS))).quantize(STEP_HOURS, ROUND_HALF_UP))


def usable(history: Iterable[FinishedWork]) -> Iterator[FinishedWork]:
    """Finished work with hours and a quantity; the rest is of no use for norms."""
    return (work for work in history if work.hours > 0 and work.quantity > 0)


def _size_order(norm: EffortNorm) -> int:
    return ["", "xs", "s", "m", "l", "xl"].index(norm.size)
