"""Reads the team of an agency: *Специалисты*, *Отсутствия* and its settings for planning."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from enum import StrEnum

from msgspec import Struct

from vitrina.domain.backlog import Specialist
from vitrina.domain.limits import MOST_ABSENCE_DAYS
from vitrina.errors import CellProblem, CellsError
from vitrina.workbook.reading.book import Book, Row
from vitrina.workbook.reading.cells import CellReader
from vitrina.workbook.reading.choices import Choices
from vitrina.workbook.reading.settings import (
    ADDRESS,
    locale_of,
    read_address,
    read_list,
    read_load_factor,
    read_week_limit,
    wants,
)
from vitrina.workbook.size import size_problems

#: Names in *Отсутствия* that mean everybody: a day off of the agency.
EVERYBODY = frozenset({"все", "everybody", "everyone", "all"})

#: Columns with the ids of people in a tracker begin with this; the name of the tracker follows.
TRACKER_ID_PREFIX = "tracker_id."
#: Such an id: trackers number their users.
TRACKER_ID = re.compile(r"[0-9]{1,20}")
#: The column of workbooks made when there was one tracker, with the name of this tracker.
_OLDER_ID_COLUMNS = {"kaiten_id": "kaiten"}


class Role(StrEnum):
    """What a person of the agency does in Vitrina."""

    OWNER = "owner"
    MANAGER = "manager"
    ACCOUNTANT = "accountant"
    SPECIALIST = "specialist"


class StaffMember(Struct, frozen=True):
    """A person whose role is more than a specialist's. ``email`` is in lower case."""

    name: str
    email: str
    role: Role


class ClientCheck(StrEnum):
    """Who of the agency checks finished work before the client sees it."""

    NOBODY = "nobody"
    ANYBODY = "anybody"
    #: Somebody who did not do it.
    ANOTHER = "another"


#: How people write ``ANOTHER`` in *Настройки*.
_ANOTHER = re.compile(r"друг|another|other", re.IGNORECASE)


class Team(Struct, frozen=True):
    """People and planning rules of an agency. ``profiles`` are titles by key.

    ``specialists`` are those whose hours are planned, ``staff`` those with a role that is more than that.
    A person can be in both.

    ``week_limit_hours`` are the most hours of all people for all clients in a week, ``None`` for no limit.
    """

    specialists: tuple[Specialist, ...]
    profiles: Mapping[str, str]
    load_factor: float = 1.0
    week_limit_hours: float | None = None
    #: Address of the Google group of the staff, empty where the agency has none.
    editors_group: str = ""
    #: Whether clients see the free hours of the people who work for them.
    shows_free_hours: bool = False
    #: Who checks finished work before the client sees it.
    client_check: ClientCheck = ClientCheck.NOBODY
    #: Work types that clients' workbooks offer, empty for those that the agency's norms have.
    work_types: tuple[str, ...] = ()
    staff: tuple[StaffMember, ...] = ()

    @property
    def names(self) -> frozenset[str]:
        """Names of all people."""
        return frozenset([*(one.name for one in self.staff), *(one.name for one in self.specialists)])

    def role_of(self, email: str) -> Role | None:
        """The role of a person; ``None`` for an address that nobody of the team has."""
        for member in self.staff:
            if member.email == email.casefold():
                return member.role
        known = any(one.email.casefold() == email.casefold() for one in self.specialists)
        return Role.SPECIALIST if known else None

    def name_of(self, email: str) -> str:
        """The name of a person by e-mail; the e-mail itself where nobody has it."""
        return self.names_by_email.get(email.casefold(), email)

    @property
    def names_by_email(self) -> Mapping[str, str]:
        """Names of all people by e-mail in lower case."""
        planned = {one.email.casefold(): one.name for one in self.specialists if one.email}
        return {**planned, **{one.email: one.name for one in self.staff}}


def read_team(book: Book, choices: Choices, *, profiles: Mapping[str, str], today: date) -> Team:
    """The specialists with their days of absence, including days off of the agency, and who has which role.

    Somebody with a role and neither hours nor profiles is not planned: a manager, an accountant.

    Raises
    ------
    CellsError
        If a specialist has no hours or no profile, a cell cannot be understood, two people have the same name
        or address, somebody with a role has no address, or an absence is of an unknown person.
    """
    tab = book.tab("specialists")
    reader = CellReader(tab, choices, locale=locale_of(book), today=today)
    keys = {title.casefold(): key for key, title in profiles.items()} | {key: key for key in profiles}
    specialists: list[Specialist] = []
    staff: list[StaffMember] = []
    seen: set[str] = set()
    names = {tab.cell(row, "name").text.casefold() for row in tab.rows}
    reader.problems += size_problems(book)
    away = _days_away(book, choices, today=today, names=names | EVERYBODY, problems=reader.problems)
    everybody = {day for name in EVERYBODY for day in away.get(name, ())}
    for row in tab.rows:
        name = reader.text(row, "name")
        if not name:
            continue
        if name.casefold() in seen:
            reader.add_problem(row, "name", "cell.name_twice", name=name)
        seen.add(name.casefold())
        member = _staff_member(reader, row, name, staff)
        if member is not None:
            staff.append(member)
            if all(tab.cell(row, column).is_empty for column in ("hours_per_day", "profiles")):
                continue
        hours = reader.hours(row, "hours_per_day")
        if hours is None and tab.cell(row, "hours_per_day").text == "":
            reader.add_problem(row, "hours_per_day", "cell.no_day_hours", name=name)
        elif hours is not None and not 0 < hours <= 24:
            reader.add_problem(row, "hours_per_day", "cell.day_hours", name=name, value=hours)
        named = [part.strip() for part in re.split(r"[,;]", reader.text(row, "profiles")) if part.strip()]
        unknown = [part for part in named if part.casefold() not in keys]
        if unknown or not named:
            reader.add_problem(row, "profiles", "cell.profiles", name=name, allowed=list(profiles.values()))
        specialists.append(
            Specialist(
                name=name,
                profiles=tuple(keys[part.casefold()] for part in named if part.casefold() in keys),
                hours_per_day=hours or 0.0,
                email=reader.text(row, "email"),
                tracker_ids=_tracker_ids(reader, row),
                days_away=frozenset(everybody | away.get(name.casefold(), set())),
            )
        )
    load_factor = read_load_factor(book, problems=reader.problems)
    week_limit_hours = read_week_limit(book, problems=reader.problems)
    editors_group = read_address(book, "editors_group", problems=reader.problems)
    if reader.problems:
        raise CellsError(reader.problems)
    return Team(
        tuple(specialists),
        profiles,
        load_factor,
        week_limit_hours,
        editors_group=editors_group,
        shows_free_hours=wants(book, "client_sees_free_hours"),
        client_check=_client_check(book),
        work_types=read_list(book, "client_work_types"),
        staff=tuple(staff),
    )


def _client_check(book: Book) -> ClientCheck:
    if _ANOTHER.search(", ".join(read_list(book, "client_check"))):
        return ClientCheck.ANOTHER
    return ClientCheck.ANYBODY if wants(book, "client_check") else ClientCheck.NOBODY


def _staff_member(
    reader: CellReader, row: Row, name: str, others: Sequence[StaffMember]
) -> StaffMember | None:
    """The person of a row whose role is more than a specialist's; workbooks of release 0.1 have no roles."""
    if "role" not in reader.tab.columns:
        return None
    role = Role(reader.choice(row, "role", "role", Role.SPECIALIST))
    if role is Role.SPECIALIST:
        return None
    email = reader.text(row, "email").casefold()
    if not ADDRESS.fullmatch(email):
        reader.add_problem(row, "email", "cell.role_email", name=name)
    if email and any(email == other.email for other in others):
        reader.add_problem(row, "email", "cell.email_twice", value=email)
    return StaffMember(name, email, role)


def _tracker_ids(reader: CellReader, row: Row) -> Mapping[str, str]:
    """Ids of a person by tracker, each in a column of its own."""
    named = {
        column: column.removeprefix(TRACKER_ID_PREFIX)
        for column in reader.tab.columns
        if column.startswith(TRACKER_ID_PREFIX)
    }
    columns = {**_OLDER_ID_COLUMNS, **named}
    ids: dict[str, str] = {}
    # A column of today wins over the older one, unless it is empty.
    for column, tracker in columns.items():
        text = reader.text(row, column) if column in reader.tab.columns else ""
        if TRACKER_ID.fullmatch(text):
            ids[tracker] = text
        elif text:
            reader.add_problem(row, column, "cell.tracker_id", value=text)
    return ids


def _days_away(
    book: Book, choices: Choices, *, today: date, names: set[str], problems: list[CellProblem]
) -> Mapping[str, set[date]]:
    tab = book.tab("absences")
    reader = CellReader(tab, choices, locale=locale_of(book), today=today)
    away: dict[str, set[date]] = {}
    for row in tab.rows:
        name = reader.text(row, "specialist")
        if not name:
            continue
        first, last = reader.day(row, "first_day"), reader.day(row, "last_day")
        if first is None:
            if tab.cell(row, "first_day").is_empty:
                reader.add_problem(row, "first_day", "cell.absence_first", name=name)
            continue
        last = last or first
        if name.casefold() not in names and last >= today:
            reader.add_problem(row, "specialist", "cell.unknown_person", name=name)
        if last < first:
            reader.add_problem(row, "last_day", "cell.absence_order", first=first, last=last)
        if (last - first).days >= MOST_ABSENCE_DAYS:
            reader.add_problem(row, "last_day", "limit.absence", most=MOST_ABSENCE_DAYS)
            continue
        days = away.setdefault(name.casefold(), set())
        days.update(first + timedelta(days=offset) for offset in range((last - first).days + 1))
    problems += reader.problems
    return away
