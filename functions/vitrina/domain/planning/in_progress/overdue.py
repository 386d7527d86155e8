"""Reserves hours for overdue work, before anything new is planned.

The rest of the work takes the next free days of its person. The promised day does not change and the work is
late; the reservation only keeps these hours from being planned twice.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from msgspec import Struct
from msgspec.structs import replace

from vitrina.domain.planning.capacity import EPSILON_HOURS, Booking, Ledger, Resources

#: Least share of the hours that is still to do while work is not done, whatever was logged.
LEAST_LEFT = 0.25

#: Calendar days within which the rest is placed; what does not fit is ignored.
HORIZON_CALENDAR_DAYS = 120


class OverdueWork(Struct, frozen=True):
    """An action with its promised days, all of them in the past, and its logged hours."""

    booking: Booking
    logged_hours: float = 0.0

    @property
    def due_on(self) -> date:
        """Last promised day."""
        return max(self.booking.day_hours)

    @property
    def left_hours(self) -> float:
        """Hours that are still to do."""
        return left_of(self.booking.hours, self.logged_hours)


def left_of(hours: float, logged_hours: float) -> float:
    """Hours of unfinished work that are not logged yet, at least a quarter of all."""
    return max(hours - logged_hours, LEAST_LEFT * hours)


def carry_over(overdue: Iterable[OverdueWork], resources: Resources, *, since: date) -> Resources:
    """Books the rest of overdue work on days from *since* on, the longest overdue first.

    Limits do not stop it because it is promised. Its hours count against them in the period in which they are
    worked.
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
                ledger.own_hours(person)[place] -= hours
                days[day] = hours
                left -= hours
        carried.append(replace(booking, day_hours=days))
    return resources.booked(carried)
