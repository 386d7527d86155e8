"""*Отчёт по метрике…*: writes the draft of a report, which only staff see, and shows it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import asdict, replace

from vitrina.domain.metrics.state import MetricState, state_of
from vitrina.errors import StoreConflictError, UserError
from vitrina.metric_port import Facts
from vitrina.operations.answer import Answer, Outcome
from vitrina.operations.run import Run
from vitrina.operations.services import Services
from vitrina.records.books import Project, load_project
from vitrina.records.layouts import shape_from, shape_key
from vitrina.records.metrics.looks import LookedAt, load_looks
from vitrina.records.outside.chat_questions import find_all_project_questions
from vitrina.records.told.metric_reports import (
    MetricReport,
    ProjectReports,
    ReportAction,
    load_report,
    load_reports,
)
from vitrina.texts import Amount, Sentence, render, sentence
from vitrina.usecases.metric_report.body import report_body
from vitrina.usecases.metric_report.facts import MetricRow, Sourced
from vitrina.usecases.metric_report.read import (
    codes_in,
    metric_at,
    questions_about,
    read_earlier,
    read_metrics,
    read_works,
)
from vitrina.usecases.metric_report.sourced import read_source
from vitrina.usecases.metric_report.words import Table, sections
from vitrina.workbook.reading.book import Book, parse_book

#: How often a draft is kept anew when the documents change meanwhile.
ATTEMPTS = 3


class ReportForm(Struct, frozen=True):
    """What a person chose: a selected row, counted from 1, or a metric by its key.

    ``corrects`` is a new revision of the last report, in place of a new report.
    """

    sheet_id: int | None = None
    row: int | None = None
    metric: str = ""
    corrects: bool = False


def preview_report(run: Run, spreadsheet_id: str, form: ReportForm) -> Answer:
    """Write the draft of a report by what workbook and source say now, and show it. No client sees it."""
    services = run.services
    project = load_project(services.store, spreadsheet_id)
    book = read_client_book(services, spreadsheet_id)
    metrics = read_metrics(book, services.choices)
    metric = next((one for one in metrics if one.key == form.metric), None)
    metric = metric or metric_at(book, metrics, form.sheet_id, form.row)
    if metric is None:
        return _choice(metrics)
    report = keep_draft(run, project, book, metric, corrects=form.corrects)
    last = load_reports(services.store, spreadsheet_id, project.agency_id).approved.get(metric.key)
    answer = draft_answer(services, report, project.locale)
    # Whoever has begun a new report may have meant to correct the last one.
    corrects = last[0] if last is not None and last[0] != report.number else None
    return replace(answer, data={**answer.data, "corrects": corrects})


def read_client_book(services: Services, spreadsheet_id: str) -> Book:
    """A client's workbook: one read."""
    key = shape_key(spreadsheet_id)
    shape = shape_from(services.store.get_many([key]).get(key))
    return parse_book(services.workbooks.read(spreadsheet_id), shape)


def keep_draft(
    run: Run, project: Project, book: Book, metric: MetricRow, *, corrects: bool = False, cause: str = ""
) -> MetricReport:
    """Keep the draft of a metric: a new one, or the open one with new figures.

    What people wrote into an open draft stays. Actions whose rows are gone are left out.

    Raises
    ------
    StoreConflictError
        If somebody else writes reports of the project at this moment, again and again.
    """
    services = run.services
    spreadsheet_id = project.spreadsheet_id
    source = read_source(run, project, metric)
    found = _state(services, spreadsheet_id, metric, source)
    questions = find_all_project_questions(services.store, spreadsheet_id)
    codes = codes_in(book)
    for attempt in range(ATTEMPTS):
        reports = load_reports(services.store, spreadsheet_id, project.agency_id)
        last = load_report(services.store, spreadsheet_id, reports.approved.get(metric.key))
        begun = _begun(services, project, reports, last, metric, corrects=corrects)
        is_same = last is not None and last.number == begun.number
        body = report_body(
            metric,
            source,
            found,
            works=read_works(book, services.choices, services.today()),
            questions=questions_about(metric, questions, services.time_zone),
            # A correction tells of the same earlier report as what it corrects.
            earlier=last.body["earlier"]
            if last is not None and is_same
            else read_earlier(book, services.choices, last, services.time_zone),
            today=services.today(),
            read_at=services.clock.now().isoformat(),
            calendar=services.calendar,
        )
        report = replace(
            begun,
            name=body["metric"]["name"],
            made_at=services.clock.now().isoformat(),
            body=body,
            actions=tuple(one for one in begun.actions if one.code in codes),
            cause=begun.cause or cause,
        )
        try:
            version = run.commit(report.put(), reports.with_draft(report).put())
        except StoreConflictError:
            if attempt == ATTEMPTS - 1:
                raise
        else:
            return replace(report, version=version)
    raise AssertionError("the last attempt returns or raises")


def draft_answer(services: Services, report: MetricReport, locale: str) -> Answer:
    """A draft as the sidebar shows it; ``mark`` tells it from any other one."""
    return Answer(
        Outcome.DONE,
        sentence("metric_report.preview", name=report.name),
        details=(sentence("metric_report.not_shown_yet"),),
        data={
            "number": report.number,
            "revision": report.revision,
            "metric": report.metric,
            "mark": fingerprint(report),
            "heading": sentence("metric_report.heading", number=report.number, name=report.name),
            "reason": report.reason,
            "asked": report.asked,
            "actions": [_action_data(one) for one in report.actions],
            "sections": [
                {
                    "title": sentence(f"metric_report.section.{one.key}"),
                    "lines": list(one.lines),
                    "tables": [table_data(table, locale) for table in one.tables],
                }
                for one in sections(report, services.time_zone)
                # These are fields of the form.
                if one.key not in ("reason", "next")
            ],
        },
    )


def table_data(table: Table, locale: str) -> dict[str, Any]:
    """A table as texts."""
    return {
        "heads": list(table.heads),
        "rows": [[_cell_text(cell, locale) for cell in row] for row in table.rows],
    }


def fingerprint(report: MetricReport) -> str:
    """Tells what a draft says from anything else that it said."""
    said = [report.number, report.revision, report.body, [asdict(one) for one in report.actions]]
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:32]


def load_draft(run: Run, spreadsheet_id: str, number: int, revision: int) -> MetricReport:
    """A revision that somebody has open; raises ``UserError`` where there is none."""
    report = load_report(run.services.store, spreadsheet_id, (number, revision))
    if report is None:
        raise UserError("metric_report.gone")
    return report


def _state(
    services: Services, spreadsheet_id: str, metric: MetricRow, source: Sourced | None
) -> MetricState | None:
    """The state of the metric by the rule that *Метрики* has, with the looks of former weeks."""
    if metric.goal is None:
        return None
    known = load_looks(services.store, spreadsheet_id).value.get(metric.looked_as, LookedAt())
    facts = source.facts if source is not None else None
    return state_of(
        metric.goal,
        metric.facts,
        services.today(),
        services.calendar,
        days=facts.days if isinstance(facts, Facts) else None,
        unknown_since=source.unknown_since if source is not None else None,
        kept=known.kept,
    )


def _begun(
    services: Services,
    project: Project,
    reports: ProjectReports,
    last: MetricReport | None,
    metric: MetricRow,
    *,
    corrects: bool,
) -> MetricReport:
    """The open draft, a new revision of the last report, or a new report."""
    draft = load_report(services.store, project.spreadsheet_id, reports.drafts.get(metric.key))
    is_other = corrects and last is not None and draft is not None and draft.number != last.number
    if draft is not None and not draft.is_approved and not is_other:
        return draft
    number, revision = reports.last_number + 1, 1
    begun = MetricReport(
        project.spreadsheet_id, project.agency_id, number, revision, metric.key, metric.name, "", {}
    )
    if last is None or not corrects:
        return begun
    return replace(
        begun,
        number=last.number,
        revision=last.revision + 1,
        reason=last.reason,
        asked=last.asked,
        actions=last.actions,
    )


def _choice(metrics: Sequence[MetricRow]) -> Answer:
    if not metrics:
        raise UserError("metric_report.no_metrics")
    lines = [{"key": one.key, "name": one.name} for one in metrics]
    return Answer(Outcome.DONE, sentence("metric_report.choose"), data={"metrics": lines})


def _action_data(one: ReportAction) -> Sentence:
    return sentence(
        "metric_report.action", title=f"{one.code} {one.title}".strip(), owner=one.owner, day=one.due_on
    )


def _cell_text(cell: str | Sentence | Amount, locale: str) -> str:
    return cell if isinstance(cell, str) else render(sentence("metric_report.cell", value=cell), locale)
