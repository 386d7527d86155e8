"""The page of an approved report: its sections in words, tables and pictures."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from flask import Response
from markupsafe import Markup
from msgspec import Struct

from vitrina.records.told.metric_reports import MetricReport
from vitrina.texts import Sentence, render, sentence
from vitrina.usecases.metric_report.words import Section, amount, moment, sections
from vitrina.web.pages.charts import Bar, Line, PartBar, part_chart, week_chart
from vitrina.web.pages.rendering import Setting, render_page

#: The address of a report below the page of its project.
_PLACE = re.compile(r"report-([1-9][0-9]{0,6})")


class _Shown(Struct, frozen=True):
    """A section as the template has it."""

    title: str
    lines: Sequence[str]
    tables: Sequence[Any]
    charts: Sequence[Markup]


def report_number(rest: Sequence[str]) -> int | None:
    """The number of the report that an address names, ``None`` for another place."""
    found = _PLACE.fullmatch(rest[0]) if len(rest) == 1 else None
    return int(found[1]) if found else None


def report_place(number: int) -> str:
    """Where a report is, below the page of its project."""
    return f"report-{number}"


def render_report(setting: Setting, report: MetricReport) -> Response:
    """The page of a report."""
    made = moment(report.approved_at, setting.zone)["day"]
    code = "made" if report.revision == 1 else "made_revision"
    heading = sentence("metric_report.heading", number=report.number, name=report.name)
    return render_page(
        setting,
        "report",
        heading=render(heading, setting.locale),
        made=setting.text(f"metric_report.{code}", day=made, revision=report.revision),
        sections=[_shown(setting, report, one) for one in sections(report, setting.zone)],
    )


def _shown(setting: Setting, report: MetricReport, section: Section) -> _Shown:
    return _Shown(
        setting.text(f"metric_report.section.{section.key}"),
        [render(one, setting.locale) for one in section.lines],
        [
            {
                "heads": [render(one, setting.locale) for one in table.heads],
                "rows": [[_cell(setting, cell) for cell in row] for row in table.rows],
            }
            for table in section.tables
        ],
        _charts(setting, report, section.key),
    )


def _cell(setting: Setting, cell: Any) -> str:
    return cell if isinstance(cell, str) else setting.text("metric_report.cell", value=cell)


def _charts(setting: Setting, report: MetricReport, key: str) -> list[Markup]:
    body = report.body
    if key == "gap":
        return [_parts(setting, body, gap) for gap in body["gap"]]
    if key == "time" and any(one["value"] is not None for one in body["weeks"]):
        return [_weeks(setting, body)]
    return []


def _parts(setting: Setting, body: Mapping[str, Any], gap: Mapping[str, Any]) -> Markup:
    parts = [
        PartBar(
            setting.text("metric_report.rest" if one["is_rest"] else "metric_report.unnamed")
            if one["is_rest"] or not one["name"]
            else one["name"],
            one["change"],
            setting.text("metric_report.cell", value=amount(body, one["change"], is_change=True)),
            one["change"] * (1 if body["metric"]["less_is_better"] else -1) > 0,
        )
        for one in gap["parts"]
    ]
    by = Sentence(f"metric_report.by.{gap['by']}")
    return part_chart(parts, label=setting.text("metric_report.chart.parts", by=by))


def _weeks(setting: Setting, body: Mapping[str, Any]) -> Markup:
    bars = [
        Bar(
            date.fromisoformat(one["start"]),
            one["value"],
            "" if one["value"] is None else setting.text("metric_report.number", value=one["value"]),
        )
        for one in body["weeks"]
    ]
    works = [
        Line(one["code"] or one["title"], _day(one["started_on"]), _day(one["finished_on"]))
        for one in reversed(body["works"])
    ]
    metric = body["metric"]
    # A target of a month says nothing of a week.
    is_comparable = metric["kind"] == "ratio" or metric["period"] == "week"
    return week_chart(
        bars,
        works,
        until=date.fromisoformat(body["today"]),
        target=metric["target"] if is_comparable else None,
        label=setting.text("metric_report.chart.weeks", name=metric["name"]),
    )


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
