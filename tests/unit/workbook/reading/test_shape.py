"""Tabs and columns with a lost or doubled mark are recognised by the remembered layout, or refused."""

from __future__ import annotations

from typing import Any

import pytest

from tests.harness.parsing import parsed
from tests.unit.workbook.books import metadata, resource, sheet
from vitrina.errors import WorkbookShapeError
from vitrina.workbook.reading.shape import KnownColumn, KnownTab, Shape, shape_from_document

COLUMNS = ("id", "task", "result")


def backlog(
    *, sheet_id: int = 7, title: str = "Бэклог", columns: tuple[str, ...] = COLUMNS
) -> dict[str, Any]:
    """A backlog; the titles in its header are the keys of its columns."""
    return sheet("backlog", columns, [(1, {"task": "А"})], sheet_id=sheet_id, title=title)


def known() -> Shape:
    """The remembered shape of the workbook."""
    return parsed(resource(backlog())).shape


def without_column_mark(tab: dict[str, Any], at: int) -> dict[str, Any]:
    """The tab without the mark of one column."""
    tab["data"][0]["columnMetadata"][at] = {}
    return tab


def test_a_workbook_as_it_was_needs_no_repair() -> None:
    """An unchanged workbook needs no repair, and its shape can be stored."""
    book = parsed(resource(backlog()), known())

    assert book.repairs == ()
    assert shape_from_document(known().data()) == known() == book.shape
    assert known().tabs["backlog"].columns["task"] == KnownColumn("task", 701)


def test_of_two_tabs_the_known_one_is_the_original() -> None:
    """Of two tabs with one mark the remembered one counts, in any order; the copy loses its mark."""
    copy, original = backlog(sheet_id=8, title="Копия"), backlog(title="Переименован")

    book = parsed(resource(copy, original), known())

    [repair] = book.repairs
    assert (book.tab("backlog").sheet_id, book.tab("backlog").title) == (7, "Переименован")
    assert (repair.sheet_id, repair.is_lost, repair.mark.dimension) == (8, False, "SHEET")


def test_two_tabs_of_which_none_is_known_are_refused() -> None:
    """Two unknown tabs with one mark are refused, because it is not known which one people use."""
    tabs = resource(backlog(sheet_id=8), backlog(sheet_id=9, title="Копия"))

    for shape in (None, known()):
        with pytest.raises(WorkbookShapeError) as caught:
            parsed(tabs, shape)
        assert caught.value.code == "shape.tab_twice"


def test_a_tab_without_its_mark_is_known_by_its_id() -> None:
    """A tab without its mark is recognised by its id and gets the mark again; other tabs are left alone."""
    tab = backlog() | {"developerMetadata": []}

    book = parsed(resource(tab), known())

    [repair] = book.repairs
    assert (repair.mark.key, repair.mark.value, repair.is_lost) == ("vitrina.tab", "backlog", True)
    assert repair.mark.metadata_id == known().tabs["backlog"].mark_id
    assert parsed(resource(backlog(sheet_id=8) | {"developerMetadata": []}), known()).tabs == {}


def test_a_tab_that_is_marked_as_another_one_is_not_taken_for_a_lost_one() -> None:
    """A tab with another mark is not taken for a lost tab, even with its id."""
    tab = backlog() | {"developerMetadata": [metadata("vitrina.tab", "done")]}

    book = parsed(resource(tab), known())

    assert (list(book.tabs), book.repairs) == (["done"], ())


@pytest.mark.parametrize("at", range(3))
def test_a_column_without_its_mark_is_known_by_its_title(at: int) -> None:
    """A column without its mark is recognised by its title anywhere; its mark is created again."""
    tab = without_column_mark(backlog(), at)

    book = parsed(resource(tab), known())

    [repair] = book.repairs
    assert book.tab("backlog").columns == {"id": 0, "task": 1, "result": 2}
    assert (repair.mark.value, repair.mark.index, repair.mark.metadata_id) == (COLUMNS[at], at, 700 + at)
    assert repair.mark not in book.tab("backlog").marks


def test_an_ambiguous_title_identifies_no_column() -> None:
    """With two columns of the title, or none, the column counts as missing."""
    twice = without_column_mark(backlog(columns=("id", "task", "task")), 1)
    twice["data"][0]["columnMetadata"][2] = {}
    renamed = without_column_mark(backlog(columns=("id", "Задача", "result")), 1)

    for tab in (twice, renamed):
        book = parsed(resource(tab), known())
        with pytest.raises(WorkbookShapeError) as caught:
            book.tab("backlog").column("task")
        assert caught.value.code == "shape.column_gone"


def test_of_two_columns_the_known_one_is_the_original() -> None:
    """Of two columns with one mark the remembered one counts; without memory both are refused."""
    tab = backlog()
    tab["data"][0]["columnMetadata"].insert(0, {"developerMetadata": [metadata("c", "task", 5)]})

    book = parsed(resource(tab), known())

    [repair] = book.repairs
    assert book.tab("backlog").column("task") == 2
    assert (repair.mark.metadata_id, repair.is_lost) == (5, False)
    with pytest.raises(WorkbookShapeError) as caught:
        parsed(resource(tab))
    assert caught.value.code == "shape.column_twice"


def test_what_is_missing_now_is_still_remembered() -> None:
    """Missing tabs and columns stay remembered until the tab is replaced."""
    tab = without_column_mark(backlog(), 1) | {"developerMetadata": []}
    now = parsed(resource(tab), known()).shape

    assert known().renewed(now) == known()
    assert known().renewed(Shape()) == known()
    other = Shape({"backlog": KnownTab(9, 3, {"id": KnownColumn("ID", 4)})})
    assert known().renewed(other) == other
