"""What the source of a metric says, with all that a report wants of it."""

from __future__ import annotations

from vitrina.operations.run import Run
from vitrina.records.books import Project
from vitrina.usecases.metric_report.facts import MetricRow, Sourced


def read_source(run: Run, project: Project, metric: MetricRow) -> Sourced | None:
    """What the source of a metric says; ``None`` for one that is typed."""
    del run, project, metric
    return None
