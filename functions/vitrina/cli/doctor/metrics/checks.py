"""The checks of sources of facts, which change nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from functools import partial
from typing import TypeVar

from vitrina.cli.doctor.installation.fact import Fact, UnknownError, WrongError, find_out
from vitrina.errors import AccessDeniedError, ServiceError
from vitrina.metric_port import (
    Account,
    Facts,
    Gap,
    Measure,
    MeasureKind,
    MetricService,
    MetricSource,
    Segments,
)
from vitrina.texts import Sentence, render

#: Most accounts of a system that are read, and most measures of each.
MOST_ACCOUNTS, MOST_MEASURES = 5, 12
#: Sums of decimals are not exact.
ROUNDING = 1e-6

Found = TypeVar("Found")


def check_sources(services: Mapping[str, MetricService], day: date) -> list[Fact]:
    """What each account says of one day, and whether its parts add up."""
    facts: list[Fact] = []
    for service in services.values():
        accounts: list[Account] = []
        facts.append(find_out(service.name, partial(_list_accounts, service, accounts)))
        for account in accounts[:MOST_ACCOUNTS]:
            source = service.source(account.account_id)
            facts.append(find_out(f"{service.name}: {account.name}", partial(check_day, source, day)))
    return facts


def _list_accounts(service: MetricService, accounts: list[Account]) -> str:
    """Add the accounts that the connection sees to *accounts*."""
    accounts += _ask(service.accounts)
    more = len(accounts) - MOST_ACCOUNTS
    return f"accounts: {len(accounts)}" + (f", of which {more} are not read here" if more > 0 else "")


def check_day(source: MetricSource, day: date) -> str:
    """Figures of the first measures on *day*, and how they are divided.

    Raises
    ------
    WrongError
        If access is missing, or parts do not add up to the whole.
    UnknownError
        If the source does not answer, or has no measure.
    """
    measures = list(_ask(source.measures))[:MOST_MEASURES]
    if not measures:
        raise UnknownError("it has nothing that could be measured")
    found = _ask(lambda: source.read([one.measure_id for one in measures], day, day))
    seen = [f"{_name(one)} {_figure(one, found[one.measure_id], day)}" for one in measures]
    flags = _flags([one for one in found.values() if isinstance(one, Facts)])
    parts = _parts(source, measures[0], found[measures[0].measure_id], day)
    return f"{day.isoformat()}: {'; '.join(seen)}{flags}{parts}"


def _figure(measure: Measure, found: Facts | Gap, day: date) -> str:
    if isinstance(found, Gap):
        return f"no data ({found.reason})"
    value = found.days.get(day)
    if value is None:
        return f"no data ({found.gap.reason if found.gap else 'not known yet'})"
    if measure.kind is MeasureKind.RATIO:
        return f"{value.value:g} of {value.base:g}"
    return f"{value.value:g}"


def _flags(facts: list[Facts]) -> str:
    seen = {
        "sampled": any(one.is_sampled for one in facts),
        "rows withheld": any(one.is_withheld for one in facts),
    }
    told = [name for name, is_seen in seen.items() if is_seen]
    settled = min((one.settled_to for one in facts), default=None)
    return f"; {', '.join(told) or 'not sampled'}; settled to {settled}"


def _parts(source: MetricSource, measure: Measure, found: Facts | Gap, day: date) -> str:
    """Whether each division of the first measure adds up to it."""
    if isinstance(found, Gap) or day not in found.days or not source.segments:
        return ""
    whole, told = found.days[day].value, []
    for segments in Segments:
        if segments not in source.segments:
            continue
        parts = _ask(partial(source.by_segment, measure.measure_id, segments, day, day))
        total = sum(one.value for one in parts.values())
        if abs(total - whole) > ROUNDING:
            raise WrongError(f"{_name(measure)} is {whole:g}, but {total:g} by {segments.value}")
        told.append(f"{len(parts)} by {segments.value}")
    return f"; divided into {', '.join(told)}"


def _ask(call: Callable[[], Found]) -> Found:
    """The answer of a source; a refusal of access is wrong, any other one says nothing."""
    try:
        return call()
    except AccessDeniedError as error:
        raise WrongError(render(Sentence(error.code, error.where), "en")) from error
    except ServiceError as error:
        raise UnknownError(render(Sentence(error.code, error.where), "en")) from error


def _name(measure: Measure) -> str:
    return render(Sentence(f"metric_measure.{measure.code}", {"name": measure.name}), "en")
