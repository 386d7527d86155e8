"""Tails and quantiles of the distributions that metrics are judged by, from ``math.lgamma`` only.

scipy would weigh more than the rest of the product. Checked in ``tests/unit/domain/metrics/test_tails.py``
against sums of the single probabilities and against published tables.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Protocol

from msgspec import Struct

#: The fractions below are computed to this ratio.
PRECISION = 1e-12
#: Keeps the fractions from a division by zero.
TINY = 1e-300
#: Most steps of a fraction; it takes about the root of its parameters.
MOST_STEPS = 20_000
#: Steps of a bisection of real numbers: enough for the digits that anybody sees.
HALVINGS = 60


class Spread(Protocol):
    """What values are to be expected by chance."""

    def at_most(self, value: float) -> float:
        """Probability of *value* or less."""

    def at_least(self, value: float) -> float:
        """Probability of *value* or more."""

    def lowest(self, tail: float) -> float:
        """The least value of which as little, or less, has at least the probability *tail*."""

    def highest(self, tail: float) -> float:
        """The largest value of which as much, or more, has at least the probability *tail*."""


class CountSpread(Struct, frozen=True):
    """Counts around *mean* with the variance ``dispersion * mean``: negative binomial, or Poisson for 1."""

    mean: float
    dispersion: float = 1.0

    def at_most(self, value: float) -> float:
        """Probability of *value* or less."""
        return _count_at_most(math.floor(value), self.mean, self.dispersion)

    def at_least(self, value: float) -> float:
        """Probability of *value* or more."""
        return 1.0 - _count_at_most(math.ceil(value) - 1, self.mean, self.dispersion)

    def lowest(self, tail: float) -> float:
        """The least count of which as little, or less, has at least the probability *tail*."""
        return float(_lowest_count(self.mean, self.dispersion, tail))

    def highest(self, tail: float) -> float:
        """The largest count of which as much, or more, has at least the probability *tail*."""
        return float(_highest_count(self.mean, self.dispersion, tail))


class ShareSpread(Struct, frozen=True):
    """Counts of *size* tries that succeed with *share*, with *dispersion* times the binomial variance.

    A smaller count of independent tries, ``size / dispersion``, has the same mean and variance of the ratio;
    its tail is an incomplete beta function.
    """

    size: float
    share: float
    dispersion: float = 1.0

    @property
    def _tries(self) -> float:
        return self.size / self.dispersion

    def at_most(self, value: float) -> float:
        """Probability of *value* or less; between whole numbers of the smaller count it is interpolated."""
        successes = (math.floor(value) + 0.5) / self.dispersion - 0.5
        if successes >= self._tries:
            return 1.0
        if successes <= -1.0:
            return 0.0
        return 1.0 - incomplete_beta(successes + 1.0, self._tries - successes, self.share)

    def at_least(self, value: float) -> float:
        """Probability of *value* or more."""
        return 1.0 - self.at_most(math.ceil(value) - 1)

    def lowest(self, tail: float) -> float:
        """The least count of which as little, or less, has at least the probability *tail*."""
        return float(_first_whole(lambda count: self.at_most(count) >= tail, self.size * self.share))

    def highest(self, tail: float) -> float:
        """The largest count of which as much, or more, has at least the probability *tail*."""
        return float(_first_whole(lambda count: self.at_least(count + 1) < tail, self.size * self.share))


class AmountSpread(Struct, frozen=True):
    """Sums of money around *mean* with the variance ``dispersion * mean``, as a gamma distribution.

    ``dispersion`` has the unit of the amount: about the size of one sale.
    """

    mean: float
    dispersion: float

    def at_most(self, value: float) -> float:
        """Probability of *value* or less."""
        if value <= 0:
            return 0.0
        return incomplete_gamma(self.mean / self.dispersion, value / self.dispersion)

    def at_least(self, value: float) -> float:
        """Probability of *value* or more."""
        return 1.0 - self.at_most(value)

    def lowest(self, tail: float) -> float:
        """The value below which the probability *tail* lies."""
        return _bisected(lambda value: self.at_most(value) >= tail, 0.0, self.mean * 2 + self.dispersion * 50)

    def highest(self, tail: float) -> float:
        """The value above which the probability *tail* lies."""
        return self.lowest(1.0 - tail)


class StudentSpread(Struct, frozen=True):
    """Means of some values around *mean*: Student's t with the standard error *error*."""

    mean: float
    error: float
    freedom: float

    def at_most(self, value: float) -> float:
        """Probability of *value* or less."""
        return student_at_most((value - self.mean) / self.error, self.freedom)

    def at_least(self, value: float) -> float:
        """Probability of *value* or more."""
        return 1.0 - self.at_most(value)

    def lowest(self, tail: float) -> float:
        """The value below which the probability *tail* lies."""
        reach = self.error * 1000
        return _bisected(lambda value: self.at_most(value) >= tail, self.mean - reach, self.mean + reach)

    def highest(self, tail: float) -> float:
        """The value above which the probability *tail* lies."""
        return 2 * self.mean - self.lowest(tail)


def student_at_most(value: float, freedom: float) -> float:
    """Probability that Student's t with *freedom* degrees is at most *value*."""
    both = incomplete_beta(freedom / 2, 0.5, freedom / (freedom + value * value))
    return both / 2 if value <= 0 else 1 - both / 2


def incomplete_beta(a: float, b: float, x: float) -> float:
    """The regularised incomplete beta function, by its continued fraction.

    Notes
    -----
    Abramowitz and Stegun, *Handbook of Mathematical Functions*, 26.5.8.
    """
    if x <= 0:
        return 0.0
    if x >= 1:
        return 1.0
    if x > (a + 1) / (a + b + 2):
        # There the fraction of the other side converges quickly.
        return 1.0 - _beta_fraction(b, a, 1.0 - x)
    return _beta_fraction(a, b, x)


def _beta_fraction(a: float, b: float, x: float) -> float:
    front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)

    def numerator(step: int) -> float:
        m = step // 2
        if step % 2 == 0:
            return m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        return -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))

    return math.exp(front) / (a * _fraction(numerator))


def incomplete_gamma(a: float, x: float) -> float:
    """The regularised lower incomplete gamma function: a series below ``a + 1``, a fraction above.

    Notes
    -----
    Abramowitz and Stegun, 6.5.29 and 6.5.31.
    """
    if x <= 0:
        return 0.0
    front = math.exp(a * math.log(x) - x - math.lgamma(a))
    if x < a + 1:
        term = total = 1.0 / a
        for step in range(1, MOST_STEPS):
            term *= x / (a + step)
            total += term
            if term < total * PRECISION:
                break
        return min(front * total, 1.0)
    upper = _lentz(x + 1 - a, lambda step: -step * (step - a), lambda step: x + 2 * step + 1 - a)
    return max(1.0 - front / upper, 0.0)


def _fraction(numerator: Callable[[int], float]) -> float:
    """The fraction 1 + n(1) / (1 + n(2) / (1 + …))."""
    return _lentz(1.0, numerator, lambda _: 1.0)


def _lentz(first: float, numerator: Callable[[int], float], denominator: Callable[[int], float]) -> float:
    """A continued fraction by Lentz's method."""
    value = above = first or TINY
    below = 0.0
    for step in range(1, MOST_STEPS):
        top, bottom = numerator(step), denominator(step)
        below = 1.0 / ((bottom + top * below) or TINY)
        above = (bottom + top / above) or TINY
        factor = above * below
        value *= factor
        if abs(factor - 1.0) < PRECISION:
            break
    return value


def _count_at_most(count: int, mean: float, dispersion: float) -> float:
    if count < 0:
        return 0.0
    if mean <= 0:
        return 1.0
    if dispersion <= 1.0:
        return 1.0 - incomplete_gamma(count + 1.0, mean)
    return incomplete_beta(mean / (dispersion - 1.0), count + 1.0, 1.0 / dispersion)


@lru_cache(maxsize=4096)
def _lowest_count(mean: float, dispersion: float, tail: float) -> int:
    return _first_whole(lambda count: _count_at_most(count, mean, dispersion) >= tail, mean)


@lru_cache(maxsize=4096)
def _highest_count(mean: float, dispersion: float, tail: float) -> int:
    return _first_whole(lambda count: 1.0 - _count_at_most(count, mean, dispersion) < tail, mean)


def _first_whole(holds: Callable[[int], bool], near: float) -> int:
    """The least count from 0 on for which *holds* is true, as it is for all larger ones."""
    high = max(math.ceil(near), 1)
    while not holds(high):
        high *= 2
    low = -1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high


def _bisected(holds: Callable[[float], bool], low: float, high: float) -> float:
    """Where *holds* begins to be true between *low* and *high*."""
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high
