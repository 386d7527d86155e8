"""Making room by moving parts to other people."""

import random

import pytest

from vitrina.domain.planning.capacity import units_of
from vitrina.domain.planning.moves import (
    Moves,
    SearchBudget,
    best_subset,
    gather_most,
    gather_room,
    make_room,
)
from vitrina.domain.planning.team_load import Part, PersonLoad, TeamLoad


def team(*people: tuple[str, float, list[tuple[str, float]]], step_hours: float = 0.0) -> TeamLoad:
    """People by their profiles (one letter each), free hours, and other parts that they have."""
    made = [PersonLoad(place, tuple(profiles), free) for place, (profiles, free, _) in enumerate(people)]
    for person, (_, _, parts) in zip(made, people, strict=True):
        for number, (profile, hours) in enumerate(parts):
            person.parts.append(Part(("", 10 * person.place + number), profile, hours, person))
    return TeamLoad(made, step_hours=step_hours)


def chain(one: TeamLoad, profile: str, hours: float) -> list[tuple[int, int]] | None:
    """Parts and people of the moves, by number; the last pair is the person who has room then."""
    found = make_room(one, profile, hours)
    if found is None:
        return None
    moves, person = found
    for part, target in moves:
        one.move(part, target)
    assert person.holds(hours)
    assert all(other.free >= -1e-5 for other in one.people)
    return [(part.item[1], target.place) for part, target in moves]


def test_one_part_is_handed_over() -> None:
    """6 h of profile a are needed; the only person with it has 2 h free and 5 h that a colleague can do."""
    assert chain(team(("ab", 2.0, [("a", 3.0), ("b", 5.0)]), ("b", 5.0, [])), "a", 6.0) == [(1, 1)]


def test_two_parts_are_handed_over() -> None:
    """Two parts of 2 h are moved to make room for 4 h."""
    people = (("ab", 0.0, [("b", 2.0), ("b", 2.0)]), ("b", 2.0, []), ("b", 3.0, []))
    assert chain(team(*people), "a", 4.0) == [(0, 1), (1, 2)]


def test_two_parts_do_not_go_where_only_one_fits() -> None:
    """A colleague with 3 h free cannot take two parts of 2 h."""
    assert chain(team(("ab", 0.0, [("b", 2.0), ("b", 2.0)]), ("b", 3.0, [])), "a", 4.0) is None


def test_a_colleague_passes_a_part_on() -> None:
    """The second person has room for 4 h only after a third one takes over 3 h."""
    people = (("ab", 0.0, [("b", 4.0)]), ("bc", 1.0, [("c", 3.0)]), ("c", 3.0, []))
    assert chain(team(*people), "a", 4.0) == [(10, 2), (0, 1)]


def test_two_people_swap() -> None:
    """Two people swap 4 h for 3 h: the first one gains the missing hour."""
    people = (("ab", 1.0, [("b", 4.0)]), ("ab", 1.0, [("b", 3.0)]))
    assert chain(team(*people), "a", 2.0) == [(10, 0), (0, 1)]


def test_a_chain_of_three_is_not_made() -> None:
    """Room that would need three moves is not made."""
    people = (("ab", 0.0, [("b", 4.0)]), ("bc", 0.0, [("c", 4.0)]), ("cd", 0.0, [("d", 4.0)]), ("d", 4.0, []))
    assert chain(team(*people), "a", 4.0) is None


def carry_out(one: TeamLoad, moves: Moves) -> None:
    """Carry out all moves; nobody may have negative free hours then."""
    for part, target in moves:
        one.move(part, target)
    assert min(person.free for person in one.people) >= -1e-5


def test_small_exchanges_collect_free_hours() -> None:
    """Three colleagues have one free hour each; the first person exchanges with all and gets 3 h."""
    one = team(("ab", 0.0, [("b", 4.0)] * 3), *([("ab", 1.0, [("b", 3.0)])] * 3))
    assert make_room(one, "a", 3.0) is None

    found = gather_room(one, "a", 3.0, SearchBudget(1000))
    assert found is not None
    moves, person = found
    carry_out(one, moves)
    assert (len(moves), person.holds(3.0), min(other.free for other in one.people)) == (6, True, 0.0)
    assert gather_room(one, "a", 3.5, SearchBudget(1000)) is None


def test_work_moves_along_a_chain_of_people() -> None:
    """The fourth person has 4 h free: each person gives work to the next, and the first one gets 4 h."""
    one = team(
        ("ab", 0.0, [("b", 4.0)]), ("bc", 0.0, [("c", 4.0)]), ("cd", 0.0, [("d", 4.0)]), ("d", 4.0, [])
    )

    found = gather_room(one, "a", 4.0, SearchBudget(1000))
    assert found is not None
    carry_out(one, found[0])
    assert (len(found[0]), found[1].place, found[1].free) == (3, 0, 4.0)


def test_even_exchanges_are_made_where_long_parts_are_in_the_way() -> None:
    """B's part of 4 h fits nowhere. After an exchange for C's 1 + 3 h the part of 1 h can go to D."""
    one = team(("ab", 0.0, [("b", 4.0)]), ("b", 0.0, [("b", 1.0), ("b", 3.0)]), ("b", 1.0, [("b", 8.0)]))
    assert make_room(one, "a", 1.0) is None

    found = gather_room(one, "a", 1.0, SearchBudget(1000))
    assert found is not None
    carry_out(one, found[0])
    assert found[1].free == 1.0


def test_a_question_spends_its_part_of_the_budget() -> None:
    """An unsuccessful question spends 1/32 of the budget, the next one 1/32 of the rest."""
    people = [("ab", 0.0, [("b", 4.0)]), ("b", 0.0, [("b", 3.0), ("b", 3.0)]), ("b", 1.0, [("b", 8.0)])]
    budget = SearchBudget(32_000)

    for left in (31_000, 31_000 * 31 // 32):
        assert gather_room(team(*people), "a", 1.0, budget) is None
        assert left - 30 < budget.left <= left


def test_the_most_hours_are_collected_for_one_person() -> None:
    """The first person gives 4 h to each of the others and has 8 of the 9 h that are needed."""
    one = team(("ab", 0.0, [("b", 4.0), ("b", 4.0)]), ("b", 4.0, []), ("b", 5.0, []))

    found = gather_most(one, "a", 9.0, SearchBudget(1000))
    assert found is not None
    moves, person, free = found
    carry_out(one, moves)
    assert (person.place, person.free, free) == (0, 8.0, 8.0)


@pytest.mark.parametrize(
    ("least", "most", "expected"),
    [
        (4.1, 6.0, 4.25),  # 1.5 + 2.75: the smallest sum that is enough
        (5.0, 6.0, 5.5),  # 4 + 1.5
        (6.0, 6.25, 5.5),  # nothing is enough: the largest that is not too much
        (9.0, 99.0, 99.0),  # all of them are too little
        (0.0, 1.0, 0.0),  # nothing is enough already
    ],
)
def test_best_subset_by_hand(least: float, most: float, expected: float) -> None:
    """Best subsets of 1.5, 2.75 and 4 h."""
    hours = [1.5, 2.75, 4.0]
    units = [units_of(one) for one in hours]
    total = sum(hours[place] for place in best_subset(units, least=least, most=most))

    assert total == min(expected, sum(hours))


def test_best_subset_of_any_hours() -> None:
    """For any hours the sum is not too large, and within a thousandth of an hour per part of the best."""
    for seed in range(200):
        chance = random.Random(seed)
        hours = [chance.uniform(0.1, 8.0) for _ in range(chance.randint(0, 8))]
        most = chance.uniform(0.0, 20.0)
        best = max(
            sum(one for place, one in enumerate(hours) if mask >> place & 1)
            for mask in range(1 << len(hours))
            if sum(one for place, one in enumerate(hours) if mask >> place & 1) <= most
        )

        units = [units_of(one) for one in hours]
        total = sum(hours[place] for place in best_subset(units, least=99.0, most=most))
        assert best - 0.01 < total <= most + 1e-5, f"seed {seed}"


def test_hours_that_a_set_of_profiles_has_left() -> None:
    """A and B have 12 h together and 9 h of b are taken: 3 h are left for a, although A alone has 6."""
    one = team(("ab", 2.0, [("b", 4.0)]), ("b", 1.0, [("b", 5.0)]))
    assert (one.most_hours("a"), one.most_hours("b")) == (3.0, 3.0)

    part = Part(("", 99), "a", 2.0, one.people[0])
    one.take(part)
    assert one.most_hours("b") == 1.0
    one.give_back(part)
    assert one.most_hours("b") == 3.0


def test_less_than_a_step_is_no_use() -> None:
    """In quarters 2.6 and 1.2 h are 2.5 and 1 usable hours; a rest that a person takes counts in full."""
    one = team(("a", 2.6, []), ("a", 1.2, []), step_hours=0.25)
    assert one.most_hours("a") == 3.5

    one.take(Part(("", 99), "a", 1.1, one.people[0]))
    assert one.most_hours("a") == pytest.approx(2.7)


@pytest.mark.parametrize("profiles", ["abc", "abcdefghijkl"])
def test_what_the_bound_forbids_no_search_finds(profiles: str) -> None:
    """In random teams no search finds what the bound excludes, and moves do not change the bound."""
    found = 0
    for seed in range(150):
        chance = random.Random(seed)
        people = []
        for _ in range(chance.randint(3, 8)):
            some = "".join(chance.sample(profiles, chance.randint(1, 3)))
            parts = [(chance.choice(some), chance.randint(1, 6) / 4) for _ in range(chance.randint(0, 6))]
            people.append((some, chance.randint(0, 6) / 4 + chance.choice([0.0, 0.1]), parts))
        one = team(*people, step_hours=0.25)
        for profile in one.skilled:
            hours = one.most_hours(profile) + 0.25
            assert make_room(one, profile, hours) is None, f"seed {seed}"
            assert gather_room(one, profile, hours, SearchBudget(300)) is None, f"seed {seed}"
            most = one.most_hours(profile)
            room = gather_most(one, profile, most, SearchBudget(300))
            assert room is not None
            carry_out(one, room[0])
            found += room[2] > 0
            assert room[2] <= most + 1e-9, f"seed {seed}"
            assert one.most_hours(profile) == pytest.approx(most), f"seed {seed}"

    assert found > 100


def test_a_fixed_part_stays() -> None:
    """A part that a person has begun is not moved."""
    one = team(("ab", 2.0, [("b", 5.0)]), ("b", 5.0, []))
    one.people[0].parts[0].is_fixed = True

    assert make_room(one, "a", 6.0) is None


def within_two_moves(one: TeamLoad, profile: str, hours: float) -> bool:
    """Whether any one or two moves of parts make room, by trying all of them."""

    def room(free: list[float]) -> bool:
        return any(free[person.place] >= hours - 1e-9 for person in one.skilled.get(profile, ()))

    moves = [
        (part, person)
        for source in one.people
        for part in source.parts
        for person in one.skilled[part.profile]
        if person is not source
    ]
    free = [person.free for person in one.people]
    for first, to in moves:
        for second, other in moves:
            after = list(free)
            for part, target in {id(first): (first, to), id(second): (second, other)}.values():
                after[part.person.place] += part.hours
                after[target.place] -= part.hours
            if min(after) >= -1e-9 and room(after):
                return True
    return False


@pytest.mark.parametrize("block", range(4))
def test_no_chain_of_two_is_missed(block: int) -> None:
    """In random teams a chain is found exactly if one of all pairs of moves works, and it is correct."""
    found = 0
    for seed in range(block * 250, (block + 1) * 250):
        chance = random.Random(seed)
        people = []
        for _ in range(chance.randint(2, 5)):
            profiles = "".join(chance.sample("abc", chance.randint(1, 3)))
            parts = [(chance.choice(profiles), chance.randint(1, 6) / 1) for _ in range(chance.randint(0, 4))]
            people.append((profiles, float(chance.randint(0, 3)), parts))
        hours = float(chance.randint(2, 6))
        one = team(*people)
        if any(person.holds(hours) for person in one.skilled.get("a", ())):
            continue  # No move is needed.
        exists = within_two_moves(one, "a", hours)
        found += exists

        assert (chain(one, "a", hours) is not None) == exists, f"seed {seed}"

    assert found > 20
