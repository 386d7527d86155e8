"""The run that is being played: clicks, visits and disturbances, phase after phase."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from benchmarks.chaos.click_result import ClickResult
from benchmarks.chaos.clicks import Clicks, Identity
from benchmarks.chaos.history import DELAY, FAULT, FREEZE, KILL, Disturbance, History, Json, Phase
from benchmarks.chaos.http import Waiting
from benchmarks.chaos.person import Person
from benchmarks.chaos.starting_points import StartingPoint
from benchmarks.chaos.visits.accounting import AccountingVisits
from benchmarks.chaos.visits.chat import ChatVisits
from benchmarks.chaos.visits.deals import DealVisits
from benchmarks.chaos.visits.neighbours import NeighbourVisits
from benchmarks.chaos.visits.page import ClientVisits
from benchmarks.chaos.visits.record import Record
from benchmarks.chaos.world import LEASE_S
from emulators.common.plan import PassingCall, Step
from vitrina.operations.outbox import OUTBOX
from vitrina.records.outside.chats import find_unready
from vitrina.records.outside.deals import load_hints

#: How often a click is repeated at the end while something outside fails.
CLICKS_AT_END = 6
#: How often the timer is called at the end while the outbox holds something.
TIMER_CALLS_AT_END = 6

#: A slow call takes so much longer than a lease.
BEYOND_LEASE_S = 0.5

#: Not an action of the menu: postponed tasks of the queue become due.
QUEUE = "queue"


class Run:
    """A run of one history, from its starting point."""

    def __init__(self, identity: Identity, start: StartingPoint, history: History) -> None:
        self._world = identity.world
        self._start = start
        self._preview_id = start.preview_id
        self._lock = threading.Lock()
        self._waiting = Waiting()
        self.record = Record()
        self.counts: Counter[str] = self.record.counts
        # After a lost answer the same click may be repeated, as the page does, or a new one be made.
        self._clicks = Clicks(identity, self._waiting, history.run % 2 == 0, self._call_timer_for_lost_task)
        self.person: Person = start.site.person(self._world)
        self.click_results: list[ClickResult] = []
        site, record = start.site, self.record
        self.neighbours = NeighbourVisits(
            self._clicks, site, start.beside, start.beside.person(self._world), record
        )
        self._chat = ChatVisits(self._world, site, record)
        self._visitors: dict[str, Callable[[Json], bool]] = {
            "crm": DealVisits(self._world, start.deals, record).do,
            "chat": self._chat.do,
            "client": ClientVisits(self._world, site, record, self._waiting).do,
            "accounting": AccountingVisits(self._clicks, site, record).do,
            "neighbour": self.neighbours.do,
            "timer": lambda _: self._world.let_timer_come(),
        }

    # --- A phase ---------------------------------------------------------------------------------

    def play_phase(self, phase: Phase) -> None:
        """Click, and make the disturbances happen until every click is answered."""
        for one in phase.disturbances:
            if one.at == 0:
                self._disturb(one)
        planned = [(self._step(one), one) for one in phase.disturbances if one.at]
        self._world.plan_steps(step for step, _ in planned)
        self._act_all(phase)
        left = {id(step) for step in self._world.clear_plans()}
        for step, one in planned:
            # Edits are made in any case; a fault needs its call, which was not made.
            if id(step) in left and one.kind not in (FAULT, KILL, FREEZE, DELAY):
                self._disturb(one)

    def _act_all(self, phase: Phase) -> None:
        """Clicks and visits at the same moment."""
        self.counts["actions"] += len(phase.clicks)
        acts: list[Callable[[], None]] = [
            *((lambda action=action: self._click(action)) for action in phase.clicks),
            *((lambda group=group: self._visit(group)) for group in phase.visits),
        ]
        if len(acts) == 1:
            acts[0]()
            return
        with ThreadPoolExecutor(max(1, len(acts))) as pool:
            for done in [pool.submit(act) for act in acts]:
                done.result()

    def _visit(self, group: Sequence[Json]) -> None:
        for place, one in enumerate(group):
            if place:
                # What follows needs what came of the visit before.
                self._settle()
            has_happened = self._visitors[one["by"]](one)
            self.record.count(f"{one['by']}: {one.get('do', '')}".removesuffix(": "), has_happened)
        if any(one["by"] in ("chat", "crm") for one in group):
            # Their calls come from the queue, and disturbances wait for them.
            self._settle()

    def _step(self, one: Disturbance) -> Step:
        act: Callable[[PassingCall], object] | None = None
        status = None
        match one.kind:
            case "fault":
                status, act = one.what["status"], lambda _: self.record.count("faults", True)
            case "kill":
                act = self._kill
                # A process that dies before its call has not made the call.
                status = "drop" if one.when == "before" else None
            case "freeze":
                act = self._freeze
            case _:
                act = lambda _: self._disturb(one)  # noqa: E731
        method = one.method.replace("tracker:", f"{self._start.site.agency.tracker}:")
        return Step(one.at, one.when, method, status, retry_after=0 if status == 429 else None, act=act)

    def _disturb(self, one: Disturbance) -> None:
        match one.kind:
            case "edit":
                self.record.count("edits", self.person.do(one.what))
            case "card":
                moved = self._world.work_in_tracker(self._start.site.agency.tracker, one.what)
                self.record.count("cards moved or hours logged", moved)
                if moved and "stage" in one.what:
                    self.record.moved.add(one.what["task"])
            case "delay":
                self.record.count("slow calls", True)
                time.sleep(LEASE_S + BEYOND_LEASE_S)
            case "make_due":
                self._world.tasks.make_due()
            case "release":
                self._world.release_webhooks()

    def _kill(self, call: PassingCall) -> None:
        self.record.count("kills", self._world.kill_caller(call))

    def _freeze(self, call: PassingCall) -> None:
        self.record.count("freezes", self._world.freeze_caller(call))
        self._waiting.give_up_soon()

    # --- A click ---------------------------------------------------------------------------------

    def _click(self, action: str) -> None:
        if action == QUEUE:
            self._settle()
            return
        params: Json = {}
        if action == "start_batch":
            with self._lock:
                params = {"preview_id": self._preview_id}
            if not self._preview_id:
                return
        site = self._start.site
        result = self._clicks.click(site.agency.manager, site.spreadsheet_id, action, **params)
        with self._lock:
            if action == "build_batch" and result.outcome == "done":
                self._preview_id = result.data["preview_id"]
            self.click_results.append(result)

    def _call_timer_for_lost_task(self) -> None:
        self.record.count("timer calls for lost tasks", self._world.let_timer_come())

    # --- The end ---------------------------------------------------------------------------------

    def finish(self) -> None:
        """Wait until all work is done, repeat failed clicks, then estimate and refresh once more."""
        self._world.release_webhooks()
        self._world.set_webhook_mode("deliver")
        self._chat.finish()
        self._settle()
        self.neighbours.finish()
        for action in dict.fromkeys(one.action for one in self.click_results if one.needs_another_click):
            self._click_to_the_end(action)
        self._click_to_the_end("estimate")
        self._click_to_the_end("refresh")
        if self.record.is_beside_touched:
            for action in ("push", "estimate", "refresh"):
                self._click_beside_to_the_end(action)
        self._settle()

    def let_timer_finish(self) -> None:
        """Have the timer carry out what nobody else will: at least one call, which must do no harm."""
        for _ in range(TIMER_CALLS_AT_END):
            if not self._world.let_timer_come():
                raise TimeoutError("the timer is not answered")
            self._settle()
            if not any(self._left()):
                return

    def _left(self) -> Iterator[bool]:
        """What the timer still has to do."""
        yield bool(self._world.documents_store.find(OUTBOX))
        if self.record.counts["crm"]:
            own = self._world.agency_ids["Маяк"]
            yield bool(load_hints(self._world.documents_store, own).touched)
        for agency_id in self._world.agency_ids.values():
            yield bool(find_unready(self._world.documents_store, agency_id))

    def _click_to_the_end(self, action: str) -> None:
        for _ in range(CLICKS_AT_END):
            self._click(action)
            self._settle()
            if not self.click_results[-1].needs_another_click or self.click_results[-1].action != action:
                return
        raise TimeoutError(f"{action} is never finished: {self.click_results[-1]}")

    def _click_beside_to_the_end(self, action: str) -> None:
        for _ in range(CLICKS_AT_END):
            result = self.neighbours.click(action)
            self._settle()
            if not result.needs_another_click:
                return
        raise TimeoutError(f"{action} beside is never finished: {result}")

    def _settle(self) -> None:
        if not self._world.settle():
            pending = [task.name for task in self._world.tasks.pending(include_later=True)]
            raise TimeoutError(f"the queue does not become empty: {pending}")
