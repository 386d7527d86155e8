"""What the source of a metric says now, with all that a report wants of it: two years, segments, a funnel.

The source is read when the report is written, because what is kept of it has one year and no segments. Where
it does not answer, the report has what is kept.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from datetime import date, datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from vitrina.domain.metrics.change.comparison import MOST_WEEKS, YEAR_WEEKS, Comparison, comparison
from vitrina.errors import FatalServiceError, ServiceError
from vitrina.metric_port import DayValue, Facts, Gap, Measure, MetricSource, Segments
from vitrina.operations.run import Run
from vitrina.operations.services import Services
from vitrina.records.books import Project
from vitrina.records.metrics.facts import Series, load_series
from vitrina.records.metrics.sources import ChosenSource, KnownGap, MetricSources, load_sources
from vitrina.usecases.metric_report.facts import FunnelStep, MetricRow, Sourced

log = logging.getLogger("vitrina.metric_report")

#: Days that are read: the weeks that are compared, the same ones of the last year, and a week that runs.
DAYS = (YEAR_WEEKS + 2 * MOST_WEEKS + 1) * 7
#: Calls of one source at the same time.
PARALLEL = 3
#: Codes of the measures of a goal, and of the one that counts it.
_OF_GOAL, _REACHES, _VISITS = ("goal_reaches", "goal_conversion", "goal_price"), "goal_reaches", "visits"
#: Codes of the measures of a CRM that follow a goal, in their order.
_DEALS = ("deals_new", "deals_won")

Days = Mapping[date, DayValue]
SegmentValues = tuple[Mapping[str, DayValue], Mapping[str, DayValue]]


class _Beside(Struct, frozen=True):
    """Measures of the same account beside that of the metric; ``None`` where it has none."""

    visits: Measure | None = None
    reaches: Measure | None = None


def read_source(run: Run, project: Project, metric: MetricRow) -> Sourced | None:
    """What the source of a metric says; ``None`` for one that is typed."""
    services = run.services
    if metric.number is None:
        return None
    sources = load_sources(services.store, project.spreadsheet_id, project.agency_id)
    chosen = sources.chosen.get(metric.number)
    if chosen is None:
        return None
    last = services.today() - timedelta(days=1)
    first = last - timedelta(days=DAYS - 1)
    kept = load_series(services.store, project.spreadsheet_id, first, last)
    service = services.metrics.get(chosen.system)
    name = service.name if service is not None else chosen.system
    gap = sources.gaps.get(metric.number)
    unknown_since = date.fromisoformat(gap.since_on) if gap is not None else None
    series = kept.get(metric.number)
    facts: Facts | Gap = _kept_facts(series, chosen, gap)
    funnel: list[FunnelStep] = []
    segments: dict[Segments, SegmentValues] = {}
    unread: tuple[Segments, ...] = ()
    try:
        source = service.source(chosen.account_id) if service is not None else None
        found, beside = _read(source, chosen, first, last) if source is not None else ({}, _Beside())
    except ServiceError as error:
        log.warning("source not read for a report: %s", error.code)
        source, found, beside = None, {}, _Beside()
    if chosen.measure_id in found:
        facts = _newest(facts, found[chosen.measure_id])
        unknown_since = None if isinstance(facts, Facts) and facts.gap is None else unknown_since
    visits = _days(found, beside.visits)
    if isinstance(facts, Facts):
        compared = comparison(facts.days, facts.settled_to)
        if source is not None and compared is not None:
            segments, unread = _by_segments(source, chosen.measure_id, compared)
        elif compared is not None and service is not None:
            unread = _divisions(services, chosen)
        funnel = _funnel(chosen, found, beside, kept, sources)
    return Sourced(
        chosen.system, name, chosen.measure, facts, visits, segments, unread, funnel, unknown_since
    )


# --- The source ----------------------------------------------------------------------------------------


def _read(
    source: MetricSource, chosen: ChosenSource, first: date, last: date
) -> tuple[Mapping[str, Facts | Gap], _Beside]:
    """The measure and those beside it: of a goal, visits and how often it was reached."""
    beside = _Beside()
    if chosen.code in _OF_GOAL:
        listed = source.measures()
        beside = _Beside(
            next((one for one in listed if one.code == _VISITS), None),
            next((one for one in listed if one.code == _REACHES and one.name == chosen.measure_name), None),
        )
    others = [one.measure_id for one in (beside.visits, beside.reaches) if one is not None]
    return source.read(list(dict.fromkeys([chosen.measure_id, *others])), first, last), beside


def _by_segments(
    source: MetricSource, measure_id: str, compared: Comparison
) -> tuple[dict[Segments, SegmentValues], tuple[Segments, ...]]:
    """Both periods by all that the source can divide by, and what it did not answer."""

    def one(by: Segments) -> SegmentValues | ServiceError:
        try:
            spans = (compared.before, compared.now)
            before, now = (source.by_segment(measure_id, by, span.start_on, span.end_on) for span in spans)
        except ServiceError as error:
            return error
        return before, now

    with ThreadPoolExecutor(PARALLEL, thread_name_prefix="segments") as pool:
        # The deadline of the request goes with its context.
        asked = {by: pool.submit(copy_context().run, one, by) for by in source.segments}
        answers = {by: future.result() for by, future in asked.items()}
    found = {by: answer for by, answer in answers.items() if not isinstance(answer, ServiceError)}
    # A measure that is never divided is no answer that is lacking.
    failed = {by: answer for by, answer in answers.items() if isinstance(answer, ServiceError)}
    unread = tuple(by for by, error in failed.items() if not _is_undivided(error))
    return found, unread


def _is_undivided(error: ServiceError) -> bool:
    return isinstance(error, FatalServiceError) and error.code == "metrics.no_segments"


def _divisions(services: Services, chosen: ChosenSource) -> tuple[Segments, ...]:
    """By what the source divides when it answers."""
    try:
        return tuple(services.metrics[chosen.system].source(chosen.account_id).segments)
    except ServiceError:
        return ()


def _newest(kept: Facts | Gap, found: Facts | Gap) -> Facts | Gap:
    """What was read now; of a measure that is gone, the days that are kept, and why there are no others."""
    if isinstance(found, Gap) and isinstance(kept, Facts):
        return replace(kept, gap=found)
    return found


# --- What is kept ----------------------------------------------------------------------------------------


def _kept_facts(series: Series | None, chosen: ChosenSource, gap: KnownGap | None) -> Facts | Gap:
    known = Gap(gap.reason, gap.params) if gap is not None else None
    if series is None or series.origin != chosen.origin or not series.days:
        return known or Gap("not_read")
    return _facts_of(series, known)


def _facts_of(series: Series, gap: Gap | None = None) -> Facts:
    return Facts(
        series.days,
        datetime.fromisoformat(series.read_at),
        date.fromisoformat(series.settled_to),
        series.is_sampled,
        series.is_withheld,
        gap,
    )


# --- The funnel ------------------------------------------------------------------------------------------


def _funnel(
    chosen: ChosenSource,
    found: Mapping[str, Facts | Gap],
    beside: _Beside,
    kept: Mapping[int, Series],
    sources: MetricSources,
) -> list[FunnelStep]:
    """Visits, the goal and the deals of the project, in this order, as far as each is known.

    What belongs to another metric is taken where the project has one metric of its kind: of two nobody says
    which one leads to which.
    """
    if chosen.code not in (*_OF_GOAL, *_DEALS):
        return []
    steps = []
    for measure in (beside.visits, beside.reaches):
        days = _days(found, measure)
        if measure is not None and days is not None:
            steps.append(FunnelStep(measure.name, measure.code, days))
    others = _DEALS if chosen.code in _OF_GOAL else (_REACHES, *_DEALS)
    for code in others:
        of_code = [one for one in sources.chosen.values() if one.code == code]
        series = kept.get(of_code[0].number) if len(of_code) == 1 else None
        if series is not None and series.origin == of_code[0].origin:
            steps.append(FunnelStep(of_code[0].metric, "", series.days))
    return steps


def _days(found: Mapping[str, Facts | Gap], measure: Measure | None) -> Days | None:
    facts = found.get(measure.measure_id) if measure is not None else None
    return facts.days if isinstance(facts, Facts) else None
