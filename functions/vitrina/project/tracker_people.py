"""Finds the ids of specialists in trackers by their e-mail, where *Специалисты* has none."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace

from vitrina.domain.backlog import Specialist
from vitrina.errors import ServiceError
from vitrina.ports import TaskTracker
from vitrina.workbook.reading.team import Team

log = logging.getLogger("vitrina.team")


def with_found_ids(team: Team, trackers: Mapping[str, TaskTracker], known: Team | None) -> Team:
    """The team with the ids that trackers know; what the sheet says wins.

    Each tracker is asked once for all people who have no id in it, unless an id was found before. A tracker
    that does not answer now is asked the next time.

    Parameters
    ----------
    known
        The team as it was kept last.
    """
    for name, tracker in trackers.items():
        if tracker.can.has_cards:
            team = _with_ids_of(team, name, tracker, known)
    return team


def _with_ids_of(team: Team, name: str, tracker: TaskTracker, known: Team | None) -> Team:
    lacking = {one.name: one for one in team.specialists if name not in one.tracker_ids and one.email}
    kept = {one.name: one.tracker_ids[name] for one in _people(known) if name in one.tracker_ids}
    found = {person: kept[person] for person in lacking if person in kept}
    unknown = {person: one.email for person, one in lacking.items() if person not in found}
    if unknown:
        try:
            by_email = tracker.find_people(list(unknown.values()))
        except ServiceError as error:
            log.warning("people not looked for: %s", error.code)
            by_email = {}
        found |= {
            person: by_email[email.casefold()]
            for person, email in unknown.items()
            if email.casefold() in by_email
        }
    if not found:
        return team
    return replace(
        team, specialists=tuple(_with_id(one, name, found.get(one.name)) for one in team.specialists)
    )


def _with_id(specialist: Specialist, tracker: str, user_id: str | None) -> Specialist:
    if user_id is None:
        return specialist
    return replace(specialist, tracker_ids={**specialist.tracker_ids, tracker: user_id})


def _people(team: Team | None) -> tuple[Specialist, ...]:
    return team.specialists if team else ()
