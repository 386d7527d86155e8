"""Rows of *Нормы*."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from msgspec import Struct

from vitrina.domain.estimating.norms import NormCell
from vitrina.errors import CellsError
from vitrina.workbook.reading.book import Book, Row
from vitrina.workbook.reading.cells import CellReader
from vitrina.workbook.reading.choices import Choices
from vitrina.workbook.reading.settings import locale_of


class NormRow(Struct, frozen=True):
    """A row of *Нормы*.

    ``pinned_hours`` is a norm by hand. It was typed into the column for it, or ``in_place`` of the figure
    that the add-on wrote.
    """

    row: Row
    cell: NormCell
    work_type: str
    unit: str
    pinned_hours: float | None
    in_place: bool


def read_norm_rows(
    book: Book,
    choices: Choices,
    *,
    profiles: Mapping[str, str],
    shown: Mapping[NormCell, tuple[float, ...]],
    today: date,
) -> list[NormRow]:
    """The rows of *Нормы* with a work type and a known profile.

    Parameters
    ----------
    profiles
        Titles of the profiles by key.
    shown
        Figures that the add-on wrote, by group: any other figure was typed by a person. A group that is
        missing was written by the add-on if the row has a count of facts.

    Raises
    ------
    CellsError
        If a norm by hand cannot be understood.
    """
    tab = book.tab("norms")
    reader = CellReader(tab, choices, locale=locale_of(book), today=today)
    keys = {title.casefold(): key for key, title in profiles.items()} | {key: key for key in profiles}

    def text(row: Row, column: str) -> str:
        return tab.cell(row, column).text if column in tab.columns else ""

    def typed(row: Row, column: str) -> float | None:
        hours = reader.hours(row, column) if column in tab.columns else None
        if hours == 0:
            reader.add_problem(row, column, "cell.norm_zero")
        return hours or None

    rows = []
    for row in tab.rows:
        work_type, profile = text(row, "work_type"), keys.get(text(row, "profile").casefold())
        if not work_type or profile is None:
            continue
        size = reader.choice(row, "size", "size", "") if "size" in tab.columns else ""
        cell = NormCell(work_type.casefold(), size, profile)
        pinned, in_place = typed(row, "pinned_hours"), False
        if pinned is None:
            figure = typed(row, "hours_per_unit")
            written = shown.get(cell)
            is_ours = bool(text(row, "fact_count")) if written is None else figure in written
            if figure is not None and not is_ours:
                pinned, in_place = figure, True
        rows.append(NormRow(row, cell, work_type, text(row, "unit"), pinned, in_place))
    if reader.problems:
        raise CellsError(reader.problems)
    return rows
