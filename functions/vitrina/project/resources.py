"""What the plan of one client may spend: people, their days, what is promised of them, and the limits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date

from vitrina.domain.calendar import PeriodKind
from vitrina.domain.planning.capacity import Booking, HourLimit, Resources
from vitrina.domain.planning.in_progress.overdue import OverdueWork, carry_over
from vitrina.operations.services import Services
from vitrina.ports import Key, Put
from vitrina.project.commitments import People
from vitrina.records.books import Agency, Project
from vitrina.records.work import Hours, Item, ItemAction
from vitrina.workbook.reading.settings import ProjectTerms
from vitrina.workbook.reading.team import Team


def resources_of(
    services: Services,
    project: Project,
    team: Team,
    terms: ProjectTerms,
    items: Iterable[Item],
    typed_hours: Mapping[str, Hours],
) -> Resources:
    """Resources of a project's plan.

    *items* are those of all clients of the agency, *typed_hours* those of rows that people typed, by
    workbook.

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
    bookings += _typed(typed_hours, people)
    resources = Resources(
        team.specialists, services.calendar, tuple(bookings), tuple(limits), team.load_factor
    )
    return carry_over(overdue, resources, since=today)


def _oldest_window(services: Services) -> date:
    """First day of the oldest week or month of a limit that a plan of today can touch."""
    return services.calendar.current_period(services.today(), PeriodKind.WEEK).start_on.replace(day=1)


def _promised(items: Iterable[Item], people: People, *, since: date) -> Iterator[tuple[Booking, ItemAction]]:
    """What is promised to all clients. Finished work frees its person but still counts against limits."""
    for item in items:
        for action in item.actions:
            is_done = item.is_done or action.is_done
            if not action.day_hours or (is_done and max(action.day_hours) < since):
                continue
            name = "" if is_done else people.name(action.specialist)
            number = 0 if is_done else item.number
            yield Booking(name, item.spreadsheet_id, number, dict(action.day_hours)), action


def _typed(typed_hours: Mapping[str, Hours], people: People) -> Iterator[Booking]:
    """Rows that people typed by themselves: hours of people and of the agency, but of no contract."""
    for spreadsheet_id, by_person in typed_hours.items():
        for typed, by_day in by_person.items():
            name = people.name(typed)
            # Day by day, as nobody knows which of them belong together.
            for day, hours in by_day.items():
                yield Booking(name, own_rows_of(spreadsheet_id), 0, {day: hours})


def own_rows_of(project: str) -> str:
    """Key under which rows that people typed into a project's workbook are booked: no limit counts them."""
    return f"{project}:rows"


def plan_lease(agency: Agency) -> str:
    """Key of the lease under which people's hours are promised over all clients."""
    return f"plan:{agency.spreadsheet_id}"


#: Kind of the documents that are written anew whenever people's hours are promised.
PLAN = "plan"


def plan_key(agency_id: str) -> Key:
    """The document whose version tells whether hours were promised since it was read."""
    return PLAN, agency_id


def plan_write(agency_id: str, *, version: int | None = None) -> Put:
    """The write that tells others that hours were promised; with *version*, only if nobody did since then."""
    return Put(PLAN, agency_id, {}, version)
