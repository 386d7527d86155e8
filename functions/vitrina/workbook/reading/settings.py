"""Reads settings of workbooks: the language, the terms of a project, the settings of an agency."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping

from msgspec import Struct

from vitrina.domain.calendar import PeriodKind
from vitrina.domain.quantities import parse_number
from vitrina.errors import CellProblem, CellsError
from vitrina.workbook.reading.book import Book, Cell, Row, Tab
from vitrina.workbook.reading.cells import BadCellError, hours_in_cell
from vitrina.workbook.reading.choices import Choices

#: What an e-mail address looks like; Google refuses other texts as editors.
ADDRESS = re.compile(r"[^\s@,;<>]+@[^\s@,;<>]+\.[^\s@,;<>]+")

#: Answers that mean yes.
YES = frozenset({"да", "yes", "true", "истина", "1"})


def locale_of(book: Book) -> str:
    """Language of a workbook: ``en`` for English ones, else ``ru``."""
    return "en" if book.locale.startswith("en") else "ru"


class ProjectTerms(Struct, frozen=True):
    """Period and hour limit of a project; ``limit_hours`` is ``None`` for no limit."""

    period: PeriodKind
    limit_hours: float | None


def read_terms(book: Book, choices: Choices) -> ProjectTerms:
    """Period and hour limit of a project.

    Raises
    ------
    CellsError
        If one of the two cells cannot be understood.
    """
    problems: list[CellProblem] = []
    period, limit = book.field("period"), book.field("limit_hours")
    kind = choices.code("period", period.cell.text) if period.cell.text else PeriodKind.WEEK.value
    if kind is None:
        allowed = choices.all_labels("period", locale_of(book))
        where: tuple[tuple[str, object], ...] = (("value", period.cell.text), ("allowed", allowed))
        problems.append(CellProblem(period.sheet_title, period.address, "cell.choice", where))
    hours = None
    try:
        hours = _limit(limit.cell)
    except BadCellError as bad:
        where = tuple(bad.where.items())
        problems.append(CellProblem(limit.sheet_title, limit.address, bad.code, where))
    if problems:
        raise CellsError(problems)
    return ProjectTerms(PeriodKind(kind or PeriodKind.WEEK), hours)


def terms_problems(book: Book, choices: Choices) -> tuple[CellProblem, ...]:
    """The cells that ``read_terms`` refuses; none where the workbook has no such fields."""
    if not {"period", "limit_hours"} <= book.fields.keys():
        return ()
    try:
        read_terms(book, choices)
    except CellsError as error:
        return error.problems
    return ()


def responsible_problems(book: Book, names: Collection[str]) -> tuple[CellProblem, ...]:
    """The cell of the person responsible for a project, where it names nobody who is known.

    An e-mail address and any of *names*, the people of the agency, are known; so are several of them with
    commas between. An empty cell is no problem.
    """
    place = book.fields.get("responsible")
    if place is None:
        return ()
    known = {_plain(name) for name in names}
    parts = [part.strip() for part in re.split(r"[,;\n]", place.cell.text) if part.strip()]
    unknown = [part for part in parts if _plain(part) not in known and not ADDRESS.search(part)]
    return tuple(
        CellProblem(place.sheet_title, place.address, "cell.responsible", (("value", part),))
        for part in unknown
    )


def _plain(name: str) -> str:
    return " ".join(name.split()).casefold()


def read_settings(book: Book) -> Mapping[str, tuple[Tab, Row, Cell]]:
    """The cells of the tab *Настройки* by the key of the setting, with their tab and row."""
    tab = book.tab("settings")
    return {key: (tab, row, tab.cell(row, "value")) for row in tab.rows if (key := tab.cell(row, "key").text)}


def wants(book: Book, key: str) -> bool:
    """Whether the agency has switched a setting on; a setting that is not there is off."""
    return _text(book, key).casefold() in YES


def read_list(book: Book, key: str) -> tuple[str, ...]:
    """The parts of a setting that commas, semicolons or line breaks separate, each once."""
    parts = (part.strip() for part in re.split(r"[,;\n]", _text(book, key)))
    return tuple({part.casefold(): part for part in parts if part}.values())


def read_address(book: Book, key: str, *, problems: list[CellProblem]) -> str:
    """An e-mail address in lower case, empty where nothing is set; another text goes to *problems*."""
    text = _text(book, key)
    if text and not ADDRESS.fullmatch(text):
        tab, row, _ = read_settings(book)[key]
        problems.append(tab.problem(row, "value", "cell.address", value=text))
        return ""
    return text.lower()


def _text(book: Book, key: str) -> str:
    found = read_settings(book).get(key) if "settings" in book.tabs else None
    return found[2].text if found else ""


def read_load_factor(book: Book, *, problems: list[CellProblem]) -> float:
    """Share of the day that may be planned, 1 where nothing is set; a bad cell goes to *problems*."""
    return _read_setting(book, "load_factor", _ratio, problems=problems) or 1.0


def read_week_limit(book: Book, *, problems: list[CellProblem]) -> float | None:
    """Weekly hours of all people for all clients, ``None`` for no limit; a bad cell goes to *problems*."""
    return _read_setting(book, "week_limit_hours", _limit, problems=problems)


def _read_setting(
    book: Book, key: str, read: Callable[[Cell], float | None], *, problems: list[CellProblem]
) -> float | None:
    """A setting, ``None`` where nothing is set or the cell is bad; a bad cell goes to *problems*."""
    found = read_settings(book).get(key)
    if found is None or found[2].text == "":
        return None
    tab, row, cell = found
    try:
        return read(cell)
    except BadCellError as bad:
        problems.append(tab.problem(row, "value", bad.code, **bad.where))
        return None


def _limit(cell: Cell) -> float | None:
    """Hours of a limit; ``None`` for no limit."""
    try:
        hours = hours_in_cell(cell)
    except BadCellError as bad:
        if bad.code != "cell.hours_text":
            raise
        raise BadCellError("cell.limit", value=cell.text) from bad
    if hours is not None and hours < 0:
        raise BadCellError("cell.limit", value=cell.text)
    return hours


def _ratio(cell: Cell) -> float:
    try:
        value = cell.value if isinstance(cell.value, float) else _share(cell.text)
    except ValueError:
        value = -1.0
    if not 0 < value <= 1:
        raise BadCellError("cell.ratio", value=cell.text)
    return value


def _share(text: str) -> float:
    return parse_number(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
