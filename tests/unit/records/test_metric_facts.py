"""Facts by day come back as they were kept, few documents hold them, and none outgrows the store."""

from __future__ import annotations

import json
import random
from datetime import date, timedelta

from vitrina.metric_port import DayValue
from vitrina.ports import Put
from vitrina.records.metrics.facts import ProjectFacts, Series, facts_key, load_series
from vitrina.store.memory import MemoryStore

FIRST = date(2025, 11, 1)
#: Rows of the tab, and more than a year.
ROWS, DAYS = 20, 396


def random_series(chance: random.Random, number: int) -> Series:
    """Days with holes; every second series is a ratio."""
    days = {
        FIRST + timedelta(days=place): DayValue(
            round(chance.random() * 10_000, 2), 1.0 if number % 2 else float(chance.randrange(1, 900))
        )
        for place in range(DAYS)
        if chance.random() < 0.9
    }
    flags = (chance.random() < 0.5, chance.random() < 0.5)
    return Series(f"metrica:1:{number}", "2026-11-23T06:00:00+00:00", "2026-11-22", *flags, days)


def keep(store: MemoryStore, series: dict[int, Series]) -> list[Put]:
    """Keep the facts of two years as the job does; what was written."""
    years = (2025, 2026)
    found = store.get_many([facts_key("book", year) for year in years])
    facts = ProjectFacts(store, found, "book", years)
    writes = [write for change in facts.changes(series) for write in change.writes()]
    store.commit(writes)
    return [one for one in writes if isinstance(one, Put)]


def test_facts_come_back() -> None:
    """Over the turn of a year, with what is not known."""
    seed = random.randrange(10**6)
    chance, store = random.Random(seed), MemoryStore()
    series = {number: random_series(chance, number) for number in range(1, ROWS + 1)}

    puts = keep(store, series)

    last = FIRST + timedelta(days=DAYS)
    assert load_series(store, "book", FIRST, last) == series, f"seed {seed}"
    assert len(puts) == 2
    assert max(len(json.dumps(one.data)) for one in puts) < 200_000
    week = load_series(store, "book", date(2025, 12, 29), date(2026, 1, 4))
    expected = {
        n: sum(date(2025, 12, 29) <= day <= date(2026, 1, 4) for day in one.days) for n, one in series.items()
    }
    assert {number: len(one.days) for number, one in week.items()} == expected, f"seed {seed}"


def test_a_newer_reading_takes_the_place_of_its_days_only() -> None:
    """A day that it does not know is not known any more; another source begins anew."""
    days = {FIRST + timedelta(days=place): DayValue(1.0) for place in range(5)}
    old = Series("a", "then", "then", days=days)
    new = Series("a", "now", "now", days={FIRST + timedelta(days=3): DayValue(7.0)})

    renewed = old.renewed(new, FIRST + timedelta(days=2), FIRST + timedelta(days=4))

    values = [renewed.days.get(FIRST + timedelta(days=place)) for place in range(5)]
    assert values == [DayValue(1.0), DayValue(1.0), None, DayValue(7.0), None]
    other = Series("b", "now", "now", days=new.days)
    assert old.renewed(other, FIRST, FIRST) == other
