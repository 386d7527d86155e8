"""Room by handing parts over."""

import random

import pytest

from vitrina.domain.moves import Desk, Floor, Part, gather_room, make_room


def floor(*desks: tuple[str, float, list[tuple[str, float]]]) -> Floor:
    """Desks by their profiles (one letter each), free hours, and parts that they have besides."""
    made = [Desk(place, tuple(profiles), free) for place, (profiles, free, _) in enumerate(desks)]
    for desk, (_, _, parts) in zip(made, desks, strict=True):
        for number, (profile, hours) in enumerate(parts):
            desk.parts.append(Part(("", 10 * desk.place + number), profile, hours, desk))
    return Floor(made)


def chain(one: Floor, profile: str, hours: float) -> list[tuple[int, int]] | None:
    """Parts and desks of the moves, by number; the last pair is the desk that has room then."""
    found = make_room(one, profile, hours)
    if found is None:
        return None
    moves, desk = found
    for part, target in moves:
        one.move(part, target)
    assert desk.holds(hours)
    assert all(other.free >= -1e-5 for other in one.desks)
    return [(part.item[1], target.place) for part, target in moves]


def test_one_part_is_handed_over() -> None:
    """A wants 6 h of profile a; the only one with it has 2 h free and 5 h that a colleague may do."""
    assert chain(floor(("ab", 2.0, [("a", 3.0), ("b", 5.0)]), ("b", 5.0, [])), "a", 6.0) == [(1, 1)]


def test_two_parts_are_handed_over() -> None:
    """Neither of 2 h is enough for 4; together they are."""
    desks = (("ab", 0.0, [("b", 2.0), ("b", 2.0)]), ("b", 2.0, []), ("b", 3.0, []))
    assert chain(floor(*desks), "a", 4.0) == [(0, 1), (1, 2)]


def test_two_parts_do_not_go_where_only_one_fits() -> None:
    """One colleague with 3 h free cannot take twice 2 h."""
    assert chain(floor(("ab", 0.0, [("b", 2.0), ("b", 2.0)]), ("b", 3.0, [])), "a", 4.0) is None


def test_a_colleague_hands_one_of_his_on() -> None:
    """The second has no room for 4 h until a third takes his 3 h."""
    desks = (("ab", 0.0, [("b", 4.0)]), ("bc", 1.0, [("c", 3.0)]), ("c", 3.0, []))
    assert chain(floor(*desks), "a", 4.0) == [(10, 2), (0, 1)]


def test_two_people_swap() -> None:
    """4 h go against 3 h: the first gains the hour that was missing."""
    desks = (("ab", 1.0, [("b", 4.0)]), ("ab", 1.0, [("b", 3.0)]))
    assert chain(floor(*desks), "a", 2.0) == [(10, 0), (0, 1)]


def test_a_chain_of_three_is_not_made() -> None:
    """Room that would take three moves is left alone."""
    desks = (("ab", 0.0, [("b", 4.0)]), ("bc", 0.0, [("c", 4.0)]), ("cd", 0.0, [("d", 4.0)]), ("d", 4.0, []))
    assert chain(floor(*desks), "a", 4.0) is None


def test_small_exchanges_gather_what_lies_about() -> None:
    """Three colleagues have an hour each; the first exchanges with all of them and has 3 h."""
    one = floor(("ab", 0.0, [("b", 4.0)] * 3), *([("ab", 1.0, [("b", 3.0)])] * 3))
    assert make_room(one, "a", 3.0) is None

    found = gather_room(one, "a", 3.0)
    assert found is not None
    moves, desk = found
    for part, target in moves:
        one.move(part, target)
    assert (len(moves), desk.holds(3.0), min(other.free for other in one.desks)) == (6, True, 0.0)
    assert gather_room(one, "a", 3.5) is None


def test_a_fixed_part_stays() -> None:
    """What somebody has begun is not handed over."""
    one = floor(("ab", 2.0, [("b", 5.0)]), ("b", 5.0, []))
    one.desks[0].parts[0].is_fixed = True

    assert make_room(one, "a", 6.0) is None


def within_two_moves(one: Floor, profile: str, hours: float) -> bool:
    """Whether any one or two moves of parts make room, by trying all of them."""

    def room(free: list[float]) -> bool:
        return any(free[desk.place] >= hours - 1e-9 for desk in one.skilled.get(profile, ()))

    moves = [
        (part, desk)
        for source in one.desks
        for part in source.parts
        for desk in one.skilled[part.profile]
        if desk is not source
    ]
    free = [desk.free for desk in one.desks]
    for first, to in moves:
        for second, other in moves:
            after = list(free)
            for part, target in {id(first): (first, to), id(second): (second, other)}.values():
                after[part.desk.place] += part.hours
                after[target.place] -= part.hours
            if min(after) >= -1e-9 and room(after):
                return True
    return False


@pytest.mark.parametrize("block", range(4))
def test_no_chain_of_two_is_missed(block: int) -> None:
    """Random floors: a chain is found exactly where trying all pairs of moves finds one, and it is right."""
    found = 0
    for seed in range(block * 250, (block + 1) * 250):
        chance = random.Random(seed)
        desks = []
        for _ in range(chance.randint(2, 5)):
            profiles = "".join(chance.sample("abc", chance.randint(1, 3)))
            parts = [(chance.choice(profiles), chance.randint(1, 6) / 1) for _ in range(chance.randint(0, 4))]
            desks.append((profiles, float(chance.randint(0, 3)), parts))
        hours = float(chance.randint(2, 6))
        one = floor(*desks)
        if any(desk.holds(hours) for desk in one.skilled.get("a", ())):
            continue  # Nothing has to be moved.
        exists = within_two_moves(one, "a", hours)
        found += exists

        assert (chain(one, "a", hours) is not None) == exists, f"seed {seed}"

    assert found > 20
