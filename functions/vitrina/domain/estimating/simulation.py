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
from typing import Any, NamedTuple

from vitrina.domain.estimating.norms import LEAST_ERRORS, Basis, Norms, PastError

#: Draws of the simulation: with a thousand the error of P85 is about one per cent.
DRAWS = 1000

#: Errors of a task are drawn from one part in so many of the past tasks, those with the most similar hours:
#: small tasks overrun and vary more.
ALIKE = 3

#: Of more tasks the sum is drawn at once, from a distribution with its mean, variance and skewness.
MOST_SINGLE = 40
#: Sums that are less skewed are taken for this much skewed: the distribution needs some.
LEAST_SKEWNESS = 0.01

#: So many rows of normal draws are kept, for the next simulation of this process.
MOST_KEPT_DRAWS = 64

#: So many rows of draws of the common factor are kept; backlogs of many tasks have the same one.
MOST_KEPT_FREEDOMS = 8

#: So many pools of past errors are kept: those of a few agencies.
MOST_KEPT_POOLS = 8

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
        known = {basis: _pool_of(tuple(errors)) for basis, errors in pools.items()}
        self._hours = [hours for hours, _ in means]
        self._alike = [known[basis].alike(hours) for hours, basis in means]
        spread, freedom = _common_error(max(pools.values(), key=len), len(means))
        draws, state = _student_draws(freedom)
        self._common = [math.exp(spread * one) for one in draws]
        self._random = Random()  # noqa: S311 - no secret
        self._random.setstate(state)
        #: Sums that were drawn at once: each has normal draws of its own.
        self._sum_count = 0
        #: Ratios of single tasks in all draws, as far as they were asked for.
        self._single: dict[int, list[float]] = {}

    def sums(self, places: Sequence[int]) -> list[float]:
        """Hours of the tasks at these places together, in each draw."""
        if len(places) <= MOST_SINGLE:
            own = [0.0] * DRAWS
            for place in places:
                hours = self._hours[place]
                own = [before + hours * ratio for before, ratio in zip(own, self._ratios(place), strict=True)]
        else:
            mean = variance = third_moment = 0.0
            for place in places:
                hours, alike = self._hours[place], self._alike[place]
                mean += hours * alike.mean
                variance += hours**2 * alike.variance
                third_moment += hours**3 * alike.third_moment
            self._sum_count += 1
            own = _skewed(mean, variance, third_moment, _normal_draws(self._sum_count))
        return [one * factor for one, factor in zip(own, self._common, strict=True)]

    def hours(self, draw: int) -> list[float]:
        """Hours of each task in one draw. Of many tasks they are drawn apart from their sums."""
        factor = self._common[draw]
        if len(self._hours) <= MOST_SINGLE:
            ratios = [self._ratios(place)[draw] for place in range(len(self._hours))]
        else:
            chance = Random(SEED + draw).random  # noqa: S311 - no secret
            ratios = [one.ratios[one.first + int(chance() * one.width)] for one in self._alike]
        return [hours * ratio * factor for hours, ratio in zip(self._hours, ratios, strict=True)]

    def _ratios(self, place: int) -> list[float]:
        if place not in self._single:
            ratios, first, width = self._alike[place][:3]
            chance = self._random.random
            self._single[place] = [ratios[first + int(chance() * width)] for _ in range(DRAWS)]
        return self._single[place]


@lru_cache(maxsize=MOST_KEPT_DRAWS)
def _normal_draws(number: int) -> Sequence[float]:
    """Draws from the standard normal distribution, others for each number."""
    gauss = Random(f"{SEED} {number}").gauss  # noqa: S311 - no secret
    return [gauss(0.0, 1.0) for _ in range(DRAWS)]


def _skewed(mean: float, variance: float, third_moment: float, normal: Sequence[float]) -> list[float]:
    """Draws from the shifted lognormal distribution with this mean, variance and third central moment.

    A sum of hours is skewed: few tasks overrun much.

    Parameters
    ----------
    normal
        Draws from the standard normal distribution, one for each draw of the sum.
    """
    skewness = max(third_moment / variance**1.5 if variance > 0 else 0.0, LEAST_SKEWNESS)
    # The variance of the logarithm is ln w, where (w + 2)² (w - 1) is the square of the skewness.
    whole, root = 1 + skewness**2 / 2, skewness * math.sqrt(1 + skewness**2 / 4)
    w = math.cbrt(whole + root) + math.cbrt(whole - root) - 1
    scale = math.sqrt(max(0.0, variance) / (w * (w - 1)))
    shift, spread, exp = mean - scale * math.sqrt(w), math.sqrt(math.log(w)), math.exp
    return [max(0.0, shift + scale * exp(spread * one)) for one in normal]


def simulate(norms: Norms, means: Sequence[tuple[float, Basis]]) -> Simulation | None:
    """Draws of tasks with these mean hours; ``None`` for no tasks, or if too few past errors are known."""
    pools = {basis: norms.pooled_errors(basis) for basis in dict.fromkeys([basis for _, basis in means])}
    known = {basis: errors for basis, errors in pools.items() if errors is not None}
    return Simulation(known, means) if means and len(known) == len(pools) else None


class _Alike(NamedTuple):
    """Ratios of past tasks by their mean hours; *width* of them from *first* on are similar to a task.

    ``third_moment`` is central, as the variance.
    """

    ratios: Sequence[float]
    first: int
    width: int
    mean: float
    variance: float
    third_moment: float


@lru_cache(maxsize=MOST_KEPT_POOLS)
def _pool_of(errors: tuple[PastError, ...]) -> _Pool:
    """The pool of these past errors. It is kept, as each simulation of an agency has the same errors."""
    return _Pool(errors)


class _Pool:
    """Past tasks in the order of their mean hours."""

    def __init__(self, errors: Sequence[PastError]) -> None:
        ordered = sorted(errors)
        self._means = [round(one.mean_hours, 1) for one in ordered]
        self._ratios = [one.ratio for one in ordered]
        #: Sums of the first, second and third powers of the ratios before each place.
        self._powers = [[0.0, *accumulate(ratio**power for ratio in self._ratios)] for power in (1, 2, 3)]
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
        mean, square, cube = ((sums[end] - sums[first]) / (end - first) for sums in self._powers)
        variance = max(0.0, square - mean**2)
        third = cube - 3 * mean * square + 2 * mean**3
        return _Alike(self._ratios, first, end - first, mean, variance, third)


def _common_error(errors: Sequence[PastError], count: int) -> tuple[float, float]:
    """Spread of the logarithm of the common factor, and the degrees of freedom of its distribution.

    It is Student's distribution, as the spread is estimated from few sums.
    """
    return common_spread(tuple(errors), count), max(_sums_of(errors, count) - 1, 1.0)


@lru_cache(maxsize=MOST_KEPT_FREEDOMS)
def _student_draws(freedom: float) -> tuple[Sequence[float], tuple[Any, ...]]:
    """Draws from Student's distribution, and the state of the generator after them."""
    chance = Random(SEED)  # noqa: S311 - no secret
    draws = [
        chance.gauss(0.0, 1.0) / math.sqrt(chance.gammavariate(freedom / 2, 2) / freedom)
        for _ in range(DRAWS)
    ]
    return draws, chance.getstate()


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
    between = _variance(
        [
            math.log((took[end] - took[end - length]) / (planned[end] - planned[end - length]))
            for end in range(length, len(errors) + 1)
        ]
    )
    sums = _sums_of(errors, count)
    return math.sqrt(max(0.0, between * (sums + 1) / (sums - 1) - _variance_of_chance(errors, length)))


def _variance_of_chance(errors: Sequence[PastError], length: int) -> float:
    """Variance of the logarithm of actual to mean hours of so many tasks that err independently.

    A ratio of sums is close to a lognormal one, of which the square of the coefficient of variation says it.
    """
    planned = math.fsum(one.mean_hours for one in errors) / len(errors)
    took = math.fsum(one.actual_hours for one in errors) / len(errors)
    of_one = _variance([one.actual_hours / took - one.mean_hours / planned for one in errors])
    return math.log1p(of_one / length)


def _variance(values: Sequence[float]) -> float:
    """Variance of all *values*; the module ``statistics`` would be loaded for it and adds fractions."""
    mean = math.fsum(values) / len(values)
    return math.fsum((one - mean) ** 2 for one in values) / len(values)
