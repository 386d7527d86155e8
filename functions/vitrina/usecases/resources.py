"""What the plan of one client may spend: people, their days, what is promised of them, the client's limit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from vitrina.domain.backlog import Specialist
from vitrina.domain.capacity import Booking, HourLimit, Resources
from vitrina.usecases.reasons import own_rows_of
from vitrina.usecases.records import Item, Project, typed_hours_by_book
from vitrina.usecases.services import Services
from vitrina.workbook.rows import ProjectTerms, Team


def resources_of(
    services: Services, project: Project, team: Team, terms: ProjectTerms, items: Iterable[Item]
) -> Resources:
    """Resources of a project's plan; *items* are those of all clients of the agency."""
    limits = (
        ()
        if terms.limit_hours is None
        else (HourLimit(terms.limit_hours, terms.period, project=project.spreadsheet_id),)
    )
    bookings = tuple(_bookings(services, project, team.specialists, items))
    return Resources(team.specialists, services.calendar, bookings, limits, team.load_factor)


def _bookings(
    services: Services, project: Project, specialists: Iterable[Specialist], items: Iterable[Item]
) -> Iterator[Booking]:
    """What is promised to all clients, and what is spent of this one's limit already.

    Work that is done takes nobody's hours, but those of the limit. Rows that people typed by themselves take
    people's hours, but nothing of a limit.
    """
    names = {one.name.casefold(): one.name for one in specialists}
    for item in items:
        is_own = item.spreadsheet_id == project.spreadsheet_id
        for action in item.actions:
            days = {date.fromisoformat(day): hours for day, hours in action.day_hours.items()}
            is_done = item.is_done or action.is_done
            if not days or (is_done and not is_own):
                continue
            name = "" if is_done else names.get(action.specialist.casefold(), action.specialist)
            yield Booking(name, item.spreadsheet_id, 0 if is_done else item.number, days)
    for book_id, by_person in typed_hours_by_book(services.store, project.agency_id).items():
        for typed, by_day in by_person.items():
            name = names.get(typed.casefold(), typed)
            # Day by day, as nobody knows which of them belong together.
            for day, hours in by_day.items():
                yield Booking(name, own_rows_of(book_id), 0, {day: hours})
