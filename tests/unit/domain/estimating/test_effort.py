"""Forecasts of tasks and of sums, with their calculation."""

from __future__ import annotations

import math
import random
from datetime import date, timedelta

import pytest

from vitrina.domain.estimating.effort import (
    Task,
    forecast,
    total,
    towards_norm,
)
from vitrina.domain.estimating.learning import learn
from vitrina.domain.estimating.norms import Basis, FinishedWork, Norms, PastError, quantile

DAY = date(2026, 1, 12)


def banners(*hours: float, given: float | None = None) -> list[FinishedWork]:
    """Facts of one kind, a day apart."""
    return [
        FinishedWork("Баннер", "design", one, 1.0, DAY + timedelta(days=n), "", given)
        for n, one in enumerate(hours)
    ]


def with_errors(*ratios: float) -> Norms:
    """Norms of which only past errors are known, each of a forecast of 1 h."""
    return Norms(errors={Basis.TYPE: tuple(PastError(1.0, ratio) for ratio in ratios)})


def test_a_task_takes_the_norm_times_its_quantity() -> None:
    """4 units of 3 h take 12 h. There is too little finished work for a P85."""
    made = forecast(learn(banners(3, 3, 3)), Task("баннер", "design", quantity=4))

    assert made is not None
    assert (made.typical_hours, made.mean_hours) == pytest.approx((12.0, 12.0))
    assert made.p85_hours is None


def test_a_task_like_no_other_has_no_forecast_without_a_history() -> None:
    """A new kind of task has a forecast only with a history, from the group of everything."""
    assert forecast(learn([]), Task("Аудит", "seo")) is None
    made = forecast(learn(banners(3, 3, 3)), Task("Аудит", "seo"))
    assert made is not None
    assert made.mean_hours == pytest.approx(3.0)


@pytest.mark.parametrize(
    ("given", "norm", "combined"),
    [
        (4.0, 4.0, 4.0),
        (4.0, 6.0, 4.0),  # half as large again: the specialist is right
        (2.0, 12.0, 4.0),  # 6 times; 6 / 1.5 = 4 is too much, half the way of 4 is 2: 2 * 2
        (12.0, 2.0, 6.0),  # the same the other way: 12 / 2
    ],
)
def test_a_specialists_figure_goes_half_the_way_to_a_norm_far_off(
    given: float, norm: float, combined: float
) -> None:
    """Beyond a factor of 1.5 the figure moves half of the rest of the way to the norm."""
    assert towards_norm(given, norm) == pytest.approx(combined)


def test_a_specialists_figure_counts_when_enough_have_come_out() -> None:
    """Twelve estimates of 2 h took 3 h each: ratio 1.5. The new estimate is 4 h.

    The mean is √(4 * 1.5 * 3) = 4.243 h, and the typical figure 4 h, because the norm of 3 h is near.
    """
    norms = learn(banners(*[3.0] * 12, given=2.0))

    made = forecast(norms, Task("Баннер", "design", specialist_hours=4.0))

    assert made is not None
    assert made.basis is Basis.SPECIALIST
    assert made.mean_hours == pytest.approx(math.sqrt(18))
    assert made.typical_hours == pytest.approx(4.0)


def test_a_specialists_figure_stands_alone_before() -> None:
    """Without enough finished work with such figures the specialist's figure is used alone."""
    made = forecast(learn(banners(3, 3, 3)), Task("Баннер", "design", specialist_hours=4.0))

    assert made is not None
    assert (made.basis, made.mean_hours) == (Basis.TYPE, pytest.approx(3.0))


def test_quantile_lies_between_two_values() -> None:
    """The 0.85 quantile of 1, 2, 3, 4 is 2.55 steps from the first: 3 + 0.55."""
    assert quantile([4, 1, 3, 2], 0.85) == pytest.approx(3.55)
    assert quantile([7], 0.85) == 7


def test_promise_is_what_85_of_100_past_tasks_stayed_under() -> None:
    """Of the ratios 0.1, 0.2, … 10.0 the position is 0.85 * 99 = 84.15, which is 8.5 + 0.15 * 0.1."""
    norms = with_errors(*(n / 10 for n in range(1, 101)))

    assert norms.promise_ratios[Basis.TYPE] == pytest.approx(8.515)
    assert norms.promise_ratios[Basis.SIZE] == pytest.approx(8.515)


def test_no_promise_from_a_thin_past() -> None:
    """With 29 errors there is no P85, with 30 there is one."""
    assert with_errors(*[1.0] * 29).promise_ratios[Basis.TYPE] is None
    assert with_errors(*[1.0] * 30).promise_ratios[Basis.TYPE] == 1.0


def test_a_sum_of_tasks_that_never_err_is_their_sum() -> None:
    """Without past errors the total of 2, 3 and 5 h is their sum."""
    made = total(with_errors(*[1.0] * 60), [(hours, Basis.TYPE) for hours in (2.0, 3.0, 5.0)])

    assert made is not None
    assert (made.p50_hours, made.p85_hours) == pytest.approx((10.0, 10.0))


def test_a_sum_is_refused_where_the_past_is_thin() -> None:
    """With too few errors there is no total, as there is no P85."""
    assert total(with_errors(*[1.0] * 29), [(2.0, Basis.TYPE)]) is None
    assert total(with_errors(*[1.0] * 60), []) is None


def test_a_sum_is_no_sum_of_promises() -> None:
    """Independent errors compensate each other: the P85 of 40 tasks is far below the sum of their P85s.

    Half of the tasks take 0.5, half 1.5 of their forecast: the sum of 40 hours spreads by √40 / 2 = 3.2 h,
    so that P85 is about 40 + 3.3 h, while each P85 is 1.5 h, 60 h together.
    """
    norms = with_errors(*[0.5, 1.5] * 60)

    made = total(norms, [(1.0, Basis.TYPE)] * 40)

    assert made is not None
    assert made.p50_hours == pytest.approx(40, abs=0.6)
    assert made.p85_hours == pytest.approx(43.3, abs=0.6)


def test_common_errors_widen_the_sum() -> None:
    """The same errors in runs of forty, as in good and bad months, give a far higher P85."""
    norms = with_errors(*[0.5] * 40, *[1.5] * 40, *[0.5] * 40, *[1.5] * 40)

    made = total(norms, [(1.0, Basis.TYPE)] * 40)

    assert made is not None
    assert made.p85_hours > 50


def test_the_same_backlog_has_the_same_sum() -> None:
    """The total of a backlog is always the same, because the seed is fixed."""
    norms = with_errors(*(n / 50 for n in range(1, 101)))
    tasks = [(float(n), Basis.TYPE) for n in range(1, 20)]

    assert total(norms, tasks) == total(norms, tasks)


def test_sums_of_forecasts_with_a_figure_are_as_high_as_the_hours() -> None:
    """Of tasks that differ much, the geometric mean of norm and figure is a tenth too low in sums."""
    biases = []
    for seed in range(5):
        chance = random.Random(seed)
        works = []
        for number in range(900):
            hours = chance.lognormvariate(1, 1)
            spent, given = (hours * chance.lognormvariate(0, spread) for spread in (0.4, 0.3))
            day = date(2025, 1, 1) + timedelta(days=number)
            works.append(FinishedWork("Баннер", "design", spent, 1.0, day, "", max(0.1, given)))
        norms = learn(works[:600])
        made = [
            forecast(norms, Task("Баннер", "design", specialist_hours=work.specialist_hours))
            for work in works[600:]
        ]
        biases.append(sum(one.mean_hours for one in made if one) / sum(work.hours for work in works[600:]))

    print(biases)  # noqa: T201 - the figures are wanted
    assert 0.95 <= sum(biases) / len(biases) <= 1.05
