"""A client whose metric is read from the emulator of Metrica, and random counters for it."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from tests.harness.memory_office import MemoryOffice, SavedOffice, client_office
from tests.harness.metric_desk import GOAL, TOKEN, MetricaDesk
from vitrina.metrics import metrica
from vitrina.records.metrics.sources import ChosenSource, MetricSources, load_sources, tracked_sources
from vitrina.records.told.metric_reports import MetricReport, load_report
from vitrina.usecases.metrics.rows import new_number
from vitrina.workbook.writing.change import WorkbookChange

ZONE = ZoneInfo("Europe/Moscow")
#: The office's day is Monday, 23 November.
TODAY = date(2026, 11, 23)
NAME = "Заявки с сайта"
#: Measures of the counter with their codes, kinds and units.
MEASURES = {
    f"goal:{GOAL}:reaches": ("Заявка", "goal_reaches", "count", ""),
    f"goal:{GOAL}:conversion": ("Заявка", "goal_conversion", "ratio", "%"),
    "visits": ("", "visits", "count", ""),
}
CHANNELS = (
    "Поиск",
    "Реклама",
    "Соцсети",
    "Прямые заходы",
    "Почта",
    "Ссылки",
    "Мессенджеры",
    "Карты",
    "Прочее",
)


@cache
def _saved() -> SavedOffice:
    return client_office().save()


@dataclass(frozen=True)
class Counter:
    """A counter with its raw events, and how Metrica tells them."""

    visits: Sequence[dict[str, Any]]
    lag_s: int = 0
    least_users: int = 0

    def seed(self, desk: MetricaDesk) -> None:
        """Put it into the emulator."""
        goals = [{"id": GOAL, "name": "Заявка"}]
        desk.seed({"id": 1, "name": "Сайт", "goals": goals, "visits": list(self.visits)})
        desk.switch(data_lag=self.lag_s, least_users=self.least_users)


def random_counter(chance: random.Random) -> Counter:
    """Days to a year of visits, whose number, channels and goal change at some day, also to nothing."""
    length = chance.choice([5, 10, 17, 30, 60, 60, 120, 420])
    per_day = chance.choice([2, 6, 12]) if length > 60 else chance.choice([2, 8, 25])
    turn = chance.randint(1, min(length, 40))
    rates = [chance.choice([0.0, 0.02, 0.1, 0.3]), chance.choice([0.0, 0.05, 0.1, 0.3])]
    levels = [1.0, chance.choice([0.2, 0.7, 1.0, 1.4])]
    channels = [chance.sample(CHANNELS, chance.randint(1, 9)) for _ in range(2)]
    visits = []
    for back in range(length, 0, -1):
        day, late = TODAY - timedelta(days=back), back <= turn
        weight = 1.0 if day.weekday() < 5 else 0.4
        for _ in range(chance.randint(0, round(2 * per_day * levels[late] * weight))):
            is_reached = chance.random() < rates[late]
            visits.append(
                {
                    "at": f"{day}T{chance.randint(0, 23):02}:{chance.randint(0, 59):02}:00",
                    "user": chance.randint(1, 400),
                    "channel": chance.choice(channels[late]),
                    "campaign": chance.choice(["осень", "бренд", None]),
                    "page": chance.choice(["/", "/price", "/contacts"]),
                    "device": chance.choice(["ПК", "Смартфоны"]),
                    "goals": [GOAL] * chance.choice([1, 1, 2]) if is_reached else [],
                }
            )
    lag_s = chance.choice([0, 3600, 11 * 3600, 30 * 3600])
    return Counter(visits, lag_s, chance.choice([0, 0, 5]))


class MetricProject:
    """An office whose client has one metric with a source."""

    def __init__(self, desk: MetricaDesk, measure_id: str, *, target: str = "30", period: str = "") -> None:
        self.office = office = MemoryOffice(_saved())
        source = metrica.connect(
            TOKEN, zone=ZONE, now=office.clock.now, url=desk.url, wait_s=0.01, distance_s=0.0
        )
        office.services = replace(office.services, metrics={"metrica": source})
        name, code, kind, unit = MEASURES[measure_id]
        if period:
            office.set_field("period", period)
        kinds = {"ratio": "доля или цена", "count": "сумма"}
        values = {"metric": NAME, "target": target, "unit": unit or "шт", "kind": kinds[kind]}
        office.type("metrics", 0, **values)
        book = office.book()
        tab = book.tab("metrics")
        number = new_number(tab, load_sources(office.store, office.client_id, office.agency_id))
        change = WorkbookChange()
        change.identify(tab, tab.rows[0], number)
        office.workbooks.batch_update(office.client_id, change.requests())
        chosen = ChosenSource(
            number,
            NAME,
            "metrica",
            "1",
            "Сайт",
            measure_id,
            name,
            code,
            kind,
            unit,
            "2026-11-01T00:00:00+00:00",
        )
        known = tracked_sources(office.store, None, office.client_id, office.agency_id)
        sources = MetricSources(office.client_id, office.agency_id, {number: chosen}, last_number=1)
        office.store.commit(known.writes(sources))

    def read_facts(self) -> None:
        """Read the source as the clock does, whenever it is."""
        office = self.office
        key = ("metric_sources", office.client_id)
        stored = office.store.get_many([key]).get(key)
        tracked = tracked_sources(office.store, stored, office.client_id, office.agency_id)
        due = replace(tracked.value, due_at=office.clock.now().isoformat())
        office.store.commit(tracked.writes(due))
        # What is due is asked for by a moment that has passed.
        office.clock.advance(minutes=0.01)
        office.run_job({"kind": "facts"})

    def report(self) -> MetricReport:
        """The draft that the menu writes."""
        tab = self.office.tab("metrics")
        place = {"sheet_id": tab.sheet_id, "row": tab.rows[0].index + 1}
        answer = self.office.do("preview_metric_report", **place)
        found = (answer.data["number"], answer.data["revision"])
        report = load_report(self.office.store, self.office.client_id, found)
        assert report is not None
        return report
