"""Tabs and columns whose mark is lost or doubled: known by how the workbook looked before, or not at all."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.workbook.books import metadata, resource, sheet
from vitrina.errors import WorkbookShapeError
from vitrina.workbook.reading.book import parse_book
from vitrina.workbook.reading.shape import KnownColumn, KnownTab, Shape, shape_from_document

COLUMNS = ("id", "task", "result")


def backlog(
    *, sheet_id: int = 7, title: str = "Бэклог", columns: tuple[str, ...] = COLUMNS
) -> dict[str, Any]:
    """A backlog; the titles in its header are the keys of its columns."""
    return sheet("backlog", columns, [(1, {"task": "А"})], sheet_id=sheet_id, title=title)


def known() -> Shape:
    """How the workbook looked before."""
    return parse_book(resource(backlog())).shape


def without_column_mark(tab: dict[str, Any], at: int) -> dict[str, Any]:
    """The tab, a column of which lost its mark."""
    tab["data"][0]["columnMetadata"][at] = {}
    return tab


def test_a_workbook_as_it_was_needs_no_repair() -> None:
    """And the shape survives being a document."""
    book = parse_book(resource(backlog()), known())

    assert book.repairs == ()
    assert shape_from_document(known().data()) == known() == book.shape
    assert known().tabs["backlog"].columns["task"] == KnownColumn("task", 701)


def test_of_two_tabs_the_known_one_is_the_original() -> None:
    """Whichever comes first; the mark of the copy is taken away."""
    copy, original = backlog(sheet_id=8, title="Копия"), backlog(title="Переименован")

    book = parse_book(resource(copy, original), known())

    [repair] = book.repairs
    assert (book.tab("backlog").sheet_id, book.tab("backlog").title) == (7, "Переименован")
    assert (repair.sheet_id, repair.is_lost, repair.mark.dimension) == (8, False, "SHEET")


def test_two_tabs_of_which_none_is_known_are_refused() -> None:
    """Nobody can say which one people work in."""
    tabs = resource(backlog(sheet_id=8), backlog(sheet_id=9, title="Копия"))

    for shape in (None, known()):
        with pytest.raises(WorkbookShapeError) as caught:
            parse_book(tabs, shape)
        assert caught.value.code == "shape.tab_twice"


def test_a_tab_without_its_mark_is_known_by_its_id() -> None:
    """It gets the same mark again; a stranger with another id is left alone."""
    tab = backlog() | {"developerMetadata": []}

    book = parse_book(resource(tab), known())

    [repair] = book.repairs
    assert (repair.mark.key, repair.mark.value, repair.is_lost) == ("vitrina.tab", "backlog", True)
    assert repair.mark.metadata_id == known().tabs["backlog"].mark_id
    assert parse_book(resource(backlog(sheet_id=8) | {"developerMetadata": []}), known()).tabs == {}


def test_a_tab_that_is_marked_as_another_one_is_not_taken_for_a_lost_one() -> None:
    """The mark is believed while there is one."""
    tab = backlog() | {"developerMetadata": [metadata("vitrina.tab", "done")]}

    book = parse_book(resource(tab), known())

    assert (list(book.tabs), book.repairs) == (["done"], ())


@pytest.mark.parametrize("at", range(3))
def test_a_column_without_its_mark_is_known_by_its_title(at: int) -> None:
    """Wherever it stands; its mark is made again, and is not guarded before it is there."""
    tab = without_column_mark(backlog(), at)

    book = parse_book(resource(tab), known())

    [repair] = book.repairs
    assert book.tab("backlog").columns == {"id": 0, "task": 1, "result": 2}
    assert (repair.mark.value, repair.mark.index, repair.mark.metadata_id) == (COLUMNS[at], at, 700 + at)
    assert repair.mark not in book.tab("backlog").marks


def test_a_column_of_two_with_its_title_is_nobody() -> None:
    """Two strangers with the title, or one with another: the column is gone."""
    twice = without_column_mark(backlog(columns=("id", "task", "task")), 1)
    twice["data"][0]["columnMetadata"][2] = {}
    renamed = without_column_mark(backlog(columns=("id", "Задача", "result")), 1)

    for tab in (twice, renamed):
        book = parse_book(resource(tab), known())
        with pytest.raises(WorkbookShapeError) as caught:
            book.tab("backlog").column("task")
        assert caught.value.code == "shape.column_gone"


def test_of_two_columns_the_known_one_is_the_original() -> None:
    """The mark of the copy is taken away; without memory both are refused."""
    tab = backlog()
    tab["data"][0]["columnMetadata"].insert(0, {"developerMetadata": [metadata("c", "task", 5)]})

    book = parse_book(resource(tab), known())

    [repair] = book.repairs
    assert book.tab("backlog").column("task") == 2
    assert (repair.mark.metadata_id, repair.is_lost) == (5, False)
    with pytest.raises(WorkbookShapeError) as caught:
        parse_book(resource(tab))
    assert caught.value.code == "shape.column_twice"


def test_what_is_missing_now_is_still_remembered() -> None:
    """Until the tab is another one."""
    tab = without_column_mark(backlog(), 1) | {"developerMetadata": []}
    now = parse_book(resource(tab), known()).shape

    assert known().renewed(now) == known()
    assert known().renewed(Shape()) == known()
    other = Shape({"backlog": KnownTab(9, 3, {"id": KnownColumn("ID", 4)})})
    assert known().renewed(other) == other
