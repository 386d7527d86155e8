"""Google's quota, shared by everything that runs in the background.

All calls of the service account share one quota: 60 reads and 60 writes in a minute. Each background read
and write of a workbook books a slot first; there are so many in *any* minute. People's clicks book none: the
rest of the quota is theirs. Work whose slot is not free yet is queued for the moment of its slot, so that
nothing is asked of Google in vain.

No agency may have more than two thirds of any minute where others have booked within a day: what it books
ahead in a storm of webhooks leaves the others slots that come at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from vitrina.operations.outbox import TaskWish, fulfilled
from vitrina.operations.run import Run
from vitrina.operations.services import Services
from vitrina.ports import ABSENT, Document, Json, Key, Put, Store, Write

#: The one document that lists the slots booked.
QUOTA_KEY: Key = ("google_quota", "google")

#: Longer than Google's minute: the write of a slot comes some seconds after its read.
MINUTE_S = 65.0
#: Sums of moments are not exact.
ROUNDING_S = 0.001
#: Seconds for which an agency that has booked counts as one that will book again.
SEEN_S = 86_400.0


def most_of_one(limit: int) -> int:
    """Slots of a minute that one agency may have where there are others."""
    return max(1, limit * 2 // 3)


class SlotBooking:
    """Books the earliest free slots; made anew where others booked meanwhile.

    Parameters
    ----------
    document
        The bookings as they were read.
    agency_id
        For which agency; empty where it is not known.
    count
        How many slots.
    delay_s
        The first is not before so many seconds from now.
    instead_of
        The first slot of an earlier booking of *count* slots, which is given back, in epoch seconds.
    """

    keys: tuple[Key, ...] = (QUOTA_KEY,)

    def __init__(
        self,
        services: Services,
        document: Document | None,
        *,
        agency_id: str,
        count: int = 1,
        delay_s: float = 0.0,
        instead_of: float | None = None,
    ) -> None:
        self._clock = services.clock
        self._limit = services.quota_per_minute
        self._document = document
        self._agency_id = agency_id
        self._count = count
        self._delay_s = delay_s
        self._instead_of = instead_of
        #: Moments of the slots in epoch seconds, as they were written last.
        self.moments: list[float] = []

    @property
    def wait_s(self) -> float:
        """Seconds until the first slot; not above 0 where it has come."""
        return self.moments[0] - self._clock.now().timestamp()

    def writes(self) -> list[Write]:
        """See ``Update``."""
        now, own = self._clock.now().timestamp(), self._agency_id
        data = self._document.data if self._document else {"at": []}
        # Documents of older releases do not say whose a slot is.
        agencies = data.get("of") or [""] * len(data["at"])
        taken = [(at, of) for at, of in zip(data["at"], agencies, strict=True) if at > now - MINUTE_S]
        # Others may have booked the very same moment: theirs stay.
        for _ in range(self._count):
            given_back = [one for one in ((self._instead_of, own), (self._instead_of, "")) if one in taken]
            if given_back:
                taken.remove(given_back[0])
        seen = {of: at for of, at in data.get("seen", {}).items() if at > now - SEEN_S}
        is_alone = not seen.keys() - {own}
        self.moments = []
        for _ in range(self._count):
            all_taken = sorted(at for at, _ in taken)
            own_taken = [] if is_alone else sorted(at for at, of in taken if of == own)
            slot = earliest(all_taken, now + self._delay_s, self._limit, own_taken)
            self.moments.append(slot)
            taken.append((slot, own))
        taken.sort()
        booked = {"at": [at for at, _ in taken], "of": [of for _, of in taken], "seen": {**seen, own: now}}
        return [Put(*QUOTA_KEY, booked, self._document.version if self._document else ABSENT)]

    def reload(self, store: Store) -> None:
        """See ``Update``."""
        self._document = store.get_many([QUOTA_KEY]).get(QUOTA_KEY)

    def committed(self, version: int) -> None:
        """See ``Update``."""


def take_slot(
    run: Run, quota: Document | None, body: Json, again: Callable[[float, float], TaskWish]
) -> bool:
    """Book a slot for a job. If the slot has not come yet, queue the job again for that moment.

    Parameters
    ----------
    quota
        The document of ``QUOTA_KEY`` as it was read.
    body
        The body of the task that runs now. A slot in it was booked before, and is given back.
    again
        The task of the same job, from the moment of its slot in epoch seconds and the seconds until then.

    Returns
    -------
    bool
        Whether the slot has come, so that the job may ask Google now.
    """
    booking = SlotBooking(run.services, quota, agency_id=run.agency_id, instead_of=body.get("slot"))
    run.commit(updates=[booking])
    if booking.wait_s <= 0:
        return True
    wish = again(booking.moments[0], booking.wait_s)
    run.commit(wish.put(run.services), *(one for one in fulfilled(body) if one.key != wish.name))
    wish.send(run.services)
    return False


def earliest(taken: Sequence[float], not_before: float, limit: int, own_taken: Sequence[float] = ()) -> float:
    """The first moment from *not_before* on that leaves at most *limit* slots in every minute.

    Both are in order; some of them may lie in the future. Of the *own_taken* ones, those of the agency that
    books, at most ``most_of_one`` are left in every minute.
    """
    moments = [not_before, *(at + MINUTE_S for at in taken if at + MINUTE_S > not_before)]
    most = most_of_one(limit)
    fitting = (
        one
        for one in moments
        if _fits([*taken, one], limit) and (not own_taken or _fits([*own_taken, one], most))
    )
    return next(fitting, moments[-1])


def _fits(moments: Sequence[float], limit: int) -> bool:
    in_order = sorted(moments)
    return all(
        last - first >= MINUTE_S - ROUNDING_S for first, last in zip(in_order, in_order[limit:], strict=False)
    )
