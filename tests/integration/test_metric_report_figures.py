"""Each figure of a report, computed again from the raw events of the emulator, on random projects.

The computation here knows nothing of days and sums that the product keeps: it counts visits. With ``--full``
there are 300 projects.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest

from tests.harness.agency_data import NOW
from tests.harness.metric_desk import GOAL, MetricaDesk, metrica_desk
from tests.harness.metric_projects import MEASURES, TODAY, ZONE, Counter, MetricProject, random_counter
from vitrina.domain.calendar import WorkCalendar

SEED = 20261127
PROJECTS, MOST = 8, 300

Visit = dict[str, Any]


@pytest.fixture(scope="module")
def desk() -> Iterator[MetricaDesk]:
    """The emulator at the office's moment."""
    with metrica_desk(lambda: NOW.astimezone(ZONE)) as found:
        yield found


class Events:
    """Counts of raw events between two days."""

    def __init__(self, counter: Counter, measure_id: str) -> None:
        seen_to = NOW.astimezone(ZONE).replace(tzinfo=None) - timedelta(seconds=counter.lag_s)
        self.visits = [one for one in counter.visits if datetime.fromisoformat(one["at"]) <= seen_to]
        self.measure_id = measure_id
        self.least_users = counter.least_users
        self.settled_to = min(TODAY - timedelta(days=1), seen_to.date() - timedelta(days=1))
        days = sorted(date.fromisoformat(one["at"][:10]) for one in self.visits)
        self.first, self.last = (days[0], TODAY - timedelta(days=1)) if days else (TODAY, TODAY)
        # Days without a single visit at the end of a busy counter: the code is gone from the site.
        empty = (TODAY - timedelta(days=1) - days[-1]).days if days else 0
        self.is_maybe_stopped = empty >= 2

    def between(self, first: date, last: date) -> list[Visit]:
        """Visits of these days."""
        return [one for one in self.visits if first.isoformat() <= one["at"][:10] <= last.isoformat()]

    def value(self, visits: Sequence[Visit]) -> tuple[int, int]:
        """Numerator and denominator of the measure."""
        if self.measure_id == "visits":
            return len(visits), 1
        if self.measure_id.endswith("conversion"):
            return sum(GOAL in one["goals"] for one in visits), len(visits)
        return sum(one["goals"].count(GOAL) for one in visits), 1

    def figure(self, visits: Sequence[Visit]) -> Fraction | None:
        """What is told, unrounded."""
        value, base = self.value(visits)
        if not self.measure_id.endswith("conversion"):
            return Fraction(value)
        return Fraction(100 * value, base) if base else None

    def by(self, field: str, first: date, last: date) -> dict[str, list[Visit]]:
        """Visits by a field; what Metrica withholds stands without a name."""
        found: dict[str, list[Visit]] = defaultdict(list)
        for one in self.between(first, last):
            found[one[field] or ""].append(one)
        few = {name for name, rows in found.items() if len({one["user"] for one in rows}) < self.least_users}
        shown: dict[str, list[Visit]] = defaultdict(list)
        for name, rows in found.items():
            shown["" if name in few else name] += rows
        return shown


def weeks_of(events: Events) -> int:
    """Weeks on each side: full ones up to the last Sunday that does not change any more."""
    sunday = events.settled_to
    while sunday.weekday() != 6:
        sunday -= timedelta(days=1)
    count = 0
    while count < 8 and sunday - timedelta(days=7 * (count + 1) - 1) >= events.first:
        count += 1
    return count // 2


def span(events: Events, weeks: int, back: int) -> tuple[date, date]:
    """A span of weeks that ends so many weeks before the last Sunday."""
    sunday = events.settled_to - timedelta(days=(events.settled_to.weekday() + 1) % 7)
    last = sunday - timedelta(weeks=back)
    return last - timedelta(days=7 * weeks - 1), last


def near(shown: float | None, exact: Fraction | None, unit: float) -> bool:
    """Whether a figure is what it should be, rounded to its last digit."""
    if shown is None or exact is None:
        return shown is None and exact is None
    return abs(Fraction(str(shown)) - exact) <= Fraction(str(unit)) / 2


FIELDS = {"channel": "channel", "campaign": "campaign", "page": "page", "device": "device"}


def check(body: dict[str, Any], events: Events) -> set[str]:
    """Compare all figures; gives the names of the parts that there were."""
    seen: set[str] = set()
    is_ratio = events.measure_id.endswith("conversion")
    unit = digits_unit(events)
    source = body["source"]
    assert source["settled_to"] == events.settled_to.isoformat()
    assert source["is_withheld"] == (events.least_users > 0)
    assert source["missing_days"] == 0
    weeks = weeks_of(events)
    if not weeks:
        assert body["spans"] is None
        assert (body["gap"], body["funnel"]) == ([], None)
        return seen
    now, before = span(events, weeks, 0), span(events, weeks, weeks)
    spans = body["spans"]
    assert (spans["now"]["start"], spans["now"]["end"]) == tuple(day.isoformat() for day in now)
    assert (spans["before"]["start"], spans["before"]["end"]) == tuple(day.isoformat() for day in before)
    calendar = WorkCalendar()
    for name, (first, last) in (("now", now), ("before", before)):
        days = [first + timedelta(days=place) for place in range((last - first).days + 1)]
        assert spans[name]["working_days"] == sum(calendar.is_working_day(day) for day in days)
    figures = {name: events.figure(events.between(*one)) for name, one in (("now", now), ("before", before))}
    for name, value in figures.items():
        assert near(body["change"][name], value, unit), (name, value, body["change"])
    year = span(events, weeks, 52)
    is_year_known = year[0] >= events.first
    assert (spans["year_ago"] is not None) == is_year_known
    if is_year_known:
        seen.add("year")
        assert near(body["change"]["year_ago"], events.figure(events.between(*year)), unit)
    check_gaps(body, events, now, before, unit, seen)
    check_funnel(body, events, [now, before, *([year] if is_year_known else [])], seen)
    for week in body["weeks"]:
        first = date.fromisoformat(week["start"])
        assert near(week["value"], events.figure(events.between(first, first + timedelta(days=6))), unit)
    check_verdict(body, events, is_ratio=is_ratio, seen=seen)
    return seen


def check_gaps(
    body: dict[str, Any],
    events: Events,
    now: tuple[date, date],
    before: tuple[date, date],
    unit: float,
    seen: set[str],
) -> None:
    """Segments: their figures, and that the changes add up to that of the whole."""
    is_ratio = events.measure_id.endswith("conversion")
    whole = [events.value(events.between(*one)) for one in (before, now)]
    for gap in body["gap"]:
        seen.add(gap["by"])
        groups = [events.by(FIELDS[gap["by"]], *one) for one in (before, now)]
        assert len(gap["parts"]) <= 8
        total = sum((Fraction(str(one["change"])) for one in gap["parts"]), Fraction(0))
        assert total == Fraction(str(gap["change"]))
        change = body["change"]["from_before"]
        assert near(gap["change"], _difference(whole, is_ratio), unit)
        assert gap["change"] == change
        for part in gap["parts"]:
            if part["is_rest"]:
                seen.add("rest")
                continue
            values = [events.value(group.get(part["name"], [])) for group in groups]
            for name, (value, base) in zip(("before", "now"), values, strict=True):
                expected = Fraction(100 * value, base) if is_ratio and base else Fraction(value)
                assert near(part[name], None if is_ratio and not base else expected, unit), (gap["by"], part)
            # Rounded to one of its neighbours, so that the sum is right.
            assert near(part["change"], _contribution(values, whole, is_ratio), 2 * unit), (gap["by"], part)
        if is_ratio:
            mix, rate = Fraction(str(gap["mix"])), Fraction(str(gap["rate"]))
            assert mix + rate == Fraction(str(gap["change"]))


def _difference(whole: list[tuple[int, int]], is_ratio: bool) -> Fraction:
    (value_before, base_before), (value_now, base_now) = whole
    if not is_ratio:
        return Fraction(value_now - value_before)
    return Fraction(100 * value_now, base_now) - Fraction(100 * value_before, base_before)


def _contribution(values: list[tuple[int, int]], whole: list[tuple[int, int]], is_ratio: bool) -> Fraction:
    """What a segment adds: of a ratio by the formula of metrics.md, with the ratio of the whole taken off."""
    (value_before, base_before), (value_now, base_now) = values
    if not is_ratio:
        return Fraction(value_now - value_before)
    ratio = Fraction(whole[0][0], whole[0][1])
    shares = Fraction(base_now, whole[1][1]) - Fraction(base_before, whole[0][1])
    own = Fraction(value_now, whole[1][1]) - Fraction(value_before, whole[0][1])
    return 100 * (own - shares * ratio)


def check_funnel(
    body: dict[str, Any], events: Events, spans: Sequence[tuple[date, date]], seen: set[str]
) -> None:
    """Counts and rates of the step from visits to the goal."""
    if events.measure_id == "visits":
        assert body["funnel"] is None
        return
    seen.add("funnel")
    visits, reaches = body["funnel"]["counts"]
    (step,) = body["funnel"]["steps"]
    for name, one in zip(("now", "before", "year_ago"), spans, strict=False):
        found = events.between(*one)
        count = sum(visit["goals"].count(GOAL) for visit in found)
        assert (visits[name], reaches[name]) == (len(found), count)
        assert near(step[name], Fraction(100 * count, len(found)) if found else None, 0.1)
    seen |= {"broken"} if step["is_broken"] else set()


def check_verdict(body: dict[str, Any], events: Events, *, is_ratio: bool, seen: set[str]) -> None:
    """The fact of the days that the verdict names."""
    verdict = body["verdict"]
    if verdict["start"] is None:
        return
    seen.add("verdict")
    days = (date.fromisoformat(verdict["start"]), date.fromisoformat(verdict["end"]))
    fact = events.figure(events.between(*days))
    assert fact is not None
    assert near(verdict["fact"], fact, 1 if fact >= 100 else 0.1), (verdict, fact, is_ratio)


def digits_unit(events: Events) -> float:
    """The last digit that is shown: whole counts; a ratio by its size over all days that were read."""
    if not events.measure_id.endswith("conversion"):
        return 1.0
    value, base = events.value(events.between(TODAY - timedelta(days=427), TODAY))
    ratio = Fraction(100 * value, base) if base else Fraction(0)
    return 1.0 if ratio >= 100 else 0.1 if ratio >= 10 else 0.01


@pytest.mark.slow
def test_figures_on_random_projects(
    desk: MetricaDesk, pytestconfig: pytest.Config, record_property: Callable[[str, object], None]
) -> None:
    """Sums, shares, parts, weeks, funnel and the fact of the verdict."""
    chance = random.Random(SEED)
    count = MOST if pytestconfig.getoption("--full") else PROJECTS
    seen: set[str] = set()
    checked = number = 0
    while checked < count:
        number += 1
        counter = random_counter(chance)
        measure_id = chance.choice(list(MEASURES))
        events = Events(counter, measure_id)
        if not events.visits or events.is_maybe_stopped:
            continue
        counter.seed(desk)
        project = MetricProject(desk, measure_id, period=chance.choice(["неделя", "месяц"]))
        try:
            seen |= check(dict(project.report().body), events)
        except AssertionError as error:
            error.add_note(f"project {number} of seed {SEED}, {measure_id}")
            raise
        checked += 1
    assert {"channel", "device", "funnel", "verdict"} <= seen
    if count == MOST:
        assert seen >= {"campaign", "page", "rest", "year", "broken"}
    record_property("figure", f"{checked} projects, each figure as counted from raw events")
