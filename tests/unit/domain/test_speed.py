"""Cycle time, lead time and the share on time, on items counted by hand."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from vitrina.domain.speed import ClosedItem, Grouping, long_of, median_of, speeds

TODAY = date(2026, 11, 26)


def closed(
    day: int, *, month: int = 11, client: str = "Заря", kind: str = "Баннер", **days: int
) -> ClosedItem:
    """An item done on a day of 2026; *days* before that day for ``taken``, ``started`` and ``due``."""
    done = date(2026, month, day)
    on = {name: done - timedelta(days=back) for name, back in days.items()}
    return ClosedItem(client, kind, done, on.get("taken"), on.get("started"), on.get("due"))


def test_both_ends_are_counted() -> None:
    """Taken on the 2nd, begun on the 4th, done on the 10th: nine and seven days."""
    one = closed(10, taken=8, started=6, due=0)

    assert (one.lead_days, one.cycle_days, one.is_on_time) == (9, 7, True)


def test_work_that_is_done_before_its_day_took_one() -> None:
    """The plan began later than the work; it was on time."""
    one = closed(10, started=-2, due=-4)

    assert (one.lead_days, one.cycle_days, one.is_on_time) == (None, 1, True)


@pytest.mark.parametrize(
    ("days", "median", "long"),
    [
        ([], None, None),
        ([4], 4.0, 4.0),
        ([1, 9], 5.0, 9.0),
        ([5, 1, 3], 3.0, 5.0),
        # 85 % of 20 are 17.
        (list(range(1, 21)), 10.5, 17.0),
    ],
)
def test_the_middle_and_the_85th(days: list[int], median: float | None, long: float | None) -> None:
    """The longer figure is one that has happened."""
    assert (median_of(days), long_of(days)) == (median, long)


def test_groups_are_months_clients_and_work_types() -> None:
    """The newest month first, then those with most items; half a year counts for clients and work types."""
    items = [
        closed(3, started=1, due=1, taken=4),
        closed(20, started=3, due=-1, taken=9),
        closed(20, started=9, due=2, client="Улыбка", kind="Текст"),
        closed(5, month=10, started=5, due=0, kind=""),
        closed(9, month=3, started=2, due=0, client="Давно"),
    ]

    found = {(one.grouping, one.name): one for one in speeds(items, TODAY)}

    assert list(found) == [
        (Grouping.MONTH, "2026-11-01"),
        (Grouping.MONTH, "2026-10-01"),
        (Grouping.MONTH, "2026-03-01"),
        (Grouping.CLIENT, "Заря"),
        (Grouping.CLIENT, "Улыбка"),
        (Grouping.WORK_TYPE, "Баннер"),
        (Grouping.WORK_TYPE, "Текст"),
    ]
    november = found[Grouping.MONTH, "2026-11-01"]
    # Cycles 2, 4 and 10; leads 5 and 10; the first was a day late, the third two days.
    assert (november.count, november.cycle_median, november.cycle_long) == (3, 4.0, 10.0)
    assert (november.lead_median, november.lead_long) == (7.5, 10.0)
    assert november.on_time == pytest.approx(1 / 3)
    assert found[Grouping.CLIENT, "Улыбка"].lead_median is None
