"""Which accounts of outside systems an agency may use.

An account belongs to one agency: to the one that the operator named, or to the only one of the installation.
Where there are several and none is named it is nobody's, because what an account shows is one agency's.
"""

from __future__ import annotations

from collections.abc import Mapping

from vitrina.errors import UserError
from vitrina.operations.services import Services
from vitrina.ports import TaskTracker
from vitrina.records.books import find_agencies

#: Names of accounts beside those of connections to trackers. The first three are also systems of facts.
CRM_ACCOUNT, METRICA_ACCOUNT, CALLTOUCH_ACCOUNT = "crm", "metrica", "calltouch"


def agency_of_account(services: Services, name: str) -> str | None:
    """The agency whose account it is; ``None`` where there are several agencies, or none, and none is named.

    A query where the operator named none.
    """
    return services.account_agencies.get(name) or _only_agency(services) or None


def _only_agency(services: Services) -> str | None:
    """The only agency of the installation; ``None`` if there are several, empty if there is none yet."""
    agencies = find_agencies(services.store)
    if not agencies:
        return ""
    return agencies[0].spreadsheet_id if len(agencies) == 1 else None


def is_own_account(services: Services, name: str, agency_id: str) -> bool:
    """Whether an account is this agency's."""
    return agency_of_account(services, name) == agency_id


def own_trackers(services: Services, agency_id: str = "") -> Mapping[str, TaskTracker]:
    """Trackers in which an agency may make boards, the usual one first; what has no boards is everybody's.

    *agency_id* is empty for an agency that is being made.
    """
    named, only = services.account_agencies, None
    if any(one.can.has_cards and name not in named for name, one in services.trackers.items()):
        only = _only_agency(services)
    return {
        name: one
        for name, one in services.trackers.items()
        if not one.can.has_cards or named.get(name, only) == agency_id
    }


def tracker_titles(services: Services, agency_id: str = "") -> dict[str, str]:
    """Titles of an agency's own trackers that have cards, by the name of the connection."""
    own = own_trackers(services, agency_id)
    return {name: one.name for name, one in own.items() if one.can.has_cards}


def own_tracker(services: Services, agency_id: str, name: str = "") -> tuple[str, TaskTracker]:
    """One of them with its name, by default the usual one.

    Raises
    ------
    UserError
        If the agency has none of this name. Whether another agency has it is not told.
    """
    own = own_trackers(services, agency_id)
    name = name or next(iter(own))
    if name not in own:
        raise UserError("tracker.not_own", service=name)
    return name, own[name]
