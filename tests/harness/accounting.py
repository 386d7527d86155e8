"""Accepted work in a store, and an independent model of the sums that accounting is asked for."""

from __future__ import annotations

from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

from vitrina.ports import Store
from vitrina.records.outside.decisions import Decision, DecisionState, find_open_decisions


def accept(
    store: Store,
    spreadsheet_id: str,
    agency_id: str,
    number: int,
    at: datetime,
    *,
    ordinal: int = 1,
    hours: float = 2.0,
    title: str = "",
    code: str = "",
) -> Decision:
    """Put an accepted item into the store, as the job ``settle`` leaves it."""
    decision = Decision(
        spreadsheet_id,
        agency_id,
        number,
        ordinal,
        code or f"ЗРН-{number}",
        title or f"Работа {number}",
        1,
        f"shown-{number}-{ordinal}",
        "accepted",
        "page",
        at.isoformat(),
        (at + timedelta(minutes=10)).isoformat(),
        hours=hours,
        state=DecisionState.SETTLED.value,
    )
    store.commit([decision.put()])
    return decision


def accepted(store: Store, spreadsheet_id: str) -> dict[int, Decision]:
    """Accepted items that no request contains, by number."""
    return {one.number: one for one in find_open_decisions(store, spreadsheet_id) if one.is_accepted}


def expected_sum(hours: float, rate_kop: int) -> int:
    """Kopecks of a line by fractions: hours in hundredths and then the sum, each rounded half up."""
    return _half_up(Fraction(_half_up(_exact(hours) * 100), 100) * rate_kop)


def _exact(hours: float) -> Fraction:
    """The figure that a person sees, not the binary one behind it."""
    return Fraction(repr(hours)) if "e" not in repr(hours) else Fraction(float(hours))


def _half_up(value: Fraction) -> int:
    return (2 * value.numerator + value.denominator) // (2 * value.denominator)


def form(project: str, kind: str = "both", month: str = "current", **more: Any) -> dict[str, Any]:
    """Parameters of a click."""
    return {"project": project, "kind": kind, "month": month, **more}
