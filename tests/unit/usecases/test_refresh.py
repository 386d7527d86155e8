"""*Обновить из трекера*: the sheet and the store follow the cards."""

from __future__ import annotations

from datetime import date

import pytest

from tests.harness.fakes.interruptions import busy, no_answer
from tests.harness.memory_office import MemoryOffice, client_office, pushed_office, started_office
from vitrina.errors import BusyError, RetriableServiceError
from vitrina.operations.answer import Outcome
from vitrina.operations.run import LEASE
from vitrina.records.work import load_work

STATE = ("id", "status", "specialist", "progress", "logged_hours")


@pytest.fixture
def office() -> MemoryOffice:
    """Two items with cards: ЗРН-1 with three actions and ЗРН-2 with one."""
    return pushed_office()


def finish(office: MemoryOffice, number: int) -> None:
    """People work on a card and move it to the last column."""
    card_id = office.card(number).card_id
    office.tracker.log_hours(card_id, "11", 2.5)
    office.tracker.tick(card_id)
    office.tracker.move(card_id, -1)


def states(office: MemoryOffice) -> list[tuple[object, ...]]:
    """Rows of *В работе* as they stand."""
    return office.table("in_progress", *STATE)


# --- The main way ------------------------------------------------------------------------------------


def test_sheet_follows_the_card(office: MemoryOffice) -> None:
    """Status, progress and hours of the item whose card moved; the other rows stay."""
    finish(office, 2)

    answer = office.do("refresh")

    assert (answer.outcome, answer.message.code) == (Outcome.DONE, "sync.done")
    assert (answer.data["cards"], answer.data["changed_rows"]) == (2, 4)
    assert states(office)[-1] == ("ЗРН-2", "Выполнено", "Борис Ким", "1/1", 2.5)
    assert [one[1] for one in states(office)[:3]] == ["Онбординг"] * 3


def test_item_is_kept_as_finished(office: MemoryOffice) -> None:
    """With the day on which that was first seen; hours that are logged later still count."""
    finish(office, 2)
    office.do("refresh")
    office.clock.advance(days=1)
    office.tracker.log_hours(office.card(2).card_id, "11", 1.0)

    office.do("refresh")

    item = office.items()[2]
    assert (item.is_done, item.finished_on) == (True, date(2026, 11, 23))
    assert [action.logged_hours for action in item.actions] == [3.5]


def test_card_that_is_opened_again(office: MemoryOffice) -> None:
    """Its item is open again, and has no day of its end."""
    finish(office, 2)
    office.do("refresh")
    office.tracker.move(office.card(2).card_id, 1)

    office.do("refresh")

    item = office.items()[2]
    assert (item.is_done, item.finished_on) == (False, None)
    assert states(office)[-1][1] == "В работе"


def test_hours_stand_with_whoever_logged_them(office: MemoryOffice) -> None:
    """Those of people without an action of their own stand with the first one."""
    card_id = office.card(1).card_id
    for user_id, hours in (("12", 1.0), ("13", 2.0), ("99", 0.5)):
        office.tracker.log_hours(card_id, user_id, hours)

    office.do("refresh")

    assert [one[4] for one in states(office)[:3]] == [0.5, 1.0, 2.0]


def test_other_person_and_other_day(office: MemoryOffice) -> None:
    """The card's people and days stand in the sheet, and in the store the person does."""
    office.tracker.change(office.card(2).card_id, assignee_id="12", due_on=date(2026, 11, 27))

    office.do("refresh")

    assert states(office)[-1][2] == "Борис Ким"
    assert office.items()[2].actions[0].specialist == "Борис Ким"


def test_card_without_its_steps(office: MemoryOffice) -> None:
    """A card that is half made does not give all actions of its item to the card's person."""
    before, item = states(office), office.items()[1]
    office.tracker.change(office.card(1).card_id, steps=())

    office.do("refresh")

    assert [one[2] for one in states(office)] == [one[2] for one in before]
    assert office.items()[1] == item


def test_nothing_differs(office: MemoryOffice) -> None:
    """A click always says when the look was; the store is not written but for the leases."""
    office.do("refresh")
    office.workbooks.calls.clear()
    before = states(office)

    answer = office.do("refresh")

    assert answer.data["changed_rows"] == 0
    assert office.workbooks.calls == {"read": 1, "batch_update": 1}
    assert states(office) == before


def test_costs_two_calls_of_google(office: MemoryOffice) -> None:
    """Whatever the number of cards."""
    finish(office, 1)
    finish(office, 2)
    office.workbooks.calls.clear()

    office.do("refresh")

    assert office.workbooks.calls == {"read": 1, "batch_update": 1}


def test_card_that_is_gone_is_named(office: MemoryOffice) -> None:
    """Its row stays as it is."""
    office.tracker.remove_card(office.card(2).card_id)
    before = states(office)[-1]

    answer = office.do("refresh")

    assert answer.outcome is Outcome.PARTIAL
    assert [(one.code, one.where["items"]) for one in answer.details] == [("sync.gone", ["ЗРН-2"])]
    assert states(office)[-1] == before
    assert not office.items()[2].is_done


def test_row_that_is_gone_is_named(office: MemoryOffice) -> None:
    """The others follow their card."""
    tab = office.tab("in_progress")
    office.edit({"type": "delete_rows", "sheet": tab.title, "at": tab.header_index + 2, "count": 1})
    office.tracker.move(office.card(1).card_id, 1)

    answer = office.do("refresh")

    assert (answer.outcome, [one.code for one in answer.details]) == (Outcome.PARTIAL, ["heal.lost"])
    assert [one[1] for one in states(office)] == ["В работе", "В работе", "Онбординг"]


def test_without_cards_the_sheet_tells(office: MemoryOffice) -> None:
    """An item of which a person says in the sheet that it is done is done."""
    office = started_office()
    office.type("in_progress", 3, status="Выполнено")

    answer = office.do("refresh")

    assert answer.message.code == "sync.nothing"
    item = office.items()[2]
    assert (item.is_done, item.finished_on) == (True, date(2026, 11, 23))
    assert not office.items()[1].is_done


def test_nothing_was_ever_started() -> None:
    """There is nothing to read, and that is said."""
    office = client_office()

    answer = office.do("refresh")

    assert (answer.outcome, answer.message.code, answer.data["cards"]) == (Outcome.DONE, "sync.nothing", 0)


# --- In the middle -----------------------------------------------------------------------------------


def test_tracker_that_does_not_answer(office: MemoryOffice) -> None:
    """Nothing is written at all, also not what was read before."""
    finish(office, 1)
    before = states(office)
    office.tracker.after("get_card", lambda: office.tracker.before("get_card", no_answer("Трекер")))
    office.workbooks.calls.clear()

    with pytest.raises(RetriableServiceError):
        office.do("refresh")

    assert office.workbooks.calls == {"read": 1}
    assert states(office) == before
    assert (office.items()[1].is_done, office.store.keys(LEASE)) == (False, [])


@pytest.mark.parametrize("moment", ["before", "after"])
def test_answer_of_the_write_is_lost(office: MemoryOffice, moment: str) -> None:
    """Whether it was carried out or not, the next look puts sheet and store right."""
    finish(office, 2)
    getattr(office.workbooks, moment)("batch_update", no_answer())
    with pytest.raises(RetriableServiceError):
        office.do("refresh")
    assert not office.items()[2].is_done

    office.do("refresh")

    assert states(office)[-1][1] == "Выполнено"
    assert office.items()[2].is_done


def test_google_is_busy(office: MemoryOffice) -> None:
    """The store does not run ahead of the sheet."""
    finish(office, 2)
    office.workbooks.before("batch_update", busy())

    with pytest.raises(RetriableServiceError):
        office.do("refresh")

    assert not office.items()[2].is_done


def test_rows_moved_while_cards_were_read(office: MemoryOffice) -> None:
    """The sheet is read once more; the cards are not."""
    finish(office, 2)
    tab = office.tab("in_progress")
    at = tab.header_index + 3
    insert = {"type": "insert_rows", "sheet": tab.title, "at": at, "count": 1}
    office.workbooks.before("batch_update", lambda: office.edit(insert))
    office.workbooks.calls.clear()
    office.tracker.calls.clear()

    office.do("refresh")

    assert office.workbooks.calls == {"read": 2, "batch_update": 2}
    assert office.tracker.calls == {"get_card": 2}
    assert states(office)[-1][:2] == ("ЗРН-2", "Выполнено")


def test_edit_of_a_manager_in_the_middle_is_not_lost(office: MemoryOffice) -> None:
    """A cell that he changed between our reading and writing stands beside what the card says."""
    finish(office, 2)
    office.workbooks.before("batch_update", lambda: office.type("in_progress", 0, approval="Принято"))

    office.do("refresh")

    assert office.table("in_progress", "id", "approval")[0] == ("ЗРН-1", "Принято")
    assert states(office)[-1][1] == "Выполнено"


@pytest.mark.parametrize("fake", ["tracker", "workbooks"])
def test_lease_taken_over_in_a_slow_call(office: MemoryOffice, fake: str) -> None:
    """Whether the tracker or Google was slow: neither sheet nor store is written."""
    finish(office, 2)
    before = states(office)

    def take_over() -> None:
        office.clock.advance(seconds=91)
        office.new_run().take(office.client_id)

    call = {"tracker": "get_card", "workbooks": "read"}[fake]
    getattr(office, fake).after(call, take_over)
    office.workbooks.calls.clear()

    with pytest.raises(BusyError):
        office.do("refresh")

    assert office.workbooks.calls == {"read": 1}
    assert states(office) == before
    assert not office.items()[2].is_done


def test_work_changed_between_reading_and_committing(office: MemoryOffice) -> None:
    """What another run noted of the same item survives beside what the card says."""
    finish(office, 2)
    moment = office.clock.now()
    office.tracker.after("get_card", lambda: office.change_item(2, card_lost_at=moment))

    office.do("refresh")

    item = office.items()[2]
    assert (item.is_done, item.card_lost_at) == (True, moment)


def test_item_taken_back_meanwhile_stays_away(office: MemoryOffice) -> None:
    """An undo between reading and committing wins: the item does not come back."""
    finish(office, 2)

    def take_back() -> None:
        work = load_work(office.store, office.client_id, office.agency_id)
        office.store.commit(work.writes(work.value.without_items([2])))

    office.workbooks.after("batch_update", take_back)

    office.do("refresh")

    assert sorted(office.items()) == [1]


# --- Finished long ago -------------------------------------------------------------------------------


def pack_away(office: MemoryOffice) -> None:
    """The night after 45 days: what is done goes into packed documents."""
    office.clock.advance(days=60)
    office.run_job({"kind": "norms", "spreadsheet_id": office.agency_id})


def test_packed_item_whose_row_is_in_the_sheet(office: MemoryOffice) -> None:
    """It is known and its card is read; nothing is written where nothing differs."""
    finish(office, 2)
    office.do("refresh")
    pack_away(office)
    assert sorted(office.items()) == [1]

    answer = office.do("refresh")

    assert (answer.data["cards"], answer.data["changed_rows"]) == (2, 0)
    assert sorted(office.items()) == [1]


def test_packed_item_is_opened_again(office: MemoryOffice) -> None:
    """It comes back among the open ones with its hours, and the packed documents do not have it any more."""
    finish(office, 2)
    office.do("refresh")
    pack_away(office)
    [card] = [one for one in office.tracker.cards if one.title.startswith("ЗРН-2")]
    office.tracker.move(card.card_id, 1)

    office.do("refresh")

    item = office.items()[2]
    assert (item.is_done, item.actions[0].logged_hours) == (False, 2.5)
    assert not load_work(office.store, office.client_id, office.agency_id).value.has_finished(2)
    assert office.store.keys("finished") == []
    assert states(office)[-1][1] == "В работе"
