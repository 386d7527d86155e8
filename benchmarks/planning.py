"""``python -m benchmarks.planning [--agencies 4] [--runs N] [--seed 0]``: how well periods are filled.

On a fixed set of random agencies (5 to 20 people, 10 clients, 30 to 300 items, a week or a month) it compares
the product's selection with a queue that stops at the first item that does not fit, with a plain greedy
choice, and with the exact answer in strict order from OR-Tools. Then it compares with release 0.1: on which
working day of a month an item of the two top classes is finished on average, where the work is a part of the
free hours; and how many of the days on which clients want items are kept. Last it shows how the time grows
with the items, for 20 people and 20 clients in a week.

With ``--runs N`` it plans for N random agencies of all sizes instead, and counts violations: exceeded limits,
plans that differ for the same input, items left out that would have fitted, suggested changes that do not let
their item in, classes that get worse with more capacity.
"""

from __future__ import annotations

import argparse
import math
import os
import random
import sys
import time
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import mean, median

from msgspec.structs import replace

from benchmarks.agencies import RandomAgency, more_capacity, plan_on, random_agency, with_wanted_days
from benchmarks.judge import (
    Difference,
    Loss,
    Piece,
    Room,
    class_hours_fell,
    compare,
    loss,
    overbooked,
    rooms,
    violations,
)
from benchmarks.tables import as_table
from vitrina.domain.backlog import BacklogItem
from vitrina.domain.calendar import PeriodKind
from vitrina.domain.planning.capacity import EPSILON_HOURS, Ledger
from vitrina.domain.planning.demand import Demand, priority_class
from vitrina.domain.planning.explain import Situation, changed, explain
from vitrina.domain.planning.planner import HORIZON_CALENDAR_DAYS, PeriodPlan, plan_period
from vitrina.domain.planning.schedule import Schedule, schedule
from vitrina.domain.planning.selection import Chooser, LeftOutItem, LeftOutReason, Selection
from vitrina.domain.planning.team_load import PersonLoad

#: People, items and period of the fixed set; 10 clients each.
SIZES = (
    (5, 30, PeriodKind.WEEK),
    (8, 60, PeriodKind.WEEK),
    (12, 100, PeriodKind.WEEK),
    (5, 100, PeriodKind.MONTH),
    (10, 300, PeriodKind.MONTH),
    (20, 300, PeriodKind.MONTH),
)
PEOPLE, PROJECTS = 20, 20
GROWTH_ITEMS = (100, 300, 1000, 3000)

#: Work as a part of the free hours of a month, and the teams for which it is planned.
DEMAND_RATIOS = (0.3, 0.7, 0.9)
DEMAND_PEOPLE = (10, 20)
DEMAND_SEEDS = 20

#: Targets of issue 18.
LEAST_TOP_RATIO = 0.999
MOST_CLASS_INVERSIONS = 0.5
#: Days to the end of the two top classes beside those of release 0.1, at this demand.
JUDGED_DEMAND_RATIO = 0.7
MOST_DAYS_RATIO = 0.75
#: Milliseconds of the selection for 300 items and 20 people.
MOST_MS = 20.0


def _freest(people: Sequence[PersonLoad]) -> PersonLoad | None:
    """The person with most free hours, the first of the team where several have them."""
    return min(people, key=lambda one: (-one.free, one.place), default=None)


class PlainChooser(Chooser):
    """Skips items that do not fit; the person with most free hours first, and no moves between people."""

    def rearrange(self, *_: object, **__: object) -> None:
        """Never move a part to another person."""

    def best_person(self, profile: str, hours: float) -> PersonLoad | None:
        """The person with most free hours."""
        return _freest([one for one in self.team.skilled[profile] if one.holds(hours)])


class ByOtherProfiles(Chooser):
    """The rule of release 0.1: the person whose other profiles are wanted least, however little is wanted."""

    def best_person(self, profile: str, hours: float) -> PersonLoad | None:
        """The person whose other profiles are wanted least; of several, the one with most free hours."""
        fits = [one for one in self.team.skilled[profile] if one.holds(hours)]
        wanted = {one.place: self._wanted_besides(one, profile) for one in fits}
        least = min(wanted.values(), default=0.0)
        return _freest([one for one in fits if wanted[one.place] == least])

    def _wanted_besides(self, person: PersonLoad, profile: str) -> float:
        return sum(self._pressure.get(other, 0.0) for other in person.profiles if other != profile)


class BlockingChooser(PlainChooser):
    """Each client's queue stops at the first item that does not fit."""

    def choose(self) -> Selection:
        """Decide each item once."""
        self._blocked: set[str] = set()
        return super().choose()

    def place(self, item: BacklogItem) -> LeftOutItem | None:
        """Leave out all items of a project after the first one that does not fit."""
        if item.project in self._blocked:
            return LeftOutItem(item, LeftOutReason.SPECIALIST_BUSY)
        left = super().place(item)
        if left is not None:
            self._blocked.add(item.project)
        return left


@dataclass(frozen=True)
class Score:
    """Result for one agency and one way of choosing. ``ms`` is processor time."""

    used_ratio: float
    top_hours: float
    item_count: int
    inversions: int
    class_inversions: int
    unanswered: int
    ms: float


def ledger_of(agency: RandomAgency, *, until: date | None = None) -> Ledger:
    """Free hours of the period, or of the days from its first to *until*."""
    return Ledger(agency.resources, since=agency.period.start_on, until=until or agency.period.end_on)


def score(agency: RandomAgency, kind: type[Chooser]) -> Score:
    """Fill the period and compare the items left out with exact answers."""
    ledger = ledger_of(agency)
    started = time.process_time()
    chooser = kind(agency.items, ledger, period=agency.period)
    selection = chooser.choose()
    ms = 1000 * (time.process_time() - started)
    places = ledger.places(agency.period)
    free = [ledger.free_hours(person, places) for person in range(len(agency.resources.specialists))]
    hours = sum(one.hours for one in selection.taken)
    inversions, class_inversions, unanswered = _inversions(agency, ledger, selection, free)
    return Score(
        used_ratio=hours / sum(free),
        top_hours=sum(one.hours for one in selection.taken if priority_class(one.item) <= 1),
        item_count=len(selection.taken),
        inversions=inversions,
        class_inversions=class_inversions,
        unanswered=unanswered + getattr(chooser, "unanswered_count", 0),
        ms=ms,
    )


def _inversions(
    agency: RandomAgency, ledger: Ledger, selection: Selection, free: Sequence[float]
) -> tuple[int, int, int]:
    """Counts of items left out that fit with all above them, or with all of their class and higher ones."""
    from benchmarks.exact import UnansweredError, assign  # noqa: PLC0415 - OR-Tools is needed here only

    skills = [frozenset(one.profiles) for one in agency.resources.specialists]
    place_of = {one.name: place for place, one in enumerate(agency.resources.specialists)}
    order = {key: place for place, key in enumerate(selection.order)}
    found = [0, 0, 0]
    for left in selection.left_out:
        if left.reason in (LeftOutReason.WAITS_FOR, LeftOutReason.NO_ESTIMATE, LeftOutReason.NO_SPECIALIST):
            continue
        for number, stays in enumerate(
            (
                [one for one in selection.taken if order[one.item.key] < order[left.item.key]],
                [one for one in selection.taken if priority_class(one.item) <= priority_class(left.item)],
            )
        ):
            spent = sum(one.hours for one in stays if one.item.project == left.item.project)
            if any(
                limit.project == left.item.project
                and spent + left.item.total_hours > ledger.limit_hours(place, agency.period) + EPSILON_HOURS
                for place, limit in enumerate(agency.resources.limits)
            ):
                continue
            parts = [part for one in stays for part in one.assignments]
            pieces = [Piece(part.profile, part.hours) for part in parts]
            wanted = [Piece(profile, hours) for profile, hours in left.item.hours.items()]
            try:
                found[number] += (
                    assign(skills, free, pieces + wanted, [place_of[part.specialist] for part in parts])
                    is not None
                )
            except UnansweredError:
                found[2] += 1
    return found[0], found[1], found[2]


def compare_ways(agency_count: int) -> dict[str, list[Score]]:
    """Scores of each way on the fixed set."""
    from benchmarks.exact import ExactChooser  # noqa: PLC0415 - OR-Tools is needed here only

    ways: dict[str, type[Chooser]] = {
        "Stop at the first that does not fit": BlockingChooser,
        "Plain greedy": PlainChooser,
        "Ours": Chooser,
        "Exact strict order": ExactChooser,
    }
    agencies = [
        random_agency(seed, people=people, projects=10, items=items, kind=kind)
        for people, items, kind in SIZES
        for seed in range(agency_count)
    ]
    return {name: [score(agency, kind) for agency in agencies] for name, kind in ways.items()}


def days_to_finish() -> list[tuple[float, float, float]]:
    """Demand, and the mean working days until an item of the two top classes is finished: 0.1's, and ours."""
    lines = []
    for ratio in DEMAND_RATIOS:
        agencies = [
            agency_with(seed, people, ratio) for people in DEMAND_PEOPLE for seed in range(DEMAND_SEEDS)
        ]
        before, now = (
            mean(_mean_days(agency, kind) for agency in agencies) for kind in (ByOtherProfiles, Chooser)
        )
        lines.append((ratio, before, now))
    return lines


def agency_with(seed: int, people: int, demand_ratio: float) -> RandomAgency:
    """An agency without limits of contracts, with work for a part of the free hours of a month."""
    agency = random_agency(seed, people=people, projects=10, items=40 * people, kind=PeriodKind.MONTH)
    agency = replace(agency, resources=replace(agency.resources, limits=()))
    ledger = ledger_of(agency)
    places = ledger.places(agency.period)
    left = demand_ratio * sum(ledger.free_hours(person, places) for person in range(people))
    items = []
    for item in agency.items:
        left -= item.total_hours
        if left < 0:
            break
        items.append(item)
    return replace(agency, items=tuple(items))


def _mean_days(agency: RandomAgency, kind: type[Chooser]) -> float:
    selection = kind(agency.items, ledger_of(agency), period=agency.period).choose()
    placed = _on_days(selection, agency)
    days = ledger_of(agency, until=agency.period.end_on + timedelta(days=HORIZON_CALENDAR_DAYS)).days
    return mean(bisect_right(days, one.due_on) for one in placed.items if priority_class(one.item) <= 1)


def _on_days(selection: Selection, agency: RandomAgency) -> Schedule:
    """The plain schedule of a selection."""
    ledger = ledger_of(agency, until=agency.period.end_on + timedelta(days=HORIZON_CALENDAR_DAYS))
    return schedule(selection.taken, ledger, rest_on=agency.period.end_on + timedelta(days=1))


def wanted_days_kept(agency_count: int) -> list[tuple[str, float, float, float]]:
    """Way, share of kept wanted days of the two top classes and of all, and hours of the two top classes.

    Release 0.1 planned as if nobody had named a day.
    """
    agencies = [
        random_agency(seed, people=people, projects=10, items=items, kind=kind)
        for people, items, kind in SIZES
        for seed in range(agency_count)
    ]
    wanted = [with_wanted_days(agency) for agency in agencies]
    return [
        (name, *_kept(wanted, [plan_period(one.items, one.resources, period=one.period) for one in planned]))
        for name, planned in (("Rule of 0.1", agencies), ("Ours", wanted))
    ]


def _kept(agencies: Sequence[RandomAgency], plans: Sequence[PeriodPlan]) -> tuple[float, float, float]:
    kept: dict[bool, list[bool]] = {True: [], False: []}
    top_hours = 0.0
    for agency, plan in zip(agencies, plans, strict=True):
        due = {one.item.key: one.due_on for one in plan.schedule.items}
        for item in agency.items:
            if item.wanted_on is not None and item.wanted_on in agency.period:
                is_kept = due.get(item.key, date.max) <= item.wanted_on
                kept[priority_class(item) <= 1].append(is_kept)
        top_hours += sum(one.hours for one in plan.selection.taken if priority_class(one.item) <= 1)
    return mean(kept[True]), mean(kept[True] + kept[False]), top_hours


def growth() -> list[tuple[int, float, float]]:
    """Items, milliseconds of the selection, and of selection and schedule; medians of ten agencies."""
    lines = []
    for items in GROWTH_ITEMS:
        choice, whole = [], []
        for seed in range(10):
            agency = random_agency(seed, people=PEOPLE, projects=PROJECTS, items=items)
            ledger = ledger_of(agency)
            choice.append(_ms(lambda a=agency, b=ledger: Chooser(a.items, b, period=a.period).choose()))  # type: ignore[misc]
            whole.append(_ms(lambda a=agency: plan_period(a.items, a.resources, period=a.period)))  # type: ignore[misc]
        lines.append((items, median(choice), median(whole)))
    return lines


def _ms(action: Callable[[], object]) -> float:
    started = time.process_time()
    action()
    return 1000 * (time.process_time() - started)


def agency_of(seed: int) -> RandomAgency:
    """5 to 30 people, 10 to 50 clients, 30 to 1,000 items, small numbers as often as large ones.

    In every third agency some items are wanted on a day.
    """
    chance = random.Random(seed)
    items = round(math.exp(chance.uniform(math.log(30), math.log(1000))))
    agency = random_agency(
        seed,
        people=chance.randint(5, 30),
        projects=chance.randint(10, 50),
        items=items,
        kind=chance.choice([PeriodKind.WEEK, PeriodKind.WEEK, PeriodKind.MONTH]),
        large_ratio=chance.choice([0.0, 0.02]),
    )
    return with_wanted_days(agency) if seed % 3 == 0 else agency


def play(seeds: Sequence[int], *, workers: int = 1, every: int = 1) -> Counter[str]:
    """Counts of results in random agencies of all sizes, each made from its seed.

    Parameters
    ----------
    every
        One of this many agencies is also searched exactly, and its explanations are tried.
    """
    seen: Counter[str] = Counter()
    with ProcessPoolExecutor(workers) as pool:
        for one in pool.map(_play_one, seeds, [every] * len(seeds), chunksize=5):
            seen.update(one)
    return seen


def _play_one(seed: int, every: int) -> Counter[str]:
    agency = agency_of(seed)
    seen: Counter[str] = Counter()
    plan = plan_period(agency.items, agency.resources, period=agency.period)
    seen["agencies"] += 1
    seen["items"] += len(agency.items)
    seen["violations"] += len(violations(agency, plan))
    brief = plan_period(agency.items, agency.resources, period=agency.period, only_taken=True)
    seen["plans that differ"] += brief.selection.taken != plan.selection.taken
    seen["people with too many hours"] += len(overbooked(agency, plan.selection))
    following, booked = plan_on(plan, agency.resources)
    upon = replace(agency, resources=booked, period=following.period)
    seen["violations in the period after"] += len(violations(upon, following))
    shuffled = list(agency.items)
    random.Random(seed).shuffle(shuffled)
    seen["plans that differ"] += plan_period(shuffled, agency.resources, period=agency.period) != plan
    seen.update(_with_more_capacity(agency, seed))
    if seed % every == 0 and len(agency.items) <= MOST_EXPLAINED_ITEMS:
        seen.update(_searched_and_explained(agency, plan))
    return seen


#: Most items for the exact search and the explanations, which take long.
MOST_EXPLAINED_ITEMS = 150


def _with_more_capacity(agency: RandomAgency, seed: int) -> Counter[str]:
    """Compare by hours, as the selection does: the schedule of days may make another item wait."""
    richer = more_capacity(agency, seed)
    less, more = (Chooser(one.items, ledger_of(one), period=one.period).choose() for one in (agency, richer))
    difference, key = compare(less, more)
    seen = Counter({f"more capacity: {difference}": 1})
    if difference is Difference.WORSE and key is not None:
        why = loss(richer, less, more, key)
        seen[f"more capacity: worse, {why}"] += 1
        seen["more capacity: worse, hours of the class fell"] += class_hours_fell(less, more, key)
        people, items = len(agency.resources.specialists), len(agency.items)
        print(f"seed {seed}, {people} people, {items} items: {key} is worse, {why}", file=sys.stderr)
    return seen


def _searched_and_explained(agency: RandomAgency, plan: PeriodPlan) -> Counter[str]:
    seen = Counter({"agencies searched and explained": 1})
    for _, room in rooms(agency, plan.selection):
        seen[f"left out: {room}"] += 1
    situation = Situation(Demand(agency.items), agency.resources, agency.period)
    for one in explain(situation, plan):
        if one.change is not None:
            seen["changes told"] += 1
            again = changed(situation, one.change)
            seen["changes that do not let in"] += one.left.item.key not in again.plan().taken_keys
    return seen


def complaints(scores: dict[str, list[Score]]) -> list[str]:
    """A sentence for each figure that misses its target."""
    ours, exact = scores["Ours"], scores["Exact strict order"]
    top = sum(one.top_hours for one in ours) / sum(one.top_hours for one in exact)
    found = []
    if top < LEAST_TOP_RATIO:
        found.append(f"{top:.1%} of the exact hours of the two top classes")
    if mean(one.class_inversions for one in ours) > MOST_CLASS_INVERSIONS:
        found.append(f"more than {MOST_CLASS_INVERSIONS} class inversions a plan")
    return found


def days_complaints(lines: Sequence[tuple[float, float, float]]) -> list[str]:
    """A sentence if the two top classes do not end sooner by the wanted part."""
    return [
        f"the two top classes take {now / before:.0%} of the days of 0.1 at a demand of {ratio:.0%}"
        for ratio, before, now in lines
        if ratio == JUDGED_DEMAND_RATIO and now / before > MOST_DAYS_RATIO
    ]


def time_complaints(lines: Sequence[tuple[int, float, float]]) -> list[str]:
    """A sentence for each time that is too long or grows too fast."""
    found = [
        f"{choice:.0f} ms for {items} items"
        for items, choice, _ in lines
        if items == 300 and choice > MOST_MS
    ]
    first, last = lines[0], lines[-1]
    if last[1] / first[1] > last[0] * math.log(last[0]) / (first[0] * math.log(first[0])):
        found.append("grows faster than n log n")
    return found


def _ways_table(scores: dict[str, list[Score]], *, markdown: bool) -> str:
    exact = sum(one.top_hours for one in scores["Exact strict order"])
    lines = [
        (
            name,
            f"{mean(one.used_ratio for one in ones):.1%}",
            f"{sum(one.top_hours for one in ones) / exact:.2%}",
            f"{mean(one.item_count for one in ones):.1f}",
            f"{mean(one.inversions for one in ones):.1f}",
            f"{mean(one.class_inversions for one in ones):.2f}",
            f"{mean(one.unanswered for one in ones):.1f}",
            f"{median(one.ms for one in ones):,.0f}",
            f"{max(one.ms for one in ones):,.0f}",
        )
        for name, ones in scores.items()
    ]
    header = (
        "Way", "Capacity used", "Two top classes", "Items", "Inversions", "Class inversions", "Unanswered",
        "Median ms", "Longest ms",
    )  # fmt: skip
    return as_table(header, lines, markdown=markdown)


def _days_table(lines: Sequence[tuple[float, float, float]], *, markdown: bool) -> str:
    rows = [
        (f"{ratio:.0%}", f"{before:.2f}", f"{now:.2f}", f"{now / before:.0%}") for ratio, before, now in lines
    ]
    header = ("Work of the free hours", "Days by the rule of 0.1", "Days", "Ratio")
    return as_table(header, rows, markdown=markdown)


def _wanted_table(lines: Sequence[tuple[str, float, float, float]], *, markdown: bool) -> str:
    base = lines[0][3]
    rows = [(name, f"{top:.1%}", f"{every:.1%}", f"{hours / base:.2%}") for name, top, every, hours in lines]
    header = ("Way", "Wanted days kept, two top classes", "All classes", "Hours of the two top classes")
    return as_table(header, rows, markdown=markdown)


def _growth_table(lines: Sequence[tuple[int, float, float]], *, markdown: bool) -> str:
    def by_nlogn(items: int, ms: float) -> float:
        return ms / (items * math.log(items))

    base = by_nlogn(lines[0][0], lines[0][1])
    rows = [
        (f"{items:,}", f"{choice:.1f}", f"{whole:.1f}", f"{by_nlogn(items, choice) / base:.2f}")
        for items, choice, whole in lines
    ]
    return as_table(("Items", "Choice ms", "With days ms", "Against n log n"), rows, markdown=markdown)


def main() -> int:
    """Measure, print the tables and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.planning", description=__doc__)
    parser.add_argument("--agencies", type=int, default=4, help="agencies of each size")
    parser.add_argument("--runs", type=int, default=0, help="play this many random agencies instead")
    parser.add_argument("--seed", type=int, default=0, help="the first of their seeds")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes that play")
    parser.add_argument("--every", type=int, default=1, help="search and explain one agency of so many")
    parser.add_argument("--markdown", action="store_true", help="print the tables as Markdown")
    arguments = parser.parse_args()
    if arguments.runs:
        seeds = range(arguments.seed, arguments.seed + arguments.runs)
        seen = play(seeds, workers=arguments.workers, every=arguments.every)
        lines = [(what, f"{count:,}") for what, count in sorted(seen.items())]
        print(f"Seeds {seeds[0]} to {seeds[-1]}\n")
        print(as_table(("Seen", "Count"), lines, markdown=arguments.markdown))
        bad = (
            "violations",
            "violations in the period after",
            "people with too many hours",
            "plans that differ",
            "changes that do not let in",
            f"left out: {Room.WRONG}",
            f"more capacity: worse, {Loss.UNEXPLAINED}",
        )
        return 1 if any(seen[what] for what in bad) else 0
    scores = compare_ways(arguments.agencies)
    print(_ways_table(scores, markdown=arguments.markdown), end="\n\n")
    days = days_to_finish()
    print(_days_table(days, markdown=arguments.markdown), end="\n\n")
    wanted = wanted_days_kept(arguments.agencies)
    print(_wanted_table(wanted, markdown=arguments.markdown), end="\n\n")
    grown = growth()
    print(_growth_table(grown, markdown=arguments.markdown))
    found = complaints(scores) + days_complaints(days) + time_complaints(grown)
    for line in found:
        print(line, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
