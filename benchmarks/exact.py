"""Exact answer, from OR-Tools, to the question whether each action can be given to one person."""

from __future__ import annotations

from collections.abc import Sequence

from ortools.sat.python import cp_model

from benchmarks.judge import Piece, divisible
from vitrina.domain.planning.moves import Moves, make_room
from vitrina.domain.planning.selection import Chooser
from vitrina.domain.planning.team_load import PersonLoad, TeamLoad

#: Units in an hour: the solver counts in integers.
UNITS = 10_000

#: Seconds after which the solver gives up.
TIME_LIMIT_S = 1.0


class UnansweredError(Exception):
    """The solver gave up."""


def assign(
    skills: Sequence[frozenset[str]], free: Sequence[float], pieces: Sequence[Piece], hints: Sequence[int]
) -> list[int] | None:
    """The person of each piece, or ``None`` if no assignment exists.

    Parameters
    ----------
    hints
        Persons of the first pieces in a known assignment without the last pieces.

    Raises
    ------
    UnansweredError
        If the solver gave up.
    """
    if not divisible(skills, free, pieces):
        return None
    model = cp_model.CpModel()
    load: list[list[cp_model.LinearExprT]] = [[] for _ in skills]
    chosen: list[dict[int, cp_model.IntVar]] = []
    for number, piece in enumerate(pieces):
        choice: dict[int, cp_model.IntVar] = {}
        for person, skill in enumerate(skills):
            if piece.profile in skill:
                choice[person] = model.new_bool_var("")
                load[person].append(choice[person] * round(piece.hours * UNITS))
                if number < len(hints):
                    model.add_hint(choice[person], person == hints[number])
        model.add_exactly_one(choice.values())
        chosen.append(choice)
    for person, hours in enumerate(free):
        model.add(sum(load[person]) <= round(hours * UNITS))
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.max_time_in_seconds = TIME_LIMIT_S
    match solver.solve(model):
        case cp_model.OPTIMAL | cp_model.FEASIBLE:
            return [next(one for one, taken in choice.items() if solver.value(taken)) for choice in chosen]
        case cp_model.INFEASIBLE:
            return None
        case _:
            raise UnansweredError


class ExactChooser(Chooser):
    """Takes every item that fits together with everything above it, with any number of moved parts."""

    unanswered_count = 0

    def rearrange(self, profile: str, hours: float, **_: object) -> tuple[Moves, PersonLoad] | None:
        """Use a short chain of moves if there is one; otherwise ask the solver."""
        return make_room(self.team, profile, hours) or self._solved(self.team, profile, hours)

    def _solved(self, team: TeamLoad, profile: str, hours: float) -> tuple[Moves, PersonLoad] | None:
        parts = [part for person in team.people for part in person.parts if not part.is_fixed]
        free = [person.most_hours for person in team.people]
        pieces = [*(Piece(part.profile, part.hours) for part in parts), Piece(profile, hours)]
        skills = [frozenset(person.profiles) for person in team.people]
        try:
            places = assign(skills, free, pieces, [part.person.place for part in parts])
        except UnansweredError:
            self.unanswered_count += 1
            return None
        if places is None:
            return None
        moves = tuple(
            (part, team.people[place])
            for part, place in zip(parts, places, strict=False)
            if team.people[place] is not part.person
        )
        return moves, team.people[places[-1]]
