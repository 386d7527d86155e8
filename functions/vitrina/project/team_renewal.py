"""Reads *Специалисты* anew for somebody whom the store does not know."""

from __future__ import annotations

import logging
import time

from vitrina.errors import UserError
from vitrina.operations.actor import CLOCK
from vitrina.operations.run import Run, ending
from vitrina.operations.services import Services
from vitrina.project.agency_book import read_agency_book, read_stored_agency, read_team_of

log = logging.getLogger("vitrina.staff")

#: Strangers make a process read the workbook of an agency once in so many seconds at most.
PAUSE_S = 20.0


def renew_team(services: Services, agency_id: str) -> bool:
    """Read the people of an agency now: one read of its workbook. ``False`` if it was read just before.

    It is also ``False`` if cells of the people are bad, so that nobody knows who has which role.
    """
    now, read_at = time.monotonic(), services.people_read_at
    if now - read_at.get(agency_id, -PAUSE_S) < PAUSE_S:
        return False
    read_at[agency_id] = now
    run = Run(services, CLOCK, agency_id=agency_id)
    try:
        with ending(run):
            stored = read_stored_agency(run, agency_id)
            book = read_agency_book(run, agency_id, stored.shape)
            read_team_of(run, stored.agency, book)
    except UserError as error:
        log.warning("people not read: %s", error.code)
        return False
    return True
