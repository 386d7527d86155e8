"""Cards that were asked for and not made, and cards that appear when nobody waits for them any more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.harness.fakes.interruptions import busy, no_answer
from tests.harness.memory_office import MemoryOffice, started_office
from tests.harness.stored import stored_document
from vitrina.errors import BusyError, ChangedMeanwhileError, RetriableServiceError
from vitrina.jobs.registry import deliver_outbox
from vitrina.operations.outbox import OUTBOX
from vitrina.operations.run import LEASE
from vitrina.usecases.tracker.make_cards import push_wish


@pytest.fixture
def office() -> MemoryOffice:
    """Two items are in progress, and a push of them made nothing: the tracker was busy."""
    office = started_office()
    office.tracker.before("create_card", busy("Трекер"))
    with pytest.raises(RetriableServiceError):
        office.do("push")
    return office


def titles(office: MemoryOffice) -> list[str]:
    """Titles of all cards."""
    return [card.title for card in office.tracker.cards]


def timer(office: MemoryOffice, minutes: float = 3) -> int:
    """The timer comes so much later; gives how many tasks it queued."""
    office.clock.advance(minutes=minutes)
    return deliver_outbox(office.services)


# --- Cards that are wanted ---------------------------------------------------------------------------


def test_timer_makes_what_a_push_has_left(office: MemoryOffice) -> None:
    """Without a click: cards, links and nothing left to wish for."""
    assert timer(office) == 1

    office.run_queue()

    assert titles(office) == ["ЗРН-1 · Лендинг", "ЗРН-2 · Баннер"]
    assert [bool(link) for (_, link) in office.table("in_progress", "id", "card")] == [True] * 4
    assert not any(item.is_card_wanted for item in office.items().values())
    assert (office.store.keys(OUTBOX), office.store.keys(LEASE)) == ([], [])


def test_click_is_quicker_than_the_timer(office: MemoryOffice) -> None:
    """Then there is nothing left to do, also for a task that was queued before."""
    timer(office)
    office.do("push")
    office.tracker.calls.clear()

    office.run_queue()

    assert office.tracker.calls["create_card"] == 0
    assert len(office.tracker.cards) == 2
    assert office.store.keys(OUTBOX) == []


def test_tracker_is_still_busy(office: MemoryOffice) -> None:
    """The queue delivers again, and the wish stays until the cards are there."""
    timer(office)
    office.tracker.before("create_card", busy("Трекер"))
    with pytest.raises(RetriableServiceError):
        office.run_queue()
    assert office.store.keys(OUTBOX) == [push_wish(office.client_id).name]

    office.run_queue()

    assert len(office.tracker.cards) == 2
    assert office.store.keys(OUTBOX) == []


def test_task_that_the_queue_lost(office: MemoryOffice) -> None:
    """The timer sends it again, each time later than before."""
    assert timer(office) == 1
    office.queue.lose()
    assert timer(office, minutes=3) == 0

    assert timer(office, minutes=3) == 1
    office.run_queue()

    assert len(office.tracker.cards) == 2


def test_items_were_taken_back_meanwhile(office: MemoryOffice) -> None:
    """Nothing is in progress: the wish is over, and nobody is bothered."""
    office.do("undo")
    timer(office)

    office.run_queue()

    assert office.tracker.cards == []
    assert office.store.keys(OUTBOX) == []


@pytest.mark.parametrize(
    ("error", "count"),
    [
        (ChangedMeanwhileError("sheet.changed"), 4),  # each time that it was tried
        (BusyError("workbook.busy"), 1),
    ],
)
def test_job_that_cannot_end_keeps_its_wish(office: MemoryOffice, error: Exception, count: int) -> None:
    """What passes by itself is no reason to give cards and links up."""
    timer(office)

    def refuse() -> None:
        raise error

    for _ in range(count):
        office.workbooks.before("batch_update", refuse)
    with pytest.raises(type(error)):
        office.run_queue()
    assert office.store.keys(OUTBOX) == [push_wish(office.client_id).name]

    office.run_queue()
    assert [bool(link) for (_, link) in office.table("in_progress", "id", "card")] == [True] * 4
    # Nobody knows whether the calls of the job that broke off were all carried out: it looks once more.
    timer(office)
    office.run_queue()

    assert office.store.keys(OUTBOX) == []


def test_late_twin_is_removed(office: MemoryOffice) -> None:
    """The answer of a creation was lost, a click made another card, and then the first one appeared."""
    office.tracker.delay_next_creation()
    with pytest.raises(RetriableServiceError):
        office.do("push")
    office.do("push")
    kept = office.items()[1].card_id
    office.tracker.carry_out_delayed()
    assert len(office.tracker.cards) == 3

    assert timer(office) == 1
    office.run_queue()

    assert len(office.tracker.cards) == 2
    assert office.card(1).card_id == kept
    assert office.store.keys(OUTBOX) == []


def test_workbook_is_held_by_a_click(office: MemoryOffice) -> None:
    """The job waits for it, and makes nothing twice."""
    timer(office)
    click = office.new_run()
    click.take(office.client_id)
    office.store.after("get_many", click.end)

    office.run_queue()

    assert len(office.tracker.cards) == 2


# --- Cards that nobody waits for ---------------------------------------------------------------------


def undone_with_a_card_on_its_way() -> MemoryOffice:
    """A creation was not answered, and all was taken back: only the timer looks for that card."""
    office = started_office()
    office.tracker.delay_next_creation()
    with pytest.raises(RetriableServiceError):
        office.do("push")
    office.do("push")
    for number in range(2):
        office.do("undo", operation_id=f"undo-{number}")
    return office


def orphans(office: MemoryOffice) -> list[str]:
    """Names of wishes to remove orphans."""
    return [name for name in office.store.keys(OUTBOX) if name.startswith("orphans-")]


def test_card_that_appears_after_the_undo() -> None:
    """It is removed when it can have appeared."""
    office = undone_with_a_card_on_its_way()
    assert len(orphans(office)) == 1
    office.tracker.carry_out_delayed()

    timer(office)
    office.run_queue()

    assert office.tracker.cards == []
    assert (office.store.keys(OUTBOX), office.store.keys(LEASE)) == ([], [])


@pytest.mark.parametrize(
    "work",
    [
        lambda office, card_id: office.tracker.log_hours(card_id, "11", 1.0),
        lambda office, card_id: office.tracker.change(card_id, comment_count=1),
    ],
)
def test_card_that_somebody_works_on_stays(work: Callable[[MemoryOffice, str], Any]) -> None:
    """Work is never thrown away."""
    office = undone_with_a_card_on_its_way()
    [card_id] = office.tracker.carry_out_delayed()
    work(office, card_id)

    timer(office)
    office.run_queue()

    assert [card.card_id for card in office.tracker.cards] == [card_id]


def start_again(office: MemoryOffice) -> None:
    """The item is started anew under its number."""
    office.do("start_batch", preview_id=office.do("build_batch").data["preview_id"])


def test_item_that_is_in_progress_again() -> None:
    """Its own card stays, and the one that appeared late beside it goes."""
    office = undone_with_a_card_on_its_way()
    start_again(office)
    office.do("push")
    kept = {item.card_id for item in office.items().values()}
    office.tracker.carry_out_delayed()

    timer(office)
    office.run_queue()

    assert {card.card_id for card in office.tracker.cards} == kept


def test_item_that_has_no_card_again() -> None:
    """Nobody has asked for its card yet: in the end it has one, whichever that is."""
    office = undone_with_a_card_on_its_way()
    start_again(office)
    office.tracker.carry_out_delayed()

    timer(office)
    office.run_queue()
    office.do("push")

    assert sorted(titles(office)) == ["ЗРН-1 · Лендинг", "ЗРН-2 · Баннер"]
    assert {card.card_id for card in office.tracker.cards} == {
        item.card_id for item in office.items().values()
    }


def test_tracker_does_not_answer() -> None:
    """The wish stays, and the next delivery looks again."""
    office = undone_with_a_card_on_its_way()
    office.tracker.carry_out_delayed()
    timer(office)
    office.tracker.before("find_twins", no_answer("Трекер"))
    with pytest.raises(RetriableServiceError):
        office.run_queue()
    assert len(orphans(office)) == 1

    office.run_queue()

    assert office.tracker.cards == []
    assert stored_document(office.store, OUTBOX, "orphans-undo-0") is None
