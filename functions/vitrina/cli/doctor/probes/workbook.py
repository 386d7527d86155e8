"""Probes of a workbook: its language, reading all of it at once, tabs and named ranges."""

from __future__ import annotations

from vitrina.cli.doctor.probe import AssumptionFailedError, expect, probe
from vitrina.cli.doctor.scratch_workbook import TAB, ScratchWorkbook, row_with_task
from vitrina.errors import ChangedMeanwhileError
from vitrina.workbook.reading.book import ROW_KEY, TAB_KEY, Field, column_letters
from vitrina.workbook.template.definition import load_template
from vitrina.workbook.writing.change import Formula, WorkbookChange


@probe(6)
def formulas_in_a_russian_workbook(scratch: ScratchWorkbook) -> None:
    """Fill a Russian workbook from the template, compute a formula in it and look for errors."""
    try:
        scratch.fill("ru")
    except ChangedMeanwhileError as error:
        # The other probes need a workbook in any language.
        scratch.fill("en")
        raise AssumptionFailedError(f"Google refused the template: {error.__notes__}") from error
    scratch.insert("formula")
    book = scratch.book()
    tab = book.tab(TAB)
    row = row_with_task(tab, "formula")
    change = WorkbookChange()
    change.set(tab, row, "quantity", Formula('=IF(COUNT(1;2)=0;"";SUM(1;2))+90/60'))
    scratch.apply(change)
    book = scratch.book()
    value = book.tab(TAB).cell(row_with_task(book.tab(TAB), "formula"), "quantity").value
    errors = [
        f"{one.title}!{column_letters(index)}{row.index + 1}"
        for one in book.tabs.values()
        for row in one.rows
        for index, cell in enumerate(row.cells)
        if cell.is_error
    ]
    expect(book.locale == "ru_RU", f"the workbook's locale is {book.locale}")
    expect(value == 4.5, f"1 + 2 + 90/60 was computed as {value}")
    expect(not errors, f"formulas of the template show errors in {', '.join(errors[:10])}")


@probe(7)
def one_read_has_everything(scratch: ScratchWorkbook) -> None:
    """Read the workbook as the product does and compare it with the template."""
    [number] = scratch.insert("read").values()
    template = load_template("client")
    book = scratch.book()
    missing_tabs = [tab.key for tab in template.tabs if tab.key not in book.tabs]
    expect(not missing_tabs, f"tabs without their key: {', '.join(missing_tabs)}")
    for wanted in template.tabs:
        tab = book.tab(wanted.key)
        columns = {column.key for column in wanted.expand(template.standard_profiles("ru"))}
        expect(columns == tab.columns.keys(), f"{tab.title}: read the columns {', '.join(tab.columns)}")
        expect(bool(tab.marks), f"{tab.title}: no mark of a header or a last row was read")
    fields = {one.key for tab in template.tabs for one in (*tab.fields, *tab.line_fields)}
    expect(fields == book.fields.keys(), f"read the fields {', '.join(book.fields)}")
    read = row_with_task(book.tab(TAB), "read").number
    expect(read == number, f"row {number} was read with the mark {read}")


@probe(29)
def duplicated_tab_has_no_marks(scratch: ScratchWorkbook) -> None:
    """Duplicate the tab through the API and read the marks of the copy."""
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
        expect(TAB_KEY not in keys, "the copy has the key of the tab")
        expect(not rows, f"rows of the copy have our marks, with the ids {rows[:10]}")
    finally:
        scratch.batch({"deleteSheet": {"sheetId": sheet_id}})
    left = row_with_task(scratch.tab(), "duplicate").number
    expect(left == number, f"the original row's mark was {number} and is now {left}")


@probe(30)
def named_range_follows_its_row(scratch: ScratchWorkbook) -> None:
    """Move the row of a form field through the API, and insert a row above it."""

    def field() -> Field:
        return scratch.book().field("limit_hours")

    before = field()
    span = {"sheetId": before.sheet_id, "dimension": "ROWS"}
    row = {**span, "startIndex": before.row_index, "endIndex": before.row_index + 1}
    # ``destinationIndex`` is an index from before the move: the row ends up one row lower.
    scratch.batch({"moveDimension": {"source": row, "destinationIndex": before.row_index + 2}})
    moved = field()
    expect(
        moved.row_index == before.row_index + 1,
        f"{before.address} was moved down, the named range is {moved.address}",
    )
    scratch.batch({"insertDimension": {"range": {**span, "startIndex": 0, "endIndex": 1}}})
    pushed = field()
    expect(
        pushed.row_index == moved.row_index + 1,
        f"{moved.address} was pushed down, the named range is {pushed.address}",
    )


PROBES = (
    formulas_in_a_russian_workbook,
    one_read_has_everything,
    duplicated_tab_has_no_marks,
    named_range_follows_its_row,
)
