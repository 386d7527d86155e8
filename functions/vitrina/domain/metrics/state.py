"""The state of a metric from everything that is known of it: the one function that others call."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from msgspec import Struct

from vitrina.domain.calendar import PeriodKind, WorkCalendar, period_of
from vitrina.domain.metrics.by_days import Seen, Window, look_at_days
from vitrina.domain.metrics.by_periods import Typed, look_at_periods, windows_of
from vitrina.domain.metrics.days import WEEK
from vitrina.domain.metrics.flows import SumFlow
from vitrina.domain.metrics.forecast import forecast_of
from vitrina.domain.metrics.goals import DayFact, Forecast, Goal, Kind, Look, State, Verdict
from vitrina.domain.metrics.looks import standing_after

#: A source may be late by so many days before its metric has no data.
MOST_LATE_DAYS = 3
#: Zeros at the end that have less than this probability are taken for a broken counter.
SILENT = 1e-6
#: Looks that are kept: those of two months.
MOST_KEPT = 10

_DAY = timedelta(days=1)


class Kept(Struct, frozen=True):
    """What has to be remembered until the next look, because the sheet does not have it.

    ``fact`` is the figure of the running period as it was seen first on ``fact_on``.
    """

    looks: tuple[Look, ...] = ()
    fact: float | None = None
    fact_on: date | None = None


NOTHING_KEPT = Kept()


class MetricState(Struct, frozen=True):
    """What is said of a metric.

    Parameters
    ----------
    since_on
        Since when it has been behind, or the first day without data.
    verdict, window, as_of
        The fact against what was expected of *window* by *as_of*; ``None`` where nothing can be said.
    is_dated
        Whether the days of *window* are real.
    is_silent
        There are only zeros since ``since_on``, which chance does not explain.
    is_waiting
        The last look was below, and the next one decides.
    """

    state: State
    since_on: date | None = None
    verdict: Verdict | None = None
    window: Window | None = None
    as_of: date | None = None
    forecast: Forecast | None = None
    is_dated: bool = True
    is_silent: bool = False
    is_waiting: bool = False
    kept: Kept = NOTHING_KEPT


def state_of(
    goal: Goal,
    facts: Sequence[float | None],
    today: date,
    calendar: WorkCalendar,
    *,
    days: Mapping[date, DayFact] | None = None,
    unknown_since: date | None = None,
    kept: Kept | None = None,
) -> MetricState | None:
    """The state of a metric.

    Parameters
    ----------
    facts
        Figures of the periods as they stand in the sheet; ``None`` for an empty cell.
    days
        Days of the metric, from a source. A day that is not in it is not known; a day with nothing is 0.
        With them the figures of the periods are not used.
    unknown_since
        The source says that it knows nothing since that day.
    kept
        What the last call has given, so that two looks in a row are looks of two weeks.

    Returns
    -------
    MetricState or None
        ``None`` where there is nothing to say yet: no target, no figures, or a first day that has not come.

    Notes
    -----
    Rules: docs/metrics.md. Measured by ``python -m benchmarks.metrics``.
    """
    if not math.isfinite(goal.target):
        return None
    if unknown_since is not None and unknown_since <= today:
        return MetricState(State.NO_DATA, unknown_since, kept=kept or NOTHING_KEPT)
    if days is not None:
        return _state_by_days(goal, days, today, calendar)
    return _state_by_periods(goal, facts, today, calendar, kept or NOTHING_KEPT)


# --- Days of a source ---------------------------------------------------------------------------------


def _state_by_days(
    goal: Goal, days: Mapping[date, DayFact], today: date, calendar: WorkCalendar
) -> MetricState | None:
    if goal.since_on is not None and goal.since_on > today:
        return None
    known = [day for day in days if day < today]
    if not known:
        return MetricState(State.NO_DATA, goal.since_on)
    if (today - max(known)).days > MOST_LATE_DAYS:
        return MetricState(State.NO_DATA, max(known) + _DAY)
    seen = look_at_days(goal, days, today, calendar)
    silent_on = _silent_since(seen, days, calendar)
    if silent_on is not None:
        return MetricState(State.NO_DATA, silent_on, is_silent=True)
    return _told(goal, seen, days)


def _silent_since(seen: Seen, days: Mapping[date, DayFact], calendar: WorkCalendar) -> date | None:
    """Since when there have been only zeros, where that cannot be chance."""
    flow = seen.flow
    if not isinstance(flow, SumFlow) or not flow.is_count or not flow.pattern.level or seen.as_of is None:
        return None
    day, mean = seen.as_of, 0.0
    while day in days and days[day].value == 0:
        mean += flow.pattern.level * flow.pattern.share(day, calendar)
        day -= _DAY
    is_silent = mean > 0 and flow.spread(mean).at_most(0) < SILENT
    return day + _DAY if is_silent else None


# --- Typed figures -------------------------------------------------------------------------------------


def _state_by_periods(
    goal: Goal, facts: Sequence[float | None], today: date, calendar: WorkCalendar, kept: Kept
) -> MetricState | None:
    typed = _typed(goal, facts, today)
    if isinstance(typed, date):
        return MetricState(State.NO_DATA, typed, kept=kept)
    if typed is None:
        return None
    is_same = kept.fact is not None and kept.fact == typed.running_fact and kept.fact_on is not None
    fact_on = kept.fact_on if is_same and kept.fact_on else today
    seen = look_at_periods(goal, typed, calendar, kept=kept.looks, fact_on=fact_on)
    running = [look for look in seen.looks if typed.is_dated and goal.period is PeriodKind.MONTH]
    now = Kept(tuple(running[-MOST_KEPT:]), typed.running_fact, fact_on if typed.running else None)
    return _told(goal, seen, {}, is_dated=typed.is_dated, kept=now)


def _typed(goal: Goal, facts: Sequence[float | None], today: date) -> Typed | date | None:
    """The figures by period; the first day without one; ``None`` if there is nothing to say."""
    if goal.since_on is None:
        filled = [one for one in facts if one is not None]
        return Typed(windows_of(goal, len(filled)), filled, is_dated=False) if filled else None
    if goal.since_on > today:
        return None
    over = _periods_over(goal, today)
    windows = windows_of(goal, over + 1)
    known = [*facts, *[None] * (over + 1 - len(facts))]
    for window, fact in zip(windows[:over], known, strict=False):
        if fact is None:
            return window.start_on
    finished = [one for one in known[:over] if one is not None]
    return Typed(windows[:over], finished, True, windows[over], known[over])


def _periods_over(goal: Goal, today: date) -> int:
    """How many periods are over."""
    if goal.since_on is None:
        return 0
    if goal.period is PeriodKind.WEEK:
        return (today - goal.since_on).days // WEEK
    start = period_of(goal.since_on, PeriodKind.MONTH).start_on
    return (today.year - start.year) * 12 + today.month - start.month


# --- What is said ----------------------------------------------------------------------------------------


def _told(
    goal: Goal,
    seen: Seen,
    days: Mapping[date, DayFact],
    *,
    is_dated: bool = True,
    kept: Kept = NOTHING_KEPT,
) -> MetricState:
    standing = standing_after(seen.looks)
    forecast = forecast_of(goal, seen, days) if goal.kind is Kind.SUM else None
    last = seen.looks[-1].sign if seen.looks else None
    is_waiting = standing.state is State.ON_TRACK and last is not None and last.value == "below"
    return MetricState(
        standing.state,
        standing.since_on if is_dated else None,
        seen.verdict,
        seen.window,
        seen.as_of,
        forecast,
        is_dated=is_dated,
        is_waiting=is_waiting,
        kept=kept,
    )
