"""Ids of an agency's people in a tracker: those of *Специалисты*, and those that their e-mail leads to.

What was found by an e-mail is kept by the person's name.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping

from vitrina.operations.run import Run
from vitrina.operations.services import Services
from vitrina.project.agency_book import look_at_team, read_agency_book, read_stored_agency
from vitrina.records.cards import StoredTrackerMemory
from vitrina.records.team import tracker_ids
from vitrina.workbook.reading.team import Team

#: Name of the text in the memory of a tracker that holds the ids of an agency's people by their names.
FOUND = "people"


def people_in_tracker(
    services: Services, agency_id: str, team: Team | None, tracker: str
) -> Mapping[str, str]:
    """Ids by name. The store is read only if somebody of the team has no id in *Специалисты*."""
    ids = tracker_ids(team, tracker)
    if team is None or all(one.name in ids for one in team.specialists):
        return ids
    return {**_found(services, agency_id, tracker), **ids}


def find_people_in_tracker(run: Run, agency_id: str, tracker: str, names: Collection[str]) -> dict[str, str]:
    """Look for people by the e-mails of *Специалисты*; what is found is remembered. Returns ids by name.

    One read of the agency's workbook and one search.

    Raises
    ------
    CellsError
        If cells of the agency's workbook are bad.
    ServiceError
        If Google or the tracker refuses.
    """
    services = run.services
    stored = read_stored_agency(run, agency_id)
    book = read_agency_book(run, agency_id, stored.shape)
    team = look_at_team(services, stored.agency, book)
    emails = {one.name: one.email.casefold() for one in team.specialists if one.email and one.name in names}
    if not emails:
        return {}
    by_email = services.tracker(tracker).find_people(emails.values())
    found = {name: by_email[email] for name, email in emails.items() if email in by_email}
    if found:
        known = {**_found(services, agency_id, tracker), **found}
        memory = StoredTrackerMemory(services.store, tracker)
        memory.save(_name(agency_id), json.dumps(known, ensure_ascii=False))
    return found


def _found(services: Services, agency_id: str, tracker: str) -> Mapping[str, str]:
    text = StoredTrackerMemory(services.store, tracker).load(_name(agency_id))
    found: dict[str, str] = json.loads(text) if text else {}
    return found


def _name(agency_id: str) -> str:
    return f"{FOUND}:{agency_id}"
