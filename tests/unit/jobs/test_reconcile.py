"""The timer's look at all open cards: what webhooks lost is found."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from tests.harness.fakes.interruptions import no_answer
from tests.harness.memory_office import MemoryOffice, pushed_office, started_office
from tests.harness.stored import touched_cards
from vitrina.errors import RetriableServiceError
from vitrina.jobs.reconcile import MOST_AT_ONCE, plan_reconciliation
from vitrina.jobs.registry import call_timer
from vitrina.operations.run import LEASE
from vitrina.ports import Put
from vitrina.records.cards import CardOwner, SyncState, put_card, put_sync
from vitrina.records.work import WORK, load_work


@pytest.fixture
def office() -> MemoryOffice:
    """Two items with cards."""
    return pushed_office()


def statuses(office: MemoryOffice) -> list[str]:
    """Statuses of the rows in progress."""
    return [status for (status,) in office.table("in_progress", "status")]


def call_and_run(office: MemoryOffice) -> None:
    """The timer plans, and the queue runs."""
    plan_reconciliation(office.services)
    office.run_queue()


def busy_elsewhere(office: MemoryOffice) -> bool:
    """Whether the calendar has a line with hours for other clients."""
    return any("другие проекты" in label for (label,) in office.table("schedule", "label"))


def finish(office: MemoryOffice, number: int) -> str:
    """The card of an item is done and the sheet knows it; gives the card's id."""
    card_id = office.items()[number].card_id
    office.tracker.move(card_id, -1)
    office.do("refresh")
    return card_id


# --- The main way ------------------------------------------------------------------------------------


def test_change_whose_webhook_was_lost(office: MemoryOffice) -> None:
    """The cell follows its card: one read and one write."""
    office.tracker.move(office.items()[2].card_id, 1)
    office.workbooks.calls.clear()

    call_and_run(office)

    assert statuses(office)[-1] == "В работе"
    assert office.workbooks.calls == {"read": 1, "batch_update": 1}
    assert office.store.keys(LEASE) == []


def test_nothing_is_written_where_nothing_differs(office: MemoryOffice) -> None:
    """Not even the moment of the look."""
    office.do("refresh")
    office.workbooks.calls.clear()

    call_and_run(office)

    assert office.workbooks.calls == {"read": 1}


def test_finished_items_are_not_read(office: MemoryOffice) -> None:
    """What is done needs no look, unless a webhook speaks of it."""
    finish(office, 2)
    office.tracker.calls.clear()

    call_and_run(office)

    assert office.tracker.calls == {"get_card": 1}


# --- Planning ----------------------------------------------------------------------------------------


def test_calls_within_a_period_plan_the_same(office: MemoryOffice) -> None:
    """The timer may call twice; in the next period it plans anew."""
    for _ in range(3):
        assert plan_reconciliation(office.services) == 1
    assert len(office.queue.waiting) == 1

    office.clock.advance(minutes=15)
    plan_reconciliation(office.services)

    assert len(office.queue.waiting) == 2


def test_workbooks_without_open_cards_are_left_out() -> None:
    """At night also those whose items have no cards, where people tell in the sheet what is done."""
    office = started_office()

    assert plan_reconciliation(office.services) == 0
    assert plan_reconciliation(office.services, is_nightly=True) == 1


def test_nothing_is_open_any_more(office: MemoryOffice) -> None:
    """The look is over for this workbook; a hint brings it back."""
    for number in (1, 2):
        finish(office, number)
    assert plan_reconciliation(office.services) == 0

    office.receive(office.tracker.webhook(office.items()[1].card_id))

    assert plan_reconciliation(office.services) == 1


def test_workbooks_are_spread_over_time(office: MemoryOffice) -> None:
    """Google's quota is for all of them."""
    office.create_client(client_name="Улыбка", project_name="Реклама", code="УЛБ")
    office.start({"task": "Текст", "hours_copy": "5"}, is_pushed=True)

    plan_reconciliation(office.services)

    first, second = sorted(task.due_at for task in office.queue.waiting)
    assert second - first == timedelta(seconds=3)


def test_more_workbooks_than_fit_take_turns(office: MemoryOffice) -> None:
    """Each is planned in one of two periods that follow each other; at night all are."""
    count = MOST_AT_ONCE + 10
    for number in range(count - 1):
        flags = {"has_cards": True, "has_unfinished": True}
        office.store.commit([Put(WORK, f"book-{number}", flags)])

    assert plan_reconciliation(office.services) == MOST_AT_ONCE
    office.clock.advance(minutes=15)
    plan_reconciliation(office.services)

    planned = {task.body["spreadsheet_id"] for task in office.queue.waiting}
    assert len(planned) == count
    office.clock.advance(minutes=15)
    assert plan_reconciliation(office.services, is_nightly=True) == count


def test_workbooks_that_webhooks_spoke_of_do_not_wait(office: MemoryOffice) -> None:
    """They are looked at in every period, beside those whose turn it is."""
    for number in range(MOST_AT_ONCE + 10):
        owner = CardOwner(f"book-{number}", 1)
        state = SyncState(owner.spreadsheet_id).touch({f"c{number}": 1}, "stamp")
        office.store.commit([put_card("kaiten", f"c{number}", owner), put_sync(state)])

    assert plan_reconciliation(office.services) == MOST_AT_ONCE + 10 + 1


@pytest.mark.parametrize(("hour", "planned"), [(6, 0), (7, 1), (21, 1), (22, 0)])
def test_workbooks_take_turns_by_day(office: MemoryOffice, hour: int, planned: int) -> None:
    """Nobody works at night; what a webhook speaks of then is looked at all the same."""
    office.clock.set(datetime.fromisoformat(f"2026-11-24T{hour:02}:30:00+03:00"))
    assert plan_reconciliation(office.services) == planned

    office.receive(office.tracker.webhook(office.items()[1].card_id))

    assert plan_reconciliation(office.services) == 1


def test_the_night_looks_at_everything_once(office: MemoryOffice) -> None:
    """With the first call of the night; the next calls go on as by day."""
    office.clock.set(datetime.fromisoformat("2026-11-24T02:00:00+03:00"))

    planned = []
    for _ in range(2):
        call_timer(office.services)
        planned += [task.body.get("is_nightly", False) for task in office.queue.waiting]
        office.queue.waiting.clear()
        office.clock.advance(minutes=15)

    assert planned.count(True) == 1


def test_the_night_draws_what_other_clients_changed(office: MemoryOffice) -> None:
    """A look by day reads the work of no other client; the calendar gets their hours at night."""
    first_id = office.client_id
    office.do("refresh")
    office.create_client(client_name="Улыбка", project_name="Реклама", code="УЛБ")
    office.start({"task": "Макет", "hours_design": "5"})
    office.client_id = first_id
    assert not busy_elsewhere(office)

    call_and_run(office)
    assert not busy_elsewhere(office)
    office.clock.advance(minutes=15)
    plan_reconciliation(office.services, is_nightly=True)
    office.run_queue()

    assert busy_elsewhere(office)


def test_queue_that_does_not_answer(office: MemoryOffice) -> None:
    """Nothing is lost: the next call plans it."""
    office.tracker.move(office.items()[2].card_id, 1)
    office.queue.before("add", no_answer("Cloud Tasks"))
    with pytest.raises(RetriableServiceError):
        plan_reconciliation(office.services)

    call_and_run(office)

    assert statuses(office)[-1] == "В работе"


# --- Hints whose task was lost -----------------------------------------------------------------------


def test_hint_whose_task_was_lost(office: MemoryOffice) -> None:
    """The look does its work, and the next webhook queues a task again."""
    card_id = office.items()[2].card_id
    office.tracker.move(card_id, 1)
    office.receive(office.tracker.webhook(card_id))
    office.queue.lose()

    call_and_run(office)

    assert statuses(office)[-1] == "В работе"
    assert touched_cards(office.store) == []
    office.receive(office.tracker.webhook(card_id))
    assert len(office.queue.waiting) == 1


def test_hint_of_a_finished_item_whose_task_was_lost(office: MemoryOffice) -> None:
    """Its card was opened again: it is read although the item counts as done."""
    card_id = finish(office, 2)
    office.tracker.move(card_id, 1)
    office.receive(office.tracker.webhook(card_id))
    office.queue.lose()

    call_and_run(office)

    assert statuses(office)[-1] == "В работе"
    assert not office.items()[2].is_done


@pytest.mark.parametrize("with_row", [True, False])
def test_hint_of_a_packed_item_whose_task_was_lost(office: MemoryOffice, with_row: bool) -> None:
    """It was packed long ago, and its row may be gone: the hint is not thrown away unread."""
    card_id = finish(office, 2)
    if not with_row:
        tab = office.tab("in_progress")
        office.edit({"type": "delete_rows", "sheet": tab.title, "at": tab.header_index + 5, "count": 1})
    office.clock.advance(days=60)
    office.run_job({"kind": "norms", "spreadsheet_id": office.agency_id})
    assert load_work(office.store, office.client_id, office.agency_id).value.has_finished(2)
    office.tracker.move(card_id, 1)
    office.receive(office.tracker.webhook(card_id))
    office.queue.lose()

    call_and_run(office)

    assert not office.items()[2].is_done
    assert touched_cards(office.store) == []


def test_webhook_and_look_at_once(office: MemoryOffice) -> None:
    """Whichever comes first writes; the other one finds nothing that differs."""
    card_id = office.items()[2].card_id
    office.tracker.move(card_id, 1)
    office.receive(office.tracker.webhook(card_id))
    plan_reconciliation(office.services)

    office.run_queue()

    assert statuses(office)[-1] == "В работе"
    assert (touched_cards(office.store), office.store.keys(LEASE)) == ([], [])
