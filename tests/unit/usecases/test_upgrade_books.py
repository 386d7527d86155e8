"""*Обновить книги*, and the jobs that bring workbooks along by themselves."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.harness.fakes.interruptions import no_answer
from tests.harness.memory_office import WAIT_S, MemoryOffice, client_office
from tests.harness.next_release import VERSION, next_release
from vitrina.errors import BusyError, ChangedMeanwhileError
from vitrina.jobs.registry import deliver_outbox
from vitrina.operations.answer import Outcome
from vitrina.operations.outbox import OUTBOX
from vitrina.operations.run import Run
from vitrina.texts import render


@pytest.fixture
def office() -> MemoryOffice:
    """An agency with two clients, whose workbooks an older release has made."""
    office = client_office()
    first = office.client_id
    office.create_client(client_name="Улыбка", project_name="Реклама", code="УЛБ")
    office.client_id = first
    office.services = next_release(office.services)
    return office


@pytest.fixture
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs that wait for a workbook give up at once: nobody frees it meanwhile."""
    defaults = Run.take.__kwdefaults__
    assert defaults is not None
    monkeypatch.setitem(defaults, "wait_s", WAIT_S)


def versions(office: MemoryOffice) -> list[int]:
    """Versions of all workbooks."""
    return [office.book(spreadsheet_id).version for spreadsheet_id in office.workbooks.ids]


def test_all_workbooks_are_brought_along_with_a_read_and_a_write_each(office: MemoryOffice) -> None:
    """A second click finds nothing to do and writes nothing."""
    office.workbooks.calls.clear()

    answer = office.do("upgrade_books")
    calls = dict(office.workbooks.calls)
    again = office.do("upgrade_books")

    assert (answer.outcome, answer.data) == (Outcome.DONE, {"books": 3, "left": 0})
    assert (again.outcome, again.data) == (Outcome.DONE, {"books": 0, "left": 0})
    assert versions(office) == [VERSION] * 3
    assert calls == {"read_for_upgrade": 3, "batch_update": 3}
    assert office.workbooks.calls == {"read_for_upgrade": 6, "batch_update": 3}


@pytest.mark.usefixtures("_impatient")
def test_a_workbook_where_somebody_works_is_named_and_waits(office: MemoryOffice) -> None:
    """The others are brought along; the next click does the rest."""
    working = office.new_run()
    working.take(office.client_id)

    answer = office.do("upgrade_books")
    left = versions(office)
    working.end()
    office.do("upgrade_books")

    assert answer.outcome is Outcome.PARTIAL
    assert answer.data == {"books": 2, "left": 1}
    assert "Заря — Сайт" in render(answer.details[0], "ru")
    assert sorted(left) == [2, VERSION, VERSION]
    assert versions(office) == [VERSION] * 3


def test_a_refused_batch_changes_nothing_and_is_told(office: MemoryOffice) -> None:
    """People change the workbook of a client each time between reading and writing."""

    def refuse() -> None:
        raise ChangedMeanwhileError("sheet.changed")

    before = office.workbooks.look_at_all(office.client_id)
    # The agency's own workbook is the first. A refused write is tried four times; Google knows its editors.
    for interruption in (lambda: None, *[refuse] * 4):
        office.workbooks.before("batch_update", interruption)

    answer = office.do("upgrade_books")

    assert (answer.outcome, answer.data) == (Outcome.PARTIAL, {"books": 2, "left": 1})
    assert office.workbooks.look_at_all(office.client_id) == before


def test_a_killed_upgrade_goes_on_where_it_stopped(office: MemoryOffice) -> None:
    """The answer of the second write is lost; nothing is brought along twice."""
    office.workbooks.after("batch_update", lambda: None)
    office.workbooks.after("batch_update", no_answer())

    first = office.do("upgrade_books")
    second = office.do("upgrade_books")

    assert (first.data, second.data) == ({"books": 2, "left": 1}, {"books": 0, "left": 0})
    assert versions(office) == [VERSION] * 3


def test_an_action_in_an_old_workbook_has_it_brought_along_later(office: MemoryOffice) -> None:
    """The action itself reads and writes as always; the timer sends the task once nobody clicks."""
    office.fill_backlog({"task": "Баннер", "work_type": "Баннер"})
    office.workbooks.calls.clear()

    office.do("estimate")
    calls, version = dict(office.workbooks.calls), office.book().version
    office.clock.set(office.clock.now() + timedelta(minutes=5))
    sent = deliver_outbox(office.services)
    office.run_queue()

    assert (calls, version) == ({"read": 1, "batch_update": 1}, 2)
    assert sent == 1
    assert office.book().version == VERSION
    assert office.store.find(OUTBOX) == []


@pytest.mark.usefixtures("_impatient")
def test_the_task_waits_for_an_action_that_runs(office: MemoryOffice) -> None:
    """It is delivered again by the queue."""
    working = office.new_run()
    working.take(office.client_id)

    with pytest.raises(BusyError):
        office.run_job({"kind": "upgrade", "spreadsheet_id": office.client_id})

    assert office.book().version == 2


def test_the_night_brings_all_workbooks_along(office: MemoryOffice) -> None:
    """With the renewal of protections, which reads them anyway."""
    office.run_job({"kind": "protect", "spreadsheet_id": office.agency_id})

    assert versions(office) == [VERSION] * 3


def test_every_action_works_in_a_workbook_that_is_not_brought_along(office: MemoryOffice) -> None:
    """The new release plans, starts and undoes there as before."""
    office.start({"task": "Баннер", "work_type": "Баннер"}, is_pushed=True)
    for action in ("refresh", "show_as_client", "check_book", "undo"):
        assert office.do(action).outcome in (Outcome.DONE, Outcome.PARTIAL)
    for action in ("update_load", "check_all"):
        assert office.do(action).outcome in (Outcome.DONE, Outcome.PARTIAL)

    assert office.book().version == 2
