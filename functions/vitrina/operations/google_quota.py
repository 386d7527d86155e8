"""Turns at Google, for work that nobody waits for.

All calls of the service account share one quota: 60 reads and 60 writes in a minute. What webhooks and the
timer set off takes a turn first, which is one read and one write of a workbook; there are so many in *any*
minute. People's clicks take none: the rest of the quota is theirs. A turn that is not free yet is booked,
and the work is queued for its moment, so that nothing is asked of Google in vain.
"""

from __future__ import annotations

from collections.abc import Sequence

from vitrina.operations.services import Services

#: Kind of the one document that lists the turns taken and booked.
TURN = "turn"

GOOGLE = "google"

#: Longer than Google's minute: the write of a turn comes some seconds after the turn was taken.
MINUTE_S = 65.0
#: Sums of moments are not exact.
ROUNDING_S = 0.001


def book_turn(services: Services, *, delay_s: float = 0.0, instead_of: float | None = None) -> float:
    """Book the earliest free turn that is not before *delay_s* seconds from now.

    Parameters
    ----------
    instead_of
        A turn that was booked before and is given back.

    Returns
    -------
    float
        The moment of the turn in epoch seconds; not later than now says that it has come.
    """
    while True:
        record = services.store.get(TURN, GOOGLE)
        now = services.clock.now().timestamp()
        known = record.data["at"] if record else []
        taken = sorted(at for at in known if at > now - MINUTE_S and at != instead_of)
        turn = earliest(taken, now + delay_s, services.turns_per_minute)
        data = {"at": [*taken, turn]}
        if record is None:
            is_booked = services.store.create(TURN, GOOGLE, data)
        else:
            is_booked = services.store.put(TURN, GOOGLE, data, version=record.version)
        if is_booked:
            return turn


def earliest(taken: Sequence[float], not_before: float, limit: int) -> float:
    """The first moment from *not_before* on that leaves at most *limit* turns in every minute.

    *taken* is in order; some of it may lie in the future.
    """
    moments = [not_before, *(at + MINUTE_S for at in taken if at + MINUTE_S > not_before)]
    return next((one for one in moments if _fits([*taken, one], limit)), moments[-1])


def _fits(moments: Sequence[float], limit: int) -> bool:
    in_order = sorted(moments)
    return all(
        last - first >= MINUTE_S - ROUNDING_S for first, last in zip(in_order, in_order[limit:], strict=False)
    )
