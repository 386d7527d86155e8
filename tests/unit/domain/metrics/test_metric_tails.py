"""Tails of distributions, beside sums of the single probabilities and published tables."""

import math

import pytest

from vitrina.domain.metrics.tails import (
    AmountSpread,
    CountSpread,
    ShareSpread,
    StudentSpread,
    incomplete_gamma,
    student_at_most,
)


def _negative_binomial(count: int, mean: float, dispersion: float) -> float:
    size, chance = mean / (dispersion - 1), 1 / dispersion
    return math.exp(
        math.lgamma(count + size)
        - math.lgamma(size)
        - math.lgamma(count + 1)
        + size * math.log(chance)
        + count * math.log(1 - chance)
    )


def _poisson(count: int, mean: float) -> float:
    return math.exp(count * math.log(mean) - mean - math.lgamma(count + 1))


@pytest.mark.parametrize(
    ("mean", "dispersion", "count"),
    [(5, 1.5, 1), (60, 1.5, 40), (60, 2.5, 80), (200, 2, 150), (3000, 9, 2800)],
)
def test_negative_binomial_is_the_sum_of_its_terms(mean: float, dispersion: float, count: int) -> None:
    """The incomplete beta function gives the same as adding up the probabilities."""
    expected = sum(_negative_binomial(one, mean, dispersion) for one in range(count + 1))

    assert CountSpread(mean, dispersion).at_most(count) == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize(("mean", "count"), [(0.5, 0), (5, 1), (20, 12), (20, 30), (400, 350)])
def test_poisson_is_the_sum_of_its_terms(mean: float, count: int) -> None:
    """Without over-dispersion a count is Poisson."""
    expected = sum(_poisson(one, mean) for one in range(count + 1))

    assert CountSpread(mean).at_most(count) == pytest.approx(expected, rel=1e-8)


def test_binomial_is_the_sum_of_its_terms() -> None:
    """With the dispersion 1 a share is binomial."""
    expected = sum(math.comb(400, one) * 0.03**one * 0.97 ** (400 - one) for one in range(9))

    assert ShareSpread(400, 0.03).at_most(8) == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize(
    ("freedom", "value"), [(1, 6.314), (2, 2.920), (4, 2.132), (6, 1.943), (10, 1.812), (120, 1.658)]
)
def test_student_has_the_published_quantiles(freedom: int, value: float) -> None:
    """The one-sided 95 % column of every table of Student's t."""
    assert student_at_most(value, freedom) == pytest.approx(0.95, abs=1e-4)
    assert student_at_most(-value, freedom) == pytest.approx(0.05, abs=1e-4)
    assert StudentSpread(100, 2, freedom).highest(0.05) == pytest.approx(100 + 2 * value, abs=1e-2)


@pytest.mark.parametrize(("freedom", "value"), [(1, 3.841), (2, 5.991), (10, 18.307), (100, 124.342)])
def test_gamma_has_the_published_quantiles_of_chi_squared(freedom: int, value: float) -> None:
    """Chi squared is a gamma distribution: the 95 % column of its table."""
    assert incomplete_gamma(freedom / 2, value / 2) == pytest.approx(0.95, abs=1e-4)


def test_amounts_have_the_variance_that_they_say() -> None:
    """A gamma sum of 400 with the dispersion 4 has the deviation 40; far from zero it is nearly normal."""
    spread = AmountSpread(400, 4)

    assert spread.lowest(0.05) == pytest.approx(400 - 1.645 * 40, abs=5)
    assert spread.highest(0.05) == pytest.approx(400 + 1.645 * 40, abs=5)
    assert spread.at_most(0) == 0.0


@pytest.mark.parametrize("spread", [CountSpread(50, 2.5), CountSpread(7), ShareSpread(300, 0.1, 1.5)])
def test_the_ends_of_a_range_are_the_first_values_that_are_not_below(
    spread: CountSpread | ShareSpread,
) -> None:
    """One less than the low end has a tail of less than 5 %, the end itself has not; so has the high end."""
    low, high = spread.lowest(0.05), spread.highest(0.05)

    assert spread.at_most(low - 1) < 0.05 <= spread.at_most(low)
    assert spread.at_least(high + 1) < 0.05 <= spread.at_least(high)


@pytest.mark.slow
def test_every_probability_is_one() -> None:
    """Also where the two halves of the continued fraction meet."""
    for mean in range(1, 300, 7):
        for dispersion in (1.5, 2.0, 2.5):
            values = [CountSpread(mean, dispersion).at_most(count) for count in range(3 * mean + 40)]
            assert values == sorted(values)
            assert values[-1] == pytest.approx(1.0, abs=1e-3)
