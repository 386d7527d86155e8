"""An independent judge of what stands in the sheets: rows of *В работе* and the cells of the calendar.

A row tells who does something, for how many hours, from which day to which; not how many hours on which
day. So somebody is called overloaded by his rows only where that is proved: where no spread of the hours
of all his rows, in all workbooks, over their own days keeps every day within his capacity. One person
who may put a thing aside and come back to it can do everything if and only if in every run of days the
work that lies whole inside takes no more hours than he has there; doing what is due soonest on every day
(earliest due date first) and a maximum flow from rows to days give the same answer. Of the runs that hold
too much the shortest are named: they are the proof (``windows``).

The calendar draws hours by day. What it shows is added up by ``check``: there a single day can be too
full, or fall on a day off, although the rows would leave room to spread their hours otherwise. A calendar
that no longer shows the rows is named, and not added up.

Nothing of the planner is used, and nothing that it remembers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from itertools import pairwise

from vitrina.domain.checking.check import AfterRow, DayRow, Facts, Fault, PersonRow, Violation, check
from vitrina.domain.checking.feasibility import Work, overloads

#: Each cell of the calendar is rounded to a hundredth of an hour.
ROUNDING_HOURS = 0.006

FULL_DAY_HOURS = 8.0


class Contradiction(StrEnum):
    """What the sheets say that cannot be."""

    #: Rows of one person that no spread of their hours fits into his days.
    OVERLOAD = "overload"
    #: A row of which the person is away on every day.
    AWAY = "away"
    #: A row without any working day.
    DAY_OFF = "day_off"
    #: Rows that are the same action.
    DOUBLE = "double"
    #: A row that begins before the one that it follows has ended.
    BEFORE = "before"
    #: Rows of somebody who is not in the team.
    STRANGER = "stranger"
    #: A day of the calendar with more hours than the person has.
    DRAWN_OVERLOAD = "drawn_overload"
    DRAWN_AWAY = "drawn_away"
    DRAWN_DAY_OFF = "drawn_day_off"
    #: The calendar does not show what the rows say.
    CALENDAR = "calendar"


@dataclass(frozen=True)
class SheetRow:
    """One person's work as a row of a client's sheet tells it.

    ``item`` is the number in its ID and ``position`` its place among the actions of the item, from 0; a row
    that somebody put in by himself has neither. ``line`` is the row's number as a person sees it.
    """

    project: str
    code: str
    action: str
    profile: str
    specialist: str
    hours: float
    first_day: date
    last_day: date
    is_done: bool = False
    item: int | None = None
    position: int | None = None
    line: int = 0


@dataclass(frozen=True)
class CalendarLine:
    """Hours by day that a client's calendar shows for a person's work on an item."""

    project: str
    code: str
    item: int
    specialist: str
    day_hours: Mapping[date, float]


@dataclass(frozen=True)
class ShownCalendar:
    """A client's calendar: the days that it shows, and its lines."""

    project: str
    days: tuple[date, ...]
    lines: tuple[CalendarLine, ...]


@dataclass(frozen=True)
class Finding:
    """A contradiction, with the rows that it is between; ``hours`` against ``capacity_hours``."""

    kind: Contradiction
    specialist: str = ""
    rows: tuple[SheetRow, ...] = ()
    first_day: date | None = None
    last_day: date | None = None
    hours: float = 0.0
    capacity_hours: float = 0.0
    #: Codes of items, and the projects that it concerns, where the rows do not tell.
    codes: tuple[str, ...] = ()
    projects: frozenset[str] = frozenset()

    def concerns(self, project: str) -> bool:
        """Whether *project* has a part in it."""
        return project in self.projects or any(row.project == project for row in self.rows)


class Judge:
    """Knows the people, their days and today; what is due before today is late and not judged.

    Parameters
    ----------
    people
        Hours of an ordinary day that may be planned, and days away.
    day_hours
        Hours of a full-time person on a day, 0 on a day off.
    """

    def __init__(
        self, people: Iterable[PersonRow], day_hours: Callable[[date], float], *, today: date
    ) -> None:
        self._people = {person.name.casefold(): person for person in people}
        self._day_hours = day_hours
        self._today = today

    def judge(
        self,
        rows: Iterable[SheetRow],
        calendars: Iterable[ShownCalendar] = (),
        after: Iterable[AfterRow] = (),
    ) -> list[Finding]:
        """Everything in which *rows* and *calendars* contradict themselves, each other, or the days."""
        every = [self._named(row) for row in rows]
        known = [row for row in every if not row.is_done]
        doubles = list(_doubles(known))
        copies = {id(row) for finding in doubles for row in finding.rows[1:]}
        todo = [row for row in known if id(row) not in copies]
        proved = list(self._overloads(todo))
        return [
            *proved,
            *self._strangers(todo),
            *doubles,
            *_actions_in_order(todo),
            *_items_in_order(todo, after),
            *self._drawn(every, list(calendars), proved),
        ]

    def _named(self, row: SheetRow) -> SheetRow:
        person = self._people.get(row.specialist.casefold())
        return replace(row, specialist=person.name) if person else row

    def _capacity(self, person: PersonRow, day: date) -> float:
        if day in person.absent:
            return 0.0
        return person.hours_per_day * self._day_hours(day) / FULL_DAY_HOURS

    def _overloads(self, rows: Sequence[SheetRow]) -> Iterable[Finding]:
        for person in self._people.values():
            works: list[Work[SheetRow]] = []
            for row in rows:
                if row.specialist != person.name or row.hours <= 0 or row.last_day < self._today:
                    continue
                span = [
                    row.first_day + timedelta(days=n) for n in range((row.last_day - row.first_day).days + 1)
                ]
                if any(self._capacity(person, day) > 0 for day in span):
                    works.append(Work(row, row.hours, row.first_day, row.last_day))
                    continue
                is_away = any(self._day_hours(day) > 0 for day in span)
                kind = Contradiction.AWAY if is_away else Contradiction.DAY_OFF
                yield Finding(kind, person.name, (row,), row.first_day, row.last_day, row.hours)
            for over in overloads(works, lambda day, person=person: self._capacity(person, day)):  # type: ignore[misc]
                yield Finding(
                    Contradiction.OVERLOAD,
                    person.name,
                    tuple(work.key for work in over.works),
                    over.first_day,
                    over.last_day,
                    over.hours,
                    over.capacity_hours,
                )

    def _strangers(self, rows: Sequence[SheetRow]) -> Iterable[Finding]:
        strangers: dict[str, list[SheetRow]] = defaultdict(list)
        for row in rows:
            if row.specialist.casefold() not in self._people:
                strangers[row.specialist].append(row)
        for name, theirs in strangers.items():
            yield Finding(Contradiction.STRANGER, name, tuple(theirs))

    def _drawn(
        self, rows: Sequence[SheetRow], calendars: Sequence[ShownCalendar], proved: Sequence[Finding]
    ) -> Iterable[Finding]:
        days: list[DayRow] = []
        codes: dict[tuple[str, int], str] = {}
        for calendar in calendars:
            own = [row for row in rows if row.project == calendar.project]
            wrong = self._outdated(calendar, own)
            if wrong:
                yield Finding(
                    Contradiction.CALENDAR,
                    codes=tuple(sorted({code for code, _ in wrong})),
                    projects=frozenset({calendar.project}),
                )
            for line in calendar.lines:
                codes[line.project, line.item] = line.code
                if (line.code, line.specialist) not in wrong:
                    days += [
                        DayRow(line.specialist, day, hours, line.project, line.item)
                        for day, hours in line.day_hours.items()
                        if day >= self._today
                    ]
        facts = Facts(
            tuple(self._people.values()),
            {row.day: self._day_hours(row.day) for row in days},
            full_day_hours=FULL_DAY_HOURS,
        )
        for violation in check(days, facts):
            finding = _of_violation(violation, codes)
            if finding is not None and not _is_proved(finding, proved):
                yield finding

    def _outdated(self, calendar: ShownCalendar, rows: Sequence[SheetRow]) -> set[tuple[str, str]]:
        """Code and person of what the calendar shows otherwise than the rows."""
        lines_by_key: dict[tuple[str, str], list[CalendarLine]] = defaultdict(list)
        rows_by_key: dict[tuple[str, str], list[SheetRow]] = defaultdict(list)
        for line in calendar.lines:
            lines_by_key[line.code, line.specialist].append(line)
        for row in rows:
            if row.item is not None:
                rows_by_key[row.code, row.specialist].append(row)
        wrong: set[tuple[str, str]] = set()
        for key in lines_by_key.keys() | rows_by_key.keys():
            own, lines = rows_by_key.get(key, []), lines_by_key.get(key, [])
            if not any(row.is_done for row in own) and not _agrees(own, lines, calendar.days):
                wrong.add(key)
        return wrong


def _agrees(rows: Sequence[SheetRow], lines: Sequence[CalendarLine], shown: Sequence[date]) -> bool:
    """Whether the lines hold the rows' hours, on their days; added up is what begins and ends in sight."""
    days = {day for line in lines for day, hours in line.day_hours.items() if hours > 0}
    if not rows or not shown:
        return not days
    first, last = min(row.first_day for row in rows), max(row.last_day for row in rows)
    if any(not first <= day <= last for day in days):
        return False
    if not (shown[0] <= first and last <= shown[-1]):
        return True
    shown_hours = sum(hours for line in lines for hours in line.day_hours.values())
    return abs(shown_hours - sum(row.hours for row in rows)) <= ROUNDING_HOURS * (len(days) + 1)


def _of_violation(violation: Violation, codes: Mapping[tuple[str, int], str]) -> Finding | None:
    kinds = {
        Fault.OVERLOAD: Contradiction.DRAWN_OVERLOAD,
        Fault.ABSENT: Contradiction.DRAWN_AWAY,
        Fault.DAY_OFF: Contradiction.DRAWN_DAY_OFF,
    }
    # Who is not in the team has been named with his rows.
    if violation.fault not in kinds:
        return None
    return Finding(
        kinds[violation.fault],
        violation.specialist or "",
        first_day=violation.day,
        last_day=violation.day,
        hours=violation.hours,
        capacity_hours=violation.allowed_hours,
        codes=tuple(codes[key] for key in violation.items),
        projects=frozenset(project for project, _ in violation.items),
    )


def _is_proved(finding: Finding, proved: Iterable[Finding]) -> bool:
    """Whether the rows say it already."""
    return any(
        one.specialist == finding.specialist
        and one.first_day is not None
        and one.last_day is not None
        and finding.first_day is not None
        and one.first_day <= finding.first_day <= one.last_day
        for one in proved
    )


def _doubles(rows: Sequence[SheetRow]) -> Iterable[Finding]:
    same: dict[tuple[str, str, str], list[SheetRow]] = defaultdict(list)
    for row in rows:
        if row.code:
            same[row.project, row.code.casefold(), row.profile.casefold()].append(row)
    for group in same.values():
        if len(group) > 1:
            # The row that carries the mark of its action is the one that the others are copies of.
            group.sort(key=lambda row: (row.position is None, row.line))
            yield Finding(Contradiction.DOUBLE, rows=tuple(group))


def _actions_in_order(rows: Sequence[SheetRow]) -> Iterable[Finding]:
    items: dict[tuple[str, int], list[SheetRow]] = defaultdict(list)
    for row in rows:
        if row.item is not None and row.position is not None:
            items[row.project, row.item].append(row)
    for actions in items.values():
        actions.sort(key=lambda row: row.position or 0)
        for before, row in pairwise(actions):
            if row.first_day <= before.last_day:
                yield Finding(
                    Contradiction.BEFORE,
                    rows=(row, before),
                    first_day=row.first_day,
                    last_day=before.last_day,
                )


def _items_in_order(rows: Sequence[SheetRow], after: Iterable[AfterRow]) -> Iterable[Finding]:
    items: dict[tuple[str, int], list[SheetRow]] = defaultdict(list)
    for row in rows:
        if row.item is not None:
            items[row.project, row.item].append(row)
    for pair in after:
        own, others = items.get((pair.project, pair.item)), items.get((pair.project, pair.predecessor))
        if own and others:
            row = min(own, key=lambda one: one.first_day)
            before = max(others, key=lambda one: one.last_day)
            if row.first_day <= before.last_day:
                yield Finding(
                    Contradiction.BEFORE,
                    rows=(row, before),
                    first_day=row.first_day,
                    last_day=before.last_day,
                )
