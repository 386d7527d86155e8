"""The emulator of Metrica answers from raw events, and refuses as the published quotas say."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pytest

from emulators.common.client import local_client
from emulators.common.server import running
from emulators.metrica import create_app
from emulators.metrica.limiter import Limiter, Quotas
from emulators.world.metrica import SITES, metrica_settings, seed_metrica

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
FIRST, LAST = date(2026, 11, 2), date(2026, 11, 15)
GOALS = (7, 8)
HEADERS = {"Authorization": "OAuth t"}


@pytest.fixture(scope="module")
def http() -> Iterator[httpx.Client]:
    """The emulator on a loopback port."""
    with running(create_app(clock=lambda: NOW)) as url, local_client(base_url=url, headers=HEADERS) as client:
        yield client


def control(http: httpx.Client, path: str, body: Any) -> None:
    """Call a control endpoint."""
    http.post(f"/_emulator{path}", json=body).raise_for_status()


def seed(http: httpx.Client, visits: list[dict[str, Any]], **counter: Any) -> None:
    """One counter with two goals, and a login that sees it."""
    goals = [{"id": one, "name": f"Цель {one}"} for one in GOALS]
    control(http, "/reset", {})
    body = {
        "counters": [{"id": 1, "goals": goals, "visits": visits, **counter}],
        "tokens": {"t": {"login": "a"}},
    }
    control(http, "/seed", body)


def random_visits(chance: random.Random) -> list[dict[str, Any]]:
    """Visits on any days around the range, by a few people."""
    return [
        {
            "at": f"{FIRST + timedelta(days=chance.randrange(-2, 17))}T{chance.randrange(24):02}:10:00",
            "user": chance.randrange(9),
            "channel": chance.choice(("поиск", "реклама", "")),
            "campaign": chance.choice(("осень", None)),
            "page": chance.choice(("/", "/a")),
            "device": chance.choice(("ПК", "Смартфоны")),
            "goals": [chance.choice(GOALS) for _ in range(chance.randrange(3))],
        }
        for _ in range(chance.randrange(60))
    ]


def test_figures_are_those_of_the_events(http: httpx.Client) -> None:
    """Counted here in another way, for random events: days of four metrics, and a dimension."""
    number = random.randrange(10**6)
    chance = random.Random(number)
    metrics = "ym:s:visits,ym:s:users,ym:s:goal7reaches,ym:s:goal8visits"
    for _ in range(15):
        visits = random_visits(chance)
        seed(http, visits)
        query = {"ids": 1, "metrics": metrics, "date1": str(FIRST), "date2": str(LAST)}
        days = http.get("/stat/v1/data/bytime", params={**query, "group": "day"}).raise_for_status().json()
        parts = http.get("/stat/v1/data", params={**query, "dimensions": "ym:s:lastsignTrafficSource"})
        rows = parts.raise_for_status().json()

        for place in range((LAST - FIRST).days + 1):
            own = [one for one in visits if one["at"].startswith(str(FIRST + timedelta(days=place)))]
            expected = [
                len(own),
                len({one["user"] for one in own}),
                sum(one["goals"].count(7) for one in own),
                sum(8 in one["goals"] for one in own),
            ]
            assert [line[place] for line in days["totals"]] == expected, f"seed {number}"
        inside = [one for one in visits if str(FIRST) <= one["at"][:10] <= str(LAST)]
        found = {row["dimensions"][0]["name"]: row["metrics"][0] for row in rows["data"]}
        names = {one["channel"] or None for one in inside}
        assert found == {name: sum((one["channel"] or None) == name for one in inside) for name in names}, (
            f"seed {number}"
        )
        assert rows["totals"][0] == len(inside), f"seed {number}"


@pytest.mark.parametrize("status", [429, 420])
def test_quotas_are_refused_with_their_names(status: int) -> None:
    """In a second, at once, in five minutes, in a day of Greenwich; what is over counts no more."""
    moment = [86_400.0 * 100 + 80_000.0]
    limiter = Limiter(lambda: moment[0])
    limiter.quotas = Quotas(status=status, per_s=3, parallel=2, per_5_min=4, per_day=6)

    def call(*, is_statistics: bool = True, leaves: bool = True) -> str | None:
        kind = limiter.enter("a", is_statistics=is_statistics)
        if kind is None and leaves:
            limiter.leave("a")
        return kind

    assert [call(), call(), call(), call()] == [None, None, None, "quota_requests_by_ip"]
    moment[0] += 2
    assert [call(leaves=False), call(is_statistics=False, leaves=False)] == [None, None]
    assert call() == "quota_parallel_requests"
    limiter.leave("a")
    limiter.leave("a")
    moment[0] += 2
    assert call() == "quota_requests_by_uid"
    moment[0] += 301
    assert [call(), call()] == [None, "quota_requests_by_uid"]
    moment[0] = 86_400.0 * 101 + 1
    assert call() is None
    assert limiter.measured()["most_parallel"] == 2


def test_sampling_lag_and_withheld_rows_are_told(http: httpx.Client) -> None:
    """The flags say what the figures are."""
    visits = [{"at": "2026-11-19T10:00:00", "user": one, "channel": "поиск"} for one in range(40)]
    visits += [{"at": "2026-11-20T11:30:00", "user": 99, "channel": "реклама"}]
    seed(http, visits)
    query = {"ids": 1, "metrics": "ym:s:visits", "date1": "2026-11-19", "date2": "2026-11-20"}

    control(http, "/switches", {"sample_share": 0.25, "data_lag": 3600, "least_users": 2})
    answer = http.get("/stat/v1/data", params={**query, "dimensions": "ym:s:lastsignTrafficSource"}).json()

    assert answer["totals"] == [40.0]
    assert [row["dimensions"][0]["name"] for row in answer["data"]] == ["поиск"]
    assert (answer["sampled"], answer["sample_share"], answer["data_lag"]) == (True, 0.25, 3600)
    assert answer["contains_sensitive_data"] is True


@pytest.mark.parametrize(
    ("path", "query", "status", "kind"),
    [
        ("/stat/v1/data", {"metrics": ",".join(["ym:s:visits"] * 21)}, 400, "invalid_parameter"),
        ("/stat/v1/data", {"metrics": "ym:s:visits,ym:ad:RUBConvertedAdCost"}, 400, "invalid_parameter"),
        ("/stat/v1/data", {"metrics": "ym:s:goal99reaches"}, 400, "invalid_parameter"),
        ("/stat/v1/data", {"metrics": "ym:s:bounceRate"}, 501, "not_modelled"),
        ("/stat/v1/data/comparison", {}, 501, "not_modelled"),
        ("/stat/v1/data", {"metrics": "ym:s:visits", "ids": 2}, 403, "access_denied"),
    ],
)
def test_what_is_wrong_or_not_modelled_is_refused(
    http: httpx.Client, path: str, query: dict[str, Any], status: int, kind: str
) -> None:
    """Nothing is guessed."""
    seed(http, [])
    days = {"ids": 1, "date1": "2026-11-01", "date2": "2026-11-02"}

    answer = http.get(path, params={**days, **query})

    assert answer.status_code == status
    assert answer.json()["errors"][0]["error_type"] == kind


def test_a_deleted_goal_is_not_listed_and_gives_zeros(http: httpx.Client) -> None:
    """The harder reading: whoever does not look at the list takes them for facts."""
    seed(http, [{"at": "2026-11-10T10:00:00", "user": 1, "goals": [7]}])
    control(http, "/do", {"action": "delete_goal", "counter_id": 1, "goal_id": 7})

    listed = http.get("/management/v1/counter/1/goals", params={"useDeleted": "false"}).json()["goals"]
    query = {"ids": 1, "metrics": "ym:s:goal7reaches", "date1": "2026-11-10", "date2": "2026-11-10"}

    assert [one["id"] for one in listed] == [8]
    assert http.get("/stat/v1/data", params=query).json()["totals"] == [0.0]


def test_the_sample_has_a_counter_for_each_client(http: httpx.Client) -> None:
    """A second start leaves what is there."""
    control(http, "/reset", {})
    base = str(http.base_url).rstrip("/")
    seed_metrica(base)
    before = http.get("/_emulator/state").json()
    seed_metrica(base)

    assert http.get("/_emulator/state").json() == before
    token = metrica_settings(base)["VITRINA_METRICA_TOKEN"]
    counters = http.get("/management/v1/counters", headers={"Authorization": f"OAuth {token}"}).json()
    assert [one["site"] for one in counters["counters"]] == [one.site for one in SITES]
