"""Room for an action by moving actions that are planned already to other people.

Nobody's action is divided. A chain of one move hands an action of the wanted person to a colleague; one of
two moves hands over two of them, or makes room at the colleague by handing one of his on. Where no such chain
exists but hours enough lie about, small exchanges may gather them; docs/planning.md counts what is missed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from vitrina.domain.capacity import EPSILON_HOURS


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


#: Parts and the desks to which they go, in an order in which each finds its room.
Moves = tuple[tuple[Part, Desk], ...]


class Floor:
    """All desks, with what could be moved worked out once for each state of them."""

    def __init__(self, desks: Sequence[Desk]) -> None:
        self.desks = desks
        profiles = sorted({profile for desk in desks for profile in desk.profiles})
        self.skilled: Mapping[str, list[Desk]] = {
            profile: [desk for desk in desks if profile in desk.profiles] for profile in profiles
        }
        self._movable: dict[int, list[tuple[Part, Desk]]] = {}
        self._most_free: tuple[float, float] | None = None

    @property
    def most_free(self) -> tuple[float, float]:
        """Hours of the two freest desks."""
        if self._most_free is None:
            free = sorted((desk.free for desk in self.desks), reverse=True)
            self._most_free = (free[0], free[1] if len(free) > 1 else 0.0)
        return self._most_free

    def _changed(self) -> None:
        self._movable.clear()
        self._most_free = None

    def take(self, part: Part) -> None:
        """Give a part to its desk."""
        part.desk.free -= part.hours
        part.desk.parts.append(part)
        self._changed()

    def give_back(self, part: Part) -> None:
        """Take a part from its desk."""
        part.desk.free += part.hours
        part.desk.parts.remove(part)
        self._changed()

    def move(self, part: Part, desk: Desk) -> None:
        """Hand a part over."""
        self.give_back(part)
        part.desk = desk
        self.take(part)

    def extend(self, part: Part, hours: float) -> None:
        """Add hours to a part at its desk."""
        part.hours += hours
        part.desk.free -= hours
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


def gather_room(floor: Floor, profile: str, hours: float) -> tuple[Moves, Desk] | None:
    """Room by many small exchanges, where no chain of two makes it but enough hours lie about.

    One desk after the other gathers what the others have free: it hands a part over, or exchanges it for a
    shorter one, as long as that makes it freer. It finds most of what an exact search would, not all.

    Returns
    -------
    tuple or None
        Where each part goes in the end, and the desk; nothing is moved yet.
    """
    if reachable_hours(floor, profile) < hours - EPSILON_HOURS:
        return None
    for desk in sorted(floor.skilled.get(profile, ()), key=lambda one: (-one.free, one.place)):
        trial = _Trial(floor)
        for _ in range(MOST_EXCHANGES):
            if trial.free[desk.place] >= hours - EPSILON_HOURS:
                return trial.moves(), desk
            if not trial.make_freer(desk, hours - trial.free[desk.place], depth=2):
                break
    return None


#: Exchanges with one desk before it gives up gathering.
MOST_EXCHANGES = 12


def reachable_hours(floor: Floor, profile: str) -> float:
    """Free hours of all desks that could be emptied into each other, as if parts could be divided."""
    reached = {desk.place: desk for desk in floor.skilled.get(profile, ())}
    waiting = list(reached.values())
    while waiting:
        for other in {part.profile for part in waiting.pop().parts if not part.is_fixed}:
            for desk in floor.skilled[other]:
                if desk.place not in reached:
                    reached[desk.place] = desk
                    waiting.append(desk)
    return sum(desk.free for desk in reached.values())


class _Trial:
    """Desks as they would be after some exchanges."""

    def __init__(self, floor: Floor) -> None:
        self._floor = floor
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

    def make_freer(self, desk: Desk, need: float, *, depth: int) -> bool:
        """The exchange with a colleague that gains the most, no more than what is needed if possible."""
        best: tuple[float, Part, Part | None, Desk] | None = None
        for other in self._floor.desks:
            if other is desk or self.free[other.place] <= EPSILON_HOURS:
                continue
            found = self._exchange(desk, other, need)
            if found is not None and (best is None or _is_better(found[0], best[0], need)):
                best = (*found, other)
        if best is not None:
            self._carry_out(desk, best[1], best[2], best[3])
            return True
        # Nobody whom the desk can exchange with has anything free: let one of them gather first.
        return depth > 1 and any(
            self.make_freer(other, need, depth=depth - 1)
            for other in self._floor.desks
            if other is not desk and set(other.profiles) & set(desk.profiles)
        )

    def _exchange(self, desk: Desk, other: Desk, need: float) -> tuple[float, Part, Part | None] | None:
        """Gain of *desk*, the part that it hands over, and the shorter one that it gets for it."""
        room = self.free[other.place] + EPSILON_HOURS
        back = [part for part in self._parts[other.place] if part.profile in desk.profiles]
        best: tuple[float, Part, Part | None] | None = None
        for part in self._parts[desk.place]:
            if part.profile not in other.profiles:
                continue
            if part.hours <= room and (best is None or _is_better(part.hours, best[0], need)):
                best = (part.hours, part, None)
            for shorter in back:
                gain = part.hours - shorter.hours
                if EPSILON_HOURS < gain <= room and (best is None or _is_better(gain, best[0], need)):
                    best = (gain, part, shorter)
        return best

    def _carry_out(self, desk: Desk, part: Part, back: Part | None, other: Desk) -> None:
        self._parts[desk.place].remove(part)
        self._parts[other.place].append(part)
        gain = part.hours
        if back is not None:
            self._parts[other.place].remove(back)
            self._parts[desk.place].append(back)
            gain -= back.hours
        self.free[desk.place] += gain
        self.free[other.place] -= gain


def _is_better(gain: float, best: float, need: float) -> bool:
    """The least that is enough, else the most."""
    if best >= need:
        return need <= gain < best
    return gain > best
