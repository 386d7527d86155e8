"""Makes room for an action by reassigning planned actions to other people.

No action is divided. A chain of one move gives an action of the person to a colleague. A chain of two moves
gives away two actions, or first gives an action of the colleague to a third person. If no chain is enough but
there are enough free hours in total, pairs of people divide their common work anew. docs/planning.md says how
often room is missed.
"""

from __future__ import annotations

import math
import random
from collections.abc import Container, Sequence

from msgspec import Struct

from vitrina.domain.planning.capacity import EPSILON_HOURS, UNITS
from vitrina.domain.planning.team_load import Part, PersonLoad, TeamLoad

#: Parts and the people they are given to, in an order in which each finds room.
Moves = tuple[tuple[Part, PersonLoad], ...]

#: Moves, and the person who has room after them.
Room = tuple[Moves, PersonLoad]


def make_room(team: TeamLoad, profile: str, hours: float) -> Room | None:
    """Finds the shortest chain of at most two moves after which a person with *profile* has room for *hours*.

    Returns
    -------
    tuple or None
        The moves and the person; nothing is moved yet. ``None`` where no such chain exists.
    """
    people = sorted(team.skilled.get(profile, ()), key=lambda person: (-person.free, person.place))
    # Two moves gather the free hours of at most three people.
    most = team.most_free
    people = [person for person in people if person.free + most[0] + most[1] >= hours - EPSILON_HOURS]
    for find in (_one_move, _two_from_here, _one_passed_on, _swap):
        for person in people:
            moves = find(team, person, hours - person.free, hours)
            if moves is not None:
                return moves, person
    return None


def _one_move(team: TeamLoad, person: PersonLoad, need: float, _hours: float) -> Moves | None:
    """Give away the shortest part that makes enough room."""
    enough = [pair for pair in team.movable(person) if pair[0].hours >= need - EPSILON_HOURS]
    return (enough[-1],) if enough else None


def _two_from_here(team: TeamLoad, person: PersonLoad, need: float, _hours: float) -> Moves | None:
    """Give away two parts that together make enough room."""
    movable = team.movable(person)
    if len(movable) < 2 or movable[0][0].hours + movable[1][0].hours < need - EPSILON_HOURS:
        return None
    for place, (first, _) in enumerate(movable):
        for second, _ in movable[place + 1 :]:
            if first.hours + second.hours < need - EPSILON_HOURS:
                break
            for target in team.skilled[first.profile]:
                if target is person or not target.holds(first.hours):
                    continue
                for other in team.skilled[second.profile]:
                    together = second.hours + (first.hours if other is target else 0.0)
                    if other is not person and other.holds(together):
                        return ((first, target), (second, other))
    return None


def _one_passed_on(team: TeamLoad, person: PersonLoad, need: float, hours: float) -> Moves | None:
    """Give a part to a colleague who gives one of his to a third person."""
    beside = hours - person.free - team.most_free[0] - EPSILON_HOURS
    for part in person.parts:
        if part.is_fixed or part.hours < need - EPSILON_HOURS:
            continue
        for target in team.skilled[part.profile]:
            if target is person or target.free < beside:
                continue
            movable = team.movable(target)
            short = part.hours - target.free
            if not movable or movable[0][0].hours < short - EPSILON_HOURS:
                continue
            for other, _ in reversed(movable):
                if other.hours < short - EPSILON_HOURS:
                    continue
                for third in team.skilled[other.profile]:
                    if third is not target and third is not person and third.holds(other.hours):
                        return ((other, third), (part, target))
    return None


def _swap(team: TeamLoad, person: PersonLoad, _need: float, hours: float) -> Moves | None:
    """Exchange a part with a colleague for a shorter one."""
    for target in team.people:
        if target is person or person.free + target.free < hours - EPSILON_HOURS:
            continue
        for part in person.parts:
            if part.is_fixed or part.profile not in target.profiles:
                continue
            least, most = part.hours - target.free, person.free + part.hours - hours
            for other in target.parts:
                fits = least - EPSILON_HOURS <= other.hours <= most + EPSILON_HOURS
                if fits and not other.is_fixed and other.profile in person.profiles:
                    return ((other, person), (part, target))
    return None


def gather_room(team: TeamLoad, profile: str, hours: float, budget: SearchBudget) -> Room | None:
    """Makes room by dividing the work of pairs of people anew, where no chain of two moves does.

    The free hours of others are gathered at one person along a tree of people who can take work from each
    other: from the leaves to the root, each pair divides its common work by a subset sum that frees the most
    hours of the one nearer to the root. If that is not enough, other trees and sums are tried until the share
    of *budget* for this question is spent.

    Returns
    -------
    tuple or None
        Who each part is given to in the end, and the person with room; nothing is moved yet.
    """
    trial = _Trial(team, budget)
    roots = team.skilled.get(profile, ())
    least = budget.left - budget.left // QUESTIONS
    while True:
        for person in sorted(roots, key=lambda one: (-trial.free[one.place], one.place)):
            if trial.gather(person, hours):
                return trial.moves(), person
            if budget.left <= least:
                return None
        trial.shuffle()


def gather_most(
    team: TeamLoad, profile: str, hours: float, budget: SearchBudget
) -> tuple[Moves, PersonLoad, float] | None:
    """Gathers as many of *hours* as possible at one person, as ``gather_room`` does.

    Returns
    -------
    tuple or None
        The moves, the person, and the free hours after the moves. ``None`` if nobody has the profile.
    """
    roots = team.skilled.get(profile, ())
    most = max((person.most_hours for person in roots), default=0.0)
    wanted = team.whole_steps(min(hours, most, team.most_hours(profile)))
    trial = _Trial(team, budget)
    least = budget.left - budget.left // QUESTIONS
    best: tuple[Moves, PersonLoad, float] | None = None
    while True:
        for person in sorted(roots, key=lambda one: (-trial.free[one.place], one.place)):
            trial.gather(person, wanted)
            free = team.whole_steps(trial.free[person.place])
            if best is None or free > best[2] + EPSILON_HOURS:
                best = trial.moves(), person, free
            if free >= wanted - EPSILON_HOURS or budget.left <= least:
                return best
        trial.shuffle()


#: A question may spend one part in so many of the budget that is left. Measured: 32 find more room than 2 or
#: 8 in the same time.
QUESTIONS = 32


class SearchBudget(Struct):
    """Count of parts that may still be compared: a limit of time that does not depend on the machine.

    Each question may spend a share of what is left, so the first get the most and the last get something.
    """

    left: int


class _Trial:
    """The loads of people after some exchanges that are not carried out yet."""

    def __init__(self, team: TeamLoad, budget: SearchBudget) -> None:
        self._team = team
        self._budget = budget
        self._chance: random.Random | None = None
        self._people = list(team.people)
        self.free = [person.free for person in team.people]
        self._parts = [[part for part in person.parts if not part.is_fixed] for person in team.people]

    def moves(self) -> Moves:
        """Parts that another person has after the exchanges."""
        return tuple(
            (part, person)
            for person in self._team.people
            for part in self._parts[person.place]
            if part.person is not person
        )

    def shuffle(self) -> None:
        """Continue in another order, which is the same for the same team."""
        self._chance = self._chance or random.Random(0)  # noqa: S311 - no secret
        self._chance.shuffle(self._people)

    def gather(self, root: PersonLoad, hours: float) -> bool:
        """Gather free hours at *root*; whether there are *hours* then."""
        self._budget.left -= len(self._team.people)
        for parent, child in reversed(self._tree(root)):
            self._pull(parent, child, hours if parent is root else math.inf)
        return self.free[root.place] >= hours - EPSILON_HOURS

    def _tree(self, root: PersonLoad) -> list[tuple[PersonLoad, PersonLoad]]:
        """Pairs of people of whom the second can take work from the first, breadth first from *root*."""
        waiting, tree = [root], []
        rest = [person for person in self._people if person is not root]
        seen: set[str] = set()  # Everybody with one of these profiles is reached.
        for person in waiting:
            if not rest:
                break
            wanted = {part.profile for part in self._parts[person.place]} - seen
            if not wanted:
                continue
            seen |= wanted
            is_apart = wanted.isdisjoint
            others, rest = rest, []
            for other in others:
                if is_apart(other.profiles):
                    rest.append(other)
                else:
                    waiting.append(other)
                    tree.append((person, other))
        return tree

    def _pull(self, person: PersonLoad, other: PersonLoad, wanted: float) -> None:
        """Divide the common work anew so that *person* has *wanted* hours free, or as many as possible."""
        free, here, there = self.free, person.place, other.place
        if free[here] >= wanted - EPSILON_HOURS:
            return
        if self._chance is None and free[there] <= EPSILON_HOURS:
            return
        mine, own = _divide(self._parts[here], other.profiles)
        if not mine:
            return
        theirs, others_own = _divide(self._parts[there], person.profiles)
        shared = self._ordered(mine + theirs)
        self._budget.left -= len(shared)
        had = sum([part.hours for part in theirs])
        given = best_subset(
            [part.units for part in shared],
            least=had + wanted - free[here],
            most=had + free[there],
        )
        gain = sum([shared[place].hours for place in given]) - had
        if gain < -EPSILON_HOURS or (gain <= EPSILON_HOURS and self._chance is None):
            return
        places = set(given)
        for place, part in enumerate(shared):
            if place in places:
                others_own.append(part)
            else:
                own.append(part)
        self._parts[here] = own
        self._parts[there] = others_own
        free[here] += gain
        free[there] -= gain

    def _ordered(self, parts: list[Part]) -> list[Part]:
        """The order in which parts are given away if several subsets have the right sum."""
        chance = self._chance
        if chance is None:
            return sorted(parts, key=lambda part: -part.hours)
        draw = chance.random
        keys = [draw() for _ in parts]
        return [parts[place] for place in sorted(range(len(parts)), key=keys.__getitem__)]


def _divide(parts: Sequence[Part], profiles: Container[str]) -> tuple[list[Part], list[Part]]:
    """Parts of these profiles, and the others."""
    inside: list[Part] = []
    outside: list[Part] = []
    for part in parts:
        if part.profile in profiles:
            inside.append(part)
        else:
            outside.append(part)
    return inside, outside


def best_subset(units: Sequence[int], *, least: float, most: float) -> list[int]:
    """Places of *units* whose sum is the smallest of at least *least*, else the largest, and at most *most*.

    Subset sum by dynamic programming over the bits of one number (Pisinger 1999 surveys the problem).

    Parameters
    ----------
    units
        Sizes in ``UNITS`` of an hour.
    least, most
        Limits of the sum in hours.
    """
    step = math.gcd(*units) or 1
    sizes = [one // step for one in units]
    room = min(math.floor((most + EPSILON_HOURS) * UNITS) // step, sum(sizes))
    if room < 0:
        return []
    if room < min(sizes, default=0):
        return []
    low = max(0, math.ceil((least - EPSILON_HOURS) * UNITS / step)) if least < math.inf else room
    wanted = 1 << min(low, room)  # No sum is better than this one.
    window = (1 << (room + 1)) - 1
    reached = 1
    sums = []
    for size in sizes:
        if reached & wanted:
            break
        sums.append(reached)
        reached = (reached | reached << size) & window
    above = reached >> low
    total = low + (above & -above).bit_length() - 1 if above else reached.bit_length() - 1
    chosen = []
    for place in range(len(sums) - 1, -1, -1):
        if not total:
            break
        if not sums[place] >> total & 1:
            chosen.append(place)
            total -= sizes[place]
    return chosen
