"""*Проверить книгу* and *Проверить всё*: cells and cards are judged, and nothing is written."""

from __future__ import annotations

from datetime import date
from functools import cache

import pytest

from tests.harness.fakes.interruptions import no_answer
from tests.harness.memory_office import MemoryOffice, SavedOffice, pushed_office
from vitrina.errors import CellsError, UnknownWorkbookError
from vitrina.operations.answer import Answer, Outcome
from vitrina.operations.google_quota import QUOTA_KEY
from vitrina.operations.run import LEASE


@pytest.fixture
def office() -> MemoryOffice:
    """A client with two items in progress and their cards: ЗРН-1 with three actions and ЗРН-2."""
    return pushed_office()


@cache
def _two_clients() -> SavedOffice:
    office = pushed_office()
    office.create_client(client_name="Улыбка", project_name="Реклама", code="УЛБ")
    office.start({"task": "Текст", "hours_development": "5"}, is_pushed=True)
    return office.save()


def codes(answer: Answer) -> list[str]:
    """Codes of what was found."""
    return [one.code for one in answer.details]


# --- The main way ------------------------------------------------------------------------------------


@pytest.mark.parametrize("action", ["check_book", "check_all"])
def test_nothing_contradicts(office: MemoryOffice, action: str) -> None:
    """It says how much was looked at."""
    answer = office.do(action)

    assert (answer.outcome, answer.message.code) == (Outcome.DONE, "check.nothing")
    assert answer.data == {
        "found": 0,
        "unread": 0,
        "allowed": 0,
        "can_replan": False,
        "books": 1,
        "rows": 4,
        "cards": 2,
    }
    assert (answer.details, answer.cells) == ((), ())


def test_nothing_is_written(office: MemoryOffice) -> None:
    """Neither sheets nor tracker; of the store the slots of Google's quota."""
    before = office.store.save()
    office.workbooks.calls.clear()
    office.tracker.calls.clear()

    office.do("check_all")

    assert office.workbooks.calls == {"read": 2}
    assert set(office.tracker.calls) == {"find_cards", "get_card"}
    now = office.store.save()
    changed = {key[0] for key in now.keys() | before.keys() if now.get(key) != before.get(key)}
    assert changed <= {QUOTA_KEY[0], "operation"}


def test_works_while_others_do(office: MemoryOffice) -> None:
    """It takes no lease, and waits for nobody."""
    office.new_run().take(office.client_id, office.agency_id)

    assert office.do("check_book").outcome is Outcome.DONE
    assert sorted(office.store.keys(LEASE)) == sorted([office.client_id, office.agency_id])


# --- Cells -------------------------------------------------------------------------------------------


def test_overload_is_found(office: MemoryOffice) -> None:
    """More hours than the days of the row have, however they are spread; the calendar differs as well."""
    office.type("in_progress", 3, hours="30")

    found = codes(office.do("check_book"))

    assert "check.overload" in found


def test_absence_is_found(office: MemoryOffice) -> None:
    """Somebody is away on the days on which his work should go on."""
    office.type(
        "absences",
        0,
        office.agency_id,
        specialist="Анна Белова",
        first_day="23.11.2026",
        last_day="24.11.2026",
    )

    found = office.do("check_book")

    assert "check.away" in codes(found)
    assert {one.where["name"] for one in found.details} == {"Анна Белова"}


def test_stranger_is_found(office: MemoryOffice) -> None:
    """Work of somebody who is not in the team."""
    row = office.table("specialists", "name", spreadsheet_id=office.agency_id).index(("Борис Ким",))
    office.type("specialists", row, office.agency_id, name="Кто-то Другой")

    assert "check.stranger" in codes(office.do("check_book"))


def test_row_that_stands_twice(office: MemoryOffice) -> None:
    """A copy of a row; its lines are named."""
    tab = office.tab("in_progress")
    last = tab.header_index + 5
    copy = {"from": f"A{last}:M{last}", "to": f"A{last + 1}"}
    office.edit({"type": "copy_paste", "sheet": tab.title, **copy})

    answer = office.do("check_book")

    [double] = [one for one in answer.details if one.code == "check.double"]
    assert double.where["lines"] == [str(last), str(last + 1)]


def test_bad_cells_can_be_gone_to(office: MemoryOffice) -> None:
    """Those of the open workbook are cells of the answer; those of others are sentences."""
    office.type("in_progress", 3, hours="много")

    own, everything = office.do("check_book"), office.do("check_all")

    assert [one.code for one in own.cells] == ["cell.hours_text"]
    assert everything.cells == ()
    # The calendar still shows the hours that the row does not tell any more.
    assert codes(own) == ["check.calendar"]
    assert codes(everything) == ["check.calendar", "books.cell"]
    assert own.data["found"] == everything.data["found"] == 2


def test_only_what_concerns_the_workbook(office: MemoryOffice) -> None:
    """Another client's troubles are not told here, and are told to the agency."""
    office = MemoryOffice(_two_clients())
    office.type("in_progress", 0, hours="60")
    own_id, other_id = office.client_id, office.workbooks.ids[1]

    assert codes(office.do("check_book", other_id)) == []
    assert "check.overload" in codes(office.do("check_book", own_id))
    assert "check.overload" in codes(office.do("check_all"))


# --- Cards -------------------------------------------------------------------------------------------


def test_card_of_another_day(office: MemoryOffice) -> None:
    """Both days are said."""
    office.tracker.change(office.card(2).card_id, due_on=date(2026, 12, 1))

    [told] = office.do("check_book").details

    assert (told.code, told.where["id"], told.where["card"]) == ("check.due", "ЗРН-2", date(2026, 12, 1))


def test_card_of_another_person(office: MemoryOffice) -> None:
    """One whom the agency knows; a person of no action contradicts nothing."""
    office.tracker.change(office.card(2).card_id, assignee_id="11")

    [told] = office.do("check_book").details
    assert (told.code, told.where["card"]) == ("check.person", "Анна Белова")

    office.tracker.change(office.card(2).card_id, assignee_id="99")
    assert codes(office.do("check_book")) == []


def test_card_that_is_gone(office: MemoryOffice) -> None:
    """The link leads nowhere."""
    office.tracker.remove_card(office.card(2).card_id)

    [told] = office.do("check_book").details

    assert (told.code, told.where["id"]) == ("check.gone", "ЗРН-2")


def test_item_with_two_cards(office: MemoryOffice) -> None:
    """The linked one is to be kept, and the other one is named; an archived one is in nobody's way."""
    kept = office.card(2)
    made = office.tracker.made_as(kept.card_id)
    twin = office.tracker.create_card(made)

    [told] = office.do("check_book").details

    assert (told.code, told.where["keep"]) == ("check.card_twice", kept.url)
    assert told.where["extra"] == [office.tracker.card_url(kept.board_id, twin)]
    office.tracker.change(twin, is_archived=True)
    assert codes(office.do("check_book")) == []


def test_finished_work_needs_no_card(office: MemoryOffice) -> None:
    """Nobody looks at it any more: it may be removed from the board."""
    office.tracker.move(office.card(2).card_id, -1)
    office.do("refresh")
    office.tracker.remove_card(office.card(2).card_id)

    assert codes(office.do("check_book")) == []


# --- What cannot be looked at ------------------------------------------------------------------------


def test_tracker_that_does_not_answer(office: MemoryOffice) -> None:
    """The cells are judged, and it is said that the cards were not."""
    office.tracker.before("find_cards", no_answer("Трекер"))

    answer = office.do("check_book")

    assert (answer.outcome, codes(answer)) == (Outcome.PARTIAL, ["check.cards_unread"])
    assert (answer.data["cards"], answer.data["unread"]) == (0, 1)


def test_workbook_that_cannot_be_read() -> None:
    """The others are judged, and it is named."""
    office = MemoryOffice(_two_clients())
    office.workbooks.delete(office.workbooks.ids[1])

    answer = office.do("check_all")

    assert (answer.outcome, codes(answer)) == (Outcome.PARTIAL, ["books.unread"])
    assert (answer.data["books"], answer.data["rows"]) == (1, 1)


def test_bad_cells_of_the_team(office: MemoryOffice) -> None:
    """Without people and days there is nothing to judge by."""
    office.type("specialists", 0, office.agency_id, hours_per_day="много")

    with pytest.raises(CellsError) as refused:
        office.do("check_book")

    assert [one.code for one in refused.value.problems] == ["cell.hours_text"]


def test_each_workbook_has_its_own_check(office: MemoryOffice) -> None:
    """The agency's is no client's, and the other way round."""
    with pytest.raises(UnknownWorkbookError):
        office.do("check_all", office.client_id)


def test_item_reopened_while_it_is_done(office: MemoryOffice) -> None:
    """What happens after a workbook was read is judged the next time; nothing breaks."""
    office.workbooks.after("read", lambda: office.change_item(1, is_done=True))

    assert office.do("check_all").outcome is Outcome.DONE


def test_reordered_steps_are_no_contradiction() -> None:
    """A step is known by its text, wherever people put it."""
    office = pushed_office()
    card = office.card(1)
    office.tracker.change(card.card_id, steps=card.steps[::-1])

    assert office.do("check_book").data["found"] == 0
