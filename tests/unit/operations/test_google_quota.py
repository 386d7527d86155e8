"""Slots of Google's quota: never too many in any minute, and none is wasted."""

from __future__ import annotations

import random
import threading
from collections.abc import Sequence
from typing import Any

import pytest

from tests.harness.threads import run_at_once
from tests.unit.operations.fakes import ANNA, FakeServices, load
from vitrina.errors import StoreConflictError
from vitrina.operations.google_quota import (
    MINUTE_S,
    QUOTA_KEY,
    ROUNDING_S,
    SlotBooking,
    earliest,
)
from vitrina.operations.run import Run
from vitrina.ports import Put


def most_in(moments: Sequence[float], span_s: float) -> int:
    """The largest count of *moments* within any stretch of less than *span_s*."""
    in_order = sorted(moments)
    return max(
        sum(first <= moment < first + span_s for moment in in_order[start:])
        for start, first in enumerate(in_order)
    )


def services_with(limit: int) -> Any:
    """Fake services with *limit* slots in a minute."""
    return FakeServices(quota_per_minute=limit)


def book(services: Any, **options: Any) -> SlotBooking:
    """Book slots; repeat after a conflict."""
    while True:
        booking = SlotBooking(services, load(services, QUOTA_KEY), **{"agency_id": "", **options})
        try:
            Run(services, ANNA).commit(updates=[booking])
        except StoreConflictError:
            continue
        return booking


def now_of(services: Any) -> float:
    """The current moment in epoch seconds."""
    return float(services.clock.now().timestamp())


# --- The earliest slot -----------------------------------------------------------------------------


def test_free_slots_come_at_once() -> None:
    """Without waiting, while the minute has free slots."""
    assert earliest([10.0, 20.0], 30.0, 3) == 30.0


def test_full_minute_is_waited_out() -> None:
    """In a full minute the next slot comes a minute after the oldest one."""
    assert earliest([10.0, 20.0, 21.0], 30.0, 3) == 10.0 + MINUTE_S


def test_slots_booked_ahead_are_respected() -> None:
    """A slot now is refused if it would make the minute of a later booking too full."""
    assert earliest([100.0, 101.0], 99.0, 2) == 100.0 + MINUTE_S


def test_no_minute_has_too_many() -> None:
    """After any bookings and returns every minute keeps the limit."""
    chance = random.Random(7)
    for _ in range(30):
        limit = chance.randint(1, 6)
        taken: list[float] = []
        now = 0.0
        for _ in range(60):
            now += chance.choice((0.0, 0.1, 5.0, 40.0))
            if taken and chance.random() < 0.2:
                taken.remove(chance.choice(taken))
            slot = earliest(sorted(taken), now + chance.choice((0.0, 0.0, 8.0)), limit)
            assert slot >= now
            taken.append(slot)
        assert most_in(taken, MINUTE_S - 0.01) <= limit
        assert most_in(taken, MINUTE_S + 0.01) > limit


# --- Bookings --------------------------------------------------------------------------------------


def test_a_booking_has_its_slots_at_once_or_later() -> None:
    """A booking has the requested count of slots, and the wait for the first one."""
    services = services_with(3)
    now = now_of(services)
    first = book(services, count=2)
    assert (first.moments, first.wait_s) == ([now, now], 0.0)
    second = book(services, count=2)
    assert second.moments == [now, now + MINUTE_S]
    third = book(services, delay_s=10.0)
    assert (third.moments, third.wait_s) == ([now + MINUTE_S], MINUTE_S)

    services.clock.advance(MINUTE_S)
    assert third.wait_s <= 0


def test_a_delayed_booking() -> None:
    """The slot of a delayed booking is not before the delay; earlier slots stay free."""
    services = services_with(1)
    now = now_of(services)
    assert book(services, delay_s=MINUTE_S).moments == [now + MINUTE_S]
    assert book(services).moments == [now]


def test_slots_of_the_past_are_forgotten() -> None:
    """Old slots are removed, so the document does not grow."""
    services = services_with(5)
    for _ in range(100):
        book(services)
        services.clock.advance(20)

    document = load(services, QUOTA_KEY)
    assert document is not None
    assert len(document.data["at"]) <= 5


def test_a_slot_is_given_back() -> None:
    """A new booking instead of a slot frees this slot."""
    services = services_with(1)
    now = now_of(services)
    book(services)
    [waiting] = book(services).moments
    assert waiting == now + MINUTE_S

    [later] = book(services, delay_s=2 * MINUTE_S, instead_of=waiting).moments
    assert later == now + 2 * MINUTE_S
    assert book(services).moments == [waiting]


def test_only_one_of_several_slots_of_a_moment_is_given_back() -> None:
    """If several bookings have the same moment, only one slot is given back."""
    services = services_with(3)
    now = now_of(services)
    for _ in range(3):
        assert book(services).moments == [now]

    # Two slots of this moment stay.
    assert book(services, delay_s=1.0, instead_of=now).moments == [now + 1.0]
    assert book(services).moments == [now + MINUTE_S]


def test_a_slot_that_is_not_known_is_not_given_back() -> None:
    """A slot that is over or was never booked changes nothing."""
    services = services_with(1)
    now = now_of(services)
    book(services)

    assert book(services, instead_of=now - 1.0).moments == [now + MINUTE_S]


def test_a_storm_of_one_agency_leaves_slots_to_the_others() -> None:
    """Two thirds of each minute at most, once another one was seen; before that everything."""
    services = services_with(9)
    alone = [book(services, agency_id="first").wait_s for _ in range(9)]
    services.clock.advance(2 * MINUTE_S)
    book(services, agency_id="second")
    services.clock.advance(2 * MINUTE_S)
    storm = [book(services, agency_id="first").moments[0] for _ in range(40)]

    waits = [book(services, agency_id="second").wait_s for _ in range(3)]

    assert alone == [0.0] * 9
    assert most_in(storm, MINUTE_S - ROUNDING_S) == 6
    assert waits == [0.0] * 3
    assert most_in([*storm, *[now_of(services)] * 3], MINUTE_S - ROUNDING_S) <= 9


def test_slots_of_an_older_release_are_nobodys() -> None:
    """They count, and are given back to whoever booked them."""
    services = services_with(2)
    now = now_of(services)
    services.store.commit([Put(*QUOTA_KEY, {"at": [now, now + 1.0]})])

    assert book(services, agency_id="first").wait_s > MINUTE_S - 2
    assert book(services, agency_id="first", instead_of=now + 1.0).wait_s == 0.0


def test_a_slot_of_another_agency_is_not_given_back() -> None:
    """Though it is at the same moment."""
    services = services_with(1)
    at = book(services, agency_id="first").moments[0]

    assert book(services, agency_id="second", instead_of=at).wait_s > 0


def test_a_conflict_books_other_slots() -> None:
    """After a conflict other slots are booked, because the first ones may be taken."""
    services = services_with(1)
    now = now_of(services)
    mine = SlotBooking(services, load(services, QUOTA_KEY), agency_id="")
    assert book(services).moments == [now]
    Run(services, ANNA).commit(updates=[mine])

    assert mine.moments == [now + MINUTE_S]


@pytest.mark.parametrize("attempt", range(10))
def test_bookings_by_chance(attempt: int) -> None:
    """With random counts, delays, returns and times no minute has more than the limit."""
    seed = random.randrange(10**6)
    print("seed", seed)  # noqa: T201 - to play it again
    chance = random.Random(seed)
    limit = chance.randint(2, 8)
    services = services_with(limit)
    booked: list[float] = []
    for _ in range(80):
        services.clock.advance(chance.choice((0.0, 0.0, 0.3, 7.0, 50.0, 200.0)))
        count, instead_of = 1, None
        waiting = [at for at in booked if at > now_of(services)]
        if waiting and chance.random() < 0.3:
            instead_of = chance.choice(waiting)
            booked.remove(instead_of)
        else:
            count = chance.randint(1, 2)
        delay_s = chance.choice((0.0, 0.0, 5.0, 90.0))
        booking = book(services, count=count, delay_s=delay_s, instead_of=instead_of)
        assert len(booking.moments) == count
        assert min(booking.moments) >= now_of(services) + delay_s
        booked += booking.moments

    assert most_in(booked, MINUTE_S - 2 * ROUNDING_S) <= limit


def test_bookings_of_twenty_threads() -> None:
    """With twenty threads and a running clock no minute has more than the limit, and no slot is lost."""
    seed = random.randrange(10**6)
    print("seed", seed)  # noqa: T201 - to play it again
    limit, each = 7, 6
    services = services_with(limit)
    booked: list[float] = []
    lock = threading.Lock()

    def work(number: int) -> None:
        chance = random.Random(seed + number)
        for _ in range(each):
            booking = book(services, count=chance.randint(1, 2))
            if chance.random() < 0.3 and booking.wait_s > 0 and len(booking.moments) == 1:
                booking = book(services, instead_of=booking.moments[0])
            with lock:
                booked.extend(booking.moments)
                services.clock.advance(chance.choice((0.0, 0.5, 3.0)))

    run_at_once(work, 20)

    assert len(booked) >= 20 * each
    assert most_in(booked, MINUTE_S - 2 * ROUNDING_S) <= limit
    document = load(services, QUOTA_KEY)
    assert document is not None
    assert sorted(document.data["at"]) == sorted(at for at in booked if at >= min(document.data["at"]))
