"""People who sell: they move deals in the CRM, also back."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.chaos.history import Json
from benchmarks.chaos.visits.record import Record
from benchmarks.chaos.world import ChaosWorld
from tests.emulators.amocrm.amocrm_world import OLGA, SALES
from tests.harness.desks.crm import STAGES

#: Stages of deals that ask for a project.
WON = frozenset({"signed", "won"})


class DealVisits:
    """What happens to the deals of the first agency."""

    def __init__(self, world: ChaosWorld, deals: Sequence[int], record: Record) -> None:
        self._world = world
        self._deals = deals
        self._record = record
        record.deal_stages |= dict.fromkeys(deals, "lead")

    def do(self, what: Json) -> bool:
        """Move a deal; returns whether it stood elsewhere."""
        deal, stage = self._deals[what["deal"]], what["stage"]
        with self._record.lock:
            if self._record.deal_stages[deal] == stage:
                return False
            self._record.deal_stages[deal] = stage
            if stage in WON:
                self._record.ever_won.add(deal)
            place = {"pipeline_id": SALES, "status_id": STAGES[stage]}
            self._world.crm.do(action="move_deal", id=deal, user_id=OLGA, **place)
        return True
