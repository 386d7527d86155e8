"""``MetricService`` for Yandex Metrica."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta, tzinfo

from vitrina.errors import FatalServiceError
from vitrina.metric_port import Account, DayValue, Facts, Gap, Measure, Segments
from vitrina.metrics.metrica import mapping
from vitrina.metrics.metrica.mapping import COST, VISITS, Recipe, Table
from vitrina.metrics.metrica.pace import DISTANCE_S, SERVICE, WINDOW_S, Pace
from vitrina.metrics.metrica.wire import URL, MetricaWire
from vitrina.ports import Json
from vitrina.rest.wire import FIRST_WAIT_S, TIMEOUT_S

#: Most metrics of one call.
MOST_METRICS = 20
#: Days that are asked for at least, to tell a counter that has stopped.
LEAST_DAYS = mapping.USUAL_DAYS + 7
#: Segments of a report; the others are summed.
MOST_SEGMENTS = 100
ATTRIBUTION = "lastsign"

DIMENSIONS: Mapping[Segments, str] = {
    Segments.CHANNEL: "ym:s:lastsignTrafficSource",
    Segments.CAMPAIGN: "ym:s:lastsignUTMCampaign",
    Segments.PAGE: "ym:s:startURLPath",
    Segments.DEVICE: "ym:s:deviceCategory",
}


def connect(
    token: str,
    *,
    zone: tzinfo,
    now: Callable[[], datetime],
    url: str = URL,
    timeout_s: float = TIMEOUT_S,
    wait_s: float = FIRST_WAIT_S,
    distance_s: float = DISTANCE_S,
    window_s: float = WINDOW_S,
) -> Metrica:
    """The adapter of one login. Sends no request.

    Parameters
    ----------
    token
        OAuth token with the right ``metrika:read``.
    zone
        Time zone in which days end.
    now
        The moment.
    wait_s
        Seconds before the first repeat of a call.
    distance_s, window_s
        See ``Pace``.
    """
    pace = Pace(distance_s=distance_s, window_s=window_s, today=now)
    return Metrica(MetricaWire(url, token, pace=pace, timeout_s=timeout_s, wait_s=wait_s), zone, now)


class Metrica:
    """The counters that one login sees."""

    name = SERVICE

    def __init__(self, wire: MetricaWire, zone: tzinfo, now: Callable[[], datetime]) -> None:
        self._wire = wire
        self._zone = zone
        self._now = now

    def accounts(self) -> Sequence[Account]:
        """See ``MetricService``. A counter is known by the address of its site."""
        rows = mapping.rows_of(
            self._wire.get("/management/v1/counters", {"per_page": 1000}), "counters", "id", "name"
        )
        return [Account(str(row["id"]), _title(row)) for row in rows]

    def source(self, account_id: str) -> Counter:
        """See ``MetricService``."""
        if not (account_id.isascii() and account_id.isdecimal()):
            raise FatalServiceError("metrics.no_account", service=SERVICE)
        return Counter(self._wire, account_id, self._zone, self._now)

    def account_from(self, link: str, area: str) -> str:  # noqa: ARG002 - part of the port
        """See ``MetricService``: accounts are chosen from the list."""
        raise FatalServiceError("metrics.no_account", service=self.name)

    def login_of(self, account_id: str) -> str:  # noqa: ARG002 - one token for all
        """See ``MetricService``: all counters share the quota of the login."""
        return ""


class Counter:
    """One counter as a ``MetricSource``."""

    segments = tuple(DIMENSIONS)

    def __init__(self, wire: MetricaWire, counter_id: str, zone: tzinfo, now: Callable[[], datetime]) -> None:
        self._wire = wire
        self._counter_id = counter_id
        self._zone = zone
        self._now = now

    def measures(self) -> Sequence[Measure]:
        """See ``MetricSource``."""
        return mapping.measures_of(self._goals(), has_cost=bool(self._direct_logins()))

    def read(self, measure_ids: Sequence[str], first: date, last: date) -> Mapping[str, Facts | Gap]:
        """See ``MetricSource``: one call for up to 19 columns beside visits; two more for goals and costs."""
        recipes = {one: mapping.recipe_of(one) for one in measure_ids}
        known = {one: recipe for one, recipe in recipes.items() if recipe is not None}
        found: dict[str, Facts | Gap] = {one: Gap("measure_unknown") for one in recipes.keys() - known.keys()}
        if any(recipe.goal_id for recipe in known.values()):
            there = {int(goal["id"]) for goal in self._goals()}
            gone = {one for one, recipe in known.items() if recipe.goal_id and recipe.goal_id not in there}
            found |= {one: Gap("goal_deleted") for one in gone}
            known = {one: recipe for one, recipe in known.items() if one not in gone}
        if not known:
            return found
        has_cost = any(COST in recipe.columns for recipe in known.values())
        logins = self._direct_logins() if has_cost else ""
        if has_cost and not logins:
            costly = {one for one, recipe in known.items() if COST in recipe.columns}
            found |= {one: Gap("cost_unlinked") for one in costly}
            known = {one: recipe for one, recipe in known.items() if one not in costly}
        if known:
            table = self._table(known.values(), min(first, last - timedelta(days=LEAST_DAYS)), last, logins)
            found |= {one: self._facts(table, recipe, first, last) for one, recipe in known.items()}
        return found

    def by_segment(
        self, measure_id: str, segments: Segments, first: date, last: date
    ) -> Mapping[str, DayValue]:
        """See ``MetricSource``. Costs are not divided: their namespace has dimensions of its own."""
        recipe = mapping.recipe_of(measure_id)
        if recipe is None or COST in recipe.columns:
            raise FatalServiceError("metrics.no_segments", service=SERVICE)
        answer = self._wire.get(
            "/stat/v1/data",
            {
                **self._params(recipe.columns, first, last),
                "dimensions": DIMENSIONS[segments],
                "sort": f"-{recipe.columns[-1]}",
                "limit": MOST_SEGMENTS,
            },
        )
        return mapping.segments_of(answer, recipe)

    def _goals(self) -> list[Json]:
        path = f"/management/v1/counter/{self._counter_id}/goals"
        return mapping.rows_of(self._wire.get(path, {"useDeleted": "false"}), "goals", "id", "name")

    def _direct_logins(self) -> str:
        """Logins of Yandex Direct whose costs the counter knows, empty for none."""
        answer = self._wire.get("/management/v1/clients", {"counters": self._counter_id})
        rows = mapping.rows_of(answer, "clients", "chief_login")
        return ",".join(str(row["chief_login"]) for row in rows)

    def _table(self, recipes: Iterable[Recipe], first: date, last: date, logins: str) -> Table:
        columns = dict.fromkeys(column for recipe in recipes for column in recipe.columns)
        costs = [one for one in columns if one == COST]
        plain = [one for one in columns if one not in (COST, VISITS)]
        width = MOST_METRICS - 1
        parts = [plain[start : start + width] for start in range(0, len(plain), width)] or [[]]
        tables = [self._series([VISITS, *part], first, last) for part in parts]
        if costs:
            tables.append(self._series(costs, first, last, logins))
        return Table(
            {column: days for table in tables for column, days in table.days.items()},
            any(table.is_sampled for table in tables),
            any(table.is_withheld for table in tables),
            max(table.lag_s for table in tables),
        )

    def _series(self, columns: Sequence[str], first: date, last: date, logins: str = "") -> Table:
        params = {**self._params(columns, first, last), "group": "day"}
        if logins:
            params["direct_client_logins"] = logins
        return mapping.table_of(self._wire.get("/stat/v1/data/bytime", params), columns, first, last)

    def _params(self, columns: Sequence[str], first: date, last: date) -> dict[str, str | int]:
        return {
            "ids": self._counter_id,
            "metrics": ",".join(columns),
            "date1": first.isoformat(),
            "date2": last.isoformat(),
            "accuracy": "full",
            "attribution": ATTRIBUTION,
            "lang": "ru",
        }

    def _facts(self, table: Table, recipe: Recipe, first: date, last: date) -> Facts:
        now = self._now()
        settled = mapping.settled_to(now.astimezone(self._zone), table.lag_s, last)
        stopped = mapping.stopped_on(
            {day: number for day, number in table.days[VISITS].items() if day <= settled}
        )
        if recipe.columns == (COST,):
            # Advertising costs money whether the counter works or not.
            stopped = None
        begun = mapping.begun_on(table.days[VISITS]) or first
        values, bases = table.days[recipe.value], table.days.get(recipe.base, {})
        days = {
            day: DayValue(number, bases.get(day, 1.0))
            for day, number in values.items()
            if day >= max(first, begun) and (stopped is None or day < stopped)
        }
        gap = None if stopped is None else Gap("counter_stopped")
        return Facts(days, now, settled, table.is_sampled, table.is_withheld, gap)


def _title(row: Mapping[str, object]) -> str:
    site = str(row.get("site") or "")
    name = str(row["name"])
    return name if not site or site in name else f"{name} ({site})"
