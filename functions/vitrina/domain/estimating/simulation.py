"""Simulates how much longer or shorter than their mean hours tasks take together.

Notes
-----
Method and measurements: docs/estimation.md. It does without numpy, which a fresh process would have to load.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import accumulate
from random import Random
from statistics import fmean, pvariance
from typing import NamedTuple

from vitrina.domain.estimating.norms import LEAST_ERRORS, Basis, Norms, PastError

#: Draws of the simulation: with a thousand the error of P85 is about one per cent.
DRAWS = 1000

#: Errors of a task are drawn from one part in so many of the past tasks, those with the most similar hours:
#: small tasks overrun and vary more.
ALIKE = 3

#: Of more tasks the sum is drawn at once, from the lognormal distribution with its mean and its variance.
MOST_SINGLE = 40
#: Of more past tasks in a row the variance of their sum follows from that of one of them.
MOST_DRAWN = 30

#: Seed of the simulation: the same backlog always gives the same figures.
SEED = 85


class Simulation:
    """Draws of the actual hours of tasks.

    The error of each task is drawn from past tasks with similar hours and multiplied by a common factor of
    the draw, because tasks of the same month tend to be late together. The spread of the factor is the part
    of the variance of past sums that independent errors do not explain.
    """

    def __init__(
        self, pools: Mapping[Basis, Sequence[PastError]], means: Sequence[tuple[float, Basis]]
    ) -> None:
        known = {basis: _Pool(errors) for basis, errors in pools.items()}
        self._hours = [hours for hours, _ in means]
        self._alike = [known[basis].alike(hours) for hours, basis in means]
        self._random = Random(SEED)  # noqa: S311 - no secret
        self._common = _common_factors(max(pools.values(), key=len), len(means), self._random)
        self._single: list[list[float]] | None = None
        if len(means) <= MOST_SINGLE:
            self._single = [self._drawn(alike) for alike in self._alike]

    def sums(self, places: Sequence[int]) -> list[float]:
        """Hours of the tasks at these places together, in each draw."""
        if self._single is not None:
            own = [0.0] * DRAWS
            for place in places:
                hours = self._hours[place]
                own = [sum_ + hours * ratio for sum_, ratio in zip(own, self._single[place], strict=True)]
        else:
            mean = sum(self._hours[place] * self._alike[place].mean for place in places)
            variance = sum(self._hours[place] ** 2 * self._alike[place].variance for place in places)
            # Sums of hours are above zero and skewed, as those of the lognormal distribution.
            spread = math.sqrt(math.log1p(variance / mean**2))
            centre, gauss = math.log(mean) - spread**2 / 2, self._random.gauss
            own = [math.exp(gauss(centre, spread)) for _ in range(DRAWS)]
        return [one * factor for one, factor in zip(own, self._common, strict=True)]

    def hours(self, draw: int) -> list[float]:
        """Hours of each task in one draw."""
        factor = self._common[draw]
        if self._single is not None:
            ratios = [row[draw] for row in self._single]
        else:
            chance = Random(SEED + draw).random  # noqa: S311 - no secret
            ratios = [one.ratios[one.first + int(chance() * one.width)] for one in self._alike]
        return [hours * ratio * factor for hours, ratio in zip(self._hours, ratios, strict=True)]

    def _drawn(self, alike: _Alike) -> list[float]:
        ratios, first, width, chance = alike.ratios, alike.first, alike.width, self._random.random
        return [ratios[first + int(chance() * width)] for _ in range(DRAWS)]


def simulate(norms: Norms, means: Sequence[tuple[float, Basis]]) -> Simulation | None:
    """Draws of tasks with these mean hours; ``None`` for no tasks, or if too few past errors are known."""
    pools = {basis: norms.pooled_errors(basis) for _, basis in means}
    known = {basis: errors for basis, errors in pools.items() if errors is not None}
    return Simulation(known, means) if means and len(known) == len(pools) else None


class _Alike(NamedTuple):
    """Ratios of past tasks by their mean hours; *width* of them from *first* on are similar to a task."""

    ratios: Sequence[float]
    first: int
    width: int
    mean: float
    variance: float


class _Pool:
    """Past tasks in the order of their mean hours."""

    def __init__(self, errors: Sequence[PastError]) -> None:
        ordered = sorted(errors)
        self._means = [round(one.mean_hours, 1) for one in ordered]
        self._ratios = [one.ratio for one in ordered]
        self._sums = [0.0, *accumulate(self._ratios)]
        self._squares = [0.0, *accumulate(ratio * ratio for ratio in self._ratios)]
        self._known: dict[float, _Alike] = {}

    def alike(self, hours: float) -> _Alike:
        """The third of the tasks whose mean hours are nearest.

        Tasks with equal means, rounded to the tenth of an hour that people see, are included or left out
        together.
        """
        wanted = round(hours, 1)
        if wanted not in self._known:
            self._known[wanted] = self._find(wanted)
        return self._known[wanted]

    def _find(self, wanted: float) -> _Alike:
        means = self._means
        width = min(len(means), max(LEAST_ERRORS, len(means) // ALIKE))
        middle = (bisect_left(means, wanted) + bisect_right(means, wanted)) // 2
        start = min(max(middle - width // 2, 0), len(means) - width)
        first, end = bisect_left(means, means[start]), bisect_right(means, means[start + width - 1])
        count = end - first
        mean = (self._sums[end] - self._sums[first]) / count
        square = (self._squares[end] - self._squares[first]) / count
        return _Alike(self._ratios, first, count, mean, max(0.0, square - mean * mean))


def _common_factors(errors: Sequence[PastError], count: int, chance: Random) -> list[float]:
    """Factors of the draws. Student's distribution is used, as the spread is estimated from few sums."""
    spread, freedom = common_spread(tuple(errors), count), max(_sums_of(errors, count) - 1, 1.0)
    return [
        math.exp(spread * chance.gauss(0.0, 1.0) / math.sqrt(chance.gammavariate(freedom / 2, 2) / freedom))
        for _ in range(DRAWS)
    ]


def _sums_of(errors: Sequence[PastError], count: int) -> float:
    """Number of past sums of *count* neighbouring tasks that do not overlap, at least three."""
    return max(3.0, len(errors) / count)


@lru_cache(maxsize=64)
def common_spread(errors: tuple[PastError, ...], count: int) -> float:
    """Standard deviation of the logarithm of the common factor of the next *count* tasks.

    With ``m`` past sums that do not overlap its square is ``variance of sums * (m + 1) / (m - 1) - variance
    of independent errors``; the fraction corrects for an average that is estimated from ``m`` sums.
    """
    # At most a third of the past, so that at least three sums do not overlap.
    length = min(count, len(errors) // 3)
    planned, took = ([0.0, *accumulate(column)] for column in zip(*errors, strict=True))
    between = pvariance(
        [
            math.log((took[end] - took[end - length]) / (planned[end] - planned[end - length]))
            for end in range(length, len(errors) + 1)
        ]
    )
    sums = _sums_of(errors, count)
    return math.sqrt(max(0.0, between * (sums + 1) / (sums - 1) - _variance_of_chance(errors, length)))


def _variance_of_chance(errors: Sequence[PastError], length: int) -> float:
    """Variance of the logarithm of actual to mean hours of so many tasks that err independently."""
    if length > MOST_DRAWN:
        planned, took = fmean(one.mean_hours for one in errors), fmean(one.actual_hours for one in errors)
        return pvariance([one.actual_hours / took - one.mean_hours / planned for one in errors]) / length
    chance = Random(SEED)  # noqa: S311 - no secret
    drawn = (chance.choices(errors, k=length) for _ in range(DRAWS))
    return pvariance(
        [
            math.log(sum(one.actual_hours for one in some) / sum(one.mean_hours for one in some))
            for some in drawn
        ]
    )
