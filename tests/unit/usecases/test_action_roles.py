"""Who may do what: every action of the menu is named here with its roles."""

from __future__ import annotations

from importlib import import_module

import pytest

from tests.harness.agency_data import MANAGER
from tests.harness.memory_office import MemoryOffice
from vitrina.errors import NotStaffError
from vitrina.operations.actor import person
from vitrina.operations.clicks.access import MANAGING, access_keys, require_role
from vitrina.records.team import team_writes
from vitrina.usecases.actions import ACTIONS, AREAS
from vitrina.workbook.reading.team import Role, StaffMember, Team

NOBODY: frozenset[Role] = frozenset()
#: A new action gets a line with the roles of the people who may do it.
ROLES = {
    "estimate": MANAGING,
    "invite_client": MANAGING,
    "build_batch": MANAGING,
    "preview_replan": MANAGING,
    "replan_work": MANAGING,
    "start_batch": MANAGING,
    "preview_assignment": MANAGING,
    "assign_task": MANAGING,
    "preview_onboarding": MANAGING,
    "apply_onboarding": MANAGING,
    "push": MANAGING,
    "refresh": MANAGING,
    "settle_conflicts": MANAGING,
    "undo": MANAGING,
    "check_book": MANAGING,
    "show_as_client": MANAGING,
    "client_links": MANAGING,
    "make_client_link": MANAGING,
    "revoke_client_link": MANAGING,
    "metric_sources": MANAGING,
    "metric_measures": MANAGING,
    "choose_metric_source": MANAGING,
    "remove_metric_source": MANAGING,
    "show_chat": MANAGING,
    "open_questions": MANAGING,
    "answer_question": MANAGING,
    "note_call": MANAGING,
    "preview_digest": MANAGING,
    "send_digest": MANAGING,
    "preview_metric_report": MANAGING,
    "add_report_action": MANAGING,
    "approve_metric_report": MANAGING,
    "finished_work": MANAGING,
    "show_to_client": MANAGING,
    "decide_for_client": MANAGING,
    "accepted_work": MANAGING,
    "take_back_accepted": MANAGING,
    "show_agency_chat": MANAGING,
    "new_client": MANAGING,
    # Only the rule of the CRM does it.
    "start_project": NOBODY,
    "switch_options": MANAGING,
    "preview_switch": MANAGING,
    "switch_tracker": MANAGING,
    "accounting_options": MANAGING,
    "preview_accounting": MANAGING,
    "ask_accounting": MANAGING,
    "request_file": MANAGING,
    "withdraw_request": MANAGING,
    "recalculate_norms": MANAGING,
    "update_load": MANAGING,
    "upgrade_books": MANAGING,
    "check_all": MANAGING,
}


def test_each_action_has_its_roles() -> None:
    """A new action without a line here fails, and so does one whose roles are not those."""
    assert {name: one.roles for name, one in ACTIONS.items()} == ROLES


@pytest.mark.parametrize("area", AREAS)
def test_areas_name_what_they_have(area: str) -> None:
    """An action that its area does not name could not be clicked."""
    assert tuple(import_module(f"vitrina.usecases.actions.{area}").ACTIONS) == AREAS[area]


@pytest.fixture(scope="module")
def office() -> MemoryOffice:
    """An agency with a person of each role."""
    office = MemoryOffice()
    office.set_up_agency(facts={})
    office.create_client()
    staff = [StaffMember(role.value, f"{role.value}@mayak.example", role) for role in Role]
    office.services.store.commit(team_writes(office.agency_id, Team((), {}, staff=tuple(staff))))
    return office


@pytest.mark.parametrize("role", [*Role, None])
@pytest.mark.parametrize("action", ACTIONS)
def test_who_may_do_it(office: MemoryOffice, action: str, role: Role | None) -> None:
    """Whoever has another role, or none, is refused."""
    services, one = office.services, ACTIONS[action]
    book = office.agency_id if one.book_kind == "agency" else office.client_id
    actor = person(f"{role.value if role else 'stranger'}@mayak.example")
    found = services.store.get_many(access_keys(services, actor, book))

    if role in ROLES[action]:
        assert require_role(services, actor, book, found, one.roles) == office.agency_id
    else:
        with pytest.raises(NotStaffError):
            require_role(services, actor, book, found, one.roles)


def test_the_operators_owner_is_one(office: MemoryOffice) -> None:
    """But what only a rule does is not for owners either."""
    services, actor = office.services, person(MANAGER)
    found = services.store.get_many(access_keys(services, actor, office.agency_id))

    assert require_role(services, actor, office.agency_id, found, ROLES["new_client"])
    with pytest.raises(NotStaffError):
        require_role(services, actor, office.agency_id, found, ROLES["start_project"])
