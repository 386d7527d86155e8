"""All that came of visits, after all work is done."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.chaos.check import Violation
from benchmarks.chaos.checks.accounting import check_accounting
from benchmarks.chaos.checks.chat import check_chat
from benchmarks.chaos.checks.decisions import check_decisions
from benchmarks.chaos.checks.isolation import check_isolation
from benchmarks.chaos.checks.projects import check_projects
from benchmarks.chaos.checks.wishes import check_wishes
from benchmarks.chaos.expected import ExpectedState
from benchmarks.chaos.starting_points import StartingPoint
from benchmarks.chaos.visits.record import Record
from benchmarks.chaos.world import ChaosWorld


def check_outside(
    world: ChaosWorld, start: StartingPoint, record: Record, expected: ExpectedState
) -> Iterator[Violation]:
    """All violations beside those of ``check_site``. Nothing may be running or wished any more."""
    yield from check_decisions(world, start.site, record, expected)
    yield from check_wishes(world, start.site, record)
    yield from check_chat(world, start.site, record)
    yield from check_projects(world, start, record)
    yield from check_accounting(world, start.site, record)
    yield from check_isolation(world, start, record)
