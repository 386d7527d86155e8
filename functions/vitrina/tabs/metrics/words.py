"""What is said of a metric, in sentences that a client understands: the note of its state."""

from __future__ import annotations

from datetime import date

from vitrina.domain.metrics.goals import Forecast, Goal, Kind, Range, State
from vitrina.domain.metrics.state import MetricState
from vitrina.texts import Days, Sentence, render, sentence

#: Chances are told in steps of so many per cent; nobody knows them better.
CHANCE_STEP = 10
#: From this value on figures are told without decimals.
WHOLE_FROM = 100.0


def note_of(goal: Goal, found: MetricState, today: date, locale: str) -> str:
    """The note: what was expected and what there is, what it means, where it goes."""
    sentences = [*_expected(goal, found, today), *_meaning(goal, found), *_forecast(goal, found.forecast)]
    return "\n".join(render(one, locale) for one in sentences)


def _expected(goal: Goal, found: MetricState, today: date) -> list[Sentence]:
    verdict, window = found.verdict, found.window
    if verdict is None or window is None or found.as_of is None:
        return []
    where = {"range": _range(goal, verdict.expected), "fact": shown(verdict.fact)}
    if goal.kind is Kind.LAST:
        return [sentence("metric_state.last", **where)]
    is_level = goal.kind in (Kind.AVERAGE, Kind.RATIO)
    kind = "mean" if is_level else "sum"
    if not found.is_dated:
        return [sentence(f"metric_state.{kind}_undated", **where)]
    if found.as_of >= window.end_on:
        days = Days(window.start_on, window.end_on)
        return [sentence(f"metric_state.{kind}_days", **where, days=days)]
    if (today - found.as_of).days <= 1:
        return [sentence(f"metric_state.{kind}_today", **where)]
    return [sentence(f"metric_state.{kind}_by", **where, day=Days(found.as_of, found.as_of))]


def _range(goal: Goal, expected: Range) -> Sentence:
    low, high = expected.low, expected.high
    if low is not None and high is not None:
        return sentence("metric_state.between", low=shown(low), high=shown(high))
    if low is not None:
        return sentence("metric_state.at_least", low=shown(low))
    return sentence("metric_state.at_most", high=shown(high if high is not None else goal.target))


def _meaning(goal: Goal, found: MetricState) -> list[Sentence]:
    since = {"day": Days(found.since_on, found.since_on)} if found.since_on else {}
    if found.state is State.NO_DATA:
        if not since:
            return [sentence("metric_state.no_data")]
        return [sentence("metric_state.silent" if found.is_silent else "metric_state.no_data_since", **since)]
    if found.state is State.BEHIND:
        return [sentence("metric_state.behind_since" if since else "metric_state.behind", **since)]
    if found.state is State.FEW_DATA:
        return [sentence("metric_state.few_data")]
    if found.is_waiting:
        return [sentence("metric_state.waiting")]
    is_worse = found.verdict is not None and _is_below_plan(goal, found)
    return [sentence("metric_state.chance" if is_worse else "metric_state.on_track")]


def _is_below_plan(goal: Goal, found: MetricState) -> bool:
    if found.verdict is None:
        return False
    difference = found.verdict.fact - found.verdict.middle
    return difference < 0 if goal.better == "more" else difference > 0


def _forecast(goal: Goal, forecast: Forecast | None) -> list[Sentence]:
    if forecast is None:
        return []
    chance = round(forecast.chance * 100 / CHANCE_STEP) * CHANCE_STEP
    where = {
        "day": Days(forecast.ends_on, forecast.ends_on),
        "likely": shown(forecast.likely),
        "low": shown(forecast.low),
        "high": shown(forecast.high),
        "target": shown(goal.target),
    }
    code = "less" if goal.better == "less" else "more"
    if chance <= 0:
        return [sentence(f"metric_state.forecast_{code}_hardly", **where)]
    if chance >= 100:
        return [sentence(f"metric_state.forecast_{code}_surely", **where)]
    return [sentence(f"metric_state.forecast_{code}", **where, chance=chance)]


def shown(value: float) -> float:
    """A figure as precisely as it is told."""
    return float(round(value)) if abs(value) >= WHOLE_FROM or value == round(value) else round(value, 1)
