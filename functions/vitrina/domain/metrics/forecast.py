"""Where a sum will be at the end of its month. It tells what is likely and never raises an alarm."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date

from vitrina.domain.metrics.by_days import Seen
from vitrina.domain.metrics.flows import Stretch, SumFlow
from vitrina.domain.metrics.goals import Better, DayFact, Forecast, Goal

#: Four times in five the end is between the two ends of the range.
FORECAST_TAIL = 0.1
#: What was before the window counts like this share of it.
PRIOR_SHARE = 0.15


def forecast_of(goal: Goal, seen: Seen, days: Mapping[date, DayFact]) -> Forecast | None:
    """The end of the window that runs; ``None`` where there is no such window or nothing is known yet.

    The rest goes on as the window went so far, mixed with what came before it, or else with the plan. The
    range has the noise of the rest and that of the rate (a gamma-Poisson forecast with a dispersion).
    """
    window, verdict, flow = seen.window, seen.verdict, seen.flow
    if window is None or verdict is None or seen.as_of is None or not isinstance(flow, SumFlow):
        return None
    if seen.as_of >= window.end_on:
        return None
    planned = flow.share(window.days)
    done = _done_share(flow, seen, days) / planned
    left = flow.share([day for day in window.days if day > seen.as_of]) / planned
    level = flow.pattern.level
    usual = level * planned if level is not None else goal.target
    rate = (verdict.fact + PRIOR_SHARE * usual) / (done + PRIOR_SHARE)
    mean = rate * left
    if mean <= 0:
        return None
    spread = flow.spread(mean, widened=1 + left / (done + PRIOR_SHARE))
    lacking = goal.target - verdict.fact
    if goal.better is Better.MORE:
        chance = 1.0 if lacking <= 0 else spread.at_least(lacking)
    else:
        chance = 0.0 if lacking < 0 else spread.at_most(lacking)
    return Forecast(
        window.end_on,
        verdict.fact + mean,
        verdict.fact + spread.lowest(FORECAST_TAIL),
        verdict.fact + spread.highest(FORECAST_TAIL),
        min(max(chance, 0.0), 1.0) if math.isfinite(chance) else 0.0,
    )


def _done_share(flow: SumFlow, seen: Seen, days: Mapping[date, DayFact]) -> float:
    """The share of the known days; where only a sum was typed, of all days until then."""
    if seen.window is None or seen.as_of is None:
        return 0.0
    gone = [day for day in seen.window.days if day <= seen.as_of]
    known = [day for day in gone if day in days] if days else gone
    stretch = Stretch(known, seen.window.days, seen.window.target)
    return flow.share(stretch.known)
