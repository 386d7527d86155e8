"""Calltouch's emulator with one site."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from typing import Any

import httpx

import emulators.calltouch.routes
from emulators.common.client import local_client
from emulators.common.server import running
from tests.harness.metric_worlds.world import NOW, ZONE, now
from vitrina.metrics import calltouch

TOKEN = "ct-secret-token"
SITE = 45840


class CalltouchWorld:
    """See ``MetricWorld``: each call is unique and a target one."""

    account_id, measure_id = str(SITE), "unique_target"
    has_zeros = is_outside = has_accounts = True

    def __init__(self, url: str, http: httpx.Client) -> None:
        self.url = url
        self._http = http
        self.service = calltouch.connect(
            {str(SITE): TOKEN}, zone=ZONE, now=now, url=url, wait_s=0.01, distance_s=0.0
        )

    def control(self, path: str, body: Any) -> None:
        """Call a control endpoint of the emulator."""
        self._http.post(f"{self.url}/_emulator{path}", json=body).raise_for_status()

    def fill(self, days: Mapping[date, int]) -> None:
        """See ``MetricWorld``."""
        self.control("/reset", {})
        self.control("/seed", {"sites": [{"id": SITE, "token": TOKEN, "calls": _calls(days)}]})

    def add(self, day: date, count: int) -> None:
        """See ``MetricWorld``."""
        self.control("/do", {"action": "add_calls", "site_id": SITE, "calls": _calls({day: count})})

    def close(self) -> None:
        """See ``MetricWorld``."""
        self.control("/do", {"action": "kill_token", "site_id": SITE})

    def go_down(self) -> None:
        """See ``MetricWorld``."""
        self.control("/switches", {"is_down": True})


def _calls(days: Mapping[date, int]) -> list[dict[str, Any]]:
    return [
        {
            "at": f"{day.isoformat()}T{9 + number % 10:02}:{number % 60:02}:07",
            "source": ("yandex", "google")[number % 2],
            "medium": "cpc",
            "target": True,
            "unique_target": True,
        }
        for day, count in days.items()
        for number in range(count)
    ]


@contextmanager
def open_world() -> Iterator[CalltouchWorld]:
    """The world, with the emulator in a thread of this process."""
    app = emulators.calltouch.routes.create_app(clock=lambda: NOW.astimezone(ZONE))
    with running(app) as url, local_client() as http:
        yield CalltouchWorld(url, http)
