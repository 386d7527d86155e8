"""``python -m benchmarks.growth [--store firestore] [--repeat 9] [--markdown]``: what clicks cost with age.

Counts the documents that each action of the menu reads and writes in the store, and the round trips of the
store, with 0, 1,000 and 30,000 finished items behind it and 100,000 works of imported history; and what the
night's learning reads. The exit code is 1 where a click costs more in an old agency than in a young one, or
more than it may at all.
"""

from __future__ import annotations

import argparse
import gc
import math
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median
from typing import Any
from unittest.mock import patch

from benchmarks.aged_agency import BACKLOG_ROWS, AgedAgency, prepare
from benchmarks.api_calls import NOW, SetEnv
from benchmarks.tables import as_table
from emulators.common.firestore import running_firestore
from emulators.world.story import people_of, staff_of
from tests.harness.counting_store import CountingStore, StoreCost, fill_store, used_store
from tests.harness.firestore import new_firestore
from tests.harness.local_office import LocalOffice, OfficeError
from tests.harness.servers import Servers, running_servers
from vitrina.bootstrap import application
from vitrina.jobs.registry import JOBS
from vitrina.operations import run as run_module
from vitrina.ports import Store
from vitrina.records.books import load_project
from vitrina.store.memory import MemoryStore
from vitrina.store.sqlite import SqliteStore
from vitrina.trackers.kaiten.mapping import board_number

FINISHED = (0, 1_000, 30_000)
WORKS = 100_000
REPEAT_COUNT = 9

CLICKS = {
    "estimate": "Estimate",
    "build_batch": "Build a batch",
    "start_batch": "Start the batch",
    "push": "Push",
    "webhook": "Webhook",
    "refresh": "Refresh",
    "preview_assignment": "Preview a task",
    "assign_task": "Assign a task",
    "update_load": "Refresh the load",
}
NIGHT = "night"
ACTIONS = {**CLICKS, NIGHT: "The night's learning"}

#: What a click may ask of the store, and more for each thing that it makes outside.
MOST_ROUND_TRIPS = 8
MORE_ROUND_TRIPS_EACH = 2
#: Documents that a click may read, beside one for each project of the agency.
MOST_DOCUMENTS = 20
#: Documents that a night may read: hundreds, however many works they hold.
MOST_AT_NIGHT = 999
#: Time of a click in the oldest agency against that in the youngest.
MOST_TIMES = 1.2

STORES = ("sqlite", "memory", "firestore")

#: Calls of the emulators that make something.
CREATIONS = (("tasks", "tasks.create"), ("kaiten", "cards.create"))

HEADER = ("Action", "Finished", "Read", "Written", "Round trips", "Made outside", "ms", "CPU ms", "×")


@dataclass(frozen=True)
class Cost:
    """What one action asked of the store. ``made_count`` are tasks and cards that it made.

    ``cpu_ms`` is time of the processor, in which emulators, functions and store all work: other programs of
    the machine do not disturb it. ``times`` compares it with that in the youngest agency, ``None`` where
    nothing is compared.
    """

    action: str
    finished_count: int
    store: StoreCost
    made_count: int
    ms: float
    cpu_ms: float
    times: float | None = None


@dataclass(frozen=True)
class Costs:
    """All costs by action and age, and how many projects the agency has."""

    costs: Sequence[Cost]
    project_count: int


def run(
    setenv: SetEnv,
    folder: Path,
    *,
    stores: Sequence[str],
    ages: Sequence[int] = FINISHED,
    work_count: int = WORKS,
    row_count: int = BACKLOG_ROWS,
    repeats: int = 1,
) -> dict[str, Costs]:
    """The costs over each kind of store, of one agency that is set up once.

    The ages are played in turns, each round beginning with another one, so that neither a slow minute of the
    machine nor what one run leaves to the next meets one age more than the others.
    """
    # Progress is written whenever two seconds have passed: that would count how slow the machine is.
    with (
        running_servers() as servers,
        _store_makers(stores) as makers,
        patch.object(run_module, "REPORT_S", math.inf),
    ):
        agency = prepare(
            servers, setenv, folder / "agency", ages=ages, work_count=work_count, row_count=row_count
        )
        found = {}
        for kind in stores:
            rounds = []
            for number in range(repeats):
                played = {
                    age: _play(servers, setenv, folder / f"{kind}-{number}-{age}", makers[kind], agency, age)
                    for age in _turned(ages, number)
                }
                rounds.append([played[age] for age in ages])
            found[kind] = Costs(_summed_up(rounds), agency.project_count)
        return found


@contextmanager
def _store_makers(kinds: Sequence[str]) -> Iterator[Mapping[str, Callable[[Path], Store]]]:
    """Functions that make an empty store of each kind, which may use a folder of its own."""
    makers: dict[str, Callable[[Path], Store]] = {
        "sqlite": lambda folder: SqliteStore.create(folder / "measured.sqlite"),
        "memory": lambda _: MemoryStore(),
    }
    with ExitStack() as stack:
        if "firestore" in kinds:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="vitrina-")))
            url = stack.enter_context(running_firestore(folder / "firestore.log"))
            makers["firestore"] = lambda _: new_firestore(url)
        yield makers


def _turned(ages: Sequence[int], number: int) -> Sequence[int]:
    first = number % len(ages)
    return [*ages[first:], *ages[:first]]


def complaints(found: Costs) -> list[str]:
    """A sentence for each cost that is higher than it may be, or differs between the ages."""
    return [
        *(text for cost in found.costs for text in _too_much(cost, found.project_count)),
        *(text for action in CLICKS for text in _not_the_same(action, found.costs)),
        *_too_slow(found.costs),
    ]


def _too_much(cost: Cost, project_count: int) -> Iterator[str]:
    place = f"{ACTIONS[cost.action]} at {cost.finished_count:,} finished items"
    if cost.action == NIGHT:
        if cost.store.documents_read > MOST_AT_NIGHT:
            yield f"{place}: {cost.store.documents_read:,} documents read; {MOST_AT_NIGHT} at most"
        return
    trips = MOST_ROUND_TRIPS + MORE_ROUND_TRIPS_EACH * cost.made_count
    if cost.store.round_trips > trips:
        yield f"{place}: {cost.store.round_trips} round trips; {trips} at most"
    documents = MOST_DOCUMENTS + project_count
    if cost.store.documents_read > documents:
        yield f"{place}: {cost.store.documents_read} documents read; {documents} at most"


def _too_slow(costs: Sequence[Cost]) -> Iterator[str]:
    """A sentence for each click that takes too long in the oldest agency, where growth shows most."""
    oldest = max(cost.finished_count for cost in costs)
    for cost in costs:
        if cost.finished_count == oldest and cost.times is not None and cost.times > MOST_TIMES:
            yield (
                f"{ACTIONS[cost.action]} at {oldest:,} finished items: {cost.times:.2f} times as long as in "
                f"the youngest agency; {MOST_TIMES} at most"
            )


def _not_the_same(action: str, costs: Sequence[Cost]) -> Iterator[str]:
    by_age = {cost.finished_count: cost.store for cost in costs if cost.action == action}
    if len(set(by_age.values())) > 1:
        asked = "; ".join(
            f"{one.documents_read} read, {one.documents_written} written, {one.round_trips} round trips "
            f"at {age:,}"
            for age, one in by_age.items()
        )
        yield f"{ACTIONS[action]} has to cost the same at every age: {asked}"


def table(found: Costs) -> list[tuple[str, ...]]:
    """Lines of the report, below ``HEADER``."""
    return [
        (
            ACTIONS[cost.action],
            f"{cost.finished_count:,}",
            f"{cost.store.documents_read:,}",
            f"{cost.store.documents_written:,}",
            str(cost.store.round_trips),
            str(cost.made_count),
            f"{cost.ms:,.0f}",
            f"{cost.cpu_ms:,.0f}",
            "" if cost.times is None else f"{cost.times:.2f}",
        )
        for cost in found.costs
    ]


# --- Measuring -----------------------------------------------------------------------------------------


@dataclass
class _Meter:
    """Counts what is asked of the store, action by action."""

    office: LocalOffice
    store: CountingStore
    finished_count: int
    costs: list[Cost] = field(default_factory=list)

    @contextmanager
    def measure(self, action: str) -> Iterator[None]:
        """Count and time what the block does."""
        made_before = self._made_count()
        self.store.forget()
        started_at, cpu_started_at = time.perf_counter(), time.process_time()
        yield
        ms = 1000 * (time.perf_counter() - started_at)
        cpu_ms = 1000 * (time.process_time() - cpu_started_at)
        made = self._made_count() - made_before
        self.costs.append(Cost(action, self.finished_count, self.store.cost, made, ms, cpu_ms))

    def _made_count(self) -> int:
        return sum(self.office.calls(server).get(name, 0) for server, name in CREATIONS)


def _play(
    servers: Servers,
    setenv: SetEnv,
    folder: Path,
    make_store: Callable[[Path], Store],
    agency: AgedAgency,
    age: int,
) -> list[Cost]:
    """Every action once, then the night, in the agency of one age."""
    folder.mkdir(parents=True)
    people = people_of(agency.sample)
    store = CountingStore(make_store(folder))
    fill_store(store, agency.documents[age])
    with used_store(store), _frozen_objects():
        office = LocalOffice(servers, folder, staff_of(agency.sample)[0])
        office.reset(setenv, people=people, now=NOW)
        office.restore_state(agency.saved)
        # The application makes its connections now, not while it is measured.
        office.book()
        _hold_webhooks(office)
        meter = _Meter(office, store, age)
        with meter.measure("estimate"):
            _click(office, "estimate")
        with meter.measure("build_batch"):
            preview = _click(office, "build_batch", period="next")
        with meter.measure("start_batch"):
            _click(office, "start_batch", preview_id=preview["data"]["preview_id"])
        with meter.measure("push"):
            _click(office, "push")
        _release_webhooks(office)
        _move_a_card(office, people[0].kaiten_id)
        with meter.measure("webhook"):
            _release_webhooks(office)
        with meter.measure("refresh"):
            _click(office, "refresh")
        with meter.measure("preview_assignment"):
            part = {"profile": agency.sample["profiles"][0]["key"], "specialist": "", "hours": 4}
            form = _click(office, "preview_assignment", is_filled=True, parts=[part])
        with meter.measure("assign_task"):
            preview_id = form["data"]["preview_id"]
            _click(office, "assign_task", preview_id=preview_id, title="Benchmark", result="")
        office.settle()
        with meter.measure("update_load"):
            _click(office, "update_load", spreadsheet_id=agency.agency_id)
        with meter.measure(NIGHT):
            body = {"kind": "norms", "spreadsheet_id": agency.agency_id}
            JOBS["norms"].run(application().services, body)
        office.http.close()
    return meter.costs


def _click(office: LocalOffice, action: str, *, spreadsheet_id: str = "", **params: Any) -> Mapping[str, Any]:
    """Click, and where the action is queued, let it end and ask for its answer, once."""
    menu, book = office.manager(), spreadsheet_id or office.client_id
    answer = menu.post(book, action, **params)
    if answer["outcome"] == "accepted":
        run_tasks = f"{office.servers.tasks}/_emulator/run-until-empty"
        office.http.post(run_tasks, json={"timeout_s": 50}).raise_for_status()
        answer = menu.post(book, "operation", operation_id=answer["operation_id"])
    if answer["outcome"] not in ("done", "partial"):
        raise OfficeError(f"{action}: {answer}")
    return answer


def _move_a_card(office: LocalOffice, user_id: int) -> None:
    """A specialist moves a card of the client."""
    project = load_project(application().services.store, office.client_id)
    card = next(one for one in office.cards() if str(one["board_id"]) == board_number(project.board_id))
    columns = office.kaiten("GET", f"/boards/{board_number(project.board_id)}/columns", user_id=user_id)
    office.kaiten("PATCH", f"/cards/{card['id']}", user_id=user_id, column_id=columns[1]["id"])


@contextmanager
def _frozen_objects() -> Iterator[None]:
    """Leave what is there out of garbage collection: documents of other ages wait in this process as well."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def _hold_webhooks(office: LocalOffice) -> None:
    office.http.post(f"{office.servers.kaiten}/_emulator/webhooks", json={"mode": "hold"}).raise_for_status()


def _release_webhooks(office: LocalOffice) -> None:
    """Have the webhooks that are held delivered, and the tasks done that follow from them."""
    office.http.post(f"{office.servers.kaiten}/_emulator/webhooks/release", json={}).raise_for_status()
    office.settle()


def _summed_up(rounds: Sequence[Sequence[Sequence[Cost]]]) -> list[Cost]:
    """One cost for each action and age: the same requests in each round, and times in the middle.

    Ages are compared by their shortest rounds, and round by round; the lower of the two counts. What else the
    machine does makes rounds longer, and seldom both figures.
    """
    summed_up = []
    for place, action in enumerate(ACTIONS):
        by_round = [[costs[place] for costs in ages] for ages in rounds]
        for number, first in enumerate(by_round[0]):
            same = [ages[number] for ages in by_round]
            if len({(one.store, one.made_count) for one in same}) > 1:
                raise OfficeError(f"the same action cost differently: {same}")
            times = None
            if number and action != NIGHT:
                shortest, youngest = (min(ages[age].cpu_ms for ages in by_round) for age in (number, 0))
                in_rounds = median(ages[number].cpu_ms / ages[0].cpu_ms for ages in by_round)
                times = min(shortest / youngest, in_rounds)
            ms, cpu_ms = median(one.ms for one in same), median(one.cpu_ms for one in same)
            summed_up.append(replace(first, ms=ms, cpu_ms=cpu_ms, times=times))
    return summed_up


def main() -> int:
    """Measure, print, judge."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.growth", description=__doc__)
    parser.add_argument("--store", choices=STORES, default="sqlite", help="kind of the store")
    parser.add_argument("--finished", type=int, nargs="+", default=FINISHED, help="counts of finished items")
    parser.add_argument("--works", type=int, default=WORKS, help="works of imported history")
    parser.add_argument("--repeat", type=int, default=REPEAT_COUNT, help="rounds that play each age once")
    parser.add_argument("--markdown", action="store_true", help="print the table as Markdown")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="vitrina-") as folder:
        found = run(
            os.environ.__setitem__,
            Path(folder),
            stores=[arguments.store],
            ages=arguments.finished,
            work_count=arguments.works,
            repeats=arguments.repeat,
        )[arguments.store]
    print(as_table(HEADER, table(found), markdown=arguments.markdown))
    told = complaints(found)
    for line in told:
        print(line, file=sys.stderr)
    return 1 if told else 0


if __name__ == "__main__":
    sys.exit(main())
