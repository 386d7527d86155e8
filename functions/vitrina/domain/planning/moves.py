"""Room for an action by moving actions that are planned already to other people.

Nobody's action is divided. A chain of one move hands an action of the wanted person to a colleague; one of
two moves hands over two of them, or makes room at the colleague by handing one of his on. Where no such chain
exists but hours enough lie about, pairs of desks divide their work anew. Docs/planning.md counts what is
missed.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from vitrina.domain.planning.capacity import EPSILON_HOURS


@dataclass(eq=False)
class Part:
    """Hours of one action that a desk has taken. A fixed one stays where it is."""

    item: tuple[str, int]
    profile: str
    hours: float
    desk: Desk
    is_fixed: bool = False


@dataclass(eq=False)
class Desk:
    """A specialist while a period is being filled: hours that are free, parts that he has."""

    place: int
    profiles: tuple[str, ...]
    free: float
    parts: list[Part] = field(default_factory=list)

    def holds(self, hours: float) -> bool:
        """Whether *hours* are free."""
        return hours <= self.free + EPSILON_HOURS

    @property
    def most_hours(self) -> float:
        """Hours that could be free if everything movable were handed over."""
        return self.free + sum(part.hours for part in self.parts if not part.is_fixed)


class Bounds:
    """Hours that each set of profiles has left, as if work could be divided freely (Hall's condition).

    What does not fit by them fits in no way. They depend on what was taken, not on who took it.
    """

    def __init__(self, desks: Sequence[Desk], profiles: Sequence[str], step_hours: float) -> None:
        self._desks = desks
        self._step_hours = step_hours
        bit = {profile: 1 << place for place, profile in enumerate(profiles)}
        self._skills = [sum(bit[profile] for profile in set(desk.profiles)) for desk in desks]
        self._masks = _masks(list(bit.values()), self._skills)
        self._with = {
            profile: [place for place, mask in enumerate(self._masks) if mask & bit[profile]]
            for profile in profiles
        }
        self._of_skill = {
            skill: [place for place, mask in enumerate(self._masks) if mask & skill]
            for skill in set(self._skills)
        }
        self._left = self._count()

    def _count(self) -> list[float]:
        left = [0.0] * len(self._masks)
        for desk, skill in zip(self._desks, self._skills, strict=True):
            movable = [part for part in desk.parts if not part.is_fixed]
            hours = self.usable(desk.most_hours)
            for place in self._of_skill[skill]:
                left[place] += hours
            for part in movable:
                for place in self._with[part.profile]:
                    left[place] -= part.hours
        return left

    def usable(self, hours: float) -> float:
        """The whole steps of hours."""
        if not self._step_hours:
            return hours
        return self._step_hours * math.floor((hours + EPSILON_HOURS) / self._step_hours)

    def most_hours(self, profile: str) -> float:
        """Hours of the profile that the tightest set with it has left."""
        left = self._left
        return min([left[place] for place in self._with[profile]])

    def spend(self, part: Part, hours: float) -> None:
        """Count hours of a part as taken; negative ones as given back."""
        if (
            self._step_hours
            and abs(hours / self._step_hours - round(hours / self._step_hours)) > EPSILON_HOURS
        ):
            # Of an action that is divided somebody takes what he has left, to the minute.
            self._step_hours = 0.0
            self._left = self._count()
            return
        places = self._of_skill[self._skills[part.desk.place]] if part.is_fixed else self._with[part.profile]
        left = self._left
        for place in places:
            left[place] -= hours


#: Sets of profiles are all counted up to so many profiles; 2 ** 8 sets cost nothing that could be measured.
MOST_PROFILES = 8


def _masks(bits: Sequence[int], skills: Sequence[int]) -> list[int]:
    """Sets of profiles as bits: all of them, or of many profiles the single ones, pairs, and each desk's."""
    if len(bits) <= MOST_PROFILES:
        return list(range(1, 1 << len(bits)))
    pairs = {one | other for one in bits for other in bits}
    return sorted(pairs | set(skills) | {sum(bits)})


#: Parts and the desks to which they go, in an order in which each finds its room.
Moves = tuple[tuple[Part, Desk], ...]


class Floor:
    """All desks, with what could be moved worked out once for each state of them.

    Parameters
    ----------
    step_hours
        All hours of work are multiples of it, 0 where they may be any; less than it is no use to anybody.
    """

    def __init__(self, desks: Sequence[Desk], *, step_hours: float = 0.0) -> None:
        self.desks = desks
        profiles = sorted({profile for desk in desks for profile in desk.profiles})
        self.skilled: Mapping[str, list[Desk]] = {
            profile: [desk for desk in desks if profile in desk.profiles] for profile in profiles
        }
        self._bounds = Bounds(desks, profiles, step_hours)
        self._movable: dict[int, list[tuple[Part, Desk]]] = {}
        self._most_free: tuple[float, float] | None = None

    @property
    def most_free(self) -> tuple[float, float]:
        """Hours of the two freest desks."""
        if self._most_free is None:
            free = sorted((desk.free for desk in self.desks), reverse=True)
            self._most_free = (free[0], free[1] if len(free) > 1 else 0.0)
        return self._most_free

    def most_hours(self, profile: str) -> float:
        """Hours that would fit if work could be divided; for more than them no moves make room."""
        return self._bounds.most_hours(profile)

    def whole_steps(self, hours: float) -> float:
        """As much of hours as others could use."""
        return self._bounds.usable(hours)

    def _changed(self) -> None:
        self._movable.clear()
        self._most_free = None

    def take(self, part: Part) -> None:
        """Give a part to its desk."""
        self._put(part)
        self._bounds.spend(part, part.hours)

    def give_back(self, part: Part) -> None:
        """Take a part from its desk."""
        self._remove(part)
        self._bounds.spend(part, -part.hours)

    def move(self, part: Part, desk: Desk) -> None:
        """Hand a part over."""
        self._remove(part)
        part.desk = desk
        self._put(part)

    def _put(self, part: Part) -> None:
        part.desk.free -= part.hours
        part.desk.parts.append(part)
        self._changed()

    def _remove(self, part: Part) -> None:
        part.desk.free += part.hours
        part.desk.parts.remove(part)
        self._changed()

    def movable(self, desk: Desk) -> list[tuple[Part, Desk]]:
        """Parts of *desk* that a colleague has room for, the longest first, with the freest colleague."""
        known = self._movable.get(desk.place)
        if known is None:
            found = []
            for part in desk.parts:
                target = None if part.is_fixed else self._freest(part.profile, besides=desk)
                if target is not None and target.holds(part.hours):
                    found.append((part, target))
            known = self._movable[desk.place] = sorted(found, key=lambda pair: -pair[0].hours)
        return known

    def _freest(self, profile: str, *, besides: Desk) -> Desk | None:
        best: Desk | None = None
        for desk in self.skilled[profile]:
            if desk is not besides and (best is None or desk.free > best.free):
                best = desk
        return best


def make_room(floor: Floor, profile: str, hours: float) -> tuple[Moves, Desk] | None:
    """The shortest chain of at most two moves after which a desk with *profile* holds *hours*.

    Returns
    -------
    tuple or None
        The moves and the desk; nothing is moved yet. ``None`` where no such chain exists.
    """
    desks = sorted(floor.skilled.get(profile, ()), key=lambda desk: (-desk.free, desk.place))
    # Two moves gather what at most three desks have free.
    most = floor.most_free
    desks = [desk for desk in desks if desk.free + most[0] + most[1] >= hours - EPSILON_HOURS]
    for find in (_one_move, _two_from_here, _one_passed_on, _swap):
        for desk in desks:
            moves = find(floor, desk, hours - desk.free, hours)
            if moves is not None:
                return moves, desk
    return None


def _one_move(floor: Floor, desk: Desk, need: float, _hours: float) -> Moves | None:
    """The shortest part that makes room enough."""
    enough = [pair for pair in floor.movable(desk) if pair[0].hours >= need - EPSILON_HOURS]
    return (enough[-1],) if enough else None


def _two_from_here(floor: Floor, desk: Desk, need: float, _hours: float) -> Moves | None:
    """Two parts that together make room enough, each to somebody who has room for it."""
    movable = floor.movable(desk)
    if len(movable) < 2 or movable[0][0].hours + movable[1][0].hours < need - EPSILON_HOURS:
        return None
    for place, (first, _) in enumerate(movable):
        for second, _ in movable[place + 1 :]:
            if first.hours + second.hours < need - EPSILON_HOURS:
                break
            for target in floor.skilled[first.profile]:
                if target is desk or not target.holds(first.hours):
                    continue
                for other in floor.skilled[second.profile]:
                    together = second.hours + (first.hours if other is target else 0.0)
                    if other is not desk and other.holds(together):
                        return ((first, target), (second, other))
    return None


def _one_passed_on(floor: Floor, desk: Desk, need: float, hours: float) -> Moves | None:
    """A part to a colleague who hands one of his to a third."""
    beside = hours - desk.free - floor.most_free[0] - EPSILON_HOURS
    for part in desk.parts:
        if part.is_fixed or part.hours < need - EPSILON_HOURS:
            continue
        for target in floor.skilled[part.profile]:
            if target is desk or target.free < beside:
                continue
            movable = floor.movable(target)
            short = part.hours - target.free
            if not movable or movable[0][0].hours < short - EPSILON_HOURS:
                continue
            for other, _ in reversed(movable):
                if other.hours < short - EPSILON_HOURS:
                    continue
                for third in floor.skilled[other.profile]:
                    if third is not target and third is not desk and third.holds(other.hours):
                        return ((other, third), (part, target))
    return None


def _swap(floor: Floor, desk: Desk, _need: float, hours: float) -> Moves | None:
    """A part to a colleague against a shorter one of his."""
    for target in floor.desks:
        if target is desk or desk.free + target.free < hours - EPSILON_HOURS:
            continue
        for part in desk.parts:
            if part.is_fixed or part.profile not in target.profiles:
                continue
            least, most = part.hours - target.free, desk.free + part.hours - hours
            for other in target.parts:
                fits = least - EPSILON_HOURS <= other.hours <= most + EPSILON_HOURS
                if fits and not other.is_fixed and other.profile in desk.profiles:
                    return ((other, desk), (part, target))
    return None


def gather_room(floor: Floor, profile: str, hours: float, effort: Effort) -> tuple[Moves, Desk] | None:
    """Room by dividing the work of pairs of desks anew, where no chain of two makes it.

    A desk gathers what the others have free: along a tree of those who can take work from each other, from
    the leaves to the root, each takes from the next what a subset sum says is the most. Where that is not
    enough it is done again with other trees and other sums, until the question's part of *effort* is spent.

    Returns
    -------
    tuple or None
        Where each part goes in the end, and the desk; nothing is moved yet.
    """
    trial = _Trial(floor, effort)
    roots = floor.skilled.get(profile, ())
    least = effort.left - effort.left // QUESTIONS
    while True:
        for desk in sorted(roots, key=lambda one: (-trial.free[one.place], one.place)):
            if trial.gather(desk, hours):
                return trial.moves(), desk
            if effort.left <= least:
                return None
        trial.shuffle()


def gather_most(floor: Floor, profile: str, hours: float, effort: Effort) -> tuple[Moves, Desk, float] | None:
    """As many of *hours* as can be had at one desk; the moves, the desk, and what it has free then.

    It gathers like ``gather_room``, whatever would fit without a move.
    """
    roots = floor.skilled.get(profile, ())
    most = max((desk.most_hours for desk in roots), default=0.0)
    wanted = floor.whole_steps(min(hours, most, floor.most_hours(profile)))
    trial = _Trial(floor, effort)
    least = effort.left - effort.left // QUESTIONS
    best: tuple[Moves, Desk, float] | None = None
    while True:
        for desk in sorted(roots, key=lambda one: (-trial.free[one.place], one.place)):
            trial.gather(desk, wanted)
            free = floor.whole_steps(trial.free[desk.place])
            if best is None or free > best[2] + EPSILON_HOURS:
                best = trial.moves(), desk, free
            if free >= wanted - EPSILON_HOURS or effort.left <= least:
                return best
        trial.shuffle()


#: Effort is divided evenly by about so many questions; measured, 32 find more than 2 or 8 in the same time.
QUESTIONS = 32


@dataclass
class Effort:
    """How many parts may still be weighed against each other: a time limit that is the same everywhere.

    Each question may spend one of ``QUESTIONS`` parts of what is left, so that the first get the most and the
    last get something.
    """

    left: int


#: Subset sums count in whole units of this many to the hour; work is rounded up, room down.
UNITS = 1000


class _Trial:
    """Desks as they would be after some exchanges."""

    def __init__(self, floor: Floor, effort: Effort) -> None:
        self._floor = floor
        self._effort = effort
        self._chance: random.Random | None = None
        self._desks = list(floor.desks)
        self.free = [desk.free for desk in floor.desks]
        self._parts = [[part for part in desk.parts if not part.is_fixed] for desk in floor.desks]

    def moves(self) -> Moves:
        """Parts that end at another desk."""
        return tuple(
            (part, desk)
            for desk in self._floor.desks
            for part in self._parts[desk.place]
            if part.desk is not desk
        )

    def shuffle(self) -> None:
        """Go on in another order; the same one for the same floor."""
        self._chance = self._chance or random.Random(0)  # noqa: S311 - no secret
        self._chance.shuffle(self._desks)

    def gather(self, root: Desk, hours: float) -> bool:
        """Free as much of *hours* at *root* as can be had; whether it is enough."""
        self._effort.left -= len(self._floor.desks)
        for parent, child in reversed(self._tree(root)):
            self._pull(parent, child, hours if parent is root else math.inf)
        return self.free[root.place] >= hours - EPSILON_HOURS

    def _tree(self, root: Desk) -> list[tuple[Desk, Desk]]:
        """Who could take work from whom, breadth first from *root*."""
        reached = {root.place}
        waiting, tree = [root], []
        for desk in waiting:
            wanted = {part.profile for part in self._parts[desk.place]}
            for other in self._desks:
                if other.place not in reached and not wanted.isdisjoint(other.profiles):
                    reached.add(other.place)
                    waiting.append(other)
                    tree.append((desk, other))
        return tree

    def _pull(self, desk: Desk, other: Desk, wanted: float) -> None:
        """Divide what both can do anew, so that *desk* has *wanted* hours free, or as many as it can."""
        if self.free[desk.place] >= wanted - EPSILON_HOURS:
            return
        if self._chance is None and self.free[other.place] <= EPSILON_HOURS:
            return
        mine = [part for part in self._parts[desk.place] if part.profile in other.profiles]
        if not mine:
            return
        theirs = [part for part in self._parts[other.place] if part.profile in desk.profiles]
        shared = self._ordered(mine + theirs)
        self._effort.left -= len(shared)
        had = sum([part.hours for part in theirs])
        given = best_subset(
            [part.hours for part in shared],
            least=had + wanted - self.free[desk.place],
            most=had + self.free[other.place],
        )
        gain = sum([shared[place].hours for place in given]) - had
        if gain < -EPSILON_HOURS or (gain <= EPSILON_HOURS and self._chance is None):
            return
        places = set(given)
        chosen = [part for place, part in enumerate(shared) if place in places]
        kept = [part for place, part in enumerate(shared) if place not in places]
        self._parts[desk.place] = self._besides(desk, other) + kept
        self._parts[other.place] = self._besides(other, desk) + chosen
        self.free[desk.place] += gain
        self.free[other.place] -= gain

    def _besides(self, desk: Desk, other: Desk) -> list[Part]:
        """Parts of *desk* that *other* cannot do."""
        return [part for part in self._parts[desk.place] if part.profile not in other.profiles]

    def _ordered(self, parts: list[Part]) -> list[Part]:
        """The first are the ones to be handed over, where more than one sum is right."""
        chance = self._chance
        if chance is None:
            return sorted(parts, key=lambda part: -part.hours)
        keys = [chance.random() for _ in parts]
        return [parts[place] for place in sorted(range(len(parts)), key=keys.__getitem__)]


def best_subset(hours: Sequence[float], *, least: float, most: float) -> list[int]:
    """Places of hours whose sum is the smallest from *least* on, or else the largest, and not above *most*.

    Subset sum by dynamic programming over the bits of one number (Pisinger 1999 surveys the problem).
    """
    units = [math.ceil(one * UNITS - EPSILON_HOURS * UNITS) for one in hours]
    step = math.gcd(*units) or 1
    sizes = [one // step for one in units]
    room = min(math.floor((most + EPSILON_HOURS) * UNITS) // step, sum(sizes))
    if room < 0:
        return []
    window = (1 << (room + 1)) - 1
    sums = [1]
    for size in sizes:
        sums.append((sums[-1] | sums[-1] << size) & window)
    reached = sums[-1]
    enough = -1
    if least < math.inf:
        low = max(0, math.ceil((least - EPSILON_HOURS) * UNITS / step))
        above = reached >> low
        enough = low + (above & -above).bit_length() - 1 if above else -1
    total = enough if enough >= 0 else reached.bit_length() - 1
    chosen = []
    for place in range(len(sizes) - 1, -1, -1):
        if not sums[place] >> total & 1:
            chosen.append(place)
            total -= sizes[place]
    return chosen
