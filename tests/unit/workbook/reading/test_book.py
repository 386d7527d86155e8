"""A workbook that was read: everything is found by its key, and missing parts are named."""

from __future__ import annotations

import math

import pytest

from tests.harness.parsing import parsed
from tests.unit.workbook.books import backlog, cell, metadata, resource, sheet
from vitrina.errors import UnknownWorkbookError, WorkbookShapeError
from vitrina.texts import Sentence, render
from vitrina.workbook.reading.book import (
    ACTION_BASE,
    MAX_ACTIONS,
    MAX_ITEM_NUMBER,
    column_letters,
    item_number_of_row,
    row_number_of_action,
)


def sentence_of(error: WorkbookShapeError) -> str:
    """The Russian sentence of an error."""
    return render(Sentence(error.code, error.where), "ru")


@pytest.mark.parametrize(
    ("index", "letters"),
    [(0, "A"), (25, "Z"), (26, "AA"), (51, "AZ"), (52, "BA"), (701, "ZZ"), (702, "AAA")],
)
def test_letters_of_columns(index: int, letters: str) -> None:
    """There is no zero among the letters: AA follows Z."""
    assert column_letters(index) == letters


@pytest.mark.parametrize("item", [1, 2, 99, 100, MAX_ITEM_NUMBER])
@pytest.mark.parametrize("position", [0, 1, MAX_ACTIONS])
def test_numbers_of_rows_lead_back_to_their_item(item: int, position: int) -> None:
    """Every action's row has a number that Google accepts, from which its item follows."""
    number = row_number_of_action(item, position)

    assert 0 < number < 2**31
    assert item_number_of_row(number) == item


def test_no_two_actions_share_a_number() -> None:
    """Numbers of neighbouring items, and of first and further actions, differ."""
    numbers = [row_number_of_action(item, at) for item in range(1, 200) for at in range(MAX_ACTIONS + 1)]

    assert len(numbers) == len(set(numbers))
    assert max(number for number in numbers if number < ACTION_BASE) < ACTION_BASE


@pytest.mark.parametrize(
    ("item", "position"), [(0, 0), (-1, 0), (MAX_ITEM_NUMBER + 1, 1), (1, -1), (1, MAX_ACTIONS + 1)]
)
def test_numbers_that_cannot_be(item: int, position: int) -> None:
    """Numbers outside of Google's range are refused."""
    with pytest.raises(ValueError, match=rf"{item}, {position}"):
        row_number_of_action(item, position)


def test_tabs_columns_and_rows_are_found_by_key() -> None:
    """Tabs, columns and rows are found at any place and with any title; people's own columns have no key."""
    book = parsed(
        resource(
            {"properties": {"sheetId": 1, "title": "Своё"}, "data": [{}]},
            sheet("backlog", ("task", "", "id"), [(5, {"task": "А", "id": "ЗРН-5"})], title="Хотелки"),
        )
    )

    tab = book.tab("backlog")
    assert (tab.title, tab.columns, tab.header_index) == ("Хотелки", {"task": 0, "id": 2}, 1)
    [row] = tab.rows
    assert (row.index, row.number, tab.address(row, "id")) == (2, 5, "C3")
    assert book.row_numbers == {5}


def test_a_spreadsheet_without_our_mark_is_not_ours() -> None:
    """A spreadsheet without our mark is refused, even with equal tabs."""
    with pytest.raises(UnknownWorkbookError):
        parsed(resource(sheet("backlog", ("task",), []), developerMetadata=[metadata("other", "client")]))


def test_what_is_gone_is_named_as_the_template_calls_it() -> None:
    """The error names a missing tab, column, group or field with its title and place."""
    book = backlog(columns=("id", "task"))

    with pytest.raises(WorkbookShapeError) as tab:
        book.tab("in_progress")
    with pytest.raises(WorkbookShapeError) as column:
        book.tab("backlog").column("work_type")
    with pytest.raises(WorkbookShapeError) as field:
        book.field("limit_hours")

    assert "В книге «Заря — Сайт» нет листа «В работе»" in sentence_of(tab.value)
    assert "На листе «Бэклог» нет колонки «Вид работы»" in sentence_of(column.value)
    assert "нет поля «Лимит часов на период»" in sentence_of(field.value)


def test_two_of_a_kind_are_refused_with_both_places() -> None:
    """Two tabs or columns with one key are refused, and the error names both places."""
    one, two = (
        sheet("backlog", ("id",), [], title="Один"),
        sheet("backlog", ("id",), [], sheet_id=8, title="Два"),
    )
    with pytest.raises(WorkbookShapeError) as tabs:
        parsed(resource(one, two))
    with pytest.raises(WorkbookShapeError) as columns:
        parsed(resource(sheet("backlog", ("id", "", "id"), [], title="Бэклог")))

    assert "«Один» и «Два»" in sentence_of(tabs.value)
    assert "колонки A и C" in sentence_of(columns.value)


def test_the_header_is_found_without_its_mark_by_the_frozen_rows() -> None:
    """Without its mark the header is found by the frozen rows."""
    data = sheet("backlog", ("id",), [(1, {"id": "ЗРН-1"})])
    data["data"][0]["rowMetadata"][1] = {}

    tab = parsed(resource(data)).tab("backlog")

    assert (tab.header_index, [row.number for row in tab.rows]) == (1, [1])


def test_cells_tell_formulas_and_errors() -> None:
    """A cell has the value of its formula; a formula with an empty text is not empty."""
    book = backlog(
        (
            1,
            {
                "task": cell("итог", formula="=A1"),
                "result": cell("", formula='=""'),
                "quantity": cell(ValueError, formula="=NA()"),
                "id": cell(12.0),
            },
        )
    )
    tab = book.tab("backlog")
    [row] = tab.rows

    assert (tab.cell(row, "task").value, tab.cell(row, "task").formula) == ("итог", "=A1")
    assert (tab.cell(row, "result").text, tab.cell(row, "result").is_empty) == ("", False)
    assert tab.cell(row, "quantity").is_error
    assert tab.cell(row, "id").text == "12"
    assert tab.cell(row, "depends_on").is_empty


def test_a_number_without_figures_is_a_number() -> None:
    """JSON of Google has a text for it."""
    data = sheet("backlog", ("task", "quantity"), [(1, {"task": "А", "quantity": cell("NaN")})])
    data["data"][0]["rowData"][2]["values"][1] = {"effectiveValue": {"numberValue": "NaN"}}

    tab = parsed(resource(data)).tab("backlog")

    value = tab.cell(tab.rows[0], "quantity").value
    assert isinstance(value, float)
    assert math.isnan(value)


def test_fields_are_found_by_their_named_ranges() -> None:
    """Fields are found by named ranges at any place; people's own named ranges are ignored."""
    form = sheet(
        "client", ("label", "value"), [(None, {"label": "Лимит", "value": 40})], sheet_id=0, title="О нас"
    )
    place = {"startRowIndex": 2, "endRowIndex": 3, "startColumnIndex": 1, "endColumnIndex": 2}
    ranges = [
        {"name": "vt_limit_hours", "range": place},
        {"name": "mine", "range": place},
        {"name": "vt_far", "range": {"sheetId": 99}},
    ]

    fields = parsed(resource(form, namedRanges=ranges)).fields

    assert list(fields) == ["limit_hours"]
    field = fields["limit_hours"]
    assert (field.sheet_title, field.address, field.cell.value) == ("О нас", "B3", 40.0)
