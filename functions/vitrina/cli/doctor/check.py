"""What a check is: a function that tries one assumption and complains when it is not so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from vitrina.cli.doctor.scratch import Scratch


class State(StrEnum):
    """What is known of an assumption."""

    HOLDS = "holds"
    FAILS = "DOES NOT HOLD"
    UNTOLD = "cannot be told"
    UNTRIED = "not tried"


@dataclass(frozen=True)
class Finding:
    """The answer for one assumption. ``seen`` says what happened, or why nothing can be said."""

    state: State
    seen: str = ""


class NotSoError(Exception):
    """What was seen is not what is assumed; the text says what it was."""


class UntriedError(Exception):
    """The person did not do what was asked, so that nothing was seen."""


def expect(is_so: bool, seen: str) -> None:
    """Raise ``NotSoError`` with what was *seen* instead."""
    if not is_so:
        raise NotSoError(seen)


@dataclass(frozen=True)
class Check:
    """One assumption's check.

    Parameters
    ----------
    number
        The row of ``docs/assumptions.md``.
    is_vital
        Whether a write might do harm where the assumption does not hold.
    is_by_hand
        Whether a person has to do something in the page.
    """

    number: int
    name: str
    run: Callable[[Scratch], None]
    is_vital: bool = False
    is_by_hand: bool = False


def check(number: int, *, is_vital: bool = False, is_by_hand: bool = False) -> Callable[..., Check]:
    """Make a check of a function."""

    def make(run: Callable[[Scratch], None]) -> Check:
        return Check(number, run.__name__, run, is_vital, is_by_hand)

    return make
