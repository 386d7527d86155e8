"""The protection of clients' workbooks follows *Специалисты*, columns that move, and older releases."""

from __future__ import annotations

from typing import Any

import pytest

from emulators.google.errors import ApiError
from tests.harness.agency_data import MANAGER
from tests.harness.fakes.services import ROBOT
from tests.harness.memory_office import MemoryOffice, client_office, started_office
from vitrina.records.layouts import PROTECTION
from vitrina.workbook.reading.book import SHELF, ProtectedRange
from vitrina.workbook.template.definition import load_template

CLIENT = "client@zarya.ru"
PEOPLE = ["anna@mayak.example", "boris@mayak.example", "vera@mayak.example"]


@pytest.fixture
def office() -> MemoryOffice:
    """An agency with one client, who may edit his workbook."""
    office = client_office()
    office.workbooks.let_edit(office.client_id, CLIENT, *PEOPLE, MANAGER, "gleb@mayak.example")
    return office


def night(office: MemoryOffice) -> None:
    """Run the job, and forget the calls before it."""
    office.workbooks.calls.clear()
    office.run_job({"kind": "protect", "spreadsheet_id": office.agency_id})


def editors(office: MemoryOffice) -> set[str]:
    """Everybody whom a protection of the workbook lets in, beside its owner."""
    found = {tuple(sorted(one.editors["users"])) for one in office.book().protected_ranges}
    assert len(found) == 1, found
    return set(found.pop()) - {"owner@example.com"}


def may(office: MemoryOffice, person: str, sheet: str, cell: str) -> bool:
    """Whether a person can type into a cell."""
    try:
        office.workbooks.edit_as(
            person, office.client_id, {"type": "type", "sheet": sheet, "cell": cell, "text": "1"}
        )
    except ApiError as error:
        return "protected" not in error.message
    return True


def write_specialist(office: MemoryOffice, row_index: int, **values: str) -> None:
    """Write a row of *Специалисты*."""
    office.type("specialists", row_index, office.agency_id, **values)


def areas(office: MemoryOffice) -> list[ProtectedRange]:
    """What is protected."""
    return list(office.book().protected_ranges)


def test_new_workbook_lets_in_the_people_of_the_agency(office: MemoryOffice) -> None:
    """Those of *Специалисты*, the staff of the setting, the service account; the night has nothing to do."""
    assert editors(office) == {ROBOT, MANAGER, *PEOPLE}

    night(office)

    assert office.workbooks.calls == {"read": 2}


def test_new_colleague_and_one_who_left(office: MemoryOffice) -> None:
    """After the next night the one may edit, the other may not; the next night writes nothing."""
    write_specialist(office, 3, name="Глеб", email="Gleb@mayak.example", profiles="Дизайн", hours_per_day="8")
    write_specialist(office, 2, name="", email="", profiles="", hours_per_day="")

    night(office)

    assert office.workbooks.calls == {"read": 2, "batch_update": 1}
    assert editors(office) == {ROBOT, MANAGER, *PEOPLE[:2], "gleb@mayak.example"}
    assert (may(office, "gleb@mayak.example", "Бэклог", "F2"), may(office, PEOPLE[2], "Бэклог", "F2")) == (
        True,
        False,
    )
    night(office)
    assert office.workbooks.calls == {"read": 2}


def test_load_renews_it_at_once(office: MemoryOffice) -> None:
    """*Обновить загрузку* reads all workbooks anyway."""
    write_specialist(office, 3, name="Глеб", email="gleb@mayak.example", profiles="Дизайн", hours_per_day="8")

    office.do("update_load")

    assert "gleb@mayak.example" in editors(office)


def test_group_in_place_of_people(office: MemoryOffice) -> None:
    """Where the agency names a Google group, no address of a person stands in the protection."""
    row = [
        row
        for row, (key,) in enumerate(office.table("settings", "key", spreadsheet_id=office.agency_id))
        if key == "editors_group"
    ]
    office.type("settings", row[0], office.agency_id, value="Team@mayak.example")

    night(office)

    assert editors(office) == {ROBOT}
    assert {tuple(one.editors["groups"]) for one in areas(office)} == {("team@mayak.example",)}


def test_address_that_google_refuses(office: MemoryOffice) -> None:
    """Everybody else stays or leaves as wanted; the same list is not tried again, and the load says so."""
    write_specialist(office, 3, name="Глеб", email="gleb@mayak.example", profiles="Дизайн", hours_per_day="8")
    write_specialist(office, 2, email="")
    office.workbooks.refuse_editor("gleb@mayak.example")

    answer = office.do("update_load")

    assert "load.editors_refused" in [one.code for one in answer.details]
    assert editors(office) == {ROBOT, MANAGER, *PEOPLE[:2]}
    night(office)
    assert office.workbooks.calls == {"read": 2}
    write_specialist(office, 3, email="")
    answer = office.do("update_load")
    assert "load.editors_refused" not in [one.code for one in answer.details]


def test_new_workbook_with_an_address_that_google_refuses() -> None:
    """It is made nevertheless: the staff of the setting may edit, and the answer says what is missing."""
    office = client_office()
    office.workbooks.refuse_editor(PEOPLE[0])

    answer = office.do("new_client", client_name="Улыбка", project_name="Реклама", code="УЛБ")

    assert [one.code for one in answer.details] == ["client.next", "client.editors_refused"]
    office.client_id = answer.data["spreadsheet_id"]
    assert editors(office) == {ROBOT, MANAGER}


def open_columns(office: MemoryOffice) -> set[str]:
    """Columns of the backlog that the client may edit."""
    columns = office.tab("backlog").columns
    return {key for key, at in columns.items() if may(office, CLIENT, "Бэклог", f"{chr(65 + at)}5")}


def test_columns_that_staff_moved(office: MemoryOffice) -> None:
    """A column of the staff between two of the client is closed again, and the client's elsewhere is open."""
    wanted = open_columns(office)
    move = {"type": "move_columns", "sheet": "Бэклог"}
    office.edit({**move, "at": "F", "to": "D"}, {**move, "at": "B", "to": "Q"})
    assert open_columns(office) != wanted

    night(office)

    assert open_columns(office) == wanted == {"priority", "task", "result", "wanted_on"}
    night(office)
    assert office.workbooks.calls == {"read": 2}


def test_protection_that_people_removed_or_weakened(office: MemoryOffice) -> None:
    """It comes back; one that people added stays."""
    sheet = office.tab("backlog").sheet_id
    first, *rest = [one for one in areas(office) if one.sheet_id == sheet]
    weak = {"protectedRangeId": rest[0].range_id, "warningOnly": True}
    own = {
        "range": {"sheetId": sheet, "startRowIndex": 5, "endRowIndex": 6},
        "description": "моя",
        "editors": {"users": [MANAGER]},
    }
    office.workbooks.batch_update(
        office.client_id,
        [
            {"deleteProtectedRange": {"protectedRangeId": first.range_id}},
            {"updateProtectedRange": {"protectedRange": weak, "fields": "warningOnly"}},
            {"addProtectedRange": {"protectedRange": own}},
        ],
    )
    assert may(office, CLIENT, "Бэклог", "F2")

    night(office)

    assert not may(office, CLIENT, "Бэклог", "F2")
    assert not may(office, CLIENT, "Бэклог", "C1")
    assert [one.description for one in areas(office) if one.sheet_id == sheet].count("моя") == 1


def test_workbook_of_an_older_release(office: MemoryOffice) -> None:
    """Its protections of columns, and the open fields of its form, give way to those of today."""
    template = load_template("client")
    old: list[Any] = [{"deleteProtectedRange": {"protectedRangeId": one.range_id}} for one in areas(office)]
    for tab in office.book().tabs.values():
        text = template.text("ru", "protected.form" if tab.key == "client" else "protected.addon")
        form = {"sheetId": tab.sheet_id}
        column = {"sheetId": tab.sheet_id, "startRowIndex": 0, "startColumnIndex": 0, "endColumnIndex": 1}
        area = {
            "range": form if tab.key == "client" else column,
            "description": text,
            "editors": {"users": [MANAGER]},
        }
        if tab.key == "client":
            area["unprotectedRanges"] = [{"sheetId": tab.sheet_id, "startRowIndex": 27, "endRowIndex": 28}]
        old.append({"addProtectedRange": {"protectedRange": area}})
    office.workbooks.batch_update(office.client_id, old)
    [version] = [one.version for one in office.store.get_many([(PROTECTION, office.agency_id)]).values()]
    assert may(office, CLIENT, "Клиент", "C28")

    night(office)

    assert version
    assert len(areas(office)) == 8
    assert not may(office, CLIENT, "Клиент", "C28")
    assert may(office, CLIENT, "Бэклог", "C3")


def test_shelf_is_protected_like_the_backlog() -> None:
    """From the start of the first batch on, although it is hidden."""
    office = started_office()
    office.workbooks.let_edit(office.client_id, CLIENT, MANAGER)
    shelf = office.book().tabs[SHELF]

    assert not may(office, CLIENT, shelf.title, "C2")
    assert may(office, MANAGER, shelf.title, "C2")
    assert len(areas(office)) == 9


def test_bad_cell_of_the_people_leaves_everything_as_it_is(office: MemoryOffice) -> None:
    """Who may edit is not known then."""
    write_specialist(office, 0, hours_per_day="много")

    night(office)

    assert editors(office) == {ROBOT, MANAGER, *PEOPLE}


def test_workbook_that_is_gone_does_not_keep_others_waiting(office: MemoryOffice) -> None:
    """The rest of the clients get theirs."""
    first = office.client_id
    office.create_client(client_name="Улыбка", project_name="Реклама", code="УЛБ")
    office.workbooks.delete(first)
    write_specialist(office, 2, email="")

    night(office)

    assert editors(office) == {ROBOT, MANAGER, *PEOPLE[:2]}
