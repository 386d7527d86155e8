"""Counts, amounts, shares and prices of a stretch of days against what was expected of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from enum import Enum
from functools import cached_property
from typing import Protocol

from msgspec import Struct

from vitrina.domain.calendar import WorkCalendar
from vitrina.domain.metrics.days import (
    LEAST_DISPERSION,
    UNKNOWN_DISPERSION,
    USUAL_SHARES,
    DayPattern,
    dispersion_of,
    known_days,
    learn_amounts,
    learn_counts,
)
from vitrina.domain.metrics.goals import (
    LEAST_EXPECTED,
    Better,
    DayFact,
    Goal,
    Kind,
    Range,
    Sign,
    Verdict,
    range_of,
    sign_against,
)
from vitrina.domain.metrics.tails import AmountSpread, CountSpread, ShareSpread, Spread

Days = Mapping[date, DayFact]


class RatioKind(Enum):
    """What of a ratio is chance."""

    #: A conversion: how many of the tries succeed.
    SHARE = "share"
    #: The price of a lead: how many of them the money buys.
    PRICE = "price"
    #: Income for a rouble of advertising: how much comes back.
    RETURN = "return"


class Stretch(Struct, frozen=True):
    """Days of a window until a look, as far as they are known, and all days of the window with its target."""

    known: Sequence[date]
    planned: Sequence[date]
    target: float


class Flow(Protocol):
    """A metric whose days can be taken together."""

    def sign(self, stretch: Stretch) -> Sign:
        """What a look at a stretch of days says."""

    def judge(self, stretch: Stretch) -> Verdict:
        """The same with the fact and the range that was expected."""


class SumFlow(Struct, frozen=True, dict=True):
    """A sum of counts or amounts, whose plan is shared out over the days of the window."""

    goal: Goal
    days: Days
    pattern: DayPattern
    calendar: WorkCalendar
    is_count: bool

    def share(self, days: Sequence[date]) -> float:
        """The sum of the shares of *days*."""
        known = self._shares
        for day in days:
            if day not in known:
                known[day] = self.pattern.share(day, self.calendar)
        return sum([known[day] for day in days])

    @cached_property
    def _shares(self) -> dict[date, float]:
        return {}

    def plan(self, stretch: Stretch) -> float:
        """The part of the target that belongs to the known days."""
        return stretch.target * self.share(stretch.known) / self.share(stretch.planned)

    def sign(self, stretch: Stretch) -> Sign:
        """What a look at a stretch of days says."""
        return self.sign_of_sum(self._fact(stretch), self.plan(stretch))

    def judge(self, stretch: Stretch) -> Verdict:
        """The same with the fact and the range that was expected."""
        return self.judge_sum(self._fact(stretch), self.plan(stretch))

    def sign_of_sum(self, fact: float, plan: float) -> Sign:
        """What a look at a sum says, where its days are not known."""
        is_enough = plan >= LEAST_EXPECTED * (1.0 if self.is_count else self.pattern.dispersion)
        return sign_against(self.spread(plan), fact, self.goal.better, is_enough=is_enough)

    def judge_sum(self, fact: float, plan: float) -> Verdict:
        """The same with the range that was expected."""
        return Verdict(self.sign_of_sum(fact, plan), fact, plan, range_of(self.spread(plan)))

    def spread(self, mean: float, *, widened: float = 1.0) -> Spread:
        """What is expected by chance around *mean*, with *widened* times the variance."""
        dispersion = self.pattern.dispersion * widened
        return CountSpread(mean, dispersion) if self.is_count else AmountSpread(mean, dispersion)

    def _fact(self, stretch: Stretch) -> float:
        return sum([self.days[day].value for day in stretch.known])


class RatioFlow(Struct, frozen=True):
    """A share or a price: a part that is certain, and what chance brings for it; ``of`` says which."""

    goal: Goal
    days: Days
    dispersion: float
    of: RatioKind

    def sign(self, stretch: Stretch) -> Sign:
        """What a look at a stretch of days says."""
        return self._sign(*self._sums(stretch))

    def judge(self, stretch: Stretch) -> Verdict:
        """The same with the fact and the range that was expected."""
        value, base = self._sums(stretch)
        spread = self._spread(value, base)
        if spread is None:
            return Verdict(Sign.EARLY, 0.0, self.goal.target, Range(None, None))
        found = range_of(spread)
        low, high = found.low or 0.0, found.high or 0.0
        if self.of is RatioKind.PRICE:
            expected = Range(value / high if high else None, value / low if low else None)
            # Money that bought nothing is the price of the first one, at least.
            fact = value / max(base, 1.0)
        else:
            expected = Range(low * self.goal.scale / base, high * self.goal.scale / base)
            fact = value * self.goal.scale / base
        return Verdict(self._sign(value, base), fact, self.goal.target, expected)

    def _sums(self, stretch: Stretch) -> tuple[float, float]:
        facts = [self.days[day] for day in stretch.known]
        return sum(one.value for one in facts), sum(one.base for one in facts)

    def _sign(self, value: float, base: float) -> Sign:
        spread = self._spread(value, base)
        if spread is None:
            return Sign.EARLY
        if self.of is RatioKind.PRICE:
            # A price is too high where the money has bought too few.
            return sign_against(spread, base, Better.MORE, is_enough=self._is_enough(value, base))
        return sign_against(spread, value, self.goal.better, is_enough=self._is_enough(value, base))

    def _spread(self, value: float, base: float) -> Spread | None:
        """What is expected of the part that is chance; ``None`` where nothing is."""
        wanted = self.goal.target / self.goal.scale
        if self.of is RatioKind.PRICE:
            return CountSpread(value / wanted, self.dispersion) if value > 0 and wanted > 0 else None
        if base <= 0 or wanted <= 0:
            return None
        if self.of is RatioKind.SHARE:
            return ShareSpread(base, wanted, self.dispersion)
        return AmountSpread(base * wanted, self.dispersion)

    def _is_enough(self, value: float, base: float) -> bool:
        wanted = self.goal.target / self.goal.scale
        if self.of is RatioKind.PRICE:
            return value / wanted >= LEAST_EXPECTED
        if self.of is RatioKind.SHARE:
            return base * min(wanted, 1 - wanted) >= LEAST_EXPECTED
        return base * wanted >= LEAST_EXPECTED * self.dispersion


def flow_of(goal: Goal, days: Days, before: date, calendar: WorkCalendar) -> Flow | None:
    """How a sum or a ratio is judged by its days; what it was like is learned from those *before* a window.

    ``None`` for amounts of which too few days are known.
    """
    if goal.kind is Kind.SUM:
        values = {day: one.value for day, one in days.items()}
        is_count = not goal.has_money and all(one == int(one) for one in values.values())
        pattern = (
            learn_counts(values, before, calendar) if is_count else learn_amounts(values, before, calendar)
        )
        return SumFlow(goal, days, pattern, calendar, is_count) if pattern else None
    if all(0 <= one.value <= one.base for one in days.values()) and 0 < goal.target < goal.scale:
        return RatioFlow(goal, days, _share_dispersion(days, before), RatioKind.SHARE)
    if goal.better is Better.LESS:
        return RatioFlow(goal, days, _price_dispersion(days, before), RatioKind.PRICE)
    dispersion = _return_dispersion(days, before)
    return RatioFlow(goal, days, dispersion, RatioKind.RETURN) if dispersion else None


def usual_sum(goal: Goal, calendar: WorkCalendar, dispersion: float) -> SumFlow:
    """A count of which no days are known."""
    return SumFlow(goal, {}, DayPattern(USUAL_SHARES, dispersion), calendar, is_count=True)


def _share_dispersion(days: Days, before: date) -> float:
    known = known_days(days, before)
    tries = sum(days[day].base for day in known or ())
    if known is None or tries <= 0:
        return UNKNOWN_DISPERSION
    rate = sum(days[day].value for day in known) / tries
    pairs = [(days[day].value, days[day].base * rate) for day in known]
    noise = [expected * (1 - rate) for _, expected in pairs]
    return max(LEAST_DISPERSION, dispersion_of(pairs, noise=noise))


def _price_dispersion(days: Days, before: date) -> float:
    known = known_days(days, before)
    spent = sum(days[day].value for day in known or ())
    if known is None or spent <= 0:
        return UNKNOWN_DISPERSION
    rate = sum(days[day].base for day in known) / spent
    return max(LEAST_DISPERSION, dispersion_of([(days[day].base, days[day].value * rate) for day in known]))


def _return_dispersion(days: Days, before: date) -> float | None:
    known = known_days(days, before)
    base = sum(days[day].base for day in known or ())
    total = sum(days[day].value for day in known or ())
    if known is None or base <= 0 or total <= 0:
        return None
    rate, mean = total / base, total / len(known)
    return mean * dispersion_of([(days[day].value / mean, days[day].base * rate / mean) for day in known])
