"""Tests of the simulation of actual hours."""

from __future__ import annotations

import math
import random
from statistics import fmean, pvariance, quantiles

import pytest

from vitrina.domain.estimating import simulation
from vitrina.domain.estimating.norms import Basis, Norms, PastError
from vitrina.domain.estimating.simulation import DRAWS, Simulation, simulate

SIZE = Basis.SIZE


def simulated(norms: Norms, *hours: float) -> Simulation:
    """Draws of tasks with these mean hours."""
    found = simulate(norms, [(one, SIZE) for one in hours])
    assert found is not None
    return found


def test_a_task_errs_as_tasks_of_about_its_hours_did() -> None:
    """Draws use errors of tasks with similar hours: 1 h took 3 h, 4 h took 4 h, 16 h took 8 h."""
    errors = (PastError(1.0, 3.0), PastError(4.0, 4.0), PastError(16.0, 8.0)) * 40

    made = simulated(Norms(errors={SIZE: errors}), 1.0, 16.0)

    small, large = made.hours(7)
    assert small / 1.0 / (large / 16.0) == pytest.approx(6.0)


def test_norms_that_know_little_of_a_basis_err_as_all_do() -> None:
    """If a basis has only one error, the 120 errors of the work type are used."""
    errors = {Basis.TYPE: (PastError(1.0, 2.0),) * 120, SIZE: (PastError(1.0, 9.0),)}

    made = simulated(Norms(errors=errors), 1.0)

    assert made.sums([0]) == pytest.approx([2.0] * DRAWS)


def test_the_sum_of_a_draw_is_that_of_its_tasks() -> None:
    """Of few tasks each one is drawn."""
    chance = random.Random(4)
    errors = tuple(PastError(4.0, 4.0 * chance.lognormvariate(0, 0.7)) for _ in range(90))

    made = simulated(Norms(errors={SIZE: errors}), 2.0, 4.0, 8.0)

    sums = made.sums(range(3))
    assert [sum(made.hours(draw)) for draw in range(DRAWS)] == pytest.approx(sums)


@pytest.mark.parametrize("count", [10, 40])
@pytest.mark.parametrize("seed", range(4))
def test_sums_drawn_at_once_are_as_those_of_single_tasks(
    count: int, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their quantiles differ by a few hundredths, although the errors of tasks are skewed."""
    chance = random.Random(seed)
    errors = tuple(
        PastError(hours, hours * chance.lognormvariate(-0.1, 0.6))
        for hours in (chance.lognormvariate(1.2, 0.8) for _ in range(400))
    )
    hours = [chance.lognormvariate(1.2, 0.8) for _ in range(count)]

    singly = simulated(Norms(errors={SIZE: errors}), *hours).sums(range(count))
    monkeypatch.setattr(simulation, "MOST_SINGLE", 0)
    at_once = simulated(Norms(errors={SIZE: errors}), *hours).sums(range(count))

    assert fmean(at_once) == pytest.approx(fmean(singly), rel=0.03)
    assert quantiles(at_once, n=20) == pytest.approx(quantiles(singly, n=20), rel=0.06)


def test_draws_of_single_tasks_fit_their_sum_on_average() -> None:
    """Of many tasks the hours of a draw are drawn apart from its sum."""
    chance = random.Random(9)
    errors = tuple(PastError(4.0, 4.0 * chance.lognormvariate(0, 0.5)) for _ in range(200))

    made = simulated(Norms(errors={SIZE: errors}), *[chance.uniform(1, 9) for _ in range(100)])

    sums = made.sums(range(100))
    ratios = [sum(made.hours(draw)) / sums[draw] for draw in range(DRAWS)]
    assert fmean(ratios) == pytest.approx(1.0, abs=0.02)


@pytest.mark.parametrize("length", [5, 20, 60])
def test_the_variance_of_independent_tasks_is_as_in_draws(length: int) -> None:
    """The variance of the logarithm of sums that are drawn at random is about the computed one."""
    chance = random.Random(2)
    errors = tuple(
        PastError(h := chance.uniform(1, 9), h * chance.lognormvariate(0, 0.5)) for _ in range(300)
    )

    drawn = [chance.choices(errors, k=length) for _ in range(3000)]
    ratios = [sum(one.actual_hours for one in some) / sum(one.mean_hours for one in some) for some in drawn]

    computed = simulation._variance_of_chance(errors, length)
    assert computed == pytest.approx(pvariance(map(math.log, ratios)), rel=0.08)
