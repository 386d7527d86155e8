"""What a reading of a project's sources means: newer facts, gaps with their reasons, when to read again."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct, field
from msgspec.structs import replace

from vitrina.errors import RetriableServiceError, ServiceError
from vitrina.metric_port import Facts, Gap
from vitrina.records.metrics.facts import Series
from vitrina.records.metrics.sources import ChosenSource, KnownGap, MetricSources

#: Local time from which a day's facts are read: sources have the day before by then.
READ_AT = time(5, 0)
#: Minutes over which the projects of an installation are spread.
SPREAD_MINUTES = 45
#: After a failure that may pass.
RETRY_AFTER = timedelta(hours=1)
SHORTEST_WAIT, LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=24)
#: A source that does not answer for so long is told of.
PATIENCE = timedelta(hours=36)

#: Reason of the gap after which all accounts of a login are without data; it is told once for all of them.
TOKEN_DEAD = "token_dead"  # noqa: S105 - a code
#: Reasons of gaps by the code of the error; any other one is ``no_answer``.
REASONS: Mapping[str, str] = {
    "metrics.token_dead": TOKEN_DEAD,
    "crm.unauthorized": TOKEN_DEAD,
    "metrics.forbidden": "forbidden",
    "metrics.no_account": "forbidden",
    "metrics.not_shared": "not_shared",
    "metrics.own_book": "not_shared",
    "metrics.not_connected": "not_connected",
    "metrics.shape": "shape",
}
#: Gaps that are certain at once; any other failure may pass.
CERTAIN = frozenset({TOKEN_DEAD, "forbidden", "not_shared", "not_connected"})


class Reading(Struct, frozen=True):
    """What was read of one account of a project, or why not."""

    sources: tuple[ChosenSource, ...]
    first: date
    last: date
    found: Mapping[str, Facts | Gap] = field(default_factory=dict)
    error: ServiceError | None = None


class Outcome(Struct, frozen=True):
    """What is kept after a reading. ``new_gaps`` are told to the agency now."""

    series: Mapping[int, Series]
    gaps: Mapping[int, KnownGap]
    failed_since: Mapping[int, str]
    new_gaps: Mapping[int, KnownGap]
    due_at: str
    origins: Mapping[int, str]

    def applied(self, sources: MetricSources) -> MetricSources:
        """The sources after the reading; what a person has chosen meanwhile stays as it is."""
        same = {n for n, one in sources.chosen.items() if self.origins.get(n) == one.origin}
        is_whole = same == sources.chosen.keys()
        return replace(
            sources,
            gaps={n: one for n, one in self.gaps.items() if n in same},
            failed_since={n: one for n, one in self.failed_since.items() if n in same},
            due_at=self.due_at if is_whole else sources.due_at,
        )


def outcome_of(
    sources: MetricSources,
    known: Mapping[int, Series],
    readings: Sequence[Reading],
    now: datetime,
    zone: ZoneInfo,
) -> Outcome:
    """What *readings* of all sources of a project mean, beside what was *known* before."""
    origins = {number: one.origin for number, one in sources.chosen.items()}
    series = {number: one for number, one in known.items() if one.origin == origins.get(number)}
    gaps: dict[int, KnownGap] = {}
    failed: dict[int, str] = {}
    for reading in readings:
        for source in reading.sources:
            number = source.number
            if reading.error is not None:
                failed[number] = sources.failed_since.get(number, now.isoformat())
                gap = _gap_of_error(reading.error, failed[number], now) or _earlier(sources, number)
            else:
                found = reading.found.get(source.measure_id, Gap("shape"))
                gap = found if isinstance(found, Gap) else found.gap
                if isinstance(found, Facts):
                    series[number] = _renewed(series.get(number), source, found, reading)
            if gap is not None:
                gaps[number] = _known_gap(gap, sources.gaps.get(number), series.get(number), source, reading)
    new = {n: gap for n, gap in gaps.items() if not gap.is_told and gap.reason != TOKEN_DEAD}
    return Outcome(
        series,
        {n: replace(gap, is_told=True) for n, gap in gaps.items()},
        failed,
        new,
        _due_at(sources.spreadsheet_id, readings, now, zone).isoformat(),
        origins,
    )


def _renewed(known: Series | None, source: ChosenSource, facts: Facts, reading: Reading) -> Series:
    newer = Series(
        source.origin,
        facts.read_at.isoformat(),
        facts.settled_to.isoformat(),
        facts.is_sampled,
        facts.is_withheld,
        dict(facts.days),
    )
    return newer if known is None else known.renewed(newer, reading.first, reading.last)


def _gap_of_error(error: ServiceError, failed_since: str, now: datetime) -> Gap | None:
    """The gap of a failed reading; ``None`` as long as it may pass unnoticed."""
    reason = REASONS.get(error.code, "no_answer")
    is_long = now - datetime.fromisoformat(failed_since) >= PATIENCE
    return Gap(reason, {"service": error.service}) if reason in CERTAIN or is_long else None


def _earlier(sources: MetricSources, number: int) -> Gap | None:
    """The gap of before: a source that does not answer now has not been put right."""
    gap = sources.gaps.get(number)
    return None if gap is None else Gap(gap.reason, gap.params)


def _known_gap(
    gap: Gap, before: KnownGap | None, series: Series | None, source: ChosenSource, reading: Reading
) -> KnownGap:
    newest = series.last_known if series is not None and series.origin == source.origin else None
    since = newest + timedelta(days=1) if newest is not None else reading.first
    is_told = before is not None and before.reason == gap.reason and before.is_told
    return KnownGap(gap.reason, since.isoformat(), dict(gap.params), is_told=is_told)


def _due_at(spreadsheet_id: str, readings: Sequence[Reading], now: datetime, zone: ZoneInfo) -> datetime:
    """The next morning, or earlier where something did not answer."""
    local = now.astimezone(zone)
    tomorrow = datetime.combine(local.date() + timedelta(days=1), READ_AT, zone)
    spread = int(hashlib.sha256(spreadsheet_id.encode()).hexdigest()[:8], 16) % SPREAD_MINUTES
    waits = [_wait(reading.error) for reading in readings if reading.error is not None]
    due = tomorrow + timedelta(minutes=spread)
    # In UTC, because the store compares texts.
    return min([due, *(now + one for one in waits)]).astimezone(now.tzinfo)


def _wait(error: ServiceError) -> timedelta:
    if isinstance(error, RetriableServiceError) and error.retry_after_s is not None:
        return min(max(timedelta(seconds=error.retry_after_s), SHORTEST_WAIT), LONGEST_WAIT)
    return RETRY_AFTER
