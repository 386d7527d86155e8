"""Effort norms, with the arithmetic written out."""

from datetime import date

import pytest

from vitrina.domain.norms import EffortNorm, FinishedWork, average, norms_by_work_type

DAY = date(2026, 6, 1)


def work(work_type: str, profile: str, hours: float, quantity: float = 1.0) -> FinishedWork:
    """One fact."""
    return FinishedWork(work_type, profile, hours, quantity, DAY)


def test_average_is_the_mean_with_count_and_spread() -> None:
    """Mean (2 + 4 + 9) / 3 = 5; deviations -3, -1, 4; spread √((9 + 1 + 16) / 2) = √13."""
    [norm] = average([work("Баннер", "design", hours) for hours in (2, 4, 9)])

    assert norm.hours_per_unit == pytest.approx(5.0)
    assert norm.fact_count == 3
    assert norm.spread_hours == pytest.approx(13**0.5)


def test_average_counts_hours_of_one_unit() -> None:
    """6 h for 3 units are 2 h each, 4 h for 1 unit are 4 h: mean (2 + 4) / 2 = 3."""
    [norm] = average([work("Текст", "copy", 6, 3), work("Текст", "copy", 4, 1)])

    assert norm.hours_per_unit == pytest.approx(3.0)
    assert norm.estimate_hours(2.5) == 7.5


@pytest.mark.parametrize(
    ("hours_per_unit", "quantity", "hours"),
    [
        (3.15, 1, 3.2),  # 3.15 is a little less than 3.15 as a binary fraction
        (0.05, 1, 0.1),  # a half goes up, also from an even digit
        (1.05, 3, 3.2),  # 3.1500000000000004
        (3.1499, 1, 3.1),
        (4.0, 2.5, 10.0),
    ],
)
def test_estimate_is_rounded_as_on_paper(hours_per_unit: float, quantity: float, hours: float) -> None:
    """To a tenth of an hour, halves up."""
    norm = EffortNorm("Текст", "copy", hours_per_unit, fact_count=4, spread_hours=0.0)

    assert norm.estimate_hours(quantity) == hours


def test_average_keeps_work_types_and_profiles_apart() -> None:
    """Two profiles of one work type have a norm each."""
    norms = average(
        [work("Лендинг", "design", 8), work("Лендинг", "development", 20), work("Баннер", "design", 2)]
    )

    table = norms_by_work_type(norms)
    assert {(w, p): n.hours_per_unit for w, by in table.items() for p, n in by.items()} == {
        ("Баннер", "design"): 2.0,
        ("Лендинг", "design"): 8.0,
        ("Лендинг", "development"): 20.0,
    }


def test_average_of_one_fact_has_no_spread() -> None:
    """One fact is a mean with spread 0, not with NaN."""
    assert average([work("Баннер", "design", 3)]) == [EffortNorm("Баннер", "design", 3.0, 1, 0.0)]


def test_average_leaves_out_work_that_says_nothing() -> None:
    """Without hours or quantity there is nothing to average."""
    assert average([work("Баннер", "design", 0), work("Баннер", "design", 3, 0)]) == []
    assert average([]) == []
