"""The figures of a report, as JSON that is kept. Pure: everything follows from what was read.

A figure is a number as it is shown, rounded once, here. The parts of a sum are rounded so that they add up
to it. What is not known is ``None``, never 0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from msgspec import Struct

from vitrina.domain.calendar import PeriodKind, WorkCalendar, period_of
from vitrina.domain.metrics.change.breakdown import (
    Breakdown,
    break_down_ratio,
    break_down_sum,
    exact,
    pooled,
    rounded_parts,
)
from vitrina.domain.metrics.change.comparison import Comparison, Span, comparison, full_weeks, total
from vitrina.domain.metrics.change.funnel import Counted, funnel
from vitrina.domain.metrics.change.tracking import silent_since
from vitrina.domain.metrics.goals import State
from vitrina.domain.metrics.state import MetricState
from vitrina.metric_port import DayValue, Facts, Gap, MeasureKind, Segments
from vitrina.tabs.metrics.words import shown
from vitrina.usecases.metric_report.facts import AskedQuestion, DoneWork, MetricRow, Sourced

#: Version of the layout of a body.
SCHEMA = 1
#: Most lines of each part of a report.
MOST_PARTS, MOST_WEEKS, MOST_WORKS, MOST_QUESTIONS, MOST_STEPS = 8, 13, 20, 10, 8
#: Most characters of a name, and of a longer text.
MOST_NAME, MOST_TEXT = 120, 600
#: In place of the name of the segments that are put together. No source has a segment of this name.
REST = "\u0000rest"


class Scale(Struct, frozen=True):
    """How values of a metric are shown: *factor* times as large, with so many *digits* after the point."""

    factor: int
    digits: int

    def shown(self, value: Fraction | float | None) -> float | None:
        """A value as it is shown."""
        return None if value is None else float(round(exact(value) * self.factor, self.digits))

    def shown_parts(self, parts: Sequence[Fraction]) -> list[float]:
        """Parts that add up to their sum as it is shown."""
        return [float(one) for one in rounded_parts([part * self.factor for part in parts], self.digits)]


def report_body(
    row: MetricRow,
    sourced: Sourced | None,
    found: MetricState | None,
    *,
    works: Sequence[DoneWork],
    questions: Sequence[AskedQuestion],
    earlier: Mapping[str, Any] | None,
    today: date,
    read_at: str,
    calendar: WorkCalendar,
) -> dict[str, Any]:
    """All figures of a report.

    Parameters
    ----------
    found
        The state of the metric, ``None`` where nothing can be said.
    earlier
        What came of the actions of the last report, ``None`` if there was none.
    read_at
        When the workbook was read, as ISO text.
    """
    facts = sourced.facts if sourced is not None and isinstance(sourced.facts, Facts) else None
    is_ratio = _is_ratio(row, sourced)
    compared = comparison(facts.days, facts.settled_to) if facts is not None else None
    scale = _scale(row, facts, is_ratio=is_ratio)
    weeks = _weeks(facts, scale, is_ratio=is_ratio) if facts is not None else []
    first_day = date.fromisoformat(weeks[0]["start"]) if weeks else today - timedelta(weeks=MOST_WEEKS)
    return {
        "schema": SCHEMA,
        "metric": {
            "name": row.name[:MOST_NAME],
            "unit": row.unit[:MOST_NAME],
            "kind": "ratio" if is_ratio else row.kind,
            "less_is_better": row.is_less_better,
            "target": row.target,
            "period": row.period.value,
            "state": found.state.value if found is not None else "",
        },
        "today": today.isoformat(),
        "read_at": read_at,
        "verdict": _verdict(row, found, facts, scale, is_ratio=is_ratio),
        "source": _source(row, sourced, facts, found),
        "spans": _spans(compared, calendar),
        "change": _change(facts, compared, scale, is_ratio=is_ratio),
        "gap": _gaps(sourced, compared, scale, is_ratio=is_ratio),
        "unread": [one.value for one in sourced.unread] if sourced is not None else [],
        "funnel": _funnel(sourced, compared),
        "weeks": weeks,
        "periods": _periods(row, today) if facts is None else [],
        "works": _works(works, first_day),
        "questions": [_question(one) for one in questions[:MOST_QUESTIONS]],
        "earlier": earlier,
    }


# --- 1. The verdict ------------------------------------------------------------------------------------


def _verdict(
    row: MetricRow, found: MetricState | None, facts: Facts | None, scale: Scale, *, is_ratio: bool
) -> dict[str, Any]:
    """What the rule of states says; without a verdict of it, the last figure alone."""
    verdict = found.verdict if found is not None else None
    if found is None or verdict is None or found.window is None or found.as_of is None:
        return {"fact": _last_figure(row, facts, scale, is_ratio=is_ratio), "plan": None, **_NOTHING}
    forecast, expected = found.forecast, verdict.expected
    days = {"start": found.window.start_on, "end": min(found.as_of, found.window.end_on)}
    is_behind = found.state is State.BEHIND
    return {
        # As precisely as the note in *Метрики* tells them.
        "fact": _told(verdict.fact),
        "plan": _told(verdict.middle),
        "low": _told(expected.low),
        "high": _told(expected.high),
        "start": days["start"].isoformat() if found.is_dated else None,
        "end": days["end"].isoformat() if found.is_dated else None,
        "behind_since": _iso(found.since_on) if is_behind else None,
        "forecast": None
        if forecast is None or not found.is_dated
        else {
            "on": forecast.ends_on.isoformat(),
            "likely": _told(forecast.likely),
            "low": _told(forecast.low),
            "high": _told(forecast.high),
        },
        "target": _told(found.window.target),
    }


_NOTHING: Mapping[str, None] = dict.fromkeys(
    ("low", "high", "start", "end", "behind_since", "forecast", "target")
)


def _last_figure(row: MetricRow, facts: Facts | None, scale: Scale, *, is_ratio: bool) -> float | None:
    """The last finished week of a source, or the last typed figure."""
    if facts is not None:
        weeks = [one["value"] for one in _weeks(facts, scale, is_ratio=is_ratio)]
        return weeks[-1] if weeks else None
    values = [value for value in row.facts if value is not None]
    return _rounded(values[-1], 2) if values else None


# --- 2. Is it real -------------------------------------------------------------------------------------


def _source(
    row: MetricRow, sourced: Sourced | None, facts: Facts | None, found: MetricState | None
) -> dict[str, Any]:
    typed = row.source[:MOST_NAME]
    if sourced is None:
        return {"system": "", "typed": typed, "is_typed": True}
    described = {
        "system": sourced.system,
        "service": sourced.service,
        "measure": sourced.measure.name[:MOST_NAME],
        "measure_code": sourced.measure.code,
        "is_typed": False,
        "typed": typed,
    }
    if facts is None:
        gap = sourced.facts if isinstance(sourced.facts, Gap) else Gap("unknown")
        return {**described, "read_at": None, "gap": gap.reason, "gap_params": dict(gap.params)}
    first, last = (min(facts.days), max(facts.days)) if facts.days else (facts.settled_to, facts.settled_to)
    silent = None
    if sourced.visits is not None:
        silent = silent_since(facts.days, sourced.visits, facts.settled_to)
    return {
        **described,
        "read_at": facts.read_at.isoformat(),
        "settled_to": facts.settled_to.isoformat(),
        "first_day": first.isoformat(),
        "last_day": last.isoformat(),
        "missing_days": sum(day not in facts.days for day in Span(first, last).days),
        "is_sampled": facts.is_sampled,
        "is_withheld": facts.is_withheld,
        "silent_since": _iso(silent),
        "zeros_since": _iso(found.since_on) if found is not None and found.is_silent and not silent else None,
        "gap": facts.gap.reason if facts.gap is not None else None,
        "gap_params": dict(facts.gap.params) if facts.gap is not None else {},
        "checks_silence": sourced.visits is not None,
    }


# --- 3. Where the gap sits -----------------------------------------------------------------------------


def _spans(compared: Comparison | None, calendar: WorkCalendar) -> dict[str, Any] | None:
    if compared is None:
        return None
    spans = {"now": compared.now, "before": compared.before, "year_ago": compared.year_ago}
    return {
        "weeks": compared.weeks,
        **{
            name: None
            if one is None
            else {
                "start": one.start_on.isoformat(),
                "end": one.end_on.isoformat(),
                "working_days": sum(calendar.is_working_day(day) for day in one.days),
            }
            for name, one in spans.items()
        },
    }


def _change(
    facts: Facts | None, compared: Comparison | None, scale: Scale, *, is_ratio: bool
) -> dict[str, Any] | None:
    """The values of the compared periods, and what lies between them as it is shown."""
    if facts is None or compared is None:
        return None
    spans = {"now": compared.now, "before": compared.before, "year_ago": compared.year_ago}
    values = {}
    for name, span in spans.items():
        found = total(facts.days, span) if span is not None else None
        values[name] = None if found is None else _value(found.value, found.base, is_ratio)
    now, before, year_ago = values["now"], values["before"], values["year_ago"]
    return {
        **{name: scale.shown(value) for name, value in values.items()},
        "from_before": None if now is None or before is None else scale.shown(now - before),
        "from_year_ago": None if now is None or year_ago is None else scale.shown(now - year_ago),
    }


def _gaps(
    sourced: Sourced | None, compared: Comparison | None, scale: Scale, *, is_ratio: bool
) -> list[dict[str, Any]]:
    if sourced is None or compared is None:
        return []
    found = []
    for by in Segments:
        if by not in sourced.segments:
            continue
        before, now = pooled(*sourced.segments[by], most=MOST_PARTS, rest=REST)
        whole = break_down_ratio(before, now) if is_ratio else break_down_sum(before, now)
        if whole is not None and whole.parts:
            found.append(_gap(by, whole, scale, is_ratio=is_ratio))
    return found


def _gap(by: Segments, whole: Breakdown, scale: Scale, *, is_ratio: bool) -> dict[str, Any]:
    changes = scale.shown_parts([one.change for one in whole.parts])
    return {
        "by": by.value,
        "before": scale.shown(whole.before),
        "now": scale.shown(whole.now),
        "change": float(round(sum(map(exact, changes), Fraction(0)), scale.digits)),
        **(
            dict(zip(("mix", "rate"), scale.shown_parts([whole.mix, whole.rate]), strict=True))
            if is_ratio
            else {}
        ),
        "parts": [
            {
                "name": "" if one.name == REST else one.name[:MOST_NAME],
                "is_rest": one.name == REST,
                "before": scale.shown(one.before),
                "now": scale.shown(one.now),
                "change": change,
            }
            for one, change in zip(whole.parts, changes, strict=True)
        ],
    }


# --- 4. The funnel -------------------------------------------------------------------------------------


def _funnel(sourced: Sourced | None, compared: Comparison | None) -> dict[str, Any] | None:
    if sourced is None or compared is None or len(sourced.funnel) < 2:
        return None
    asked = sourced.funnel[:MOST_STEPS]
    spans = (compared.now, compared.before, compared.year_ago)
    counts = [
        Counted(str(place), *(_count(one.days, span) for span in spans)) for place, one in enumerate(asked)
    ]
    return {
        "counts": [
            {
                "name": one.name[:MOST_NAME],
                "code": one.code,
                "now": _plain(counted.now),
                "before": _plain(counted.before),
                "year_ago": _plain(counted.year_ago),
            }
            for one, counted in zip(asked, counts, strict=True)
        ],
        # ``start`` and ``end`` are places in the list of counts.
        "steps": [
            {
                "start": int(one.start),
                "end": int(one.end),
                "now": _percent(one.now),
                "before": _percent(one.before),
                "year_ago": _percent(one.year_ago),
                "is_broken": one.is_broken,
            }
            for one in funnel(counts)
        ],
    }


def _count(days: Mapping[date, DayValue], span: Span | None) -> Fraction | None:
    found = total(days, span) if span is not None else None
    return None if found is None else found.value


def _percent(rate: Fraction | None) -> float | None:
    return None if rate is None else float(round(rate * 100, 1 if rate >= Fraction(1, 10) else 2))


# --- 5. Against time -----------------------------------------------------------------------------------


def _weeks(facts: Facts, scale: Scale, *, is_ratio: bool) -> list[dict[str, Any]]:
    """The last finished weeks, with ``None`` for those that are not known as a whole."""
    known = {week.start_on for week in full_weeks(facts.days, facts.settled_to)}
    if not known:
        return []
    first, last = min(known), max(known)
    starts = [first + timedelta(weeks=place) for place in range((last - first).days // 7 + 1)]
    lines = []
    for start in starts[-MOST_WEEKS:]:
        found = total(facts.days, Span(start, start + timedelta(days=6))) if start in known else None
        value = None if found is None else _value(found.value, found.base, is_ratio)
        lines.append({"start": start.isoformat(), "value": scale.shown(value)})
    return lines


def _periods(row: MetricRow, today: date) -> list[dict[str, Any]]:
    """Typed periods; without a first day nothing says which of them still grows."""
    lines, start = [], row.since_on
    for number, value in enumerate(row.facts, start=1):
        period = period_of(start, PeriodKind(row.period)) if start is not None else None
        end = period.end_on if period and row.period is PeriodKind.MONTH else _week_end(start)
        if value is not None:
            lines.append(
                {
                    "number": number,
                    "start": start.isoformat() if start else None,
                    "value": _rounded(value, 2),
                    "is_finished": end is None or end < today,
                }
            )
        start = end + timedelta(days=1) if end is not None else None
    return lines


def _week_end(start: date | None) -> date | None:
    return None if start is None else start + timedelta(days=6)


# --- 6, 9. Work and questions --------------------------------------------------------------------------


def _works(works: Sequence[DoneWork], first_day: date) -> list[dict[str, Any]]:
    """Work that was begun or finished since *first_day*, the latest first."""
    found = []
    for one in works:
        days = [day for day in (one.started_on, one.finished_on) if day is not None]
        if days and max(days) >= first_day:
            found.append((max(days), one))
    found.sort(key=lambda one: (one[0], one[1].code), reverse=True)
    return [
        {
            "code": one.code[:MOST_NAME],
            "title": one.title[:MOST_NAME],
            "started_on": _iso(one.started_on),
            "finished_on": _iso(one.finished_on),
        }
        for _, one in found[:MOST_WORKS]
    ]


def _question(one: AskedQuestion) -> dict[str, Any]:
    return {
        "number": one.number,
        "text": one.text[:MOST_TEXT],
        "asked_on": one.asked_on.isoformat(),
        "answered_on": _iso(one.answered_on),
        "answer": one.answer[:MOST_TEXT],
    }


# --- Values --------------------------------------------------------------------------------------------


def _is_ratio(row: MetricRow, sourced: Sourced | None) -> bool:
    return sourced.measure.kind is MeasureKind.RATIO if sourced is not None else row.kind == "ratio"


def _scale(row: MetricRow, facts: Facts | None, *, is_ratio: bool) -> Scale:
    """A percentage is shown a hundred times as large; digits depend on the size of the values."""
    factor = 100 if is_ratio and "%" in row.unit and facts is not None else 1
    if facts is None:
        return Scale(factor, 2)
    values = [exact(one.value) for one in facts.days.values()]
    if not is_ratio:
        return Scale(factor, 0 if all(one.denominator == 1 for one in values) else 2)
    whole = sum(values, Fraction(0)) * factor / (sum(exact(one.base) for one in facts.days.values()) or 1)
    return Scale(factor, 0 if whole >= 100 else 1 if whole >= 10 else 2)


def _value(value: Fraction, base: Fraction, is_ratio: bool) -> Fraction | None:
    if not is_ratio:
        return value
    return value / base if base else None


def _told(value: float | None) -> float | None:
    return None if value is None else shown(value)


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else float(round(exact(value), digits))


def _plain(value: Fraction | None) -> float | None:
    return None if value is None else float(round(value, 2))


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day is not None else None
