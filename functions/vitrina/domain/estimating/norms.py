"""Effort norms: what one unit of a kind of work takes one profile, as the finished work shows it.

Groups are nested: everything, then the size class, then the work type of that size, then its profile; and
beside them, for tasks whose size nobody gave, everything, the work type, its profile. A small group leans
on its parent, a large one on itself. Each norm has two figures: *typical*, what such a task takes as a
rule, and *mean*, what it takes on average, long ones included. Hours are added up by means only.

Notes
-----
Formulas and measurements: docs/estimation.md. Worked examples: ``tests/unit/domain/test_norms.py``.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from functools import cached_property
from typing import Any, NamedTuple

#: Estimates are given to a tenth of an hour: six minutes are finer than anyone can promise.
STEP_HOURS = Decimal("0.1")

#: What lies behind this digit is noise of binary fractions, such as the 3.1499999… that stands for 3.15.
NOISE_DIGITS = 9

#: Below this many facts a norm rests on its parent more than on itself.
FEW_FACTS = 3

#: Share of tasks that a promise has to hold for.
PROMISED = 0.85

#: Errors of this many past forecasts say what 85 of 100 stay under; fewer do not.
LEAST_ERRORS = 30

#: A class of a size needs so many facts before it says more than the work type without a size.
LEAST_OF_SIZE = 12


class FinishedWork(NamedTuple):
    """Hours that one profile spent on one finished item of ``quantity`` units.

    ``size`` is the class that was given before the work began, never one that follows from the hours.
    ``specialist_hours`` is the figure that a person gave beforehand, for all units. ``typical_hours``,
    ``planned_hours`` and ``p85_hours`` are what was promised when the work began.
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
    """What a norm rests on."""

    FACTS = "facts"
    PINNED = "pinned"
    START = "start"


class Basis(StrEnum):
    """What a forecast knew of a task; errors are pooled by it."""

    TYPE = "type"
    SIZE = "size"
    SPECIALIST = "specialist"


class NormCell(NamedTuple):
    """A group of tasks; an empty part stands for all of its kind."""

    work_type: str
    size: str
    profile: str


@dataclass(frozen=True)
class EffortNorm:
    """What one unit takes in one group.

    ``hours_per_unit`` is the mean, ``typical_hours`` the figure that half of the tasks stay about under.
    ``spread_hours`` is the sample standard deviation of the facts, 0 for a single one. ``facts_hours`` is
    the mean that the facts give where a person has pinned another.
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
        """Its group, with the work type as it is compared."""
        return NormCell(self.work_type.casefold(), self.size, self.profile)

    def estimate_hours(self, quantity: float) -> float:
        """Hours for *quantity* units, to a tenth."""
        return tenth(self.hours_per_unit * quantity)


class PastError(NamedTuple):
    """A forecast of the past, made without knowing the outcome, and the outcome."""

    mean_hours: float
    actual_hours: float

    @property
    def ratio(self) -> float:
        """Above 1 where the work took longer than forecast."""
        return self.actual_hours / self.mean_hours


@dataclass(frozen=True)
class Norms:
    """All that the history says: norms by group, errors of past forecasts, and how specialists' figures end.

    ``errors`` are by ``Basis``, the oldest first. ``ratios`` are hours spent to hours that specialists
    gave, by profile; the empty profile stands for all.
    """

    cells: Mapping[NormCell, EffortNorm] = field(default_factory=dict)
    errors: Mapping[str, tuple[PastError, ...]] = field(default_factory=dict)
    ratios: Mapping[str, float] = field(default_factory=dict)

    @property
    def shown(self) -> list[EffortNorm]:
        """Norms of a work type and a profile, for all sizes and for each."""
        norms = (norm for cell, norm in self.cells.items() if cell.work_type and cell.profile)
        return sorted(norms, key=lambda norm: (norm.work_type.casefold(), norm.profile, _size_order(norm)))

    @property
    def work_types(self) -> dict[str, str]:
        """Work types that have a norm, as people write them, by the text that is compared."""
        return {norm.cell.work_type: norm.work_type for norm in self.shown}

    def profiles_of(self, work_type: str) -> list[str]:
        """Profiles that take part in a kind of work."""
        wanted = work_type.casefold()
        return sorted({cell.profile for cell in self.cells if cell.work_type == wanted and cell.profile})

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
        """The norm of a task and what it knows; ``None`` where nothing finished is like it.

        What a person pinned comes first, for this size or for all.
        """
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
        """The norms with what people typed by hand: name of the work type and hours of a unit, by group."""
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
        """The norms as a document."""
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
    """The norms of a document."""
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


def tenth(hours: float) -> float:
    """Hours to a tenth; halves go up, as in a sheet and on paper."""
    return float(Decimal(repr(round(hours, NOISE_DIGITS))).quantize(STEP_HOURS, ROUND_HALF_UP))


def usable(history: Iterable[FinishedWork]) -> Iterator[FinishedWork]:
    """Work that says something: without hours or quantity it does not."""
    return (work for work in history if work.hours > 0 and work.quantity > 0)


def _size_order(norm: EffortNorm) -> int:
    return ["", "xs", "s", "m", "l", "xl"].index(norm.size)
