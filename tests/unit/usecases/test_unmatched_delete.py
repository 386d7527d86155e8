"""Guards refuse a write into moved rows whichever way Google takes a delete of metadata that is not there."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.harness.memory_office import MemoryOffice, client_office
from vitrina.errors import ChangedMeanwhileError
from vitrina.operations.answer import Outcome
from vitrina.workbook.writing.change import WorkbookChange
from vitrina.workbook.writing.fence import hold_fence, move_fence

TASKS = ({"task": "Баннер", "work_type": "Баннер"}, {"task": "Лендинг", "work_type": "Лендинг"})


@pytest.fixture(params=["refused", "ignored"])
def office(request: pytest.FixtureRequest) -> MemoryOffice:
    """Two estimated tasks, on a Google of either kind."""
    office = client_office()
    state = office.workbooks._state
    state.behaviour = state.behaviour.changed({"unmatched_delete": request.param})
    office.fill_backlog(*TASKS)
    office.do("estimate")
    return office


def insert_row(office: MemoryOffice) -> None:
    """A person inserts a row right below the header."""
    tab = office.tab("backlog")
    office.edit({"type": "insert_rows", "sheet": tab.title, "at": tab.header_index + 2})


def delete_row(office: MemoryOffice) -> None:
    """A person deletes the first row."""
    tab = office.tab("backlog")
    office.edit({"type": "delete_rows", "sheet": tab.title, "at": tab.rows[0].index + 1})


def move_row(office: MemoryOffice) -> None:
    """A person drags the first row below the second one."""
    tab = office.tab("backlog")
    first = tab.rows[0].index + 1
    office.edit({"type": "move_rows", "sheet": tab.title, "at": first, "to": first + 2})


def type_over(office: MemoryOffice) -> None:
    """A person types a figure where the write puts another one."""
    tab = office.tab("backlog")
    address = tab.address(tab.rows[0], "quantity")
    office.edit({"type": "type", "sheet": tab.title, "cell": address, "text": "9"})


@pytest.mark.slow
@pytest.mark.parametrize("change_sheet", [insert_row, delete_row, move_row, type_over])
def test_a_write_for_another_sheet_is_refused_whole(
    office: MemoryOffice, change_sheet: Callable[[MemoryOffice], None]
) -> None:
    """Nothing of the batch is written, whatever was changed after the reading."""
    tab = office.tab("backlog")
    change = WorkbookChange()
    for row in tab.rows[:2]:
        change.set(tab, row, "quantity", 5.0)
    change_sheet(office)
    before = office.workbooks.look_at_all(office.client_id)

    with pytest.raises(ChangedMeanwhileError):
        office.workbooks.batch_update(office.client_id, change.requests())

    assert office.workbooks.look_at_all(office.client_id) == before


def test_a_start_reads_again(office: MemoryOffice) -> None:
    """The preview is made of rows that move before the write; the right ones are taken."""
    preview = office.do("build_batch", period="current").data["preview_id"]
    office.workbooks.before("batch_update", lambda: insert_row(office))

    assert office.do("start_batch", preview_id=preview).outcome is Outcome.DONE

    assert {row.number for row in office.tab("in_progress").rows if row.number} >= {1, 2}
    assert [row.number for row in office.tab("backlog").rows if row.number] == []


def test_the_fence_keeps_late_writes_out(office: MemoryOffice) -> None:
    """A batch that holds the former value is refused."""
    office.workbooks.batch_update(office.client_id, move_fence(office.book().fence, "new"))

    for former in ("old", ""):
        with pytest.raises(ChangedMeanwhileError):
            office.workbooks.batch_update(office.client_id, hold_fence(former))
    office.workbooks.batch_update(office.client_id, hold_fence("new"))
    assert office.book().fence == "new"
