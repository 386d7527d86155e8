"""Webhooks: each is a hint to look, and no hint is lost."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest

from tests.harness.fakes.interruptions import busy, no_answer
from tests.harness.fakes.tracker import webhook_of
from tests.harness.memory_office import MemoryOffice, pushed_office
from tests.harness.stored import stored_document, touched_cards
from vitrina.errors import BusyError, RetriableServiceError
from vitrina.jobs.registry import deliver_outbox
from vitrina.operations.google_quota import QUOTA_KEY
from vitrina.operations.outbox import OUTBOX
from vitrina.operations.run import LEASE
from vitrina.ports import Put
from vitrina.records.cards import SYNC
from vitrina.records.work import WORK, load_work


@pytest.fixture
def office() -> MemoryOffice:
    """Two items with cards: ЗРН-1 with three actions and ЗРН-2 with one; the queue is empty."""
    return pushed_office()


def hint(office: MemoryOffice, number: int) -> bool:
    """A webhook about the card of an item."""
    return office.receive(office.tracker.webhook(office.items()[number].card_id))


def move(office: MemoryOffice, number: int, stage: int = 1) -> None:
    """A person moves the card of an item, and the tracker tells us."""
    office.tracker.move(office.items()[number].card_id, stage)
    assert hint(office, number)


def statuses(office: MemoryOffice) -> list[str]:
    """Statuses of the rows in progress."""
    return [status for (status,) in office.table("in_progress", "status")]


def fill_quota(office: MemoryOffice, *, wait_s: float) -> None:
    """Have others book all slots of the quota, so that the next one is free in *wait_s* seconds."""
    moment = office.clock.now().timestamp() - 65.0 + wait_s
    slots = [moment] * office.services.quota_per_minute
    office.store.commit([Put(*QUOTA_KEY, {"at": slots})])


# --- Hints -------------------------------------------------------------------------------------------


def test_hint_is_kept_and_queued(office: MemoryOffice) -> None:
    """The tracker is not asked: the webhook is answered at once."""
    office.tracker.calls.clear()
    office.workbooks.calls.clear()

    assert hint(office, 2)

    assert touched_cards(office.store) == [office.items()[2].card_id]
    [task] = office.queue.waiting
    assert task.body["kind"] == "sync"
    assert task.due_at == office.clock.now() + timedelta(seconds=2)
    assert office.store.keys(OUTBOX) == [task.name]
    assert (office.tracker.calls, office.workbooks.calls) == ({}, {})


def test_card_of_somebody_else(office: MemoryOffice) -> None:
    """A card that we did not make; a body of any form; what Vitrina did itself: nothing is kept."""
    own_id = office.items()[1].card_id
    requests = [
        office.tracker.webhook("999"),
        webhook_of({"card_id": {"$": 1}}),
        webhook_of({}),
        office.tracker.webhook(own_id, author="vitrina"),
        office.tracker.webhook(own_id, secret="wrong"),
    ]

    assert [office.receive(one) for one in requests] == [0] * 5

    assert (office.queue.waiting, office.store.keys(SYNC)) == ([], [])


def test_many_hints_are_one_task(office: MemoryOffice) -> None:
    """Of the same card or of others of the workbook."""
    for number in (1, 2, 1, 1):
        hint(office, number)

    assert len(office.queue.waiting) == 1
    assert len(touched_cards(office.store)) == 2


def test_two_hints_at_the_same_moment(office: MemoryOffice) -> None:
    """The one that comes second to the store is kept as well."""
    office.store.before("commit", lambda: hint(office, 1))

    hint(office, 2)

    assert len(touched_cards(office.store)) == 2
    assert len(office.queue.waiting) == 1


def test_queue_that_does_not_answer(office: MemoryOffice) -> None:
    """The hint is kept, the webhook is answered, and the timer queues the task after its time."""
    office.queue.before("add", no_answer("Cloud Tasks"))
    office.tracker.move(office.items()[2].card_id, 1)
    assert hint(office, 2)
    assert office.queue.waiting == []

    assert deliver_outbox(office.services) == 0
    office.clock.advance(minutes=3)
    assert deliver_outbox(office.services) == 1
    office.run_queue()

    assert statuses(office)[-1] == "В работе"
    assert (touched_cards(office.store), office.store.keys(OUTBOX)) == ([], [])


# --- The main way ------------------------------------------------------------------------------------


def test_touched_card_is_read(office: MemoryOffice) -> None:
    """Only it: one read and one write of the workbook; afterwards nothing waits."""
    move(office, 2)
    office.workbooks.calls.clear()
    office.tracker.calls.clear()

    office.run_queue()

    assert statuses(office) == ["Онбординг", "Онбординг", "Онбординг", "В работе"]
    assert office.tracker.calls == {"get_card": 1}
    assert office.workbooks.calls == {"read": 1, "batch_update": 1}
    assert touched_cards(office.store) == []
    assert (office.store.keys(OUTBOX), office.store.keys(LEASE)) == ([], [])


def test_next_hint_queues_a_task_again(office: MemoryOffice) -> None:
    """Under another name, as the queue takes none twice."""
    move(office, 2)
    office.run_queue()

    move(office, 2, 2)
    [name] = [task.name for task in office.queue.waiting]
    office.run_queue()

    assert statuses(office)[-1] == "На проверке"
    assert name not in office.store.keys(OUTBOX)


def test_second_delivery_does_no_harm(office: MemoryOffice) -> None:
    """The queue delivers at least once."""
    move(office, 2)
    [task] = office.queue.waiting
    office.run_queue()

    office.run_job(task.body)

    assert statuses(office)[-1] == "В работе"
    assert office.store.keys(LEASE) == []


def test_card_that_is_gone_by_now(office: MemoryOffice) -> None:
    """Its row stays, and the hint is done with."""
    card_id = office.items()[2].card_id
    hint(office, 2)
    office.tracker.remove_card(card_id)

    office.run_queue()

    assert statuses(office) == ["Онбординг"] * 4
    assert touched_cards(office.store) == []


def test_hint_of_an_item_that_was_taken_back(office: MemoryOffice) -> None:
    """Nothing is read of it."""
    office.tracker.before("remove_card", lambda: hint(office, 1))
    office.do("undo")
    office.tracker.calls.clear()

    office.run_queue()

    assert office.tracker.calls == {}
    assert touched_cards(office.store) == []


# --- The quota ---------------------------------------------------------------------------------------


def test_slot_that_has_not_come(office: MemoryOffice) -> None:
    """Nothing is asked of Google: the task waits for its slot, and further hints go with it."""
    move(office, 2)
    office.clock.advance(seconds=2)
    fill_quota(office, wait_s=30)
    office.workbooks.calls.clear()

    office.queue.run_next(office.run_job)

    assert office.workbooks.calls == {}
    [waiting] = office.queue.waiting
    assert waiting.due_at == office.clock.now() + timedelta(seconds=30)
    assert office.store.keys(OUTBOX) == [waiting.name]
    move(office, 1)
    assert office.queue.waiting == [waiting]
    office.run_queue()
    assert statuses(office) == ["В работе"] * 4
    assert office.store.keys(OUTBOX) == []


def test_queue_that_does_not_take_the_waiting_task(office: MemoryOffice) -> None:
    """The delivery fails and comes again; the task is queued once, and the cards are read."""
    move(office, 2)
    office.clock.advance(seconds=2)
    fill_quota(office, wait_s=30)
    office.queue.before("add", no_answer("Cloud Tasks"))
    with pytest.raises(RetriableServiceError):
        office.queue.run_next(office.run_job)

    office.run_queue()

    assert statuses(office)[-1] == "В работе"
    assert touched_cards(office.store) == []


def test_others_book_at_the_same_moment(office: MemoryOffice) -> None:
    """The slot is booked anew: what had come for us has not come any more."""
    move(office, 2)
    office.clock.advance(seconds=2)
    office.store.before("commit", lambda: fill_quota(office, wait_s=30))
    office.workbooks.calls.clear()

    office.queue.run_next(office.run_job)

    assert office.workbooks.calls == {}
    assert len(office.queue.waiting) == 1
    assert office.store.keys(LEASE) == []


def test_slot_comes_while_it_is_booked(office: MemoryOffice) -> None:
    """The lease is taken all the same before the workbook is read."""
    move(office, 2)
    office.clock.advance(seconds=2)
    fill_quota(office, wait_s=1)

    def wait() -> None:
        office.clock.advance(seconds=2)
        office.store.touch(*QUOTA_KEY)

    held: list[list[str]] = []
    office.store.before("commit", wait)
    office.workbooks.before("read", lambda: held.append(office.store.keys(LEASE)))

    office.run_queue()

    assert held == [[office.client_id]]
    assert statuses(office)[-1] == "В работе"
    assert office.store.keys(LEASE) == []


# --- In the middle -----------------------------------------------------------------------------------


def test_card_touched_again_while_it_is_read(office: MemoryOffice) -> None:
    """The later hint stays, and its own task reads the card once more."""
    move(office, 2)
    office.tracker.after("get_card", lambda: move(office, 2, 2))
    office.clock.advance(seconds=2)
    office.queue.run_next(office.run_job)
    assert statuses(office)[-1] == "В работе"
    assert len(touched_cards(office.store)) == 1

    office.run_queue()

    assert statuses(office)[-1] == "На проверке"
    assert touched_cards(office.store) == []


def test_other_card_touched_meanwhile(office: MemoryOffice) -> None:
    """Nothing of it is lost with the hints that were read."""
    move(office, 2)
    office.workbooks.before("batch_update", lambda: move(office, 1))

    office.run_queue()

    assert statuses(office) == ["В работе"] * 4


@pytest.mark.parametrize(
    ("fake", "moment", "call", "fault"),
    [
        ("tracker", "before", "get_card", no_answer("Трекер")),
        ("workbooks", "before", "read", busy()),
        ("workbooks", "before", "batch_update", busy()),
        ("workbooks", "after", "batch_update", no_answer()),
    ],
)
def test_outside_that_fails(office: MemoryOffice, fake: str, moment: str, call: str, fault: object) -> None:
    """The hint stays, the lease is given back, and the next delivery puts the sheet right."""
    move(office, 2)
    getattr(getattr(office, fake), moment)(call, fault)
    with pytest.raises(RetriableServiceError):
        office.run_queue()
    assert len(touched_cards(office.store)) == 1
    assert office.store.keys(LEASE) == []

    office.run_queue()

    assert statuses(office)[-1] == "В работе"
    assert touched_cards(office.store) == []


def test_lease_taken_over_in_a_slow_call(office: MemoryOffice) -> None:
    """Nothing is written, neither sheet nor hints; the next delivery does it."""
    move(office, 2)
    other = office.new_run()

    def take_over() -> None:
        office.clock.advance(seconds=91)
        other.take(office.client_id)

    office.tracker.after("get_card", take_over)
    with pytest.raises(BusyError):
        office.run_queue()
    assert statuses(office)[-1] == "Онбординг"
    assert len(touched_cards(office.store)) == 1
    other.end()

    office.run_queue()

    assert statuses(office)[-1] == "В работе"


def test_work_changed_meanwhile(office: MemoryOffice) -> None:
    """What another run wrote of the item survives beside what its card says."""
    move(office, 2, -1)
    moment = office.clock.now()
    office.tracker.after("get_card", lambda: office.change_item(2, card_lost_at=moment))

    office.run_queue()

    item = office.items()[2]
    assert (item.is_done, item.card_lost_at) == (True, moment)


# --- Finished long ago -------------------------------------------------------------------------------


def pack_banner(office: MemoryOffice, *, with_row: bool) -> str:
    """The banner is done and packed; gives the id of its card. Without a row, people took it out."""
    card_id = office.items()[2].card_id
    office.tracker.log_hours(card_id, "11", 2.0)
    office.tracker.move(card_id, -1)
    office.do("refresh")
    if not with_row:
        tab = office.tab("in_progress")
        office.edit({"type": "delete_rows", "sheet": tab.title, "at": tab.header_index + 5, "count": 1})
    office.clock.advance(days=60)
    office.run_job({"kind": "norms", "spreadsheet_id": office.agency_id})
    assert load_work(office.store, office.client_id, office.agency_id).value.finished == ((2, 2),)
    return card_id


@pytest.mark.parametrize("with_row", [True, False])
def test_packed_item_whose_card_is_opened(office: MemoryOffice, with_row: bool) -> None:
    """It comes back among the open ones with all that it had, whether its row is in the sheet or not."""
    card_id = pack_banner(office, with_row=with_row)
    office.tracker.move(card_id, 1)
    assert office.receive(office.tracker.webhook(card_id))

    office.run_queue()

    item = office.items()[2]
    assert (item.is_done, item.finished_on, item.card_id) == (False, None, card_id)
    assert [action.logged_hours for action in item.actions] == [2.0]
    assert load_work(office.store, office.client_id, office.agency_id).value.finished == ()
    assert office.store.keys("finished") == []


def test_packed_item_whose_card_gets_hours(office: MemoryOffice) -> None:
    """They are kept: the item comes back until the next night packs it again."""
    card_id = pack_banner(office, with_row=True)
    office.tracker.log_hours(card_id, "11", 1.0)
    office.receive(office.tracker.webhook(card_id))

    office.run_queue()
    assert office.items()[2].actions[0].logged_hours == 3.0
    office.run_job({"kind": "norms", "spreadsheet_id": office.agency_id})

    assert sorted(office.items()) == [1]
    assert load_work(office.store, office.client_id, office.agency_id).value.finished == ((2, 2),)


def test_packed_item_whose_card_only_moved_about(office: MemoryOffice) -> None:
    """Where nothing differs it stays packed."""
    card_id = pack_banner(office, with_row=True)
    office.receive(office.tracker.webhook(card_id))

    office.run_queue()

    assert sorted(office.items()) == [1]
    assert touched_cards(office.store) == []


def finish_then_pack_while_read(office: MemoryOffice) -> str:
    """The banner is done; the night comes right after its card is read. Gives the id of the card."""
    card_id = office.items()[2].card_id
    office.tracker.move(card_id, -1)
    office.do("refresh")
    office.clock.advance(days=60)
    night = {"kind": "norms", "spreadsheet_id": office.agency_id}
    office.tracker.after("get_card", lambda: office.run_job(night))
    return card_id


def test_item_packed_while_its_card_is_read(office: MemoryOffice) -> None:
    """The night comes between reading and committing: what the card says is not lost."""
    card_id = finish_then_pack_while_read(office)
    office.tracker.move(card_id, 1)
    office.receive(office.tracker.webhook(card_id))

    office.run_queue()

    assert not office.items()[2].is_done
    assert load_work(office.store, office.client_id, office.agency_id).value.finished == ()
    assert statuses(office)[-1] == "В работе"
    assert stored_document(office.store, SYNC, office.client_id) is not None


def test_hours_of_an_item_packed_while_its_card_is_read(office: MemoryOffice) -> None:
    """The same for hours, which no calendar shows: the queue brings the task back."""
    card_id = finish_then_pack_while_read(office)
    office.tracker.log_hours(card_id, "11", 2.0)
    office.receive(office.tracker.webhook(card_id))
    with pytest.raises(BusyError):
        office.run_queue()
    assert len(touched_cards(office.store)) == 1

    office.run_queue()

    assert office.items()[2].actions[0].logged_hours == 2.0
    assert touched_cards(office.store) == []


# --- Other clients -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "is_drawn"),
    [
        (lambda office, card_id: office.tracker.move(card_id, 1), False),
        (lambda office, card_id: office.tracker.log_hours(card_id, "11", 1.0), False),
        (lambda office, card_id: office.tracker.change(card_id, due_on=date(2026, 11, 30)), False),
        (lambda office, card_id: office.tracker.tick(card_id), True),
        (lambda office, card_id: office.tracker.move(card_id, -1), True),
    ],
)
def test_work_of_others_is_read_where_time_is_freed(
    office: MemoryOffice, change: Callable[[MemoryOffice, str], None], is_drawn: bool
) -> None:
    """Calendar and days of the end need it, and only they: a moved card costs no document of each client."""
    office.do("refresh")
    card_id = office.items()[1].card_id
    change(office, card_id)
    office.receive(office.tracker.webhook(card_id))
    asked: list[str] = []
    find = office.store.find
    office.store.find = lambda kind, /, **rest: [asked.append(kind), find(kind, **rest)][1]  # type: ignore[method-assign,func-returns-value]

    office.run_queue()

    assert (WORK in asked) == is_drawn
