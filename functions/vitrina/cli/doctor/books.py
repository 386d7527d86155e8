"""What is assumed about a workbook: its language, one read of everything, tabs and named ranges."""

from __future__ import annotations

from vitrina.cli.doctor.check import NotSoError, check, expect
from vitrina.cli.doctor.scratch import TAB, Scratch, row_of
from vitrina.errors import ChangedMeanwhileError
from vitrina.workbook.reading.book import ROW_KEY, TAB_KEY, Field, column_letters
from vitrina.workbook.template.definition import load_template
from vitrina.workbook.writing.change import Formula, WorkbookChange


@check(6)
def formulas_in_a_russian_workbook(scratch: Scratch) -> None:
    """Make a Russian workbook of the template, compute a formula in it, and look for errors."""
    try:
        scratch.fill("ru")
    except ChangedMeanwhileError as error:
        # The other checks need a workbook, whatever its language.
        scratch.fill("en")
        raise NotSoError(f"the template is refused: {error.__notes__}") from error
    scratch.insert("formula")
    book = scratch.book()
    tab = book.tab(TAB)
    row = row_of(tab, "formula")
    change = WorkbookChange()
    change.set(tab, row, "quantity", Formula('=IF(COUNT(1;2)=0;"";SUM(1;2))+90/60'))
    scratch.apply(change)
    book = scratch.book()
    value = book.tab(TAB).cell(row_of(book.tab(TAB), "formula"), "quantity").value
    errors = [
        f"{one.title}!{column_letters(index)}{row.index + 1}"
        for one in book.tabs.values()
        for row in one.rows
        for index, cell in enumerate(row.cells)
        if cell.is_error
    ]
    expect(book.locale == "ru_RU", f"the workbook's locale is {book.locale}")
    expect(value == 4.5, f"1 + 2 + 90/60 is shown as {value}")
    expect(not errors, f"formulas of the template show errors in {', '.join(errors[:10])}")


@check(7)
def one_read_has_everything(scratch: Scratch) -> None:
    """Read as the product does, and compare with what the template made."""
    [number] = scratch.insert("read").values()
    template = load_template("client")
    book = scratch.book()
    lacking = [tab.key for tab in template.tabs if tab.key not in book.tabs]
    expect(not lacking, f"tabs without their key: {', '.join(lacking)}")
    for wanted in template.tabs:
        tab = book.tab(wanted.key)
        columns = {column.key for column in wanted.expand(template.standard_profiles("ru"))}
        expect(columns == tab.columns.keys(), f"{tab.title}: read the columns {', '.join(tab.columns)}")
        expect(bool(tab.marks), f"{tab.title}: no mark of a header or a last row was read")
    fields = {one.key for tab in template.tabs for one in tab.fields}
    expect(fields == book.fields.keys(), f"read the fields {', '.join(book.fields)}")
    read = row_of(book.tab(TAB), "read").number
    expect(read == number, f"row {number} was read with the mark {read}")


@check(29)
def duplicated_tab_has_no_marks(scratch: Scratch) -> None:
    """Duplicate the table through the API."""
    [number] = scratch.insert("duplicate").values()
    tab, sheet_id = scratch.tab(), scratch.new_sheet_id()
    scratch.batch({"duplicateSheet": {"sourceSheetId": tab.sheet_id, "newSheetId": sheet_id}})
    try:
        sheets = scratch.workbooks.read(scratch.book_id)["sheets"]
        copy = next(one for one in sheets if one["properties"]["sheetId"] == sheet_id)
        keys = [one["metadataKey"] for one in copy.get("developerMetadata", ())]
        lines = [line for data in copy.get("data", ()) for line in data.get("rowMetadata", ())]
        marks = [one for line in lines for one in line.get("developerMetadata", ())]
        rows = [one["metadataId"] for one in marks if one["metadataKey"] == ROW_KEY]
        expect(TAB_KEY not in keys, "the copy carries the key of the tab")
        expect(not rows, f"rows of the copy carry marks of ours, with the ids {rows[:10]}")
    finally:
        scratch.batch({"deleteSheet": {"sheetId": sheet_id}})
    left = row_of(scratch.tab(), "duplicate").number
    expect(left == number, f"the row's own mark was {number}, and is {left}")


@check(30)
def named_range_follows_its_row(scratch: Scratch) -> None:
    """Move the row of a field of the form through the API, and put a row above it."""

    def field() -> Field:
        return scratch.book().field("limit_hours")

    before = field()
    span = {"sheetId": before.sheet_id, "dimension": "ROWS"}
    row = {**span, "startIndex": before.row_index, "endIndex": before.row_index + 1}
    # ``destinationIndex`` counts as before the move: the row lands one below where it was.
    scratch.batch({"moveDimension": {"source": row, "destinationIndex": before.row_index + 2}})
    moved = field()
    expect(
        moved.row_index == before.row_index + 1, f"{before.address} was moved down, {moved.address} is named"
    )
    scratch.batch({"insertDimension": {"range": {**span, "startIndex": 0, "endIndex": 1}}})
    pushed = field()
    expect(
        pushed.row_index == moved.row_index + 1, f"{moved.address} was pushed down, {pushed.address} is named"
    )


CHECKS = (
    formulas_in_a_russian_workbook,
    one_read_has_everything,
    duplicated_tab_has_no_marks,
    named_range_follows_its_row,
)
