"""Changes that are too long for one batch are written in several, and nothing is lost between two of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.harness.fakes.interruptions import Killed, die
from tests.harness.memory_office import MemoryOffice, client_office
from tests.harness.stored import stored_document
from vitrina.errors import BusyError, ChangedMeanwhileError
from vitrina.operations import run
from vitrina.operations.answer import Outcome
from vitrina.operations.run import OPERATION
from vitrina.ports import Json
from vitrina.workbook.writing import row_writes

HOURS = ("task", "hours.design", "hours.copy", "hours.development")
ROWS = [{"task": f"Задача {number}", "work_type": "Баннер"} for number in range(1, 10)]
ESTIMATED = [(row["task"], 3.0, None, None) for row in ROWS]


@pytest.fixture
def office(monkeypatch: pytest.MonkeyPatch) -> MemoryOffice:
    """A client with nine tasks, of which a batch takes two."""
    monkeypatch.setattr(row_writes, "MOST_ROWS", 2)
    office = client_office()
    office.fill_backlog(*ROWS)
    office.workbooks.calls.clear()
    return office


def insert_row(office: MemoryOffice) -> Callable[[], None]:
    """Have a person insert a row above the first task."""
    tab = office.tab("backlog")
    edit: dict[str, Any] = {
        "type": "insert_rows",
        "sheet": tab.title,
        "at": tab.header_index + 1,
        "count": 1,
    }
    return lambda: office.edit(edit)


def before_write(office: MemoryOffice, number: int, do: Callable[[], None]) -> None:
    """Call *do* right before the batch of this number."""
    for _ in range(number - 1):
        office.workbooks.before("batch_update", lambda: None)
    office.workbooks.before("batch_update", do)


def test_long_estimate_takes_several_batches(office: MemoryOffice) -> None:
    """The sheet is read once, and each batch writes two rows. One undo takes back all of it."""
    office.do("estimate")

    assert office.workbooks.calls == {"read": 1, "batch_update": 5}
    assert office.table("backlog", *HOURS) == ESTIMATED
    assert office.table("backlog", "id") == [(f"ЗРН-{number}",) for number in range(1, 10)]

    answer = office.do("undo")

    assert answer.outcome is Outcome.DONE
    assert office.table("backlog", *HOURS) == [(row["task"], None, None, None) for row in ROWS]


def test_row_inserted_between_two_batches(office: MemoryOffice) -> None:
    """The rest is read again and written; each of both undos takes back its part."""
    before_write(office, 3, insert_row(office))

    office.do("estimate")

    assert office.table("backlog", *HOURS) == ESTIMATED
    assert office.workbooks.calls == {"read": 2, "batch_update": 6}
    first, second = office.do("undo"), office.do("undo")
    assert (first.outcome, second.outcome) == (Outcome.DONE, Outcome.DONE)
    assert office.table("backlog", *HOURS) == [(row["task"], None, None, None) for row in ROWS]


def test_sheet_that_changes_between_all_batches(office: MemoryOffice) -> None:
    """The answer says that a part was written; a repeat writes the rest. Numbers may be left out."""
    for _ in range(4):
        before_write(office, 2, insert_row(office))

    with pytest.raises(ChangedMeanwhileError) as refused:
        office.do("estimate")

    assert refused.value.code == "sheet.changed_partly"
    office.do("estimate")
    assert office.table("backlog", *HOURS) == ESTIMATED
    assert len({row.number for row in office.tab("backlog").rows if row.number}) == len(ROWS)


@pytest.mark.parametrize("batch", [1, 2, 3, 4, 5])
def test_process_that_dies_between_batches(office: MemoryOffice, batch: int) -> None:
    """What it has written is undone like the rest."""
    before_write(office, batch, die)
    with pytest.raises(Killed):
        office.do("estimate", operation_id="click")
    office.clock.advance(seconds=91)

    office.do("estimate", operation_id="click")

    assert office.table("backlog", *HOURS) == ESTIMATED
    for _ in range(1 if batch == 1 else 2):
        office.do("undo")
    assert office.table("backlog", *HOURS) == [(row["task"], None, None, None) for row in ROWS]


def test_leases_of_a_long_write(office: MemoryOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch may take a minute. Nobody else works in the workbook meanwhile, and the progress is told."""
    monkeypatch.setattr(run, "REPORT_S", -1.0)
    told: list[Json] = []

    def take_a_minute() -> None:
        office.clock.advance(seconds=60)
        with pytest.raises(BusyError):
            office.do("estimate", operation_id="other")
        told.append(stored_document(office.store, OPERATION, "click").data.get("progress", {}))  # type: ignore[union-attr]

    for _ in range(5):
        office.workbooks.before("batch_update", take_a_minute)

    office.do("estimate", operation_id="click")

    assert [(one["done"], one["total"]) for one in told if one] == [(1, 5), (2, 5), (3, 5), (4, 5)]
    assert office.table("backlog", *HOURS) == ESTIMATED


def test_long_start(office: MemoryOffice) -> None:
    """Reasons of what stays are written first; rows move in the last batch, and come back as they were."""
    office.do("estimate")
    office.set_field("limit_hours", "6")
    before = office.table("backlog", *HOURS, "reason")
    preview = office.do("build_batch", period="week").data["preview_id"]
    office.workbooks.calls.clear()

    office.do("start_batch", preview_id=preview)

    assert office.workbooks.calls["batch_update"] == 4
    assert [row[0] for row in office.table("in_progress", "id")] == ["ЗРН-1", "ЗРН-2"]
    assert all(reason for (reason,) in office.table("backlog", "reason"))
    assert len(office.table("backlog", "reason")) == 7
    assert office.do("undo").outcome is Outcome.DONE
    assert sorted(office.table("backlog", *HOURS, "reason")) == sorted(before)


def test_start_that_is_refused_after_its_reasons(office: MemoryOffice) -> None:
    """Nothing has moved, and the hours are free again; the same preview can be started."""
    office.do("estimate")
    office.set_field("limit_hours", "6")
    preview = office.do("build_batch", period="week").data["preview_id"]
    before_write(office, 4, insert_row(office))

    office.do("start_batch", preview_id=preview)

    assert [row[0] for row in office.table("in_progress", "id")] == ["ЗРН-1", "ЗРН-2"]
    assert sorted(office.items()) == [1, 2]
