"""Reports that are drafted by themselves: on metrics that are behind, or that a client asks about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta

from msgspec import Struct

from vitrina.domain.metrics.goals import State
from vitrina.operations.journal import JournalLine, refresh_wish
from vitrina.operations.run import Run
from vitrina.operations.services import Services
from vitrina.records.books import Project
from vitrina.records.metrics.looks import load_looks
from vitrina.records.outside.chat_questions import Question, find_all_project_questions
from vitrina.records.outside.chat_rules import Told
from vitrina.records.told.metric_reports import MetricReport, ProjectReports, load_reports
from vitrina.texts import render, sentence
from vitrina.usecases.chats.post import post_message
from vitrina.usecases.metric_report.facts import MetricRow
from vitrina.usecases.metric_report.read import names, read_metrics
from vitrina.workbook.reading.book import Book

#: A metric has no second report by itself within so many days; questions count as long.
QUIET_DAYS = 28
#: So many questions of the client about one metric ask for a report.
MANY_QUESTIONS = 3
#: Causes of a draft that nobody has clicked for.
BEHIND, QUESTIONS = "behind", "questions"


class DueReport(Struct, frozen=True):
    """A metric of which a report is due, and why; ``count`` is that of the questions."""

    metric: MetricRow
    cause: str
    count: int = 0


def due_reports(services: Services, project: Project, book: Book) -> list[DueReport]:
    """The reports that are due, from a workbook that was read anyway: three reads of the store.

    A metric is behind after two looks in a row, which is what its state says. One with an open draft, or with
    a report of the last weeks, has none.
    """
    metrics = read_metrics(book, services.choices)
    if not metrics:
        return []
    store, today = services.store, services.today()
    reports = load_reports(store, project.spreadsheet_id, project.agency_id)
    states = {key: one.state for key, one in load_looks(store, project.spreadsheet_id).value.items()}
    questions = find_all_project_questions(store, project.spreadsheet_id)
    asked = [(one, one.asked_on(services.time_zone)) for one in questions]
    return list(_due(metrics, reports, states, asked, today))


def _due(
    metrics: list[MetricRow],
    reports: ProjectReports,
    states: Mapping[str, str],
    asked: list[tuple[Question, date]],
    today: date,
) -> Iterator[DueReport]:
    approved = {one.metric: date.fromisoformat(one.approved_on) for one in reversed(reports.shown)}
    since = today - timedelta(days=QUIET_DAYS)
    for metric in metrics:
        last = approved.get(metric.key)
        if metric.key in reports.drafts or (last is not None and last > since):
            continue
        if states.get(metric.looked_as) == State.BEHIND:
            yield DueReport(metric, BEHIND)
            continue
        count = sum(on > since and names(one.text, metric.name) for one, on in asked)
        if count >= MANY_QUESTIONS:
            yield DueReport(metric, QUESTIONS, count)


def tell_draft(run: Run, project: Project, report: MetricReport, due: DueReport) -> None:
    """Tell the agency of a draft, with the last commit of the run: in its own chat and in *Журнал*."""
    services, locale = run.services, project.locale
    url = services.workbooks.url(project.spreadsheet_id)
    told = sentence(
        f"metric_report.drafted_{due.cause}",
        project=project.title,
        name=report.name,
        number=report.number,
        count=due.count,
        url=url,
    )
    text = render(told, locale)
    name = f"report-draft-{project.spreadsheet_id}-{report.number}"
    post_message(run, project.spreadsheet_id, project.agency_id, Told.REPORT_DRAFT, name, text)
    line = JournalLine(
        operation_id=name,
        agency_id=project.agency_id,
        spreadsheet_id=project.spreadsheet_id,
        at=services.clock.now().isoformat(),
        who="",
        action="metric_report",
        outcome="done",
        message=text,
    )
    run.at_end(line.put())
    run.queue_at_end(refresh_wish(services, project.agency_id, draws=False))
