"""The tab *Метрики клиентов* of the agency's workbook: the metrics of all clients, the worst first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from vitrina.domain.metrics.goals import State
from vitrina.domain.quantities import serial_of_day
from vitrina.operations.services import Services
from vitrina.records.books import Project
from vitrina.tabs.blocks import used_row_count, write_column
from vitrina.tabs.metrics.states import MetricLine
from vitrina.workbook.reading.book import Book
from vitrina.workbook.reading.settings import locale_of
from vitrina.workbook.writing.change import WorkbookChange
from vitrina.workbook.writing.values import Value

TAB = "client_metrics"
COLUMNS = ("project", "metric", "state", "since_on", "fact", "plan", "unit", "told")
#: What an owner has to see first.
ORDER = (State.BEHIND, State.NO_DATA, State.FEW_DATA, State.ON_TRACK)


def write_client_metrics(
    services: Services,
    change: WorkbookChange,
    book: Book,
    lines: Iterable[tuple[Project, MetricLine]],
) -> None:
    """Write the tab; a workbook that is not brought along yet has none."""
    tab = book.tabs.get(TAB)
    if tab is None:
        return
    wanted = [
        _values(services, project, line, locale_of(book))
        for project, line in sorted(lines, key=lambda one: _order(*one))
    ]
    blank_count = max(used_row_count(tab, COLUMNS) - len(wanted), 0)
    change.make_room(tab, tab.header_index + 1 + len(wanted))
    for column, key in enumerate(COLUMNS):
        write_column(change, tab, key, [one[column] for one in wanted], blank_count)


def _order(project: Project, line: MetricLine) -> tuple[int, float, str, str]:
    """By state, those that have been in it longest first."""
    return ORDER.index(line.state), line.since_on.toordinal(), project.title, line.name


def _values(services: Services, project: Project, line: MetricLine, locale: str) -> Sequence[Value]:
    return (
        project.title,
        line.name,
        services.choices.label("state", line.state.value, locale),
        float(serial_of_day(line.since_on)),
        line.fact,
        line.plan,
        line.unit or None,
        line.told,
    )
