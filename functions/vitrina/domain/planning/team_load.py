"""How much work each person has while a period is filled, and upper bounds of the hours that still fit."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from operator import attrgetter
from typing import NamedTuple

from msgspec import Struct, field

from vitrina.domain.planning.capacity import EPSILON_HOURS, places_by_profile, units_of


class Part(Struct, eq=False):
    """Hours of one action that a person has; a fixed part is not reassigned."""

    item: tuple[str, int]
    profile: str
    hours: float
    person: PersonLoad
    is_fixed: bool = False
    units: int = 0

    def __post_init__(self) -> None:
        self.units = units_of(self.hours)


class PersonLoad(Struct, eq=False):
    """The free hours of a specialist, and the parts that he was given, while a period is filled.

    ``capacity`` are the hours of the period without regard to committed hours.
    """

    place: int
    profiles: tuple[str, ...]
    free: float
    capacity: float = 0.0
    parts: list[Part] = field(default_factory=list)

    def holds(self, hours: float) -> bool:
        """Whether the person has so many hours free."""
        return hours <= self.free + EPSILON_HOURS

    @property
    def most_hours(self) -> float:
        """Hours that would be free if colleagues took all parts that may be reassigned."""
        return self.free + sum(part.hours for part in self.parts if not part.is_fixed)


class Bounds:
    """Remaining hours of each set of profiles if work could be divided freely (Hall's condition).

    They are upper bounds: work that exceeds them cannot be assigned. They do not depend on who took a part.
    """

    def __init__(self, people: Sequence[PersonLoad], skills: Skills, step_hours: float) -> None:
        self._people = people
        self._skills = skills
        self.step_hours = step_hours
        self._left = self._count()

    def _count(self) -> list[float]:
        skills = self._skills
        hours = [person.free for person in self._people]
        busy = [person for person in self._people if person.parts]
        for person in busy:
            hours[person.place] = person.most_hours
        left = list(_left_of(skills, tuple(hours), self.step_hours))
        for person in busy:
            for part in person.parts:
                if not part.is_fixed:
                    for place in skills.sets_with[part.profile]:
                        left[place] -= part.hours
        return left

    def most_hours(self, profile: str) -> float:
        """Upper bound of the hours that can still be taken of a profile."""
        left = self._left
        return min([left[place] for place in self._skills.sets_with[profile]])

    def spend(self, part: Part, hours: float) -> None:
        """Count hours of a part as taken, negative hours as returned."""
        if self.step_hours and abs(hours / self.step_hours - round(hours / self.step_hours)) > EPSILON_HOURS:
            # A divided action takes the remaining hours of a person, which need not be whole steps.
            self.step_hours = 0.0
            self._left = self._count()
            return
        skills, left = self._skills, self._left
        places = skills.sets_of[part.person.profiles] if part.is_fixed else skills.sets_with[part.profile]
        for place in places:
            left[place] -= hours


#: Up to this count of profiles all sets are counted; 2 ** 8 sets take no measurable time.
MOST_PROFILES = 8


class Skills(Struct, frozen=True, eq=False):
    """Who of a team has which profile, and the sets of profiles that have to be compared with the work.

    Parameters
    ----------
    profiles
        Profiles of each person.
    people_with
        Places of the people who have a profile.
    sets_with
        Places of the sets that contain a profile.
    sets_of
        Places of the sets that contain one of the profiles of a person.
    """

    profiles: Sequence[tuple[str, ...]]
    people_with: Mapping[str, Sequence[int]]
    sets_with: Mapping[str, Sequence[int]]
    sets_of: Mapping[tuple[str, ...], Sequence[int]]
    set_count: int


# Changed situations are planned again with the same team.
@lru_cache(maxsize=64)
def _skills_of(profiles_of_people: tuple[tuple[str, ...], ...]) -> Skills:
    """The skills of people with these profiles, each by his place."""
    people_with = places_by_profile(profiles_of_people)
    profiles = list(people_with)
    bit = {profile: 1 << place for place, profile in enumerate(profiles)}
    skills = {names: sum(bit[profile] for profile in set(names)) for names in set(profiles_of_people)}
    masks = _masks(tuple(bit.values()), frozenset(skills.values()))
    return Skills(
        profiles_of_people,
        people_with,
        {profile: _places_with(masks, bit[profile]) for profile in profiles},
        {names: _places_with(masks, skill) for names, skill in skills.items()},
        len(masks),
    )


def _masks(bits: tuple[int, ...], skills: frozenset[int]) -> Sequence[int]:
    """Sets of profiles as bits: all, or for many profiles single ones, pairs and those of each person."""
    if len(bits) <= MOST_PROFILES:
        return range(1, 1 << len(bits))
    pairs = {one | other for one in bits for other in bits}
    return sorted(pairs | skills | {sum(bits)})


def _places_with(masks: Sequence[int], skill: int) -> Sequence[int]:
    """Places of the sets that have one of the profiles of *skill*."""
    return tuple(place for place, mask in enumerate(masks) if mask & skill)


@lru_cache(maxsize=64)
def _left_of(skills: Skills, hours: tuple[float, ...], step_hours: float) -> Sequence[float]:
    """Hours of each set of profiles if the people with these *hours* had no work."""
    sums = dict.fromkeys(skills.sets_of, 0.0)
    for own, names in zip(hours, skills.profiles, strict=True):
        sums[names] += _whole_steps(own, step_hours)
    left = [0.0] * skills.set_count
    for names, own in sums.items():
        for place in skills.sets_of[names]:
            left[place] += own
    return left


def _whole_steps(hours: float, step_hours: float) -> float:
    """Hours rounded down to a multiple of *step_hours*; unchanged if that is 0."""
    return step_hours * math.floor((hours + EPSILON_HOURS) / step_hours) if step_hours else hours


class Groups(NamedTuple):
    """People with the same profiles and the same capacity, by the number of their group.

    ``people`` are their places, ``of_person`` the group of each person, ``with_profile`` the groups that have
    a profile.
    """

    people: Sequence[Sequence[int]]
    of_person: Sequence[int]
    with_profile: Mapping[str, Sequence[int]]


@lru_cache(maxsize=64)
def _groups_of(skills: Skills, capacity: tuple[float, ...]) -> Groups:
    """The groups of people with these skills and capacities."""
    people: dict[tuple[tuple[str, ...], float], list[int]] = {}
    for place, alike in enumerate(zip(skills.profiles, capacity, strict=True)):
        people.setdefault(alike, []).append(place)
    numbers = {alike: number for number, alike in enumerate(people)}
    return Groups(
        list(people.values()),
        [numbers[alike] for alike in zip(skills.profiles, capacity, strict=True)],
        {
            profile: [number for (profiles, _), number in numbers.items() if profile in profiles]
            for profile in skills.people_with
        },
    )


class TeamLoad:
    """The work of all people while a period is filled. Answers about possible moves are cached.

    Parameters
    ----------
    step_hours
        All hours of work are multiples of it; 0 if they may be any.
    """

    def __init__(self, people: Sequence[PersonLoad], *, step_hours: float = 0.0) -> None:
        self.people = people
        self._skills = skills = _skills_of(tuple([person.profiles for person in people]))
        #: The profiles that somebody has, and the sets of them that people have.
        self.profiles = skills.people_with.keys()
        self.profile_sets = skills.sets_of.keys()
        self._bounds = Bounds(people, skills, step_hours)
        self._groups = _groups_of(skills, tuple([person.capacity for person in people]))
        #: The freest person of each group of people alike, as far as known.
        self._freest_of_group: dict[int, PersonLoad] = {}
        self._movable: dict[int, list[tuple[Part, PersonLoad]]] = {}
        self._most_free: tuple[float, float] | None = None

    @cached_property
    def skilled(self) -> Mapping[str, Sequence[PersonLoad]]:
        """The people with each profile."""
        return {
            profile: [self.people[place] for place in places]
            for profile, places in self._skills.people_with.items()
        }

    @property
    def most_free(self) -> tuple[float, float]:
        """Free hours of the two people with the most."""
        if self._most_free is None:
            free = sorted((person.free for person in self.people), reverse=True)
            self._most_free = (free[0], free[1] if len(free) > 1 else 0.0)
        return self._most_free

    def freest_of_alike(self, profile: str) -> Iterator[PersonLoad]:
        """Of the people with a profile, the freest one of each group with the same profiles and capacity.

        Where several of a group are equally free, it is the first in the order of the team.
        """
        known = self._freest_of_group
        for group in self._groups.with_profile[profile]:
            if group not in known:
                people = [self.people[place] for place in self._groups.people[group]]
                known[group] = max(people, key=attrgetter("free"))
            yield known[group]

    def most_hours(self, profile: str) -> float:
        """Upper bound of the hours that moves can make room for."""
        return self._bounds.most_hours(profile)

    def whole_steps(self, hours: float) -> float:
        """Hours rounded down to whole steps, as less is of no use."""
        return _whole_steps(hours, self._bounds.step_hours)

    def _changed(self, person: PersonLoad) -> None:
        self._movable.clear()
        self._most_free = None
        self._freest_of_group.pop(self._groups.of_person[person.place], None)

    def take(self, part: Part) -> None:
        """Give a part to the person that it names."""
        self._put(part)
        self._bounds.spend(part, part.hours)

    def give_back(self, part: Part) -> None:
        """Take a part away from its person."""
        self._remove(part)
        self._bounds.spend(part, -part.hours)

    def move(self, part: Part, person: PersonLoad) -> None:
        """Give a part to another person."""
        self._remove(part)
        part.person = person
        self._put(part)

    def _put(self, part: Part) -> None:
        part.person.free -= part.hours
        part.person.parts.append(part)
        self._changed(part.person)

    def _remove(self, part: Part) -> None:
        part.person.free += part.hours
        part.person.parts.remove(part)
        self._changed(part.person)

    def movable(self, person: PersonLoad) -> list[tuple[Part, PersonLoad]]:
        """Parts of *person* that a colleague has room for, the longest first, with the freest colleague."""
        known = self._movable.get(person.place)
        if known is None:
            found = []
            for part in person.parts:
                target = None if part.is_fixed else self._freest(part.profile, besides=person)
                if target is not None and target.holds(part.hours):
                    found.append((part, target))
            known = self._movable[person.place] = sorted(found, key=lambda pair: -pair[0].hours)
        return known

    def _freest(self, profile: str, *, besides: PersonLoad) -> PersonLoad | None:
        best: PersonLoad | None = None
        for person in self.skilled[profile]:
            if person is not besides and (best is None or person.free > best.free):
                best = person
        return best
