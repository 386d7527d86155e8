"""Forecasts the hours of a task, alone or with a specialist's figure, and of many tasks together.

Notes
-----
Formulas and measurements: docs/estimation.md. Worked examples: ``tests/unit/domain/test_effort.py``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from msgspec import Struct

from vitrina.domain.estimating.norms import PROMISED, Basis, EffortNorm, Norms, quantile
from vitrina.domain.estimating.simulation import simulate

#: Up to this ratio between the norm and the specialist's figure, the figure is used as it is.
TRUSTED_RATIO = 1.5

#: Beyond it the figure is moved by this share of the remaining distance to the norm.
TOWARDS_NORM = 0.5


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
    simulation = simulate(norms, means)
    if simulation is None:
        return None
    sums = simulation.sums(range(len(means)))
    return Total(quantile(sums, 0.5), quantile(sums, PROMISED))
