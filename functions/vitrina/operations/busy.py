"""What to tell somebody who finds a workbook in use: who is doing what there, and since when."""

from __future__ import annotations

from datetime import datetime

from vitrina.errors import BusyError
from vitrina.operations.actor import ActorKind, actor_from_data
from vitrina.operations.services import Services
from vitrina.ports import Json
from vitrina.records.team import team_from_document, team_key
from vitrina.texts import sentence


def busy_with(lease: Json, services: Services, agency_id: str) -> BusyError:
    """The error that says who holds a lease, as far as its document tells.

    A person is named as in the agency's *Специалисты*, else by e-mail: only staff read it. One more round
    trip of the store, after seconds of waiting.
    """
    action, at = lease.get("action", ""), lease.get("at", "")
    actor = actor_from_data(lease) if "actor" in lease else None
    if actor is None or actor.kind is not ActorKind.PERSON:
        return BusyError("workbook.busy_with_us" if actor else "workbook.busy")
    if not action or not at:
        return BusyError("workbook.busy")
    since = datetime.fromisoformat(at).astimezone(services.time_zone)
    return BusyError(
        "workbook.busy_with",
        who=_name_of(actor.name, services, agency_id),
        what=sentence(f"busy.{action}"),
        time=since.strftime("%H:%M"),
    )


def _name_of(email: str, services: Services, agency_id: str) -> str:
    key = team_key(agency_id)
    team = team_from_document(services.store, services.store.get_many([key]).get(key)) if agency_id else None
    return team.name_of(email) if team else email
