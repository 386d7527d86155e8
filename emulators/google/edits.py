"""Edits of a person in the page: ``POST /_emulator/edit``.

They use the requests of the API, and add what only the page does: parsing typed text, and refusing edits of
protected cells or against strict validation, with the page's messages.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from emulators.google import access, conditions, filters, formulas, references, spreadsheets, values
from emulators.google.a1 import Box, cell_name, column_index
from emulators.google.batch.dimensions import delete_lines, insert_lines, move_lines
from emulators.google.batch.paste import copy_cells, cut_cells
from emulators.google.batch.registry import Batch
from emulators.google.batch.rows import sort_rows
from emulators.google.batch.sheets import move_sheet, remove_sheet, set_title
from emulators.google.errors import ApiError, BadRequestError, invalid
from emulators.google.filters import Area
from emulators.google.locales import locale
from emulators.google.models import Book, Cell, Sheet
from emulators.google.store import Store

Edit = dict[str, Any]

PROTECTED = (
    "You are trying to edit a protected cell or object. "
    "Please contact the spreadsheet owner to remove protection if you need to edit."
)
READ_ONLY = "You do not have permission to edit this file."


def apply(store: Store, body: dict[str, Any]) -> None:
    """Apply all edits of *body*, or none.

    Raises
    ------
    ApiError
        400 with the page's message.
    """
    person = body.get("as") or store.behaviour.account
    book = _open(store, body["spreadsheet_id"], person)
    for edit in body.get("edits", []):
        _apply_one(book, store, person, edit)
    store.replace(book)


def apply_each(store: Store, body: dict[str, Any]) -> list[str | None]:
    """Apply each edit of *body* by itself; return the page's message for each one that was refused.

    Raises
    ------
    ApiError
        400 if the person may not edit the file at all.
    """
    person = body.get("as") or store.behaviour.account
    book = _open(store, body["spreadsheet_id"], person)
    messages: list[str | None] = []
    for edit in body.get("edits", []):
        draft = book.clone()
        try:
            _apply_one(draft, store, person, edit)
        except ApiError as error:
            messages.append(error.message)
        else:
            book = draft
            messages.append(None)
    store.replace(book)
    return messages


def _open(store: Store, spreadsheet_id: str, person: str) -> Book:
    """A draft of a workbook that the person may edit."""
    book = store.book(spreadsheet_id)
    if not access.has_role(store, spreadsheet_id, person, access.WRITERS):
        raise ApiError(400, READ_ONLY)
    return book.clone()


def _apply_one(book: Book, store: Store, person: str, edit: Edit) -> None:
    handler = _HANDLERS.get(edit.get("type", ""))
    if handler is None:
        raise ApiError(400, f"Unknown type of edit: {edit.get('type')}")
    try:
        handler(_Editor(Batch(book, store, store.now()), person), edit)
    except BadRequestError as error:
        raise ApiError(400, error.message) from error
    except KeyError as error:
        raise ApiError(400, f"The edit {edit['type']} needs {error}") from error
    book.results = None


class _Editor:
    """Applies edits of one person to a draft of the workbook."""

    def __init__(self, batch: Batch, person: str) -> None:
        self.batch = batch
        self.book = batch.book
        self._person = person
        self._locale = locale(self.book.locale)
        self._reader = values.Reader(self.book, "USER_ENTERED", batch.now)

    def sheet(self, title: str) -> Sheet:
        """A tab by its title."""
        sheet = self.book.by_title(title)
        if sheet is None:
            raise invalid(f"There is no sheet named {title}.")
        return sheet

    def area(self, title: str, text: str) -> tuple[Sheet, Box]:
        """A tab and a rectangle on it."""
        sheet = self.sheet(title)
        area = filters.from_a1(self.book, f"'{title.replace(chr(39), chr(39) * 2)}'!{text}")
        area.require_inside()
        return sheet, area.box

    def guard(self, sheet: Sheet, box: Box) -> None:
        """Refuse changes of cells that are protected from this person."""
        if not access.is_free(self.batch.store, sheet, box, self._person):
            raise invalid(PROTECTED)

    def guard_structure(self, sheet: Sheet) -> None:
        """Refuse changes of a tab, its rows and columns, if the whole tab is protected from this person."""
        if not access.may_change_structure(self.batch.store, sheet, self._person):
            raise invalid(PROTECTED)

    def guard_insertion(self, sheet: Sheet, dimension: str, at: int) -> None:
        """Refuse new rows or columns inside of what is protected from this person."""
        if not access.may_insert(self.batch.store, sheet, dimension, at, self._person):
            raise invalid(PROTECTED)

    def enter(self, sheet: Sheet, row: int, column: int, text: str) -> None:
        """Type *text* into a cell."""
        self.guard(sheet, Box(row, column, row + 1, column + 1))
        old = sheet.cell(row, column)
        new = self._reader.cell(old, text)
        self._validate(sheet, row, column, new)
        sheet.put(row, column, new)

    def _validate(self, sheet: Sheet, row: int, column: int, cell: Cell) -> None:
        rule = cell.get("dataValidation")
        value = cell.get("userEnteredValue")
        if not rule or not rule.get("strict") or value is None or "formulaValue" in value:
            return
        condition = rule["condition"]
        kind = condition["type"]
        arguments: list[Any] = [item.get("userEnteredValue", "") for item in condition.get("values", [])]
        if kind == "ONE_OF_RANGE":
            kind, arguments = "ONE_OF_LIST", self._allowed(sheet, arguments[0])
        elif kind == "CUSTOM_FORMULA" or any(text.startswith("=") for text in arguments):
            arguments = [self._computed(sheet, row, column, cell, text) for text in arguments]
        if not conditions.holds(kind, arguments, value, self._locale, self.batch.now):
            text = (
                f"The data you entered in cell {cell_name(row, column)} "
                "violates the data validation rules set on this cell."
            )
            if kind == "ONE_OF_LIST":
                text += f" Please enter one of the following values: {', '.join(arguments)}"
            elif rule.get("inputMessage"):
                text += f" {rule['inputMessage']}"
            raise invalid(text)

    def _allowed(self, sheet: Sheet, text: str) -> list[str]:
        name = text.removeprefix("=")
        area = (
            filters.from_a1(self.book, name)
            if "!" in name
            else Area(sheet, filters.from_a1(self.book, name).bounds)
        )
        shown = values.read(self.book, area, "ROWS", values.DEFAULT_RENDERING, self.batch.now)
        return [text for row in shown.get("values", []) for text in row if text]

    def _computed(self, sheet: Sheet, row: int, column: int, cell: Cell, text: str) -> Any:
        """The value of a rule's formula as if the cell already contained the typed text."""
        if not text.startswith("="):
            return text
        trial = self.book.clone()
        trial.sheet(sheet.sheet_id).put(row, column, cell)
        formula = references.qualify(text, sheet.title)
        value = formulas.rule_values(trial, [formula], self.batch.now)[formula]
        if isinstance(value, bool):
            return {"boolValue": value}
        return {"stringValue": value} if isinstance(value, str) else {"numberValue": value}


Handler = Callable[[_Editor, Edit], None]


def _type(editor: _Editor, edit: Edit) -> None:
    sheet, box = editor.area(edit["sheet"], edit["cell"])
    editor.enter(sheet, box.top, box.left, edit["text"])


def _note(editor: _Editor, edit: Edit) -> None:
    sheet, box = editor.area(edit["sheet"], edit["cell"])
    editor.guard(sheet, box)
    cell = {name: part for name, part in sheet.cell(box.top, box.left).items() if name != "note"}
    sheet.put(box.top, box.left, cell | ({"note": edit["text"]} if edit["text"] else {}))


def _clear(editor: _Editor, edit: Edit) -> None:
    sheet, box = editor.area(edit["sheet"], edit["range"])
    editor.guard(sheet, box)
    values.clear(filters.from_grid_range(editor.book, _grid_range(sheet, box)))


def _grid_range(sheet: Sheet, box: Box) -> dict[str, int]:
    return {
        "sheetId": sheet.sheet_id,
        "startRowIndex": box.top,
        "endRowIndex": box.bottom,
        "startColumnIndex": box.left,
        "endColumnIndex": box.right,
    }


def _sort(editor: _Editor, edit: Edit) -> None:
    sheet, box = editor.area(edit["sheet"], edit["range"])
    editor.guard(sheet, box)
    descending = str(edit.get("order", "asc")).lower().startswith("desc")
    sort_rows(editor.batch, sheet, box, [(column_index(edit["column"]), descending)])


def _filter(editor: _Editor, edit: Edit) -> None:
    sheet, box = editor.area(edit["sheet"], edit["range"])
    editor.guard(sheet, box)
    sheet.basic_filter = {"range": _grid_range(sheet, box)}


def _line(edit: Edit, dimension: str) -> int:
    """The zero-based index of ``at``: a row number or a column letter."""
    at = edit["at"]
    return int(at) - 1 if dimension == "ROWS" else column_index(str(at))


def _lines_box(sheet: Sheet, dimension: str, start: int, end: int) -> Box:
    whole = sheet.whole
    return Box(start, 0, end, whole.right) if dimension == "ROWS" else Box(0, start, whole.bottom, end)


def _insert(dimension: str) -> Handler:
    def run(editor: _Editor, edit: Edit) -> None:
        sheet, at, count = editor.sheet(edit["sheet"]), _line(edit, dimension), int(edit.get("count", 1))
        editor.guard_insertion(sheet, dimension, at)
        at_end = at == len(sheet.lines(dimension))
        insert_lines(editor.book, sheet, dimension, at, count, inherit_before=at_end)

    return run


def _delete(dimension: str) -> Handler:
    def run(editor: _Editor, edit: Edit) -> None:
        sheet, at, count = editor.sheet(edit["sheet"]), _line(edit, dimension), int(edit.get("count", 1))
        editor.guard_structure(sheet)
        editor.guard(sheet, _lines_box(sheet, dimension, at, at + count))
        delete_lines(editor.book, sheet, dimension, at, at + count)

    return run


def _move(dimension: str) -> Handler:
    def run(editor: _Editor, edit: Edit) -> None:
        sheet, at, count = editor.sheet(edit["sheet"]), _line(edit, dimension), int(edit.get("count", 1))
        editor.guard_structure(sheet)
        editor.guard(sheet, _lines_box(sheet, dimension, at, at + count))
        target = _line({"at": edit["to"]}, dimension)
        move_lines(editor.book, sheet, dimension, at, at + count, target)

    return run


def _cut_paste(editor: _Editor, edit: Edit) -> None:
    sheet, source = editor.area(edit["sheet"], edit["from"])
    target_sheet, target = editor.area(edit.get("to_sheet") or edit["sheet"], edit["to"])
    landing = Box(target.top, target.left, target.top + source.height, target.left + source.width)
    editor.guard(sheet, source)
    editor.guard(target_sheet, landing)
    cut_cells(editor.batch, sheet, source, target_sheet, target.top, target.left)


def _copy_paste(editor: _Editor, edit: Edit) -> None:
    sheet, source = editor.area(edit["sheet"], edit["from"])
    target_sheet, target = editor.area(edit.get("to_sheet") or edit["sheet"], edit["to"])
    landing = Box(
        target.top,
        target.left,
        max(target.bottom, target.top + source.height),
        max(target.right, target.left + source.width),
    )
    editor.guard(target_sheet, landing)
    copy_cells(editor.batch, sheet, source, target_sheet, target)


def _rename_tab(editor: _Editor, edit: Edit) -> None:
    sheet = editor.sheet(edit["sheet"])
    editor.guard_structure(sheet)
    set_title(editor.book, sheet, edit["title"])


def _delete_tab(editor: _Editor, edit: Edit) -> None:
    sheet = editor.sheet(edit["sheet"])
    editor.guard_structure(sheet)
    editor.guard(sheet, sheet.whole)
    remove_sheet(editor.book, sheet)


def _duplicate_tab(editor: _Editor, edit: Edit) -> None:
    source = editor.sheet(edit["sheet"])
    title = edit.get("title")
    if title is not None:
        spreadsheets.check_title(editor.book, title)
    copy = spreadsheets.copy_sheet(editor.batch.store, source, editor.book, title)
    move_sheet(editor.book, copy, editor.book.sheets.index(source) + 1, after_removal=True)


def _move_tab(editor: _Editor, edit: Edit) -> None:
    move_sheet(editor.book, editor.sheet(edit["sheet"]), int(edit["index"]), after_removal=True)


_HANDLERS: dict[str, Handler] = {
    "type": _type,
    "note": _note,
    "clear": _clear,
    "sort": _sort,
    "filter": _filter,
    "insert_rows": _insert("ROWS"),
    "insert_columns": _insert("COLUMNS"),
    "delete_rows": _delete("ROWS"),
    "delete_columns": _delete("COLUMNS"),
    "move_rows": _move("ROWS"),
    "move_columns": _move("COLUMNS"),
    "cut_paste": _cut_paste,
    "copy_paste": _copy_paste,
    "rename_tab": _rename_tab,
    "delete_tab": _delete_tab,
    "duplicate_tab": _duplicate_tab,
    "move_tab": _move_tab,
}
