"""Counters with their raw events, and the figures that Metrica makes of them.

A *counter* has ``id``, ``name``, ``site``, ``goals`` (``id``, ``name``, ``is_deleted``), ``visits``,
``costs`` (``day``, ``roubles``), ``direct_login``, ``stopped_on``. A *visit* has ``at`` (local time),
``user``, ``channel``, ``campaign``, ``page``, ``device``, and ``goals``: the id of each goal, as often as it
was reached.
"""

from __future__ import annotations

import copy
import re
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from emulators.common.clock import Clock
from emulators.metrica.errors import MetricaError, NotModelledError, wrong

Row = dict[str, Any]

MOST_METRICS = 20
DIMENSIONS = {
    "ym:s:date": "day",
    "ym:s:lastsignTrafficSource": "channel",
    "ym:s:lastsignUTMCampaign": "campaign",
    "ym:s:startURLPath": "page",
    "ym:s:deviceCategory": "device",
}
COST = "ym:ad:RUBConvertedAdCost"
_GOAL = re.compile(r"ym:s:goal(\d+)(reaches|visits|users)")

#: What may be switched, with the values of an account in order.
SWITCHES: Row = {
    #: Every call is answered with 503.
    "is_down": False,
    #: Reports are computed from this share of the visits.
    "sample_share": 1.0,
    #: Seconds that reports are behind.
    "data_lag": 0,
    #: Segments with fewer users are left out of reports.
    "least_users": 0,
    #: ``not_json``, ``list``, ``no_totals``, ``short``, ``text``: answers of reports have another form.
    "shape": "",
    #: Whether ``bytime`` says which days its values are of.
    "has_intervals": True,
}


class Metrica:
    """All counters of all logins."""

    def __init__(self, clock: Clock) -> None:
        self.lock = threading.RLock()
        self._clock = clock
        self.clear()

    def clear(self) -> None:
        """Delete everything."""
        self.counters: dict[int, Row] = {}
        #: By token: ``login``, ids of ``counters`` or ``None`` for all, ``is_dead``.
        self.tokens: dict[str, Row] = {}
        self.switches: Row = dict(SWITCHES)

    def dump(self) -> Row:
        """A copy of everything as JSON-able data."""
        kept = {
            "counters": list(self.counters.values()),
            "tokens": self.tokens,
            "switches": self.switches,
        }
        return copy.deepcopy(kept)

    def load(self, data: Any) -> None:
        """Replace everything by a seed or by what ``dump`` returned; missing parts stay empty."""
        self.clear()
        for counter in data.get("counters", ()):
            self.add_counter(**counter)
        self.tokens = {token: dict(row) for token, row in data.get("tokens", {}).items()}
        self.switches |= data.get("switches", {})

    def fill(self, data: Any) -> Row:
        """The same, for ``POST /_emulator/seed``."""
        self.load(data)
        return {}

    # --- What happens there: ``POST /_emulator/do`` ---------------------------------------------------

    def do(self, wanted: Mapping[str, Any]) -> None:
        """Carry out an action: the name of a method below, and its parameters.

        Raises
        ------
        ValueError
            If there is no such action.
        """
        fields = dict(wanted)
        name = fields.pop("action", "")
        actions: dict[str, Callable[..., None]] = {
            "add_counter": self.add_counter,
            "add_visits": self.add_visits,
            "delete_goal": self.delete_goal,
            "stop_counter": self.stop_counter,
            "kill_token": lambda token, is_dead=True: self.tokens[token].update(is_dead=is_dead),
            "close_counter": self.close_counter,
        }
        if name not in actions:
            raise ValueError(f"there is no action {name!r}")
        actions[name](**fields)

    def add_counter(self, **counter: Any) -> None:
        """A new counter."""
        row = {"name": f"Счётчик {counter['id']}", "site": "", "direct_login": "", "stopped_on": None}
        self.counters[int(counter["id"])] = {**row, "goals": [], "visits": [], "costs": [], **counter}

    def add_visits(self, counter_id: int, visits: Sequence[Row]) -> None:
        """Further visits."""
        self.counters[counter_id]["visits"] += visits

    def delete_goal(self, counter_id: int, goal_id: int) -> None:
        """Somebody deletes a goal in the counter's settings."""
        for goal in self.counters[counter_id]["goals"]:
            if goal["id"] == goal_id:
                goal["is_deleted"] = True

    def stop_counter(self, counter_id: int, on: str | None) -> None:
        """The code of the counter vanishes from the site on a day; ``None`` puts it back for all days."""
        self.counters[counter_id]["stopped_on"] = on

    def close_counter(self, token: str, counter_id: int) -> None:
        """The owner takes the login's access to a counter away."""
        known = self.tokens[token].get("counters")
        self.tokens[token]["counters"] = [one for one in known or self.counters if one != counter_id]

    # --- The API --------------------------------------------------------------------------------------

    def login(self, token: str) -> Row:
        """The login of a token.

        Raises
        ------
        MetricaError
            If the token is unknown or dead.
        """
        row = self.tokens.get(token)
        if row is None or row.get("is_dead"):
            raise MetricaError(403, "invalid_token", "Invalid oauth_token")
        return row

    def counter(self, login: Row, counter_id: int) -> Row:
        """A counter that the login may see."""
        known = login.get("counters")
        if counter_id not in self.counters or (known is not None and counter_id not in known):
            raise MetricaError(403, "access_denied", "Access is denied")
        return self.counters[counter_id]

    def list_counters(self, login: Row, query: Mapping[str, str]) -> Row:
        """``GET /management/v1/counters``."""
        _check(query, {"per_page", "offset"})
        known = login.get("counters")
        rows = [
            {"id": one["id"], "name": one["name"], "site": one["site"], "status": "Active"}
            for one in self.counters.values()
            if known is None or one["id"] in known
        ]
        return {"rows": len(rows), "counters": rows}

    def list_goals(self, login: Row, query: Mapping[str, str], counter_id: int) -> Row:
        """``GET /management/v1/counter/{id}/goals``."""
        _check(query, {"useDeleted"})
        goals = [
            {"id": one["id"], "name": one["name"], "type": "action", "conditions": []}
            for one in self.counter(login, counter_id)["goals"]
            if not one.get("is_deleted") or query.get("useDeleted") == "true"
        ]
        return {"goals": goals}

    def list_clients(self, login: Row, query: Mapping[str, str]) -> Row:
        """``GET /management/v1/clients``: clients of Yandex Direct with whose costs a counter is linked."""
        _check(query, {"counters"})
        counter = self.counter(login, int(query["counters"]))
        name = counter["direct_login"]
        return {"clients": [{"id": 1, "name": name, "chief_login": name}] if name else []}

    def by_time(self, login: Row, query: Mapping[str, str]) -> Row:
        """``GET /stat/v1/data/bytime`` by day and without dimensions."""
        known = {"ids", "metrics", "date1", "date2", "group", "accuracy", "attribution", "lang"}
        _check(query, {*known, "direct_client_logins"})
        if query.get("group") != "day":
            raise NotModelledError(f"group={query.get('group')}")
        counter, metrics, first, last = self._asked(login, query)
        days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
        by_day: dict[date, list[Row]] = {day: [] for day in days}
        for visit in self._visits(counter, first, last):
            by_day[_day(visit)].append(visit)
        lines = [[self._value(counter, metric, by_day[day], [day]) for day in days] for metric in metrics]
        answer = {
            "query": {**dict(query), "ids": [counter["id"]], "metrics": metrics},
            "data": [{"dimensions": [], "metrics": lines}] if any(map(any, lines)) else [],
            "total_rows": 1,
            "totals": lines,
            **self._flags(counter, first, last, is_withheld=False),
        }
        if self.switches["has_intervals"]:
            answer["time_intervals"] = [[day.isoformat(), day.isoformat()] for day in days]
        return answer

    def data(self, login: Row, query: Mapping[str, str]) -> Row:
        """``GET /stat/v1/data`` with one dimension or none."""
        known = {"ids", "metrics", "date1", "date2", "accuracy", "attribution", "lang"}
        _check(query, {*known, "dimensions", "sort", "limit", "offset"})
        counter, metrics, first, last = self._asked(login, query)
        visits = self._visits(counter, first, last)
        groups: dict[str, list[Row]] = {}
        dimension = query.get("dimensions", "")
        if dimension and dimension not in DIMENSIONS:
            raise NotModelledError(f"dimensions={dimension}")
        for visit in visits if dimension else ():
            name = _day(visit).isoformat() if dimension == "ym:s:date" else visit.get(DIMENSIONS[dimension])
            groups.setdefault(name or "", []).append(visit)
        least = self.switches["least_users"]
        shown = {name: rows for name, rows in groups.items() if len({one["user"] for one in rows}) >= least}
        rows = [
            {
                "dimensions": [{"name": name or None, "id": name or None}],
                "metrics": [self._value(counter, metric, found, []) for metric in metrics],
            }
            for name, found in shown.items()
        ]
        _sort(rows, metrics, query.get("sort", f"-{metrics[0]}"))
        start, limit = int(query.get("offset", 1)) - 1, int(query.get("limit", 100))
        is_withheld = len(shown) < len(groups)
        return {
            "query": {**dict(query), "ids": [counter["id"]], "metrics": metrics},
            "data": rows[start : start + limit],
            "total_rows": len(rows),
            "total_rows_rounded": False,
            "totals": [self._value(counter, metric, visits, []) for metric in metrics],
            **self._flags(counter, first, last, is_withheld=is_withheld),
        }

    def _asked(self, login: Row, query: Mapping[str, str]) -> tuple[Row, list[str], date, date]:
        metrics = [one for one in query.get("metrics", "").split(",") if one]
        if not metrics or len(metrics) > MOST_METRICS:
            raise wrong(f"from 1 to {MOST_METRICS} metrics")
        if len({one.split(":")[1] for one in metrics}) > 1:
            raise wrong("metrics of different tables")
        try:
            first, last = date.fromisoformat(query["date1"]), date.fromisoformat(query["date2"])
            counter_id = int(query["ids"])
        except (KeyError, ValueError) as error:
            raise wrong(str(error)) from None
        if last < first:
            raise wrong("date2 is before date1")
        counter = self.counter(login, counter_id)
        goals = {one["id"] for one in counter["goals"]}
        for metric in metrics:
            found = _GOAL.fullmatch(metric)
            if found and int(found[1]) not in goals:
                raise wrong(f"Wrong goal id in {metric}")
            if not found and metric not in ("ym:s:visits", "ym:s:users", COST):
                raise NotModelledError(f"metrics={metric}")
            if metric == COST and query.get("direct_client_logins") != counter["direct_login"]:
                raise wrong("direct_client_logins")
        return counter, metrics, first, last

    def _visits(self, counter: Row, first: date, last: date) -> list[Row]:
        """What Metrica has of the visits of these days, or the part of them that it computes from."""
        seen_to = self._clock().replace(tzinfo=None) - timedelta(seconds=self.switches["data_lag"])
        stopped = counter["stopped_on"]
        found = [
            visit
            for visit in counter["visits"]
            if first <= _day(visit) <= last
            and datetime.fromisoformat(visit["at"]) <= seen_to
            and (stopped is None or visit["at"][:10] < stopped)
        ]
        step = round(1 / self.switches["sample_share"])
        return found[::step]

    def _value(self, counter: Row, metric: str, visits: Iterable[Row], days: Sequence[date]) -> float:
        visits, scale = list(visits), float(round(1 / self.switches["sample_share"]))
        if metric == COST:
            wanted = {day.isoformat() for day in days}
            return sum(float(one["roubles"]) for one in counter["costs"] if one["day"] in wanted)
        if metric == "ym:s:visits":
            return scale * len(visits)
        if metric == "ym:s:users":
            return scale * len({one["user"] for one in visits})
        found = _GOAL.fullmatch(metric)
        if found is None:
            raise NotModelledError(f"metrics={metric}")
        goal_id, what = int(found[1]), found[2]
        if any(one["id"] == goal_id and one.get("is_deleted") for one in counter["goals"]):
            # Whether Metrica refuses a deleted goal is not published; silent zeros are the harder reading.
            return 0.0
        reached = [visit for visit in visits if goal_id in visit.get("goals", ())]
        if what == "reaches":
            return scale * float(sum(visit["goals"].count(goal_id) for visit in reached))
        return scale * float(len(reached) if what == "visits" else len({one["user"] for one in reached}))

    def _flags(self, counter: Row, first: date, last: date, *, is_withheld: bool) -> Row:
        share = self.switches["sample_share"]
        space = sum(first <= _day(visit) <= last for visit in counter["visits"])
        return {
            "sampled": share < 1,
            "contains_sensitive_data": is_withheld or self.switches["least_users"] > 0,
            "sample_share": share,
            "sample_size": int(space * share),
            "sample_space": space,
            "data_lag": self.switches["data_lag"],
        }


def _day(visit: Row) -> date:
    return date.fromisoformat(visit["at"][:10])


def _sort(rows: list[Row], metrics: Sequence[str], order: str) -> None:
    name = order.removeprefix("-")
    if name not in metrics:
        raise wrong(f"sort={order}")
    place = metrics.index(name)
    rows.sort(key=lambda row: (-row["metrics"][place], str(row["dimensions"][0]["name"])))
    if not order.startswith("-"):
        rows.reverse()


def _check(query: Mapping[str, str], known: set[str]) -> None:
    for name in query:
        if name not in known:
            raise NotModelledError(f"the parameter {name}")
