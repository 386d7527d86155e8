"""Job that brings one client's workbook along: an action saw that an older release has made it."""

from __future__ import annotations

from vitrina.operations.actor import CLOCK
from vitrina.operations.google_quota import QUOTA_KEY, SlotBooking
from vitrina.operations.outbox import fulfil
from vitrina.operations.run import Run, ending
from vitrina.operations.services import Services
from vitrina.ports import Json
from vitrina.project.agency_book import read_stored_agency
from vitrina.project.book_upgrade import (
    UpgradeContext,
    upgrade_client_book,
    upgrade_wish,
    work_types_for_clients,
)
from vitrina.records.books import load_project
from vitrina.records.layouts import Protections, protection_key


def upgrade_one(services: Services, body: Json) -> None:
    """Bring the workbook along while no action works there, in a slot of Google's quota.

    A workbook that is busy, or that people change just now, waits for the next delivery.
    """
    project = load_project(services.store, body["spreadsheet_id"])
    agency_id = project.agency_id
    run = Run(services, CLOCK, agency_id=agency_id)
    stored = read_stored_agency(run, agency_id, more=[QUOTA_KEY, protection_key(agency_id)])
    context = UpgradeContext(
        stored.agency,
        stored.team,
        work_types_for_clients(stored.team, stored.norms.value),
        Protections(agency_id, stored.more.get(protection_key(agency_id))),
    )
    quota = stored.more.get(QUOTA_KEY)
    booking = SlotBooking(services, quota, agency_id=agency_id, instead_of=body.get("slot"))
    run.commit(updates=[booking])
    if booking.wait_s > 0:
        slot = booking.moments[0]
        wish = upgrade_wish(services, project.spreadsheet_id, slot=slot, delay_s=booking.wait_s)
        run.commit(wish.put(services))
        wish.send(services)
        return
    with ending(run):
        upgrade_client_book(run, project, context)
        if body.get("wish"):
            run.at_end(fulfil(body["wish"]))
