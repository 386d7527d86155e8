"""Metrica's emulator with one counter."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date

from tests.harness.metric_desk import GOAL, TOKEN, MetricaDesk, counter, metrica_desk, visits_of
from tests.harness.metric_worlds.world import NOW, ZONE, now
from vitrina.metrics import metrica


class MetricaWorld:
    """See ``MetricWorld``: each visit reaches the goal."""

    account_id, measure_id = "1", f"goal:{GOAL}:reaches"
    has_zeros = is_outside = has_accounts = True

    def __init__(self, desk: MetricaDesk) -> None:
        self.desk = desk
        self.service = metrica.connect(TOKEN, zone=ZONE, now=now, url=desk.url, wait_s=0.01, distance_s=0.0)

    def fill(self, days: Mapping[date, int]) -> None:
        """See ``MetricWorld``."""
        self.desk.seed(counter(1, days, every=1))

    def add(self, day: date, count: int) -> None:
        """See ``MetricWorld``."""
        self.desk.do("add_visits", counter_id=1, visits=visits_of({day: count}, every=1))

    def close(self) -> None:
        """See ``MetricWorld``."""
        self.desk.do("close_counter", token=TOKEN, counter_id=1)

    def go_down(self) -> None:
        """See ``MetricWorld``."""
        self.desk.switch(is_down=True)


@contextmanager
def open_world() -> Iterator[MetricaWorld]:
    """The world, with the emulator in a thread of this process."""
    with metrica_desk(lambda: NOW.astimezone(ZONE)) as desk:
        yield MetricaWorld(desk)
