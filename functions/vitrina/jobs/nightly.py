"""What the timer sets off once a night: the norms of every agency, learned anew while nobody works."""

from __future__ import annotations

from datetime import datetime

from vitrina.errors import UserError
from vitrina.operations.google_quota import book_turn
from vitrina.operations.services import Services
from vitrina.records.records import BOOK, Agency
from vitrina.usecases.recalculate_norms import recalculate_norms
from vitrina.usecases.sync import task_name

#: Kind of the documents that say for which day an agency's norms were last planned.
NIGHT = "night"

#: Hours on the clock at which nobody minds. More than one, as the timer may be down for a while.
NIGHT_HOURS = range(2, 6)


def is_night(services: Services) -> bool:
    """Whether it is night where the agencies are."""
    return _local(services).hour in NIGHT_HOURS


def plan_norms(services: Services) -> int:
    """Queue the norms of every agency that have not been planned for today; gives how many."""
    if not is_night(services):
        return 0
    today, planned = services.today(), 0
    for record in services.store.find(BOOK, kind="agency"):
        last = services.store.get(NIGHT, record.key)
        if last is not None and last.data["on"] == today.isoformat():
            continue
        # Should we die before it is noted, the next call plans it again, and the queue knows its name.
        _queue(services, record.key, today.toordinal())
        services.store.put(NIGHT, record.key, {"on": today.isoformat()})
        planned += 1
    return planned


def recalculate_at_night(services: Services, agency: Agency, *, turn: float | None = None) -> None:
    """The norms of an agency, in a turn of their own. Where nothing is finished there is nothing to do."""
    turn = book_turn(services, instead_of=turn)
    wait_s = turn - services.clock.now().timestamp()
    if wait_s > 0:
        _queue(services, agency.spreadsheet_id, int(turn), delay_s=wait_s, turn=turn)
        return
    try:
        recalculate_norms(services, agency)
    except UserError as error:
        if error.code != "norms.no_history":
            raise


def _queue(
    services: Services, agency_id: str, number: int, *, delay_s: float = 0.0, turn: float | None = None
) -> None:
    booked = {} if turn is None else {"turn": turn}
    services.queue.add(
        task_name("norms", agency_id, number),
        {"kind": "norms", "spreadsheet_id": agency_id, **booked},
        delay_s=delay_s,
    )


def _local(services: Services) -> datetime:
    return services.clock.now().astimezone(services.time_zone)
