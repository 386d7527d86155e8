"""Reads typed values from cells: hours, quantities, days, choices.

Reading never stops at the first bad cell: the problems are gathered, and the caller that needs the
values raises them together.
"""

from __future__ import annotations

import re
from datetime import date

from vitrina.domain.limits import MOST_NAME, MOST_TEXT, NAMES
from vitrina.domain.quantities import (
    MAX_HOURS,
    MAX_QUANTITY,
    day_of_serial,
    known_day,
    parse_day,
    parse_hours,
    parse_number,
)
from vitrina.errors import CellProblem
from vitrina.workbook.reading.book import EMPTY, Cell, Row, Tab
from vitrina.workbook.reading.choices import Choices

#: Serial numbers of the days from 1982 to 2091; no figure of hours is in this range.
DATE_SERIALS = range(30_000, 70_000)

MINUTES_PER_DAY = 24 * 60
#: Characters of a bad value that are repeated to the person who corrects it.
MOST_TOLD = 100
#: Rounding error of computing with fractions.
ROUNDING_ERROR = 1e-6

#: The number at the end of an ID.
_NUMBER_OF_ID = re.compile(r"(?<!\d)(\d{1,9})\s*$")


class BadCellError(Exception):
    """A cell that cannot be understood: the code of the message, and its placeholders in ``where``."""

    def __init__(self, code: str, **where: object) -> None:
        super().__init__(code)
        self.code = code
        self.where = where


def _date_in_place_of_number(cell: Cell) -> date | None:
    """The date that the spreadsheet made of a typed number: in a Russian workbook 1.5 is the first of May."""
    if not isinstance(cell.value, float) or int(cell.value) not in DATE_SERIALS:
        return None
    return day_of_serial(cell.value)


def _hours_typed_as_clock(cell: Cell) -> float | None:
    """Hours that were typed as 1:30; the spreadsheet keeps them as a fraction of a day.

    Such a value is a whole number of minutes and has more than two decimals, as no typed figure has.
    """
    if cell.formula is not None or not isinstance(cell.value, float) or not 0 < cell.value < 1:
        return None
    minutes, hundredths = cell.value * MINUTES_PER_DAY, cell.value * 100
    is_clock = abs(minutes - round(minutes)) < ROUNDING_ERROR < abs(hundredths - round(hundredths))
    return round(minutes / 60, 2) if is_clock else None


def hours_in_cell(cell: Cell) -> float | None:
    """Hours as somebody typed them, of any size; ``None`` for an empty cell.

    Raises
    ------
    BadCellError
        If the cell holds an error, a date, a time of day or a text that is not hours.
    """
    if cell.is_error:
        raise BadCellError("cell.formula_error")
    if isinstance(cell.value, float) and 1 <= cell.value < DATE_SERIALS.start:
        # Most cells: neither a day nor a part of one.
        return cell.value
    if cell.text == "":
        return None
    day = _date_in_place_of_number(cell)
    if day is not None:
        raise BadCellError("cell.hours_date", day=day, hint=f"{day.day},{day.month}")
    clock = _hours_typed_as_clock(cell)
    if clock is not None:
        raise BadCellError("cell.hours_clock", hint=clock)
    if isinstance(cell.value, float):
        return cell.value
    try:
        return parse_hours(cell.text)
    except ValueError as error:
        raise BadCellError("cell.hours_text", value=cell.text) from error


def item_numbers_in(text: str) -> tuple[int, ...]:
    """Numbers of the items that a list of IDs names, such as ``ЗРН-3, ЗРН-5``; other parts are skipped."""
    if not text:
        return ()
    found = (_NUMBER_OF_ID.search(part) for part in re.split(r"[,;]", text))
    return tuple(int(one[1]) for one in found if one)


class CellReader:
    """Reads typed values from the cells of one tab and gathers the problems.

    Parameters
    ----------
    choices
        Words that cells with a choice may hold.
    locale
        Language in which a problem lists the allowed choices.
    today
        Completes days that were typed without a year.
    """

    def __init__(self, tab: Tab, choices: Choices, *, locale: str, today: date) -> None:
        self.tab = tab
        self.problems: list[CellProblem] = []
        self.choices = choices
        self._locale = locale
        self._today = today

    def add_problem(self, row: Row, column: str, code: str, **where: object) -> None:
        """Keep a problem of a cell, once however often the cell is read."""
        told = {name: value[:MOST_TOLD] if isinstance(value, str) else value for name, value in where.items()}
        problem = self.tab.problem(row, column, code, **told)
        if problem not in self.problems:
            self.problems.append(problem)

    def text(self, row: Row, column: str) -> str:
        """The text of a cell."""
        cell = self.tab.cell(row, column)
        if cell is EMPTY:
            return ""
        if cell.is_error:
            self.add_problem(row, column, "cell.formula_error")
        text, most = cell.text, MOST_NAME if column in NAMES else MOST_TEXT
        if len(text) > most:
            self.add_problem(row, column, "limit.text", count=len(text), most=most)
            return text[:most]
        return text

    def hours(self, row: Row, column: str) -> float | None:
        """Hours from 0 to ``MAX_HOURS``; ``None`` for an empty or bad cell."""
        try:
            hours = hours_in_cell(self.tab.cell(row, column))
        except BadCellError as bad:
            self.add_problem(row, column, bad.code, **bad.where)
            return None
        if hours is not None and not 0 <= hours <= MAX_HOURS:
            self.add_problem(row, column, "cell.hours_range", value=hours, most=MAX_HOURS)
            return None
        return hours

    def quantity(self, row: Row, column: str) -> float:
        """A number above 0; 1 for an empty or bad cell."""
        text, cell = self.text(row, column), self.tab.cell(row, column)
        if text == "":
            return 1.0
        day = _date_in_place_of_number(cell)
        if day is not None:
            self.add_problem(row, column, "cell.quantity_date", day=day, hint=f"{day.day},{day.month}")
            return 1.0
        try:
            quantity = cell.value if isinstance(cell.value, float) else parse_number(text)
        except ValueError:
            quantity = -1.0
        if quantity <= 0:
            self.add_problem(row, column, "cell.quantity", value=text)
            return 1.0
        if quantity > MAX_QUANTITY:
            self.add_problem(row, column, "cell.quantity_range", value=text, most=MAX_QUANTITY)
            return 1.0
        return quantity

    def day(self, row: Row, column: str) -> date | None:
        """A day; ``None`` for an empty or bad cell."""
        text, value = self.text(row, column), self.tab.cell(row, column).value
        if text == "":
            return None
        day = known_day(value)
        if day is not None:
            return day
        try:
            return parse_day(text, today=self._today)
        except ValueError:
            self.add_problem(row, column, "cell.day", value=text)
            return None

    def choice(self, row: Row, column: str, group: str, default: str) -> str:
        """The code of a choice of *group*; *default* for an empty or bad cell."""
        text = self.text(row, column)
        if not text:
            return default
        code = self.choices.code(group, text)
        if code is None:
            allowed = self.choices.all_labels(group, self._locale)
            self.add_problem(row, column, "cell.choice", value=text, allowed=allowed)
            return default
        return code
