"""The agency's people: *Специалисты* and *Отсутствия* of its workbook."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from vitrina.domain.backlog import Specialist
from vitrina.errors import CellProblem, CellsError
from vitrina.workbook.reading.book import Book
from vitrina.workbook.reading.cells import CellReader
from vitrina.workbook.reading.choices import Choices
from vitrina.workbook.reading.settings import locale_of, read_load_factor, read_week_limit

#: What people answer in a setting.
#: An absence of everybody: a day off of the agency's own.
EVERYBODY = frozenset({"все", "everybody", "everyone", "all"})


@dataclass(frozen=True)
class Team:
    """The agency's people and rules, from its own workbook. ``profiles`` are titles by key.

    ``week_limit_hours`` are those of all people for all clients in a week, ``None`` for no such limit.
    """

    specialists: tuple[Specialist, ...]
    profiles: Mapping[str, str]
    load_factor: float = 1.0
    week_limit_hours: float | None = None


def read_team(book: Book, choices: Choices, *, profiles: Mapping[str, str], today: date) -> Team:
    """The specialists with their days away, those of everybody among them.

    Raises
    ------
    CellsError
        If a specialist has no hours, no profile, or a profile or day that cannot be understood; if two
        have one name, or an absence is of nobody.
    """
    tab = book.tab("specialists")
    reader = CellReader(tab, choices, locale=locale_of(book), today=today)
    keys = {title.casefold(): key for key, title in profiles.items()} | {key: key for key in profiles}
    specialists: list[Specialist] = []
    names = {tab.cell(row, "name").text.casefold() for row in tab.rows}
    away = _days_away(book, choices, today=today, names=names | EVERYBODY, problems=reader.problems)
    everybody = {day for name in EVERYBODY for day in away.get(name, ())}
    for row in tab.rows:
        name = reader.text(row, "name")
        if not name:
            continue
        if any(name.casefold() == other.name.casefold() for other in specialists):
            reader.add_problem(row, "name", "cell.name_twice", name=name)
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
                tracker_id=reader.text(row, "kaiten_id") or None,
                days_away=frozenset(everybody | away.get(name.casefold(), set())),
            )
        )
    load_factor = read_load_factor(book, problems=reader.problems)
    week_limit_hours = read_week_limit(book, problems=reader.problems)
    if reader.problems:
        raise CellsError(reader.problems)
    return Team(tuple(specialists), profiles, load_factor, week_limit_hours)


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
        days = away.setdefault(name.casefold(), set())
        days.update(first + timedelta(days=offset) for offset in range((last - first).days + 1))
    problems += reader.problems
    return away
