"""*Оценить бэклог*: hours from the norms, and figures of people that stay theirs."""

from __future__ import annotations

import pytest

from tests.harness.fakes.interruptions import busy, no_answer
from tests.harness.memory_office import MemoryOffice, client_office, started_office
from tests.harness.stored import stored_document, tracked_state
from vitrina.errors import (
    BusyError,
    CellsError,
    ChangedMeanwhileError,
    RetriableServiceError,
    UnknownWorkbookError,
    UserError,
    WorkbookShapeError,
)
from vitrina.operations.answer import Outcome
from vitrina.operations.run import LEASE
from vitrina.records.backlog_state import BACKLOG_STATE
from vitrina.records.books import load_project
from vitrina.records.undo import UNDO
from vitrina.tabs.blocks import SPARE_ROWS
from vitrina.texts import render

HOURS = ("task", "hours.design", "hours.copy", "hours.development")


@pytest.fixture
def office() -> MemoryOffice:
    """A client with an empty backlog."""
    return client_office()


def figures(office: MemoryOffice) -> dict[int, dict[str, list[float]]]:
    """The add-on's own figures as the store has them, by number and profile."""
    kept = tracked_state(office.store, office.client_id).value.figures
    return {number: {profile: list(hours) for profile, hours in one.items()} for number, one in kept.items()}


# --- The main way ------------------------------------------------------------------------------------


def test_wanted_days_that_cannot_be_met_are_told_with_those_that_can(office: MemoryOffice) -> None:
    """20 hours of design end on Wednesday at the earliest, whoever begins; a past day needs a new one."""
    office.fill_backlog(
        {"task": "Лендинг", "hours_design": "20", "wanted_on": "24.11.2026"},
        {"task": "Баннер", "hours_design": "8", "wanted_on": "23.11.2026"},
        {"task": "Логотип", "hours_copy": "1", "wanted_on": "20.11.2026"},
    )

    told = [render(one, "ru") for one in office.do("estimate").details if "wanted" in one.code]

    late = "ЗРН-1 (хотели к 24.11.2026, раньше 25.11.2026 не получится)"
    assert told == [
        f"К желаемой дате не успеть, даже если начать сегодня: {late}.",
        "Желаемая дата уже прошла, договоритесь о новой: ЗРН-3.",
    ]


def test_hours_are_those_of_the_norms(office: MemoryOffice) -> None:
    """Mean × quantity for each profile of the kind of work; the row gets its number and its source."""
    office.fill_backlog(
        {"task": "Три баннера", "work_type": "Баннер", "quantity": "3"},  # 3 × 3 = 9
        {"task": "Лендинг", "work_type": "лендинг"},  # 9, 4, 20
    )

    answer = office.do("estimate")

    assert (answer.outcome, answer.message.code) == (Outcome.DONE, "estimate.done")
    assert answer.data["estimated"] == 2
    assert office.table("backlog", *HOURS) == [("Три баннера", 9.0, None, None), ("Лендинг", 9.0, 4.0, 20.0)]
    assert office.table("backlog", "id", "source", "hours_total") == [
        ("ЗРН-1", "норма", 9.0),
        ("ЗРН-2", "норма", 33.0),
    ]


def test_figure_of_a_person_stays(office: MemoryOffice) -> None:
    """Only the empty cells of the row are filled."""
    office.fill_backlog({"task": "Лендинг", "work_type": "Лендинг", "hours_design": "12"})

    answer = office.do("estimate")

    assert office.table("backlog", *HOURS) == [("Лендинг", 12.0, 4.0, 20.0)]
    assert answer.message.where["hours"] == 36.0


def test_what_has_no_norm_is_marked(office: MemoryOffice) -> None:
    """The rest is estimated; the answer names the row and what it lacks."""
    office.fill_backlog({"task": "Аудит", "work_type": "Аудит"}, {"task": "Баннер", "work_type": "Баннер"})

    answer = office.do("estimate")

    assert (answer.outcome, answer.message.code) == (Outcome.PARTIAL, "estimate.partial")
    assert [(one.code, one.where["id"]) for one in answer.details] == [("estimate.no_norm", "ЗРН-1")]
    assert office.table("backlog", "source") == [("нет данных",), ("норма",)]


def test_own_figures_follow_the_work_type(office: MemoryOffice) -> None:
    """A figure that the add-on wrote is replaced; one that a person typed over it is not."""
    office.fill_backlog({"task": "А", "work_type": "Лендинг"}, {"task": "Б", "work_type": "Лендинг"})
    office.do("estimate")
    office.type("backlog", 0, work_type="Баннер")
    office.type("backlog", 1, hours_design="7")

    office.do("estimate")

    assert office.table("backlog", *HOURS) == [("А", 3.0, None, None), ("Б", 7.0, 4.0, 20.0)]


def test_second_estimate_writes_nothing(office: MemoryOffice) -> None:
    """Where nothing differs the client's file is only read, once."""
    office.fill_backlog({"task": "Баннер", "work_type": "Баннер"})
    office.do("estimate")
    office.workbooks.calls.clear()

    office.do("estimate")

    assert office.workbooks.calls == {"read": 1}


def test_costs_one_read_and_one_write(office: MemoryOffice) -> None:
    """However many rows; the store is read at once as well."""
    office.fill_backlog(*({"task": f"Баннер {n}", "work_type": "Баннер"} for n in range(20)))
    office.workbooks.calls.clear()
    office.store.calls.clear()

    office.do("estimate")

    assert office.workbooks.calls == {"read": 1, "batch_update": 1}
    assert office.store.calls["get_many"] + office.store.calls["find"] <= 3


def test_numbers_are_never_given_twice(office: MemoryOffice) -> None:
    """The highest number is kept in the store, so that a deleted row's number is not given again."""
    office.fill_backlog({"task": "А"}, {"task": "Б"})
    office.do("estimate")
    tab = office.tab("backlog")
    office.edit({"type": "delete_rows", "sheet": tab.title, "at": tab.header_index + 3, "count": 1})
    office.type("backlog", 1, task="В")

    office.do("estimate")

    assert office.table("backlog", "id", "task") == [("ЗРН-1", "А"), ("ЗРН-3", "В")]
    assert load_project(office.store, office.client_id).last_number == 3


# --- What is refused ---------------------------------------------------------------------------------


def test_empty_backlog_is_refused(office: MemoryOffice) -> None:
    """The sentence names the tab."""
    with pytest.raises(UserError) as refused:
        office.do("estimate")

    assert (refused.value.code, refused.value.where["sheet"]) == ("backlog.empty", "Бэклог")
    assert office.workbooks.calls["batch_update"] == 0


def test_bad_cells_are_told_together(office: MemoryOffice) -> None:
    """Nothing is written while one of them stands."""
    office.fill_backlog(
        {"task": "А", "quantity": "много"}, {"task": "Б", "work_type": "Баннер", "hours_design": "день"}
    )

    with pytest.raises(CellsError) as refused:
        office.do("estimate")

    assert [one.code for one in refused.value.problems] == ["cell.quantity", "cell.hours_text"]
    assert office.workbooks.calls["batch_update"] == 0


def test_absurd_quantity_is_named(office: MemoryOffice) -> None:
    """More hours than a cell may hold would come out."""
    office.fill_backlog({"task": "Баннер", "work_type": "Баннер", "quantity": "1000000"})

    with pytest.raises(CellsError) as refused:
        office.do("estimate")

    assert [one.code for one in refused.value.problems] == ["cell.quantity_hours"]


def test_column_of_a_needed_profile_is_gone(office: MemoryOffice) -> None:
    """The total would be too small, so nothing is estimated."""
    office.fill_backlog({"task": "Баннер", "work_type": "Баннер"})
    tab = office.tab("backlog")
    letter = tab.address(tab.rows[0], "hours.design").rstrip("0123456789")
    office.edit({"type": "delete_columns", "sheet": tab.title, "at": letter})

    with pytest.raises(WorkbookShapeError) as refused:
        office.do("estimate")

    assert refused.value.code == "shape.column_gone"


def test_workbook_of_the_agency_is_no_client(office: MemoryOffice) -> None:
    """Nor is a spreadsheet that nobody knows."""
    for spreadsheet_id in (office.agency_id, "foreign"):
        with pytest.raises(UnknownWorkbookError):
            office.do("estimate", spreadsheet_id)


def test_workbook_that_somebody_else_holds(office: MemoryOffice) -> None:
    """Nothing is even read."""
    office.fill_backlog({"task": "Баннер", "work_type": "Баннер"})
    office.new_run().take(office.client_id)
    office.workbooks.calls.clear()

    with pytest.raises(BusyError):
        office.do("estimate")

    assert not office.workbooks.calls


def test_agency_without_norms() -> None:
    """Every row lacks a norm; nothing is made up."""
    office = MemoryOffice()
    office.set_up_agency(facts={})
    office.create_client()
    office.fill_backlog({"task": "Баннер", "work_type": "Баннер"})

    answer = office.do("estimate")

    assert (answer.outcome, answer.data["gaps"]) == (Outcome.PARTIAL, 1)
    assert office.table("backlog", *HOURS) == [("Баннер", None, None, None)]


# --- In the middle -----------------------------------------------------------------------------------


def test_answer_of_the_write_is_lost(office: MemoryOffice) -> None:
    """The sheet has the hours; the next estimate takes them for the add-on's own, not for a person's."""
    office.fill_backlog({"task": "А", "work_type": "Лендинг"})
    office.workbooks.after("batch_update", no_answer())
    with pytest.raises(RetriableServiceError):
        office.do("estimate")
    assert office.table("backlog", *HOURS) == [("А", 9.0, 4.0, 20.0)]

    office.type("backlog", 0, work_type="Баннер")
    office.do("estimate")

    assert office.table("backlog", *HOURS) == [("А", 3.0, None, None)]
    assert figures(office) == {1: {"design": [3.0]}}


def test_write_that_did_not_happen(office: MemoryOffice) -> None:
    """Both figures are the add-on's until a write is answered."""
    office.fill_backlog({"task": "А", "work_type": "Лендинг"})
    office.do("estimate")
    office.type("backlog", 0, work_type="Баннер")
    office.workbooks.before("batch_update", busy())
    with pytest.raises(RetriableServiceError):
        office.do("estimate")
    assert figures(office) == {1: {"design": [9.0, 3.0], "copy": [4.0], "development": [20.0]}}

    office.do("estimate")

    assert office.table("backlog", *HOURS) == [("А", 3.0, None, None)]
    assert figures(office) == {1: {"design": [3.0]}}


def test_row_moved_before_the_write(office: MemoryOffice) -> None:
    """The batch is refused as a whole, the sheet read once more, and each task gets its own hours."""
    office.fill_backlog({"task": "А", "work_type": "Баннер"}, {"task": "Б", "work_type": "Лендинг"})
    title = office.tab("backlog").title
    at = office.tab("backlog").header_index + 2
    insert = {"type": "insert_rows", "sheet": title, "at": at, "count": 2}
    office.workbooks.before("batch_update", lambda: office.edit(insert))
    office.workbooks.calls.clear()

    office.do("estimate")

    assert office.table("backlog", *HOURS) == [("А", 3.0, None, None), ("Б", 9.0, 4.0, 20.0)]
    assert office.workbooks.calls == {"read": 2, "batch_update": 2}


def test_sheet_that_changes_all_the_time(office: MemoryOffice) -> None:
    """After some rounds the manager is told; no record of an undo is left behind."""
    office.fill_backlog({"task": "А", "work_type": "Баннер"})
    tab = office.tab("backlog")
    insert = {"type": "insert_rows", "sheet": tab.title, "at": tab.header_index + 2, "count": 1}
    for _ in range(4):
        office.workbooks.before("batch_update", lambda: office.edit(insert))

    with pytest.raises(ChangedMeanwhileError) as refused:
        office.do("estimate")

    assert refused.value.code == "sheet.changed"
    assert stored_document(office.store, UNDO, office.client_id).data["entries"] == []  # type: ignore[union-attr]
    assert office.store.keys("undo_record") == []


def test_lease_taken_over_before_the_write(office: MemoryOffice) -> None:
    """A run that slept longer than its lease writes neither store nor sheet."""
    office.fill_backlog({"task": "А", "work_type": "Баннер"})

    def take_over() -> None:
        office.clock.advance(seconds=91)
        office.new_run().take(office.client_id)

    office.workbooks.after("read", take_over)
    office.workbooks.calls.clear()

    with pytest.raises(BusyError):
        office.do("estimate")

    assert office.workbooks.calls == {"read": 1}
    assert office.store.keys(BACKLOG_STATE) == []
    assert len(office.store.keys(LEASE)) == 1


def test_note_of_another_run_does_not_stop_it(office: MemoryOffice) -> None:
    """What is remembered of the backlog was written between reading and committing: it is written anew."""
    office.fill_backlog({"task": "А", "work_type": "Баннер"})
    office.do("estimate")
    office.type("backlog", 0, work_type="Лендинг")
    office.workbooks.after("read", lambda: office.store.touch(BACKLOG_STATE, office.client_id))

    office.do("estimate")

    assert office.table("backlog", *HOURS) == [("А", 9.0, 4.0, 20.0)]
    assert figures(office) == {1: {"design": [9.0], "copy": [4.0], "development": [20.0]}}


def test_item_changed_meanwhile_keeps_its_change() -> None:
    """Work of the project that changed after it was read makes the estimate begin anew, and stays."""
    office = started_office()
    office.type("backlog", 0, task="Ещё", work_type="Баннер")
    office.workbooks.after("read", lambda: office.change_item(1, is_done=True))
    office.workbooks.calls.clear()

    office.do("estimate")

    assert office.items()[1].is_done
    assert office.workbooks.calls == {"read": 2, "batch_update": 1}


def test_refused_write_uses_up_no_numbers(office: MemoryOffice) -> None:
    """The rows get the numbers that they would have got."""
    office.fill_backlog({"task": "А"}, {"task": "Б"})
    tab = office.tab("backlog")
    delete = {"type": "delete_rows", "sheet": tab.title, "at": tab.header_index + 2, "count": 1}
    office.workbooks.before("batch_update", lambda: office.edit(delete))

    office.do("estimate")

    assert office.table("backlog", "id", "task") == [("ЗРН-1", "Б")]
    assert load_project(office.store, office.client_id).last_number == 1


def test_there_is_room_for_new_tasks_below_the_last_one() -> None:
    """A client may not add rows to the tab: twenty empty ones are kept, with the formats of the first."""
    office = client_office()
    last = office.tab("backlog").row_count - 2
    office.type("backlog", last, task="Последняя", hours_design="2")

    office.do("estimate")

    tab = office.tab("backlog")
    assert tab.row_count == tab.header_index + 1 + last + 1 + SPARE_ROWS
    office.do("estimate")
    assert office.tab("backlog").row_count == tab.row_count
