"""Forecasts: what a task will take, what a specialist's figure makes of it, and what many take together.

Notes
-----
Formulas and measurements: docs/estimation.md. Worked examples: ``tests/unit/domain/test_effort.py``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from vitrina.domain.estimating.norms import LEAST_ERRORS, PROMISED, Basis, EffortNorm, Norms, PastError

if TYPE_CHECKING:
    import numpy as np

    Floats = np.ndarray[Any, np.dtype[np.float64]]

#: As long as the norm differs from the specialist by no more, the specialist is right.
TRUSTED_RATIO = 1.5

#: Beyond that the figure goes this share of the way to the norm.
TOWARDS_NORM = 0.5

#: Runs of the simulation: a thousand give P85 to about a percent.
DRAWS = 1000

#: A task errs like this part of the past ones, those of nearly its hours: small ones overrun and vary more.
ALIKE = 3

#: Seed of the simulation, so that the same backlog has the same figures at every look.
SEED = 85


@dataclass(frozen=True)
class Task:
    """What is known of a task beforehand; ``specialist_hours`` are for all of its ``quantity``."""

    work_type: str
    profile: str
    quantity: float = 1.0
    size: str = ""
    specialist_hours: float | None = None


@dataclass(frozen=True)
class Forecast:
    """Hours for all units of a task. ``p85_hours`` is ``None`` where too few forecasts have come out yet."""

    typical_hours: float
    mean_hours: float
    p85_hours: float | None
    basis: Basis
    norm: EffortNorm


@dataclass(frozen=True)
class Total:
    """Hours of many tasks: half of such sums stay under the first figure, 85 of 100 under the second."""

    p50_hours: float
    p85_hours: float


def forecast(norms: Norms, task: Task) -> Forecast | None:
    """What a task takes; ``None`` where no norm says anything.

    A specialist's figure counts as soon as enough of them have come out to know how they do.
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
    """The specialist's figure, moved half the way to a norm that is more than half as large again or less.

    As ratios: of a norm that is 6 times the figure, a ratio of 6 / 1.5 = 4 is left, and half the way is 2.
    """
    gap = math.log(norm_hours / specialist_hours)
    beyond = max(abs(gap) - math.log(TRUSTED_RATIO), 0.0)
    return specialist_hours * math.exp(math.copysign(beyond * TOWARDS_NORM, gap))


def total(norms: Norms, means: Sequence[tuple[float, Basis]]) -> Total | None:
    """P50 and P85 of the sum of tasks with these mean hours; ``None`` where the past is too thin to say."""
    # Here, not at the top: most requests add nothing up.
    import numpy as np  # noqa: PLC0415

    if not means:
        return None
    ratios = draw_ratios(norms, means)
    if ratios is None:
        return None
    p50, p85 = np.quantile(ratios @ np.array([mean for mean, _ in means]), [0.5, PROMISED])
    return Total(float(p50), float(p85))


def draw_ratios(norms: Norms, means: Sequence[tuple[float, Basis]], draws: int = DRAWS) -> Floats | None:
    """How many times its mean each task takes, a line for each draw; ``None`` where the past is too thin.

    Each task errs as some task of about its hours did in the past, and all of them together by a common
    factor: what is late in one task of a month is late in others. Its spread is what sums of as many past
    tasks varied more than independent errors would.
    """
    import numpy as np  # noqa: PLC0415

    pools = {basis: norms.pooled_errors(basis) for _, basis in means}
    random = np.random.default_rng(SEED)
    ratios = np.ones((draws, len(means)))
    for basis, errors in sorted(pools.items()):
        if errors is None:
            return None
        places = [place for place, (_, own) in enumerate(means) if own is basis]
        hours = [means[place][0] for place in places]
        ratios[:, places] = _ratios_of_alike(errors, hours, random, draws)
    widest = max((errors for errors in pools.values() if errors), key=len, default=())
    if not widest:
        return ratios
    # Of few past sums nobody knows how far the next one may lie: Student's distribution, not the normal one.
    steps = random.standard_t(max(_sums_of(widest, len(means)) - 1, 1.0), draws)
    drawn: Floats = ratios * np.exp(common_spread(widest, len(means)) * steps)[:, None]
    return drawn


def _ratios_of_alike(
    errors: Sequence[PastError], hours: Sequence[float], random: np.random.Generator, draws: int
) -> Floats:
    """Ratios of past tasks whose mean was like each of *hours*: the third of them that is nearest by rank.

    Tasks of the same mean, to the tenth of an hour that people see, are all of them taken, or none.
    """
    import numpy as np  # noqa: PLC0415

    exact, actual = (np.array(column) for column in zip(*sorted(errors), strict=True))
    means, wanted = np.round(exact, 1), np.round(hours, 1)
    width = min(len(means), max(LEAST_ERRORS, len(means) // ALIKE))
    middles = (np.searchsorted(means, wanted, "left") + np.searchsorted(means, wanted, "right")) // 2
    starts = np.clip(middles - width // 2, 0, len(means) - width)
    firsts = np.searchsorted(means, means[starts], "left")
    ends = np.searchsorted(means, means[starts + width - 1], "right")
    ratios: Floats = (actual / exact)[random.integers(firsts, ends, (draws, len(hours)))]
    return ratios


def _sums_of(errors: Sequence[PastError], count: int) -> float:
    """How many past sums of *count* neighbouring tasks do not overlap, three at least."""
    return max(3.0, len(errors) / count)


def common_spread(errors: Sequence[PastError], count: int) -> float:
    """Spread of the logarithm of the factor that the next *count* tasks have in common.

    With ``m`` past sums that do not overlap its square is ``variance of sums * (m + 1) / (m - 1) - variance
    by chance``: the sums vary around an average that is itself known from ``m`` of them only.
    """
    import numpy as np  # noqa: PLC0415

    # A third of the past, at most, so that at least three sums do not overlap.
    length = min(count, len(errors) // 3)
    means, actual = (np.array(column) for column in zip(*errors, strict=True))
    planned, took = (np.convolve(values, np.ones(length), "valid") for values in (means, actual))
    between = float(np.var(np.log(took / planned)))
    random = np.random.default_rng(SEED)
    drawn = random.integers(0, len(errors), (DRAWS, length))
    of_chance = float(np.var(np.log(actual[drawn].sum(axis=1) / means[drawn].sum(axis=1))))
    sums = _sums_of(errors, count)
    return math.sqrt(max(0.0, between * (sums + 1) / (sums - 1) - of_chance))
