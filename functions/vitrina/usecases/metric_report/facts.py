"""What a report is computed from: the row of a metric, what its source says, work, questions."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from vitrina.domain.calendar import PeriodKind
from vitrina.metric_port import DayValue, Facts, Gap, Measure, Segments


@dataclass(frozen=True)
class MetricRow:
    """A row of *Метрики* as it was read.

    Parameters
    ----------
    state
        Code of the state that stands there, empty for none.
    target
        For a period, or what the value should be; ``None`` if none is set.
    plan_to_date
        What the row expects by today.
    kind
        ``sum``, ``average``, ``last`` or ``ratio``.
    source
        What people wrote about where the figures are from.
    facts
        Typed values of the periods, the first one of which begins on ``since_on``.
    """

    row: int
    name: str
    state: str = ""
    target: float | None = None
    plan_to_date: float | None = None
    unit: str = ""
    kind: str = "sum"
    is_less_better: bool = False
    since_on: date | None = None
    source: str = ""
    facts: tuple[float | None, ...] = ()
    period: PeriodKind = PeriodKind.MONTH

    @property
    def key(self) -> str:
        """Tells the metric from the others of its project."""
        return metric_key(self.name)


@dataclass(frozen=True)
class Expected:
    """What the rule of states expects of a metric, and where it is going.

    Parameters
    ----------
    plan
        Plan from the start of the period to the last known day.
    low, high
        What chance makes of the plan by that day.
    forecast, forecast_low, forecast_high
        Of the end of the period, if it goes on as it does.
    behind_since
        When it was found behind first, of the looks that found it without a break.
    """

    plan: float | None = None
    low: float | None = None
    high: float | None = None
    forecast: float | None = None
    forecast_low: float | None = None
    forecast_high: float | None = None
    behind_since: date | None = None


@dataclass(frozen=True)
class Sourced:
    """What the source of a metric says.

    Parameters
    ----------
    source
        Name of the system as people know it.
    facts
        Its days, or why there are none.
    visits
        Days of something that goes on where the measure itself stops, as visits beside a goal.
    segments
        By what the source can divide: the segments of the period before, and of the one now.
    funnel
        Names and days of what comes before the measure, in order, with the measure itself.
    """

    source: str
    measure: Measure
    facts: Facts | Gap
    visits: Mapping[date, DayValue] | None = None
    segments: Mapping[Segments, tuple[Mapping[str, DayValue], Mapping[str, DayValue]]] = field(
        default_factory=dict
    )
    funnel: Sequence[tuple[str, Mapping[date, DayValue]]] = ()
    expected: Expected = Expected()


@dataclass(frozen=True)
class DoneWork:
    """A task that was begun or finished, as *Готово* and *В работе* have it."""

    code: str
    title: str
    started_on: date | None
    finished_on: date | None


@dataclass(frozen=True)
class AskedQuestion:
    """A question of the client about the metric, with the text of an answer that was given on the page."""

    number: int
    text: str
    asked_on: date
    answered_on: date | None = None
    answer: str = ""


def metric_key(name: str) -> str:
    """Key of a metric in the store, which a change of spaces or capitals leaves as it is."""
    plain = " ".join(name.split()).casefold()
    return hashlib.sha256(plain.encode()).hexdigest()[:16]
