"""Who may click: owners of the setting, and roles of the agency of the workbook."""

from __future__ import annotations

from functools import cache

import pytest
from msgspec.structs import replace

from tests.harness.agency_data import MANAGER
from tests.harness.memory_office import MemoryOffice, SavedOffice
from vitrina.errors import NotStaffError, UnknownWorkbookError
from vitrina.operations.actor import CLOCK, Actor, ActorKind, person
from vitrina.operations.clicks.access import access_keys, require_role
from vitrina.operations.services import Owner
from vitrina.records.team import team_writes
from vitrina.workbook.reading.team import Role, StaffMember, Team

NINA = "nina@mayak.example"


@cache
def saved_office() -> SavedOffice:
    """An agency with a client."""
    office = MemoryOffice()
    office.set_up_agency(facts={})
    office.create_client()
    return office.save()


@pytest.fixture
def office() -> MemoryOffice:
    """The agency; nobody has a role."""
    return MemoryOffice(saved_office())


def agency_of(office: MemoryOffice, email: str, spreadsheet_id: str = "", *, domain: str = "") -> str:
    """The agency in which a person may click, with the setting's owner and everybody of a domain."""
    owners = (
        Owner(MANAGER),
        Owner("@owners.example"),
        Owner("here@owners.example", office.agency_id),
        Owner("there@owners.example", "another agency"),
    )
    services = replace(office.services, owners=owners)
    actor, book = person(email, domain), spreadsheet_id or office.client_id
    found = services.store.get_many(access_keys(services, actor, book))
    return require_role(services, actor, book, found)


def keep_team(office: MemoryOffice, agency_id: str, *staff: StaffMember) -> None:
    """Keep people with roles as the agency's."""
    office.services.store.commit(team_writes(agency_id, Team((), {}, staff=staff)))


@pytest.mark.parametrize(
    ("email", "domain"),
    [(MANAGER, ""), ("new@owners.example", "owners.example"), ("here@owners.example", "")],
)
def test_owners_of_the_setting_may_click(office: MemoryOffice, email: str, domain: str) -> None:
    """No people are kept yet: the owner is the first who clicks. An address needs no organisation."""
    assert agency_of(office, email, domain=domain) == office.agency_id


def test_an_owner_of_another_agency(office: MemoryOffice) -> None:
    """Whom the operator named for one agency is a stranger in the others."""
    with pytest.raises(NotStaffError):
        agency_of(office, "there@owners.example")


@pytest.mark.parametrize(
    ("email", "domain"),
    [
        ("leaver@owners.example", ""),  # a consumer account on an address of the domain
        ("leaver@owners.example", "other.example"),
        ("a@other.example", "owners.example"),
        ("a@not-owners.example", "not-owners.example"),
        ("a@sub.owners.example", "sub.owners.example"),
        ("a@owners.example.org", "owners.example.org"),
    ],
)
def test_a_domain_is_whose_accounts_google_says_it_manages(
    office: MemoryOffice, email: str, domain: str
) -> None:
    """``@owners.example`` are accounts of that organisation only, with an address of it."""
    with pytest.raises(NotStaffError):
        agency_of(office, email, domain=domain)


def test_a_role_counts_in_its_agency_only(office: MemoryOffice) -> None:
    """A manager of another agency of the installation is a stranger here."""
    keep_team(office, "another agency", StaffMember("Нина", NINA, Role.MANAGER))
    with pytest.raises(NotStaffError):
        agency_of(office, NINA)

    keep_team(office, office.agency_id, StaffMember("Нина", NINA, Role.MANAGER))
    assert agency_of(office, NINA) == office.agency_id


def test_who_a_person_is_takes_no_further_round_trip(office: MemoryOffice) -> None:
    """Once the agency of a workbook is known, its people are read together with the workbook's document."""
    keep_team(office, office.agency_id, StaffMember("Нина", NINA, Role.MANAGER))
    first = access_keys(office.services, person(NINA), office.client_id)
    agency_of(office, NINA)

    assert len(access_keys(office.services, person(NINA), office.client_id)) == len(first) + 1
    assert access_keys(office.services, person(MANAGER), office.client_id) == first


def test_a_foreign_workbook_is_unknown(office: MemoryOffice) -> None:
    """Also to an owner."""
    with pytest.raises(UnknownWorkbookError):
        agency_of(office, MANAGER, "foreign")


def test_a_client_has_no_role(office: MemoryOffice) -> None:
    """Not even with the address of the owner: clients come by another way than the menu."""
    found = office.services.store.get_many([("book", office.client_id)])
    client = Actor(ActorKind.CLIENT, MANAGER)

    with pytest.raises(NotStaffError):
        require_role(office.services, client, office.client_id, found)
    assert require_role(office.services, CLOCK, office.client_id, found) == office.agency_id
