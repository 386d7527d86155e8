"""What the plan of one client may spend: people, their days, what is promised of them, and the limits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from vitrina.domain.calendar import PeriodKind
from vitrina.domain.planning.capacity import Booking, HourLimit, Resources
from vitrina.domain.planning.overdue import OverdueWork, carry_over
from vitrina.operations.services import Services
from vitrina.project.commitments import People
from vitrina.records.records import Item, ItemAction, Project, typed_hours_by_book
from vitrina.workbook.reading.settings import ProjectTerms
from vitrina.workbook.reading.team import Team


def resources_of(
    services: Services, project: Project, team: Team, terms: ProjectTerms, items: Iterable[Item]
) -> Resources:
    """Resources of a project's plan; *items* are those of all clients of the agency.

    What is overdue takes the next free days of its people, before anything new.
    """
    limits = []
    if terms.limit_hours is not None:
        limits.append(HourLimit(terms.limit_hours, terms.period, project=project.spreadsheet_id))
    if team.week_limit_hours is not None:
        limits.append(HourLimit(team.week_limit_hours, PeriodKind.WEEK))
    people = People(team, services.calendar)
    today = services.today()
    bookings: list[Booking] = []
    overdue: list[OverdueWork] = []
    for booking, action in _promised(items, people, since=_oldest_window(services)):
        if booking.specialist and not action.is_ticked and max(booking.day_hours) < today:
            overdue.append(OverdueWork(booking, action.logged_hours))
        else:
            bookings.append(booking)
    bookings += _typed(services, project, people)
    resources = Resources(
        team.specialists, services.calendar, tuple(bookings), tuple(limits), team.load_factor
    )
    return carry_over(overdue, resources, since=today)


def _oldest_window(services: Services) -> date:
    """First day of the oldest week or month of a limit that a plan of today can touch."""
    return services.calendar.current_period(services.today(), PeriodKind.WEEK).start_on.replace(day=1)


def _promised(items: Iterable[Item], people: People, *, since: date) -> Iterator[tuple[Booking, ItemAction]]:
    """What is promised to all clients. What is done is nobody's any more, but counts against limits."""
    for item in items:
        for action in item.actions:
            days = {date.fromisoformat(day): hours for day, hours in action.day_hours.items()}
            is_done = item.is_done or action.is_done
            if not days or (is_done and max(days) < since):
                continue
            name = "" if is_done else people.name(action.specialist)
            yield Booking(name, item.spreadsheet_id, 0 if is_done else item.number, days), action


def _typed(services: Services, project: Project, people: People) -> Iterator[Booking]:
    """Rows that people typed by themselves: hours of people and of the agency, but of no contract."""
    for book_id, by_person in typed_hours_by_book(services.store, project.agency_id).items():
        for typed, by_day in by_person.items():
            name = people.name(typed)
            # Day by day, as nobody knows which of them belong together.
            for day, hours in by_day.items():
                yield Booking(name, own_rows_of(book_id), 0, {day: hours})


def own_rows_of(project: str) -> str:
    """Key under which rows that people typed into a project's workbook are booked: no limit counts them."""
    return f"{project}:rows"
