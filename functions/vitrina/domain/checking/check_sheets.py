"""Checks the sheets for contradictions: rows of *В работе* and cells of the calendar.

A row says who works, for how many hours, from which day to which day, but not how many hours on which
day. A person is reported as overloaded by his rows only if that is proved: if his hours of all workbooks
cannot be spread over the days of their rows so that every day stays within his capacity. ``feasibility``
decides that and names the shortest runs of days with too much work as the proof.

The calendar shows hours by day, so ``check`` adds them up. A day of it can have too many hours, or be a day
off, although the rows could be spread otherwise. A calendar that no longer agrees with the rows is reported
as outdated and not added up.

The planner and the store are not used.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta
from enum import StrEnum
from itertools import pairwise

from msgspec import Struct
from msgspec.structs import replace

from vitrina.domain.checking.check import AfterRow, DayRow, Facts, Fault, PersonRow, Violation, check
from vitrina.domain.checking.feasibility import Work, overloads

#: Each cell of the calendar is rounded to a hundredth of an hour.
ROUNDING_HOURS = 0.006

FULL_DAY_HOURS = 8.0


class Contradiction(StrEnum):
    """Kind of contradiction in the sheets."""

    #: Rows of one person whose hours cannot be spread over his days.
    OVERLOAD = "overload"
    #: A row whose person is absent on every day of it.
    AWAY = "away"
    #: A row without any working day.
    DAY_OFF = "day_off"
    #: Rows that are the same action.
    DOUBLE = "double"
    #: A row that begins before its predecessor has ended.
    BEFORE = "before"
    #: Rows of a person who is not in the team.
    STRANGER = "stranger"
    #: A day of the calendar with more hours than the capacity of the person.
    DRAWN_OVERLOAD = "drawn_overload"
    DRAWN_AWAY = "drawn_away"
    DRAWN_DAY_OFF = "drawn_day_off"
    #: The calendar does not show what the rows say.
    CALENDAR = "calendar"


class SheetRow(Struct, frozen=True):
    """One person's work as a row of a client's sheet states it.

    ``item`` is the number in the ID and ``position`` the place among the actions of the item, from 0; both
    are ``None`` for a row that a person added. ``line`` is the row number that people see.
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


class CalendarLine(Struct, frozen=True):
    """Hours by day that a client's calendar shows for a person's work on an item."""

    project: str
    code: str
    item: int
    specialist: str
    day_hours: Mapping[date, float]


class ShownCalendar(Struct, frozen=True):
    """A client's calendar: the days that it shows, and its lines."""

    project: str
    days: tuple[date, ...]
    lines: tuple[CalendarLine, ...]


class Finding(Struct, frozen=True):
    """A contradiction between *rows*; ``hours`` and ``capacity_hours`` where hours are exceeded."""

    kind: Contradiction
    specialist: str = ""
    rows: tuple[SheetRow, ...] = ()
    first_day: date | None = None
    last_day: date | None = None
    hours: float = 0.0
    capacity_hours: float = 0.0
    #: Codes of items and projects concerned, for findings without rows.
    codes: tuple[str, ...] = ()
    projects: frozenset[str] = frozenset()

    def concerns(self, project: str) -> bool:
        """Whether the finding concerns *project*."""
        return project in self.projects or any(row.project == project for row in self.rows)


class Judge:
    """Finds contradictions from today on; work that was due earlier is late and not checked.

    Parameters
    ----------
    people
        Their hours of an ordinary day that may be planned, and days of absence.
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
        """All contradictions within and between *rows* and *calendars*, and with the days of people."""
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
        """Code and person of each action that the calendar shows differently from the rows."""
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
    """Whether the lines lie on the days of the rows and, if all those days are shown, have their hours."""
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
    # People who are not in the team are reported with their rows.
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
    """Whether a finding from the rows covers it already."""
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
            # The row with the mark of the action is the original; the others are copies.
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
