"""amoCRM's emulator with one funnel of deals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime, time
from typing import Any

import httpx

from emulators.amocrm import create_app
from emulators.common.client import local_client
from emulators.common.server import running
from tests.emulators.amocrm.amocrm_world import LEAD, NO_LIMIT, SALES, SEED, SOURCE
from tests.harness.metric_worlds.world import NOW, ZONE, now
from vitrina.crm.amocrm.client import AmoCrm
from vitrina.crm.amocrm.pace import Pace
from vitrina.crm.amocrm.wire import AmoWire
from vitrina.metrics.crm_deals import CrmDeals


class CrmWorld:
    """See ``MetricWorld``: new deals of the funnel of sales, from two sources."""

    account_id, measure_id = "30000001", f"new:{SALES}"
    has_zeros = is_outside = True
    has_accounts = False

    def __init__(self, url: str, http: httpx.Client, clock: list[datetime]) -> None:
        self._url = url
        self._http = http
        self._clock = clock
        self._count = 0
        pace = Pace(distance_s=0.0, rest_s=0.0, sleep=lambda _: None)
        wire = AmoWire(url, "bot", pace=pace, sleep=lambda _: None)
        self.service = CrmDeals(AmoCrm(wire, webhook_url="http://127.0.0.1:9/x", zone=ZONE), ZONE, now)

    def control(self, path: str, body: Any) -> Any:
        """Call a control endpoint of the emulator."""
        response = self._http.post(f"{self._url}/_emulator{path}", json=body)
        response.raise_for_status()
        return response.json()

    def fill(self, days: Mapping[date, int]) -> None:
        """See ``MetricWorld``."""
        self.control("/reset", {})
        self.control("/seed", SEED)
        self.control("/rate-limit", NO_LIMIT)
        for day, count in days.items():
            self.add(day, count)

    def add(self, day: date, count: int) -> None:
        """See ``MetricWorld``."""
        for number in range(count):
            self.add_deal(day, fields={str(SOURCE): ("yandex", "google")[number % 2]})

    def add_deal(self, day: date, **more: Any) -> int:
        """Id of a new deal that is made on a day, at any time of it."""
        self._count += 1
        self._clock[0] = datetime.combine(day, time(self._count % 24, 30), ZONE)
        deal = {"action": "create_deal", "name": "Сайт", "pipeline_id": SALES, "status_id": LEAD, **more}
        return int(self.control("/do", deal)["id"])

    def move(self, deal_id: int, status_id: int, day: date) -> None:
        """A deal goes to a stage on a day."""
        self._clock[0] = datetime.combine(day, time(23, 59, 59), ZONE)
        self.control(
            "/do", {"action": "move_deal", "id": deal_id, "pipeline_id": SALES, "status_id": status_id}
        )

    def close(self) -> None:
        """See ``MetricWorld``."""
        people = [{**one, "token": "another"} for one in SEED["users"] if one["token"] == "bot"]
        self.control("/seed", {**SEED, "users": people})
        self.control("/rate-limit", NO_LIMIT)

    def go_down(self) -> None:
        """See ``MetricWorld``."""
        self.control("/fail-next", {"count": 20, "status": 503})


@contextmanager
def open_world() -> Iterator[CrmWorld]:
    """The world, with the emulator in a thread of this process."""
    clock = [NOW]
    with running(create_app(clock=lambda: clock[0])) as url, local_client() as http:
        yield CrmWorld(url, http, clock)
