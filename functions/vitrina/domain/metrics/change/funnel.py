"""Steps of a funnel: what part of each goes on to the next one, and which step is the first that broke."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

from msgspec import Struct

#: A step is broken only if its rate has lost at least this part of itself.
LEAST_LOSS = Fraction(1, 10)
#: Standard deviations below the expected count, one-sided 5 %.
UNLIKELY = 1.645
#: Days of visitors vary more than Poisson: variance to mean, see metrics.md section 3.
DISPERSION = 1.5
#: Fewer expected events than these say nothing.
LEAST_EXPECTED = 5


class Counted(Struct, frozen=True):
    """Counts of a step in the periods that are compared; ``None`` where they are not known."""

    name: str
    now: Fraction | None
    before: Fraction | None
    year_ago: Fraction | None = None


class Step(Struct, frozen=True):
    """From one step to the next.

    Parameters
    ----------
    now, before, year_ago
        What part of the first one reached the second one; ``None`` if a count is not known or 0.
    is_broken
        Whether it is the first step whose rate has fallen by more than chance.
    """

    start: str
    end: str
    now: Fraction | None
    before: Fraction | None
    year_ago: Fraction | None
    is_broken: bool = False


def funnel(counts: Sequence[Counted]) -> list[Step]:
    """The steps between neighbours of *counts*, with the first broken one marked."""
    steps: list[Step] = []
    is_found = False
    for start, end in pairwise(counts):
        is_broken = not is_found and has_fallen(start, end)
        is_found = is_found or is_broken
        steps.append(
            Step(
                start.name,
                end.name,
                _rate(end.now, start.now),
                _rate(end.before, start.before),
                _rate(end.year_ago, start.year_ago),
                is_broken,
            )
        )
    return steps


def has_fallen(start: Counted, end: Counted) -> bool:
    """Whether a step lets fewer through than in the period before, by more than chance.

    Notes
    -----
    If the rate were the same in both periods, the events of both would divide like the counts of *start*:
    those of now are binomial, with a variance that is ``DISPERSION`` times as large.
    """
    if start.now is None or start.before is None or end.now is None or end.before is None:
        return False
    if not (start.now and start.before and end.before):
        return False
    if end.now * start.before > end.before * start.now * (1 - LEAST_LOSS):
        return False
    share = start.now / (start.now + start.before)
    events = end.now + end.before
    expected = events * share
    if expected < LEAST_EXPECTED:
        return False
    spread = math.sqrt(float(events * share * (1 - share)) * DISPERSION)
    return float(expected - end.now) >= UNLIKELY * spread


def _rate(end: Fraction | None, start: Fraction | None) -> Fraction | None:
    return end / start if end is not None and start else None
