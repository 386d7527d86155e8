"""Who may click: owners whom the operator named, and people of *Специалисты* by their roles.

A person belongs to the agency in whose *Специалисты* he stands. The people are known from the store as they
were read last.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from vitrina.errors import NotStaffError, UnknownWorkbookError
from vitrina.operations.actor import Actor, ActorKind
from vitrina.operations.services import Services
from vitrina.ports import Document, Key
from vitrina.records.books import book_key
from vitrina.records.team import team_from_document, team_key
from vitrina.texts import sentence
from vitrina.workbook.reading.team import Role

#: Roles that may do whatever the menu offers.
MANAGING = frozenset({Role.OWNER, Role.MANAGER})

#: Actors that need no role: what a rule or the clock does was allowed when it was set up.
_OURSELVES = (ActorKind.RULE, ActorKind.CLOCK)


def access_keys(services: Services, actor: Actor, spreadsheet_id: str) -> list[Key]:
    """Documents that tell whether a person may click in a workbook, as far as they are known beforehand."""
    agency_id = services.known_agencies.get(spreadsheet_id)
    is_team_needed = actor.kind is ActorKind.PERSON and not _is_owner(services, actor, agency_id or "")
    return [book_key(spreadsheet_id), *([team_key(agency_id)] if agency_id and is_team_needed else [])]


def agency_keys(services: Services, spreadsheet_id: str) -> list[Key]:
    """The document that tells whose a workbook is, unless this process knows it."""
    return [] if spreadsheet_id in services.known_agencies else [book_key(spreadsheet_id)]


def agency_of_book(services: Services, spreadsheet_id: str, found: Mapping[Key, Document]) -> str:
    """The agency of a workbook, from the documents of ``agency_keys``; empty for one that is not ours."""
    book = found.get(book_key(spreadsheet_id))
    if book is not None:
        services.known_agencies[spreadsheet_id] = book.data.get("agency_id", spreadsheet_id)
    return services.known_agencies.get(spreadsheet_id, "")


def require_role(
    services: Services,
    actor: Actor,
    spreadsheet_id: str,
    found: Mapping[Key, Document],
    roles: Collection[Role] = MANAGING,
) -> str:
    """The agency of the workbook, if the person has one of *roles* there.

    One more round trip for the first click in a workbook that this process sees.

    Parameters
    ----------
    found
        The documents of ``access_keys``.

    Raises
    ------
    UnknownWorkbookError
        If the workbook is not one of this installation.
    NotStaffError
        If the person has no such role.
    """
    book = found.get(book_key(spreadsheet_id))
    if book is None:
        raise UnknownWorkbookError("workbook.unknown")
    agency_id = agency_of_book(services, spreadsheet_id, found)
    if actor.kind in _OURSELVES:
        return agency_id
    is_owner = _is_owner(services, actor, agency_id)
    role = Role.OWNER if is_owner else _role_in(services, agency_id, actor, found)
    if role is None:
        raise NotStaffError("auth.not_staff", email=actor.name)
    if role not in roles:
        allowed = [sentence(f"role.{one}") for one in Role if one in roles]
        raise NotStaffError("auth.role", role=sentence(f"role.{role}"), allowed=allowed)
    return agency_id


def _is_owner(services: Services, actor: Actor, agency_id: str) -> bool:
    """Whether the operator named a person as an owner: the address, or the organisation.

    An address at a domain does not make a member of the organisation: whoever left it may have made a
    consumer account with his old address. Only Google knows whose accounts it manages.
    """
    if actor.kind is not ActorKind.PERSON:
        return False
    domain = actor.name[actor.name.rfind("@") :]
    is_managed = domain == f"@{actor.domain}"
    known = {one.address for one in services.owners_in(agency_id)}
    return actor.name in known or (is_managed and domain in known)


def _role_in(services: Services, agency_id: str, actor: Actor, found: Mapping[Key, Document]) -> Role | None:
    key = team_key(agency_id)
    document = found.get(key) or services.store.get_many([key]).get(key)
    team = team_from_document(services.store, document)
    return team.role_of(actor.name) if team and actor.kind is ActorKind.PERSON else None
