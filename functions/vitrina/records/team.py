"""The people of an agency as they were last read from its workbook."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from vitrina.domain.backlog import Specialist
from vitrina.ports import Document, Json, Key, Store, Write
from vitrina.records.books import FIRST_TRACKER
from vitrina.records.packing import Packed, packed_writes, unpack_one
from vitrina.workbook.reading.team import TRACKER_ID, ClientCheck, Role, StaffMember, Team

TEAM = "team"


def team_key(agency_id: str) -> Key:
    """Where the team of an agency is kept."""
    return TEAM, agency_id


def team_writes(agency_id: str, team: Team) -> list[Write]:
    """Writes that keep a team in place of any other, with the e-mails and roles of those who click."""
    data = {
        **team_data(team),
        "emails": {one.name: one.email for one in team.specialists if one.email},
        "staff": [{"name": one.name, "email": one.email, "role": one.role.value} for one in team.staff],
    }
    return packed_writes(Packed(TEAM, agency_id, None, None), data)


def team_from_document(store: Store, document: Document | None) -> Team | None:
    """The team, ``None`` before it was first read."""
    if document is None:
        return None
    if "body" not in document.data:
        # Release 0.1 did not pack it.
        return team_from_data(document.data)
    payload = unpack_one(store, TEAM, document.key, document).payload
    return team_from_data(payload) if payload else None


def team_data(team: Team) -> Json:
    """The team as JSON, without e-mails and roles: plans need none."""
    return {
        "specialists": [
            {
                "name": one.name,
                "profiles": list(one.profiles),
                "hours_per_day": one.hours_per_day,
                "tracker_ids": dict(one.tracker_ids),
                "days_away": sorted(day.isoformat() for day in one.days_away),
            }
            for one in team.specialists
        ],
        "profiles": dict(team.profiles),
        "load_factor": team.load_factor,
        "week_limit_hours": team.week_limit_hours,
        "editors_group": team.editors_group,
        "shows_free_hours": team.shows_free_hours,
        "client_check": team.client_check.value,
        "work_types": list(team.work_types),
    }


def team_from_data(data: Json) -> Team:
    """The team of JSON."""
    specialists = tuple(
        Specialist(
            name=one["name"],
            profiles=tuple(one["profiles"]),
            hours_per_day=one["hours_per_day"],
            email=data.get("emails", {}).get(one["name"], ""),
            tracker_ids=_tracker_ids(one),
            days_away=frozenset(date.fromisoformat(day) for day in one["days_away"]),
        )
        for one in data["specialists"]
    )
    return Team(
        specialists,
        data["profiles"],
        data["load_factor"],
        data.get("week_limit_hours"),
        editors_group=data.get("editors_group", ""),
        shows_free_hours=data.get("shows_free_hours", False),
        client_check=ClientCheck(data.get("client_check", ClientCheck.NOBODY)),
        work_types=tuple(data.get("work_types", ())),
        staff=tuple(
            StaffMember(one["name"], one["email"], Role(one["role"])) for one in data.get("staff", ())
        ),
    )


def _tracker_ids(data: Json) -> Mapping[str, str]:
    """Ids of a person. A document of an older release has one, of the only tracker that there was."""
    if "tracker_ids" in data:
        return dict(data["tracker_ids"])
    return {FIRST_TRACKER: data["tracker_id"]} if data["tracker_id"] else {}


def tracker_ids(team: Team | None, tracker: str) -> Mapping[str, str]:
    """Ids in a tracker by specialist's name. What is no id was refused, but earlier releases kept it."""
    people = team.specialists if team else ()
    found = {one.name: one.tracker_ids.get(tracker, "") for one in people}
    return {name: text for name, text in found.items() if TRACKER_ID.fullmatch(text)}
