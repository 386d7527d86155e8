"""A probe: a function that tests one assumption and raises an error if it does not hold."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

from msgspec import Struct

from vitrina.cli.doctor.scratch_workbook import ScratchWorkbook


class State(StrEnum):
    """What is known about an assumption."""

    HOLDS = "holds"
    FAILS = "DOES NOT HOLD"
    UNKNOWN = "unknown"
    NOT_TRIED = "not tried"


class Finding(Struct, frozen=True):
    """The result for one assumption. ``observed`` says what happened, or why nothing is known."""

    state: State
    observed: str = ""


class AssumptionFailedError(Exception):
    """What was observed contradicts the assumption; the text says what was observed."""


class NotTriedError(Exception):
    """The person did not do what was asked, so nothing could be observed."""


def expect(condition: bool, observed: str) -> None:
    """Raise ``AssumptionFailedError`` with *observed* unless *condition* is true."""
    if not condition:
        raise AssumptionFailedError(observed)


class Probe(Struct, frozen=True):
    """The test of one assumption.

    Parameters
    ----------
    number
        The row of ``docs/assumptions.md``.
    is_vital
        Whether writes may do harm if the assumption does not hold.
    is_by_hand
        Whether a person has to do something on the page.
    """

    number: int
    name: str
    run: Callable[[ScratchWorkbook], None]
    is_vital: bool = False
    is_by_hand: bool = False


def probe(number: int, *, is_vital: bool = False, is_by_hand: bool = False) -> Callable[..., Probe]:
    """Make a ``Probe`` of the decorated function."""

    def make(run: Callable[[ScratchWorkbook], None]) -> Probe:
        return Probe(number, run.__name__, run, is_vital, is_by_hand)

    return make
