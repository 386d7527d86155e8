"""The night: what was finished long ago is packed away, and norms are learned."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from tests.harness.agency_data import NOW
from tests.harness.fakes.interruptions import busy, no_answer
from tests.harness.memory_office import MemoryOffice, agency_office, pushed_office
from tests.harness.stored import stored_history
from vitrina.errors import BusyError, CellsError, RetriableServiceError
from vitrina.jobs.nightly import NIGHT, plan_nights
from vitrina.jobs.registry import deliver_outbox
from vitrina.operations.google_quota import QUOTA_KEY
from vitrina.operations.outbox import OUTBOX
from vitrina.operations.run import LEASE
from vitrina.ports import Put
from vitrina.records.finished import FINISHED, load_finished
from vitrina.records.work import ProjectWork, load_work

THREE_AT_NIGHT = datetime.fromisoformat("2026-11-24T03:00:00+03:00")


@pytest.fixture
def office() -> MemoryOffice:
    """Two items with cards: ЗРН-1 is open, and ЗРН-2 took 5 hours and is done today."""
    office = pushed_office()
    card_id = office.items()[2].card_id
    office.tracker.log_hours(card_id, "11", 5.0)
    office.tracker.move(card_id, -1)
    office.do("refresh")
    return office


def work(office: MemoryOffice) -> ProjectWork:
    """What the project has in progress, by the store."""
    return load_work(office.store, office.client_id, office.agency_id).value


def night(office: MemoryOffice, days: int = 0) -> None:
    """The night's job, so many days later."""
    office.clock.advance(days=days)
    office.run_job({"kind": "norms", "spreadsheet_id": office.agency_id})


# --- Webhooks ----------------------------------------------------------------------------------------


def test_webhook_of_each_project_is_connected_again(office: MemoryOffice) -> None:
    """The tracker may have deleted it; it is made before the lease, as the tracker calls us back."""
    office.tracker._state.webhook_boards.clear()

    night(office)

    assert len(office.tracker._state.webhook_boards) == 1


def test_tracker_that_does_not_answer_keeps_nothing_from_the_night(office: MemoryOffice) -> None:
    """The next night tries again."""
    office.tracker.before("connect_webhook", busy())

    night(office)

    assert stored_history(office.store, office.agency_id)


# --- Packing -----------------------------------------------------------------------------------------


def test_finished_item_is_packed_after_45_days(office: MemoryOffice) -> None:
    """Not before: its hours count against limits of the month. Open ones stay, however old."""
    night(office, 45)
    assert sorted(office.items()) == [1, 2]

    night(office, 1)

    assert sorted(office.items()) == [1]
    assert work(office).finished == ((2, 2),)
    packed = load_finished(office.store, office.client_id, office.agency_id, [1, 2])
    assert [(item.code, item.is_done) for item in packed.values()] == [("ЗРН-2", True)]


def test_packed_item_is_still_a_fact(office: MemoryOffice) -> None:
    """Norms are learned from it once, before and after."""
    before = len(stored_history(office.store, office.agency_id))

    night(office, 60)

    assert len(stored_history(office.store, office.agency_id)) == before == 12


def test_second_night_changes_nothing(office: MemoryOffice) -> None:
    """What is packed is packed."""
    night(office, 60)
    keys = [("work", office.client_id), (FINISHED, f"{office.client_id}:0")]
    before = office.store.get_many(keys)

    night(office, 1)

    assert office.store.get_many(keys) == before


def test_project_with_nothing_left_is_not_looked_at(office: MemoryOffice) -> None:
    """Once all is packed, a click of another client reads nothing of it."""
    card_id = office.items()[1].card_id
    office.tracker.move(card_id, -1)
    office.do("refresh")

    night(office, 60)

    assert work(office).items == {}
    assert work(office).finished == ((1, 2),)
    where = {"agency_id": office.agency_id, "is_open": True}
    assert office.store.find("work", where=where) == []


def test_item_packed_opened_and_packed_again(office: MemoryOffice) -> None:
    """Each time it is at one place only."""
    night(office, 60)
    card = next(one for one in office.tracker.cards if one.title.startswith("ЗРН-2"))
    office.tracker.move(card.card_id, 1)
    office.do("refresh")
    assert (sorted(office.items()), work(office).finished) == ([1, 2], ())
    night(office, 60)
    assert sorted(office.items()) == [1, 2]  # open ones stay
    office.tracker.move(card.card_id, -1)
    office.do("refresh")

    night(office, 60)

    assert (sorted(office.items()), work(office).finished) == ([1], ((2, 2),))


def test_item_opened_while_it_is_packed(office: MemoryOffice) -> None:
    """The store changed between reading and committing: it waits for the next night, with the change."""
    office.clock.advance(days=60)
    # After the work of all projects was read, and the packed documents for it.
    office.store.after(
        "find", lambda: office.store.after("get_many", lambda: office.change_item(2, is_done=False))
    )

    night(office)

    assert not office.items()[2].is_done
    assert (work(office).finished, office.store.keys(FINISHED)) == ((), [])


def test_bad_cell_of_a_norm_does_not_stop_the_packing(office: MemoryOffice) -> None:
    """It may stand there for months; the cost of a click must not grow meanwhile."""
    office.type("norms", 0, office.agency_id, pinned_hours="0")

    with pytest.raises(CellsError):
        night(office, 60)

    assert sorted(office.items()) == [1]
    assert office.store.keys(LEASE) == []


def test_google_does_not_answer(office: MemoryOffice) -> None:
    """The queue delivers again; what could be packed is packed."""
    office.workbooks.before("read", no_answer())
    with pytest.raises(RetriableServiceError):
        night(office, 60)
    assert office.store.keys(LEASE) == []

    night(office)

    assert sorted(office.items()) == [1]


# --- Learning ----------------------------------------------------------------------------------------


def test_norms_follow_what_was_finished(office: MemoryOffice) -> None:
    """Without a click of anybody."""
    night(office)

    rows = office.table("norms", "work_type", "fact_count", spreadsheet_id=office.agency_id)
    assert ("Баннер", 4.0) in rows


def test_agency_without_finished_work() -> None:
    """There is nothing to learn from, and that is no failure."""
    office = MemoryOffice()
    office.set_up_agency(facts={})

    night(office)

    assert office.store.keys(LEASE) == []


def test_norms_that_somebody_recalculates_just_now() -> None:
    """The night waits for the click, which holds the agency's workbook."""
    office = agency_office()
    click = office.new_run()
    click.take(office.agency_id)
    # Its first look at the lease finds it held.
    office.store.after("get_many", lambda: office.store.after("get_many", click.end))

    night(office)

    assert office.store.keys(LEASE) == []


def test_lease_taken_over_while_it_learns(office: MemoryOffice) -> None:
    """A slow night writes nothing over what a click has learned meanwhile."""

    def take_over() -> None:
        office.clock.advance(seconds=91)
        office.new_run().take(office.agency_id)

    office.workbooks.after("read", take_over)
    before = office.table("norms", "work_type", "fact_count", spreadsheet_id=office.agency_id)

    with pytest.raises(BusyError):
        night(office)

    after = office.table("norms", "work_type", "fact_count", spreadsheet_id=office.agency_id)
    assert after == before


def run_protection(office: MemoryOffice) -> None:
    """Run the other job of the night, so that the one of the norms is left."""
    [task] = [one for one in office.queue.waiting if one.body["kind"] == "protect"]
    office.queue.waiting.remove(task)
    office.run_job(task.body)


# --- Planning ----------------------------------------------------------------------------------------


def test_night_is_planned_once(office: MemoryOffice) -> None:
    """For each agency, by the first call of the timer at night."""
    assert plan_nights(office.services) == 0
    office.clock.set(THREE_AT_NIGHT)

    assert [plan_nights(office.services) for _ in range(3)] == [1, 0, 0]

    assert sorted(one.body["kind"] for one in office.queue.waiting) == ["norms", "protect"]
    office.run_queue()
    assert office.store.keys(OUTBOX) == []
    office.clock.advance(days=1)
    assert plan_nights(office.services) == 1


def test_night_whose_task_was_not_queued(office: MemoryOffice) -> None:
    """The wish stands in the outbox, so that the timer queues it later."""
    office.clock.set(THREE_AT_NIGHT)
    office.queue.before("add", no_answer("Cloud Tasks"))
    with pytest.raises(RetriableServiceError):
        plan_nights(office.services)
    assert office.store.keys(NIGHT) == [office.agency_id]

    office.clock.advance(minutes=15)
    assert plan_nights(office.services) == 0
    assert deliver_outbox(office.services) == 2
    office.run_queue()

    rows = office.table("norms", "work_type", "fact_count", spreadsheet_id=office.agency_id)
    assert ("Баннер", 4.0) in rows
    assert office.store.keys(OUTBOX) == []


def test_night_waits_for_its_slot(office: MemoryOffice) -> None:
    """All slots of the quota are booked: nothing is asked of Google before."""
    office.clock.set(THREE_AT_NIGHT)
    plan_nights(office.services)
    run_protection(office)
    moment = office.clock.now().timestamp() - 65.0 + 30.0
    office.store.commit([Put(*QUOTA_KEY, {"at": [moment] * office.services.quota_per_minute})])
    office.workbooks.calls.clear()

    office.queue.run_next(office.run_job)

    assert office.workbooks.calls == {}
    [task] = office.queue.waiting
    assert task.due_at == office.clock.now() + timedelta(seconds=30)
    assert office.store.keys(OUTBOX) == [task.name]
    office.run_queue()
    assert office.workbooks.calls["read"] == 1
    assert office.store.keys(OUTBOX) == []


def test_busy_google_leaves_the_night_to_the_queue(office: MemoryOffice) -> None:
    """The task fails and is delivered again."""
    office.clock.set(THREE_AT_NIGHT)
    plan_nights(office.services)
    run_protection(office)
    office.workbooks.before("batch_update", busy())
    with pytest.raises(RetriableServiceError):
        office.run_queue()
    assert len(office.queue.waiting) == 1

    office.run_queue()

    assert office.queue.waiting == []
    assert office.clock.now() > NOW
