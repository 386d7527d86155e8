"""Selects the items of a period and assigns people.

Items are taken in strict order: those begun before, then by priority class, then by place in the backlog. An
item that does not fit beside all items before it is passed over, and the next one is tried. Only hours are
counted here; ``schedule`` finds the days. docs/planning.md gives the reasons.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from functools import cached_property
from itertools import count, takewhile
from typing import NamedTuple

from msgspec import Struct, field

from vitrina.domain.backlog import BacklogItem
from vitrina.domain.calendar import Period, PeriodKind
from vitrina.domain.planning.capacity import EPSILON_HOURS, Ledger, week_share_hours
from vitrina.domain.planning.demand import Demand, Queues, place_in_backlog, priority_class
from vitrina.domain.planning.moves import Moves, Room, SearchBudget, gather_most, gather_room, make_room
from vitrina.domain.planning.team_load import Part, PersonLoad, TeamLoad

#: Budget of the search for room in each class, the highest first, in compared parts. A period of 300 items
#: and 20 people spends about five milliseconds on it.
SEARCH_BUDGET = (360_000, 240_000, 144_000, 72_000)

#: The same for items that are only begun, in each class; there are few of them.
SEARCH_BUDGET_TO_BEGIN = 240_000

#: Least hours to begin of an action that is larger than a period.
MIN_START_HOURS = 2.0


class LeftOutReason(StrEnum):
    """Reason why an item is left out."""

    NO_ESTIMATE = "no_estimate"
    NO_SPECIALIST = "no_specialist"
    WAITS_FOR = "waits_for"
    PROJECT_LIMIT = "project_limit"
    AGENCY_LIMIT = "agency_limit"
    SPECIALIST_BUSY = "specialist_busy"
    NO_DAYS = "no_days"
    TAKEN_OUT = "taken_out"


class LeftOutItem(Struct, frozen=True):
    """An item that is left out, with the reason.

    ``profile`` is the profile without room; ``free_hours`` and ``capacity_hours`` are those of its least busy
    specialist, or of the project or the agency if its limit is the reason. ``waits_for`` are the items that
    must be finished first. With ``NO_DAYS`` there are enough hours, but the person has too much in progress
    to begin the item in the period.
    """

    item: BacklogItem
    reason: LeftOutReason
    profile: str | None = None
    needed_hours: float = 0.0
    free_hours: float = 0.0
    capacity_hours: float = 0.0
    waits_for: tuple[int, ...] = ()
    specialist: str | None = None


class Assignment(Struct, frozen=True):
    """An action, or its first hours, assigned to a specialist."""

    profile: str
    specialist: str
    hours: float


class TakenItem(Struct, frozen=True):
    """An item that enters the period; ``rest_hours`` by profile are carried over to later periods."""

    item: BacklogItem
    assignments: tuple[Assignment, ...]
    rest_hours: Mapping[str, float]

    @property
    def hours(self) -> float:
        """Hours that it takes in this period."""
        return sum(one.hours for one in self.assignments)

    @property
    def is_whole(self) -> bool:
        """Whether nothing of it is carried over."""
        return not self.rest_hours


class Selection(Struct, frozen=True):
    """The items of a period, in the order of decisions.

    ``order`` are the keys of all items in the order of decisions; ``move_count`` is the count of parts that
    were given to another person to make room.
    """

    taken: tuple[TakenItem, ...]
    left_out: tuple[LeftOutItem, ...]
    order: tuple[tuple[str, int], ...]
    move_count: int = 0

    def decided_before(
        self, keys: Container[tuple[str, int]]
    ) -> dict[tuple[str, int], TakenItem | LeftOutItem]:
        """Decisions by key that were made before the first of *keys*."""
        decided: dict[tuple[str, int], TakenItem | LeftOutItem] = {
            **{one.item.key: one for one in self.taken},
            **{one.item.key: one for one in self.left_out},
        }
        return {key: decided[key] for key in takewhile(lambda key: key not in keys, self.order)}


class SearchBudgets(Struct):
    """Budgets of the search for room in a period, by class: for whole items and for items only begun.

    ``in_vain`` are the least hours of each profile for which no room was found: the search is not repeated
    for as many or more.
    """

    whole: list[SearchBudget] = field(default_factory=lambda: [SearchBudget(most) for most in SEARCH_BUDGET])
    begun: list[SearchBudget] = field(
        default_factory=lambda: [SearchBudget(SEARCH_BUDGET_TO_BEGIN) for _ in SEARCH_BUDGET]
    )
    in_vain: dict[str, float] = field(default_factory=dict)


def select(
    items: Iterable[BacklogItem],
    ledger: Ledger,
    *,
    period: Period,
    unfinished: frozenset[tuple[str, int]] = frozenset(),
    known: Mapping[tuple[str, int], TakenItem | LeftOutItem] | None = None,
    budgets: SearchBudgets | None = None,
    only_taken: bool = False,
) -> Selection:
    """Select the items of *period* and assign each action to a person.

    Parameters
    ----------
    items
        Items of one or more projects, in any order, including those begun before.
    ledger
        Remaining hours of people and limits; it is not changed.
    unfinished
        Keys of items in progress; items that depend on them wait.
    known
        Decisions that are kept, in their order; they come before all others.
    budgets
        Budgets of the search for room; they are changed, so that a second selection uses the rest.
    only_taken
        Whether only the items that are taken matter: of those that are left out, few are told then.

    Returns
    -------
    Selection
        The same input gives the same selection.

    Notes
    -----
    Work is assigned to the freest person of those whose other profiles are not lacking. If nobody has room,
    up to two parts are given to other people, or pairs of people divide their work anew (``moves``). No limit
    is ever exceeded.
    """
    return Chooser(
        items,
        ledger,
        period=period,
        unfinished=unfinished,
        known=known,
        budgets=budgets,
        only_taken=only_taken,
    ).choose()


class _LimitRoom(NamedTuple):
    """Room in the limits of a project.

    ``hours`` are left, ``most_whole_hours`` those of the longest item that may not be divided.
    ``is_too_small_for_all`` says that no item of the project, none of which may be divided, has so few hours.
    """

    hours: float
    most_whole_hours: float
    is_too_small_for_all: bool


class Chooser:
    """Fills one period; see ``select``.

    Benchmarks override its methods to compare other ways of assigning people and making room.
    """

    def __init__(
        self,
        items: Iterable[BacklogItem],
        ledger: Ledger,
        *,
        period: Period,
        unfinished: frozenset[tuple[str, int]] = frozenset(),
        known: Mapping[tuple[str, int], TakenItem | LeftOutItem] | None = None,
        budgets: SearchBudgets | None = None,
        only_taken: bool = False,
    ) -> None:
        self._demand = demand = Demand.of(items)
        self._only_taken = only_taken
        self._known = known or {}
        self._ledger = ledger
        self._period = period
        self._limits = ledger.resources.limits
        specialists = ledger.resources.specialists
        self._specialists = specialists
        self._hours = ledger.team_hours(period)
        loads = list(map(PersonLoad, count(), self._hours.profiles, self._hours.free, self._hours.capacity))
        self.team = TeamLoad(loads, step_hours=demand.step_hours)
        self._limit_left = [ledger.limit_hours(number, period) for number in range(len(self._limits))]
        self._full_time_hours = ledger.resources.calendar.hours(period)
        self._pressure = self._pressures()
        #: By profile, how much more is wanted than there is, as a share of what there is.
        self._lacking = {profile: max(0.0, one - 1.0) for profile, one in self._pressure.items()}
        self._scarcity = {names: self._scarcity_of(names) for names in self.team.profile_sets}
        since = ledger.days[0] if ledger.days else period.start_on
        #: Days of this period on which items are wanted that can still be kept.
        self._wanted = {key: day for key, day in demand.wanted_days.items() if since <= day <= period.end_on}
        self._pending = {*demand.keys, *unfinished}
        self._waiting: dict[tuple[str, int], list[BacklogItem]] = {}
        self._taken: list[tuple[BacklogItem, list[Part], dict[str, float]]] = []
        self._left_out: list[LeftOutItem] = []
        self._order: list[tuple[str, int]] = []
        self._move_count = 0
        self._budgets = budgets or SearchBudgets()
        self._class = 0
        self._spent: dict[str, float] = {}
        self._item_limits_known: dict[str, list[int]] = {}
        self._least_limits: dict[str, float] = {}
        self._rooms: dict[str, _LimitRoom] = {}

    def _pressures(self) -> Mapping[str, float]:
        """By profile, wanted hours divided by free hours of the people who have it."""
        free = self._hours.free_by_profile
        return {
            profile: hours / max(EPSILON_HOURS, free.get(profile, 0.0))
            for profile, hours in self._demand.profile_hours.items()
        }

    def _scarcity_of(self, profiles: Sequence[str]) -> dict[str, float]:
        """For each profile of a person, the sum of what is lacking of the person's other profiles."""
        return {
            profile: sum(self._lacking.get(other, 0.0) for other in profiles if other != profile)
            for profile in profiles
        }

    # --- Order -----------------------------------------------------------------------------------

    def choose(self) -> Selection:
        """Decide every item once."""
        # Kept decisions come first: without the late items, the order of the others may be different.
        for one in self._known.values():
            self._repeat(one)
        for item in self._in_order():
            if item.key not in self._known and not (self._only_taken and self._has_no_room(item)):
                self.decide(item)
        waiting = {item.key: item for items in self._waiting.values() for item in items}
        for item in sorted(waiting.values(), key=lambda one: (priority_class(one), *place_in_backlog(one))):
            if item.key in self._pending:
                self._order.append(item.key)
                self._left_out.append(
                    LeftOutItem(item, LeftOutReason.WAITS_FOR, waits_for=self._blockers(item))
                )
        taken = tuple(
            TakenItem(
                item,
                tuple(Assignment(part.profile, self._name_of(part.person), part.hours) for part in parts),
                rest,
            )
            for item, parts, rest in self._taken
        )
        return Selection(taken, tuple(self._left_out), tuple(self._order), self._move_count)

    def _in_order(self) -> Iterator[BacklogItem]:
        """Items begun before, then by class; inside it those wanted in the period, then projects in turn."""
        yield from self._demand.begun
        for queues in self._demand.classes:
            dated = {
                item.key: item
                for items in (queues.values() if self._wanted else ())
                for item in items
                if item.key in self._wanted
            }
            yield from sorted(
                dated.values(), key=lambda item: (self._wanted[item.key], place_in_backlog(item))
            )
            yield from self._in_turns(
                {
                    project: [item for item in items if item.key not in dated]
                    for project, items in queues.items()
                }
                if dated
                else queues
            )

    def _in_turns(self, queues: Queues) -> Iterator[BacklogItem]:
        """The project with the smallest used share of its limit is next, one above its week's share last."""
        waiting = {project: iter(items) for project, items in queues.items()}
        turns = [(*self._used_share(project), project) for project in waiting]
        heapq.heapify(turns)
        while turns:
            project = heapq.heappop(turns)[2]
            if not turns:
                # No other project is left to take turns with.
                for item in waiting[project]:
                    if self._is_full(project):
                        return
                    yield item
                return
            if self._is_full(project):
                continue
            following = next(waiting[project], None)
            if following is not None:
                yield following
                heapq.heappush(turns, (*self._used_share(project), project))

    def _is_full(self, project: str) -> bool:
        """Whether the rest of the project's items need not be decided."""
        if not self._only_taken:
            return False
        room = self._rooms.get(project) or self._room_of(project)
        return room.is_too_small_for_all

    def _used_share(self, project: str) -> tuple[bool, float]:
        for number, limit in enumerate(self._limits):
            if limit.project == project:
                used = limit.hours - self._limit_left[number]
                is_over = used > self._share_hours.get(number, limit.hours) + EPSILON_HOURS
                return is_over, used / max(limit.hours, EPSILON_HOURS)
        # Without a limit the share refers to the full time of one person.
        return False, self._spent.get(project, 0.0) / max(self._full_time_hours, EPSILON_HOURS)

    @cached_property
    def _share_hours(self) -> Mapping[int, float]:
        """Share of each project's monthly limit up to the end of this week."""
        return {
            number: week_share_hours(limit, self._ledger.resources.calendar, self._period)
            for number, limit in enumerate(self._limits)
            if limit.project is not None and self._period.kind is PeriodKind.WEEK
        }

    def _blockers(self, item: BacklogItem) -> tuple[int, ...]:
        return tuple(number for number in item.depends_on if (item.project, number) in self._pending)

    def _has_no_room(self, item: BacklogItem) -> bool:
        """Whether the item is left out for sure, so that deciding it would change nothing for others."""
        if item.is_carried_over:
            return False
        room, most, _ = self._rooms.get(item.project) or self._room_of(item.project)
        if room < item.total_hours <= most:
            return True
        if not (item.hours and item.hours.keys() <= self.team.profiles):
            return True
        if room < min(MIN_START_HOURS, next(iter(item.hours.values()))):
            return True
        if item.total_hours <= room and not self._may_begin(item):
            profile = self._by_pressure(item)[0]
            is_full = item.hours[profile] > self.team.most_hours(profile) + EPSILON_HOURS
            return is_full and not self._blockers(item)
        return False

    def _room_of(self, project: str) -> _LimitRoom:
        """The room that the limits of a project have now; it is kept until something is taken."""
        left = min((self._limit_left[number] for number in self._item_limits(project)), default=math.inf)
        most = min(self._shortest_of_largest, self._least_limit(project)) + EPSILON_HOURS
        room = left + EPSILON_HOURS
        fewest_hours, most_hours = self._demand.spans_hours.get(project, (math.inf, 0.0))
        is_too_small = room < fewest_hours and most_hours <= most
        found = self._rooms[project] = _LimitRoom(room, most, is_too_small)
        return found

    def decide(self, item: BacklogItem) -> None:
        """Take the item, leave it out, or postpone it until its predecessors are decided."""
        if item.hours and (blockers := self._blockers(item)):
            for number in blockers:
                self._waiting.setdefault((item.project, number), []).append(item)
            return
        self._order.append(item.key)
        reason = self.place(item)
        if reason is not None:
            self._left_out.append(reason)
            return
        if self._taken[-1][2]:
            return  # The item is only begun; items that depend on it keep waiting.
        self._pending.discard(item.key)
        freed = [one for one in self._waiting.pop(item.key, ()) if not self._blockers(one)]
        for one in sorted(freed, key=lambda one: (priority_class(one), *place_in_backlog(one))):
            self.decide(one)

    def _repeat(self, known: TakenItem | LeftOutItem) -> None:
        """Repeat a kept decision."""
        self._order.append(known.item.key)
        if isinstance(known, LeftOutItem):
            self._left_out.append(known)
            return
        parts = [
            self._take(
                known.item,
                one.profile,
                one.hours,
                self.team.people[self._ledger.people[one.specialist]],
                is_fixed=known.item.keeps.get(one.profile) == one.specialist,
            )
            for one in known.assignments
        ]
        self._taken.append((known.item, parts, dict(known.rest_hours)))
        self._spend(known.item, known.hours)
        if known.is_whole:
            self._pending.discard(known.item.key)

    # --- Room ------------------------------------------------------------------------------------

    def place(self, item: BacklogItem) -> LeftOutItem | None:
        """Take the item, whole or begun; returns the reason if it has no room."""
        if not item.hours:
            return LeftOutItem(item, LeftOutReason.NO_ESTIMATE)
        for profile, hours in item.hours.items():
            if profile not in self.team.profiles:
                return LeftOutItem(item, LeftOutReason.NO_SPECIALIST, profile=profile, needed_hours=hours)
        self._class = priority_class(item)
        reason = self._over_limit(item, item.total_hours)
        if reason is None:
            reason = self._place_whole(item)
        if reason is not None and self._may_begin(item):
            return None if self._begin(item) else self._not_begun(item)
        return reason

    def _over_limit(self, item: BacklogItem, hours: float) -> LeftOutItem | None:
        for number in self._item_limits(item.project):
            if hours > self._limit_left[number] + EPSILON_HOURS:
                limit = self._limits[number]
                return LeftOutItem(
                    item,
                    LeftOutReason.AGENCY_LIMIT if limit.project is None else LeftOutReason.PROJECT_LIMIT,
                    needed_hours=hours,
                    free_hours=max(0.0, self._limit_left[number]),
                    capacity_hours=limit.hours,
                )
        return None

    def _item_limits(self, project: str) -> list[int]:
        known = self._item_limits_known.get(project)
        if known is None:
            known = self._item_limits_known[project] = [
                number
                for number, limit in enumerate(self._limits)
                if limit.specialist is None and limit.project in (None, project)
            ]
        return known

    def _spend(self, item: BacklogItem, hours: float) -> None:
        self._rooms.clear()
        self._spent[item.project] = self._spent.get(item.project, 0.0) + hours
        for number in self._item_limits(item.project):
            self._limit_left[number] -= hours

    def _place_whole(self, item: BacklogItem) -> LeftOutItem | None:
        parts: list[Part] = []
        moved: list[tuple[Part, PersonLoad]] = []
        for profile in self._by_pressure(item):
            part = self._seat(item, profile, item.hours[profile], moved, is_first=not parts)
            if part is None:
                self._undo(parts, moved)
                return self._no_room(item, profile, item.hours[profile])
            parts.append(part)
        by_profile = {part.profile: part for part in parts}
        self._taken.append((item, [by_profile[profile] for profile in item.hours], {}))
        self._spend(item, item.total_hours)
        return None

    def _by_pressure(self, item: BacklogItem) -> list[str]:
        """Profiles of an item, the scarcest first."""
        return sorted(item.hours, key=lambda one: (-self._pressure.get(one, 0.0), one))

    def _seat(
        self,
        item: BacklogItem,
        profile: str,
        hours: float,
        moved: list[tuple[Part, PersonLoad]],
        *,
        is_first: bool,
    ) -> Part | None:
        """Assign hours to the best person, making room if needed; *moved* collects former holders.

        *is_first* says that no other part of the item has a person yet.
        """
        keeper = self._keeper(item, profile)
        if keeper is not None:
            return self._take(item, profile, hours, keeper, is_fixed=True) if keeper.holds(hours) else None
        person = self.best_person(profile, hours)
        if person is not None:
            return self._take(item, profile, hours, person)
        found = self.rearrange(profile, hours, is_first=is_first)
        if found is None:
            return None
        moved.extend(self._carry_out(found[0]))
        return self._take(item, profile, hours, found[1])

    def _carry_out(self, moves: Moves) -> list[tuple[Part, PersonLoad]]:
        """Carry out moves; returns each part with its former holder."""
        had = [(part, part.person) for part, _ in moves]
        for part, person in moves:
            self.team.move(part, person)
        self._move_count += len(moves)
        return had

    def rearrange(self, profile: str, hours: float, *, is_first: bool) -> Room | None:
        """Find moves that give a person enough room; returns them and the person, or ``None``.

        A failed search is remembered only if *is_first*: otherwise hours of the item's other parts, which
        will be free again, may be what is missing.
        """
        if hours > self.team.most_hours(profile) + EPSILON_HOURS:
            return None
        found = make_room(self.team, profile, hours)
        if found is None and hours < self._budgets.in_vain.get(profile, math.inf):
            found = gather_room(self.team, profile, hours, self._budgets.whole[self._class])
            if found is None and is_first:
                self._budgets.in_vain[profile] = hours
        return found

    def _name_of(self, person: PersonLoad) -> str:
        return self._specialists[person.place].name

    def _keeper(self, item: BacklogItem, profile: str) -> PersonLoad | None:
        name = item.keeps.get(profile)
        if name is None:
            return None
        skilled = self.team.skilled[profile]
        return next((person for person in skilled if self._name_of(person) == name), None)

    def best_person(self, profile: str, hours: float) -> PersonLoad | None:
        """The person who takes *hours* of a profile; ``None`` if nobody has room.

        Of those with room, people whose other profiles are lacking least come first, then the freest.

        The freest has most of the own hours left, so that nobody is idle; where the profile itself is
        lacking, most hours, so that long actions find room.
        """
        is_lacking = self._lacking.get(profile)
        best: PersonLoad | None = None
        least: tuple[float, float, int] = (math.inf, 0.0, 0)
        for person in self.team.freest_of_alike(profile):
            if hours > person.free + EPSILON_HOURS:
                continue
            free = person.free if is_lacking else person.free / (person.capacity or EPSILON_HOURS)
            found = self._scarcity[person.profiles][profile], -free, person.place
            if found < least:
                best, least = person, found
        return best

    def _take(
        self, item: BacklogItem, profile: str, hours: float, person: PersonLoad, *, is_fixed: bool = False
    ) -> Part:
        part = Part(item.key, profile, hours, person, is_fixed)
        self.team.take(part)
        return part

    def _undo(self, parts: Sequence[Part], moved: Sequence[tuple[Part, PersonLoad]]) -> None:
        for part in reversed(parts):
            self.team.give_back(part)
        for part, person in reversed(moved):
            if part not in parts:
                self.team.move(part, person)
        self._move_count -= len(moved)

    def _no_room(self, item: BacklogItem, profile: str, hours: float) -> LeftOutItem:
        skilled = self.team.skilled[profile]
        keeper = self._keeper(item, profile)
        freest = keeper or max(skilled, key=lambda person: (person.free, -person.place))
        return LeftOutItem(
            item,
            LeftOutReason.SPECIALIST_BUSY,
            profile=profile,
            needed_hours=hours,
            free_hours=max(0.0, freest.free),
            capacity_hours=freest.capacity,
            specialist=self._name_of(freest),
        )

    # --- Larger than a period --------------------------------------------------------------------

    def _may_begin(self, item: BacklogItem) -> bool:
        """Whether the item may be begun in part: it was begun before, or is larger than an empty period."""
        if item.is_carried_over:
            return True
        if item.total_hours > self._least_limit(item.project) + EPSILON_HOURS:
            return True
        if item.total_hours <= self._shortest_of_largest:
            return False
        return any(hours > self._largest[profile] + EPSILON_HOURS for profile, hours in item.hours.items())

    def _least_limit(self, project: str) -> float:
        """Hours of the lowest limit of a project in an empty period, infinite where it has none."""
        known = self._least_limits.get(project)
        if known is None:
            limits = (self._limits[number].hours for number in self._item_limits(project))
            known = self._least_limits[project] = min(limits, default=math.inf)
        return known

    @cached_property
    def _shortest_of_largest(self) -> float:
        """Hours of an action that an empty period holds, whatever its profile."""
        return min(self._largest.values(), default=0.0)

    @cached_property
    def _largest(self) -> Mapping[str, float]:
        """By profile, hours of the longest action that an empty period holds; one that is longer is large.

        It is as long as full time, or as the time of anybody with the profile if that is less. Absences and
        committed hours are ignored. Full time is that of the calendar, so that an action stays large when the
        hours of a person are raised: more capacity never makes it wait.
        """
        full_time = self._full_time_hours * self._ledger.resources.load_factor
        return {profile: min(full_time, hours) for profile, hours in self._hours.longest_by_profile.items()}

    def _begin(self, item: BacklogItem) -> bool:
        """Take whole actions in order, then the remaining hours for one that is larger than a period."""
        parts: list[Part] = []
        rest = dict(item.hours)
        for profile, hours in item.hours.items():
            budget = min(
                (self._limit_left[number] for number in self._item_limits(item.project)), default=hours
            )
            budget -= sum(part.hours for part in parts)
            part = None
            if hours <= budget + EPSILON_HOURS:
                part = self._seat(item, profile, hours, [], is_first=not parts)
            if part is None and self._may_divide(item, profile, hours):
                part = self._seat_piece(item, profile, min(hours, budget))
            if part is None:
                break
            parts.append(part)
            rest[profile] -= part.hours
            if rest[profile] > EPSILON_HOURS:
                break
            del rest[profile]
        if not parts:
            return False
        self._taken.append((item, parts, rest))
        self._spend(item, sum(part.hours for part in parts))
        return True

    def _not_begun(self, item: BacklogItem) -> LeftOutItem:
        """The reason why not even the least hours could be begun."""
        profile, hours = next(iter(item.hours.items()))
        least = min(MIN_START_HOURS, hours) if self._may_divide(item, profile, hours) else hours
        return self._over_limit(item, least) or self._no_room(item, profile, least)

    def _may_divide(self, item: BacklogItem, profile: str, hours: float) -> bool:
        most = min(self._largest[profile], self._least_limit(item.project))
        return item.is_carried_over or hours > most + EPSILON_HOURS

    def _seat_piece(self, item: BacklogItem, profile: str, most: float) -> Part | None:
        """Assign as many hours as one person has left, at least ``MIN_START_HOURS``."""
        least = min(MIN_START_HOURS, item.hours[profile])
        if most < least - EPSILON_HOURS:
            return None
        keeper = person = self._keeper(item, profile)
        if person is None:
            found = gather_most(self.team, profile, most, self._budgets.begun[self._class])
            if found is None or found[2] < least - EPSILON_HOURS:
                return None
            self._carry_out(found[0])
            person = found[1]
        if not person.holds(least):
            return None
        hours = max(least, self.team.whole_steps(min(most, person.free)))
        return self._take(item, profile, hours, person, is_fixed=keeper is not None)
