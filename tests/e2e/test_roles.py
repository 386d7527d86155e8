"""Roles of *Специалисты* decide who may click; the setting names the first owner only."""

from __future__ import annotations

from typing import Any

import pytest

from tests.harness.agency_data import TEAM
from tests.harness.assertions import assert_answer
from tests.harness.office import Office
from vitrina.project import team_renewal

NINA, OLEG, ANNA = "nina@mayak.example", "oleg@mayak.example", "anna@mayak.example"
PEOPLE = (
    {"name": "Нина Градова", "email": "Nina@mayak.example", "role": "менеджер"},
    {"name": "Олег Сотов", "email": OLEG, "role": "бухгалтер"},
    *TEAM,
)


@pytest.fixture
def office(empty_office: Office, monkeypatch: pytest.MonkeyPatch) -> Office:
    """An agency with a manager and an accountant who are not planned, and one client."""
    monkeypatch.setattr(team_renewal, "PAUSE_S", 0.0)
    empty_office.create_agency(team=PEOPLE)
    empty_office.create_client()
    empty_office.fill_backlog({"task": "Баннер", "work_type": "Баннер"})
    return empty_office


def agency_id(office: Office) -> str:
    """Id of the agency's workbook."""
    assert office.agency is not None
    return office.agency.spreadsheet_id


def click_as(office: Office, email: str, action: str = "estimate") -> Any:
    """The answer to a click of a person in the client's workbook."""
    return office.manager(email).post(office.client_id, action)


def change_person(office: Office, person: str, **values: str) -> None:
    """Type into the row of a person in *Специалисты*."""
    tab = office.book(agency_id(office)).tab("specialists")
    [row] = [row for row in tab.rows if tab.cell(row, "name").text == person]
    office.type("specialists", row.index, agency_id(office), **values)


def test_a_role_lets_in(office: Office) -> None:
    """A manager clicks in both workbooks; accountant and specialist are told who does it."""
    assert_answer(click_as(office, NINA), "done", 200)
    assert_answer(office.manager(NINA).post(agency_id(office), "recalculate_norms"), "done", 200)

    for email, role in ((OLEG, "бухгалтер"), (ANNA, "специалист")):
        answer = click_as(office, email)
        assert_answer(answer, "refused", 403)
        assert f"— {role}" in answer["message"]
        assert "владелец и менеджер" in answer["message"]
    assert_answer(click_as(office, "stranger@other.example"), "refused", 403)


def test_questions_are_answered_to_those_who_may_act(office: Office) -> None:
    """What the add-on asks before an action is not told to others."""
    assert_answer(office.do("estimate"), "done", 200)

    assert "Отменить «Оценить бэклог»" in click_as(office, NINA, "undo_question")["message"]
    assert_answer(click_as(office, ANNA, "undo_question"), "refused", 403)


def test_a_new_role_counts_at_once_and_a_lost_one_after_the_next_reading(office: Office) -> None:
    """The owner promotes one person and takes a role from another; nobody restarts anything."""
    assert_answer(click_as(office, ANNA), "refused", 403)
    change_person(office, "Анна Белова", role="менеджер")
    change_person(office, "Нина Градова", name="", email="", role="")

    assert_answer(click_as(office, ANNA), "done", 200)
    assert_answer(click_as(office, NINA), "refused", 403)


def test_people_who_are_not_planned(office: Office) -> None:
    """A manager without hours is no specialist of a plan, and may be responsible for a project."""
    preview = office.do("build_batch")
    assert all("Нина Градова" not in str(one) for one in preview["data"]["specialists"])

    place = office.book().fields["responsible"]
    name = {"type": "type", "sheet": place.sheet_title, "cell": place.address, "text": "Нина Градова"}
    office.edit(name)
    answer = office.do("check_book")
    assert answer["cells"] == []


def test_roles_that_cannot_be_understood_are_bad_cells(office: Office) -> None:
    """A role without an address, and one address for two people with roles, are named with their cells."""
    change_person(office, "Олег Сотов", email="nina@mayak.example")
    change_person(office, "Анна Белова", role="владелец", email="потом")

    answer = office.click(office.client_id, "build_batch")

    told = sorted(one["message"] for one in answer["cells"])
    assert len(told) == 2
    assert "почта nina@mayak.example записана у двух" in told[0]
    assert "Анна Белова есть роль, но нет почты" in told[1]
