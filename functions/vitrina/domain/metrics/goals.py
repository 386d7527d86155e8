"""Terms of the domain of metrics: what a metric aims at, what a look says, what becomes of its state."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Protocol

from msgspec import Struct

from vitrina.domain.calendar import PeriodKind
from vitrina.domain.metrics.tails import Spread

#: A look is below where chance explains it with less than this probability: rule D of the measurements.
BELOW_TAIL = 0.05
#: A look is weak below this. One that is below counts only where the look before it was weak as well.
WEAK_TAIL = 0.25
#: Below this one look is enough: something has broken, and nobody shall wait a week to hear of it.
CLEAR_TAIL = 0.001
#: With less than this expected nothing can be told of a count.
LEAST_EXPECTED = 5.0

#: Signs in a unit by which an amount of money is told from a count.
MONEY_SIGNS = ("₽", "руб", "$", "€", "тыс", "млн", "rub", "usd", "eur")


class Kind(StrEnum):
    """How periods of a metric are taken together; the codes of the drop-down *Как считаем*."""

    SUM = "sum"
    AVERAGE = "average"
    LAST = "last"
    #: A share or a price: numerators and denominators are never added up with each other.
    RATIO = "ratio"


class Better(StrEnum):
    """Whether more or less of a metric is better."""

    MORE = "more"
    LESS = "less"


class State(StrEnum):
    """State of a metric; the codes of the drop-down *Состояние*."""

    ON_TRACK = "on_track"
    BEHIND = "behind"
    FEW_DATA = "few_data"
    NO_DATA = "no_data"


class Sign(StrEnum):
    """What one look says."""

    FINE = "fine"
    WEAK = "weak"
    BELOW = "below"
    #: So far below that one look is enough.
    CLEAR = "clear"
    #: Too little is expected by now to say anything.
    EARLY = "early"


class DayFact(Protocol):
    """What is known of a day: ``value``, and for a ratio its denominator ``base``."""

    @property
    def value(self) -> float:
        """The count, the amount, or the numerator of a ratio."""

    @property
    def base(self) -> float:
        """The denominator of a ratio, otherwise 1."""


class Goal(Struct, frozen=True):
    """What a metric aims at.

    Parameters
    ----------
    target
        For a sum how much one period shall bring, for the others the value that is aimed at.
    period
        Length of the periods.
    since_on
        First day of the first period; ``None`` where periods have no days.
    unit
        In what it is measured, as a person typed it. Of per cent values are a hundred times the ratio.
    """

    target: float
    kind: Kind = Kind.SUM
    better: Better = Better.MORE
    period: PeriodKind = PeriodKind.WEEK
    since_on: date | None = None
    unit: str = ""

    @property
    def scale(self) -> float:
        """How many units a ratio of 1 is."""
        return 100.0 if "%" in self.unit else 1.0

    @property
    def has_money(self) -> bool:
        """Whether its unit is one of money."""
        unit = self.unit.casefold()
        return any(sign in unit for sign in MONEY_SIGNS)

    def is_worse(self, value: float) -> bool:
        """Whether *value* is on the wrong side of the target."""
        return value < self.target if self.better is Better.MORE else value > self.target


class Range(Struct, frozen=True):
    """Values from *low* to *high*; ``None`` is an open end."""

    low: float | None
    high: float | None


class Look(Struct, frozen=True):
    """What was seen on a day; ``number`` counts the looks of the window that begins on ``window_on``."""

    on: date
    sign: Sign
    window_on: date
    number: int


class Verdict(Struct, frozen=True):
    """A fact against what was expected by then.

    ``middle`` is the plan by then, ``expected`` what is left when the tail of 5 % is cut off on both sides.
    """

    sign: Sign
    fact: float
    middle: float
    expected: Range


class Forecast(Struct, frozen=True):
    """The end of a period: the likely value, four chances in five, and the chance to reach the target."""

    ends_on: date
    likely: float
    low: float
    high: float
    chance: float


def sign_of(probability: float, *, is_enough: bool) -> Sign:
    """The sign of a look whose fact, or a worse one, has this *probability* where all goes by plan."""
    if not is_enough:
        return Sign.EARLY
    if probability < CLEAR_TAIL:
        return Sign.CLEAR
    if probability < BELOW_TAIL:
        return Sign.BELOW
    return Sign.WEAK if probability < WEAK_TAIL else Sign.FINE


def sign_against(spread: Spread, fact: float, better: Better, *, is_enough: bool) -> Sign:
    """The sign of a look at a fact where *spread* is expected."""
    worse = spread.at_most(fact) if better is Better.MORE else spread.at_least(fact)
    return sign_of(worse, is_enough=is_enough)


def range_of(spread: Spread) -> Range:
    """What is expected, without the tail of 5 % on both sides."""
    return Range(spread.lowest(BELOW_TAIL), spread.highest(BELOW_TAIL))
