"""``python -m benchmarks.metric_quotas [--counters 50]``: calls of Metrica for all clients in one morning.

Fifty counters of as many projects, four metrics each, are read by the job of the clock from the emulator,
which refuses exactly as the published quotas say, with 429 or with 420. It prints the calls, how many were on
their way at once, how many were refused, and how long it took, and what a dead token costs.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from msgspec.structs import replace

import emulators.world  # noqa: F401 - puts ``vitrina`` on the path
from tests.harness.memory_office import MemoryOffice, agency_office
from tests.harness.metric_desk import GOAL, TOKEN, MetricaDesk, counter, metrica_desk
from vitrina.metrics import metrica
from vitrina.records.metrics.facts import load_series
from vitrina.records.metrics.sources import (
    ChosenSource,
    MetricSources,
    find_sources,
    sources_key,
    tracked_sources,
)

COUNTERS = 50
#: Seconds between two calls: below 30 in a second.
DISTANCE_S = 0.04
ZONE = ZoneInfo("Europe/Moscow")
YESTERDAY = date(2026, 11, 22)
#: Each counter has so many visits on each of these days.
VISITS, DAYS = 6, [YESTERDAY - timedelta(days=number) for number in range(40)]
MEASURES: Mapping[str, tuple[str, str, str]] = {
    "visits": ("visits", "count", ""),
    "users": ("users", "count", ""),
    f"goal:{GOAL}:reaches": ("goal_reaches", "count", ""),
    f"goal:{GOAL}:conversion": ("goal_conversion", "ratio", "%"),
}


@dataclass(frozen=True)
class Cost:
    """What one reading of all counters cost."""

    name: str
    calls: Mapping[str, int]
    most_parallel: int
    refused: Mapping[str, int]
    read_count: int
    seconds: float


class Agency:
    """An agency whose projects have a counter each.

    Parameters
    ----------
    wait_s, window_s, distance_s
        See ``metrica.connect``: shorter than in production where a test waits for them.
    """

    def __init__(
        self,
        desk: MetricaDesk,
        office: MemoryOffice,
        count: int,
        *,
        wait_s: float = 0.2,
        window_s: float = 300.0,
        distance_s: float = DISTANCE_S,
    ) -> None:
        self.desk = desk
        self.office = office
        self.count = count
        source = metrica.connect(
            TOKEN,
            zone=ZONE,
            now=office.clock.now,
            url=desk.url,
            wait_s=wait_s,
            window_s=window_s,
            distance_s=distance_s,
        )
        office.services = replace(office.services, metrics={"metrica": source})
        desk.seed(*(counter(one, dict.fromkeys(DAYS, VISITS)) for one in range(1, count + 1)))
        for number in range(1, count + 1):
            self._choose(f"book-{number}", number)

    def _choose(self, spreadsheet_id: str, counter_id: int) -> None:
        office, now = self.office, self.office.clock.now().isoformat()
        sources = MetricSources(spreadsheet_id, office.agency_id)
        for place, (measure_id, (code, kind, unit)) in enumerate(MEASURES.items(), start=1):
            source = ChosenSource(
                place, code, "metrica", str(counter_id), "", measure_id, "Заявка", code, kind, unit, now
            )
            sources = sources.with_source(source, now)
        store = office.store
        tracked = tracked_sources(
            store,
            store.get_many([sources_key(spreadsheet_id)]).get(sources_key(spreadsheet_id)),
            spreadsheet_id,
            office.agency_id,
        )
        store.commit(tracked.writes(sources))

    def read(self, name: str) -> Cost:
        """Read what is due, as one task does."""
        self.desk.control("DELETE", "/calls")
        before = self.desk.control("GET", "/quotas")["refused"]
        started_at = time.perf_counter()
        self.office.run_job({"kind": "facts"})
        seconds = time.perf_counter() - started_at
        measured = self.desk.control("GET", "/quotas")
        return Cost(
            name,
            self.desk.calls(),
            measured["most_parallel"],
            {kind: count - before.get(kind, 0) for kind, count in measured["refused"].items()},
            self.read_count(),
            seconds,
        )

    def read_count(self) -> int:
        """Count of metrics whose yesterday is known."""
        books = [f"book-{number}" for number in range(1, self.count + 1)]
        return sum(len(load_series(self.office.store, one, YESTERDAY, YESTERDAY)) for one in books)

    def sources(self) -> list[MetricSources]:
        """What is kept of all projects."""
        return find_sources(self.office.store, self.office.agency_id)

    def due(self) -> list[datetime]:
        """When each project is read next."""
        return [datetime.fromisoformat(one.due_at) for one in self.sources()]


@contextmanager
def open_agency(count: int = COUNTERS, **more: Any) -> Iterator[Agency]:
    """An agency with so many counters, and Metrica in a thread of this process."""
    office = agency_office()
    with metrica_desk(lambda: office.clock.now().astimezone(ZONE)) as desk:
        yield Agency(desk, office, count, **more)


def measure(count: int) -> list[Cost]:
    """The costs of a usual morning, of one with quotas that are too small, and of a dead token."""
    costs = []
    # The window ends between two mornings, which follow at once here.
    with open_agency(count, window_s=1.0) as agency:
        agency.desk.control("POST", "/latency", {"seconds": 0.02})
        costs.append(agency.read("first reading"))
        time.sleep(1.0)
        agency.office.clock.advance(days=1)
        costs.append(agency.read("next morning"))
    for status in (429, 420):
        with open_agency(count) as agency:
            agency.desk.control("POST", "/quotas", {"status": status, "per_s": 20, "parallel": 2})
            agency.desk.control("POST", "/latency", {"seconds": 0.02})
            costs.append(agency.read(f"busy login, {status}"))
    with open_agency(count) as agency:
        agency.desk.do("kill_token", token=TOKEN)
        costs.append(agency.read("dead token"))
    return costs


def main() -> int:
    """Measure, and print a line for each reading."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.metric_quotas", description=__doc__)
    parser.add_argument("--counters", type=int, default=COUNTERS)
    count = parser.parse_args().counters
    print(f"{count} counters, {count * len(MEASURES)} metrics")
    for cost in measure(count):
        print(
            f"{cost.name:18} calls {sum(cost.calls.values()):4} {dict(sorted(cost.calls.items()))}, "
            f"at once {cost.most_parallel}, refused {dict(cost.refused)}, "
            f"metrics read {cost.read_count}, {cost.seconds:.1f} s"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
