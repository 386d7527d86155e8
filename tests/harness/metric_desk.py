"""The emulator of Yandex Metrica with counters of which a test says what happened there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any

import httpx

import emulators.metrica.routes
from emulators.common.client import local_client
from emulators.common.clock import Clock
from emulators.common.server import running

TOKEN = "y0_local"
GOAL = 7


class MetricaDesk:
    """What people do in Metrica, and what the emulator counted."""

    def __init__(self, url: str, http: httpx.Client) -> None:
        self.url = url
        self._http = http

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """Call a control endpoint of the emulator."""
        response = self._http.request(method, f"{self.url}/_emulator{path}", json=body)
        response.raise_for_status()
        return response.json()

    def seed(self, *counters: Mapping[str, Any], tokens: Sequence[str] = (TOKEN,)) -> None:
        """Begin anew with these counters, which all logins see."""
        self.control("POST", "/reset")
        rows = {token: {"login": token} for token in tokens}
        self.control("POST", "/seed", {"counters": list(counters), "tokens": rows})

    def do(self, action: str, **fields: Any) -> None:
        """Something happens there."""
        self.control("POST", "/do", {"action": action, **fields})

    def switch(self, **switches: Any) -> None:
        """Turn switches of the emulator."""
        self.control("POST", "/switches", switches)

    def calls(self) -> dict[str, int]:
        """Count of calls by name."""
        counts: dict[str, int] = self.control("GET", "/calls")["counts"]
        return counts


@contextmanager
def metrica_desk(clock: Clock) -> Iterator[MetricaDesk]:
    """The emulator in a thread of this process; *clock* is also the local time of its counters."""
    with running(emulators.metrica.routes.create_app(clock=clock)) as url, local_client() as http:
        yield MetricaDesk(url, http)


def visits_of(days: Mapping[date, int], *, every: int = 5, goal: int = GOAL) -> list[dict[str, Any]]:
    """So many visits on each day; each *every*-th reaches the goal, and channels take turns."""
    return [
        {
            "at": f"{day.isoformat()}T{8 + number % 12:02}:{number % 60:02}:00",
            "user": number,
            "channel": ("Поиск", "Реклама", "Соцсети")[number % 3],
            "campaign": ("осень", None)[number % 2],
            "page": ("/", "/price")[number % 2],
            "device": ("ПК", "Смартфоны")[number % 2],
            "goals": [goal] if number % every == 0 else [],
        }
        for day, count in days.items()
        for number in range(count)
    ]


def counter(counter_id: int, days: Mapping[date, int], *, every: int = 5, **more: Any) -> dict[str, Any]:
    """A counter with one goal, «Заявка»."""
    return {
        "id": counter_id,
        "name": f"Сайт {counter_id}",
        "goals": [{"id": GOAL, "name": "Заявка"}],
        "visits": visits_of(days, every=every),
        **more,
    }
