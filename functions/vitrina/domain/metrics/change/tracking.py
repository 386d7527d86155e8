"""Whether a measure stopped being counted, while what it follows from went on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from vitrina.domain.metrics.change.breakdown import Measured, exact

#: Days before the silence from which its expected count is taken.
BASIS_DAYS = 28
#: So many events must be missing: with a variance of 1.5 times the mean, none of 5 has a chance below 2 %.
LEAST_MISSING = 5
#: What goes on must have at least this part of what it had.
LEAST_COMPANION = 0.5

_DAY = timedelta(days=1)


def silent_since(
    days: Mapping[date, Measured], companion: Mapping[date, Measured], settled_to: date
) -> date | None:
    """The first of the last days without a single event, ``None`` if there are events or no traffic.

    Parameters
    ----------
    companion
        What the events follow from, as visits.
    settled_to
        Later days may still change.
    """
    first = settled_to + _DAY
    while first - _DAY in days and exact(days[first - _DAY].value) == 0:
        first -= _DAY
    silent = (settled_to - first).days + 1
    basis = [first - _DAY * place for place in range(1, BASIS_DAYS + 1)]
    if silent < 1 or any(day not in days or day not in companion for day in basis):
        return None
    expected = sum(float(days[day].value) for day in basis) / BASIS_DAYS * silent
    usual = sum(float(companion[day].value) for day in basis) / BASIS_DAYS
    during = [first + _DAY * place for place in range(silent)]
    if any(day not in companion for day in during):
        return None
    now = sum(float(companion[day].value) for day in during) / silent
    return first if expected >= LEAST_MISSING and now >= usual * LEAST_COMPANION else None
