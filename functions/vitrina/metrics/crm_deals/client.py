"""Counts deals of a CRM by day: new ones, won and lost ones, sums that were won.

A CRM has no totals, so all deals of the days are read and counted here. New deals are counted by the day on
which they were made, closed ones by the day on which they were closed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta, tzinfo

from msgspec import Struct

from vitrina.crm_port import CountedDeal, Crm, DealMoment, Pipeline, StageKind
from vitrina.errors import FatalServiceError
from vitrina.metric_port import Account, DayValue, Facts, Gap, Measure, MeasureKind, Segments

KOPECKS = 100
#: Codes of the fields that tell where a deal came from; the names of the fields are free.
FIELDS: Mapping[Segments, str] = {
    Segments.CHANNEL: "UTM_SOURCE",
    Segments.CAMPAIGN: "UTM_CAMPAIGN",
}
#: Days in which sources are looked for, and most of them, for the list to choose from.
LIST_DAYS, MOST_VALUES = 60, 20

#: Whether a deal is counted, and the day on which it is.
Counted = Callable[[CountedDeal], bool]


class _Rule(Struct, frozen=True):
    """How a measure counts: by which moment, which deals, and whether their sums are added."""

    by: DealMoment
    is_counted: Counted
    is_sum: bool = False


class CrmDeals:
    """The deals of one account of a CRM; see ``MetricService``."""

    def __init__(self, crm: Crm, zone: tzinfo, now: Callable[[], datetime]) -> None:
        self.name = crm.name
        self._crm = crm
        self._zone = zone
        self._now = now

    def accounts(self) -> Sequence[Account]:
        """See ``MetricService``."""
        account = self._crm.get_account()
        return [Account(account.account_id, account.name)]

    def source(self, account_id: str) -> Deals:  # noqa: ARG002 - there is one account
        """See ``MetricService``."""
        return Deals(self._crm, self._zone, self._now)

    def account_from(self, link: str, area: str) -> str:  # noqa: ARG002 - part of the port
        """See ``MetricService``: accounts are chosen from the list."""
        raise FatalServiceError("metrics.no_account", service=self.name)

    def login_of(self, account_id: str) -> str:  # noqa: ARG002 - one token for all
        """See ``MetricService``."""
        return ""


class Deals:
    """The deals of a CRM as a ``MetricSource``."""

    segments = tuple(FIELDS)

    def __init__(self, crm: Crm, zone: tzinfo, now: Callable[[], datetime]) -> None:
        self._crm = crm
        self._zone = zone
        self._now = now

    def measures(self) -> Sequence[Measure]:
        """See ``MetricSource``: of each pipeline, and of the sources that new deals came from lately."""
        last = self._now().astimezone(self._zone).date()
        deals = self._read(DealMoment.CREATED, last - timedelta(days=LIST_DAYS), last)
        field_id = self._field_id(Segments.CHANNEL)
        found: list[Measure] = []
        for pipeline in self._crm.list_pipelines():
            head, name = pipeline.pipeline_id, pipeline.name
            found.append(Measure(f"new:{head}", name, MeasureKind.COUNT, code="deals_new"))
            found.append(Measure(f"won:{head}", name, MeasureKind.COUNT, code="deals_won"))
            found.append(Measure(f"sum:{head}", name, MeasureKind.AMOUNT, "₽", code="deals_sum"))
            found.append(Measure(f"lost:{head}", name, MeasureKind.COUNT, code="deals_lost"))
            found += _stage_measures(pipeline)
            own = [one for one in deals if one.pipeline_id == head]
            found += [
                Measure(f"from:{head}:{value}", f"{name} › {value}", MeasureKind.COUNT, code="deals_from")
                for value in _values(own, field_id)[:MOST_VALUES]
            ]
        return found

    def read(self, measure_ids: Sequence[str], first: date, last: date) -> Mapping[str, Facts | Gap]:
        """See ``MetricSource``: one list of the new deals and one of the closed ones, as far as needed."""
        rules = self._rules(measure_ids)
        lists = {by: self._read(by, first, last) for by in {rule.by for rule in rules.values()}}
        now = self._now()
        settled = min(last, now.astimezone(self._zone).date() - timedelta(days=1))
        found: dict[str, Facts | Gap] = {}
        for measure_id in measure_ids:
            rule = rules.get(measure_id)
            if rule is None:
                found[measure_id] = Gap("measure_unknown")
                continue
            days = {first + timedelta(days=number): 0.0 for number in range((last - first).days + 1)}
            for deal in lists[rule.by]:
                day = self._day(deal, rule.by)
                if day in days and rule.is_counted(deal):
                    days[day] += _worth(deal, is_sum=rule.is_sum)
            found[measure_id] = Facts({day: DayValue(value) for day, value in days.items()}, now, settled)
        return found

    def by_segment(
        self, measure_id: str, segments: Segments, first: date, last: date
    ) -> Mapping[str, DayValue]:
        """See ``MetricSource``. Deals without a value stand under an empty name."""
        rule = self._rules([measure_id]).get(measure_id)
        if rule is None or segments not in FIELDS:
            raise FatalServiceError("metrics.no_segments", service=self._crm.name)
        field_id = self._field_id(segments)
        sums: dict[str, float] = defaultdict(float)
        for deal in self._read(rule.by, first, last):
            if rule.is_counted(deal):
                sums[_value(deal, field_id)] += _worth(deal, is_sum=rule.is_sum)
        return {name: DayValue(value) for name, value in sums.items()}

    def _rules(self, measure_ids: Iterable[str]) -> dict[str, _Rule]:
        """The rules of the measures whose pipeline and stage are still there."""
        pipelines = {one.pipeline_id: one for one in self._crm.list_pipelines()}
        found: dict[str, _Rule] = {}
        for measure_id in measure_ids:
            what, _, rest = measure_id.partition(":")
            head, _, detail = rest.partition(":")
            if head in pipelines:
                rule = self._rule(what, pipelines[head], detail)
                if rule is not None:
                    found[measure_id] = rule
        return found

    def _rule(self, what: str, pipeline: Pipeline, detail: str) -> _Rule | None:
        head = pipeline.pipeline_id
        kinds = {stage.stage_id: stage.kind for stage in pipeline.stages}
        if what == "new":
            return _Rule(DealMoment.CREATED, lambda deal: deal.pipeline_id == head)
        if what == "at" and detail in kinds:
            return _Rule(DealMoment.CREATED, lambda deal: (deal.pipeline_id, deal.stage_id) == (head, detail))
        if what == "from":
            field_id = self._field_id(Segments.CHANNEL)
            return _Rule(
                DealMoment.CREATED,
                lambda deal: deal.pipeline_id == head and _value(deal, field_id) == detail,
            )
        ends = {"won": StageKind.WON, "sum": StageKind.WON, "lost": StageKind.LOST}
        if what not in ends:
            return None
        kind = ends[what]
        return _Rule(
            DealMoment.CLOSED,
            lambda deal: deal.pipeline_id == head and kinds.get(deal.stage_id) is kind,
            is_sum=what == "sum",
        )

    def _read(self, by: DealMoment, first: date, last: date) -> tuple[CountedDeal, ...]:
        begins = datetime.combine(first, time(), self._zone)
        ends = datetime.combine(last + timedelta(days=1), time(), self._zone) - timedelta(seconds=1)
        return self._crm.list_deals(by, begins, ends)

    def _day(self, deal: CountedDeal, by: DealMoment) -> date | None:
        moment = deal.created_at if by is DealMoment.CREATED else deal.closed_at
        return None if moment is None else moment.astimezone(self._zone).date()

    def _field_id(self, segments: Segments) -> str:
        """Id of the field with the CRM's code, empty if the account has none."""
        code = FIELDS[segments]
        return next((one.field_id for one in self._crm.list_fields() if one.code == code), "")


def _stage_measures(pipeline: Pipeline) -> list[Measure]:
    return [
        Measure(
            f"at:{pipeline.pipeline_id}:{stage.stage_id}",
            f"{pipeline.name} › {stage.name}",
            MeasureKind.COUNT,
            code="deals_at",
        )
        for stage in pipeline.stages
        if stage.kind is StageKind.OPEN
    ]


def _values(deals: Iterable[CountedDeal], field_id: str) -> list[str]:
    """Values of a field, the most frequent first."""
    counts: dict[str, int] = defaultdict(int)
    for deal in deals:
        counts[_value(deal, field_id)] += 1
    counts.pop("", None)
    return sorted(counts, key=lambda value: (-counts[value], value))


def _value(deal: CountedDeal, field_id: str) -> str:
    values = deal.fields.get(field_id, ())
    return str(values[0]) if values else ""


def _worth(deal: CountedDeal, *, is_sum: bool) -> float:
    return (deal.budget_kopecks or 0) / KOPECKS if is_sum else 1.0
