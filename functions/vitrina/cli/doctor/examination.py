"""All checks in a row, and what they say of each assumption."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from vitrina.cli.doctor import books, by_hand, contents, files, rows
from vitrina.cli.doctor.assumptions import Assumption
from vitrina.cli.doctor.check import Check, Finding, NotSoError, State, UntriedError
from vitrina.cli.doctor.scratch import NoScratchError, Scratch
from vitrina.errors import VitrinaError

#: In this order: the first ones make and fill the scratch spreadsheet, the last may restore an old version.
CHECKS: tuple[Check, ...] = (*files.CHECKS, *books.CHECKS, *rows.CHECKS, *contents.CHECKS, *by_hand.CHECKS)

_STATES: Mapping[type[Exception], State] = {
    NotSoError: State.FAILS,
    UntriedError: State.UNTRIED,
    NoScratchError: State.UNTOLD,
}


def examine(scratch: Scratch, checks: Sequence[Check] = CHECKS) -> dict[int, Finding]:
    """The finding of every check, by the number of its assumption."""
    return {check.number: _finding(check, scratch) for check in checks}


def _finding(check: Check, scratch: Scratch) -> Finding:
    if check.is_by_hand and scratch.human is None:
        return Finding(State.UNTRIED, "needs a person: --by-hand")
    try:
        check.run(scratch)
    except (NotSoError, UntriedError, NoScratchError) as error:
        return Finding(_STATES[type(error)], str(error))
    except VitrinaError as error:
        # Google was busy, or refused what comes before the question; the cause has Google's own words.
        return Finding(State.UNTOLD, f"{error} ({error.__cause__})" if error.__cause__ else str(error))
    except (StopIteration, LookupError) as error:
        return Finding(State.UNTOLD, f"the answer is not understood: {error!r}")
    return Finding(State.HOLDS)


def is_safe(findings: Mapping[int, Finding]) -> bool:
    """Whether everything that writes rest on was seen to hold."""
    return all(findings[check.number].state == State.HOLDS for check in CHECKS if check.is_vital)


def report(assumptions: Sequence[Assumption], findings: Mapping[int, Finding]) -> str:
    """The table that the operator reads."""
    width = max(len(state) for state in State)
    lines = []
    for one in assumptions:
        finding = findings.get(one.number, Finding(State.UNTOLD, one.reason))
        lines.append(f"{one.number:>3}  {finding.state:<{width}}  {one.words}")
        if finding.seen:
            lines.append(f"{'':>5}{'':<{width}}    {finding.seen}")
        if finding.state == State.FAILS:
            lines.append(f"{'':>5}{'':<{width}}    instead: {one.fallback}")
    return "\n".join(lines)
