"""Writes that are checked by reading: a Google that does not free an id before the end of a batch."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from tests.harness.memory_office import MemoryOffice, client_office
from vitrina.errors import ChangedMeanwhileError, RetriableServiceError
from vitrina.operations.answer import Outcome
from vitrina.ports import Json
from vitrina.workbook.writing.change import NewRow, WorkbookChange
from vitrina.workbook.writing.checked import write_checked
from vitrina.workbook.writing.fence import hold_fence, move_fence

TASKS = ({"task": "Баннер", "work_type": "Баннер"}, {"task": "Лендинг", "work_type": "Лендинг"})


@pytest.fixture
def office(monkeypatch: pytest.MonkeyPatch) -> MemoryOffice:
    """An office that writes as after a verdict of the doctor."""
    office = client_office()
    google = office.workbooks
    google._state.behaviour = google._state.behaviour.changed({"freed_id_is_free": False})
    apply = google.batch_update

    def write(spreadsheet_id: str, requests: list[Json]) -> Json:
        return write_checked(partial(google.read, spreadsheet_id), partial(apply, spreadsheet_id), requests)

    monkeypatch.setattr(google, "batch_update", write)
    return office


def marks(office: MemoryOffice) -> dict[int, str]:
    """The task of each row of the backlog by the row's number."""
    tab = office.tab("backlog")
    return {row.number: tab.cell(row, "task").text for row in tab.rows if row.number}


def before_the_check(office: MemoryOffice, do: Callable[[], object]) -> None:
    """Have something happen before the second reading of an action, which is that of the check."""
    office.workbooks.before("read", lambda: None)
    office.workbooks.before("read", do)


def test_rows_move_to_the_other_tab_and_back(office: MemoryOffice) -> None:
    """A start moves marks that exist, an undo brings them back; nothing is doubled."""
    office.start(*TASKS, is_pushed=True)

    assert {row.number for row in office.tab("in_progress").rows if row.number} >= {1, 2}
    assert marks(office) == {}
    for _ in range(2):
        assert office.do("undo").outcome is Outcome.DONE
    assert marks(office) == {1: "Баннер", 2: "Лендинг"}


def test_a_row_that_moved_before_the_check_is_read_again(office: MemoryOffice) -> None:
    """The check before the write finds it; the action reads and writes again."""
    office.fill_backlog(*TASKS)
    office.do("estimate")
    office.type("backlog", 0, quantity="2")
    tab = office.tab("backlog")
    add_row = {"type": "insert_rows", "sheet": tab.title, "at": tab.header_index + 2}
    before_the_check(office, lambda: office.edit(add_row))

    assert office.do("estimate").outcome is Outcome.DONE
    assert marks(office) == {1: "Баннер", 2: "Лендинг"}


def test_a_figure_that_was_typed_before_the_check_stays(office: MemoryOffice) -> None:
    """The cells that a batch compares are compared by reading."""
    office.fill_backlog(*TASKS)
    cell = office.tab("backlog").address(office.tab("backlog").rows[0], "hours.design")
    typed = {"type": "type", "sheet": office.tab("backlog").title, "cell": cell, "text": "7"}
    before_the_check(office, lambda: office.edit(typed))

    assert office.do("estimate").outcome is Outcome.DONE
    assert office.table("backlog", "hours.design")[0] == (7.0,)


def test_a_row_that_moves_after_the_check_is_told(office: MemoryOffice) -> None:
    """The reading after the write finds that marks are elsewhere: the outcome is unknown."""
    office.fill_backlog(*TASKS)
    office.do("estimate")
    tab = office.tab("backlog")
    change = WorkbookChange()
    change.note(tab, tab.rows[0], "task", "written")
    add_row = {"type": "insert_rows", "sheet": tab.title, "at": tab.header_index + 2}
    office.workbooks.before("batch_update", lambda: office.edit(add_row))

    with pytest.raises(RetriableServiceError) as caught:
        office.services.workbooks.batch_update(office.client_id, change.requests())

    assert caught.value.code == "google.moved_while_writing"


def test_the_fence_is_held_and_moved(office: MemoryOffice) -> None:
    """Without a fence, with one, with another one than expected."""
    write = partial(office.services.workbooks.batch_update, office.client_id)
    old = office.book().fence

    write(hold_fence(old))
    write(move_fence(old, "first"))
    assert office.book().fence == "first"
    write(hold_fence("first"))
    write(move_fence("first", "second"))
    assert office.book().fence == "second"
    for wrong in ("first", ""):
        for requests in (hold_fence(wrong), move_fence(wrong, "third") if wrong else hold_fence("")):
            with pytest.raises(ChangedMeanwhileError):
                write(requests)
    assert office.book().fence == "second"


def test_a_repeated_write_makes_no_twins(office: MemoryOffice) -> None:
    """A number that is in use is refused, as Google would refuse it: the first write had arrived."""
    tab = office.tab("backlog")
    change = WorkbookChange()
    change.insert(tab, [NewRow(7, {"task": "Баннер"})])

    office.services.workbooks.batch_update(office.client_id, change.requests())
    with pytest.raises(ChangedMeanwhileError):
        office.services.workbooks.batch_update(office.client_id, change.requests())

    assert marks(office) == {7: "Баннер"}
