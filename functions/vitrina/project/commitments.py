"""Promised hours put right by the cells: who works on what, and when, as people have left it.

A promise is made when a period is started. After that people delete rows, hand them to somebody else,
move their days, change their hours. Where a promise still fits its row it stays as it was planned;
where it does not, its hours are spread anew over the row's own days.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta

from msgspec import Struct
from msgspec.structs import replace

from vitrina.domain.backlog import Specialist
from vitrina.domain.calendar import WorkCalendar
from vitrina.domain.checking.feasibility import TOLERANCE_HOURS, spread
from vitrina.domain.planning.capacity import Resources
from vitrina.domain.planning.in_progress.overdue import left_of
from vitrina.records.books import Project
from vitrina.records.work import (
    Item,
    ItemAction,
    ProjectWork,
    committed_hours,
    taken_hours,
)
from vitrina.workbook.reading.team import Team
from vitrina.workbook.reading.work_rows import WorkRow, WorkRows

ItemKey = tuple[str, int]
"""Workbook and number of an item."""


class ClientWork(Struct, frozen=True):
    """A client's *В работе* as it was read, and his items as the store had them before that."""

    project: Project
    rows: WorkRows
    items: Mapping[int, Item]


class Rebuilt(Struct, frozen=True):
    """What is in progress at each client as his rows say, and all hours by specialist and day."""

    works: Mapping[str, ProjectWork]
    taken: Mapping[str, Mapping[date, float]]


class People:
    """The agency's people by name, and the hours of their days."""

    def __init__(self, team: Team, calendar: WorkCalendar) -> None:
        self.resources = Resources(team.specialists, calendar, load_factor=team.load_factor)
        self._by_name = {one.name.casefold(): one for one in team.specialists}

    def find(self, name: str) -> Specialist | None:
        """The specialist of this name, however it is capitalised."""
        return self._by_name.get(name.casefold())

    def name(self, typed: str) -> str:
        """The name as the tab *Специалисты* has it."""
        found = self.find(typed)
        return found.name if found else typed

    def capacity(self, name: str, day: date) -> float:
        """Hours of a day that may be planned; 0 for somebody who is not in the team."""
        found = self.find(name)
        return self.resources.day_capacity(found, day) if found else 0.0

    def days(self, name: str, first: date, last: date) -> list[date]:
        """Days on which somebody works; of a person who is not in the team, on which the agency does."""
        works = self.resources.calendar.is_working_day
        days = (first + timedelta(days=offset) for offset in range((last - first).days + 1))
        return [day for day in days if (self.capacity(name, day) > 0 if self.find(name) else works(day))]


def rebuild_commitments(
    works: Mapping[str, ProjectWork], books: Iterable[ClientWork], people: People, today: date
) -> Rebuilt:
    """Let the promised hours of *works* be what the rows of *books* say.

    An item that was started, or changed by somebody else, after its workbook was read is left as it is in
    *works*; the promises of workbooks that are not among *books* stay as well.
    """
    books = list(books)
    settled: dict[ItemKey, Item] = {}
    open_ones: list[tuple[Item, ItemAction, WorkRow]] = []
    for book in books:
        current = works[book.project.spreadsheet_id].items if book.project.spreadsheet_id in works else {}
        for number, item in book.items.items():
            if current.get(number) == item and not item.is_reserved:
                settled[item.key], left = _settled(item, book.rows, people, today)
                open_ones += left
    waiting = {(item.key, action.row_number) for item, action, _ in open_ones}
    everything = (item for work in works.values() for item in work.items.values())
    others = [
        replace(one, actions=tuple(a for a in one.actions if (one.key, a.row_number) not in waiting))
        for one in (settled.get(item.key, item) for item in everything)
    ]
    placer = _Placer(people, committed_hours(others), today)
    placed: dict[tuple[ItemKey, int], ItemAction] = {}
    for item, action, row in sorted(open_ones, key=_by_due_day):
        placed[item.key, action.row_number] = placer.placed(action, row)
    rebuilt = dict(works)
    for book in books:
        spreadsheet_id, agency_id = book.project.spreadsheet_id, book.project.agency_id
        work = rebuilt.get(spreadsheet_id) or ProjectWork(spreadsheet_id, agency_id)
        own = (item for key, item in settled.items() if key[0] == spreadsheet_id)
        work = work.with_items(_with_days(item, placed) for item in own)
        rebuilt[spreadsheet_id] = replace(work, typed_hours=_typed_hours(book.rows, placer))
    return Rebuilt(rebuilt, taken_hours(rebuilt.values()))


def _with_days(item: Item, placed: Mapping[tuple[ItemKey, int], ItemAction]) -> Item:
    actions = tuple(placed.get((item.key, action.row_number), action) for action in item.actions)
    return replace(item, actions=actions)


def _by_due_day(one: tuple[Item, ItemAction, WorkRow]) -> tuple[date, date, ItemKey, int]:
    item, action, row = one
    return row.last_day or date.max, row.first_day or date.max, item.key, action.row_number


def _settled(
    item: Item, work: WorkRows, people: People, today: date
) -> tuple[Item, list[tuple[Item, ItemAction, WorkRow]]]:
    """The item with what its rows say, and the actions whose days are to be found anew."""
    rows = work.by_number
    actions: list[ItemAction] = []
    left: list[tuple[Item, ItemAction, WorkRow]] = []
    for action in item.actions:
        row = rows.get(action.row_number)
        if row is None:
            # Somebody took the row away: nobody works on it, unless it is long done.
            actions.append(action if item.is_done else replace(action, day_hours={}))
        elif row.is_done:
            actions.append(replace(action, is_done=True))
        elif not row.is_readable:
            actions.append(replace(action, is_done=False))
        else:
            told = replace(
                action,
                specialist=people.name(row.specialist),
                is_done=False,
                logged_hours=row.logged_hours or 0.0,
            )
            actions.append(told)
            if told.specialist != action.specialist or not _fits(action, row, people, today):
                left.append((item, action, row))
    own = (rows.get(action.row_number) for action in item.actions)
    is_open = any(row is not None and not row.is_done for row in own)
    return replace(item, actions=tuple(actions), is_done=item.is_done and not is_open), left


def _fits(action: ItemAction, row: WorkRow, people: People, today: date) -> bool:
    """Whether the promised days are days of the row, with its hours."""
    first, last, hours = _window(row)
    days = action.day_hours
    if not days or max(abs(sum(days.values()) - hours), abs(action.hours - hours)) > TOLERANCE_HOURS:
        return False
    if not all(first <= day <= last for day in days) or max(days) < today <= last:
        return False
    possible = set(people.days(action.specialist, first, last))
    return not possible or all(day in possible for day in days if day >= today)


def _window(row: WorkRow) -> tuple[date, date, float]:
    """First day, last day and hours of a readable row."""
    if row.first_day is None or row.last_day is None or row.hours is None:
        raise ValueError(row)
    return row.first_day, row.last_day, row.hours


class _Placer:
    """Finds days for rows, each beside what was placed before."""

    def __init__(self, people: People, taken: dict[str, dict[date, float]], today: date) -> None:
        self._people = people
        self._taken = taken
        self._today = today

    def placed(self, action: ItemAction, row: WorkRow) -> ItemAction:
        """The action as its row tells it, with new days from today on; what was done before stays."""
        first, last, hours = _window(row)
        name = self._people.name(row.specialist)
        known = action.day_hours
        past = {
            day: one
            for day, one in known.items()
            if action.specialist == name and first <= day <= last and day < self._today
        }
        done = min(hours, sum(past.values()))
        if past and last >= self._today and hours - done <= TOLERANCE_HOURS:
            done = hours - left_of(hours, row.logged_hours or 0.0)
        elif last < self._today:
            done, past = 0.0, {}
        total = sum(past.values())
        days = {day: one * done / total for day, one in past.items()} if total else {}
        for day, one in self.days(name, first, last, hours - sum(days.values())).items():
            days[day] = days.get(day, 0.0) + one
        day_hours = dict(sorted(days.items()))
        logged = row.logged_hours or 0.0
        return replace(
            action, specialist=name, hours=hours, day_hours=day_hours, is_done=False, logged_hours=logged
        )

    def days(self, name: str, first: date, last: date, hours: float) -> Mapping[date, float]:
        """Hours by day, from today on where there is such a day; they are taken from then on."""
        if hours <= 0:
            return {}
        possible = self._people.days(name, first, last) or [last]
        coming = [day for day in possible if day >= self._today] or possible
        taken = self._taken.setdefault(name, {})
        free = {day: self._people.capacity(name, day) - taken.get(day, 0.0) for day in coming}
        found = spread(hours, coming, free)
        for day, one in found.items():
            taken[day] = taken.get(day, 0.0) + one
        return found


def _typed_hours(work: WorkRows, placer: _Placer) -> dict[str, dict[date, float]]:
    """Hours of people's own rows, by specialist and day."""
    total: dict[str, dict[date, float]] = {}
    for row in own_rows(work):
        action = ItemAction(0, row.profile, row.specialist, row.planned_hours, {})
        found = placer.placed(action, row)
        days = total.setdefault(found.specialist, {})
        for day, hours in found.day_hours.items():
            days[day] = days.get(day, 0.0) + hours
    return total


def own_rows(work: WorkRows) -> Iterator[WorkRow]:
    """Rows that people put in by themselves and that bind somebody: no copies, nothing done."""
    for row in work.rows:
        if row.number is None and not row.is_copy and not row.is_done and row.is_readable:
            yield row
