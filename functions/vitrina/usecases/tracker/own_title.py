"""Titles of boards, by which a repeat finds what it has made and never what another agency has."""

from __future__ import annotations

from vitrina.operations.services import Services
from vitrina.records.books import board_title, find_agencies, find_projects


def own_board_title(services: Services, agency_id: str, tracker: str, title: str) -> str:
    """*title*, with the agency's name where a project of another agency has such a board in this tracker.

    An account of a tracker is one agency's; agencies that shared one in an older release have boards there.
    One query, and a document for each other agency.
    """
    agencies = {one.spreadsheet_id: one for one in find_agencies(services.store)}
    others = (
        project
        for other_id in agencies.keys() - {agency_id}
        for project in find_projects(services.store, other_id)
        if project.tracker == tracker
    )
    if all(board_title(one.title, one.code) != title for one in others):
        return title
    return f"{title} · {agencies[agency_id].name}"
