"""Rows of *Онбординг*: the templates of the first tasks, by kind of project."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date

from msgspec import Struct
from msgspec.structs import replace

from vitrina.domain.onboarding.template import ClientNeed, OnboardingTemplate, TemplateStep, TemplateTask
from vitrina.domain.quantities import parse_number
from vitrina.errors import CellProblem, CellsError, UserError
from vitrina.workbook.reading.backlog_rows import find_circle
from vitrina.workbook.reading.book import Book, Row, Tab
from vitrina.workbook.reading.cells import CellReader
from vitrina.workbook.reading.choices import Choices
from vitrina.workbook.reading.settings import locale_of
from vitrina.workbook.reading.team import Team

ONBOARDING = "onboarding"
#: Most working days of a delay: a year has some 250.
MOST_DAYS = 250
MOST_NUMBER = 999

#: Hours by the norm of a work type and a profile, ``None`` where there is no norm.
NormHours = Callable[[str, str], float | None]

_CONTENT = ("kind", "number", "task", "subtask", "profile", "specialist", "hours", "work_type", "need")
#: Columns of a row that are empty where the row only says what the client has to do.
_WORK = ("subtask", "profile", "specialist", "hours", "work_type")


class OnboardingTab(Struct, frozen=True):
    """The tab *Онбординг*; each kind of project is read when it is asked for."""

    tab: Tab
    kinds: tuple[str, ...]
    _read: Callable[[str], tuple[OnboardingTemplate, list[CellProblem]]]

    def template(self, kind: str) -> OnboardingTemplate:
        """The template of a kind of project, however it is capitalised.

        Raises
        ------
        UserError
            If there is no such kind.
        CellsError
            With all bad cells of its rows; bad cells of other kinds do not matter.
        """
        known = next((one for one in self.kinds if _folded(one) == _folded(kind)), None)
        if known is None:
            if not self.kinds:
                raise UserError("onboarding.empty", sheet=self.tab.title)
            raise UserError("onboarding.unknown_kind", kind=kind, sheet=self.tab.title, known=self.kinds)
        template, problems = self._read(known)
        if problems:
            raise CellsError(problems)
        return template


def kinds_in(book: Book) -> tuple[str, ...]:
    """Kinds of projects that have a template, however they are capitalised; none without the tab."""
    tab = book.tabs.get(ONBOARDING)
    if tab is None or "kind" not in tab.columns:
        return ()
    by_name: dict[str, str] = {}
    for title in filter(None, (tab.cell(row, "kind").text for row in tab.rows)):
        by_name.setdefault(_folded(title), title)
    return tuple(by_name.values())


def read_onboarding(
    book: Book, choices: Choices, *, team: Team, norm_hours: NormHours, today: date
) -> OnboardingTab:
    """The tab of an agency's workbook.

    Raises
    ------
    WorkbookShapeError
        If the tab is gone, or the workbook is of an older release and has none.
    """
    tab = book.tab(ONBOARDING)
    rows = [row for row in tab.rows if any(tab.cell(row, key).text for key in _CONTENT if key in tab.columns)]
    titles = [tab.cell(row, "kind").text for row in rows]
    kinds = kinds_in(book)

    def read(kind: str) -> tuple[OnboardingTemplate, list[CellProblem]]:
        reader = CellReader(tab, choices, locale=locale_of(book), today=today)
        # A row whose kind was forgotten may belong to this one.
        for row, title in zip(rows, titles, strict=True):
            if not title:
                reader.add_problem(row, "kind", "cell.onboarding_kind", known=kinds)
        own = [row for row, title in zip(rows, titles, strict=True) if _folded(title) == _folded(kind)]
        tasks = _TaskReader(reader, team, norm_hours).tasks(own)
        return OnboardingTemplate(kind, tasks), reader.problems

    return OnboardingTab(tab, kinds, read)


def _folded(kind: str) -> str:
    return " ".join(kind.casefold().split())


class _Line(Struct, frozen=True):
    """A row with a readable number: a step, a need of the client, or both."""

    row: Row
    number: int
    title: str
    step: TemplateStep | None
    need: ClientNeed | None
    after: tuple[int, ...]
    after_days: int


class _TaskReader:
    """Reads the rows of one kind of project."""

    def __init__(self, reader: CellReader, team: Team, norm_hours: NormHours) -> None:
        self._reader = reader
        self._team = team
        self._norm_hours = norm_hours
        self._keys = {title.casefold(): key for key, title in team.profiles.items()}
        self._keys |= {key: key for key in team.profiles}

    def tasks(self, rows: Sequence[Row]) -> tuple[TemplateTask, ...]:
        """The tasks in the order of their numbers; what is bad is in the problems of the reader."""
        by_number: dict[int, list[_Line]] = {}
        for row in rows:
            line = self._line(row)
            if line is not None:
                by_number.setdefault(line.number, []).append(line)
        tasks = [self._task(number, lines) for number, lines in sorted(by_number.items())]
        first = {number: lines[0].row for number, lines in by_number.items()}
        self._check_after([line for lines in by_number.values() for line in lines], by_number.keys())
        self._check_circles(tasks, first)
        return tuple(tasks)

    # --- One row -----------------------------------------------------------------------------------

    def _line(self, row: Row) -> _Line | None:
        number = self._whole(row, "number", 1, MOST_NUMBER)
        step, need = self._step(row), self._need(row)
        if number is None:
            if not self._text(row, "number"):
                self._reader.add_problem(row, "number", "cell.onboarding_number")
            return None
        return _Line(
            row,
            number,
            self._text(row, "task"),
            step,
            need,
            self._after(row),
            self._whole(row, "after_days", 0, MOST_DAYS) or 0,
        )

    def _step(self, row: Row) -> TemplateStep | None:
        if not any(self._text(row, key) for key in _WORK) and self._text(row, "need"):
            return None
        person, profile = self._person(row), self._profile(row)
        hours = self._hours(row, profile)
        what = self._text(row, "subtask")
        return TemplateStep(profile, hours, person, (what,) if what else ())

    def _person(self, row: Row) -> str:
        text = self._text(row, "specialist")
        found = next((one for one in self._team.specialists if one.name.casefold() == text.casefold()), None)
        if text and found is None:
            self._reader.add_problem(row, "specialist", "cell.unknown_person", name=text)
        return found.name if found else ""

    def _profile(self, row: Row) -> str:
        """Key of the profile; of a person without one the first profile that the person has."""
        text, name = self._text(row, "profile"), self._text(row, "specialist")
        person = next((one for one in self._team.specialists if one.name.casefold() == name.casefold()), None)
        titles = list(self._team.profiles.values())
        if not text:
            if not name:
                self._reader.add_problem(row, "profile", "cell.onboarding_nobody", allowed=titles)
            return person.profiles[0] if person and person.profiles else ""
        key = self._keys.get(text.casefold(), "")
        if not key:
            self._reader.add_problem(row, "profile", "cell.onboarding_profile", value=text, allowed=titles)
        elif person is not None and key not in person.profiles:
            self._reader.add_problem(row, "profile", "cell.onboarding_other", name=person.name, profile=text)
        elif not any(key in one.profiles for one in self._team.specialists):
            self._reader.add_problem(row, "profile", "cell.onboarding_without_people", profile=text)
        return key

    def _hours(self, row: Row, profile: str) -> float:
        hours, work_type = self._reader.hours(row, "hours"), self._text(row, "work_type")
        if hours is None and work_type and profile and not self._text(row, "hours"):
            hours = self._norm_hours(work_type, profile)
            if hours is None:
                title = self._team.profiles.get(profile, profile)
                where = {"work_type": work_type, "profile": title}
                self._reader.add_problem(row, "work_type", "cell.onboarding_no_norm", **where)
        elif hours == 0 or (hours is None and not self._text(row, "hours")):
            self._reader.add_problem(row, "hours", "cell.onboarding_hours")
        return hours or 0.0

    def _need(self, row: Row) -> ClientNeed | None:
        text, days = self._text(row, "need"), self._whole(row, "need_days", 0, MOST_DAYS)
        if days is not None and not text:
            self._reader.add_problem(row, "need", "cell.onboarding_need")
        return ClientNeed(text, days) if text else None

    def _after(self, row: Row) -> tuple[int, ...]:
        parts = [part for part in re.split(r"[\s,;.№]+", self._text(row, "after")) if part]
        numbers = tuple(int(part) for part in parts if part.isdecimal())
        if len(numbers) < len(parts):
            text = self._text(row, "after")
            self._reader.add_problem(row, "after", "cell.onboarding_after", value=text)
        return numbers

    def _whole(self, row: Row, column: str, least: int, most: int) -> int | None:
        """A whole number; ``None`` for an empty or bad cell."""
        text = self._text(row, column)
        if not text:
            return None
        try:
            number = parse_number(text)
        except ValueError:
            number = -1.0
        if number != int(number) or not least <= number <= most:
            where = {"value": text, "least": least, "most": most}
            self._reader.add_problem(row, column, "cell.onboarding_whole", **where)
            return None
        return int(number)

    def _text(self, row: Row, column: str) -> str:
        """The text of a cell, empty in a workbook from which people removed the column."""
        return self._reader.text(row, column) if column in self._reader.tab.columns else ""

    # --- One task ----------------------------------------------------------------------------------

    def _task(self, number: int, lines: Sequence[_Line]) -> TemplateTask:
        first = lines[0].row
        title = next((line.title for line in lines if line.title), "")
        if not title:
            self._reader.add_problem(first, "task", "cell.onboarding_task", number=str(number))
        steps = self._steps(number, lines)
        if not steps:
            self._reader.add_problem(first, "profile", "cell.onboarding_no_work", number=str(number))
        return TemplateTask(
            number,
            title,
            steps,
            tuple(dict.fromkeys(one for line in lines for one in line.after)),
            max(line.after_days for line in lines),
            tuple(line.need for line in lines if line.need is not None),
        )

    def _steps(self, number: int, lines: Sequence[_Line]) -> tuple[TemplateStep, ...]:
        """Steps of a task: rows of one profile that follow each other are one person's work."""
        steps: list[TemplateStep] = []
        for line in lines:
            step = line.step
            if step is None:
                continue
            last = steps[-1] if steps else None
            if last is not None and last.profile == step.profile:
                if last.specialist and step.specialist and last.specialist != step.specialist:
                    where = {"number": str(number), "profile": self._title(step.profile)}
                    self._reader.add_problem(line.row, "specialist", "cell.onboarding_two_people", **where)
                steps[-1] = replace(
                    last,
                    hours=last.hours + step.hours,
                    specialist=last.specialist or step.specialist,
                    subtasks=(*last.subtasks, *step.subtasks),
                )
                continue
            if step.profile and any(one.profile == step.profile for one in steps):
                where = {"number": str(number), "profile": self._title(step.profile)}
                self._reader.add_problem(line.row, "profile", "cell.onboarding_again", **where)
            steps.append(step)
        return tuple(steps)

    def _title(self, profile: str) -> str:
        return self._team.profiles.get(profile, profile)

    def _check_after(self, lines: Iterable[_Line], known: Iterable[int]) -> None:
        numbers = set(known)
        for line in lines:
            if line.number in line.after:
                self._reader.add_problem(line.row, "after", "cell.onboarding_itself", number=str(line.number))
            unknown = [str(one) for one in line.after if one not in numbers]
            if unknown:
                self._reader.add_problem(line.row, "after", "cell.onboarding_unknown", numbers=unknown)

    def _check_circles(self, tasks: Sequence[TemplateTask], first: Mapping[int, Row]) -> None:
        """Add a problem for each circle of tasks that wait for each other, at its first row."""
        numbers = {task.number for task in tasks}
        after = {task.number: set(task.after) & numbers - {task.number} for task in tasks}
        while circle := find_circle(after):
            members = sorted(circle)
            shown = [str(number) for number in members]
            self._reader.add_problem(first[members[0]], "after", "cell.onboarding_circle", numbers=shown)
            after = {number: before - circle for number, before in after.items() if number not in circle}
