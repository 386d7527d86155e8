"""The outbox: a wish is sent until its task carries it out."""

from __future__ import annotations

from typing import Any

import pytest

from tests.harness.threads import run_at_once
from tests.unit.operations.fakes import ANNA, fake_services, load
from vitrina.errors import RetriableServiceError, StoreConflictError
from vitrina.operations import outbox
from vitrina.operations.outbox import GRACE, OUTBOX, TaskWish, find_overdue, fulfil, send_again
from vitrina.operations.run import Run

GRACE_S = GRACE.total_seconds()
WISH = TaskWish("sync-1", {"kind": "sync", "id": "book"})


@pytest.fixture
def services() -> Any:
    """Fake services."""
    return fake_services()


def put(services: Any, *wishes: TaskWish) -> None:
    """Write wishes."""
    Run(services, ANNA).commit(*(wish.put(services) for wish in wishes))


def overdue(services: Any) -> list[str]:
    """Names of wishes that the timer finds."""
    return [wish.key for wish in find_overdue(services)]


def test_a_wish_is_sent_with_its_name(services: Any) -> None:
    """The task has the name of its wish, so that it can remove it; a second task with it is not queued."""
    put(services, WISH)
    WISH.send(services)
    WISH.send(services)

    assert services.queue.tasks == [{"kind": "sync", "id": "book", "wish": "sync-1"}]
    Run(services, ANNA).commit(fulfil("sync-1"))
    assert load(services, (OUTBOX, "sync-1")) is None


def test_a_wish_is_overdue_after_its_time(services: Any) -> None:
    """A wish is overdue some minutes after its delay; undelayed wishes are found first."""
    delayed = TaskWish("sync-2", {}, delay_s=60.0)
    put(services, WISH, delayed)
    delayed.send(services)
    assert services.queue.delays_s == [60.0]
    assert overdue(services) == []
    services.clock.advance(GRACE_S)
    assert overdue(services) == []
    services.clock.advance(0.5)
    assert overdue(services) == ["sync-1"]
    services.clock.advance(60)
    assert overdue(services) == ["sync-1", "sync-2"]


def test_moments_with_and_without_a_fraction_are_in_order(services: Any) -> None:
    """Moments are compared as texts, and those at a whole second have no fraction."""
    for number, seconds in enumerate((0.0, 0.000001, 0.5, 0.499999)):
        services.clock.advance(seconds)
        put(services, TaskWish(f"wish-{number}", {}))
    services.clock.advance(GRACE_S - 1.0)
    assert overdue(services) == []
    services.clock.advance(0.2)
    assert overdue(services) == ["wish-0", "wish-1"]


def test_one_call_of_the_timer_sends_a_limited_number(services: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """One call sends a limited number of wishes, and the next call finds the others."""
    monkeypatch.setattr(outbox, "MOST_AT_ONCE", 3)
    put(services, *(TaskWish(f"wish-{number}", {}) for number in range(5)))
    services.clock.advance(GRACE_S + 1)
    for wish in find_overdue(services):
        send_again(services, wish)

    assert overdue(services) == ["wish-3", "wish-4"]


def test_an_overdue_wish_is_sent_again(services: Any) -> None:
    """An overdue wish is sent again with a new name and a longer delay, until it is carried out."""
    put(services, WISH)
    WISH.send(services)
    for tries in (2, 3, 4):
        services.clock.advance(GRACE_S * tries)
        [wish] = find_overdue(services)
        send_again(services, wish)
        assert overdue(services) == []
    assert services.queue.take() == [{"kind": "sync", "id": "book", "wish": "sync-1"}] * 4

    Run(services, ANNA).commit(fulfil("sync-1"))
    services.clock.advance(GRACE_S * 100)
    assert overdue(services) == []


def test_two_timers_at_once_send_one_task(services: Any) -> None:
    """Of eight concurrent timers one sends the task; the others get a conflict."""
    put(services, WISH)
    services.clock.advance(GRACE_S + 1)
    [wish] = find_overdue(services)
    conflicts: list[int] = []

    def send(number: int) -> None:
        try:
            send_again(services, wish)
        except StoreConflictError:
            conflicts.append(number)

    run_at_once(send, 8)

    assert len(services.queue.tasks) == 1
    assert len(conflicts) == 7
    assert load(services, (OUTBOX, "sync-1")).data["tries"] == 2  # type: ignore[union-attr]


def test_a_wish_that_was_carried_out_meanwhile(services: Any) -> None:
    """A wish that was carried out meanwhile does not come back; its second task does nothing."""
    put(services, WISH)
    services.clock.advance(GRACE_S + 1)
    [wish] = find_overdue(services)
    Run(services, ANNA).commit(fulfil("sync-1"))

    with pytest.raises(StoreConflictError):
        send_again(services, wish)

    assert load(services, (OUTBOX, "sync-1")) is None


def test_a_queue_that_does_not_answer(services: Any) -> None:
    """If the queue does not answer, the wish stays for the next call of the timer."""
    put(services, WISH)
    services.clock.advance(GRACE_S + 1)
    [wish] = find_overdue(services)
    services.queue.is_down = True
    with pytest.raises(RetriableServiceError):
        send_again(services, wish)
    assert find_overdue(services) == [wish]

    services.queue.is_down = False
    send_again(services, wish)
    assert len(services.queue.tasks) == 1


def test_a_timer_that_died_after_it_queued_the_task(services: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a crash the next call queues no second task, and sets the next time of the wish."""
    put(services, WISH)
    services.clock.advance(GRACE_S + 1)
    [wish] = find_overdue(services)

    def die(*_: Any, **__: Any) -> None:
        raise RetriableServiceError("store.no_answer", service="SQLite")

    with monkeypatch.context() as patch:
        patch.setattr(services.store, "commit", die)
        with pytest.raises(RetriableServiceError):
            send_again(services, wish)

    [wish] = find_overdue(services)
    send_again(services, wish)
    assert len(services.queue.tasks) == 1
    assert overdue(services) == []
