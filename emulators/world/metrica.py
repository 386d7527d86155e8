"""Fills the local Yandex Metrica with a counter for each client of the sample: two months of visits."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from emulators.common.client import local_client

#: Token of the login that sees all counters. It is of no use elsewhere.
TOKEN = "local-metrica"  # noqa: S105 - a local token
#: Time zone of the counters.
ZONE = ZoneInfo("Europe/Moscow")
DAYS = 62
#: Visits of a day from Monday to Sunday, in the mean.
VISITS = (58, 61, 60, 57, 52, 27, 22)
#: Where visits come from: name, share, campaigns, and how much oftener than usual they reach a goal.
CHANNELS = (
    ("Переходы по рекламе", 0.45, ("осень-2026", "бренд"), 1.3),
    ("Переходы из поисковых систем", 0.35, (None,), 1.0),
    ("Прямые заходы", 0.13, (None,), 0.8),
    ("Переходы из социальных сетей", 0.07, ("посты",), 0.3),
)
DEVICES = (("Смартфоны", 0.66), ("ПК", 0.34))
#: Days at the end in which a site that lags gets fewer goals from advertisements.
LAG_DAYS, LAG_SHARE = 21, 0.3


@dataclass(frozen=True)
class Site:
    """The counter of a client: goals with the share of visits that reach each, and what a visit costs."""

    counter_id: int
    name: str
    site: str
    goals: Mapping[str, float]
    roubles_a_visit: float
    lags: bool = False


SITES = (
    Site(
        90_000_001,
        "Зернополье",
        "zernopolye.example",
        {"Заказ": 0.09, "Подписка": 0.035},
        31.0,
        lags=True,
    ),
    Site(
        90_000_002,
        "Белый ряд",
        "beliy-ryad.example",
        {"Заявка на имплантацию": 0.035, "Запись на детский приём": 0.02},
        62.0,
        lags=True,
    ),
    Site(90_000_003, "Верхоречье", "verhorechye.example", {"Заявка на замер": 0.04}, 48.0),
)


def metrica_settings(base: str) -> dict[str, str]:
    """The settings by which the product finds the local Metrica."""
    return {"VITRINA_METRICA_TOKEN": TOKEN, "VITRINA_METRICA_URL": base}


def seed_metrica(base: str) -> None:
    """Make the counters and their visits up to today, unless an earlier run did."""
    with local_client(base_url=base) as metrica:
        if metrica.get("/_emulator/state").raise_for_status().json()["counters"]:
            return
        today = datetime.now(ZONE).date()
        body = {
            "counters": [_counter(site, today) for site in SITES],
            "tokens": {TOKEN: {"login": "agency"}},
        }
        metrica.post("/_emulator/seed", json=body).raise_for_status()


def _counter(site: Site, today: date) -> dict[str, Any]:
    """The counter; the same day gives the same visits."""
    chance = random.Random(site.counter_id)  # noqa: S311 - a sample
    days = [today - timedelta(days=number) for number in range(DAYS, -1, -1)]
    goals = {name: site.counter_id * 10 + number for number, name in enumerate(site.goals, start=1)}
    visits: list[dict[str, Any]] = []
    costs: list[dict[str, Any]] = []
    for day in days:
        is_lagging = site.lags and (today - day).days <= LAG_DAYS
        of_day = [_visit(site, goals, day, chance, is_lagging=is_lagging) for _ in range(_count(day, chance))]
        visits += sorted(of_day, key=lambda visit: str(visit["at"]))
        paid = sum(visit["channel"] == CHANNELS[0][0] for visit in of_day)
        costs.append({"day": day.isoformat(), "roubles": round(paid * site.roubles_a_visit, 2)})
    return {
        "id": site.counter_id,
        "name": site.name,
        "site": site.site,
        "goals": [{"id": goal_id, "name": name} for name, goal_id in goals.items()],
        "visits": visits,
        "costs": costs,
        "direct_login": f"{site.site.partition('.')[0]}-direct",
    }


def _count(day: date, chance: random.Random) -> int:
    mean = VISITS[day.weekday()]
    return max(0, round(chance.gauss(mean, (1.6 * mean) ** 0.5)))


def _visit(
    site: Site, goals: Mapping[str, int], day: date, chance: random.Random, *, is_lagging: bool
) -> dict[str, Any]:
    channel, _, campaigns, factor = chance.choices(CHANNELS, [share for _, share, _, _ in CHANNELS])[0]
    if is_lagging and channel == CHANNELS[0][0]:
        factor *= LAG_SHARE
    return {
        "at": f"{day.isoformat()}T{chance.randrange(8, 23):02}:{chance.randrange(60):02}:00",
        "user": chance.randrange(5000),
        "channel": channel,
        "campaign": chance.choice(campaigns),
        "page": chance.choice(("/", "/", "/price", "/catalog")),
        "device": chance.choices([name for name, _ in DEVICES], [share for _, share in DEVICES])[0],
        "goals": [goals[name] for name, share in site.goals.items() if chance.random() < share * factor],
    }
