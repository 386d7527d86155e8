"""Offices over fakes begin alike and do not touch each other."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.harness.agency_data import NOW
from tests.harness.fakes.clock import FixedClock
from tests.harness.fakes.services import make_services
from tests.harness.fakes.store import WatchedStore
from tests.harness.memory_office import client_office, pushed_office, started_office
from vitrina.errors import StoreConflictError
from vitrina.ports import ABSENT, Put


def test_clock_moves_when_it_is_told_to() -> None:
    """It shows UTC."""
    clock = FixedClock(NOW)
    clock.advance(minutes=5)

    assert clock.now() == NOW + timedelta(minutes=5)
    assert clock.now().utcoffset() == timedelta(0)


def test_services_have_the_real_facts() -> None:
    """Templates, choices and calendar are those of the product; what a test gives is used."""
    clock = FixedClock(NOW)
    services = make_services(clock=clock, lease_s=5.0)

    assert (services.clock, services.lease_s, services.today()) == (clock, 5.0, NOW.date())
    assert services.choices.label("status", "done", "ru") == "Выполнено"
    assert set(services.templates) == {"client", "agency"}
    assert services.calendar.is_working_day(NOW.date())


def test_store_counts_calls_and_may_be_interrupted() -> None:
    """What happens before a commit may write itself, so that the commit finds another version."""
    store = WatchedStore()
    store.commit([Put("book", "a", {"n": 1})])
    store.before("commit", lambda: store.touch("book", "a"))
    [document] = store.get_many([("book", "a")]).values()

    with pytest.raises(StoreConflictError):
        store.commit([Put("book", "a", {"n": 2}, document.version)])
    store.commit([Put("book", "b", {}, ABSENT)])

    assert store.keys("book") == ["a", "b"]
    assert store.calls == {"commit": 3, "get_many": 1}


def test_offices_do_not_share_anything() -> None:
    """What one does the next one does not see."""
    first, second = client_office(), client_office()
    first.start({"task": "Баннер", "work_type": "Баннер"}, is_pushed=True)

    assert [item.task for item in first.items().values()] == ["Баннер"]
    assert len(first.tracker.cards) == 1
    assert (second.items(), second.tracker.cards, second.table("in_progress", "id")) == ({}, [], [])


def test_offices_to_begin_with() -> None:
    """Two items are in progress; then they have cards."""
    started, pushed = started_office(), pushed_office()

    assert [item.code for item in started.items().values()] == ["ЗРН-1", "ЗРН-2"]
    assert started.tracker.cards == []
    assert [pushed.card(number).title for number in (1, 2)] == ["ЗРН-1 · Лендинг", "ЗРН-2 · Баннер"]
