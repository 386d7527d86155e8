"""A report in words: each section as sentences and a table, for page, tab and sidebar alike.

No sentence says more than the figures of the body do.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import Struct

from vitrina.records.told.metric_reports import MetricReport
from vitrina.texts import Amount, Days, Sentence, sentence

#: A cell of a table.
Cell = str | Sentence | Amount


class Table(Struct, frozen=True):
    """A table of figures; the first column has names."""

    heads: tuple[Sentence, ...]
    rows: tuple[tuple[Cell, ...], ...]


class Section(Struct, frozen=True):
    """A section of a report, named by its key."""

    key: str
    lines: tuple[Sentence, ...]
    tables: tuple[Table, ...] = ()


def sections(report: MetricReport, zone: ZoneInfo) -> list[Section]:
    """All sections of a report, in their order."""
    body = report.body
    return [
        Section("verdict", tuple(verdict_lines(body))),
        Section("source", tuple(_source(body, zone))),
        _gap(body),
        _funnel(body),
        _time(body),
        Section("works", tuple(_works(body))),
        Section("reason", (_reason(report),)),
        *([Section("earlier", tuple(_earlier(body["earlier"])))] if body["earlier"] else []),
        Section("next", tuple(_next(report))),
        Section("questions", tuple(_questions(body))),
    ]


def moment(text: str, zone: ZoneInfo) -> dict[str, Any]:
    """Values ``day`` and ``time`` of a sentence from a moment as ISO text."""
    at = datetime.fromisoformat(text).astimezone(zone)
    return {"day": Days(at.date(), at.date()), "time": f"{at:%H:%M}"}


def amount(body: Mapping[str, Any], value: float, *, is_change: bool = False) -> Amount:
    """A value of the metric with its unit; a change of a percentage is in points."""
    unit = body["metric"]["unit"]
    if is_change and "%" in unit:
        return Amount(value, sentence("metric_report.points"), is_change=True)
    return Amount(value, unit, is_change=is_change)


# --- 1. The verdict ------------------------------------------------------------------------------------


def verdict_lines(body: Mapping[str, Any]) -> list[Sentence]:
    """The verdict in a sentence, then what it rests on."""
    found, metric = body["verdict"], body["metric"]
    lines = [_verdict(body)]
    if metric["state"]:
        lines.append(sentence(f"metric_report.state.{metric['state']}"))
    ends = [one for one in ("low", "high") if found[one] is not None]
    if ends:
        code = "between" if len(ends) == 2 else ends[0]
        where = {one: amount(body, found[one]) for one in ends}
        lines.append(sentence(f"metric_report.expected.{code}", **where))
    if found["behind_since"]:
        lines.append(sentence("metric_report.behind_since", day=_days(found["behind_since"])))
    if found["forecast"] is not None:
        lines.append(_forecast(body))
    return lines


def _verdict(body: Mapping[str, Any]) -> Sentence:
    found, name = body["verdict"], body["metric"]["name"]
    fact, plan = found["fact"], found["plan"]
    if fact is None:
        return sentence("metric_report.verdict.no_fact", name=name)
    values: dict[str, Any] = {"name": name, "fact": amount(body, fact)}
    if plan is None:
        return sentence("metric_report.verdict.last", **values)
    values |= {"plan": amount(body, plan), "gap": _gap_to(body, fact - plan)}
    if found["start"] is None:
        return sentence("metric_report.verdict.undated", **values)
    code = "sum" if body["metric"]["kind"] == "sum" else "value"
    return sentence(f"metric_report.verdict.{code}", **values, days=_days(found["start"], found["end"]))


def _gap_to(body: Mapping[str, Any], difference: float) -> Sentence:
    """How far a fact is from the plan."""
    difference = round(difference, 2)
    if not difference:
        return sentence("metric_report.gap_to.none")
    unit = amount(body, difference, is_change=True).unit
    code = "less" if difference < 0 else "more"
    return sentence(f"metric_report.gap_to.{code}", amount=Amount(abs(difference), unit))


def _forecast(body: Mapping[str, Any]) -> Sentence:
    forecast = body["verdict"]["forecast"]
    return sentence(
        "metric_report.forecast",
        day=_days(forecast["on"]),
        value=amount(body, forecast["likely"]),
        low=amount(body, forecast["low"]),
        high=amount(body, forecast["high"]),
        target=amount(body, body["verdict"]["target"]),
    )


# --- 2. Is it real -------------------------------------------------------------------------------------


def _source(body: Mapping[str, Any], zone: ZoneInfo) -> list[Sentence]:
    source = body["source"]
    book = sentence("metric_report.source.book", **moment(body["read_at"], zone))
    if source["is_typed"]:
        lines = [sentence("metric_report.source.typed", sheet=sentence("title.metrics"))]
        if source["typed"]:
            lines.append(sentence("metric_report.source.said", source=source["typed"]))
        return [*lines, book]
    name = sentence(f"metric_system.{source['system']}.source", measure=_measure(source))
    if source["read_at"] is None:
        return [
            sentence("metric_report.source.none", source=name, reason=_reason_of(source)),
            book,
        ]
    values = {"source": name, **moment(source["read_at"], zone)}
    lines = [
        sentence("metric_report.source.read", **values),
        sentence("metric_report.source.settled", day=_days(source["settled_to"])),
    ]
    sound = len(lines)
    lines += [sentence(f"metric_report.source.{one}") for one in ("is_sampled", "is_withheld") if source[one]]
    if source["gap"] is not None:
        lines.append(
            sentence("metric_report.source.stopped", day=_days(source["last_day"]), reason=_reason_of(source))
        )
    if source["missing_days"]:
        lines.append(sentence("metric_report.source.missing", count=source["missing_days"]))
    if source["silent_since"]:
        lines.append(sentence("metric_report.source.silent", day=_days(source["silent_since"])))
    if source["zeros_since"]:
        lines.append(sentence("metric_report.source.zeros", day=_days(source["zeros_since"])))
    if len(lines) == sound:
        lines.append(sentence(f"metric_report.source.sound{'' if source['checks_silence'] else '_days'}"))
    return [*lines, book]


def _measure(source: Mapping[str, Any]) -> Sentence:
    """What the source counts, as it is called there."""
    if not source["measure_code"]:
        return sentence("metric_report.source.quoted", name=source["measure"])
    return sentence(f"metric_measure.{source['measure_code']}", name=source["measure"])


def _reason_of(source: Mapping[str, Any]) -> Sentence:
    return sentence(f"metric_gap.{source['gap']}", **{"service": source["service"], **source["gap_params"]})


# --- 3. Where the gap sits -----------------------------------------------------------------------------


def _gap(body: Mapping[str, Any]) -> Section:
    if body["source"]["is_typed"]:
        return Section("gap", (sentence("metric_report.gap.typed"),))
    if body["spans"] is None or body["change"]["from_before"] is None:
        return Section("gap", (sentence("metric_report.gap.few"),))
    lines = [_compared(body)]
    if not body["gap"] and not body["unread"]:
        lines.append(sentence("metric_report.gap.undivided"))
    if body["unread"]:
        parts = [sentence(f"metric_report.by.{one}") for one in body["unread"]]
        lines.append(sentence("metric_report.gap.unread", parts=parts))
    for one in body["gap"]:
        lines += _gap_lines(body, one)
    return Section("gap", tuple(lines), tuple(_gap_table(body, one) for one in body["gap"]))


def _compared(body: Mapping[str, Any]) -> Sentence:
    spans, change = body["spans"], body["change"]
    return sentence(
        "metric_report.gap.compared",
        days=_span(spans["now"]),
        days_before=_span(spans["before"]),
        now=amount(body, change["now"]),
        before=amount(body, change["before"]),
        change=amount(body, change["from_before"], is_change=True),
    )


def _gap_lines(body: Mapping[str, Any], gap: Mapping[str, Any]) -> list[Sentence]:
    lines = []
    change = body["change"]
    if (gap["now"], gap["before"]) != (change["now"], change["before"]):
        now, before = amount(body, gap["now"]), amount(body, gap["before"])
        lines.append(sentence("metric_report.gap.partial", by=_by(gap), now=now, before=before))
    same = [one for one in gap["parts"] if one["change"] * gap["change"] > 0 and not one["is_rest"]]
    if same:
        most = max(same, key=lambda one: abs(one["change"]))
        told = amount(body, most["change"], is_change=True)
        lines.append(sentence("metric_report.gap.most", by=_by(gap), name=_segment(most), change=told))
    if "mix" in gap and gap["change"]:
        mix, rate = (amount(body, gap[name], is_change=True) for name in ("mix", "rate"))
        lines.append(sentence("metric_report.gap.mix", by=_by(gap), mix=mix, rate=rate))
    return lines


def _gap_table(body: Mapping[str, Any], gap: Mapping[str, Any]) -> Table:
    heads = (_by(gap), *(sentence(f"metric_report.head.{one}") for one in ("before", "now", "change")))
    rows = [
        (
            _segment(one),
            _cell(body, one["before"]),
            _cell(body, one["now"]),
            amount(body, one["change"], is_change=True),
        )
        for one in gap["parts"]
    ]
    whole = (
        sentence("metric_report.whole"),
        _cell(body, gap["before"]),
        _cell(body, gap["now"]),
        amount(body, gap["change"], is_change=True),
    )
    return Table(heads, (*rows, whole))


def _by(gap: Mapping[str, Any]) -> Sentence:
    return sentence(f"metric_report.by.{gap['by']}")


def _segment(part: Mapping[str, Any]) -> Cell:
    if part["is_rest"]:
        return sentence("metric_report.rest")
    return part["name"] or sentence("metric_report.unnamed")


# --- 4. The funnel -------------------------------------------------------------------------------------


def _funnel(body: Mapping[str, Any]) -> Section:
    funnel = body["funnel"]
    if funnel is None:
        code = "typed" if body["source"]["is_typed"] else "few" if body["spans"] is None else "none"
        return Section("funnel", (sentence(f"metric_report.funnel.{code}"),))
    broken = next((one for one in funnel["steps"] if one["is_broken"]), None)
    if broken is None:
        lines = [sentence("metric_report.funnel.whole")]
    else:
        now, before = Amount(broken["now"], "%"), Amount(broken["before"], "%")
        ends = _ends(funnel, broken)
        lines = [sentence("metric_report.funnel.broken", **ends, now=now, before=before)]
    has_year = body["spans"]["year_ago"] is not None
    names = ("now", "before", *(["year_ago"] if has_year else []))
    heads = tuple(sentence(f"metric_report.head.{one}") for one in names)
    counts = [(_step_name(one), *(_number(one[name]) for name in names)) for one in funnel["counts"]]
    steps = [(_step(funnel, one), *(_percent(one[name]) for name in names)) for one in funnel["steps"]]
    tables = (
        Table((sentence("metric_report.head.count"), *heads), tuple(counts)),
        Table((sentence("metric_report.head.step"), *heads), tuple(steps)),
    )
    return Section("funnel", tuple(lines), tables)


def _step(funnel: Mapping[str, Any], one: Mapping[str, Any]) -> Sentence:
    code = "step_broken" if one["is_broken"] else "step"
    return sentence(f"metric_report.funnel.{code}", **_ends(funnel, one))


def _ends(funnel: Mapping[str, Any], one: Mapping[str, Any]) -> dict[str, Sentence]:
    return {name: _step_name(funnel["counts"][one[name]]) for name in ("start", "end")}


def _step_name(one: Mapping[str, Any]) -> Sentence:
    if one["code"]:
        return sentence(f"metric_measure.{one['code']}", name=one["name"])
    return sentence("metric_report.cell", value=one["name"])


# --- 5. Against time -----------------------------------------------------------------------------------


def _time(body: Mapping[str, Any]) -> Section:
    if body["source"]["is_typed"] or not body["weeks"]:
        return _typed_time(body)
    lines = [sentence("metric_report.time.weeks")]
    spans, change = body["spans"], body["change"]
    if spans is not None:
        now, before = spans["now"]["working_days"], spans["before"]["working_days"]
        lines.append(sentence("metric_report.time.working_days", now=now, before=before))
    if spans is None or change["from_year_ago"] is None:
        lines.append(sentence("metric_report.time.no_year"))
    else:
        lines.append(
            sentence(
                "metric_report.time.year",
                days=_span(spans["now"]),
                now=amount(body, change["now"]),
                value=amount(body, change["year_ago"]),
                change=amount(body, change["from_year_ago"], is_change=True),
            )
        )
    rows = [
        (sentence("metric_report.week", day=_days(one["start"])), _cell(body, one["value"]))
        for one in body["weeks"]
    ]
    heads = (sentence("metric_report.head.week"), sentence("metric_report.head.value"))
    return Section("time", tuple(lines), (Table(heads, tuple(rows)),))


def _typed_time(body: Mapping[str, Any]) -> Section:
    periods = body["periods"]
    if not periods:
        return Section("time", (sentence("metric_report.time.none"),))
    lines = [sentence("metric_report.time.typed")]
    growing = next((one for one in periods if not one["is_finished"]), None)
    if growing is not None:
        lines.append(sentence("metric_report.time.growing", value=amount(body, growing["value"])))
    rows = [(_period(one), _cell(body, one["value"])) for one in periods if one["is_finished"]]
    heads = (sentence("metric_report.head.period"), sentence("metric_report.head.value"))
    return Section("time", tuple(lines), (Table(heads, tuple(rows)),) if rows else ())


def _period(one: Mapping[str, Any]) -> Sentence:
    if one["start"] is None:
        return sentence("metric_report.period", number=one["number"])
    return sentence("metric_report.period_from", day=_days(one["start"]))


# --- 6-9. Work, cause, what next, questions --------------------------------------------------------------


def _works(body: Mapping[str, Any]) -> list[Sentence]:
    if not body["works"]:
        tabs = {key: sentence(f"title.{key}") for key in ("done", "in_progress")}
        return [sentence("metric_report.works.none", **tabs)]
    return [_work(one) for one in body["works"]]


def _work(one: Mapping[str, Any]) -> Sentence:
    title = f"{one['code']} {one['title']}".strip()
    days = {name: _days(one[f"{name}_on"]) for name in ("started", "finished") if one[f"{name}_on"]}
    code = "both" if len(days) == 2 else next(iter(days))
    return sentence(f"metric_report.works.{code}", title=title, **days)


def _reason(report: MetricReport) -> Sentence:
    if not report.reason:
        return sentence("metric_report.reason.none")
    return sentence("metric_report.reason.text", text=report.reason)


def _earlier(earlier: Mapping[str, Any]) -> list[Sentence]:
    lines = [
        sentence("metric_report.earlier.of", number=earlier["number"], day=_days(earlier["approved_on"]))
    ]
    if not earlier["actions"]:
        return [*lines, sentence("metric_report.earlier.none")]
    for one in earlier["actions"]:
        title = f"{one['code']} {one['title']}".strip()
        day = {"day": _days(one["on"])} if one["on"] else {}
        code = f"{one['state']}{'' if day else '_no_day'}" if one["state"] == "done" else one["state"]
        lines.append(sentence(f"metric_report.earlier.{code}", title=title, **day))
    return lines


def _next(report: MetricReport) -> list[Sentence]:
    lines = [
        sentence(
            "metric_report.next.action",
            title=f"{one.code} {one.title}".strip(),
            owner=one.owner,
            day=_days(one.due_on),
        )
        for one in report.actions
    ]
    lines = lines or [sentence("metric_report.next.none")]
    return [*lines, *([sentence("metric_report.next.asked", text=report.asked)] if report.asked else [])]


def _questions(body: Mapping[str, Any]) -> list[Sentence]:
    lines: list[Sentence] = []
    for one in body["questions"]:
        lines.append(sentence("metric_report.questions.asked", day=_days(one["asked_on"]), text=one["text"]))
        if one["answered_on"] is None:
            lines.append(sentence("metric_report.questions.open"))
        elif one["answer"]:
            lines.append(
                sentence("metric_report.questions.answer", day=_days(one["answered_on"]), text=one["answer"])
            )
        else:
            lines.append(sentence("metric_report.questions.answered", day=_days(one["answered_on"])))
    return lines or [sentence("metric_report.questions.none")]


# --- Values --------------------------------------------------------------------------------------------


def _cell(body: Mapping[str, Any], value: float | None) -> Cell:
    return "—" if value is None else amount(body, value)


def _number(value: float | None) -> Cell:
    return "—" if value is None else Amount(value)


def _percent(value: float | None) -> Cell:
    return "—" if value is None else Amount(value, "%")


def _days(start: str, end: str = "") -> Days:
    return Days(date.fromisoformat(start), date.fromisoformat(end or start))


def _span(span: Mapping[str, Any]) -> Days:
    return _days(span["start"], span["end"])
