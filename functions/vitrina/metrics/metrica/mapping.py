"""Converts Metrica's JSON to the dataclasses of ``metric_port``, without calls."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from msgspec import Struct

from vitrina.metric_port import DayValue, Measure, MeasureKind
from vitrina.metrics.metrica.wire import wrong_shape
from vitrina.ports import Json

VISITS, USERS = "ym:s:visits", "ym:s:users"
#: Spending on advertisements of Yandex Direct in roubles without VAT. Another namespace: a call of its own.
COST = "ym:ad:RUBConvertedAdCost"

#: A counter that had so many visits a day and has none for so many days in a row has stopped.
LEAST_VISITS, LEAST_EMPTY_DAYS = 5.0, 2
#: Days of a range whose empty beginning is from before the counter.
LONG_RANGE = 90
#: Days before the first empty one from which the usual visits are known.
USUAL_DAYS = 28

_GOAL = re.compile(r"goal:(\d+):(reaches|conversion|price)")


class Recipe(Struct, frozen=True):
    """The columns of a measure: what is added, and by what it is divided, if it is a ratio."""

    value: str
    base: str = ""
    goal_id: int = 0

    @property
    def columns(self) -> tuple[str, ...]:
        """Both columns."""
        return (self.value, self.base) if self.base else (self.value,)


def recipe_of(measure_id: str) -> Recipe | None:
    """How a measure is read; ``None`` for an id that no release has given."""
    plain = {"visits": VISITS, "users": USERS, "cost": COST}
    if measure_id in plain:
        return Recipe(plain[measure_id])
    found = _GOAL.fullmatch(measure_id)
    if found is None:
        return None
    goal_id, what = int(found[1]), found[2]
    reaches = f"ym:s:goal{goal_id}reaches"
    if what == "conversion":
        return Recipe(f"ym:s:goal{goal_id}visits", VISITS, goal_id)
    return Recipe(COST, reaches, goal_id) if what == "price" else Recipe(reaches, "", goal_id)


def measures_of(goals: Iterable[Json], *, has_cost: bool) -> list[Measure]:
    """What a counter with these goals has, in the order of the list that a person sees."""
    found = [
        Measure("visits", "", MeasureKind.COUNT, code="visits"),
        Measure("users", "", MeasureKind.COUNT, code="users"),
    ]
    for goal in goals:
        head, name = f"goal:{goal['id']}", str(goal["name"])
        found.append(Measure(f"{head}:reaches", name, MeasureKind.COUNT, code="goal_reaches"))
        found.append(Measure(f"{head}:conversion", name, MeasureKind.RATIO, "%", code="goal_conversion"))
        if has_cost:
            found.append(Measure(f"{head}:price", name, MeasureKind.RATIO, "₽", code="goal_price"))
    if has_cost:
        found.append(Measure("cost", "", MeasureKind.AMOUNT, "₽", code="cost"))
    return found


def rows_of(answer: Any, key: str, *needed: str) -> list[Json]:
    """Rows of a list of the management API, each with the fields that are *needed*."""
    rows = answer.get(key) if isinstance(answer, dict) else None
    if not isinstance(rows, list) or any(
        not isinstance(row, dict) or any(name not in row for name in needed) for row in rows
    ):
        raise wrong_shape()
    return rows


class Table(Struct, frozen=True):
    """Days by column, and what Metrica says of how it computed them."""

    days: Mapping[str, Mapping[date, float]]
    is_sampled: bool
    is_withheld: bool
    lag_s: float


def table_of(answer: Any, columns: Sequence[str], first: date, last: date) -> Table:
    """The series of a ``bytime`` answer with ``group=day``.

    The moments of the values follow from the days that were asked for: not every answer has them.

    Raises
    ------
    FatalServiceError
        If the answer has another form, or another number of columns or days.
    """
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    totals = answer.get("totals") if isinstance(answer, dict) else None
    if not isinstance(totals, list) or len(totals) != len(columns):
        raise wrong_shape()
    if "time_intervals" in answer and not _are_days(answer["time_intervals"], days):
        raise wrong_shape()
    series = {
        column: dict(zip(days, _numbers(line, len(days)), strict=True))
        for column, line in zip(columns, totals, strict=True)
    }
    return Table(series, *_flags(answer))


def segments_of(answer: Any, recipe: Recipe) -> dict[str, DayValue]:
    """Sums by segment of a ``data`` answer; what is in no row stands under an empty name."""
    rows = answer.get("data") if isinstance(answer, dict) else None
    if not isinstance(rows, list):
        raise wrong_shape()
    width = len(recipe.columns)
    left = _numbers(answer.get("totals"), width)
    found: dict[str, list[float]] = {}
    for row in rows:
        try:
            name = str(row["dimensions"][0]["name"] or "")
            numbers = _numbers(row["metrics"], width)
        except (TypeError, KeyError, IndexError):
            raise wrong_shape() from None
        sums = found.setdefault(name, [0.0] * width)
        for place, number in enumerate(numbers):
            sums[place] += number
            left[place] -= number
    if any(abs(number) > 1e-6 for number in left):
        rest = found.setdefault("", [0.0] * width)
        found[""] = [number + more for number, more in zip(rest, left, strict=True)]
    return {name: DayValue(sums[0], sums[1] if width > 1 else 1.0) for name, sums in found.items()}


def stopped_on(visits: Mapping[date, float]) -> date | None:
    """The first day without data of a counter that has stopped, ``None`` for one that works."""
    empty: list[date] = []
    for day in sorted(visits, reverse=True):
        if visits[day] > 0:
            break
        empty.append(day)
    if len(empty) < LEAST_EMPTY_DAYS:
        return None
    before = [number for day, number in visits.items() if 0 < (empty[-1] - day).days <= USUAL_DAYS]
    is_busy = bool(before) and sum(before) / len(before) >= LEAST_VISITS
    return empty[-1] if is_busy else None


def begun_on(visits: Mapping[date, float]) -> date | None:
    """The first day of a counter that is younger than a long range of days, otherwise ``None``.

    Nothing is known of the days before: they are not days without visits.
    """
    if len(visits) < LONG_RANGE:
        return None
    return min((day for day, number in visits.items() if number > 0), default=None)


def settled_to(now: datetime, lag_s: float, last: date) -> date:
    """The last day that is complete: Metrica tells how many seconds its data are behind."""
    return min(last, (now - timedelta(seconds=lag_s)).date() - timedelta(days=1))


def _flags(answer: Json) -> tuple[bool, bool, float]:
    lag = answer.get("data_lag", 0)
    lag_s = float(lag) if isinstance(lag, int | float) and math.isfinite(lag) else 0.0
    return answer.get("sampled") is True, answer.get("contains_sensitive_data") is True, lag_s


def _numbers(line: Any, count: int) -> list[float]:
    if not isinstance(line, list) or len(line) != count:
        raise wrong_shape()
    # An empty cell of a ratio is null; the columns that are asked for are counts and sums.
    numbers = [0.0 if one is None else one for one in line]
    if any(
        isinstance(one, bool) or not isinstance(one, int | float) or not math.isfinite(one) for one in numbers
    ):
        raise wrong_shape()
    return [float(one) for one in numbers]


def _are_days(intervals: Any, days: Sequence[date]) -> bool:
    try:
        return [str(one[0])[:10] for one in intervals] == [day.isoformat() for day in days]
    except (TypeError, IndexError):
        return False
