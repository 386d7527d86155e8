"""Work whose days are over and which is not done: it goes before everything new.

What is left of it takes the next free days of its person. Nobody is told new days by it: the promised one
stands and is late; only the plan knows that these hours are not free.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta

from vitrina.domain.planning.capacity import EPSILON_HOURS, Booking, Ledger, Resources

#: Of work that has taken all its hours and is not done, at least this share is still to do.
LEAST_LEFT = 0.25

#: Calendar days within which what is left finds its days; what does not is more than anybody can plan with.
HORIZON_CALENDAR_DAYS = 120


@dataclass(frozen=True)
class OverdueWork:
    """An action as it was promised, all days before the first that may be planned, and what was logged."""

    booking: Booking
    logged_hours: float = 0.0

    @property
    def due_on(self) -> date:
        """The promised day."""
        return max(self.booking.day_hours)

    @property
    def left_hours(self) -> float:
        """What is left to do."""
        return left_of(self.booking.hours, self.logged_hours)


def left_of(hours: float, logged_hours: float) -> float:
    """What is not logged yet of work that is not done, at least a quarter of all."""
    return max(hours - logged_hours, LEAST_LEFT * hours)


def carry_over(overdue: Iterable[OverdueWork], resources: Resources, *, since: date) -> Resources:
    """The resources with what is left of overdue work, the longest overdue first, on days from *since* on.

    Limits do not stop it, as it is promised; its hours count against them once: in the period in which they
    are worked.
    """
    works = sorted(overdue, key=lambda one: (one.due_on, one.booking.project, one.booking.item))
    if not works:
        return resources
    ledger = Ledger(resources, since=since, until=since + timedelta(days=HORIZON_CALENDAR_DAYS))
    carried: list[Booking] = []
    for one in works:
        booking, left = one.booking, one.left_hours
        done_share = 1 - left / booking.hours
        days = {day: hours * done_share for day, hours in booking.day_hours.items()}
        person = ledger.people.get(booking.specialist)
        for place, day in enumerate(ledger.days):
            if person is None or left <= EPSILON_HOURS:
                break
            hours = min(ledger.free[person][place], left)
            if hours > EPSILON_HOURS:
                ledger.free[person][place] -= hours
                days[day] = hours
                left -= hours
        carried.append(replace(booking, day_hours=days))
    return resources.booked(carried)
