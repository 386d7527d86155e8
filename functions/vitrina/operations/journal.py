"""Lines for *Журнал* of the agency's workbook: who did what when. They wait here until the job writes them.

A line is kept in the commit that ends its action. With it goes the wish to have the agency's tabs refreshed:
one task in a minute for each agency, however many actions end in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec import Struct, to_builtins

from vitrina.operations.outbox import TaskWish, task_name
from vitrina.operations.services import Services
from vitrina.ports import EXPIRES_AT, Delete, Put, Store
from vitrina.records.packing import known_fields

JOURNAL = "journal"

#: Seconds in which the lines of an agency are gathered for one write of its workbook.
GATHER_S = 60.0
#: How long a line waits for a workbook that cannot be written.
LINE_LIFE = timedelta(days=30)
#: Most lines of one write.
MOST_AT_ONCE = 200
#: Most characters of a message.
MOST_CHARACTERS = 1000


class JournalLine(Struct, frozen=True):
    """How an action of a person ended. ``who`` is an e-mail, ``at`` a moment as ISO text."""

    operation_id: str
    agency_id: str
    spreadsheet_id: str
    at: str
    who: str
    action: str
    outcome: str
    message: str

    def put(self) -> Put:
        """The write that keeps the line until it stands in the workbook."""
        expires_at = datetime.fromisoformat(self.at) + LINE_LIFE
        data = {
            **to_builtins(self),
            "message": self.message[:MOST_CHARACTERS],
            EXPIRES_AT: expires_at.isoformat(),
        }
        return Put(JOURNAL, self.operation_id, data)

    def delete(self) -> Delete:
        """The write that deletes the line after it was written into the workbook."""
        return Delete(JOURNAL, self.operation_id)


def find_lines(store: Store, agency_id: str) -> Sequence[JournalLine]:
    """Lines of an agency that are not in its workbook yet, the latest first."""
    found = store.find(JOURNAL, where={"agency_id": agency_id}, limit=MOST_AT_ONCE)
    lines = (JournalLine(**known_fields(JournalLine, one.data)) for one in found)
    return sorted(lines, key=lambda line: line.at, reverse=True)


def refresh_wish(
    services: Services, agency_id: str, *, draws: bool, gather_s: float = GATHER_S, slot: float | None = None
) -> TaskWish:
    """The task that refreshes the tabs of an agency's workbook, one for all wishes within *gather_s* seconds.

    Parameters
    ----------
    draws
        Whether hours of people may have changed, so that *Загрузка* is drawn anew.
    slot
        A slot of Google's quota that the task has booked.
    """
    body = {"kind": "agency", "spreadsheet_id": agency_id, "draws": draws}
    kind = "load" if draws else "journal"
    now = services.clock.now().timestamp()
    if slot is not None:
        return TaskWish(task_name(f"{kind}-slot", agency_id, int(slot)), {**body, "slot": slot}, slot - now)
    return TaskWish(task_name(kind, agency_id, int(now // gather_s)), body, gather_s)
