"""Effort norms from small histories, with their calculation."""

import math
from collections.abc import Sequence
from datetime import date, timedelta

import pytest

from vitrina.domain.estimating.learning import learn, start_with
from vitrina.domain.estimating.norms import (
    Basis,
    EffortNorm,
    FinishedWork,
    NormCell,
    Norms,
    NormSource,
    norms_from_document,
    tenth,
)

DAY = date(2026, 6, 1)


def work(
    work_type: str,
    profile: str,
    hours: float,
    quantity: float = 1.0,
    *,
    size: str = "",
    given: float | None = None,
    day: int = 0,
) -> FinishedWork:
    """One fact."""
    return FinishedWork(work_type, profile, hours, quantity, DAY + timedelta(days=day), size, given)


def banners(*hours: float) -> list[FinishedWork]:
    """Facts of one kind."""
    return [work("Баннер", "design", one) for one in hours]


def norm_of(works: Sequence[FinishedWork], work_type: str = "баннер", size: str = "") -> EffortNorm:
    """The norm of a work type's designer."""
    return learn(works).cells[NormCell(work_type, size, "design")]


def test_no_history_has_no_norms() -> None:
    """No history, and work without hours or quantity, give no norms."""
    assert learn([]).shown == []
    assert learn([work("Баннер", "design", 0), work("Баннер", "design", 3, 0)]).shown == []


def test_one_fact_is_the_norm_where_there_is_no_other() -> None:
    """With one fact of 3 h all groups have 3 h."""
    norm = norm_of(banners(3))

    assert (norm.typical_hours, norm.hours_per_unit) == pytest.approx((3.0, 3.0))
    assert (norm.fact_count, norm.spread_hours) == (1, 0.0)


def test_facts_that_agree_are_the_norm() -> None:
    """For 3, 3 and 3 h there is no spread, so typical and mean are 3."""
    norm = norm_of(banners(3, 3, 3))

    assert (norm.typical_hours, norm.hours_per_unit) == pytest.approx((3.0, 3.0))
    assert (norm.fact_count, norm.spread_hours) == (3, 0.0)


def test_norms_are_of_one_unit() -> None:
    """6 h for 3 units and 2 h for 1 unit are 2 h for each unit; 2.5 units take 5 h."""
    norm = norm_of([work("Баннер", "design", 6, 3), work("Баннер", "design", 2)])

    assert norm.typical_hours == pytest.approx(2.0)
    assert norm.estimate_hours(2.5) == 5.0


def test_spread_is_the_sample_standard_deviation() -> None:
    """2, 4 and 9 h: the average is 5, deviations -3, -1, 4; √((9 + 1 + 16) / 2) = √13."""
    norm = norm_of(banners(2, 4, 9))

    assert norm.spread_hours == pytest.approx(13**0.5)


def test_typical_of_one_group_is_the_geometric_mean() -> None:
    """For 1 and 4 h the mean of the logarithms is ln 2; a group that is everything is its own parent."""
    norm = norm_of(banners(1, 4))

    assert norm.typical_hours == pytest.approx(2.0)


def test_single_facts_borrow_from_everything() -> None:
    """Banners take 2 h, landing pages 8 h: everything is √(2 * 8) = 4 h.

    One fact against six of the parent goes 1/7 of the way, twice, as work type and as its profile:
    1 - (6/7)² = 13/49 of the way from 4 to 2 in logarithms, which is 4 * (2/4)^(13/49) = 3.328.
    """
    works = [work("Баннер", "design", 2), work("Лендинг", "design", 8)]

    assert norm_of(works).typical_hours == pytest.approx(4 * 0.5 ** (13 / 49))
    assert norm_of(works, "лендинг").typical_hours == pytest.approx(4 * 2 ** (13 / 49))


def test_groups_whose_facts_agree_hardly_borrow() -> None:
    """Banners take 3 and 3 h, landing pages 12 and 12 h: there is no spread inside the groups.

    The ratio of spreads is at its bound of 1e-12; two repeats against a start that counts as ten make
    k = (6^10 * 1e-12^2)^(1/12) = 0.0445, so the banner goes 2 / 2.0445 of the way from 6 to 3.
    """
    cells = learn(
        [work(kind, "design", hours) for kind, hours in (("Баннер", 3), ("Лендинг", 12)) for _ in range(2)]
    ).cells

    k = (6**10 * 1e-12**2) ** (1 / 12)
    assert k == pytest.approx(0.0445, abs=1e-4)
    assert cells[NormCell("баннер", "", "")].typical_hours == pytest.approx(6 * 0.5 ** (2 / (2 + k)))


def test_a_wrong_time_log_counts_in_the_mean_only_and_little() -> None:
    """2, 2, 2 and 200 h: 200 is more than 8 times the middle of the others, so the typical figure is 2.

    In the mean it counts as 2 + 0.045 * (8 + 50 * 2) = 6.86 h: everything (2 + 2 + 2 + 6.86 + 100) / 108
    = 1.045, the banner (12.86 + 100 * 1.045) / 108 = 1.0867, so the mean is 2 * 1.0867 = 2.173.
    """
    norm = norm_of(banners(2, 2, 2, 200))

    assert norm.typical_hours == pytest.approx(2.0)
    assert norm.hours_per_unit == pytest.approx(2 * (12.86 + 100 * 112.86 / 108) / 108)
    assert norm.fact_count == 4


def test_mean_is_above_typical_where_few_take_long() -> None:
    """Of hundred banners ten take 6 h, the others 2 h: typical 2^0.9 * 6^0.1 = 2.232 h, mean about 2.39.

    The ratio starts near 1 and leans on it by 50 parts of 150: G = (240 + 50 * 2.232) / (150 * 2.232) = 1.05;
    the banner's own leans on G as much: (240 + 50 * 2.232 * 1.05) / (150 * 2.232) = 1.067 of 2.232.
    """
    norm = norm_of(banners(*([2.0] * 90), *([6.0] * 10)))

    assert norm.typical_hours == pytest.approx(2**0.9 * 6**0.1)
    assert norm.hours_per_unit == pytest.approx(2.232 * 1.067, abs=0.01)


def test_sizes_have_norms_of_their_own() -> None:
    """Small tasks take 2 h and medium ones 6 h; without a size there is one group between both."""
    works = [work("Баннер", "design", hours, size=size) for size, hours in (("s", 2), ("m", 6))] * 10

    assert norm_of(works, size="s").typical_hours == pytest.approx(2.0, rel=0.01)
    assert norm_of(works, size="m").typical_hours == pytest.approx(6.0, rel=0.01)
    assert norm_of(works).typical_hours == pytest.approx(math.sqrt(12))


def test_work_types_are_equal_in_any_letter_case() -> None:
    """Work types are equal in any letter case; the spelling of the last one is shown."""
    [norm] = learn([work("баннер", "design", 3), work("Баннер", "design", 3, day=1)]).shown

    assert (norm.work_type, norm.fact_count) == ("Баннер", 2)


def test_hours_that_specialists_gave_have_a_ratio() -> None:
    """Twelve times 2 h were given and 3 h spent: 36 / 24 = 1.5; eleven are too few.

    The profile's own leans on it: (36 + 200 * 1.5) / (24 + 200) = 1.5.
    """
    works = [work("Баннер", "design", 3, given=2) for _ in range(12)]

    assert learn(works).ratios == pytest.approx({"": 1.5, "design": 1.5})
    assert learn(works[1:]).ratios == {}


def test_a_norm_by_hand_wins_and_the_facts_stay_beside_it() -> None:
    """With facts of 3 h and a typed norm of 5 h the norm is 5 h, and the facts are kept beside it."""
    cell = NormCell("баннер", "", "design")
    norms = learn(banners(3, 3, 3)).pinned({cell: ("Баннер", 5.0)})

    found = norms.find("Баннер", "", "design")
    assert found is not None
    assert (found[0].hours_per_unit, found[0].source) == (5.0, NormSource.PINNED)
    assert found[0].facts_hours == pytest.approx(3.0)
    by_size = norms.find("Баннер", "m", "design")
    assert by_size is not None
    assert by_size[0].hours_per_unit == 5.0


def test_a_starting_guess_counts_as_much_as_six_facts() -> None:
    """A guess of 4 h, on average 4 * 1.3 = 5.2 h.

    With two facts of 16 h it still is six of eight: 4^(6/8) * 16^(2/8) = 5.657; with six, half the way, 8 h.
    """
    cell = NormCell("баннер", "", "design")
    guess = {cell: ("Баннер", 4.0)}

    alone = start_with(learn([]), guess).cells[cell]
    few = start_with(learn(banners(16, 16)), guess).cells[cell]
    many = start_with(learn(banners(*[16] * 6)), guess).cells[cell]

    assert (alone.typical_hours, alone.hours_per_unit, alone.source) == pytest.approx((4.0, 5.2, "start"))
    assert few.typical_hours == pytest.approx(4**0.75 * 16**0.25)
    assert few.source is NormSource.START
    assert (many.typical_hours, many.source) == (pytest.approx(8.0), NormSource.FACTS)


def test_a_size_is_believed_when_enough_of_it_is_finished() -> None:
    """A size is used when twelve tasks of it are finished, also for a new work type; eleven are too few."""
    others = [work("Статья", "copy", 2, size="s", day=n) for n in range(12)]
    kind = [work("Баннер", "design", 6)]

    few, enough = learn(others[1:] + kind), learn(others + kind)

    assert [few.find("Баннер", "s", "design")[1], enough.find("Баннер", "s", "design")[1]] == [  # type: ignore[index]
        Basis.TYPE,
        Basis.SIZE,
    ]


def test_errors_are_of_forecasts_that_did_not_know_the_outcome() -> None:
    """After forty banners of 2 h twenty take 4 h; the first block of 8 after the change was forecast 2 h."""
    works = [work("Баннер", "design", 2 if n < 40 else 4, day=n) for n in range(60)]

    errors = learn(works).errors[Basis.TYPE]

    # A replay begins after twenty facts, in five blocks of eight: 20-27, 28-35, 36-43, …
    assert len(errors) == 40
    assert [error.ratio for error in errors[:20]] == pytest.approx([1.0] * 20)
    assert [error.ratio for error in errors[20:24]] == pytest.approx([2.0] * 4)


def test_norms_survive_the_store() -> None:
    """Norms that were written to a document are read back unchanged."""
    works = [
        work("Баннер", "design", 2 + n % 3, size="s" if n % 2 else "", given=2, day=n) for n in range(60)
    ]
    norms = learn(works).pinned({NormCell("статья", "", "copy"): ("Статья", 5.0)})

    again = norms_from_document(norms.data())

    assert again.cells == norms.cells
    assert again.ratios == norms.ratios
    assert [len(errors) for errors in again.errors.values()] == [
        len(errors) for errors in norms.errors.values()
    ]


def test_the_order_of_the_history_changes_nothing() -> None:
    """The order of the history does not matter, only the days."""
    works = [work("Баннер", "design", 1 + n % 5, day=n) for n in range(50)]

    assert learn(works).cells == learn(works[::-1]).cells


@pytest.mark.parametrize(
    ("hours", "shown"),
    [
        (3.15, 3.2),  # 3.15 is a little less than 3.15 as a binary fraction
        (0.05, 0.1),  # a half goes up, also from an even digit
        (1.05 * 3, 3.2),  # 3.1500000000000004
        (3.1499, 3.1),
        (4.0 * 2.5, 10.0),
    ],
)
def test_estimates_are_rounded_as_on_paper(hours: float, shown: float) -> None:
    """Estimates are rounded to a tenth of an hour, halves up."""
    assert tenth(hours) == shown


def test_shown_norms_are_of_a_work_type_and_a_profile() -> None:
    """Only norms of a work type and profile are shown, not those of larger groups."""
    norms = learn([work("Баннер", "design", 2), work("Лендинг", "design", 8), work("Лендинг", "copy", 4)])

    assert [(norm.work_type, norm.profile) for norm in norms.shown] == [
        ("Баннер", "design"),
        ("Лендинг", "copy"),
        ("Лендинг", "design"),
    ]
    assert Norms().shown == []
