"""*Новый клиент…*: everything a project needs, each thing once, however often it breaks off."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.harness.agency_data import MANAGER
from tests.harness.fakes.interruptions import Killed, die, no_answer
from tests.harness.memory_office import MemoryOffice, agency_office
from vitrina.domain.calendar import PeriodKind
from vitrina.errors import (
    BusyError,
    FatalServiceError,
    RetriableServiceError,
    UnknownWorkbookError,
    UserError,
)
from vitrina.operations.answer import Outcome
from vitrina.operations.run import LEASE
from vitrina.ports import decoded
from vitrina.records.books import find_projects, load_project
from vitrina.usecases.clients.create_client import ClientForm, check_form

FORM = {"client_name": "Заря", "project_name": "Сайт", "code": "ЗРН", "limit_hours": 80}


@pytest.fixture
def office() -> MemoryOffice:
    """An agency with people and norms, and no client."""
    return agency_office()


def codes(office: MemoryOffice) -> list[str]:
    """Codes of the projects in the agency's workbook."""
    return [code for (code,) in office.table("projects", "code", spreadsheet_id=office.agency_id)]


# --- The main way ------------------------------------------------------------------------------------


def test_workbook_is_made_from_the_template(office: MemoryOffice) -> None:
    """With its tabs, and the form's values in the fields of the first."""
    answer = office.do("new_client", **FORM, period="month", responsible="m@mayak.example")

    assert (answer.outcome, answer.message.code) == (Outcome.DONE, "client.created")
    office.client_id = answer.data["spreadsheet_id"]
    book = office.book()
    assert list(book.tabs) == ["client", "backlog", "in_progress", "schedule", "metrics", "done"]
    shown = {
        key: book.field(key).cell.value for key in ("client_name", "project_name", "limit_hours", "period")
    }
    assert shown == {"client_name": "Заря", "project_name": "Сайт", "limit_hours": 80.0, "period": "месяц"}
    assert office.workbooks.shared_ids == {office.client_id}


def test_board_has_a_stage_for_each_status(office: MemoryOffice) -> None:
    """The project knows which stage means what, and the tracker tells us of changes."""
    office.create_client(**FORM)

    project = load_project(office.store, office.client_id)
    assert office.tracker.board_titles == ["Заря — Сайт (ЗРН)"]
    assert [str(status) for status in project.statuses.values()] == [
        "onboarding",
        "in_work",
        "review",
        "done",
    ]
    assert office.tracker.webhook_boards == [project.board_id]


def test_project_stands_in_the_agencys_workbook(office: MemoryOffice) -> None:
    """And in the list of projects, in the order in which they were made."""
    office.create_client(**FORM)
    office.create_client(client_name="Улыбка", project_name="Реклама", code="УЛБ")

    assert [one.code for one in find_projects(office.store, office.agency_id)] == ["ЗРН", "УЛБ"]
    assert sorted(codes(office)) == ["ЗРН", "УЛБ"]


def test_agencys_workbook_is_read_once(office: MemoryOffice) -> None:
    """For its people and work types; one write each for the new workbook and the row of the project."""
    office.workbooks.calls.clear()

    office.create_client(**FORM)

    assert office.workbooks.calls == {"create": 1, "read": 1, "batch_update": 2, "share_by_link": 1}


def choices_of(office: MemoryOffice, tab_key: str, column: str) -> list[str]:
    """What the drop-down of a column of the current client offers."""
    tab = office.tab(tab_key)
    shown = decoded(office.workbooks.read_as_shown(office.client_id))
    [sheet] = [one for one in shown["sheets"] if one["properties"]["title"] == tab.title]
    cell = sheet["data"][0]["rowData"][1]["values"][tab.column(column)]
    return [
        one["userEnteredValue"]
        for one in cell.get("dataValidation", {"condition": {}})["condition"]["values"]
    ]


def test_drop_down_has_the_agencys_own_work_types(office: MemoryOffice) -> None:
    """A list in the settings goes before the types of the history."""
    office.create_client(**FORM)
    assert choices_of(office, "backlog", "work_type") == ["Баннер", "Лендинг", "Статья"]
    keys = [key for (key,) in office.table("settings", "key", spreadsheet_id=office.agency_id)]
    office.type("settings", keys.index("client_work_types"), office.agency_id, value="Сайт, баннер; Сайт")

    office.create_client(client_name="Улыбка", project_name="Реклама", code="УЛБ")

    assert choices_of(office, "backlog", "work_type") == ["Сайт", "баннер"]
    assert choices_of(office, "in_progress", "specialist") == ["='В работе'!$E$2:$E"]


def test_bad_cell_of_the_people_does_not_keep_a_client_waiting(office: MemoryOffice) -> None:
    """The workbook is made for the staff that the operator named; the rest follows at night."""
    office.type("specialists", 0, office.agency_id, hours_per_day="много")

    office.create_client(**FORM)

    users = {user for one in office.book().protected_ranges for user in one.editors["users"]}
    assert MANAGER in users
    assert "anna@mayak.example" not in users


def test_new_client_can_be_worked_with(office: MemoryOffice) -> None:
    """The first row gets the first number of the code."""
    office.create_client(**FORM)
    office.start({"task": "Баннер", "work_type": "Баннер"}, is_pushed=True)

    assert office.table("in_progress", "id") == [("ЗРН-1",)]
    assert [card.title for card in office.tracker.cards] == ["ЗРН-1 · Баннер"]


# --- What is refused ---------------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["ЗРН", "зрн"])
def test_code_that_is_taken(office: MemoryOffice, code: str) -> None:
    """Items of two projects would be mistaken for each other: refused at the click and at the run."""
    office.create_client(**FORM)
    form = ClientForm("Другой", "Проект", code, PeriodKind.WEEK)
    with pytest.raises(UserError) as refused:
        check_form(office.services, office.agency_id, form)
    assert (refused.value.code, refused.value.where["project"]) == ("client.code_taken", "Сайт")

    with pytest.raises(UserError):
        office.do("new_client", client_name="Другой", project_name="Проект", code=code)

    assert len(office.tracker.board_titles) == 1
    assert len(office.workbooks.ids) == 2


def test_workbook_of_a_client_is_no_agency(office: MemoryOffice) -> None:
    """A project cannot be made there."""
    office.create_client(**FORM)

    with pytest.raises(UnknownWorkbookError):
        office.do("new_client", office.client_id, **{**FORM, "code": "ДРГ"})


def test_webhook_of_another_system(office: MemoryOffice) -> None:
    """The manager hears of it; the project is not there yet, and the next try goes on."""

    def refuse() -> None:
        raise FatalServiceError("tracker.webhook_taken", service="Трекер")

    office.tracker.before("connect_webhook", refuse)
    with pytest.raises(FatalServiceError):
        office.do("new_client", operation_id="click", **FORM)
    assert find_projects(office.store, office.agency_id) == []

    assert office.do("new_client", operation_id="click", **FORM).outcome is Outcome.DONE

    assert (len(office.tracker.board_titles), len(office.workbooks.ids)) == (1, 2)


# --- In the middle -----------------------------------------------------------------------------------

#: Each call outside, in order: fake, method, and how many calls of it come before.
CALLS = (
    ("tracker", "create_board", 0),
    ("workbooks", "create", 0),
    ("workbooks", "batch_update", 0),  # the workbook is filled
    ("workbooks", "share_by_link", 0),
    ("tracker", "connect_webhook", 0),
    ("workbooks", "batch_update", 1),  # the row of the project
)


def interrupt(
    office: MemoryOffice, fake: str, moment: str, call: str, place: int, do: Callable[[], None]
) -> None:
    """Have something happen around the call of a method with this place among its calls."""
    add = getattr(getattr(office, fake), moment)
    for _ in range(place):
        add(call, lambda: None)
    add(call, do)


def assert_made_once(office: MemoryOffice) -> None:
    """One of everything, and all of it is whole."""
    [project] = find_projects(office.store, office.agency_id)
    assert len(office.workbooks.ids) == 2
    assert office.tracker.board_titles == ["Заря — Сайт (ЗРН)"]
    assert office.tracker.webhook_boards == [project.board_id]
    assert office.workbooks.shared_ids == {project.spreadsheet_id}
    assert codes(office) == ["ЗРН"]
    assert office.store.keys(LEASE) == []
    office.client_id = project.spreadsheet_id
    assert len(office.book().tabs) == 6


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize(("fake", "call", "place"), CALLS)
def test_process_that_died_at_a_call(
    office: MemoryOffice, fake: str, call: str, place: int, moment: str
) -> None:
    """Whether the call was carried out or not: the next delivery makes what is missing, and nothing twice."""
    interrupt(office, fake, moment, call, place, die)
    with pytest.raises(Killed):
        office.do("new_client", operation_id="click", **FORM)
    office.clock.advance(seconds=91)

    answer = office.do("new_client", operation_id="click", **FORM)

    assert answer.outcome is Outcome.DONE
    assert_made_once(office)


@pytest.mark.parametrize(("fake", "call", "place"), CALLS[:3])
def test_answer_that_is_lost(office: MemoryOffice, fake: str, call: str, place: int) -> None:
    """The same where the process lives and the operation is run again."""
    interrupt(office, fake, "after", call, place, no_answer())
    with pytest.raises(RetriableServiceError):
        office.do("new_client", operation_id="click", **FORM)

    office.do("new_client", operation_id="click", **FORM)

    assert_made_once(office)


def test_project_is_known_and_the_answer_is_not(office: MemoryOffice) -> None:
    """An operation that died after all was done tells the same again."""
    first = office.do("new_client", operation_id="click", **FORM)

    again = office.do("new_client", operation_id="click", **FORM)

    assert again.data == first.data
    assert_made_once(office)


def test_two_clients_at_once(office: MemoryOffice) -> None:
    """One after the other: the second click waits, and would find the code taken."""
    office.new_run().take(f"new_client:{office.agency_id}")

    with pytest.raises(BusyError):
        office.do("new_client", **FORM)

    assert office.tracker.board_titles == []


def test_another_project_registered_meanwhile(office: MemoryOffice) -> None:
    """The list of projects keeps both."""

    def register_another() -> None:
        office.clock.advance(seconds=91)
        office.do("new_client", client_name="Улыбка", project_name="Реклама", code="УЛБ")

    office.workbooks.before("share_by_link", register_another)
    with pytest.raises(BusyError):
        office.do("new_client", operation_id="click", **FORM)

    office.do("new_client", operation_id="click", **FORM)

    assert sorted(one.code for one in find_projects(office.store, office.agency_id)) == ["ЗРН", "УЛБ"]
    assert sorted(codes(office)) == ["ЗРН", "УЛБ"]


def test_tab_of_projects_that_people_moved(office: MemoryOffice) -> None:
    """Where it is remembered to stand it is not any more: the workbook is read, and the row stands once."""
    tab = office.tab("projects", office.agency_id)
    insert = {"type": "insert_rows", "sheet": tab.title, "at": 1, "count": 2}
    office.edit(insert, spreadsheet_id=office.agency_id)

    office.create_client(**FORM)

    assert codes(office) == ["ЗРН"]
