"""Effort norms: averages of what the agency's finished work took."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

#: Estimates are given to a tenth of an hour: six minutes are finer than anyone can promise.
STEP_HOURS = Decimal("0.1")

#: What lies behind this digit is noise of binary fractions, such as the 3.1499999… that stands for 3.15.
NOISE_DIGITS = 9


class FinishedWork(NamedTuple):
    """Hours that one profile spent on one finished item of ``quantity`` units."""

    work_type: str
    profile: str
    hours: float
    quantity: float
    finished_on: date


@dataclass(frozen=True)
class EffortNorm:
    """Hours that one unit of a work type takes from one profile.

    ``spread_hours`` is the sample standard deviation, 0 for a single fact.
    """

    work_type: str
    profile: str
    hours_per_unit: float
    fact_count: int
    spread_hours: float

    def estimate_hours(self, quantity: float) -> float:
        """Hours for *quantity* units, to a tenth; halves go up, as in a sheet and on paper."""
        exact = Decimal(repr(round(self.hours_per_unit * quantity, NOISE_DIGITS)))
        return float(exact.quantize(STEP_HOURS, ROUND_HALF_UP))


def average(history: Iterable[FinishedWork]) -> list[EffortNorm]:
    """Mean, count and spread of the hours per unit, for each work type and profile.

    Work without hours or quantity says nothing and is left out.

    Notes
    -----
    Worked example: ``tests/unit/domain/test_norms.py``.
    """
    # Here, not at the top: pandas takes a third of a second, and most requests do not average.
    import pandas as pd  # noqa: PLC0415

    facts = pd.DataFrame(list(history), columns=list(FinishedWork._fields))
    facts = facts[(facts["hours"] > 0) & (facts["quantity"] > 0)]
    if facts.empty:
        return []
    facts = facts.assign(per_unit=facts["hours"] / facts["quantity"])
    groups = facts.groupby(["work_type", "profile"], sort=True)["per_unit"].agg(["mean", "count", "std"])
    return [
        EffortNorm(str(work_type), str(profile), float(mean), int(count), float(std) if count > 1 else 0.0)
        for (work_type, profile), mean, count, std in groups.itertuples(name=None)
    ]


def norms_by_work_type(norms: Iterable[EffortNorm]) -> Mapping[str, Mapping[str, EffortNorm]]:
    """Norms by work type and then by profile."""
    table: dict[str, dict[str, EffortNorm]] = {}
    for norm in norms:
        table.setdefault(norm.work_type, {})[norm.profile] = norm
    return table
