"""*Обновить загрузку*: promised hours are put right by the cells of all workbooks, then drawn."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from functools import cache
from typing import Any

import pytest

from tests.harness.agency_data import NOW
from tests.harness.fakes.interruptions import busy, no_answer
from tests.harness.memory_office import MemoryOffice, SavedOffice, agency_office, client_office
from tests.harness.stored import stored_works
from vitrina.domain.quantities import serial_of_day
from vitrina.errors import BusyError, CellsError, RetriableServiceError, UnknownWorkbookError
from vitrina.operations.answer import Outcome
from vitrina.operations.run import LEASE
from vitrina.records.work import taken_hours

MONDAY, TUESDAY, WEDNESDAY = (date(2026, 11, day) for day in (23, 24, 25))


@pytest.fixture
def office() -> MemoryOffice:
    """Two clients, of whom the second is the current one: Vera works for both of them."""
    return MemoryOffice(_two_clients())


@cache
def _two_clients() -> SavedOffice:
    office = client_office()
    office.start({"task": "Форма", "hours_development": "12"}, {"task": "Баннер", "hours_design": "10"})
    office.create_client(client_name="Улыбка", project_name="Реклама", code="УЛБ")
    office.start({"task": "Кнопка", "hours_development": "10"}, {"task": "Текст", "hours_copy": "5"})
    return office.save()


def first_client(office: MemoryOffice) -> str:
    """Id of the workbook of the first client, ЗРН; the second one is the current client."""
    return office.workbooks.ids[1]


def promised(office: MemoryOffice) -> dict[str, dict[date, float]]:
    """Hours that the store takes for promised, by person and day."""
    taken = taken_hours(stored_works(office.store, office.agency_id))
    return {
        name: {day: round(hours, 2) for day, hours in sorted(days.items())}
        for name, days in taken.items()
        if days
    }


def load(office: MemoryOffice) -> dict[str, tuple[Any, ...]]:
    """Hours of the first three days by person, as they are drawn."""
    columns = ("specialist", "day.1", "day.2", "day.3")
    lines = office.table("load", *columns, spreadsheet_id=office.agency_id)
    return {line[0]: line[1:] for line in lines}


def board(office: MemoryOffice) -> list[str]:
    """ID texts on the board."""
    return [code for (code,) in office.table("board", "id", spreadsheet_id=office.agency_id)]


BEFORE: Mapping[str, Mapping[date, float]] = {
    "Анна Белова": {MONDAY: 8.0, TUESDAY: 2.0},
    "Борис Ким": {MONDAY: 5.0},
    "Вера Орлова": {MONDAY: 8.0, TUESDAY: 8.0, WEDNESDAY: 6.0},
}


# --- The main way ------------------------------------------------------------------------------------


def test_load_is_that_of_all_clients(office: MemoryOffice) -> None:
    """What was promised is drawn day by day; the board and the projects follow."""
    answer = office.do("update_load")

    assert (answer.outcome, answer.message.code) == (Outcome.DONE, "load.done")
    assert answer.data == {"books": 2, "unread": 0, "rows": 4}
    assert promised(office) == BEFORE
    assert load(office) == {
        "Анна Белова": (8.0, 2.0, None),
        "Борис Ким": (5.0, None, None),
        "Вера Орлова": (8.0, 8.0, 6.0),
    }
    assert sorted(board(office)) == ["ЗРН-1", "ЗРН-2", "УЛБ-1", "УЛБ-2"]
    due = office.table("projects", "code", "next_due", spreadsheet_id=office.agency_id)
    assert ("УЛБ", float(serial_of_day(MONDAY))) in due


def test_one_read_of_each_workbook(office: MemoryOffice) -> None:
    """And one write of the agency's; clients' files are not written."""
    office.workbooks.calls.clear()

    office.do("update_load")

    assert office.workbooks.calls == {"read": 3, "batch_update": 1}
    assert office.store.keys(LEASE) == []


def test_row_that_is_gone_frees_its_person(office: MemoryOffice) -> None:
    """Nobody works on it."""
    tab = office.tab("in_progress")
    office.edit({"type": "delete_rows", "sheet": tab.title, "at": tab.header_index + 3, "count": 1})

    office.do("update_load")

    assert "Борис Ким" not in promised(office)
    assert "УЛБ-2" not in board(office)


def test_row_handed_to_somebody_else(office: MemoryOffice) -> None:
    """Its hours are promised by the other one, on the days of the row."""
    office.type("in_progress", 1, specialist="анна белова", start_on="25.11.2026", due_on="25.11.2026")

    office.do("update_load")

    assert promised(office)["Анна Белова"] == {MONDAY: 8.0, TUESDAY: 2.0, WEDNESDAY: 5.0}
    assert "Борис Ким" not in promised(office)


def test_row_that_is_done_frees_its_person(office: MemoryOffice) -> None:
    """It is on the board no more."""
    office.type("in_progress", 1, status="Выполнено")

    office.do("update_load")

    assert "Борис Ким" not in promised(office)
    assert sorted(board(office)) == ["ЗРН-1", "ЗРН-2", "УЛБ-1"]


def test_rows_of_peoples_own_bind_them(office: MemoryOffice) -> None:
    """Work that nobody planned takes hours too; without a number it is no item."""
    office.type(
        "in_progress",
        2,
        action="Созвон",
        specialist="Борис Ким",
        hours="1",
        start_on="23.11.2026",
        due_on="23.11.2026",
    )

    office.do("update_load")

    assert promised(office)["Борис Ким"] == {MONDAY: 6.0}
    assert sorted(office.items()) == [1, 2]


def test_client_who_has_only_rows_of_peoples_own() -> None:
    """Nothing was ever started for him."""
    office = client_office()
    row = {"action": "Созвон", "specialist": "Борис Ким", "hours": "2", "start_on": "23.11.2026"}
    office.type("in_progress", 0, due_on="23.11.2026", **row)

    office.do("update_load")

    assert promised(office) == {"Борис Ким": {MONDAY: 2.0}}
    tab = office.tab("in_progress")
    office.edit({"type": "delete_rows", "sheet": tab.title, "at": tab.header_index + 2, "count": 1})
    office.do("update_load")
    assert promised(office) == {}


def test_overload_is_named(office: MemoryOffice) -> None:
    """Whose, on how many days, and how much."""
    office.type("in_progress", 1, hours="20")

    answer = office.do("update_load")

    [told] = answer.details
    assert (told.code, told.where["name"], told.where["hours"]) == ("load.over", "Борис Ким", 20.0)


def test_work_of_somebody_who_is_not_in_the_team(office: MemoryOffice) -> None:
    """He left, and his work did not: the manager hears of it."""
    row = office.table("specialists", "name", spreadsheet_id=office.agency_id).index(("Борис Ким",))
    office.type("specialists", row, office.agency_id, name="Кто-то Другой")

    answer = office.do("update_load")

    assert [one.code for one in answer.details] == ["load.stranger"]
    assert load(office)["Борис Ким"] == (5.0, None, None)


def test_agency_without_clients() -> None:
    """Its people are free."""
    office = agency_office()

    answer = office.do("update_load")

    assert answer.data == {"books": 0, "unread": 0, "rows": 0}
    assert load(office)["Анна Белова"] == (None, None, None)


# --- What is refused or left out ---------------------------------------------------------------------


def test_workbook_that_cannot_be_read(office: MemoryOffice) -> None:
    """It is named; what is known of it is shown, and its people are not free."""
    office.workbooks.delete(first_client(office))

    answer = office.do("update_load")

    assert (answer.outcome, answer.message.code) == (Outcome.PARTIAL, "load.partial")
    assert [one.code for one in answer.details] == ["books.unread"]
    assert promised(office) == BEFORE
    assert sorted(board(office)) == ["ЗРН-1", "ЗРН-2", "УЛБ-1", "УЛБ-2"]


def test_tab_that_people_took_away(office: MemoryOffice) -> None:
    """The others are drawn, and it is named."""
    title = office.tab("board", office.agency_id).title
    office.edit({"type": "delete_tab", "sheet": title}, spreadsheet_id=office.agency_id)

    answer = office.do("update_load")

    assert (answer.outcome, [one.code for one in answer.details]) == (Outcome.PARTIAL, ["shape.tab_gone"])
    assert load(office)["Борис Ким"] == (5.0, None, None)


def test_bad_cells_of_the_team_are_told(office: MemoryOffice) -> None:
    """Without people there is nothing to draw; no promise is changed."""
    office.type("specialists", 0, office.agency_id, hours_per_day="много")

    with pytest.raises(CellsError):
        office.do("update_load")

    assert promised(office) == BEFORE


def test_workbook_of_a_client_is_no_agency(office: MemoryOffice) -> None:
    """There is no load in it."""
    with pytest.raises(UnknownWorkbookError):
        office.do("update_load", office.client_id)


def test_second_click_at_once(office: MemoryOffice) -> None:
    """It is told that the first one is at work."""
    office.new_run().take(f"load:{office.agency_id}")

    with pytest.raises(BusyError):
        office.do("update_load")


# --- In the middle -----------------------------------------------------------------------------------


def after_client_reads(office: MemoryOffice, do: Any) -> None:
    """Have something happen when the agency's and both clients' workbooks are read."""
    for _ in range(2):
        office.workbooks.after("read", lambda: None)
    office.workbooks.after("read", do)


def test_start_in_the_middle(office: MemoryOffice) -> None:
    """What is promised after its workbook was read stays promised, beside what the cells say."""
    office.type("in_progress", 1, status="Выполнено")
    after_client_reads(office, lambda: office.start({"task": "Ещё", "hours_copy": "3"}))

    office.do("update_load")

    assert promised(office)["Борис Ким"] == {MONDAY: 3.0}
    assert sorted(office.items()) == [1, 2, 3]


def test_days_are_found_beside_what_was_promised_in_the_middle(office: MemoryOffice) -> None:
    """A row whose hours changed gets days on which its person is still free."""
    # Boris has 6 hours a day. His 5 on Monday become 6, on Monday or Tuesday.
    office.type("in_progress", 1, hours="6", due_on="24.11.2026")
    # Planned by the store, where 1 hour is left on Monday: 1 on Monday and 5 on Tuesday.
    after_client_reads(office, lambda: office.start({"task": "Ещё", "hours_copy": "6"}))

    answer = office.do("update_load")

    assert promised(office)["Борис Ким"] == {MONDAY: 6.0, TUESDAY: 6.0}
    assert answer.details == ()


def test_item_changed_in_the_middle(office: MemoryOffice) -> None:
    """What a push or a webhook wrote of an item after we had read it is left as it is."""
    office.type("in_progress", 0, specialist="Анна Белова")
    after_client_reads(office, lambda: office.change_item(1, card_id="77"))

    office.do("update_load")

    item = office.items()[1]
    assert (item.card_id, item.actions[0].specialist) == ("77", "Вера Орлова")
    office.do("update_load")
    item = office.items()[1]
    assert (item.card_id, item.actions[0].specialist) == ("77", "Анна Белова")


def test_undo_in_the_middle(office: MemoryOffice) -> None:
    """What was taken back does not come back."""
    after_client_reads(office, lambda: office.do("undo"))

    office.do("update_load")

    assert office.items() == {}
    assert promised(office)["Вера Орлова"] == {MONDAY: 8.0, TUESDAY: 4.0}


def test_change_of_the_other_client_survives(office: MemoryOffice) -> None:
    """One item changed meanwhile keeps its own change; the others of all clients are put right."""
    office.type("in_progress", 1, status="Выполнено")
    after_client_reads(office, lambda: office.change_item(1, is_card_wanted=True))

    office.do("update_load")

    assert "Борис Ким" not in promised(office)
    assert office.items()[1].is_card_wanted


@pytest.mark.parametrize("moment", ["before", "after"])
def test_start_whose_write_is_in_doubt(office: MemoryOffice, moment: str) -> None:
    """The cells decide: its hours bind where the rows stand, and are free where they do not."""
    office.fill_backlog({"task": "Ещё", "hours_copy": "3"})
    office.do("estimate")
    preview_id = office.do("build_batch").data["preview_id"]
    getattr(office.workbooks, moment)("batch_update", no_answer())
    with pytest.raises(RetriableServiceError):
        office.do("start_batch", preview_id=preview_id)
    assert office.items()[3].is_reserved

    office.do("update_load")

    items = office.items()
    assert (3 in items) == (moment == "after")
    assert not any(item.is_reserved for item in items.values())
    # 5 hours of the text, and 3 of the other one of which 1 is left on Monday.
    hours = {MONDAY: 6.0, TUESDAY: 2.0} if moment == "after" else {MONDAY: 5.0}
    assert promised(office)["Борис Ким"] == hours


def test_agencys_workbook_changed_before_the_write(office: MemoryOffice) -> None:
    """It is read once more and drawn where its tabs stand now; the clients' are not read again."""
    tab = office.tab("load", office.agency_id)
    insert = {"type": "insert_rows", "sheet": tab.title, "at": 1, "count": 1}
    office.workbooks.before("batch_update", lambda: office.edit(insert, spreadsheet_id=office.agency_id))
    office.workbooks.calls.clear()

    office.do("update_load")

    assert load(office)["Борис Ким"] == (5.0, None, None)
    assert office.workbooks.calls == {"read": 4, "batch_update": 2}


@pytest.mark.parametrize("fault", [busy(), no_answer()])
def test_write_that_fails(office: MemoryOffice, fault: Any) -> None:
    """The promises are right already; the next click draws them."""
    office.type("in_progress", 1, status="Выполнено")
    office.workbooks.before("batch_update", fault)
    with pytest.raises(RetriableServiceError):
        office.do("update_load")
    assert "Борис Ким" not in promised(office)

    office.do("update_load")

    assert load(office)["Борис Ким"] == (None, None, None)


def test_lease_taken_over_while_books_were_read(office: MemoryOffice) -> None:
    """A slow run rebuilds and draws nothing."""
    office.type("in_progress", 1, status="Выполнено")

    def take_over() -> None:
        office.clock.advance(seconds=91)
        office.new_run().take(f"load:{office.agency_id}")

    after_client_reads(office, take_over)
    office.workbooks.calls.clear()

    with pytest.raises(BusyError):
        office.do("update_load")

    assert office.workbooks.calls == {"read": 3}
    assert promised(office) == BEFORE


# --- How projects are doing --------------------------------------------------------------------------------

SIGNS = ("client", "health", "waits")


def signs(office: MemoryOffice) -> tuple[object, ...]:
    """The first line of *Проекты* after the load was drawn."""
    office.do("update_load")
    return office.table("projects", *SIGNS, spreadsheet_id=office.agency_id)[0][1:]


def test_a_project_without_work_says_so() -> None:
    """Nothing is in progress."""
    assert signs(client_office()) == ("нет работы", None)


def test_a_project_is_on_plan_until_a_due_day_has_passed() -> None:
    """Then its late tasks are named, each once."""
    office = client_office()
    office.start({"task": "Лендинг", "work_type": "Лендинг"}, {"task": "Баннер", "work_type": "Баннер"})
    before = signs(office)
    office.clock.set(NOW + timedelta(days=60))

    assert before == ("по плану", None)
    assert signs(office) == ("отстаёт", "мы, срок прошёл: ЗРН-1 и ЗРН-2")


def test_a_project_waits_for_the_client() -> None:
    """For his approval of what is in review, and for answers; what he accepted or returned waits for us."""
    office = client_office()
    office.start(
        {"task": "Лендинг", "work_type": "Лендинг"}, {"task": "Баннер", "work_type": "Баннер"}, is_pushed=True
    )
    for number in (1, 2):
        office.tracker.move(office.card(number).card_id, 2)
    office.do("refresh")
    office.fill_backlog({"task": "Каталог", "status": "Уточняем"})
    office.do("estimate")
    waiting = signs(office)
    tab = office.tab("in_progress")
    rows = [row.index - tab.header_index - 1 for row in tab.rows if tab.cell(row, "id").text == "ЗРН-1"]
    for row in rows:
        office.type("in_progress", row, approval="Принято")

    assert waiting == ("ждёт клиента", "клиент, приёмка: ЗРН-1 и ЗРН-2; клиент, вопросы: ЗРН-3")
    assert signs(office)[1] == ("мы, клиент принял: ЗРН-1; клиент, приёмка: ЗРН-2; клиент, вопросы: ЗРН-3")

    for row in rows:
        office.type("in_progress", row, approval="Вернули")
    assert signs(office)[1] == ("мы, клиент вернул: ЗРН-1; клиент, приёмка: ЗРН-2; клиент, вопросы: ЗРН-3")


def test_finish_and_freshness_are_those_of_the_clients_workbook() -> None:
    """The same text, and the moment of the last write there."""
    office = client_office()
    office.start({"task": "Лендинг", "work_type": "Лендинг"})
    office.do("update_load")

    [line] = office.table("projects", "client", "finish", "refreshed_at", spreadsheet_id=office.agency_id)
    fields = office.book().fields
    assert line[1:] == (fields["expected_finish"].cell.value, fields["refreshed_at"].cell.value)
    assert line[2] is not None


def test_the_load_is_told_in_per_cent_and_free_hours() -> None:
    """Of the days shown; who has nothing to do has all hours free."""
    office = client_office()
    office.start({"task": "Баннер", "work_type": "Баннер"})
    office.do("update_load")

    lines = office.table(
        "load", "specialist", "load", "load_share", "free_hours", spreadsheet_id=office.agency_id
    )
    for _, load, share, free in lines:
        assert share == pytest.approx(load / (load + free), abs=0.001)
    assert sum(load for _, load, *_ in lines) == 3.0
