"""Forecasts the hours of a task, alone or with a specialist's figure, and of many tasks together.

Notes
-----
Formulas and measurements: docs/estimation.md. Worked examples: ``tests/unit/domain/test_effort.py``.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from vitrina.domain.estimating.norms import (
    LEAST_ERRORS,
    PROMISED,
    Basis,
    EffortNorm,
    Norms,
    PastError,
    quantile,
)

if TYPE_CHECKING:
    import numpy as np

    Floats = np.ndarray[Any, np.dtype[np.float64]]
    #: Places of some tasks, and their ratios: a row for each, with ``DRAWS`` columns.
    Drawn = tuple[Sequence[int], Floats]

#: Up to this ratio between the norm and the specialist's figure, the figure is used as it is.
TRUSTED_RATIO = 1.5

#: Beyond it the figure is moved by this share of the remaining distance to the norm.
TOWARDS_NORM = 0.5

#: Draws of the simulation: with a thousand the error of P85 is about one per cent.
DRAWS = 1000

#: Errors of a task are drawn from one part in so many of the past tasks, those with the most similar hours:
#: small tasks overrun and vary more.
ALIKE = 3

#: So many tasks are drawn at a time: their ratios stay in the cache of the processor.
BLOCK = 64

#: Seed of the simulation: the same backlog always gives the same figures.
SEED = 85


class Task(Struct, frozen=True):
    """What is known of a task before it begins; ``specialist_hours`` are for its whole ``quantity``."""

    work_type: str
    profile: str
    quantity: float = 1.0
    size: str = ""
    specialist_hours: float | None = None


class Forecast(Struct, frozen=True):
    """Hours for all units of a task; ``p85_hours`` is ``None`` while too few past errors are known."""

    typical_hours: float
    mean_hours: float
    p85_hours: float | None
    basis: Basis
    norm: EffortNorm


class Total(Struct, frozen=True):
    """Hours of many tasks together: 50 and 85 of 100 such sums stay under the two figures."""

    p50_hours: float
    p85_hours: float


def forecast(norms: Norms, task: Task) -> Forecast | None:
    """Expected hours of a task; ``None`` if no norm applies.

    A specialist's figure is used once enough of such figures can be compared with actual hours.
    """
    found = norms.find(task.work_type, task.size, task.profile)
    if found is None:
        return None
    norm, basis = found
    typical, mean = norm.typical_hours * task.quantity, norm.hours_per_unit * task.quantity
    ratio = norms.ratios.get(task.profile, norms.ratios.get(""))
    if task.specialist_hours and ratio is not None:
        basis = Basis.SPECIALIST
        mean = math.sqrt(task.specialist_hours * ratio * mean)
        typical = towards_norm(task.specialist_hours, typical)
    high = norms.promise_ratios[basis]
    return Forecast(typical, mean, None if high is None else mean * high, basis, norm)


def towards_norm(specialist_hours: float, norm_hours: float) -> float:
    """The specialist's figure, moved towards a norm that differs by more than ``TRUSTED_RATIO``.

    Distances are ratios. If the norm is 6 times the figure, 6 / 1.5 = 4 remains, and half the distance is a
    factor of 2.
    """
    gap = math.log(norm_hours / specialist_hours)
    beyond = max(abs(gap) - math.log(TRUSTED_RATIO), 0.0)
    return specialist_hours * math.exp(math.copysign(beyond * TOWARDS_NORM, gap))


def total(norms: Norms, means: Sequence[tuple[float, Basis]]) -> Total | None:
    """P50 and P85 of the sum of tasks with these mean hours; ``None`` if too few past errors are known."""
    # Imported here because most requests do not need it.
    import numpy as np  # noqa: PLC0415

    drawn = draw_ratios(norms, means)
    if not means or drawn is None:
        return None
    sums = np.zeros(DRAWS)
    for places, ratios in drawn:
        sums += np.array([means[place][0] for place in places]) @ ratios
    p50, p85 = (quantile(sums.tolist(), ratio) for ratio in (0.5, PROMISED))
    return Total(p50, p85)


def draw_ratios(norms: Norms, means: Sequence[tuple[float, Basis]]) -> Iterator[Drawn] | None:
    """Ratios of actual to mean hours of all tasks, some at a time; ``None`` if too few past errors are known.

    The error of each task is drawn from past tasks with similar hours and multiplied by a common factor of
    the draw, because tasks of the same month tend to be late together. The spread of the factor is the part
    of the variance of past sums that independent errors do not explain. The same tasks get the same ratios.
    """
    pools = {basis: norms.pooled_errors(basis) for _, basis in means}
    known = {basis: errors for basis, errors in sorted(pools.items()) if errors is not None}
    return _draw(known, means) if len(known) == len(pools) else None


def _draw(
    pools: Mapping[Basis, Sequence[PastError]], means: Sequence[tuple[float, Basis]]
) -> Iterator[Drawn]:
    import numpy as np  # noqa: PLC0415

    if not means:
        return
    random = np.random.default_rng(SEED)
    widest = max(pools.values(), key=len)
    # The variance is estimated from few sums, so Student's distribution is used, not the normal one.
    steps = random.standard_t(max(_sums_of(widest, len(means)) - 1, 1.0), DRAWS)
    common = np.exp(common_spread(widest, len(means)) * steps)
    for basis, errors in pools.items():
        places = [place for place, (_, own) in enumerate(means) if own is basis]
        ratios, firsts, widths = _alike(errors, [means[place][0] for place in places])
        for start in range(0, len(places), BLOCK):
            block = slice(start, start + BLOCK)
            drawn = random.random((len(places[block]), DRAWS))
            drawn *= widths[block, None]
            picked = drawn.astype(np.intp)
            picked += firsts[block, None]
            np.take(ratios, picked, out=drawn, mode="clip")
            drawn *= common
            yield places[block], drawn


def _alike(
    errors: Sequence[PastError], hours: Sequence[float]
) -> tuple[Floats, np.ndarray[Any, np.dtype[np.intp]], np.ndarray[Any, np.dtype[np.intp]]]:
    """Ratios of past tasks by their mean hours, and for each of *hours* which of them are alike.

    These are the third whose mean hours are nearest: the place of the first one, and their count. Tasks with
    equal means, rounded to the tenth of an hour that people see, are included or left out together.
    """
    import numpy as np  # noqa: PLC0415

    exact, actual = (np.array(column) for column in zip(*sorted(errors), strict=True))
    means, wanted = np.round(exact, 1), np.round(hours, 1)
    width = min(len(means), max(LEAST_ERRORS, len(means) // ALIKE))
    middles = (np.searchsorted(means, wanted, "left") + np.searchsorted(means, wanted, "right")) // 2
    starts = np.clip(middles - width // 2, 0, len(means) - width)
    firsts = np.searchsorted(means, means[starts], "left")
    ends = np.searchsorted(means, means[starts + width - 1], "right")
    return actual / exact, firsts, ends - firsts


def _sums_of(errors: Sequence[PastError], count: int) -> float:
    """Number of past sums of *count* neighbouring tasks that do not overlap, at least three."""
    return max(3.0, len(errors) / count)


def common_spread(errors: Sequence[PastError], count: int) -> float:
    """Standard deviation of the logarithm of the common factor of the next *count* tasks.

    With ``m`` past sums that do not overlap its square is ``variance of sums * (m + 1) / (m - 1) - variance
    of independent errors``; the fraction corrects for an average that is estimated from ``m`` sums.
    """
    import numpy as np  # noqa: PLC0415

    # At most a third of the past, so that at least three sums do not overlap.
    length = min(count, len(errors) // 3)
    means, actual = (np.array(column) for column in zip(*errors, strict=True))
    planned, took = (np.convolve(values, np.ones(length), "valid") for values in (means, actual))
    between = float(np.var(np.log(took / planned)))
    random = np.random.default_rng(SEED)
    drawn = random.integers(0, len(errors), (DRAWS, length))
    of_chance = float(np.var(np.log(actual[drawn].sum(axis=1) / means[drawn].sum(axis=1))))
    sums = _sums_of(errors, count)
    return math.sqrt(max(0.0, between * (sums + 1) / (sums - 1) - of_chance))
