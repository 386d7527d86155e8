"""What a report is computed from: the row of a metric, what its source says, work, questions."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date

from msgspec import Struct, field

from vitrina.domain.calendar import PeriodKind
from vitrina.domain.metrics.goals import Goal
from vitrina.metric_port import DayValue, Facts, Gap, Measure, Segments


class MetricRow(Struct, frozen=True):
    """A row of *Метрики* as it was read.

    Parameters
    ----------
    key
        Tells the metric from the others of its project, in the store.
    row
        Counted from 1.
    number
        Of the mark of a row with a source, ``None`` without one.
    looked_as
        By what the looks at it are kept.
    kind
        ``sum``, ``average``, ``last`` or ``ratio``.
    source
        What people wrote about where the figures are from.
    goal
        ``None`` without a target.
    facts
        Typed values of the periods, the first one of which begins on ``since_on``.
    """

    key: str
    row: int
    name: str
    number: int | None = None
    looked_as: str = ""
    unit: str = ""
    kind: str = "sum"
    is_less_better: bool = False
    since_on: date | None = None
    source: str = ""
    goal: Goal | None = None
    facts: tuple[float | None, ...] = ()
    period: PeriodKind = PeriodKind.MONTH

    @property
    def target(self) -> float | None:
        """What is aimed at."""
        return self.goal.target if self.goal is not None else None


class FunnelStep(Struct, frozen=True):
    """A step of a funnel: ``code`` names a sentence around its name, ``metric_measure.<code>``, if any."""

    name: str
    code: str
    days: Mapping[date, DayValue]


class Sourced(Struct, frozen=True):
    """What the source of a metric says.

    Parameters
    ----------
    system
        Key of the system: the code of a text.
    service
        Name of the system as it calls itself.
    facts
        Its days, or why there are none.
    visits
        Days of something that goes on where the measure itself stops, as visits beside a goal.
    segments
        By what the source can divide: the segments of the period before, and of the one now.
    unread
        By what the source divides and did not answer now.
    funnel
        What comes before the measure and after it, in order, with the measure itself.
    unknown_since
        The first day without data of a source that cannot be read.
    """

    system: str
    service: str
    measure: Measure
    facts: Facts | Gap
    visits: Mapping[date, DayValue] | None = None
    segments: Mapping[Segments, tuple[Mapping[str, DayValue], Mapping[str, DayValue]]] = field(
        default_factory=dict
    )
    unread: tuple[Segments, ...] = ()
    funnel: Sequence[FunnelStep] = ()
    unknown_since: date | None = None


class DoneWork(Struct, frozen=True):
    """A task that was begun or finished, as *Готово* and *В работе* have it."""

    code: str
    title: str
    started_on: date | None
    finished_on: date | None


class AskedQuestion(Struct, frozen=True):
    """A question of the client about the metric, with the text of an answer that was given on the page."""

    number: int
    text: str
    asked_on: date
    answered_on: date | None = None
    answer: str = ""


def metric_key(looked_as: str) -> str:
    """Key of a metric in documents; a name may have any characters."""
    return hashlib.sha256(looked_as.encode()).hexdigest()[:16]
