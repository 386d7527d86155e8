"""Protocol of a source of a metric's facts, beside the other protocols in ``ports``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum
from typing import Protocol


class MeasureKind(Enum):
    """How the days of a measure make a period."""

    #: Days are added: visits, calls, deals.
    COUNT = "count"
    #: An amount of money or of something else that is added but not counted.
    AMOUNT = "amount"
    #: Numerators and denominators are added apart: a conversion, a price of one lead.
    RATIO = "ratio"


@dataclass(frozen=True)
class Measure:
    """Something that can be taken from an account, as it is listed to a person.

    ``measure_id`` means something to its own source only and is never shown.
    """

    measure_id: str
    name: str
    kind: MeasureKind
    unit: str = ""


@dataclass(frozen=True)
class DayValue:
    """What a source says of one day. ``base`` is the denominator of a ratio, otherwise 1."""

    value: float
    base: float = 1.0


@dataclass(frozen=True)
class Facts:
    """Days of a measure as a source had them at ``read_at``.

    A day that the source had nothing for, although it covers it, is 0 in ``days``. A day that is not in
    ``days`` is not known. Days after ``settled_to`` may still change.
    """

    days: Mapping[date, DayValue]
    read_at: datetime
    settled_to: date
    #: Computed by the source from a part of its data only.
    is_sampled: bool = False
    #: Rows were left out by the source so that nobody can be recognised.
    is_withheld: bool = False


@dataclass(frozen=True)
class Gap:
    """Why a measure could not be read. ``reason`` is a code of a text: ``metric_gap.<reason>``."""

    reason: str
    #: For a text: the measure's name, a number of a counter.
    params: Mapping[str, str] = field(default_factory=dict)


class Segments(Enum):
    """By what a report looks for the place of a gap."""

    CHANNEL = "channel"
    CAMPAIGN = "campaign"
    PAGE = "page"
    DEVICE = "device"


class MetricSource(Protocol):
    """An account from which facts are read. Nothing is ever changed there."""

    @property
    def segments(self) -> Sequence[Segments]:
        """By what ``by_segment`` can divide; may be empty."""

    def measures(self) -> Sequence[Measure]:
        """What the account has now, for a list to choose from.

        Raises
        ------
        ServiceError
            If the account cannot be read; ``AccessDeniedError`` if its token is dead.
        """

    def read(self, measure_ids: Sequence[str], first: date, last: date) -> Mapping[str, Facts | Gap]:
        """Facts of each measure from *first* to *last*, both included, in as few calls as possible.

        A measure that is gone there is a ``Gap``; the others are read.

        Raises
        ------
        ServiceError
            If nothing could be read.
        """

    def by_segment(
        self, measure_id: str, segments: Segments, first: date, last: date
    ) -> Mapping[str, DayValue]:
        """Sums from *first* to *last* by the names of the segments; they add up to that of the measure."""
